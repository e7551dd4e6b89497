//! What a run judges with, as digests: two runs with equal digests judge the same document and device alike.

use std::fmt::Write;

use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::pack::AliasKind;
use crate::domain::rescan::RunMark;
use crate::store::{self, Db, StoreError};

/// What the digests are of, as the reason of a whole run names it.
const PROGRAM: &str = "the program";
const ALIASES: &str = "the aliases";
const DECISIONS: &str = "the decisions";
const EXPLOITED: &str = "the list of exploited vulnerabilities";

/// What a run that begins now judges with, and how far it looks.
pub async fn mark_now(db: &Db) -> Result<RunMark, StoreError> {
    let aliases = store::alias::list_aliases_in_force(db).await?;
    let aliases = aliases.into_iter().filter(|known| known.alias.kind != AliasKind::Decision);
    let list = store::kev::find_kev(db).await?.unwrap_or_default();
    let program = [env!("CARGO_PKG_VERSION").to_owned(), Catalogue::built_in_digest()];
    let knowledge = [
        (PROGRAM, digest(program.into_iter())),
        (ALIASES, digest(aliases.flat_map(|known| [known.alias_id.to_string(), known.alias.text]))),
        (DECISIONS, state_of_decisions(db).await?),
        (EXPLOITED, digest(list.entries.into_iter().map(|entry| entry.cve))),
    ];
    let knowledge = knowledge.into_iter().map(|(name, digest)| (name.to_owned(), digest)).collect();
    Ok(RunMark { knowledge, ..store::rescan::find_mark_now(db).await? })
}

/// A digest of all decisions and answers in force.
///
/// # Errors
///
/// The database fails.
pub async fn state_of_decisions(db: &Db) -> Result<String, StoreError> {
    let aliases = store::alias::list_aliases_in_force(db).await?;
    let decisions = aliases.into_iter().filter(|known| known.alias.kind == AliasKind::Decision);
    let answers = store::review::list_answers_in_force(db).await?;
    let texts = decisions
        .flat_map(|known| [known.alias_id.to_string(), known.alias.text])
        .chain(answers.into_iter().flat_map(|answer| [answer.question.digest, answer.question.fingerprint]));
    Ok(digest(texts))
}

/// Says that what one decision changed was judged, so that no night judges everything for it: the state of decisions
/// before it and after it. Does nothing when the last run did not know the state before.
///
/// # Errors
///
/// The database fails.
pub async fn save_decided(db: &Db, before: &str, after: &str) -> Result<(), StoreError> {
    let mut last = store::rescan::find_last_mark(db).await?;
    match last.knowledge.iter_mut().find(|(name, digest)| name == DECISIONS && digest == before) {
        Some((_, digest)) => after.clone_into(digest),
        None => return Ok(()),
    }
    store::rescan::save_knowledge(db, &last.knowledge).await
}

/// The mark of a run that judged these variants. It moves on when they are all that was new; what the run knew is what
/// the one before it knew, because another mark would hide from the night that it changed.
pub async fn mark_of_part(db: &Db, judged: &FxHashSet<i64>, now: RunMark) -> Result<RunMark, StoreError> {
    let last = store::rescan::find_last_mark(db).await?;
    let new = store::variant::list_variants_to_judge(db, &last).await?;
    let is_all = new.iter().all(|(variant_id, _)| judged.contains(variant_id));
    Ok(if is_all { RunMark { knowledge: last.knowledge, ..now } } else { last })
}

/// Why a run must judge everything; `None` when judging what is new is enough.
pub fn why_whole(last: &RunMark, now: &RunMark) -> Option<String> {
    if last.knowledge.is_empty() {
        return Some("no earlier run says what it judged with".to_owned());
    }
    let differences = last.differences(now);
    if differences.is_empty() { None } else { Some(format!("changed since the last run: {}", differences.join(", "))) }
}

/// The first 16 hexadecimal digits of the SHA-256 of these texts.
fn digest(texts: impl Iterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().take(8).fold(String::with_capacity(16), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_judges_everything_when_what_it_knows_is_other_than_at_the_last_run() {
        let mark = |entries: &[(&str, &str)]| RunMark {
            knowledge: entries.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect(),
            ..RunMark::default()
        };
        let now = [(PROGRAM, "1"), (ALIASES, "1"), (EXPLOITED, "1")];
        for (last, why) in [
            (&[][..], Some("no earlier run says what it judged with")),
            (&now[..], None),
            (&[(PROGRAM, "1"), (ALIASES, "2"), (EXPLOITED, "1")], Some("changed since the last run: the aliases")),
            (&[(PROGRAM, "0"), (EXPLOITED, "1")], Some("changed since the last run: the program, the aliases")),
        ] {
            assert_eq!(why_whole(&mark(last), &mark(&now)).as_deref(), why, "{last:?}");
        }
    }
}
