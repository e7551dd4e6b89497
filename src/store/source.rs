//! Sources, the visits to them, and what became of the documents they list.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::advisory::COMPRESSION_LEVEL;
use super::error::StoreError;
use super::text::{clean, count, digest, json, read_count, read_json, read_time, read_time_if_any, read_trust, time};
use super::{Alone, BATCH, Db};
use crate::domain::source::{
    Accepts, DocumentState, Pull, Source, SourceDocument, SourceHealth, SourceKind, Validator,
};

/// Bytes of a held document above this are not kept, only their digest: what nobody vouches for must not fill a disk.
const LARGEST_HELD_BYTES: usize = 16 << 20;

#[derive(sqlx::FromRow)]
struct SourceRow {
    source_id: i64,
    name: String,
    title: String,
    kind: String,
    url: String,
    is_enabled: bool,
    accepts: String,
    allows_http: bool,
    allows_private: bool,
    allows_short_validity: bool,
    ca_file: Option<String>,
    identity_file: Option<String>,
    token_file: Option<String>,
    key_file: Option<String>,
    added_at: String,
}

macro_rules! select_source {
    ($tail:literal) => {
        concat!(
            "select source_id, name, title, kind, url, is_enabled, accepts, allows_http, allows_private, \
             allows_short_validity, ca_file, identity_file, token_file, key_file, added_at from source ",
            $tail
        )
    };
}

impl SourceRow {
    fn into_domain(self) -> Result<(i64, Source), StoreError> {
        let source = Source {
            name: self.name,
            title: self.title,
            kind: read_word("source.kind", &self.kind, SourceKind::from_word)?,
            url: self.url,
            is_enabled: self.is_enabled,
            accepts: read_word("source.accepts", &self.accepts, Accepts::from_word)?,
            allows_http: self.allows_http,
            allows_private: self.allows_private,
            allows_short_validity: self.allows_short_validity,
            ca_file: self.ca_file,
            identity_file: self.identity_file,
            token_file: self.token_file,
            key_file: self.key_file,
            added_at: read_time("source.added_at", &self.added_at)?,
        };
        Ok((self.source_id, source))
    }
}

fn read_word<T>(column: &'static str, text: &str, read: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(text).ok_or_else(|| StoreError::Damaged { column, expected: "a known word", found: text.to_owned() })
}

/// All configured sources with their keys, by name.
pub async fn list_sources(db: &Db) -> Result<Vec<(i64, Source)>, StoreError> {
    let rows = sql!(db, all SourceRow, select_source!("order by name"))?;
    rows.into_iter().map(SourceRow::into_domain).collect()
}

/// The source of this name with its key.
pub async fn find_source(db: &Db, name: &str) -> Result<Option<(i64, Source)>, StoreError> {
    sql!(db, opt SourceRow, select_source!("where name_digest = $1"), digest(&[name]))?
        .map(SourceRow::into_domain)
        .transpose()
}

/// The source with this key.
pub async fn find_source_by_id(db: &Db, source_id: i64) -> Result<Option<Source>, StoreError> {
    sql!(db, opt SourceRow, select_source!("where source_id = $1"), source_id)?
        .map(|row| row.into_domain().map(|(_, source)| source))
        .transpose()
}

/// Keeps this source, or replaces the choices of the one with its name; gives its key. When the URL changes, what the
/// last visit remembers of the lists at the old one is forgotten.
pub async fn save_source(db: &Db, source: &Source) -> Result<i64, StoreError> {
    sql!(
        db,
        val i64,
        "insert into source (name_digest, name, title, kind, url, is_enabled, accepts, allows_http, allows_private, \
         allows_short_validity, ca_file, identity_file, token_file, key_file, added_at, validators) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '[]') \
         on conflict (name_digest) do update set title = excluded.title, kind = excluded.kind, url = excluded.url, \
         is_enabled = excluded.is_enabled, accepts = excluded.accepts, allows_http = excluded.allows_http, \
         allows_private = excluded.allows_private, allows_short_validity = excluded.allows_short_validity, \
         ca_file = excluded.ca_file, identity_file = excluded.identity_file, token_file = excluded.token_file, \
         key_file = excluded.key_file, \
         validators = case when source.url = excluded.url then source.validators else '[]' end \
         returning source_id",
        digest(&[&source.name]),
        clean(&source.name).as_ref(),
        clean(&source.title).as_ref(),
        source.kind.word(),
        clean(&source.url).as_ref(),
        source.is_enabled,
        source.accepts.word(),
        source.allows_http,
        source.allows_private,
        source.allows_short_validity,
        source.ca_file.as_deref(),
        source.identity_file.as_deref(),
        source.token_file.as_deref(),
        source.key_file.as_deref(),
        time(source.added_at)
    )
    .map_err(StoreError::from)
}

