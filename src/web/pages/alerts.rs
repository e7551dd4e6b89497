//! `/alerts`: who hears of which change, what a new rule would have sent, what was sent, and how the nights went.

use askama::Template;
use axum::extract::{Query, RawForm, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::alert::{AlertEvent, AlertRule, Rhythm, Target};
use crate::domain::filter::query_text;
use crate::domain::nightly::{NightlyRun, StartedBy};
use crate::domain::outbox::OutboxMessage;
use crate::services::edit_alerts::{
    AlertError, add_rule, check_rule, confirm_matcher, held, remove_rule, rule_filter, set_enabled, stop_recipient,
};
use crate::services::nightly::{Chain, due_slot, run_nightly};
use crate::services::outlets::{Outlets, deliver, retry};
use crate::services::progress::Silent;
use crate::services::retention::Retention;
use crate::services::send_alerts::{WouldHaveSent, back_test, send_test};
use crate::services::sources::FetchSettings;
use crate::services::watch::schedule;
use crate::store;
use crate::store::alert::{SEVERITIES, StoredRule};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, StatusBar, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Messages and runs that the page shows.
const LISTED: u32 = 20;

/// How many days a back-test looks back.
pub const DAYS: i64 = 30;

/// The page.
#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    frame: Frame,
    rules: Vec<StoredRule>,
    form: RuleForm,
    /// What the rule of the form would have sent; `None` when it was not asked for.
    tried: Option<Tried>,
    has_mail: bool,
    /// The version of the matcher whose answers wait for a confirmation.
    waiting: Option<String>,
    messages: Vec<(i64, OutboxMessage)>,
    runs: Vec<(i64, NightlyRun)>,
}

struct Tried {
    sent: Vec<WouldHaveSent>,
    n_items: u64,
}

/// The fields of a rule as they were typed.
#[derive(Default)]
struct RuleForm {
    name: String,
    filter: String,
    severity: String,
    events: Vec<AlertEvent>,
    rhythm: String,
    to: String,
    is_counts_only: bool,
    has_sign_of_life: bool,
}

impl RuleForm {
    /// A form that was sent, or a new one.
    fn of(fields: &Fields) -> RuleForm {
        let is_sent = !fields.get("rhythm").is_empty();
        RuleForm {
            name: fields.get("name").trim().to_owned(),
            filter: fields.get("filter").trim().to_owned(),
            severity: if is_sent { fields.get("severity").to_owned() } else { "high".to_owned() },
            events: if is_sent {
                fields.all("on").filter_map(AlertEvent::from_word).collect()
            } else {
                AlertEvent::USUAL.to_vec()
            },
            rhythm: if is_sent { fields.get("rhythm").to_owned() } else { "run".to_owned() },
            to: fields.get("to").trim().to_owned(),
            is_counts_only: fields.get("counts_only") == "yes",
            has_sign_of_life: !is_sent || fields.get("sign_of_life") == "yes",
        }
    }

    fn rule(&self) -> Result<AlertRule, Problem> {
        let severity = match self.severity.as_str() {
            "" => None,
            word => Some(SEVERITIES.into_iter().find(|s| s.word() == word).ok_or_else(|| {
                Problem::bad_request(format!(
                    "cannot save the alert: expected a severity of low, medium, high or critical, found `{word}`"
                ))
            })?),
        };
        let rhythm = Rhythm::from_word(&self.rhythm).ok_or_else(|| {
            Problem::bad_request(format!(
                "cannot save the alert: expected run, daily or weekly, found `{}`",
                self.rhythm
            ))
        })?;
        Ok(AlertRule {
            name: self.name.clone(),
            filter: self.filter.clone(),
            severity,
            events: self.events.clone(),
            rhythm,
            is_counts_only: self.is_counts_only,
            has_sign_of_life: self.has_sign_of_life,
            is_enabled: true,
        })
    }

    fn tells(&self, event: &AlertEvent) -> bool {
        self.events.contains(event)
    }
}

impl AlertsPage {
    fn events(&self) -> Vec<(AlertEvent, &'static str)> {
        AlertEvent::ALL.iter().map(|(event, _)| (*event, event.heading())).collect()
    }

