//! `/rescans`: all runs; `/rescans/{id}`: what one run changed, and why. The page of a run stays.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use rustc_hash::FxHashMap;

use crate::domain::account::SiteScope;
use crate::domain::change::{Change, Turn};
use crate::domain::nameplate::Variant;
use crate::domain::rescan::{Rescan, Trigger};
use crate::services::progress::Silent;
use crate::services::rescan::{RescanError, rescan};
use crate::store::{self, Db};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::{Identifier, Sentence, VerdictBadge, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Lines of each turn that the page shows.
const MAX_LINES: usize = 100;

/// The page of all runs.
#[derive(Template)]
#[template(path = "rescans.html")]
struct RescansPage {
    frame: Frame,
    runs: Vec<(i64, Rescan)>,
}

impl RescansPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn why(&self, run: &Rescan) -> &'static str {
        why(run.trigger)
    }
}

fn why(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "by hand",
        Trigger::Import => "after an import",
        Trigger::Advisory => "new advisories",
        Trigger::Nightly => "nightly",
        Trigger::Decision => "after a decision",
        Trigger::Edit => "after values were typed in",
    }
}

/// `GET /rescans`.
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let runs = store::rescan::list_rescans(state.db(), 200).await?;
    let frame = Frame::load(&state, &viewer, Nav::Rescans, "Rescans").await?;
    render(&RescansPage { frame, runs })
}

/// `POST /rescans`: judges everything anew.
pub async fn run(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    viewer.editing()?;
    match rescan(state.db(), Trigger::Manual, &Silent).await {
        Ok(done) => Ok(Redirect::to(&format!("/rescans/{}", done.rescan_id)).into_response()),
        Err(busy @ RescanError::Busy { .. }) => Err(Problem::conflict(busy.to_string())),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// One change, as the page tells it.
struct Line {
    turn: Turn,
    variant: Variant,
    variant_href: String,
    n_assets: u64,
    advisory_id: String,
    advisory_href: String,
    before: String,
    after: String,
    verdict: Option<VerdictBadge>,
    reason: String,
    cause: &'static str,
}

/// The lines of one turn.
struct Group {
    turn: Turn,
    label: &'static str,
    n: u64,
    lines: Vec<Line>,
}

/// The page of one run.
#[derive(Template)]
#[template(path = "rescan.html")]
struct RescanPage {
    frame: Frame,
    run: Rescan,
    rescan_id: i64,
    groups: Vec<Group>,
    /// The turn that alone is shown.
    only: Option<Turn>,
}

impl RescanPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn why(&self) -> &'static str {
        why(self.run.trigger)
    }

    fn seconds(&self) -> String {
        format!("{:.1} s", self.run.finished_at.duration_since(self.run.started_at).as_secs_f64())
    }

    fn is_empty(&self) -> bool {
        self.run.error.is_none() && self.groups.iter().all(|group| group.n == 0)
    }

    fn is_only(&self, turn: &Turn) -> bool {
        self.only == Some(*turn)
    }

    fn is_shown(&self, turn: &Turn) -> bool {
        self.only.is_none_or(|only| only == *turn)
    }
}

fn label(turn: Turn) -> &'static str {
    match turn {
        Turn::New => "New",
        Turn::Worse => "Worse",
        Turn::Better => "Better",
        Turn::Closed => "Closed",
        Turn::Retold => "Told in other words",
    }
}

