//! The sheet `Course`: what each run opened and closed, what was open and known after it, with a chart.

use rust_xlsxwriter::{Chart, ChartType, ExcelDateTime, Worksheet, XlsxError};

use super::{Styles, finish_table, write_table, write_text};
use crate::domain::trend::{SEVERITY_ORDER, Trend};
use crate::report::vocabulary as words;

/// Runs that the sheet tells, the last ones.
const MAX_RUNS: usize = 10_000;

/// Writes one line a run that changed something, oldest first, and what the course comes to beside them.
pub(super) fn write_course(sheet: &mut Worksheet, trend: &Trend, styles: &Styles) -> Result<(), XlsxError> {
    let points = trend.changes(MAX_RUNS);
    let mut headers = vec!["Run (UTC)", "Opened", "Closed"];
    headers.extend(SEVERITY_ORDER.map(|severity| words::severity_label(severity).1));
    headers.extend(["Assets", "With firmware", "With order number"]);
    let mut widths = vec![12.0; headers.len()];
    widths[0] = 18.0;
    widths[headers.len() - 1] = 18.0;
    write_table(sheet, &headers, &widths, styles)?;
    for (n, point) in (1u32..).zip(&points) {
        match ExcelDateTime::from_timestamp(point.at.as_second()) {
            Ok(at) => drop(sheet.write_datetime_with_format(n, 0, &at, &styles.instant)?),
            Err(_) => write_text(sheet, n, 0, &words::minute(point.at), Some(&styles.text))?,
        }
        let counts = [point.n_opened, point.n_closed].into_iter().chain(point.n_open).chain([
            point.n_assets,
            point.n_with_firmware,
            point.n_with_part_number,
        ]);
        for (c, count) in (1u16..).zip(counts) {
            sheet.write_number_with_format(n, c, count as f64, &styles.number)?;
        }
    }
    finish_table(sheet, points.len(), headers.len())?;
    let beside = headers.len() as u16 + 1;
    let mut row = 0;
    for sentence in words::times_to_close(trend) {
        write_text(sheet, row, beside, &sentence, Some(&styles.text))?;
        row += 1;
    }
    let Some(last) = u32::try_from(points.len()).ok().filter(|n| *n > 0) else { return Ok(()) };
    let mut chart = Chart::new(ChartType::Column);
    chart.title().set_name("Exposures opened and closed by run");
    for (column, name, colour) in [(1u16, "Opened", 0x16_1B1F_u32), (2, "Closed", 0x1F_5E3A)] {
        chart
            .add_series()
            .set_name(name)
            .set_categories(("Course", 1, 0, last, 0))
            .set_values(("Course", 1, column, last, column))
            .set_format(
                rust_xlsxwriter::ChartFormat::new().set_solid_fill(
                    rust_xlsxwriter::ChartSolidFill::new().set_color(rust_xlsxwriter::Color::RGB(colour)),
                ),
            );
    }
    sheet.insert_chart(row + 1, beside, &chart)?;
    Ok(())
}
