//! The audit: what people did, who, when, and what was before. Entries are added and never changed; an act that is
//! taken back is an act of its own.

use jiff::Timestamp;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A question was answered.
    Answer,
    /// The remediation of exposures was marked.
    MarkRemediation,
    /// Values of assets were typed in.
    EditAssets,
    /// An earlier act was taken back.
    Undo,
}

impl Act {
    /// All acts.
    pub const ALL: [Act; 4] = [Act::Answer, Act::MarkRemediation, Act::EditAssets, Act::Undo];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        match self {
            Act::Answer => "answer",
            Act::MarkRemediation => "mark_remediation",
            Act::EditAssets => "edit_assets",
            Act::Undo => "undo",
        }
    }

    /// The act with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.word() == word)
    }
}

/// An act that is about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    pub who: String,
    pub act: Act,
    /// One sentence.
    pub what: String,
    /// What was and what is, in words; blank where the rows of the act itself tell.
    pub before: String,
    pub after: String,
    /// The act that this one takes back.
    pub undoes: Option<i64>,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub audit_id: i64,
    pub acted_at: Timestamp,
    pub entry: NewAudit,
    /// The act that took this one back.
    pub undone_by: Option<i64>,
}
