//! Imports: their list, and from an uploaded file to what it brought.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::inventory::Inventory;
use crate::domain::inventory_draft::InventoryDraft;
use crate::services::import_draft::DraftError;
use crate::store;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

pub mod check;
pub mod columns;
pub mod new;
pub mod show;

/// Imports on one page of the list.
const PAGE: u32 = 100;

/// The list of imports.
#[derive(Template)]
#[template(path = "inventories.html")]
struct InventoriesPage {
    frame: Frame,
    drafts: Vec<InventoryDraft>,
    imports: Vec<Inventory>,
    next: Option<i64>,
}

/// `GET /inventories`.
pub async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    axum::extract::Query(query): axum::extract::Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::Imports, "Imports").await?;
    let after = match query.get("after") {
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::bad_request(format!("cannot show imports: expected `after` to be a number, found `{text}`"))
        })?),
        None => None,
    };
    let imports = store::inventory::list_inventories_before(state.db(), after, &viewer.sites, PAGE).await?;
    let next = (imports.len() == PAGE as usize).then(|| imports.last().map(|i| i.inventory_id)).flatten();
    let mut drafts = if after.is_none() { state.drafts().list().await? } else { Vec::new() };
    drafts.retain(|draft| is_of(draft, &viewer));
    render(&InventoriesPage { frame, drafts, imports, next })
}

/// Whether the viewer may see an upload: an upload is its owner's until it is imported.
fn is_of(draft: &InventoryDraft, viewer: &Viewer) -> bool {
    viewer.may_administrate() || draft.who == viewer.name
}

/// What an address calls an import: its number, or `draft-7` before it is one.
pub enum InventoryId {
    Draft(i64),
    Import(i64),
}

impl InventoryId {
    /// Reads the part of an address.
    ///
    /// # Errors
    ///
    /// 404: it is neither.
    pub fn read(text: &str) -> Result<InventoryId, Problem> {
        let number = |digits: &str| digits.parse().ok().filter(|n: &i64| *n > 0);
        let id = match text.strip_prefix("draft-") {
            Some(digits) => number(digits).map(InventoryId::Draft),
            None => number(text).map(InventoryId::Import),
        };
        id.ok_or_else(|| {
            Problem::not_found(format!("cannot find import `{text}`: there is none\nhint: /inventories lists them all"))
        })
    }
}

/// The upload that an address means, for somebody who may import.
///
/// # Errors
///
/// 404 when it is gone or not the viewer's, 403 when the viewer only reads. An upload that was imported leads to its
/// import.
async fn draft_of(state: &AppState, viewer: &Viewer, id: &str) -> Result<Result<InventoryDraft, Response>, Problem> {
    viewer.clone().editing()?;
    let draft_id = match InventoryId::read(id)? {
        InventoryId::Draft(draft_id) => draft_id,
        InventoryId::Import(id) => return Ok(Err(Redirect::to(&format!("/inventories/{id}")).into_response())),
    };
    match state.drafts().find(draft_id).await {
        Ok(draft) if is_of(&draft, viewer) => Ok(Ok(draft)),
        Ok(_) => Err(Problem::not_found(DraftError::Unknown(draft_id).to_string())),
        Err(DraftError::Imported(_, id)) => Ok(Err(Redirect::to(&format!("/inventories/{id}")).into_response())),
        Err(error) => Err(error.into()),
    }
}

impl From<DraftError> for Problem {
    fn from(error: DraftError) -> Problem {
        match error {
            DraftError::Unknown(_) => Problem::not_found(error.to_string()),
            DraftError::Imported(..) => Problem::conflict(error.to_string()),
            DraftError::Settings(_) => Problem::bad_request(error.to_string()),
            DraftError::Store(error) => error.into(),
        }
    }
}

/// The fields of a form in their order; a name may stand several times.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a form as it was sent.
    pub fn new(fields: Vec<(String, String)>) -> Fields {
        Fields(fields)
    }

    /// The first value of this field, trimmed; blank when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// Whether the field was sent at all, as a checked box is.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All values of this field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }
}

/// A number of bytes for people: `1.4 MB`.
pub fn size(n_bytes: u64) -> String {
    match n_bytes {
        0..=999 => format!("{n_bytes} bytes"),
        1_000..=999_999 => format!("{} kB", n_bytes / 1_000),
        n if n % 1_000_000 < 100_000 => format!("{} MB", n / 1_000_000),
        _ => format!("{}.{} MB", n_bytes / 1_000_000, n_bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_words() {
        for (n, text) in
            [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 kB"), (1_449_999, "1.4 MB"), (200_000_000, "200 MB")]
        {
            assert_eq!(size(n), text);
        }
    }

    #[test]
    fn an_address_means_an_import_or_an_upload() {
        assert!(matches!(InventoryId::read("12"), Ok(InventoryId::Import(12))));
        assert!(matches!(InventoryId::read("draft-7"), Ok(InventoryId::Draft(7))));
        for text in ["", "0", "-1", "draft-", "draft--1", "draft-x", "99999999999999999999", "1.5"] {
            assert!(InventoryId::read(text).is_err(), "{text}");
        }
    }
}
