//! Advisories with all their revisions, and the documents that could not be read.

use std::cmp::Ordering;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::error::StoreError;
use super::text::{clean, count, digest, read_count, read_time, read_time_if_any, read_trust, time};
use super::{Alone, BATCH, Db, Tx};
use crate::domain::advisory::{AdvisoryKey, AdvisoryRevision, UnreadableAdvisory};
use crate::domain::source::Trust;

/// Fast to write and 5 to 6 times smaller for CSAF; higher levels gain little and cost seconds on a full load.
pub(super) const COMPRESSION_LEVEL: i32 = 3;

/// Documents per statement; they are large, so fewer than rows of other tables.
const DOCUMENTS_PER_STATEMENT: usize = 50;

/// A document as it is kept, compressed. Unpacking is left to the caller, who can do it on all cores.
#[derive(Clone, Debug)]
pub struct StoredDocument {
    pub advisory_id: i64,
    pub key: AdvisoryKey,
    pub version: String,
    size_bytes: usize,
    document: Vec<u8>,
}

impl StoredDocument {
    /// The bytes of the document as they came.
    ///
    /// # Errors
    ///
    /// The database is damaged.
    pub fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        zstd::bulk::decompress(&self.document, self.size_bytes).map_err(|_| StoreError::Damaged {
            column: "advisory_revision.document",
            expected: "a compressed document of the noted size",
            found: format!("{} version {}", self.key.id, self.version),
        })
    }
}

/// What saving a set of revisions did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedRevisions {
    /// Revisions that were not known.
    pub n_new: u64,
    /// Documents that were there already, byte for byte.
    pub n_known: u64,
    /// Advisories for which another revision counts now than before, new ones included.
    pub n_current_changed: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    advisory_revision_id: i64,
    advisory_id: i64,
    namespace: String,
    tracking_id: String,
    version: String,
    sha256: String,
    title: String,
    publisher: String,
    status: String,
    released_at: Option<String>,
    updated_at: Option<String>,
    source: String,
    added_at: String,
    n_warnings: i64,
    is_current: bool,
    trust: String,
    trust_reason: String,
    source_id: Option<i64>,
}

