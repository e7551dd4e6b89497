//! One line per finding with columns that start at the same place: for `grep`, `awk` and mails.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::groups::NameplateGroup;
use super::super::visible::{grouped, visible_line};
use super::super::vocabulary as words;
use super::{asset_ids, firmware_text, nameplate_text};

const HEADERS: [&str; 9] =
    ["Severity", "Exploited", "Verdict", "Advisory", "Assets", "Firmware", "Fix", "Nameplate", "Reason and asset ids"];

/// A column grows with its content up to this width; a longer value pushes only its own line.
const MAX_COLUMN: usize = 44;

/// Writes the header and one line per finding; every line repeats its nameplate, so lines stand alone.
pub(super) fn write_table(out: &mut dyn Write, groups: &[NameplateGroup<'_>]) -> io::Result<()> {
    let mut widths = HEADERS.map(str::width);
    for_each_line(groups, &mut |cells| {
        for (width, cell) in widths.iter_mut().zip(cells) {
            if cell.width() <= MAX_COLUMN {
                *width = (*width).max(cell.width());
            }
        }
        Ok(())
    })?;
    write_line(out, &widths, &HEADERS.map(str::to_owned))?;
    for_each_line(groups, &mut |cells| write_line(out, &widths, cells))
}

/// Makes the cells of one line at a time, so that a long report is never held as text.
fn for_each_line(
    groups: &[NameplateGroup<'_>],
    then: &mut dyn FnMut(&[String; 9]) -> io::Result<()>,
) -> io::Result<()> {
    for group in groups {
        let (nameplate, firmware) = (nameplate_text(group), firmware_text(group));
        for line in &group.lines {
            let finding = line.finding;
            then(&[
                words::severity_text(finding),
                if finding.is_exploited() { "EXPLOITED".to_owned() } else { "-".to_owned() },
                finding.verdict.label().to_owned(),
                visible_line(&finding.advisory.advisory_id).into_owned(),
                grouped(line.assets.len() as u64),
                firmware.clone(),
                visible_line(words::fix_text(finding)).into_owned(),
                nameplate.clone(),
                format!(
                    "{}{} [{}]",
                    visible_line(&words::verdict_sentence(finding)),
                    words::witness_sentence(finding)
                        .map(|told| format!("; {}", visible_line(&told)))
                        .unwrap_or_default()
                        + &words::status_sentence(line)
                            .map(|told| format!("; {}", visible_line(&told)))
                            .unwrap_or_default(),
                    asset_ids(&line.assets)
                ),
            ])?;
        }
    }
    Ok(())
}

fn write_line(out: &mut dyn Write, widths: &[usize; 9], cells: &[String; 9]) -> io::Result<()> {
    let last = cells.len() - 1;
    let mut text = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        text.push_str(cell);
        if i < last {
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
    }
    writeln!(out, "{text}")
}
