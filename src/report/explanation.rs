//! Why a nameplate is affected or not: for people and as JSON.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::row::{ReportAdvisory, ReportFinding};
use super::visible::visible_line;
use super::vocabulary::{confidence_label, doubt_label, fix_text, result_label, severity_text, verdict_sentence};
use crate::domain::nameplate::Variant;

/// All that can be said about one nameplate.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub variant: Variant,
    pub serial_number: String,
    /// Worst first.
    pub matches: Vec<ExplainedMatch>,
    /// What came close and is another product, nearest first.
    pub near_misses: Vec<ExplainedNearMiss>,
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
    pub finding: ReportFinding,
    /// "4.0.0 or later: not affected"; blank when no reading would change it.
    pub what_would_change: String,
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
        write_match(found, out)?;
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

fn write_match(found: &ExplainedMatch, out: &mut dyn Write) -> io::Result<()> {
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
    for part in &finding.evidence {
        let blank = |text: &str| if text.is_empty() { "–".to_owned() } else { visible_line(text).into_owned() };
        writeln!(
            out,
            "    {:<18} yours: {} · advisory: {} · {} · {}",
            part.part.label(),
            blank(&part.yours),
            blank(&part.advisory),
            visible_line(&part.rule),
            result_label(part.result)
        )?;
    }
    if !found.what_would_change.is_empty() {
        writeln!(out, "  what would change it: {}", visible_line(&found.what_would_change))?;
    }
    writeln!(out, "  fix: {}", visible_line(fix_text(finding)))?;
    writeln!(
        out,
        "  says so: {} “{}”, revision {}",
        visible_line(&finding.product_pointer),
        visible_line(&finding.product),
        visible_line(&finding.advisory.version)
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
        "matches": explanation.matches.iter().map(match_json).collect::<Vec<Value>>(),
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

fn match_json(found: &ExplainedMatch) -> Value {
    let finding = &found.finding;
    json!({
        "advisory_id": finding.advisory.advisory_id,
        "title": finding.advisory.title,
        "advisory_version": finding.advisory.version,
        "verdict": finding.verdict.word(),
        "confidence": finding.confidence.word(),
        "sentence": verdict_sentence(finding),
        "doubts": finding.doubts.iter().map(|d| json!({ "kind": d.kind.word(), "detail": d.detail })).collect::<Vec<Value>>(),
        "evidence": finding.evidence.iter().map(|e| json!({
            "part": e.part.label(),
            "yours": e.yours,
            "advisory": e.advisory,
            "rule": e.rule,
            "result": e.result.word(),
        })).collect::<Vec<Value>>(),
        "what_would_change": found.what_would_change,
        "fix": finding.fix,
        "cves": finding.cves,
        "exploited": finding.exploited,
        "cvss": finding.cvss.map(|score| (f64::from(score) * 10.0).round() / 10.0),
        "product": finding.product,
        "range": finding.range,
        "product_pointer": finding.product_pointer,
    })
}
