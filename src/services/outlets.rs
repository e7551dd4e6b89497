//! The ways out of the house, as they are configured, and sending what waits in the outbox.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::alert::SendError;
use crate::alert::mail::{Envelope, MailBody, mail};
use crate::alert::relay::{Mailer, Relay, Secrets, write_whole};
use crate::alert::webhook::Poster;
use crate::config::Config;
use crate::domain::alert::Target;
use crate::domain::outbox::{OutboxMessage, pause_after};
use crate::services::lease::{self, Taken};
use crate::services::send_alerts::Wording;
use crate::store::{self, Db, StoreError};

/// Why the ways out cannot be used as they are configured.
#[derive(Debug, Error)]
pub enum OutletError {
    #[error("{0}")]
    Relay(String),
    #[error("cannot use `{key}`: expected {expected}, found `{found}`\nhint: {hint}")]
    Key { key: &'static str, expected: &'static str, found: String, hint: &'static str },
    #[error("cannot read the file of `{key}`, `{path}`: {source}")]
    File { key: &'static str, path: PathBuf, source: std::io::Error },
}

/// Where messages go, as configured.
#[derive(Clone)]
pub struct Outlets {
    /// `None` when mail is not set up.
    pub mailer: Option<Mailer>,
    pub mail_from: String,
    pub poster: Poster,
    pub wording: Wording,
}

impl Outlets {
    /// What the configuration says. `variable` gives the value of an environment variable, for secrets.
    ///
    /// # Errors
    ///
    /// A key cannot be understood, or a file cannot be read.
    pub fn of(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Result<Outlets, OutletError> {
        let secret = |key: &'static str, file: &Option<PathBuf>, name: &str| match file {
            Some(path) => std::fs::read_to_string(path)
                .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
                .map_err(|source| OutletError::File { key, path: path.clone(), source }),
            None => Ok(variable(name).filter(|value| !value.is_empty())),
        };
        let password = secret("mail_password_file", &config.mail_password_file, "NAMEPLATE_MAIL_PASSWORD")?;
        let ca_pem = config
            .mail_ca_file
            .as_ref()
            .map(|path| {
                std::fs::read(path).map_err(|source| OutletError::File {
                    key: "mail_ca_file",
                    path: path.clone(),
                    source,
                })
            })
            .transpose()?;
        let relays = Relay::read_all(config.mail_relays.as_deref().unwrap_or_default()).map_err(OutletError::Relay)?;
        let mail_from = config.mail_from.clone().unwrap_or_default();
        let mailer = match &config.mail_folder {
            Some(folder) => Some(Mailer::Folder(folder.clone())),
            None if relays.is_empty() || mail_from.is_empty() => None,
            None => Some(Mailer::Smtp(relays, Secrets { password, ca_pem })),
        };
        let webhook_secret = secret("webhook_secret_file", &config.webhook_secret_file, "NAMEPLATE_WEBHOOK_SECRET")?;
        let hosts = config.webhook_hosts.as_deref().unwrap_or_default();
        let private_hosts =
            hosts.split(',').map(|host| host.trim().to_lowercase()).filter(|host| !host.is_empty()).collect();
        Ok(Outlets {
            mailer,
            mail_from: if mail_from.is_empty() { "nameplate@localhost".to_owned() } else { mail_from },
            poster: Poster { secret: webhook_secret.map(String::into_bytes), private_hosts },
            wording: Wording { zone: time_zone(config)?, base_url: base_url(config)? },
        })
    }
}

/// The time zone of the configuration, else the system's, else UTC.
///
/// # Errors
///
/// The name is not known.
pub fn time_zone(config: &Config) -> Result<TimeZone, OutletError> {
    match &config.time_zone {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name).map_err(|_| OutletError::Key {
            key: "time_zone",
            expected: "a time zone by its name",
            found: name.clone(),
            hint: "for example `Europe/Berlin`; the system needs its time zone files (package `tzdata`)",
        }),
    }
}

fn base_url(config: &Config) -> Result<Option<String>, OutletError> {
    let Some(url) = &config.base_url else { return Ok(None) };
    let url = url.trim_end_matches('/');
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    if !is_url || url.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"'".contains(c)) {
        return Err(OutletError::Key {
            key: "base_url",
            expected: "a URL that begins with `https://` or `http://`",
            found: url.escape_debug().to_string(),
            hint: "for example `https://nameplate.example`",
        });
    }
    Ok(Some(url.to_owned()))
}

/// What sending came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub n_sent: u64,
    /// Not taken this time; they are tried again.
    pub n_later: u64,
    pub n_given_up: u64,
    /// What went wrong, one sentence each; some at most.
    pub problems: Vec<String>,
    /// Another process is sending.
    pub is_busy: bool,
}

/// Messages that are read at a time.
const BATCH: u32 = 20;

