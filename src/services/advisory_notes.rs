//! What people leave on advisories: comments, read marks, and taking an advisory away.

use jiff::Timestamp;

use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::Deletion;
use crate::store::{Db, StoreError, advisory_note};

/// Comments on an advisory; gives the number of the comment, `None` when there is no such advisory.
///
/// # Errors
///
/// The database fails.
pub async fn comment(
    db: &Db,
    key: &AdvisoryKey,
    author: &str,
    text: &str,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    advisory_note::save_advisory_comment(db, key, author, text, now).await
}

/// Takes a comment away; `false` when there is none of that number.
///
/// # Errors
///
/// The database fails.
pub async fn remove_comment(db: &Db, comment_id: i64) -> Result<bool, StoreError> {
    advisory_note::delete_advisory_comment(db, comment_id).await
}

/// Marks the revision that counts as read by this reader, or as unread; says whether that changed anything.
///
/// # Errors
///
/// The database fails.
pub async fn mark_read(
    db: &Db,
    key: &AdvisoryKey,
    reader: &str,
    is_read: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if is_read {
        advisory_note::save_advisory_read(db, key, reader, now).await
    } else {
        advisory_note::delete_advisory_read(db, key, reader).await
    }
}

/// Takes revisions of an advisory away, named by their digests, or all of it when none is named; tells what went with
/// it, `None` when there was nothing. Exposures and their history stay.
///
/// # Errors
///
/// The database fails.
pub async fn remove_advisory(db: &Db, key: &AdvisoryKey, sha256s: &[String]) -> Result<Option<Deletion>, StoreError> {
    advisory_note::delete_advisory(db, key, sha256s).await
}
