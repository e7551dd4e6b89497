//! `/compare`: two imports of one site, or two days of it, side by side.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::reports::{end_of_day, problem};
use crate::domain::asset::Standing;
use crate::domain::filter::query_text::encode;
use crate::domain::inventory::Inventory;
use crate::report::comparison::{Comparison, FieldChange, field_in_words, told_text};
use crate::report::row::{Report, ReportAsset, ReportRow};
use crate::services::compare_inventories::{CompareError, compare_inventories, imports_of_site};
use crate::services::progress::Silent;
use crate::services::stored_report::{ReportRequest, stored_report};
use crate::services::write_report::FileError;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{Sites, shown};
use crate::web::partials::{Identifier, SeverityBadge, counted, grouped};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Rows that the page lists of each kind; the files have all of them.
const N_LISTED: usize = 200;

/// The page.
#[derive(Template)]
#[template(path = "comparison.html")]
struct ComparisonPage {
    frame: Frame,
    /// Addresses and names; empty where there are too many to choose from.
    sites: Vec<(String, String)>,
    /// The chosen site; `None` while there is none.
    site: Option<Chosen>,
    compared: Option<Compared>,
}

/// The site, and what can be chosen for it.
struct Chosen {
    word: String,
    name: String,
    href: String,
    imports: Vec<(Inventory, u64)>,
    before: i64,
    after: i64,
    from: String,
    to: String,
}

/// One exposure of a list.
struct Line {
    asset: ReportAsset,
    advisory: String,
    title: String,
    severity: SeverityBadge,
    reason: String,
    /// What it was, where it changed.
    before: String,
    after: String,
}

/// An asset that differs with what differs: (field, before, after).
type AssetLine = (ReportAsset, Vec<FieldChange>);

/// A list of which the page shows the beginning.
struct Listed<T> {
    n: usize,
    rows: Vec<T>,
}

impl<T> Listed<T> {
    fn of<F>(all: &[F], line: impl FnMut(&F) -> T) -> Listed<T> {
        Listed { n: all.len(), rows: all.iter().take(N_LISTED).map(line).collect() }
    }

    fn n_more(&self) -> usize {
        self.n - self.rows.len()
    }
}

