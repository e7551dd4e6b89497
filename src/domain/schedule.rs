//! When the nightly run is due: a cron expression in a time zone. The clock comes in as a value.

use std::str::FromStr;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// When nothing else is configured: two o'clock at night, local time.
pub const DEFAULT_CRON: &str = "0 2 * * *";

/// How far back slots are looked for. A machine that was off for longer has missed "at least" what is counted.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(40 * 24);

/// Slots that are counted at most; a schedule of every minute must not make a start slow.
const MAX_SLOTS: u64 = 10_000;

/// Times of day on a calendar, as in `0 2 * * *` (minute, hour, day, month, weekday) in one time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The latest slot whose time has come; one run serves for it and all before it.
    pub slot: Timestamp,
    /// Slots before it that passed without a run.
    pub n_missed: u64,
}

/// Why a text is no schedule.
#[derive(Debug, Error)]
#[error(
    "cannot read the schedule `{text}`: expected a cron expression of five fields, {problem}\nhint: for two o'clock every night write `0 2 * * *`"
)]
pub struct ScheduleError {
    text: String,
    problem: String,
}

impl Schedule {
    /// Reads a cron expression.
    ///
    /// # Errors
    ///
    /// The text is none, or names a day that never comes.
    pub fn read(text: &str, zone: TimeZone) -> Result<Schedule, ScheduleError> {
        let failed = |problem: String| ScheduleError { text: text.to_owned(), problem };
        let n_fields = text.split_whitespace().count();
        if n_fields != 5 {
            return Err(failed(format!("found {n_fields}")));
        }
        let cron = Cron::from_str(text).map_err(|e| failed(format!("found: {e}")))?;
        let schedule = Schedule { cron, zone };
        // 2000 was a leap year, so that the 29th of February has been within the next four years.
        if schedule.next(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(30 * 365 * 24)).is_none() {
            return Err(failed("found a day that never comes".to_owned()));
        }
        Ok(schedule)
    }

    /// The first slot after this moment. A slot in the hour that a clock skips in spring comes when the hour is over;
    /// one in the hour that comes twice in autumn comes once.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_next_occurrence(&after.to_zoned(self.zone.clone()), false).ok()?.timestamp();
        (found > after).then_some(found)
    }

    /// What is due now when everything up to `after` is done.
    pub fn due(&self, after: Timestamp, now: Timestamp) -> Option<Due> {
        let earliest = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let mut at = after.max(earliest);
        let mut due: Option<Due> = None;
        while let Some(slot) = self.next(at).filter(|slot| *slot <= now) {
            let n_missed = due.map_or(0, |before| before.n_missed + 1);
            due = Some(Due { slot, n_missed });
            if n_missed >= MAX_SLOTS {
                break;
            }
            at = slot;
        }
        due
    }

    /// The zone that its times are told in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The expression as it was written.
    pub fn text(&self) -> String {
        self.cron.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str, zone: &str) -> Schedule {
        Schedule::read(text, TimeZone::get(zone).unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn nights_when_the_clocks_change_have_one_slot() {
        // (schedule, zone, from, slots until two days later)
        for (cron, zone, from, slots) in [
            // 2 to 3 o'clock does not exist on 29 March 2026 in Berlin.
            ("0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            // It comes twice on 25 October 2026.
            ("0 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            ("0 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"]),
            (
                "30 1 * * *",
                "America/New_York",
                "2026-10-31T12:00:00Z",
                ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
            ),
            // Half an hour only, on Lord Howe Island.
            (
                "0 2 * * *",
                "Australia/Lord_Howe",
                "2026-10-03T00:00:00Z",
                ["2026-10-03T15:30:00Z", "2026-10-04T15:00:00Z"],
            ),
            ("0 2 * * *", "Asia/Kolkata", "2026-03-28T12:00:00Z", ["2026-03-28T20:30:00Z", "2026-03-29T20:30:00Z"]),
        ] {
            let schedule = schedule(cron, zone);
            let first = schedule.next(at(from)).unwrap();
            let second = schedule.next(first).unwrap();
            assert_eq!([first, second], slots.map(at), "{cron} {zone}");
        }
    }

    #[test]
    fn what_was_missed_is_one_run_with_a_count() {
        let nightly = schedule("0 2 * * *", "UTC");
        let done = at("2026-11-20T02:00:00Z");
        for (now, due) in [
            ("2026-11-20T23:00:00Z", None),
            ("2026-11-21T01:59:59Z", None),
            ("2026-11-21T02:00:00Z", Some(("2026-11-21T02:00:00Z", 0))),
            ("2026-11-23T01:00:00Z", Some(("2026-11-22T02:00:00Z", 1))),
            ("2026-11-24T12:00:00Z", Some(("2026-11-24T02:00:00Z", 3))),
            // The clock was put back: what is done stays done.
            ("2026-11-19T12:00:00Z", None),
            ("1999-01-01T00:00:00Z", None),
            // Or far ahead: it is looked back for forty days.
            ("2031-01-01T12:00:00Z", Some(("2031-01-01T02:00:00Z", 39))),
        ] {
            let due = due.map(|(slot, n_missed)| Due { slot: at(slot), n_missed });
            assert_eq!(nightly.due(done, at(now)), due, "{now}");
        }
    }

    #[test]
    fn a_schedule_of_every_minute_is_not_counted_for_ever() {
        let due = schedule("* * * * *", "UTC").due(at("2026-01-01T00:00:00Z"), at("2026-11-20T00:00:00Z")).unwrap();
        assert!(due.n_missed <= MAX_SLOTS);
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_words() {
        for (text, part) in [
            ("", "found 0"),
            ("daily", "found 1"),
            ("0 2 * *", "found 4"),
            ("0 0 2 * * *", "found 6"),
            ("61 2 * * *", "found: "),
            ("0 2 30 2 *", "never comes"),
        ] {
            let message = Schedule::read(text, TimeZone::UTC).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(Schedule::read("0 2 29 2 *", TimeZone::UTC).is_ok());
    }
}
