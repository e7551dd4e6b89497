//! What stands around every page: the top bar, the line that says as of when, and the act that was done last.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::Problem;
use super::state::AppState;
use super::viewer::Viewer;
use crate::services::nightly::standing;
use crate::services::watch::schedule;
use crate::store;

/// The parts of the program that have a door in the top bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Overview,
    Exposures,
    Review,
    Plans,
    Advisories,
    Assets,
    Reports,
    Imports,
    Rescans,
    Sources,
    Settings,
    /// A page that stands behind none of the doors.
    None,
}

/// A door of the top bar.
pub struct Door {
    pub nav: Nav,
    pub label: &'static str,
    pub href: &'static str,
}

/// The doors of the bar itself, in their order.
const BAR: &[Door] = &[
    Door { nav: Nav::Overview, label: "Overview", href: "/" },
    Door { nav: Nav::Exposures, label: "Exposures", href: "/exposures" },
    Door { nav: Nav::Review, label: "Review", href: "/review" },
    Door { nav: Nav::Plans, label: "Plans", href: "/plans" },
    Door { nav: Nav::Advisories, label: "Advisories", href: "/advisories" },
    Door { nav: Nav::Assets, label: "Assets", href: "/assets" },
    Door { nav: Nav::Reports, label: "Reports", href: "/reports" },
];

/// The doors of its menu "Data", in their order.
const DATA: &[Door] = &[
    Door { nav: Nav::Imports, label: "Imports", href: "/inventories" },
    Door { nav: Nav::Sources, label: "Sources", href: "/sources" },
    Door { nav: Nav::Rescans, label: "Rescans", href: "/rescans" },
];

/// What stands around a page. A page's struct has it as its field `frame`, and its template begins with
/// `{% extends "base.html" %}`.
pub struct Frame {
    pub title: String,
    pub nav: Nav,
    pub viewer: Viewer,
    pub zone: Zone,
    /// As of when the page speaks; `None` before the first rescan.
    pub as_of: Option<AsOf>,
    /// That nightly runs were missed, in words; `None` while all is well.
    pub missed: Option<String>,
    /// Whether the sample plant is loaded.
    pub has_sample: bool,
    /// What was done last, with the way to undo it.
    pub done: Option<StatusBar>,
    /// Whether the page is made for paper: every fold open, no forms.
    pub is_print: bool,
}

/// As of when a page speaks.
pub struct AsOf {
    pub judged_at: Timestamp,
    /// Calendar date in UTC of the newest advisory; blank when there is none.
    pub advisories_up_to: String,
    /// Whole days since that date.
    pub days_old: Option<i64>,
    /// Sources without a good pull for longer than they should, in words; empty when all are heard.
    pub silent: Vec<String>,
}

/// Above this age advisory data is called old: the days that a plant has to look at what is published.
pub const OLD_DAYS: i64 = 35;

impl AsOf {
    /// Whether the newest advisory is older than a plant may rest on.
    pub fn is_old(&self) -> bool {
        self.days_old.is_some_and(|days| days > OLD_DAYS)
    }
}

/// The act that was done last; it stays until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusBar {
    pub text: String,
    /// Where a form that undoes it is sent.
    pub undo: Option<String>,
}

