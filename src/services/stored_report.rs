//! The exposure report from the database, for now or for any past day of which history is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey, Vulnerability};
use crate::domain::exposure::{ExposureFilter, ExposureRow, Finding};
use crate::domain::matching::{EvidencePart, Match, match_variant};
use crate::domain::priority::{Severity, leading_score};
use crate::domain::product_index::ProductIndex;
use crate::domain::rescan::Rescan;
use crate::domain::site::SiteSummary;
use crate::domain::trend::{Life, Trend};
use crate::domain::verdict::Verdict;
use crate::ingest::csaf::document::read_document;
use crate::report::row::{
    Joined, Report, ReportAdvisory, ReportAsset, ReportFinding, ReportRemediation, ReportRow, compare_rows,
};
use crate::report::vocabulary::minute;
use crate::services::aliases::catalogue_of;
use crate::services::current_index::current_index;
use crate::services::load_advisories::LoadError;
use crate::services::progress::Progress;
use crate::services::report_marks::{ReportMarks, move_handled};
use crate::services::report_rows::{ProductDetails, Threats, range_in_words, report_advisory, report_asset};
use crate::services::report_witnesses::Witnesses;
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
    #[error("cannot write the report: {0}")]
    Unwritten(String),
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
    let base = ReportBase::load(db, request.as_of, progress).await?;
    match &request.site {
        Some(site) => base.of_site(site).await,
        None => base.of_all().await,
    }
}

/// What the reports of all sites share: the advisories and the lists of the world, read once.
pub struct ReportBase {
    db: Db,
    as_of: Timestamp,
    /// Whether a person asked for this moment.
    is_past: bool,
    rescan: Rescan,
    index: ProductIndex,
    current: BTreeMap<AdvisoryKey, Arc<Advisory>>,
    threats: Threats,
    marks: ReportMarks,
    witnesses: Witnesses,
    up_to: Option<Timestamp>,
    warnings: Vec<String>,
    summaries: Vec<SiteSummary>,
}

impl ReportBase {
    /// Reads what reports of this moment (`None` means now) need.
    ///
    /// # Errors
    ///
    /// Nothing was judged by then, or the database fails.
    pub async fn load(db: &Db, moment: Option<Timestamp>, progress: &dyn Progress) -> Result<ReportBase, ReportError> {
        let as_of = moment.unwrap_or_else(Timestamp::now);
        let Some((_, rescan)) = store::rescan::find_rescan_at(db, as_of).await? else {
            return Err(match store::rescan::find_first_rescan(db).await? {
                Some((_, first)) => ReportError::TooEarly { as_of, oldest: first.finished_at },
                None => ReportError::NotJudged,
            });
        };
        if let Some(since) = store::retention::find_history_since(db).await?.filter(|since| as_of < *since) {
            return Err(ReportError::TooEarly { as_of, oldest: since });
        }
        let threats = Threats::of_database(db).await?;
        let marks = ReportMarks::load(db, as_of).await?;
        let compiled = current_index(db, progress).await?;
        let up_to = compiled.up_to();
        let mut warnings = compiled.unreadable.clone();
        let (catalogue, of_aliases) = catalogue_of(db).await?;
        warnings.extend(of_aliases);
        let index = compiled.index.with_decisions_of(Arc::new(catalogue));
        let witnesses = tokio::task::block_in_place(|| Witnesses::of(index.advisories()));
        let current = index.advisories().iter().map(|advisory| (advisory.key(), advisory.clone())).collect();
        let summaries = store::site::site_summaries_at(db, as_of).await?;
        let db = db.clone();
        let is_past = moment.is_some();
        Ok(ReportBase {
            db,
            as_of,
            is_past,
            rescan,
            index,
            current,
            threats,
            marks,
            witnesses,
            up_to,
            warnings,
            summaries,
        })
    }

    /// The products of the advisories that count now.
    pub fn index(&self) -> &ProductIndex {
        &self.index
    }

    /// When the run finished that reports of this moment are about.
    pub fn judged_at(&self) -> Timestamp {
        self.rescan.finished_at
    }

    /// Refuses the name of a site that is not known.
    ///
    /// # Errors
    ///
    /// There is no such site, or the database fails.
    pub async fn check_site(&self, site: &str) -> Result<(), ReportError> {
        check_site(&self.db, site).await
    }

