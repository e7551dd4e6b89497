//! Opened above the line, closed below it, run by run; and what is open and known at the last ones.

use super::super::visible::{counted, grouped};
use super::super::vocabulary::{day, severity_label, share, times_to_close};
use super::flow::{CELL, CELL_BOLD, CELL_FAINT, Cell, FAINT, Flow, Look, SMALL, Span, TEXT, ink, number_column};
use super::flow::{Column, column};
use super::fonts::FACES;
use super::page::{Item, Pattern};
use crate::domain::trend::{SEVERITY_ORDER, Trend, TrendPoint};

/// Runs that are drawn.
const MAX_BARS: usize = 26;
/// Runs that are told in numbers.
const MAX_ROWS: usize = 8;
/// The height of the greatest bar.
const HEIGHT: f32 = 34.0;

/// Draws the chart and the table; nothing when nothing ever changed.
pub(super) fn draw(flow: &mut Flow, trend: &Trend) {
    let changes = trend.changes(MAX_BARS);
    let Some(last) = changes.last() else { return };
    flow.heading(1, "Course");
    let told = format!(
        "Exposures (one asset and one advisory each) opened and closed by the last {} that changed something, to {}.",
        counted(changes.len() as u64, "run", "runs"),
        day(last.at)
    );
    flow.paragraph(&[Span::new(TEXT, told)]);
    for sentence in times_to_close(trend) {
        flow.paragraph(&[Span::new(TEXT, sentence)]);
    }
    flow.gap(6.0);
    bars(flow, &changes);
    table(flow, &changes);
}

fn bars(flow: &mut Flow, points: &[&TrendPoint]) {
    let most = points.iter().map(|p| p.n_opened.max(p.n_closed)).max().unwrap_or(1).max(1);
    let step = (flow.body_width() / MAX_BARS as f32).min(20.0);
    flow.drawing(2.0 * HEIGHT + 26.0, |left, top, items| {
        let axis = top + HEIGHT + 8.0;
        let height = |n: u64| (HEIGHT * (n as f64 / most as f64) as f32).max(if n > 0 { 1.0 } else { 0.0 });
        for (n, point) in points.iter().enumerate() {
            let (x, w) = (left + step * n as f32, step - 3.0);
            let (up, down) = (height(point.n_opened), height(point.n_closed));
            items.push(Item::Box { x, y: axis - up, w, h: up, pattern: Pattern::Plain(ink::BLACK) });
            items.push(Item::Box { x, y: axis + 0.5, w, h: down, pattern: Pattern::Open(ink::OK) });
            for (count, y) in [(point.n_opened, axis - up - 2.0), (point.n_closed, axis + down + 7.0)] {
                let text = grouped(count);
                let width = FACES.width(SMALL.face, 6.0, &text);
                if count > 0 && width < step + 4.0 {
                    let style = super::page::Style { size: 6.0, ..SMALL };
                    items.push(Item::Text { x: x + (w - width) / 2.0, y, style, text });
                }
            }
        }
        let right = left + step * points.len() as f32;
        items.push(Item::Line { x0: left, y0: axis, x1: right, y1: axis, width: 0.6, ink: ink::EDGE });
    });
    let legend = [
        Span::Swatch(Pattern::Plain(ink::BLACK)),
        Span::new(FAINT, "opened    "),
        Span::Swatch(Pattern::Open(ink::OK)),
        Span::new(FAINT, "closed"),
    ];
    flow.paragraph(&legend);
    flow.gap(6.0);
}

fn table(flow: &mut Flow, points: &[&TrendPoint]) {
    let mut columns: Vec<Column> =
        vec![column("Run of", 1.3), number_column("Opened", 1.0), number_column("Closed", 1.0)];
    columns.extend(SEVERITY_ORDER.iter().map(|severity| number_column(severity_label(*severity).1, 0.9)));
    columns.push(number_column("With firmware", 1.5));
    columns.push(number_column("With order no.", 1.5));
    flow.begin_table(columns);
    for point in points.iter().rev().take(MAX_ROWS) {
        let mut cells = vec![
            Cell::text(CELL, day(point.at)),
            Cell::number(CELL_BOLD, grouped(point.n_opened)),
            Cell::number(CELL_BOLD, grouped(point.n_closed)),
        ];
        cells.extend(point.n_open.iter().map(|n| Cell::number(if *n == 0 { CELL_FAINT } else { CELL }, grouped(*n))));
        cells.push(Cell::number(CELL, share(point.n_with_firmware, point.n_assets)));
        cells.push(Cell::number(CELL, share(point.n_with_part_number, point.n_assets)));
        flow.row(&cells, Look::default());
    }
    flow.end_table();
}
