//! `/exposures`: what is affected or possible, over all sites; and the table that the page of a site shares.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{acts, remediation};
use crate::domain::account::SiteScope;
use crate::domain::filter::{FilterWord, query_text};
use crate::domain::listing::{ListSort, ListView, ListedExposure};
use crate::services::set_remediation::today;
use crate::store::listing::exposures::{
    ExposureList, ListCount, ListCursor, count_by_status, count_exposures, list_exposures,
};
use crate::web::columns;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::partials::{
    Chips, Identifier, Pager, Sentence, SeverityBadge, SortLink, StatusSplit, VerdictBadge, grouped,
};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: u32 = 100;

/// The words of the list beside those of the filter.
pub const WORDS: &[&str] = &["view", "sort", "cols", "after", "n", "print"];

/// Columns that can be left out or added, with whether they are shown unless the person chose otherwise.
const COLUMNS: [(&str, &str, bool); 7] = [
    ("part_number", "Order number", true),
    ("firmware", "Firmware", true),
    ("fix", "Fix", true),
    ("status", "Status", true),
    ("advisory", "Advisory", true),
    ("sure", "How sure", false),
    ("cves", "CVEs", false),
];

/// The words that the filter form offers.
const OFFERED: &[FilterWord] = &[
    FilterWord::Text,
    FilterWord::Site,
    FilterWord::Verdict,
    FilterWord::Severity,
    FilterWord::Kev,
    FilterWord::Fix,
    FilterWord::Sure,
    FilterWord::Status,
    FilterWord::Vendor,
    FilterWord::Area,
];

/// The words that the filter form of one site offers.
const OFFERED_AT_SITE: &[FilterWord] = &[
    FilterWord::Text,
    FilterWord::Verdict,
    FilterWord::Severity,
    FilterWord::Kev,
    FilterWord::Fix,
    FilterWord::Sure,
    FilterWord::Status,
    FilterWord::Vendor,
    FilterWord::Area,
];

/// A list of exposures with everything around it, as it stands on the page.
pub struct ExposureTable {
    pub path: String,
    pub query: ListQuery,
    pub view: ListView,
    pub lines: Vec<ListedExposure>,
    /// By status the pairs of asset and advisory that each line stands for; empty where it was not counted.
    splits: Vec<[u64; 3]>,
    pub sort: ListSort,
    pub count: ListCount,
    pub pager: Pager,
    pub sites: Vec<(String, String)>,
    /// `site=riverside&` on the page of a site, else blank; what the links of lines carry on.
    pub site_query: String,
    columns: Vec<&'static str>,
    /// The word of the site whose page it stands on.
    site: Option<String>,
    /// Whether it stands on the page of a site.
    pub is_of_site: bool,
    pub is_print: bool,
    /// Of an empty list the word of the filter without which most is shown: label, address, number of exposures.
    pub without: Option<(String, String, String)>,
    /// Whether the person may mark what is done about the lines.
    pub may_mark: bool,
    /// Whether the person may make an alert of the filter.
    may_alert: bool,
}

