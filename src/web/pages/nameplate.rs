//! `/nameplates/{id}`: everything about one nameplate with its firmware: what advisories say, why, and which assets.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Html, IntoResponse, Response};

use super::asset::explanations;
use super::exposures::WORDS;
use crate::domain::filter::Filter;
use crate::domain::listing::{AssetLine, AssetSort, ListSort, ListView, ListedExposure};
use crate::domain::nameplate::Variant;
use crate::services::explain_match::ExplainRequest;
use crate::store;
use crate::store::listing::assets::{AssetList, LineCursor, list_asset_lines};
use crate::store::listing::exposures::ExposureList;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::partials::{Identifier, Sentence, SeverityBadge, VerdictBadge, Why};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Assets that the page shows at once.
const MAX_ASSETS: u32 = 200;

/// Lines that a fold shows.
const MAX_FOLDED: usize = 12;

/// The page.
#[derive(Template)]
#[template(path = "nameplate.html")]
struct NameplatePage {
    frame: Frame,
    variant: Variant,
    matches: Vec<Why>,
    ruled_out: Vec<Why>,
    unchecked: Option<String>,
    assets: Vec<AssetLine>,
    has_more_assets: bool,
    more_href: String,
}

/// What a line of a list holds when it is opened.
#[derive(Template)]
#[template(path = "_nameplate_fold.html")]
struct Fold {
    lines: Vec<ListedExposure>,
    n_more: usize,
    assets: Vec<AssetLine>,
    href: String,
}

impl Fold {
    fn severity(&self, line: &ListedExposure) -> SeverityBadge {
        SeverityBadge::of_score(line.cvss, line.is_exploited)
    }

    fn verdict(&self, line: &ListedExposure) -> VerdictBadge {
        VerdictBadge { verdict: line.finding.verdict }
    }

    fn advisory_href(&self, line: &ListedExposure) -> String {
        links::advisory(&line.advisory)
    }
}

/// `GET /nameplates/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(variant_id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), WORDS)?;
    let sites = Sites::of(&state, &viewer).await?;
    let scope = sites.scope(&query.filter, &viewer)?;
    let only_sites = Filter { sites: query.filter.sites.clone(), ..Filter::default() };
    let of_variant =
        AssetList { filter: &only_sites, sites: scope, variant_id: Some(variant_id), sort: AssetSort::Seen };
    let mut assets = list_asset_lines(state.db(), &of_variant, &LineCursor::default(), MAX_ASSETS + 1).await?;
    // A nameplate whose assets the person may not see does not exist for that person.
    let Some(first) = assets.first() else {
        return Err(Problem::not_found(format!("cannot show nameplate {variant_id}: no asset has it")));
    };
    let variant = first.variant.clone();
    let has_more_assets = assets.len() > MAX_ASSETS as usize;
    assets.truncate(MAX_ASSETS as usize);
    let (matches, ruled_out, unchecked) =
        explanations(&state, &ExplainRequest { variant: variant.clone(), ..ExplainRequest::default() }).await?;
    let plate = &variant.nameplate;
    let title = format!("{} {}", plate.vendor, plate.model).trim().to_owned();
    let title = if title.is_empty() { format!("Nameplate {variant_id}") } else { title };
    let frame = Frame::load(&state, &viewer, Nav::Exposures, title).await?;
    let more_href = format!("/assets?nameplate={variant_id}");
    render(&NameplatePage { frame, variant, matches, ruled_out, unchecked, assets, has_more_assets, more_href })
}

/// `GET /nameplates/{id}/fold`: the inner part of a line of a list.
pub async fn fold(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(variant_id): Path<i64>,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(text.as_deref(), WORDS)?;
    let sites = Sites::of(&state, &viewer).await?;
    let scope = sites.scope(&query.filter, &viewer)?;
    let list = ExposureList {
        filter: &query.filter,
        sites: scope.clone(),
        view: ListView::Nameplate,
        sort: ListSort::Work,
        variant_id: None,
        asset_id: None,
        advisory: None,
    };
    let mut lines = store::listing::exposures::list_of_variants(state.db(), &list, &[variant_id]).await?;
    let n_more = lines.len().saturating_sub(MAX_FOLDED);
    lines.truncate(MAX_FOLDED);
    let only_sites = Filter::default();
    let of_variant =
        AssetList { filter: &only_sites, sites: scope, variant_id: Some(variant_id), sort: AssetSort::Seen };
    let assets = list_asset_lines(state.db(), &of_variant, &LineCursor::default(), 10).await?;
    let href = format!("{}{}", links::nameplate(variant_id), text.map(|t| format!("?{t}")).unwrap_or_default());
    let fold = Fold { lines, n_more, assets, href };
    Ok(Html(fold.render().map_err(Problem::internal)?).into_response())
}
