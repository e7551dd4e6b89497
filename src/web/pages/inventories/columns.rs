//! `/inventories/draft-7/columns`: what the columns of an uploaded file mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::{Fields, draft_of};
use crate::domain::inventory::{Field, InventoryRow, RowWarningKind};
use crate::domain::inventory_draft::{DraftSettings, InventoryDraft};
use crate::services::check_import::Looked;
use crate::services::column_choice::mapping_of;
use crate::services::import_draft::{Failure, Worked};
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Rows that are shown as they are read.
const N_ROWS: usize = 8;

/// The page.
#[derive(Template)]
#[template(path = "inventory_columns.html")]
struct ColumnsPage {
    frame: Frame,
    draft: InventoryDraft,
    looked: Arc<Looked>,
    columns: Vec<ColumnRow>,
    sheets: Vec<SheetRow>,
    rows: Vec<[String; 8]>,
    sites: Vec<String>,
    step: u8,
}

/// The page of an upload that cannot be read as it is.
#[derive(Template)]
#[template(path = "inventory_unreadable.html")]
struct UnreadablePage {
    frame: Frame,
    draft: InventoryDraft,
    failure: Failure,
    step: u8,
}

/// One column as the page shows it; columns of the same header share what they mean.
struct ColumnRow {
    header: String,
    values: Vec<String>,
    /// The words of its fields, joined by `+`; blank when its values are kept as notes.
    chosen: String,
    how: String,
    /// What to know of its values; blank when there is nothing.
    warning: String,
    /// (word, label) that it can be.
    options: Vec<(String, String)>,
}

/// One sheet of a workbook.
struct SheetRow {
    name: String,
    /// "392 devices", or why it was left out.
    what: String,
    is_read: bool,
}

/// `GET /inventories/{id}/columns`.
pub async fn form(State(state): State<AppState>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, Problem> {
    let draft = match draft_of(&state, &viewer, &id).await? {
        Ok(draft) => draft,
        Err(elsewhere) => return Ok(elsewhere),
    };
    match state.drafts().look(&draft).await? {
        Worked::UnderWay(job_id) => Ok(Redirect::to(&format!("/jobs/{job_id}")).into_response()),
        Worked::Failed(failure) => unreadable(&state, &viewer, draft, failure).await,
        Worked::Done(looked) => {
            let frame = Frame::load(&state, &viewer, Nav::Imports, format!("Columns of {}", draft.file_name)).await?;
            let sites = store::site::list_sites(state.db()).await?;
            let sites = sites.into_iter().filter(|s| viewer.sites.covers(s.site_id)).map(|s| s.name).collect();
            let columns = columns_of(&looked);
            let sheets = sheets_of(&looked);
            let rows = looked.rows.iter().take(N_ROWS).map(row_of).collect();
            render(&ColumnsPage { frame, draft, looked, columns, sheets, rows, sites, step: 2 })
        }
    }
}

/// The page of an upload that cannot be read as it is set; from there its columns can be named, or it is discarded.
pub(super) async fn unreadable(
    state: &AppState,
    viewer: &Viewer,
    draft: InventoryDraft,
    failure: Failure,
) -> Result<Response, Problem> {
    let frame = Frame::load(state, viewer, Nav::Imports, format!("{} cannot be read", draft.file_name)).await?;
    render(&UnreadablePage { frame, draft, failure, step: 2 })
}

/// `POST /inventories/{id}/columns`: keeps what was chosen and goes on to the check, or shows the file read anew.
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
    let mut settings = draft.settings.clone();
    if fields.get("action") == "recognise" {
        settings.mapping = None;
        settings.forget_choice = true;
    } else {
        set_columns(&mut settings, &fields)?;
    }
    set_sites(&mut settings, &fields);
    state.drafts().set(draft.draft_id, &settings).await?;
    let step = if fields.get("action") == "check" { "check" } else { "columns" };
    Ok(Redirect::to(&format!("/inventories/draft-{}/{step}", draft.draft_id)).into_response())
}

