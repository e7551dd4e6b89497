//! `nameplate import --dry-run`: how a file is read, and what it would change of what is known.

use std::process::ExitCode;

use super::{
    FileArguments, Form, print_json, reading_in_words, rejected_in_words, write_mapping_file, write_reject_file,
};
use crate::cli::bars::Bars;
use crate::cli::{Context, Outcome};
use crate::domain::inventory::{AssetLabel, ImportPreview, RowWarning};
use crate::report::import_json::{preview, readable, unreadable};
use crate::report::visible::visible_line;
use crate::services::import_inventory::{ImportError, ImportRequest, Previewed, preview_inventory};
use crate::store::Db;

/// Entries of each list that the text form shows.
const MAX_LISTED: u32 = 20;
/// Entries of each list in JSON.
const MAX_LISTED_JSON: u32 = 1_000;

/// Shows how the file is read. A file that cannot be read says so in the same form, and ends with status 2.
pub async fn run(arguments: &FileArguments, request: &ImportRequest, context: &Context) -> Outcome {
    let db = database(context).await;
    let limit = if arguments.format == Form::Json { MAX_LISTED_JSON } else { MAX_LISTED };
    let previewed = match preview_inventory(db.as_ref(), request, limit, &Bars::new(context.quiet)).await {
        Ok(previewed) => previewed,
        Err(error) => {
            if let (ImportError::Read(error), Form::Json) = (&error, arguments.format) {
                print_json(&unreadable(&error.to_string()))?;
            }
            return Err(error.into());
        }
    };
    if let Some(path) = &arguments.mapping_out {
        write_mapping_file(path, &previewed.mapping)?;
    }
    if let Some(path) = &arguments.rejects {
        write_reject_file(path, &previewed.reading.rejected, &previewed.reading.columns, request, context)?;
    }
    match arguments.format {
        Form::Json => print_json(&in_json(&previewed))?,
        Form::Text => print!("{}", in_words(&previewed, request)),
    }
    Ok(ExitCode::SUCCESS)
}

/// The database, if there is one that answers: how a file is read can be shown without it.
async fn database(context: &Context) -> Option<Db> {
    match context.open_database_if_there().await {
        Ok(db) => db,
        Err(error) => {
            context.say(format_args!("warning: not compared with what is known: {error}"));
            None
        }
    }
}

fn in_json(previewed: &Previewed) -> serde_json::Value {
    let mut json = readable(&previewed.reading);
    if let Some(known) = &previewed.already_imported {
        json["already_imported"] = known.inventory_id.into();
    }
    if let Some(found) = &previewed.preview {
        json["preview"] = preview(found);
        json["shared_keys"] = previewed
            .shared_keys
            .iter()
            .map(|w| serde_json::json!({"place": w.place.label(), "detail": w.detail}))
            .collect();
    }
    json
}

/// What an import would bring: columns, what changes, warnings and rejected rows with their places.
fn in_words(previewed: &Previewed, request: &ImportRequest) -> String {
    let reading = &previewed.reading;
    let mut text = reading_in_words(reading);
    if let Some(known) = &previewed.already_imported {
        text.push_str(&format!(
            "The same file was imported at {:.0} (import {}); an import would store nothing.\n",
            known.imported_at, known.inventory_id
        ));
    }
    if let Some(preview) = &previewed.preview {
        text.push_str(&preview_in_words(preview));
    }
    text.push_str(&format!(
        "{} devices, {} rejected rows. Nothing was stored.\n",
        reading.rows.len(),
        reading.rejected.len()
    ));
    if request.all_or_nothing && !reading.rejected.is_empty() {
        text.push_str("With --all-or-nothing nothing would be imported.\n");
    }
    for warning in reading.rows.iter().flat_map(|row| &row.warnings).chain(&previewed.shared_keys) {
        text.push_str(&warning_in_words(warning));
    }
    text.push_str(&rejected_in_words(&reading.rejected));
    text
}

pub(super) fn warning_in_words(warning: &RowWarning) -> String {
    format!("  {} {}: {}\n", warning.place.label(), warning.kind.word(), visible_line(&warning.detail))
}

fn preview_in_words(preview: &ImportPreview) -> String {
    let n = preview.counts;
    let mut text =
        format!("New {} · Changed {} · Same {} · Not in this file {}\n", n.n_new, n.n_changed, n.n_same, n.n_not_seen);
    let label = |asset: &AssetLabel| format!("{} at {}", visible_line(&asset.tag), visible_line(&asset.site));
    let more = |n: u64, listed: usize| match n.saturating_sub(listed as u64) {
        0 => String::new(),
        more => format!("  … and {more} more\n"),
    };
    // On a first import everything is new, which a list does not make clearer.
    if n.n_new > 0 && n.n_changed + n.n_same + n.n_not_seen > 0 {
        text.extend(preview.new.iter().map(|asset| format!("  new      {}\n", label(asset))));
        text.push_str(&more(n.n_new, preview.new.len()));
    }
    for changed in &preview.changed {
        let values: Vec<String> = changed
            .changes
            .iter()
            .map(|(field, before, after)| format!("{field} {} → {}", shown(before), shown(after)))
            .collect();
        text.push_str(&format!("  changed  {}: {}\n", label(&changed.asset), values.join("; ")));
    }
    text.push_str(&more(n.n_changed, preview.changed.len()));
    text.extend(preview.not_in_file.iter().map(|asset| format!("  missing  {}\n", label(asset))));
    text.push_str(&more(n.n_not_seen, preview.not_in_file.len()));
    text
}

/// A value in a list of changes; a blank one is said.
pub(super) fn shown(value: &str) -> String {
    if value.is_empty() { "not stated".to_owned() } else { format!("`{}`", visible_line(value)) }
}
