//! What owners do about exposures: one mark per asset and advisory, or per vulnerability where these differ.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::advisory::key_digest;
use super::audit::save_audit;
use super::error::StoreError;
use super::text::{clean, read_count, read_time, time};
use super::{Alone, BATCH, Db, Tx};
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::audit::NewAudit;
use crate::domain::mark::{Mark, MarkReason, RemediationCounts, StoredMark};
use crate::domain::remediation::RemediationStatus;

/// A mark that is about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMark {
    pub asset_id: i64,
    pub advisory: AdvisoryKey,
    /// Blank for the advisory as a whole.
    pub cve: String,
    /// That of the reason, or what the CVEs come to together.
    pub status: RemediationStatus,
    pub mark: Mark,
    /// Of the exposure as it is told now.
    pub fingerprint: String,
    /// It also ends the marks of single CVEs.
    pub replaces_all: bool,
}

/// The act that writes.
#[derive(Clone, Copy)]
pub enum Of<'a> {
    /// An act that begins with this.
    New(&'a NewAudit),
    /// An act that was begun before.
    Begun(i64),
}

#[derive(sqlx::FromRow)]
struct Row {
    asset_id: i64,
    namespace: String,
    tracking_id: String,
    cve: String,
    status: String,
    reason: String,
    note: String,
    expires_on: String,
    firmware: String,
    fingerprint_digest: String,
    since: String,
    until: Option<String>,
    audit_entry_id: i64,
    who: String,
}

impl Row {
    fn into_domain(self) -> Result<StoredMark, StoreError> {
        let reason = MarkReason::from_word(&self.reason).ok_or(StoreError::Damaged {
            column: "remediation.reason",
            expected: "a reason",
            found: self.reason,
        })?;
        let status = RemediationStatus::from_word(&self.status).ok_or(StoreError::Damaged {
            column: "remediation.status",
            expected: "one of the three words",
            found: self.status,
        })?;
        Ok(StoredMark {
            asset_id: self.asset_id,
            advisory: AdvisoryKey { namespace: self.namespace, id: self.tracking_id },
            cve: self.cve,
            status,
            mark: Mark { reason, note: self.note, expires_on: self.expires_on, firmware: self.firmware },
            fingerprint: self.fingerprint_digest,
            since: read_time("remediation.since", &self.since)?,
            until: self.until.map(|until| read_time("remediation.until", &until)).transpose()?,
            audit_id: self.audit_entry_id,
            who: self.who,
        })
    }
}

macro_rules! select_marks {
    ($tail:expr) => {
        concat!(
            "select m.asset_id, d.namespace, d.tracking_id, m.cve, m.status, m.reason, m.note, m.expires_on, m.firmware, \
             m.fingerprint_digest, m.since, m.until, m.audit_entry_id, u.who from remediation m \
             join advisory d on d.advisory_id = m.advisory_id \
             join audit_entry u on u.audit_entry_id = m.audit_entry_id ",
            $tail
        )
    };
}

/// All marks of an asset, ended ones included, the latest first.
pub async fn list_marks_of_asset(db: &Db, asset_id: i64) -> Result<Vec<StoredMark>, StoreError> {
    sql!(db, all Row, select_marks!("where m.asset_id = $1 order by m.remediation_id desc"), asset_id)?
        .into_iter()
        .map(Row::into_domain)
        .collect()
}

/// The marks in force on these assets, by asset, advisory and CVE; of one advisory or of all. At most [`BATCH`] assets
/// a statement, however many are given.
pub async fn list_marks(
    db: &Db,
    asset_ids: &[i64],
    advisory: Option<&AdvisoryKey>,
) -> Result<Vec<StoredMark>, StoreError> {
    let mut found = Vec::new();
    for batch in asset_ids.chunks(BATCH) {
        let rows = for_list!(db, all Row, select_marks!("where m.until is null and m.asset_id in"),
            batch.iter().copied(), "order by m.asset_id, d.tracking_id, d.namespace, m.cve")?;
        for row in rows {
            found.push(row.into_domain()?);
        }
    }
    if let Some(advisory) = advisory {
        found.retain(|mark| mark.advisory == *advisory);
    }
    Ok(found)
}

