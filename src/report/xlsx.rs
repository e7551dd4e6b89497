//! An Excel workbook: the rows with typed cells, the sites, what cannot be checked, and what the words mean.
//!
//! Everything that comes from an inventory or an advisory is a text cell, so firmware `2.10` stays 2.10 and a text
//! that begins with `=` is never run. Control characters are shown as visible marks, because XML cannot hold them.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError,
};

use super::columns::{COLUMNS, Kind, Value};
use super::row::{Report, ReportRow};
use super::visible::{grouped, visible};
use super::vocabulary as words;
use crate::domain::asset::Standing;
use crate::domain::priority::Severity;
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};

mod course;

/// Excel's greatest number of rows on a sheet, the header included.
const MAX_SHEET_ROWS: usize = 1_048_576;

/// Excel's greatest length of a cell's text, in UTF-16 units.
const MAX_CELL_UNITS: usize = 32_767;

/// More warnings than this are only counted on the sheet `About`.
const MAX_WARNINGS: usize = 10_000;

/// Writes the workbook with the sheets `Exposures`, `Sites`, `Cannot be checked`, `Course` where there is one, and `About`.
///
/// Rows beyond the limit of a sheet go on in `Exposures 2`, `Exposures 3`, …, each with the header. Rows are kept in
/// a temporary file while they are written; equal texts are stored once.
///
/// # Errors
///
/// What `out` or the temporary files fail with.
pub fn write_xlsx(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut spool = Spool::new()?;
    workbook(report, MAX_SHEET_ROWS - 1).and_then(|mut book| book.save_to_writer(&mut spool.file)).map_err(io_error)?;
    spool.file.seek(SeekFrom::Start(0))?;
    io::copy(&mut spool.file, out).map(drop)
}

/// A file of our own that a workbook is put together in: a large one does not fit into memory, and `out` may be a pipe,
/// which a workbook cannot be written to from front to back.
struct Spool {
    file: File,
    path: PathBuf,
}

