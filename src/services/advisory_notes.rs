//! What people leave on advisories: comments, read marks, and taking an advisory away.

use jiff::Timestamp;

use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::{AdvisoryComment, Deletion};
use crate::domain::audit::Act;
use crate::services::note_act::{Deed, note};
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
    let number = advisory_note::save_advisory_comment(db, key, author, text, now).await?;
    if number.is_some() {
        let deed = Deed::new(author, Act::ChangeAdvisory, format!("comment on {} added", key.id));
        note(db, deed.changing("", text), now).await?;
    }
    Ok(number)
}

/// Takes a comment away; `false` when it is gone already.
///
/// # Errors
///
/// The database fails.
pub async fn remove_comment(db: &Db, comment: &AdvisoryComment, who: &str, now: Timestamp) -> Result<bool, StoreError> {
    let was_there = advisory_note::delete_advisory_comment(db, comment.comment_id).await?;
    if was_there {
        let what = format!("comment of {} on {} removed", comment.author, comment.advisory.id);
        note(db, Deed::new(who, Act::ChangeAdvisory, what).changing(comment.text.clone(), ""), now).await?;
    }
    Ok(was_there)
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
pub async fn remove_advisory(
    db: &Db,
    key: &AdvisoryKey,
    sha256s: &[String],
    who: &str,
    now: Timestamp,
) -> Result<Option<Deletion>, StoreError> {
    let done = advisory_note::delete_advisory(db, key, sha256s).await?;
    if let Some(done) = &done {
        let what = format!("advisory {} revision {} taken away", key.id, done.versions.join(", "));
        let left = done.version_left.as_ref().map_or_else(String::new, |version| format!("revision {version} counts"));
        let deed = Deed::new(who, Act::ChangeAdvisory, what).changing(format!("of {}", key.namespace), left);
        note(db, deed, now).await?;
    }
    Ok(done)
}
