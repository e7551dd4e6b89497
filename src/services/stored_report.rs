//! The exposure report from the database, for now or for any past day of which history is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey, Vulnerability};
use crate::domain::exposure::{ExposureFilter, ExposureRow, Finding};
use crate::domain::matching::{EvidencePart, match_variant};
use crate::domain::priority::Severity;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::ingest::csaf::document::read_document;
use crate::report::row::{Report, ReportAdvisory, ReportAsset, ReportFinding, ReportRow, compare_rows};
use crate::services::aliases::catalogue_of;
use crate::services::load_advisories::{LoadError, from_database};
use crate::services::progress::Progress;
use crate::services::report_rows::{ProductDetails, Threats, range_in_words, report_advisory, report_asset};
use crate::services::scan::verdicts_in_words;
use crate::store::{self, Db, StoreError};

/// Which report to make.
#[derive(Clone, Debug, Default)]
pub struct ReportRequest {
    /// One site, or all.
    pub site: Option<String>,
    /// The moment to report on; `None` means now.
    pub as_of: Option<Timestamp>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error(
        "cannot report: nothing has been judged yet\nhint: `nameplate import FILE`, `nameplate advisory add PATH`, then `nameplate rescan`"
    )]
    NotJudged,
    #[error("cannot report as of {as_of}: expected a rescan that old, the oldest is of {oldest}")]
    TooEarly { as_of: Timestamp, oldest: Timestamp },
    #[error("cannot report on the site `{site}`: expected one of {known}")]
    UnknownSite { site: String, known: String },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the report of what was open at the moment that is asked for.