    fn severities(&self) -> Vec<&'static str> {
        SEVERITIES.iter().rev().map(|severity| severity.word()).collect()
    }

    fn rhythms(&self) -> [(&'static str, &'static str); 3] {
        [("run", "after each run"), ("daily", "daily at 07:00"), ("weekly", "Mondays at 07:00")]
    }

    /// The filter of a rule in words.
    fn watches(&self, stored: &StoredRule) -> String {
        rule_filter(&stored.rule.filter).map_or_else(|_| stored.rule.filter.clone(), |filter| filter.in_words())
    }

    fn tells(&self, stored: &StoredRule) -> String {
        stored.rule.events.iter().map(|event| event.heading().to_lowercase()).collect::<Vec<_>>().join(", ")
    }

    fn took(&self, run: &NightlyRun) -> String {
        match run.finished_at {
            Some(end) => format!("{} s", run.started_at.duration_until(end).as_secs()),
            None => "not finished".to_owned(),
        }
    }

    fn shown(&self, message: &OutboxMessage) -> String {
        Target::read(&message.new.target).map_or_else(|_| message.new.channel.clone(), |target| target.shown())
    }
}

/// `GET /alerts`; with `try=1` it tells what the rule of the form would have sent.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Response, Problem> {
    // Alerts leave the house and know no account.
    let viewer = viewer.seeing_all("the alerts")?;
    let (db, now) = (state.db(), state.now());
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let form = RuleForm::of(&fields);
    let outlets = outlets(&state)?;
    let tried = if fields.get("try") == "1" {
        let name = if form.name.is_empty() { "New alert".to_owned() } else { form.name.clone() };
        let rule = check_rule(&AlertRule { name, ..form.rule()? })?;
        let sent = back_test(db, &rule, DAYS, &outlets.wording, now).await?;
        Some(Tried { n_items: sent.iter().map(|message| message.n_items).sum(), sent })
    } else {
        None
    };
    let waiting = held(db, now).await?;
    let mut frame = Frame::load(&state, &viewer, Nav::None, "Alerts").await?;
    frame.done = Some(fields.get("done"))
        .filter(|text| !text.is_empty())
        .map(|word| StatusBar { text: done_in_words(word).to_owned(), undo: None });
    render(&AlertsPage {
        frame,
        rules: store::alert::list_rules(db).await?,
        form,
        tried,
        has_mail: outlets.mailer.is_some(),
        waiting: (!waiting.is_confirmed && !waiting.stretches.is_empty()).then_some(waiting.matcher_version),
        messages: store::outbox::list_outbox(db, None, LISTED).await?,
        runs: store::nightly::list_nightly_runs(db, LISTED).await?,
    })
}

/// What was done, told by a word so that no text of an address is shown as ours.
fn done_in_words(word: &str) -> &'static str {
    match word {
        "added" => "The alert is saved. It tells what changes from the last rescan on.",
        "tested" => "Test messages are written and on their way; see Sent.",
        "deleted" => "The alert is deleted.",
        "confirmed" => "Confirmed. The next run tells what the new version judges differently.",
        "running" => "The nightly run has begun. Its steps appear under Nightly runs.",
        "retried" => "The messages are tried again.",
        _ => "Done.",
    }
}

/// `POST /alerts`: adds, tests, turns on and off, deletes; confirms a matcher; sends again; runs the night now.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?.seeing_all("the alerts")?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    let done = match fields.get("act") {
        "add" => {
            let form = RuleForm::of(&fields);
            let recipients: Vec<String> = form
                .to
                .split([',', '\n', '\r', ' '])
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect();
            check_recipients(&viewer, &recipients)?;
            add_rule(db, &form.rule()?, &recipients, &viewer.name, now).await?;
            "added"
        }
        "enable" => {
            set_enabled(db, fields.number("alert")?, true, &viewer.name, now).await?;
            "enabled"
        }
        "disable" => {
            set_enabled(db, fields.number("alert")?, false, &viewer.name, now).await?;
            "disabled"
        }
        "delete" => {
            remove_rule(db, fields.number("alert")?, &viewer.name, now).await?;
            "deleted"
        }
        "test" => {
            let outlets = outlets(&state)?;
            send_test(db, fields.number("alert")?, &outlets.wording, now).await?;
            let db = db.clone();
            // A relay may be slow; the page does not wait for it.
            tokio::spawn(async move {
                if let Err(e) = deliver(&db, &outlets, &jiff::Timestamp::now).await {
                    tracing::error!("the outbox could not be sent: {e}");
                }
            });
            "tested"
        }
        "confirm" => {
            confirm_matcher(db, &viewer.name, now).await?;
            "confirmed"
        }
        "retry" => {
            retry(db, None, now).await?;
            "retried"
        }
        "run" => {
            run_now(&state).await?;
            "running"
        }
        other => return Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    };
    Ok(Redirect::to(&format!("/alerts?done={done}")).into_response())
}

