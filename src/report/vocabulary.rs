//! What the words of a report mean, in one sentence each, and how they look; the same in every format.

use super::groups::FindingLine;
use super::row::{Joined, Report, ReportFinding};
use super::visible::{counted, grouped, visible_line};
use crate::domain::asset::Standing;
use crate::domain::matching::{EvidencePart, PartResult};
use crate::domain::priority::Severity;
use crate::domain::remediation::{RemediationCategory, RemediationStatus};
use crate::domain::site::SiteSummary;
use crate::domain::trend::{TimeToClose, Trend};
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};

/// What the verdict says, in one sentence.
pub fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => {
            "The advisory names this product as affected, and the firmware lies in the range it names (or all versions are meant)."
        }
        Verdict::Possible => {
            "The advisory may mean this device; what is known cannot rule it out. The doubt is said beside the verdict."
        }
        Verdict::NotAffected => {
            "The advisory names this product, but the firmware is outside every affected range or a status says so."
        }
    }
}

/// The doubt in two or three words.
pub fn doubt_label(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::VersionUnknown => "firmware unknown",
        DoubtKind::ProductUnsure => "product not certain",
        DoubtKind::Condition => "depends on a condition",
        DoubtKind::ImpreciseBound => "bound is coarse",
    }
}

/// What the doubt says and what removes it, in one sentence.
pub fn doubt_meaning(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::VersionUnknown => {
            "The firmware is missing or cannot be compared with the range; read it off the device to settle it."
        }
        DoubtKind::ProductUnsure => {
            "The nameplate is less exact than the advisory, or the advisory is vague; an order number usually settles it."
        }
        DoubtKind::Condition => {
            "The advisory holds only for a module, feature, serial number or date that the inventory does not show."
        }
        DoubtKind::ImpreciseBound => {
            "The advisory's last affected version is written more coarsely than the firmware; ask the vendor or assume it is affected."
        }
    }
}

/// What it means that an asset stands in this place, in one sentence.
pub fn standing_meaning(standing: Standing) -> &'static str {
    match standing {
        Standing::Affected => "At least one advisory affects the asset.",
        Standing::Possible => "No advisory surely affects the asset, but at least one cannot be ruled out.",
        Standing::Handled => "All advisories for the asset are done or their risk is accepted.",
        Standing::RuledOut => "Advisories name the product, and none of them affects this asset.",
        Standing::NotNamed => {
            "Advisories of the vendor were compared, and none names the asset. That is no proof of safety."
        }
        Standing::CannotBeChecked => {
            "No advisory of the vendor is loaded, or the nameplate says too little to compare."
        }
    }
}

/// How sure the identification of the product is, as the head of a sentence.
pub fn confidence_label(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "Certain",
        Confidence::Likely => "Likely",
        Confidence::Possible => "Possible",
    }
}

/// How sure the identification of the product is, in one sentence.
pub fn confidence_meaning(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => {
            "The product was identified by an order number, an exact designator or a decision of a user."
        }
        Confidence::Likely => "The product was identified by its model name, series or family.",
        Confidence::Possible => "The name is only similar, or the entry is vague.",
    }
}

/// Shape and word of a severity; the shape carries the meaning where colour does not.
pub fn severity_label(severity: Option<Severity>) -> (&'static str, &'static str) {
    match severity {
        Some(Severity::Critical) => ("◆", "Critical"),
        Some(Severity::High) => ("▲", "High"),
        Some(Severity::Medium) => ("■", "Medium"),
        Some(Severity::Low) => ("▽", "Low"),
        Some(Severity::None) => ("○", "None"),
        None => ("–", "No score"),
    }
}

/// The leading score with its severity: `▲ High 8.8`, or `– No score`.
pub fn severity_text(finding: &ReportFinding) -> String {
    let (shape, word) = severity_label(finding.severity);
    match finding.cvss {
        Some(score) => format!("{shape} {word} {score:.1}"),
        None => format!("{shape} {word}"),
    }
}

/// The remedy's kind as a person reads it.
pub fn remediation_label(category: &RemediationCategory) -> &str {
    match category {
        RemediationCategory::VendorFix => "Vendor fix",
        RemediationCategory::Mitigation => "Mitigation",
        RemediationCategory::Workaround => "Workaround",
        RemediationCategory::OptionalPatch => "Optional patch",
        RemediationCategory::FixPlanned => "Fix planned",
        RemediationCategory::NoneAvailable => "No fix available",
        RemediationCategory::NoFixPlanned => "No fix planned",
        RemediationCategory::Other(word) => word,
    }
}

