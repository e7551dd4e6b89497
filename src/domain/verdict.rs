//! What is said about one device and one advisory, and the doubts that keep it from being certain.

use std::fmt;

/// The answer for one variant and one advisory. No value of this type means "another product".
///
/// Ordered so that over several entries of one advisory the highest wins: `NotAffected < Possible < Affected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The product is right, and every affected range is missed or a status says fixed or known not affected.
    NotAffected,
    /// Nothing gives `Affected`, but what is known cannot rule it out; always with at least one [`Doubt`].
    Possible,
    /// The product is named with an affected status and the firmware lies inside the range.
    Affected,
}

impl Verdict {
    /// All verdicts, worst first.
    pub const ALL: [Verdict; 3] = [Verdict::Affected, Verdict::Possible, Verdict::NotAffected];

    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Affected => "affected",
            Verdict::Possible => "possible",
            Verdict::NotAffected => "not_affected",
        }
    }

    /// The verdict with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|v| v.word() == word)
    }

    /// The word as a person reads it at the head of a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Affected => "Affected",
            Verdict::Possible => "Possible",
            Verdict::NotAffected => "Not affected",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a verdict is only `possible`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoubtKind {
    /// The firmware is missing, unusable, or of another kind than the range.
    VersionUnknown,
    /// The row is less specific than the entry, the entry is vague, or the model fits several vendors.
    ProductUnsure,
    /// The entry depends on something the row does not show: a module, a feature, a serial number, a date.
    Condition,
    /// An inclusive bound is coarser than the firmware: `<= 33` against 33.011.
    ImpreciseBound,
}

impl DoubtKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [DoubtKind; 4] =
        [DoubtKind::VersionUnknown, DoubtKind::ProductUnsure, DoubtKind::Condition, DoubtKind::ImpreciseBound];

    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            DoubtKind::VersionUnknown => "version_unknown",
            DoubtKind::ProductUnsure => "product_unsure",
            DoubtKind::Condition => "condition",
            DoubtKind::ImpreciseBound => "imprecise_bound",
        }
    }

    /// The kind with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<DoubtKind> {
        DoubtKind::ALL.into_iter().find(|d| d.word() == word)
    }
}

/// One doubt and what it is about, in words that complete "Possible: …".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Doubt {
    pub kind: DoubtKind,
    /// For example "firmware not stated" or "bound `<= 33` is coarser than 33.011".
    pub detail: String,
}

impl Doubt {
    pub fn new(kind: DoubtKind, detail: impl Into<String>) -> Doubt {
        Doubt { kind, detail: detail.into() }
    }
}

/// What a person can read off a device to remove a doubt, in the order in which it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    Vendor,
    OrderNumber,
    Firmware,
    SerialNumber,
}

impl Reading {
    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            Reading::Vendor => "vendor",
            Reading::OrderNumber => "order number",
            Reading::Firmware => "firmware",
            Reading::SerialNumber => "serial number",
        }
    }

    /// The word used in files; that of the inventory's field.
    pub fn word(self) -> &'static str {
        match self {
            Reading::Vendor => "vendor",
            Reading::OrderNumber => "part_number",
            Reading::Firmware => "firmware",
            Reading::SerialNumber => "serial_number",
        }
    }
}

/// How sure the identification of the product is; follows from the kind of evidence by a table
/// (`docs/matching.md`), never from a computed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    Possible,
    Likely,
    Certain,
}

impl Confidence {
    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        }
    }

    /// The confidence with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Confidence> {
        [Confidence::Certain, Confidence::Likely, Confidence::Possible].into_iter().find(|c| c.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_wins() {
        assert_eq!(
            [Verdict::NotAffected, Verdict::Affected, Verdict::Possible].into_iter().max(),
            Some(Verdict::Affected)
        );
    }

    #[test]
    fn words_read_back() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_word(verdict.word()), Some(verdict));
        }
        for doubt in DoubtKind::ALL {
            assert_eq!(DoubtKind::from_word(doubt.word()), Some(doubt));
        }
        assert_eq!(Verdict::from_word("vulnerable"), None);
    }
}
