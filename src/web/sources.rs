//! What pages and the API do alike with sources.

use crate::domain::source::{Source, SourceHealth};
use crate::services::jobs::Started;
use crate::services::source_jobs::start_fetch;
use crate::services::sources::{FetchSettings, SourceChoices, SourceError, save_source};
use crate::store;
use crate::web::error::Problem;
use crate::web::state::AppState;

/// Documents that came from a source. Those of a bundle are not listed anywhere, so its last load tells.
pub fn n_documents(source: &Source, health: &SourceHealth) -> u64 {
    let loaded = health.last_pull.as_ref().filter(|_| !source.is_fetched()).map_or(0, |pull| pull.n_listed);
    health.n_documents().max(loaded)
}

/// Configures a source. Pages and programs cannot have a file of this machine read as one.
///
/// # Errors
///
/// 400: the name or the URL cannot be used.
pub async fn add(state: &AppState, name: &str, choices: SourceChoices, who: &str) -> Result<Source, Problem> {
    if choices.url.as_deref().is_some_and(|url| url.starts_with('/') || url.starts_with("file:")) {
        return Err(Problem::bad_request(
            "cannot add the source: expected an address of the network, found a file\nhint: `nameplate source add` takes files of this machine",
        ));
    }
    Ok(save_source(state.db(), name, choices, who, state.now()).await?.1)
}

/// Begins to visit one source, or all that are enabled for a blank name.
///
/// # Errors
///
/// There is no such source, or the configuration cannot be used.
pub async fn start_fetching(state: &AppState, name: &str, who: &str) -> Result<Started, Problem> {
    let names = if name.is_empty() { Vec::new() } else { vec![name.to_owned()] };
    for name in &names {
        if store::source::find_source(state.db(), name).await?.is_none() {
            return Err(SourceError::Unknown { name: name.clone() }.into());
        }
    }
    Ok(start_fetch(state.jobs(), state.db(), fetch_settings(state)?, names, who).await?)
}

/// How fetching goes about, as the configuration says.
///
/// # Errors
///
/// The configuration is wrong.
pub fn fetch_settings(state: &AppState) -> Result<FetchSettings, Problem> {
    FetchSettings::of_config(state.config()).map_err(Problem::internal)
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Problem {
        match error {
            SourceError::Store(error) => error.into(),
            SourceError::Unknown { .. } => Problem::not_found(error.to_string()),
            SourceError::Setting { .. } | SourceError::Fetch(_) => Problem::internal(error),
            SourceError::Name { .. } | SourceError::NoUrl { .. } | SourceError::Url { .. } => {
                Problem::bad_request(error.to_string())
            }
        }
    }
}