impl ExposureTable {
    /// Reads the page of the list that the address means. `site` is the word of the site whose page it stands on.
    ///
    /// # Errors
    ///
    /// 400 for a word or value that is not known; or the database fails.
    pub async fn load(
        state: &AppState,
        viewer: &Viewer,
        path: &str,
        query: Option<&str>,
        site: Option<&str>,
    ) -> Result<ExposureTable, Problem> {
        let query = ListQuery::parse(query, WORDS)?;
        let sites = Sites::of(state, viewer).await?;
        let mut filter = query.filter.clone();
        if let Some(site) = site {
            filter.sites = vec![site.to_owned()];
        }
        let view = query.choice(
            "view",
            &[("nameplate", ListView::Nameplate), ("asset", ListView::Asset), ("advisory", ListView::Advisory)],
        )?;
        let sort = match query.value("sort") {
            None => ListSort::Work,
            Some(word) => ListSort::read(word).ok_or_else(|| {
                let known: Vec<String> = ListSort::KEYS.iter().map(|(_, known)| format!("`{known}`")).collect();
                Problem::bad_request(format!(
                    "cannot sort the list: expected `work` or one of {}, with `-` for the other end first, found `{word}`",
                    known.join(", ")
                ))
            })?,
        };
        let mut columns: Vec<&'static str> = Vec::new();
        for (name, _, is_default) in COLUMNS {
            let chosen = query.values("cols");
            if if chosen.is_empty() { is_default } else { chosen.iter().any(|c| c == name) } {
                columns.push(name);
            }
        }
        let is_print = query.value("print").is_some();
        let limit = if is_print { MAX_PRINTED } else { PAGE_SIZE };
        let list = ExposureList {
            filter: &filter,
            sites: sites.scope(&filter, viewer)?,
            view,
            sort,
            variant_id: None,
            asset_id: None,
            advisory: None,
        };
        let after = match query.after() {
            None => None,
            Some(text) => Some(ListCursor::read(text).ok_or_else(|| {
                Problem::bad_request(format!(
                    "cannot show the list: expected `after` as the page before wrote it, found `{text}`"
                ))
            })?),
        };
        let count = count_exposures(state.db(), &list).await?;
        if sort != ListSort::Work && count.is_least {
            return Err(Problem::bad_request(format!(
                "cannot sort the list: it has more than {} exposures\nhint: add a filter first, or leave out `sort`",
                grouped(count.n_exposures)
            )));
        }
        let mut lines = list_exposures(state.db(), &list, after, limit + 1).await?;
        let has_more = lines.len() > limit as usize;
        lines.truncate(limit as usize);
        // An advisory of a large fleet speaks of more variants than a page can look at.
        let splits = if view == ListView::Advisory && count.is_least {
            Vec::new()
        } else {
            count_by_status(state.db(), &list, &lines, &today(state.now())).await?
        };
        if view == ListView::Advisory {
            for (line, split) in lines.iter_mut().zip(&splits) {
                line.n_assets = split.iter().sum();
            }
        }
        let without = if lines.is_empty() { fullest_without(state, &list, path, &query).await? } else { None };
        let cursor = lines.last().filter(|_| has_more).map(|line| ListCursor::after(line).to_string());
        let total = Some(count.n_lines).filter(|_| !count.is_least);
        let pager = Pager::new(path, &query, lines.len(), total, cursor.as_deref(), u64::from(PAGE_SIZE));
        Ok(ExposureTable {
            path: path.to_owned(),
            view,
            lines,
            splits,
            sort,
            count,
            pager,
            sites: sites.choices(),
            site_query: site.map(|site| format!("site={}&", query_text::encode(site))).unwrap_or_default(),
            columns,
            site: site.map(str::to_owned),
            is_of_site: site.is_some(),
            is_print,
            without,
            may_mark: viewer.may_edit() && !is_print,
            may_alert: viewer.may_edit() && viewer.sites == SiteScope::All,
            query,
        })
    }

    /// The head of a column by which the list can be sorted.
    pub fn head(&self, key: &str, label: &'static str, descending: bool) -> SortLink {
        SortLink::new(&self.path, &self.query, self.sort.word(), key, label, descending)
    }

    /// What has been done about the line with this place on the page.
    pub fn split(&self, at: &usize) -> Option<StatusSplit> {
        self.splits.get(*at).map(|n| StatusSplit { n: *n })
    }

    /// The line as the form that marks names it.
    pub fn row(&self, line: &ListedExposure) -> String {
        match (self.view, &line.asset) {
            (ListView::Asset, Some(asset)) => remediation::row_of_asset(asset.asset_id, &line.advisory),
            (ListView::Advisory, _) => remediation::row_of_advisory(&line.advisory),
            _ => remediation::row_of_nameplate(line.variant_id),
        }
    }

    /// What a person who does not see the box is told of it.
    pub fn row_label(&self, line: &ListedExposure) -> String {
        let plate = &line.variant.nameplate;
        let of_plate = || format!("{} {} {}", plate.vendor, plate.model, line.variant.firmware);
        match (self.view, &line.asset) {
            (ListView::Asset, Some(asset)) => format!("{} {}", asset.tag, line.advisory.id),
            (ListView::Advisory, _) => line.advisory.id.clone(),
            _ => of_plate().trim().to_owned(),
        }
    }

