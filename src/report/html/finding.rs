//! The findings of a site by nameplate: one plate, its devices, and what each advisory says with its evidence.

use std::io::{self, Write};

use super::super::groups::{FindingLine, NameplateGroup};
use super::super::row::{ReportAsset, ReportFinding, ReportRemediation};
use super::super::visible::{counted, grouped};
use super::super::vocabulary as words;
use super::escape::{CellText, Identifier, Link, Prose, Sentence, Text};
use super::standing::{Shape, severity_class};
use super::{Detail, Page};
use crate::domain::matching::PartResult;
use crate::domain::verdict::Verdict;

/// More devices than this are listed by id only.
const MAX_ASSET_TABLE: usize = 60;
/// Device ids written out beside a closed fold.
const MAX_IDS: usize = 4;
/// CVEs that are shown without a fold.
const MAX_CVES: usize = 10;
/// Remedies that stand with a finding; all of them stand with the advisory.
const MAX_REMEDIES: usize = 4;

impl Page<'_> {
    /// The table of one site.
    pub(super) fn findings(&mut self, groups: &[NameplateGroup<'_>]) -> io::Result<()> {
        let n_lines: usize = groups.iter().map(|group| group.lines.len()).sum();
        write!(
            self.out,
            "<table class=\"findings\"><caption>{} with {}, worst first</caption><thead><tr>\
             <th scope=\"col\" class=\"c-severity\">Severity</th><th scope=\"col\">Verdict and reason</th>\
             <th scope=\"col\" class=\"c-fix\">Fix</th><th scope=\"col\" class=\"c-advisory\">Advisory</th>\
             <th scope=\"col\" class=\"c-n\">Assets</th></tr></thead>",
            counted(groups.len() as u64, "nameplate", "nameplates"),
            counted(n_lines as u64, "finding", "findings"),
        )?;
        let (mut n_shown, mut room) = (0, self.max_of_site);
        for group in groups {
            if n_shown > 0 && group.lines.len() > room {
                break;
            }
            self.group(group)?;
            room = room.saturating_sub(group.lines.len());
            n_shown += 1;
        }
        if let rest @ [_, ..] = &groups[n_shown..] {
            let n_rest: usize = rest.iter().map(|group| group.lines.len()).sum();
            write!(
                self.out,
                "<tbody><tr class=\"plate\"><th scope=\"rowgroup\" colspan=\"5\">And {} more {} with {}. The workbook, CSV and JSON forms of this report hold them all, and so does a report of this site alone.</th></tr></tbody>",
                grouped(rest.len() as u64),
                if rest.len() == 1 { "nameplate" } else { "nameplates" },
                counted(n_rest as u64, "finding", "findings"),
            )?;
        }
        writeln!(self.out, "</table>")
    }

    fn group(&mut self, group: &NameplateGroup<'_>) -> io::Result<()> {
        let plate = group.nameplate;
        let worst = group.lines.first().filter(|line| line.finding.verdict != Verdict::NotAffected);
        writeln!(
            self.out,
            "<tbody class=\"w-{}\">",
            worst.map_or("ruled_out", |line| severity_class(line.finding.severity))
        )?;
        write!(self.out, "<tr class=\"plate\"><th scope=\"rowgroup\" colspan=\"4\">")?;
        if plate.vendor.is_empty() && plate.model.is_empty() && plate.part_number.is_empty() {
            write!(self.out, "<span class=\"model\">Nameplate not stated</span> ")?;
        }
        if !plate.vendor.is_empty() {
            write!(self.out, "<bdi class=\"vendor\">{}</bdi> ", Text(&plate.vendor))?;
        }
        if !plate.model.is_empty() {
            write!(self.out, "<bdi class=\"model\">{}</bdi> ", Text(&plate.model))?;
        }
        if !plate.part_number.is_empty() && plate.part_number != plate.model {
            write!(self.out, "<code><bdi>{}</bdi></code> ", Identifier(&plate.part_number))?;
        }
        if !plate.hardware_revision.is_empty() {
            write!(
                self.out,
                "<span class=\"key\">hardware <code><bdi>{}</bdi></code></span> ",
                Identifier(&plate.hardware_revision)
            )?;
        }
        match &*plate.firmware {
            "" => write!(self.out, "<span class=\"key\">firmware <i>not stated</i></span>")?,
            firmware => write!(
                self.out,
                "<span class=\"key\">firmware <code class=\"yours\"><bdi>{}</bdi></code></span>",
                Identifier(firmware)
            )?,
        }
        writeln!(
            self.out,
            "</th><td class=\"c-n\" data-label=\"Assets\"><b>{}</b></td></tr>",
            grouped(group.assets.len() as u64)
        )?;
        for line in &group.lines {
            self.line(line, group)?;
        }
        write!(self.out, "<tr class=\"fold\"><td colspan=\"5\">")?;
        self.assets(&group.assets)?;
        writeln!(self.out, "</td></tr></tbody>")
    }

    fn line(&mut self, line: &FindingLine<'_>, group: &NameplateGroup<'_>) -> io::Result<()> {
        let finding = line.finding;
        let advisory = &finding.advisory;
        write!(self.out, "<tr class=\"line\"><td class=\"c-severity\" data-label=\"Severity\">")?;
        self.severity(finding)?;
        write!(self.out, "</td><td class=\"c-verdict\" data-label=\"Verdict\">")?;
        self.verdict(finding)?;
        if let Some(told) = words::witness_sentence(finding) {
            write!(self.out, " <span class=\"told\"><bdi>{}</bdi></span>", Sentence(&told))?;
        }
        if let Some(told) = words::status_sentence(line) {
            write!(self.out, " <span class=\"status\"><bdi>{}</bdi></span>", Sentence(&told))?;
        }
        write!(self.out, "</td><td class=\"c-fix\" data-label=\"Fix\">")?;
        match &finding.fix {
            Some(fix) => write!(self.out, "<code><bdi>{}</bdi></code>", Identifier(fix))?,
            None => write!(self.out, "<span class=\"faint\">none named</span>")?,
        }
        write!(
            self.out,
            "</td><td class=\"c-advisory\" data-label=\"Advisory\"><a href=\"#advisory-{}\"><bdi>{}</bdi></a></td>",
            self.advisories.number(advisory),
            Text(&advisory.advisory_id),
        )?;
        let n_assets = line.assets.len();
        // The plate says how many there are; a line repeats it in passing.
        let same = if n_assets == group.assets.len() { " same faint" } else { "" };
        write!(self.out, "<td class=\"c-n{same}\" data-label=\"Assets\">{}</td></tr>", grouped(n_assets as u64))?;
        if self.detail == Detail::Line {
            return writeln!(self.out);
        }
        write!(self.out, "\n<tr class=\"fold why\"><td colspan=\"5\"><details><summary>")?;
        write!(self.out, "<bdi>{}</bdi></summary>", Text(&advisory.title))?;
        self.why(finding)?;
        if n_assets != group.assets.len() {
            self.assets(&line.assets)?;
        }
        writeln!(self.out, "</details></td></tr>")
    }

    /// Shape, word and score; exploited beside it.
    fn severity(&mut self, finding: &ReportFinding) -> io::Result<()> {
        // What is not affected keeps shape and word, but no hue: colour is for what is wrong.
        let class = if finding.verdict == Verdict::NotAffected { "none" } else { severity_class(finding.severity) };
        let (_, word) = words::severity_label(finding.severity);
        write!(self.out, "<span class=\"severity {class}\">{} {word}", Shape(finding.severity))?;
        if let Some(score) = finding.cvss {
            write!(self.out, " <b>{score:.1}</b>")?;
        }
        write!(self.out, "</span>")?;
        if finding.is_exploited() {
            write!(self.out, " <span class=\"exploited\">EXPLOITED</span>")?;
        }
        Ok(())
    }

    /// The badge in words, the reason, and the doubts that the reason does not already say.
    fn verdict(&mut self, finding: &ReportFinding) -> io::Result<()> {
        let mark = match finding.verdict {
            Verdict::Affected => "",
            Verdict::Possible => "? ",
            Verdict::NotAffected => "✓ ",
        };
        write!(
            self.out,
            "<span class=\"verdict {}\">{mark}{}</span> <bdi>{}</bdi>",
            finding.verdict.word(),
            finding.verdict.label(),
            Sentence(&finding.reason)
        )?;
        for doubt in &finding.doubts {
            write!(self.out, " <span class=\"doubt\">{}", words::doubt_label(doubt.kind))?;
            if doubt.detail != finding.reason && !doubt.detail.is_empty() {
                write!(self.out, ": <bdi>{}</bdi>", Sentence(&doubt.detail))?;
            }
            write!(self.out, "</span>")?;
        }
        Ok(())
    }

    /// The evidence, where the advisory says so, the vulnerabilities and what to do.
    fn why(&mut self, finding: &ReportFinding) -> io::Result<()> {
        write!(self.out, "<div class=\"why-body\">")?;
        match self.detail {
            Detail::Full if !finding.evidence.is_empty() => self.evidence_table(finding)?,
            Detail::Brief if !finding.evidence.is_empty() => {
                write!(self.out, "<p class=\"brief\" dir=\"auto\">")?;
                for (i, part) in finding.evidence.iter().enumerate() {
                    let gap = if i > 0 { " · " } else { "" };
                    write!(self.out, "{gap}{}", Text(&words::evidence_sentence(part)))?;
                }
                write!(self.out, "</p>")?;
            }
            Detail::Full | Detail::Brief | Detail::Line => {}
        }
        write!(self.out, "<dl>")?;
        if !finding.product.is_empty() {
            write!(self.out, "<dt>Says so</dt><dd><bdi>{}</bdi>", Text(&finding.product))?;
            if !finding.range.is_empty() {
                write!(self.out, ", <bdi>{}</bdi>", Text(&finding.range))?;
            }
            write!(self.out, " <code class=\"faint\">{}</code></dd>", Identifier(&finding.product_pointer))?;
        }
        write!(
            self.out,
            "<dt>Product</dt><dd>{}. {}</dd>",
            words::confidence_label(finding.confidence),
            words::confidence_meaning(finding.confidence)
        )?;
        if finding.is_exploited() || finding.epss.is_some() {
            write!(self.out, "<dt>Order</dt><dd>{}</dd>", Text(&finding.priority("", "").in_words()))?;
        }
        if !finding.cves.is_empty() {
            write!(self.out, "<dt>CVEs</dt><dd>")?;
            self.cves(finding)?;
            write!(self.out, "</dd>")?;
        }
        write!(self.out, "<dt>What to do</dt><dd>")?;
        self.remedies(finding)?;
        writeln!(self.out, "</dd></dl></div>")
    }

    fn evidence_table(&mut self, finding: &ReportFinding) -> io::Result<()> {
        write!(
            self.out,
            "<table class=\"evidence\"><thead><tr><th scope=\"col\">Part</th><th scope=\"col\">Yours</th><th scope=\"col\">Advisory</th><th scope=\"col\">Rule</th><th scope=\"col\">Result</th></tr></thead><tbody>"
        )?;
        for part in &finding.evidence {
            let not_stated = "<span class=\"faint\">not stated</span>";
            write!(self.out, "<tr><th scope=\"row\">{}</th><td data-label=\"Yours\">", Text(part.part.label()))?;
            match part.yours.as_str() {
                "" => write!(self.out, "{not_stated}")?,
                yours => write!(self.out, "<code class=\"yours\"><bdi>{}</bdi></code>", Identifier(yours))?,
            }
            write!(self.out, "</td><td data-label=\"Advisory\">")?;
            match part.advisory.as_str() {
                "" => write!(self.out, "{not_stated}")?,
                advisory => write!(self.out, "<code><bdi>{}</bdi></code>", Identifier(advisory))?,
            }
            let class = match part.result {
                PartResult::Same | PartResult::Covers => "yes",
                PartResult::InDoubt => "maybe",
                PartResult::Differs => "no",
                PartResult::NotStated => "faint",
            };
            write!(
                self.out,
                "</td><td data-label=\"Rule\">{}</td><td data-label=\"Result\" class=\"{class}\">{}</td></tr>",
                CellText(&part.rule),
                words::result_label(part.result)
            )?;
        }
        writeln!(self.out, "</tbody></table>")
    }

    fn cves(&mut self, finding: &ReportFinding) -> io::Result<()> {
        let n_shown = if finding.cves.len() <= MAX_CVES + 1 { finding.cves.len() } else { MAX_CVES };
        // Exploited ones are never folded away.
        let (mut shown, mut folded): (Vec<&String>, Vec<&String>) = (Vec::new(), Vec::new());
        for (i, cve) in finding.cves.iter().enumerate() {
            if i < n_shown || finding.exploited.contains(cve) { shown.push(cve) } else { folded.push(cve) }
        }
        self.cve_list(finding, &shown)?;
        if !folded.is_empty() {
            write!(self.out, "<details><summary>{} more</summary>", grouped(folded.len() as u64))?;
            self.cve_list(finding, &folded)?;
            write!(self.out, "</details>")?;
        }
        Ok(())
    }

    fn cve_list(&mut self, finding: &ReportFinding, cves: &[&String]) -> io::Result<()> {
        for (i, cve) in cves.iter().enumerate() {
            let gap = if i > 0 { ", " } else { "" };
            write!(self.out, "{gap}<code class=\"nowrap\">{}</code>", Text(cve))?;
            if finding.exploited.contains(cve) {
                write!(self.out, " <span class=\"exploited\">EXPLOITED</span>")?;
            }
        }
        Ok(())
    }

    /// The first remedies; the others stand with the advisory, where they are the same for many findings.
    fn remedies(&mut self, finding: &ReportFinding) -> io::Result<()> {
        let all = &finding.remediations;
        if all.is_empty() {
            return write!(self.out, "The advisory names no remedy for this product.");
        }
        let at_most = match self.detail {
            Detail::Full if all.len() <= MAX_REMEDIES + 1 => all.len(),
            Detail::Full => MAX_REMEDIES,
            Detail::Brief | Detail::Line => 1,
        };
        let shown = &all[..at_most.min(all.len())];
        self.remedy_list(shown.iter())?;
        if shown.len() < all.len() {
            write!(
                self.out,
                "<p><a href=\"#advisory-{}\">All {} of this advisory</a></p>",
                self.advisories.number(&finding.advisory),
                counted(all.len() as u64, "remedy", "remedies"),
            )?;
        }
        Ok(())
    }

    /// Remedies in the order given.
    pub(super) fn remedy_list<'r>(&mut self, remedies: impl Iterator<Item = &'r ReportRemediation>) -> io::Result<()> {
        write!(self.out, "<ul class=\"remedies\">")?;
        for remedy in remedies {
            write!(
                self.out,
                "<li dir=\"auto\"><b>{}</b> {}",
                Text(words::remediation_label(&remedy.category)),
                Prose(&remedy.details)
            )?;
            if let Some(restart) = &remedy.restart_required {
                write!(self.out, " <span class=\"key\">({})</span>", Text(words::restart_label(restart)))?;
            }
            if let Some(url) = &remedy.url {
                write!(self.out, " {}", Link { url, label: "Open" })?;
            }
            write!(self.out, "</li>")?;
        }
        writeln!(self.out, "</ul>")
    }

    /// The devices behind a fold: a table, or their ids when they are many.
    fn assets(&mut self, assets: &[&ReportAsset]) -> io::Result<()> {
        write!(self.out, "<details class=\"assets\"><summary>{}: ", counted(assets.len() as u64, "asset", "assets"))?;
        let n_shown = if assets.len() <= MAX_IDS + 1 { assets.len() } else { MAX_IDS };
        self.id_list(&assets[..n_shown])?;
        if n_shown < assets.len() {
            write!(self.out, " and {} more", grouped((assets.len() - n_shown) as u64))?;
        }
        write!(self.out, "</summary>")?;
        if assets.len() > MAX_ASSET_TABLE || self.detail == Detail::Line {
            write!(self.out, "<p class=\"ids\">")?;
            self.id_list(assets)?;
            write!(self.out, "</p>")?;
        } else {
            write!(
                self.out,
                "<table class=\"devices\"><thead><tr><th scope=\"col\">Asset</th><th scope=\"col\">Area</th><th scope=\"col\">Serial number</th><th scope=\"col\">Place in the inventory</th></tr></thead><tbody>"
            )?;
            for asset in assets {
                writeln!(
                    self.out,
                    "<tr><th scope=\"row\"><bdi>{}</bdi></th><td data-label=\"Area\">{}</td><td data-label=\"Serial\">{}</td><td data-label=\"Place\">{}</td></tr>",
                    Identifier(&asset.asset_id),
                    CellText(&asset.area),
                    CellText(&asset.serial_number),
                    CellText(&asset.place)
                )?;
            }
            write!(self.out, "</tbody></table>")?;
        }
        write!(self.out, "</details>")
    }

    fn id_list(&mut self, assets: &[&ReportAsset]) -> io::Result<()> {
        for (i, asset) in assets.iter().enumerate() {
            let gap = if i > 0 { ", " } else { "" };
            write!(self.out, "{gap}<bdi>{}</bdi>", Identifier(&asset.asset_id))?;
        }
        Ok(())
    }
}