/// Makes a mapping of the form, where it says anything else than what stood there.
fn set_columns(settings: &mut DraftSettings, fields: &Fields) -> Result<(), Problem> {
    let header_row = match fields.get("header_row") {
        "" => None,
        text => Some(text.parse().ok().filter(|row| *row > 0).ok_or_else(|| {
            Problem::bad_request(format!(
                "cannot use the columns: expected the number of the header row, found `{text}`"
            ))
        })?),
    };
    let (mut columns, mut is_changed) =
        (Vec::new(), header_row.map(|n: u32| n.to_string()).unwrap_or_default() != fields.get("header_row_was"));
    for at in 0.. {
        let header = format!("header-{at}");
        if !fields.has(&header) {
            break;
        }
        let words = fields.get(&format!("field-{at}")).to_owned();
        is_changed |= words != fields.get(&format!("was-{at}"));
        let known = words
            .split('+')
            .filter(|word| !word.is_empty())
            .map(|word| {
                Field::from_word(word).ok_or_else(|| {
                    Problem::bad_request(format!("cannot use the columns: expected a field, found `{word}`"))
                })
            })
            .collect::<Result<Vec<Field>, Problem>>()?;
        columns.push((fields.get(&header).to_owned(), known));
    }
    let sheets: Vec<String> = fields.all("sheet").map(str::to_owned).collect();
    let sheets_were: Vec<String> = fields.all("sheet_was").map(str::to_owned).collect();
    is_changed |= sheets != sheets_were;
    if is_changed {
        // A header in another row has other columns, so what was said of the old ones is void.
        let is_other_header = fields.get("header_row") != fields.get("header_row_was");
        let columns = if is_other_header { Vec::new() } else { columns };
        settings.mapping = Some(mapping_of(columns, header_row, sheets));
        settings.forget_choice = false;
    }
    Ok(())
}

fn set_sites(settings: &mut DraftSettings, fields: &Fields) {
    if fields.has("site") {
        settings.site = Some(fields.get("site").to_owned()).filter(|site| !site.is_empty());
        settings.sheet_is_site = fields.get("site_from") == "sheet";
    }
}

fn columns_of(looked: &Looked) -> Vec<ColumnRow> {
    let n = |kind: RowWarningKind| looked.n_by_kind.get(&kind).copied().unwrap_or(0);
    let mut rows: Vec<ColumnRow> = Vec::new();
    let mut by_header: BTreeMap<&str, usize> = BTreeMap::new();
    for (column, values) in looked.reading.columns.iter().zip(&looked.values) {
        let at = *by_header.entry(&column.header).or_insert_with(|| {
            let words: Vec<&str> = column.fields.iter().map(|field| field.word()).collect();
            let chosen = words.join("+");
            let warning = match column.fields[..] {
                [Field::Firmware] => {
                    let (numbers, dates) = (n(RowWarningKind::FirmwareNumber), n(RowWarningKind::FirmwareDate));
                    let parts = [(numbers, "cells are numbers"), (dates, "cells are dates")];
                    let told: Vec<String> =
                        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
                    told.join(", ")
                }
                _ => String::new(),
            };
            rows.push(ColumnRow {
                header: column.header.clone(),
                values: Vec::new(),
                options: options(&chosen),
                chosen,
                how: column.how.clone(),
                warning,
            });
            rows.len() - 1
        });
        let shown = &mut rows[at].values;
        let room = 3usize.saturating_sub(shown.len());
        let fresh: Vec<String> = values.iter().filter(|value| !shown.contains(value)).take(room).cloned().collect();
        shown.extend(fresh);
    }
    rows
}

/// What a column can mean; the combination it has now, and the usual ones of two fields, stand at the end.
fn options(chosen: &str) -> Vec<(String, String)> {
    let single = Field::ALL.iter().map(|(field, word)| ((*word).to_owned(), label(*field).to_owned()));
    let joined = [
        ("vendor+model", "Split: vendor, then model"),
        ("vendor+model+part_number+firmware", "A description in words"),
    ]
    .into_iter()
    .map(|(words, label)| (words.to_owned(), label.to_owned()));
    let mut options: Vec<(String, String)> = single.chain(joined).collect();
    if !chosen.is_empty() && !options.iter().any(|(words, _)| words == chosen) {
        let labels: Vec<&str> = chosen.split('+').filter_map(Field::from_word).map(label).collect();
        options.push((chosen.to_owned(), format!("Split: {}", labels.join(", then ").to_lowercase())));
    }
    options
}

