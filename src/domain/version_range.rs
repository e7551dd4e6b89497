//! The version text of an advisory's product: which firmwares it means.

use super::firmware::Firmware;
use super::verdict::Doubt;

/// The versions that one product entry means: the text as written beside intervals and conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    raw: String,
}

/// What a device shows that a version text may ask for.
#[derive(Clone, Copy, Debug)]
pub struct DeviceReading<'a> {
    pub firmware: &'a Firmware,
    /// Serial number as written; blank when not stated.
    pub serial_number: &'a str,
    /// Hardware revision as written (`FS 4`, `Ser. B`); blank when not stated.
    pub hardware_revision: &'a str,
}

/// Where a firmware lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Outside,
    Unclear,
    Inside,
}

/// The answer of [`VersionRange::answer`], with what was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeAnswer {
    pub place: Place,
    /// At least one when `Unclear`, else empty.
    pub doubts: Vec<Doubt>,
    /// What was compared, in words that follow "Affected: " or "Not affected: ": "3.1.2 is below 4.0.0".
    pub sentence: String,
    /// The answer used the serial number or would change with it.
    pub depends_on_serial: bool,
}

impl VersionRange {
    /// Reads the version text of an entry. `product_name` is the leaf's full product name, which often
    /// states in prose what the version text garbles. Reading never fails; see [`VersionRange::unread`].
    pub fn read(text: &str, _product_name: &str) -> VersionRange {
        VersionRange { raw: text.to_owned() }
    }

    /// The text as written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether every version is meant, so that the firmware does not matter.
    pub fn is_all(&self) -> bool {
        true
    }

    /// The part number, model or article number that stands where a version should, if one does.
    pub fn named_product(&self) -> Option<&str> {
        None
    }

    /// The part of the text that was not understood, if any.
    pub fn unread(&self) -> Option<&str> {
        None
    }

    /// The range in words: "all versions", "below 4.0.0".
    pub fn in_words(&self) -> String {
        self.raw.clone()
    }

    /// Says whether the device lies inside.
    pub fn answer(&self, _device: DeviceReading<'_>) -> RangeAnswer {
        RangeAnswer {
            place: Place::Inside,
            doubts: Vec::new(),
            sentence: "all versions".to_owned(),
            depends_on_serial: false,
        }
    }
}
