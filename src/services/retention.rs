//! How long what is past is kept, and taking away what is older.

use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::services::backup::{Removed, remove_old};
use crate::services::outlets::OutletError;
use crate::store::retention::{RemovedHistory, delete_history_before, find_history_since};
use crate::store::{Db, StoreError};

/// The shortest history that can be asked for, in days: an evaluation record tells 35.
pub const SHORTEST_HISTORY: i64 = 40;

/// How long what is past is kept; the default is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days that messages which were sent and nightly runs are kept.
    pub days: Option<i64>,
    /// Days that closed exposures, earlier wordings and revisions that no longer count are kept.
    pub history_days: Option<i64>,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    pub removed: Removed,
    pub history: RemovedHistory,
}

impl Cleared {
    /// "12 messages, 3 runs"; `None` when nothing was taken away.
    pub fn in_words(&self) -> Option<String> {
        let counts = [
            (self.removed.n_messages, "messages"),
            (self.removed.n_runs, "runs"),
            (self.history.n_exposures, "closed exposures"),
            (self.history.n_wordings, "earlier wordings"),
            (self.history.n_revisions, "revisions of advisories"),
        ];
        let told: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if told.is_empty() { None } else { Some(told.join(", ")) }
    }
}

impl Retention {
    /// What the configuration says.
    ///
    /// # Errors
    ///
    /// A key is no number of days, or the history is shorter than the records that are made of it.
    pub fn of(config: &Config) -> Result<Retention, OutletError> {
        let days = |key: &'static str, value: &Option<String>, least: i64, expected: &'static str| {
            let Some(text) = value.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
            match text.parse::<i64>() {
                Ok(days) if (least..=36_500).contains(&days) => Ok(Some(days)),
                _ => Err(OutletError::Key { key, expected, found: text.to_owned(), hint: "for example `400`" }),
            }
        };
        let history = "a number of days, 40 at least, because a record of evaluation tells 35";
        Ok(Retention {
            days: days("retention_days", &config.retention_days, 1, "a number of days")?,
            history_days: days("history_days", &config.history_days, SHORTEST_HISTORY, history)?,
        })
    }

    /// Takes away what is older than it is kept.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn clear(&self, db: &Db, now: Timestamp) -> Result<Cleared, StoreError> {
        let mut cleared = Cleared::default();
        if let Some(days) = self.days {
            cleared.removed = remove_old(db, days, now).await?;
        }
        if let Some(days) = self.history_days {
            let before = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
            // A clock that was put back must not make what is gone look kept.
            let before = find_history_since(db).await?.map_or(before, |since| since.max(before));
            cleared.history = delete_history_before(db, before, now).await?;
        }
        Ok(cleared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_a_history_shorter_than_its_records_is_refused() {
        let of = |days: &str, history: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let config = Config { retention_days: some(days), history_days: some(history), ..Config::default() };
            Retention::of(&config).map_err(|e| e.to_string())
        };
        assert_eq!(of("", ""), Ok(Retention::default()));
        assert_eq!(of("400", "1200"), Ok(Retention { days: Some(400), history_days: Some(1_200) }));
        for (days, history) in [("0", ""), ("soon", ""), ("", "39"), ("", "-1")] {
            assert!(of(days, history).unwrap_err().contains("hint: "), "{days} {history}");
        }
    }
}
