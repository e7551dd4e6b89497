//! `nameplate asset`: the devices of the database and what imports changed of them.

use std::process::ExitCode;

use super::{Context, Outcome};
use crate::domain::asset::{AssetChange, KnownAsset};
use crate::domain::inventory::Field;
use crate::report::visible::visible_line;
use crate::store;

/// List and show the devices of the database
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArguments),
    Show(ShowArguments),
}

/// List the devices of the database, one line each
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate asset list
  nameplate asset list --site Riverside | grep -i 'not seen'")]
pub struct ListArguments {
    /// Only the devices of this site
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
}

/// Show one device: its values, where they come from, and every change that an import made
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate asset show 17
  nameplate asset show MTR-1 --site Riverside")]
pub struct ShowArguments {
    /// The number that `asset list` shows, or the asset tag
    #[arg(value_name = "ID")]
    id: String,
    /// The site, when several have a device of this tag
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
}

/// Assets that are fetched from the database at a time.
const PAGE: u32 = 1_000;

pub async fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::List(arguments) => list(arguments, context).await,
        Command::Show(arguments) => show(arguments, context).await,
    }
}

async fn list(arguments: &ListArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let mut after = 0;
    loop {
        let page = store::asset::list_assets(&db, arguments.site.as_deref(), after, PAGE).await?;
        for known in &page {
            println!("{}", in_one_line(known));
        }
        match page.last() {
            Some(last) => after = last.asset_id,
            None => break,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn in_one_line(known: &KnownAsset) -> String {
    let asset = &known.asset;
    let plate = &asset.variant.nameplate;
    let product: Vec<&str> = [&plate.vendor, &plate.model, &plate.part_number]
        .into_iter()
        .map(String::as_str)
        .filter(|t| !t.is_empty())
        .collect();
    let firmware = if asset.variant.firmware.is_empty() { "firmware not stated" } else { &asset.variant.firmware };
    format!(
        "{}\t{}\t{}\t{}\t{}{}",
        known.asset_id,
        visible_line(&asset.tag),
        visible_line(&asset.site),
        visible_line(&product.join(" ")),
        visible_line(firmware),
        standing(known)
    )
}

fn standing(known: &KnownAsset) -> String {
    match (known.retired_at, known.not_seen_since) {
        (Some(at), _) => format!("\tretired at {at:.0}"),
        (None, Some(at)) => format!("\tnot seen since {at:.0}"),
        (None, None) => String::new(),
    }
}

async fn show(arguments: &ShowArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let mut found = store::asset::list_assets_by_tag(&db, &arguments.id, arguments.site.as_deref()).await?;
    if found.is_empty()
        && let Ok(asset_id) = arguments.id.parse()
    {
        found.extend(store::asset::find_asset(&db, asset_id).await?);
    }
    if found.is_empty() {
        return Err(format!(
            "cannot find a device with the tag or number `{}`\nhint: `nameplate asset list` shows them all",
            arguments.id
        )
        .into());
    }
    for known in &found {
        println!("{}", in_one_line(known));
        print!("{}", values_in_words(known));
        for change in store::asset::list_asset_changes(&db, known.asset_id).await? {
            println!("{}", change_in_words(&change));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn values_in_words(known: &KnownAsset) -> String {
    let asset = &known.asset;
    let mut text = String::new();
    let values = [
        (Field::Name, &asset.name),
        (Field::Area, &asset.area),
        (Field::SerialNumber, &asset.serial_number),
        (Field::HardwareRevision, &asset.variant.nameplate.hardware_revision),
        (Field::IpAddress, &asset.ip_address),
        (Field::MacAddress, &asset.mac_address),
        (Field::Quantity, &asset.quantity),
        (Field::Criticality, &asset.criticality),
        (Field::Zone, &asset.zone),
        (Field::Notes, &asset.notes),
    ];
    for (field, value) in values.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("  {}: {}\n", field.word(), visible_line(value)));
    }
    for (header, value) in &asset.unmapped {
        text.push_str(&format!("  {} (no field): {}\n", visible_line(header), visible_line(value)));
    }
    text.push_str(&format!(
        "  read at {}; first seen {:.0}, last seen {:.0}\n",
        visible_line(&asset.place),
        known.first_seen_at,
        known.last_seen_at
    ));
    text
}

fn change_in_words(change: &AssetChange) -> String {
    let shown =
        |value: &str| if value.is_empty() { "nothing".to_owned() } else { format!("`{}`", visible_line(value)) };
    format!(
        "  {:.0}  import {}  {}: {} → {}",
        change.changed_at,
        change.inventory_id,
        change.field,
        shown(&change.before),
        shown(&change.after)
    )
}
