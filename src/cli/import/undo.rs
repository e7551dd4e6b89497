//! `nameplate import undo`: takes an import back.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use crate::cli::mark::who;
use crate::cli::{Context, Outcome};
use crate::domain::inventory::{Inventory, UndoCounts};
use crate::report::visible::visible_line;
use crate::services::undo_import::{look_at_undo, undo_import};

/// Take an import back, while nothing later touched its assets
///
/// Assets get back the values, the variants and the marks that they had before; assets that the import brought first are
/// removed, or retired when they were judged since, so that reports of those days stay as they were. Exposures follow on
/// the next rescan. It says what it will do and asks.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate import undo 3
  nameplate import undo 3 --yes && nameplate rescan")]
pub struct Arguments {
    /// The number of the import, as `import list` shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    // Looking costs as much as doing, so it is only done for somebody who can still say no.
    if !arguments.yes {
        let (import, plan) = look_at_undo(&db, arguments.id).await?;
        context.say(in_words("This takes back", &import, plan));
        if !is_agreed()? {
            return Err("nothing was taken back".into());
        }
    }
    let (import, done) = undo_import(&db, arguments.id, &who(None)).await?;
    println!("{}", in_words("Taken back:", &import, done));
    context.say("hint: `nameplate rescan` judges your devices anew");
    Ok(ExitCode::SUCCESS)
}

fn in_words(head: &str, import: &Inventory, n: UndoCounts) -> String {
    format!(
        "{head} import {} ({}, {:.0}). Assets removed {}, retired {}, with their earlier values {}, no longer marked as missing {}.",
        import.inventory_id,
        visible_line(&import.file_name),
        import.imported_at,
        n.n_removed,
        n.n_retired,
        n.n_restored,
        n.n_unmarked
    )
}

/// Asks on the terminal; where there is none, only `--yes` agrees.
fn is_agreed() -> Result<bool, String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err("cannot ask whether to go on: standard input is no terminal\nhint: --yes goes on".to_owned());
    }
    eprint!("Go on? [y/N] ");
    // An unseen question is answered all the same.
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|e| format!("cannot read the answer: {e}"))?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
