//! What stands after the sites: warnings, the advisories once each, and how to read the report.

use std::io::{self, Write};

use super::super::groups::by_reason;
use super::super::row::Report;
use super::super::visible::{counted, grouped};
use super::super::vocabulary as words;
use super::escape::{Identifier, Link, Sentence, Text};
use super::{Detail, Page};
use crate::domain::advisory::status_notice;
use crate::domain::asset::Standing;
use crate::domain::site::UncheckedAsset;
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};

/// Warnings that are written out; the rest are counted.
const MAX_WARNINGS: usize = 2_000;
/// Device ids that are written out for one reason why they cannot be checked.
const MAX_UNCHECKED: usize = 5_000;

impl Page<'_> {
    /// What cannot be checked at one site, by reason.
    pub(super) fn unchecked(&mut self, unchecked: &[&UncheckedAsset]) -> io::Result<()> {
        if unchecked.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<div class=\"unchecked\"><h3><span class=\"verdict unchecked-badge\">⋯ Cannot be checked</span> {}</h3><ul>",
            counted(unchecked.len() as u64, "asset", "assets")
        )?;
        for (why, vendor, assets) in by_reason(unchecked) {
            write!(self.out, "<li><details><summary><b>{}</b> × ", grouped(assets.len() as u64))?;
            match vendor {
                "" => write!(self.out, "<i>vendor not stated</i>")?,
                vendor => write!(self.out, "<bdi>{}</bdi>", Text(vendor))?,
            }
            write!(self.out, ": <bdi>{}</bdi></summary><p class=\"ids\">", Text(why))?;
            for (i, asset) in assets.iter().take(MAX_UNCHECKED).enumerate() {
                let gap = if i > 0 { ", " } else { "" };
                write!(self.out, "{gap}<bdi>{}</bdi>", Identifier(&asset.asset_id))?;
                if !asset.model.is_empty() {
                    write!(self.out, " <bdi class=\"faint\">{}</bdi>", Text(&asset.model))?;
                }
            }
            if assets.len() > MAX_UNCHECKED {
                write!(self.out, " and {} more, see the workbook", grouped((assets.len() - MAX_UNCHECKED) as u64))?;
            }
            writeln!(self.out, "</p></details></li>")?;
        }
        writeln!(self.out, "</ul></div>")
    }

    pub(super) fn warnings(&mut self, warnings: &[String]) -> io::Result<()> {
        if warnings.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<section aria-labelledby=\"warnings\"><h2 id=\"warnings\">Warnings <span class=\"n\">{}</span></h2><ul class=\"warnings\">",
            grouped(warnings.len() as u64)
        )?;
        for warning in warnings.iter().take(MAX_WARNINGS) {
            writeln!(self.out, "<li dir=\"auto\">{}</li>", Sentence(warning))?;
        }
        if warnings.len() > MAX_WARNINGS {
            let n = (warnings.len() - MAX_WARNINGS) as u64;
            writeln!(self.out, "<li>… and {} more; the JSON report holds all of them</li>", grouped(n))?;
        }
        writeln!(self.out, "</ul></section>")
    }

    /// Each advisory once, with its dates, its link and all remedies named for the products above.
    pub(super) fn advisory_list(&mut self) -> io::Result<()> {
        let advisories = self.advisories;
        if advisories.list.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<section aria-labelledby=\"advisories\"><h2 id=\"advisories\">Advisories <span class=\"n\">{}</span></h2>",
            grouped(advisories.list.len() as u64)
        )?;
        for (number, entry) in (1..).zip(&advisories.list) {
            let advisory = entry.advisory;
            write!(
                self.out,
                "<article class=\"advisory\" id=\"advisory-{number}\"><h3><span class=\"id\"><bdi>{}</bdi></span> <bdi class=\"title\">{}</bdi></h3><p class=\"facts\">",
                Text(&advisory.advisory_id),
                Text(&advisory.title)
            )?;
            let mut facts: Vec<String> = Vec::new();
            if !advisory.publisher.is_empty() {
                facts.push(format!("<bdi>{}</bdi>", Text(&advisory.publisher)));
            }
            if !advisory.version.is_empty() {
                facts.push(format!("version <bdi>{}</bdi>", Text(&advisory.version)));
            }
            facts.extend(status_notice(&advisory.status).map(|notice| format!("<b>{notice}</b>")));
            if !advisory.published.is_empty() {
                facts.push(format!("published {}", Text(&advisory.published)));
            }
            if !advisory.updated.is_empty() && advisory.updated != advisory.published {
                facts.push(format!("updated {}", Text(&advisory.updated)));
            }
            for (n, verdict) in entry.n_assets.iter().zip(Verdict::ALL) {
                if *n > 0 {
                    let assets = counted(*n, "asset", "assets");
                    facts.push(format!("{assets} {}", verdict.label().to_lowercase()));
                }
            }
            if !advisory.url.is_empty() {
                facts.push(Link { url: &advisory.url, label: "Open at the publisher" }.to_string());
            }
            writeln!(self.out, "{}</p>", facts.join(" · "))?;
            if !entry.remedies.is_empty() {
                let n = entry.remedies.len() as u64;
                write!(
                    self.out,
                    "<details><summary>{} for the products above</summary>",
                    counted(n, "remedy", "remedies")
                )?;
                let mut remedies = entry.remedies.clone();
                remedies.sort_by(|a, b| a.category.cmp(&b.category));
                self.remedy_list(remedies.into_iter())?;
                write!(self.out, "</details>")?;
            }
            writeln!(self.out, "</article>")?;
        }
        writeln!(self.out, "</section>")?;
        Ok(())
    }

    /// How the report came to be and what its words mean.
    pub(super) fn method(&mut self, report: &Report) -> io::Result<()> {
        write!(
            self.out,
            "<section class=\"method\" aria-labelledby=\"method\"><h2 id=\"method\">Method and sources</h2><dl class=\"facts\">\
             <dt>Judged</dt><dd><time datetime=\"{}\">{}</time></dd><dt>Advisories</dt><dd>{}",
            report.judged_at,
            words::minute(report.judged_at),
            grouped(report.n_advisories)
        )?;
        if let Some(at) = report.advisories_up_to {
            write!(self.out, ", the newest of {}", words::day(at))?;
        }
        write!(self.out, "</dd><dt>From</dt><dd>")?;
        for (i, source) in report.sources.iter().enumerate() {
            write!(self.out, "{}<bdi>{}</bdi>", if i > 0 { "<br>" } else { "" }, Text(source))?;
        }
        write!(
            self.out,
            "</dd><dt>Shown</dt><dd><bdi>{}</bdi></dd><dt>Rows</dt><dd>{} (one asset and one advisory each)</dd><dt>Program</dt><dd>Nameplate {}</dd></dl>",
            Text(&report.filter),
            grouped(report.rows.len() as u64),
            Text(&report.program_version)
        )?;
        match self.detail {
            Detail::Full => {}
            Detail::Brief => write!(
                self.out,
                "<p>This report is long: evidence is told in sentences instead of tables, and remedies stand with the advisories.</p>"
            )?,
            Detail::Line => write!(
                self.out,
                "<p>This report is very long: evidence is left out here, and remedies stand with the advisories. Make it for one site, or take the workbook or the JSON form, for all details.</p>"
            )?,
        }
        write!(self.out, "<div class=\"glossary\"><div><h3>Verdicts</h3><dl>")?;
        for verdict in Verdict::ALL {
            write!(self.out, "<dt>{}</dt><dd>{}</dd>", verdict.label(), words::verdict_meaning(verdict))?;
        }
        write!(self.out, "</dl><h3>How sure the product is</h3><dl>")?;
        for confidence in [Confidence::Certain, Confidence::Likely, Confidence::Possible] {
            let label = words::confidence_label(confidence);
            write!(self.out, "<dt>{label}</dt><dd>{}</dd>", words::confidence_meaning(confidence))?;
        }
        write!(self.out, "</dl></div><div><h3>Doubts</h3><dl>")?;
        for doubt in DoubtKind::ALL {
            write!(self.out, "<dt>{}</dt><dd>{}</dd>", words::doubt_label(doubt), words::doubt_meaning(doubt))?;
        }
        write!(self.out, "</dl></div><div><h3>Six places of an asset</h3><dl>")?;
        for standing in Standing::ALL {
            write!(self.out, "<dt>{}</dt><dd>{}</dd>", standing.label(), words::standing_meaning(standing))?;
        }
        writeln!(
            self.out,
            "</dl></div></div><p class=\"signature\">Read by <span></span> Date <span></span></p></section>"
        )
    }
}
