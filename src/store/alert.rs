//! Alert rules, their recipients, and up to where each rule has told what changed.

use jiff::Timestamp;

use super::error::StoreError;
use super::outbox::save_message_in;
use super::text::{clean, digest, json, read_json, read_time, read_time_if_any, time};
use super::{Alone, Db};
use crate::domain::alert::{AlertEvent, AlertRule, Rhythm, Target};
use crate::domain::outbox::NewMessage;
use crate::domain::priority::Severity;

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRule {
    pub alert_rule_id: i64,
    pub rule: AlertRule,
    pub created_at: Timestamp,
    pub created_by: String,
    /// Changes up to this run are told.
    pub seen_rescan_id: i64,
    /// When that was decided last.
    pub seen_at: Timestamp,
    pub last_message_at: Option<Timestamp>,
    /// By target; those that stopped their messages are among them.
    pub recipients: Vec<Recipient>,
}

/// Where the messages of a rule go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub alert_recipient_id: i64,
    pub target: Target,
    /// Whoever has it can stop the messages to this recipient, and nothing else.
    pub token: String,
    pub stopped_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    alert_rule_id: i64,
    name: String,
    filter: String,
    severity: Option<String>,
    events: String,
    rhythm: String,
    is_enabled: bool,
    is_counts_only: bool,
    has_sign_of_life: bool,
    created_at: String,
    created_by: String,
    seen_rescan_id: i64,
    seen_at: String,
    last_message_at: Option<String>,
}

macro_rules! select_rule {
    ($tail:literal) => {
        concat!(
            "select alert_rule_id, name, filter, severity, events, rhythm, is_enabled, is_counts_only, \
             has_sign_of_life, created_at, created_by, seen_rescan_id, seen_at, last_message_at from alert_rule \
             where removed_at is null ",
            $tail
        )
    };
}

/// The severities that a rule can ask for, least first.
pub const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

impl Row {
    async fn into_domain(self, db: &Db) -> Result<StoredRule, StoreError> {
        let damaged =
            |column, found: &str| StoreError::Damaged { column, expected: "a known word", found: found.to_owned() };
        let events: Vec<String> = read_json("alert_rule.events", &self.events)?;
        let events = events
            .iter()
            .map(|word| AlertEvent::from_word(word).ok_or_else(|| damaged("alert_rule.events", word)))
            .collect::<Result<_, _>>()?;
        let severity = self
            .severity
            .map(|word| {
                SEVERITIES.into_iter().find(|s| s.word() == word).ok_or_else(|| damaged("alert_rule.severity", &word))
            })
            .transpose()?;
        Ok(StoredRule {
            alert_rule_id: self.alert_rule_id,
            rule: AlertRule {
                name: self.name,
                filter: self.filter,
                severity,
                events,
                rhythm: Rhythm::from_word(&self.rhythm).ok_or_else(|| damaged("alert_rule.rhythm", &self.rhythm))?,
                is_counts_only: self.is_counts_only,
                has_sign_of_life: self.has_sign_of_life,
                is_enabled: self.is_enabled,
            },
            created_at: read_time("alert_rule.created_at", &self.created_at)?,
            created_by: self.created_by,
            seen_rescan_id: self.seen_rescan_id,
            seen_at: read_time("alert_rule.seen_at", &self.seen_at)?,
            last_message_at: read_time_if_any("alert_rule.last_message_at", self.last_message_at.as_deref())?,
            recipients: list_recipients(db, self.alert_rule_id).await?,
        })
    }
}

async fn list_recipients(db: &Db, alert_rule_id: i64) -> Result<Vec<Recipient>, StoreError> {
    let rows = sql!(
        db,
        all(i64, String, String, Option<String>),
        "select alert_recipient_id, target, token, stopped_at from alert_recipient where alert_rule_id = $1 \
         order by target, alert_recipient_id",
        alert_rule_id
    )?;
    rows.into_iter()
        .map(|(alert_recipient_id, target, token, stopped_at)| {
            let target = Target::read(&target).map_err(|_| StoreError::Damaged {
                column: "alert_recipient.target",
                expected: "an address or a URL",
                found: target,
            })?;
            let stopped_at = read_time_if_any("alert_recipient.stopped_at", stopped_at.as_deref())?;
            Ok(Recipient { alert_recipient_id, target, token, stopped_at })
        })
        .collect()
}

/// All rules, by name.
pub async fn list_rules(db: &Db) -> Result<Vec<StoredRule>, StoreError> {
    let rows = sql!(db, all Row, select_rule!("order by name, alert_rule_id"))?;
    let mut rules = Vec::with_capacity(rows.len());
    for row in rows {
        rules.push(row.into_domain(db).await?);
    }
    Ok(rules)
}

/// The rule with this number.
pub async fn find_rule(db: &Db, alert_rule_id: i64) -> Result<Option<StoredRule>, StoreError> {
    match sql!(db, opt Row, select_rule!("and alert_rule_id = $1"), alert_rule_id)? {
        Some(row) => Ok(Some(row.into_domain(db).await?)),
        None => Ok(None),
    }
}

