//! Why a nameplate is affected or not: for people and as JSON.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::row::{ReportAdvisory, ReportFinding};
use super::visible::visible_line;
use super::vocabulary::{confidence_label, doubt_label, fix_text, result_label, severity_text, verdict_sentence};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::matching::{EvidencePart, Part, PartResult};
use crate::domain::nameplate::Variant;
use crate::domain::version_range::RangeBound;
use crate::domain::witness::Voice;

/// All that can be said about one nameplate.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub variant: Variant,
    pub serial_number: String,
    /// Worst first.
    pub matches: Vec<ExplainedMatch>,
    /// What came close and is another product, nearest first.
    pub near_misses: Vec<ExplainedNearMiss>,
    /// Documents that speak of one finding, where more than one names the nameplate.
    pub witnesses: Vec<WitnessGroup>,
    /// Why no advisory could have named it, if so.
    pub unchecked: Option<String>,
    pub n_advisories: u64,
    /// Where the advisories came from.
    pub sources: Vec<String>,
    /// Program and version that judged.
    pub engine: String,
}

/// One advisory that names the nameplate.
#[derive(Clone, Debug)]
pub struct ExplainedMatch {
    /// What identifies the advisory over all its revisions.
    pub key: AdvisoryKey,
    pub finding: ReportFinding,
    /// "4.0.0 or later: not affected"; blank when no reading would change it.
    pub what_would_change: String,
    /// The version text as the advisory writes it.
    pub range_as_written: String,
    /// The versions at which the answer changes, in the order of the advisory.
    pub bounds: Vec<RangeBound>,
    /// How versions were compared, in words.
    pub ruler: &'static str,
}

/// Documents that speak of one finding; each is a match of its own as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessGroup {
    /// What each says, the one that leads first.
    pub voices: Vec<Voice>,
    /// Where the others contradict it, one sentence each.
    pub contradictions: Vec<String>,
}

/// One entry that came close.
#[derive(Clone, Debug)]
pub struct ExplainedNearMiss {
    pub advisory: Arc<ReportAdvisory>,
    pub product: String,
    pub product_pointer: String,
    /// "order number differs in place 9: …".
    pub reason: String,
}

/// Writes the explanation for people.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_explanation(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let plate = &explanation.variant.nameplate;
    for (part, text) in [
        ("vendor", &plate.vendor),
        ("model", &plate.model),
        ("order number", &plate.part_number),
        ("hardware revision", &plate.hardware_revision),
        ("firmware", &explanation.variant.firmware),
        ("serial number", &explanation.serial_number),
        ("notes", &explanation.variant.notes),
    ] {
        if !text.is_empty() {
            writeln!(out, "{part:>18}  {}", visible_line(text))?;
        }
    }
    if explanation.matches.is_empty() {
        match &explanation.unchecked {
            Some(why) => writeln!(out, "\nCannot be checked: {}.", visible_line(why))?,
            None => writeln!(
                out,
                "\nNo advisory names this device. It was compared with {} advisories.",
                explanation.n_advisories
            )?,
        }
    }
    for found in &explanation.matches {
        write_match(found, &explanation.variant, out)?;
    }
    for group in &explanation.witnesses {
        let names =
            group.voices.iter().enumerate().map(|(n, voice)| {
                format!("{}{}", visible_line(&voice.advisory_id), if n == 0 { " (leads)" } else { "" })
            });
        writeln!(out, "\nWitnesses of one finding: {}", names.collect::<Vec<_>>().join(", "))?;
        for sentence in &group.contradictions {
            writeln!(out, "  they differ: {}", visible_line(sentence))?;
        }
    }
    if !explanation.near_misses.is_empty() {
        writeln!(out, "\nOther products that came close ({})", explanation.near_misses.len())?;
        for near in &explanation.near_misses {
            writeln!(out, "  {}  {}", visible_line(&near.advisory.advisory_id), visible_line(&near.product))?;
            writeln!(out, "      {}", visible_line(&near.reason))?;
        }
    }
    writeln!(out, "\nAdvisories: {}. Judged by {}.", explanation.sources.join("; "), explanation.engine)
}

/// All parts in their order; those that were not compared are told as well, with what the device states.
pub fn all_parts(finding: &ReportFinding, variant: &Variant) -> Vec<EvidencePart> {
    let plate = &variant.nameplate;
    let mut parts = finding.evidence.clone();
    for (part, yours) in [
        (Part::OrderNumber, &plate.part_number),
        (Part::Firmware, &variant.firmware),
        (Part::HardwareRevision, &plate.hardware_revision),
    ] {
        if !parts.iter().any(|known| known.part == part) {
            let rule = "not compared: the advisory says nothing of it".to_owned();
            let (yours, advisory) = (yours.trim().to_owned(), String::new());
            parts.push(EvidencePart { part, yours, advisory, rule, result: PartResult::NotStated });
        }
    }
    parts.sort_by_key(|part| part.part);
    parts
}

