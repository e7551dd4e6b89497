//! Reading the lists of a provider, and the keys its documents are signed with.

use std::path::Path;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::provider::{List, ListForm, Maintenance, Provider};
use crate::domain::source::{Source, Validator};
use crate::ingest::source::client::{Answer, Ask, Body, Client, parse};
use crate::ingest::source::directory::{LIST_LIMIT_BYTES, folder, read_changes, read_index};
use crate::ingest::source::error::FetchError;
use crate::ingest::source::retrieve::Listed;
use crate::ingest::source::rolie::{FEED_LIMIT_BYTES, read_feed};
use crate::ingest::source::signature::{KEY_LIMIT_BYTES, Keyring};

/// A feed that goes on for longer than this goes in circles.
const MOST_PAGES: usize = 1_000;

/// What the last good visit remembers of lists, by URL.
pub(super) type Remembered = FxHashMap<String, Validator>;

/// What a list named; `None` when it is as it was at the last good visit.
pub(super) type Named = Option<Vec<Listed>>;

/// What was odd while lists were read, and what the answers carried.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) warnings: Vec<String>,
    pub(super) carried: Vec<(String, Validator)>,
}

/// The lists of a provider that the source may read.
///
/// # Errors
///
/// Nobody maintains them any more, or there are none.
pub(super) fn readable_lists(
    provider: &Provider,
    source: &Source,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Vec<List>, String> {
    match provider.maintenance(now) {
        Maintenance::Maintained => {}
        Maintenance::Warning(told) => notes.warnings.push(told),
        Maintenance::Ended(told) if source.allows_short_validity => notes.warnings.push(told),
        Maintenance::Ended(told) => {
            return Err(format!("{told}\nhint: --allow-short-validity takes its documents all the same"));
        }
    }
    let has_credentials = source.identity_file.is_some() || source.token_file.is_some();
    let mut lists = Vec::new();
    for list in provider.chosen_lists() {
        if list.needs_credentials() && !has_credentials {
            let label = list.tlp.map_or("", |tlp| tlp.word());
            notes.warnings.push(format!(
                "`{}` is for a closed circle (TLP {label}) and was not read; name a certificate or a token for it",
                list.url
            ));
        } else {
            lists.push(list.clone());
        }
    }
    if lists.is_empty() { Err("the provider names no list that can be read".to_owned()) } else { Ok(lists) }
}

/// Reads one list.
///
/// # Errors
///
/// It cannot be had or is none; the sentence says why.
pub(super) async fn read_list(
    client: &Client,
    list: &List,
    remembered: &Remembered,
    notes: &mut Notes,
) -> Result<Named, String> {
    match list.form {
        ListForm::Rolie => read_rolie(client, &list.url, remembered, notes).await,
        ListForm::Directory => read_directory(client, &list.url, remembered, notes).await,
    }
}

async fn read_rolie(client: &Client, url: &str, remembered: &Remembered, notes: &mut Notes) -> Result<Named, String> {
    let mut listed = Vec::new();
    let mut next = url.to_owned();
    for page in 0..MOST_PAGES {
        let known = remembered.get(url).filter(|_| page == 0);
        let Some(body) = ask(client, &next, FEED_LIMIT_BYTES, known).await.map_err(|e| e.to_string())? else {
            notes.carried.extend(known.map(|validator| (url.to_owned(), validator.clone())));
            return Ok(None);
        };
        if body.is_html() {
            return Err(format!("cannot read the feed `{next}`: expected JSON, found a page for people"));
        }
        let feed = tokio::task::block_in_place(|| read_feed(&body.bytes))
            .map_err(|why| format!("cannot read the feed `{next}`: {why}"))?;
        // Only a feed of one page can say by itself that nothing changed.
        if page == 0 && feed.next.is_none() {
            notes.carried.push((url.to_owned(), body.validator.clone()));
        }
        notes.warnings.extend(body.warnings);
        notes.warnings.extend(feed.warnings);
        listed.extend(feed.documents);
        match feed.next.map(|link| parse(&next).and_then(|base| join(&base, &link))) {
            None => return Ok(Some(listed)),
            Some(Ok(link)) if link != next => next = link,
            Some(Ok(_)) => return Err(format!("cannot read the feed `{url}`: it goes on at itself")),
            Some(Err(e)) => return Err(e.to_string()),
        }
    }
    Err(format!("cannot read the feed `{url}`: expected at most {MOST_PAGES} pages, found more"))
}

fn join(base: &reqwest::Url, link: &str) -> Result<String, FetchError> {
    let wrong = |e: &dyn std::fmt::Display| FetchError::Url { url: link.to_owned(), problem: e.to_string() };
    base.join(link).map(|url| url.to_string()).map_err(|e| wrong(&e))
}

async fn read_directory(
    client: &Client,
    url: &str,
    remembered: &Remembered,
    notes: &mut Notes,
) -> Result<Named, String> {
    let base = folder(&parse(url).map_err(|e| e.to_string())?);
    let mut why = String::new();
    for name in ["changes.csv", "index.txt"] {
        let url = format!("{base}{name}");
        let known = remembered.get(&url);
        let body = match ask(client, &url, LIST_LIMIT_BYTES, known).await {
            Ok(Some(body)) if body.is_html() => {
                why = format!("cannot read `{url}`: expected a list, found a page for people");
                continue;
            }
            Ok(Some(body)) => body,
            Ok(None) => {
                notes.carried.extend(known.map(|validator| (url.clone(), validator.clone())));
                return Ok(None);
            }
            Err(e) if e.is_passing() => return Err(e.to_string()),
            Err(e) => {
                why = e.to_string();
                continue;
            }
        };
        let (listed, warnings) = tokio::task::block_in_place(|| match name {
            "changes.csv" => read_changes(&body.bytes, &base),
            _ => read_index(&body.bytes, &base),
        });
        if listed.is_empty() && !body.bytes.trim_ascii().is_empty() {
            why = format!("cannot read `{url}`: expected paths of documents, found none");
            continue;
        }
        notes.carried.push((url, body.validator.clone()));
        notes.warnings.extend(body.warnings);
        notes.warnings.extend(warnings);
        return Ok(Some(listed));
    }
    Err(why)
}

/// The answer, or `None` when nothing changed since `known`.
async fn ask(
    client: &Client,
    url: &str,
    limit_bytes: usize,
    known: Option<&Validator>,
) -> Result<Option<Body>, FetchError> {
    let known = known.filter(|validator| **validator != Validator::default());
    match client.get(&Ask { validator: known, ..Ask::new(url, limit_bytes) }).await? {
        Answer::NotModified => Ok(None),
        Answer::Body(body) => Ok(Some(body)),
    }
}

/// The keys of the file that the source names, else those of the provider.
///
/// A key that is not there is told and leaves documents with its signature at "key missing".
///
/// # Errors
///
/// The network failed, or the file of the source holds no key: all documents would seem unsigned or worse.
pub(super) async fn read_keys(
    client: &Client,
    source: &Source,
    provider: Option<&Provider>,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Keyring, String> {
    let mut keyring = Keyring::new(now);
    if let Some(path) = &source.key_file {
        let file = std::fs::read(Path::new(path)).map_err(|e| format!("cannot read the keys `{path}`: {e}"))?;
        keyring.add(&file, None).map_err(|why| format!("cannot read the keys `{path}`: {why}"))?;
        return Ok(keyring);
    }
    for key in provider.map_or(&[][..], |provider| &provider.keys) {
        match client.get_body(&key.url, KEY_LIMIT_BYTES).await {
            Ok(body) => {
                let added = tokio::task::block_in_place(|| keyring.add(&body.bytes, Some(&key.fingerprint)));
                if let Err(why) = added {
                    notes.warnings.push(format!("the key `{}` is not used: {why}", key.url));
                }
            }
            Err(e) if e.is_passing() => return Err(e.to_string()),
            Err(e) => notes.warnings.push(format!("the key `{}` is missing: {e}", key.url)),
        }
    }
    Ok(keyring)
}
