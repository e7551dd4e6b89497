//! `/exports/exposures.{format}`: the rows that fit a filter, as a file.

use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::Problem;
use super::links::Sites;
use super::pages::exposures::WORDS;
use super::query::ListQuery;
use super::state::AppState;
use super::viewer::Viewer;
use crate::domain::account::SiteScope;
use crate::report::Format;
use crate::services::filtered_report::{FilteredReportRequest, filtered_report};
use crate::services::progress::Silent;
use crate::services::stored_report::ReportError;

/// `GET /exports/exposures.{format}`.
pub async fn exposures(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    export(&state, &viewer, name.strip_prefix("exposures.").unwrap_or_default(), query.as_deref()).await
}

/// The rows that fit the filter of this query, as a file of this format.
///
/// # Errors
///
/// 404 for an unknown format, 400 for an unknown filter, 409 before the first run; or the database fails.
pub async fn export(state: &AppState, viewer: &Viewer, format: &str, query: Option<&str>) -> Result<Response, Problem> {
    let format = Format::from_word(format).ok_or_else(|| {
        let known: Vec<String> = Format::ALL.iter().map(|format| format!("`{}`", format.word())).collect();
        Problem::not_found(format!("cannot export as `{format}`: expected a format of {}", known.join(", ")))
    })?;
    let query = ListQuery::parse(query, WORDS)?;
    let sites = Sites::of(state, viewer).await?;
    let names = match sites.scope(&query.filter, viewer)? {
        SiteScope::All => None,
        SiteScope::Only(ids) => Some(ids.into_iter().filter_map(|id| sites.name(id).map(str::to_owned)).collect()),
    };
    let request = FilteredReportRequest { filter: query.filter.clone(), sites: names, as_of: None };
    let bytes = filtered_report(state.db(), &request, format, &Silent).await.map_err(|error| match error {
        ReportError::NotJudged => Problem::conflict("cannot export: nothing has been judged yet\nhint: rescan first"),
        error => Problem::internal(error),
    })?;
    let content_type = match format {
        Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Json => "application/json",
        Format::Ndjson => "application/x-ndjson",
        Format::Html => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let name = format!("exposures-{}.{}", state.now().strftime("%Y-%m-%d"), format.extension());
    Ok((
        [
            (header::CONTENT_TYPE, content_type.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        ],
        bytes,
    )
        .into_response())
}
