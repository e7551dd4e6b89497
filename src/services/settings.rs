//! Settings that people change on pages.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::audit::Act;
use crate::services::note_act::{Deed, note};
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
pub async fn set_time_zone(db: &Db, name: &str, who: &str, now: Timestamp) -> Result<(), SettingError> {
    let name = name.trim();
    let before = store::setting::find_setting(db, store::listing::TIME_ZONE).await?.unwrap_or_default();
    if name.is_empty() {
        store::setting::delete_setting(db, store::listing::TIME_ZONE).await?;
    } else if jiff::tz::TimeZone::get(name).is_err() {
        return Err(SettingError::UnknownZone(name.to_owned()));
    } else {
        store::setting::save_setting(db, store::listing::TIME_ZONE, name, now).await?;
    }
    if before != name {
        let told = |zone: &str| if zone.is_empty() { "that of this machine".to_owned() } else { zone.to_owned() };
        let deed = Deed::new(who, Act::ChangeSetting, format!("time zone set to {}", told(name)));
        note(db, deed.changing(told(&before), told(name)), now).await?;
    }
    Ok(())
}
