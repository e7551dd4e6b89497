//! `/remediation`: marks what is done about exposures, with a preview of what the mark touches.
//!
//! Its address takes the words of a filter and, more exactly, `row=`: `a<asset>~<namespace>~<tracking id>` for one asset,
//! `v<variant>~<namespace>~<tracking id>` for all twins of a variant, `n<variant>` for whatever is said of a nameplate,
//! `d~<namespace>~<tracking id>` for an advisory at all assets. `back=` is the page to return to.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use crate::domain::advisory::AdvisoryKey;
use crate::domain::filter::{Filter, query_text};
use crate::domain::job::{JobKind, NewJob};
use crate::domain::mark::{Mark, MarkReason};
use crate::domain::remediation::RemediationStatus;
use crate::services::jobs::{JobDone, JobRun};
use crate::services::progress::Silent;
use crate::services::set_remediation::{
    MANY, MarkError, MarkPreview, MarkRequest, MarkScope, MarkedRow, Marking, carry_out, prepare_marks, preview_marks,
    today,
};
use crate::store::StoreError;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::pages::{acts, jobs};
use crate::web::partials::{StatusBadge, StatusSplit, counted, grouped};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

#[derive(Template)]
#[template(path = "remediation.html")]
struct RemediationPage {
    frame: Frame,
    preview: MarkPreview,
    /// The scope as hidden fields.
    fields: Vec<(String, String)>,
    filter: String,
    n_rows: u64,
    cves: Vec<String>,
    back: String,
    today: String,
    /// Why the form was not taken.
    problem: Option<Problem>,
    given: Mark,
}

