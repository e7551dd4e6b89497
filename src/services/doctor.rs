//! Looking over an installation: each part with what was found, and what to do about it.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::alert::message::thousands;
use crate::config::Config;
use crate::services::nightly::standing;
use crate::services::outlets::{Outlets, time_zone};
use crate::services::watch::{Rota, schedule};
use crate::store::{self, Db, StoreError};

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Well,
    /// Works, but somebody should look at it.
    Attention,
    Failing,
}

impl State {
    /// The word that is shown.
    pub fn word(self) -> &'static str {
        match self {
            State::Well => "ok",
            State::Attention => "look",
            State::Failing => "FAILS",
        }
    }
}

/// One part of the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; blank when there is nothing.
    pub hint: String,
}

fn part(name: &'static str, state: State, found: impl Into<String>, hint: impl Into<String>) -> Part {
    Part { name, state, found: found.into(), hint: hint.into() }
}

/// Below this much free space in the data folder somebody should look.
const LITTLE_SPACE_BYTES: u64 = 1 << 30;

/// Looks over configuration, database, disk, sources, runs, mail, outbox and clock. Nothing is changed.
///
/// # Errors
///
/// The database fails in the middle of it.
pub async fn examine(db: &Db, config: &Config, outlets: &Outlets, now: Timestamp) -> Result<Vec<Part>, StoreError> {
    let mut parts = vec![configuration(config, db)];
    parts.push(database(db).await?);
    parts.push(disk(config));
    if parts[1].state == State::Failing {
        // What cannot be read cannot be looked over.
        return Ok(parts);
    }
    parts.push(sources(db, now).await?);
    parts.push(runs(db, config, now).await?);
    parts.push(mail(outlets).await);
    parts.push(outbox(db).await?);
    parts.push(clock(db, config, now).await?);
    Ok(parts)
}

fn configuration(config: &Config, db: &Db) -> Part {
    match Rota::of(config, db.name()) {
        Err(e) => {
            let message = e.to_string();
            let (found, hint) = message.split_once("\nhint: ").unwrap_or((&message, ""));
            part("configuration", State::Failing, found, hint)
        }
        Ok(rota) => {
            let night = rota.schedule.map_or_else(|| "off".to_owned(), |schedule| format!("`{}`", schedule.text()));
            part("configuration", State::Well, format!("understood; schedule {night}"), "")
        }
    }
}

async fn database(db: &Db) -> Result<Part, StoreError> {
    db.ping().await?;
    let damage = store::backup::list_damage(db).await?;
    if !damage.is_empty() {
        let found = format!("{} is damaged: {}", db.name(), damage.join("; "));
        return Ok(part(
            "database",
            State::Failing,
            found,
            "stop the server and put a backup in its place: `nameplate restore FILE --replace`",
        ));
    }
    let size = store::backup::find_size_bytes(db).await? / (1 << 20);
    let (assets, advisories) = (store::asset::count_assets(db).await?, store::advisory::count_advisories(db).await?);
    let found = format!(
        "{} answers, {} MiB; {} assets, {} advisories",
        db.name(),
        thousands(size),
        thousands(assets),
        thousands(advisories)
    );
    Ok(match (assets, advisories) {
        (0, _) => part("database", State::Attention, found, "`nameplate import FILE` brings devices"),
        (_, 0) => {
            part("database", State::Attention, found, "`nameplate advisory add PATH` or a source brings advisories")
        }
        _ => part("database", State::Well, found, ""),
    })
}

fn disk(config: &Config) -> Part {
    let Ok(folder) = config.data_dir() else {
        return part("disk", State::Failing, "the user has no data folder", "name one with --data-dir");
    };
    if !folder.exists() {
        return part(
            "disk",
            State::Well,
            format!("`{}` is not there yet", folder.display()),
            "it is made when it is needed",
        );
    }
    let probe = folder.join(".nameplate-probe");
    if let Err(e) = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        return part(
            "disk",
            State::Failing,
            format!("`{}` cannot be written to: {e}", folder.display()),
            "give the folder to the user that runs nameplate",
        );
    }
    match free_bytes(&folder) {
        None => {
            part("disk", State::Well, format!("`{}` can be written to; free space is not known", folder.display()), "")
        }
        Some(free) if free < LITTLE_SPACE_BYTES => part(
            "disk",
            State::Attention,
            format!("{} MiB free in `{}`", thousands(free >> 20), folder.display()),
            "make room: a rescan of a large fleet and a backup need some GiB",
        ),
        Some(free) => {
            part("disk", State::Well, format!("{} MiB free in `{}`", thousands(free >> 20), folder.display()), "")
        }
    }
}

