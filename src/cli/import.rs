//! `nameplate import`: an inventory file into the database, and what became of earlier ones.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use super::bars::Bars;
use super::mark::who;
use super::output::{write_file, write_out};
use super::{Context, Outcome};
use crate::domain::inventory::{AssetKey, ColumnReading, InventoryReading, OnMissing, RejectedRow};
use crate::domain::inventory_draft::CellChoice;
use crate::report::rejects::write_rejects;
use crate::report::visible::visible_line;
use crate::services::column_choice::read_mapping;
use crate::services::import_inventory::{
    DoneImport, ImportError, ImportRequest, ImportResult, import_inventory, note_import,
};
use crate::services::listing::follow_up;
use crate::store::inventory::list_rejected_rows;

mod dry_run;
mod show;
mod undo;

/// Import an inventory file (CSV, XLSX, XLSM, XLSB, XLS, ODS) into the database
///
/// All devices of the file are imported or, after an error, none. Rows that name no device are kept with the reason.
/// Devices that were imported before are known again by site and asset tag, else serial number, else place; devices
/// that no longer stand in the file stay, marked as not seen.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_long_help = "\
Examples:
  nameplate import plant.xlsx
  nameplate import meters.csv --site Riverside --all-or-nothing --rejects to_repair.csv
  nameplate import plant.xlsx --dry-run --save-mapping columns.toml
  nameplate import plant.xlsx --mapping columns.toml
  nameplate import plant.xlsx --dry-run --format json | jq '.rows[0]'

A file that is called like a subcommand is named with its folder: nameplate import ./list"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    file: FileArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(show::ListArguments),
    Show(show::ShowArguments),
    Undo(undo::Arguments),
}