/// What the last good visit remembers of each list: URL and what its answer carried.
pub async fn list_validators(db: &Db, source_id: i64) -> Result<Vec<(String, Validator)>, StoreError> {
    let Some((text,)) = sql!(db, opt(String,), "select validators from source where source_id = $1", source_id)? else {
        return Ok(Vec::new());
    };
    let lists: Vec<(String, String, String)> = read_json("source.validators", &text)?;
    Ok(lists.into_iter().map(|(url, etag, last_modified)| (url, Validator { etag, last_modified })).collect())
}

#[derive(sqlx::FromRow)]
struct PullRow {
    source_id: i64,
    started_at: String,
    finished_at: Option<String>,
    error: String,
    warnings: String,
    n_listed: i64,
    n_unchanged: i64,
    n_added: i64,
    n_known: i64,
    n_held: i64,
    n_unreadable: i64,
    n_missing: i64,
    n_requests: i64,
    size_bytes: i64,
}

macro_rules! select_pull {
    ($tail:literal) => {
        concat!(
            "select source_id, started_at, finished_at, error, warnings, n_listed, n_unchanged, n_added, n_known, \
             n_held, n_unreadable, n_missing, n_requests, size_bytes from pull ",
            $tail
        )
    };
}

impl PullRow {
    fn into_domain(self) -> Result<Pull, StoreError> {
        Ok(Pull {
            started_at: read_time("pull.started_at", &self.started_at)?,
            finished_at: read_time_if_any("pull.finished_at", self.finished_at.as_deref())?,
            error: self.error,
            warnings: read_json("pull.warnings", &self.warnings)?,
            n_listed: read_count(self.n_listed),
            n_unchanged: read_count(self.n_unchanged),
            n_added: read_count(self.n_added),
            n_known: read_count(self.n_known),
            n_held: read_count(self.n_held),
            n_unreadable: read_count(self.n_unreadable),
            n_missing: read_count(self.n_missing),
            n_requests: read_count(self.n_requests),
            size_bytes: read_count(self.size_bytes),
        })
    }
}

/// Notes that a visit begins; gives its key.
pub async fn save_pull_begun(db: &Db, source_id: i64, started_at: Timestamp) -> Result<i64, StoreError> {
    sql!(
        db,
        val i64,
        "insert into pull (source_id, started_at, error, warnings, n_listed, n_unchanged, n_added, n_known, n_held, \
         n_unreadable, n_missing, n_requests, size_bytes) values ($1, $2, '', '[]', 0, 0, 0, 0, 0, 0, 0, 0, 0) \
         returning pull_id",
        source_id,
        time(started_at)
    )
    .map_err(StoreError::from)
}

/// Notes what a visit brought so far, or in the end. When it was good, the mark of its source moves to its start, and
/// what the lists carried is remembered with it.
pub async fn save_pull(db: &Db, pull_id: i64, pull: &Pull, lists: &[(String, Validator)]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    sql!(tx &mut tx, exec (),
        "update pull set finished_at = $2, error = $3, warnings = $4, n_listed = $5, n_unchanged = $6, n_added = $7, \
         n_known = $8, n_held = $9, n_unreadable = $10, n_missing = $11, n_requests = $12, size_bytes = $13 \
         where pull_id = $1",
        pull_id,
        pull.finished_at.map(time),
        clean(&pull.error).as_ref(),
        clean(&json(&pull.warnings)).as_ref(),
        count(pull.n_listed),
        count(pull.n_unchanged),
        count(pull.n_added),
        count(pull.n_known),
        count(pull.n_held),
        count(pull.n_unreadable),
        count(pull.n_missing),
        count(pull.n_requests),
        count(pull.size_bytes))?;
    if pull.is_good() {
        let lists: Vec<(&str, &str, &str)> =
            lists.iter().map(|(url, v)| (url.as_str(), v.etag.as_str(), v.last_modified.as_str())).collect();
        sql!(tx &mut tx, exec (),
            "update source set last_good_at = $2, validators = $3 \
             where source_id = (select source_id from pull where pull_id = $1)",
            pull_id, time(pull.started_at), clean(&json(&lists)).as_ref())?;
    }
    tx.commit().await
}

