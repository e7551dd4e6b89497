//! `/sources`: where advisories come from, how each source does, and what no source covers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{Timestamp, ToSpan};
use rustc_hash::FxHashMap;

use crate::domain::source::{Source, SourceHealth};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, OLD_DAYS, render};
use crate::web::partials::grouped;
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
}

impl SourcesPage {
    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn documents(&self, line: &Line) -> String {
        grouped(line.health.n_documents())
    }

    fn is_silent(&self, line: &Line) -> bool {
        line.source.is_enabled && line.silent_days.is_none_or(|days| days >= 2)
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
    let blind = store::listing::assets::list_blind_spots(state.db(), &viewer.sites, 100).await?;
    let n_advisories = store::advisory::count_advisories(state.db()).await?;
    let frame = Frame::load(&state, &viewer, Nav::Sources, "Sources and blind spots").await?;
    render(&SourcesPage { frame, lines, n_advisories, blind })
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
