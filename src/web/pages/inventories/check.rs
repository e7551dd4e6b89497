//! `/inventories/draft-7/check`: what is doubtful in an uploaded file, what an import would change, and the import.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::columns::{label, unreadable};
use super::{Fields, draft_of};
use crate::domain::inventory::{AssetKey, CellPlace, Field, OnMissing, RowWarningKind};
use crate::domain::inventory_draft::{CellChoice, DraftSettings, InventoryDraft};
use crate::services::check_import::{Checked, DoubtGroup};
use crate::services::import_draft::Worked;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::other_columns;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Doubtful cells, warnings of a kind and rejected rows that the page lists.
const N_LISTED: usize = 60;

/// How long an answer waits for an import.
const PATIENCE: Duration = Duration::from_secs(2);

/// The page.
#[derive(Template)]
#[template(path = "inventory_check.html")]
struct CheckPage {
    frame: Frame,
    draft: InventoryDraft,
    checked: Arc<Checked>,
    changing: Vec<DoubtRow>,
    others: Vec<DoubtRow>,
    warnings: Vec<WarningRow>,
    n_warnings: u64,
    changes: Vec<ChangeRow>,
    keys: Vec<(&'static str, &'static str, bool)>,
    on_missing: &'static str,
    step: u8,
}

impl CheckPage {
    /// How many devices an import would bring.
    fn n(&self) -> u64 {
        self.checked.preview.counts.n_assets()
    }

    fn field_label(&self, field: &Field) -> &'static str {
        label(*field)
    }

    fn shown<'a>(&self, value: &'a str) -> &'a str {
        if value.is_empty() { "not stated" } else { value }
    }

    fn n_rows(&self) -> u64 {
        self.checked.looked.n_devices + self.checked.looked.n_rejected
    }

    fn cells(&self) -> Vec<(String, String)> {
        let cells = self.draft.settings.cells.iter();
        let shown = |value: &str| if value.is_empty() { "not stated".to_owned() } else { value.to_owned() };
        cells.map(|cell| (cell.place.label(), shown(&cell.value))).collect()
    }

    /// The name that a person gave a site of the file; blank when it keeps its own.
    fn renamed(&self, site: &str) -> String {
        let given = self.draft.settings.site_names.iter().find(|(_, to)| to == site);
        given.map_or_else(String::new, |(from, _)| from.clone())
    }
}

/// Doubtful cells with the same text for the same model.
struct DoubtRow {
    at: usize,
    /// The first cell; names the group in the form.
    first: String,
    /// "Meters!F41 and 10 more".
    place: String,
    found: String,
    device: String,
    /// (value, what it means, whether it is chosen).
    options: Vec<(String, String, bool)>,
    /// What holds until somebody chooses.
    until_then: String,
    is_open: bool,
    /// A version that was typed, when it is none of the options.
    other: String,
    why: String,
    n: u64,
}

/// Warnings of one kind.
struct WarningRow {
    title: &'static str,
    n: u64,
    /// (place, detail).
    first: Vec<(String, String)>,
}

/// A known asset with what the import changes of it.
struct ChangeRow {
    site: String,
    tag: String,
    /// (field, before, after).
    changes: Vec<(String, String, String)>,
}