/// What came out.
struct Compared {
    before: String,
    after: String,
    /// (heading, what became of them, assets); empty for two days.
    assets: Vec<(&'static str, &'static str, Listed<AssetLine>)>,
    /// (place, before, after, difference).
    standings: Vec<(&'static str, u64, u64, i64)>,
    /// (heading, exposures).
    exposures: Vec<(&'static str, Listed<Line>)>,
    n_same: u64,
    /// The query of its files, without the kind.
    query: String,
}

impl Compared {
    fn of(compared: &Comparison<'_>, query: String) -> Compared {
        let n = |report: &Report, place| report.sites.iter().map(|site| site.n(place)).sum::<u64>();
        let standings = Standing::ALL.into_iter().map(|place| {
            let (before, after) = (n(compared.before, place), n(compared.after, place));
            (place.label(), before, after, after as i64 - before as i64)
        });
        let plain = |asset: &ReportAsset| (asset.clone(), Vec::new());
        let assets = compared.assets.map(|assets| {
            vec![
                ("Added", "were added", Listed::of(&assets.added, plain)),
                ("Removed", "were removed", Listed::of(&assets.removed, plain)),
                ("Changed", "changed", Listed::of(&assets.changed, Clone::clone)),
            ]
        });
        let one = |row: &&ReportRow| Line::of(row, String::new(), String::new());
        Compared {
            before: compared.before.title.clone(),
            after: compared.after.title.clone(),
            assets: assets.unwrap_or_default(),
            standings: standings.collect(),
            exposures: vec![
                ("New", Listed::of(&compared.opened, one)),
                ("Closed", Listed::of(&compared.closed, one)),
                (
                    "Changed",
                    Listed::of(&compared.changed, |(before, after)| {
                        Line::of(after, told_text(before), told_text(after))
                    }),
                ),
            ],
            n_same: compared.n_same,
            query,
        }
    }

    fn is_of_imports(&self) -> bool {
        !self.assets.is_empty()
    }

    fn has_assets(&self) -> bool {
        self.assets.iter().any(|(.., list)| list.n > 0)
    }

    fn has_exposures(&self) -> bool {
        self.exposures.iter().any(|(_, list)| list.n > 0)
    }
}

impl Line {
    fn of(row: &ReportRow, before: String, after: String) -> Line {
        let finding = &row.finding;
        let severity = SeverityBadge {
            severity: finding.severity,
            score: finding.cvss,
            is_exploited: finding.is_exploited(),
            is_quiet: false,
        };
        Line {
            asset: (*row.asset).clone(),
            advisory: finding.advisory.advisory_id.clone(),
            title: finding.advisory.title.clone(),
            severity,
            reason: crate::report::vocabulary::verdict_sentence(finding),
            before,
            after,
        }
    }
}

impl ComparisonPage {
    fn n(&self, n: &usize) -> String {
        grouped(*n as u64)
    }

    fn count(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn difference(&self, n: &i64) -> String {
        match n {
            0 => "0".to_owned(),
            n => format!("{}{}", if *n > 0 { "+" } else { "−" }, grouped(n.unsigned_abs())),
        }
    }

    fn assets(&self, n: &u64) -> String {
        counted(*n, "asset", "assets")
    }

    fn field(&self, word: &str) -> String {
        field_in_words(word)
    }

    /// The search knows which publisher an id is of.
    fn advisory_href(&self, id: &str) -> String {
        format!("/search?q={}", encode(id))
    }

    /// The list with this asset: tags are known there.
    fn asset_href(&self, asset: &ReportAsset) -> String {
        let site = self.site.as_ref().map(|site| encode(&site.word)).unwrap_or_default();
        format!("/assets?site={site}&text={}", encode(&asset.asset_id))
    }
}

/// `GET /compare?site=riverside&before=3&after=7`, or `&from=2026-10-01&to=2026-11-01`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let sites = Sites::of(&state, &viewer).await?;
    let choices = sites.choices();
    let word = fields.get("site");
    if word.is_empty()
        && let [(only, _)] = choices.as_slice()
    {
        return Ok(Redirect::to(&format!("/compare?site={}", encode(only))).into_response());
    }
    let mut page = ComparisonPage {
        frame: Frame::load(&state, &viewer, Nav::Reports, "Compare").await?,
        sites: choices,
        site: None,
        compared: None,
    };
    if word.is_empty() {
        return render(&page);
    }
    let Some((site_id, name)) = sites.find(word).cloned() else {
        return Err(Problem::not_found(format!("cannot compare `{word}`: expected one of {}", sites.known())));
    };
    let imports = imports_of_site(state.db(), site_id).await?;
    let asked = imports_of(&fields)?;
    // The last two, until others are chosen.
    let latest = |at: usize| imports.get(at).map_or(0, |(import, _)| import.inventory_id);
    let (before, after) = asked.unwrap_or_else(|| (latest(1), latest(0)));
    let site = Chosen {
        word: sites.address(site_id),
        name: shown(&name),
        href: sites.href(site_id),
        imports,
        before,
        after,
        from: fields.get("from").to_owned(),
        to: fields.get("to").to_owned(),
    };
    let of_site = format!("site={}", encode(&name));
    if asked.is_some() {
        let compared = compare_inventories(state.db(), &name, (before, after), state.now(), &Silent).await?;
        let query = format!("{of_site}&before={before}&after={after}");
        page.compared = Some(Compared::of(&compared.comparison(), query));
    } else if let Some(from) = end_of_day(&site.from)? {
        let report = async |as_of| {
            let request = ReportRequest { site: Some(name.clone()), as_of };
            stored_report(state.db(), &request, &Silent).await.map_err(|e| problem(FileError::Report(e)))
        };
        let to = end_of_day(&site.to)?;
        let (mut before, mut after) = (report(Some(from)).await?, report(to).await?);
        before.title = format!("End of {} (UTC)", site.from);
        after.title = if to.is_some() { format!("End of {} (UTC)", site.to) } else { "Now".to_owned() };
        let query = format!("{of_site}&since={}&as_of={}", encode(&site.from), encode(&site.to));
        page.compared = Some(Compared::of(&Comparison::of(&before, &after), query));
    }
    page.frame.title = format!("{} compared", site.name);
    page.site = Some(site);
    render(&page)
}

/// The two imports that a form or an address names; `None` when it names none.
///
/// # Errors
///
/// 400 when only one is named, or what is named is no number.
pub fn imports_of(fields: &Fields) -> Result<Option<(i64, i64)>, Problem> {
    match (fields.get("before"), fields.get("after")) {
        ("", "") => Ok(None),
        _ => Ok(Some((fields.number("before")?, fields.number("after")?))),
    }
}

impl From<CompareError> for Problem {
    fn from(error: CompareError) -> Problem {
        match error {
            CompareError::Store(error) => error.into(),
            CompareError::Load(_) => Problem::internal(error),
            CompareError::UnknownSite(_) | CompareError::NotOfSite { .. } => Problem::not_found(error.to_string()),
            CompareError::Same(_) => Problem::bad_request(error.to_string()),
        }
    }
}
