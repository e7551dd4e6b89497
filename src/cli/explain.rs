//! `nameplate explain`: why a device is affected, possibly affected or ruled out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::bars::Bars;
use super::output::write_out;
use super::{Context, Outcome};
use crate::domain::catalogue::Catalogue;
use crate::domain::nameplate::{Nameplate, Variant};
use crate::report::explanation::{write_explanation, write_explanation_json};
use crate::services::aliases::{catalogue_of, catalogue_with_pack};
use crate::services::explain_match::{ExplainRequest, explain, find_asset};
use crate::services::load_advisories::{AdvisorySource, load_advisories};
use crate::services::load_epss::load_epss;
use crate::services::load_kev::load_kev;
use crate::services::report_rows::Threats;
use crate::store;

/// Explain why a device is affected or not: what was compared, what would change it, what came close
///
/// Takes an asset of the database, or a nameplate typed in. The nameplate is judged against the advisories of PATH, else
/// of the database, else the samples.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate explain --asset MTR-0412
  nameplate explain --vendor Siemens --part-number '6ES7 515-2AM02-0AB0' --firmware V2.8.1
  nameplate explain --model PM8240 --firmware 3.1.2 --advisory ICSA-23-229-03 --format json")]
pub struct Arguments {
    /// Asset tag of a device in the database
    #[arg(long, value_name = "ID", conflicts_with_all = ["vendor", "model", "part_number", "firmware", "hardware"])]
    asset: Option<String>,
    /// Site of the asset, when several sites use the same tag
    #[arg(long, value_name = "NAME", requires = "asset")]
    site: Option<String>,
    #[arg(long, value_name = "V", default_value = "")]
    vendor: String,
    #[arg(long, value_name = "M", default_value = "", required_unless_present_any = ["asset", "part_number"])]
    model: String,
    /// Order number, catalogue number
    #[arg(long, value_name = "P", default_value = "")]
    part_number: String,
    #[arg(long, value_name = "F", default_value = "")]
    firmware: String,
    /// Hardware revision, series, function state
    #[arg(long, value_name = "H", default_value = "")]
    hardware: String,
    #[arg(long, value_name = "S", default_value = "", conflicts_with = "asset")]
    serial_number: String,
    /// Only this advisory
    #[arg(long, value_name = "ID")]
    advisory: Option<String>,
    /// Where to take advisories from instead of the database
    #[arg(long, value_name = "PATH")]
    advisories: Vec<PathBuf>,
    /// CISA's list of known exploited vulnerabilities, instead of the one in the database
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's list of exploit probabilities (CSV, also as .gz), instead of the one in the database
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// Alias pack to lay over the catalogue, instead of the aliases in the database
    #[arg(long, value_name = "PACK")]
    aliases: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
}

/// The forms of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = match &arguments.asset {
        Some(_) => Some(context.open_database().await?),
        None => context.open_database_if_there().await?,
    };
    let stored = match &db {
        Some(db) => (store::kev::find_kev(db).await?, store::epss::find_epss(db).await?),
        None => (None, None),
    };
    let kev = arguments.kev.as_deref().map(load_kev).transpose()?.map(|(list, _)| list).or(stored.0);
    let epss = arguments.epss.as_deref().map(load_epss).transpose()?.map(|(list, _)| list).or(stored.1);
    let threats = Threats::of(kev, epss);
    let catalogue = match (&arguments.aliases, &db) {
        (Some(pack), _) => catalogue_with_pack(pack)?,
        (None, Some(db)) => {
            let (catalogue, warnings) = catalogue_of(db).await?;
            for warning in warnings {
                context.say(format_args!("warning: {warning}"));
            }
            catalogue
        }
        (None, None) => Catalogue::built_in(),
    };
    let mut request = ExplainRequest {
        variant: Variant {
            nameplate: Nameplate {
                vendor: arguments.vendor.clone(),
                model: arguments.model.clone(),
                part_number: arguments.part_number.clone(),
                hardware_revision: arguments.hardware.clone(),
            },
            firmware: arguments.firmware.clone(),
            notes: String::new(),
        },
        serial_number: arguments.serial_number.clone(),
        carrier: None,
        advisory: arguments.advisory.clone(),
    };
    if let (Some(tag), Some(db)) = (&arguments.asset, &db) {
        let known = find_asset(db, tag, arguments.site.as_deref()).await?;
        request = ExplainRequest { advisory: request.advisory, ..ExplainRequest::of_asset(&known) };
    }
    let source = match db {
        _ if !arguments.advisories.is_empty() => AdvisorySource::Paths(arguments.advisories.clone()),
        Some(db) => AdvisorySource::DatabaseElseSamples(db),
        None => AdvisorySource::Samples,
    };
    let advisories = load_advisories(source, &Bars::new(context.quiet)).await?;
    let explanation = tokio::task::block_in_place(|| explain(&request, advisories, &threats, catalogue))?;
    write_out(None, false, |out| match arguments.format {
        Form::Text => write_explanation(&explanation, out),
        Form::Json => write_explanation_json(&explanation, out),
    })?;
    Ok(ExitCode::SUCCESS)
}
