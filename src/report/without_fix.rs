//! What no firmware closes: the list of devices that are never fixed, with what is done instead.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::csv::inert;
use super::pdf::flow::{CELL, CELL_BOLD, CELL_FAINT, CODE, Cell, Flow, Look, Span, TEXT, column, number_column};
use super::pdf::{Paper, brand, signature};
use super::plan::{firmware_text, plate_text, without_line};
use super::visible::{counted, grouped};
use super::vocabulary::{minute, severity_label};
use crate::domain::plan::WithoutFix;

/// Writes the list for people, one line a nameplate.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_without_fix(list: &[WithoutFix], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", summary(list))?;
    for without in list {
        writeln!(out, "  {}", without_line(without))?;
    }
    Ok(())
}

fn summary(list: &[WithoutFix]) -> String {
    if list.is_empty() {
        return "Every exposure has a fix.".to_owned();
    }
    let n_exposures: u64 = list.iter().map(|without| without.n_exposures).sum();
    let n_decided = list.iter().filter(|without| !without.mitigations.is_empty()).count() as u64;
    format!(
        "{} of {} have no fix; for {} it is decided what is done instead.",
        counted(n_exposures, "exposure", "exposures"),
        counted(list.len() as u64, "nameplate", "nameplates"),
        grouped(n_decided)
    )
}

const CSV_COLUMNS: [&str; 17] = [
    "site",
    "variant",
    "vendor",
    "model",
    "part_number",
    "firmware",
    "assets",
    "exposures",
    "severity",
    "advisories",
    "no_fix_planned",
    "advice",
    "measure",
    "review_on",
    "replace_in",
    "decided_by",
    "decided_at",
];

/// Writes one line for each nameplate and site.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_without_fix_csv(list: &[WithoutFix], out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(CSV_COLUMNS)?;
    for without in list {
        for site in &without.sites {
            let decided = without.mitigations.iter().find(|(of, _)| of == site).map(|(_, m)| m.clone());
            let decided = decided.unwrap_or_default();
            let plate = &without.variant.nameplate;
            let values: [String; 17] = [
                site.clone(),
                without.variant_id.to_string(),
                plate.vendor.clone(),
                plate.model.clone(),
                plate.part_number.clone(),
                without.variant.firmware.clone(),
                without.n_assets.to_string(),
                without.n_exposures.to_string(),
                without.severity.map(|s| s.word().to_owned()).unwrap_or_default(),
                without.advisories.join("; "),
                if without.is_final { "yes" } else { "no" }.to_owned(),
                without.advice.join("\n"),
                decided.measure,
                decided.review_on,
                decided.replace_in,
                decided.decided_by,
                decided.decided_at.map(|at| at.to_string()).unwrap_or_default(),
            ];
            writer.write_record(values.map(|value| inert(Cow::Owned(value)).into_owned()))?;
        }
    }
    writer.flush()
}

/// One entry as JSON.
pub fn without_json(without: &WithoutFix) -> Value {
    let plate = &without.variant.nameplate;
    json!({
        "variant": without.variant_id, "vendor": plate.vendor, "model": plate.model,
        "part_number": plate.part_number, "firmware": without.variant.firmware, "sites": without.sites,
        "n_assets": without.n_assets, "n_exposures": without.n_exposures,
        "severity": without.severity.map(|s| s.word()), "advisories": without.advisories,
        "no_fix_planned": without.is_final, "advice": without.advice,
        "mitigations": without.mitigations.iter().map(|(site, mitigation)| json!({
            "site": site, "measure": mitigation.measure, "review_on": mitigation.review_on,
            "replace_in": mitigation.replace_in, "decided_by": mitigation.decided_by,
            "decided_at": mitigation.decided_at.map(|at| at.to_string()),
        })).collect::<Vec<_>>(),
    })
}

/// Writes the list to sign, on sheets of this paper.
///
/// # Errors
///
/// What `out` fails with, or the file cannot be put together.
pub fn write_without_fix_pdf(
    list: &[WithoutFix],
    now: jiff::Timestamp,
    paper: Paper,
    out: &mut dyn Write,
) -> io::Result<()> {
    let title = "Exposures without a fix";
    let mut flow = Flow::new(paper, title, format!("{title} · {}", minute(now)), now).landscape();
    brand(&mut flow, "never-fixed list");
    flow.heading(0, title);
    flow.fact("As of", &[Span::new(TEXT, minute(now))]);
    flow.paragraph(&[Span::new(TEXT, summary(list))]);
    flow.gap(6.0);
    flow.begin_table(vec![
        column("Nameplate", 3.0),
        column("Severity", 1.0),
        number_column("Assets", 0.8),
        column("Advisories", 1.7),
        column("The advisory says", 3.2),
        column("What is done instead", 2.8),
        column("Review on", 1.1),
        column("Replace in", 1.0),
    ]);
    for without in list {
        let plate = vec![
            Span::new(CELL_BOLD, plate_text(&without.variant)),
            Span::Break,
            Span::new(CELL_FAINT, "firmware "),
            Span::new(CODE, firmware_text(&without.variant)),
            Span::Break,
            Span::new(CELL_FAINT, without.sites.join(", ")),
        ];
        let mut done: [Vec<Span>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        for (site, mitigation) in &without.mitigations {
            let texts = [
                format!("{site}: {} ({})", mitigation.measure, mitigation.decided_by),
                mitigation.review_on.clone(),
                mitigation.replace_in.clone(),
            ];
            for (spans, text) in done.iter_mut().zip(texts) {
                spans.extend([Span::new(CELL, text), Span::Break]);
            }
        }
        if without.mitigations.is_empty() {
            done[0].push(Span::new(CELL_FAINT, "not decided"));
        }
        let [measure, review, replace] = done;
        let cells = [
            Cell::new(plate),
            Cell::text(CELL, severity_label(without.severity).1),
            Cell::number(CELL, grouped(without.n_assets)),
            Cell::text(CELL, without.advisories.join(", ")),
            Cell::text(CELL, without.advice.join(" · ")),
            Cell::new(measure),
            Cell::new(review),
            Cell::new(replace),
        ];
        flow.row(&cells, Look::default());
    }
    flow.end_table();
    signature(&mut flow, "Accepted by");
    out.write_all(&flow.finish()?)
}
