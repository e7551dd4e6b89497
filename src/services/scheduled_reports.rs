//! Reports that are made at night for a site or for all, to a folder or by mail, and kept for some days.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use thiserror::Error;

use crate::alert::mail::MailBody;
use crate::alert::relay::write_whole;
use crate::domain::advisory::Tlp;
use crate::domain::alert::Target;
use crate::domain::audit::Act;
use crate::domain::filter::{Filter, FilterProblem};
use crate::domain::outbox::NewMessage;
use crate::domain::schedule::Schedule;
use crate::domain::site;
use crate::report::pdf::{Paper, write_pdf};
use crate::report::row::Report;
use crate::report::{self, Format};
use crate::services::filtered_report::{FilteredReportRequest, report_of};
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::services::report_files::sha256_hex;
use crate::store::report_file::ReportFile;
use crate::store::report_schedule::ReportSchedule;
use crate::store::{self, Db, StoreError};

/// Why a scheduled report is not as it was asked for.
#[derive(Debug, Error)]
pub enum ScheduledReportError {
    #[error("cannot schedule the report: expected a known format, found `{0}`")]
    Format(String),
    #[error("cannot schedule the report: {0}")]
    Filter(#[from] FilterProblem),
    #[error("cannot schedule the report: expected daily, weekly or monthly, found `{0}`")]
    Rhythm(String),
    #[error("cannot schedule the report: expected its files to be kept for 1 to 36,500 days, found {0}")]
    KeepDays(i64),
    #[error("{0}")]
    Recipient(String),
    #[error("cannot schedule the report: expected a mail address or `folder:/path`, found `{0}`")]
    Target(String),
    #[error("cannot schedule the report for the site `{site}`: expected one of {known}")]
    Site { site: String, known: String },
    #[error("cannot find the scheduled report {0}\nhint: `nameplate scheduled-report list` shows them")]
    Unknown(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rhythms with the night that each is made in: every one, Monday's, that of the first of a month.
pub const RHYTHMS: [(&str, &str); 3] = [("daily", "0 0 * * *"), ("weekly", "0 0 * * 1"), ("monthly", "0 0 1 * *")];

/// For how many days the files of a schedule can be kept.
pub const KEEP_DAYS: std::ops::RangeInclusive<i64> = 1..=36_500;

/// Whom a schedule is for: `None` keeps its files where reports are kept, and nowhere else.
fn target_of(text: &str) -> Result<Option<Target>, String> {
    if text.trim().is_empty() { Ok(None) } else { Target::read(text).map(Some) }
}

/// Refuses a schedule that could not be kept to.
async fn check(db: &Db, schedule: &ReportSchedule) -> Result<(), ScheduledReportError> {
    if Format::from_word(&schedule.format).is_none() {
        return Err(ScheduledReportError::Format(schedule.format.clone()));
    }
    if !RHYTHMS.iter().any(|(word, _)| *word == schedule.rhythm) {
        return Err(ScheduledReportError::Rhythm(schedule.rhythm.clone()));
    }
    if !KEEP_DAYS.contains(&schedule.keep_days) {
        return Err(ScheduledReportError::KeepDays(schedule.keep_days));
    }
    let filter = Filter::parse(&schedule.filter)?;
    match target_of(&schedule.target).map_err(ScheduledReportError::Recipient)? {
        None | Some(Target::Mail(_) | Target::Folder(_)) => {}
        Some(target) => return Err(ScheduledReportError::Target(target.shown())),
    }
    if schedule.site.is_some() || !filter.sites.is_empty() {
        let sites = store::site::list_sites(db).await?;
        let names: Vec<(i64, String)> = sites.iter().map(|site| (site.site_id, site.name.clone())).collect();
        let is_known = |wanted: &&String| site::find(&names, wanted).is_some();
        if let Some(wanted) = schedule.site.iter().chain(&filter.sites).find(|wanted| !is_known(wanted)) {
            let known = sites.iter().map(|site| format!("`{}`", site.name)).collect::<Vec<_>>().join(", ");
            return Err(ScheduledReportError::Site { site: wanted.clone(), known });
        }
    }
    Ok(())
}

/// Adds a scheduled report. Gives its number.
///
/// # Errors
///
/// A word is not known, the target is neither an address nor a folder, or there is no such site.
pub async fn add_scheduled_report(db: &Db, schedule: &ReportSchedule, who: &str) -> Result<i64, ScheduledReportError> {
    check(db, schedule).await?;
    let id = store::report_schedule::save_report_schedule(db, schedule).await?;
    let deed = Deed::new(who, Act::ChangeSchedule, format!("scheduled report {id} added"));
    note(db, deed.changing("", in_words(schedule)), schedule.created_at).await?;
    Ok(id)
}

/// Changes a scheduled report: all but when it was added and made. What it made before stays as it is.
///
/// # Errors
///
/// As [`add_scheduled_report`], or there is no such report.
pub async fn change_scheduled_report(
    db: &Db,
    id: i64,
    schedule: &ReportSchedule,
    who: &str,
    now: Timestamp,
) -> Result<(), ScheduledReportError> {
    check(db, schedule).await?;
    let known = find_scheduled_report(db, id).await?;
    if !store::report_schedule::save_report_schedule_changed(db, id, schedule).await? {
        return Err(ScheduledReportError::Unknown(id));
    }
    let deed = Deed::new(who, Act::ChangeSchedule, format!("scheduled report {id} changed"));
    Ok(note(db, deed.changing(in_words(&known), in_words(schedule)), now).await?)
}

/// The scheduled report with this number.
///
/// # Errors
///
/// There is none, or the database fails.
pub async fn find_scheduled_report(db: &Db, id: i64) -> Result<ReportSchedule, ScheduledReportError> {
    let all = store::report_schedule::list_report_schedules(db).await?;
    let found = all.into_iter().find(|(known, _)| *known == id).map(|(_, schedule)| schedule);
    found.ok_or(ScheduledReportError::Unknown(id))
}

/// A scheduled report, for the audit.
fn in_words(schedule: &ReportSchedule) -> String {
    let ReportSchedule { format, target, rhythm, keep_days, .. } = schedule;
    let site = schedule.site.as_deref().unwrap_or("all sites");
    let target = if target.is_empty() { "the list of files" } else { target };
    let filter = if schedule.filter.is_empty() { String::new() } else { format!(" ({})", schedule.filter) };
    format!("{format} of {site}{filter}, {rhythm}, to {target}, kept for {keep_days} days")
}

/// Deletes a scheduled report; what it made is kept for its days.
///
/// # Errors
///
/// There is no such report, or the database fails.
pub async fn delete_scheduled_report(db: &Db, id: i64, who: &str, now: Timestamp) -> Result<(), ScheduledReportError> {
    let schedule = find_scheduled_report(db, id).await?;
    if !store::report_schedule::delete_report_schedule(db, id).await? {
        return Err(ScheduledReportError::Unknown(id));
    }
    let deed = Deed::new(who, Act::ChangeSchedule, format!("scheduled report {id} removed"));
    Ok(note(db, deed.changing(in_words(&schedule), ""), now).await?)
}

/// What a night's reports came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportsMade {
    pub n_schedules: u64,
    pub n_made: u64,
    /// Files that were kept for their days and are removed.
    pub n_removed: u64,
    pub problems: Vec<String>,
}

/// Makes the reports whose night it is, and removes files that were kept long enough. Made twice for one night, a
/// report is the same file and the same mail.
///
/// # Errors
///
/// The database fails. A report that cannot be made is told in the problems, and tried again the next night.
pub async fn make_reports(
    db: &Db,
    data_dir: &Path,
    zone: &TimeZone,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<ReportsMade, StoreError> {
    let schedules = store::report_schedule::list_report_schedules(db).await?;
    let mut made = ReportsMade { n_schedules: schedules.len() as u64, ..ReportsMade::default() };
    for (id, schedule) in &schedules {
        let Some(slot) = due(schedule, zone, now) else { continue };
        match make_one(db, *id, schedule, slot, data_dir, zone, now, progress).await {
            Ok(()) => made.n_made += 1,
            Err(problem) => made.problems.push(format!("report {id}: {problem}")),
        }
    }
    for (file_id, path, made_at, keep_days) in store::report_schedule::list_report_files(db).await? {
        if now.duration_since(made_at) < SignedDuration::from_hours(24 * keep_days) {
            continue;
        }
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                made.problems.push(format!("cannot remove `{path}`: {e}"));
            }
            _ => {
                store::report_schedule::save_file_removed(db, file_id, now).await?;
                made.n_removed += 1;
            }
        }
    }
    Ok(made)
}

/// The night that a report is made for next; it has come already when the report waits for the nightly run. `None` for
/// a rhythm that is not known.
pub fn next_night(schedule: &ReportSchedule, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let (_, cron) = RHYTHMS.iter().find(|(word, _)| *word == schedule.rhythm)?;
    due(schedule, zone, now).or_else(|| Schedule::read(cron, zone.clone()).ok()?.next(now))
}

fn due(schedule: &ReportSchedule, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let (_, cron) = RHYTHMS.iter().find(|(word, _)| *word == schedule.rhythm)?;
    let after = schedule.last_slot_at.unwrap_or(schedule.created_at);
    Schedule::read(cron, zone.clone()).ok()?.due(after, now).map(|due| due.slot)
}

#[allow(clippy::too_many_arguments, reason = "what one report is made of, used once")]
async fn make_one(
    db: &Db,
    id: i64,
    schedule: &ReportSchedule,
    slot: Timestamp,
    data_dir: &Path,
    zone: &TimeZone,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<(), String> {
    let filter = Filter::parse(&schedule.filter).map_err(|e| e.to_string())?;
    let request = FilteredReportRequest::of(db, schedule.site.clone(), filter, Some(now)).await;
    let request = request.map_err(|e| e.to_string())?;
    let mut report = report_of(db, &request, progress).await.map_err(|e| e.to_string())?;
    keep_back_what_is_not_passed_on(&mut report);
    let format = Format::from_word(&schedule.format).ok_or_else(|| format!("unknown format `{}`", schedule.format))?;
    let bytes = tokio::task::block_in_place(|| {
        let mut bytes = Vec::new();
        match format {
            Format::Pdf => write_pdf(&report, Paper::A4, &mut bytes),
            other => report::write(&report, other, &mut bytes),
        }
        .map(|()| bytes)
    })
    .map_err(|e| e.to_string())?;
    let day = slot.to_zoned(zone.clone()).date();
    let of = schedule.site.as_deref().map_or_else(|| "all-sites".to_owned(), site::word);
    let name = format!("nameplate-{of}-{day}-{id}.{}", extension(format));
    let target = target_of(&schedule.target)?;
    let folder = match &target {
        Some(Target::Folder(folder)) => PathBuf::from(folder),
        _ => data_dir.join("reports"),
    };
    let (sha256, n_bytes) = (sha256_hex(&bytes), bytes.len() as u64);
    let write_to = folder.clone();
    let file = name.clone();
    tokio::task::spawn_blocking(move || write_whole(&write_to, &file, &bytes))
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| e.problem)?;
    let path = folder.join(&name).display().to_string();
    if let Some(Target::Mail(address)) = &target {
        let text = format!(
            "{}\nJudged {}.\n\nThe report is attached. To end it: nameplate scheduled-report delete {id}\n",
            report.title,
            report.judged_at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z")
        );
        let body = MailBody {
            text,
            attachment: Some((path.clone(), name.clone(), media_type(format).to_owned())),
            ..MailBody::default()
        };
        let message = NewMessage {
            key: format!("report {id} for {slot}"),
            alert_rule_id: None,
            channel: "mail".to_owned(),
            target: address.clone(),
            subject: format!("{} ({day})", report.title),
            body: json!(body).to_string(),
            n_items: report.rows.len() as u64,
            published_at: None,
            first_seen_at: None,
        };
        store::outbox::save_message(db, &message, now).await.map_err(|e| e.to_string())?;
    }
    let file = ReportFile {
        name,
        path,
        kind: format.word().to_owned(),
        site: schedule.site.clone(),
        as_of: Some(now),
        filter: schedule.filter.clone(),
        made_by: format!("schedule {id}"),
        made_at: now,
        sha256,
        n_bytes,
        keep_days: schedule.keep_days,
        removed_at: None,
    };
    // The file before the night: killed between the two, the same file is made once more.
    store::report_file::save_report_file(db, Some(id), &file).await.map_err(|e| e.to_string())?;
    store::report_schedule::save_report_made(db, id, slot).await.map_err(|e| e.to_string())
}

/// Leaves out findings of documents that are for named people only, and says so.
fn keep_back_what_is_not_passed_on(report: &mut Report) {
    let n_before = report.rows.len();
    report.rows.retain(|row| row.finding.advisory.tlp.is_none_or(Tlp::may_be_passed_on));
    let n = n_before - report.rows.len();
    if n > 0 {
        report.warnings.push(format!("{n} exposures to documents under TLP:RED are left out; log in to read them"));
    }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Text => "txt",
        other => other.word(),
    }
}

fn media_type(format: Format) -> &'static str {
    match format.word() {
        "pdf" => "application/pdf",
        "html" => "text/html; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "json" | "ndjson" => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}
