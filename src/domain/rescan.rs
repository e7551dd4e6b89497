//! One run of the matcher over all variants, and what it counted.

use jiff::Timestamp;

use super::asset::Standing;

/// Why a run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    Manual,
    Import,
    Advisory,
    Nightly,
}

impl Trigger {
    /// All triggers with the words used in the database.
    pub const ALL: [(Trigger, &'static str); 4] = [
        (Trigger::Manual, "manual"),
        (Trigger::Import, "import"),
        (Trigger::Advisory, "advisory"),
        (Trigger::Nightly, "nightly"),
    ];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        Trigger::ALL.iter().find(|(t, _)| *t == self).map_or("", |(_, w)| w)
    }

    /// The trigger with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Trigger> {
        Trigger::ALL.iter().find(|(_, w)| *w == word).map(|(t, _)| *t)
    }
}

/// Where a variant stands after a run.
///
/// It is what holds for all assets of the variant. An exposure that is kept for one asset (see
/// [`super::exposure::ExposureKey::asset_id`]) can only raise where that asset stands; so a variant that only
/// serial-dependent entries name stands at [`Standing::RuledOut`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantStanding {
    pub variant_id: i64,
    pub standing: Standing,
    /// Why it cannot be checked; blank for other standings.
    pub why: String,
}

/// One run that came to its end, well or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescan {
    pub trigger: Trigger,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// Version of the program that judged.
    pub matcher_version: String,
    pub n_assets: u64,
    pub n_variants: u64,
    pub n_advisories: u64,
    pub n_opened: u64,
    pub n_changed: u64,
    pub n_closed: u64,
    pub n_same: u64,
    /// Variants whose matching failed; their exposures were left as they were.
    pub n_not_judged: u64,
    /// Why it failed, in words; `None` when its results were saved. A run that failed saved nothing else.
    pub error: Option<String>,
}
