//! What owners do about exposures, as reports of a moment tell it.

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::advisory::AdvisoryKey;
use crate::domain::asset::Standing;
use crate::domain::exposure::ExposureRow;
use crate::domain::mark::StoredMark;
use crate::domain::site::SiteSummary;
use crate::domain::verdict::Verdict;
use crate::report::row::{ReportAsset, ReportMark, ReportRow};
use crate::store::{self, Db, StoreError};

/// The marks that were in force at one moment.
#[derive(Default)]
pub struct ReportMarks {
    /// The calendar day in UTC, by which an acceptance may have run out.
    today: String,
    by_asset: FxHashMap<i64, Vec<Kept>>,
}

struct Kept {
    advisory: AdvisoryKey,
    fingerprint: String,
    expires_on: String,
    told: Arc<ReportMark>,
}

impl ReportMarks {
    /// Reads what was in force at `at`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn load(db: &Db, at: Timestamp) -> Result<ReportMarks, StoreError> {
        let mut marks = ReportMarks { today: at.strftime("%Y-%m-%d").to_string(), ..ReportMarks::default() };
        // One act marks many exposures in the same words.
        let mut shared: FxHashSet<Arc<ReportMark>> = FxHashSet::default();
        for mark in store::remediation::list_marks_at(db, at, None).await? {
            let told = report_mark(&mark);
            let told = match shared.get(&told) {
                Some(same) => same.clone(),
                None => {
                    let told = Arc::new(told);
                    shared.insert(told.clone());
                    told
                }
            };
            marks.by_asset.entry(mark.asset_id).or_default().push(Kept {
                advisory: mark.advisory,
                fingerprint: mark.fingerprint,
                expires_on: mark.mark.expires_on,
                told,
            });
        }
        Ok(marks)
    }

    /// What holds for this exposure: a mark that was given to other products, ranges or remedies, or whose acceptance
    /// has run out, counts as none.
    pub fn of(&self, exposure: &ExposureRow) -> Option<Arc<ReportMark>> {
        let own = self.by_asset.get(&exposure.asset_id)?;
        own.iter()
            .find(|kept| kept.advisory == exposure.key.advisory)
            .filter(|kept| kept.fingerprint == exposure.finding.fingerprint)
            .filter(|kept| kept.expires_on.is_empty() || kept.expires_on >= self.today)
            .map(|kept| kept.told.clone())
    }

    /// Whether this exposure needs nothing more: it is done, or its risk is accepted.
    pub fn is_handled(&self, exposure: &ExposureRow) -> bool {
        self.of(exposure).is_some_and(|mark| mark.is_handled)
    }
}

/// The mark as reports tell it.
pub fn report_mark(mark: &StoredMark) -> ReportMark {
    ReportMark {
        status: mark.status,
        decision: mark.mark.in_words(),
        note: mark.mark.note.clone(),
        by: mark.who.clone(),
        on: mark.since.strftime("%Y-%m-%d").to_string(),
        is_handled: mark.is_handled(),
    }
}

/// Moves assets of which every exposure is done or accepted to the place of what is handled. The rows must be all of
/// the sites, and rows of one asset must share it.
pub fn move_handled(rows: &[ReportRow], sites: &mut [SiteSummary]) {
    let mut assets: FxHashMap<*const ReportAsset, (&str, Verdict, bool)> = FxHashMap::default();
    for row in rows.iter().filter(|row| row.finding.verdict >= Verdict::Possible) {
        let is_handled = row.mark.as_ref().is_some_and(|mark| mark.is_handled);
        let entry = assets.entry(&*row.asset).or_insert((&row.asset.site, row.finding.verdict, true));
        entry.1 = entry.1.max(row.finding.verdict);
        entry.2 &= is_handled;
    }
    for (site, verdict, _) in assets.into_values().filter(|(_, _, is_handled)| *is_handled) {
        let Some(summary) = sites.iter_mut().find(|summary| summary.site == site) else { continue };
        let stood = &mut summary.n_by_standing[Standing::of_verdict(verdict) as usize];
        if *stood > 0 {
            *stood -= 1;
            summary.n_by_standing[Standing::Handled as usize] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::row::ReportAdvisory;
    use crate::report::tests::fixture::bare_finding;

    fn row(asset: &Arc<ReportAsset>, verdict: Verdict, is_handled: bool) -> ReportRow {
        let finding = bare_finding(ReportAdvisory::default(), verdict);
        let mark = is_handled.then(|| Arc::new(ReportMark { is_handled, ..ReportMark::default() }));
        ReportRow { asset: asset.clone(), finding: finding.into(), mark }
    }

    #[test]
    fn an_asset_is_handled_when_nothing_of_it_is_left_to_do() {
        use Verdict::{Affected, NotAffected, Possible};
        for (rows, places) in [
            (&[(Affected, false), (Possible, true)][..], [1, 0, 0]),
            (&[(Affected, true), (Possible, false)], [1, 0, 0]),
            (&[(Affected, true), (Possible, true)], [0, 0, 1]),
            (&[(Affected, true), (NotAffected, false)], [0, 0, 1]),
            (&[(Possible, true)], [0, 0, 1]),
        ] {
            let asset = Arc::new(ReportAsset { site: "Riverside".to_owned().into(), ..ReportAsset::default() });
            let worst = rows.iter().map(|(verdict, _)| *verdict).max().unwrap();
            let rows: Vec<ReportRow> = rows.iter().map(|(verdict, handled)| row(&asset, *verdict, *handled)).collect();
            let mut site = SiteSummary { site: "Riverside".to_owned(), n_assets: 1, ..SiteSummary::default() };
            site.n_by_standing[Standing::of_verdict(worst) as usize] = 1;
            let mut sites = [site];
            move_handled(&rows, &mut sites);
            assert_eq!(sites[0].n_by_standing[..3], places);
        }
    }
}
