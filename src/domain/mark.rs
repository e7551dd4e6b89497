//! What the owner says about exposures: a reason that maps onto one of the three statuses of CSAF 2.1, section 9.1.13.

use jiff::Timestamp;

use super::advisory::AdvisoryKey;
use super::remediation::RemediationStatus;

/// Why an exposure has its status: what the owner decided or did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MarkReason {
    #[default]
    NoDecision,
    /// Up to a day; then the exposure counts as not remediated again.
    RiskAccepted,
    WaitingForFix,
    /// A plan or an order of work exists.
    Planned,
    FirmwareUpdated,
    MitigationApplied,
    Replaced,
    Removed,
    /// The vulnerabilities of the advisory were marked one by one.
    PerCve,
}

impl MarkReason {
    /// All reasons a person can give, in the order in which they are offered.
    pub const ALL: [MarkReason; 8] = [
        MarkReason::NoDecision,
        MarkReason::RiskAccepted,
        MarkReason::WaitingForFix,
        MarkReason::Planned,
        MarkReason::FirmwareUpdated,
        MarkReason::MitigationApplied,
        MarkReason::Replaced,
        MarkReason::Removed,
    ];

    /// The word used in files, URLs and the database.
    pub fn word(self) -> &'static str {
        match self {
            MarkReason::NoDecision => "no_decision",
            MarkReason::RiskAccepted => "risk_accepted",
            MarkReason::WaitingForFix => "waiting_for_fix",
            MarkReason::Planned => "planned",
            MarkReason::FirmwareUpdated => "firmware_updated",
            MarkReason::MitigationApplied => "mitigation_applied",
            MarkReason::Replaced => "replaced",
            MarkReason::Removed => "removed",
            MarkReason::PerCve => "per_cve",
        }
    }

    /// The reason with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<MarkReason> {
        MarkReason::ALL.into_iter().chain([MarkReason::PerCve]).find(|reason| reason.word() == word)
    }

    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            MarkReason::NoDecision => "no decision",
            MarkReason::RiskAccepted => "risk accepted",
            MarkReason::WaitingForFix => "waiting for a fix",
            MarkReason::Planned => "planned",
            MarkReason::FirmwareUpdated => "firmware updated",
            MarkReason::MitigationApplied => "mitigation applied",
            MarkReason::Replaced => "replaced",
            MarkReason::Removed => "removed",
            MarkReason::PerCve => "per CVE",
        }
    }

    /// The status that a reason means: the words of CSAF clause 13 onto which all of ours map.
    pub fn status(self) -> RemediationStatus {
        match self {
            MarkReason::NoDecision | MarkReason::RiskAccepted | MarkReason::WaitingForFix | MarkReason::PerCve => {
                RemediationStatus::NotRemediated
            }
            MarkReason::Planned => RemediationStatus::InProgress,
            MarkReason::FirmwareUpdated
            | MarkReason::MitigationApplied
            | MarkReason::Replaced
            | MarkReason::Removed => RemediationStatus::Done,
        }
    }
}

/// What a person says of exposures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub reason: MarkReason,
    pub note: String,
    /// The last calendar day on which an accepted risk is accepted; blank for none.
    pub expires_on: String,
    /// The firmware that was installed; blank unless it was updated.
    pub firmware: String,
}

impl Mark {
    /// The status that it gives.
    pub fn status(&self) -> RemediationStatus {
        self.reason.status()
    }

    /// The reason in words with its day or version: "risk accepted until 2027-03-01".
    pub fn in_words(&self) -> String {
        let mut words = self.reason.label().to_owned();
        if !self.firmware.is_empty() {
            words.push_str(&format!(" to {}", self.firmware));
        }
        if !self.expires_on.is_empty() {
            words.push_str(&format!(" until {}", self.expires_on));
        }
        words
    }
}

/// A mark as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMark {
    pub asset_id: i64,
    pub advisory: AdvisoryKey,
    /// Blank for the advisory as a whole.
    pub cve: String,
    /// That of the reason, or what the CVEs come to together.
    pub status: RemediationStatus,
    pub mark: Mark,
    /// Of the exposure when this was said; see [`super::exposure::Finding::fingerprint`].
    pub fingerprint: String,
    pub since: Timestamp,
    /// `None` while it lasts.
    pub until: Option<Timestamp>,
    pub audit_id: i64,
    pub who: String,
}

impl StoredMark {
    /// Whether it holds for an exposure with this fingerprint on this calendar day.
    pub fn holds(&self, fingerprint: &str, today: &str) -> bool {
        self.fingerprint == fingerprint && (self.mark.expires_on.is_empty() || *self.mark.expires_on >= *today)
    }

    /// Whether the exposure needs nothing more while the mark holds: it is done, or its risk is accepted.
    pub fn is_handled(&self) -> bool {
        self.status == RemediationStatus::Done || self.mark.reason == MarkReason::RiskAccepted
    }
}

/// How the assets of an advisory stand with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemediationCounts {
    /// Assets with an open exposure, in the order of [`RemediationStatus::ALL`].
    pub n_by_status: [u64; 3],
    /// Assets that were marked as done and whose exposure is closed.
    pub n_closed_done: u64,
}

impl RemediationCounts {
    /// Assets with an open exposure.
    pub fn n_open(&self) -> u64 {
        self.n_by_status.iter().sum()
    }

    /// Assets with this status; done includes those whose exposure is closed.
    pub fn n(&self, status: RemediationStatus) -> u64 {
        let closed = if status == RemediationStatus::Done { self.n_closed_done } else { 0 };
        self.n_by_status[status as usize] + closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_maps_onto_one_of_the_three_words_and_reads_back() {
        use RemediationStatus::{Done, InProgress, NotRemediated};
        let statuses: Vec<RemediationStatus> = MarkReason::ALL.into_iter().map(MarkReason::status).collect();
        assert_eq!(statuses, [NotRemediated, NotRemediated, NotRemediated, InProgress, Done, Done, Done, Done]);
        for reason in MarkReason::ALL {
            assert_eq!(MarkReason::from_word(reason.word()), Some(reason));
        }
    }
}
