//! `/exposures`: what is affected or possible, over all sites; and the table that the page of a site shares.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::domain::filter::FilterWord;
use crate::domain::listing::{ListView, ListedExposure};
use crate::store::listing::exposures::{ExposureList, ListCount, ListCursor, count_exposures, list_exposures};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links::{self, Sites};
use crate::web::partials::{Chips, Identifier, Pager, Sentence, SeverityBadge, VerdictBadge, grouped};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const PAGE_SIZE: u32 = 100;

/// The words of the list beside those of the filter.
pub const WORDS: &[&str] = &["view", "cols", "after", "n", "print"];

/// Columns that can be left out or added, with whether they are shown unless the person chose otherwise.
const COLUMNS: [(&str, &str, bool); 6] = [
    ("part_number", "Order number", true),
    ("firmware", "Firmware", true),
    ("fix", "Fix", true),
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
    pub count: ListCount,
    pub pager: Pager,
    pub sites: Vec<(String, String)>,
    /// `site=riverside&` on the page of a site, else blank; what the links of lines carry on.
    pub site_query: String,
    columns: Vec<&'static str>,
    /// Whether it stands on the page of a site.
    pub is_of_site: bool,
    pub is_print: bool,
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
        let mut lines = list_exposures(state.db(), &list, after, limit + 1).await?;
        let has_more = lines.len() > limit as usize;
        lines.truncate(limit as usize);
        let count = count_exposures(state.db(), &list).await?;
        let cursor = lines.last().filter(|_| has_more).map(|line| ListCursor::after(line).to_string());
        let total = Some(count.n_lines).filter(|_| !count.is_least);
        let pager = Pager::new(path, &query, lines.len(), total, cursor.as_deref(), u64::from(PAGE_SIZE));
        Ok(ExposureTable {
            path: path.to_owned(),
            view,
            lines,
            count,
            pager,
            sites: sites.choices(),
            site_query: site
                .map(|site| format!("site={}&", crate::domain::filter::query_text::encode(site)))
                .unwrap_or_default(),
            columns,
            is_of_site: site.is_some(),
            is_print,
            query,
        })
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
    pub fn column_choices(&self) -> [(&'static str, &'static str, bool); 6] {
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
        let query =
            self.query.filtered(self.query.filter.clone()).with("view", None).with("cols", None).with("print", None);
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
        let rest = self.query.with("view", None).with("cols", None).with("print", None).to_string();
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
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let table = ExposureTable::load(&state, &viewer, "/exposures", query.as_deref(), None).await?;
    let mut frame = Frame::load(&state, &viewer, Nav::Exposures, "Exposures").await?;
    frame.is_print = table.is_print;
    render(&ExposuresPage { frame, table })
}
