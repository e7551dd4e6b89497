//! What people keep beside an advisory: comments, and who has read it.

use jiff::Timestamp;

use super::advisory::{AdvisoryKey, AdvisoryRevision};

/// What somebody noted about an advisory; it stays over all its revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryComment {
    pub comment_id: i64,
    pub advisory: AdvisoryKey,
    pub author: String,
    pub text: String,
    pub commented_at: Timestamp,
}

/// One revision in a list of advisories.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedAdvisory {
    pub revision: AdvisoryRevision,
    /// Whether it is the revision that counts.
    pub is_current: bool,
    /// `/document/category`; blank while the document was not read for search.
    pub category: String,
    /// The TLP label in the words of CSAF 2.1, upper case; blank when the document has none.
    pub tlp: String,
    /// `/document/aggregate_severity/text` in lower case; blank when the document has none.
    pub aggregate_severity: String,
    /// The highest base score of the document.
    pub cvss: Option<f32>,
    /// `stands`, `withdrawn` or `superseded`.
    pub fate: String,
    /// Whether the reader who asked has marked this revision as read.
    pub is_read: bool,
    pub n_comments: u64,
    /// Open exposures of all sites, each counted once a variant.
    pub n_exposures: u64,
    /// Oddities of the document, and those among them that can change a verdict.
    pub quality: Quality,
}

/// How well a document is made: its quality line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    pub n_findings: u64,
    pub n_findings_that_matter: u64,
    /// Those that are deviations from the JSON schema of the document's edition.
    pub n_schema: u64,
}

impl Quality {
    /// The quality as one line: `3 findings, 1 of them can change a verdict; the schema is kept to`.
    pub fn line(self) -> String {
        let findings = if self.n_findings == 1 { "finding" } else { "findings" };
        let found = match (self.n_findings, self.n_findings_that_matter) {
            (0, _) => "nothing odd was found in this document".to_owned(),
            (n, 0) => format!("{n} {findings}, none can change a verdict"),
            (1, _) => "1 finding, which can change a verdict".to_owned(),
            (n, m) => format!("{n} {findings}, {m} of them can change a verdict"),
        };
        match self.n_schema {
            0 => format!("{found}; it keeps to the schema of the standard"),
            1 => format!("{found}; 1 deviation from the schema of the standard"),
            n => format!("{found}; {n} deviations from the schema of the standard"),
        }
    }
}

/// What goes away with an advisory, and what stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub advisory: AdvisoryKey,
    /// The versions that go away, as the documents write them.
    pub versions: Vec<String>,
    /// The version that counts afterwards; `None` when no revision is left.
    pub version_left: Option<String>,
    pub n_comments: u64,
    pub n_read_marks: u64,
    /// Open exposures; they are closed by the next rescan and stay as history.
    pub n_open_exposures: u64,
    /// Closed exposures; they stay as history.
    pub n_closed_exposures: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quality_line_says_what_matters() {
        for (n_findings, n_findings_that_matter, n_schema, expected) in [
            (0, 0, 0, "nothing odd was found in this document; it keeps to the schema of the standard"),
            (1, 0, 1, "1 finding, none can change a verdict; 1 deviation from the schema of the standard"),
            (1, 1, 0, "1 finding, which can change a verdict; it keeps to the schema of the standard"),
            (3, 1, 2, "3 findings, 1 of them can change a verdict; 2 deviations from the schema of the standard"),
        ] {
            assert_eq!(Quality { n_findings, n_findings_that_matter, n_schema }.line(), expected);
        }
    }
}
