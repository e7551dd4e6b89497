//! Rules that tell somebody of changes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::json::{AlertEntry, AlertRequest, BackTest, Page, Problem as ProblemJson, Switch};
use crate::domain::alert::{AlertEvent, AlertRule, Rhythm};
use crate::services::edit_alerts::{add_rule, check_rule, remove_rule, set_enabled};
use crate::services::send_alerts::{back_test, send_test};
use crate::store;
use crate::store::alert::SEVERITIES;
use crate::web::error::Problem;
use crate::web::pages::alerts::{DAYS, check_recipients, outlets};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

fn rule_of(asked: AlertRequest) -> Result<AlertRule, Problem> {
    let severity = match asked.severity.as_deref() {
        None | Some("") => None,
        Some(word) => Some(SEVERITIES.into_iter().find(|severity| severity.word() == word).ok_or_else(|| {
            Problem::bad_request(format!(
                "cannot save the alert: expected a severity of low, medium, high or critical, found `{word}`"
            ))
        })?),
    };
    let events = if asked.events.is_empty() {
        AlertEvent::USUAL.to_vec()
    } else {
        let read = |word: &String| {
            AlertEvent::from_word(word).ok_or_else(|| {
                let known: Vec<String> =
                    AlertEvent::ALL.iter().map(|(event, _)| format!("`{}`", event.word())).collect();
                Problem::bad_request(format!(
                    "cannot save the alert: expected an event of {}, found `{word}`",
                    known.join(", ")
                ))
            })
        };
        asked.events.iter().map(read).collect::<Result<_, _>>()?
    };
    let rhythm = match asked.rhythm.as_str() {
        "" => Rhythm::from_word("run"),
        word => Rhythm::from_word(word),
    };
    let rhythm = rhythm.ok_or_else(|| {
        Problem::bad_request(format!("cannot save the alert: expected run, daily or weekly, found `{}`", asked.rhythm))
    })?;
    Ok(AlertRule {
        name: asked.name,
        filter: asked.filter,
        severity,
        events,
        rhythm,
        is_counts_only: asked.is_counts_only,
        has_sign_of_life: asked.has_sign_of_life,
        is_enabled: true,
    })
}

/// All rules; they are for those who see all sites
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", responses(
    (status = 200, body = Page<AlertEntry>),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Page<AlertEntry>>, Problem> {
    viewer.seeing_all("the alerts")?;
    let rules = store::alert::list_rules(state.db()).await?;
    Ok(Json(Page { items: rules.into_iter().map(AlertEntry::from).collect(), next: None }))
}

/// Adds a rule, which tells what changes from the last run on
#[utoipa::path(post, path = "/api/v1/alerts", tag = "alerts", request_body = AlertRequest, responses(
    (status = 201, body = AlertEntry),
    (status = 400, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn add(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(asked): Json<AlertRequest>,
) -> Result<(StatusCode, Json<AlertEntry>), Problem> {
    let viewer = viewer.editing()?.seeing_all("the alerts")?;
    let to = asked.to.clone();
    check_recipients(&viewer, &to)?;
    let id = add_rule(state.db(), &rule_of(asked)?, &to, &viewer.name, state.now()).await?;
    let gone = || Problem::not_found(format!("cannot find the alert {id}"));
    let stored = store::alert::find_rule(state.db(), id).await?.ok_or_else(gone)?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}

/// What a rule would have sent in the last 30 days; nothing is kept
#[utoipa::path(post, path = "/api/v1/alerts/back-test", tag = "alerts", request_body = AlertRequest, responses(
    (status = 200, body = BackTest),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn try_out(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(asked): Json<AlertRequest>,
) -> Result<Json<BackTest>, Problem> {
    viewer.editing()?.seeing_all("the alerts")?;
    let rule = check_rule(&rule_of(asked)?)?;
    let sent = back_test(state.db(), &rule, DAYS, &outlets(&state)?.wording, state.now()).await?;
    Ok(Json(sent.into()))
}

/// Turns a rule on or off
#[utoipa::path(put, path = "/api/v1/alerts/{alert_id}", tag = "alerts", params(
    ("alert_id" = i64, Path)
), request_body = Switch, responses(
    (status = 204, description = "It is so"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn switch(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(alert_id): Path<i64>,
    Json(wanted): Json<Switch>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.editing()?.seeing_all("the alerts")?;
    set_enabled(state.db(), alert_id, wanted.is_enabled, &viewer.name, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a rule
#[utoipa::path(delete, path = "/api/v1/alerts/{alert_id}", tag = "alerts", params(
    ("alert_id" = i64, Path)
), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn delete(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(alert_id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.editing()?.seeing_all("the alerts")?;
    remove_rule(state.db(), alert_id, &viewer.name, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a test message to the recipients of a rule; it goes out with the next messages
#[utoipa::path(post, path = "/api/v1/alerts/{alert_id}/test", tag = "alerts", params(
    ("alert_id" = i64, Path)
), responses(
    (status = 202, description = "It is written"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn test(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(alert_id): Path<i64>,
) -> Result<StatusCode, Problem> {
    viewer.editing()?.seeing_all("the alerts")?;
    send_test(state.db(), alert_id, &outlets(&state)?.wording, state.now()).await?;
    Ok(StatusCode::ACCEPTED)
}