/// What has to be restarted, in words; an unknown word is given as it is.
///
/// # Source
///
/// CSAF 2.0, section 3.2.3.12.7 (`restart_required`).
pub fn restart_label(word: &str) -> &str {
    match word {
        "none" => "no restart",
        "vulnerable_component" => "restart of the component",
        "service" => "restart of the service",
        "parent" => "restart of the parent process",
        "dependencies" => "restart of the component and what depends on it",
        "connected" => "restart of the component and what is connected to it",
        "machine" => "restart of the device",
        "zone" => "restart of the security zone",
        "system" => "restart of the whole system",
        other => other,
    }
}

/// The result of one comparison with its glyph: `✓ same`.
pub fn result_label(result: PartResult) -> &'static str {
    match result {
        PartResult::Same => "✓ same",
        PartResult::Covers => "≈ covers",
        PartResult::InDoubt => "? in doubt",
        PartResult::Differs => "✕ differs",
        PartResult::NotStated => "– not stated",
    }
}

/// One comparison as a sentence: `firmware 3.1.2 against < 4.0.0: same (numbers by segment)`.
pub fn evidence_sentence(part: &EvidencePart) -> String {
    let stated = |text: &str| if text.is_empty() { "not stated".to_owned() } else { text.to_owned() };
    let mut sentence = format!("{} {}", part.part.label(), stated(&part.yours));
    if !part.advisory.is_empty() {
        sentence.push_str(" against ");
        sentence.push_str(&part.advisory);
    }
    if !(part.result == PartResult::NotStated && part.yours.is_empty()) {
        sentence.push_str(": ");
        sentence.push_str(part.result.word());
    }
    if !part.rule.is_empty() {
        sentence.push_str(" (");
        sentence.push_str(&part.rule);
        sentence.push(')');
    }
    sentence
}

/// The verdict with its reason: `Affected: 3.1.2 is below 4.0.0`.
pub fn verdict_sentence(finding: &ReportFinding) -> String {
    match finding.reason.as_str() {
        "" => finding.verdict.label().to_owned(),
        reason => format!("{}: {reason}", finding.verdict.label()),
    }
}

/// What a label of the Traffic Light Protocol in a report asks of whoever passes it on.
pub const TLP_NOTICE: &str = "is the strictest label of the advisories told here; pass this on to nobody beyond it.";

/// Which other documents tell a finding and where they do not say the same; `None` where this one is alone with it.
pub fn witness_sentence(finding: &ReportFinding) -> Option<String> {
    let Joined { witnesses, contradictions, .. } = &finding.joined;
    if witnesses.is_empty() && contradictions.is_empty() {
        return None;
    }
    let mut told: Vec<String> = Vec::new();
    if !witnesses.is_empty() {
        told.push(format!("also told by {}", witnesses.join(", ")));
    }
    told.extend(contradictions.iter().map(|sentence| format!("contradiction: {sentence}")));
    Some(told.join("; "))
}

/// How far the owner is with a finding: "○ 6 not remediated · ● 1 done: mitigation applied"; `None` where nobody has
/// said anything.
pub fn status_sentence(line: &FindingLine<'_>) -> Option<String> {
    if line.marks.is_empty() {
        return None;
    }
    let told: Vec<String> = line
        .statuses()
        .into_iter()
        .map(|(n, status, decision)| {
            let glyph = match status {
                RemediationStatus::NotRemediated => "○",
                RemediationStatus::InProgress => "◐",
                RemediationStatus::Done => "●",
            };
            let decision = if decision.is_empty() { String::new() } else { format!(": {decision}") };
            format!("{glyph} {} {}{decision}", grouped(n), status.label())
        })
        .collect();
    Some(told.join(" · "))
}

/// What the advisory says where it names no fix: the most telling remedy, in one line.
pub fn instead_of_a_fix(finding: &ReportFinding) -> String {
    let of = |category: RemediationCategory| finding.remediations.iter().find(|r| r.category == category);
    let said = of(RemediationCategory::NoFixPlanned)
        .or_else(|| of(RemediationCategory::NoneAvailable))
        .or_else(|| of(RemediationCategory::FixPlanned))
        .or_else(|| finding.remediations.first());
    match said {
        Some(remedy) => {
            let text = visible_line(&remedy.details);
            let mut cut: String = text.chars().take(220).collect();
            if cut.len() < text.len() {
                cut.push('…');
            }
            format!("{}: {cut}", remediation_label(&remedy.category))
        }
        None => "no remedy is named".to_owned(),
    }
}

