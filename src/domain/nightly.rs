//! The nightly chain: its steps, what each came to, and how the runs stand.

use jiff::Timestamp;

/// One step of the chain, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// New advisories from the sources that are enabled.
    Fetch,
    /// The lists of exploited vulnerabilities and of exploit probabilities.
    Enrich,
    Rescan,
    /// Messages of the alert rules are written to the outbox.
    Alert,
    /// Scheduled reports.
    Report,
    /// The outbox is sent.
    Deliver,
}

impl Step {
    /// All steps in order, with the words used in the database.
    pub const ALL: [(Step, &'static str); 6] = [
        (Step::Fetch, "fetch"),
        (Step::Enrich, "enrich"),
        (Step::Rescan, "rescan"),
        (Step::Alert, "alert"),
        (Step::Report, "report"),
        (Step::Deliver, "deliver"),
    ];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        Step::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, word)| word)
    }

    /// The step with this word.
    pub fn from_word(word: &str) -> Option<Step> {
        Step::ALL.iter().find(|(_, known)| *known == word).map(|(step, _)| *step)
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    /// There was nothing to do it with; the sentence says what is not configured.
    Skipped,
    Failed,
}

impl Outcome {
    /// All outcomes with the words used in the database.
    pub const ALL: [(Outcome, &'static str); 3] =
        [(Outcome::Done, "done"), (Outcome::Skipped, "skipped"), (Outcome::Failed, "failed")];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        Outcome::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, word)| word)
    }

    /// The outcome with this word.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.iter().find(|(_, known)| *known == word).map(|(outcome, _)| *outcome)
    }
}

/// A step that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDone {
    pub step: Step,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub outcome: Outcome,
    /// A sentence with counts, or why it was skipped or failed.
    pub told: String,
}

/// Who started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartedBy {
    Schedule,
    Command,
    Page,
}

impl StartedBy {
    /// All of them with the words used in the database.
    pub const ALL: [(StartedBy, &'static str); 3] =
        [(StartedBy::Schedule, "schedule"), (StartedBy::Command, "command"), (StartedBy::Page, "page")];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        StartedBy::ALL.iter().find(|(by, _)| *by == self).map_or("", |(_, word)| word)
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<StartedBy> {
        StartedBy::ALL.iter().find(|(_, known)| *known == word).map(|(by, _)| *by)
    }
}

/// One nightly run, finished or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightlyRun {
    /// The time of the schedule that it serves; `None` when a person started it out of turn.
    pub slot_at: Option<Timestamp>,
    pub started_by: StartedBy,
    pub started_at: Timestamp,
    /// `None` while it runs, and when it was killed.
    pub finished_at: Option<Timestamp>,
    /// Slots before its own that passed without a run.
    pub n_missed: u64,
    /// The first step that failed, in words.
    pub error: Option<String>,
    /// In the order in which they were done.
    pub steps: Vec<StepDone>,
}

/// How the runs stand, for the banner and for `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the last run that came to its end did so.
    pub last_finished_at: Option<Timestamp>,
    /// Slots that passed since without a run, beyond the grace that a running one needs.
    pub n_missed: u64,
    pub next_at: Option<Timestamp>,
    /// The first step of the last run that failed.
    pub error: Option<String>,
}

impl Standing {
    /// "No nightly run since 2026-11-20 02:14 (2 missed)"; `None` while all is well.
    pub fn warning(&self, zone: &jiff::tz::TimeZone) -> Option<String> {
        if self.n_missed == 0 {
            return None;
        }
        let since = self.last_finished_at.map_or_else(
            || "No nightly run yet".to_owned(),
            |at| format!("No nightly run since {}", at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z")),
        );
        Some(format!("{since} ({} missed)", self.n_missed))
    }
}