/// The bounds as marks on a line: `● 2.0 ──▒▒▒── ○ 4.0.0` in words, ● included, ○ not; blank when there are none.
fn bounds_text(found: &ExplainedMatch) -> String {
    let mark = |bound: &RangeBound| {
        let side = if bound.is_upper { "to" } else { "from" };
        let glyph = if bound.is_included { '●' } else { '○' };
        format!("{side} {glyph} {}", bound.version)
    };
    let nearest = found.bounds.iter().take(MAX_BOUNDS).map(mark).collect::<Vec<_>>().join(" · ");
    match found.bounds.len().saturating_sub(MAX_BOUNDS) {
        0 => nearest,
        n => format!("{nearest} · +{n}"),
    }
}

/// What [`VersionRange::ruler`](crate::domain::version_range::VersionRange::ruler) says when no versions are compared.
pub const NO_RULER: &str = "no comparison";

/// Bounds that people are shown.
const MAX_BOUNDS: usize = 6;

fn write_match(found: &ExplainedMatch, variant: &Variant, out: &mut dyn Write) -> io::Result<()> {
    let finding = &found.finding;
    writeln!(out, "\n{}", visible_line(&verdict_sentence(finding)))?;
    let exploited = if finding.is_exploited() { "  EXPLOITED" } else { "" };
    writeln!(
        out,
        "  {}  {}  {}{exploited}",
        visible_line(&finding.advisory.advisory_id),
        severity_text(finding),
        confidence_label(finding.confidence)
    )?;
    writeln!(out, "  {}", visible_line(&finding.advisory.title))?;
    for doubt in &finding.doubts {
        writeln!(out, "  in doubt: {} ({})", visible_line(&doubt.detail), doubt_label(doubt.kind))?;
    }
    writeln!(out, "  order of work: {}", visible_line(&finding.priority("", "").in_words()))?;
    for part in &all_parts(finding, variant) {
        let blank = |text: &str| if text.is_empty() { "–".to_owned() } else { visible_line(text).into_owned() };
        let rule = if part.rule.is_empty() { String::new() } else { format!("{} · ", visible_line(&part.rule)) };
        let (label, result) = (part.part.label(), result_label(part.result));
        let (yours, advisory) = (blank(&part.yours), blank(&part.advisory));
        writeln!(out, "    {label:<18} yours: {yours} · advisory: {advisory} · {rule}{result}")?;
    }
    if !found.bounds.is_empty() {
        writeln!(out, "  versions: affected {} (● included, ○ not)", visible_line(&bounds_text(found)))?;
    }
    if found.ruler != NO_RULER {
        writeln!(out, "  compared by: {}", found.ruler)?;
    }
    if !found.what_would_change.is_empty() {
        writeln!(out, "  what would change it: {}", visible_line(&found.what_would_change))?;
    }
    writeln!(out, "  fix: {}", visible_line(fix_text(finding)))?;
    writeln!(
        out,
        "  says so: {}, revision {}: “{}”, versions “{}”, at {}",
        visible_line(&finding.advisory.publisher),
        visible_line(&finding.advisory.version),
        visible_line(&finding.product),
        visible_line(&found.range_as_written),
        visible_line(&finding.product_pointer)
    )
}

