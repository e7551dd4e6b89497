//! One installed device at a site.

use super::nameplate::Variant;

/// One installed device. Blank texts mean "not stated".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// What the owner calls it: the asset tag of the inventory, or a made one (`row-17`) when it has none.
    pub tag: String,
    pub name: String,
    pub site: String,
    pub area: String,
    pub variant: Variant,
    pub serial_number: String,
    pub ip_address: String,
    pub mac_address: String,
    pub quantity: String,
    pub criticality: String,
    pub notes: String,
    /// Values of columns that mean no field, as (header, value).
    pub unmapped: Vec<(String, String)>,
    /// Where it was read: `Meters!F17 of plant.xlsx`.
    pub place: String,
}

/// Where an asset stands after a rescan: exactly one of six places, which always add up to all assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    Affected,
    Possible,
    /// All its exposures are done or their risk is accepted.
    Handled,
    /// Named by an advisory, not affected.
    RuledOut,
    /// The vendor is covered, and no advisory names the device.
    NotNamed,
    /// No source covers the vendor, or the nameplate is too poor.
    CannotBeChecked,
}

impl Standing {
    /// All six, in the order in which they are shown.
    pub const ALL: [Standing; 6] = [
        Standing::Affected,
        Standing::Possible,
        Standing::Handled,
        Standing::RuledOut,
        Standing::NotNamed,
        Standing::CannotBeChecked,
    ];

    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Affected => "affected",
            Standing::Possible => "possible",
            Standing::Handled => "handled",
            Standing::RuledOut => "ruled_out",
            Standing::NotNamed => "not_named",
            Standing::CannotBeChecked => "cannot_be_checked",
        }
    }

    /// The standing with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|s| s.word() == word)
    }

    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            Standing::Affected => "affected",
            Standing::Possible => "possible",
            Standing::Handled => "handled",
            Standing::RuledOut => "ruled out",
            Standing::NotNamed => "not named",
            Standing::CannotBeChecked => "cannot be checked",
        }
    }
}