/// Adds a rule with its recipients and their tokens. Changes up to the run `seen_rescan_id` are not told. Gives its
/// number.
///
/// # Errors
///
/// `Conflict` when a rule of this name is there.
pub async fn save_rule(
    db: &Db,
    rule: &AlertRule,
    recipients: &[(Target, String)],
    created_by: &str,
    seen_rescan_id: i64,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    let name = clean(&rule.name);
    let id = sql!(tx &mut tx, val i64,
        "insert into alert_rule (name_digest, name, filter, severity, events, rhythm, is_enabled, is_counts_only, \
            has_sign_of_life, created_at, created_by, seen_rescan_id, seen_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $10) returning alert_rule_id",
        digest(&[name.as_ref()]), name.as_ref(), clean(&rule.filter).as_ref(), rule.severity.map(Severity::word),
        json(&rule.events.iter().map(|event| event.word()).collect::<Vec<_>>()), rule.rhythm.word(), rule.is_enabled,
        rule.is_counts_only, rule.has_sign_of_life, time(now), clean(created_by).as_ref(), seen_rescan_id)?;
    for (target, token) in recipients {
        let text = target.text();
        sql!(tx &mut tx, exec (),
            "insert into alert_recipient (alert_rule_id, target_digest, target, token_digest, token) \
             values ($1, $2, $3, $4, $5) on conflict do nothing",
            id, digest(&[&text]), text.as_str(), digest(&[token]), token.as_str())?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Turns a rule on or off. One that is turned on tells what changes from the run `seen_rescan_id` on. False when there
/// is no such rule.
pub async fn save_enabled(
    db: &Db,
    alert_rule_id: i64,
    is_enabled: bool,
    seen_rescan_id: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update alert_rule set seen_rescan_id = case when is_enabled then seen_rescan_id else $3 end, \
            seen_at = case when is_enabled then seen_at else $4 end, is_enabled = $2 \
         where alert_rule_id = $1 and removed_at is null",
        alert_rule_id,
        is_enabled,
        seen_rescan_id,
        time(now)
    )?;
    Ok(n == 1)
}

/// Removes a rule; messages that were sent still name it. What waits in the outbox is taken back. False when there is
/// no such rule.
pub async fn delete_rule(db: &Db, alert_rule_id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    let n = sql!(tx &mut tx, exec (),
        "update alert_rule set removed_at = $2, is_enabled = false where alert_rule_id = $1 and removed_at is null",
        alert_rule_id, time(now))?;
    sql!(tx &mut tx, exec (), "delete from outbox where alert_rule_id = $1 and sent_at is null", alert_rule_id)?;
    tx.commit().await?;
    Ok(n == 1)
}

/// The rule and the recipient that a token belongs to, as (name of the rule, target, whether it is stopped already).
pub async fn find_token(db: &Db, token: &str) -> Result<Option<(String, Target, bool)>, StoreError> {
    let row = sql!(
        db,
        opt(String, String, Option<String>),
        "select r.name, p.target, p.stopped_at from alert_recipient p \
         join alert_rule r on r.alert_rule_id = p.alert_rule_id where p.token_digest = $1",
        digest(&[token])
    )?;
    Ok(row.and_then(|(name, target, stopped)| Some((name, Target::read(&target).ok()?, stopped.is_some()))))
}

/// Stops the messages to the recipient of this token, and takes back what waits for it. False when there is none.
pub async fn save_stopped(db: &Db, token: &str, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    let row = sql!(tx &mut tx, opt (i64, String),
        "update alert_recipient set stopped_at = coalesce(stopped_at, $2) where token_digest = $1 \
         returning alert_rule_id, target",
        digest(&[token]), time(now))?;
    if let Some((alert_rule_id, target)) = &row {
        sql!(tx &mut tx, exec (),
            "delete from outbox where alert_rule_id = $1 and target = $2 and sent_at is null",
            *alert_rule_id, target.as_str())?;
    }
    tx.commit().await?;
    Ok(row.is_some())
}

/// Lets the messages to this recipient flow again. False when there is none.
pub async fn save_started(db: &Db, alert_rule_id: i64, target: &Target) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "update alert_recipient set stopped_at = null where alert_rule_id = $1 and target_digest = $2",
        alert_rule_id,
        digest(&[target.text()])
    )?;
    Ok(n == 1)
}

/// Whether this rule has told this notice before.
pub async fn has_told(db: &Db, alert_rule_id: i64, notice: &str) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        val i64,
        "select count(*) from alert_notice where alert_rule_id = $1 and notice_digest = $2",
        alert_rule_id,
        digest(&[notice])
    )?;
    Ok(n > 0)
}

/// What a rule tells, and up to where it has told then.
pub struct Told {
    pub alert_rule_id: i64,
    /// The run up to which the rule had told before; another value means that another process was faster.
    pub was_seen_rescan_id: i64,
    pub seen_rescan_id: i64,
    /// Missed runs and silent sources that are told now.
    pub notices: Vec<String>,
    /// One a recipient; none when nothing is worth telling.
    pub messages: Vec<NewMessage>,
}

/// Writes the messages of a rule to the outbox and marks the changes as told, both or neither. False when another
/// process was faster; nothing is written then.
pub async fn save_told(db: &Db, told: &Told, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    let n = sql!(tx &mut tx, exec (),
        "update alert_rule set seen_rescan_id = $3, seen_at = $4, \
            last_message_at = case when $5 then $4 else last_message_at end \
         where alert_rule_id = $1 and seen_rescan_id = $2 and removed_at is null",
        told.alert_rule_id, told.was_seen_rescan_id, told.seen_rescan_id, time(now), !told.messages.is_empty())?;
    if n == 0 {
        return Ok(false);
    }
    for notice in &told.notices {
        sql!(tx &mut tx, exec (),
            "insert into alert_notice (alert_rule_id, notice_digest, told_at) values ($1, $2, $3) on conflict do nothing",
            told.alert_rule_id, digest(&[notice]), time(now))?;
    }
    for message in &told.messages {
        save_message_in(&mut tx, message, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}
