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
    /// An account was made.
    AddAccount,
    /// What an account may see and do was changed.
    ChangeRights,
    /// An account was closed.
    CloseAccount,
    /// A closed account was opened again.
    OpenAccount,
    /// An account got another passphrase.
    SetPassphrase,
    /// A token was made.
    AddToken,
    /// A token was ended.
    EndToken,
    /// Logins were held up, because too many had failed.
    HoldLogins,
    /// A source of advisories was configured, changed, turned on or off.
    ChangeSource,
    /// A bundle was loaded.
    LoadBundle,
    /// The key of bundles is trusted, or no longer.
    TrustKey,
    /// An alert was made, changed, turned on or off, or removed.
    ChangeAlert,
    /// A scheduled report was made or removed.
    ChangeSchedule,
    /// A setting was changed.
    ChangeSetting,
    /// Aliases were added, put out of force or brought back.
    ChangeAlias,
    /// An advisory was added by hand, commented or taken away.
    ChangeAdvisory,
    /// A plan was made, changed or frozen.
    ChangePlan,
    /// An inventory was imported.
    Import,
    /// An import was taken back.
    UndoImport,
    /// A report was made to keep, or removed.
    ReportFile,
    /// The sample plant was loaded or removed.
    Sample,
}

impl Act {
    /// All acts.
    pub const ALL: [Act; 25] = [
        Act::Answer,
        Act::MarkRemediation,
        Act::EditAssets,
        Act::Undo,
        Act::AddAccount,
        Act::ChangeRights,
        Act::CloseAccount,
        Act::OpenAccount,
        Act::SetPassphrase,
        Act::AddToken,
        Act::EndToken,
        Act::HoldLogins,
        Act::ChangeSource,
        Act::LoadBundle,
        Act::TrustKey,
        Act::ChangeAlert,
        Act::ChangeSchedule,
        Act::ChangeSetting,
        Act::ChangeAlias,
        Act::ChangeAdvisory,
        Act::ChangePlan,
        Act::Import,
        Act::UndoImport,
        Act::ReportFile,
        Act::Sample,
    ];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        match self {
            Act::Answer => "answer",
            Act::MarkRemediation => "mark_remediation",
            Act::EditAssets => "edit_assets",
            Act::Undo => "undo",
            Act::AddAccount => "add_account",
            Act::ChangeRights => "change_rights",
            Act::CloseAccount => "close_account",
            Act::OpenAccount => "open_account",
            Act::SetPassphrase => "set_passphrase",
            Act::AddToken => "add_token",
            Act::EndToken => "end_token",
            Act::HoldLogins => "hold_logins",
            Act::ChangeSource => "change_source",
            Act::LoadBundle => "load_bundle",
            Act::TrustKey => "trust_key",
            Act::ChangeAlert => "change_alert",
            Act::ChangeSchedule => "change_schedule",
            Act::ChangeSetting => "change_setting",
            Act::ChangeAlias => "change_alias",
            Act::ChangeAdvisory => "change_advisory",
            Act::ChangePlan => "change_plan",
            Act::Import => "import",
            Act::UndoImport => "undo_import",
            Act::ReportFile => "report_file",
            Act::Sample => "sample",
        }
    }

    /// Whether the act is about accounts, which only administrators are shown.
    pub fn is_about_accounts(self) -> bool {
        matches!(
            self,
            Act::AddAccount
                | Act::ChangeRights
                | Act::CloseAccount
                | Act::OpenAccount
                | Act::SetPassphrase
                | Act::AddToken
                | Act::EndToken
                | Act::HoldLogins
        )
    }

    /// Whether the act can be taken back by another act; all others are answered by doing the opposite.
    pub fn can_be_taken_back(self) -> bool {
        matches!(self, Act::Answer | Act::MarkRemediation | Act::EditAssets)
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