macro_rules! select_revision {
    ($tail:literal) => {
        concat!(
            "select r.advisory_revision_id, r.advisory_id, d.namespace, d.tracking_id, r.version, r.sha256, r.title, \
             r.publisher, r.status, r.released_at, r.updated_at, r.source, r.added_at, r.n_warnings, r.is_current, r.trust, \
             r.trust_reason, r.source_id \
             from advisory_revision r join advisory d on d.advisory_id = r.advisory_id ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self, cves: Vec<String>) -> Result<AdvisoryRevision, StoreError> {
        Ok(AdvisoryRevision {
            key: AdvisoryKey { namespace: self.namespace, id: self.tracking_id },
            version: self.version,
            sha256: self.sha256,
            title: self.title,
            publisher: self.publisher,
            status: self.status,
            released_at: read_time_if_any("advisory_revision.released_at", self.released_at.as_deref())?,
            updated_at: read_time_if_any("advisory_revision.updated_at", self.updated_at.as_deref())?,
            source: self.source,
            added_at: read_time("advisory_revision.added_at", &self.added_at)?,
            cves,
            n_warnings: read_count(self.n_warnings),
            trust: read_trust("advisory_revision.trust", &self.trust)?,
            trust_reason: self.trust_reason,
            source_id: self.source_id,
        })
    }
}

/// The number of advisories, each once however many revisions it has.
pub async fn count_advisories(db: &Db) -> Result<u64, StoreError> {
    Ok(read_count(sql!(db, val i64, "select count(*) from advisory_revision where is_current")?))
}

/// The revisions that count, one an advisory, by tracking id and namespace: at most `limit` after `after`.
pub async fn list_advisories(
    db: &Db,
    after: Option<&AdvisoryKey>,
    limit: u32,
) -> Result<Vec<AdvisoryRevision>, StoreError> {
    let (id, namespace) = after.map_or(("", ""), |key| (key.id.as_str(), key.namespace.as_str()));
    let rows = sql!(db, all Row,
        select_revision!("where r.is_current and (d.tracking_id, d.namespace) > ($1, $2) \
            order by d.tracking_id, d.namespace limit $3"),
        clean(id).as_ref(), clean(namespace).as_ref(), i64::from(limit))?;
    with_cves(db, rows).await
}

/// The revisions that count of all advisories with this tracking id, whoever published them, by namespace. Upper and
/// lower case count as equal.
pub async fn list_advisories_by_id(db: &Db, id: &str) -> Result<Vec<AdvisoryRevision>, StoreError> {
    let rows = sql!(db, all Row,
        select_revision!("where r.is_current and lower(d.tracking_id) = lower($1) order by d.namespace"), clean(id).as_ref())?;
    with_cves(db, rows).await
}

/// The revision of this advisory that counts.
pub async fn find_advisory(db: &Db, key: &AdvisoryKey) -> Result<Option<AdvisoryRevision>, StoreError> {
    let rows = sql!(db, all Row, select_revision!("where r.is_current and d.key_digest = $1"), key_digest(key))?;
    Ok(with_cves(db, rows).await?.pop())
}

/// All revisions of this advisory, the one that counts first, then the one added last first.
pub async fn list_advisory_revisions(db: &Db, key: &AdvisoryKey) -> Result<Vec<AdvisoryRevision>, StoreError> {
    let rows = sql!(db, all Row,
        select_revision!("where d.key_digest = $1 \
            order by case when r.is_current then 0 else 1 end, r.advisory_revision_id desc"),
        key_digest(key))?;
    with_cves(db, rows).await
}

/// The document of a revision, by its digest.
pub async fn find_advisory_document(
    db: &Db,
    key: &AdvisoryKey,
    sha256: &str,
) -> Result<Option<StoredDocument>, StoreError> {
    let row = sql!(db, opt DocumentRow,
        "select d.advisory_id, d.namespace, d.tracking_id, r.version, r.size_bytes, r.document \
         from advisory_revision r join advisory d on d.advisory_id = r.advisory_id \
         where d.key_digest = $1 and r.sha256 = $2",
        key_digest(key), sha256)?;
    Ok(row.map(DocumentRow::into_domain))
}

/// The documents of the revisions that count, by tracking id and namespace.
pub async fn list_current_advisory_documents(db: &Db) -> Result<Vec<StoredDocument>, StoreError> {
    let rows = sql!(db, all DocumentRow,
        "select d.advisory_id, d.namespace, d.tracking_id, r.version, r.size_bytes, r.document \
         from advisory_revision r join advisory d on d.advisory_id = r.advisory_id \
         where r.is_current order by d.tracking_id, d.namespace")?;
    Ok(rows.into_iter().map(DocumentRow::into_domain).collect())
}

/// The digests of all documents that are kept, sorted; what is among them need not be read again.
pub async fn list_advisory_digests(db: &Db) -> Result<Vec<String>, StoreError> {
    let rows = sql!(db, all(String,), "select distinct sha256 from advisory_revision order by sha256")?;
    Ok(rows.into_iter().map(|(sha256,)| sha256).collect())
}

/// The documents of these revisions with the number of the revision, in their order.
pub async fn list_documents_by_number(db: &Db, ids: Vec<i64>) -> Result<Vec<(i64, StoredDocument)>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for batch in ids.chunks(DOCUMENTS_PER_STATEMENT) {
        let rows = for_list!(
            db,
            all NumberedDocumentRow,
            "select r.advisory_revision_id, d.advisory_id, d.namespace, d.tracking_id, r.version, r.size_bytes, \
             r.document from advisory_revision r join advisory d on d.advisory_id = r.advisory_id \
             where r.advisory_revision_id in",
            batch.iter().copied(),
            "order by r.advisory_revision_id"
        )?;
        found.extend(rows.into_iter().map(|row| (row.advisory_revision_id, row.document.into_domain())));
    }
    Ok(found)
}