impl Spool {
    fn new() -> io::Result<Spool> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let at = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos());
        let path = std::env::temp_dir().join(format!("nameplate-{}-{number}-{at}.xlsx", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Spool { file: options.open(&path)?, path })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What the system cleans up anyway.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
pub(super) fn workbook_bytes(report: &Report, max_rows: usize) -> Result<Vec<u8>, XlsxError> {
    workbook(report, max_rows)?.save_to_buffer()
}

fn workbook(report: &Report, max_rows: usize) -> Result<Workbook, XlsxError> {
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    let mut properties = DocProperties::new().set_title(limited(&report.title, 255).as_ref());
    if let Ok(created) = ExcelDateTime::from_timestamp(report.judged_at.as_second()) {
        // The time of the judgement, not of writing: the same report gives the same bytes.
        properties = properties.set_creation_datetime(&created);
    }
    workbook.set_properties(&properties);

    let n_sheets = report.rows.len().div_ceil(max_rows).max(1);
    for i in 0..n_sheets {
        let end = report.rows.len().min((i + 1) * max_rows);
        let name = if i == 0 { "Exposures".to_owned() } else { format!("Exposures {}", i + 1) };
        let sheet = workbook.add_worksheet_with_low_memory()?.set_name(name)?;
        write_exposures(sheet, &report.rows[i * max_rows..end], &styles)?;
    }
    write_sites(workbook.add_worksheet().set_name("Sites")?, report, &styles)?;
    let n_unchecked_sheets = report.unchecked.len().div_ceil(max_rows).max(1);
    for i in 0..n_unchecked_sheets {
        let end = report.unchecked.len().min((i + 1) * max_rows);
        let name = if i == 0 { "Cannot be checked".to_owned() } else { format!("Cannot be checked {}", i + 1) };
        let sheet = workbook.add_worksheet_with_low_memory()?.set_name(name)?;
        write_table(sheet, &["Site", "Asset", "Vendor", "Model", "Why"], &[16.0, 20.0, 26.0, 30.0, 50.0], &styles)?;
        for (n, asset) in (1u32..).zip(&report.unchecked[i * max_rows..end]) {
            for (c, text) in (0u16..).zip([&asset.site, &asset.asset_id, &asset.vendor, &asset.model, &asset.why]) {
                write_text(sheet, n, c, text, Some(&styles.text))?;
            }
        }
        finish_table(sheet, end - i * max_rows, 5)?;
    }
    if let Some(trend) = report.trend.as_ref().filter(|trend| !trend.changes(1).is_empty()) {
        course::write_course(workbook.add_worksheet().set_name("Course")?, trend, &styles)?;
    }
    write_about(workbook.add_worksheet().set_name("About")?, report, &styles)?;
    Ok(workbook)
}

/// The cell formats; made once because each one costs a style in the file.
struct Styles {
    header: Format,
    text: Format,
    wrapped: Format,
    bold: Format,
    heading: Format,
    notice: Format,
    score: Format,
    probability: Format,
    number: Format,
    date: Format,
    instant: Format,
    exploited: Format,
    critical: Format,
    high: Format,
    medium: Format,
    low: Format,
}

impl Styles {
    fn new() -> Styles {
        // `@` keeps a cell text when somebody edits it.
        let text = Format::new().set_num_format("@").set_align(FormatAlign::Top);
        let tinted =
            |ink: u32, tint: u32| text.clone().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(tint));
        Styles {
            header: Format::new()
                .set_bold()
                .set_font_color(Color::RGB(0xFFFFFF))
                .set_background_color(Color::RGB(0x0B5A70))
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::VerticalCenter),
            wrapped: text.clone().set_text_wrap(),
            bold: text.clone().set_bold(),
            heading: Format::new().set_bold().set_font_size(13),
            notice: Format::new().set_bold().set_background_color(Color::RGB(0xFFD23F)).set_text_wrap(),
            score: Format::new().set_num_format("0.0").set_align(FormatAlign::Top),
            probability: Format::new().set_num_format("0.00000").set_align(FormatAlign::Top),
            number: Format::new().set_num_format("#,##0").set_align(FormatAlign::Top),
            date: Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Top),
            instant: Format::new().set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
            exploited: tinted(0x161B1F, 0xFFD23F).set_bold(),
            critical: tinted(0x860A20, 0xF9DFE2).set_bold(),
            high: tinted(0x853400, 0xFCE5D6),
            medium: tinted(0x5F4A00, 0xF5EBC4),
            low: tinted(0x274F68, 0xDFE9F0),
            text,
        }
    }

    /// The format of one cell where it differs from that of its column; colour only repeats what the words beside it say.
    fn of(&self, name: &str, row: &ReportRow) -> Option<&Format> {
        match name {
            "severity" => match row.finding.severity {
                Some(Severity::Critical) => Some(&self.critical),
                Some(Severity::High) => Some(&self.high),
                Some(Severity::Medium) => Some(&self.medium),
                Some(Severity::Low) => Some(&self.low),
                Some(Severity::None) | None => None,
            },
            "kev" if row.finding.is_exploited() => Some(&self.exploited),
            "verdict" if row.finding.verdict == Verdict::Affected => Some(&self.bold),
            _ => None,
        }
    }
}

