//! The public shapes of scheduled reports.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::at;
use crate::store::report_schedule::ReportSchedule;
use crate::web::pages::schedules::Scheduled;

/// A report to be made again and again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportScheduleRequest {
    /// Name of a site; left out: all sites.
    #[serde(default)]
    pub site: Option<String>,
    /// Only what fits, in the words of the exposure list's address, as in `severity=high&status=open`; left out: everything.
    #[serde(default)]
    pub filter: String,
    /// `pdf`, `html`, `xlsx`, `csv`, `json`, …: a format of exposure reports.
    pub format: String,
    /// A mail address or `folder:PATH`; blank: its files are only kept in the list of reports.
    #[serde(default)]
    pub to: String,
    /// `daily`, `weekly` or `monthly`.
    pub rhythm: String,
    /// Days that its files are kept, 1 to 36500; 400 when left out.
    #[serde(default)]
    pub keep_days: Option<i64>,
}

impl ReportScheduleRequest {
    /// As it is kept.
    pub fn schedule(self, now: jiff::Timestamp) -> ReportSchedule {
        ReportSchedule {
            site: self.site.filter(|site| !site.is_empty()),
            filter: self.filter.trim().trim_start_matches('?').to_owned(),
            format: self.format,
            target: self.to.trim().to_owned(),
            rhythm: self.rhythm,
            keep_days: self.keep_days.unwrap_or(400),
            created_at: now,
            last_slot_at: None,
        }
    }
}

/// A scheduled report as it is kept.
#[derive(Serialize, ToSchema)]
pub struct ReportScheduleEntry {
    pub schedule_id: i64,
    /// `null` for all sites.
    pub site: Option<String>,
    /// Blank for everything.
    pub filter: String,
    pub format: String,
    pub to: String,
    pub rhythm: String,
    pub keep_days: i64,
    #[schema(format = "date-time")]
    pub created_at: String,
    /// The day of the nightly run that makes it next, in the zone of these runs; `null` while there are none.
    #[schema(format = "date")]
    pub next: Option<String>,
    /// The files that it made last, the latest first.
    pub files: Vec<ScheduledFile>,
}

/// A file that a schedule made.
#[derive(Serialize, ToSchema)]
pub struct ScheduledFile {
    /// Its bytes are at `/reports/files/{file_id}` until it is removed.
    pub file_id: i64,
    pub name: String,
    #[schema(format = "date-time")]
    pub made_at: String,
    pub sha256: String,
    pub n_bytes: u64,
    #[schema(format = "date-time")]
    pub removed_at: Option<String>,
}

impl From<Scheduled> for ReportScheduleEntry {
    fn from(one: Scheduled) -> ReportScheduleEntry {
        let files = one.files.into_iter().map(|(file_id, file)| ScheduledFile {
            file_id,
            name: file.name,
            made_at: at(file.made_at),
            sha256: file.sha256,
            n_bytes: file.n_bytes,
            removed_at: file.removed_at.map(at),
        });
        ReportScheduleEntry {
            schedule_id: one.id,
            site: one.schedule.site,
            filter: one.schedule.filter,
            format: one.schedule.format,
            to: one.schedule.target,
            rhythm: one.schedule.rhythm,
            keep_days: one.schedule.keep_days,
            created_at: at(one.schedule.created_at),
            next: one.next.map(|day| day.to_string()),
            files: files.collect(),
        }
    }
}
