//! Who hears of what the last runs changed: each rule tells each change once, into the outbox.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::alert::mail::MailBody;
use crate::alert::message::{Message, Setting, message};
use crate::alert::{cef, webhook};
use crate::domain::alert::{AlertDigest, AlertEvent, Rhythm, Target};
use crate::domain::change::Stretch;
use crate::domain::filter::Filter;
use crate::domain::outbox::NewMessage;
use crate::domain::schedule::Schedule;
use crate::services::alert_digest::{Asked, Listener, digests};
use crate::services::edit_alerts::{AlertError, Held, forget_held, held, hold, rule_filter};
use crate::store::alert::{Recipient, StoredRule, Told};
use crate::store::{self, Db, StoreError};

/// How messages are worded.
#[derive(Clone, Debug)]
pub struct Wording {
    /// Times are told in it, and digests are due by it.
    pub zone: TimeZone,
    /// Where the pages are, without a slash at the end.
    pub base_url: Option<String>,
}

/// What telling came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertRun {
    /// Rules that are on.
    pub n_rules: u64,
    pub n_messages: u64,
    /// Items over all messages.
    pub n_items: u64,
    /// Changes that wait for a confirmation of the matcher.
    pub n_held: u64,
}

/// How long a source may be silent before rules tell it.
const SILENCE: SignedDuration = SignedDuration::from_hours(48);

/// How long a rule may be silent before it gives a sign of life: a week, less the time that a run may come early.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 - 6);

/// Lets every rule that is due tell what changed since it told last, and writes the messages to the outbox.
///
/// Killed at any moment, no change is lost and none is told twice: the messages of a rule are written in the
/// transaction that marks its changes as told.
///
/// # Errors
///
/// The database fails.
pub async fn send_alerts(db: &Db, wording: &Wording, now: Timestamp) -> Result<AlertRun, StoreError> {
    let mut run = AlertRun::default();
    let rules: Vec<StoredRule> =
        store::alert::list_rules(db).await?.into_iter().filter(|stored| stored.rule.is_enabled).collect();
    run.n_rules = rules.len() as u64;
    let latest = store::change::find_latest_rescan_id(db).await?.unwrap_or(0);
    let of_matcher = held(db, now).await?;
    // Rules that told up to the same run ask the same question.
    let mut by_stretch: BTreeMap<i64, Vec<&StoredRule>> = BTreeMap::new();
    for stored in rules.iter().filter(|stored| is_due(stored, wording, now)) {
        by_stretch.entry(stored.seen_rescan_id).or_default().push(stored);
    }
    for (seen, stored) in &by_stretch {
        let listeners: Vec<Listener<'_>> = stored.iter().filter_map(|stored| listener(stored)).collect();
        let stored: Vec<&&StoredRule> =
            stored.iter().filter(|stored| rule_filter(&stored.rule.filter).is_ok()).collect();
        let mut told = if latest > 0 {
            let stretch = store::change::find_stretch(db, *seen, latest).await?;
            let asked = Asked { stretch, now, holds_matcher: !of_matcher.is_confirmed, is_release: false };
            digests(db, &listeners, &asked).await?
        } else {
            stored
                .iter()
                .map(|stored| AlertDigest { rule: stored.rule.name.clone(), ..AlertDigest::default() })
                .collect()
        };
        let mut released: Vec<Vec<String>> = vec![Vec::new(); told.len()];
        if of_matcher.is_confirmed {
            release(db, &of_matcher, &listeners, &stored, &mut told, &mut released, now).await?;
        } else if told.iter().any(|digest| digest.n_held > 0) {
            let stretch = store::change::find_stretch(db, *seen, latest).await?;
            hold(db, &store::change::list_matcher_runs(db, &stretch).await?, now).await?;
        }
        for ((stored, mut digest), mut notices) in stored.into_iter().zip(told).zip(released) {
            notices.extend(add_notices(db, stored, &mut digest, wording, now).await?);
            let is_silent_for_long = now.duration_since(stored.last_message_at.unwrap_or(stored.created_at)) >= WEEK;
            digest.is_sign_of_life = digest.n_items() == 0 && stored.rule.has_sign_of_life && is_silent_for_long;
            run.n_held += digest.n_held;
            let messages = if digest.n_items() > 0 || digest.is_sign_of_life {
                let key = format!("rule {} from {seen} to {latest} at {}", stored.alert_rule_id, stored.seen_at);
                messages(stored, &digest, &key, wording, now)
            } else {
                Vec::new()
            };
            run.n_messages += messages.len() as u64;
            run.n_items += if messages.is_empty() { 0 } else { digest.n_items() };
            let done = Told {
                alert_rule_id: stored.alert_rule_id,
                was_seen_rescan_id: *seen,
                seen_rescan_id: latest,
                notices,
                messages,
            };
            store::alert::save_told(db, &done, now).await?;
        }
    }
    // A digest that is not due yet must still tell what was released.
    if of_matcher.is_confirmed
        && !of_matcher.stretches.is_empty()
        && by_stretch.values().map(Vec::len).sum::<usize>() == rules.len()
    {
        forget_held(db).await?;
    }
    Ok(run)
}

