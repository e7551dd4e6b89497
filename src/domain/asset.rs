//! One installed device at a site.

use jiff::Timestamp;

use super::inventory::Field;
use super::nameplate::Variant;
use super::verdict::Verdict;

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
    /// The network zone it stands in, as the owner wrote it; see [`super::priority::ZoneLevel::read`].
    pub zone: String,
    pub notes: String,
    /// Values of columns that mean no field, as (header, value).
    pub unmapped: Vec<(String, String)>,
    /// Where it was read: `Meters!F17 of plant.xlsx`.
    pub place: String,
}

/// One asset of an import, with the key that tells which known asset it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedAsset {
    /// Two rows with this key are the same asset: site and asset tag, else site and serial number, else site and place.
    /// Any text; two keys are the same when they are equal character by character.
    pub identity: String,
    pub asset: Asset,
}

/// An asset as it is kept, with its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAsset {
    pub asset_id: i64,
    pub variant_id: i64,
    /// See [`ImportedAsset::identity`].
    pub identity: String,
    pub asset: Asset,
    /// When an import first brought it.
    pub first_seen_at: Timestamp,
    /// When an import last brought it.
    pub last_seen_at: Timestamp,
    /// The first import of its site that no longer had it; `None` while the last one had it.
    pub not_seen_since: Option<Timestamp>,
    /// Retired assets are kept for reports of earlier days and no longer judged.
    pub retired_at: Option<Timestamp>,
}

/// One value of an asset that an import changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetChange {
    /// The import that changed it.
    pub inventory_id: i64,
    pub changed_at: Timestamp,
    /// The word of a [`super::inventory::Field`], or `unmapped`, `not_seen_since` or `retired_at`.
    pub field: String,
    pub before: String,
    pub after: String,
}

/// What a person read off an asset and typed in: fields of its nameplate, its firmware or its serial number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetEdit {
    pub asset_id: i64,
    /// Each field once.
    pub values: Vec<(Field, String)>,
}

impl AssetEdit {
    /// The fields that can be typed in.
    pub const FIELDS: [Field; 6] =
        [Field::Vendor, Field::Model, Field::PartNumber, Field::HardwareRevision, Field::Firmware, Field::SerialNumber];
}

/// One value of an asset that a person changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandEdit {
    pub asset_id: i64,
    /// The act that changed it.
    pub audit_id: i64,
    pub changed_at: Timestamp,
    /// The word of a [`Field`].
    pub field: String,
    pub before: String,
    pub after: String,
    pub who: String,
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

    /// Where an asset stands of which this is the worst verdict, before anything is handled.
    pub fn of_verdict(verdict: Verdict) -> Standing {
        match verdict {
            Verdict::Affected => Standing::Affected,
            Verdict::Possible => Standing::Possible,
            Verdict::NotAffected => Standing::RuledOut,
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
