//! The entries of alias packs: those in force and those that were removed.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, digest, read_time, read_time_if_any, time};
use super::{Alone, Db, Tx};
use crate::domain::catalogue::pack::{Alias, AliasKind, KnownAlias};

#[derive(sqlx::FromRow)]
struct Row {
    alias_entry_id: i64,
    kind: String,
    entry: String,
    author: String,
    dated: String,
    added_at: String,
    removed_at: Option<String>,
}

impl Row {
    fn into_domain(self) -> Result<KnownAlias, StoreError> {
        let Some(kind) = AliasKind::from_word(&self.kind) else {
            return Err(StoreError::Damaged {
                column: "alias_entry.kind",
                expected: "a kind of alias",
                found: self.kind,
            });
        };
        Ok(KnownAlias {
            alias_id: self.alias_entry_id,
            alias: Alias {
                kind,
                text: self.entry,
                author: self.author,
                date: self.dated,
                place: format!("alias {}", self.alias_entry_id),
            },
            added_at: read_time("alias_entry.added_at", &self.added_at)?,
            removed_at: read_time_if_any("alias_entry.removed_at", self.removed_at.as_deref())?,
        })
    }
}

/// All aliases in the order in which they were added, removed ones included.
pub async fn list_aliases(db: &Db) -> Result<Vec<KnownAlias>, StoreError> {
    sql!(db, all Row,
        "select alias_entry_id, kind, entry, author, dated, added_at, removed_at from alias_entry \
         order by alias_entry_id")?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// The aliases in force, in the order in which they were added.
pub async fn list_aliases_in_force(db: &Db) -> Result<Vec<KnownAlias>, StoreError> {
    let mut aliases = list_aliases(db).await?;
    aliases.retain(|known| known.removed_at.is_none());
    Ok(aliases)
}

/// The alias with this id.
pub async fn find_alias(db: &Db, alias_id: i64) -> Result<Option<KnownAlias>, StoreError> {
    sql!(db, opt Row,
        "select alias_entry_id, kind, entry, author, dated, added_at, removed_at from alias_entry \
         where alias_entry_id = $1",
        alias_id)?
    .map(Row::into_domain)
    .transpose()
}

/// Adds those of the aliases that are not in force already, all or none; gives their number.
pub async fn save_aliases(db: &Db, aliases: &[Alias], at: Timestamp) -> Result<u64, StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    let mut n_added = 0;
    for alias in aliases {
        let entry = clean(&alias.text);
        n_added += sql!(tx &mut tx, exec (),
            "insert into alias_entry (kind, entry, entry_digest, author, dated, added_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (entry_digest) where removed_at is null do nothing",
            alias.kind.word(), entry.as_ref(), digest(&[entry.as_ref()]), clean(&alias.author).as_ref(),
            clean(&alias.date).as_ref(), time(at))?;
    }
    tx.commit().await?;
    Ok(n_added)
}

/// Adds an alias as a part of a transaction; gives the number of the entry in force that says so.
pub(super) async fn save_alias(tx: &mut Tx, alias: &Alias, at: Timestamp) -> Result<i64, StoreError> {
    let entry = clean(&alias.text);
    let entry_digest = digest(&[entry.as_ref()]);
    sql!(tx &mut *tx, exec (),
        "insert into alias_entry (kind, entry, entry_digest, author, dated, added_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (entry_digest) where removed_at is null do nothing",
        alias.kind.word(), entry.as_ref(), entry_digest.as_str(), clean(&alias.author).as_ref(),
        clean(&alias.date).as_ref(), time(at))?;
    Ok(sql!(tx tx, val i64,
        "select alias_entry_id from alias_entry where entry_digest = $1 and removed_at is null", entry_digest)?)
}

/// Puts an alias out of force and keeps it; `false` when it was not in force.
pub async fn delete_alias(db: &Db, alias_id: i64, at: Timestamp) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update alias_entry set removed_at = $2 where alias_entry_id = $1 and removed_at is null",
        alias_id,
        time(at)
    )?;
    Ok(n > 0)
}