/// The fix in words: the version, or that none is named.
pub fn fix_text(finding: &ReportFinding) -> &str {
    finding.fix.as_deref().unwrap_or("none named")
}

/// How long closed exposures had been open: over all, then by severity where several are known; none when nothing was
/// closed yet.
pub fn times_to_close(trend: &Trend) -> Vec<String> {
    let Some(all) = &trend.time_to_close else { return Vec::new() };
    let told = |time: &TimeToClose| {
        format!("half were closed within {}, nine of ten within {}", hours(time.median_hours), hours(time.p90_hours))
    };
    let mut sentences =
        vec![format!("Of {} {}.", counted(all.n_closed, "closed exposure", "closed exposures"), told(all))];
    if trend.time_to_close_by_severity.len() > 1 {
        sentences.extend(trend.time_to_close_by_severity.iter().map(|(severity, time)| {
            let word = severity_label(*severity).1.to_lowercase();
            format!("Of {} with severity {word} {}.", grouped(time.n_closed), told(time))
        }));
    }
    sentences
}

/// The hours in words: days from two days on.
fn hours(hours: u64) -> String {
    match hours {
        0 => "the hour".to_owned(),
        1..48 => counted(hours, "hour", "hours"),
        _ => counted(hours / 24, "day", "days"),
    }
}

/// `372 of 412 (90 %)`.
pub fn share(n: u64, of: u64) -> String {
    match of {
        0 => "0 of 0".to_owned(),
        _ => format!("{} of {} ({} %)", grouped(n), grouped(of), n.saturating_mul(100) / of),
    }
}

/// The headline of a site: what is affected by how much, or that nothing is, and then what that does not mean.
pub fn headline(summary: &SiteSummary) -> String {
    let (affected, possible) = (summary.n(Standing::Affected), summary.n(Standing::Possible));
    let site = site_name(&summary.site);
    if summary.n_assets == 0 {
        return format!("{site} has no assets.");
    }
    if affected == 0 && possible == 0 {
        return format!(
            "Nothing in {site} is affected or possible. {} not named by any advisory, {} cannot be checked.",
            counted(summary.n(Standing::NotNamed), "asset is", "assets are"),
            grouped(summary.n(Standing::CannotBeChecked)),
        );
    }
    let mut sentence = if affected == 0 {
        format!("None of {} at {site} is surely affected", counted(summary.n_assets, "asset", "assets"))
    } else {
        format!(
            "{} of {} at {site} {} affected by {}",
            grouped(affected),
            counted(summary.n_assets, "asset", "assets"),
            if affected == 1 { "is" } else { "are" },
            counted(summary.n_advisories_affecting, "advisory", "advisories"),
        )
    };
    if possible > 0 && affected == 0 {
        sentence.push_str(&format!(", {} possibly", grouped(possible)));
    }
    if summary.n_advisories_exploited > 0 {
        sentence.push_str("; ");
        sentence.push_str(&counted(summary.n_advisories_exploited, "advisory names", "advisories name"));
        sentence.push_str(" an exploited vulnerability");
    }
    sentence.push('.');
    sentence
}

/// The six places as a sum: `412 assets = 118 affected + 37 possible + …`.
///
/// Should the places not add up, the sentence says so instead of hiding it.
pub fn standing_sum(summary: &SiteSummary) -> String {
    let places: Vec<String> =
        Standing::ALL.iter().map(|s| format!("{} {}", grouped(summary.n(*s)), s.label())).collect();
    let sum: u64 = summary.n_by_standing.iter().sum();
    let mut sentence = format!("{} = {}", counted(summary.n_assets, "asset", "assets"), places.join(" + "));
    if sum != summary.n_assets {
        sentence.push_str(&format!(" (these add up to {}; this is a defect of the program)", grouped(sum)));
    }
    sentence
}

/// The site's name, or words for assets whose inventory names none.
pub fn site_name(site: &str) -> &str {
    if site.is_empty() { "the site without a name" } else { site }
}

/// What is said in front of everything else when the advisories are the built-in samples.
pub const SAMPLES_NOTICE: &str =
    "The advisories are the samples built into the program. They are for trying it, not for judging a plant.";

/// As of when: `Judged 2026-11-22 02:14 UTC · 14 advisories, the newest of 2026-11-21`.
pub fn as_of(report: &Report) -> String {
    let newest = match report.advisories_up_to {
        Some(at) => format!("the newest of {}", day(at)),
        None => "without a release date".to_owned(),
    };
    format!(
        "Judged {} · {}, {newest}",
        moment(report.judged_at, &report.time_zone),
        counted(report.n_advisories, "advisory", "advisories")
    )
}

