//! What people decide and do: questions and answers, remediation, readings, and taking acts back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::advisories::key_of;
use super::assets::asset_of;
use super::json::{
    ActEntry, AnswerEntry, Asset, Done, GivenAnswer, MarkEntry, Marking, MarkingPreview, Page, Problem as ProblemJson,
    Question, Reading,
};
use super::page::{PageQuery, read_limit};
use crate::domain::asset::AssetEdit;
use crate::domain::filter::Filter;
use crate::domain::inventory::Field;
use crate::domain::mark::{Mark, MarkReason};
use crate::domain::review::{Answer, QuestionKind};
use crate::services::decide_match::{Decide, For, decide};
use crate::services::edit_assets::edit_assets;
use crate::services::progress::Silent;
use crate::services::set_remediation::{
    MANY, MarkRequest, MarkScope, MarkedRow, carry_out, prepare_marks, preview_marks,
};
use crate::services::undo_act::undo_act;
use crate::store;
use crate::store::review::Queue;
use crate::web::error::Problem;
use crate::web::pages::{acts, remediation};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Which questions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QuestionsQuery {
    /// `products` (when left out), `conditions`, `readings`, or `cannot_tell`: products that somebody could not tell.
    pub queue: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many items at most, up to 1000; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// Questions that wait, exploited ones first, then by severity and by what they settle
#[utoipa::path(get, path = "/api/v1/questions", tag = "review", params(QuestionsQuery), responses(
    (status = 200, body = Page<Question>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn questions(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<QuestionsQuery>,
) -> Result<Json<Page<Question>>, Problem> {
    let queue = match query.queue.as_deref().unwrap_or("products") {
        "products" => Queue::Waiting(QuestionKind::Product),
        "conditions" => Queue::Waiting(QuestionKind::Condition),
        "readings" => Queue::Waiting(QuestionKind::Reading),
        "cannot_tell" => Queue::CannotTell,
        other => {
            return Err(Problem::bad_request(format!(
                "cannot list questions: expected `queue` to be one of `products`, `conditions`, `readings`, \
                 `cannot_tell`, found `{other}`"
            )));
        }
    };
    let limit = read_limit(query.limit)?;
    // Answers change the order, so a page is a place in it and not a row.
    let from: u64 = match &query.after {
        Some(text) => text.parse().ok().filter(|from| *from < 1_000_000_000).ok_or_else(|| {
            Problem::bad_request(format!(
                "cannot list: expected `after` to be the `next` of the page before, found `{text}`"
            ))
        })?,
        None => 0,
    };
    let found = store::review::list_questions(state.db(), queue, &viewer.sites, from, limit).await?;
    let next = (found.len() == limit as usize).then(|| (from + u64::from(limit)).to_string());
    Ok(Json(Page { items: found.into_iter().map(Question::from).collect(), next }))
}

/// The assets that wait for the answer to a question
#[utoipa::path(get, path = "/api/v1/questions/{question}/assets", tag = "review", params(
    ("question" = String, Path), PageQuery
), responses(
    (status = 200, body = Page<Asset>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn question_assets(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(question): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Asset>>, Problem> {
    let limit = query.limit()?;
    if store::review::find_question(state.db(), &question).await?.is_none() {
        return Err(Problem::not_found(format!("cannot find question `{question}`: it is not open")));
    }
    let after = query.after_id()?.unwrap_or(0);
    let waiting = store::review::list_question_assets(state.db(), &question, &viewer.sites, after, limit).await?;
    let next = waiting.last().filter(|_| waiting.len() == limit as usize).map(|(id, _)| id.to_string());
    let mut items = Vec::with_capacity(waiting.len());
    for (asset_id, _) in waiting {
        items.extend(store::asset::find_asset(state.db(), asset_id).await?.map(Asset::from));
    }
    Ok(Json(Page { items, next }))
}

/// Answers a question for all twins, one site or one asset, and judges them again
#[utoipa::path(post, path = "/api/v1/questions/{question}/answer", tag = "review", params(
    ("question" = String, Path)
), request_body = GivenAnswer, responses(
    (status = 200, body = Done),
    (status = 400, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn answer(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(question): Path<String>,
    Json(given): Json<GivenAnswer>,
) -> Result<Json<Done>, Problem> {
    let viewer = viewer.editing()?;
    let answer = Answer::from_word(&given.answer).ok_or_else(|| {
        let known: Vec<String> = Answer::ALL.into_iter().map(|answer| format!("`{}`", answer.word())).collect();
        Problem::bad_request(format!("cannot answer: expected one of {}, found `{}`", known.join(", "), given.answer))
    })?;
    let whom = match (given.asset_id, given.site) {
        (Some(asset_id), _) => {
            asset_of(&state, &viewer, asset_id).await?;
            For::Asset(asset_id)
        }
        (None, Some(site)) => For::Site(site),
        (None, None) => For::All,
    };
    let given =
        Decide { question, fingerprint: given.fingerprint, answer, whom, for_later: given.for_later, note: given.note };
    let decided = decide(state.db(), &given, &viewer.name, &viewer.sites, state.now(), &Silent)
        .await
        .map_err(acts::decide_problem)?;
    Ok(Json(Done::of(Some(decided.audit_id), decided.told)))
}

/// Answers, the latest first; those that were taken back are among them
#[utoipa::path(get, path = "/api/v1/answers", tag = "review", params(PageQuery), responses(
    (status = 200, body = Page<AnswerEntry>),
    (status = "default", body = ProblemJson)
))]
pub async fn answers(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AnswerEntry>>, Problem> {
    let limit = query.limit()?;
    let found = store::review::list_answers_of(state.db(), &viewer.sites, None, query.after_id()?, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.answer_id.to_string());
    Ok(Json(Page { items: found.into_iter().map(AnswerEntry::from).collect(), next }))
}

/// Who did what when, the latest first
#[utoipa::path(get, path = "/api/v1/acts", tag = "review", params(PageQuery), responses(
    (status = 200, body = Page<ActEntry>),
    (status = "default", body = ProblemJson)
))]
pub async fn list_acts(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ActEntry>>, Problem> {
    let limit = query.limit()?;
    let found = store::audit::list_audit(state.db(), acts::seen(&viewer), query.after_id()?, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.audit_id.to_string());
    Ok(Json(Page { items: found.into_iter().map(ActEntry::from).collect(), next }))
}

/// Takes an act back as a whole and judges again; one that touched many assets as a job
#[utoipa::path(post, path = "/api/v1/acts/{audit_id}/undo", tag = "review", params(("audit_id" = i64, Path)), responses(
    (status = 200, body = Done),
    (status = 202, body = Done),
    (status = 404, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn undo(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(audit_id): Path<i64>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    let viewer = viewer.editing()?;
    if let Some(job_id) = acts::start_undo(&state, &viewer, audit_id, "/acts").await? {
        return Ok((StatusCode::ACCEPTED, Json(Done::begun(job_id))));
    }
    let undone = undo_act(state.db(), audit_id, &viewer.name, &viewer.sites, state.now(), &Silent).await;
    let undone = undone.map_err(acts::problem)?;
    Ok((StatusCode::OK, Json(Done::of(Some(undone.audit_id), undone.told))))
}

async fn request_of(state: &AppState, viewer: &Viewer, given: Marking) -> Result<MarkRequest, Problem> {
    let mut scope = MarkScope { filter: Filter::parse(&given.filter)?, only: Vec::new() };
    for exposure in given.exposures {
        let key = key_of(state, &exposure.advisory.id, &exposure.advisory.namespace).await?;
        asset_of(state, viewer, exposure.asset_id).await?;
        scope.only.push(MarkedRow::Asset(exposure.asset_id, key));
    }
    let reason = match given.reason.as_str() {
        "" => MarkReason::NoDecision,
        word => MarkReason::ALL.into_iter().find(|reason| reason.word() == word).ok_or_else(|| {
            let known: Vec<String> = MarkReason::ALL.iter().map(|r| format!("`{}`", r.word())).collect();
            Problem::bad_request(format!("cannot mark: expected one of {}, found `{word}`", known.join(", ")))
        })?,
    };
    let mark = Mark { reason, note: given.note, expires_on: given.expires_on, firmware: given.firmware };
    Ok(MarkRequest { scope, cves: given.cves, mark })
}

/// What marking would touch; nothing is written
#[utoipa::path(post, path = "/api/v1/remediation/preview", tag = "remediation", request_body = Marking, responses(
    (status = 200, body = MarkingPreview),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn preview(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(given): Json<Marking>,
) -> Result<Json<MarkingPreview>, Problem> {
    let viewer = viewer.editing()?;
    let request = request_of(&state, &viewer, given).await?;
    let preview = preview_marks(state.db(), &request, &viewer.sites, state.now(), &Silent).await;
    Ok(Json(preview.map_err(remediation::mark_problem)?.into()))
}

/// Says what is done about exposures, one by one or in bulk
///
/// With `firmware_updated` the firmware is written to the assets, which are judged again: what closes by that is done,
/// what stays open is told. More than some thousand exposures are marked by a job, which the answer names.
#[utoipa::path(post, path = "/api/v1/remediation", tag = "remediation", request_body = Marking, responses(
    (status = 200, body = Done),
    (status = 202, body = Done),
    (status = 400, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn mark(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(given): Json<Marking>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    let viewer = viewer.editing()?;
    let request = request_of(&state, &viewer, given).await?;
    let (db, now) = (state.db(), state.now());
    let marking = prepare_marks(db, request, &viewer.name, &viewer.sites, now, &Silent).await;
    let marking = marking.map_err(remediation::mark_problem)?;
    if marking.n_exposures() > MANY {
        let job_id = remediation::start_marking(&state, &viewer, marking, "/acts").await?;
        return Ok((StatusCode::ACCEPTED, Json(Done::begun(job_id))));
    }
    let marked = carry_out(db, marking, now, &Silent).await.map_err(remediation::mark_problem)?;
    Ok((StatusCode::OK, Json(Done::of(Some(marked.audit_id), marked.told))))
}

/// What was said about the exposures of one asset, the latest first
#[utoipa::path(get, path = "/api/v1/assets/{asset_id}/remediation", tag = "remediation", params(
    ("asset_id" = i64, Path)
), responses(
    (status = 200, body = Page<MarkEntry>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn marks(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
) -> Result<Json<Page<MarkEntry>>, Problem> {
    asset_of(&state, &viewer, asset_id).await?;
    let marks = store::remediation::list_marks_of_asset(state.db(), asset_id).await?;
    Ok(Json(Page { items: marks.into_iter().map(MarkEntry::from).collect(), next: None }))
}

/// Writes what was read off a device and judges it again
#[utoipa::path(post, path = "/api/v1/assets/{asset_id}/readings", tag = "assets", params(
    ("asset_id" = i64, Path)
), request_body = Reading, responses(
    (status = 200, body = Done),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn read(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
    Json(reading): Json<Reading>,
) -> Result<Json<Done>, Problem> {
    let viewer = viewer.editing()?;
    if asset_of(&state, &viewer, asset_id).await?.retired_at.is_some() {
        return Err(Problem::conflict("cannot change the asset: it is retired"));
    }
    let values = [
        (Field::Vendor, reading.vendor),
        (Field::Model, reading.model),
        (Field::PartNumber, reading.part_number),
        (Field::HardwareRevision, reading.hardware_revision),
        (Field::Firmware, reading.firmware),
        (Field::SerialNumber, reading.serial_number),
    ];
    let values = values.into_iter().filter_map(|(field, value)| Some((field, value?)));
    let edit = AssetEdit { asset_id, values: values.collect() };
    let edited =
        edit_assets(state.db(), &[edit], &viewer.name, state.now(), &Silent).await.map_err(acts::edit_problem)?;
    let told = match edited.audit_id {
        Some(audit_id) => {
            store::audit::find_audit(state.db(), audit_id, acts::seen(&viewer)).await?.map(|act| act.entry.what)
        }
        None => Some("nothing changed".to_owned()),
    };
    Ok(Json(Done::of(edited.audit_id, told.unwrap_or_default())))
}
