//! The audit: entries are added, never changed and never deleted.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, read_time, time};
use super::{Db, Tx};
use crate::domain::audit::{Act, AuditEntry, NewAudit};

#[derive(sqlx::FromRow)]
struct Row {
    audit_entry_id: i64,
    acted_at: String,
    who: String,
    act: String,
    what: String,
    value_before: String,
    value_after: String,
    undoes_audit_entry_id: Option<i64>,
    undone_by: Option<i64>,
}

impl Row {
    fn into_domain(self) -> Result<AuditEntry, StoreError> {
        let act = Act::from_word(&self.act).ok_or(StoreError::Damaged {
            column: "audit_entry.act",
            expected: "an act",
            found: self.act,
        })?;
        Ok(AuditEntry {
            audit_id: self.audit_entry_id,
            acted_at: read_time("audit_entry.acted_at", &self.acted_at)?,
            entry: NewAudit {
                who: self.who,
                act,
                what: self.what,
                before: self.value_before,
                after: self.value_after,
                undoes: self.undoes_audit_entry_id,
            },
            undone_by: self.undone_by,
        })
    }
}

macro_rules! select_audit {
    ($tail:literal) => {
        concat!(
            "select e.audit_entry_id, e.acted_at, e.who, e.act, e.what, e.value_before, e.value_after, \
             e.undoes_audit_entry_id, u.audit_entry_id as undone_by \
             from audit_entry e left join audit_entry u on u.undoes_audit_entry_id = e.audit_entry_id ",
            $tail
        )
    };
}

/// The act with this number.
pub async fn find_audit(db: &Db, audit_id: i64) -> Result<Option<AuditEntry>, StoreError> {
    sql!(db, opt Row, select_audit!("where e.audit_entry_id = $1"), audit_id)?.map(Row::into_domain).transpose()
}

/// At most `limit` acts before `before` (all when it is `None`), the latest first.
pub async fn list_audit(db: &Db, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
    sql!(db, all Row,
        select_audit!("where e.audit_entry_id < $1 order by e.audit_entry_id desc limit $2"),
        before.unwrap_or(i64::MAX), i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// Keeps an act as a part of its transaction; gives its number.
///
/// # Errors
///
/// `Conflict` when the act that it takes back was taken back before.
pub(super) async fn save_audit(tx: &mut Tx, entry: &NewAudit, at: Timestamp) -> Result<i64, StoreError> {
    if let Some(undone) = entry.undoes {
        let n = sql!(tx &mut *tx, val i64,
            "select count(*) from audit_entry where undoes_audit_entry_id = $1", undone)?;
        if n > 0 {
            return Err(StoreError::Conflict(format!("act {undone} was taken back already")));
        }
    }
    Ok(sql!(tx tx, val i64,
        "insert into audit_entry (acted_at, who, act, what, value_before, value_after, undoes_audit_entry_id) \
         values ($1, $2, $3, $4, $5, $6, $7) returning audit_entry_id",
        time(at), clean(&entry.who).as_ref(), entry.act.word(), clean(&entry.what).as_ref(),
        clean(&entry.before).as_ref(), clean(&entry.after).as_ref(), entry.undoes)?)
}
