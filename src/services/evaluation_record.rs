//! The 35-day record: what came from each source in a period, when it was judged, and whom it concerns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use crate::domain::advisory::AdvisoryKey;
use crate::domain::catalogue::Catalogue;
use crate::domain::evidence::{
    Applicability, Evidence, EvidenceDocument, EvidenceRun, EvidenceSource, EvidenceVisit, PERIOD_DAYS,
};
use crate::domain::exposure::ExposureFilter;
use crate::domain::verdict::Verdict;
use crate::report::visible::{counted, grouped};
use crate::services::load_advisories::LoadError;
use crate::services::progress::Progress;
use crate::services::stored_report::{ReportBase, ReportError};
use crate::store::evidence::ArrivedRevision;
use crate::store::{self, Db, StoreError};

/// Which record to make.
#[derive(Clone, Debug)]
pub struct EvidenceRequest {
    /// One site, or all.
    pub site: Option<String>,
    /// The end of the period.
    pub to: Timestamp,
    /// Its length in days; 35 when nothing else is asked for.
    pub days: u32,
}

/// Why there is no record.
#[derive(Debug, Error)]
pub enum EvidenceError {
    #[error("cannot make the record: expected 1 to 3,660 days, found {0}")]
    Days(u32),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Default for EvidenceRequest {
    fn default() -> EvidenceRequest {
        EvidenceRequest { site: None, to: Timestamp::UNIX_EPOCH, days: PERIOD_DAYS as u32 }
    }
}

/// Visits of one source that are read for a period.
const MAX_VISITS: u32 = 10_000;

/// Makes the record of a period that has ended or ends now. The same period gives the same record, whenever it is made,
/// as long as nothing older is imported.
///
/// # Errors
///
/// Nothing was judged by then, the site is not known, the period is too long, or the database fails.
pub async fn evaluation_record(
    db: &Db,
    request: &EvidenceRequest,
    progress: &dyn Progress,
) -> Result<Evidence, EvidenceError> {
    if !(1..=3_660).contains(&request.days) {
        return Err(EvidenceError::Days(request.days));
    }
    let to = request.to;
    let from = to - SignedDuration::from_hours(24 * i64::from(request.days));
    let site = request.site.as_deref();
    let base = ReportBase::load(db, Some(to), progress).await?;
    if let Some(site) = site {
        base.check_site(site).await?;
    }
    let arrived = store::evidence::list_arrived_revisions(db, from, to).await?;
    let runs = store::evidence::list_runs_between(db, from, to).await?;
    let by_vendor = store::evidence::count_assets_by_vendor_at(db, to, site).await?;
    let exposed = count_exposed(db, to, site, &arrived).await?;
    let teller = Teller { base: &base, by_vendor: &by_vendor, exposed: &exposed };
    let mut sources: BTreeMap<String, EvidenceSource> = BTreeMap::new();
    for (source_id, source) in store::source::list_sources(db).await? {
        if source.added_at > to {
            continue;
        }
        let mut pulls = store::source::list_pulls(db, source_id, from, MAX_VISITS).await?;
        pulls.retain(|pull| pull.started_at <= to);
        pulls.reverse();
        let visits: Vec<EvidenceVisit> = pulls
            .iter()
            .map(|pull| EvidenceVisit {
                at: pull.started_at,
                error: match pull.finished_at {
                    Some(_) => pull.error.clone(),
                    None => "did not come to its end".to_owned(),
                },
                n_listed: pull.n_listed,
                n_new: pull.n_added,
            })
            .collect();
        let last_seen_at = visits.iter().rev().find(|visit| visit.error.is_empty()).map(|visit| visit.at);
        let entry =
            EvidenceSource { name: source.name.clone(), url: source.url, visits, documents: Vec::new(), last_seen_at };
        sources.insert(source.name, entry);
    }
    for revision in arrived {
        let evaluated = runs
            .iter()
            .find(|(_, run)| run.finished_at >= revision.added_at)
            .map(|(id, run)| (run.finished_at, format!("run {id}, {}", run.trigger.word())));
        let entry = sources
            .entry(revision.source.clone())
            .or_insert_with(|| EvidenceSource { name: revision.source.clone(), ..EvidenceSource::default() });
        entry.last_seen_at = entry.last_seen_at.max(Some(revision.added_at));
        entry.documents.push(EvidenceDocument {
            advisory_id: revision.key.id.clone(),
            version: revision.version,
            title: revision.title,
            sha256: revision.sha256,
            released_on: revision.released_at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default(),
            came_at: revision.added_at,
            answer: teller.answer(&revision.key, evaluated.is_some()),
            evaluated,
        });
    }
    Ok(Evidence {
        site: request.site.clone(),
        from,
        to,
        n_assets: by_vendor.values().sum(),
        sources: sources.into_values().collect(),
        runs: runs
            .into_iter()
            .map(|(rescan_id, run)| EvidenceRun {
                rescan_id,
                at: run.finished_at,
                started_by: run.trigger.word().to_owned(),
                matcher_version: run.matcher_version,
                n_advisories: run.n_advisories,
                n_assets: run.n_assets,
            })
            .collect(),
    })
}

/// Affected and possibly affected assets by advisory.
type ExposedAssets = FxHashMap<AdvisoryKey, (FxHashSet<i64>, FxHashSet<i64>)>;

async fn count_exposed(
    db: &Db,
    at: Timestamp,
    site: Option<&str>,
    arrived: &[ArrivedRevision],
) -> Result<ExposedAssets, StoreError> {
    let wanted: BTreeSet<&AdvisoryKey> = arrived.iter().map(|revision| &revision.key).collect();
    let mut exposed = ExposedAssets::default();
    let filter = ExposureFilter { site: site.map(str::to_owned), ..ExposureFilter::default() };
    if wanted.is_empty() {
        return Ok(exposed);
    }
    store::exposure::each_exposure_row_at(db, at, &filter, |row| {
        if wanted.contains(&row.key.advisory) {
            let (affected, possible) = exposed.entry(row.key.advisory.clone()).or_default();
            match row.finding.verdict {
                Verdict::Affected => affected.insert(row.asset_id),
                _ => possible.insert(row.asset_id),
            };
        }
        Ok::<(), StoreError>(())
    })
    .await?;
    Ok(exposed)
}

/// Says why a document does or does not concern the assets.
struct Teller<'a> {
    base: &'a ReportBase,
    by_vendor: &'a FxHashMap<String, u64>,
    exposed: &'a ExposedAssets,
}

