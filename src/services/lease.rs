//! Doing what only one process may do at a time, over all processes and machines on one database.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::store::{self, Db, StoreError};

/// How often a lease is renewed; far below the silence after which another process may take it.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(15);

/// A lease that this process holds. Its heart beats until it is given back or dropped.
pub struct Held {
    db: Db,
    name: &'static str,
    holder: String,
    heart: tokio::task::JoinHandle<()>,
}

/// Whether a lease could be had.
pub enum Taken {
    Held(Held),
    /// Another process has it, since when.
    By(String, Timestamp),
}

/// Takes a lease. One whose holder was a process of this machine that is no more is taken over at once; any other one
/// after a minute of silence.
///
/// # Errors
///
/// The database fails.
pub async fn take(db: &Db, name: &'static str) -> Result<Taken, StoreError> {
    let holder = holder();
    if store::lease::save_lease(db, name, &holder, Timestamp::now()).await? {
        return Ok(Taken::Held(Held::new(db, name, holder)));
    }
    let other = store::lease::find_lease(db, name).await?;
    if let Some((other, _)) = &other
        && is_dead(other)
    {
        tracing::warn!("`{other}` ended without giving back the lease `{name}`; going on in its place");
        store::lease::delete_lease(db, name, other).await?;
        free_what_else_it_held(db, other).await?;
    }
    if other.as_ref().is_none_or(|(other, _)| is_dead(other))
        && store::lease::save_lease(db, name, &holder, Timestamp::now()).await?
    {
        return Ok(Taken::Held(Held::new(db, name, holder)));
    }
    let (other, since) = store::lease::find_lease(db, name)
        .await?
        .or(other)
        .unwrap_or_else(|| ("another process".to_owned(), Timestamp::now()));
    Ok(Taken::By(other, since))
}

/// Leases that are taken within the work of another one, by the same process.
const WITHIN: [&str; 2] = [store::rescan::LEASE, crate::services::fetch_advisories::LEASE];

/// Gives back what else a process held that is known to be gone. Those leases name it by its number alone; should
/// that of another machine have the same one, it notices the loss when it saves, and saves nothing.
async fn free_what_else_it_held(db: &Db, dead: &str) -> Result<(), StoreError> {
    let Some((process, _)) = dead.split_once('/') else { return Ok(()) };
    for name in WITHIN {
        if let Some((holder, _)) = store::lease::find_lease(db, name).await?
            && (holder.starts_with(&format!("{process} at ")) || is_dead(&holder))
        {
            store::lease::delete_lease(db, name, &holder).await?;
        }
    }
    Ok(())
}

impl Held {
    fn new(db: &Db, name: &'static str, holder: String) -> Held {
        let heart = tokio::spawn(beat(db.clone(), name, holder.clone()));
        Held { db: db.clone(), name, holder, heart }
    }

    /// What this process is called where the lease is checked.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Gives the lease back.
    ///
    /// # Errors
    ///
    /// The database fails; the lease then ends by silence.
    pub async fn give_back(self) -> Result<(), StoreError> {
        self.heart.abort();
        store::lease::delete_lease(&self.db, self.name, &self.holder).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

async fn beat(db: Db, name: &'static str, holder: String) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        // A missed beat does no harm by itself: saving checks the lease again.
        if let Err(e) = store::lease::save_lease(&db, name, &holder, Timestamp::now()).await {
            tracing::warn!("the lease `{name}` could not be renewed: {e}");
        }
    }
}

/// `process 4711/88412 of 9f86d081884c at 2026-11-22T01:14:00Z`: the process, when it began in ticks, its machine.
fn holder() -> String {
    let (pid, now) = (std::process::id(), Timestamp::now());
    match (machine(), began(pid)) {
        (Some(machine), Some(ticks)) => format!("process {pid}/{ticks} of {machine} at {now}"),
        _ => format!("process {pid} at {now}"),
    }
}

/// Whether a holder was a process of this machine that is no more. Not knowing is no.
fn is_dead(holder: &str) -> bool {
    let Some((process, rest)) = holder.strip_prefix("process ").and_then(|rest| rest.split_once(" of ")) else {
        return false;
    };
    let Some((pid, ticks)) = process.split_once('/') else { return false };
    let (Ok(pid), Some((of, _))) = (pid.parse::<u32>(), rest.split_once(" at ")) else { return false };
    machine().as_deref() == Some(of) && began(pid).as_deref() != Some(ticks)
}

/// Names this machine since it was started, and the processes that see each other on it; `None` where that is not
/// known.
fn machine() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let digest = Sha256::digest(format!("{boot}{}", space.display()).as_bytes());
    Some(digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

/// When a process began, in ticks since the machine was started; `None` when there is no such process.
fn began(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything; the start is the 22nd.
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    // One that ended but was not waited for is no more.
    if state == "Z" || state == "X" { None } else { fields.nth(18).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_dead_only_when_its_process_is_known_to_be_gone() {
        let own = holder();
        assert!(!is_dead(&own), "{own}");
        if let Some(machine) = machine() {
            assert!(is_dead(&format!("process 4000000000/1 of {machine} at 2026-11-22T01:14:00Z")));
            let reused = format!("process {}/1 of {machine} at 2026-11-22T01:14:00Z", std::process::id());
            assert!(is_dead(&reused), "the number was given to another process");
        }
        for other in ["process 1 at 2026-11-22T01:14:00Z", "process 1/1 of another at x", "somebody", ""] {
            assert!(!is_dead(other), "{other}");
        }
    }
}