/// What was in force at this moment on any asset, of all advisories or of one; in no order. For reports, which know
/// the exposures. One mark per asset and advisory: those of single CVEs are summed up in it.
pub async fn list_marks_at(
    db: &Db,
    at: Timestamp,
    advisory: Option<&AdvisoryKey>,
) -> Result<Vec<StoredMark>, StoreError> {
    sql!(db, all Row,
        select_marks!("where m.cve = '' and m.since <= $1 and (m.until is null or m.until > $1) \
            and (cast($2 as text) is null or d.key_digest = $2)"),
        time(at), advisory.map(key_digest))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// Statistics of an advisory on this day (calendar date): assets with an open exposure by status, and assets whose
/// exposure is closed and which were marked as done. A mark that was given to other products, ranges or remedies, or
/// whose acceptance has run out, counts as none.
pub async fn count_by_status(db: &Db, advisory: &AdvisoryKey, today: &str) -> Result<RemediationCounts, StoreError> {
    let rows = sql!(
        db,
        all(String, i64),
        "with exposed as ( \
            select distinct p.asset_id, e.advisory_id, e.fingerprint_digest from exposure e \
            join advisory d on d.advisory_id = e.advisory_id \
            join asset_variant p on p.variant_id = e.variant_id and p.until is null \
                and (e.asset_id is null or e.asset_id = p.asset_id) \
            where d.key_digest = $1 and e.closed_at is null \
         ) \
         select coalesce(m.status, 'not_remediated'), count(*) from exposed x \
         left join remediation m on m.asset_id = x.asset_id and m.advisory_id = x.advisory_id and m.cve = '' \
            and m.until is null and m.fingerprint_digest = x.fingerprint_digest \
            and (m.expires_on = '' or m.expires_on >= $2) \
         group by 1 \
         union all \
         select 'closed', count(*) from remediation m join advisory d on d.advisory_id = m.advisory_id \
         where d.key_digest = $1 and m.cve = '' and m.until is null and m.status = 'done' \
            and not exists (select 1 from exposed x where x.asset_id = m.asset_id)",
        key_digest(advisory),
        today
    )?;
    let mut counts = RemediationCounts::default();
    for (word, n) in rows {
        match RemediationStatus::from_word(&word) {
            Some(status) => counts.n_by_status[status as usize] += read_count(n),
            None => counts.n_closed_done += read_count(n),
        }
    }
    Ok(counts)
}

/// Vulnerabilities of this advisory that were marked apart from the others, with the assets of these sites that are
/// exposed and have such a mark, by status in the order of [`RemediationStatus::ALL`].
pub async fn count_by_cve(
    db: &Db,
    advisory: &AdvisoryKey,
    sites: &SiteScope,
    today: &str,
) -> Result<Vec<(String, [u64; 3])>, StoreError> {
    let rows = sql!(
        db,
        all(i64, String, String, i64),
        "select a.site_id, m.cve, m.status, count(*) from remediation m join advisory d on d.advisory_id = m.advisory_id \
         join asset a on a.asset_id = m.asset_id \
         where d.key_digest = $1 and m.cve <> '' and m.until is null and (m.expires_on = '' or m.expires_on >= $2) \
            and exists (select 1 from asset_variant p join exposure e on e.variant_id = p.variant_id \
                where p.asset_id = m.asset_id and p.until is null and e.advisory_id = m.advisory_id \
                    and e.closed_at is null and (e.asset_id is null or e.asset_id = p.asset_id) \
                    and e.fingerprint_digest = m.fingerprint_digest) \
         group by a.site_id, m.cve, m.status order by m.cve",
        key_digest(advisory),
        today
    )?;
    let mut counts: Vec<(String, [u64; 3])> = Vec::new();
    for (site_id, cve, word, n) in rows {
        let Some(status) = RemediationStatus::from_word(&word).filter(|_| sites.covers(site_id)) else { continue };
        if counts.last().is_none_or(|(last, _)| *last != cve) {
            counts.push((cve, [0; 3]));
        }
        if let Some((_, by_status)) = counts.last_mut() {
            by_status[status as usize] += read_count(n);
        }
    }
    Ok(counts)
}

/// Keeps these marks, all or none; each pair of asset and advisory at most once for each CVE. `goes_on` hears how many
/// more are written and says whether to go on. Gives the number of the act; `None` when it was to end, and nothing is
/// written then.
pub async fn save_marks(
    db: &Db,
    marks: impl Iterator<Item = NewMark> + Send,
    of: Of<'_>,
    at: Timestamp,
    goes_on: impl Fn(u64) -> bool + Send,
) -> Result<Option<i64>, StoreError> {
    let mut tx = db.begin(Alone::Rescan).await?;
    let audit_id = act(&mut tx, of, at).await?;
    let advisories: FxHashMap<String, i64> =
        sql!(tx &mut tx, all(String, i64), "select key_digest, advisory_id from advisory")?.into_iter().collect();
    let at = time(at);
    let mut marks = marks;
    loop {
        let batch: Vec<NewMark> = marks.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        if !goes_on(batch.len() as u64) {
            return Ok(None);
        }
        let mut rows: Vec<(i64, &NewMark)> = Vec::with_capacity(batch.len());
        for mark in &batch {
            let advisory_id = *advisories
                .get(&key_digest(&mark.advisory))
                .ok_or_else(|| StoreError::Conflict(format!("the advisory `{}` is not known", mark.advisory.id)))?;
            rows.push((advisory_id, mark));
        }
        for replaces_all in [true, false] {
            let part: Vec<(i64, &NewMark)> =
                rows.iter().filter(|(_, mark)| mark.replaces_all == replaces_all).copied().collect();
            if !part.is_empty() {
                end_rows(&mut tx, &part, replaces_all, audit_id, &at).await?;
            }
        }
        insert!(
            &mut tx,
            "insert into remediation (asset_id, advisory_id, cve, status, reason, note, expires_on, firmware, \
             fingerprint_digest, since, audit_entry_id)",
            &rows,
            |b, (advisory_id, new)| b
                .push_bind(new.asset_id)
                .push_bind(*advisory_id)
                .push_bind(clean(&new.cve).as_ref())
                .push_bind(new.status.word())
                .push_bind(new.mark.reason.word())
                .push_bind(clean(&new.mark.note).as_ref())
                .push_bind(new.mark.expires_on.as_str())
                .push_bind(clean(&new.mark.firmware).as_ref())
                .push_bind(new.fingerprint.as_str())
                .push_bind(at.as_str())
                .push_bind(audit_id)
        )?;
    }
    tx.commit().await?;
    Ok(Some(audit_id))
}

/// How many exposures an act marked, and how many values of assets it wrote.
pub async fn count_touched(db: &Db, audit_id: i64) -> Result<u64, StoreError> {
    let n = sql!(db, val i64,
        "select (select count(*) from remediation where audit_entry_id = $1) \
            + (select count(*) from asset_edit where audit_entry_id = $1)",
        audit_id)?;
    Ok(read_count(n))
}

async fn act(tx: &mut Tx, of: Of<'_>, at: Timestamp) -> Result<i64, StoreError> {
    match of {
        Of::New(audit) => save_audit(tx, audit, at).await,
        Of::Begun(audit_id) => Ok(audit_id),
    }
}

/// Ends the marks that these replace.
async fn end_rows(
    tx: &mut Tx,
    rows: &[(i64, &NewMark)],
    replaces_all: bool,
    audit_id: i64,
    at: &str,
) -> Result<(), StoreError> {
    on!(tx &mut *tx, c => {
        let mut query = sqlx::QueryBuilder::new("update remediation set until = ");
        query.push_bind(at).push(", ended_audit_entry_id = ").push_bind(audit_id).push(" from (");
        query.push_values(rows, |mut b, (advisory_id, new)| {
            b.push_bind(new.asset_id).push_bind(*advisory_id).push_bind(new.cve.as_str());
        });
        query.push(") as new where remediation.until is null and remediation.asset_id = new.column1 \
            and remediation.advisory_id = new.column2");
        if !replaces_all {
            query.push(" and remediation.cve = new.column3");
        }
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Takes the marks of an act back: what it said ends, what it ended holds again. A mark that a later act replaced stays
/// replaced. Gives the number of the act that took it back and how many exposures it touched.
///
/// # Errors
///
/// `Conflict` when the act was taken back before.
pub async fn save_marks_taken_back(
    db: &Db,
    audit_id: i64,
    of: Of<'_>,
    at: Timestamp,
) -> Result<(i64, u64), StoreError> {
    let mut tx = db.begin(Alone::Rescan).await?;
    let undo_id = act(&mut tx, of, at).await?;
    let at = time(at);
    // Where a later act spoke since, that word stands.
    let n = sql!(tx &mut tx, exec (),
        "update remediation set until = $2, ended_audit_entry_id = $3 where audit_entry_id = $1 and until is null",
        audit_id, at.as_str(), undo_id)?;
    sql!(tx &mut tx, exec (),
        "insert into remediation (asset_id, advisory_id, cve, status, reason, note, expires_on, firmware, \
            fingerprint_digest, since, audit_entry_id) \
         select m.asset_id, m.advisory_id, m.cve, m.status, m.reason, m.note, m.expires_on, m.firmware, \
            m.fingerprint_digest, $2, m.audit_entry_id \
         from remediation m where m.ended_audit_entry_id = $1 \
            and exists (select 1 from remediation n where n.asset_id = m.asset_id and n.advisory_id = m.advisory_id \
                and n.ended_audit_entry_id = $3) \
            and not exists (select 1 from remediation n where n.asset_id = m.asset_id \
                and n.advisory_id = m.advisory_id and n.cve = m.cve and n.until is null)",
        audit_id, at.as_str(), undo_id)?;
    tx.commit().await?;
    Ok((undo_id, n))
}
