//! Reports that are made at night, and their files.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, read_time, read_time_if_any, time};
use super::{Alone, Db};

/// A report that is made again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSchedule {
    /// `None` for all sites.
    pub site: Option<String>,
    /// Only what fits, in the words of an exposure list's address; blank for everything.
    pub filter: String,
    /// A format's word.
    pub format: String,
    /// A mail address or `folder:PATH`; blank when its files are only kept.
    pub target: String,
    /// `daily`, `weekly` or `monthly`.
    pub rhythm: String,
    /// How long its files are kept.
    pub keep_days: i64,
    pub created_at: Timestamp,
    /// The night that it was made for last.
    pub last_slot_at: Option<Timestamp>,
}

/// All schedules, by number.
pub async fn list_report_schedules(db: &Db) -> Result<Vec<(i64, ReportSchedule)>, StoreError> {
    let rows = sql!(
        db,
        all(i64, Option<String>, String, String, String, String, i64, String, Option<String>),
        "select report_schedule_id, site_name, filter, format, target, rhythm, keep_days, created_at, last_slot_at \
         from report_schedule order by report_schedule_id"
    )?;
    rows.into_iter()
        .map(|(id, site, filter, format, target, rhythm, keep_days, created_at, last_slot_at)| {
            let created_at = read_time("report_schedule.created_at", &created_at)?;
            let last_slot_at = read_time_if_any("report_schedule.last_slot_at", last_slot_at.as_deref())?;
            Ok((id, ReportSchedule { site, filter, format, target, rhythm, keep_days, created_at, last_slot_at }))
        })
        .collect()
}

/// Adds a schedule. Gives its number.
pub async fn save_report_schedule(db: &Db, schedule: &ReportSchedule) -> Result<i64, StoreError> {
    Ok(sql!(
        db,
        val i64,
        "insert into report_schedule (site_name, filter, format, target, rhythm, keep_days, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) returning report_schedule_id",
        schedule.site.as_deref().map(clean).as_deref(),
        clean(&schedule.filter).as_ref(),
        schedule.format.as_str(),
        clean(&schedule.target).as_ref(),
        schedule.rhythm.as_str(),
        schedule.keep_days,
        time(schedule.created_at)
    )?)
}

/// Changes a schedule, except when it was added and made. False when there is no such schedule.
pub async fn save_report_schedule_changed(
    db: &Db,
    report_schedule_id: i64,
    schedule: &ReportSchedule,
) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update report_schedule set site_name = $2, filter = $3, format = $4, target = $5, rhythm = $6, keep_days = $7 \
         where report_schedule_id = $1",
        report_schedule_id,
        schedule.site.as_deref().map(clean).as_deref(),
        clean(&schedule.filter).as_ref(),
        schedule.format.as_str(),
        clean(&schedule.target).as_ref(),
        schedule.rhythm.as_str(),
        schedule.keep_days
    )?;
    Ok(n == 1)
}

/// Deletes a schedule; its files are kept for their days. False when there is no such schedule.
pub async fn delete_report_schedule(db: &Db, report_schedule_id: i64) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Nightly).await?;
    sql!(tx &mut tx, exec (), "update report_file set report_schedule_id = null where report_schedule_id = $1",
        report_schedule_id)?;
    let n = sql!(tx &mut tx, exec (), "delete from report_schedule where report_schedule_id = $1", report_schedule_id)?;
    tx.commit().await?;
    Ok(n == 1)
}

/// Notes that a report was made for a night.
pub async fn save_report_made(db: &Db, report_schedule_id: i64, slot_at: Timestamp) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "update report_schedule set last_slot_at = $2 where report_schedule_id = $1",
        report_schedule_id,
        time(slot_at)
    )?;
    Ok(())
}

/// The files that are there, as (number, path, when it was made, days that it is kept).
pub async fn list_report_files(db: &Db) -> Result<Vec<(i64, String, Timestamp, i64)>, StoreError> {
    let rows = sql!(
        db,
        all(i64, String, String, i64),
        "select report_file_id, path, made_at, keep_days from report_file where removed_at is null order by report_file_id"
    )?;
    rows.into_iter()
        .map(|(id, path, made_at, keep)| Ok((id, path, read_time("report_file.made_at", &made_at)?, keep)))
        .collect()
}

/// Notes that a file was removed.
pub async fn save_file_removed(db: &Db, report_file_id: i64, now: Timestamp) -> Result<(), StoreError> {
    sql!(db, exec(), "update report_file set removed_at = $2 where report_file_id = $1", report_file_id, time(now))?;
    Ok(())
}
