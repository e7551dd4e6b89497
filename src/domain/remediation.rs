//! What an advisory tells the owner to do.

use jiff::Timestamp;

/// The kind of remedy, spelled as in CSAF 2.1, section 3.2.4.14; unknown words are kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RemediationCategory {
    VendorFix,
    Mitigation,
    Workaround,
    OptionalPatch,
    FixPlanned,
    NoneAvailable,
    NoFixPlanned,
    Other(String),
}

impl RemediationCategory {
    /// Reads the CSAF word; a word outside the standard becomes `Other`.
    pub fn from_word(word: &str) -> RemediationCategory {
        match word {
            "vendor_fix" => RemediationCategory::VendorFix,
            "mitigation" => RemediationCategory::Mitigation,
            "workaround" => RemediationCategory::Workaround,
            "optional_patch" => RemediationCategory::OptionalPatch,
            "fix_planned" => RemediationCategory::FixPlanned,
            "none_available" => RemediationCategory::NoneAvailable,
            "no_fix_planned" => RemediationCategory::NoFixPlanned,
            other => RemediationCategory::Other(other.to_owned()),
        }
    }

    /// The CSAF word.
    pub fn word(&self) -> &str {
        match self {
            RemediationCategory::VendorFix => "vendor_fix",
            RemediationCategory::Mitigation => "mitigation",
            RemediationCategory::Workaround => "workaround",
            RemediationCategory::OptionalPatch => "optional_patch",
            RemediationCategory::FixPlanned => "fix_planned",
            RemediationCategory::NoneAvailable => "none_available",
            RemediationCategory::NoFixPlanned => "no_fix_planned",
            RemediationCategory::Other(word) => word,
        }
    }
}

/// One remedy for some products of one vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remediation {
    pub category: RemediationCategory,
    pub details: String,
    pub url: Option<String>,
    /// When the remedy became available, if the document says so.
    pub available_at: Option<Timestamp>,
    /// CSAF `restart_required.category` (`none`, `machine`, `system`, …) when given.
    pub restart_required: Option<String>,
    pub entitlements: Vec<String>,
    /// Indices into `Advisory::products`, groups expanded, sorted; empty means the document binds it to no product.
    pub products: Vec<u32>,
}

/// What the owner has done about one exposure: the three words of CSAF 2.1, section 9.1.13 (asset matching system).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RemediationStatus {
    #[default]
    NotRemediated,
    InProgress,
    Done,
}

impl RemediationStatus {
    /// All three, in the order in which they follow each other.
    pub const ALL: [RemediationStatus; 3] =
        [RemediationStatus::NotRemediated, RemediationStatus::InProgress, RemediationStatus::Done];

    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            RemediationStatus::NotRemediated => "not_remediated",
            RemediationStatus::InProgress => "in_progress",
            RemediationStatus::Done => "done",
        }
    }

    /// The status with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<RemediationStatus> {
        RemediationStatus::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            RemediationStatus::NotRemediated => "not remediated",
            RemediationStatus::InProgress => "in progress",
            RemediationStatus::Done => "done",
        }
    }
}
