//! What a person chose for a set of headers. The digest that names the set is made by the caller.

use super::Db;
use super::error::StoreError;
use super::text::read_time;
use crate::domain::inventory::{AssetKey, ColumnChoice};

type Row = (String, Option<String>, String, String, i64);

fn into_domain((_, mapping, key, at, inventory_id): Row) -> Result<ColumnChoice, StoreError> {
    let known = AssetKey::from_word(&key);
    let key = known.ok_or(StoreError::Damaged { column: "column_choice.asset_key", expected: "a key", found: key })?;
    Ok(ColumnChoice { mapping, key, chosen_at: read_time("column_choice.chosen_at", &at)?, inventory_id })
}

/// What was chosen for these headers.
pub async fn find_column_choice(db: &Db, headers_digest: &str) -> Result<Option<ColumnChoice>, StoreError> {
    sql!(
        db,
        opt Row,
        "select headers_digest, mapping, asset_key, chosen_at, inventory_id from column_choice \
         where headers_digest = $1",
        headers_digest
    )?
    .map(into_domain)
    .transpose()
}

/// The latest choices with a mapping, each with the digest of its headers, the latest first.
pub async fn list_column_choices(db: &Db, limit: u32) -> Result<Vec<(String, ColumnChoice)>, StoreError> {
    sql!(
        db,
        all Row,
        "select headers_digest, mapping, asset_key, chosen_at, inventory_id from column_choice \
         where mapping is not null order by chosen_at desc, headers_digest limit $1",
        i64::from(limit)
    )?
    .into_iter()
    .map(|row| Ok((row.0.clone(), into_domain(row)?)))
    .collect()
}
