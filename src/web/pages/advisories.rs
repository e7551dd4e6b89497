//! `/advisories`: all documents, the revision that counts of each.

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::advisory::rescan_advisories;
use super::remediation;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::ListedAdvisory;
use crate::domain::advisory_search::{AdvisoryCursor, AdvisoryFilter, AdvisorySort, Condition, SearchField};
use crate::domain::filter::query_text;
use crate::services::advisory_notes::mark_read;
use crate::services::progress::Silent;
use crate::services::search_advisories::refresh_search;
use crate::services::set_remediation::MarkedRow;
use crate::store;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::{Identifier, Pager, SeverityBadge, SortLink, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: u32 = 100;

/// Documents that could not be read which the page names.
const MAX_UNREADABLE: usize = 50;

/// The page.
#[derive(Template)]
#[template(path = "advisories.html")]
struct AdvisoriesPage {
    frame: Frame,
    query: ListQuery,
    sort: AdvisorySort,
    lines: Vec<ListedAdvisory>,
    pager: Pager,
    n: u64,
    /// Documents that could not be read: name and why.
    unreadable: Vec<(String, String)>,
    n_unreadable: usize,
    text: String,
    mine: bool,
    unread: bool,
}

impl AdvisoriesPage {
    fn head(&self, key: &str, label: &'static str, descending: bool) -> SortLink {
        SortLink::new(
            "/advisories",
            &self.query,
            (self.sort.field.word(), self.sort.descending),
            key,
            label,
            descending,
        )
    }

    fn href(&self, line: &ListedAdvisory) -> String {
        links::advisory(&line.revision.key)
    }

    fn severity(&self, line: &ListedAdvisory) -> SeverityBadge {
        let mut badge = SeverityBadge::of_score(line.cvss, false);
        badge.is_quiet = line.n_exposures == 0;
        badge
    }

    /// The advisory as the form names it.
    fn row(&self, line: &ListedAdvisory) -> String {
        remediation::row_of_advisory(&line.revision.key)
    }

    fn day(&self, at: &Option<jiff::Timestamp>) -> String {
        at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
    }

    /// The fields that a search can name.
    fn fields(&self) -> String {
        SearchField::ALL.iter().map(|field| field.word()).collect::<Vec<_>>().join(", ")
    }

    fn count(&self) -> String {
        grouped(self.n)
    }
}

/// `GET /advisories`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["q", "sort", "mine", "unread", "after", "n"])?;
    let text = query.values("q").join(",");
    let mut filter = AdvisoryFilter::default();
    for word in text.split_whitespace() {
        // `field=value` asks one field, any other word all of them.
        let condition = if word.contains('=') {
            AdvisoryFilter::read_condition(word).map_err(|e| Problem::bad_request(e.to_string()))?
        } else {
            Condition {
                field: None,
                ..AdvisoryFilter::read_condition(&format!("id={word}"))
                    .map_err(|e| Problem::bad_request(e.to_string()))?
            }
        };
        filter.conditions.push(condition);
    }
    let (mine, unread) = (query.value("mine").is_some(), query.value("unread").is_some());
    filter.mine = mine.then_some(true);
    filter.unread = unread.then(|| (viewer.name.clone(), true));
    let sort = AdvisorySort::read(query.value("sort").unwrap_or("-updated"))
        .map_err(|e| Problem::bad_request(e.to_string()))?;
    let after = query.after().map(read_cursor).transpose()?;
    // Documents that came since somebody last looked are read for the list.
    refresh_search(state.db(), &Silent).await?;
    let mut page = store::advisory_search::list_advisories_by(
        state.db(),
        &filter,
        sort,
        after.as_ref(),
        PAGE_SIZE + 1,
        &viewer.name,
    )
    .await?;
    let has_more = page.len() > PAGE_SIZE as usize;
    page.truncate(PAGE_SIZE as usize);
    let cursor = page.last().filter(|_| has_more).map(|(_, cursor)| write_cursor(cursor));
    let n = store::advisory_search::count_listed_advisories(state.db(), &filter).await?;
    let pager = Pager::new("/advisories", &query, page.len(), Some(n), cursor.as_deref(), u64::from(PAGE_SIZE));
    let mut unreadable = store::advisory::list_unreadable_advisories(state.db()).await?;
    let n_unreadable = unreadable.len();
    // They stand on the first page of the whole list, where nothing that was asked for hides them.
    unreadable.truncate(if filter == AdvisoryFilter::default() && after.is_none() { MAX_UNREADABLE } else { 0 });
    let unreadable = unreadable.into_iter().map(|one| (one.name, one.error)).collect();
    let frame = Frame::load(&state, &viewer, Nav::Advisories, "Advisories").await?;
    let mut lines: Vec<ListedAdvisory> = page.into_iter().map(|(line, _)| line).collect();
    store::advisory_search::narrow_exposures(state.db(), &viewer.sites, &mut lines).await?;
    render(&AdvisoriesPage { frame, query, sort, lines, pager, n, unreadable, n_unreadable, text, mine, unread })
}

/// `POST /advisories`: `act=rescan`, `read` or `unread` for the rows that are ticked.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let fields = Fields::read(&form);
    let mut keys: Vec<AdvisoryKey> = Vec::new();
    for row in fields.all("row") {
        match remediation::read_row(row)? {
            MarkedRow::Advisory(key) => keys.push(key),
            _ => return Err(Problem::bad_request(format!("cannot use the row `{row}`: expected an advisory"))),
        }
    }
    if keys.is_empty() {
        return Err(Problem::bad_request("cannot do this: no advisory is ticked\nhint: go back and tick rows"));
    }
    match fields.get("act") {
        "rescan" => rescan_advisories(&state, &viewer, keys).await,
        act @ ("read" | "unread") => {
            for key in &keys {
                mark_read(state.db(), key, &viewer.name, act == "read", state.now()).await?;
            }
            Ok(Redirect::to("/advisories").into_response())
        }
        other => Err(Problem::bad_request(format!(
            "cannot do this: expected `act` to be rescan, read or unread, found `{other}`"
        ))),
    }
}

/// The cursor as one value of an address.
fn write_cursor(cursor: &AdvisoryCursor) -> String {
    [&cursor.sort_key, &cursor.key.id, &cursor.key.namespace, &cursor.sha256].map(|t| query_text::encode(t)).join("!")
}

fn read_cursor(text: &str) -> Result<AdvisoryCursor, Problem> {
    let parts: Vec<String> = text.split('!').map(query_text::decode).collect();
    match <[String; 4]>::try_from(parts) {
        Ok([sort_key, id, namespace, sha256]) => {
            Ok(AdvisoryCursor { sort_key, key: AdvisoryKey { namespace, id }, sha256 })
        }
        Err(_) => Err(Problem::bad_request(format!(
            "cannot show the list: expected `after` as the page before wrote it, found `{text}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let cursor = AdvisoryCursor {
            sort_key: "2026-01-01!x".to_owned(),
            key: AdvisoryKey { namespace: "https://a.example/?b".to_owned(), id: "A 1".to_owned() },
            sha256: "00ff".to_owned(),
        };
        assert_eq!(read_cursor(&write_cursor(&cursor)).unwrap(), cursor);
        assert!(read_cursor("x").is_err());
    }
}
