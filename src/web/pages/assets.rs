//! `/assets`: the assets, or with `group=nameplate` the products that they are.

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::Response;

use super::rescans;
use crate::domain::asset::Standing;
use crate::domain::filter::FilterWord;
use crate::domain::listing::{AssetLine, AssetSort, NameplateLine};
use crate::domain::rescan::Scope;
use crate::store;
use crate::store::listing::assets::{
    AssetCursor, AssetList, count_asset_lines, list_asset_lines, list_nameplate_lines,
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

/// Assets up to which a list is sorted.
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
    sort: AssetSort,
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
        format!("/assets{}", self.query.with("group", group))
    }

    fn head(&self, key: &str, label: &'static str) -> SortLink {
        SortLink::new("/assets", &self.query, self.sort.word(), key, label, false)
    }

    /// The list as it is without a column to sort by.
    fn unsorted(&self) -> Option<String> {
        (self.sort != AssetSort::Seen).then(|| format!("/assets{}", self.query.with("sort", None)))
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
    let known: Vec<String> = AssetSort::KEYS.iter().map(|(_, word)| format!("`{word}`")).collect();
    let wrong = |expected: &str| Problem::bad_request(format!("cannot show the assets: expected {expected}"));
    let variant_id = query.value("nameplate").map(str::parse).transpose();
    let variant_id = variant_id.map_err(|_| wrong("`nameplate` to be a number, found another text"))?;
    let sort = query.value("sort").map(|word| {
        AssetSort::read(word).ok_or_else(|| {
            wrong(&format!(
                "`sort` to be one of {}, with `-` for the other end first, found `{word}`",
                known.join(", ")
            ))
        })
    });
    let sort = sort.transpose()?.filter(|_| !by_nameplate).unwrap_or_default();
    let after = query.after().map(|text| {
        AssetCursor::read(text).ok_or_else(|| wrong(&format!("`after` as the page before wrote it, found `{text}`")))
    });
    let after = after.transpose()?.unwrap_or_default();
    let sites = Sites::of(&state, &viewer).await?;
    let list = AssetList { filter: &query.filter, sites: sites.scope(&query.filter, &viewer)?, variant_id, sort };
    let (mut assets, mut nameplates) = (Vec::new(), Vec::new());
    let limit = PAGE_SIZE as usize;
    let (n, cursor) = if by_nameplate {
        let after = after.asset_id;
        nameplates = list_nameplate_lines(state.db(), &query.filter, &list.sites, after, PAGE_SIZE + 1).await?;
        let has_more = nameplates.len() > limit;
        nameplates.truncate(limit);
        (nameplates.len(), nameplates.last().filter(|_| has_more).map(|line| line.variant_id.to_string()))
    } else {
        if sort != AssetSort::Seen
            && count_asset_lines(state.db(), &list, MAX_SORTED + 1).await? > u64::from(MAX_SORTED)
        {
            return Err(Problem::bad_request(format!(
                "cannot sort the list: it has more than {} assets\nhint: add a filter first, or leave out `sort`",
                grouped(u64::from(MAX_SORTED))
            )));
        }
        assets = list_asset_lines(state.db(), &list, &after, PAGE_SIZE + 1).await?;
        let has_more = assets.len() > limit;
        assets.truncate(limit);
        (assets.len(), assets.last().filter(|_| has_more).map(|line| AssetCursor::after(line).to_string()))
    };
    let pager = Pager::new("/assets", &query, n, None, cursor.as_deref(), u64::from(PAGE_SIZE));
    let frame = Frame::load(&state, &viewer, Nav::Assets, "Assets").await?;
    render(&AssetsPage { frame, sites: sites.choices(), query, assets, nameplates, by_nameplate, sort, pager })
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