    /// The names of the sites that had assets at the moment, sorted.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.summaries.iter().map(|summary| summary.site.as_str())
    }

    /// The report of one site.
    ///
    /// # Errors
    ///
    /// The site is not known, or the database fails.
    pub async fn of_site(&self, site: &str) -> Result<Report, ReportError> {
        check_site(&self.db, site).await?;
        let (rows, warnings) = self.rows(site).await?;
        self.report(Some(site), rows, warnings).await
    }

    /// The report of all sites.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn of_all(&self) -> Result<Report, ReportError> {
        let mut rows = Vec::new();
        let mut warnings = Vec::new();
        // Site by site: what the database gives is large, what is kept of it is two pointers a row.
        for site in self.sites() {
            let (of_site, told) = self.rows(site).await?;
            rows.extend(of_site);
            warnings.extend(told);
        }
        self.report(None, rows, warnings).await
    }

    async fn report(&self, site: Option<&str>, rows: Vec<ReportRow>, told: Vec<String>) -> Result<Report, ReportError> {
        let mut warnings = self.warnings.clone();
        warnings.extend(told);
        warnings.sort();
        warnings.dedup();
        let sites = self.summaries.iter().filter(|summary| site.is_none_or(|site| site == summary.site));
        let mut sites: Vec<SiteSummary> = sites.cloned().collect();
        move_handled(&rows, &mut sites);
        let scope = site.map_or_else(|| "all sites".to_owned(), |site| format!("site {site}"));
        let verdicts = verdicts_in_words(&[Verdict::Affected, Verdict::Possible]);
        let filter = match self.is_past {
            true => format!("{verdicts}; {scope}; as of {}", minute(self.as_of)),
            false => format!("{verdicts}; {scope}"),
        };
        Ok(Report {
            title: format!("Exposure report: {scope}"),
            judged_at: self.rescan.finished_at,
            advisories_up_to: self.up_to,
            n_advisories: self.rescan.n_advisories,
            sources: vec![format!("{} advisories of the database {}", self.rescan.n_advisories, self.db.name())],
            are_samples: false,
            filter,
            sites,
            rows,
            unchecked: store::site::list_unchecked_at(&self.db, self.as_of, site).await?,
            warnings,
            trend: Some(self.trend(site).await?),
            time_zone: jiff::tz::TimeZone::system(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// How it came to be so, over all runs of which history is kept up to the moment.
    async fn trend(&self, site: Option<&str>) -> Result<Trend, ReportError> {
        let moments = store::trend::list_run_times(&self.db, self.as_of).await?;
        let knowledge = store::trend::list_knowledge(&self.db, self.as_of, site).await?;
        let mut severities: FxHashMap<(AdvisoryKey, String), Option<Severity>> = FxHashMap::default();
        let lives = store::trend::list_lives(&self.db, self.as_of, site).await?;
        let lives: Vec<Life> = lives
            .into_iter()
            .map(|(key, pointer, life)| {
                let severity =
                    severities.entry((key, pointer)).or_insert_with_key(|(key, pointer)| self.severity(key, pointer));
                Life { severity: *severity, ..life }
            })
            .collect();
        Ok(Trend::of(&moments, &lives, &knowledge))
    }

    /// What the present revision of an advisory says about how bad it is for this entry.
    fn severity(&self, key: &AdvisoryKey, pointer: &str) -> Option<Severity> {
        let document = self.current.get(key)?;
        let entry = document.products.iter().position(|product| product.pointer == pointer)?;
        leading_score(document.vulnerabilities.iter(), entry as u32).map(|score| Severity::of_score(score.base_score))
    }

    /// The rows of one site in their order, and what a reader must be told.
    async fn rows(&self, site: &str) -> Result<(Vec<ReportRow>, Vec<String>), ReportError> {
        let filter = ExposureFilter { site: Some(site.to_owned()), ..ExposureFilter::default() };
        let mut exposures: Vec<ExposureRow> =
            store::exposure::list_exposure_rows_at(&self.db, self.as_of, &filter).await?;
        // Findings are shared by all assets of a variant, so each is put together once.
        exposures.sort_by(|a, b| (&a.key, a.asset_id).cmp(&(&b.key, b.asset_id)));
        let older = self.older_documents(&exposures).await?;
        let mut warnings = Vec::new();
        let mut remedies = SharedRemedies::default();
        let mut rows = Vec::with_capacity(exposures.len());
        let mut assets: FxHashMap<i64, Arc<ReportAsset>> = FxHashMap::default();
        let mut shared: Option<(&ExposureRow, Arc<ReportFinding>)> = None;
        let mut judged: Judged = (0, String::new(), Vec::new());
        for exposure in &exposures {
            let (key, version) = (&exposure.key.advisory, &exposure.finding.advisory_version);
            let finding = match &shared {
                Some((last, finding)) if last.key == exposure.key && last.finding == exposure.finding => {
                    finding.clone()
                }
                _ => match self.document(key, version, &older) {
                    Some(document) => {
                        let evidence = self.evidence(exposure, document, &mut judged);
                        let mut told = report_finding(document, &exposure.finding, evidence, &self.threats);
                        remedies.share(&mut told);
                        Arc::new(told)
                    }
                    None => {
                        let (id, finding) = (&key.id, &exposure.finding);
                        warnings.push(format!(
                            "{id} revision {version} is no longer readable; its exposures are told without details"
                        ));
                        Arc::new(bare_finding(key, finding))
                    }
                },
            };
            shared = Some((exposure, finding.clone()));
            let asset = assets.entry(exposure.asset_id).or_insert_with(|| Arc::new(report_asset(&exposure.asset)));
            rows.push(ReportRow { asset: asset.clone(), finding, mark: self.marks.of(exposure) });
        }
        self.witnesses.join(&mut rows);
        rows.sort_by(compare_rows);
        Ok((rows, warnings))
    }

    fn document<'a>(&'a self, key: &AdvisoryKey, version: &str, older: &'a Older) -> Option<&'a Advisory> {
        match self.current.get(key).filter(|advisory| advisory.version == version) {
            Some(current) => Some(current),
            None => older.get(&(key.clone(), version.to_owned())),
        }
    }

    /// The revisions that exposures were judged by and that no longer count.
    async fn older_documents(&self, exposures: &[ExposureRow]) -> Result<Older, StoreError> {
        let mut wanted: Vec<(&AdvisoryKey, &str)> = exposures
            .iter()
            .map(|exposure| (&exposure.key.advisory, exposure.finding.advisory_version.as_str()))
            .filter(|(key, version)| self.current.get(*key).is_none_or(|current| current.version != *version))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut older = Older::default();
        for (key, version) in wanted {
            for revision in store::advisory::list_advisory_revisions(&self.db, key).await? {
                if revision.version == version
                    && let Some(document) =
                        store::advisory::find_advisory_document(&self.db, key, &revision.sha256).await?
                {
                    if let Ok((advisory, _)) = read_document(&document.bytes()?) {
                        older.insert((key.clone(), version.to_owned()), advisory);
                    }
                    break;
                }
            }
        }
        Ok(older)
    }

    /// The evidence, judged again; none when the document has changed since, or the matcher judges otherwise by now.
    /// `judged` holds the answers for the variant before, as one variant has many exposures.
    fn evidence(&self, exposure: &ExposureRow, document: &Advisory, judged: &mut Judged) -> Vec<EvidencePart> {
        let serial_number = if exposure.key.asset_id.is_some() { exposure.asset.serial_number.as_str() } else { "" };
        let (variant_id, serial, answers) = &mut *judged;
        if *variant_id != exposure.key.variant_id || serial != serial_number {
            let found = match_variant(&self.index, &exposure.asset.variant, serial_number);
            (*variant_id, *serial, *answers) = (exposure.key.variant_id, serial_number.to_owned(), found);
        }
        answers
            .iter()
            .find(|found| {
                let judged = &self.index.advisories()[found.advisory as usize];
                judged.id == document.id
                    && judged.publisher.namespace == document.publisher.namespace
                    && judged.version == exposure.finding.advisory_version
                    && found.verdict == exposure.finding.verdict
                    && found.reason == exposure.finding.reason
            })
            .map(|found| found.evidence.clone())
            .unwrap_or_default()
    }
}

/// Revisions that no longer count, by key and version.
type Older = FxHashMap<(AdvisoryKey, String), Advisory>;

/// The answers for the variant that was looked at last, with its serial number.
type Judged = (i64, String, Vec<Match>);

/// Remedies repeat over variants and vulnerabilities: an advisory has a handful for all its products.
#[derive(Default)]
struct SharedRemedies(FxHashMap<(String, String), Vec<Arc<Vec<ReportRemediation>>>>);

impl SharedRemedies {
    fn share(&mut self, finding: &mut ReportFinding) {
        let of = (finding.advisory.advisory_id.clone(), finding.advisory.publisher.clone());
        let known = self.0.entry(of).or_default();
        match known.iter().find(|remedies| **remedies == finding.remediations) {
            Some(same) => finding.remediations = same.clone(),
            None => known.push(finding.remediations.clone()),
        }
    }
}

async fn check_site(db: &Db, site: &str) -> Result<(), ReportError> {
    if store::site::find_site(db, site).await?.is_some() {
        return Ok(());
    }
    let known: Vec<String> = store::site::list_sites(db).await?.into_iter().map(|s| format!("`{}`", s.name)).collect();
    Err(ReportError::UnknownSite { site: site.to_owned(), known: known.join(", ") })
}

/// What was kept of a finding, with what its document says of scores and remedies.
pub fn report_finding(
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
        remediations: Arc::new(details.remediations),
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
        remediations: Arc::default(),
        joined: Joined::default(),
    }
}
