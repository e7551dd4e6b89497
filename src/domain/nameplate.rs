//! What a device says of itself: the nameplate, and the variant (nameplate with firmware) that a verdict depends on.

/// What identifies a device's product, as written on it or in the inventory. Blank texts mean "not stated".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nameplate {
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
}

/// A nameplate with a firmware: the unit that a verdict depends on.
///
/// `notes` holds only what can change a verdict (a component with its own firmware, a function state); it is blank
/// for nearly all devices, so that a million devices stay some ten thousand variants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    pub nameplate: Nameplate,
    pub firmware: String,
    pub notes: String,
}