/// All revisions in the order in which they were added: number, revision, bytes of the document.
pub async fn list_all_revisions(db: &Db) -> Result<Vec<(i64, AdvisoryRevision, u64)>, StoreError> {
    let rows = sql!(db, all Row, select_revision!("order by r.advisory_revision_id"))?;
    let sizes = sql!(db, all(i64, i64), "select advisory_revision_id, size_bytes from advisory_revision")?;
    let sizes: FxHashMap<i64, i64> = sizes.into_iter().collect();
    let numbers: Vec<i64> = rows.iter().map(|row| row.advisory_revision_id).collect();
    let revisions = with_cves(db, rows).await?;
    Ok(numbers
        .into_iter()
        .zip(revisions)
        .map(|(id, revision)| (id, revision, read_count(sizes.get(&id).copied().unwrap_or(0))))
        .collect())
}

/// The documents that could not be read and whose bytes were kept, by name.
pub async fn list_unreadable_documents(db: &Db) -> Result<Vec<(UnreadableAdvisory, Vec<u8>)>, StoreError> {
    let rows = sql!(
        db,
        all(String, Vec<u8>),
        "select sha256, document from advisory_unreadable where document is not null order by sha256"
    )?;
    let mut bytes: FxHashMap<String, Vec<u8>> = rows.into_iter().collect();
    let mut found = Vec::new();
    for unreadable in list_unreadable_advisories(db).await? {
        if let Some(packed) = bytes.remove(&unreadable.sha256) {
            let document = zstd::stream::decode_all(packed.as_slice()).map_err(|_| StoreError::Damaged {
                column: "advisory_unreadable.document",
                expected: "a compressed document",
                found: unreadable.name.clone(),
            })?;
            found.push((unreadable, document));
        }
    }
    Ok(found)
}

/// These revisions by their number, with whether each is the one that counts.
pub(super) async fn list_revisions_by_number(
    db: &Db,
    ids: &[i64],
) -> Result<FxHashMap<i64, (AdvisoryRevision, bool)>, StoreError> {
    let mut rows = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        rows.extend(for_list!(
            db,
            all Row,
            select_revision!("where r.advisory_revision_id in"),
            batch.iter().copied(),
            "order by r.advisory_revision_id"
        )?);
    }
    let numbers: Vec<(i64, bool)> = rows.iter().map(|row| (row.advisory_revision_id, row.is_current)).collect();
    let revisions = with_cves(db, rows).await?;
    Ok(numbers.into_iter().zip(revisions).map(|((id, is_current), revision)| (id, (revision, is_current))).collect())
}

#[derive(sqlx::FromRow)]
struct NumberedDocumentRow {
    advisory_revision_id: i64,
    #[sqlx(flatten)]
    document: DocumentRow,
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    advisory_id: i64,
    namespace: String,
    tracking_id: String,
    version: String,
    size_bytes: i64,
    document: Vec<u8>,
}

impl DocumentRow {
    fn into_domain(self) -> StoredDocument {
        StoredDocument {
            advisory_id: self.advisory_id,
            key: AdvisoryKey { namespace: self.namespace, id: self.tracking_id },
            version: self.version,
            size_bytes: usize::try_from(self.size_bytes).unwrap_or(0),
            document: self.document,
        }
    }
}

async fn with_cves(db: &Db, rows: Vec<Row>) -> Result<Vec<AdvisoryRevision>, StoreError> {
    let mut cves: FxHashMap<i64, Vec<String>> = FxHashMap::default();
    for batch in rows.chunks(BATCH) {
        let pairs = for_list!(
            db,
            all(i64, String),
            "select advisory_revision_id, cve from advisory_cve where advisory_revision_id in",
            batch.iter().map(|row| row.advisory_revision_id),
            "order by advisory_revision_id, cve"
        )?;
        for (id, cve) in pairs {
            cves.entry(id).or_default().push(cve);
        }
    }
    rows.into_iter()
        .map(|row| {
            let cves = cves.remove(&row.advisory_revision_id).unwrap_or_default();
            row.into_domain(cves)
        })
        .collect()
}

