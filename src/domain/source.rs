//! A configured place that advisories come from, its health, and how far its documents can be trusted.

use jiff::{SignedDuration, Timestamp};

/// What the check of a document's digest and signature came to, before anything in it was read.
///
/// # Source
///
/// CSAF 2.1, sections 7.1.18, 7.1.19 and 7.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trust {
    /// The digest differs, or the signature is wrong, expired or made with a key that must not be used.
    Failed,
    /// There is a signature, but no key to check it with.
    KeyMissing,
    /// There is no signature. A digest, if there is one, agrees.
    Unsigned,
    /// A valid signature of a key of the provider.
    Verified,
}

impl Trust {
    /// All states with their words.
    pub const ALL: [(&'static str, Trust); 4] = [
        ("verified", Trust::Verified),
        ("unsigned", Trust::Unsigned),
        ("key_missing", Trust::KeyMissing),
        ("failed", Trust::Failed),
    ];

    /// The state with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Trust> {
        Trust::ALL.iter().find(|(w, _)| *w == word).map(|(_, trust)| *trust)
    }

    /// The word in the database and in commands.
    pub fn word(self) -> &'static str {
        Trust::ALL.iter().find(|(_, trust)| *trust == self).map_or("", |(word, _)| word)
    }

    /// How it is said to people.
    pub fn text(self) -> &'static str {
        match self {
            Trust::Verified => "verified",
            Trust::Unsigned => "unsigned",
            Trust::KeyMissing => "key missing",
            Trust::Failed => "failed",
        }
    }
}

/// From which trust state on the documents of a source are matched; the others are held apart and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Accepts {
    /// Only documents with a valid signature.
    Verified,
    /// All but those whose check failed.
    #[default]
    NotFailed,
    /// Whatever the check said.
    All,
}

impl Accepts {
    /// All choices with their words.
    pub const ALL: [(&'static str, Accepts); 3] =
        [("verified", Accepts::Verified), ("not_failed", Accepts::NotFailed), ("all", Accepts::All)];

    /// The choice with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Accepts> {
        Accepts::ALL.iter().find(|(w, _)| *w == word).map(|(_, accepts)| *accepts)
    }

    /// The word in the database and in commands.
    pub fn word(self) -> &'static str {
        Accepts::ALL.iter().find(|(_, accepts)| *accepts == self).map_or("", |(word, _)| word)
    }

    /// Whether a document in this trust state is matched.
    pub fn takes(self, trust: Trust) -> bool {
        match self {
            Accepts::Verified => trust == Trust::Verified,
            Accepts::NotFailed => trust != Trust::Failed,
            Accepts::All => true,
        }
    }
}

/// What stands at the URL of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// The metadata of a CSAF provider, or a domain where they can be found.
    Csaf,
    /// A list of CSAF providers.
    Aggregator,
    /// One ROLIE feed, without metadata.
    Rolie,
    /// One folder with `changes.csv` or `index.txt`, without metadata.
    Directory,
    /// CISA's list of exploited vulnerabilities.
    Kev,
    /// FIRST's list of exploit probabilities.
    Epss,
    /// A signed file that somebody carries in; it is loaded, never fetched.
    Bundle,
}

impl SourceKind {
    /// All kinds with their words.
    pub const ALL: [(&'static str, SourceKind); 7] = [
        ("csaf", SourceKind::Csaf),
        ("aggregator", SourceKind::Aggregator),
        ("rolie", SourceKind::Rolie),
        ("directory", SourceKind::Directory),
        ("kev", SourceKind::Kev),
        ("epss", SourceKind::Epss),
        ("bundle", SourceKind::Bundle),
    ];

    /// The kind with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<SourceKind> {
        SourceKind::ALL.iter().find(|(w, _)| *w == word).map(|(_, kind)| *kind)
    }

    /// The word in the database and in commands.
    pub fn word(self) -> &'static str {
        SourceKind::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// A configured place that advisories come from. Secrets stay in the files that are named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called on the command line: lower-case letters, digits and dashes.
    pub name: String,
    /// What it is called on pages.
    pub title: String,
    pub kind: SourceKind,
    pub url: String,
    pub is_enabled: bool,
    pub accepts: Accepts,
    /// Takes `http` as well; otherwise HTTPS only.
    pub allows_http: bool,
    /// Connects to addresses of private networks and of this machine as well.
    pub allows_private: bool,
    /// Takes signatures that end within 30 days.
    pub allows_short_validity: bool,
    /// PEM file with certificates to trust beside those of the machine.
    pub ca_file: Option<String>,
    /// PEM file with a client certificate and its key.
    pub identity_file: Option<String>,
    /// File with a token that is sent to the host of the URL, as `Authorization: Bearer`.
    pub token_file: Option<String>,
    /// File with OpenPGP keys that are used instead of those the provider names.
    pub key_file: Option<String>,
    pub added_at: Timestamp,
}

