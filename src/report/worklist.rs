//! The walk list as text to take along, as CSV with one device a line, and as JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::csv::inert;
use super::pdf::flow::{CELL, CELL_FAINT, CODE_BOLD, Cell, Flow, Look, SMALL, Span, TEXT, column};
use super::pdf::{Paper, brand, signature};
use super::visible::{counted, grouped, visible_line};
use super::vocabulary::{minute, site_name};
use crate::domain::verdict::Reading;
use crate::domain::worklist::{Worklist, WorklistItem};

/// Devices of one item that the text lists unless all are asked for.
const MAX_LISTED: usize = 20;

/// Writes the list for people: per item what to read and what it settles, then each device with a blank to fill.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_worklist(list: &Worklist, full: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", summary(list))?;
    for item in &list.items {
        writeln!(out, "\n{}", visible_line(&headline(item)))?;
        writeln!(out, "  {}", visible_line(&item.advisories.join(", ")))?;
        let shown = if full { item.assets.len() } else { MAX_LISTED };
        for asset in item.assets.iter().take(shown) {
            let blanks: Vec<String> =
                item.readings.iter().map(|reading| format!("{} [              ]", reading.label())).collect();
            let place = if asset.area.is_empty() { String::new() } else { format!(", {}", asset.area) };
            writeln!(out, "    {:<28} {}", visible_line(&format!("{}{place}", asset.tag)), blanks.join("  "))?;
        }
        if item.assets.len() > shown {
            let more = counted((item.assets.len() - shown) as u64, "more device", "more devices");
            writeln!(out, "    … and {more}; --full lists all")?;
        }
    }
    Ok(())
}

/// Writes the list to take along: for each device what to read, with a line to write on.
///
/// # Errors
///
/// What `out` fails with, or the file cannot be put together.
pub fn write_worklist_pdf(list: &Worklist, now: jiff::Timestamp, paper: Paper, out: &mut dyn Write) -> io::Result<()> {
    let title = "Walk list";
    let mut flow = Flow::new(paper, title, format!("{title} · {}", minute(now)), now);
    brand(&mut flow, "walk list");
    flow.heading(0, title);
    flow.paragraph(&[Span::new(TEXT, summary(list))]);
    for item in &list.items {
        flow.heading(2, &headline(item));
        flow.paragraph(&[Span::new(SMALL, item.advisories.join(", "))]);
        flow.begin_table(vec![
            column("Asset", 1.6),
            column("Area", 1.4),
            column("In the inventory", 1.2),
            column("Read", 3.0),
        ]);
        for asset in &item.assets {
            let mut read = Vec::new();
            for reading in &item.readings {
                read.push(Span::new(CELL, format!("{}\u{a0}", reading.label())));
                read.extend([Span::Blank(110.0), Span::new(CELL, "  ")]);
            }
            let firmware = if asset.firmware.is_empty() { "blank" } else { &asset.firmware };
            let cells = [
                Cell::text(CODE_BOLD, &asset.tag),
                Cell::text(CELL, &asset.area),
                Cell::text(CELL_FAINT, firmware),
                Cell::new(read),
            ];
            flow.row(&cells, Look::default());
        }
        flow.end_table();
    }
    signature(&mut flow, "Read by");
    out.write_all(&flow.finish()?)
}

/// What the whole list settles and what it does not, in one sentence.
fn summary(list: &Worklist) -> String {
    if list.n_possible == 0 {
        return "No exposure is in doubt: there is nothing to read.".to_owned();
    }
    let possible = counted(list.n_possible, "possible exposure", "possible exposures");
    if list.items.is_empty() {
        return format!("No reading settles any of {possible}.");
    }
    let readings = counted(list.n_readings(), "reading", "readings");
    let settle = if list.n_readings() == 1 { "settles" } else { "settle" };
    let mut sentence = format!("{readings} {settle} {} of {possible}.", grouped(list.n_settled()));
    if list.n_not_settled > 0 {
        sentence.push_str(&format!(
            " No reading settles the other {}: what is in doubt there is a condition or an entry that is not exact.",
            grouped(list.n_not_settled)
        ));
    }
    sentence
}

/// `Riverside: read the firmware of 14 × Schneider Electric ION7400: 28 exposures of 2 advisories become yes or no`.
fn headline(item: &WorklistItem) -> String {
    let readings: Vec<String> = item.readings.iter().map(|reading| format!("the {}", reading.label())).collect();
    let plate: Vec<&str> = [&item.vendor, &item.model, &item.part_number]
        .into_iter()
        .map(String::as_str)
        .filter(|t| !t.is_empty())
        .collect();
    format!(
        "{}: read {} of {} × {}: {} of {} {} yes or no",
        site_name(&item.site),
        readings.join(" and "),
        grouped(item.assets.len() as u64),
        plate.join(" "),
        counted(item.n_settled, "exposure", "exposures"),
        counted(item.advisories.len() as u64, "advisory", "advisories"),
        if item.n_settled == 1 { "becomes" } else { "become" },
    )
}

