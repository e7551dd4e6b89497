//! The report as text: for a terminal with colour and a table that fits, for a pipe plain with stable columns.

use std::io::{self, Write};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::groups::{self, NameplateGroup, SiteRows};
use super::row::{Report, ReportAsset};
use super::visible::{counted, grouped, visible, visible_line};
use super::vocabulary as words;
use crate::domain::site::UncheckedAsset;
use crate::domain::verdict::{DoubtKind, Verdict};

mod pipe;
mod terminal;

/// How the text is set. The caller knows whether the reader is a terminal and whether `NO_COLOR` is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Width of the terminal in columns; `None` for a pipe or file, which gets one line per finding.
    pub width: Option<u16>,
    pub colour: bool,
    /// List everything instead of cutting long lists.
    pub full: bool,
}

impl Style {
    /// For a pipe or a file: no colour, no wrapping, nothing cut.
    pub const PIPE: Style = Style { width: None, colour: false, full: true };
}

/// Nameplates of a site that a terminal shows unless everything is asked for.
const MAX_NAMEPLATES: usize = 40;
/// Reasons, warnings and sources that are listed unless everything is asked for.
const MAX_LIST: usize = 20;
/// Asset ids that are written out for one nameplate.
const MAX_IDS: usize = 3;

/// Sites whose rows are gathered at the same time; a fleet of hundreds is not gathered as a whole.
const AT_ONCE: usize = 16;

/// Writes the report for reading in a terminal or a pipe.
///
/// Per site: the headline, the six places, the exposures by nameplate, what cannot be checked; then warnings, where
/// the advisories came from and what the words mean. Values of others are written with visible marks for control
/// characters, so that none of them can steer the terminal.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_text(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Text { out: io::BufWriter::new(out), style };
    text.head(report)?;
    let sites = groups::by_site(report);
    for some in sites.chunks(AT_ONCE) {
        let groups: Vec<Vec<NameplateGroup>> = some.par_iter().map(|site| groups::by_nameplate(&site.rows)).collect();
        for (site, groups) in some.iter().zip(&groups) {
            text.site(site, groups)?;
        }
    }
    text.warnings(&report.warnings)?;
    text.sources(report)?;
    text.legend(report)?;
    text.out.flush()
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Heading,
    Strong,
    Faint,
    Notice,
}

struct Text<'a> {
    out: io::BufWriter<&'a mut dyn Write>,
    style: &'a Style,
}