/// What is unique about an advisory's key.
pub(super) fn key_digest(key: &AdvisoryKey) -> String {
    digest(&[clean(&key.namespace), clean(&key.id)])
}

/// Whether a text can stand among the CVEs that are searched. A document may hold anything there; what is no CVE stays
/// in the document, and a text of any length in an index is a way to make an import fail.
fn fits_the_index(text: &str) -> bool {
    text.len() <= 32 && text.starts_with("CVE-") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Keeps these revisions with their documents, all or none, and decides anew which revision of each advisory counts.
/// The same bytes of the same advisory are kept once. What could not be read before and now is, is no longer
/// unreadable.
pub async fn save_advisory_revisions(
    db: &Db,
    revisions: Vec<(AdvisoryRevision, Vec<u8>)>,
) -> Result<SavedRevisions, StoreError> {
    let packed = in_background(move || {
        revisions
            .into_par_iter()
            .map(|(revision, bytes)| {
                let size_bytes = bytes.len();
                zstd::bulk::compress(&bytes, COMPRESSION_LEVEL).map(|document| Packed {
                    revision,
                    document,
                    size_bytes,
                })
            })
            .collect::<Result<Vec<_>, _>>()
    })
    .await?
    .map_err(|e| StoreError::Database(e.to_string()))?;

    let mut saved = SavedRevisions::default();
    let mut tx = db.begin(Alone::Advisories).await?;
    for batch in packed.chunks(DOCUMENTS_PER_STATEMENT) {
        save_batch(&mut tx, batch, &mut saved).await?;
    }
    tx.commit().await?;
    Ok(saved)
}

struct Packed {
    revision: AdvisoryRevision,
    document: Vec<u8>,
    size_bytes: usize,
}

/// Runs work that keeps a core busy outside the threads that wait for the database.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Database(e.to_string()))
}