/// Writes one line a device, in the order of the list; `read` names the values to read, separated by `; `.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_worklist_csv(list: &Worklist, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(CSV_COLUMNS)?;
    for item in &list.items {
        let (readings, advisories) = (words(&item.readings).join("; "), item.advisories.join("; "));
        for asset in &item.assets {
            let n_settled = asset.n_settled.to_string();
            let values = [
                &item.site,
                &asset.area,
                &asset.tag,
                &item.vendor,
                &item.model,
                &item.part_number,
                &asset.firmware,
                &readings,
                &n_settled,
                &advisories,
            ];
            writer.write_record(values.map(|value| inert(Cow::Borrowed(value)).into_owned()))?;
        }
    }
    writer.flush()
}

/// The columns of [`write_worklist_csv`]; those of an inventory have the names that an import knows.
const CSV_COLUMNS: [&str; 10] =
    ["site", "area", "asset_id", "vendor", "model", "part_number", "firmware", "read", "n_settled", "advisories"];

/// Writes the list as one JSON object.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_worklist_json(list: &Worklist, out: &mut dyn Write) -> io::Result<()> {
    let item = |item: &WorklistItem| {
        json!({
            "site": item.site,
            "vendor": item.vendor,
            "model": item.model,
            "part_number": item.part_number,
            "read": words(&item.readings),
            "n_readings": item.n_readings(),
            "n_settled": item.n_settled,
            "advisories": item.advisories,
            "assets": item.assets.iter().map(|asset| json!({
                "asset_id": asset.tag,
                "area": asset.area,
                "firmware": asset.firmware,
                "n_settled": asset.n_settled,
            })).collect::<Vec<Value>>(),
        })
    };
    let value = json!({
        "n_possible": list.n_possible,
        "n_settled": list.n_settled(),
        "n_not_settled": list.n_not_settled,
        "n_readings": list.n_readings(),
        "items": list.items.iter().map(item).collect::<Vec<Value>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn words(readings: &[Reading]) -> Vec<&'static str> {
    readings.iter().map(|reading| reading.word()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::worklist::WorklistAsset;

    fn list() -> Worklist {
        let asset = |tag: &str, n_settled| WorklistAsset {
            tag: tag.to_owned(),
            area: "Hall 1".to_owned(),
            firmware: "n/a".to_owned(),
            n_settled,
        };
        Worklist {
            items: vec![WorklistItem {
                site: "Riverside".to_owned(),
                vendor: "Schneider Electric".to_owned(),
                model: "ION7400".to_owned(),
                readings: vec![Reading::OrderNumber, Reading::Firmware],
                assets: vec![asset("M1", 2), asset("=M2", 1)],
                advisories: vec!["ICSA-23-229-03".to_owned(), "SEVD-1".to_owned()],
                n_settled: 3,
                ..WorklistItem::default()
            }],
            n_possible: 5,
            n_not_settled: 2,
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_what_to_read_where_and_what_it_settles() {
        assert_eq!(
            written(|out| write_worklist(&list(), false, out)),
            "4 readings settle 3 of 5 possible exposures. No reading settles the other 2: what is in doubt there is a \
             condition or an entry that is not exact.\n\n\
             Riverside: read the order number and the firmware of 2 × Schneider Electric ION7400: 3 exposures of 2 \
             advisories become yes or no\n  ICSA-23-229-03, SEVD-1\n    \
             M1, Hall 1                   order number [              ]  firmware [              ]\n    \
             =M2, Hall 1                  order number [              ]  firmware [              ]\n"
        );
        let nothing = Worklist::default();
        assert!(written(|out| write_worklist(&nothing, false, out)).contains("nothing to read"));
    }

    #[test]
    fn csv_has_one_device_a_line_and_runs_no_formula() {
        let text = written(|out| write_worklist_csv(&list(), out));
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], CSV_COLUMNS.join(","));
        assert_eq!(
            lines[2],
            "Riverside,Hall 1,'=M2,Schneider Electric,ION7400,,n/a,part_number; firmware,1,ICSA-23-229-03; SEVD-1"
        );
    }

    #[test]
    fn json_adds_up() {
        let value: Value = serde_json::from_str(&written(|out| write_worklist_json(&list(), out))).unwrap();
        assert_eq!(value["n_possible"], 5);
        assert_eq!(value["items"][0]["read"], json!(["part_number", "firmware"]));
        assert_eq!(value["items"][0]["assets"][1]["n_settled"], 1);
    }
}
