//! `/rescans`: all runs; `/rescans/{id}`: what one run changed, and why. The page of a run stays.

use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::account::SiteScope;
use crate::domain::change::{Cause, Change, Turn};
use crate::domain::nameplate::Variant;
use crate::domain::rescan::{Rescan, Scope, Trigger};
use crate::services::start_rescan::start_rescan;
use crate::services::what_changed::{Wanted, WhatChanged, last_seen, mark_seen, what_changed};
use crate::store::{self, StoreError};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::pages::jobs;
use crate::web::partials::{Identifier, Sentence, VerdictBadge, counted, grouped};
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
    /// Whether the numbers of runs, which are of all sites, are shown.
    sees_all: bool,
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
    let sees_all = viewer.sites == SiteScope::All;
    render(&RescansPage { frame, runs, sees_all })
}

/// `POST /rescans`: judges everything anew.
pub async fn run(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    start(&state, &viewer.editing()?, Scope::All).await
}

/// Begins a run and leads to its page, or to its progress while it takes long.
///
/// # Errors
///
/// The database fails.
pub async fn start(state: &AppState, viewer: &Viewer, scope: Scope) -> Result<Response, Problem> {
    let started = start_rescan(state.jobs(), state.db(), scope, &viewer.name).await?;
    jobs::lead_to(state, started.job_id()).await
}

/// `POST /rescans/seen`: keeps that the person has looked at what changed up to the run `rescan`.
pub async fn seen(State(state): State<AppState>, viewer: Viewer, RawForm(form): RawForm) -> Result<Response, Problem> {
    let rescan_id = Fields::read(&form).number("rescan")?;
    mark_seen(state.db(), &viewer.name, rescan_id, state.now()).await.map_err(|error| match error {
        StoreError::NotFound(_) => missing(&rescan_id.to_string()),
        error => error.into(),
    })?;
    Ok(Redirect::to("/").into_response())
}

fn missing(id: &str) -> Problem {
    Problem::not_found(format!("cannot show rescan `{id}`: there is none with this number"))
}

/// One change, as the page tells it.
struct Line {
    turn: Turn,
    variant: Variant,
    variant_href: String,
    n_assets: u64,
    advisory_id: String,
    advisory_href: String,
    change: String,
    verdict: Option<VerdictBadge>,
    reason: String,
    cause: Cause,
}

impl Line {
    fn new((change, variant, n_assets): (Change, Variant, u64)) -> Line {
        Line {
            turn: change.turn(),
            variant,
            variant_href: links::nameplate(change.key.variant_id),
            n_assets,
            advisory_id: change.key.advisory.id.clone(),
            advisory_href: links::advisory(&change.key.advisory),
            change: change.in_words(),
            verdict: change.after.as_ref().map(|f| VerdictBadge { verdict: f.verdict }),
            reason: change.told().map(|f| f.reason.clone()).unwrap_or_default(),
            cause: change.cause,
        }
    }

    /// Where the two revisions stand side by side; `None` when none is the cause.
    fn compare_href(&self) -> Option<String> {
        let has_two = self.cause == Cause::Advisory && self.turn != Turn::New;
        has_two.then(|| format!("{}/compare", self.advisory_href))
    }
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
    path: String,
    query: ListQuery,
    groups: Vec<Group>,
    /// The turn that alone is shown.
    only: Option<Turn>,
    cause: Option<Cause>,
    sites: Vec<(String, String)>,
    /// Whether the numbers of the run are of the sites that the person sees.
    sees_all: bool,
    rescan_id: i64,
    /// Whether the person has said that this run was looked at.
    is_seen: bool,
    /// Revisions that came in this stretch and changed nothing: tracking id, version, page.
    quiet: Vec<(String, String, String)>,
    n_quiet: usize,
    /// The run after which the changes are told; `None` for those of this run alone.
    since: Option<i64>,
}

