//! Messages on their way out of the house, whatever the channel.

use jiff::{SignedDuration, Timestamp};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// What it is about and for whom: a message with the same key is written once. As read back, a digest of it.
    pub key: String,
    /// `None` for tests and reports.
    pub alert_rule_id: Option<i64>,
    /// See [`super::alert::Target::channel`].
    pub channel: String,
    /// See [`super::alert::Target::text`].
    pub target: String,
    /// What the message is called in lists; the subject of a mail.
    pub subject: String,
    /// JSON, in the form of the channel.
    pub body: String,
    pub n_items: u64,
    /// Of the newest advisory it tells about.
    pub published_at: Option<Timestamp>,
    pub first_seen_at: Option<Timestamp>,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    pub new: NewMessage,
    pub created_at: Timestamp,
    /// It is tried not before this.
    pub try_at: Timestamp,
    pub n_tries: u64,
    pub sent_at: Option<Timestamp>,
    pub gave_up_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Waiting,
    Sent,
    /// Tried for a day without success; a person may send it on its way again.
    GivenUp,
}

impl State {
    /// The word used in lists and URLs.
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::GivenUp => "given_up",
        }
    }
}

impl OutboxMessage {
    /// Where it stands.
    pub fn state(&self) -> State {
        match (self.sent_at, self.gave_up_at) {
            (Some(_), _) => State::Sent,
            (None, Some(_)) => State::GivenUp,
            (None, None) => State::Waiting,
        }
    }

    /// From publication to first sight to mail, in words; blank when no advisory is behind it.
    pub fn timing(&self) -> String {
        let span = |from: Timestamp, until: Timestamp| in_words(until.duration_since(from));
        match (self.new.published_at, self.new.first_seen_at, self.sent_at) {
            (_, None, _) => String::new(),
            (Some(published), Some(seen), Some(sent)) => {
                format!("seen {} after publication, sent {} after that", span(published, seen), span(seen, sent))
            }
            (Some(published), Some(seen), None) => format!("seen {} after publication", span(published, seen)),
            (None, Some(seen), Some(sent)) => format!("sent {} after it was seen", span(seen, sent)),
            (None, Some(_), None) => String::new(),
        }
    }
}

fn in_words(span: SignedDuration) -> String {
    match span.as_secs() {
        ..60 => "at once".to_owned(),
        secs @ 60..7_200 => format!("{} min", secs / 60),
        secs @ 7_200..172_800 => format!("{} h", secs / 3_600),
        secs => format!("{} days", secs / 86_400),
    }
}

/// Attempts before a message is given up; with [`pause_after`] that is about a day.
pub const MAX_TRIES: u64 = 12;

/// How long to wait after this many attempts: 1, 2, 4 … minutes, at most 4 hours. `None` when it is time to give up.
pub fn pause_after(n_tries: u64) -> Option<SignedDuration> {
    if n_tries >= MAX_TRIES {
        return None;
    }
    let minutes = 1_i64 << n_tries.saturating_sub(1).min(8);
    Some(SignedDuration::from_mins(minutes.min(240)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_after_about_a_day() {
        let pauses: Vec<i64> = (1..MAX_TRIES).filter_map(pause_after).map(|pause| pause.as_mins()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]);
        assert_eq!(pause_after(MAX_TRIES), None);
    }

    #[test]
    fn the_times_from_publication_to_mail_are_told() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let mut message = OutboxMessage {
            new: NewMessage {
                key: "1".to_owned(),
                alert_rule_id: None,
                channel: "mail".to_owned(),
                target: "a@example.org".to_owned(),
                subject: String::new(),
                body: String::new(),
                n_items: 1,
                published_at: at("2026-11-20T10:00:00Z"),
                first_seen_at: at("2026-11-20T10:25:00Z"),
            },
            created_at: at("2026-11-20T10:25:30Z").unwrap(),
            try_at: at("2026-11-20T10:25:30Z").unwrap(),
            n_tries: 1,
            sent_at: at("2026-11-20T10:25:40Z"),
            gave_up_at: None,
            error: None,
        };
        assert_eq!(message.timing(), "seen 25 min after publication, sent at once after that");
        message.sent_at = None;
        message.new.first_seen_at = at("2026-11-23T10:25:00Z");
        assert_eq!(message.timing(), "seen 3 days after publication");
    }
}
