//! Which products of which advisories a variant is: the verdict for one variant, with typed evidence.

mod alternatives;
mod explanation;
mod fix;
mod identity;
mod judgement;
mod near_miss;
mod settling;
#[cfg(test)]
mod tests;
mod version_in_model;

use super::catalogue::{Decisions, Holder};
use super::nameplate::{NameplateReading, Variant};
use super::product_index::ProductIndex;
use super::verdict::{Confidence, Doubt, Reading, Verdict};

pub use judgement::STILL_INVESTIGATED;
pub use near_miss::{NearMiss, near_misses, why_unchecked};

/// Why no advisory could have named this holder of the variant, with these decisions; `None` when one could.
pub fn why_unchecked_holder(
    index: &ProductIndex,
    decisions: &Decisions,
    variant: &Variant,
    holder: &Holder<'_>,
) -> Option<String> {
    let mut device = NameplateReading::read(variant, index.catalogue());
    device.decisions = decisions.of(&device.decision_key, holder);
    near_miss::unchecked(index, &device, &variant.nameplate)
}

/// The answer for one variant and one advisory.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Index into [`ProductIndex::advisories`].
    pub advisory: u32,
    /// The entry that decided: index into that advisory's products.
    pub product: u32,
    pub verdict: Verdict,
    pub confidence: Confidence,
    /// At least one when the verdict is `Possible`, else empty. Sorted.
    pub doubts: Vec<Doubt>,
    /// One sentence without the verdict word in front: "3.1.2 is below 4.0.0".
    pub reason: String,
    /// What was compared, in the order vendor, product, order number, firmware, hardware revision, condition.
    pub evidence: Vec<EvidencePart>,
    /// The vulnerabilities that hold, as (index into `Advisory::vulnerabilities`, verdict), sorted by index; those
    /// for which the entries have no status are left out.
    pub vulnerabilities: Vec<(u32, Verdict)>,
    /// All entries of the advisory that name this variant, the deciding one included, sorted.
    pub products: Vec<u32>,
    /// The version that fixes the deciding product, as the advisory names it; `None` when it names none.
    pub fix: Option<String>,
    /// The answer would change with the serial number, so it must be judged per asset.
    pub depends_on_serial: bool,
    /// What to read off the device so that `Possible` becomes yes or no; all of it is needed. Empty when no reading
    /// settles it, and for the other verdicts. Sorted.
    pub settled_by: Vec<Reading>,
    /// What would change the verdict, as one sentence: "4.0.0 or later: not affected.". Blank when nothing would.
    pub what_would_change_it: String,
}

/// A part of the nameplate that a comparison is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Vendor,
    Product,
    OrderNumber,
    Firmware,
    HardwareRevision,
    SerialNumber,
    Condition,
}

impl Part {
    /// The word as a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Part::Vendor => "vendor",
            Part::Product => "product",
            Part::OrderNumber => "order number",
            Part::Firmware => "firmware",
            Part::HardwareRevision => "hardware revision",
            Part::SerialNumber => "serial number",
            Part::Condition => "condition",
        }
    }
}

/// How one part of the nameplate compares with the advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartResult {
    Same,
    /// The advisory's text covers yours: family, series, wildcard, alias.
    Covers,
    InDoubt,
    Differs,
    NotStated,
}

impl PartResult {
    /// The word used in files.
    pub fn word(self) -> &'static str {
        match self {
            PartResult::Same => "same",
            PartResult::Covers => "covers",
            PartResult::InDoubt => "in doubt",
            PartResult::Differs => "differs",
            PartResult::NotStated => "not stated",
        }
    }
}

/// One row of the explanation: part, yours, the advisory's, the rule applied, the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidencePart {
    pub part: Part,
    /// As written on the device; blank when not stated.
    pub yours: String,
    /// As written in the advisory; blank when it says nothing.
    pub advisory: String,
    /// The rule in words, with the name of the catalogue entry or alias used: "alias, built in".
    pub rule: String,
    pub result: PartResult,
}

/// Judges one variant against all advisories of the index.
///
/// `serial_number` is that of one asset, or blank for the variant as a whole. At most one match per advisory, sorted
/// by advisory index; an advisory without a match is about other products. A firmware that gives a choice of versions
/// (`1.1 or 1.10`) is judged as each of them, and is `Possible` where they differ.
pub fn match_variant(index: &ProductIndex, variant: &Variant, serial_number: &str) -> Vec<Match> {
    match_holder(index, index.catalogue().decisions(), variant, &Holder::with_serial(serial_number))
}

/// As [`match_variant`], with these decisions instead of those of the catalogue, for this holder of the variant.
pub fn match_holder(index: &ProductIndex, decisions: &Decisions, variant: &Variant, holder: &Holder<'_>) -> Vec<Match> {
    let alternatives = alternatives::alternatives(&variant.firmware);
    if alternatives.is_empty() {
        return judgement::judge(index, decisions, variant, holder);
    }
    let judge_as = |firmware: &&str| {
        let one = Variant { firmware: (*firmware).to_owned(), ..variant.clone() };
        judgement::judge(index, decisions, &one, holder)
    };
    let answers = alternatives.iter().map(judge_as).collect();
    alternatives::join(&alternatives, answers)
}
