//! Keeping in the audit what was done where no other part of the program depends on it: sources, alerts, settings,
//! imports and the like.

use jiff::Timestamp;

use crate::domain::audit::{Act, NewAudit};
use crate::store::audit::save_act;
use crate::store::{Db, StoreError};

/// Who did what: a sentence, and what was before and is now, in words.
pub struct Deed<'a> {
    pub who: &'a str,
    pub act: Act,
    /// One sentence without a full stop: "source cisa enabled".
    pub what: String,
    pub before: String,
    pub after: String,
}

impl<'a> Deed<'a> {
    /// A deed that needs no more words than its sentence.
    pub fn new(who: &'a str, act: Act, what: impl Into<String>) -> Deed<'a> {
        Deed { who, act, what: what.into(), before: String::new(), after: String::new() }
    }

    /// With what was before and is now.
    #[must_use]
    pub fn changing(self, before: impl Into<String>, after: impl Into<String>) -> Deed<'a> {
        Deed { before: before.into(), after: after.into(), ..self }
    }
}

/// Keeps what was done, once it was done.
///
/// # Errors
///
/// The database fails.
pub async fn note(db: &Db, deed: Deed<'_>, now: Timestamp) -> Result<(), StoreError> {
    let Deed { who, act, what, before, after } = deed;
    let who = if who.trim().is_empty() { "somebody at this machine" } else { who };
    save_act(db, &NewAudit { who: who.to_owned(), act, what, before, after, undoes: None }, now).await?;
    Ok(())
}
