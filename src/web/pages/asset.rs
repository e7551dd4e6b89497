//! `/assets/{id}`: one asset: its nameplate as written, what advisories say of it and why, and its history.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::domain::asset::{AssetChange, KnownAsset};
use crate::domain::nameplate::Variant;
use crate::domain::verdict::Verdict;
use crate::report::explanation::Explanation;
use crate::services::explain_match::{ExplainRequest, explain_in};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::partials::{Identifier, Why};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Explanations that are open when the page is shown.
const N_OPEN: usize = 1;

/// The page.
#[derive(Template)]
#[template(path = "asset.html")]
struct AssetPage {
    frame: Frame,
    known: KnownAsset,
    variant: Variant,
    site_href: String,
    matches: Vec<Why>,
    ruled_out: Vec<Why>,
    unchecked: Option<String>,
    n_affected: usize,
    n_possible: usize,
    changes: Vec<AssetChange>,
}

/// `GET /assets/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("cannot show asset {asset_id}: there is none with this number"));
    let known = store::asset::find_asset(state.db(), asset_id).await?.ok_or_else(missing)?;
    let sites = Sites::of(&state, &viewer).await?;
    // An asset of a site that the person may not see does not exist for that person.
    let site_id = store::site::find_site(state.db(), &known.asset.site).await?.map(|site| site.site_id);
    let Some(site_id) = site_id.filter(|id| viewer.sites.covers(*id)) else { return Err(missing()) };
    let variant = known.asset.variant.clone();
    let (matches, ruled_out, unchecked) = explanations(&state, &variant, &known.asset.serial_number).await?;
    let n = |verdict: Verdict| matches.iter().filter(|why| why.verdict.verdict == verdict).count();
    let (n_affected, n_possible) = (n(Verdict::Affected), n(Verdict::Possible));
    let changes = store::asset::list_asset_changes(state.db(), asset_id).await?;
    let frame = Frame::load(&state, &viewer, Nav::Assets, known.asset.tag.clone()).await?;
    let site_href = sites.href(site_id);
    render(&AssetPage {
        frame,
        variant,
        known,
        site_href,
        matches,
        ruled_out,
        unchecked,
        n_affected,
        n_possible,
        changes,
    })
}

/// What advisories say of this variant with this serial number: those that hit it or may, most urgent first, those that
/// rule it out, and why it cannot be checked, if so.
///
/// # Errors
///
/// The database fails.
pub async fn explanations(
    state: &AppState,
    variant: &Variant,
    serial_number: &str,
) -> Result<(Vec<Why>, Vec<Why>, Option<String>), Problem> {
    let explanation = explain(state, variant, serial_number).await?;
    let mut hits = Vec::new();
    let mut ruled_out = Vec::new();
    for found in &explanation.matches {
        let why = Why::of_match(found, variant, links::advisory(&found.key), &explanation.engine);
        match found.finding.verdict {
            Verdict::NotAffected => ruled_out.push(why),
            Verdict::Affected | Verdict::Possible => {
                hits.push(if hits.len() < N_OPEN { why.opened() } else { why });
            }
        }
    }
    Ok((hits, ruled_out, explanation.unchecked))
}

/// Explains this variant with what is known now.
///
/// # Errors
///
/// The database fails.
pub async fn explain(state: &AppState, variant: &Variant, serial_number: &str) -> Result<Explanation, Problem> {
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    let request = ExplainRequest { variant: variant.clone(), serial_number: serial_number.to_owned(), advisory: None };
    tokio::task::block_in_place(|| {
        explain_in(&request, &knowledge.index, knowledge.sources.clone(), &knowledge.threats)
    })
    .map_err(Problem::internal)
}