/// Refuses recipients that write elsewhere than into a mailbox, except to administrators.
///
/// # Errors
///
/// 403 for one of them.
pub fn check_recipients(viewer: &Viewer, recipients: &[String]) -> Result<(), Problem> {
    let writes_elsewhere = recipients.iter().any(|to| to.starts_with("folder:") || to.starts_with("syslog"));
    if writes_elsewhere && !viewer.may_administrate() {
        return Err(Problem::forbidden("cannot save the alert: folders and log collectors are for administrators"));
    }
    Ok(())
}

/// Begins a nightly run; the page does not wait for it. A slot that was missed is made up for, and told as missed.
async fn run_now(state: &AppState) -> Result<(), Problem> {
    let (db, outlets) = (state.db().clone(), outlets(state)?);
    let due = match schedule(state.config()).map_err(Problem::internal)? {
        Some(schedule) => due_slot(&db, &schedule, state.now()).await?,
        None => None,
    };
    let fetching = FetchSettings::of_config(state.config()).map_err(Problem::internal)?;
    let retention = Retention::of(state.config()).map_err(Problem::internal)?;
    let data_dir = state.config().data_dir().ok();
    tokio::spawn(async move {
        let clock = jiff::Timestamp::now;
        let chain = Chain {
            db: &db,
            outlets: &outlets,
            fetching: &fetching,
            data_dir: data_dir.as_deref(),
            retention,
            clock: &clock,
            progress: &Silent,
        };
        if let Err(e) = run_nightly(&chain, due, StartedBy::Page).await {
            tracing::warn!("the nightly run did not begin: {e}");
        }
    });
    Ok(())
}

/// What sends messages, as the configuration says.
///
/// # Errors
///
/// The configuration is wrong.
pub fn outlets(state: &AppState) -> Result<Outlets, Problem> {
    Outlets::of(state.config(), |name| std::env::var(name).ok()).map_err(Problem::internal)
}

impl From<AlertError> for Problem {
    fn from(error: AlertError) -> Problem {
        match error {
            AlertError::Store(e) => e.into(),
            AlertError::Unknown(_) => Problem::not_found(error.to_string()),
            AlertError::Taken(_) => Problem::conflict(error.to_string()),
            _ => Problem::bad_request(error.to_string()),
        }
    }
}

/// The token of a link in a message.
#[derive(Deserialize)]
pub struct Stop {
    #[serde(default)]
    token: String,
}

/// The page behind the link of a message; it needs no login.
#[derive(Template)]
#[template(path = "alert_stop.html")]
struct StopPage {
    token: String,
    /// (name of the rule, recipient); `None` when the link is of no rule any more.
    about: Option<(String, String)>,
    is_stopped: bool,
}

/// `GET /alerts/stop?token=…`: asks. A mail program that looks at links must not stop anything.
pub async fn ask_to_stop(State(state): State<AppState>, Query(stop): Query<Stop>) -> Result<Response, Problem> {
    let found = store::alert::find_token(state.db(), &stop.token).await?;
    let is_stopped = found.as_ref().is_some_and(|(_, _, is_stopped)| *is_stopped);
    let about = found.map(|(name, target, _)| (name, target.shown()));
    page(&StopPage { token: query_text::encode(&stop.token), about, is_stopped })
}

/// `POST /alerts/stop?token=…`: stops, also by the one click of a mail program (RFC 8058).
pub async fn stop(State(state): State<AppState>, Query(stop): Query<Stop>) -> Result<Response, Problem> {
    let is_stopped = stop_recipient(state.db(), &stop.token, state.now()).await?;
    let about = store::alert::find_token(state.db(), &stop.token).await?;
    let about = about.map(|(name, target, _)| (name, target.shown()));
    page(&StopPage { token: String::new(), about, is_stopped })
}

fn page(page: &StopPage) -> Result<Response, Problem> {
    Ok(Html(page.render().map_err(Problem::internal)?).into_response())
}
