//! The report as one HTML file: no script, no request to anywhere, readable on paper and at 320 pixels.
//!
//! Everything that is not our own words goes through `escape`, and the page forbids itself scripts, forms, frames
//! and foreign styles with a content security policy, so an advisory or an inventory cannot make it do anything.

use std::io::{self, Write};

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use sha2::{Digest, Sha256};

use super::advisory_list::Advisories;
use super::groups::{self, NameplateGroup, SiteRows, affected_by_severity};
use super::row::Report;
use super::visible::{counted, grouped};
use super::vocabulary as words;
use crate::domain::asset::Standing;

mod closing;
mod course;
pub(super) mod escape;
mod finding;
mod standing;

use escape::{Base64, Text};
use standing::{Bar, Numbers};

const STYLE: &str = include_str!("html/style.css");
const SPRITE: &str = include_str!("html/sprite.svg");

/// Above this many findings the folds are brief, so that a browser can still open the file.
const MAX_FULL_FINDINGS: usize = 2_000;

/// Above this many there are no folds at all: the page is a list that leads to the other forms of the report.
const MAX_BRIEF_FINDINGS: usize = 20_000;

/// Above this many only the worst of each site are listed, with the number of the others: no browser opens more.
const MAX_LINES: usize = 50_000;

/// A site has room for at least this many, however many sites there are.
const MIN_LINES_OF_SITE: usize = 50;

/// How much stands in the fold of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Evidence as a table, the first remedies in full.
    Full,
    /// Evidence in sentences, one remedy and a link to all.
    Brief,
    /// No fold: verdict, reason, fix and advisory in one line, devices by their ids.
    Line,
}

struct Page<'a> {
    out: io::BufWriter<&'a mut dyn Write>,
    advisories: &'a Advisories<'a>,
    detail: Detail,
    /// Findings that a site lists at most.
    max_of_site: usize,
}

/// Writes the page, finding by finding: memory grows with pointers to the rows, not with their text.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_html(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let sites: Vec<(SiteRows, Vec<NameplateGroup>)> = groups::by_site(report)
        .into_par_iter()
        .map(|site| {
            let groups = groups::by_nameplate(&site.rows);
            (site, groups)
        })
        .collect();
    let n_findings: usize = sites.iter().flat_map(|(_, groups)| groups).map(|group| group.lines.len()).sum();
    let detail = match n_findings {
        n if n > MAX_BRIEF_FINDINGS => Detail::Line,
        n if n > MAX_FULL_FINDINGS => Detail::Brief,
        _ => Detail::Full,
    };
    let advisories = Advisories::of(report);
    let max_of_site =
        if n_findings > MAX_LINES { (MAX_LINES / sites.len()).max(MIN_LINES_OF_SITE) } else { usize::MAX };
    let mut page = Page { out: io::BufWriter::new(out), advisories: &advisories, detail, max_of_site };
    page.head(report)?;
    if sites.len() > 1 {
        page.overview(&sites)?;
    }
    if let Some(trend) = &report.trend {
        page.course(trend)?;
    }
    for (number, (site, groups)) in (1..).zip(&sites) {
        page.site(number, site, groups)?;
    }
    page.warnings(&report.warnings)?;
    page.advisory_list()?;
    page.method(report)?;
    writeln!(page.out, "</main></body></html>")?;
    page.out.flush()
}

