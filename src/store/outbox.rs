//! Messages on their way out: written once, sent at least once, tried again with growing pauses, given up in the open.

use jiff::Timestamp;

use super::error::StoreError;
use super::text::{clean, count, digest, read_count, read_time, read_time_if_any, time};
use super::{Alone, Db, Tx, lease};
use crate::domain::outbox::{NewMessage, OutboxMessage, State};

/// The name of the lease that a process holds while it sends.
pub const LEASE: &str = "outbox";

#[derive(sqlx::FromRow)]
struct Row {
    outbox_id: i64,
    alert_rule_id: Option<i64>,
    channel: String,
    target: String,
    subject: String,
    body: String,
    n_items: i64,
    published_at: Option<String>,
    first_seen_at: Option<String>,
    created_at: String,
    try_at: String,
    n_tries: i64,
    sent_at: Option<String>,
    gave_up_at: Option<String>,
    error: Option<String>,
    message_digest: String,
}

macro_rules! select_outbox {
    ($tail:literal) => {
        concat!(
            "select outbox_id, alert_rule_id, channel, target, subject, body, n_items, published_at, first_seen_at, \
             created_at, try_at, n_tries, sent_at, gave_up_at, error, message_digest from outbox ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self) -> Result<(i64, OutboxMessage), StoreError> {
        let message = OutboxMessage {
            new: NewMessage {
                key: self.message_digest,
                alert_rule_id: self.alert_rule_id,
                channel: self.channel,
                target: self.target,
                subject: self.subject,
                body: self.body,
                n_items: read_count(self.n_items),
                published_at: read_time_if_any("outbox.published_at", self.published_at.as_deref())?,
                first_seen_at: read_time_if_any("outbox.first_seen_at", self.first_seen_at.as_deref())?,
            },
            created_at: read_time("outbox.created_at", &self.created_at)?,
            try_at: read_time("outbox.try_at", &self.try_at)?,
            n_tries: read_count(self.n_tries),
            sent_at: read_time_if_any("outbox.sent_at", self.sent_at.as_deref())?,
            gave_up_at: read_time_if_any("outbox.gave_up_at", self.gave_up_at.as_deref())?,
            error: self.error,
        };
        Ok((self.outbox_id, message))
    }
}

/// Writes a message as a part of a transaction. False when one with the same key was written before.
pub(super) async fn save_message_in(tx: &mut Tx, message: &NewMessage, now: Timestamp) -> Result<bool, StoreError> {
    let n = sql!(tx tx, exec (),
        "insert into outbox (message_digest, alert_rule_id, channel, target, subject, body, n_items, published_at, \
            first_seen_at, created_at, try_at, n_tries) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 0) on conflict (message_digest) do nothing",
        digest(&[&message.key]), message.alert_rule_id, &message.channel, clean(&message.target).as_ref(),
        clean(&message.subject).as_ref(), clean(&message.body).as_ref(), count(message.n_items),
        message.published_at.map(time), message.first_seen_at.map(time), time(now))?;
    Ok(n == 1)
}

/// Writes a message. False when one with the same key was written before.
pub async fn save_message(db: &Db, message: &NewMessage, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    let is_new = save_message_in(&mut tx, message, now).await?;
    tx.commit().await?;
    Ok(is_new)
}

/// At most `limit` messages whose time to be tried has come, the oldest first.
pub async fn list_due(db: &Db, now: Timestamp, limit: u32) -> Result<Vec<(i64, OutboxMessage)>, StoreError> {
    sql!(db, all Row, select_outbox!(
        "where sent_at is null and gave_up_at is null and try_at <= $1 order by try_at, outbox_id limit $2"),
        time(now), i64::from(limit))?
    .into_iter()
    .map(Row::into_domain)
    .collect()
}

/// At most `limit` messages, the latest first: those in this state, or all.
pub async fn list_outbox(db: &Db, state: Option<State>, limit: u32) -> Result<Vec<(i64, OutboxMessage)>, StoreError> {
    let limit = i64::from(limit);
    let rows = match state {
        None => sql!(db, all Row, select_outbox!("order by outbox_id desc limit $1"), limit)?,
        Some(State::Waiting) => sql!(db, all Row,
            select_outbox!("where sent_at is null and gave_up_at is null order by outbox_id desc limit $1"), limit)?,
        Some(State::Sent) => {
            sql!(db, all Row, select_outbox!("where sent_at is not null order by outbox_id desc limit $1"), limit)?
        }
        Some(State::GivenUp) => {
            sql!(db, all Row, select_outbox!("where gave_up_at is not null order by outbox_id desc limit $1"), limit)?
        }
    };
    rows.into_iter().map(Row::into_domain).collect()
}

/// How many messages wait, and how many were given up.
pub async fn count_unsent(db: &Db) -> Result<(u64, u64), StoreError> {
    let (waiting, given_up) = sql!(
        db,
        opt(i64, i64),
        "select cast(coalesce(sum(case when gave_up_at is null then 1 else 0 end), 0) as bigint), \
            cast(coalesce(sum(case when gave_up_at is null then 0 else 1 end), 0) as bigint) \
         from outbox where sent_at is null"
    )?
    .unwrap_or((0, 0));
    Ok((read_count(waiting), read_count(given_up)))
}

/// Marks a message as sent. `holder` must hold the lease [`LEASE`].
///
/// # Errors
///
/// `Conflict` when the lease was lost.
pub async fn save_sent(db: &Db, holder: &str, outbox_id: i64, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Alerts).await?;
    lease::hold(&mut tx, LEASE, holder).await?;
    sql!(tx &mut tx, exec (),
        "update outbox set sent_at = $2, error = null, n_tries = n_tries + 1 where outbox_id = $1 and sent_at is null",
        outbox_id, time(now))?;
    tx.commit().await
}

/// Keeps why a message could not be sent, and when it is tried again: at `try_at`, or never when that is `None`.
pub async fn save_failure(
    db: &Db,
    outbox_id: i64,
    error: &str,
    try_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match try_at {
        Some(at) => sql!(
            db,
            exec(),
            "update outbox set n_tries = n_tries + 1, error = $2, try_at = $3 where outbox_id = $1 and sent_at is null",
            outbox_id,
            clean(error).as_ref(),
            time(at)
        )?,
        None => sql!(
            db,
            exec(),
            "update outbox set n_tries = n_tries + 1, error = $2, gave_up_at = $3 where outbox_id = $1 and sent_at is null",
            outbox_id,
            clean(error).as_ref(),
            time(now)
        )?,
    };
    Ok(())
}

/// Puts messages back in the queue, to be tried at once: this one, or all that were given up. Gives their number.
pub async fn save_retry(db: &Db, outbox_id: Option<i64>, now: Timestamp) -> Result<u64, StoreError> {
    Ok(match outbox_id {
        Some(id) => sql!(
            db,
            exec(),
            "update outbox set gave_up_at = null, try_at = $2, n_tries = 0 where outbox_id = $1 and sent_at is null",
            id,
            time(now)
        )?,
        None => sql!(
            db,
            exec(),
            "update outbox set gave_up_at = null, try_at = $1, n_tries = 0 where gave_up_at is not null",
            time(now)
        )?,
    })
}

/// Removes messages that were sent before this moment. Gives their number.
pub async fn delete_sent_before(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    Ok(sql!(db, exec(), "delete from outbox where sent_at < $1", time(before))?)
}
