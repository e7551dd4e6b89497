//! Installed devices.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::json::{Asset, Change, Exposure, Page, Problem as ProblemJson};
use super::page::{read_id, read_limit};
use crate::domain::account::SiteScope;
use crate::domain::asset::KnownAsset;
use crate::domain::site::{self, Site};
use crate::services::list_exposures::exposures_of_asset;
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// What a program asks of the list of assets.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AssetsQuery {
    /// The `next` of the page before; left out for the first page.
    pub after: Option<String>,
    /// How many items at most, up to 1000; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Only assets of this site, by its word or name.
    pub site: Option<String>,
    /// Only assets with exactly this tag.
    pub tag: Option<String>,
}

/// Assets that are not retired, by id
#[utoipa::path(get, path = "/api/v1/assets", tag = "assets", params(AssetsQuery), responses(
    (status = 200, body = Page<Asset>),
    (status = 400, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<AssetsQuery>,
) -> Result<Json<Page<Asset>>, Problem> {
    let limit = read_limit(query.limit)?;
    let sites = visible_sites(&state, &viewer).await?;
    let site = match &query.site {
        Some(wanted) => Some(named(&sites, wanted)?),
        None => None,
    };
    if let Some(tag) = &query.tag {
        let found = store::asset::list_assets_by_tag(state.db(), tag, site).await?;
        let items = found.into_iter().filter(|asset| is_at(&sites, asset)).map(Asset::from).collect();
        return Ok(Json(Page { items, next: None }));
    }
    let mut after = query.after.as_deref().map(read_id).transpose()?.unwrap_or(0);
    let mut items: Vec<Asset> = Vec::new();
    let mut is_last = false;
    while !is_last && items.len() < limit as usize {
        let page = store::asset::list_assets(state.db(), site, after, limit).await?;
        is_last = page.len() < limit as usize;
        for asset in page {
            if items.len() == limit as usize {
                is_last = false;
                break;
            }
            after = asset.asset_id;
            if is_at(&sites, &asset) {
                items.push(Asset::from(asset));
            }
        }
    }
    Ok(Json(Page { items, next: (!is_last).then(|| after.to_string()) }))
}

/// One asset
#[utoipa::path(get, path = "/api/v1/assets/{asset_id}", tag = "assets", params(("asset_id" = i64, Path)), responses(
    (status = 200, body = Asset),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
) -> Result<Json<Asset>, Problem> {
    Ok(Json(asset_of(&state, &viewer, asset_id).await?.into()))
}

/// What advisories say about one asset
#[utoipa::path(get, path = "/api/v1/assets/{asset_id}/exposures", tag = "assets", params(("asset_id" = i64, Path)), responses(
    (status = 200, body = Page<Exposure>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn exposures(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
) -> Result<Json<Page<Exposure>>, Problem> {
    asset_of(&state, &viewer, asset_id).await?;
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    let found = exposures_of_asset(state.db(), &knowledge, asset_id, &viewer.sites).await?;
    Ok(Json(Page { items: found.into_iter().map(Exposure::from).collect(), next: None }))
}

/// What changed of one asset, the latest first
#[utoipa::path(get, path = "/api/v1/assets/{asset_id}/history", tag = "assets", params(("asset_id" = i64, Path)), responses(
    (status = 200, body = Page<Change>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn history(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
) -> Result<Json<Page<Change>>, Problem> {
    asset_of(&state, &viewer, asset_id).await?;
    let changes = store::asset::list_asset_changes(state.db(), asset_id).await?;
    Ok(Json(Page { items: changes.into_iter().map(Change::from).collect(), next: None }))
}

/// The asset of this number, if the viewer may see it.
///
/// # Errors
///
/// 404 when there is none; or the database fails.
pub async fn asset_of(state: &AppState, viewer: &Viewer, asset_id: i64) -> Result<KnownAsset, Problem> {
    let found = store::asset::find_asset(state.db(), asset_id).await?;
    let sites = visible_sites(state, viewer).await?;
    found
        .filter(|asset| is_at(&sites, asset))
        .ok_or_else(|| Problem::not_found(format!("cannot find asset {asset_id}: there is none")))
}

/// The sites that the viewer may see; `None` for all.
async fn visible_sites(state: &AppState, viewer: &Viewer) -> Result<(bool, Vec<Site>), Problem> {
    let mut sites = store::site::list_sites(state.db()).await?;
    sites.retain(|site| viewer.sites.covers(site.site_id));
    Ok((viewer.sites == SiteScope::All, sites))
}

fn is_at((all, sites): &(bool, Vec<Site>), asset: &KnownAsset) -> bool {
    *all || sites.iter().any(|site| site.name == asset.asset.site)
}

fn named<'a>((_, sites): &'a (bool, Vec<Site>), wanted: &str) -> Result<&'a str, Problem> {
    let found = sites.iter().find(|known| known.name == wanted || site::word(&known.name) == wanted);
    found.map(|site| site.name.as_str()).ok_or_else(|| {
        Problem::bad_request(format!("cannot list assets: expected a site that is known, found `{wanted}`"))
    })
}