fn write_exposures(sheet: &mut Worksheet, rows: &[ReportRow], styles: &Styles) -> Result<(), XlsxError> {
    let headers: Vec<&str> = COLUMNS.iter().map(|column| column.header).collect();
    let widths: Vec<f64> = COLUMNS.iter().map(|column| f64::from(column.width)).collect();
    write_table(sheet, &headers, &widths, styles)?;
    for (c, column) in (0u16..).zip(&COLUMNS) {
        let format = match column.kind {
            Kind::Number => &styles.score,
            Kind::Probability => &styles.probability,
            Kind::Date => &styles.date,
            Kind::Text | Kind::Flag | Kind::List => &styles.text,
        };
        // A format of the column is looked up once; one of a cell costs a third of the time of writing.
        sheet.set_column_format(c, format)?;
    }
    for (n, row) in (1u32..).zip(rows) {
        for (c, column) in (0u16..).zip(&COLUMNS) {
            match (column.value)(row) {
                Value::Number(Some(score)) => {
                    // Scores have one decimal; without rounding 8.8 would be 8.800000190734863.
                    let score = (f64::from(score) * 10.0).round() / 10.0;
                    sheet.write_number(n, c, score)?;
                }
                Value::Probability(Some(share)) => {
                    sheet.write_number(n, c, share)?;
                }
                Value::Date(date) => match ExcelDateTime::parse_from_str(date) {
                    Ok(day) if !date.is_empty() => {
                        sheet.write_datetime(n, c, &day)?;
                    }
                    _ => write_text(sheet, n, c, date, Some(&styles.text))?,
                },
                value => write_text(sheet, n, c, &value.cell(), styles.of(column.name, row))?,
            }
        }
    }
    for (c, column) in (0u16..).zip(&COLUMNS) {
        if column.kind == Kind::Text && !rows.is_empty() {
            // Else a spreadsheet program marks each firmware that looks like a number.
            sheet.ignore_error_range(1, c, last_row(rows.len()), c, IgnoreError::NumberStoredAsText)?;
        }
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    finish_table(sheet, rows.len(), COLUMNS.len())
}

fn write_sites(sheet: &mut Worksheet, report: &Report, styles: &Styles) -> Result<(), XlsxError> {
    let mut headers = vec!["Site".to_owned(), "Assets".to_owned()];
    headers.extend(Standing::ALL.iter().map(|s| sentence_case(s.label())));
    headers.extend(["Advisories affecting".to_owned(), "Advisories exploited".to_owned()]);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut widths = vec![14.0; headers.len()];
    widths[0] = 28.0;
    write_table(sheet, &headers, &widths, styles)?;
    for (n, site) in (1u32..).zip(&report.sites) {
        write_text(sheet, n, 0, &site.site, Some(&styles.bold))?;
        let counts = std::iter::once(site.n_assets)
            .chain(Standing::ALL.iter().map(|s| site.n(*s)))
            .chain([site.n_advisories_affecting, site.n_advisories_exploited]);
        for (c, count) in (1u16..).zip(counts) {
            sheet.write_number_with_format(n, c, count as f64, &styles.number)?;
        }
    }
    finish_table(sheet, report.sites.len(), headers.len())
}

fn write_about(sheet: &mut Worksheet, report: &Report, styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 30)?.set_column_width(1, 110)?;
    let mut about = About { sheet, styles, n: 0 };
    about.heading(&report.title)?;
    if let Some(label) = report.strictest_tlp() {
        about.text(&format!("TLP:{}", label.word()), words::TLP_NOTICE)?;
    }
    if report.are_samples {
        about.line("Samples", words::SAMPLES_NOTICE, &styles.notice)?;
    }
    about.instant("Judged at (UTC)", report.judged_at)?;
    match report.advisories_up_to {
        Some(at) => about.instant("Newest advisory of (UTC)", at)?,
        None => about.text("Newest advisory of (UTC)", "no advisory states a release date")?,
    }
    about.number("Advisories", report.n_advisories)?;
    for source in &report.sources {
        about.text("Advisories from", source)?;
    }
    about.text("Filter", &report.filter)?;
    about.number("Rows", report.rows.len() as u64)?;
    about.number("Assets that cannot be checked", report.unchecked.len() as u64)?;
    about.text("Program", &report.program_version)?;

    about.heading("What the verdicts mean")?;
    for verdict in Verdict::ALL {
        about.text(verdict.word(), words::verdict_meaning(verdict))?;
    }
    about.heading("What the doubts mean")?;
    for doubt in DoubtKind::ALL {
        about.text(doubt.word(), words::doubt_meaning(doubt))?;
    }
    about.heading("How sure the product is")?;
    for confidence in [Confidence::Certain, Confidence::Likely, Confidence::Possible] {
        about.text(confidence.word(), words::confidence_meaning(confidence))?;
    }
    about.heading("The six places of an asset, which always add up")?;
    for standing in Standing::ALL {
        about.text(standing.label(), words::standing_meaning(standing))?;
    }
    about.heading(&format!("Warnings ({})", grouped(report.warnings.len() as u64)))?;
    for warning in report.warnings.iter().take(MAX_WARNINGS) {
        about.text("", warning)?;
    }
    match report.warnings.len().saturating_sub(MAX_WARNINGS) {
        0 => Ok(()),
        n => about.text("", &format!("… and {} more; the JSON report holds all of them", grouped(n as u64))),
    }
}

/// The sheet `About` while it grows, one label and one value a row.
struct About<'a> {
    sheet: &'a mut Worksheet,
    styles: &'a Styles,
    n: u32,
}

