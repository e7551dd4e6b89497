//! What advisories say about which asset, through the filter of the pages.

use axum::Json;
use axum::extract::{RawQuery, State};

use super::json::{Exposure, Page, Problem as ProblemJson};
use super::page::{read_limit, read_pair};
use crate::services::list_exposures::list_exposures;
use crate::web::error::Problem;
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Open exposures asset by asset; the filter has the words of the addresses of pages
///
/// Of several values of one word any fits (`verdict=affected,possible`), of several words all must. A filter that fits
/// few may give a short page that has a `next`.
#[utoipa::path(get, path = "/api/v1/exposures", tag = "exposures", params(
    ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ("limit" = Option<u32>, Query, description = "How many items at most, up to 1000", minimum = 1, maximum = 1000),
    ("site" = Option<String>, Query, description = "Sites by word or name"),
    ("verdict" = Option<String>, Query, description = "`affected`, `possible`"),
    ("severity" = Option<String>, Query, description = "This severity or a higher one: `critical`, `high`, `medium`, `low`, `none`"),
    ("kev" = Option<String>, Query, description = "`yes`: a vulnerability is known to be exploited"),
    ("status" = Option<String>, Query, description = "What has been done: `open`, `not_remediated`, `in_progress`, `done`"),
    ("vendor" = Option<String>, Query, description = "A part of the vendor's name"),
    ("sure" = Option<String>, Query, description = "The product was identified at least so surely: `certain`, `likely`, `possible`"),
    ("fix" = Option<String>, Query, description = "`yes`: a version that fixes it is named"),
    ("advisory" = Option<String>, Query, description = "Ids of advisories"),
    ("cve" = Option<String>, Query, description = "Ids of CVEs"),
    ("area" = Option<String>, Query, description = "Areas as the inventory writes them"),
    ("text" = Option<String>, Query, description = "A part of vendor, model, order number, firmware, tag, serial number or advisory")
), responses(
    (status = 200, body = Page<Exposure>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Exposure>>, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["after", "limit"])?;
    let limit = match query.value("limit") {
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::bad_request(format!("cannot list: expected `limit` to be a number, found `{text}`"))
        })?),
        None => None,
    };
    let limit = read_limit(limit)?;
    let after = query.after().map(read_pair).transpose()?.unwrap_or((0, 0));
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    let page = list_exposures(state.db(), &knowledge, &query.filter, &viewer.sites, after, limit as usize).await?;
    let next = page.next.map(|(exposure_id, asset_id)| format!("{exposure_id}.{asset_id}"));
    Ok(Json(Page { items: page.exposures.into_iter().map(Exposure::from).collect(), next }))
}