    /// The filter as hidden fields of the form that marks, the site of the page included.
    pub fn filter_fields(&self) -> Vec<(String, String)> {
        let filter = &self.query.filter;
        let mut fields: Vec<(String, String)> = filter
            .words()
            .flat_map(|word| filter.values(word).into_iter().map(move |value| (word.word().to_owned(), value)))
            .collect();
        if let Some(site) = &self.site {
            fields.retain(|(word, _)| word != FilterWord::Site.word());
            fields.push((FilterWord::Site.word().to_owned(), site.clone()));
        }
        fields
    }

    /// This page, to come back to.
    pub fn here(&self) -> String {
        format!("{}{}", self.path, self.query)
    }

    /// Where an alert about what the filter means is made; `None` where the person may not.
    pub fn alert_href(&self) -> Option<String> {
        // An alert tells what changes, not where something stands.
        let mut filter = self.query.filter.without(FilterWord::Status).without(FilterWord::Standing);
        if let Some(site) = &self.site {
            filter.sites = vec![site.clone()];
        }
        self.may_alert.then(|| format!("/alerts?filter={}#new", query_text::encode(&filter.to_string())))
    }

    /// The filter as chips.
    pub fn chips(&self) -> Chips<'_> {
        Chips {
            path: &self.path,
            query: &self.query,
            offered: if self.is_of_site { OFFERED_AT_SITE } else { OFFERED },
            sites: &self.sites,
            clear: format!("{}{}", self.path, self.query.filtered(Default::default())),
        }
    }

    /// The ways of grouping: label, address, whether it is the one that is shown.
    pub fn views(&self) -> [(&'static str, String, bool); 3] {
        [
            ("nameplate", "nameplate", ListView::Nameplate),
            ("asset", "asset", ListView::Asset),
            ("advisory", "advisory", ListView::Advisory),
        ]
        .map(|(label, word, view)| {
            let value = Some(word).filter(|_| view != ListView::Nameplate);
            (label, format!("{}{}", self.path, self.query.with("view", value)), view == self.view)
        })
    }

    /// Whether this column is shown.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    /// The columns that can be chosen: name, label, whether it is shown.
    pub fn column_choices(&self) -> [(&'static str, &'static str, bool); 7] {
        COLUMNS.map(|(name, label, _)| (name, label, self.has(name)))
    }

    /// What a form that chooses columns carries along.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields = self.query.fields();
        fields.retain(|(word, _)| word != "cols");
        fields
    }

    /// `936 exposures · 155 assets · 71 advisories`.
    pub fn count_line(&self) -> String {
        let mark = if self.count.is_least { "+" } else { "" };
        let told = |n: u64, one: &str, many: &str| {
            format!("{}{mark} {}", grouped(n), if n == 1 && mark.is_empty() { one } else { many })
        };
        format!(
            "{} · {} · {}",
            told(self.count.n_exposures, "exposure", "exposures"),
            told(self.count.n_assets, "asset", "assets"),
            told(self.count.n_advisories, "advisory", "advisories")
        )
    }

    /// `936 exposures`.
    pub fn count_line_exposures(&self) -> String {
        told(&self.count)
    }

    /// The list in the order of work; `None` when it is.
    pub fn work_href(&self) -> Option<String> {
        (self.sort != ListSort::Work).then(|| format!("{}{}", self.path, self.query.with("sort", None)))
    }

    /// What the table holds and how it is sorted.
    pub fn caption(&self) -> &'static str {
        if self.sort == ListSort::Work { "Exposures, most urgent first" } else { "Exposures" }
    }

    /// The list with its usual columns, which are then no longer remembered otherwise.
    pub fn reset_href(&self) -> String {
        format!("{}{}", self.path, self.query.with("cols", None).with("columns", Some("usual")))
    }

    /// Whether each line is one asset.
    pub fn is_by_asset(&self) -> bool {
        self.view == ListView::Asset
    }

    /// Whether each line is one advisory.
    pub fn is_by_advisory(&self) -> bool {
        self.view == ListView::Advisory
    }

    /// The badge of a line.
    pub fn severity(&self, line: &ListedExposure) -> SeverityBadge {
        SeverityBadge::of_score(line.cvss, line.is_exploited)
    }

    /// The badge of a line.
    pub fn verdict(&self, line: &ListedExposure) -> VerdictBadge {
        VerdictBadge { verdict: line.finding.verdict }
    }

    /// The page of the line's advisory.
    pub fn advisory_href(&self, line: &ListedExposure) -> String {
        links::advisory(&line.advisory)
    }

    /// The page of the line's nameplate, with the filter of the list.
    pub fn nameplate_href(&self, line: &ListedExposure) -> String {
        let query = self
            .query
            .filtered(self.query.filter.clone())
            .with("view", None)
            .with("sort", None)
            .with("cols", None)
            .with("print", None);
        let rest = query.to_string().replacen('?', "", 1);
        let query = format!("{}{rest}", self.site_query);
        let query = query.trim_end_matches('&');
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", links::nameplate(line.variant_id))
    }

    /// What the line holds when it is opened.
    pub fn fold_href(&self, line: &ListedExposure) -> String {
        let href = self.nameplate_href(line);
        href.replacen(&links::nameplate(line.variant_id), &format!("{}/fold", links::nameplate(line.variant_id)), 1)
    }

    /// The page of an asset.
    pub fn asset_href(&self, asset_id: &i64) -> String {
        links::asset(*asset_id)
    }

    /// A number for people.
    pub fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    /// The list as a file.
    pub fn export_href(&self, format: &str) -> String {
        let rest = self.query.with("view", None).with("sort", None).with("cols", None).with("print", None).to_string();
        let rest = rest.trim_start_matches('?');
        let query = format!("{}{rest}", self.site_query);
        let query = query.trim_end_matches('&');
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/exports/exposures.{format}{mark}{query}")
    }

    /// The list for paper.
    pub fn print_href(&self) -> String {
        format!("{}{}", self.path, self.query.with("print", Some("1")))
    }
}

