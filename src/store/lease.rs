//! Who may do what only one process may do at a time. A lease that its holder stopped renewing can be taken over.

use jiff::{SignedDuration, Timestamp};

use super::error::StoreError;
use super::text::time;
use super::{Db, Tx};

/// A holder that was silent for this long is gone.
pub const SILENCE: SignedDuration = SignedDuration::from_secs(60);

/// Takes the lease of this name, or renews it for the same holder. False when another holder has it and was heard
/// within [`SILENCE`].
pub async fn save_lease(db: &Db, name: &str, holder: &str, now: Timestamp) -> Result<bool, StoreError> {
    let gone = now.checked_sub(SILENCE).unwrap_or(Timestamp::MIN);
    let n = sql!(
        db,
        exec(),
        "insert into lease (name, holder, taken_at, heartbeat_at) values ($1, $2, $3, $3) \
        on conflict (name) do update set \
            taken_at = case when lease.holder = excluded.holder then lease.taken_at else excluded.taken_at end, \
            holder = excluded.holder, \
            heartbeat_at = excluded.heartbeat_at \
        where lease.holder = excluded.holder or lease.heartbeat_at < $4",
        name,
        holder,
        time(now),
        time(gone)
    )?;
    Ok(n == 1)
}

/// Who holds the lease, and since when; `None` when it is free.
pub async fn find_lease(db: &Db, name: &str) -> Result<Option<(String, Timestamp)>, StoreError> {
    sql!(db, opt(String, String), "select holder, taken_at from lease where name = $1", name)?
        .map(|(holder, at)| Ok((holder, super::text::read_time("lease.taken_at", &at)?)))
        .transpose()
}

/// Gives the lease back; does nothing when another holder has it.
pub async fn delete_lease(db: &Db, name: &str, holder: &str) -> Result<(), StoreError> {
    sql!(db, exec(), "delete from lease where name = $1 and holder = $2", name, holder)?;
    Ok(())
}

/// Makes sure that the holder still has the lease, and keeps it until the transaction ends.
///
/// # Errors
///
/// Another holder has taken it over.
pub(super) async fn hold(tx: &mut Tx, name: &str, holder: &str) -> Result<(), StoreError> {
    let n = sql!(tx tx, exec (), "update lease set holder = holder where name = $1 and holder = $2", name, holder)?;
    if n == 1 { Ok(()) } else { Err(StoreError::Conflict(format!("another process has taken over the {name}"))) }
}
