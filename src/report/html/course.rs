//! How it came to be so: opened above the line, closed below it, run by run, with what was open and known.

use std::io::{self, Write};

use super::super::visible::{counted, grouped};
use super::super::vocabulary as words;
use super::Page;
use crate::domain::trend::{SEVERITY_ORDER, Trend, TrendPoint};

/// Runs that are drawn.
const MAX_BARS: usize = 26;
/// Runs that are told in numbers.
const MAX_ROWS: usize = 12;
/// The room above and below the line, in units of the drawing.
const HEIGHT: f64 = 60.0;
/// The width of one run.
const STEP: f64 = 24.0;

impl Page<'_> {
    /// The chart and its numbers; nothing when nothing ever changed.
    pub(super) fn course(&mut self, trend: &Trend) -> io::Result<()> {
        let changes = trend.changes(MAX_BARS);
        let Some(last) = changes.last() else { return Ok(()) };
        writeln!(
            self.out,
            "<section class=\"course\" aria-labelledby=\"course\"><h2 id=\"course\">Course</h2><p>Exposures (one asset and one advisory each) opened and closed by the last {} that changed something, to {}.</p>",
            counted(changes.len() as u64, "run", "runs"),
            words::day(last.at)
        )?;
        for sentence in words::times_to_close(trend) {
            writeln!(self.out, "<p>{sentence}</p>")?;
        }
        self.bars(&changes)?;
        self.numbers(&changes)?;
        writeln!(self.out, "</section>")
    }

    /// The geometry sits in attributes: the page allows no inline style. The table below says the same.
    fn bars(&mut self, points: &[&TrendPoint]) -> io::Result<()> {
        let most = points.iter().map(|point| point.n_opened.max(point.n_closed)).max().unwrap_or(1).max(1);
        let height = |n: u64| if n == 0 { 0.0 } else { (HEIGHT * n as f64 / most as f64).max(2.0) };
        // Above and below the line there is as much room as the bars and their numbers need.
        let room = |count: fn(&TrendPoint) -> u64| {
            let most = points.iter().map(|point| count(point)).max().unwrap_or(0);
            if most == 0 { 2.0 } else { height(most) + 14.0 }
        };
        let (axis, width) = (room(|point| point.n_opened), STEP * points.len() as f64);
        let whole = axis + room(|point| point.n_closed);
        write!(
            self.out,
            "<svg class=\"chart\" viewBox=\"0 0 {width} {h}\" width=\"{width}\" height=\"{h}\" aria-hidden=\"true\" focusable=\"false\">",
            h = whole
        )?;
        for (n, point) in points.iter().enumerate() {
            let x = STEP * n as f64 + 3.0;
            let (up, down) = (height(point.n_opened), height(point.n_closed));
            write!(
                self.out,
                "<rect class=\"c-opened\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{w}\" height=\"{up:.1}\"/><rect class=\"c-closed\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{w}\" height=\"{down:.1}\"/>",
                axis - up,
                axis + 1.0,
                w = STEP - 6.0
            )?;
            for (count, y) in [(point.n_opened, axis - up - 3.0), (point.n_closed, axis + down + 11.0)] {
                // A number that is wider than its bar stands in the table alone.
                if (1..1_000).contains(&count) {
                    write!(self.out, "<text x=\"{:.1}\" y=\"{y:.1}\">{count}</text>", x + (STEP - 6.0) / 2.0)?;
                }
            }
        }
        writeln!(
            self.out,
            "<line class=\"c-axis\" x1=\"0\" y1=\"{axis}\" x2=\"{width}\" y2=\"{axis}\"/></svg>\n<p class=\"legend\"><svg viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"c-opened\" width=\"12\" height=\"12\"/></svg> opened <svg viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"c-closed\" x=\"1\" y=\"1\" width=\"10\" height=\"10\"/></svg> closed</p>"
        )
    }

    fn numbers(&mut self, points: &[&TrendPoint]) -> io::Result<()> {
        write!(
            self.out,
            "<table class=\"numbers\"><caption>Open by severity, and what was known of assets, after each run</caption><thead><tr><th scope=\"col\">Run of</th><th scope=\"col\" class=\"c-n\">Opened</th><th scope=\"col\" class=\"c-n\">Closed</th>"
        )?;
        for severity in SEVERITY_ORDER {
            write!(self.out, "<th scope=\"col\" class=\"c-n\">{}</th>", words::severity_label(severity).1)?;
        }
        writeln!(
            self.out,
            "<th scope=\"col\" class=\"c-n\">With firmware</th><th scope=\"col\" class=\"c-n\">With order no.</th></tr></thead><tbody>"
        )?;
        for point in points.iter().rev().take(MAX_ROWS) {
            write!(
                self.out,
                "<tr><th scope=\"row\">{}</th><td class=\"c-n\" data-label=\"Opened\"><b>{}</b></td><td class=\"c-n\" data-label=\"Closed\"><b>{}</b></td>",
                words::minute(point.at),
                grouped(point.n_opened),
                grouped(point.n_closed)
            )?;
            for (n, severity) in point.n_open.iter().zip(SEVERITY_ORDER) {
                let label = words::severity_label(severity).1;
                write!(self.out, "<td class=\"c-n\" data-label=\"{label}\">{}</td>", grouped(*n))?;
            }
            writeln!(
                self.out,
                "<td class=\"c-n\" data-label=\"With firmware\">{}</td><td class=\"c-n\" data-label=\"With order no.\">{}</td></tr>",
                words::share(point.n_with_firmware, point.n_assets),
                words::share(point.n_with_part_number, point.n_assets)
            )?;
        }
        writeln!(self.out, "</tbody></table>")
    }
}
