//! `nameplate vex`: what is known about the devices of a site, for other programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::bars::Bars;
use super::output::write_out;
use super::{Context, Outcome};
use crate::report::vex::csaf::write_csaf_vex;
use crate::report::vex::cyclonedx::write_cyclonedx_vex;
use crate::services::exchange::{VexRequest, site_vex};

/// Write a VEX document of one site: CSAF 2.0 (profile VEX) or CycloneDX 1.6
///
/// Each nameplate with its firmware is a product. It is known affected, under investigation (possible), or known not
/// affected, with the reason; the nearest products that were ruled out are told as not affected too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate vex --site Riverside --publisher 'Example Water' --namespace https://water.example -o riverside.json
  nameplate vex --site Riverside --format cyclonedx --publisher 'Example Water' --namespace https://water.example")]
pub struct Arguments {
    #[arg(long, value_name = "SITE")]
    site: String,
    #[arg(long, value_name = "FORMAT", default_value = "csaf")]
    format: Form,
    /// Who publishes it: the organisation that runs the site
    #[arg(long, value_name = "NAME")]
    publisher: String,
    /// A URI that belongs to the publisher
    #[arg(long, value_name = "URI")]
    namespace: String,
    /// Products that were ruled out, told for each nameplate at most
    #[arg(long, value_name = "N", default_value_t = 5)]
    near_misses: usize,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Csaf,
    Cyclonedx,
}

pub async fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let request = VexRequest {
        site: arguments.site.clone(),
        publisher: arguments.publisher.clone(),
        namespace: arguments.namespace.clone(),
        n_near_misses: arguments.near_misses,
    };
    let vex = site_vex(&db, &request, &Bars::new(context.quiet)).await?;
    write_out(arguments.output.as_deref(), false, |out| match arguments.format {
        Form::Csaf => write_csaf_vex(&vex, out),
        Form::Cyclonedx => write_cyclonedx_vex(&vex, out),
    })?;
    if let Some(path) = &arguments.output {
        context.say(format_args!(
            "wrote {}; a reader expects the name {}.json",
            path.display(),
            vex.tracking_id().to_lowercase()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
