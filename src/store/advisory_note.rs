//! Comments on advisories, read marks, and taking advisories away.

use jiff::Timestamp;

use super::advisory::{SavedRevisions, choose_current, find_version_without, key_digest};
use super::advisory_search::reader_digest;
use super::error::StoreError;
use super::text::{clean, read_count, read_time, time};
use super::{Alone, Db, Tx};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::{AdvisoryComment, Deletion};

/// The comments on this advisory, the oldest first.
pub async fn list_advisory_comments(db: &Db, key: &AdvisoryKey) -> Result<Vec<AdvisoryComment>, StoreError> {
    sql!(
        db,
        all(i64, String, String, String),
        "select n.advisory_comment_id, n.author, n.text, n.commented_at from advisory_comment n \
         join advisory d on d.advisory_id = n.advisory_id where d.key_digest = $1 \
         order by n.commented_at, n.advisory_comment_id",
        key_digest(key)
    )?
    .into_iter()
    .map(|(comment_id, author, text, at)| {
        let commented_at = read_time("advisory_comment.commented_at", &at)?;
        Ok(AdvisoryComment { comment_id, advisory: key.clone(), author, text, commented_at })
    })
    .collect()
}

/// Adds a comment; gives its id, or `None` when the advisory is not known.
pub async fn save_advisory_comment(
    db: &Db,
    key: &AdvisoryKey,
    author: &str,
    text: &str,
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    Ok(sql!(
        db,
        opt(i64,),
        "insert into advisory_comment (advisory_id, author, text, commented_at) \
         select advisory_id, $2, $3, $4 from advisory where key_digest = $1 returning advisory_comment_id",
        key_digest(key),
        clean(author).as_ref(),
        clean(text).as_ref(),
        time(at)
    )?
    .map(|(id,)| id))
}

/// Takes a comment away; says whether it was there.
pub async fn delete_advisory_comment(db: &Db, comment_id: i64) -> Result<bool, StoreError> {
    Ok(sql!(db, exec(), "delete from advisory_comment where advisory_comment_id = $1", comment_id)? > 0)
}

/// Whether this reader has read the revision of this advisory that counts.
pub async fn has_read(db: &Db, key: &AdvisoryKey, reader: &str) -> Result<bool, StoreError> {
    let n = sql!(db, val i64,
        "select count(*) from advisory_read m \
         join advisory_revision r on r.advisory_revision_id = m.advisory_revision_id and r.is_current \
         join advisory d on d.advisory_id = r.advisory_id where d.key_digest = $1 and m.reader_digest = $2",
        key_digest(key), reader_digest(reader))?;
    Ok(n > 0)
}

/// Marks the revision of this advisory that counts as read by this reader; says whether it was unread.
pub async fn save_advisory_read(db: &Db, key: &AdvisoryKey, reader: &str, at: Timestamp) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "insert into advisory_read (advisory_revision_id, reader_digest, reader, read_at) \
         select r.advisory_revision_id, $2, $3, $4 from advisory_revision r \
         join advisory d on d.advisory_id = r.advisory_id where d.key_digest = $1 and r.is_current \
         on conflict (advisory_revision_id, reader_digest) do nothing",
        key_digest(key),
        reader_digest(reader),
        clean(reader).as_ref(),
        time(at)
    )?;
    Ok(n > 0)
}

/// Takes away the mark on the revision that counts; says whether there was one.
pub async fn delete_advisory_read(db: &Db, key: &AdvisoryKey, reader: &str) -> Result<bool, StoreError> {
    let n = sql!(
        db,
        exec(),
        "delete from advisory_read where reader_digest = $2 and advisory_revision_id in ( \
            select r.advisory_revision_id from advisory_revision r \
            join advisory d on d.advisory_id = r.advisory_id where d.key_digest = $1 and r.is_current)",
        key_digest(key),
        reader_digest(reader)
    )?;
    Ok(n > 0)
}

/// What would go away with these revisions (their digests), or with all of the advisory when none are given. `None`
/// when nothing would.
pub async fn plan_deletion(db: &Db, key: &AdvisoryKey, sha256s: &[String]) -> Result<Option<Deletion>, StoreError> {
    let mut tx = db.begin_read().await?;
    plan(&mut tx, key, sha256s).await
}

