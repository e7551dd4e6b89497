//! `/`: what is wrong, where, and what changed.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::asset::Standing;
use crate::domain::listing::SiteTotal;
use crate::domain::rescan::Rescan;
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{Sites, shown};
use crate::web::partials::{StandingBar, counted, grouped};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Sites that the overview shows; the page of sites has them all.
const MAX_SITES: usize = 20;

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    rows: Vec<SiteRow>,
    n_sites: usize,
    /// All sites together.
    sum: SiteTotal,
    last: Option<(i64, Rescan)>,
    n_advisories: u64,
}

/// One line of a table of sites.
pub struct SiteRow {
    pub href: String,
    pub name: String,
    pub total: SiteTotal,
    pub bar: StandingBar,
}

impl SiteRow {
    /// The line of this site.
    pub fn new(total: SiteTotal, sites: &Sites) -> SiteRow {
        SiteRow {
            href: sites.href(total.site_id),
            name: shown(&total.name),
            bar: StandingBar { n_by_standing: total.n_by_standing, affected: total.affected_by_severity, height: 14 },
            total,
        }
    }

    /// The number of assets, for people.
    pub fn n_assets(&self) -> String {
        grouped(self.total.n_assets())
    }

    pub fn affected(&self) -> String {
        grouped(self.total.n(Standing::Affected))
    }

    pub fn possible(&self) -> String {
        grouped(self.total.n(Standing::Possible))
    }

    pub fn unchecked(&self) -> String {
        grouped(self.total.n(Standing::CannotBeChecked))
    }

    pub fn exploited(&self) -> String {
        grouped(self.total.n_exploited)
    }
}

/// The sum of sites. Advisories are not added: one may affect several.
pub fn sum_of(totals: &[SiteTotal]) -> SiteTotal {
    let mut sum = SiteTotal::default();
    for total in totals {
        for (mine, n) in sum.n_by_standing.iter_mut().zip(total.n_by_standing) {
            *mine += n;
        }
        for (mine, n) in sum.affected_by_severity.iter_mut().zip(total.affected_by_severity) {
            *mine += n;
        }
        sum.n_exposures += total.n_exposures;
    }
    sum
}

impl OverviewPage {
    fn sentence(&self) -> String {
        let n = |standing| grouped(self.sum.n(standing));
        let places: Vec<String> = Standing::ALL.iter().map(|s| format!("{} {}", n(*s), s.label())).collect();
        format!("{} = {}", counted(self.sum.n_assets(), "asset", "assets"), places.join(" + "))
    }

    fn bar(&self) -> StandingBar {
        StandingBar { n_by_standing: self.sum.n_by_standing, affected: self.sum.affected_by_severity, height: 20 }
    }

    fn list(&self) -> crate::web::partials::StandingList {
        crate::web::partials::StandingList {
            n_by_standing: self.sum.n_by_standing,
            affected: self.sum.affected_by_severity,
            base: "/assets?".to_owned(),
        }
    }

    fn counted(&self, n: &u64) -> String {
        grouped(*n)
    }
}

/// `GET /`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let sites = Sites::of(&state, &viewer).await?;
    let mut totals = store::listing::sums::list_site_totals(state.db(), &viewer.sites).await?;
    totals.retain(|total| total.n_assets() > 0);
    let n_advisories = store::advisory::count_advisories(state.db()).await?;
    let is_empty = totals.is_empty() && n_advisories == 0;
    if is_empty && viewer.may_edit() {
        return Ok(Redirect::to("/start").into_response());
    }
    let frame = Frame::load(&state, &viewer, Nav::Overview, "Overview").await?;
    let sum = sum_of(&totals);
    let n_sites = totals.len();
    totals.sort_by_key(|total| {
        let n = |standing| std::cmp::Reverse(total.n(standing));
        (std::cmp::Reverse(total.n_exploited), n(Standing::Affected), n(Standing::Possible))
    });
    totals.truncate(MAX_SITES);
    let rows = totals.into_iter().map(|total| SiteRow::new(total, &sites)).collect();
    let last = store::rescan::find_rescan_at(state.db(), state.now()).await?;
    render(&OverviewPage { frame, rows, n_sites, sum, last, n_advisories })
}
