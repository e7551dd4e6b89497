//! The public shapes of the API. A field is never renamed or removed within `v1`; new ones may come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::advisory::AdvisoryRevision;
use crate::domain::asset::{AssetChange, KnownAsset, Standing};
use crate::domain::inventory::{Inventory, RejectedRow, RowWarning};
use crate::domain::rescan::Rescan;
use crate::domain::site::{self, SiteSummary};
use crate::services::list_exposures::ListedExposure;

mod admin;
mod schedules;
mod work;

pub use admin::*;
pub use schedules::*;
pub use work::*;

/// A moment as programs get it: RFC 3339, UTC, milliseconds.
pub fn at(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Passed as `after` it gives the next page; null on the last.
    pub next: Option<String>,
}

/// Why a request came to nothing.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    pub error: ProblemBody,
}

/// The one shape of errors.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    pub status: u16,
    /// What was tried, what was expected and what was found.
    pub message: String,
    /// What to do about it.
    #[schema(required = false)]
    pub hint: Option<String>,
    /// Stands in the log of the server beside the cause.
    pub code: String,
}

/// A site with the six places in which its assets stand; they add up to `n_assets`.
#[derive(Serialize, ToSchema)]
pub struct Site {
    /// The word by which addresses and filters name it.
    pub site: String,
    pub name: String,
    pub n_assets: u64,
    pub standing: Standings,
    /// Advisories that affect at least one asset.
    pub n_advisories_affecting: u64,
    /// Of these, advisories with a vulnerability that is known to be exploited.
    pub n_advisories_exploited: u64,
}

/// How many assets stand in each of the six places.
#[derive(Default, Serialize, ToSchema)]
pub struct Standings {
    pub affected: u64,
    pub possible: u64,
    pub handled: u64,
    pub ruled_out: u64,
    pub not_named: u64,
    pub cannot_be_checked: u64,
}

impl Standings {
    /// From numbers by standing.
    pub fn of(n: impl Fn(Standing) -> u64) -> Standings {
        Standings {
            affected: n(Standing::Affected),
            possible: n(Standing::Possible),
            handled: n(Standing::Handled),
            ruled_out: n(Standing::RuledOut),
            not_named: n(Standing::NotNamed),
            cannot_be_checked: n(Standing::CannotBeChecked),
        }
    }
}

impl From<SiteSummary> for Site {
    fn from(summary: SiteSummary) -> Site {
        Site {
            site: site::word(&summary.site),
            n_assets: summary.n_assets,
            standing: Standings::of(|standing| summary.n(standing)),
            n_advisories_affecting: summary.n_advisories_affecting,
            n_advisories_exploited: summary.n_advisories_exploited,
            name: summary.site,
        }
    }
}

/// What identifies a device. Blank texts mean "not stated".
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nameplate {
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
    pub firmware: String,
    pub serial_number: String,
}

/// One installed device.
#[derive(Serialize, ToSchema)]
pub struct Asset {
    pub asset_id: i64,
    pub site: String,
    /// What the owner calls it.
    pub tag: String,
    pub name: String,
    pub area: String,
    pub nameplate: Nameplate,
    pub ip_address: String,
    pub mac_address: String,
    pub criticality: String,
    /// Zone of IEC 62443 or level of the Purdue model, as written.
    pub zone: String,
    pub notes: String,
    /// Where it was read: `Meters!F17 of plant.xlsx`.
    pub place: String,
    #[schema(format = "date-time")]
    pub first_seen_at: String,
    #[schema(format = "date-time")]
    pub last_seen_at: String,
    /// The first import of its site that no longer had it.
    #[schema(format = "date-time")]
    pub not_seen_since: Option<String>,
    #[schema(format = "date-time")]
    pub retired_at: Option<String>,
}

impl From<KnownAsset> for Asset {
    fn from(known: KnownAsset) -> Asset {
        let asset = known.asset;
        let plate = asset.variant.nameplate;
        Asset {
            asset_id: known.asset_id,
            site: asset.site,
            tag: asset.tag,
            name: asset.name,
            area: asset.area,
            nameplate: Nameplate {
                vendor: plate.vendor,
                model: plate.model,
                part_number: plate.part_number,
                hardware_revision: plate.hardware_revision,
                firmware: asset.variant.firmware,
                serial_number: asset.serial_number,
            },
            ip_address: asset.ip_address,
            mac_address: asset.mac_address,
            criticality: asset.criticality,
            zone: asset.zone,
            notes: asset.notes,
            place: asset.place,
            first_seen_at: at(known.first_seen_at),
            last_seen_at: at(known.last_seen_at),
            not_seen_since: known.not_seen_since.map(at),
            retired_at: known.retired_at.map(at),
        }
    }
}

/// One value of an asset that changed.
#[derive(Serialize, ToSchema)]
pub struct Change {
    #[schema(format = "date-time")]
    pub changed_at: String,
    pub field: String,
    pub before: String,
    pub after: String,
}

