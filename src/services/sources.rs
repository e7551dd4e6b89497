//! The places that a plant takes advisories from: choosing them, trying them, and how they do.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::config::Config;
use crate::domain::audit::Act;
use crate::domain::provider::{List, ListForm};
use crate::domain::source::{Accepts, Source, SourceHealth, SourceKind};
use crate::ingest::source::client::{Client, ClientOptions, Timing};
use crate::ingest::source::discover::{self, Found};
use crate::ingest::source::error::FetchError;
use crate::ingest::source::known::{KnownSource, known_source, known_sources};
use crate::ingest::source::pace::Pace;
use crate::services::note_act::{Deed, note};
use crate::store::{self, Db, StoreError};

/// How fetching goes about, whatever the source.
#[derive(Clone, Debug)]
pub struct FetchSettings {
    pub proxy: Option<String>,
    pub ca_files: Vec<PathBuf>,
    /// Documents that are fetched at the same time.
    pub n_parallel: usize,
    /// To one host; 0 for no limit.
    pub requests_per_second: u32,
    pub timing: Timing,
}

impl Default for FetchSettings {
    fn default() -> FetchSettings {
        FetchSettings {
            proxy: None,
            ca_files: Vec::new(),
            n_parallel: 8,
            requests_per_second: 50,
            timing: Timing::default(),
        }
    }
}

impl FetchSettings {
    /// The settings of the configuration.
    ///
    /// # Errors
    ///
    /// A number is none.
    pub fn of_config(config: &Config) -> Result<FetchSettings, SourceError> {
        let mut settings = FetchSettings {
            proxy: config.proxy.clone(),
            ca_files: config.extra_ca.iter().cloned().collect(),
            ..FetchSettings::default()
        };
        let number = |key: &'static str, text: &str, least: u32, most: u32| {
            let wrong = || SourceError::Setting { key, found: text.to_owned(), least, most };
            text.trim().parse::<u32>().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wrong)
        };
        if let Some(text) = &config.fetch_parallel {
            settings.n_parallel = number("fetch_parallel", text, 1, 64)? as usize;
        }
        if let Some(text) = &config.fetch_requests_per_second {
            settings.requests_per_second = number("fetch_requests_per_second", text, 0, 10_000)?;
        }
        Ok(settings)
    }

    /// What counts the requests to each host, for all sources of a run.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::new(Pace::new(self.requests_per_second))
    }

    /// A client that may do what this source allows.
    ///
    /// # Errors
    ///
    /// A file that the source or the settings name cannot be used.
    pub fn client(&self, source: &Source, pace: Arc<Pace>) -> Result<Client, FetchError> {
        let own_ca = source.ca_file.iter().map(PathBuf::from);
        Client::new(
            ClientOptions {
                allows_http: source.allows_http,
                allows_private: source.allows_private,
                proxy: self.proxy.clone(),
                ca_files: self.ca_files.iter().cloned().chain(own_ca).collect(),
                identity_file: source.identity_file.as_ref().map(PathBuf::from),
                token: source.token_file.as_ref().map(|file| (PathBuf::from(file), source_address(&source.url))),
                timing: self.timing.clone(),
            },
            pace,
        )
    }
}

/// The URL of a source that may be written as a bare domain.
fn source_address(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("https://{url}/") }
}

