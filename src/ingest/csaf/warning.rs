//! What is odd about a document that was read all the same.

use std::fmt;

/// One oddity of a document, at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CsafWarning {
    pub kind: CsafWarningKind,
    /// JSON pointer of the place; blank for the document as a whole.
    pub pointer: String,
    /// What was expected and found, in words.
    pub detail: String,
}

impl fmt::Display for CsafWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.detail)?;
        if !self.pointer.is_empty() {
            write!(f, " at `{}`", self.pointer)?;
        }
        Ok(())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The kinds of oddities, those that can change a verdict first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CsafWarningKind {
            $($(#[$doc])* $name,)*
        }

        impl CsafWarningKind {
            /// All kinds, in the order in which they are listed.
            pub const ALL: &'static [CsafWarningKind] = &[$(CsafWarningKind::$name,)*];

            /// The word used in files, URLs and the database.
            pub fn word(self) -> &'static str {
                match self {
                    $(CsafWarningKind::$name => $word,)*
                }
            }

            /// The kind with this word; `None` for any other text.
            pub fn from_word(word: &str) -> Option<CsafWarningKind> {
                CsafWarningKind::ALL.iter().copied().find(|kind| kind.word() == word)
            }
        }
    };
}

impl CsafWarningKind {
    /// Whether a document with this oddity may be matched in another way than its author meant.
    pub fn can_change_a_verdict(self) -> bool {
        self <= CsafWarningKind::UnreadVersion
    }
}

kinds! {
    /// Vulnerabilities without a product in the tree: nothing can be matched.
    NoProducts = "no_products",
    /// A vulnerability whose product status is missing or lists nothing.
    NoStatus = "no_status",
    /// A product that no vulnerability gives a status, while others have one.
    ProductWithoutStatus = "product_without_status",
    /// One product in groups of statuses that exclude each other (CSAF 2.1 section 3.2.4.12).
    ContradictingStatuses = "contradicting_statuses",
    /// An id that no product of the tree has.
    UndefinedProductId = "undefined_product_id",
    /// An id that no product group has.
    UndefinedGroupId = "undefined_group_id",
    /// Two products with one id: what is said of the id is taken to mean both.
    DuplicateProductId = "duplicate_product_id",
    /// Two groups with one id: their products are joined.
    DuplicateGroupId = "duplicate_group_id",
    /// A branch that ends without a product, so that nothing can refer to it.
    BranchWithoutProduct = "branch_without_product",
    /// Relationships that rest on each other in a circle or too deep; the product stands alone.
    CircularRelationship = "circular_relationship",
    /// A branch or product without a name.
    BlankName = "blank_name",
    /// A product whose path names no vendor.
    NoVendor = "no_vendor",
    /// A helper with more wildcards than the standard allows; found by lint only.
    MalformedHelper = "malformed_helper",
    /// A fix that exists and does not exist, or is for a product that needs none; found by lint only.
    ContradictingRemediations = "contradicting_remediations",
    /// A range where the standard has one version; it is read as the range; found by lint only.
    RangeAsVersion = "range_as_version",
    /// An extension that its author calls necessary to understand the document.
    EssentialExtension = "essential_extension",
    /// The version text of a product that could not be read; found by lint only.
    UnreadVersion = "unread_version",
    /// A file whose name says that its document does not fulfil the standard; found by lint only.
    MarkedInvalid = "marked_invalid",
    /// A file whose name is not made of the id of its document; found by lint only.
    FileName = "file_name",
    /// What the category of the document demands or forbids; found by lint only.
    ProfileMismatch = "profile_mismatch",
    /// Version, status and revision history that do not fit together; found by lint only.
    InconsistentTracking = "inconsistent_tracking",
    /// One CVE in several vulnerabilities; found by lint only.
    RepeatedCve = "repeated_cve",
    /// Two scores of one CVSS version for one product; found by lint only.
    RepeatedScore = "repeated_score",
    /// More branches above a product than the standard allows; found by lint only.
    DeepTree = "deep_tree",
    /// A field that the standard requires is missing.
    MissingField = "missing_field",
    /// Without a tracking id the document is known by its digest.
    MissingTrackingId = "missing_tracking_id",
    /// A document version that is neither an integer nor semantic.
    MalformedVersion = "malformed_version",
    /// Integer and semantic versions in one document.
    MixedVersionTypes = "mixed_version_types",
    /// Neither 2.0 nor 2.1.
    UnknownCsafVersion = "unknown_csaf_version",
    /// A value of another JSON type than the standard's.
    WrongType = "wrong_type",
    /// A deviation from the JSON schema of the document's edition; found by lint only.
    Schema = "schema",
    /// A key that stands twice in one object; the last value counts.
    RepeatedKey = "repeated_key",
    /// A word outside the list of the standard; it is kept.
    UnknownWord = "unknown_word",
    /// A date that is no RFC 3339 date with a zone.
    UnreadableDate = "unreadable_date",
    /// A CVSS score that is missing or outside 0 to 10.
    UnreadableScore = "unreadable_score",
    /// A CVE id that does not look like one.
    MalformedCve = "malformed_cve",
    /// A score, a rating or a metric that is not what the vector beside it gives; the vector counts.
    ContradictingScore = "contradicting_score",
    /// A score that names no product.
    ScoreWithoutProduct = "score_without_product",
    /// A remediation that names no product.
    RemediationWithoutProduct = "remediation_without_product",
    /// An extension that this program does not know; how much it matters is in the detail.
    UnknownExtension = "unknown_extension",
    /// UTF-8 that was read as a Windows code page somewhere on its way; repaired.
    Mojibake = "mojibake",
    /// NUL characters; removed.
    ControlCharacter = "control_character",
    /// The document is not UTF-8, or begins with a byte order mark.
    Encoding = "encoding",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_differ() {
        for kind in CsafWarningKind::ALL {
            assert_eq!(CsafWarningKind::from_word(kind.word()), Some(*kind));
        }
    }
}
