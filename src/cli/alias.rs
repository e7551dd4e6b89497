//! `nameplate alias`: what the owners of a plant know beyond the built-in catalogue.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};

use super::bars::Bars;
use super::mark::who;
use super::output::write_out;
use super::{Context, Outcome};
use crate::report::visible::visible_line;
use crate::services::aliases::{
    AddedAliases, NewAlias, NewDecision, Signature, add_alias, export_aliases, import_aliases, is_product_named,
    remove_alias, restore_alias,
};
use crate::store;

/// Teach names, families and decisions once; they hold for all sites and lie over the built-in catalogue
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Add(Box<AddArguments>),
    List(ListArguments),
    Remove(RemoveArguments),
    Restore(RestoreArguments),
    Export(ExportArguments),
    Import(ImportArguments),
}

/// Add one alias: another name of a vendor, a family of products, or a decision on one product
///
/// A decision says that a nameplate is, or is not, the product that an advisory names. It holds for all sites, survives
/// re-imports and new revisions, and its author is shown wherever it decided. The product is written as the advisory
/// names it, without its versions; `nameplate explain` shows it.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("what").required(true).args(["vendor_alias", "family", "decision"])))]
#[command(after_long_help = "\
Examples:
  nameplate alias add --vendor-alias 'SE=Schneider Electric' --author 'M. Okafor'
  nameplate alias add --family pm9900.toml --author 'M. Okafor'
  nameplate alias add --decision same --vendor SE --model 'ION 7400 (old)' \\
      --product-vendor 'Schneider Electric' --product 'PowerLogic ION7400' --author 'M. Okafor'")]
pub struct AddArguments {
    /// Another name of a vendor that the catalogue knows: NAME=VENDOR
    #[arg(long, value_name = "NAME=VENDOR")]
    vendor_alias: Option<String>,
    /// File with `[[family]]` entries in the form of an alias pack; author and date may be left out
    #[arg(long, value_name = "FILE")]
    family: Option<PathBuf>,
    /// Whether the nameplate is the product
    #[arg(long, value_name = "WORD", requires = "product")]
    decision: Option<Answer>,
    /// Vendor of the nameplate, as the inventory has it
    #[arg(long, value_name = "V", default_value = "", requires = "decision")]
    vendor: String,
    #[arg(long, value_name = "M", default_value = "", requires = "decision")]
    model: String,
    /// Order number, catalogue number
    #[arg(long, value_name = "P", default_value = "", requires = "decision")]
    part_number: String,
    /// Vendor as the advisory names it
    #[arg(long, value_name = "PV", default_value = "", requires = "decision")]
    product_vendor: String,
    /// Product as the advisory names it, without its versions
    #[arg(long, value_name = "PRODUCT", requires = "decision")]
    product: Option<String>,
    /// Who says so
    #[arg(long, value_name = "A")]
    author: String,
    /// Why, or where it was seen
    #[arg(long, value_name = "N", default_value = "")]
    note: String,
}

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Answer {
    Same,
    Different,
}

/// List the aliases, one line each: number, date, author, kind, what it says
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alias list
  nameplate alias list --all | grep removed")]
pub struct ListArguments {
    /// Removed ones too
    #[arg(long)]
    all: bool,
}

/// Put an alias out of force; it is kept, and `alias restore` brings it back
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alias remove 12
  nameplate alias remove 12 && nameplate rescan")]
pub struct RemoveArguments {
    /// The number of the alias, as `alias list` shows it
    #[arg(value_name = "ID")]
    id: i64,
}

/// Bring a removed alias back into force, under a new number
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alias restore 12
  nameplate alias restore 12 && nameplate rescan")]
pub struct RestoreArguments {
    /// The number of the alias, as `alias list --all` shows it
    #[arg(value_name = "ID")]
    id: i64,
}

/// Write the aliases in force as a pack for others
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alias export -o plant.toml
  nameplate alias export | less")]