/// Why a source cannot be chosen.
#[derive(Debug, Error)]
pub enum SourceError {
    #[error(
        "cannot find a source `{name}`: expected one that is configured or known\n\
         hint: `nameplate source list --all` lists them; `nameplate source add {name} URL` makes a new one"
    )]
    Unknown { name: String },
    #[error(
        "cannot add a source `{name}`: expected a name of lower-case letters, digits and dashes, at most 60 of them"
    )]
    Name { name: String },
    #[error(
        "cannot add the source `{name}`: expected a URL, since no source of this name is known\n\
         hint: `nameplate source discover DOMAIN` finds the URL of a provider"
    )]
    NoUrl { name: String },
    #[error("cannot use `{url}` for the source `{name}`: expected {expected}")]
    Url { name: String, url: String, expected: &'static str },
    #[error("cannot use the setting `{key}`: expected a number from {least} to {most}, found `{found}`")]
    Setting { key: &'static str, found: String, least: u32, most: u32 },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a plant decides about a source; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct SourceChoices {
    pub url: Option<String>,
    pub title: Option<String>,
    pub kind: Option<SourceKind>,
    pub accepts: Option<Accepts>,
    pub allows_http: Option<bool>,
    pub allows_private: Option<bool>,
    pub allows_short_validity: Option<bool>,
    pub ca_file: Option<String>,
    pub identity_file: Option<String>,
    pub token_file: Option<String>,
    pub key_file: Option<String>,
}

/// A source as it is configured, as it is known, or both.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// What ships with the program under this name.
    pub known: Option<&'static KnownSource>,
    /// What the plant decided, with its key.
    pub configured: Option<(i64, Source)>,
    pub health: SourceHealth,
}

impl SourceLine {
    /// The name, whichever half has it.
    pub fn name(&self) -> &str {
        match (&self.configured, self.known) {
            (Some((_, source)), _) => &source.name,
            (None, Some(known)) => &known.name,
            (None, None) => "",
        }
    }
}

/// All configured sources by name, then the known ones that are not configured in the order of their list.
///
/// # Errors
///
/// The database fails.
pub async fn list_source_lines(db: &Db) -> Result<Vec<SourceLine>, StoreError> {
    let mut health: FxHashMap<i64, SourceHealth> = store::source::list_source_health(db).await?.into_iter().collect();
    let configured = store::source::list_sources(db).await?;
    let mut lines: Vec<SourceLine> = configured
        .into_iter()
        .map(|(id, source)| SourceLine {
            known: known_source(&source.name),
            health: health.remove(&id).unwrap_or_default(),
            configured: Some((id, source)),
        })
        .collect();
    let names: Vec<String> = lines.iter().map(|line| line.name().to_owned()).collect();
    let others = known_sources().iter().filter(|known| !names.contains(&known.name));
    lines.extend(others.map(|known| SourceLine {
        known: Some(known),
        configured: None,
        health: SourceHealth::default(),
    }));
    Ok(lines)
}

/// Configures a source, or changes the choices of one that is; gives it with its key. A new one is not enabled.
///
/// # Errors
///
/// The name or the URL cannot be used, or there is none; or the database fails.
pub async fn save_source(
    db: &Db,
    name: &str,
    choices: SourceChoices,
    who: &str,
    now: Timestamp,
) -> Result<(i64, Source), SourceError> {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 60 || !name.bytes().all(is_plain) {
        return Err(SourceError::Name { name: name.to_owned() });
    }
    let configured = store::source::find_source(db, name).await?.map(|(_, source)| source);
    let was = configured.as_ref().map(in_words).unwrap_or_default();
    let before = match configured {
        Some(source) => source,
        None => match (known_source(name), &choices.url) {
            (Some(known), _) => known.to_source(now),
            (None, Some(url)) => Source::new(name, SourceKind::Csaf, url, now),
            (None, None) => return Err(SourceError::NoUrl { name: name.to_owned() }),
        },
    };
    let source = Source {
        name: before.name,
        title: choices.title.unwrap_or(before.title),
        kind: choices.kind.unwrap_or(before.kind),
        url: choices.url.unwrap_or(before.url),
        is_enabled: before.is_enabled,
        accepts: choices.accepts.unwrap_or(before.accepts),
        allows_http: choices.allows_http.unwrap_or(before.allows_http),
        allows_private: choices.allows_private.unwrap_or(before.allows_private),
        allows_short_validity: choices.allows_short_validity.unwrap_or(before.allows_short_validity),
        ca_file: choices.ca_file.or(before.ca_file),
        identity_file: choices.identity_file.or(before.identity_file),
        token_file: choices.token_file.or(before.token_file),
        key_file: choices.key_file.or(before.key_file),
        added_at: before.added_at,
    };
    check_url(&source)?;
    let source_id = store::source::save_source(db, &source).await?;
    let is = in_words(&source);
    if was != is {
        let what = format!("source {} {}", source.name, if was.is_empty() { "added" } else { "changed" });
        note(db, Deed::new(who, Act::ChangeSource, what).changing(was, is), now).await?;
    }
    Ok((source_id, source))
}

