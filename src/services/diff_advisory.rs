//! What is different between two revisions of an advisory: first what changes for the owner's devices, then the
//! document.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::advisory::{Advisory, AdvisoryKey, AdvisoryRevision};
use crate::domain::advisory_diff::{Difference, compare};
use crate::domain::change::{Cause, Change, Turn};
use crate::domain::exposure::{ExposureKey, Finding, diff};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::ingest::csaf::document::read_document;
use crate::services::aliases::catalogue_of;
use crate::services::judge::{Judged, Question, judge};
use crate::services::progress::Silent;
use crate::services::rescan::finding;
use crate::store::{self, Db, StoreError};

/// What a revision changes for one kind of device.
#[derive(Clone, Debug)]
pub struct DeviceChange {
    pub variant: Variant,
    /// Devices that have this nameplate and firmware now.
    pub n_assets: u64,
    pub change: Change,
}

/// Two revisions side by side.
#[derive(Clone, Debug)]
pub struct AdvisoryDiff {
    pub before: AdvisoryRevision,
    pub after: AdvisoryRevision,
    /// New, worse, better, closed, retold; then by number of devices. Both revisions are judged as if each stood alone,
    /// with today's devices and catalogue; serial numbers are not looked at.
    pub devices: Vec<DeviceChange>,
    /// Kinds of devices that are exposed to both revisions in the same way.
    pub n_same: u64,
    pub document: Vec<Difference>,
}

