//! `/assets/{id}`: one asset: its nameplate as written, what advisories say of it and why, what is done about it, and its
//! history.

use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::{acts, remediation, rescans};
use crate::domain::asset::{AssetEdit, KnownAsset};
use crate::domain::filter::Filter;
use crate::domain::inventory::Field;
use crate::domain::listing::{ListSort, ListView};
use crate::domain::nameplate::Variant;
use crate::domain::rescan::Scope;
use crate::domain::verdict::Verdict;
use crate::report::explanation::Explanation;
use crate::services::edit_assets::edit_assets;
use crate::services::explain_match::{ExplainRequest, explain_in};
use crate::services::progress::Silent;
use crate::services::set_remediation::today;
use crate::store;
use crate::store::listing::exposures::{ExposureList, list_exposures};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::partials::{Identifier, StatusBadge, Why, other_columns};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Explanations that are open when the page is shown.
const N_OPEN: usize = 1;

/// Exposures of one asset that are looked at; no device has that many.
const MAX_OPEN: u32 = 5_000;

/// The page.
#[derive(Template)]
#[template(path = "asset.html")]
struct AssetPage {
    frame: Frame,
    known: KnownAsset,
    variant: Variant,
    site_href: String,
    matches: Vec<Why>,
    ruled_out: Vec<Why>,
    unchecked: Option<String>,
    n_affected: usize,
    n_possible: usize,
    history: Vec<Past>,
    /// The fields that can be typed in, with what they say now.
    fields: Vec<(Field, &'static str, String)>,
}

impl AssetPage {
    fn may_change(&self) -> bool {
        self.frame.viewer.may_edit() && self.known.retired_at.is_none()
    }

    fn mark_all_href(&self) -> String {
        let marked = self.matches.iter().filter(|why| !why.mark_href.is_empty());
        let rows: Vec<String> = marked.map(|why| remediation::row_of_asset(self.known.asset_id, &why.key)).collect();
        remediation::href(&rows, &links::asset(self.known.asset_id))
    }
}

/// One thing that happened to the asset.
struct Past {
    at: Timestamp,
    what: String,
    before: String,
    after: String,
    by: String,
    /// The page of the import that did it; blank when a person did.
    href: String,
}

/// What happened to the asset, the latest first: values that imports and people changed, and what was marked.
async fn history(state: &AppState, asset_id: i64) -> Result<Vec<Past>, Problem> {
    let db = state.db();
    let mut past: Vec<Past> = Vec::new();
    for change in store::asset::list_asset_changes(db, asset_id).await? {
        let (before, after) = match change.field.as_str() {
            "unmapped" => (other_columns(&change.before), other_columns(&change.after)),
            _ => (change.before, change.after),
        };
        past.push(Past {
            at: change.changed_at,
            what: told(&change.field),
            before,
            after,
            by: format!("import {}", change.inventory_id),
            href: format!("/inventories/{}", change.inventory_id),
        });
    }
    for edit in store::asset_edit::list_edits_of_asset(db, asset_id).await? {
        past.push(Past {
            at: edit.changed_at,
            what: told(&edit.field),
            before: edit.before,
            after: edit.after,
            by: edit.who,
            href: String::new(),
        });
    }
    for mark in store::remediation::list_marks_of_asset(db, asset_id).await? {
        past.push(Past {
            at: mark.since,
            what: if mark.cve.is_empty() {
                mark.advisory.id.clone()
            } else {
                format!("{} {}", mark.advisory.id, mark.cve)
            },
            before: String::new(),
            after: mark.mark.in_words(),
            by: mark.who,
            href: String::new(),
        });
    }
    past.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(past)
}

/// The word of a field as people read it.
fn told(word: &str) -> String {
    match word {
        "part_number" => "order number".to_owned(),
        "unmapped" => "other columns".to_owned(),
        word => word.replace('_', " "),
    }
}

/// The asset of this number, if the person may see it, with its site.
async fn asset_of(state: &AppState, viewer: &Viewer, asset_id: i64) -> Result<(KnownAsset, i64), Problem> {
    let missing = || Problem::not_found(format!("cannot show asset {asset_id}: there is none with this number"));
    let known = store::asset::find_asset(state.db(), asset_id).await?.ok_or_else(missing)?;
    // An asset of a site that the person may not see does not exist for that person.
    let site_id = store::site::find_site(state.db(), &known.asset.site).await?.map(|site| site.site_id);
    let site_id = site_id.filter(|id| viewer.sites.covers(*id)).ok_or_else(missing)?;
    Ok((known, site_id))
}

/// `GET /assets/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &[])?;
    let (known, site_id) = asset_of(&state, &viewer, asset_id).await?;
    let sites = Sites::of(&state, &viewer).await?;
    let variant = known.asset.variant.clone();
    let (mut matches, ruled_out, unchecked) = explanations(&state, &ExplainRequest::of_asset(&known)).await?;
    add_status(&state, &viewer, &known, &mut matches).await?;
    let n = |verdict: Verdict| matches.iter().filter(|why| why.verdict.verdict == verdict).count();
    let (n_affected, n_possible) = (n(Verdict::Affected), n(Verdict::Possible));
    let history = history(&state, asset_id).await?;
    let mut frame = Frame::load(&state, &viewer, Nav::Assets, known.asset.tag.clone()).await?;
    frame.done = acts::bar(&state, &viewer, query.value("did"), &links::asset(asset_id)).await?;
    let site_href = sites.href(site_id);
    let plate = &variant.nameplate;
    let fields = vec![
        (Field::Firmware, "Firmware", variant.firmware.clone()),
        (Field::Vendor, "Vendor", plate.vendor.clone()),
        (Field::Model, "Model", plate.model.clone()),
        (Field::PartNumber, "Order number", plate.part_number.clone()),
        (Field::HardwareRevision, "Hardware revision", plate.hardware_revision.clone()),
        (Field::SerialNumber, "Serial number", known.asset.serial_number.clone()),
    ];
    render(&AssetPage {
        frame,
        variant,
        known,
        site_href,
        matches,
        ruled_out,
        unchecked,
        n_affected,
        n_possible,
        history,
        fields,
    })
}