async fn save_batch(tx: &mut Tx, batch: &[Packed], saved: &mut SavedRevisions) -> Result<(), StoreError> {
    let mut keys: Vec<(String, &AdvisoryKey)> =
        batch.iter().map(|packed| (key_digest(&packed.revision.key), &packed.revision.key)).collect();
    keys.sort();
    keys.dedup();
    insert!(
        tx,
        "insert into advisory (key_digest, namespace, tracking_id)",
        &keys,
        |b, (digest, key)| b
            .push_bind(digest.as_str())
            .push_bind(clean(&key.namespace).as_ref())
            .push_bind(clean(&key.id).as_ref()),
        "on conflict (key_digest) do nothing"
    )?;
    let ids: FxHashMap<String, i64> = for_list!(tx tx, all (String, i64),
        "select key_digest, advisory_id from advisory where key_digest in",
        keys.iter().map(|(digest, _)| digest.as_str()),
        "")?
    .into_iter()
    .collect();

    // A batch may hold the same bytes twice; `do nothing` also looks at the rows of its own statement.
    let mut rows = Vec::with_capacity(batch.len());
    for packed in batch {
        let Some(&advisory_id) = ids.get(&key_digest(&packed.revision.key)) else {
            return Err(StoreError::Conflict(format!("the advisory `{}` was not written", packed.revision.key.id)));
        };
        rows.push((advisory_id, packed));
    }
    let new: FxHashMap<(i64, String), i64> = insert!(
        tx,
        "insert into advisory_revision (advisory_id, version, sha256, document, size_bytes, title, publisher, status, \
         released_at, updated_at, source, added_at, n_warnings, is_current, trust, trust_reason, source_id)",
        &rows,
        |b, (advisory_id, p)| b
            .push_bind(*advisory_id)
            .push_bind(clean(&p.revision.version).as_ref())
            .push_bind(p.revision.sha256.as_str())
            .push_bind(p.document.as_slice())
            .push_bind(count(p.size_bytes as u64))
            .push_bind(clean(&p.revision.title).as_ref())
            .push_bind(clean(&p.revision.publisher).as_ref())
            .push_bind(clean(&p.revision.status).as_ref())
            .push_bind(p.revision.released_at.map(time))
            .push_bind(p.revision.updated_at.map(time))
            .push_bind(clean(&p.revision.source).as_ref())
            .push_bind(time(p.revision.added_at))
            .push_bind(count(p.revision.n_warnings))
            .push_bind(false)
            .push_bind(p.revision.trust.word())
            .push_bind(clean(&p.revision.trust_reason).as_ref())
            .push_bind(p.revision.source_id),
        "on conflict (advisory_id, sha256) do nothing returning advisory_id, sha256, advisory_revision_id",
        returning(i64, String, i64)
    )?
    .into_iter()
    .map(|(advisory_id, sha256, id)| ((advisory_id, sha256), id))
    .collect();
    saved.n_new += new.len() as u64;
    saved.n_known += (batch.len() - new.len()) as u64;
    for (advisory_id, packed) in &rows {
        let revision = &packed.revision;
        if revision.trust == Trust::Verified && !new.contains_key(&(*advisory_id, revision.sha256.clone())) {
            raise_trust(tx, *advisory_id, revision).await?;
        }
    }

    let mut cves: Vec<(i64, &str)> = Vec::new();
    for (advisory_id, packed) in &rows {
        if let Some(&id) = new.get(&(*advisory_id, packed.revision.sha256.clone())) {
            cves.extend(packed.revision.cves.iter().filter(|cve| fits_the_index(cve)).map(|cve| (id, cve.as_str())));
        }
    }
    cves.sort_unstable();
    cves.dedup();
    for part in cves.chunks(BATCH) {
        insert!(tx, "insert into advisory_cve (advisory_revision_id, cve)", part, |b, (id, cve)| b
            .push_bind(*id)
            .push_bind(*cve))?;
    }
    for_list!(tx tx, exec, "delete from advisory_unreadable where sha256 in",
        batch.iter().map(|packed| packed.revision.sha256.as_str()), "")?;

    let mut touched: Vec<i64> = new.keys().map(|(advisory_id, _)| *advisory_id).collect();
    touched.sort_unstable();
    touched.dedup();
    if touched.is_empty() { Ok(()) } else { choose_current(tx, &touched, saved).await }
}

/// Notes that bytes which were known are signed after all. Trust is only raised: what was verified once stays so.
async fn raise_trust(tx: &mut Tx, advisory_id: i64, revision: &AdvisoryRevision) -> Result<(), StoreError> {
    sql!(tx tx, exec (),
        "update advisory_revision set trust = $3, trust_reason = $4, source_id = coalesce($5, source_id) \
         where advisory_id = $1 and sha256 = $2 and trust <> $3",
        advisory_id, revision.sha256.as_str(), revision.trust.word(), clean(&revision.trust_reason).as_ref(),
        revision.source_id)?;
    Ok(())
}

