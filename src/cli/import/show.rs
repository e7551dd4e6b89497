//! `nameplate import list` and `import show`: what earlier imports brought.

use std::path::PathBuf;
use std::process::ExitCode;

use super::dry_run::warning_in_words;
use super::{columns_in_words, rejected_in_words, write_reject_file};
use crate::cli::{Context, Outcome};
use crate::domain::inventory::Inventory;
use crate::report::visible::visible_line;
use crate::services::import_inventory::ImportRequest;
use crate::store::inventory;

/// List all imports, the latest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate import list
  nameplate import list | head -3")]
pub struct ListArguments {}

/// Show one import: counts, how its columns were read, warnings and rejected rows
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate import show 3
  nameplate import show 3 --rejects to_repair.csv")]
pub struct ShowArguments {
    /// The number of the import, as `import list` shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Write its rejected rows (CSV with the columns of the file and the reason), to repair and import
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Show every warning and every rejected row
    #[arg(long)]
    full: bool,
}

/// Warnings and rejected rows that are shown unless all are asked for.
const MAX_LISTED: u32 = 20;
/// Warnings that are fetched from the database at a time.
const PAGE: u32 = 1_000;

pub async fn list(context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let imports = inventory::list_inventories(&db).await?;
    if imports.is_empty() {
        context.say("nothing was imported yet\nhint: `nameplate import FILE` imports an inventory");
    }
    for import in &imports {
        println!("{}", in_one_line(import));
    }
    Ok(ExitCode::SUCCESS)
}

fn in_one_line(import: &Inventory) -> String {
    let n = import.counts;
    let site = import.site.as_deref().map_or(String::new(), |site| format!(" for {}", visible_line(site)));
    let undone = import.undone_at.map_or(String::new(), |at| format!("\ttaken back at {at:.0}"));
    format!(
        "{}\t{:.0}\t{}{site}\t{} devices: new {}, changed {}, same {}, not in the file {}, rejected {}, warnings {}{undone}",
        import.inventory_id,
        import.imported_at,
        visible_line(&import.file_name),
        n.n_assets(),
        n.n_new,
        n.n_changed,
        n.n_same,
        n.n_not_seen,
        n.n_rejected,
        n.n_warnings
    )
}

pub async fn show(arguments: &ShowArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let id = arguments.id;
    let import = inventory::find_inventory(&db, id)
        .await?
        .ok_or_else(|| format!("cannot find import {id}\nhint: `nameplate import list` shows them all"))?;
    let columns = inventory::list_columns(&db, id).await?;
    let rejected = inventory::list_rejected_rows(&db, id).await?;
    if let Some(path) = &arguments.rejects {
        let came_from = ImportRequest {
            path: PathBuf::from(&import.file_name),
            site: import.site.clone(),
            ..ImportRequest::default()
        };
        write_reject_file(path, &rejected, &columns, &came_from, context)?;
    }
    println!("{}", in_one_line(&import));
    println!("SHA-256 {}", import.sha256);
    for remark in &import.remarks {
        println!("{}", visible_line(remark));
    }
    print!("{}", columns_in_words(&columns));
    let kinds = inventory::count_row_warnings(&db, id).await?;
    for (kind, n) in &kinds {
        println!("  {n:>6} × {kind}");
    }
    let limit = if arguments.full { u64::MAX } else { u64::from(MAX_LISTED) };
    let mut n_shown = 0;
    while n_shown < limit {
        let page =
            inventory::list_row_warnings(&db, id, n_shown, PAGE.min(u32::try_from(limit).unwrap_or(PAGE))).await?;
        for warning in &page {
            print!("{}", warning_in_words(warning));
        }
        n_shown += page.len() as u64;
        if page.is_empty() {
            break;
        }
    }
    let listed = usize::try_from(limit).unwrap_or(usize::MAX).min(rejected.len());
    print!("{}", rejected_in_words(&rejected[..listed]));
    let n_hidden = import.counts.n_warnings.saturating_sub(n_shown) + (rejected.len() - listed) as u64;
    if n_hidden > 0 {
        println!("  … and {n_hidden} more; --full shows them");
    }
    Ok(ExitCode::SUCCESS)
}
