//! One visit to one source.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::task::{JoinHandle, JoinSet};

use super::Clock;
use super::batch::{Batch, Saved, missing};
use super::lists::{Named, Notes, Remembered, read_keys, read_list, readable_lists};
use crate::domain::advisory::Tlp;
use crate::domain::provider::{List, ListForm, Provider};
use crate::domain::source::{DocumentState, Pull, Source, SourceDocument, SourceKind, Trust, Validator};
use crate::ingest::epss::read_epss;
use crate::ingest::kev::read_kev;
use crate::ingest::source::client::{Answer, Ask, Client};
use crate::ingest::source::digest::hexadecimal;
use crate::ingest::source::discover::{Found, discover};
use crate::ingest::source::error::FetchError;
use crate::ingest::source::pace::Pace;
use crate::ingest::source::retrieve::{Listed, Retrieved, retrieve};
use crate::ingest::source::signature::Keyring;
use crate::services::progress::Progress;
use crate::services::sources::{FetchSettings, local_file};
use crate::store::{self, Db, StoreError};

/// Listed documents that are compared with what is known at a time.
const LOOK_UP: usize = 500;

/// Failures in a row after which a source is taken to be gone.
const MOST_FAILURES: usize = 20;

/// Warnings that are kept of one visit.
const MOST_WARNINGS: usize = 50;

/// A list about vulnerabilities needs far less.
const ENRICHMENT_LIMIT_BYTES: usize = 128 << 20;

/// Visits a source and notes what came of it.
///
/// # Errors
///
/// The database fails. Everything else stands in the pull.
pub(super) async fn visit(
    db: &Db,
    settings: &FetchSettings,
    pace: Arc<Pace>,
    (source_id, source): (i64, &Source),
    clock: Clock,
    progress: &dyn Progress,
) -> Result<Pull, StoreError> {
    let mut pull = Pull::begun(clock.at());
    let pull_id = store::source::save_pull_begun(db, source_id, pull.started_at).await?;
    let mut carried = Vec::new();
    match settings.client(source, pace) {
        Err(e) => pull.error = e.to_string(),
        Ok(client) => {
            let visit = Visit {
                db,
                source_id,
                source,
                client: Arc::new(client),
                n_parallel: settings.n_parallel,
                clock,
                progress,
                pull_id,
                pull: pull.clone(),
                notes: Notes::default(),
                remembered: store::source::list_validators(db, source_id).await?.into_iter().collect(),
                seen: FxHashSet::default(),
                failures: Vec::new(),
                n_failed: 0,
            };
            (pull, carried) = visit.run().await?;
        }
    }
    pull.finished_at = Some(clock.at());
    store::source::save_pull(db, pull_id, &pull, &carried).await?;
    Ok(pull)
}

struct Visit<'a> {
    db: &'a Db,
    source_id: i64,
    source: &'a Source,
    client: Arc<Client>,
    n_parallel: usize,
    clock: Clock,
    progress: &'a dyn Progress,
    pull_id: i64,
    pull: Pull,
    notes: Notes,
    remembered: Remembered,
    /// Documents that a list of this visit named already.
    seen: FxHashSet<String>,
    /// Why the visit is not good, one sentence each.
    failures: Vec<String>,
    /// Documents that the network kept from us.
    n_failed: usize,
}