/// The instant in UTC to the minute: `2026-11-22 02:14 UTC`.
pub fn minute(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The instant in this zone and in UTC: `2026-11-22 03:14 CET (02:14 UTC)`; in UTC alone where they are the same.
pub fn moment(at: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    if local.offset().is_zero() {
        return minute(at);
    }
    let utc = at.to_zoned(jiff::tz::TimeZone::UTC);
    // The day only where it is another one.
    let utc = if utc.date() == local.date() { utc.strftime("%H:%M UTC") } else { utc.strftime("%Y-%m-%d %H:%M UTC") };
    format!("{} ({utc})", local.strftime("%Y-%m-%d %H:%M %Z"))
}

/// The calendar date in UTC: `2026-11-21`.
pub fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::matching::Part;

    #[test]
    fn the_headline_says_what_is_wrong_and_silence_is_not_safety() {
        for (n_by_standing, n_affecting, n_exploited, sentence) in [
            (
                [118, 37, 14, 61, 151, 31],
                64,
                9,
                "118 of 412 assets at Riverside are affected by 64 advisories; 9 advisories name an exploited vulnerability.",
            ),
            (
                [1, 0, 0, 0, 0, 0],
                1,
                1,
                "1 of 1 asset at Riverside is affected by 1 advisory; 1 advisory names an exploited vulnerability.",
            ),
            ([0, 3, 0, 0, 2, 0], 0, 0, "None of 5 assets at Riverside is surely affected, 3 possibly."),
            (
                [0, 0, 0, 4, 151, 31],
                0,
                0,
                "Nothing in Riverside is affected or possible. 151 assets are not named by any advisory, 31 cannot be checked.",
            ),
            (
                [0, 0, 0, 0, 1, 0],
                0,
                0,
                "Nothing in Riverside is affected or possible. 1 asset is not named by any advisory, 0 cannot be checked.",
            ),
            ([0; 6], 0, 0, "Riverside has no assets."),
        ] {
            let summary = SiteSummary {
                site: "Riverside".to_owned(),
                n_assets: n_by_standing.iter().sum(),
                n_by_standing,
                n_advisories_affecting: n_affecting,
                n_advisories_exploited: n_exploited,
            };
            assert_eq!(headline(&summary), sentence);
        }
    }

    #[test]
    fn a_moment_is_told_in_the_readers_zone_and_in_utc() {
        let zone = |name: &str| jiff::tz::TimeZone::get(name).unwrap();
        for (at, zone, told) in [
            ("2026-11-22T01:14:00Z", zone("Europe/Berlin"), "2026-11-22 02:14 CET (01:14 UTC)"),
            ("2026-11-22T01:14:00Z", zone("America/Chicago"), "2026-11-21 19:14 CST (2026-11-22 01:14 UTC)"),
            ("2026-11-22T01:14:00Z", jiff::tz::TimeZone::UTC, "2026-11-22 01:14 UTC"),
        ] {
            assert_eq!(moment(at.parse().unwrap(), &zone), told);
        }
    }

    #[test]
    fn places_that_do_not_add_up_are_not_hidden() {
        let mut summary = SiteSummary { n_assets: 3, n_by_standing: [1, 1, 0, 0, 1, 0], ..SiteSummary::default() };
        assert!(!standing_sum(&summary).contains("defect"));
        summary.n_assets = 4;
        assert!(standing_sum(&summary).ends_with("(these add up to 3; this is a defect of the program)"));
    }

    #[test]
    fn evidence_is_told_in_one_sentence() {
        for (yours, advisory, rule, result, sentence) in [
            (
                "3.1.2",
                "< 4.0.0",
                "numbers by segment",
                PartResult::Covers,
                "firmware 3.1.2 against < 4.0.0: covers (numbers by segment)",
            ),
            ("", "< 4.0.0", "", PartResult::NotStated, "firmware not stated against < 4.0.0"),
            ("3.1.2", "", "", PartResult::NotStated, "firmware 3.1.2: not stated"),
        ] {
            let part = EvidencePart {
                part: Part::Firmware,
                yours: yours.to_owned(),
                advisory: advisory.to_owned(),
                rule: rule.to_owned(),
                result,
            };
            assert_eq!(evidence_sentence(&part), sentence);
        }
    }
}