pub struct ExportArguments {
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "PACK")]
    output: Option<PathBuf>,
}

/// Add the entries of a pack, all or none; the same pack twice changes nothing
///
/// A pack is TOML: `[[vendor]]`, `[[family]]` and `[[decision]]` entries of the same form as the built-in catalogue, each with
/// author and date. It is checked wholly before anything is taken.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate alias import plant.toml
  nameplate alias import plant.toml && nameplate rescan")]
pub struct ImportArguments {
    #[arg(value_name = "PACK")]
    pack: PathBuf,
}

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Add(arguments) => add(arguments, context).await,
        Command::List(arguments) => list(arguments, context).await,
        Command::Remove(arguments) => {
            let removed = remove_alias(&context.open_database().await?, arguments.id, &who(None)).await?;
            println!("Removed: {}.", visible_line(&removed.alias.sentence()));
            context.say(format_args!("hint: `nameplate alias restore {}` brings it back; then rescan", arguments.id));
            Ok(ExitCode::SUCCESS)
        }
        Command::Restore(arguments) => {
            let restored = restore_alias(&context.open_database().await?, arguments.id, &who(None)).await?;
            println!("In force again: {}.", visible_line(&restored.alias.sentence()));
            context.say("hint: `nameplate rescan` judges your devices anew");
            Ok(ExitCode::SUCCESS)
        }
        Command::Export(arguments) => {
            let pack = export_aliases(&context.open_database().await?).await?;
            write_out(arguments.output.as_deref(), false, |out| out.write_all(pack.as_bytes()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(arguments) => {
            told(&import_aliases(&context.open_database().await?, &arguments.pack, &who(None)).await?, context);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn add(arguments: &AddArguments, context: &Context) -> Outcome {
    let new = match (&arguments.vendor_alias, &arguments.family) {
        (Some(text), _) => NewAlias::VendorName(text.clone()),
        (None, Some(path)) => NewAlias::File(path.clone()),
        (None, None) => NewAlias::Decision(NewDecision {
            vendor: arguments.vendor.clone(),
            model: arguments.model.clone(),
            part_number: arguments.part_number.clone(),
            product_vendor: arguments.product_vendor.clone(),
            product: arguments.product.clone().unwrap_or_default(),
            is_product: arguments.decision == Some(Answer::Same),
        }),
    };
    let signature = Signature {
        author: arguments.author.clone(),
        date: jiff::Zoned::now().date().to_string(),
        note: arguments.note.clone(),
    };
    let db = context.open_database().await?;
    let added = add_alias(&db, &new, &signature).await?;
    if let NewAlias::Decision(NewDecision { product_vendor, product, .. }) = &new
        && !is_product_named(&db, product_vendor, product, &Bars::new(context.quiet)).await?
    {
        context.say(format_args!(
            "warning: no advisory of the database names the product `{}`; the decision waits for one",
            format!("{product_vendor} {product}").trim()
        ));
    }
    told(&added, context);
    Ok(ExitCode::SUCCESS)
}

fn told(added: &AddedAliases, context: &Context) {
    for alias in &added.aliases {
        println!("{}", visible_line(&alias.sentence()));
    }
    println!("Added {}, in force already {}.", added.n_added, added.n_known);
    if added.n_added > 0 {
        context.say("hint: `nameplate rescan` judges your devices anew");
    }
}

async fn list(arguments: &ListArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    for known in store::alias::list_aliases(&db).await? {
        let alias = &known.alias;
        let removed = match known.removed_at {
            Some(_) if !arguments.all => continue,
            Some(at) => format!("\tremoved {}", at.strftime("%Y-%m-%d")),
            None => String::new(),
        };
        let (author, sentence) = (visible_line(&alias.author), alias.sentence());
        println!(
            "{}\t{}\t{author}\t{}\t{}{removed}",
            known.alias_id,
            alias.date,
            alias.kind.word(),
            visible_line(&sentence)
        );
    }
    Ok(ExitCode::SUCCESS)
}
