//! Alert rules: adding, turning on and off, removing, stopping one recipient, confirming another matcher.

use std::fmt::Write;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

use crate::domain::alert::{AlertRule, MAX_NAME, Target};
use crate::domain::audit::Act;
use crate::domain::filter::{Filter, FilterProblem, FilterWord};
use crate::services::note_act::{Deed, note};
use crate::store::alert::StoredRule;
use crate::store::{self, Db, StoreError};

/// Why a rule is not as it was asked for.
#[derive(Debug, Error)]
pub enum AlertError {
    #[error("cannot save the alert: expected a name of 1 to {MAX_NAME} characters on one line, found {found}")]
    Name { found: String },
    #[error("{0}")]
    Recipient(String),
    #[error("cannot save the alert `{0}`: expected at least one recipient\nhint: name one with --to")]
    NoRecipient(String),
    #[error("cannot save the alert `{0}`: expected at least one event")]
    NoEvent(String),
    #[error("cannot save the alert: another one is called `{0}`\nhint: delete or rename that one first")]
    Taken(String),
    #[error(transparent)]
    Filter(#[from] FilterProblem),
    #[error(
        "cannot alert by `{0}`: it says where an exposure stands, and an alert tells what changes\nhint: leave the word out"
    )]
    Word(&'static str),
    #[error("cannot find the alert {0}\nhint: `nameplate alert list` shows them")]
    Unknown(i64),
    #[error("cannot save the alert: the system gives no random numbers")]
    NoRandom,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the filter of a rule.
///
/// # Errors
///
/// A word or value is not known, or is none that an alert can go by.
pub fn rule_filter(words: &str) -> Result<Filter, AlertError> {
    let filter = Filter::parse(words)?;
    for word in [FilterWord::Status, FilterWord::Standing] {
        if filter.words().any(|asked| asked == word) {
            return Err(AlertError::Word(word.word()));
        }
    }
    Ok(filter)
}

/// Checks a rule without saving it; gives it with its filter in the usual spelling.
///
/// # Errors
///
/// As [`add_rule`].
pub fn check_rule(rule: &AlertRule) -> Result<AlertRule, AlertError> {
    let name = rule.name.trim();
    let n = name.chars().count();
    if n == 0 || n > MAX_NAME || name.chars().any(char::is_control) {
        let found = if n > MAX_NAME { format!("{n} characters") } else { format!("`{}`", name.escape_debug()) };
        return Err(AlertError::Name { found });
    }
    if rule.events.is_empty() {
        return Err(AlertError::NoEvent(name.to_owned()));
    }
    Ok(AlertRule { name: name.to_owned(), filter: rule_filter(&rule.filter)?.to_string(), ..rule.clone() })
}

/// Adds a rule. It tells what changes from the last run on. Gives its number.
///
/// # Errors
///
/// The rule is not sound, a recipient is none, another rule has the name, or the database fails.
pub async fn add_rule(
    db: &Db,
    rule: &AlertRule,
    recipients: &[String],
    created_by: &str,
    now: Timestamp,
) -> Result<i64, AlertError> {
    let rule = check_rule(rule)?;
    let targets = recipients
        .iter()
        .map(|text| Target::read(text))
        .collect::<Result<Vec<_>, _>>()
        .map_err(AlertError::Recipient)?;
    if targets.is_empty() {
        return Err(AlertError::NoRecipient(rule.name));
    }
    let recipients: Vec<(Target, String)> =
        targets.into_iter().map(|target| Ok((target, token()?))).collect::<Result<_, AlertError>>()?;
    let seen = store::change::find_latest_rescan_id(db).await?.unwrap_or(0);
    let id = match store::alert::save_rule(db, &rule, &recipients, created_by, seen, now).await {
        Ok(id) => id,
        Err(StoreError::Conflict(_)) => return Err(AlertError::Taken(rule.name)),
        Err(e) => return Err(e.into()),
    };
    let targets: Vec<&Target> = recipients.iter().map(|(target, _)| target).collect();
    let deed = Deed::new(created_by, Act::ChangeAlert, format!("alert {} added", rule.name));
    note(db, deed.changing("", in_words(&rule, &targets)), now).await?;
    Ok(id)
}

/// A rule, for the audit.
fn in_words(rule: &AlertRule, targets: &[&Target]) -> String {
    let events: Vec<&str> = rule.events.iter().map(|event| event.word()).collect();
    let to: Vec<String> = targets.iter().map(|target| target.shown()).collect();
    let filter = if rule.filter.is_empty() { "everything" } else { &rule.filter };
    format!("{filter}, on {}, {}, to {}", events.join(" and "), rule.rhythm.word(), to.join(" and "))
}

/// The rule of this number.
async fn rule_of(db: &Db, alert_rule_id: i64) -> Result<StoredRule, AlertError> {
    store::alert::find_rule(db, alert_rule_id).await?.ok_or(AlertError::Unknown(alert_rule_id))
}

/// Turns a rule on or off.
///
/// # Errors
///
/// There is no such rule, or the database fails.
pub async fn set_enabled(
    db: &Db,
    alert_rule_id: i64,
    is_enabled: bool,
    who: &str,
    now: Timestamp,
) -> Result<(), AlertError> {
    let rule = rule_of(db, alert_rule_id).await?.rule;
    let seen = store::change::find_latest_rescan_id(db).await?.unwrap_or(0);
    if !store::alert::save_enabled(db, alert_rule_id, is_enabled, seen, now).await? {
        return Err(AlertError::Unknown(alert_rule_id));
    }
    if rule.is_enabled != is_enabled {
        let told = |is_enabled| if is_enabled { "on" } else { "off" };
        let deed = Deed::new(who, Act::ChangeAlert, format!("alert {} turned {}", rule.name, told(is_enabled)));
        note(db, deed.changing(told(rule.is_enabled), told(is_enabled)), now).await?;
    }
    Ok(())
}

/// Removes a rule.
///
/// # Errors
///
/// There is no such rule, or the database fails.
pub async fn remove_rule(db: &Db, alert_rule_id: i64, who: &str, now: Timestamp) -> Result<(), AlertError> {
    let stored = rule_of(db, alert_rule_id).await?;
    if !store::alert::delete_rule(db, alert_rule_id, now).await? {
        return Err(AlertError::Unknown(alert_rule_id));
    }
    let targets: Vec<&Target> = stored.recipients.iter().map(|recipient| &recipient.target).collect();
    let deed = Deed::new(who, Act::ChangeAlert, format!("alert {} removed", stored.rule.name));
    Ok(note(db, deed.changing(in_words(&stored.rule, &targets), ""), now).await?)
}

/// Stops the messages to the recipient who has this token. False when nobody has it.
///
/// # Errors
///
/// The database fails.
pub async fn stop_recipient(db: &Db, token: &str, now: Timestamp) -> Result<bool, StoreError> {
    let known = store::alert::find_token(db, token).await?;
    let is_stopped = store::alert::save_stopped(db, token, now).await?;
    if let Some((name, target, false)) = known.filter(|_| is_stopped) {
        let (target, what) = (target.shown(), format!("messages of the alert {name} to {} stopped", target.shown()));
        note(db, Deed::new(&target, Act::ChangeAlert, what).changing("sent", "stopped"), now).await?;
    }
    Ok(is_stopped)
}

/// Lets messages flow again to a recipient who stopped them.
///
/// # Errors
///
/// The target is none, the rule has no such recipient, or the database fails.
pub async fn start_recipient(
    db: &Db,
    alert_rule_id: i64,
    target: &str,
    who: &str,
    now: Timestamp,
) -> Result<(), AlertError> {
    let target = Target::read(target).map_err(AlertError::Recipient)?;
    let name = rule_of(db, alert_rule_id).await?.rule.name;
    if !store::alert::save_started(db, alert_rule_id, &target).await? {
        return Err(AlertError::Unknown(alert_rule_id));
    }
    let what = format!("messages of the alert {name} to {} sent again", target.shown());
    Ok(note(db, Deed::new(who, Act::ChangeAlert, what).changing("stopped", "sent"), now).await?)
}

/// 128 random bits as hexadecimal digits.
fn token() -> Result<String, AlertError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| AlertError::NoRandom)?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The version of the matcher whose answers are told; others are held.
const CONFIRMED: &str = "alert.confirmed_matcher";
/// Stretches whose changes by another matcher are held: `after-up_to`, with commas between.
const HELD: &str = "alert.held";