fn is_due(stored: &StoredRule, wording: &Wording, now: Timestamp) -> bool {
    match stored.rule.rhythm.cron() {
        None => true,
        Some(cron) => Schedule::read(cron, wording.zone.clone())
            .ok()
            .and_then(|schedule| schedule.due(stored.seen_at, now))
            .is_some(),
    }
}

/// A rule whose filter cannot be read any more tells nothing, and says so in the log.
fn listener(stored: &StoredRule) -> Option<Listener<'_>> {
    match rule_filter(&stored.rule.filter) {
        Ok(filter) => Some(Listener { rule: &stored.rule, filter, exploited_after: stored.seen_at }),
        Err(e) => {
            tracing::error!("the alert rule `{}` tells nothing: {e}", stored.rule.name);
            None
        }
    }
}

/// Adds what was held and is confirmed now, once a rule.
async fn release(
    db: &Db,
    of_matcher: &Held,
    listeners: &[Listener<'_>],
    stored: &[&&StoredRule],
    told: &mut [AlertDigest],
    released: &mut [Vec<String>],
    now: Timestamp,
) -> Result<(), StoreError> {
    for (after, up_to) in &of_matcher.stretches {
        let stretch = store::change::find_stretch(db, *after, *up_to).await?;
        let asked = Asked { stretch, now, holds_matcher: false, is_release: true };
        let notice = format!("held {after}-{up_to}");
        for (at, digest) in digests(db, listeners, &asked).await?.into_iter().enumerate() {
            // A rule that has not come to the stretch will tell it with the rest; a younger one never heard of it.
            let is_concerned = stored[at].seen_rescan_id >= *up_to && stored[at].created_at <= stretch.until;
            if !is_concerned || store::alert::has_told(db, stored[at].alert_rule_id, &notice).await? {
                continue;
            }
            told[at].add_counts(digest);
            released[at].push(notice.clone());
        }
    }
    Ok(())
}

/// Adds missed runs and silent sources that the rule has not told before; gives what to remember of them.
async fn add_notices(
    db: &Db,
    stored: &StoredRule,
    digest: &mut AlertDigest,
    wording: &Wording,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<(AlertEvent, String, String)> = Vec::new();
    if stored.rule.events.contains(&AlertEvent::RunMissed) {
        for (run_id, run) in store::nightly::list_nightly_runs(db, 10).await? {
            if run.n_missed > 0 && run.started_at > stored.created_at {
                let at = run.started_at.to_zoned(wording.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
                let nights =
                    if run.n_missed == 1 { "1 run was".to_owned() } else { format!("{} runs were", run.n_missed) };
                let sentence = format!("{nights} missed before {at}; that run made up for it");
                found.push((AlertEvent::RunMissed, format!("missed before run {run_id}"), sentence));
            }
        }
    }
    if stored.rule.events.contains(&AlertEvent::SourceSilent) {
        let health: BTreeMap<i64, _> = store::source::list_source_health(db).await?.into_iter().collect();
        for (source_id, source) in store::source::list_sources(db).await? {
            let last_good = health.get(&source_id).and_then(|health| health.last_good_at);
            let since = last_good.unwrap_or(source.added_at);
            let silent = now.duration_since(since);
            if source.is_enabled && source.is_fetched() && silent >= SILENCE {
                let why = health.get(&source_id).and_then(|health| health.error()).map(|e| format!(": {e}"));
                let sentence = match last_good {
                    Some(at) => format!(
                        "{}: no good pull for {} days, the last was on {}{}",
                        source.title,
                        silent.as_hours() / 24,
                        at.strftime("%Y-%m-%d"),
                        why.unwrap_or_default()
                    ),
                    None => {
                        format!("{}: never pulled well since it was added{}", source.title, why.unwrap_or_default())
                    }
                };
                found.push((AlertEvent::SourceSilent, format!("source {source_id} silent since {since}"), sentence));
            }
        }
    }
    let mut notices = Vec::new();
    for (event, notice, sentence) in found {
        if !store::alert::has_told(db, stored.alert_rule_id, &notice).await? {
            digest.add_notice(event, sentence);
            notices.push(notice);
        }
    }
    Ok(notices)
}

/// The messages of a digest, one a recipient who did not stop them.
fn messages(
    stored: &StoredRule,
    digest: &AlertDigest,
    key: &str,
    wording: &Wording,
    now: Timestamp,
) -> Vec<NewMessage> {
    stored
        .recipients
        .iter()
        .filter(|recipient| recipient.stopped_at.is_none())
        .map(|recipient| new_message(Some(stored.alert_rule_id), recipient, digest, key, wording, now))
        .collect()
}

fn new_message(
    alert_rule_id: Option<i64>,
    recipient: &Recipient,
    digest: &AlertDigest,
    key: &str,
    wording: &Wording,
    now: Timestamp,
) -> NewMessage {
    let stop_url = wording
        .base_url
        .as_ref()
        .filter(|_| !recipient.token.is_empty())
        .map(|base| format!("{base}/alerts/stop?token={}", recipient.token));
    let setting = Setting { zone: wording.zone.clone(), base_url: wording.base_url.clone(), stop_url };
    let Message { subject, text, html } = message(digest, &setting);
    let body: Value = match &recipient.target {
        Target::Mail(_) | Target::Folder(_) => {
            json!(MailBody { text, html, stop_url: setting.stop_url, attachment: None })
        }
        Target::Webhook(_) => webhook::payload(digest, wording.base_url.as_deref()),
        Target::Syslog(_) => json!(cef::lines(digest, now, env!("CARGO_PKG_VERSION"))),
    };
    let newest = digest.items.iter().filter(|item| item.first_seen_at.is_some()).max_by_key(|item| item.first_seen_at);
    NewMessage {
        key: format!("{key} for {}", recipient.target.text()),
        alert_rule_id,
        channel: recipient.target.channel().to_owned(),
        target: recipient.target.text(),
        subject,
        body: body.to_string(),
        n_items: digest.n_items(),
        published_at: newest.and_then(|item| item.published_at),
        first_seen_at: newest.and_then(|item| item.first_seen_at),
    }
}

/// Writes a test message to each recipient of a rule: what it would have told of the last run. Gives the subject and
/// the number of messages.
///
/// # Errors
///
/// There is no such rule, or the database fails.
pub async fn send_test(
    db: &Db,
    alert_rule_id: i64,
    wording: &Wording,
    now: Timestamp,
) -> Result<(String, u64), AlertError> {
    let stored = store::alert::find_rule(db, alert_rule_id).await?.ok_or(AlertError::Unknown(alert_rule_id))?;
    let filter = rule_filter(&stored.rule.filter)?;
    let listener = Listener { rule: &stored.rule, filter, exploited_after: now };
    let mut digest = match store::change::find_latest_rescan_id(db).await? {
        Some(latest) => {
            let stretch = store::change::find_stretch_of(db, latest).await?;
            let asked = Asked { stretch, now, holds_matcher: false, is_release: false };
            digests(db, &[listener], &asked).await?.pop().unwrap_or_default()
        }
        None => AlertDigest::default(),
    };
    digest.rule = format!("Test: {}", stored.rule.name);
    let key = format!("test of rule {alert_rule_id} at {now}");
    let mut subject = String::new();
    let mut n = 0;
    for recipient in stored.recipients.iter().filter(|recipient| recipient.stopped_at.is_none()) {
        let message = new_message(None, recipient, &digest, &key, wording, now);
        subject.clone_from(&message.subject);
        n += u64::from(store::outbox::save_message(db, &message, now).await?);
    }
    Ok((subject, n))
}

/// What a rule would have sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WouldHaveSent {
    pub at: Timestamp,
    pub subject: String,
    pub n_items: u64,
}

/// What a rule would have sent in the last days, one entry a message. Signs of life and notices are left out.
///
/// # Errors
///
/// The rule's filter is none, or the database fails.
pub async fn back_test(
    db: &Db,
    rule: &crate::domain::alert::AlertRule,
    days: i64,
    wording: &Wording,
    now: Timestamp,
) -> Result<Vec<WouldHaveSent>, AlertError> {
    let filter: Filter = rule_filter(&rule.filter)?;
    let from = now.checked_sub(SignedDuration::from_hours(24 * days.clamp(1, 400))).unwrap_or(Timestamp::MIN);
    let runs = store::rescan::list_rescans_since(db, from).await?;
    let schedule = rule.rhythm.cron().and_then(|cron| Schedule::read(cron, wording.zone.clone()).ok());
    // The runs after which the rule would have told: each, or the last before each digest.
    let mut ends: Vec<(i64, Timestamp)> = Vec::new();
    for (rescan_id, rescan) in &runs {
        let at = match (&schedule, rule.rhythm) {
            (Some(schedule), Rhythm::Daily | Rhythm::Weekly) => match schedule.next(rescan.finished_at) {
                Some(slot) if slot <= now => slot,
                _ => continue,
            },
            _ => rescan.finished_at,
        };
        match ends.last_mut().filter(|last| last.1 == at) {
            Some(last) => last.0 = *rescan_id,
            None => ends.push((*rescan_id, at)),
        }
    }
    let Some((first, _)) = runs.first() else { return Ok(Vec::new()) };
    let mut after = store::change::find_stretch_of(db, *first).await?.after_rescan_id;
    let mut sent = Vec::new();
    for (up_to, at) in ends {
        let stretch: Stretch = store::change::find_stretch(db, after, up_to).await?;
        // Which vulnerabilities were exploited on the day is not asked: only what is open now could be told of them.
        let listener = Listener { rule, filter: filter.clone(), exploited_after: at };
        let asked = Asked { stretch, now: at, holds_matcher: false, is_release: false };
        let digest = digests(db, &[listener], &asked).await?.pop().unwrap_or_default();
        if digest.n_items() > 0 {
            let setting = Setting { zone: wording.zone.clone(), base_url: None, stop_url: None };
            let subject = crate::alert::message::subject(&digest, &setting);
            sent.push(WouldHaveSent { at, subject, n_items: digest.n_items() });
        }
        after = up_to;
    }
    Ok(sent)
}