/// What `df` says; the standard library does not ask.
fn free_bytes(folder: &Path) -> Option<u64> {
    let output = std::process::Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    kib.checked_mul(1024)
}

async fn sources(db: &Db, now: Timestamp) -> Result<Part, StoreError> {
    let health: std::collections::BTreeMap<i64, _> = store::source::list_source_health(db).await?.into_iter().collect();
    let enabled: Vec<_> = store::source::list_sources(db)
        .await?
        .into_iter()
        .filter(|(_, source)| source.is_enabled && source.is_fetched())
        .collect();
    if enabled.is_empty() {
        return Ok(part(
            "sources",
            State::Attention,
            "none is enabled; advisories come only from what you add",
            "`nameplate source list` shows what can be enabled",
        ));
    }
    let silent: Vec<String> = enabled
        .iter()
        .filter_map(|(id, source)| {
            let last = health.get(id).and_then(|health| health.last_good_at);
            let is_silent = last.is_none_or(|at| now.duration_since(at) > SignedDuration::from_hours(48));
            let why = health.get(id).and_then(|health| health.error()).unwrap_or("no good pull within 48 hours");
            is_silent.then(|| format!("{}: {why}", source.name))
        })
        .collect();
    Ok(if silent.is_empty() {
        part("sources", State::Well, format!("{} enabled, all heard within 48 hours", enabled.len()), "")
    } else {
        part("sources", State::Failing, silent.join("; "), "`nameplate source test NAME` shows where it stops")
    })
}

async fn runs(db: &Db, config: &Config, now: Timestamp) -> Result<Part, StoreError> {
    let schedule = schedule(config).ok().flatten();
    let zone = time_zone(config).unwrap_or(jiff::tz::TimeZone::UTC);
    let standing = standing(db, schedule.as_ref(), now).await?;
    if let Some(warning) = standing.warning(&zone) {
        return Ok(part(
            "runs",
            State::Failing,
            warning,
            "`nameplate serve` or a timer must run; `nameplate nightly` runs now",
        ));
    }
    if let Some(error) = standing.error {
        return Ok(part(
            "runs",
            State::Attention,
            format!("the last run had a step that failed: {error}"),
            "`nameplate nightly --list`",
        ));
    }
    let told = |at: Option<Timestamp>| {
        at.map_or_else(|| "never".to_owned(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string())
    };
    Ok(part(
        "runs",
        State::Well,
        format!("last {}, next {}", told(standing.last_finished_at), told(standing.next_at)),
        "",
    ))
}

async fn mail(outlets: &Outlets) -> Part {
    match &outlets.mailer {
        None => part(
            "mail",
            State::Attention,
            "not set up; rules are kept, nothing is sent",
            "set `mail_from` and `mail_relays`, or `mail_folder`",
        ),
        Some(mailer) => match mailer.test().await {
            Ok(()) => part("mail", State::Well, "every relay answers", ""),
            Err(problems) => part(
                "mail",
                State::Failing,
                problems.join("; "),
                "check `mail_relays`, the password file and the firewall",
            ),
        },
    }
}

async fn outbox(db: &Db) -> Result<Part, StoreError> {
    let (waiting, given_up) = store::outbox::count_unsent(db).await?;
    let found = format!("{} messages wait, {} were given up", thousands(waiting), thousands(given_up));
    Ok(if given_up > 0 {
        part("outbox", State::Attention, found, "`nameplate outbox list --state given_up`, then `outbox retry`")
    } else {
        part("outbox", State::Well, found, "")
    })
}

async fn clock(db: &Db, config: &Config, now: Timestamp) -> Result<Part, StoreError> {
    let zone = time_zone(config).unwrap_or(jiff::tz::TimeZone::UTC);
    let found = format!("{} ({now:.0})", now.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z"));
    Ok(match store::backup::find_newest_moment(db).await? {
        Some(newest) if newest > now + SignedDuration::from_mins(2) => part(
            "clock",
            State::Failing,
            format!("{found} is before {newest:.0}, when this database was last worked on"),
            "set the clock of this machine, or that of the one that wrote the database",
        ),
        _ => part("clock", State::Well, found, ""),
    })
}