/// The visits to a source that began at `since` or later, the last first; at most `limit`.
pub async fn list_pulls(db: &Db, source_id: i64, since: Timestamp, limit: u32) -> Result<Vec<Pull>, StoreError> {
    let rows = sql!(db, all PullRow,
        select_pull!("where source_id = $1 and started_at >= $2 order by pull_id desc limit $3"),
        source_id, time(since), i64::from(limit))?;
    rows.into_iter().map(PullRow::into_domain).collect()
}

/// How each source does that was ever visited or has documents, by the key of the source.
pub async fn list_source_health(db: &Db) -> Result<Vec<(i64, SourceHealth)>, StoreError> {
    let mut by_source: FxHashMap<i64, SourceHealth> = FxHashMap::default();
    let last = sql!(db, all PullRow,
        select_pull!("where pull_id in (select max(pull_id) from pull group by source_id) order by source_id"))?;
    for row in last {
        let source_id = row.source_id;
        by_source.entry(source_id).or_default().last_pull = Some(row.into_domain()?);
    }
    let good = sql!(
        db,
        all(i64, String),
        "select source_id, last_good_at from source where last_good_at is not null order by source_id"
    )?;
    for (source_id, at) in good {
        by_source.entry(source_id).or_default().last_good_at = Some(read_time("source.last_good_at", &at)?);
    }
    let counts = sql!(
        db,
        all(i64, String, String, i64),
        "select source_id, state, trust, count(*) from source_document group by source_id, state, trust \
         order by source_id, state, trust"
    )?;
    for (source_id, state, trust, n) in counts {
        let state = read_word("source_document.state", &state, DocumentState::from_word)?;
        let trust = read_trust("source_document.trust", &trust)?;
        by_source.entry(source_id).or_default().counts.push((state, trust, read_count(n)));
    }
    let mut all: Vec<(i64, SourceHealth)> = by_source.into_iter().collect();
    all.sort_by_key(|(source_id, _)| *source_id);
    Ok(all)
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    source_document_id: i64,
    url: String,
    state: String,
    trust: String,
    reason: String,
    listed_at: String,
    etag: String,
    last_modified: String,
    sha256: Option<String>,
    size_bytes: i64,
    checked_at: String,
    n_tries: i64,
}

const SELECT_DOCUMENT: &str = "select source_document_id, url, state, trust, reason, listed_at, etag, last_modified, \
    sha256, size_bytes, checked_at, n_tries from source_document";

impl DocumentRow {
    fn into_domain(self) -> Result<SourceDocument, StoreError> {
        Ok(SourceDocument {
            url: self.url,
            state: read_word("source_document.state", &self.state, DocumentState::from_word)?,
            trust: read_trust("source_document.trust", &self.trust)?,
            reason: self.reason,
            listed_at: self.listed_at,
            validator: Validator { etag: self.etag, last_modified: self.last_modified },
            sha256: self.sha256,
            size_bytes: read_count(self.size_bytes),
            checked_at: read_time("source_document.checked_at", &self.checked_at)?,
            n_tries: read_count(self.n_tries),
        })
    }
}

/// What is known of the documents with these URLs, in no order.
pub async fn list_source_documents(db: &Db, source_id: i64, urls: &[&str]) -> Result<Vec<SourceDocument>, StoreError> {
    let mut found = Vec::new();
    for batch in urls.chunks(BATCH) {
        // The key of a source is a number of our own.
        let head = format!("{SELECT_DOCUMENT} where source_id = {source_id} and url_digest in");
        let rows = for_list!(db, all DocumentRow, &head, batch.iter().map(|url| digest(&[url])), "")?;
        for row in rows {
            found.push(row.into_domain()?);
        }
    }
    Ok(found)
}