impl Source {
    /// A source with the careful choices: not enabled, HTTPS and public addresses only, nothing that failed.
    pub fn new(name: &str, kind: SourceKind, url: &str, added_at: Timestamp) -> Source {
        Source {
            name: name.to_owned(),
            title: name.to_owned(),
            kind,
            url: url.to_owned(),
            is_enabled: false,
            accepts: Accepts::NotFailed,
            allows_http: false,
            allows_private: false,
            allows_short_validity: false,
            ca_file: None,
            identity_file: None,
            token_file: None,
            key_file: None,
            added_at,
        }
    }

    /// Whether it can be fetched; a bundle is loaded by hand.
    pub fn is_fetched(&self) -> bool {
        self.kind != SourceKind::Bundle
    }
}

/// What an answer carried so that the next request can ask whether it changed; blank where it carried nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    pub etag: String,
    pub last_modified: String,
}

/// What became of a listed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentState {
    /// It is an advisory now.
    Kept,
    /// It was fetched and trusted, but is no CSAF document that can be read.
    Unreadable,
    /// Its check came to a state that the source does not accept; it is kept apart and not matched.
    Held,
    /// It is listed, but the source does not have it.
    Missing,
}

impl DocumentState {
    /// All states with their words.
    pub const ALL: [(&'static str, DocumentState); 4] = [
        ("kept", DocumentState::Kept),
        ("unreadable", DocumentState::Unreadable),
        ("held", DocumentState::Held),
        ("missing", DocumentState::Missing),
    ];

    /// The state with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<DocumentState> {
        DocumentState::ALL.iter().find(|(w, _)| *w == word).map(|(_, state)| *state)
    }

    /// The word in the database.
    pub fn word(self) -> &'static str {
        DocumentState::ALL.iter().find(|(_, state)| *state == self).map_or("", |(word, _)| word)
    }
}

/// A document that a source lists, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    pub url: String,
    pub state: DocumentState,
    pub trust: Trust,
    /// Why it is in this state, in words.
    pub reason: String,
    /// The date in the list, as written there; blank when the list has none.
    pub listed_at: String,
    pub validator: Validator,
    /// Of the bytes, 64 hexadecimal digits; `None` when none came.
    pub sha256: Option<String>,
    /// Of the bytes.
    pub size_bytes: u64,
    pub checked_at: Timestamp,
    /// Visits, one after the other, that did not get it as an advisory; 0 once it is kept.
    pub n_tries: u64,
}

impl SourceDocument {
    /// Whether a visit leaves it alone for now. What was missing or could not be read twice is tried after half an hour, then after twice as
    /// long each time, and once in twelve hours at least; another date in the list ends the pause.
    pub fn rests(&self, listed_at: &str, now: Timestamp) -> bool {
        let is_vain = matches!(self.state, DocumentState::Missing | DocumentState::Unreadable);
        if !is_vain || self.n_tries < 2 || self.listed_at != listed_at {
            return false;
        }
        let doubled = 30_i64 << (self.n_tries - 2).min(5);
        now.duration_since(self.checked_at) < SignedDuration::from_mins(doubled.min(12 * 60))
    }
}

/// One visit to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    pub started_at: Timestamp,
    /// `None` when it was broken off, or still runs.
    pub finished_at: Option<Timestamp>,
    /// Why it did not come to its end, in words; blank when it did.
    pub error: String,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
    /// Documents in the lists.
    pub n_listed: u64,
    /// Documents that were not fetched, because the list or the server says that they are as they were.
    pub n_unchanged: u64,
    /// Revisions that were not known.
    pub n_added: u64,
    /// Fetched documents whose bytes were known.
    pub n_known: u64,
    /// Documents that were held apart.
    pub n_held: u64,
    pub n_unreadable: u64,
    pub n_missing: u64,
    pub n_requests: u64,
    /// Of all answers.
    pub size_bytes: u64,
}

impl Pull {
    /// A visit that begins.
    pub fn begun(started_at: Timestamp) -> Pull {
        Pull {
            started_at,
            finished_at: None,
            error: String::new(),
            warnings: Vec::new(),
            n_listed: 0,
            n_unchanged: 0,
            n_added: 0,
            n_known: 0,
            n_held: 0,
            n_unreadable: 0,
            n_missing: 0,
            n_requests: 0,
            size_bytes: 0,
        }
    }

    /// Whether it came to its end without an error; what a provider lists but does not have is no error of the visit.
    pub fn is_good(&self) -> bool {
        self.finished_at.is_some() && self.error.is_empty()
    }

    /// What it brought, in one sentence of counts.
    pub fn summary(&self) -> String {
        let counts = [
            (self.n_added, "new"),
            (self.n_known, "known already"),
            (self.n_unchanged, "unchanged"),
            (self.n_held, "held apart"),
            (self.n_unreadable, "unreadable"),
            (self.n_missing, "missing"),
        ];
        let told: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if told.is_empty() { "nothing new".to_owned() } else { told.join(", ") }
    }
}