/// Writes the explanation as one JSON object.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_explanation_json(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let plate = &explanation.variant.nameplate;
    let value = json!({
        "nameplate": {
            "vendor": plate.vendor,
            "model": plate.model,
            "part_number": plate.part_number,
            "hardware_revision": plate.hardware_revision,
            "firmware": explanation.variant.firmware,
            "serial_number": explanation.serial_number,
            "notes": explanation.variant.notes,
        },
        "matches": explanation.matches.iter().map(|found| match_json(found, &explanation.variant)).collect::<Vec<Value>>(),
        "witnesses": explanation.witnesses.iter().map(|group| json!({
            "advisories": group.voices.iter().map(|voice| voice.advisory_id.as_str()).collect::<Vec<_>>(),
            "contradictions": group.contradictions,
        })).collect::<Vec<_>>(),
        "near_misses": explanation.near_misses.iter().map(|near| json!({
            "advisory_id": near.advisory.advisory_id,
            "title": near.advisory.title,
            "product": near.product,
            "product_pointer": near.product_pointer,
            "reason": near.reason,
        })).collect::<Vec<Value>>(),
        "cannot_be_checked": explanation.unchecked,
        "n_advisories": explanation.n_advisories,
        "sources": explanation.sources,
        "engine": explanation.engine,
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn match_json(found: &ExplainedMatch, variant: &Variant) -> Value {
    let finding = &found.finding;
    json!({
        "advisory_id": finding.advisory.advisory_id,
        "title": finding.advisory.title,
        "advisory_version": finding.advisory.version,
        "verdict": finding.verdict.word(),
        "confidence": finding.confidence.word(),
        "sentence": verdict_sentence(finding),
        "doubts": finding.doubts.iter().map(|d| json!({ "kind": d.kind.word(), "detail": d.detail })).collect::<Vec<Value>>(),
        "evidence": all_parts(finding, variant).iter().map(|e| json!({
            "part": e.part.label(),
            "yours": e.yours,
            "advisory": e.advisory,
            "rule": e.rule,
            "result": e.result.word(),
        })).collect::<Vec<Value>>(),
        "bounds": found.bounds.iter().map(|bound| json!({
            "version": bound.version,
            "is_upper": bound.is_upper,
            "is_included": bound.is_included,
        })).collect::<Vec<Value>>(),
        "ruler": found.ruler,
        "what_would_change": found.what_would_change,
        "fix": finding.fix,
        "cves": finding.cves,
        "exploited": finding.exploited,
        "cvss": finding.cvss.map(|score| (f64::from(score) * 10.0).round() / 10.0),
        "product": finding.product,
        "range": finding.range,
        "range_as_written": found.range_as_written,
        "priority": finding.priority("", "").in_words(),
        "epss": finding.epss.as_ref().map(|epss| f64::from(epss.probability_ppm) / 1_000_000.0),
        "publisher": finding.advisory.publisher,
        "product_pointer": finding.product_pointer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nameplate::Nameplate;
    use crate::domain::priority::Epss;
    use crate::report::tests::fixture;

    fn explanation() -> Explanation {
        let report = fixture::report();
        let row =
            report.rows.iter().find(|row| *row.asset.model == *"PM8000" && !row.finding.evidence.is_empty()).unwrap();
        let finding = ReportFinding {
            exploited: vec!["CVE-2022-46680".to_owned()],
            exploited_since: "2023-03-30".to_owned(),
            epss: Some(Epss { probability_ppm: 420_130, percentile_ppm: 940_000, date: "2026-11-20".to_owned() }),
            product: "PowerLogic PM8000: < 4.0.0".to_owned(),
            ..(*row.finding).clone()
        };
        let near_miss = ExplainedNearMiss {
            advisory: finding.advisory.clone(),
            product: "PM5\u{1b}[31m560".to_owned(),
            product_pointer: "/product_tree/branches/1".to_owned(),
            reason: "order number differs in place 9: yours is A, the advisory's B".to_owned(),
        };
        let variant = Variant {
            nameplate: Nameplate {
                vendor: row.asset.vendor.to_string(),
                model: row.asset.model.to_string(),
                part_number: row.asset.part_number.to_string(),
                hardware_revision: "B".to_owned(),
            },
            firmware: row.asset.firmware.to_string(),
            ..Variant::default()
        };
        let bound =
            |version: &str, is_upper, is_included| RangeBound { version: version.to_owned(), is_upper, is_included };
        Explanation {
            variant,
            serial_number: String::new(),
            matches: vec![ExplainedMatch {
                key: AdvisoryKey { namespace: String::new(), id: String::new() },
                finding,
                what_would_change: "4.0.0 or later: not affected.".to_owned(),
                range_as_written: ">= 2.0 | < 4.0.0".to_owned(),
                bounds: vec![bound("2.0", false, true), bound("4.0.0", true, false)],
                ruler: "numbers segment by segment, a missing one is 0",
            }],
            near_misses: vec![near_miss],
            witnesses: Vec::new(),
            unchecked: None,
            n_advisories: 14,
            sources: vec!["14 advisories from `csaf/`".to_owned()],
            engine: "nameplate 0.0.0".to_owned(),
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_the_whole_why_and_the_no_as_well() {
        insta::assert_snapshot!("explanation_text", written(|out| write_explanation(&explanation(), out)));
    }

    #[test]
    fn programs_read_the_same() {
        insta::assert_snapshot!("explanation_json", written(|out| write_explanation_json(&explanation(), out)));
    }

    #[test]
    fn more_bounds_than_people_can_read_are_counted() {
        let mut found = explanation().matches.remove(0);
        let bound = found.bounds[1].clone();
        found.bounds = vec![bound; MAX_BOUNDS + 4];
        assert!(bounds_text(&found).ends_with("to ○ 4.0.0 · +4"), "{}", bounds_text(&found));
    }
}