impl Frame {
    /// The frame of a page with this title.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn load(state: &AppState, viewer: &Viewer, nav: Nav, title: impl Into<String>) -> Result<Frame, Problem> {
        let now = state.now();
        let facts = store::listing::find_page_facts(state.db(), now).await?;
        let as_of = facts.judged_at.map(|judged_at| AsOf {
            judged_at,
            days_old: days_since(&facts.advisories_up_to, now),
            advisories_up_to: facts.advisories_up_to.clone(),
            silent: facts.silent.clone(),
        });
        Ok(Frame {
            title: title.into(),
            nav,
            viewer: viewer.clone(),
            zone: Zone::named(facts.time_zone.as_deref()),
            as_of,
            missed: missed(state, now).await?,
            has_sample: facts.has_sample,
            done: None,
            is_print: false,
        })
    }

    /// The doors of the bar.
    pub fn bar(&self) -> &'static [Door] {
        BAR
    }

    /// The doors of the menu "Data".
    pub fn data(&self) -> &'static [Door] {
        DATA
    }

    /// Whether this door leads to where the page stands.
    pub fn is_at(&self, door: &Door) -> bool {
        self.nav == door.nav
    }

    /// Whether the page stands behind one of the doors of the menu "Data".
    pub fn is_in_data(&self) -> bool {
        DATA.iter().any(|door| door.nav == self.nav)
    }

    /// The moment in the zone of the person.
    pub fn when(&self, at: &Timestamp) -> When {
        self.zone.when(*at)
    }

    /// The same as text alone, for places that hold nothing else, such as the options of a form.
    pub fn when_text(&self, at: &Timestamp) -> String {
        self.zone.when(*at).text()
    }
}

/// That nightly runs were missed, in words. A schedule that cannot be read is told by `doctor`, not by every page.
async fn missed(state: &AppState, now: Timestamp) -> Result<Option<String>, Problem> {
    let Ok(Some(schedule)) = schedule(state.config()) else { return Ok(None) };
    Ok(standing(state.db(), Some(&schedule), now).await?.warning(schedule.zone()))
}

/// Whole days from this calendar date in UTC to now.
fn days_since(date: &str, now: Timestamp) -> Option<i64> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let today = now.to_zoned(TimeZone::UTC).date();
    Some(i64::from((today - date).get_days()))
}

/// The time zone in which a person is told when something happened. Dates of advisories never pass through it.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
}

impl Zone {
    /// The zone of this name, as `Europe/Berlin`; that of this machine where none or an unknown one is given.
    pub fn named(name: Option<&str>) -> Zone {
        let zone = match name {
            Some(name) => TimeZone::get(name).unwrap_or(TimeZone::UTC),
            None => TimeZone::system(),
        };
        Zone { zone }
    }

    /// The moment in this zone.
    pub fn when(&self, at: Timestamp) -> When {
        When { utc: at, local: at.to_zoned(self.zone.clone()) }
    }
}

/// A moment in the zone of a person, which is written as `22 Nov 2026 02:14 CET` with the moment in UTC behind it.
pub struct When {
    utc: Timestamp,
    local: jiff::Zoned,
}

impl When {
    fn text(&self) -> String {
        self.local.strftime("%-d %b %Y %H:%M %Z").to_string()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{:.0}\">{}</time>", self.utc, self.text())
    }
}

/// A time holds digits, letters and signs of our own making.
impl HtmlSafe for When {}

/// The page as it is sent.
///
/// # Errors
///
/// The template fails, which only a defect of it can do.
pub fn render(page: &impl Template) -> Result<Response, Problem> {
    Ok(Html(page.render().map_err(Problem::internal)?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_zone_with_its_name_and_utc_behind() {
        let at: Timestamp = "2026-11-22T01:14:09.5Z".parse().unwrap();
        for (zone, text) in [
            (Some("Europe/Berlin"), "22 Nov 2026 02:14 CET"),
            (Some("America/New_York"), "21 Nov 2026 20:14 EST"),
            (Some("Nowhere/At_all"), "22 Nov 2026 01:14 UTC"),
        ] {
            let told = Zone::named(zone).when(at).to_string();
            assert_eq!(told, format!("<time datetime=\"2026-11-22T01:14:09Z\">{text}</time>"));
        }
    }

    #[test]
    fn age_is_counted_in_whole_days() {
        let now: Timestamp = "2026-11-22T23:59:00Z".parse().unwrap();
        assert_eq!(days_since("2026-11-21", now), Some(1));
        assert_eq!(days_since("2025-11-22", now), Some(365));
        assert_eq!(days_since("", now), None);
    }
}
