//! `/plans`: shutdown windows, their steps, the work order, and what was read back.

use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::reports::{download, may_see, plan_problem, problem};
use crate::domain::account::SiteScope;
use crate::domain::nameplate::Variant;
use crate::domain::plan::{NewPlan, Plan, PlanAssetState, Proposal, Step, Work};
use crate::domain::site::Site;
use crate::report::vocabulary::restart_label;
use crate::services::plan_shutdown::{self, Choice, Reading};
use crate::services::progress::Silent;
use crate::services::write_report::write_work_order_file;
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::Identifier;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Plans that the list shows.
const N_LISTED: u32 = 200;

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage {
    frame: Frame,
    plans: Vec<PlanRow>,
    sites: Vec<Site>,
    sees_all: bool,
}

/// A plan with its window in words.
struct PlanRow {
    plan: Plan,
    window: String,
    scope: String,
}

impl PlanRow {
    fn of(plan: Plan) -> PlanRow {
        let scope = if plan.sites.is_empty() { "all sites".to_owned() } else { plan.sites.join(", ") };
        PlanRow { window: window(&plan), scope, plan }
    }
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    frame: Frame,
    row: PlanRow,
    /// Of a draft.
    proposal: Option<Proposal>,
    /// Of a frozen plan.
    work: Option<Work>,
    /// What the last readings came to, one sentence each.
    refused: Vec<String>,
}

impl PlanPage {
    fn plate(&self, variant: &Variant) -> String {
        let plate = &variant.nameplate;
        let parts = [&plate.vendor, &plate.model, &plate.part_number];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "nameplate not stated".to_owned() } else { parts.join(" ") }
    }

    fn firmware<'a>(&self, variant: &'a Variant) -> &'a str {
        if variant.firmware.is_empty() { "not stated" } else { &variant.firmware }
    }

    /// What the step closes, in hundredths of what the greatest one does.
    fn bar(&self, step: &Step, proposal: &Proposal) -> u64 {
        let closes = |step: &Step| step.chosen().outcome.n_closed;
        let most = proposal.steps.iter().map(closes).max().unwrap_or(0).max(1);
        closes(step) * 100 / most
    }

    fn restart<'a>(&self, step: &'a Step) -> &'a str {
        step.restart.as_deref().map_or("not stated", restart_label)
    }

    fn n_done(&self, work: &Work) -> u64 {
        work.n(PlanAssetState::Done)
    }

    fn n_open(&self, work: &Work) -> u64 {
        work.n(PlanAssetState::Open)
    }

    fn is_done(&self, asset: &crate::domain::plan::PlanAsset) -> bool {
        asset.state() == PlanAssetState::Done
    }
}

/// The window in the zone of the plant.
fn window(plan: &Plan) -> String {
    let zone = TimeZone::get(&plan.time_zone).unwrap_or(TimeZone::UTC);
    let (from, to) = (plan.from.to_zoned(zone.clone()), plan.to.to_zoned(zone));
    let hours = (plan.to.as_second() - plan.from.as_second()) / 3_600;
    format!("{} – {} · {hours} h", from.strftime("%a %Y-%m-%d %H:%M"), to.strftime("%a %Y-%m-%d %H:%M %Z"))
}

/// `GET /plans`.
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::Plans, "Plans").await?;
    let mut sites = store::site::list_sites(state.db()).await?;
    sites.retain(|site| viewer.sites.covers(site.site_id));
    let sees_all = viewer.sites == SiteScope::All;
    let mut plans = store::plan::list_plans(state.db(), None, N_LISTED).await?;
    plans.retain(|plan| is_visible(plan, &viewer, &sites));
    let plans = plans.into_iter().map(PlanRow::of).collect();
    render(&PlansPage { frame, plans, sites, sees_all })
}

/// Whether the viewer sees all sites of the plan; `sites` are those that are known.
pub fn is_visible(plan: &Plan, viewer: &Viewer, sites: &[Site]) -> bool {
    let sees = |name: &String| sites.iter().any(|site| site.name == *name && viewer.sites.covers(site.site_id));
    viewer.sites == SiteScope::All || (!plan.sites.is_empty() && plan.sites.iter().all(sees))
}