/// Why there is nothing to compare.
#[derive(Debug, Error)]
pub enum DiffError {
    #[error(
        "cannot compare `{id}`: no advisory of the database has this id\nhint: `nameplate advisory list` names them"
    )]
    Unknown { id: String },
    #[error(
        "cannot compare `{id}`: {n} publishers have an advisory of this id: {publishers}\nhint: name one with --publisher"
    )]
    SeveralPublishers { id: String, n: usize, publishers: String },
    #[error("cannot compare `{id}`: expected two revisions, found one ({version})")]
    OneRevision { id: String, version: String },
    #[error("cannot compare `{id}`: no revision `{version}` is kept; there are {known}")]
    UnknownVersion { id: String, version: String, known: String },
    #[error("cannot compare `{id}`: revision {version} cannot be read: {why}")]
    Unreadable { id: String, version: String, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The advisory that a person means by its tracking id, and by the publisher's name or namespace when several use it.
///
/// # Errors
///
/// None is meant, or several are.
pub async fn find_key(db: &Db, id: &str, publisher: Option<&str>) -> Result<AdvisoryKey, DiffError> {
    let mut found = store::advisory::list_advisories_by_id(db, id).await?;
    if let Some(publisher) = publisher {
        found
            .retain(|r| r.key.namespace.eq_ignore_ascii_case(publisher) || r.publisher.eq_ignore_ascii_case(publisher));
    }
    match found.len() {
        1 => Ok(found.swap_remove(0).key),
        0 => Err(DiffError::Unknown { id: id.to_owned() }),
        n => {
            let publishers = found.iter().map(|r| format!("`{}`", r.key.namespace)).collect::<Vec<_>>().join(", ");
            Err(DiffError::SeveralPublishers { id: id.to_owned(), n, publishers })
        }
    }
}

/// Compares two revisions of an advisory, named by their version or the beginning of their digest; without names the
/// one that counts with the one before it.
///
/// # Errors
///
/// The revisions are not kept or cannot be read, or the database fails.
pub async fn diff_advisory(
    db: &Db,
    key: &AdvisoryKey,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<AdvisoryDiff, DiffError> {
    let mut revisions = store::advisory::list_advisory_revisions(db, key).await?;
    // Latest first; of equals the one that counts, then the one added last.
    revisions.sort_by(|a, b| b.compare_revisions(a));
    let after_at = match after {
        Some(version) => place_of(&revisions, key, version)?,
        None => 0,
    };
    let before_at = match before {
        Some(version) => place_of(&revisions, key, version)?,
        None => after_at + 1,
    };
    let (Some(newer), Some(older)) = (revisions.get(after_at), revisions.get(before_at)) else {
        let version = revisions.first().map(|r| r.version.clone()).unwrap_or_default();
        return Err(match revisions.len() {
            0 => DiffError::Unknown { id: key.id.clone() },
            _ => DiffError::OneRevision { id: key.id.clone(), version },
        });
    };
    let (old, new) = (read(db, older).await?, read(db, newer).await?);
    let document = compare(&old, &new);
    let (devices, n_same) = compare_devices(db, key, old, new).await?;
    Ok(AdvisoryDiff { before: older.clone(), after: newer.clone(), devices, n_same, document })
}

fn place_of(revisions: &[AdvisoryRevision], key: &AdvisoryKey, version: &str) -> Result<usize, DiffError> {
    let by_digest = |r: &AdvisoryRevision| version.len() >= 6 && r.sha256.starts_with(&version.to_ascii_lowercase());
    revisions.iter().position(|r| r.version == version).or_else(|| revisions.iter().position(by_digest)).ok_or_else(
        || {
            let known = revisions.iter().map(|r| format!("`{}`", r.version)).collect::<Vec<_>>().join(", ");
            DiffError::UnknownVersion { id: key.id.clone(), version: version.to_owned(), known }
        },
    )
}

async fn read(db: &Db, revision: &AdvisoryRevision) -> Result<Advisory, DiffError> {
    let unreadable =
        |why: String| DiffError::Unreadable { id: revision.key.id.clone(), version: revision.version.clone(), why };
    let document = store::advisory::find_advisory_document(db, &revision.key, &revision.sha256)
        .await?
        .ok_or_else(|| unreadable("its document is gone".to_owned()))?;
    read_document(&document.bytes()?).map(|(advisory, _)| advisory).map_err(|e| unreadable(e.to_string()))
}

/// Judges all variants against each revision alone.
async fn compare_devices(
    db: &Db,
    key: &AdvisoryKey,
    old: Advisory,
    new: Advisory,
) -> Result<(Vec<DeviceChange>, u64), StoreError> {
    let (ids, questions): (Vec<i64>, Vec<Question>) = store::variant::list_variants_for_rescan(db)
        .await?
        .into_iter()
        .map(|(id, variant)| (id, Question { variant, serial_numbers: Vec::new() }))
        .unzip();
    let (catalogue, _) = catalogue_of(db).await?;
    let catalogue = Arc::new(catalogue);
    let [before, after] = tokio::task::block_in_place(|| {
        [old, new].map(|advisory| {
            let advisories = if advisory.fate().stands() { vec![Arc::new(advisory)] } else { Vec::new() };
            let index = ProductIndex::build(advisories, Arc::clone(&catalogue));
            findings(&index, key, &ids, &questions)
        })
    });
    let changes = diff(&before, &after);
    let change = |key: ExposureKey, before, after| Change { key, before, after, cause: Cause::Advisory };
    let mut all: Vec<Change> = Vec::new();
    all.extend(changes.opened.into_iter().map(|(key, now)| change(key, None, Some(now))));
    all.extend(changes.closed.into_iter().map(|(key, then)| change(key, Some(then), None)));
    let mut n_same = changes.n_same;
    for (key, then, now) in changes.changed {
        // That it is another revision is known; only what it says counts here.
        if then == (Finding { advisory_version: then.advisory_version.clone(), ..now.clone() }) {
            n_same += 1;
        } else {
            all.push(change(key, Some(then), Some(now)));
        }
    }
    let variant_ids: Vec<i64> = all.iter().map(|change| change.key.variant_id).collect();
    let counts = store::variant::count_assets_of_variants(db, &variant_ids).await?;
    let variants: FxHashMap<i64, Question> = ids.into_iter().zip(questions).collect();
    let mut devices: Vec<DeviceChange> = all
        .into_iter()
        .filter_map(|change| {
            let id = change.key.variant_id;
            let variant = variants.get(&id)?.variant.clone();
            Some(DeviceChange { variant, n_assets: counts.get(&id).copied().unwrap_or(0), change })
        })
        .collect();
    let turn = |device: &DeviceChange| Turn::ALL.iter().position(|turn| *turn == device.change.turn());
    devices.sort_by_key(|device| (turn(device), std::cmp::Reverse(device.n_assets), device.change.key.variant_id));
    Ok((devices, n_same))
}

/// What is affected or possible, sorted by key.
fn findings(
    index: &ProductIndex,
    key: &AdvisoryKey,
    ids: &[i64],
    questions: &[Question],
) -> Vec<(ExposureKey, Finding)> {
    let mut found = Vec::new();
    for (variant_id, judged) in ids.iter().zip(judge(index, questions, &Silent)) {
        let Judged::Done(judgement) = judged else { continue };
        for one in judgement.matches.iter().filter(|found| found.verdict >= Verdict::Possible) {
            let key = ExposureKey { variant_id: *variant_id, asset_id: None, advisory: key.clone() };
            found.push((key, finding(&index.advisories()[one.advisory as usize], one)));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
