//! `/assets`: the assets, or with `group=nameplate` the products that they are.

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::Response;

use super::rescans;
use crate::domain::asset::Standing;
use crate::domain::filter::FilterWord;
use crate::domain::listing::{AssetLine, NameplateLine};
use crate::domain::rescan::Scope;
use crate::store;
use crate::store::listing::assets::{list_asset_lines, list_nameplate_lines};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::Sites;
use crate::web::partials::{Chips, Identifier, Pager, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: u32 = 100;

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
    let query = ListQuery::parse(query.as_deref(), &["group", "nameplate", "after", "n"])?;
    let by_nameplate = query.choice("group", &[("asset", false), ("nameplate", true)])?;
    let number = |word: &str| -> Result<Option<i64>, Problem> {
        query.value(word).map(str::parse).transpose().map_err(|_| {
            Problem::bad_request(format!(
                "cannot show the assets: expected `{word}` to be a number, found another text"
            ))
        })
    };
    let (variant_id, after) = (number("nameplate")?, number("after")?.unwrap_or(0));
    let sites = Sites::of(&state, &viewer).await?;
    let scope = sites.scope(&query.filter, &viewer)?;
    let (mut assets, mut nameplates) = (Vec::new(), Vec::new());
    let limit = PAGE_SIZE as usize;
    let (n, cursor) = if by_nameplate {
        nameplates = list_nameplate_lines(state.db(), &query.filter, &scope, after, PAGE_SIZE + 1).await?;
        let has_more = nameplates.len() > limit;
        nameplates.truncate(limit);
        (nameplates.len(), nameplates.last().filter(|_| has_more).map(|line| line.variant_id))
    } else {
        assets = list_asset_lines(state.db(), &query.filter, &scope, variant_id, after, PAGE_SIZE + 1).await?;
        let has_more = assets.len() > limit;
        assets.truncate(limit);
        (assets.len(), assets.last().filter(|_| has_more).map(|line| line.asset_id))
    };
    let cursor = cursor.map(|id| id.to_string());
    let pager = Pager::new("/assets", &query, n, None, cursor.as_deref(), u64::from(PAGE_SIZE));
    let frame = Frame::load(&state, &viewer, Nav::Assets, "Assets").await?;
    render(&AssetsPage { frame, sites: sites.choices(), query, assets, nameplates, by_nameplate, pager })
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
