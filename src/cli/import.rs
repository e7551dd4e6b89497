//! `nameplate import`: an inventory file into the database.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::bars::Bars;
use super::output::write_out;
use super::{Context, Outcome};
use crate::domain::inventory::{InventoryReading, OnMissing};
use crate::report::import_json::{readable, unreadable};
use crate::report::visible::visible_line;
use crate::services::import_inventory::{ImportRequest, ImportResult, import_inventory, read_inventory};

/// Import an inventory file (CSV, XLSX, XLSM, XLSB, XLS, ODS) into the database
///
/// All devices of the file are imported or none. Rows that name no device are kept with the reason. Devices that were
/// imported before are known again by site and asset tag, else serial number, else place; devices that no longer stand
/// in the file stay, marked as not seen.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate import plant.xlsx
  nameplate import meters.csv --site Riverside
  nameplate import plant.xlsx --dry-run --format json | jq '.rows[0]'")]
pub struct Arguments {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Site of the devices for which the file states none [default: the file's name]
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Show how the file is read, and store nothing
    #[arg(long)]
    dry_run: bool,
    /// What becomes of devices of the same sites that do not stand in the file
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    on_missing: Missing,
    /// Import even if the same file was imported before
    #[arg(long)]
    again: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
}

/// The forms of an import's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// They stay, marked as not seen since
    Keep,
    /// They are retired: kept with their history, no longer judged
    Retire,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.dry_run {
        return dry_run(arguments);
    }
    let db = context.open_database().await?;
    let request = ImportRequest {
        path: arguments.file.clone(),
        site: arguments.site.clone(),
        on_missing: match arguments.on_missing {
            Missing::Keep => OnMissing::Keep,
            Missing::Retire => OnMissing::Retire,
        },
        again: arguments.again,
        ..ImportRequest::default()
    };
    let bars = Bars::new(context.quiet);
    let imported = tokio::select! {
        imported = import_inventory(&db, &request, &bars) => imported?,
        _ = tokio::signal::ctrl_c() => return Err("stopped; nothing of the file was stored".into()),
    };
    match (imported, arguments.format) {
        (ImportResult::AlreadyImported(known), Form::Text) => {
            println!(
                "The same file was imported at {}; nothing was stored. --again imports it anew.",
                known.imported_at
            );
        }
        (ImportResult::AlreadyImported(known), Form::Json) => {
            println!("{}", serde_json::json!({ "already_imported": true, "inventory_id": known.inventory_id }));
        }
        (ImportResult::Done(done, reading), Form::Text) => {
            let counts = done.counts;
            print!("{}", columns_in_words(&reading));
            println!(
                "{} devices: new {}, changed {}, same {}. Not in this file {}. Rejected rows {}. Warnings {}.",
                counts.n_assets(),
                counts.n_new,
                counts.n_changed,
                counts.n_same,
                counts.n_not_seen,
                counts.n_rejected,
                counts.n_warnings
            );
            context.say("hint: `nameplate rescan` judges your devices anew");
        }
        (ImportResult::Done(done, _), Form::Json) => {
            let counts = done.counts;
            println!(
                "{}",
                serde_json::json!({
                    "inventory_id": done.inventory_id,
                    "n_assets": counts.n_assets(),
                    "n_new": counts.n_new,
                    "n_changed": counts.n_changed,
                    "n_same": counts.n_same,
                    "n_not_seen": counts.n_not_seen,
                    "n_rejected": counts.n_rejected,
                    "n_warnings": counts.n_warnings,
                })
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows how the file is read. A file that cannot be read says so in the same form, and ends with status 2.
fn dry_run(arguments: &Arguments) -> Outcome {
    let reading = tokio::task::block_in_place(|| read_inventory(&arguments.file, arguments.site.as_deref(), None));
    match (reading, arguments.format) {
        (Ok(reading), Form::Json) => print_json(&readable(&reading))?,
        (Ok(reading), Form::Text) => print!("{}", reading_in_words(&reading)),
        (Err(error), Form::Json) => {
            print_json(&unreadable(&error.to_string()))?;
            return Err(error.into());
        }
        (Err(error), Form::Text) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(value: &serde_json::Value) -> Result<(), String> {
    write_out(None, false, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}

/// How the columns were understood, and what was left out.
fn columns_in_words(reading: &InventoryReading) -> String {
    let mut text = String::new();
    for remark in &reading.remarks {
        text.push_str(&format!("{}\n", visible_line(remark)));
    }
    for column in &reading.columns {
        let fields: Vec<&str> = column.fields.iter().map(|f| f.word()).collect();
        let read_as = if fields.is_empty() { "kept as a note".to_owned() } else { fields.join(" + ") };
        let sheet = if column.sheet.is_empty() { String::new() } else { format!("{}: ", column.sheet) };
        text.push_str(&format!(
            "  {}{} → {read_as}{}\n",
            visible_line(&sheet),
            visible_line(&column.header),
            if column.how.is_empty() { String::new() } else { format!(" ({})", visible_line(&column.how)) }
        ));
    }
    for skipped in &reading.skipped_sheets {
        text.push_str(&format!("  sheet {} left out: {}\n", visible_line(&skipped.name), visible_line(&skipped.why)));
    }
    text
}

/// What an import would bring: columns, warnings and rejected rows with their places.
fn reading_in_words(reading: &InventoryReading) -> String {
    let mut text = columns_in_words(reading);
    text.push_str(&format!(
        "{} devices, {} rejected rows. Nothing was stored.\n",
        reading.rows.len(),
        reading.rejected.len()
    ));
    for warning in reading.rows.iter().flat_map(|row| &row.warnings) {
        text.push_str(&format!(
            "  {} {}: {}\n",
            warning.place.label(),
            warning.kind.word(),
            visible_line(&warning.detail)
        ));
    }
    for rejected in &reading.rejected {
        text.push_str(&format!("  {} rejected: {}\n", rejected.place.label(), visible_line(&rejected.why)));
    }
    text
}