/// The choices of a source, for the audit. Files are named, what is in them is not.
fn in_words(source: &Source) -> String {
    let mut words = vec![
        if source.is_enabled { "enabled" } else { "disabled" }.to_owned(),
        source.kind.word().to_owned(),
        source.url.clone(),
        format!("called {}", source.title),
        format!("takes {}", source.accepts.word()),
    ];
    for (allowed, what) in [
        (source.allows_http, "allows http"),
        (source.allows_private, "allows private addresses"),
        (source.allows_short_validity, "allows short validity"),
    ] {
        if allowed {
            words.push(what.to_owned());
        }
    }
    for (file, what) in [
        (&source.ca_file, "certificates"),
        (&source.identity_file, "identity"),
        (&source.token_file, "token"),
        (&source.key_file, "keys"),
    ] {
        if let Some(file) = file {
            words.push(format!("{what} in {file}"));
        }
    }
    words.join(", ")
}

/// Whether the URL is of a form that this kind of source can use.
fn check_url(source: &Source) -> Result<(), SourceError> {
    let url = source.url.as_str();
    let wrong =
        |expected: &'static str| Err(SourceError::Url { name: source.name.clone(), url: url.to_owned(), expected });
    let is_web = url.starts_with("https://") || (source.allows_http && url.starts_with("http://"));
    if url.contains('@') && url.split('/').nth(2).is_some_and(|authority| authority.contains('@')) {
        return wrong("no user or password in the URL; name a file with --token-file");
    }
    match source.kind {
        SourceKind::Csaf if is_web || (!url.contains("://") && !url.is_empty()) => Ok(()),
        SourceKind::Csaf => wrong("a URL with `https` or a domain"),
        SourceKind::Kev | SourceKind::Epss if is_web || local_file(url).is_some() => Ok(()),
        SourceKind::Kev | SourceKind::Epss => wrong("a URL with `https` or the whole path of a file"),
        SourceKind::Bundle => Ok(()),
        SourceKind::Aggregator | SourceKind::Rolie | SourceKind::Directory if is_web => Ok(()),
        SourceKind::Aggregator | SourceKind::Rolie | SourceKind::Directory => wrong("a URL with `https`"),
    }
}

/// The path of a list that lies in a file of this machine: `file:///srv/kev.json` or `/srv/kev.json`.
pub(crate) fn local_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("file://").unwrap_or(url);
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// Enables or disables a source; one that is only known is configured by that. Gives it with its key.
///
/// # Errors
///
/// There is no such source, or the database fails.
pub async fn enable_source(
    db: &Db,
    name: &str,
    is_enabled: bool,
    who: &str,
    now: Timestamp,
) -> Result<(i64, Source), SourceError> {
    let source = match (store::source::find_source(db, name).await?, known_source(name)) {
        (Some((_, source)), _) => source,
        (None, Some(known)) => known.to_source(now),
        (None, None) => return Err(SourceError::Unknown { name: name.to_owned() }),
    };
    let was_enabled = source.is_enabled;
    let source = Source { is_enabled, ..source };
    let source_id = store::source::save_source(db, &source).await?;
    if was_enabled != is_enabled {
        let told = |is_enabled| if is_enabled { "enabled" } else { "disabled" };
        let deed = Deed::new(who, Act::ChangeSource, format!("source {} {}", source.name, told(is_enabled)));
        note(db, deed.changing(told(was_enabled), told(is_enabled)), now).await?;
    }
    Ok((source_id, source))
}

/// The configured or known source of this name.
///
/// # Errors
///
/// There is none, or the database fails.
pub async fn find_source(db: &Db, name: &str, now: Timestamp) -> Result<Source, SourceError> {
    match store::source::find_source(db, name).await? {
        Some((_, source)) => Ok(source),
        None => known_source(name)
            .map(|known| known.to_source(now))
            .ok_or_else(|| SourceError::Unknown { name: name.to_owned() }),
    }
}