/// Says of each match what has been done about it, and where it is marked. An advisory that no run has judged for the
/// asset yet has nothing to be marked.
async fn add_status(state: &AppState, viewer: &Viewer, known: &KnownAsset, matches: &mut [Why]) -> Result<(), Problem> {
    let filter = Filter::default();
    let list = ExposureList {
        filter: &filter,
        sites: viewer.sites.clone(),
        view: ListView::Asset,
        sort: ListSort::Work,
        variant_id: None,
        asset_id: Some(known.asset_id),
        advisory: None,
    };
    let open = list_exposures(state.db(), &list, None, MAX_OPEN).await?;
    let marks = store::remediation::list_marks(state.db(), &[known.asset_id], None).await?;
    let today = today(state.now());
    for why in matches {
        let Some(line) = open.iter().find(|line| line.advisory == why.key) else { continue };
        let mark = marks.iter().find(|mark| mark.cve.is_empty() && mark.advisory == why.key);
        let holding = mark.filter(|mark| mark.holds(&line.finding.fingerprint, &today));
        why.status = Some(StatusBadge { status: holding.map(|mark| mark.status).unwrap_or_default() });
        why.marked = match (holding, mark) {
            (Some(mark), _) => format!("{}, {}", mark.mark.in_words(), mark.who),
            (None, Some(mark)) => format!("no longer holds: {}, {}", mark.mark.in_words(), mark.who),
            (None, None) => String::new(),
        };
        if viewer.may_edit() && known.retired_at.is_none() {
            let row = remediation::row_of_asset(known.asset_id, &why.key);
            why.mark_href = remediation::href(&[row], &links::asset(known.asset_id));
        }
    }
    Ok(())
}

/// `POST /assets/{id}`: `act=edit` writes what was typed in, `act=rescan` judges the asset anew.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(asset_id): Path<i64>,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let (known, _) = asset_of(&state, &viewer, asset_id).await?;
    let fields = Fields::read(&form);
    match fields.get("act") {
        "rescan" => rescans::start(&state, &viewer, Scope::Assets(vec![asset_id])).await,
        "edit" => {
            if known.retired_at.is_some() {
                return Err(Problem::conflict(
                    "cannot change the asset: it is retired\nhint: an import that has it brings it back",
                ));
            }
            let sent: Vec<(&str, &str)> = fields.beginning_with("v-").collect();
            let values = AssetEdit::FIELDS.into_iter().filter_map(|field| {
                let (_, value) = sent.iter().find(|(word, _)| *word == field.word())?;
                Some((field, (*value).to_owned()))
            });
            let edit = AssetEdit { asset_id, values: values.collect() };
            let edited = edit_assets(state.db(), &[edit], &viewer.name, state.now(), &Silent)
                .await
                .map_err(acts::edit_problem)?;
            let back = links::asset(asset_id);
            let to = edited.audit_id.map_or(back.clone(), |audit_id| acts::back_with(&back, audit_id));
            Ok(Redirect::to(&to).into_response())
        }
        other => Err(Problem::bad_request(format!(
            "cannot change the asset: expected `act` to be edit or rescan, found `{other}`"
        ))),
    }
}

/// What advisories say of what is asked about: those that hit it or may, most urgent first, those that rule it out, and
/// why it cannot be checked, if so.
///
/// # Errors
///
/// The database fails.
pub async fn explanations(
    state: &AppState,
    request: &ExplainRequest,
) -> Result<(Vec<Why>, Vec<Why>, Option<String>), Problem> {
    let explanation = explain(state, request).await?;
    let mut hits = Vec::new();
    let mut ruled_out = Vec::new();
    for found in &explanation.matches {
        let why = Why::of_match(found, &request.variant, links::advisory(&found.key), &explanation.engine);
        match found.finding.verdict {
            Verdict::NotAffected => ruled_out.push(why),
            Verdict::Affected | Verdict::Possible => {
                hits.push(if hits.len() < N_OPEN { why.opened() } else { why });
            }
        }
    }
    Ok((hits, ruled_out, explanation.unchecked))
}

/// Explains it with what is known now.
///
/// # Errors
///
/// The database fails.
pub async fn explain(state: &AppState, request: &ExplainRequest) -> Result<Explanation, Problem> {
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    tokio::task::block_in_place(|| explain_in(request, &knowledge.index, knowledge.sources.clone(), &knowledge.threats))
        .map_err(Problem::internal)
}