/// How a source does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceHealth {
    /// The visit that began last.
    pub last_pull: Option<Pull>,
    /// Start of the last good visit.
    pub last_good_at: Option<Timestamp>,
    /// How many of its documents are in which state; only those that occur.
    pub counts: Vec<(DocumentState, Trust, u64)>,
}

impl SourceHealth {
    /// Documents that became advisories.
    pub fn n_documents(&self) -> u64 {
        self.count(DocumentState::Kept)
    }

    /// Documents in this state.
    pub fn count(&self, state: DocumentState) -> u64 {
        self.counts.iter().filter(|(s, _, _)| *s == state).map(|(_, _, n)| n).sum()
    }

    /// The lowest trust among the documents that are matched; `None` without any.
    pub fn lowest_trust(&self) -> Option<Trust> {
        self.counts.iter().filter(|(s, _, n)| *s == DocumentState::Kept && *n > 0).map(|(_, trust, _)| *trust).min()
    }

    /// Whole days since the last good visit; `None` when there was none.
    pub fn silent_days(&self, now: Timestamp) -> Option<u64> {
        let seconds = now.duration_since(self.last_good_at?).as_secs();
        Some(u64::try_from(seconds / 86_400).unwrap_or(0))
    }

    /// What went wrong last, in words; `None` when the last visit was good or there was none.
    pub fn error(&self) -> Option<&str> {
        let pull = self.last_pull.as_ref().filter(|pull| !pull.is_good())?;
        Some(if pull.error.is_empty() { "the last pull was broken off, or still runs" } else { &pull.error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_what_it_says() {
        assert!(Trust::ALL.iter().all(|(word, trust)| trust.word() == *word && Trust::from_word(word) == Some(*trust)));
        assert!(Accepts::ALL.iter().all(|(word, a)| a.word() == *word && Accepts::from_word(word) == Some(*a)));
        assert!(SourceKind::ALL.iter().all(|(word, k)| k.word() == *word && SourceKind::from_word(word) == Some(*k)));
        assert!(DocumentState::ALL.iter().all(|(w, s)| s.word() == *w && DocumentState::from_word(w) == Some(*s)));
        assert_eq!(Trust::from_word("Verified"), None);
    }

    #[test]
    fn what_failed_is_matched_only_when_the_source_says_so() {
        let taken = |accepts: Accepts| Trust::ALL.iter().filter(|(_, t)| accepts.takes(*t)).count();
        assert_eq!([taken(Accepts::Verified), taken(Accepts::NotFailed), taken(Accepts::All)], [1, 3, 4]);
        assert!(!Accepts::default().takes(Trust::Failed));
    }

    #[test]
    fn silence_is_counted_in_whole_days_since_the_last_good_pull() {
        let health = |at: &str| SourceHealth { last_good_at: Some(at.parse().unwrap()), ..SourceHealth::default() };
        let now = "2026-11-23T02:00:00Z".parse().unwrap();
        assert_eq!(health("2026-11-20T02:00:01Z").silent_days(now), Some(2));
        assert_eq!(health("2026-11-20T02:00:00Z").silent_days(now), Some(3));
        assert_eq!(health("2026-11-24T02:00:00Z").silent_days(now), Some(0), "a clock that was set back");
        assert_eq!(SourceHealth::default().silent_days(now), None);
    }

    #[test]
    fn what_is_never_got_is_looked_for_ever_more_seldom() {
        let seen: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let document = |state: DocumentState, n_tries: u64| SourceDocument {
            url: "https://a.example/x.json".to_owned(),
            state,
            trust: Trust::Unsigned,
            reason: String::new(),
            listed_at: "2026-11-01".to_owned(),
            validator: Validator::default(),
            sha256: None,
            size_bytes: 0,
            checked_at: seen,
            n_tries,
        };
        for (n_tries, minutes) in [(0, 0), (1, 0), (2, 30), (3, 60), (6, 480), (7, 720), (99, 720)] {
            let document = document(DocumentState::Missing, n_tries);
            let after = |m: i64| seen.checked_add(SignedDuration::from_mins(m)).unwrap();
            assert_eq!(document.rests("2026-11-01", after(minutes - 1)), minutes > 0, "{n_tries}");
            assert!(!document.rests("2026-11-01", after(minutes)), "{n_tries}");
            assert!(!document.rests("2026-11-22", seen), "it was changed");
        }
        for state in [DocumentState::Kept, DocumentState::Held] {
            assert!(!document(state, 5).rests("2026-11-01", seen), "another choice of the owner may let it in");
        }
    }

    #[test]
    fn a_pull_without_an_end_is_not_good() {
        let at = "2026-11-23T02:00:00Z".parse().unwrap();
        let mut pull = Pull::begun(at);
        assert!(!pull.is_good());
        pull.finished_at = Some(at);
        assert!(pull.is_good());
        assert_eq!(pull.summary(), "nothing new");
        pull.error = "no answer within 30 s".to_owned();
        (pull.n_added, pull.n_held) = (12, 1);
        assert!(!pull.is_good());
        assert_eq!(pull.summary(), "12 new, 1 held apart");
    }
}