/// Sends what waits and is due. A message whose way is not set up waits, and says so.
///
/// At least once: killed between the answer of a relay and the note that it was sent, a message is sent again, with
/// the same Message-ID. Everything else is sent once.
///
/// # Errors
///
/// The database fails.
pub async fn deliver(
    db: &Db,
    outlets: &Outlets,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Delivered, StoreError> {
    let mut done = Delivered::default();
    if store::outbox::list_due(db, clock(), 1).await?.is_empty() {
        return Ok(done);
    }
    let held = match lease::take(db, store::outbox::LEASE).await? {
        Taken::Held(held) => held,
        Taken::By(..) => return Ok(Delivered { is_busy: true, ..done }),
    };
    let result = send_due(db, outlets, held.holder(), clock, &mut done).await;
    let freed = held.give_back().await;
    result?;
    freed?;
    Ok(done)
}

async fn send_due(
    db: &Db,
    outlets: &Outlets,
    holder: &str,
    clock: &(dyn Fn() -> Timestamp + Sync),
    done: &mut Delivered,
) -> Result<(), StoreError> {
    // What fails is due later than this, so that each message is tried once.
    let now = clock();
    loop {
        let due = store::outbox::list_due(db, now, BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        for (outbox_id, message) in due {
            let at = clock();
            match send(outlets, &message, at).await {
                Ok(()) => {
                    store::outbox::save_sent(db, holder, outbox_id, clock()).await?;
                    done.n_sent += 1;
                }
                Err(e) => {
                    let pause = if e.is_final { None } else { pause_after(message.n_tries + 1) };
                    // Later than `now` in any case, or the loop would not end.
                    let try_at = pause.and_then(|pause| at.max(now).checked_add(pause).ok());
                    store::outbox::save_failure(db, outbox_id, &e.problem, try_at, at).await?;
                    if try_at.is_some() {
                        done.n_later += 1
                    } else {
                        done.n_given_up += 1
                    }
                    tracing::warn!(outbox_id, channel = message.new.channel, "a message was not taken: {}", e.problem);
                    if done.problems.len() < 5 {
                        done.problems.push(e.problem);
                    }
                }
            }
        }
    }
}

async fn send(outlets: &Outlets, message: &OutboxMessage, now: Timestamp) -> Result<(), SendError> {
    let target = Target::read(&message.new.target).map_err(SendError::lasting)?;
    match &target {
        Target::Mail(address) => {
            let Some(mailer) = &outlets.mailer else {
                return Err(SendError::passing(
                    "mail is not set up (`mail_from` with `mail_relays`, or `mail_folder`)",
                ));
            };
            let mail = as_mail(outlets, message, address).await?;
            mailer.send(&mail, &file_name(message)).await
        }
        Target::Folder(folder) => {
            let bytes = as_mail(outlets, message, &outlets.mail_from).await?.formatted();
            let (folder, name) = (PathBuf::from(folder), format!("{}.eml", file_name(message)));
            tokio::task::spawn_blocking(move || write_whole(&folder, &name, &bytes))
                .await
                .map_err(|e| SendError::passing(e.to_string()))?
        }
        Target::Webhook(url) => outlets.poster.post(url, &message.new.body, &message.new.key, now).await,
        Target::Syslog(url) => {
            let lines: Vec<String> =
                serde_json::from_str(&message.new.body).map_err(|e| SendError::lasting(e.to_string()))?;
            crate::alert::cef::send(url, &lines).await
        }
    }
}

async fn as_mail(outlets: &Outlets, message: &OutboxMessage, to: &str) -> Result<lettre::Message, SendError> {
    let body: MailBody = serde_json::from_str(&message.new.body).map_err(|e| SendError::lasting(e.to_string()))?;
    let attached = match &body.attachment {
        Some((path, ..)) => {
            let path = PathBuf::from(path);
            let read = tokio::task::spawn_blocking(move || std::fs::read(&path).map_err(|e| (path, e)));
            let read = read.await.map_err(|e| SendError::passing(e.to_string()))?;
            Some(read.map_err(|(path, e)| SendError::lasting(format!("cannot read `{}`: {e}", path.display())))?)
        }
        None => None,
    };
    let list = message.new.alert_rule_id.map_or_else(|| "report".to_owned(), |id| format!("rule-{id}"));
    let envelope = Envelope {
        from: &outlets.mail_from,
        to,
        subject: &message.new.subject,
        key: &message.new.key,
        list: &list,
        at: message.created_at,
    };
    mail(&body, &envelope, attached)
}

/// `2026-11-22T011500Z-0123456789abcdef`: sorts by time, and is the same each time the message is written.
fn file_name(message: &OutboxMessage) -> String {
    let key = message.new.key.get(..16).unwrap_or(&message.new.key);
    format!("{}-{key}", message.created_at.strftime("%Y-%m-%dT%H%M%SZ"))
}

/// Puts messages back in the queue: this one, or all that were given up. Gives their number.
///
/// # Errors
///
/// The database fails.
pub async fn retry(db: &Db, outbox_id: Option<i64>, now: Timestamp) -> Result<u64, StoreError> {
    store::outbox::save_retry(db, outbox_id, now).await
}