/// What waits for a confirmation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The version that judged last.
    pub matcher_version: String,
    pub is_confirmed: bool,
    /// (after, up to) by the numbers of the runs.
    pub stretches: Vec<(i64, i64)>,
}

/// What waits for a confirmation. The version of the first run is confirmed by itself.
///
/// # Errors
///
/// The database fails.
pub async fn held(db: &Db, now: Timestamp) -> Result<Held, StoreError> {
    let Some((_, rescan)) = store::rescan::find_rescan_at(db, Timestamp::MAX).await? else {
        return Ok(Held { is_confirmed: true, ..Held::default() });
    };
    let confirmed = match store::setting::find_setting(db, CONFIRMED).await? {
        Some(version) => version,
        None => {
            store::setting::save_setting(db, CONFIRMED, &rescan.matcher_version, now).await?;
            rescan.matcher_version.clone()
        }
    };
    let stretches = store::setting::find_setting(db, HELD).await?.unwrap_or_default();
    let stretches = stretches
        .split(',')
        .filter_map(|pair| pair.split_once('-'))
        .filter_map(|(after, up_to)| Some((after.parse().ok()?, up_to.parse().ok()?)))
        .collect();
    Ok(Held { is_confirmed: confirmed == rescan.matcher_version, matcher_version: rescan.matcher_version, stretches })
}