/// `GET /inventories/{id}/check`.
pub async fn form(State(state): State<AppState>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, Problem> {
    let draft = match draft_of(&state, &viewer, &id).await? {
        Ok(draft) => draft,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let checked = match state.drafts().check(&draft, &viewer.sites).await? {
        Worked::UnderWay(job_id) => return Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response()),
        Worked::Failed(failure) => return unreadable(&state, &viewer, draft, failure).await,
        Worked::Done(checked) => checked,
    };
    let frame = Frame::load(&state, &viewer, Nav::Imports, format!("Check {}", draft.file_name)).await?;
    let rows = checked.doubts.iter().enumerate().take(N_LISTED * 4);
    let (changing, others) =
        rows.map(|(at, group)| (group.changes, doubt_row(at, group))).partition::<Vec<_>, _>(|(c, _)| *c);
    let key = draft.settings.key.unwrap_or(checked.looked.key);
    let page = CheckPage {
        frame,
        changing: changing.into_iter().map(|(_, row)| row).collect(),
        others: others.into_iter().map(|(_, row)| row).take(N_LISTED).collect(),
        warnings: warning_rows(&checked),
        n_warnings: checked.warnings.iter().map(|group| group.n).sum(),
        changes: change_rows(&checked),
        keys: AssetKey::ALL.iter().map(|(k, word)| (*word, k.in_words(), *k == key)).collect(),
        on_missing: draft.settings.on_missing.word(),
        draft,
        checked,
        step: 3,
    };
    render(&page)
}

/// `POST /inventories/{id}/check`: keeps what was chosen; then checks anew, imports, or goes back.
pub async fn save(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let draft = match draft_of(&state, &viewer, &id).await? {
        Ok(draft) => draft,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let fields = Fields::new(fields);
    let here = format!("/inventories/draft-{}", draft.draft_id);
    let checked = match state.drafts().check(&draft, &viewer.sites).await? {
        Worked::Done(checked) => checked,
        Worked::UnderWay(job_id) => return Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response()),
        Worked::Failed(_) => return Ok(Redirect::to(&format!("{here}/columns")).into_response()),
    };
    let mut settings = draft.settings.clone();
    set(&mut settings, &fields, &checked)?;
    let is_import = fields.get("action") == "import";
    // "Import again" on a file that is known is a word of its own.
    settings.again |= is_import && checked.looked.already_imported.is_some();
    state.drafts().set(draft.draft_id, &settings).await?;
    let next = match fields.get("action") {
        "back" => format!("{here}/columns"),
        "import" => {
            let draft = state.drafts().find(draft.draft_id).await?;
            let started = state.drafts().import(&draft, &viewer.sites).await?;
            // A small import is done before a page could show its progress.
            let job = state.jobs().find_ended(started.job_id(), PATIENCE).await?;
            job.and_then(|job| job.result_path).unwrap_or_else(|| format!("/jobs/{}", started.job_id()))
        }
        _ => format!("{here}/check"),
    };
    Ok(Redirect::to(&next).into_response())
}

/// `POST /inventories/{id}/discard`.
pub async fn discard(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    match draft_of(&state, &viewer, &id).await? {
        Ok(draft) => state.drafts().discard(draft.draft_id).await?,
        Err(elsewhere) => return Ok(elsewhere),
    }
    Ok(Redirect::to("/inventories").into_response())
}

/// Takes over what the form says.
fn set(settings: &mut DraftSettings, fields: &Fields, checked: &Checked) -> Result<(), Problem> {
    let unknown = |what: &str, found: &str| {
        Problem::bad_request(format!("cannot use the form: expected {what}, found `{found}`"))
    };
    if fields.has("key") {
        let word = fields.get("key");
        let key = AssetKey::from_word(word).ok_or_else(|| unknown("a key", word))?;
        // What is remembered or usual is no choice.
        if settings.key.is_some() || key != checked.looked.key {
            settings.key = Some(key);
        }
    }
    if fields.has("on_missing") {
        let word = fields.get("on_missing");
        settings.on_missing = OnMissing::from_word(word).ok_or_else(|| unknown("keep, retire or ignore", word))?;
    }
    settings.all_or_nothing = fields.get("rejected") == "nothing";
    set_site_names(settings, fields);
    set_cells(settings, fields, checked)
}

fn set_site_names(settings: &mut DraftSettings, fields: &Fields) {
    for at in 0.. {
        let (name, to) = (format!("site-{at}"), format!("site-to-{at}"));
        if !fields.has(&name) {
            return;
        }
        let (name, to) = (fields.get(&name), fields.get(&to));
        if to.is_empty() || to == name {
            continue;
        }
        // A name that was given before is followed back to what the file says.
        match settings.site_names.iter_mut().find(|(_, given)| given == name) {
            Some((_, given)) => to.clone_into(given),
            None => settings.site_names.push((name.to_owned(), to.to_owned())),
        }
        settings.site_names.retain(|(from, to)| from != to);
    }
}

fn set_cells(settings: &mut DraftSettings, fields: &Fields, checked: &Checked) -> Result<(), Problem> {
    let mut cells: BTreeMap<CellPlace, String> =
        settings.cells.drain(..).map(|cell| (cell.place, cell.value)).collect();
    for dropped in fields.all("drop_cell").filter_map(CellPlace::from_label) {
        cells.remove(&dropped);
    }
    for at in 0..checked.doubts.len() {
        let Some(first) = CellPlace::from_label(fields.get(&format!("at-{at}"))) else { continue };
        let Some(group) = checked.doubts.iter().find(|group| group.places.first() == Some(&first)) else { continue };
        let choice = fields.get(&format!("doubt-{at}"));
        let typed = fields.get(&format!("other-{at}"));
        let value = match choice {
            "" => None,
            "other" if typed.is_empty() => None,
            "other" => Some(typed),
            version => Some(version),
        };
        let is_alike = group.n == 1 || fields.has(&format!("alike-{at}"));
        let places = if is_alike { group.places.as_slice() } else { &group.places[..1] };
        for place in places {
            match value {
                Some(value) => cells.insert(place.clone(), value.to_owned()),
                None => cells.remove(place),
            };
        }
    }
    // "Keep what was typed in" is a cell that says so.
    for (at, contradiction) in checked.contradictions.iter().enumerate() {
        if let Some(cell) = &contradiction.cell
            && fields.get(&format!("typed-at-{at}")) == cell.label()
            && fields.get(&format!("typed-{at}")) == "keep"
        {
            cells.insert(cell.clone(), contradiction.typed.clone());
        }
    }
    let (place, value) = (fields.get("cell_place"), fields.get("cell_value"));
    if !place.is_empty() {
        let place = CellPlace::from_label(place).ok_or_else(|| {
            Problem::bad_request(format!("cannot put a cell right: expected a cell as `Meters!F41`, found `{place}`"))
        })?;
        cells.insert(place, value.to_owned());
    }
    settings.cells = cells.into_iter().map(|(place, value)| CellChoice { place, value }).collect();
    Ok(())
}

fn doubt_row(at: usize, group: &DoubtGroup) -> DoubtRow {
    let first = group.places.first().map(CellPlace::label).unwrap_or_default();
    let is_option = |value: &str| group.doubt.may_be.iter().any(|version| version == value);
    let other = group.chosen.clone().filter(|value| !is_option(value)).unwrap_or_default();
    let options = group
        .doubt
        .may_be
        .iter()
        .enumerate()
        .map(|(n, version)| {
            let means = group.answers.get(n).map(|answer| answer.in_words()).unwrap_or_default();
            (version.clone(), means, group.chosen.as_deref() == Some(version))
        })
        .collect();
    let why = match group.doubt.kind {
        RowWarningKind::FirmwareDate => "The cell holds a date: a spreadsheet made one of the version.",
        RowWarningKind::ScientificNotation => "The number is rounded: the version is lost.",
        _ => "A spreadsheet drops zeros at the end; other rows of this model have the longer form.",
    };
    DoubtRow {
        at,
        place: if group.n > 1 { format!("{first} and {} more", group.n - 1) } else { first.clone() },
        first,
        found: group.doubt.found.clone(),
        device: group.device.clone(),
        options,
        until_then: group.until_then.in_words(),
        is_open: group.chosen.is_none(),
        other,
        why: why.to_owned(),
        n: group.n,
    }
}

fn warning_rows(checked: &Checked) -> Vec<WarningRow> {
    let rows = checked.warnings.iter().map(|group| WarningRow {
        title: title(group.kind),
        n: group.n,
        first: group.first.iter().take(N_LISTED).map(|w| (w.place.label(), w.detail.clone())).collect(),
    });
    rows.collect()
}

/// A kind of warning as a person reads it.
pub(super) fn title(kind: RowWarningKind) -> &'static str {
    match kind {
        RowWarningKind::FirmwareNumber => "Firmware stored as a number",
        RowWarningKind::FirmwareDate => "Firmware stored as a date",
        RowWarningKind::ScientificNotation => "Number in scientific notation, digits lost",
        RowWarningKind::RoundedSerial => "Rounded number",
        RowWarningKind::LeadingZeros => "Zeros at the front may be lost",
        RowWarningKind::SeveralDevices => "Several devices in one cell",
        RowWarningKind::CellError => "Error of a formula",
        RowWarningKind::InferredFromDescription => "Taken from a description in words",
        RowWarningKind::Hidden => "Hidden row, column or sheet",
        RowWarningKind::Encoding => "Letters put right",
        RowWarningKind::NotStatedWord => "Read as not stated",
        RowWarningKind::LookAlike => "Letters that look like others",
        RowWarningKind::RaggedRow => "More or fewer cells than the header",
        RowWarningKind::Repeated => "Taken from the row above",
        RowWarningKind::Turned => "Read from a list on its side",
        RowWarningKind::SharedKey => "The same key as an earlier row",
    }
}

fn change_rows(checked: &Checked) -> Vec<ChangeRow> {
    let named = |field: &str| Field::from_word(field).map_or_else(|| field.replace('_', " "), |f| label(f).to_owned());
    let rows = checked.preview.changed.iter().map(|changed| ChangeRow {
        site: changed.asset.site.clone(),
        tag: changed.asset.tag.clone(),
        changes: changed
            .changes
            .iter()
            .map(|(field, before, after)| match field.as_str() {
                "unmapped" => ("Other columns".to_owned(), other_columns(before), other_columns(after)),
                _ => (named(field), before.clone(), after.clone()),
            })
            .collect(),
    });
    rows.collect()
}
