//! Small facts by name.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, time};
use super::{Db, Tx};

/// The value of this name; `None` when it was never set.
pub async fn find_setting(db: &Db, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sql!(db, opt(String,), "select value from setting where name = $1", name)?.map(|(value,)| value))
}

/// Sets the value of this name.
pub async fn save_setting(db: &Db, name: &str, value: &str, at: Timestamp) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "insert into setting (name, value, changed_at) values ($1, $2, $3) \
        on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
        clean(name).as_ref(),
        clean(value).as_ref(),
        time(at)
    )?;
    Ok(())
}

/// Sets several values as a part of a transaction.
pub(super) async fn save_settings(tx: &mut Tx, values: &[(&str, &str)], at: Timestamp) -> Result<(), StoreError> {
    for (name, value) in values {
        sql!(tx tx, exec (), "insert into setting (name, value, changed_at) values ($1, $2, $3) \
            on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
            *name, clean(value).as_ref(), time(at))?;
    }
    Ok(())
}

/// Forgets the value of this name.
pub async fn delete_setting(db: &Db, name: &str) -> Result<(), StoreError> {
    sql!(db, exec(), "delete from setting where name = $1", name)?;
    Ok(())
}
