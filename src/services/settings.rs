//! Settings that people change on pages.

use jiff::Timestamp;
use thiserror::Error;

use crate::store::{self, Db, StoreError};

/// Why a setting was not changed.
#[derive(Debug, Error)]
pub enum SettingError {
    #[error(
        "cannot set the time zone: expected a name such as `Europe/Berlin` or `UTC`, found `{0}`\nhint: leave it blank for the zone of this machine"
    )]
    UnknownZone(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets the time zone in which people are told times; blank for that of the machine.
///
/// # Errors
///
/// No zone has this name, or the database fails.
pub async fn set_time_zone(db: &Db, name: &str, now: Timestamp) -> Result<(), SettingError> {
    let name = name.trim();
    if name.is_empty() {
        store::setting::delete_setting(db, store::listing::TIME_ZONE).await?;
        return Ok(());
    }
    if jiff::tz::TimeZone::get(name).is_err() {
        return Err(SettingError::UnknownZone(name.to_owned()));
    }
    store::setting::save_setting(db, store::listing::TIME_ZONE, name, now).await?;
    Ok(())
}