impl RemediationPage {
    fn grouped(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn counted(&self, n: &u64, one: &str, many: &str) -> String {
        counted(*n, one, many)
    }

    fn split(&self) -> StatusSplit {
        StatusSplit { n: self.preview.n_by_status }
    }

    fn is_given(&self, reason: &MarkReason) -> bool {
        self.given.reason == *reason
    }

    fn group(&self, status: RemediationStatus) -> Vec<MarkReason> {
        MarkReason::ALL.into_iter().filter(|reason| reason.status() == status).collect()
    }
}

/// What an address or a form says about the exposures that are meant.
struct Wanted {
    request: MarkRequest,
    filter: Filter,
    fields: Vec<(String, String)>,
    back: String,
}

/// Words of the form beside those of a filter and of the scope.
const OF_MARK: [&str; 6] = ["reason", "note", "expires_on", "firmware", "cve_only", "back"];

impl Wanted {
    fn read(text: &str) -> Result<Wanted, Problem> {
        let all = Fields::read(text.as_bytes());
        let kept: Vec<&str> = text
            .split('&')
            .filter(|pair| {
                let name = pair.split('=').next().unwrap_or_default();
                !pair.is_empty() && !OF_MARK.contains(&name) && name != "row" && name != "did" && name != "select"
            })
            .collect();
        let filter = Filter::parse(&kept.join("&"))?;
        let mut scope = MarkScope { filter: filter.clone(), ..MarkScope::default() };
        let mut fields: Vec<(String, String)> =
            filter.words().flat_map(|w| filter.values(w).into_iter().map(move |v| (w.word().to_owned(), v))).collect();
        // A page whose boxes are all meant, or whose whole filter is, says so; else the ticked rows alone.
        if all.get("select") != "all" {
            for row in all.all("row") {
                scope.only.push(read_row(row)?);
                fields.push(("row".to_owned(), row.to_owned()));
            }
            // A form of a list whose boxes are all blank means none of its rows, not all of them.
            if scope.only.is_empty() && all.get("select") == "rows" {
                return Err(Problem::bad_request(
                    "cannot mark: no row is ticked\nhint: go back and tick rows, or mark all that fit",
                ));
            }
        }
        let cves: Vec<String> = all.all("cve_only").filter(|cve| !cve.is_empty()).map(str::to_owned).collect();
        let reason = match all.get("reason") {
            "" => MarkReason::NoDecision,
            word => MarkReason::ALL.into_iter().find(|reason| reason.word() == word).ok_or_else(|| {
                let known: Vec<String> = MarkReason::ALL.iter().map(|r| format!("`{}`", r.word())).collect();
                Problem::bad_request(format!("cannot mark: expected one of {}, found `{word}`", known.join(", ")))
            })?,
        };
        let of_reason = |wanted: MarkReason, name: &str| {
            if reason == wanted { all.get(name).trim().to_owned() } else { String::new() }
        };
        let mark = Mark {
            reason,
            note: all.get("note").trim().to_owned(),
            expires_on: of_reason(MarkReason::RiskAccepted, "expires_on"),
            firmware: of_reason(MarkReason::FirmwareUpdated, "firmware"),
        };
        Ok(Wanted { request: MarkRequest { scope, cves, mark }, filter, fields, back: all.get("back").to_owned() })
    }
}

/// Reads `a7~https://example.com~ICSA-23-229-03`, or one of the other rows.
///
/// # Errors
///
/// 400: it is none of them.
pub fn read_row(text: &str) -> Result<MarkedRow, Problem> {
    let wrong = || {
        Problem::bad_request(format!(
            "cannot mark the row `{text}`: expected `a`, `v` or `n` with a number, or `d`; then, except with `n`, a \
             namespace and a tracking id between `~`"
        ))
    };
    let mut parts = text.splitn(3, '~');
    let (Some(who), namespace, id) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
    let key = || {
        let (namespace, id) = (namespace?.to_owned(), id?.to_owned());
        Some(AdvisoryKey { namespace, id })
    };
    let number = || who.get(1..).and_then(|number| number.parse().ok());
    let row = match who.chars().next() {
        Some('a') => number().zip(key()).map(|(asset_id, key)| MarkedRow::Asset(asset_id, key)),
        Some('v') => number().zip(key()).map(|(variant_id, key)| MarkedRow::Variant(variant_id, key)),
        Some('n') if namespace.is_none() => number().map(MarkedRow::Nameplate),
        Some('d') if who == "d" => key().map(MarkedRow::Advisory),
        _ => None,
    };
    row.ok_or_else(wrong)
}

/// The `row=` value of one asset and advisory.
pub fn row_of_asset(asset_id: i64, key: &AdvisoryKey) -> String {
    format!("a{asset_id}~{}~{}", key.namespace, key.id)
}

/// The `row=` value of all twins of a variant and an advisory.
pub fn row_of_variant(variant_id: i64, key: &AdvisoryKey) -> String {
    format!("v{variant_id}~{}~{}", key.namespace, key.id)
}

/// The `row=` value of whatever is said of a nameplate.
pub fn row_of_nameplate(variant_id: i64) -> String {
    format!("n{variant_id}")
}

/// The `row=` value of an advisory at all assets.
pub fn row_of_advisory(key: &AdvisoryKey) -> String {
    format!("d~{}~{}", key.namespace, key.id)
}

/// The address of the form for these rows.
pub fn href(rows: &[String], back: &str) -> String {
    let rows: Vec<String> = rows.iter().map(|row| format!("row={}", query_text::encode(row))).collect();
    format!("/remediation?{}&back={}", rows.join("&"), query_text::encode(back))
}

/// `GET /remediation?…`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    form(&state, &viewer, Wanted::read(query.as_deref().unwrap_or_default())?, None).await
}

async fn form(
    state: &AppState,
    viewer: &Viewer,
    wanted: Wanted,
    problem: Option<Problem>,
) -> Result<Response, Problem> {
    let now = state.now();
    let preview =
        preview_marks(state.db(), &wanted.request, &viewer.sites, now, &Silent).await.map_err(mark_problem)?;
    let status = problem.as_ref().map(|problem| problem.status);
    let page = RemediationPage {
        frame: Frame::load(state, viewer, Nav::Exposures, "Mark remediation").await?,
        n_rows: wanted.request.scope.only.len() as u64,
        filter: wanted.filter.in_words(),
        cves: preview.cves.clone(),
        preview,
        fields: wanted.fields,
        back: wanted.back,
        today: today(now),
        problem,
        given: wanted.request.mark,
    };
    let response = render(&page)?;
    Ok(match status {
        Some(status) => (status, response).into_response(),
        None => response,
    })
}

