//! Files of reports: who had them made, where they are, and what proves that they are unchanged.

use jiff::Timestamp;

use super::Db;
use super::error::StoreError;
use super::text::{clean, count, read_count, read_time, read_time_if_any, time};

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// As it is offered to a person: `exposures-riverside-20261122.pdf`.
    pub name: String,
    /// Where it is kept.
    pub path: String,
    /// The word of what it is: `pdf`, `evidence.pdf`.
    pub kind: String,
    /// `None` for several sites or all.
    pub site: Option<String>,
    /// The moment that it tells of; `None` for when it was made.
    pub as_of: Option<Timestamp>,
    /// A query string; blank for everything.
    pub filter: String,
    pub made_by: String,
    pub made_at: Timestamp,
    /// Lower case hex.
    pub sha256: String,
    pub n_bytes: u64,
    pub keep_days: i64,
    /// When the file was removed, because its days were over or a person wanted so.
    pub removed_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    report_file_id: i64,
    name: String,
    path: String,
    kind: String,
    site_name: Option<String>,
    as_of_at: Option<String>,
    filter: String,
    made_by: String,
    made_at: String,
    sha256: String,
    n_bytes: i64,
    keep_days: i64,
    removed_at: Option<String>,
}

impl Row {
    fn into_domain(self) -> Result<(i64, ReportFile), StoreError> {
        Ok((
            self.report_file_id,
            ReportFile {
                name: self.name,
                path: self.path,
                kind: self.kind,
                site: self.site_name,
                as_of: read_time_if_any("report_file.as_of_at", self.as_of_at.as_deref())?,
                filter: self.filter,
                made_by: self.made_by,
                made_at: read_time("report_file.made_at", &self.made_at)?,
                sha256: self.sha256,
                n_bytes: read_count(self.n_bytes),
                keep_days: self.keep_days,
                removed_at: read_time_if_any("report_file.removed_at", self.removed_at.as_deref())?,
            },
        ))
    }
}

macro_rules! select_file {
    ($tail:literal) => {
        concat!(
            "select report_file_id, name, path, kind, site_name, as_of_at, filter, made_by, made_at, sha256, n_bytes, \
                keep_days, removed_at from report_file ",
            $tail
        )
    };
}

/// The file with this number.
pub async fn find_report_file(db: &Db, report_file_id: i64) -> Result<Option<ReportFile>, StoreError> {
    let row = sql!(db, opt Row, select_file!("where report_file_id = $1"), report_file_id)?;
    Ok(row.map(Row::into_domain).transpose()?.map(|(_, file)| file))
}

/// At most `limit` files with a number below `before`, the latest first.
pub async fn list_report_files_before(
    db: &Db,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, ReportFile)>, StoreError> {
    sql!(db, all Row, select_file!("where report_file_id < $1 order by report_file_id desc limit $2"),
        before.unwrap_or(i64::MAX), i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// The latest `limit` files that a schedule made, the latest first.
pub async fn list_files_of_schedule(
    db: &Db,
    report_schedule_id: i64,
    limit: u32,
) -> Result<Vec<(i64, ReportFile)>, StoreError> {
    sql!(db, all Row, select_file!("where report_schedule_id = $1 order by report_file_id desc limit $2"),
        report_schedule_id, i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// Notes a file that was made; gives its number.
pub async fn save_report_file(db: &Db, report_schedule_id: Option<i64>, file: &ReportFile) -> Result<i64, StoreError> {
    Ok(sql!(
        db,
        val i64,
        "insert into report_file (report_schedule_id, name, path, kind, site_name, as_of_at, filter, made_by, made_at, \
            sha256, n_bytes, keep_days) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning report_file_id",
        report_schedule_id,
        clean(&file.name).as_ref(),
        clean(&file.path).as_ref(),
        file.kind.as_str(),
        file.site.as_deref().map(clean).as_deref(),
        file.as_of.map(time),
        clean(&file.filter).as_ref(),
        clean(&file.made_by).as_ref(),
        time(file.made_at),
        file.sha256.as_str(),
        count(file.n_bytes),
        file.keep_days
    )?)
}
