//! The report as a PDF: same rows, order and numbers as the other formats, set in embedded fonts, with an outline, page
//! numbers, the header of each table on each page, and a line to sign on.

use std::io::{self, Write};

use super::advisory_list::Advisories;
use super::groups::{self, NameplateGroup, SiteRows, affected_by_severity};
use super::row::Report;
use super::visible::{counted, grouped};
use super::vocabulary as words;
use crate::domain::asset::Standing;

mod closing;
mod findings;
pub(super) mod flow;
pub(super) mod fonts;
pub(super) mod page;
mod standing;
#[cfg(test)]
mod tests;
mod trend;

pub(super) use closing::signature;
pub use page::Paper;

use flow::{
    CELL, CELL_BOLD, CELL_FAINT, Cell, FAINT, Flow, Lead, Look, Span, TEXT, TEXT_BOLD, column, ink, number_column,
};

/// Above this many findings the reasons stand without their evidence, and remedies only with the advisories.
const MAX_FULL_FINDINGS: usize = 400;

/// Writes the report on sheets of this paper.
///
/// # Errors
///
/// What `out` fails with, or the file cannot be put together.
pub fn write_pdf(report: &Report, paper: Paper, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&set(report, paper).finish()?)
}

/// The report on its pages.
fn set(report: &Report, paper: Paper) -> Flow {
    let sites: Vec<(SiteRows, Vec<NameplateGroup>)> = groups::by_site(report)
        .into_iter()
        .map(|site| {
            let groups = groups::by_nameplate(&site.rows);
            (site, groups)
        })
        .collect();
    let n_findings: usize = sites.iter().flat_map(|(_, groups)| groups).map(|group| group.lines.len()).sum();
    let advisories = Advisories::of(report);
    let footer = format!("{} · judged {}", report.title, words::moment(report.judged_at, &report.time_zone));
    let mut sheet = Sheet {
        flow: Flow::new(paper, &report.title, footer, report.judged_at),
        advisories: &advisories,
        advisory_places: Vec::new(),
        is_full: n_findings <= MAX_FULL_FINDINGS,
    };
    sheet.advisory_places = advisories.list.iter().map(|_| sheet.flow.place()).collect();
    sheet.head(report);
    let site_places: Vec<usize> = sites.iter().map(|_| sheet.flow.place()).collect();
    if sites.len() > 1 {
        sheet.overview(&sites, &site_places);
    }
    if let Some(trend) = &report.trend {
        trend::draw(&mut sheet.flow, trend);
    }
    for ((site, groups), place) in sites.iter().zip(site_places) {
        sheet.site(site, groups, place);
    }
    sheet.warnings(&report.warnings);
    sheet.advisory_list();
    sheet.method(report);
    sheet.signature();
    sheet.flow
}

/// The exposure report while it is set.
struct Sheet<'a> {
    flow: Flow,
    advisories: &'a Advisories<'a>,
    /// Where each advisory of the list stands.
    advisory_places: Vec<usize>,
    /// Whether there is room for evidence and remedies beside each finding.
    is_full: bool,
}

impl Sheet<'_> {
    fn head(&mut self, report: &Report) {
        brand(&mut self.flow, "exposure report");
        self.flow.heading(0, &report.title);
        self.flow.fact("As of", &[Span::new(TEXT, words::moment(report.judged_at, &report.time_zone))]);
        let newest = match report.advisories_up_to {
            Some(at) => format!("{}, the newest of {}", grouped(report.n_advisories), words::day(at)),
            None => format!("{}, without a release date", grouped(report.n_advisories)),
        };
        self.flow.fact("Advisories", &[Span::new(TEXT, newest)]);
        self.flow.fact("Shown", &[Span::new(TEXT, &report.filter)]);
        let rows = counted(report.rows.len() as u64, "row", "rows");
        self.flow.fact("Rows", &[Span::new(TEXT, format!("{rows}, one asset and one advisory each"))]);
        self.flow.fact("Program", &[Span::new(TEXT, format!("Nameplate {}", report.program_version))]);
        if let Some(label) = report.strictest_tlp() {
            self.flow.fact(
                "Passing on",
                &[Span::new(TEXT_BOLD, format!("TLP:{} ", label.word())), Span::new(TEXT, words::TLP_NOTICE)],
            );
        }
        if report.are_samples {
            self.flow.gap(8.0);
            let notice = [Span::new(TEXT_BOLD, "Sample advisories. "), Span::new(TEXT, words::SAMPLES_NOTICE)];
            self.flow.notice(&notice, ink::YELLOW);
        }
        self.flow.gap(6.0);
    }

    /// All sites at a glance, each a link to its part.
    fn overview(&mut self, sites: &[(SiteRows<'_>, Vec<NameplateGroup<'_>>)], places: &[usize]) {
        self.flow.heading(1, "Sites");
        self.flow.begin_table(vec![
            column("Site", 3.2),
            number_column("Assets", 1.0),
            number_column("Affected", 1.0),
            number_column("Possible", 1.0),
            number_column("Ruled out", 1.0),
            number_column("Not named", 1.1),
            number_column("Not checked", 1.2),
            number_column("Exploited", 1.1),
        ]);
        for ((site, _), place) in sites.iter().zip(places) {
            let name = Span::leading(CELL_BOLD, words::site_name(site.site), Lead::Place(*place));
            let mut cells = vec![Cell::new(vec![name])];
            match site.summary {
                Some(summary) => {
                    cells.push(Cell::number(CELL, grouped(summary.n_assets)));
                    cells.push(Cell::number(CELL_BOLD, grouped(summary.n(Standing::Affected))));
                    for standing in
                        [Standing::Possible, Standing::RuledOut, Standing::NotNamed, Standing::CannotBeChecked]
                    {
                        cells.push(Cell::number(CELL, grouped(summary.n(standing))));
                    }
                    cells.push(Cell::number(CELL, grouped(summary.n_advisories_exploited)));
                }
                None => cells.push(Cell::text(CELL_FAINT, "not summed up").covering(6)),
            }
            self.flow.row(&cells, Look::default());
        }
        self.flow.end_table();
    }

    fn site(&mut self, site: &SiteRows<'_>, groups: &[NameplateGroup<'_>], place: usize) {
        self.flow.gap(6.0);
        self.flow.need(150.0);
        self.flow.set_place(place);
        self.flow.heading(1, words::site_name(site.site));
        if let Some(summary) = site.summary {
            let affected = affected_by_severity(&site.rows, summary);
            self.flow.paragraph(&[Span::new(TEXT, words::headline(summary))]);
            self.flow.gap(6.0);
            standing::draw(&mut self.flow, summary, affected);
            self.flow.gap(8.0);
        }
        if !groups.is_empty() {
            self.findings(groups);
        }
        self.without_fix(groups);
        self.unchecked(&site.unchecked);
    }
}

/// The mark and the kind of paper, on top of the first page.
pub(super) fn brand(flow: &mut Flow, kind: &str) {
    standing::mark(flow);
    flow.paragraph_in(&[Span::new(TEXT_BOLD, "Nameplate "), Span::new(FAINT, kind)], 22.0, flow.body_width() - 22.0);
    flow.gap(10.0);
}
