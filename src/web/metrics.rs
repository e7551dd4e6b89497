//! What is counted about requests, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::error::Problem;
use super::state::AppState;
use super::viewer::Viewer;
use crate::services::measures::{Measure, measure};
use crate::services::watch::schedule;
use crate::store;

/// Upper bounds of the buckets of answer times, in milliseconds.
const BUCKETS_MS: [u64; 8] = [5, 25, 50, 100, 300, 1_000, 3_000, 10_000];

/// Counters by route; a route is the path as the table of routes writes it, so their number is bounded.
#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, &'static str, u16), u64>>,
    times: Mutex<BTreeMap<String, Times>>,
}

#[derive(Clone, Copy, Default)]
struct Times {
    buckets: [u64; BUCKETS_MS.len()],
    n: u64,
    sum: Duration,
}

impl Metrics {
    /// Counts one answer.
    pub fn count(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        // A counter that was poisoned by a panic elsewhere still counts.
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_owned(), method, status)).or_default() += 1;
        drop(requests);
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = times.entry(route.to_owned()).or_default();
        for (bucket, bound) in times.buckets.iter_mut().zip(BUCKETS_MS) {
            *bucket += u64::from(took <= Duration::from_millis(bound));
        }
        times.n += 1;
        times.sum += took;
    }

    fn write(&self, text: &mut String) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# TYPE nameplate_http_requests_total counter");
        for ((route, method, status), n) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(
                text,
                "nameplate_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {n}"
            );
        }
        let name = "nameplate_http_request_duration_seconds";
        let _ = writeln!(text, "# TYPE {name} histogram");
        for (route, times) in self.times.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (bucket, bound) in times.buckets.iter().zip(BUCKETS_MS) {
                let bound = bound as f64 / 1_000.0;
                let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {bucket}");
            }
            let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", times.n);
            let _ = writeln!(text, "{name}_sum{{route=\"{route}\"}} {}", times.sum.as_secs_f64());
            let _ = writeln!(text, "{name}_count{{route=\"{route}\"}} {}", times.n);
        }
    }
}

/// `GET /metrics`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    viewer.seeing_all("the metrics")?;
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: f64| {
        let _ =
            writeln!(text, "# HELP nameplate_{name} {help}\n# TYPE nameplate_{name} gauge\nnameplate_{name} {value}");
    };
    let seconds = |at: Timestamp| at.as_second() as f64;
    gauge("started_timestamp_seconds", "When the server was started.", seconds(state.started_at()));
    gauge("assets", "Assets that are not retired.", store::asset::count_assets(state.db()).await? as f64);
    gauge("advisories", "Advisories, each once.", store::advisory::count_advisories(state.db()).await? as f64);
    gauge("exposures_open", "Open exposures.", store::exposure::count_open_exposures(state.db()).await? as f64);
    // A schedule that cannot be read is told by `doctor`.
    let schedule = schedule(state.config()).ok().flatten();
    write_measures(&measure(state.db(), schedule.as_ref(), state.now()).await?, &mut text);
    state.metrics().write(&mut text);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// Measures in the text form; those of one name stand beside each other.
fn write_measures(measures: &[Measure], text: &mut String) {
    let mut last = "";
    for Measure { name, help, label, value } in measures {
        if *name != last {
            let _ = writeln!(text, "# HELP nameplate_{name} {help}\n# TYPE nameplate_{name} gauge");
            last = name;
        }
        let label = label.as_ref().map_or_else(String::new, |(word, of)| {
            let of = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{{{word}=\"{of}\"}}")
        });
        let _ = writeln!(text, "nameplate_{name}{label} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources_are_only_text() {
        let of = |source: &str| Measure {
            name: "source_failing",
            help: "Whether.",
            label: Some(("source", source.to_owned())),
            value: 1.0,
        };
        let mut text = String::new();
        write_measures(&[of("cisa"), of("a\"b\\c\nd")], &mut text);
        assert_eq!(
            text,
            "# HELP nameplate_source_failing Whether.\n# TYPE nameplate_source_failing gauge\n\
             nameplate_source_failing{source=\"cisa\"} 1\nnameplate_source_failing{source=\"a\\\"b\\\\c\\nd\"} 1\n"
        );
    }

    #[test]
    fn answers_are_counted_by_route_and_time() {
        let metrics = Metrics::default();
        metrics.count("/sites/{site}", "GET", 200, Duration::from_millis(40));
        metrics.count("/sites/{site}", "GET", 200, Duration::from_millis(400));
        let mut text = String::new();
        metrics.write(&mut text);
        for line in [
            "nameplate_http_requests_total{route=\"/sites/{site}\",method=\"GET\",status=\"200\"} 2",
            "nameplate_http_request_duration_seconds_bucket{route=\"/sites/{site}\",le=\"0.05\"} 1",
            "nameplate_http_request_duration_seconds_bucket{route=\"/sites/{site}\",le=\"+Inf\"} 2",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