/// `POST /remediation`: marks, or shows the form again with what is wrong.
pub async fn save(State(state): State<AppState>, viewer: Viewer, body: String) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let wanted = Wanted::read(&body)?;
    let (db, now) = (state.db(), state.now());
    let prepared = prepare_marks(db, wanted.request.clone(), &viewer.name, &viewer.sites, now, &Silent).await;
    let back = if wanted.back.is_empty() { "/acts" } else { &wanted.back };
    let marked = match prepared {
        Ok(marking) if marking.n_exposures() > MANY => {
            let job_id = start_marking(&state, &viewer, marking, back).await?;
            return jobs::lead_to(&state, job_id).await;
        }
        Ok(marking) => carry_out(db, marking, now, &Silent).await,
        Err(error) => Err(error),
    };
    match marked.map_err(mark_problem) {
        Ok(marked) => Ok(Redirect::to(&acts::back_with(back, marked.audit_id)).into_response()),
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => form(&state, &viewer, wanted, Some(problem)).await,
    }
}

/// Begins to mark many exposures as a job, which leads back to this page of ours; gives its id.
///
/// # Errors
///
/// The database fails; nothing was begun.
pub async fn start_marking(state: &AppState, viewer: &Viewer, marking: Marking, back: &str) -> Result<i64, StoreError> {
    let new = NewJob { kind: JobKind::Marking, title: marking.title(), who: viewer.name.clone(), once: None };
    let (db, back) = (state.db().clone(), back.to_owned());
    let work = async move |run: Arc<JobRun>| {
        let marked = carry_out(&db, marking, Timestamp::now(), run.as_ref()).await.map_err(|e| e.to_string())?;
        Ok(JobDone {
            message: marked.told.trim_end_matches('.').to_owned(),
            result_path: Some(acts::back_with(&back, marked.audit_id)),
        })
    };
    Ok(state.jobs().start(new, work).await?.job_id())
}

/// What a page says when a mark is not taken.
pub fn mark_problem(error: MarkError) -> Problem {
    match error {
        MarkError::Store(error) => error.into(),
        MarkError::Edit(error) => acts::edit_problem(error),
        MarkError::Nothing | MarkError::Cancelled => Problem::conflict(error.to_string()),
        _ => Problem::bad_request(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_filter_make_the_scope() {
        let key = AdvisoryKey { namespace: "https://example.com/a~b".to_owned(), id: "A-1".to_owned() };
        let plain = AdvisoryKey { namespace: "https://example.com".to_owned(), id: "A-1".to_owned() };
        let href = href(&[row_of_asset(7, &plain), row_of_variant(8, &plain)], "/sites/north?view=asset");
        let wanted = Wanted::read(href.split_once('?').unwrap().1).unwrap();
        assert_eq!(
            wanted.request.scope.only,
            [MarkedRow::Asset(7, plain.clone()), MarkedRow::Variant(8, plain.clone())]
        );
        for row in [MarkedRow::Nameplate(9), MarkedRow::Advisory(plain.clone())] {
            let text = match &row {
                MarkedRow::Nameplate(id) => row_of_nameplate(*id),
                _ => row_of_advisory(&plain),
            };
            assert_eq!(read_row(&text).unwrap(), row);
        }
        assert_eq!(wanted.back, "/sites/north?view=asset");
        let wanted = Wanted::read("verdict=affected&reason=planned&note=in+May&firmware=4.0.0").unwrap();
        assert_eq!(wanted.filter.to_string(), "verdict=affected");
        assert_eq!((wanted.request.mark.note.as_str(), wanted.request.mark.firmware.as_str()), ("in May", ""));
        for wrong in [
            "row=7",
            "row=a7~x",
            "row=x7~a~b",
            "row=n7~a~b",
            "row=d7~a~b",
            "row=d~a",
            "select=rows",
            "reason=soon",
            "colour=red",
        ] {
            assert!(Wanted::read(wrong).is_err(), "{wrong}");
        }
        assert!(!row_of_asset(1, &key).is_empty());
    }
}
