//! Judging many variants on all cores: the part that a one-shot scan and a rescan share.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::domain::asset::Standing;
use crate::domain::catalogue::{Decisions, Holder};
use crate::domain::matching::{Match, match_holder, match_variant, why_unchecked, why_unchecked_holder};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::services::progress::Progress;

/// One variant to judge, with the serial numbers of its assets.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub variant: Variant,
    /// Distinct, sorted, blank ones left out. Looked at only where a matched product asks for them.
    pub serial_numbers: Vec<String>,
}

/// What came out for one variant.
#[derive(Clone, Debug)]
pub enum Judged {
    Done(Judgement),
    /// The matcher failed on this variant; the text says how. All others were judged.
    Failed(String),
}

/// The matches of one variant, as a whole and per serial number.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What holds for an asset whose serial number is not stated or does not matter; sorted by advisory.
    pub matches: Vec<Match>,
    /// What holds for the asset with this serial number, where an answer depends on it.
    pub by_serial: BTreeMap<String, Vec<Match>>,
    /// Why no advisory could have named it, if so.
    pub unchecked: Option<String>,
}

impl Judgement {
    /// The matches that hold for an asset with this serial number.
    pub fn matches_of(&self, serial_number: &str) -> &[Match] {
        self.by_serial.get(serial_number).unwrap_or(&self.matches)
    }

    /// Where an asset with this serial number stands.
    pub fn standing(&self, serial_number: &str) -> Standing {
        match self.matches_of(serial_number).iter().map(|m| m.verdict).max() {
            Some(worst) => Standing::of_verdict(worst),
            None if self.unchecked.is_some() => Standing::CannotBeChecked,
            None => Standing::NotNamed,
        }
    }
}

/// Judges every question against the index on all cores. The answers stand in the order of the questions, so the
/// result never depends on the timing of threads.
pub fn judge(index: &ProductIndex, questions: &[Question], progress: &dyn Progress) -> Vec<Judged> {
    progress.begin("Matching nameplates", Some(questions.len() as u64));
    let judged = questions
        .par_iter()
        .with_min_len(64)
        .map(|question| {
            let judged = judge_one(index, question);
            progress.advance(1);
            judged
        })
        .collect();
    progress.end();
    judged
}

/// One variant as one of its assets has it, or as any.
pub struct Asked<'a> {
    pub variant: &'a Variant,
    pub holder: Holder<'a>,
}

/// As [`judge`], each for one holder and with these decisions instead of those of the catalogue.
pub fn judge_holders(
    index: &ProductIndex,
    decisions: &Decisions,
    asked: &[Asked<'_>],
    progress: &dyn Progress,
) -> Vec<Judged> {
    progress.begin("Matching nameplates", Some(asked.len() as u64));
    let judged = asked
        .par_iter()
        .with_min_len(64)
        .map(|one| {
            let judged = guarded(one.variant, || {
                let matches = match_holder(index, decisions, one.variant, &one.holder);
                let unchecked = if matches.is_empty() {
                    why_unchecked_holder(index, decisions, one.variant, &one.holder)
                } else {
                    None
                };
                Judgement { matches, by_serial: BTreeMap::new(), unchecked }
            });
            progress.advance(1);
            judged
        })
        .collect();
    progress.end();
    judged
}

fn judge_one(index: &ProductIndex, question: &Question) -> Judged {
    guarded(&question.variant, || {
        let matches = match_variant(index, &question.variant, "");
        let mut by_serial = BTreeMap::new();
        if matches.iter().any(|m| m.depends_on_serial) {
            for serial_number in &question.serial_numbers {
                by_serial.insert(serial_number.clone(), match_variant(index, &question.variant, serial_number));
            }
        }
        let unchecked = if matches.is_empty() { why_unchecked(index, &question.variant) } else { None };
        Judgement { matches, by_serial, unchecked }
    })
}

/// Judges one variant; what fails there stays there.
fn guarded(variant: &Variant, work: impl FnOnce() -> Judgement) -> Judged {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(judgement) => Judged::Done(judgement),
        Err(panic) => {
            let told = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            tracing::error!(?variant, "matching a variant failed: {told}");
            Judged::Failed(format!("the matcher failed: {told}"))
        }
    }
}
