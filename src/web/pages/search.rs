//! `/search?q=`: one box for order numbers, tags, CVEs and advisory ids. A CVE is answered in one sentence.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::advisory::is_cve;
use crate::domain::advisory_note::ListedAdvisory;
use crate::domain::advisory_search::{AdvisoryFilter, AdvisorySort, Compare, Condition, SearchField};
use crate::domain::filter::Filter;
use crate::domain::listing::{AssetLine, AssetSort, ListSort, ListView};
use crate::domain::verdict::Verdict;
use crate::services::progress::Silent;
use crate::services::ruled_out::ruled_out;
use crate::services::search_advisories::refresh_search;
use crate::services::show_advisory::find_shown_advisories;
use crate::store;
use crate::store::listing::assets::{AssetList, LineCursor, list_asset_lines};
use crate::store::listing::exposures::{ExposureList, list_exposures};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::{Identifier, SeverityBadge, grouped};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Answers of each kind.
const MAX: u32 = 50;

/// The query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

/// The page.
#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    /// The answer to a CVE.
    sentence: String,
    cve: String,
    assets: Vec<AssetLine>,
    advisories: Vec<ListedAdvisory>,
}

impl SearchPage {
    fn advisory_href(&self, line: &ListedAdvisory) -> String {
        links::advisory(&line.revision.key)
    }

    fn severity(&self, line: &ListedAdvisory) -> SeverityBadge {
        let mut badge = SeverityBadge::of_score(line.cvss, false);
        badge.is_quiet = line.n_exposures == 0;
        badge
    }
}

/// `GET /search`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let text = asked.q.trim().to_owned();
    let cve = Some(text.to_uppercase()).filter(|text| is_cve(text)).unwrap_or_default();
    let (mut assets, mut advisories, mut sentence) = (Vec::new(), Vec::new(), String::new());
    if !text.is_empty() {
        refresh_search(state.db(), &Silent).await?;
        let field = if cve.is_empty() { None } else { Some(SearchField::Cve) };
        let filter = AdvisoryFilter {
            conditions: vec![Condition { field, compare: Compare::Contains, value: text.clone() }],
            ..AdvisoryFilter::default()
        };
        let sort = AdvisorySort { field: SearchField::Updated, descending: true };
        let found =
            store::advisory_search::list_advisories_by(state.db(), &filter, sort, None, MAX, &viewer.name).await?;
        advisories = found.into_iter().map(|(line, _)| line).collect();
        store::advisory_search::narrow_exposures(state.db(), &viewer.sites, &mut advisories).await?;
        if cve.is_empty() {
            let filter = Filter { text: text.clone(), ..Filter::default() };
            let list =
                AssetList { filter: &filter, sites: viewer.sites.clone(), variant_id: None, sort: AssetSort::Seen };
            assets = list_asset_lines(state.db(), &list, &LineCursor::default(), MAX).await?;
        } else {
            sentence = answer(&state, &viewer, &cve, &advisories).await?;
        }
    }
    let frame = Frame::load(&state, &viewer, Nav::None, "Search").await?;
    render(&SearchPage { frame, text, sentence, cve, assets, advisories })
}

/// `CVE-2022-46680: 9 affected, 3 possible, 5 ruled out.`
async fn answer(
    state: &AppState,
    viewer: &Viewer,
    cve: &str,
    advisories: &[ListedAdvisory],
) -> Result<String, Problem> {
    if advisories.is_empty() {
        return Ok(format!("{cve}: no advisory of the database names it."));
    }
    let filter = Filter { cves: vec![cve.to_owned()], ..Filter::default() };
    let list = ExposureList {
        filter: &filter,
        sites: viewer.sites.clone(),
        view: ListView::Asset,
        sort: ListSort::Work,
        variant_id: None,
        asset_id: None,
        advisory: None,
    };
    // One asset may be named by several advisories on the same vulnerability; the worst counts.
    const MAX_PAIRS: u32 = 50_000;
    let (mut affected, mut possible) = (BTreeSet::new(), BTreeSet::new());
    for line in list_exposures(state.db(), &list, None, MAX_PAIRS).await? {
        let Some(asset) = line.asset.filter(|_| line.finding.cves.iter().any(|own| own == cve)) else { continue };
        match line.finding.verdict {
            Verdict::Affected => drop(affected.insert(asset.asset_id)),
            Verdict::Possible => drop(possible.insert(asset.asset_id)),
            Verdict::NotAffected => {}
        }
    }
    let n_possible = possible.difference(&affected).count();
    let mut variants = BTreeSet::new();
    for advisory in advisories.iter().take(10) {
        for shown in find_shown_advisories(state.db(), &advisory.revision.key.id).await.map_err(Problem::internal)? {
            let ruled = ruled_out(state.db(), &Arc::new(shown.advisory)).await?;
            variants.extend(ruled.into_iter().map(|one| one.variant_id));
        }
    }
    let ids: Vec<i64> = variants.into_iter().collect();
    let counts = store::listing::assets::count_assets_of_variants(state.db(), &viewer.sites, &ids).await?;
    Ok(format!(
        "{cve}: {} affected, {} possible, {} ruled out.",
        grouped(affected.len() as u64),
        grouped(n_possible as u64),
        grouped(counts.values().sum())
    ))
}