///
/// # Errors
///
/// Nothing was judged by then, the site is not known, or the database fails.
pub async fn stored_report(db: &Db, request: &ReportRequest, progress: &dyn Progress) -> Result<Report, ReportError> {
    let as_of = request.as_of.unwrap_or_else(Timestamp::now);
    let Some((_, rescan)) = store::rescan::find_rescan_at(db, as_of).await? else {
        return Err(match store::rescan::find_first_rescan(db).await? {
            Some((_, first)) => ReportError::TooEarly { as_of, oldest: first.finished_at },
            None => ReportError::NotJudged,
        });
    };
    if let Some(site) = &request.site {
        check_site(db, site).await?;
    }
    let filter = ExposureFilter { site: request.site.clone(), ..ExposureFilter::default() };
    let mut exposures: Vec<ExposureRow> = store::exposure::list_exposure_rows_at(db, as_of, &filter).await?;
    let threats = Threats::of_database(db).await?;
    let loaded = from_database(db, progress).await?;
    let up_to = loaded.up_to();
    let mut warnings = loaded.unreadable.clone();
    let (catalogue, of_aliases) = catalogue_of(db).await?;
    warnings.extend(of_aliases);
    let index = tokio::task::block_in_place(|| ProductIndex::build(loaded.advisories, Arc::new(catalogue)));
    let mut documents = Documents::new(db, &index);

    // Findings are shared by all assets of a variant, so each is put together once.
    exposures.sort_by(|a, b| (&a.key, a.asset_id).cmp(&(&b.key, b.asset_id)));
    let mut rows = Vec::with_capacity(exposures.len());
    let mut assets: FxHashMap<i64, Arc<ReportAsset>> = FxHashMap::default();
    let mut shared: Option<(&ExposureRow, Arc<ReportFinding>)> = None;
    for exposure in &exposures {
        let finding = match &shared {
            Some((last, finding)) if last.key == exposure.key && last.finding == exposure.finding => finding.clone(),
            _ => match documents.find(&exposure.key.advisory, &exposure.finding.advisory_version).await? {
                Some(document) => {
                    let evidence = evidence(&index, exposure, &document);
                    Arc::new(report_finding(&document, &exposure.finding, evidence, &threats))
                }
                None => {
                    warnings.push(format!(
                        "{} revision {} is no longer readable; its exposures are told without details",
                        exposure.key.advisory.id, exposure.finding.advisory_version
                    ));
                    Arc::new(bare_finding(&exposure.key.advisory, &exposure.finding))
                }
            },
        };
        shared = Some((exposure, finding.clone()));
        let asset = assets.entry(exposure.asset_id).or_insert_with(|| Arc::new(report_asset(&exposure.asset))).clone();
        rows.push(ReportRow { asset, finding });
    }
    rows.sort_by(compare_rows);
    warnings.sort();
    warnings.dedup();

    let mut sites = store::site::site_summaries_at(db, as_of).await?;
    sites.retain(|summary| request.site.as_ref().is_none_or(|site| *site == summary.site));
    let scope = request.site.as_ref().map_or_else(|| "all sites".to_owned(), |site| format!("site {site}"));
    Ok(Report {
        title: format!("Exposure report: {scope}"),
        judged_at: rescan.finished_at,
        advisories_up_to: up_to,
        n_advisories: rescan.n_advisories,
        sources: vec![format!("{} advisories of the database {}", rescan.n_advisories, db.name())],
        are_samples: false,
        filter: format!("{}; {scope}; as of {as_of}", verdicts_in_words(&[Verdict::Affected, Verdict::Possible])),
        sites,
        rows,
        unchecked: store::site::list_unchecked_at(db, as_of, request.site.as_deref()).await?,
        warnings,
        trend: None,
        time_zone: jiff::tz::TimeZone::system(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

async fn check_site(db: &Db, site: &str) -> Result<(), ReportError> {
    if store::site::find_site(db, site).await?.is_some() {
        return Ok(());
    }
    let known: Vec<String> = store::site::list_sites(db).await?.into_iter().map(|s| format!("`{}`", s.name)).collect();
    Err(ReportError::UnknownSite { site: site.to_owned(), known: known.join(", ") })
}

/// The revisions that findings refer to: the current ones at hand, older ones read when they are asked for.
struct Documents<'a> {
    db: &'a Db,
    current: BTreeMap<AdvisoryKey, Arc<Advisory>>,
    older: FxHashMap<(AdvisoryKey, String), Option<Arc<Advisory>>>,
}

impl<'a> Documents<'a> {
    fn new(db: &'a Db, index: &ProductIndex) -> Documents<'a> {
        let current = index.advisories().iter().map(|advisory| (advisory.key(), advisory.clone())).collect();
        Documents { db, current, older: FxHashMap::default() }
    }

    async fn find(&mut self, key: &AdvisoryKey, version: &str) -> Result<Option<Arc<Advisory>>, StoreError> {
        if let Some(advisory) = self.current.get(key).filter(|a| a.version == version) {
            return Ok(Some(advisory.clone()));
        }
        let wanted = (key.clone(), version.to_owned());
        if let Some(known) = self.older.get(&wanted) {
            return Ok(known.clone());
        }
        let mut found = None;
        for revision in store::advisory::list_advisory_revisions(self.db, key).await? {
            if revision.version == version
                && let Some(document) = store::advisory::find_advisory_document(self.db, key, &revision.sha256).await?
            {
                found = read_document(&document.bytes()?).ok().map(|(advisory, _)| Arc::new(advisory));
                break;
            }
        }
        self.older.insert(wanted, found.clone());
        Ok(found)
    }
}

/// What was compared. It is not kept with the exposure, so it is told only while the same engine and the same
/// revision give the same answer again; else the reason that was kept stands alone.
fn evidence(index: &ProductIndex, exposure: &ExposureRow, document: &Advisory) -> Vec<EvidencePart> {
    let serial = exposure.key.asset_id.map_or("", |_| exposure.asset.serial_number.as_str());
    match_variant(index, &exposure.asset.variant, serial)
        .into_iter()
        .find(|found| {
            let judged = &index.advisories()[found.advisory as usize];
            judged.id == document.id
                && judged.publisher.namespace == document.publisher.namespace
                && judged.version == exposure.finding.advisory_version
                && found.verdict == exposure.finding.verdict
                && found.reason == exposure.finding.reason
        })
        .map(|found| found.evidence)
        .unwrap_or_default()
}

fn report_finding(
    document: &Advisory,
    finding: &Finding,
    evidence: Vec<EvidencePart>,
    threats: &Threats,
) -> ReportFinding {
    let entry = document.products.iter().position(|p| p.pointer == finding.product_pointer);
    let holding: Vec<&Vulnerability> = document
        .vulnerabilities
        .iter()
        .filter(|v| v.cve.as_ref().is_none_or(|cve| finding.cves.binary_search(cve).is_ok()))
        .collect();
    let products: Vec<u32> = entry.map(|at| at as u32).into_iter().collect();
    let details = ProductDetails::of(&products, &holding);
    let mut told = ReportFinding {
        evidence,
        product: entry.map(|at| document.products[at].name.clone()).unwrap_or_default(),
        range: entry.map(|at| range_in_words(&document.products[at])).unwrap_or_default(),
        cvss: details.cvss,
        cvss_version: details.cvss_version,
        severity: details.cvss.map(Severity::of_score),
        remediations: details.remediations,
        ..kept(Arc::new(report_advisory(document)), finding)
    };
    threats.add_to(&mut told);
    told
}

/// A finding whose document cannot be read any more.
fn bare_finding(key: &AdvisoryKey, finding: &Finding) -> ReportFinding {
    let advisory = ReportAdvisory {
        advisory_id: key.id.clone(),
        publisher: key.namespace.clone(),
        version: finding.advisory_version.clone(),
        ..ReportAdvisory::default()
    };
    kept(Arc::new(advisory), finding)
}

/// What is kept of a finding, without what only the document tells.
fn kept(advisory: Arc<ReportAdvisory>, finding: &Finding) -> ReportFinding {
    ReportFinding {
        advisory,
        verdict: finding.verdict,
        confidence: finding.confidence,
        doubts: finding.doubts.clone(),
        reason: finding.reason.clone(),
        evidence: Vec::new(),
        product: String::new(),
        range: String::new(),
        product_pointer: finding.product_pointer.clone(),
        cves: finding.cves.clone(),
        cvss: None,
        cvss_version: String::new(),
        severity: None,
        exploited: Vec::new(),
        exploited_since: String::new(),
        epss: None,
        fix: finding.fix.clone(),
        remediations: Vec::new(),
    }
}