/// Takes these revisions (their digests) away, or all of the advisory when none are given, with its texts and marks,
/// and the comments when no revision is left. Exposures and their history stay; a rescan closes what was open. `None`
/// when there was nothing to take away.
pub async fn delete_advisory(db: &Db, key: &AdvisoryKey, sha256s: &[String]) -> Result<Option<Deletion>, StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    let Some(deletion) = plan(&mut tx, key, sha256s).await? else { return Ok(None) };
    let Some(advisory_id) = find_advisory_id(&mut tx, key).await? else { return Ok(None) };
    let ids: Vec<i64> = list_revisions(&mut tx, advisory_id, sha256s).await?.into_iter().map(|(id, ..)| id).collect();
    for statement in [
        "delete from advisory_text where advisory_revision_id in",
        "delete from advisory_search where advisory_revision_id in",
        "delete from advisory_read where advisory_revision_id in",
        "delete from advisory_cve where advisory_revision_id in",
        "delete from advisory_revision where advisory_revision_id in",
    ] {
        for batch in ids.chunks(super::BATCH) {
            for_list!(tx & mut tx, exec, statement, batch.iter().copied(), "")?;
        }
    }
    if deletion.version_left.is_some() {
        choose_current(&mut tx, &[advisory_id], &mut SavedRevisions::default()).await?;
    } else {
        sql!(tx & mut tx, exec(), "delete from advisory_comment where advisory_id = $1", advisory_id)?;
    }
    tx.commit().await?;
    Ok(Some(deletion))
}

async fn find_advisory_id(tx: &mut Tx, key: &AdvisoryKey) -> Result<Option<i64>, StoreError> {
    let id = sql!(tx tx, opt (i64,), "select advisory_id from advisory where key_digest = $1", key_digest(key))?;
    Ok(id.map(|(id,)| id))
}

/// The revisions that are meant, as (number, version, digest), in the order in which they were added.
async fn list_revisions(
    tx: &mut Tx,
    advisory_id: i64,
    sha256s: &[String],
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let mut all = sql!(tx tx, all (i64, String, String),
        "select advisory_revision_id, version, sha256 from advisory_revision where advisory_id = $1 \
         order by advisory_revision_id", advisory_id)?;
    all.retain(|(_, _, sha256)| sha256s.is_empty() || sha256s.contains(sha256));
    Ok(all)
}

async fn plan(tx: &mut Tx, key: &AdvisoryKey, sha256s: &[String]) -> Result<Option<Deletion>, StoreError> {
    let Some(advisory_id) = find_advisory_id(tx, key).await? else { return Ok(None) };
    let meant = list_revisions(tx, advisory_id, sha256s).await?;
    if meant.is_empty() {
        return Ok(None);
    }
    let all = list_revisions(tx, advisory_id, &[]).await?;
    let version_left =
        find_version_without(tx, advisory_id, &meant.iter().map(|(id, ..)| *id).collect::<Vec<_>>()).await?;
    let is_all = meant.len() == all.len();
    let n_comments = if is_all {
        sql!(tx tx, val i64, "select count(*) from advisory_comment where advisory_id = $1", advisory_id)?
    } else {
        0
    };
    let mut n_read_marks = 0;
    for batch in meant.chunks(super::BATCH) {
        let marks = for_list!(tx tx, all (i64,),
            "select advisory_revision_id from advisory_read where advisory_revision_id in",
            batch.iter().map(|(id, ..)| *id), "")?;
        n_read_marks += marks.len() as u64;
    }
    let n_open = sql!(tx tx, val i64,
        "select count(*) from exposure where advisory_id = $1 and closed_at is null", advisory_id)?;
    let n_closed = sql!(tx tx, val i64,
        "select count(*) from exposure where advisory_id = $1 and closed_at is not null", advisory_id)?;
    Ok(Some(Deletion {
        advisory: key.clone(),
        versions: meant.into_iter().map(|(_, version, _)| version).collect(),
        version_left,
        n_comments: read_count(n_comments),
        n_read_marks,
        n_open_exposures: read_count(n_open),
        n_closed_exposures: read_count(n_closed),
    }))
}
