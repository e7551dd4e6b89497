//! A long piece of work that was started and goes on by itself: how far it is, and how it ended.

use jiff::Timestamp;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// An inventory file into the database.
    Import,
    /// Taking an import back.
    Undo,
    Rescan,
    /// Advisories from their sources.
    Fetch,
    Report,
    /// The remediation status of many assets.
    Marking,
    /// A bundle for a machine without a network, made or loaded.
    Bundle,
}

impl JobKind {
    /// All kinds with the words used in URLs and the database.
    pub const ALL: [(JobKind, &'static str); 7] = [
        (JobKind::Import, "import"),
        (JobKind::Undo, "undo"),
        (JobKind::Rescan, "rescan"),
        (JobKind::Fetch, "fetch"),
        (JobKind::Report, "report"),
        (JobKind::Marking, "marking"),
        (JobKind::Bundle, "bundle"),
    ];

    /// The word used in URLs and the database.
    pub fn word(self) -> &'static str {
        JobKind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// The kind with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<JobKind> {
        JobKind::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Others go first.
    Waiting,
    Running,
    Done,
    Failed,
    /// A person or a program asked for its end.
    Cancelled,
    /// The program that ran it ended before it did.
    Stopped,
}

impl JobState {
    /// All states with the words used in URLs and the database.
    pub const ALL: [(JobState, &'static str); 6] = [
        (JobState::Waiting, "waiting"),
        (JobState::Running, "running"),
        (JobState::Done, "done"),
        (JobState::Failed, "failed"),
        (JobState::Cancelled, "cancelled"),
        (JobState::Stopped, "stopped"),
    ];

    /// The word used in URLs and the database.
    pub fn word(self) -> &'static str {
        JobState::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    /// The state with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<JobState> {
        JobState::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    /// Whether the job waits or runs.
    pub fn is_active(self) -> bool {
        matches!(self, JobState::Waiting | JobState::Running)
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// What is being done, in words: "Importing devices".
    pub stage: String,
    /// In units of the stage.
    pub n_done: u64,
    /// `None` while it is not known.
    pub n_total: Option<u64>,
}

impl JobProgress {
    /// Hundredths that are done, at most 100; `None` while the whole is not known.
    pub fn percent(&self) -> Option<u64> {
        self.n_total.map(|total| self.n_done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100))
    }
}

/// A job that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub kind: JobKind,
    /// What is done to what, in words: "Import plant.xlsx".
    pub title: String,
    /// Who started it.
    pub who: String,
    /// What may be worked on by one job at a time ("draft 12", "rescan"); `None` when any number may run.
    pub once: Option<String>,
}

/// A job as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub job_id: i64,
    pub kind: JobKind,
    pub title: String,
    pub who: String,
    pub state: JobState,
    pub progress: JobProgress,
    /// What came out, one sentence of counts; blank until it is done.
    pub message: String,
    /// The page that shows what came out, `/inventories/12`.
    pub result_path: Option<String>,
    /// Why it failed, as a person can act on it.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    /// When its process was last heard of.
    pub heartbeat_at: Timestamp,
    pub cancel_asked_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    Done { message: String, result_path: Option<String> },
    Failed(String),
    Cancelled,
    Stopped,
}

impl JobEnd {
    /// The state that follows.
    pub fn state(&self) -> JobState {
        match self {
            JobEnd::Done { .. } => JobState::Done,
            JobEnd::Failed(_) => JobState::Failed,
            JobEnd::Cancelled => JobState::Cancelled,
            JobEnd::Stopped => JobState::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_in_hundredths_once_the_whole_is_known() {
        for (n_done, n_total, percent) in [
            (0, None, None),
            (5, None, None),
            (0, Some(10), Some(0)),
            (999, Some(1000), Some(99)),
            (12, Some(10), Some(100)),
            (0, Some(0), Some(100)),
            (u64::MAX, Some(u64::MAX), Some(1)),
        ] {
            let progress = JobProgress { stage: String::new(), n_done, n_total };
            assert_eq!(progress.percent(), percent, "{n_done} of {n_total:?}");
        }
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(
            JobKind::ALL.iter().all(|(kind, word)| JobKind::from_word(word) == Some(*kind) && kind.word() == *word)
        );
        assert!(JobState::ALL.iter().all(|(s, word)| JobState::from_word(word) == Some(*s) && s.word() == *word));
    }
}
