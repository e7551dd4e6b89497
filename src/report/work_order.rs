//! The work order of a frozen plan: one block an asset, with boxes to tick and a line for what the device then shows. As
//! text, as one HTML file, and as PDF.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::html::escape::{Base64, Text};
use super::pdf::flow::{CELL, CELL_BOLD, CELL_FAINT, CODE, CODE_BOLD, Cell, Flow, Look, SMALL, Span, TEXT, column};
use super::pdf::{Paper, brand, signature};
use super::plan::{asset_label, firmware_text, news_text, plate_text, sites_text, window_text};
use super::visible::{counted, visible_line};
use super::vocabulary::minute;
use crate::domain::plan::{PlanAsset, PlanAssetState, Work};

/// What is ticked for each asset, in the order of work.
const STEPS: [&str; 3] = ["backup made", "source and checksum of the file verified", "installed"];

const HINT: &str = "The target is the first version that the advisories do not name as affected, or the one a vendor's fix names. \
                    Whether it can be had for this device is known to its vendor.";

/// Writes the order as text, to be printed or mailed.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_work_order(work: &Work, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Work order: {}", visible_line(&work.plan.name))?;
    for line in head(work) {
        writeln!(out, "{line}")?;
    }
    for asset in open(work) {
        writeln!(out, "\n{}", visible_line(&place(asset)))?;
        writeln!(out, "  {}", plate_text(&asset.variant))?;
        writeln!(out, "  from {} to {}", visible_line(firmware_text(&asset.variant)), visible_line(&asset.target))?;
        writeln!(out, "  closes {}", visible_line(&asset.advisories.join(", ")))?;
        for step in STEPS {
            writeln!(out, "  [ ] {step}")?;
        }
        writeln!(out, "  [ ] firmware read back: ____________________")?;
    }
    Ok(())
}

fn open(work: &Work) -> impl Iterator<Item = &PlanAsset> {
    work.assets.iter().filter(|asset| asset.state() != PlanAssetState::Done)
}

fn place(asset: &PlanAsset) -> String {
    let mut place = asset_label(asset);
    if !asset.area.is_empty() {
        place.push_str(&format!(" · {}", asset.area));
    }
    if !asset.serial_number.is_empty() {
        place.push_str(&format!(" · serial number {}", asset.serial_number));
    }
    place
}

/// What stands above the blocks.
fn head(work: &Work) -> Vec<String> {
    let plan = &work.plan;
    let mut lines = vec![
        format!("{} · {}", sites_text(plan), window_text(plan)),
        match &plan.frozen {
            Some(frozen) => format!("Frozen by {} at {}", visible_line(&frozen.by), minute(frozen.at)),
            None => "Not frozen".to_owned(),
        },
        format!("{} to work on", counted(open(work).count() as u64, "asset", "assets")),
    ];
    let news = news_text(work);
    if !news.is_empty() {
        lines.push(news);
    }
    lines.push(HINT.to_owned());
    lines
}

const STYLE: &str = "body{font:14px/1.4 \"IBM Plex Sans\",\"Segoe UI\",system-ui,sans-serif;color:#161B1F;max-width:60rem;margin:24px auto;padding:0 16px}\
h1{font-size:22px;margin:0 0 8px}p{margin:2px 0}article{border:1px solid #73808A;padding:8px 12px;margin:10px 0;break-inside:avoid}\
h2{font-size:15px;margin:0 0 4px;overflow-wrap:anywhere}code{font-family:\"IBM Plex Mono\",ui-monospace,monospace;font-weight:600;overflow-wrap:anywhere}\
ul{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:4px 24px}.box{display:inline-block;width:12px;height:12px;border:1.5px solid #161B1F;vertical-align:-2px}\
.line{display:inline-block;width:16em;border-bottom:1px solid #161B1F}.faint{color:#46525A}@page{margin:16mm 14mm 18mm}@media print{body{margin:0;max-width:none;padding:0}}";

