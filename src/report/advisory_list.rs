//! The advisories of a report, each once, with what is shared by all its findings.

use rustc_hash::FxHashMap;

use super::row::{Report, ReportAdvisory, ReportFinding, ReportRemediation};
use crate::domain::verdict::Verdict;

/// The advisories of a report in the order in which they are first met, and what is shown of each.
pub(super) struct Advisories<'a> {
    pub list: Vec<AdvisoryEntry<'a>>,
    places: FxHashMap<(&'a str, &'a str), usize>,
}

/// One advisory with what the report says of it.
pub(super) struct AdvisoryEntry<'a> {
    pub advisory: &'a ReportAdvisory,
    /// Assets by verdict, in the order of [`Verdict::ALL`].
    pub n_assets: [u64; 3],
    /// Each once, in the order in which they are met.
    pub remedies: Vec<&'a ReportRemediation>,
}

impl<'a> Advisories<'a> {
    /// Gathers the advisories of all rows; remedies that several findings share are kept once.
    pub(super) fn of(report: &'a Report) -> Advisories<'a> {
        let mut advisories = Advisories { list: Vec::new(), places: FxHashMap::default() };
        let mut seen: FxHashMap<*const ReportFinding, usize> = FxHashMap::default();
        for row in &report.rows {
            let finding: &ReportFinding = &row.finding;
            let place = *seen.entry(finding).or_insert_with(|| advisories.add(finding));
            let verdict = Verdict::ALL.iter().position(|v| *v == finding.verdict).unwrap_or(0);
            advisories.list[place].n_assets[verdict] += 1;
        }
        advisories
    }

    fn add(&mut self, finding: &'a ReportFinding) -> usize {
        let advisory: &ReportAdvisory = &finding.advisory;
        let key = (advisory.publisher.as_str(), advisory.advisory_id.as_str());
        let place = *self.places.entry(key).or_insert_with(|| {
            self.list.push(AdvisoryEntry { advisory, n_assets: [0; 3], remedies: Vec::new() });
            self.list.len() - 1
        });
        let entry = &mut self.list[place];
        for remedy in finding.remediations.iter() {
            if !entry.remedies.contains(&remedy) {
                entry.remedies.push(remedy);
            }
        }
        place
    }

    /// The number in the anchor of an advisory, from 1.
    pub(super) fn number(&self, advisory: &ReportAdvisory) -> usize {
        self.places.get(&(advisory.publisher.as_str(), advisory.advisory_id.as_str())).map_or(0, |place| place + 1)
    }
}
