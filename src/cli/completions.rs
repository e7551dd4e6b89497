//! `nameplate completions` and `nameplate man`: what shells and `man` need to know.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Outcome};

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate completions bash > /etc/bash_completion.d/nameplate
  nameplate completions fish > ~/.config/fish/completions/nameplate.fish")]
pub struct Arguments {
    shell: Shell,
}

/// Print the manual page, or write one per subcommand into a folder
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  nameplate man | man -l -
  nameplate man --output /usr/local/share/man/man1")]
pub struct ManArguments {
    /// Folder to write nameplate.1, nameplate-scan.1 … into
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "nameplate", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}

pub fn run_man(arguments: &ManArguments) -> Outcome {
    match &arguments.output {
        Some(folder) => clap_mangen::generate_to(Cli::command(), folder)
            .map_err(|e| format!("cannot write manual pages into `{}`: {e}", folder.display()))?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            std::io::stdout().write_all(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