impl From<AssetChange> for Change {
    fn from(change: AssetChange) -> Change {
        Change { changed_at: at(change.changed_at), field: change.field, before: change.before, after: change.after }
    }
}

/// What an advisory says about an asset.
#[derive(Serialize, ToSchema)]
pub struct Exposure {
    pub asset_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub nameplate: Nameplate,
    pub advisory: AdvisoryName,
    /// `affected` or `possible`.
    pub verdict: &'static str,
    /// How sure it is that the device is the product: `certain`, `likely`, `possible`.
    pub sure: &'static str,
    /// Why, in one sentence: "3.1.2 is below 4.0.0".
    pub reason: String,
    pub cves: Vec<String>,
    /// The highest base score of its vulnerabilities.
    pub cvss: Option<f32>,
    /// `critical`, `high`, `medium`, `low`, `none`; null without a score.
    pub severity: Option<&'static str>,
    pub is_exploited: bool,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Where in the document it says so (JSON pointer).
    pub product_pointer: String,
    #[schema(format = "date-time")]
    pub opened_at: String,
    /// What has been done: `not_remediated`, `in_progress` or `done`.
    pub status: &'static str,
}

/// What an advisory is called.
#[derive(Serialize, ToSchema)]
pub struct AdvisoryName {
    pub id: String,
    pub namespace: String,
    pub title: String,
}

impl From<ListedExposure> for Exposure {
    fn from(listed: ListedExposure) -> Exposure {
        let e = listed.exposure;
        Exposure {
            asset_id: e.asset_id,
            site: e.site,
            area: e.area,
            tag: e.tag,
            nameplate: Nameplate {
                vendor: e.vendor,
                model: e.model,
                part_number: e.part_number,
                hardware_revision: e.hardware_revision,
                firmware: e.firmware,
                serial_number: e.serial_number,
            },
            advisory: AdvisoryName { id: e.advisory, namespace: e.namespace, title: listed.title },
            verdict: e.verdict.word(),
            sure: e.confidence.word(),
            reason: e.reason,
            cves: e.cves,
            cvss: listed.cvss,
            severity: listed.severity.map(|severity| severity.word()),
            is_exploited: listed.is_exploited,
            fix: e.fix,
            product_pointer: e.product_pointer,
            opened_at: at(e.opened_at),
            status: listed.status.word(),
        }
    }
}

/// The revision of an advisory that counts.
#[derive(Serialize, ToSchema)]
pub struct Advisory {
    pub id: String,
    pub namespace: String,
    pub version: String,
    pub title: String,
    pub publisher: String,
    /// `draft`, `interim` or `final`.
    pub status: String,
    #[schema(format = "date-time")]
    pub released_at: Option<String>,
    #[schema(format = "date-time")]
    pub updated_at: Option<String>,
    pub cves: Vec<String>,
    /// Where it came from.
    pub source: String,
    /// What the check of digest and signature came to.
    pub trust: &'static str,
    /// SHA-256 of the document.
    pub sha256: String,
    #[schema(format = "date-time")]
    pub added_at: String,
}

impl From<AdvisoryRevision> for Advisory {
    fn from(revision: AdvisoryRevision) -> Advisory {
        Advisory {
            id: revision.key.id,
            namespace: revision.key.namespace,
            version: revision.version,
            title: revision.title,
            publisher: revision.publisher,
            status: revision.status,
            released_at: revision.released_at.map(at),
            updated_at: revision.updated_at.map(at),
            cves: revision.cves,
            source: revision.source,
            trust: revision.trust.word(),
            sha256: revision.sha256,
            added_at: at(revision.added_at),
        }
    }
}

/// One import of one file.
#[derive(Serialize, ToSchema)]
pub struct Import {
    pub inventory_id: i64,
    pub file_name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The site that was named; null when the rows name theirs.
    pub site: Option<String>,
    #[schema(format = "date-time")]
    pub imported_at: String,
    /// Set when the import was taken back.
    #[schema(format = "date-time")]
    pub undone_at: Option<String>,
    pub n_assets: u64,
    pub n_new: u64,
    pub n_changed: u64,
    pub n_same: u64,
    /// Assets of the same sites that do not stand in the file.
    pub n_not_seen: u64,
    pub n_rejected: u64,
    pub n_warnings: u64,
    /// How the file was read, one sentence each.
    pub remarks: Vec<String>,
}

impl From<Inventory> for Import {
    fn from(import: Inventory) -> Import {
        let n = import.counts;
        Import {
            inventory_id: import.inventory_id,
            file_name: import.file_name,
            sha256: import.sha256,
            site: import.site,
            imported_at: at(import.imported_at),
            undone_at: import.undone_at.map(at),
            n_assets: n.n_assets(),
            n_new: n.n_new,
            n_changed: n.n_changed,
            n_same: n.n_same,
            n_not_seen: n.n_not_seen,
            n_rejected: n.n_rejected,
            n_warnings: n.n_warnings,
            remarks: import.remarks,
        }
    }
}

