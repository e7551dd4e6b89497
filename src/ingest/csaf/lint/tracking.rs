//! Whether version, status and revision history of a document agree (tests 6.1.14, 6.1.16 to 6.1.22, 6.2.5, 6.2.6).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::found;
use crate::domain::advisory::{Advisory, Revision, VersionType, compare_versions};
use crate::ingest::csaf::warning::{CsafWarning, CsafWarningKind};

const HISTORY: &str = "/document/tracking/revision_history";

/// Whether this is a version of a draft: `0`, `0.y.z`, or one with a pre-release.
fn is_of_draft(version: &str) -> bool {
    match VersionType::of(version) {
        Some(VersionType::Integer) => version == "0",
        Some(VersionType::Semantic) => version.starts_with("0.") || has_pre_release(version),
        None => false,
    }
}

fn has_pre_release(version: &str) -> bool {
    version.split('+').next().is_some_and(|before_build| before_build.contains('-'))
}

/// What does not fit together in the tracking of the document.
pub fn tracking_findings(advisory: &Advisory) -> Vec<CsafWarning> {
    let mut findings = Vec::new();
    let mut odd =
        |pointer: &str, detail: String| findings.push(found(CsafWarningKind::InconsistentTracking, pointer, detail));
    let version = advisory.version.as_str();
    if is_of_draft(version) && matches!(advisory.status.as_str(), "final" | "interim") {
        odd(
            "/document/tracking/version",
            format!("`{version}` is the version of a draft, but the status is `{}`", advisory.status),
        );
    }
    if let (Some(first), Some(latest)) = (advisory.released_at, advisory.updated_at)
        && latest < first
    {
        odd("/document/tracking/current_release_date", format!("{latest} is before the initial release on {first}"));
    }
    let history = &advisory.revisions;
    if history.is_empty() {
        return findings;
    }
    let mut by_date: Vec<&Revision> = history.iter().filter(|revision| revision.date.is_some()).collect();
    by_date.sort_by_key(|revision| revision.date);
    if by_date.windows(2).any(|pair| compare_versions(&pair[0].number, &pair[1].number) == Ordering::Greater) {
        odd(HISTORY, "sorted by date the numbers do not ascend".to_owned());
    }
    let latest = history.iter().map(|revision| revision.number.as_str()).max_by(|a, b| compare_versions(a, b));
    // Build metadata, and on drafts the pre-release, may differ.
    let core = |text: &str| {
        let end = if advisory.status == "draft" { text.find(['-', '+']) } else { text.find('+') };
        text[..end.unwrap_or(text.len())].to_owned()
    };
    if let Some(latest) = latest.filter(|latest| !version.is_empty() && core(latest) != core(version)) {
        odd(
            "/document/tracking/version",
            format!("the document is version `{version}`, its latest revision `{latest}`"),
        );
    }
    let mut numbers = BTreeSet::new();
    for (at, revision) in history.iter().enumerate() {
        if !revision.number.is_empty() && !numbers.insert(revision.number.as_str()) {
            odd(&format!("{HISTORY}/{at}/number"), format!("`{}` stands more than once", revision.number));
        }
        if advisory.status != "draft" && (revision.number == "0" || has_pre_release(&revision.number)) {
            let detail =
                format!("`{}` is the revision of a draft in a document that is `{}`", revision.number, advisory.status);
            odd(&format!("{HISTORY}/{at}/number"), detail);
        }
    }
    for missing in missing_numbers(history) {
        odd(HISTORY, format!("revision {missing} is missing"));
    }
    findings
}

/// The integer numbers that are left out between the first and the last; at most a few are told.
fn missing_numbers(history: &[Revision]) -> Vec<u64> {
    let numbers: Option<BTreeSet<u64>> = history.iter().map(|revision| revision.number.parse().ok()).collect();
    let Some(numbers) = numbers else { return Vec::new() };
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else { return Vec::new() };
    (first.min(1)..last).filter(|n| *n > 0 && !numbers.contains(n)).take(5).collect()
}