impl Page<'_> {
    fn head(&mut self, report: &Report) -> io::Result<()> {
        let digest = Sha256::digest(STYLE.as_bytes());
        write!(
            self.out,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"generator\" content=\"Nameplate {}\">\n<title>{}</title>\n<style>{STYLE}</style></head>\n<body>{SPRITE}<main>\n",
            Base64(&digest),
            Text(&report.program_version),
            Text(&report.title)
        )?;
        write!(
            self.out,
            "<header><p class=\"brand\"><svg viewBox=\"0 0 32 32\" width=\"24\" height=\"24\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"m-plate\" x=\"1\" y=\"5\" width=\"30\" height=\"22\" rx=\"3\"/><path class=\"m-line\" d=\"M5 10h2M25 10h2M5 22h2M25 22h2M20 16h6\"/><path class=\"m-range\" d=\"M6 16h11\"/><circle class=\"m-bound\" cx=\"18.5\" cy=\"16\" r=\"3\"/></svg> Nameplate <span>exposure report</span></p>\n<h1 dir=\"auto\">{}</h1>\n<p class=\"as-of\">Judged <time datetime=\"{}\">{}</time> · {}, {} · {} · shown: <bdi>{}</bdi></p>\n",
            Text(&report.title),
            report.judged_at,
            words::moment(report.judged_at, &report.time_zone),
            counted(report.n_advisories, "advisory", "advisories"),
            match report.advisories_up_to {
                Some(at) => format!("the newest of {}", words::day(at)),
                None => "without a release date".to_owned(),
            },
            counted(report.rows.len() as u64, "row", "rows"),
            Text(&report.filter)
        )?;
        if let Some(label) = report.strictest_tlp() {
            write!(
                self.out,
                "<p class=\"as-of\"><b>TLP:<bdi>{}</bdi></b> {}</p>",
                Text(label.word()),
                words::TLP_NOTICE
            )?;
        }
        if report.are_samples {
            write!(self.out, "<p class=\"notice\"><b>Sample advisories.</b> {}</p>", words::SAMPLES_NOTICE)?;
        }
        writeln!(self.out, "</header>")
    }

    /// All sites at a glance, each a link to its part.
    fn overview(&mut self, sites: &[(SiteRows<'_>, Vec<NameplateGroup<'_>>)]) -> io::Result<()> {
        write!(
            self.out,
            "<section class=\"overview\"><table><caption>Sites</caption><thead><tr><th scope=\"col\">Site</th><th scope=\"col\" class=\"c-n\">Assets</th><th scope=\"col\" class=\"c-bar\">Standing</th><th scope=\"col\" class=\"c-n\">Affected</th><th scope=\"col\" class=\"c-n\">Possible</th><th scope=\"col\" class=\"c-n\">Not checked</th><th scope=\"col\" class=\"c-n\">Exploited</th></tr></thead><tbody>"
        )?;
        for (number, (site, _)) in (1..).zip(sites) {
            let name = words::site_name(site.site);
            write!(self.out, "<tr><th scope=\"row\"><a href=\"#site-{number}\"><bdi>{}</bdi></a></th>", Text(name))?;
            match site.summary {
                Some(summary) => writeln!(
                    self.out,
                    "<td class=\"c-n\" data-label=\"Assets\">{}</td><td class=\"c-bar\">{}</td><td class=\"c-n\" data-label=\"Affected\"><b>{}</b></td><td class=\"c-n\" data-label=\"Possible\">{}</td><td class=\"c-n\" data-label=\"Not checked\">{}</td><td class=\"c-n\" data-label=\"Exploited\">{}</td></tr>",
                    grouped(summary.n_assets),
                    Bar { summary, affected: affected_by_severity(&site.rows, summary), height: 14 },
                    grouped(summary.n(Standing::Affected)),
                    grouped(summary.n(Standing::Possible)),
                    grouped(summary.n(Standing::CannotBeChecked)),
                    grouped(summary.n_advisories_exploited),
                )?,
                None => writeln!(self.out, "<td colspan=\"6\">not summed up</td></tr>")?,
            }
        }
        writeln!(self.out, "</tbody></table></section>")
    }

    fn site(&mut self, number: usize, site: &SiteRows<'_>, groups: &[NameplateGroup<'_>]) -> io::Result<()> {
        writeln!(
            self.out,
            "<section class=\"site\" id=\"site-{number}\" aria-labelledby=\"site-{number}-name\"><h2 id=\"site-{number}-name\" dir=\"auto\">{}</h2>",
            Text(words::site_name(site.site))
        )?;
        if let Some(summary) = site.summary {
            let affected = affected_by_severity(&site.rows, summary);
            writeln!(
                self.out,
                "<p class=\"headline\"><bdi>{}</bdi></p>\n{}{}",
                Text(&words::headline(summary)),
                Bar { summary, affected, height: 20 },
                Numbers { summary, affected }
            )?;
        }
        if !groups.is_empty() {
            self.findings(groups)?;
        }
        self.unchecked(&site.unchecked)?;
        writeln!(self.out, "</section>")
    }
}