/// The changes of nameplates that have an asset at these sites, and of assets that stand there.
async fn of_sites(db: &Db, sites: &SiteScope, changes: Vec<Change>) -> Result<Vec<Change>, Problem> {
    if *sites == SiteScope::All {
        return Ok(changes);
    }
    let ids: BTreeSet<i64> = changes.iter().map(|change| change.key.variant_id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let n_assets = store::listing::assets::count_assets_of_variants(db, sites, &ids).await?;
    let known = store::site::list_sites(db).await?;
    let mut kept = Vec::new();
    for change in changes {
        let is_there = match change.key.asset_id {
            None => n_assets.get(&change.key.variant_id).is_some_and(|n| *n > 0),
            Some(asset_id) => store::asset::find_asset(db, asset_id).await?.is_some_and(|found| {
                known.iter().any(|site| site.name == found.asset.site && sites.covers(site.site_id))
            }),
        };
        if is_there {
            kept.push(change);
        }
    }
    Ok(kept)
}

/// `GET /rescans/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("cannot show rescan `{id}`: there is none with this number"));
    let query = ListQuery::parse(query.as_deref(), &["turn"])?;
    let only = query.value("turn").map(|word| {
        Turn::ALL.into_iter().find(|turn| turn.word() == word).ok_or_else(|| {
            let known: Vec<String> = Turn::ALL.iter().map(|turn| format!("`{}`", turn.word())).collect();
            Problem::bad_request(format!(
                "cannot show the rescan: expected `turn` to be one of {}, found `{word}`",
                known.join(", ")
            ))
        })
    });
    let only = only.transpose()?;
    let rescan_id = match id.as_str() {
        "latest" => store::change::find_latest_rescan_id(state.db()).await?.ok_or_else(missing)?,
        number => number.parse().map_err(|_| missing())?,
    };
    let (_, run) = store::rescan::find_rescan(state.db(), rescan_id).await?.ok_or_else(missing)?;
    let max = if only.is_some() { MAX_LINES * 20 } else { MAX_LINES };
    let mut counts = [0u64; Turn::ALL.len()];
    let mut kept: Vec<Change> = Vec::new();
    if run.error.is_none() {
        let stretch = store::change::find_stretch_of(state.db(), rescan_id).await?;
        let mut changes = store::change::ChangeReader::open(state.db(), &stretch).await?;
        loop {
            let batch = changes.next(state.db()).await?;
            if batch.is_empty() {
                break;
            }
            for change in of_sites(state.db(), &viewer.sites, batch).await? {
                let turn = change.turn();
                let n = &mut counts[turn as usize];
                *n += 1;
                if *n as usize <= max && only.is_none_or(|only| only == turn) {
                    kept.push(change);
                }
            }
        }
    }
    let mut ids: Vec<i64> = kept.iter().map(|change| change.key.variant_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let variants: FxHashMap<i64, Variant> =
        store::listing::assets::list_variants_by_id(state.db(), &ids).await?.into_iter().collect();
    let n_assets = store::listing::assets::count_assets_of_variants(state.db(), &viewer.sites, &ids).await?;
    let line = |change: Change| {
        let told = |finding: &Option<crate::domain::exposure::Finding>| {
            finding.as_ref().map_or_else(|| "–".to_owned(), |f| f.verdict.label().to_lowercase())
        };
        let finding = change.after.as_ref().or(change.before.as_ref());
        let turn = change.turn();
        Line {
            turn,
            variant: variants.get(&change.key.variant_id).cloned().unwrap_or_default(),
            variant_href: links::nameplate(change.key.variant_id),
            n_assets: match change.key.asset_id {
                Some(_) => 1,
                None => n_assets.get(&change.key.variant_id).copied().unwrap_or(0),
            },
            advisory_id: change.key.advisory.id.clone(),
            advisory_href: links::advisory(&change.key.advisory),
            before: told(&change.before),
            after: told(&change.after),
            verdict: change.after.as_ref().map(|f| VerdictBadge { verdict: f.verdict }),
            reason: finding.map(|f| f.reason.clone()).unwrap_or_default(),
            cause: change.cause.in_words(),
        }
    };
    let mut lines: Vec<Line> = kept.into_iter().map(line).collect();
    let groups = Turn::ALL
        .into_iter()
        .map(|turn| {
            let (own, others) = std::mem::take(&mut lines).into_iter().partition(|line: &Line| line.turn == turn);
            lines = others;
            Group { turn, label: label(turn), n: counts[turn as usize], lines: own }
        })
        .collect();
    let frame = Frame::load(&state, &viewer, Nav::Rescans, format!("What changed in rescan {rescan_id}")).await?;
    render(&RescanPage { frame, run, rescan_id, groups, only })
}