/// `POST /plans`: makes a plan.
pub async fn make(State(state): State<AppState>, viewer: Viewer, RawForm(form): RawForm) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let fields = Fields::read(&form);
    let sites: Vec<String> = fields.all("site").filter(|site| !site.is_empty()).map(str::to_owned).collect();
    may_see(&state, &viewer, &sites).await?;
    let zone_name = match fields.get("zone").trim() {
        "" => "UTC",
        name => name,
    };
    let zone = TimeZone::get(zone_name).map_err(|_| {
        Problem::bad_request(format!("cannot make the plan: expected a zone like `Europe/Berlin`, found `{zone_name}`"))
    })?;
    let at = |name: &str| {
        let text = fields.get(name);
        let wrong =
            || Problem::bad_request(format!("cannot make the plan: expected a time in `{name}`, found `{text}`"));
        let time: DateTime = text.parse().map_err(|_| wrong())?;
        time.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
    };
    let new = NewPlan {
        name: fields.get("name").trim().to_owned(),
        sites,
        from: at("from")?,
        to: at("to")?,
        time_zone: zone_name.to_owned(),
        made_by: viewer.name.clone(),
        made_at: state.now(),
    };
    let plan_id = plan_shutdown::make_plan(state.db(), &new).await.map_err(|e| plan_problem(&e))?;
    Ok(Redirect::to(&format!("/plans/{plan_id}")).into_response())
}

/// The plan of this number, if the viewer sees all of its sites.
///
/// # Errors
///
/// 404 or 403 when not; or the database fails.
pub async fn plan_of(state: &AppState, viewer: &Viewer, plan_id: i64) -> Result<Plan, Problem> {
    let plan = plan_shutdown::find_plan(state.db(), plan_id).await.map_err(|e| plan_problem(&e))?;
    may_see(state, viewer, &plan.sites).await?;
    Ok(plan)
}

/// `GET /plans/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
) -> Result<Response, Problem> {
    page(&state, &viewer, plan_id, Vec::new()).await
}

async fn page(state: &AppState, viewer: &Viewer, plan_id: i64, refused: Vec<String>) -> Result<Response, Problem> {
    let plan = plan_of(state, viewer, plan_id).await?;
    let frame = Frame::load(state, viewer, Nav::Plans, plan.name.clone()).await?;
    let (mut proposal, mut work) = (None, None);
    if plan.frozen.is_some() {
        work = Some(plan_shutdown::work(state.db(), plan_id).await.map_err(|e| plan_problem(&e))?);
    } else {
        let proposed = plan_shutdown::propose(state.db(), plan_id, state.now(), &Silent).await;
        proposal = Some(proposed.map_err(|e| plan_problem(&e))?);
    }
    render(&PlanPage { frame, row: PlanRow::of(plan), proposal, work, refused })
}

/// `POST /plans/{id}`: chooses a target, leaves a step out, freezes the plan, or takes readings.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    plan_of(&state, &viewer, plan_id).await?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    match fields.get("act") {
        "target" | "leave_out" => {
            let choice = match (fields.get("act"), fields.get("typed").trim(), fields.get("target")) {
                ("leave_out", ..) => Choice::LeaveOut,
                (_, "", "") => Choice::Proposed,
                (_, "", chosen) => Choice::Target(chosen.to_owned()),
                (_, typed, _) => Choice::Target(typed.to_owned()),
            };
            let step = fields.number("step")?;
            plan_shutdown::choose(db, plan_id, step, &choice, &viewer.name, now, &Silent)
                .await
                .map_err(|e| plan_problem(&e))?;
        }
        "freeze" => {
            let done =
                plan_shutdown::freeze(db, plan_id, &viewer.name, now, &Silent).await.map_err(|e| plan_problem(&e))?;
            if !done.problem.is_empty() {
                tracing::warn!("plan {plan_id} is frozen, but nothing was marked as planned: {}", done.problem);
            }
        }
        "read_back" => {
            let readings: Vec<Reading> = fields
                .all("asset")
                .zip(fields.all("site"))
                .zip(fields.all("firmware"))
                .map(|((tag, site), firmware)| Reading {
                    site: site.to_owned(),
                    tag: tag.to_owned(),
                    firmware: firmware.to_owned(),
                })
                .collect();
            let done = plan_shutdown::read_back(db, plan_id, &readings, &viewer.name, now, &Silent).await;
            let done = done.map_err(|e| plan_problem(&e))?;
            if !done.problem.is_empty() {
                tracing::warn!("what was read back is judged by the next run: {}", done.problem);
            }
            if !done.refused.is_empty() {
                return page(&state, &viewer, plan_id, done.refused).await;
            }
        }
        other => {
            return Err(Problem::bad_request(format!(
                "cannot change the plan: expected target, leave_out, freeze or read_back, found `{other}`"
            )));
        }
    }
    Ok(Redirect::to(&format!("/plans/{plan_id}")).into_response())
}

/// `GET /plans/{id}/work-order?kind=pdf&paper=a4`.
pub async fn work_order(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(plan_id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    plan_of(&state, &viewer, plan_id).await?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let kind = if fields.get("kind").is_empty() { "pdf" } else { fields.get("kind") };
    let written = write_work_order_file(state.db(), plan_id, kind, fields.get("paper")).await.map_err(problem)?;
    Ok(download(written))
}