impl About<'_> {
    fn heading(&mut self, text: &str) -> Result<(), XlsxError> {
        if self.n > 0 {
            self.n += 1;
        }
        write_text(self.sheet, self.n, 0, text, Some(&self.styles.heading))?;
        self.n += 1;
        Ok(())
    }

    fn line(&mut self, label: &str, value: &str, format: &Format) -> Result<(), XlsxError> {
        write_text(self.sheet, self.n, 0, label, Some(&self.styles.bold))?;
        write_text(self.sheet, self.n, 1, value, Some(format))?;
        self.n += 1;
        Ok(())
    }

    fn text(&mut self, label: &str, value: &str) -> Result<(), XlsxError> {
        self.line(label, value, &self.styles.wrapped)
    }

    fn number(&mut self, label: &str, value: u64) -> Result<(), XlsxError> {
        write_text(self.sheet, self.n, 0, label, Some(&self.styles.bold))?;
        let format = self.styles.number.clone().set_align(FormatAlign::Left);
        self.sheet.write_number_with_format(self.n, 1, value as f64, &format)?;
        self.n += 1;
        Ok(())
    }

    fn instant(&mut self, label: &str, at: jiff::Timestamp) -> Result<(), XlsxError> {
        match ExcelDateTime::from_timestamp(at.as_second()) {
            Ok(instant) => {
                write_text(self.sheet, self.n, 0, label, Some(&self.styles.bold))?;
                self.sheet.write_datetime_with_format(self.n, 1, &instant, &self.styles.instant)?;
                self.n += 1;
                Ok(())
            }
            // Before 1900 or after 9999 Excel has no date; the words still say it.
            Err(_) => self.text(label, &words::minute(at)),
        }
    }
}

/// Writes the header, its widths and the frozen pane.
fn write_table(sheet: &mut Worksheet, headers: &[&str], widths: &[f64], styles: &Styles) -> Result<(), XlsxError> {
    for ((c, header), width) in (0u16..).zip(headers).zip(widths) {
        sheet.set_column_width(c, *width)?;
        sheet.write_string_with_format(0, c, *header, &styles.header)?;
    }
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(())
}

/// Puts the filter on the header once the number of rows is known.
fn finish_table(sheet: &mut Worksheet, n_rows: usize, n_columns: usize) -> Result<(), XlsxError> {
    let last_column = u16::try_from(n_columns.saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, last_row(n_rows), last_column)?;
    Ok(())
}

/// The index of the last row below a header at row 0.
fn last_row(n_rows: usize) -> u32 {
    u32::try_from(n_rows).unwrap_or(u32::MAX)
}

/// Writes a text cell, never a formula; a blank text leaves the cell empty. Without a format it has its column's.
fn write_text(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    if text.is_empty() {
        return Ok(());
    }
    let shown = if text.contains('\n') {
        Cow::Owned(text.split('\n').map(|line| visible(line.trim_end_matches('\r'))).collect::<Vec<_>>().join("\n"))
    } else {
        visible(text)
    };
    let shown = limited(&shown, MAX_CELL_UNITS);
    match format {
        Some(format) => sheet.write_string_with_format(row, column, shown, format)?,
        None => sheet.write_string(row, column, shown)?,
    };
    Ok(())
}

/// The text, cut at `max_units` UTF-16 units with a mark that says how long it was.
fn limited(text: &str, max_units: usize) -> Cow<'_, str> {
    // A character is at least one byte for each of its UTF-16 units, so short texts need no count.
    if text.len() <= max_units {
        return Cow::Borrowed(text);
    }
    let n_units = text.encode_utf16().count();
    if n_units <= max_units {
        return Cow::Borrowed(text);
    }
    let mark = format!("… [cut: {} characters in all]", grouped(text.chars().count() as u64));
    let mut room = max_units.saturating_sub(mark.encode_utf16().count());
    let kept: String = text
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= room;
            room = room.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    Cow::Owned(kept + &mark)
}

fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn io_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let text = "ä".repeat(40_000);
        let cut = limited(&text, MAX_CELL_UNITS);
        assert_eq!(cut.encode_utf16().count(), MAX_CELL_UNITS);
        assert!(cut.ends_with("… [cut: 40,000 characters in all]"), "{}", &cut[cut.len() - 60..]);
    }

    #[test]
    fn a_text_at_the_limit_is_whole() {
        for text in ["x".repeat(MAX_CELL_UNITS), "ä".repeat(MAX_CELL_UNITS)] {
            assert_eq!(limited(&text, MAX_CELL_UNITS), text);
        }
    }

    #[test]
    fn pairs_of_units_are_never_torn() {
        let cut = limited(&"😀".repeat(20_000), MAX_CELL_UNITS).into_owned();
        assert!(cut.encode_utf16().count() <= MAX_CELL_UNITS);
    }
}