/// The field as a person reads it.
pub(super) fn label(field: Field) -> &'static str {
    match field {
        Field::AssetId => "Asset tag",
        Field::Name => "Name",
        Field::Site => "Site",
        Field::Area => "Area",
        Field::Vendor => "Vendor",
        Field::Model => "Model",
        Field::PartNumber => "Order number",
        Field::SerialNumber => "Serial number",
        Field::Firmware => "Firmware",
        Field::HardwareRevision => "Hardware revision",
        Field::IpAddress => "IP address",
        Field::MacAddress => "MAC address",
        Field::Quantity => "Quantity",
        Field::Criticality => "Criticality",
        Field::Zone => "Network zone",
        Field::Notes => "Notes",
    }
}

fn sheets_of(looked: &Looked) -> Vec<SheetRow> {
    let read = looked.n_by_sheet.iter().filter(|(name, _)| !name.is_empty()).map(|(name, n)| SheetRow {
        name: name.clone(),
        what: format!("{n} devices"),
        is_read: true,
    });
    let skipped = looked.reading.skipped_sheets.iter().map(|sheet| SheetRow {
        name: sheet.name.clone(),
        what: format!("left out: {}", sheet.why),
        is_read: false,
    });
    read.chain(skipped).collect()
}

/// Place, vendor, model, order number, firmware, tag, site and area of a row.
fn row_of(row: &InventoryRow) -> [String; 8] {
    let value = |field| row.value(field).to_owned();
    let place = [row.value(Field::Site), row.value(Field::Area)];
    [
        row.place.label(),
        value(Field::Vendor),
        value(Field::Model),
        value(Field::PartNumber),
        value(Field::Firmware),
        value(Field::AssetId),
        value(Field::SerialNumber),
        place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: &[(&str, &str)]) -> Fields {
        Fields::new(all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_form_that_changes_nothing_makes_no_mapping() {
        let same = [("header-0", "Typ"), ("field-0", "model"), ("was-0", "model"), ("sheet", "A"), ("sheet_was", "A")];
        let mut settings = DraftSettings::default();
        set_columns(&mut settings, &fields(&same)).unwrap();
        assert_eq!(settings.mapping, None);
        let mut other = same;
        other[1] = ("field-0", "part_number");
        set_columns(&mut settings, &fields(&other)).unwrap();
        let mapping = settings.mapping.clone().unwrap();
        assert!(mapping.contains("Typ = \"part_number\"") && mapping.contains("sheets = [\"A\"]"), "{mapping}");
        let note = [("header-0", "Typ"), ("field-0", ""), ("was-0", "model")];
        set_columns(&mut settings, &fields(&note)).unwrap();
        assert!(settings.mapping.unwrap().contains("Typ = \"\""));
    }

    #[test]
    fn another_header_row_forgets_the_columns_of_the_old_one() {
        let mut settings = DraftSettings::default();
        let form = [
            ("header_row", "4"),
            ("header_row_was", ""),
            ("header-0", "Typ"),
            ("field-0", "model"),
            ("was-0", "model"),
        ];
        set_columns(&mut settings, &fields(&form)).unwrap();
        assert_eq!(settings.mapping.as_deref().map(str::trim), Some("header_row = 4\n\n[columns]"));
        for wrong in [[("header_row", "0")], [("header_row", "four")]] {
            assert!(set_columns(&mut settings, &fields(&wrong)).is_err());
        }
        let unknown = [("header-0", "Typ"), ("field-0", "modell")];
        assert!(set_columns(&mut settings, &fields(&unknown)).unwrap_err().message.contains("`modell`"));
    }
}