impl Teller<'_> {
    fn answer(&self, key: &AdvisoryKey, is_evaluated: bool) -> Applicability {
        if let Some((affected, possible)) = self.exposed.get(key) {
            let n_possible = possible.difference(affected).count() as u64;
            return Applicability::Applicable { n_affected: affected.len() as u64, n_possible };
        }
        if !is_evaluated {
            return Applicability::NotApplicable("not judged yet in this period".to_owned());
        }
        let index = self.base.index();
        let Some(document) = index.advisories().iter().find(|advisory| advisory.key() == *key) else {
            return Applicability::NotApplicable("its present revision cannot be read".to_owned());
        };
        let catalogue: &Catalogue = index.catalogue();
        let mut vendors: Vec<&str> = document.products.iter().map(|product| product.vendor()).collect();
        vendors.retain(|vendor| !vendor.is_empty());
        vendors.sort_unstable();
        vendors.dedup();
        let n_all: u64 = self.by_vendor.values().sum();
        let meant: Vec<_> = vendors.iter().map(|vendor| catalogue.resolve_vendors(vendor)).collect();
        let n_of_vendor: u64 = self
            .by_vendor
            .iter()
            .filter(|(name, _)| {
                let held = catalogue.resolve_vendors(name);
                meant.iter().any(|vendor| vendor.meets(&held))
            })
            .map(|(_, n)| n)
            .sum();
        let named = match vendors.as_slice() {
            [] => "the vendors it names".to_owned(),
            [one] => (*one).to_owned(),
            [first, second] => format!("{first} or {second}"),
            [first, rest @ ..] => format!("{first} or {} other vendors", rest.len()),
        };
        Applicability::NotApplicable(if n_of_vendor == 0 {
            format!("none of {} is of {named}", counted(n_all, "asset", "assets"))
        } else {
            format!(
                "{} of {named} compared with its {}: none is affected or possible",
                counted(n_of_vendor, "asset", "assets"),
                match document.products.len() {
                    1 => "product".to_owned(),
                    n => format!("{} products", grouped(n as u64)),
                }
            )
        })
    }
}
