//! `/sources`: where advisories come from, how each source does, and what no source covers.

use askama::Template;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{Timestamp, ToSpan};
use rustc_hash::FxHashMap;

use super::inventories::size;
use super::jobs;
use crate::domain::source::{Source, SourceHealth};
use crate::services::bundle::{LastBundle, last_bundle, list_trusted_keys};
use crate::services::import_draft::MAX_UPLOAD_BYTES;
use crate::services::source_jobs::start_trial;
use crate::services::sources::{SourceChoices, enable_source, find_source, list_source_lines};
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, OLD_DAYS, render};
use crate::web::partials::grouped;
use crate::web::sources::{add, fetch_settings, n_documents, start_fetching};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Visits that the strip of a source looks at.
const MAX_PULLS: u32 = 5_000;

/// One source.
struct Line {
    source: Source,
    health: SourceHealth,
    silent_days: Option<u64>,
    /// One day each, the oldest first: good, failed, no run.
    strip: Vec<(&'static str, &'static str)>,
    strip_words: String,
}

/// The page.
#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    frame: Frame,
    lines: Vec<Line>,
    n_advisories: u64,
    /// Vendors whose assets cannot be checked, with the reason and number.
    blind: Vec<(String, String, u64)>,
    /// Places that the program knows of and this plant does not use: name and title.
    known: Vec<(String, String)>,
    bundle: Option<LastBundle>,
    /// Whose bundles are believed: id, whose key it is, since when.
    keys: Vec<(String, String, Timestamp)>,
    limit: String,
    now: Timestamp,
}

impl SourcesPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn documents(&self, line: &Line) -> String {
        grouped(n_documents(&line.source, &line.health))
    }

    fn is_bundle(&self, line: &Line) -> bool {
        !line.source.is_fetched()
    }

    /// Whole days from this moment to now.
    fn age(&self, at: &Timestamp) -> String {
        match self.now.duration_since(*at).as_hours() / 24 {
            1 => "1 day old".to_owned(),
            days => format!("{} days old", days.max(0)),
        }
    }

    fn day(&self, at: &Timestamp) -> String {
        at.strftime("%Y-%m-%d").to_string()
    }

    fn is_silent(&self, line: &Line) -> bool {
        // What is carried in by hand comes when somebody carries it; its age is told beside it.
        line.source.is_fetched() && line.source.is_enabled && line.silent_days.is_none_or(|days| days >= 2)
    }
}

/// `GET /sources`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let now = state.now();
    let mut health: FxHashMap<i64, SourceHealth> =
        store::source::list_source_health(state.db()).await?.into_iter().collect();
    let mut lines = Vec::new();
    for (source_id, source) in store::source::list_sources(state.db()).await? {
        let health = health.remove(&source_id).unwrap_or_default();
        let since = now.checked_sub((24 * OLD_DAYS).hours()).unwrap_or(now);
        let pulls = store::source::list_pulls(state.db(), source_id, since, MAX_PULLS).await?;
        let days: Vec<(Timestamp, bool)> = pulls.iter().map(|pull| (pull.started_at, pull.is_good())).collect();
        let strip = strip(&days, now);
        let n = |class: &str| strip.iter().filter(|(c, _)| *c == class).count();
        lines.push(Line {
            silent_days: health.silent_days(now),
            strip_words: format!("{} days good, {} failed, {} without a run", n("ok"), n("failed"), n("none")),
            strip,
            source,
            health,
        });
    }
    let known = list_source_lines(state.db()).await?.into_iter().filter(|line| line.configured.is_none());
    let known = known.filter_map(|line| line.known).map(|known| (known.name.clone(), known.title.clone())).collect();
    let keys = list_trusted_keys(state.db()).await?;
    let keys = keys.into_iter().map(|(key, trusted)| (key.id(), trusted.comment, trusted.trusted_at)).collect();
    let bundle = last_bundle(state.db()).await?;
    let limit = size(MAX_UPLOAD_BYTES);
    let blind = store::listing::assets::list_blind_spots(state.db(), &viewer.sites, 100).await?;
    let n_advisories = store::advisory::count_advisories(state.db()).await?;
    let frame = Frame::load(&state, &viewer, Nav::Sources, "Sources and blind spots").await?;
    render(&SourcesPage { frame, lines, n_advisories, blind, known, bundle, keys, limit, now })
}

/// `POST /sources`: `act=add` with a name and perhaps a URL, `enable`, `disable`, `test` or `fetch` with a name; `fetch`
/// without one visits all that are enabled.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    let (name, who) = (fields.get("name").trim(), viewer.name.as_str());
    let job = match fields.get("act") {
        "add" => {
            let url = Some(fields.get("url").trim().to_owned()).filter(|url| !url.is_empty());
            add(&state, name, SourceChoices { url, ..SourceChoices::default() }, who).await?;
            None
        }
        act @ ("enable" | "disable") => {
            enable_source(db, name, act == "enable", who, now).await?;
            None
        }
        "test" => {
            let source = find_source(db, name, now).await?;
            Some(start_trial(state.jobs(), fetch_settings(&state)?, source, who).await?)
        }
        "fetch" => Some(start_fetching(&state, name, who).await?),
        other => return Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    };
    match job {
        Some(job) => jobs::lead_to(&state, job.job_id()).await,
        None => Ok(Redirect::to("/sources").into_response()),
    }
}

/// The last 35 days, the oldest first, each with its class and glyph.
fn strip(pulls: &[(Timestamp, bool)], now: Timestamp) -> Vec<(&'static str, &'static str)> {
    let day = |at: Timestamp| at.as_second().div_euclid(86_400);
    let today = day(now);
    (today - OLD_DAYS + 1..=today)
        .map(|wanted| {
            let mut of_day = pulls.iter().filter(|(at, _)| day(*at) == wanted).peekable();
            if of_day.peek().is_none() {
                ("none", "·")
            } else if of_day.any(|(_, is_good)| *is_good) {
                ("ok", "✓")
            } else {
                ("failed", "✕")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strip_has_a_mark_for_each_day() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let pulls = [
            (at("2026-11-22T02:00:00Z"), false),
            (at("2026-11-21T02:00:00Z"), false),
            (at("2026-11-21T08:00:00Z"), true),
            (at("2026-01-01T00:00:00Z"), true),
        ];
        let marks: String = strip(&pulls, now).into_iter().map(|(_, glyph)| glyph).collect();
        assert_eq!(marks, format!("{}✓✕", "·".repeat(33)));
    }
}
