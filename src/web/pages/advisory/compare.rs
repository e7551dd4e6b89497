//! `/advisories/{publisher}/{id}/compare`: two revisions side by side, first for one's own devices, then the text.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::find;
use crate::domain::account::SiteScope;
use crate::domain::change::Turn;
use crate::report::advisory_diff::{differences_heading, differences_text};
use crate::services::diff_advisory::{AdvisoryDiff, DeviceChange, DiffError, diff_advisory};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::{Identifier, counted, grouped};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Kinds of devices that the page lists.
const MAX_DEVICES: usize = 100;

/// Which revisions: their versions or the beginnings of their digests; blank for the last two.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CompareQuery {
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "advisory_compare.html")]
struct ComparePage {
    frame: Frame,
    href: String,
    id: String,
    diff: AdvisoryDiff,
    /// (turn, number of assets, kinds of devices).
    turns: Vec<(Turn, u64, usize)>,
    devices: Vec<DeviceChange>,
    n_more: usize,
    heading: String,
    text: String,
    /// Versions and digests of all that are kept.
    revisions: Vec<(String, String)>,
}

impl ComparePage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn assets(&self, n: &u64) -> String {
        counted(*n, "asset", "assets")
    }

    fn reason(&self, device: &DeviceChange) -> String {
        device.change.told().map(|finding| finding.reason.clone()).unwrap_or_default()
    }

    fn is_before(&self, digest: &str) -> bool {
        self.diff.before.sha256 == digest
    }

    fn is_after(&self, digest: &str) -> bool {
        self.diff.after.sha256 == digest
    }

    fn nameplate_href(&self, device: &DeviceChange) -> String {
        links::nameplate(device.change.key.variant_id)
    }
}

/// `GET /advisories/{publisher}/{id}/compare?from=&to=`.
pub async fn compare(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
    Query(query): Query<CompareQuery>,
) -> Result<Response, Problem> {
    let shown = match find(&state, &publisher, &id).await? {
        Ok(found) => found,
        Err(href) => return Ok(Redirect::to(&format!("{href}/compare")).into_response()),
    };
    let key = shown.advisory.key();
    let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (from, to) = (named(&query.from), named(&query.to));
    let mut diff = diff_advisory(state.db(), &key, from.as_deref(), to.as_deref()).await.map_err(problem)?;
    if viewer.sites != SiteScope::All {
        let ids: Vec<i64> = diff.devices.iter().map(|device| device.change.key.variant_id).collect();
        let counts = store::listing::assets::count_assets_of_variants(state.db(), &viewer.sites, &ids).await?;
        for device in &mut diff.devices {
            device.n_assets = counts.get(&device.change.key.variant_id).copied().unwrap_or(0);
        }
    }
    if !viewer.sees_all() {
        diff.n_same = 0;
    }
    // What no device of the person has any more is of no concern to that person.
    diff.devices.retain(|device| device.n_assets > 0);
    let of = |turn: Turn| diff.devices.iter().filter(move |device| device.change.turn() == turn);
    let turns = Turn::ALL
        .into_iter()
        .map(|turn| (turn, of(turn).map(|device| device.n_assets).sum(), of(turn).count()))
        .filter(|(.., kinds)| *kinds > 0)
        .collect();
    let n_more = diff.devices.len().saturating_sub(MAX_DEVICES);
    let devices = diff.devices.drain(..).take(MAX_DEVICES).collect();
    let frame = Frame::load(&state, &viewer, Nav::Advisories, format!("{} compared", key.id)).await?;
    render(&ComparePage {
        frame,
        href: links::advisory(&key),
        id: key.id,
        turns,
        devices,
        n_more,
        heading: differences_heading(&diff.document),
        text: differences_text(&diff.document),
        revisions: shown.revisions.into_iter().map(|one| (one.version, one.sha256)).collect(),
        diff,
    })
}

fn problem(error: DiffError) -> Problem {
    match error {
        DiffError::Store(error) => error.into(),
        DiffError::Unreadable { .. } => Problem::internal(error),
        _ => Problem::not_found(error.to_string()),
    }
}