impl RescanPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn why(&self) -> &'static str {
        why(self.run.trigger)
    }

    fn told(&self, n: &u64, one: &str, many: &str) -> String {
        counted(*n, one, many)
    }

    fn seconds(&self) -> String {
        format!("{:.1} s", self.run.finished_at.duration_since(self.run.started_at).as_secs_f64())
    }

    fn is_only(&self, turn: &Turn) -> bool {
        self.only == Some(*turn)
    }

    fn is_shown(&self, turn: &Turn) -> bool {
        self.only.is_none_or(|only| only == *turn)
    }

    fn turn_href(&self, turn: &Turn) -> String {
        let value = Some(turn.word()).filter(|_| !self.is_only(turn));
        format!("{}{}", self.path, self.query.with("turn", value))
    }

    fn causes(&self) -> [(Cause, &'static str, bool); 6] {
        CAUSES.map(|cause| (cause, cause.in_words(), self.cause == Some(cause)))
    }

    fn is_site(&self, address: &str) -> bool {
        self.query.filter.sites.iter().any(|site| site == address)
    }

    fn n_changes(&self) -> u64 {
        self.groups.iter().map(|group| group.n).sum()
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

/// `GET /rescans/{id}`; with `since=` what changed after that run and up to this one.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["turn", "cause", "since"])?;
    let only = query.value("turn").map(read_turn).transpose()?;
    let cause = query.value("cause").map(read_cause).transpose()?;
    let rescan_id = match id.as_str() {
        "latest" => store::change::find_latest_rescan_id(state.db()).await?.ok_or_else(|| missing(&id))?,
        number => number.parse().map_err(|_| missing(&id))?,
    };
    let since = match query.value("since") {
        None => None,
        Some(text) => {
            Some(text.parse::<i64>().ok().filter(|since| (0..rescan_id).contains(since)).ok_or_else(|| {
                Problem::bad_request(format!(
                    "cannot show the rescan: expected `since` to be the number of an earlier run, found `{text}`"
                ))
            })?)
        }
    };
    let (_, run) = store::rescan::find_rescan(state.db(), rescan_id).await?.ok_or_else(|| missing(&id))?;
    let sites = Sites::of(&state, &viewer).await?;
    let (mut changed, mut quiet) = (WhatChanged::default(), Vec::new());
    if run.error.is_none() {
        let stretch = match since {
            Some(since) => store::change::find_stretch(state.db(), since, rescan_id).await?,
            None => store::change::find_stretch_of(state.db(), rescan_id).await?,
        };
        let max = if only.is_some() { MAX_LINES * 20 } else { MAX_LINES };
        let wanted = Wanted { sites: sites.scope(&query.filter, &viewer)?, turn: only, cause, max };
        changed = what_changed(state.db(), &stretch, &wanted).await?;
        // A filter would call quiet what it only leaves out.
        if only.is_none() && cause.is_none() && query.filter.is_empty() {
            let arrived = store::evidence::list_arrived_revisions(state.db(), stretch.from, stretch.until).await?;
            let arrived = arrived.into_iter().filter(|one| !changed.advisories.contains(&one.key));
            quiet = arrived.map(|one| (one.key.id.clone(), one.version, links::advisory(&one.key))).collect();
        }
    }
    let n_quiet = quiet.len();
    quiet.truncate(MAX_LINES);
    let counts = changed.n_by_turn;
    let mut lines: Vec<Line> = changed.kept.into_iter().map(Line::new).collect();
    let groups = Turn::ALL
        .into_iter()
        .map(|turn| {
            let (own, others) = std::mem::take(&mut lines).into_iter().partition(|line: &Line| line.turn == turn);
            lines = others;
            Group { turn, label: label(turn), n: counts[turn as usize], lines: own }
        })
        .collect();
    let title = match since {
        Some(_) => "What changed since you last looked".to_owned(),
        None => format!("What changed in rescan {rescan_id}"),
    };
    let frame = Frame::load(&state, &viewer, Nav::Rescans, title).await?;
    let is_seen = last_seen(state.db(), &viewer.name).await?.is_some_and(|seen| seen >= rescan_id);
    render(&RescanPage {
        frame,
        run,
        path: format!("/rescans/{rescan_id}"),
        groups,
        only,
        cause,
        sites: sites.choices(),
        sees_all: viewer.sites == SiteScope::All && query.filter.sites.is_empty() && cause.is_none() && since.is_none(),
        rescan_id,
        is_seen,
        quiet,
        n_quiet,
        since,
        query,
    })
}

fn unknown(word: &str, known: &[&str], found: &str) -> Problem {
    let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    Problem::bad_request(format!(
        "cannot show the rescan: expected `{word}` to be one of {}, found `{found}`",
        known.join(", ")
    ))
}

/// What a change means to the owner, by its word.
///
/// # Errors
///
/// 400 with the known words.
pub fn read_turn(word: &str) -> Result<Turn, Problem> {
    Turn::ALL
        .into_iter()
        .find(|turn| turn.word() == word)
        .ok_or_else(|| unknown("turn", &Turn::ALL.map(Turn::word), word))
}

/// Why something changed, by its word.
///
/// # Errors
///
/// 400 with the known words.
pub fn read_cause(word: &str) -> Result<Cause, Problem> {
    CAUSES
        .into_iter()
        .find(|cause| cause.word() == word)
        .ok_or_else(|| unknown("cause", &CAUSES.map(Cause::word), word))
}

/// All causes in the order in which they are offered.
const CAUSES: [Cause; 6] =
    [Cause::Advisory, Cause::Inventory, Cause::Decision, Cause::Exploited, Cause::Matcher, Cause::Judgement];
