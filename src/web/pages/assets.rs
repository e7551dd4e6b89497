//! `/assets`: the assets, or with `group=nameplate` the products that they are.

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::Response;

use super::rescans;
use crate::domain::asset::Standing;
use crate::domain::filter::FilterWord;
use crate::domain::listing::{AssetLine, AssetSort, NameplateLine, NameplateSort};
use crate::domain::rescan::Scope;
use crate::store;
use crate::store::listing::assets::{
    AssetList, LineCursor, count_asset_lines, count_nameplate_lines, list_asset_lines, list_nameplate_lines,
};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::Sites;
use crate::web::partials::{Chips, Identifier, Pager, SortLink, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: u32 = 100;

/// Assets, or nameplates, up to which a list is sorted.
const MAX_SORTED: u32 = 10_000;

const OFFERED: &[FilterWord] =
    &[FilterWord::Text, FilterWord::Site, FilterWord::Standing, FilterWord::Vendor, FilterWord::Area];

/// The page.
#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    frame: Frame,
    query: ListQuery,
    sites: Vec<(String, String)>,
    assets: Vec<AssetLine>,
    nameplates: Vec<NameplateLine>,
    by_nameplate: bool,
    /// The word of the column that it is sorted by, and whether the last value comes first; blank without one.
    sort: (&'static str, bool),
    pager: Pager,
}

impl AssetsPage {
    fn chips(&self) -> Chips<'_> {
        Chips {
            path: "/assets",
            query: &self.query,
            offered: OFFERED,
            sites: &self.sites,
            clear: format!("/assets{}", self.query.filtered(Default::default())),
        }
    }

    fn group_href(&self, group: Option<&str>) -> String {
        // Each has columns of its own.
        format!("/assets{}", self.query.with("sort", None).with("group", group))
    }

    fn head(&self, key: &str, label: &'static str) -> SortLink {
        SortLink::new("/assets", &self.query, self.sort, key, label, false)
    }

    fn head_of_number(&self, key: &str, label: &'static str) -> SortLink {
        SortLink::new("/assets", &self.query, self.sort, key, label, true).number()
    }

    /// The list as it is without a column to sort by.
    fn unsorted(&self) -> Option<String> {
        (!self.sort.0.is_empty()).then(|| format!("/assets{}", self.query.with("sort", None)))
    }

    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn is_alarming(&self, standing: &Standing) -> bool {
        *standing == Standing::Affected
    }
}

/// `GET /assets`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &["group", "nameplate", "sort", "after", "n"])?;
    let by_nameplate = query.choice("group", &[("asset", false), ("nameplate", true)])?;
    let wrong = |expected: &str| Problem::bad_request(format!("cannot show the assets: expected {expected}"));
    let variant_id = query.value("nameplate").map(str::parse).transpose();
    let variant_id = variant_id.map_err(|_| wrong("`nameplate` to be a number, found another text"))?;
    let sort_word = query.value("sort");
    let wrong_sort = |known: &[&str], found: &str| {
        let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
        let known = known.join(", ");
        wrong(&format!("`sort` to be one of {known}, with `-` for the other end first, found `{found}`"))
    };
    let after = query.after().map(|text| {
        LineCursor::read(text).ok_or_else(|| wrong(&format!("`after` as the page before wrote it, found `{text}`")))
    });
    let after = after.transpose()?.unwrap_or_default();
    let sites = Sites::of(&state, &viewer).await?;
    let scope = sites.scope(&query.filter, &viewer)?;
    let (mut assets, mut nameplates) = (Vec::new(), Vec::new());
    let limit = PAGE_SIZE as usize;
    let (n, cursor, sort) = if by_nameplate {
        let read = |word| {
            let known = NameplateSort::KEYS.map(|(_, word)| word);
            NameplateSort::read(word).ok_or_else(|| wrong_sort(&known, word))
        };
        let sort = sort_word.map(read).transpose()?.unwrap_or_default();
        if sort != NameplateSort::Seen {
            may_sort(count_nameplate_lines(state.db(), &query.filter, &scope, MAX_SORTED + 1).await?, "nameplates")?;
        }
        nameplates = list_nameplate_lines(state.db(), &query.filter, &scope, sort, &after, PAGE_SIZE + 1).await?;
        let has_more = nameplates.len() > limit;
        nameplates.truncate(limit);
        let last = nameplates.last().filter(|_| has_more).map(|line| LineCursor::after_nameplate(line).to_string());
        (nameplates.len(), last, sort.word())
    } else {
        let read = |word| {
            let known = AssetSort::KEYS.map(|(_, word)| word);
            AssetSort::read(word).ok_or_else(|| wrong_sort(&known, word))
        };
        let sort = sort_word.map(read).transpose()?.unwrap_or_default();
        let list = AssetList { filter: &query.filter, sites: scope, variant_id, sort };
        if sort != AssetSort::Seen {
            may_sort(count_asset_lines(state.db(), &list, MAX_SORTED + 1).await?, "assets")?;
        }
        assets = list_asset_lines(state.db(), &list, &after, PAGE_SIZE + 1).await?;
        let has_more = assets.len() > limit;
        assets.truncate(limit);
        let last = assets.last().filter(|_| has_more).map(|line| LineCursor::after(line).to_string());
        (assets.len(), last, sort.word())
    };
    let pager = Pager::new("/assets", &query, n, None, cursor.as_deref(), u64::from(PAGE_SIZE));
    let frame = Frame::load(&state, &viewer, Nav::Assets, "Assets").await?;
    render(&AssetsPage { frame, sites: sites.choices(), query, assets, nameplates, by_nameplate, sort, pager })
}

/// Refuses to sort more than a page can wait for: no index has the order of all columns.
fn may_sort(n: u64, what: &str) -> Result<(), Problem> {
    if n <= u64::from(MAX_SORTED) {
        return Ok(());
    }
    Err(Problem::bad_request(format!(
        "cannot sort the list: it has more than {} {what}\nhint: add a filter first, or leave out `sort`",
        grouped(u64::from(MAX_SORTED))
    )))
}

/// `POST /assets`: `act=rescan` for the assets that are ticked.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let fields = Fields::read(&form);
    if fields.get("act") != "rescan" {
        let found = fields.get("act");
        return Err(Problem::bad_request(format!("cannot do this: expected `act` to be rescan, found `{found}`")));
    }
    let mut ids: Vec<i64> = Vec::new();
    for text in fields.all("asset") {
        let id = text.parse().map_err(|_| {
            Problem::bad_request(format!("cannot rescan: expected the number of an asset, found `{text}`"))
        })?;
        ids.push(id);
    }
    // Assets of sites that the person may not see do not exist for that person.
    let visible = store::listing::assets::list_visible(state.db(), &viewer.sites, &ids).await?;
    if visible.is_empty() {
        return Err(Problem::bad_request("cannot rescan: no asset is ticked\nhint: go back and tick rows"));
    }
    rescans::start(&state, &viewer, Scope::Assets(visible)).await
}
