//! `/sites`: all sites and how their assets stand.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::overview::SiteRow;
use crate::domain::asset::Standing;
use crate::domain::filter::folded;
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::Sites;
use crate::web::partials::Pager;
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: usize = 100;

/// The page.
#[derive(Template)]
#[template(path = "sites.html")]
struct SitesPage {
    frame: Frame,
    rows: Vec<SiteRow>,
    pager: Pager,
    text: String,
    sort: &'static str,
}

/// `GET /sites`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["sort", "after", "n"])?;
    let sort = query.choice("sort", &[("name", "name"), ("affected", "affected"), ("exploited", "exploited")])?;
    let sites = Sites::of(&state, &viewer).await?;
    let mut totals = store::listing::sums::list_site_totals(state.db(), &viewer.sites).await?;
    let text = query.filter.text.clone();
    totals.retain(|total| total.n_assets() > 0 && folded(&total.name).contains(&folded(&text)));
    match sort {
        "affected" => totals.sort_by_key(|t| std::cmp::Reverse((t.n(Standing::Affected), t.n(Standing::Possible)))),
        "exploited" => totals.sort_by_key(|t| std::cmp::Reverse((t.n_exploited, t.n(Standing::Affected)))),
        _ => {}
    }
    let n = totals.len() as u64;
    let after: Option<i64> = query.after().and_then(|after| after.parse().ok());
    let begin = after.and_then(|id| totals.iter().position(|t| t.site_id == id)).map_or(0, |place| place + 1);
    let page: Vec<SiteRow> = totals.drain(begin..).take(PAGE_SIZE).map(|total| SiteRow::new(total, &sites)).collect();
    let cursor = page.last().filter(|_| begin + page.len() < n as usize).map(|row| row.total.site_id.to_string());
    let pager = Pager::new("/sites", &query, page.len(), Some(n), cursor.as_deref(), PAGE_SIZE as u64);
    let frame = Frame::load(&state, &viewer, Nav::Overview, "Sites").await?;
    render(&SitesPage { frame, rows: page, pager, text, sort })
}
