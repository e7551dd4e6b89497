//! `/sites/{site}`: the exposure report of one site.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::acts;
use super::exposures::ExposureTable;
use crate::domain::filter::query_text::encode;
use crate::domain::listing::SiteTotal;
use crate::report::vocabulary::headline;
use crate::store;
use crate::web::columns;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{Sites, shown};
use crate::web::partials::{Identifier, Sentence, StandingBar, StandingList};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "site.html")]
struct SitePage {
    frame: Frame,
    name: String,
    /// As the parts of an address name it.
    word: String,
    headline: String,
    total: SiteTotal,
    bar: StandingBar,
    list: StandingList,
    table: ExposureTable,
}

/// `GET /sites/{site}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let sites = Sites::of(&state, &viewer).await?;
    let Some((site_id, name)) = sites.find(&word).cloned() else {
        return Err(Problem::not_found(format!("cannot show the site `{word}`: expected one of {}", sites.known())));
    };
    let address = sites.address(site_id);
    let total = store::listing::sums::list_site_totals(state.db(), &viewer.sites)
        .await?
        .into_iter()
        .find(|total| total.site_id == site_id)
        .unwrap_or_else(|| SiteTotal { site_id, name: name.clone(), ..SiteTotal::default() });
    let path = sites.href(site_id);
    if let Some(elsewhere) = columns::remember(&state, &headers, "exposures", &path, query.as_deref()) {
        return Ok(elsewhere);
    }
    let table = ExposureTable::load(&state, &viewer, &path, query.as_deref(), Some(&address)).await?;
    let mut frame = Frame::load(&state, &viewer, Nav::Exposures, shown(&name)).await?;
    frame.is_print = table.is_print;
    frame.done = acts::bar(&state, &viewer, table.query.value("did"), &table.here()).await?;
    let bar = StandingBar { n_by_standing: total.n_by_standing, affected: total.affected_by_severity, height: 20 };
    let list = StandingList {
        n_by_standing: total.n_by_standing,
        affected: total.affected_by_severity,
        base: format!("/assets?site={}&", encode(&address)),
    };
    let headline = headline(&total.summary());
    render(&SitePage { frame, name: shown(&name), word: encode(&address), headline, total, bar, list, table })
}