impl Visit<'_> {
    async fn run(mut self) -> Result<(Pull, Vec<(String, Validator)>), StoreError> {
        let url = self.source.url.clone();
        match self.source.kind {
            SourceKind::Csaf | SourceKind::Aggregator => self.place(&url).await?,
            SourceKind::Rolie => self.lists(None, vec![bare_list(ListForm::Rolie, &url)]).await?,
            SourceKind::Directory => self.lists(None, vec![bare_list(ListForm::Directory, &url)]).await?,
            SourceKind::Kev | SourceKind::Epss => self.enrichment(&url).await?,
            SourceKind::Bundle => self.failures.push("a bundle is loaded, not fetched".to_owned()),
        }
        if self.n_failed > 1 {
            self.failures.push(format!("{} documents could not be fetched in all", self.n_failed));
        }
        (self.pull.n_requests, self.pull.size_bytes) = self.client.spent();
        self.pull.error = self.failures.join("\n");
        let n_more = self.notes.warnings.len().saturating_sub(MOST_WARNINGS);
        self.notes.warnings.truncate(MOST_WARNINGS);
        if n_more > 0 {
            self.notes.warnings.push(format!("{n_more} more warnings"));
        }
        self.pull.warnings = self.notes.warnings;
        Ok((self.pull, self.notes.carried))
    }

    /// Looks for metadata at a place; step 1 of the standard, done at each visit.
    async fn place(&mut self, place: &str) -> Result<(), StoreError> {
        let discovery = discover(&self.client, place).await;
        let Some((candidate, found)) = discovery.first() else {
            self.failures.push(discovery.failure());
            return Ok(());
        };
        self.notes.warnings.extend(candidate.warnings.iter().cloned());
        match found {
            Found::Provider(provider) => self.provider(provider).await,
            Found::Aggregator(aggregator) => {
                for listed in &aggregator.providers {
                    // An aggregator that lists aggregators could go in circles; only providers are followed.
                    let discovery = discover(&self.client, &listed.url).await;
                    match discovery.first() {
                        Some((candidate, Found::Provider(provider))) => {
                            self.notes.warnings.extend(candidate.warnings.iter().cloned());
                            self.provider(provider).await?;
                        }
                        Some(_) => self.failures.push(format!("`{}` is no provider", listed.url)),
                        None => self.failures.push(format!("{}: {}", listed.name, discovery.failure())),
                    }
                    if self.progress.is_cancelled() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    async fn provider(&mut self, provider: &Provider) -> Result<(), StoreError> {
        match readable_lists(provider, self.source, self.clock.now, &mut self.notes) {
            Ok(lists) => self.lists(Some(provider), lists).await,
            Err(why) => {
                self.failures.push(why);
                Ok(())
            }
        }
    }

    /// Reads lists and fetches what is new in them; step 2 of the standard.
    async fn lists(&mut self, provider: Option<&Provider>, lists: Vec<List>) -> Result<(), StoreError> {
        let keys = read_keys(&self.client, self.source, provider, self.clock.now, &mut self.notes).await;
        let keyring = match keys {
            Ok(keyring) => Arc::new(keyring),
            Err(why) => {
                self.failures.push(why);
                return Ok(());
            }
        };
        // A document whose key was missing is fetched again when there are other keys than at the last good visit.
        let (place, keys) = key_mark(provider, &keyring);
        let has_new_keys = self.remembered.get(&place).is_some_and(|known| *known != keys);
        self.notes.carried.push((place, keys));
        // What did not become an advisory is tried again, so the list is needed even when it did not change.
        let not_kept = store::source::list_documents_not_kept(self.db, self.source_id, 0, 1).await?;
        let fresh = Remembered::default();
        for list in lists {
            if self.progress.is_cancelled() {
                self.failures.push("it was stopped".to_owned());
                return Ok(());
            }
            let must_read = has_new_keys || !not_kept.is_empty();
            let remembered = if must_read { &fresh } else { &self.remembered };
            let named: Named = match read_list(&self.client, &list, remembered, &mut self.notes).await {
                Ok(named) => named,
                Err(why) => {
                    self.failures.push(why);
                    continue;
                }
            };
            if let Some(listed) = named
                && !self.documents(listed, &keyring, has_new_keys).await?
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Fetches what is new or changed. False when the visit has to end.
    async fn documents(
        &mut self,
        listed: Vec<Listed>,
        keyring: &Arc<Keyring>,
        has_new_keys: bool,
    ) -> Result<bool, StoreError> {
        let listed: Vec<Listed> = listed.into_iter().filter(|l| self.seen.insert(l.url.clone())).collect();
        self.pull.n_listed += listed.len() as u64;
        self.progress.begin(&format!("Fetching {}", self.source.name), Some(listed.len() as u64));
        let mut work =
            Work { batch: Batch::default(), saving: None, n_failures_in_a_row: 0, under_way: JoinSet::new() };
        let mut goes_on = true;
        let mut left = listed.into_iter();
        while goes_on {
            let chunk: Vec<Listed> = left.by_ref().take(LOOK_UP).collect();
            if chunk.is_empty() {
                break;
            }
            let urls: Vec<&str> = chunk.iter().map(|l| l.url.as_str()).collect();
            let known = store::source::list_source_documents(self.db, self.source_id, &urls).await?;
            let known: FxHashMap<String, SourceDocument> = known.into_iter().map(|d| (d.url.clone(), d)).collect();
            for listed in chunk {
                let known = known.get(&listed.url);
                if !has_new_keys && known.is_some_and(|known| known.rests(&listed.listed_at, self.clock.at())) {
                    self.pull.n_unchanged += 1;
                    self.progress.advance(1);
                    continue;
                }
                let known = known.filter(|known| known.state == DocumentState::Kept);
                let known = known.filter(|known| !(has_new_keys && known.trust == Trust::KeyMissing));
                if known.is_some_and(|known| !listed.listed_at.is_empty() && known.listed_at == listed.listed_at) {
                    self.pull.n_unchanged += 1;
                    self.progress.advance(1);
                    continue;
                }
                while goes_on && work.under_way.len() >= self.n_parallel {
                    goes_on = self.settle_next(&mut work).await?;
                }
                if !goes_on {
                    break;
                }
                let (client, keyring) = (self.client.clone(), keyring.clone());
                let allows_short_validity = self.source.allows_short_validity;
                let known = known.cloned();
                work.under_way.spawn(async move {
                    let validator = known.as_ref().map(|k| &k.validator).filter(|v| **v != Validator::default());
                    let answer = retrieve(&client, &keyring, &listed, validator, allows_short_validity).await;
                    (listed, known, answer)
                });
            }
        }
        while goes_on && !work.under_way.is_empty() {
            goes_on = self.settle_next(&mut work).await?;
        }
        // What came before the end is kept, even if the visit ends early.
        work.under_way.abort_all();
        self.flush(&mut work).await?;
        self.settle_saving(&mut work).await?;
        self.progress.end();
        Ok(goes_on)
    }

    /// Waits for one document. False when the visit has to end.
    async fn settle_next(&mut self, work: &mut Work) -> Result<bool, StoreError> {
        if self.progress.is_cancelled() {
            self.failures.push("it was stopped".to_owned());
            return Ok(false);
        }
        let Some(joined) = work.under_way.join_next().await else { return Ok(true) };
        let (listed, known, answer) = match joined {
            Ok(done) => done,
            Err(e) => {
                self.failures.push(format!("a document could not be checked: {e}"));
                return Ok(true);
            }
        };
        self.progress.advance(1);
        let now = self.clock.at();
        match answer {
            Err(error) => return Ok(self.note_failure(&error, &mut work.n_failures_in_a_row)),
            Ok(Retrieved::Unchanged) => {
                self.pull.n_unchanged += 1;
                if let Some(known) = known {
                    let same = SourceDocument { listed_at: listed.listed_at, checked_at: now, ..known };
                    work.batch.add_other(same);
                }
            }
            Ok(Retrieved::Missing(why)) => {
                self.pull.n_missing += 1;
                if known.is_none() {
                    work.batch.add_other(missing(&listed, why, now));
                } else {
                    self.notes.warnings.push(why);
                }
            }
            Ok(Retrieved::Document(mut checked)) => {
                self.notes.warnings.append(&mut checked.warnings);
                work.batch.add(listed, checked);
            }
        }
        work.n_failures_in_a_row = 0;
        if work.batch.is_full() {
            self.flush(work).await?;
        }
        Ok(true)
    }

    fn note_failure(&mut self, error: &FetchError, in_a_row: &mut usize) -> bool {
        self.n_failed += 1;
        *in_a_row += 1;
        if self.n_failed == 1 {
            self.failures.push(error.to_string());
        }
        if *in_a_row >= MOST_FAILURES {
            self.failures
                .push(format!("{MOST_FAILURES} documents in a row could not be fetched; the visit ended there"));
            return false;
        }
        true
    }

    /// Saves what was fetched, while the next documents are under way.
    async fn flush(&mut self, work: &mut Work) -> Result<(), StoreError> {
        self.settle_saving(work).await?;
        let batch = std::mem::take(&mut work.batch);
        if !batch.is_empty() {
            let saving = batch.save(self.db.clone(), self.source_id, self.source.accepts, self.clock.at());
            work.saving = Some(tokio::spawn(saving));
        }
        Ok(())
    }

    async fn settle_saving(&mut self, work: &mut Work) -> Result<(), StoreError> {
        let Some(saving) = work.saving.take() else { return Ok(()) };
        let saved = saving.await.map_err(|e| StoreError::Database(e.to_string()))??;
        self.pull.n_added += saved.n_added;
        self.pull.n_known += saved.n_known;
        self.pull.n_held += saved.n_held;
        self.pull.n_unreadable += saved.n_unreadable;
        (self.pull.n_requests, self.pull.size_bytes) = self.client.spent();
        // Not the end: whoever looks sees how far it is, and what a visit that is broken off has brought.
        store::source::save_pull(self.db, self.pull_id, &self.pull, &[]).await
    }

    /// Replaces the list of exploited vulnerabilities or of exploit probabilities.
    async fn enrichment(&mut self, url: &str) -> Result<(), StoreError> {
        let bytes = match local_file(url) {
            Some(path) => match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(e) => {
                    self.failures.push(format!("cannot read `{}`: {e}", path.display()));
                    return Ok(());
                }
            },
            None => {
                let known = self.remembered.get(url).filter(|known| **known != Validator::default());
                let ask = Ask { validator: known, ..Ask::new(url, ENRICHMENT_LIMIT_BYTES) };
                match self.client.get(&ask).await {
                    Ok(Answer::NotModified) => {
                        self.pull.n_unchanged = 1;
                        self.notes.carried.extend(known.map(|known| (url.to_owned(), known.clone())));
                        return Ok(());
                    }
                    Ok(Answer::Body(body)) => {
                        self.notes.carried.push((url.to_owned(), body.validator.clone()));
                        body.bytes
                    }
                    Err(e) => {
                        self.failures.push(e.to_string());
                        return Ok(());
                    }
                }
            }
        };
        let now = self.clock.at();
        let unusable = |e: &dyn std::fmt::Display| format!("cannot use `{url}`: {e}");
        match self.source.kind {
            SourceKind::Kev => match tokio::task::block_in_place(|| read_kev(&bytes)) {
                Ok((list, warnings)) => {
                    self.notes.warnings.extend(warnings);
                    self.pull.n_listed = list.entries.len() as u64;
                    store::kev::save_kev(self.db, &list, now).await?;
                }
                Err(e) => self.failures.push(unusable(&e)),
            },
            _ => match tokio::task::block_in_place(|| read_epss(&bytes)) {
                Ok((list, warnings)) => {
                    self.notes.warnings.extend(warnings);
                    self.pull.n_listed = list.entries.len() as u64;
                    store::epss::save_epss(self.db, &list, now).await?;
                }
                Err(e) => self.failures.push(unusable(&e)),
            },
        }
        Ok(())
    }
}

/// Documents under way, fetched and being saved.
struct Work {
    batch: Batch,
    saving: Option<JoinHandle<Result<Saved, StoreError>>>,
    n_failures_in_a_row: usize,
    under_way: JoinSet<(Listed, Option<SourceDocument>, Result<Retrieved, FetchError>)>,
}

fn bare_list(form: ListForm, url: &str) -> List {
    List { form, url: url.to_owned(), tlp: None::<Tlp> }
}

/// Under which name it is remembered which keys there were, and which they are.
fn key_mark(provider: Option<&Provider>, keyring: &Keyring) -> (String, Validator) {
    use sha2::{Digest, Sha256};
    let place = format!("keys of {}", provider.map_or("the source", |provider| &provider.canonical_url));
    let digest = hexadecimal(&Sha256::digest(keyring.fingerprints().join(" ")));
    (place, Validator { etag: digest, last_modified: String::new() })
}
