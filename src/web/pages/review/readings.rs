//! The devices that wait for one reading, with a grid to type it in.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::asset::{AssetEdit, KnownAsset};
use crate::domain::inventory::Field;
use crate::domain::review::{Question, QuestionKind};
use crate::services::edit_assets::edit_assets;
use crate::services::progress::Silent;
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::pages::acts;
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Devices on one page of the grid.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "review_read.html")]
struct ReadPage {
    frame: Frame,
    question: Question,
    what: String,
    fields: Vec<(Field, &'static str)>,
    assets: Vec<KnownAsset>,
    next: Option<String>,
}

impl ReadPage {
    /// What is known of a device, or what it says now.
    fn value<'a>(&self, asset: &'a KnownAsset, field: &Field) -> &'a str {
        let plate = &asset.asset.variant.nameplate;
        match field {
            Field::Vendor => &plate.vendor,
            Field::PartNumber => &plate.part_number,
            Field::HardwareRevision => &plate.hardware_revision,
            Field::SerialNumber => &asset.asset.serial_number,
            _ => &asset.asset.variant.firmware,
        }
    }
}

/// The fields to read for a question; for a product that cannot be told, all that tells products apart.
fn fields_of(question: &Question) -> Vec<(Field, &'static str)> {
    let all = [
        (Field::Vendor, "vendor", "Vendor"),
        (Field::PartNumber, "part_number", "Order number"),
        (Field::Firmware, "firmware", "Firmware"),
        (Field::SerialNumber, "serial_number", "Serial number"),
        (Field::HardwareRevision, "hardware_revision", "Hardware revision"),
    ];
    let wanted: Vec<&str> = match question.kind {
        QuestionKind::Reading => question.detail.split(',').collect(),
        _ => vec!["part_number", "firmware"],
    };
    all.into_iter().filter(|(_, word, _)| wanted.contains(word)).map(|(field, _, label)| (field, label)).collect()
}

/// "order number and firmware".
pub fn in_words(question: &Question) -> String {
    let labels: Vec<String> = fields_of(question).iter().map(|(_, label)| label.to_lowercase()).collect();
    labels.join(" and ")
}

/// `GET /review/read/{question}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(digest): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["after", "did"])?;
    let Some(question) = store::review::find_question(state.db(), &digest).await? else {
        // The last reading settled it.
        let to = query.value("did").map_or_else(
            || "/review?tab=read".to_owned(),
            |did| acts::back_with("/review?tab=read", did.parse().unwrap_or(0)),
        );
        return Ok(Redirect::to(&to).into_response());
    };
    let after = query.after().and_then(|after| after.parse().ok()).unwrap_or(0);
    let waiting = store::review::list_question_assets(state.db(), &digest, &viewer.sites, after, PAGE).await?;
    let mut assets = Vec::with_capacity(waiting.len());
    for (asset_id, _) in &waiting {
        assets.extend(store::asset::find_asset(state.db(), *asset_id).await?);
    }
    let next = waiting.last().filter(|_| waiting.len() == PAGE as usize);
    let mut frame = Frame::load(&state, &viewer, Nav::Review, "Readings").await?;
    frame.done = acts::bar(&state, &viewer, query.value("did"), &format!("/review/read/{digest}")).await?;
    render(&ReadPage {
        frame,
        what: in_words(&question),
        fields: fields_of(&question),
        next: next.map(|(asset_id, _)| format!("/review/read/{digest}?after={asset_id}")),
        assets,
        question,
    })
}

/// `POST /review/read/{question}`: the values that were typed in; blank fields say nothing.
pub async fn save(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(digest): Path<String>,
    body: String,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let form = Fields::read(body.as_bytes());
    let mut edits: Vec<AssetEdit> = Vec::new();
    for (name, value) in form.beginning_with("v-") {
        let Some((asset_id, field)) = name.split_once('-').and_then(|(id, word)| Some((id.parse().ok()?, word))) else {
            return Err(Problem::bad_request(format!(
                "cannot take the value of `{name}`: expected an asset and a field"
            )));
        };
        let Some(field) = AssetEdit::FIELDS.into_iter().find(|known| known.word() == field) else {
            return Err(Problem::bad_request(format!(
                "cannot take the value of `{name}`: expected a field of a nameplate"
            )));
        };
        if value.is_empty() {
            continue;
        }
        let value = value.to_owned();
        match edits.iter_mut().find(|edit| edit.asset_id == asset_id) {
            Some(edit) => edit.values.push((field, value)),
            None => edits.push(AssetEdit { asset_id, values: vec![(field, value)] }),
        }
    }
    for edit in &edits {
        check_site(&state, &viewer, edit.asset_id).await?;
    }
    let edited =
        edit_assets(state.db(), &edits, &viewer.name, state.now(), &Silent).await.map_err(acts::edit_problem)?;
    let back = format!("/review/read/{digest}");
    let to = edited.audit_id.map_or(back.clone(), |audit_id| acts::back_with(&back, audit_id));
    Ok(Redirect::to(&to).into_response())
}

/// Refuses assets of sites that are not the person's.
async fn check_site(state: &AppState, viewer: &Viewer, asset_id: i64) -> Result<(), Problem> {
    let unknown = || Problem::not_found(format!("cannot change asset {asset_id}: there is none of this number"));
    let known = store::asset::find_asset(state.db(), asset_id).await?.ok_or_else(unknown)?;
    let site = store::site::find_site(state.db(), &known.asset.site).await?.ok_or_else(unknown)?;
    if viewer.sites.covers(site.site_id) { Ok(()) } else { Err(unknown()) }
}