/// Remembers that what these runs changed by another matcher is held; as (run before, run).
///
/// # Errors
///
/// The database fails.
pub async fn hold(db: &Db, runs: &[(i64, i64)], now: Timestamp) -> Result<(), StoreError> {
    let mut all = held(db, now).await?.stretches;
    let n_before = all.len();
    for run in runs {
        if !all.contains(run) {
            all.push(*run);
        }
    }
    if all.len() > n_before {
        let words: Vec<String> = all.iter().map(|(after, up_to)| format!("{after}-{up_to}")).collect();
        store::setting::save_setting(db, HELD, &words.join(","), now).await?;
    }
    Ok(())
}

/// Confirms what the matcher of the last run judges differently: the next run tells it.
///
/// # Errors
///
/// The database fails.
pub async fn confirm_matcher(db: &Db, who: &str, now: Timestamp) -> Result<Held, StoreError> {
    let held = held(db, now).await?;
    let before = store::setting::find_setting(db, CONFIRMED).await?.unwrap_or_default();
    store::setting::save_setting(db, CONFIRMED, &held.matcher_version, now).await?;
    let what = format!("answers of the matcher {} confirmed for alerts", held.matcher_version);
    let deed = Deed::new(who, Act::ChangeAlert, what).changing(before, held.matcher_version.clone());
    note(db, deed, now).await?;
    Ok(held)
}

/// Forgets the stretches that were told since.
///
/// # Errors
///
/// The database fails.
pub async fn forget_held(db: &Db) -> Result<(), StoreError> {
    store::setting::delete_setting(db, HELD).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{AlertEvent, Rhythm};

    fn rule(name: &str, filter: &str) -> AlertRule {
        AlertRule {
            name: name.to_owned(),
            filter: filter.to_owned(),
            severity: None,
            events: AlertEvent::USUAL.to_vec(),
            rhythm: Rhythm::Run,
            is_counts_only: false,
            has_sign_of_life: true,
            is_enabled: true,
        }
    }

    #[test]
    fn a_rule_that_is_not_sound_is_refused_in_words() {
        for (name, filter, part) in [
            ("", "", "expected a name"),
            ("a\r\nBcc: b", "", "on one line"),
            ("x", "color=red", "found the word `color`"),
            ("x", "status=open", "cannot alert by `status`"),
            ("x", "standing=affected", "cannot alert by `standing`"),
        ] {
            let message = check_rule(&rule(name, filter)).unwrap_err().to_string();
            assert!(message.contains(part), "{name:?} {filter}: {message}");
        }
        assert!(check_rule(&rule(&"x".repeat(101), "")).is_err());
        assert_eq!(check_rule(&rule(" Riverside ", "site=riverside&kev=1")).unwrap().filter, "site=riverside&kev=yes");
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(token().unwrap(), token().unwrap());
        assert_eq!(token().unwrap().len(), 32);
    }
}