/// An import with where its assets stand.
#[derive(Serialize, ToSchema)]
pub struct ImportWithStandings {
    #[serde(flatten)]
    pub import: Import,
    /// Of the assets that no later import brought again.
    pub standing: Standings,
}

/// What was doubtful about a value.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// `Meters!F17`.
    pub place: String,
    pub kind: &'static str,
    pub detail: String,
}

impl From<RowWarning> for Warning {
    fn from(warning: RowWarning) -> Warning {
        Warning { place: warning.place.label(), kind: warning.kind.word(), detail: warning.detail }
    }
}

/// A row that was not imported.
#[derive(Serialize, ToSchema)]
pub struct Rejected {
    pub place: String,
    pub why: String,
    pub headers: Vec<String>,
    pub cells: Vec<String>,
}

impl From<RejectedRow> for Rejected {
    fn from(row: RejectedRow) -> Rejected {
        Rejected { place: row.place.label(), why: row.why, headers: row.headers.to_vec(), cells: row.cells }
    }
}

/// One run of the matcher.
#[derive(Serialize, ToSchema)]
pub struct Run {
    pub rescan_id: i64,
    /// Why it was started.
    pub started_by: &'static str,
    #[schema(format = "date-time")]
    pub started_at: String,
    #[schema(format = "date-time")]
    pub finished_at: String,
    pub matcher_version: String,
    pub n_assets: u64,
    pub n_variants: u64,
    pub n_advisories: u64,
    pub n_opened: u64,
    pub n_changed: u64,
    pub n_closed: u64,
    pub n_same: u64,
    pub n_not_judged: u64,
    /// Why it failed; null when its results were saved.
    pub error: Option<String>,
}

impl From<(i64, Rescan)> for Run {
    fn from((rescan_id, rescan): (i64, Rescan)) -> Run {
        Run {
            rescan_id,
            started_by: rescan.trigger.word(),
            started_at: at(rescan.started_at),
            finished_at: at(rescan.finished_at),
            matcher_version: rescan.matcher_version,
            n_assets: rescan.n_assets,
            n_variants: rescan.n_variants,
            n_advisories: rescan.n_advisories,
            n_opened: rescan.n_opened,
            n_changed: rescan.n_changed,
            n_closed: rescan.n_closed,
            n_same: rescan.n_same,
            n_not_judged: rescan.n_not_judged,
            error: rescan.error,
        }
    }
}

/// A long piece of work.
#[derive(Serialize, ToSchema)]
pub struct Job {
    pub job_id: i64,
    pub kind: &'static str,
    pub title: String,
    pub who: String,
    /// `waiting`, `running`, `done`, `failed`, `cancelled` or `stopped` (the program ended before it did).
    pub state: &'static str,
    pub stage: String,
    pub n_done: u64,
    pub n_total: Option<u64>,
    /// What came out, one sentence of counts; blank until it is done.
    pub message: String,
    /// Where what came out can be read.
    pub result: Option<String>,
    pub error: Option<String>,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub finished_at: Option<String>,
}

impl From<crate::domain::job::Job> for Job {
    fn from(job: crate::domain::job::Job) -> Job {
        Job {
            job_id: job.job_id,
            kind: job.kind.word(),
            title: job.title,
            who: job.who,
            state: job.state.word(),
            stage: job.progress.stage,
            n_done: job.progress.n_done,
            n_total: job.progress.n_total,
            message: job.message,
            result: job.result_path.map(|path| format!("/api/v1{path}")),
            error: job.error,
            created_at: at(job.created_at),
            finished_at: job.finished_at.map(at),
        }
    }
}

/// That work was begun, or is under way already.
#[derive(Serialize, ToSchema)]
pub struct JobStarted {
    pub job_id: i64,
    /// Where to ask how far it is.
    pub job: String,
    /// False when the same work was under way, or this key was used, before.
    pub is_new: bool,
}

impl JobStarted {
    /// The job that does the work.
    pub fn new(job_id: i64, is_new: bool) -> JobStarted {
        JobStarted { job_id, job: format!("/api/v1/jobs/{job_id}"), is_new }
    }
}

/// What is known of one nameplate that was not stored.
#[derive(Serialize, ToSchema)]
pub struct Judgement {
    /// The worst of its findings: `affected`, `possible`, `ruled_out`, `not_named` or `cannot_be_checked`.
    pub standing: &'static str,
    /// Why no advisory could have named it; null when one could.
    pub unchecked: Option<String>,
    pub findings: Vec<JudgedFinding>,
    pub n_advisories: u64,
    /// Program and version that judged.
    pub engine: String,
}

/// What one advisory says about the nameplate.
#[derive(Serialize, ToSchema)]
pub struct JudgedFinding {
    pub advisory: AdvisoryName,
    /// `affected`, `possible` or `not_affected`.
    pub verdict: &'static str,
    pub sure: &'static str,
    pub reason: String,
    /// What keeps it from being certain.
    pub doubts: Vec<String>,
    pub fix: Option<String>,
    pub what_would_change: String,
    pub product_pointer: String,
}
