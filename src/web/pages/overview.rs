//! `/`: what is wrong, where, and what changed.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use jiff::Timestamp;

use crate::domain::account::SiteScope;
use crate::domain::asset::Standing;
use crate::domain::change::Turn;
use crate::domain::listing::SiteTotal;
use crate::domain::rescan::Rescan;
use crate::domain::review::QuestionKind;
use crate::services::what_changed::{Wanted, WhatChanged, last_seen, what_changed};
use crate::store;
use crate::store::review::Queue;
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
    changed: Option<Changed>,
    needs: Needs,
    n_advisories: u64,
}

/// What changed since the person last looked.
struct Changed {
    rescan_id: i64,
    /// The run that was looked at last; `None` when the person never said so.
    seen: Option<(i64, Timestamp)>,
    finished_at: Timestamp,
    /// New, worse, fix now named, closed; `None` where it is too much to be sorted out for every look at the page.
    counts: Option<[u64; 4]>,
    /// Exposures that opened, were told differently and closed in all runs since.
    n_touched: [u64; 3],
    n_not_judged: u64,
}

impl Changed {
    fn numbers(&self) -> Vec<(&'static str, String)> {
        let labels = match self.counts {
            Some(_) => &["New", "Worse", "Fix now named", "Closed"][..],
            None => &["Opened", "Told differently", "Closed"],
        };
        let numbers = self.counts.as_ref().map_or(&self.n_touched[..], |counts| &counts[..]);
        labels.iter().copied().zip(numbers.iter().map(|n| grouped(*n))).collect()
    }

    fn href(&self) -> String {
        match self.seen {
            Some((seen, _)) => format!("/rescans/{}?since={seen}", self.rescan_id),
            None => format!("/rescans/{}", self.rescan_id),
        }
    }
}

/// Work that waits for the person.
struct Needs {
    /// Questions to decide and the exposures that they settle; then readings.
    questions: (u64, u64),
    readings: (u64, u64),
    /// Plans that begin within two weeks: page, name, days until then.
    plans: Vec<(String, String, i64)>,
}

impl Needs {
    fn is_empty(&self) -> bool {
        self.questions.0 + self.readings.0 == 0 && self.plans.is_empty()
    }

    fn told(&self, (n, settles): &(u64, u64), one: &str, many: &str) -> String {
        format!(
            "{} {} {}",
            counted(*n, one, many),
            if *n == 1 { "settles" } else { "settle" },
            counted(*settles, "exposure", "exposures")
        )
    }
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

/// Exposures that runs may have touched since the last look for the page to sort them out.
const MAX_SORTED: u64 = 10_000;

async fn changed(state: &AppState, viewer: &Viewer) -> Result<Option<Changed>, Problem> {
    let db = state.db();
    let Some((rescan_id, run)) = store::rescan::find_rescan_at(db, state.now()).await? else { return Ok(None) };
    let seen = match last_seen(db, &viewer.name).await? {
        Some(id) => store::rescan::find_rescan(db, id).await?.map(|(id, run)| (id, run.finished_at)),
        None => None,
    };
    let runs = match seen {
        Some((_, at)) => store::rescan::list_rescans_since(db, at).await?,
        None => vec![(rescan_id, run.clone())],
    };
    let sum = |n: fn(&Rescan) -> u64| runs.iter().map(|(_, run)| n(run)).sum::<u64>();
    let n_touched = [sum(|run| run.n_opened), sum(|run| run.n_changed), sum(|run| run.n_closed)];
    let mut counts = None;
    // What happens at other sites must not be told, not even as a sum.
    if !viewer.sees_all() || n_touched.iter().sum::<u64>() <= MAX_SORTED {
        let stretch = match seen {
            Some((seen, _)) if seen < rescan_id => Some(store::change::find_stretch(db, seen, rescan_id).await?),
            Some(_) => None,
            None => Some(store::change::find_stretch_of(db, rescan_id).await?),
        };
        let wanted = Wanted { sites: viewer.sites.clone(), turn: None, cause: None, max: 0 };
        let changed = match stretch {
            Some(stretch) => what_changed(db, &stretch, &wanted).await?,
            None => WhatChanged::default(),
        };
        counts = Some([changed.n(Turn::New), changed.n(Turn::Worse), changed.n_fix_named, changed.n(Turn::Closed)]);
    }
    Ok(Some(Changed {
        rescan_id,
        seen,
        finished_at: run.finished_at,
        counts,
        n_touched,
        n_not_judged: if viewer.sees_all() { run.n_not_judged } else { 0 },
    }))
}

/// Days ahead that plans are told.
const PLAN_DAYS: i64 = 14;

async fn needs(state: &AppState, viewer: &Viewer) -> Result<Needs, Problem> {
    let db = state.db();
    let add = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
    let count = async |queue| store::review::count_questions(db, queue, &viewer.sites).await;
    let questions =
        add(count(Queue::Waiting(QuestionKind::Product)).await?, count(Queue::Waiting(QuestionKind::Condition)).await?);
    let readings = add(count(Queue::Waiting(QuestionKind::Reading)).await?, count(Queue::CannotTell).await?);
    let now = state.now();
    let mut plans = Vec::new();
    if viewer.sites == SiteScope::All {
        for plan in store::plan::list_plans(db, None, 50).await? {
            let days = (plan.from.as_second() - now.as_second()).div_euclid(86_400);
            if (0..=PLAN_DAYS).contains(&days) {
                plans.push((format!("/plans/{}", plan.plan_id), plan.name, days));
            }
        }
    }
    Ok(Needs { questions, readings, plans })
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
    let changed = changed(&state, &viewer).await?;
    let needs = needs(&state, &viewer).await?;
    render(&OverviewPage { frame, rows, n_sites, sum, changed, needs, n_advisories })
}
