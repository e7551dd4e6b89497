//! A table that fits the terminal, and blocks where the terminal is too narrow for one.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, TableComponent};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::groups::{FindingLine, NameplateGroup};
use super::super::row::ReportAsset;
use super::super::visible::{counted, grouped, visible_line};
use super::super::vocabulary as words;
use super::{Ink, asset_ids, firmware_text, nameplate_text};
use crate::domain::priority::Severity;
use crate::domain::verdict::Verdict;

/// Below this width the columns would be too narrow to read.
const MIN_TABLE_WIDTH: u16 = 84;

/// Characters of a nameplate that a terminal shows.
const MAX_NAME: usize = 160;

/// Writes the groups as a table, or as blocks on a narrow terminal.
pub(super) fn write_table(
    out: &mut dyn Write,
    groups: &[NameplateGroup<'_>],
    width: u16,
    colour: bool,
) -> io::Result<()> {
    if width < MIN_TABLE_WIDTH {
        return write_blocks(out, groups, usize::from(width), colour);
    }
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    if colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let headers = ["Severity", "Nameplate and assets", "Firmware", "Verdict and reason", "Fix", "Advisory"];
    table.set_header(headers.map(|header| styled(Cell::new(header), colour, Attribute::Bold)));
    for group in groups {
        for (i, line) in group.lines.iter().enumerate() {
            table.add_row(cells(group, line, i == 0, colour));
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // A severity must not break in two; the narrow facts leave the room to nameplate and reason.
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(ColumnConstraint::Absolute(comfy_table::Width::Fixed(17)));
    }
    for (i, at_most) in [(1, 36u16), (2, 14), (4, 14), (5, 18)] {
        if let Some(column) = table.column_mut(i) {
            column.set_constraint(ColumnConstraint::UpperBoundary(comfy_table::Width::Percentage(at_most)));
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(group: &NameplateGroup<'_>, line: &FindingLine<'_>, first: bool, colour: bool) -> Vec<Cell> {
    let finding = line.finding;
    let mut severity = words::severity_text(finding);
    if finding.is_exploited() {
        severity.push_str("\nEXPLOITED");
    }
    let mut severity = Cell::new(severity);
    if colour {
        severity = match hue(finding.severity) {
            Some(hue) => severity.fg(hue),
            None => severity,
        };
        if finding.is_exploited() || finding.severity == Some(Severity::Critical) {
            severity = severity.add_attribute(Attribute::Bold);
        }
    }
    let mut verdict = words::verdict_sentence(finding);
    if line.assets.len() != group.assets.len() {
        verdict.push_str(&format!(" ({}: {})", n_assets(&line.assets), asset_ids(&line.assets)));
    }
    for told in words::witness_sentence(finding).into_iter().chain(words::status_sentence(line)) {
        verdict.push_str(&format!("; {told}"));
    }
    let verdict = Cell::new(visible_line(&verdict));
    // The plate stands once; its other findings follow below it.
    let plate = if first {
        format!("{}\n{}: {}", shortened(nameplate_text(group)), n_assets(&group.assets), asset_ids(&group.assets))
    } else {
        String::new()
    };
    vec![
        severity,
        Cell::new(plate),
        Cell::new(if first { firmware_text(group) } else { String::new() }),
        if finding.verdict == Verdict::Affected { styled(verdict, colour, Attribute::Bold) } else { verdict },
        Cell::new(visible_line(words::fix_text(finding))),
        Cell::new(visible_line(&finding.advisory.advisory_id)),
    ]
}

fn n_assets(assets: &[&ReportAsset]) -> String {
    counted(assets.len() as u64, "asset", "assets")
}

/// A name that would fill the screen is cut; files and pipes have it whole.
fn shortened(name: String) -> String {
    let n = name.chars().count();
    if n <= MAX_NAME {
        return name;
    }
    let kept: String = name.chars().take(MAX_NAME).collect();
    format!("{}… and {} more characters", kept.trim_end(), grouped((n - MAX_NAME) as u64))
}

/// The same facts as labelled lines.
fn write_blocks(out: &mut dyn Write, groups: &[NameplateGroup<'_>], width: usize, colour: bool) -> io::Result<()> {
    for group in groups {
        let plate = format!("{}, firmware {}", shortened(nameplate_text(group)), firmware_text(group));
        for line in wrap(&plate, width) {
            writeln!(out, "{}", if colour { paint(Ink::Strong, &line) } else { line })?;
        }
        let assets = format!("{}: {}", n_assets(&group.assets), asset_ids(&group.assets));
        for line in wrap(&assets, width.saturating_sub(2)) {
            writeln!(out, "  {line}")?;
        }
        for line in &group.lines {
            let finding = line.finding;
            let exploited = if finding.is_exploited() { ", EXPLOITED" } else { "" };
            let told: String = words::witness_sentence(finding)
                .into_iter()
                .chain(words::status_sentence(line))
                .map(|told| format!("; {told}"))
                .collect();
            let text = format!(
                "{}{exploited}: {}{told}; fix {}; {}",
                words::severity_text(finding),
                words::verdict_sentence(finding),
                words::fix_text(finding),
                finding.advisory.advisory_id
            );
            for (i, part) in wrap(&visible_line(&text), width.saturating_sub(4)).iter().enumerate() {
                writeln!(out, "{}{part}", if i == 0 { "  " } else { "    " })?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn styled(cell: Cell, colour: bool, attribute: Attribute) -> Cell {
    if colour { cell.add_attribute(attribute) } else { cell }
}

/// Hue repeats what shape and word say; low and none have none.
fn hue(severity: Option<Severity>) -> Option<Color> {
    match severity {
        Some(Severity::Critical) => Some(Color::Red),
        Some(Severity::High) => Some(Color::AnsiValue(208)),
        Some(Severity::Medium) => Some(Color::DarkYellow),
        Some(Severity::Low) => Some(Color::Blue),
        Some(Severity::None) | None => None,
    }
}

/// The text between escape codes; the text itself must be visible text.
pub(super) fn paint(ink: Ink, text: &str) -> String {
    let code = match ink {
        Ink::Heading => "1;4",
        Ink::Strong => "1",
        Ink::Faint => "2",
        Ink::Notice => "30;43",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Breaks at blanks so that no line is wider than `width` columns; a longer word is broken where it must.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if used + gap + word.width() <= width {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            used += gap + word.width();
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_where_they_must() {
        for (text, width, lines) in [
            ("a short line", 20, vec!["a short line"]),
            ("two words here", 9, vec!["two words", "here"]),
            ("6ES7515-2AM02-0AB0", 10, vec!["6ES7515-2A", "M02-0AB0"]),
            ("主変電所主変電所", 8, vec!["主変電所", "主変電所"]),
            ("", 10, vec![""]),
        ] {
            assert_eq!(wrap(text, width), lines);
        }
    }
}
