//! Open exposures asset by asset through a filter, page by page.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::account::SiteScope;
use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::filter::{Filter, FilterRow};
use crate::domain::mark::StoredMark;
use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationStatus;
use crate::services::knowledge::Knowledge;
use crate::services::set_remediation::today;
use crate::store::exposure_page::{OpenExposure, list_open_after, list_open_of_asset};
use crate::store::{self, Db, StoreError};

/// Exposures that are read from the database at a time.
const BATCH: u32 = 2_000;

/// Exposures that one question looks at; a filter that fits few gives an early, shorter page with a cursor.
const MAX_LOOKED_AT: usize = 40_000;

/// An open exposure with what its advisory says of it.
pub struct ListedExposure {
    pub exposure: OpenExposure,
    pub title: String,
    pub cvss: Option<f32>,
    pub severity: Option<Severity>,
    pub is_exploited: bool,
    /// What has been done.
    pub status: RemediationStatus,
}

/// One page.
pub struct ExposurePage {
    pub exposures: Vec<ListedExposure>,
    /// The exposure and asset after which the next page begins; `None` on the last.
    pub next: Option<(i64, i64)>,
}

/// At most `limit` exposures after this one that the filter means and the viewer may see, by exposure and asset.
///
/// # Errors
///
/// The database fails.
pub async fn list_exposures(
    db: &Db,
    knowledge: &Knowledge,
    filter: &Filter,
    scope: &SiteScope,
    after: (i64, i64),
    limit: usize,
) -> Result<ExposurePage, StoreError> {
    let facts = Facts::of(knowledge);
    let (mut after, mut found, mut n_looked_at) = (after, Vec::new(), 0);
    loop {
        let batch = list_open_after(db, after, BATCH).await?;
        let is_last = batch.len() < BATCH as usize;
        n_looked_at += batch.len();
        let statuses = Statuses::of(db, &batch).await?;
        for exposure in batch {
            after = (exposure.exposure_id, exposure.asset_id);
            if !scope.covers(exposure.site_id) {
                continue;
            }
            let status = statuses.status(&exposure);
            let listed = facts.list(exposure, status);
            if fits(filter, &listed) {
                found.push(listed);
                if found.len() == limit {
                    return Ok(ExposurePage { exposures: found, next: Some(after) });
                }
            }
        }
        if is_last {
            return Ok(ExposurePage { exposures: found, next: None });
        }
        if n_looked_at >= MAX_LOOKED_AT {
            return Ok(ExposurePage { exposures: found, next: Some(after) });
        }
    }
}

/// The open exposures of one asset.
///
/// # Errors
///
/// The database fails.
pub async fn exposures_of_asset(
    db: &Db,
    knowledge: &Knowledge,
    asset_id: i64,
    scope: &SiteScope,
) -> Result<Vec<ListedExposure>, StoreError> {
    let facts = Facts::of(knowledge);
    let open = list_open_of_asset(db, asset_id, scope).await?;
    let statuses = Statuses::of(db, &open).await?;
    let list = |exposure: OpenExposure| {
        let status = statuses.status(&exposure);
        facts.list(exposure, status)
    };
    Ok(open.into_iter().map(list).collect())
}

/// What owners said of the assets of some exposures.
struct Statuses {
    today: String,
    marks: FxHashMap<(i64, AdvisoryKey), StoredMark>,
}

impl Statuses {
    async fn of(db: &Db, exposures: &[OpenExposure]) -> Result<Statuses, StoreError> {
        let mut ids: Vec<i64> = exposures.iter().map(|exposure| exposure.asset_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let marks = store::remediation::list_marks(db, &ids, None).await?;
        let whole = marks.into_iter().filter(|mark| mark.cve.is_empty());
        Ok(Statuses {
            today: today(Timestamp::now()),
            marks: whole.map(|mark| ((mark.asset_id, mark.advisory.clone()), mark)).collect(),
        })
    }

    fn status(&self, exposure: &OpenExposure) -> RemediationStatus {
        let key = AdvisoryKey { namespace: exposure.namespace.clone(), id: exposure.advisory.clone() };
        let mark = self.marks.get(&(exposure.asset_id, key));
        mark.filter(|mark| mark.holds(&exposure.fingerprint, &self.today)).map(|mark| mark.status).unwrap_or_default()
    }
}

/// The advisories by key.
struct Facts<'a> {
    knowledge: &'a Knowledge,
    by_key: FxHashMap<AdvisoryKey, &'a Advisory>,
}

impl<'a> Facts<'a> {
    fn of(knowledge: &'a Knowledge) -> Facts<'a> {
        let by_key = knowledge.index.advisories().iter().map(|advisory| (advisory.key(), advisory.as_ref())).collect();
        Facts { knowledge, by_key }
    }

    fn list(&self, exposure: OpenExposure, status: RemediationStatus) -> ListedExposure {
        let key = AdvisoryKey { namespace: exposure.namespace.clone(), id: exposure.advisory.clone() };
        let advisory = self.by_key.get(&key).copied();
        let cvss = advisory.and_then(|advisory| {
            let own = advisory
                .vulnerabilities
                .iter()
                .filter(|v| exposure.cves.is_empty() || v.cve.as_ref().is_some_and(|cve| exposure.cves.contains(cve)));
            own.flat_map(|v| &v.scores).map(|score| score.base_score).max_by(f32::total_cmp)
        });
        ListedExposure {
            title: advisory.map(|a| a.title.clone()).unwrap_or_default(),
            cvss,
            severity: cvss.map(Severity::of_score),
            status,
            is_exploited: exposure.cves.iter().any(|cve| self.knowledge.threats.is_exploited(cve)),
            exposure,
        }
    }
}

fn fits(filter: &Filter, listed: &ListedExposure) -> bool {
    let e = &listed.exposure;
    filter.fits(&FilterRow {
        site: &e.site,
        area: &e.area,
        vendor: &e.vendor,
        verdict: e.verdict,
        severity: listed.severity,
        is_exploited: listed.is_exploited,
        status: listed.status,
        confidence: e.confidence,
        has_fix: e.fix.is_some(),
        advisory: &e.advisory,
        cves: &e.cves,
        texts: &[&e.vendor, &e.model, &e.part_number, &e.firmware, &e.tag, &e.serial_number, &e.advisory],
    })
}