/// A place that was looked at for metadata, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveredPlace {
    /// By which rule it was looked at.
    pub way: &'static str,
    pub url: String,
    /// Who stands there, or why it does not count.
    pub outcome: Result<String, String>,
    /// The lists of a provider, or the providers of an aggregator; and what was odd.
    pub details: Vec<String>,
}

/// Everything that was looked at, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    pub places: Vec<DiscoveredPlace>,
}

/// Looks for CSAF metadata at the address or on the domain of `source`, under its choices.
///
/// # Errors
///
/// A file that the settings or the source name cannot be used. That nothing was found stands in the answer.
pub async fn discover(settings: &FetchSettings, source: &Source) -> Result<Discovered, SourceError> {
    let client = settings.client(source, settings.pace())?;
    let discovery = discover::discover(&client, &source.url).await;
    let places = discovery.candidates.into_iter().map(|candidate| {
        let (outcome, mut details) = match candidate.outcome {
            Err(why) => (Err(why), Vec::new()),
            Ok(Found::Provider(provider)) => {
                let label = |list: &List| list.tlp.map_or("no label", |tlp| tlp.word());
                let lists = provider.lists.iter().map(|list| match list.form {
                    ListForm::Rolie => format!("feed, {}: {}", label(list), list.url),
                    ListForm::Directory => format!("folder, {}: {}", label(list), list.url),
                });
                (Ok(format!("{}, {}", provider.publisher.name, provider.role.word())), lists.collect())
            }
            Ok(Found::Aggregator(aggregator)) => {
                let providers = aggregator.providers.iter().map(|p| format!("{}: {}", p.name, p.url)).collect();
                (Ok(format!("{}, a list of {} providers", aggregator.name, aggregator.providers.len())), providers)
            }
        };
        details.extend(candidate.warnings);
        DiscoveredPlace { way: candidate.way.text(), url: candidate.url, outcome, details }
    });
    Ok(Discovered { places: places.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(kind: SourceKind, url: &str) -> Source {
        Source::new("x", kind, url, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_url_fits_the_kind_of_its_source() {
        for (kind, url) in [
            (SourceKind::Csaf, "https://v.example/provider-metadata.json"),
            (SourceKind::Csaf, "v.example"),
            (SourceKind::Rolie, "https://v.example/feed.json"),
            (SourceKind::Kev, "/srv/kev.json"),
            (SourceKind::Epss, "file:///srv/epss.csv.gz"),
        ] {
            assert!(check_url(&source(kind, url)).is_ok(), "{url}");
        }
        for (kind, url, word) in [
            (SourceKind::Csaf, "http://v.example/x.json", "`https` or a domain"),
            (SourceKind::Csaf, "file:///srv/x.json", "`https` or a domain"),
            (SourceKind::Csaf, "https://me:secret@v.example/x.json", "--token-file"),
            (SourceKind::Directory, "v.example", "`https`"),
            (SourceKind::Kev, "kev.json", "whole path"),
        ] {
            let message = check_url(&source(kind, url)).unwrap_err().to_string();
            assert!(message.contains(word), "{url}: {message}");
        }
        let open = Source { allows_http: true, ..source(SourceKind::Csaf, "http://v.example/x.json") };
        assert!(check_url(&open).is_ok());
    }

    #[test]
    fn settings_come_from_the_configuration_and_wrong_numbers_are_named() {
        let config = Config {
            proxy: Some("http://proxy.example:3128".to_owned()),
            fetch_parallel: Some("3".to_owned()),
            fetch_requests_per_second: Some("0".to_owned()),
            ..Config::default()
        };
        let settings = FetchSettings::of_config(&config).unwrap();
        assert_eq!((settings.n_parallel, settings.requests_per_second), (3, 0));
        assert_eq!(FetchSettings::of_config(&Config::default()).unwrap().n_parallel, 8);
        for found in ["0", "65", "many", "-1"] {
            let config = Config { fetch_parallel: Some(found.to_owned()), ..Config::default() };
            let message = FetchSettings::of_config(&config).unwrap_err().to_string();
            assert!(message.contains("`fetch_parallel`") && message.contains(found), "{message}");
        }
    }
}
