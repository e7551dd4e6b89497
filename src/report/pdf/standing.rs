//! The six places of a site as a bar and as numbers.

use super::super::visible::{counted, grouped};
use super::super::vocabulary::severity_label;
use super::flow::{FAINT, Flow, Span, TEXT, TEXT_BOLD, ink};
use super::page::{Ink, Item, Pattern};
use crate::domain::asset::Standing;
use crate::domain::priority::Severity;
use crate::domain::site::SiteSummary;
use crate::domain::trend::SEVERITY_ORDER;

const HEIGHT: f32 = 15.0;
/// Between two parts, so that shapes stay apart without colour.
const GAP: f32 = 1.6;
/// A place with few assets is still seen.
const MIN_PART: f32 = 3.0;

/// The fill of a severity.
pub(super) fn severity_fill(severity: Option<Severity>) -> Ink {
    match severity {
        Some(Severity::Critical) => 0xB3_12_2D,
        Some(Severity::High) => 0xC2_56_0C,
        Some(Severity::Medium) => 0x9A_74_00,
        Some(Severity::Low) => 0x4A_7C_9B,
        Some(Severity::None) | None => ink::EDGE,
    }
}

/// The ink of a word about a severity.
pub(super) fn severity_ink(severity: Option<Severity>) -> Ink {
    match severity {
        Some(Severity::Critical) => 0x86_0A_20,
        Some(Severity::High) => 0x85_34_00,
        Some(Severity::Medium) => 0x5F_4A_00,
        Some(Severity::Low) => 0x27_4F_68,
        Some(Severity::None) | None => ink::GREY,
    }
}

fn pattern(standing: Standing) -> Pattern {
    match standing {
        Standing::Affected => Pattern::Plain(ink::BLACK),
        Standing::Possible => Pattern::Hatch(ink::EDGE),
        Standing::Handled => Pattern::Plain(ink::GREY),
        Standing::RuledOut => Pattern::Plain(ink::RULED_OUT),
        Standing::NotNamed => Pattern::Open(ink::EDGE),
        Standing::CannotBeChecked => Pattern::Dots(ink::EDGE),
    }
}

/// Draws the bar and the numbers beneath it. `affected` splits the first place by severity, where it is known.
pub(super) fn draw(flow: &mut Flow, summary: &SiteSummary, affected: Option<[u64; 6]>) {
    let mut parts: Vec<(u64, Pattern)> = match affected {
        Some(counts) => {
            counts.into_iter().zip(SEVERITY_ORDER).map(|(n, s)| (n, Pattern::Plain(severity_fill(s)))).collect()
        }
        None => vec![(summary.n(Standing::Affected), pattern(Standing::Affected))],
    };
    parts.extend(Standing::ALL[1..].iter().map(|s| (summary.n(*s), pattern(*s))));
    parts.retain(|(n, _)| *n > 0);
    let total: u64 = parts.iter().map(|(n, _)| n).sum();
    if total > 0 {
        let width = flow.body_width();
        let room = width - GAP * (parts.len() - 1) as f32 - MIN_PART * parts.len() as f32;
        flow.drawing(HEIGHT + 5.0, |left, y, items| {
            let mut x = left;
            for (n, pattern) in parts {
                let w = MIN_PART + room * (n as f64 / total as f64) as f32;
                items.push(Item::Box { x, y, w, h: HEIGHT, pattern });
                x += w + GAP;
            }
        });
    }
    flow.paragraph(&numbers(summary, affected));
}

/// `▪ 118 affected (◆ 12 critical, …) ▪ 37 possible … = 412 assets`.
fn numbers(summary: &SiteSummary, affected: Option<[u64; 6]>) -> Vec<Span> {
    let mut spans = Vec::new();
    for standing in Standing::ALL {
        let n = summary.n(standing);
        let split = affected.filter(|_| standing == Standing::Affected && n > 0);
        if split.is_none() {
            spans.push(Span::Swatch(pattern(standing)));
        }
        spans.push(Span::new(if n == 0 { FAINT } else { TEXT_BOLD }, grouped(n)));
        spans.push(Span::new(FAINT, format!("\u{a0}{}", standing.label().replace(' ', "\u{a0}"))));
        for (n, severity) in split.into_iter().flat_map(|counts| counts.into_iter().zip(SEVERITY_ORDER)) {
            if n > 0 {
                let (_, word) = severity_label(severity);
                spans.push(Span::new(FAINT, "\u{a0} "));
                spans.push(Span::Shape { severity, size: 7.0, ink: severity_fill(severity) });
                let word = format!("{}\u{a0}{}", grouped(n), word.to_lowercase());
                spans.push(Span::new(super::page::Style { ink: severity_ink(severity), ..TEXT }, word));
            }
        }
        spans.push(Span::new(FAINT, "    "));
    }
    spans.push(Span::new(FAINT, "=\u{a0}"));
    spans.push(Span::new(TEXT_BOLD, counted(summary.n_assets, "asset", "assets")));
    let sum: u64 = summary.n_by_standing.iter().sum();
    if sum != summary.n_assets {
        let told = format!(" (the places add up to {}; this is a defect of the program)", grouped(sum));
        spans.push(Span::new(TEXT, told));
    }
    spans
}

/// The mark of the program: a type plate with a range up to an open bound.
pub(super) fn mark(flow: &mut Flow) {
    flow.drawing(0.0, |left, y, items| {
        let unit = 0.5;
        let at = |x: f32, y0: f32| (left + x * unit, y - 2.0 + y0 * unit);
        let (x, top) = at(1.0, 5.0);
        items.push(Item::Box { x, y: top, w: 30.0 * unit, h: 22.0 * unit, pattern: Pattern::Plain(ink::ACCENT) });
        let mut line = |x0: f32, x1: f32, y0: f32, width: f32, ink: Ink| {
            let ((x0, y0), (x1, y1)) = (at(x0, y0), at(x1, y0));
            items.push(Item::Line { x0, y0, x1, y1, width: width * unit, ink });
        };
        for (from, to, height) in [(5.0, 7.0, 10.0), (25.0, 27.0, 10.0), (5.0, 7.0, 22.0), (25.0, 27.0, 22.0)] {
            line(from, to, height, 2.0, ink::WHITE);
        }
        line(6.0, 17.0, 16.0, 6.0, ink::YELLOW);
        line(21.0, 26.0, 16.0, 2.0, ink::WHITE);
        let (x, y) = at(15.5, 13.0);
        items.push(Item::Shape { x, y, size: 6.0 * unit, severity: Some(Severity::None), ink: ink::WHITE });
    });
}