/// Writes the order as one HTML file without script or request.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_work_order_html(work: &Work, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let title = format!("Work order: {}", work.plan.name);
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head><body>\n<h1 dir=\"auto\">{}</h1>",
        Base64(&Sha256::digest(STYLE.as_bytes())),
        Text(&title),
        Text(&title)
    )?;
    for line in head(work) {
        writeln!(out, "<p class=\"faint\" dir=\"auto\">{}</p>", Text(&line))?;
    }
    for asset in open(work) {
        writeln!(out, "<article><h2 dir=\"auto\">{}</h2>", Text(&place(asset)))?;
        writeln!(
            out,
            "<p><bdi>{}</bdi> <span class=\"faint\">from</span> <code>{}</code> <span class=\"faint\">to</span> <code>{}</code></p>",
            Text(&plate_text(&asset.variant)),
            Text(firmware_text(&asset.variant)),
            Text(&asset.target)
        )?;
        writeln!(out, "<p class=\"faint\">closes {}</p><ul>", Text(&asset.advisories.join(", ")))?;
        for step in STEPS {
            writeln!(out, "<li><span class=\"box\"></span> {step}</li>")?;
        }
        writeln!(
            out,
            "<li><span class=\"box\"></span> firmware read back <span class=\"line\">&nbsp;</span></li></ul></article>"
        )?;
    }
    writeln!(out, "</body></html>")?;
    out.flush()
}

/// Writes the order on sheets of this paper.
///
/// # Errors
///
/// What `out` fails with, or the file cannot be put together.
pub fn write_work_order_pdf(work: &Work, paper: Paper, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("Work order: {}", work.plan.name);
    let at = work.plan.frozen.as_ref().map_or(work.plan.made_at, |frozen| frozen.at);
    let mut flow = Flow::new(paper, &title, format!("{title} · frozen {}", minute(at)), at);
    brand(&mut flow, "work order");
    flow.heading(0, &title);
    for line in head(work) {
        flow.paragraph(&[Span::new(TEXT, line)]);
    }
    flow.gap(8.0);
    flow.begin_table(vec![column("Asset", 2.6), column("Firmware", 1.6), column("Work", 3.2)]);
    for asset in open(work) {
        let mut work = Vec::new();
        for step in STEPS {
            work.extend([Span::Tick, Span::new(CELL, format!("{step}    "))]);
        }
        work.extend([
            Span::Break,
            Span::new(SMALL, " "),
            Span::Break,
            Span::Tick,
            Span::new(CELL, "firmware read back "),
        ]);
        work.push(Span::Blank(96.0));
        let mut who = vec![Span::new(CODE_BOLD, &asset.tag), Span::Break];
        let site = if asset.area.is_empty() { asset.site.clone() } else { format!("{} · {}", asset.site, asset.area) };
        who.extend([Span::new(CELL, site), Span::Break, Span::new(CELL_FAINT, plate_text(&asset.variant))]);
        if !asset.serial_number.is_empty() {
            who.extend([Span::Break, Span::new(CELL_FAINT, "serial number "), Span::new(CODE, &asset.serial_number)]);
        }
        let firmware = vec![
            Span::new(CELL_FAINT, "from "),
            Span::new(CODE, firmware_text(&asset.variant)),
            Span::Break,
            Span::new(CELL_FAINT, "to "),
            Span::new(CODE_BOLD, &asset.target),
            Span::Break,
            Span::new(SMALL, format!("closes {}", asset.advisories.join(", "))),
        ];
        flow.row(&[Cell::new(who), Cell::new(firmware), Cell::new(work)], Look::default());
    }
    flow.end_table();
    let done = work.n(PlanAssetState::Done);
    if done > 0 {
        let told = format!("{} read back with the target before.", counted(done, "asset was", "assets were"));
        flow.paragraph(&[Span::new(CELL_BOLD, told)]);
    }
    signature(&mut flow, "Done by");
    out.write_all(&flow.finish()?)
}