/// Lets the latest revision of each of these advisories count. Of revisions with equal version and date the one added
/// last wins: a document that was corrected without a new version must not be overlooked.
pub(super) async fn choose_current(
    tx: &mut Tx,
    advisory_ids: &[i64],
    saved: &mut SavedRevisions,
) -> Result<(), StoreError> {
    let rows = for_list!(tx tx, all Row, select_revision!("where r.advisory_id in"),
        advisory_ids.iter().copied(), "order by r.advisory_id, r.advisory_revision_id")?;
    let mut latest: FxHashMap<i64, (i64, AdvisoryRevision)> = FxHashMap::default();
    let mut current: FxHashMap<i64, i64> = FxHashMap::default();
    for row in rows {
        let (id, advisory_id, is_current) = (row.advisory_revision_id, row.advisory_id, row.is_current);
        let revision = row.into_domain(Vec::new())?;
        if is_current {
            current.insert(advisory_id, id);
        }
        if latest.get(&advisory_id).is_none_or(|(_, best)| revision.compare_revisions(best) != Ordering::Less) {
            latest.insert(advisory_id, (id, revision));
        }
    }
    let mut changed: Vec<(i64, i64)> = latest
        .into_iter()
        .map(|(advisory_id, (id, _))| (advisory_id, id))
        .filter(|(advisory_id, id)| current.get(advisory_id) != Some(id))
        .collect();
    changed.sort_unstable();
    if changed.is_empty() {
        return Ok(());
    }
    saved.n_current_changed += changed.len() as u64;
    for_list!(tx tx, exec, "update advisory_revision set is_current = false where is_current and advisory_id in",
        changed.iter().map(|(advisory_id, _)| *advisory_id), "")?;
    for_list!(tx tx, exec, "update advisory_revision set is_current = true where advisory_revision_id in",
        changed.iter().map(|(_, id)| *id), "")?;
    Ok(())
}

/// The version that counts once these revisions are gone; `None` when no revision is left.
pub(super) async fn find_version_without(
    tx: &mut Tx,
    advisory_id: i64,
    gone: &[i64],
) -> Result<Option<String>, StoreError> {
    let rows = sql!(tx tx, all Row,
        select_revision!("where r.advisory_id = $1 order by r.advisory_revision_id"), advisory_id)?;
    let mut latest: Option<AdvisoryRevision> = None;
    for row in rows.into_iter().filter(|row| !gone.contains(&row.advisory_revision_id)) {
        let revision = row.into_domain(Vec::new())?;
        if latest.as_ref().is_none_or(|best| revision.compare_revisions(best) != Ordering::Less) {
            latest = Some(revision);
        }
    }
    Ok(latest.map(|revision| revision.version))
}

/// The documents that could not be read, by name.
pub async fn list_unreadable_advisories(db: &Db) -> Result<Vec<UnreadableAdvisory>, StoreError> {
    sql!(
        db,
        all(String, String, String, String),
        "select name, sha256, error, added_at from advisory_unreadable order by name, sha256"
    )?
    .into_iter()
    .map(|(name, sha256, error, at)| {
        Ok(UnreadableAdvisory { name, sha256, error, added_at: read_time("advisory_unreadable.added_at", &at)? })
    })
    .collect()
}

/// Keeps documents that could not be read, with their bytes where they are given. Bytes that are known get the new
/// error; their first time stays.
pub async fn save_unreadable_advisories(
    db: &Db,
    documents: &[(UnreadableAdvisory, Option<Vec<u8>>)],
) -> Result<(), StoreError> {
    let mut first: Vec<&(UnreadableAdvisory, Option<Vec<u8>>)> = documents.iter().collect();
    first.sort_by(|a, b| a.0.sha256.cmp(&b.0.sha256));
    first.dedup_by(|a, b| a.0.sha256 == b.0.sha256);
    let mut packed = Vec::with_capacity(first.len());
    for (document, bytes) in first {
        let bytes = bytes.as_deref().map(|bytes| zstd::bulk::compress(bytes, COMPRESSION_LEVEL)).transpose();
        packed.push((document, bytes.map_err(|e| StoreError::Database(e.to_string()))?));
    }
    let mut tx = db.begin(Alone::Advisories).await?;
    for batch in packed.chunks(DOCUMENTS_PER_STATEMENT) {
        insert!(
            &mut tx,
            "insert into advisory_unreadable (sha256, name, document, error, added_at)",
            batch,
            |b, (u, bytes)| b
                .push_bind(u.sha256.as_str())
                .push_bind(clean(&u.name).as_ref())
                .push_bind(bytes.as_deref())
                .push_bind(clean(&u.error).as_ref())
                .push_bind(time(u.added_at)),
            "on conflict (sha256) do update set name = excluded.name, error = excluded.error, \
                document = coalesce(excluded.document, advisory_unreadable.document)"
        )?;
    }
    tx.commit().await
}