/// The documents of a source that did not become advisories, with their keys, in the order of the keys: at most
/// `limit` after `after`.
pub async fn list_documents_not_kept(
    db: &Db,
    source_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, SourceDocument)>, StoreError> {
    let rows = sql!(db, all DocumentRow,
        "select source_document_id, url, state, trust, reason, listed_at, etag, last_modified, sha256, size_bytes, \
         checked_at, n_tries from source_document \
         where source_id = $1 and state <> 'kept' and source_document_id > $2 \
         order by source_document_id limit $3",
        source_id, after, i64::from(limit))?;
    rows.into_iter().map(|row| Ok((row.source_document_id, row.into_domain()?))).collect()
}

/// The bytes of a document that is held apart; `None` when there is no such document or its bytes were not kept.
pub async fn find_held_document(db: &Db, source_document_id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sql!(
        db,
        opt(i64, Option<Vec<u8>>),
        "select size_bytes, document from source_document where source_document_id = $1 and state = 'held'",
        source_document_id
    )?;
    let Some((size_bytes, Some(packed))) = row else { return Ok(None) };
    let size_bytes = usize::try_from(size_bytes).unwrap_or(0);
    zstd::bulk::decompress(&packed, size_bytes).map(Some).map_err(|_| StoreError::Damaged {
        column: "source_document.document",
        expected: "a compressed document of the noted size",
        found: format!("row {source_document_id}"),
    })
}

/// Keeps what became of documents, all or none; bytes are kept of those that are held apart. What was known of the same
/// URL is replaced; how often it was tried in vain is counted here.
pub async fn save_source_documents(
    db: &Db,
    source_id: i64,
    documents: &[(SourceDocument, Option<Vec<u8>>)],
) -> Result<(), StoreError> {
    // A statement must not name the same row twice; the last word counts.
    let mut last: FxHashMap<String, &(SourceDocument, Option<Vec<u8>>)> = FxHashMap::default();
    for document in documents {
        last.insert(digest(&[&document.0.url]), document);
    }
    let mut rows = Vec::with_capacity(last.len());
    for (url_digest, (document, bytes)) in last {
        let held = bytes.as_deref().filter(|b| document.state == DocumentState::Held && b.len() <= LARGEST_HELD_BYTES);
        let packed = held.map(|bytes| zstd::bulk::compress(bytes, COMPRESSION_LEVEL)).transpose();
        rows.push((url_digest, document, packed.map_err(|e| StoreError::Database(e.to_string()))?));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut tx = db.begin(Alone::Advisories).await?;
    for batch in rows.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into source_document (source_id, url_digest, url, state, trust, reason, listed_at, etag, \
             last_modified, sha256, document, size_bytes, checked_at, n_tries)",
            batch,
            |b, (url_digest, d, packed)| b
                .push_bind(source_id)
                .push_bind(url_digest.as_str())
                .push_bind(clean(&d.url).as_ref())
                .push_bind(d.state.word())
                .push_bind(d.trust.word())
                .push_bind(clean(&d.reason).as_ref())
                .push_bind(clean(&d.listed_at).as_ref())
                .push_bind(clean(&d.validator.etag).as_ref())
                .push_bind(clean(&d.validator.last_modified).as_ref())
                .push_bind(d.sha256.as_deref())
                .push_bind(packed.as_deref())
                .push_bind(count(d.size_bytes))
                .push_bind(time(d.checked_at))
                .push_bind(i64::from(d.state != DocumentState::Kept)),
            "on conflict (source_id, url_digest) do update set state = excluded.state, trust = excluded.trust, \
             reason = excluded.reason, listed_at = excluded.listed_at, etag = excluded.etag, \
             last_modified = excluded.last_modified, sha256 = excluded.sha256, document = excluded.document, \
             size_bytes = excluded.size_bytes, checked_at = excluded.checked_at, \
             n_tries = case when excluded.n_tries = 0 then 0 else source_document.n_tries + 1 end"
        )?;
    }
    tx.commit().await
}