#[derive(Debug, clap::Args)]
struct FileArguments {
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// Site of the devices for which the file states none [default: the file's name]
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Let the name of a sheet be the site of its devices that state none
    #[arg(long)]
    sheet_is_site: bool,
    /// Call a site of the file otherwise; can be given many times
    #[arg(long = "rename-site", value_name = "NAME=NAME", value_parser = site_name)]
    site_names: Vec<(String, String)>,
    /// What stands in a cell that was damaged, as in Meters!F41=1.10; can be given many times
    #[arg(long = "cell", value_name = "CELL=VALUE", value_parser = cell_choice)]
    cells: Vec<CellChoice>,
    /// Which column is which field (TOML); remembered for files with the same headers
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Write how the columns were read, as a mapping to change and to give with --mapping
    #[arg(long = "save-mapping", value_name = "FILE")]
    mapping_out: Option<PathBuf>,
    /// Read the columns anew, and forget what is remembered for these headers
    #[arg(long)]
    forget_mapping: bool,
    /// By what a device is known again; remembered for files with the same headers [default: auto]
    #[arg(long, value_name = "KEY")]
    key: Option<Key>,
    /// What becomes of devices of the same sites that do not stand in the file
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    on_missing: Missing,
    /// Import nothing when a row names no device
    #[arg(long)]
    all_or_nothing: bool,
    /// Write the rows that were not imported (CSV with the columns of the file and the reason), to repair and import
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Show how the file is read and what it would change, and store nothing
    #[arg(long)]
    dry_run: bool,
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
enum Key {
    /// Site and asset tag, else serial number, else place
    Auto,
    /// Site and asset tag, else place
    Tag,
    /// Site and serial number, else place
    Serial,
    /// Site and place: area, name, vendor, model, order number
    Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// They stay, marked as not seen since
    Keep,
    /// They are retired: kept with their history, no longer judged
    Retire,
    /// Nothing is said of them: the file is a part of a list
    Ignore,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    match &arguments.command {
        Some(Command::List(_)) => show::list(context).await,
        Some(Command::Show(arguments)) => show::show(arguments, context).await,
        Some(Command::Undo(arguments)) => undo::run(arguments, context).await,
        None => import(&arguments.file, context).await,
    }
}

fn site_name(text: &str) -> Result<(String, String), String> {
    let (from, to) = text.split_once('=').ok_or("expected `name in the file=name of the site`, found no `=`")?;
    match (from.trim(), to.trim()) {
        ("", _) | (_, "") => Err("expected a name on both sides of `=`".to_owned()),
        (from, to) => Ok((from.to_owned(), to.to_owned())),
    }
}

fn cell_choice(text: &str) -> Result<CellChoice, String> {
    CellChoice::from_text(text).ok_or_else(|| "expected a cell and its value, as in `Meters!F41=1.10`".to_owned())
}

fn request(arguments: &FileArguments) -> Result<ImportRequest, Box<dyn std::error::Error>> {
    Ok(ImportRequest {
        is_sample: false,
        path: arguments.file.clone().unwrap_or_default(),
        name: None,
        site: arguments.site.clone(),
        sheet_is_site: arguments.sheet_is_site,
        site_names: arguments.site_names.clone(),
        cells: arguments.cells.clone(),
        mapping: arguments.mapping.as_deref().map(read_mapping).transpose()?,
        key: arguments.key.map(|key| match key {
            Key::Auto => AssetKey::Auto,
            Key::Tag => AssetKey::Tag,
            Key::Serial => AssetKey::Serial,
            Key::Place => AssetKey::Place,
        }),
        forget_choice: arguments.forget_mapping,
        on_missing: match arguments.on_missing {
            Missing::Keep => OnMissing::Keep,
            Missing::Retire => OnMissing::Retire,
            Missing::Ignore => OnMissing::Ignore,
        },
        only_sites: None,
        all_or_nothing: arguments.all_or_nothing,
        again: arguments.again,
    })
}

async fn import(arguments: &FileArguments, context: &Context) -> Outcome {
    let request = request(arguments)?;
    if arguments.dry_run {
        return dry_run::run(arguments, &request, context).await;
    }
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    let imported = tokio::select! {
        imported = import_inventory(&db, &request, &bars) => imported,
        _ = tokio::signal::ctrl_c() => return Err("stopped; nothing of the file was stored".into()),
    };
    if let (Err(ImportError::Rejected { reading, .. }), Some(path)) = (&imported, &arguments.rejects) {
        write_reject_file(path, &reading.rejected, &reading.columns, &request, context)?;
    }
    match imported? {
        ImportResult::AlreadyImported(known) if arguments.format == Form::Text => println!(
            "The same file was imported at {:.0} (import {}); nothing was stored. --again imports it anew.",
            known.imported_at, known.inventory_id
        ),
        ImportResult::AlreadyImported(known) => {
            println!("{}", serde_json::json!({ "already_imported": true, "inventory_id": known.inventory_id }));
        }
        ImportResult::Done(done) => {
            if let Some(path) = &arguments.mapping_out {
                write_mapping_file(path, &done.mapping)?;
            }
            if let Some(path) = &arguments.rejects {
                let rejected = list_rejected_rows(&db, done.imported.inventory_id).await?;
                write_reject_file(path, &rejected, &done.reading.columns, &request, context)?;
            }
            note_import(&db, &who(None), &request.file_name(), &done.imported).await?;
            // Lists and sums show the devices at once; where they stand follows with the run.
            follow_up(&db, jiff::Timestamp::now()).await;
            tell(&done, arguments.format, context);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(done: &DoneImport, format: Form, context: &Context) {
    let counts = done.imported.counts;
    if format == Form::Json {
        println!(
            "{}",
            serde_json::json!({
                "inventory_id": done.imported.inventory_id,
                "n_assets": counts.n_assets(),
                "n_new": counts.n_new,
                "n_changed": counts.n_changed,
                "n_same": counts.n_same,
                "n_not_seen": counts.n_not_seen,
                "n_rejected": counts.n_rejected,
                "n_warnings": counts.n_warnings,
                "remarks": done.reading.remarks,
            })
        );
        return;
    }
    print!("{}", reading_in_words(&done.reading));
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
    let id = done.imported.inventory_id;
    if counts.n_rejected + counts.n_warnings > 0 {
        context.say(format_args!("hint: `nameplate import show {id}` lists warnings and rejected rows"));
    }
    context.say(format_args!(
        "hint: `nameplate rescan --new` judges them; `nameplate import undo {id}` takes this import back"
    ));
}

fn write_mapping_file(path: &Path, mapping: &str) -> Result<(), String> {
    write_file(path, |out| out.write_all(mapping.as_bytes()))
}

fn write_reject_file(
    path: &Path,
    rejected: &[RejectedRow],
    columns: &[ColumnReading],
    request: &ImportRequest,
    context: &Context,
) -> Result<(), String> {
    if rejected.is_empty() {
        context.say("no row was rejected; no file of rejected rows was written");
        return Ok(());
    }
    write_file(path, |out| write_rejects(rejected, columns, &request.default_site(), out))?;
    context.say(format_args!("Rejected rows: {}", path.display()));
    Ok(())
}

/// Prints JSON on standard output, for people and programs.
fn print_json(value: &serde_json::Value) -> Result<(), String> {
    write_out(None, false, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}

/// How the file and its columns were understood, and what was left out.
fn reading_in_words(reading: &InventoryReading) -> String {
    let mut text = String::new();
    for remark in &reading.remarks {
        text.push_str(&format!("{}\n", visible_line(remark)));
    }
    text.push_str(&columns_in_words(&reading.columns));
    for skipped in &reading.skipped_sheets {
        text.push_str(&format!("  sheet {} left out: {}\n", visible_line(&skipped.name), visible_line(&skipped.why)));
    }
    text
}

fn columns_in_words(columns: &[ColumnReading]) -> String {
    let mut text = String::new();
    for column in columns {
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
    text
}

fn rejected_in_words(rejected: &[RejectedRow]) -> String {
    rejected.iter().map(|row| format!("  {} rejected: {}\n", row.place.label(), visible_line(&row.why))).collect()
}
