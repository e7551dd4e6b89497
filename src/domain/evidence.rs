//! The record that each source was looked at, and what was applicable: for those who must show that they evaluate
//! security advisories at least every 35 calendar days.
//!
//! # Source
//!
//! NERC CIP-007-6, requirement R2, parts 2.1 to 2.3. The record supports these parts; it claims no compliance.

use jiff::Timestamp;

/// Calendar days within which each source is to be evaluated (part 2.2).
pub const PERIOD_DAYS: i64 = 35;

/// One source in the period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceSource {
    /// How it is called; for documents that a person loaded, where they came from.
    pub name: String,
    pub url: String,
    /// Visits in the period, oldest first; none for what a person loaded.
    pub visits: Vec<EvidenceVisit>,
    /// New or changed documents in the period, by their id.
    pub documents: Vec<EvidenceDocument>,
    /// The last good visit, or the last document that came, up to the end of the period.
    pub last_seen_at: Option<Timestamp>,
}

/// One visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceVisit {
    pub at: Timestamp,
    /// Blank when it was good.
    pub error: String,
    pub n_listed: u64,
    pub n_new: u64,
}

/// One document that came in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceDocument {
    pub advisory_id: String,
    pub version: String,
    pub title: String,
    /// Of the document as it was kept.
    pub sha256: String,
    /// Calendar date of the release, as the publisher writes it; blank when it is not stated.
    pub released_on: String,
    pub came_at: Timestamp,
    /// The first run that judged it, and who started it; `None` when none has yet.
    pub evaluated: Option<(Timestamp, String)>,
    pub answer: Applicability,
}

/// Whether a document concerns the assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Affected and possibly affected assets.
    Applicable { n_affected: u64, n_possible: u64 },
    /// And why not.
    NotApplicable(String),
}

/// The record of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// One site, or all.
    pub site: Option<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub n_assets: u64,
    pub sources: Vec<EvidenceSource>,
    /// Runs of the matcher in the period, oldest first: when, started by what, with which version, of how many
    /// advisories.
    pub runs: Vec<EvidenceRun>,
}

/// One run of the matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRun {
    pub rescan_id: i64,
    pub at: Timestamp,
    pub started_by: String,
    pub matcher_version: String,
    pub n_advisories: u64,
    pub n_assets: u64,
}

impl EvidenceSource {
    /// Documents that concern an asset.
    pub fn n_applicable(&self) -> u64 {
        self.documents.iter().filter(|d| matches!(d.answer, Applicability::Applicable { .. })).count() as u64
    }

    /// The greatest number of whole days of the period without a good visit, its ends included; `None` when the source
    /// is not visited by the program.
    pub fn longest_silence_days(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        if self.visits.is_empty() {
            return None;
        }
        let mut last = from;
        let mut longest = 0;
        for at in self.visits.iter().filter(|visit| visit.error.is_empty()).map(|visit| visit.at).chain([to]) {
            longest = longest.max((at.as_second() - last.as_second()) / 86_400);
            last = at;
        }
        Some(longest)
    }
}

impl Evidence {
    /// The greatest number of whole days between two runs, the ends of the period included.
    pub fn longest_gap_days(&self) -> i64 {
        let mut last = self.from;
        let mut longest = 0;
        for at in self.runs.iter().map(|run| run.at).chain([self.to]) {
            longest = longest.max((at.as_second() - last.as_second()) / 86_400);
            last = at;
        }
        longest
    }
}

/// What the record covers of the requirement: part, what it asks for, what the record shows, what it does not.
pub const COVERAGE: [[&str; 4]; 4] = [
    [
        "R2.1",
        "a process to track, evaluate and install patches, with the sources that are tracked",
        "the sources, each visit to them and its result",
        "the process itself, and assets or software that are not in the inventory",
    ],
    [
        "R2.2",
        "evaluation of security patches for applicability at least once every 35 calendar days",
        "when each document came, when it was judged against all assets, and the answer with its reason",
        "patches that are released without an advisory from a tracked source",
    ],
    [
        "R2.3",
        "within 35 days of the evaluation: apply the patch, or make or revise a dated mitigation plan",
        "plans, work orders with read-backs and measures that are kept in the program",
        "whether the plan was approved, and work that was not entered",
    ],
    [
        "R2.4",
        "implementation of the mitigation plan in time",
        "what was read back and when",
        "extensions and their approval",
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(n * 86_400).unwrap()
    }

    #[test]
    fn a_failed_visit_breaks_no_silence() {
        let visit = |n, error: &str| EvidenceVisit { at: day(n), error: error.to_owned(), n_listed: 1, n_new: 0 };
        let source = EvidenceSource {
            visits: vec![visit(1, ""), visit(5, "timeout"), visit(20, ""), visit(34, "")],
            ..EvidenceSource::default()
        };
        assert_eq!(source.longest_silence_days(day(0), day(35)), Some(19));
        assert_eq!(EvidenceSource::default().longest_silence_days(day(0), day(35)), None);
    }

    #[test]
    fn no_run_at_all_is_a_gap_of_the_whole_period() {
        let evidence =
            Evidence { site: None, from: day(0), to: day(35), n_assets: 0, sources: Vec::new(), runs: Vec::new() };
        assert_eq!(evidence.longest_gap_days(), 35);
    }
}
