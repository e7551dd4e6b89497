//! One run of the matcher over all variants, and what it counted.

use jiff::Timestamp;

use super::advisory::AdvisoryKey;
use super::asset::Standing;
use super::exposure::ExposureChanges;
use super::review::Question;

/// Why a run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    Manual,
    Import,
    Advisory,
    Nightly,
    /// A user decided or taught something.
    Decision,
    /// A user typed in what a device says of itself.
    Edit,
}

impl Trigger {
    /// All triggers with the words used in the database.
    pub const ALL: [(Trigger, &'static str); 6] = [
        (Trigger::Manual, "manual"),
        (Trigger::Import, "import"),
        (Trigger::Advisory, "advisory"),
        (Trigger::Nightly, "nightly"),
        (Trigger::Decision, "decision"),
        (Trigger::Edit, "edit"),
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

/// What a run came to: everything that is saved with it.
#[derive(Clone, Debug, Default)]
pub struct RescanResult {
    pub changes: ExposureChanges,
    /// Of the variants that were judged.
    pub standings: Vec<VariantStanding>,
    /// The revisions that were judged, as (advisory, SHA-256 of the document).
    pub judged: Vec<(AdvisoryKey, String)>,
    /// The questions that the judged variants leave open.
    pub questions: Vec<Question>,
    /// Digests of questions that the judged variants asked before and ask no more.
    pub answered: Vec<String>,
    /// What the next run need not look at again.
    pub mark: RunMark,
}

/// What a run judged with and how far it looked. A run of a part that did not look at all that is new keeps the mark of
/// the run before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMark {
    /// What verdicts rest on beside advisories and devices, as (name, digest); empty when nothing was judged yet.
    pub knowledge: Vec<(String, String)>,
    /// The number of the last stretch of an asset with a variant.
    pub period_no: i64,
    /// The number of the last value of an asset that an import changed.
    pub history_no: i64,
    /// The number of the last value of an asset that a person typed in.
    pub edit_no: i64,
}

impl RunMark {
    /// The names of what is known otherwise now; all when this mark knows nothing.
    pub fn differences<'a>(&'a self, now: &'a RunMark) -> Vec<&'a str> {
        let differs = |(name, digest): &&'a (String, String)| {
            !self.knowledge.iter().any(|(known, before)| known == name && before == digest)
        };
        now.knowledge.iter().filter(differs).map(|(name, _)| name.as_str()).collect()
    }
}

/// What a run looked at. A run of a part leaves what a run of all would leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    All,
    /// These advisories against all assets.
    Advisories(Vec<AdvisoryKey>),
    /// These assets (by id) against all advisories.
    Assets(Vec<i64>),
}

impl Scope {
    /// The word used in the database and in URLs.
    pub fn word(&self) -> &'static str {
        match self {
            Scope::All => "all",
            Scope::Advisories(_) => "advisories",
            Scope::Assets(_) => "assets",
        }
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
    /// The names of a scope are kept as far as [`Rescan::MAX_NAMED`] goes.
    pub scope: Scope,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// Version of the program that judged.
    pub matcher_version: String,
    /// Why a night judged everything and not only what is new; blank otherwise.
    pub whole_because: String,
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

impl Rescan {
    /// Advisories or assets of a scope that are kept with the run.
    pub const MAX_NAMED: usize = 1000;
}
