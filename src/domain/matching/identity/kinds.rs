//! What can be said about a device and an entry's product, with its evidence.

use crate::domain::catalogue::FamilyId;
use crate::domain::verdict::Confidence;

/// What identified the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductEvidence {
    /// The user said so.
    Decision { author: String, date: String },
    /// Both sides have this identifier, which tells the product entirely: its kind, yours, theirs and its place in the
    /// helper of the entry.
    Identifier { kind: &'static str, yours: String, theirs: String, place: String, names_version: bool },
    /// Both sides have this order number.
    OrderEqual { yours: String },
    /// The entry's order-number pattern covers yours.
    OrderCovered { yours: String, pattern: String },
    /// The same designator or name.
    Name { text: String },
    /// The entry names a pattern of designators that covers yours.
    NameCovered { yours: String, pattern: String },
    /// The entry names a family and the catalogue says that your designator is a member.
    Family { family: FamilyId, member: Option<String> },
    /// The device carries this component.
    Component { family: FamilyId },
}

impl ProductEvidence {
    /// How sure this kind of evidence is, by the table in `docs/matching.md`.
    pub fn confidence(&self) -> Confidence {
        match self {
            ProductEvidence::Decision { .. }
            | ProductEvidence::Identifier { .. }
            | ProductEvidence::OrderEqual { .. }
            | ProductEvidence::Name { .. } => Confidence::Certain,
            ProductEvidence::OrderCovered { .. }
            | ProductEvidence::NameCovered { .. }
            | ProductEvidence::Family { .. }
            | ProductEvidence::Component { .. } => Confidence::Likely,
        }
    }
}

/// Why a device is not the product, though something fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The user said so.
    Decision {
        author: String,
        date: String,
    },
    /// The user said that what the entry depends on is not there.
    NoCondition {
        author: String,
        date: String,
    },
    OtherVendor,
    /// Both sides have order numbers of one scheme and they differ.
    OrderDiffers {
        yours: String,
        theirs: String,
        place: usize,
    },
    /// Same name, another series letter.
    OtherSeries,
    /// The entry excepts this device.
    Excepted,
    /// A device is not the software that configures it.
    SoftwareForIt,
    /// The entry names a component or CPU variant that this device does not carry.
    OtherComponent {
        theirs: FamilyId,
    },
    /// A sibling: the entry names `theirs`, the device says `yours`.
    OtherModel {
        theirs: String,
        yours: String,
    },
    /// Nothing in common that counts.
    Unrelated,
}

/// The relation of a device and one entry's product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    Is(Identified),
    /// Less specific, vague or without a vendor.
    Unsure {
        why: Uncertainty,
        evidence: ProductEvidence,
    },
    /// The entry depends on a part that the row does not show.
    Condition {
        why: String,
        evidence: ProductEvidence,
        /// The part has a firmware of its own, so that the device's says nothing.
        own_firmware: bool,
    },
    IsNot(Miss),
}

/// Why a device may be the product and may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncertainty {
    /// The vendor's name would tell.
    VendorNotStated,
    /// The entry does not say which members of this family it means.
    VagueEntry { family: String },
    /// The row names the family, the entry a member of it.
    NamedWithoutModel { family: String, theirs: String },
    /// The entry's name has words that the row does not say.
    SaysLess { theirs: String, missing: String },
}

impl Uncertainty {
    /// In words that complete "Possible: …".
    pub fn in_words(&self) -> String {
        match self {
            Uncertainty::VendorNotStated => "the vendor is not stated".to_owned(),
            Uncertainty::VagueEntry { family } => format!("the advisory does not say which `{family}` it means"),
            Uncertainty::NamedWithoutModel { family, theirs } => {
                format!("`{family}` is named without its model, the advisory names `{theirs}`")
            }
            Uncertainty::SaysLess { theirs, missing } => {
                format!("the advisory names `{theirs}`, the row does not say `{missing}`")
            }
        }
    }
}

/// A device that is the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    pub evidence: ProductEvidence,
    /// Over the entries of one advisory the more specific one speaks: see `RANK_*`.
    pub rank: u8,
    /// The component whose firmware counts instead of the device's: index into the reading's components.
    pub component: Option<usize>,
}