/// The word of the filter without which the list holds most; `None` when no single one frees anything.
async fn fullest_without(
    state: &AppState,
    list: &ExposureList<'_>,
    path: &str,
    query: &ListQuery,
) -> Result<Option<(String, String, String)>, Problem> {
    let mut best: Option<(FilterWord, ListCount)> = None;
    // The site is where the person looks, not what is looked for.
    for word in query.filter.words().filter(|word| *word != FilterWord::Site) {
        let filter = query.filter.without(word);
        let count = count_exposures(state.db(), &ExposureList { filter: &filter, ..list.clone() }).await?;
        if count.n_exposures > best.map_or(0, |(_, best)| best.n_exposures) {
            best = Some((word, count));
        }
    }
    Ok(best.map(|(word, count)| {
        let label = format!("{}: {}", word.label(), query.filter.value_in_words(word));
        let href = format!("{path}{}", query.filtered(query.filter.without(word)));
        (label, href, told(&count))
    }))
}

/// `936 exposures`, with a plus where counting stopped.
fn told(count: &ListCount) -> String {
    let mark = if count.is_least { "+" } else { "" };
    format!("{}{mark} {}", grouped(count.n_exposures), if count.n_exposures == 1 { "exposure" } else { "exposures" })
}

/// Lines that a page for paper shows; a longer list is a file.
const MAX_PRINTED: u32 = 2_000;

/// The page.
#[derive(Template)]
#[template(path = "exposures.html")]
struct ExposuresPage {
    frame: Frame,
    table: ExposureTable,
}

/// `GET /exposures`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = columns::remember(&state, &headers, "exposures", "/exposures", query.as_deref()) {
        return Ok(elsewhere);
    }
    let table = ExposureTable::load(&state, &viewer, "/exposures", query.as_deref(), None).await?;
    let mut frame = Frame::load(&state, &viewer, Nav::Exposures, "Exposures").await?;
    frame.is_print = table.is_print;
    frame.done = acts::bar(&state, &viewer, table.query.value("did"), &table.here()).await?;
    render(&ExposuresPage { frame, table })
}
