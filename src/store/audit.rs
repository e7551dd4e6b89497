//! The audit: entries are added, never changed and never deleted.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::error::StoreError;
use super::text::{clean, read_time, time};
use super::{Alone, Db, Tx};
use crate::domain::account::SiteScope;
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

/// Which acts somebody is shown.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Acts that reached beyond these sites are not shown.
    pub sites: &'a SiteScope,
    /// Whether acts about accounts are shown.
    pub accounts: bool,
}

const SELECT: &str = "select e.audit_entry_id, e.acted_at, e.who, e.act, e.what, e.value_before, e.value_after, \
    e.undoes_audit_entry_id, u.audit_entry_id as undone_by \
    from audit_entry e left join audit_entry u on u.undoes_audit_entry_id = e.audit_entry_id where ";

/// The sites that an act reached, as questions for one of them; an act that takes another one back reached the same.
const REACHED: [&str; 4] = [
    "select 1 from asset_edit x join asset a on a.asset_id = x.asset_id \
     where x.audit_entry_id = coalesce(e.undoes_audit_entry_id, e.audit_entry_id) and a.site_id",
    "select 1 from remediation x join asset a on a.asset_id = x.asset_id \
     where x.audit_entry_id = coalesce(e.undoes_audit_entry_id, e.audit_entry_id) and a.site_id",
    "select 1 from review_answer x join asset a on a.asset_id = x.asset_id \
     where x.audit_entry_id = coalesce(e.undoes_audit_entry_id, e.audit_entry_id) and a.site_id",
    // An answer without an asset is for one site, or for all.
    "select 1 from review_answer x left join site a on a.name = x.site and x.site <> '' \
     where x.audit_entry_id = coalesce(e.undoes_audit_entry_id, e.audit_entry_id) and x.asset_id is null \
     and coalesce(a.site_id, 0)",
];

impl Seen<'_> {
    /// The condition on the act `e`.
    fn condition(self) -> String {
        let words: Vec<String> = Act::ALL
            .into_iter()
            .filter(|act| self.accounts || !act.is_about_accounts())
            .map(|act| format!("'{}'", act.word()))
            .collect();
        let mut condition = format!("e.act in ({})", words.join(", "));
        let SiteScope::Only(sites) = self.sites else { return condition };
        // Ids are numbers; no site is numbered 0.
        let mut sites: Vec<String> = sites.iter().map(i64::to_string).collect();
        sites.push("-1".to_owned());
        let sites = sites.join(", ");
        let accounts: Vec<String> =
            Act::ALL.into_iter().filter(|act| act.is_about_accounts()).map(|act| format!("'{}'", act.word())).collect();
        let within: Vec<String> = REACHED.iter().map(|reached| format!("exists ({reached} in ({sites}))")).collect();
        let beyond: Vec<String> =
            REACHED.iter().map(|reached| format!("not exists ({reached} not in ({sites}))")).collect();
        condition.push_str(&format!(
            " and (e.act in ({}) or (({}) and {}))",
            accounts.join(", "),
            within.join(" or "),
            beyond.join(" and ")
        ));
        condition
    }
}

/// The act with this number, if it is shown.
pub async fn find_audit(db: &Db, audit_id: i64, seen: Seen<'_>) -> Result<Option<AuditEntry>, StoreError> {
    let question = format!("{SELECT} e.audit_entry_id = $1 and {}", seen.condition());
    on!(db, c => sqlx::query_as::<_, Row>(AssertSqlSafe(question)).bind(audit_id).fetch_optional(c).await)?
        .map(Row::into_domain)
        .transpose()
}

/// At most `limit` acts before `before` (all when it is `None`), the latest first.
pub async fn list_audit(
    db: &Db,
    seen: Seen<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let question =
        format!("{SELECT} e.audit_entry_id < $1 and {} order by e.audit_entry_id desc limit $2", seen.condition());
    on!(db, c => sqlx::query_as::<_, Row>(AssertSqlSafe(question))
        .bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit)).fetch_all(c).await)?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// Keeps an act that changed nothing else; gives its number.
pub async fn save_act(db: &Db, entry: &NewAudit, at: Timestamp) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let audit_id = save_audit(&mut tx, entry, at).await?;
    tx.commit().await?;
    Ok(audit_id)
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
