//! Trying a source: each step of a visit once, one document, and nothing is kept.

use jiff::Timestamp;

use super::lists::{Notes, Remembered, read_keys, read_list, readable_lists};
use crate::domain::provider::{List, ListForm, Provider};
use crate::domain::source::{Source, SourceKind};
use crate::ingest::csaf::document::read_document;
use crate::ingest::epss::read_epss;
use crate::ingest::kev::read_kev;
use crate::ingest::source::client::Client;
use crate::ingest::source::discover::{Found, discover};
use crate::ingest::source::retrieve::{Listed, Retrieved, retrieve};
use crate::services::sources::{FetchSettings, SourceError, local_file};

/// A list about vulnerabilities needs far less.
const ENRICHMENT_LIMIT_BYTES: usize = 128 << 20;

/// One step and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was done: `metadata`, `keys`, `list`, `document`.
    pub what: &'static str,
    /// What was found, or why it failed.
    pub outcome: Result<String, String>,
}

/// What a trial came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    pub steps: Vec<Step>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}

impl Trial {
    /// Whether every step went well.
    pub fn is_good(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.outcome.is_ok())
    }

    fn add(&mut self, what: &'static str, outcome: Result<String, String>) {
        self.steps.push(Step { what, outcome });
    }
}

/// Tries a source without keeping anything: finds the metadata, reads keys and lists, fetches and checks the document
/// that was listed last.
///
/// # Errors
///
/// A file that the settings or the source name cannot be used. What goes wrong at the source is a step of the trial.
pub async fn try_source(settings: &FetchSettings, source: &Source, now: Timestamp) -> Result<Trial, SourceError> {
    let client = settings.client(source, settings.pace())?;
    let mut trial = Trial::default();
    let url = source.url.as_str();
    match source.kind {
        SourceKind::Kev | SourceKind::Epss => {
            let outcome = try_enrichment(&client, source).await;
            trial.add("list", outcome);
        }
        SourceKind::Rolie => try_lists(&client, source, None, &[bare(ListForm::Rolie, url)], now, &mut trial).await,
        SourceKind::Directory => {
            try_lists(&client, source, None, &[bare(ListForm::Directory, url)], now, &mut trial).await;
        }
        SourceKind::Bundle => trial.add("list", Err("a bundle is loaded, not fetched".to_owned())),
        SourceKind::Csaf | SourceKind::Aggregator => try_place(&client, source, now, &mut trial).await,
    }
    Ok(trial)
}

fn bare(form: ListForm, url: &str) -> List {
    List { form, url: url.to_owned(), tlp: None }
}

async fn try_place(client: &Client, source: &Source, now: Timestamp, trial: &mut Trial) {
    let discovery = discover(client, &source.url).await;
    let Some((candidate, found)) = discovery.first() else {
        trial.add("metadata", Err(discovery.failure()));
        return;
    };
    trial.warnings.extend(candidate.warnings.iter().cloned());
    match found {
        Found::Aggregator(aggregator) => {
            let told =
                format!("{} lists {} providers at `{}`", aggregator.name, aggregator.providers.len(), candidate.url);
            trial.add("metadata", Ok(told));
        }
        Found::Provider(provider) => {
            let who = &provider.publisher.name;
            trial.add("metadata", Ok(format!("{who}, {} at `{}`", provider.role.word(), candidate.url)));
            let mut notes = Notes::default();
            match readable_lists(provider, source, now, &mut notes) {
                Ok(lists) => try_lists(client, source, Some(provider), &lists, now, trial).await,
                Err(why) => trial.add("list", Err(why)),
            }
            trial.warnings.append(&mut notes.warnings);
        }
    }
}

async fn try_lists(
    client: &Client,
    source: &Source,
    provider: Option<&Provider>,
    lists: &[List],
    now: Timestamp,
    trial: &mut Trial,
) {
    let mut notes = Notes::default();
    let keyring = match read_keys(client, source, provider, now, &mut notes).await {
        Ok(keyring) => keyring,
        Err(why) => {
            trial.add("keys", Err(why));
            return;
        }
    };
    let told = match keyring.fingerprints().as_slice() {
        [] => "none; signatures cannot be checked".to_owned(),
        fingerprints => fingerprints.join(", "),
    };
    trial.add("keys", Ok(told));
    let mut newest: Option<Listed> = None;
    for list in lists {
        match read_list(client, list, &Remembered::default(), &mut notes).await {
            Err(why) => trial.add("list", Err(why)),
            Ok(named) => {
                let named = named.unwrap_or_default();
                trial.add("list", Ok(format!("{} documents at `{}`", named.len(), list.url)));
                let last = named.into_iter().max_by_key(|l| l.listed_at.parse::<Timestamp>().ok());
                newest = match (newest, last) {
                    (Some(a), Some(b)) if date(&a) > date(&b) => Some(a),
                    (a, b) => b.or(a),
                };
            }
        }
    }
    if let Some(listed) = newest {
        let outcome = match retrieve(client, &keyring, &listed, None, source.allows_short_validity).await {
            Err(e) => Err(e.to_string()),
            Ok(Retrieved::Unchanged) => Ok(format!("`{}` is unchanged", listed.url)),
            Ok(Retrieved::Missing(why)) => Err(why),
            Ok(Retrieved::Document(checked)) => {
                notes.warnings.extend(checked.warnings);
                let told = format!("`{}`: {} ({})", listed.url, checked.trust.text(), checked.reason);
                match read_document(&checked.bytes) {
                    _ if !source.accepts.takes(checked.trust) => Err(told),
                    Ok((advisory, _)) => Ok(format!("{told}; {} version {}", advisory.id, advisory.version)),
                    Err(e) => Err(format!("{told}; {e}")),
                }
            }
        };
        trial.add("document", outcome);
    }
    trial.warnings.append(&mut notes.warnings);
}

fn date(listed: &Listed) -> Option<Timestamp> {
    listed.listed_at.parse().ok()
}

async fn try_enrichment(client: &Client, source: &Source) -> Result<String, String> {
    let bytes = match local_file(&source.url) {
        Some(path) => std::fs::read(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?,
        None => {
            let body = client.get_body(&source.url, ENRICHMENT_LIMIT_BYTES).await;
            body.map_err(|e| e.to_string())?.into_parts().0
        }
    };
    match source.kind {
        SourceKind::Kev => {
            let (list, _) = read_kev(&bytes).map_err(|e| e.to_string())?;
            Ok(format!("{} exploited vulnerabilities, version {}", list.entries.len(), list.version))
        }
        _ => {
            let (list, _) = read_epss(&bytes).map_err(|e| e.to_string())?;
            Ok(format!("{} probabilities of {}, model {}", list.entries.len(), list.date, list.model))
        }
    }
}
