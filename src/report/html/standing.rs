//! The six places of a site as a bar and as numbers. The geometry sits in attributes: the page allows no inline style.

use std::fmt::{self, Display, Formatter};

use super::super::visible::{counted, grouped};
use super::super::vocabulary::severity_label;
use crate::domain::asset::Standing;
use crate::domain::priority::Severity;
use crate::domain::site::SiteSummary;
use crate::domain::trend::SEVERITY_ORDER;

/// The class of a severity: its word, or `unscored`.
pub(super) fn severity_class(severity: Option<Severity>) -> &'static str {
    severity.map_or("unscored", Severity::word)
}

/// The bar: six places in their order, affected split by severity. Hidden from screen readers, the numbers follow it.
pub(super) struct Bar<'a> {
    pub summary: &'a SiteSummary,
    pub affected: Option<[u64; 6]>,
    pub height: u32,
}

/// Width of the drawing in its own units.
const WIDTH: f64 = 1000.0;
/// Gap between two parts; with it shapes stay apart without colour.
const GAP: f64 = 2.5;
/// A place with few assets is still seen.
const MIN_PART: f64 = 5.0;

impl Display for Bar<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<(u64, &str)> = Vec::new();
        match self.affected {
            Some(counts) => {
                parts.extend(counts.into_iter().zip(SEVERITY_ORDER).map(|(n, severity)| (n, severity_class(severity))));
            }
            None => parts.push((self.summary.n(Standing::Affected), "affected")),
        }
        parts.extend(Standing::ALL[1..].iter().map(|s| (self.summary.n(*s), s.word())));
        parts.retain(|(n, _)| *n > 0);
        let total: u64 = parts.iter().map(|(n, _)| n).sum();
        write!(
            f,
            "<svg class=\"bar\" viewBox=\"0 0 1000 {h}\" width=\"100%\" height=\"{h}\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">",
            h = self.height
        )?;
        let room = WIDTH - GAP * (parts.len().saturating_sub(1)) as f64 - MIN_PART * parts.len() as f64;
        let mut x = 0.0;
        for (n, class) in parts {
            let width = MIN_PART + room * n as f64 / total as f64;
            write!(
                f,
                "<rect class=\"f-{class}\" x=\"{x:.1}\" y=\"0.5\" width=\"{width:.1}\" height=\"{}\"/>",
                self.height - 1
            )?;
            x += width + GAP;
        }
        f.write_str("</svg>")
    }
}

/// The six numbers with their swatches, and the sum that they add up to.
///
/// The affected ones are split by severity where the bar is, so that each shape in the bar has its word.
pub(super) struct Numbers<'a> {
    pub summary: &'a SiteSummary,
    pub affected: Option<[u64; 6]>,
}

impl Display for Numbers<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<ul class=\"places\">")?;
        for standing in Standing::ALL {
            let n = self.summary.n(standing);
            f.write_str(if n == 0 { "<li class=\"zero\">" } else { "<li>" })?;
            let split = if standing == Standing::Affected && n > 0 { self.affected } else { None };
            if split.is_none() {
                write!(
                    f,
                    "<svg class=\"swatch\" viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\" \
                     focusable=\"false\"><rect class=\"f-{}\" x=\"0.5\" y=\"0.5\" width=\"11\" height=\"11\"/></svg> ",
                    standing.word()
                )?;
            }
            write!(f, "<b>{}</b> {}", grouped(n), standing.label())?;
            for (n, severity) in split.into_iter().flat_map(|counts| counts.into_iter().zip(SEVERITY_ORDER)) {
                if n > 0 {
                    let (_, word) = severity_label(severity);
                    write!(
                        f,
                        " <span class=\"split {}\">{} {} {}</span>",
                        severity_class(severity),
                        Shape(severity),
                        grouped(n),
                        word.to_lowercase()
                    )?;
                }
            }
            f.write_str("</li>")?;
        }
        let sum: u64 = self.summary.n_by_standing.iter().sum();
        write!(f, "<li class=\"sum\">= <b>{}</b>", counted(self.summary.n_assets, "asset", "assets"))?;
        if sum != self.summary.n_assets {
            write!(f, " (the places add up to {}; this is a defect of the program)", grouped(sum))?;
        }
        f.write_str("</li></ul>")
    }
}

/// The shape of a severity; the word beside it says the same.
pub(super) struct Shape(pub Option<Severity>);

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<svg viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\" focusable=\"false\"><use href=\"#s-{}\"/></svg>",
            severity_class(self.0)
        )
    }
}
