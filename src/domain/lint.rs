//! What is odd about advisory documents, for the people who publish or doubt them.

/// One oddity of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// The file, or the tracking id of a document of the database.
    pub file: String,
    /// The word of the kind, as in `unread_version`; [`LintFinding::UNREADABLE`] for a document that cannot be read.
    pub kind: &'static str,
    /// JSON pointer of the place; blank for the document as a whole.
    pub pointer: String,
    /// What was expected and found, in words.
    pub detail: String,
}

impl LintFinding {
    /// The kind of a document that cannot be read at all.
    pub const UNREADABLE: &str = "unreadable";
}

/// The findings of many documents, and how much of their version texts is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintReport {
    /// By document, those that can change a verdict first.
    pub findings: Vec<LintFinding>,
    /// The number of findings of each kind that occurs, those that can change a verdict first.
    pub by_kind: Vec<(&'static str, u64)>,
    pub n_documents: u64,
    /// Documents without any finding.
    pub n_clean: u64,
    /// Products with a version text, each text as often as it stands.
    pub n_version_texts: u64,
    /// Those of which a part is not understood.
    pub n_version_texts_unread: u64,
}

impl LintReport {
    /// The share of version texts that are not understood wholly, in percent; 0 when there are none.
    pub fn unread_percent(&self) -> f64 {
        if self.n_version_texts == 0 {
            return 0.0;
        }
        self.n_version_texts_unread as f64 * 100.0 / self.n_version_texts as f64
    }
}