impl Text<'_> {
    /// One line of our own words or visible text, wrapped to the terminal, the following lines indented.
    fn line(&mut self, ink: Option<Ink>, indent: usize, text: &str) -> io::Result<()> {
        let lines = match self.style.width {
            Some(width) => terminal::wrap(text, usize::from(width).saturating_sub(indent).max(20)),
            None => vec![text.to_owned()],
        };
        for line in lines {
            let painted = match ink {
                Some(ink) if self.style.colour => terminal::paint(ink, &line),
                _ => line,
            };
            writeln!(self.out, "{:indent$}{painted}", "")?;
        }
        Ok(())
    }

    fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn head(&mut self, report: &Report) -> io::Result<()> {
        self.line(Some(Ink::Heading), 0, &visible_line(&report.title))?;
        self.line(Some(Ink::Faint), 0, &words::as_of(report))?;
        self.line(Some(Ink::Faint), 0, &format!("Shown: {}", visible_line(&report.filter)))?;
        if let Some(label) = report.strictest_tlp() {
            self.line(None, 0, &format!("TLP:{} {}", label.word(), words::TLP_NOTICE))?;
        }
        if report.are_samples {
            self.line(Some(Ink::Notice), 0, words::SAMPLES_NOTICE)?;
        }
        Ok(())
    }

    fn site(&mut self, site: &SiteRows<'_>, groups: &[NameplateGroup<'_>]) -> io::Result<()> {
        self.gap()?;
        self.line(Some(Ink::Heading), 0, &visible_line(words::site_name(site.site)))?;
        if let Some(summary) = site.summary {
            self.line(Some(Ink::Strong), 0, &visible_line(&words::headline(summary)))?;
            self.line(None, 0, &words::standing_sum(summary))?;
        }
        if !groups.is_empty() {
            self.gap()?;
            let n_shown = if self.style.full { groups.len() } else { groups.len().min(MAX_NAMEPLATES) };
            let (shown, cut) = groups.split_at(n_shown);
            match self.style.width {
                Some(width) => terminal::write_table(&mut self.out, shown, width, self.style.colour)?,
                None => pipe::write_table(&mut self.out, shown)?,
            }
            if !cut.is_empty() {
                let n_lines: usize = cut.iter().map(|group| group.lines.len()).sum();
                self.line(
                    Some(Ink::Faint),
                    0,
                    &format!(
                        "… and {} with {}, see the HTML report",
                        counted(cut.len() as u64, "more nameplate", "more nameplates"),
                        counted(n_lines as u64, "finding", "findings")
                    ),
                )?;
            }
        }
        self.unchecked(&site.unchecked)
    }

    fn unchecked(&mut self, unchecked: &[&UncheckedAsset]) -> io::Result<()> {
        if unchecked.is_empty() {
            return Ok(());
        }
        self.gap()?;
        let title = format!("Cannot be checked: {}", counted(unchecked.len() as u64, "asset", "assets"));
        self.line(Some(Ink::Strong), 0, &title)?;
        let reasons = groups::by_reason(unchecked);
        let n_shown = if self.style.full { reasons.len() } else { reasons.len().min(MAX_LIST) };
        for (why, vendor, assets) in &reasons[..n_shown] {
            let vendor = if vendor.is_empty() { "vendor not stated" } else { vendor };
            let ids = short_list(assets.iter().map(|a| &*a.asset_id), assets.len());
            self.line(
                None,
                2,
                &format!("{} × {}: {} ({ids})", grouped(assets.len() as u64), visible_line(vendor), visible_line(why)),
            )?;
        }
        self.cut(reasons.len() - n_shown, "more reason", "more reasons")
    }

    fn warnings(&mut self, warnings: &[String]) -> io::Result<()> {
        if warnings.is_empty() {
            return Ok(());
        }
        self.gap()?;
        self.line(Some(Ink::Strong), 0, &format!("Warnings: {}", grouped(warnings.len() as u64)))?;
        let n_shown = if self.style.full { warnings.len() } else { warnings.len().min(MAX_LIST) };
        for warning in &warnings[..n_shown] {
            self.line(None, 2, &visible_line(warning))?;
        }
        self.cut(warnings.len() - n_shown, "more warning", "more warnings")
    }

    fn sources(&mut self, report: &Report) -> io::Result<()> {
        self.gap()?;
        let title = format!("Advisories: {}, from", grouped(report.n_advisories));
        self.line(Some(Ink::Strong), 0, &title)?;
        let n_shown = if self.style.full { report.sources.len() } else { report.sources.len().min(MAX_LIST) };
        for source in &report.sources[..n_shown] {
            self.line(None, 2, &visible_line(source))?;
        }
        self.cut(report.sources.len() - n_shown, "more source", "more sources")
    }

    /// Explains only the words that occur.
    fn legend(&mut self, report: &Report) -> io::Result<()> {
        let findings = || report.rows.iter().map(|row| &*row.finding);
        let verdicts: Vec<Verdict> =
            Verdict::ALL.into_iter().filter(|v| findings().any(|finding| finding.verdict == *v)).collect();
        let doubts: Vec<DoubtKind> = DoubtKind::ALL
            .into_iter()
            .filter(|kind| findings().any(|finding| finding.doubts.iter().any(|doubt| doubt.kind == *kind)))
            .collect();
        if verdicts.is_empty() {
            return self.line(Some(Ink::Faint), 0, &format!("Nameplate {}", visible(&report.program_version)));
        }
        self.gap()?;
        self.line(Some(Ink::Strong), 0, "What the words mean")?;
        for verdict in verdicts {
            self.line(Some(Ink::Faint), 2, &format!("{}: {}", verdict.label(), words::verdict_meaning(verdict)))?;
        }
        for doubt in doubts {
            self.line(Some(Ink::Faint), 2, &format!("{}: {}", words::doubt_label(doubt), words::doubt_meaning(doubt)))?;
        }
        self.line(Some(Ink::Faint), 0, &format!("Nameplate {}", visible(&report.program_version)))
    }

    fn cut(&mut self, n: usize, one: &str, many: &str) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => {
                self.line(Some(Ink::Faint), 2, &format!("… and {}, see the HTML report", counted(n as u64, one, many)))
            }
        }
    }
}

/// The first ids, visible, and how many more there are: `MTR-1, MTR-2, MTR-3 and 9 more`.
fn short_list<'a>(ids: impl Iterator<Item = &'a str>, n: usize) -> String {
    // One more than the limit is written out: "and 1 more" would be longer than most ids.
    let n_shown = if n <= MAX_IDS + 1 { n } else { MAX_IDS };
    let shown: Vec<_> = ids.take(n_shown).map(visible_line).collect();
    let mut text = shown.join(", ");
    if n > n_shown {
        text.push_str(&format!(" and {} more", grouped((n - n_shown) as u64)));
    }
    text
}

/// The ids of devices as in [`short_list`].
fn asset_ids(assets: &[&ReportAsset]) -> String {
    short_list(assets.iter().map(|asset| &*asset.asset_id), assets.len())
}

/// Vendor, model, part number and hardware revision on one line; what is not stated is left out.
fn nameplate_text(group: &NameplateGroup<'_>) -> String {
    let asset = group.nameplate;
    let mut parts: Vec<String> = [&asset.vendor, &asset.model, &asset.part_number]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| visible_line(part).into_owned())
        .collect();
    // Exports often repeat the order number in the model column.
    parts.dedup();
    if !asset.hardware_revision.is_empty() {
        parts.push(format!("hardware {}", visible_line(&asset.hardware_revision)));
    }
    if parts.is_empty() { "nameplate not stated".to_owned() } else { parts.join(" ") }
}

/// The firmware as written, or that it is not stated.
fn firmware_text(group: &NameplateGroup<'_>) -> String {
    match &*group.nameplate.firmware {
        "" => "not stated".to_owned(),
        firmware => visible_line(firmware).into_owned(),
    }
}
