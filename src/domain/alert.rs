//! Who hears of which change: rules, the changes they let through, and what a message tells.

use jiff::Timestamp;

use super::change::{Cause, Change, Turn};
use super::priority::Severity;

/// What a rule can tell about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertEvent {
    New,
    Worse,
    FixNamed,
    Closed,
    RunMissed,
    SourceSilent,
}

impl AlertEvent {
    /// All events with their words, in the order of a message.
    pub const ALL: [(AlertEvent, &'static str); 6] = [
        (AlertEvent::New, "new"),
        (AlertEvent::Worse, "worse"),
        (AlertEvent::FixNamed, "fix_named"),
        (AlertEvent::Closed, "closed"),
        (AlertEvent::RunMissed, "run_missed"),
        (AlertEvent::SourceSilent, "source_silent"),
    ];

    /// What a rule tells about unless it says otherwise: all but closed ones.
    pub const USUAL: [AlertEvent; 5] =
        [AlertEvent::New, AlertEvent::Worse, AlertEvent::FixNamed, AlertEvent::RunMissed, AlertEvent::SourceSilent];

    /// The word used in the database, in URLs and as an argument.
    pub fn word(self) -> &'static str {
        AlertEvent::ALL.iter().find(|(event, _)| *event == self).map_or("", |(_, word)| word)
    }

    /// The event with this word.
    pub fn from_word(word: &str) -> Option<AlertEvent> {
        AlertEvent::ALL.iter().find(|(_, known)| *known == word).map(|(event, _)| *event)
    }

    /// The heading of a message's section.
    pub fn heading(self) -> &'static str {
        match self {
            AlertEvent::New => "New",
            AlertEvent::Worse => "Worse",
            AlertEvent::FixNamed => "Fix now named",
            AlertEvent::Closed => "Closed",
            AlertEvent::RunMissed => "Runs missed",
            AlertEvent::SourceSilent => "Silent sources",
        }
    }

    /// What a change is for a rule; `None` when it is nothing to write about.
    pub fn of_change(change: &Change) -> Option<AlertEvent> {
        match change.turn() {
            Turn::New => Some(AlertEvent::New),
            Turn::Worse => Some(AlertEvent::Worse),
            Turn::Better if change.names_fix() => Some(AlertEvent::FixNamed),
            Turn::Closed => Some(AlertEvent::Closed),
            Turn::Better | Turn::Retold => None,
        }
    }
}

/// How often a rule writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rhythm {
    /// After each run that changed something.
    Run,
    Daily,
    Weekly,
}

impl Rhythm {
    /// All rhythms with their words.
    pub const ALL: [(Rhythm, &'static str); 3] =
        [(Rhythm::Run, "run"), (Rhythm::Daily, "daily"), (Rhythm::Weekly, "weekly")];

    /// The word used in the database, in URLs and as an argument.
    pub fn word(self) -> &'static str {
        Rhythm::ALL.iter().find(|(rhythm, _)| *rhythm == self).map_or("", |(_, word)| word)
    }

    /// The rhythm with this word.
    pub fn from_word(word: &str) -> Option<Rhythm> {
        Rhythm::ALL.iter().find(|(_, known)| *known == word).map(|(rhythm, _)| *rhythm)
    }

    /// When digests of this rhythm are due, as a cron expression; `None` for every run.
    pub fn cron(self) -> Option<&'static str> {
        match self {
            Rhythm::Run => None,
            Rhythm::Daily => Some("0 7 * * *"),
            Rhythm::Weekly => Some("0 7 * * 1"),
        }
    }
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// `ot-team@example.org`
    Mail(String),
    /// `https://chat.example/hook`
    Webhook(String),
    /// `folder:/var/spool/nameplate`: one .eml file a message.
    Folder(String),
    /// `syslog://siem.example:514`: one CEF line an item, over UDP, or over TCP with `syslog+tcp://`.
    Syslog(String),
}

impl Target {
    /// Reads an address, a webhook's URL, `folder:PATH` or `syslog://HOST:PORT`.
    ///
    /// # Errors
    ///
    /// A sentence that says what was expected. What passes holds no control character, so that no header can be
    /// smuggled into a message.
    pub fn read(text: &str) -> Result<Target, String> {
        let text = text.trim();
        let refuse = |expected: &str| {
            Err(format!(
                "cannot use the recipient `{}`: expected {expected}\nhint: write `name@example.org`, `https://host/path`, `folder:/path` or `syslog://host:514`",
                text.chars().filter(|c| !c.is_control()).collect::<String>()
            ))
        };
        if text.is_empty() || text.len() > 2_000 || text.chars().any(char::is_control) {
            return refuse("one line of at most 2,000 bytes");
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return Ok(Target::Webhook(text.to_owned()));
        }
        if let Some(path) = text.strip_prefix("folder:") {
            return if path.is_empty() { refuse("the path of a folder") } else { Ok(Target::Folder(path.to_owned())) };
        }
        if let Some(host) = text.strip_prefix("syslog://").or_else(|| text.strip_prefix("syslog+tcp://")) {
            let port = host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?)));
            return match port {
                Some((name, _)) if !name.is_empty() && !name.contains('/') => Ok(Target::Syslog(text.to_owned())),
                _ => refuse("a host and a port"),
            };
        }
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        match address.rsplit_once('@') {
            Some((local, domain)) if is_local_part(local) && is_domain(domain) && address.len() <= 254 => {
                Ok(Target::Mail(address.to_owned()))
            }
            _ => refuse("a mail address"),
        }
    }

    /// The channel's word in the database.
    pub fn channel(&self) -> &'static str {
        match self {
            Target::Mail(_) => "mail",
            Target::Webhook(_) => "webhook",
            Target::Folder(_) => "folder",
            Target::Syslog(_) => "syslog",
        }
    }

    /// The text that [`Target::read`] reads.
    pub fn text(&self) -> String {
        match self {
            Target::Mail(text) | Target::Webhook(text) | Target::Syslog(text) => text.clone(),
            Target::Folder(path) => format!("folder:{path}"),
        }
    }

    /// The target as it is shown: a webhook's path and query may be its secret.
    pub fn shown(&self) -> String {
        match self {
            Target::Webhook(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                format!("{scheme}://{host}/…")
            }
            other => other.text(),
        }
    }
}

/// Dot-atoms of RFC 5322 only: quoted local parts are rare and a door for smuggling.
fn is_local_part(text: &str) -> bool {
    let is_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('.')
        && !text.ends_with('.')
        && !text.contains("..")
        && text.chars().all(is_atom)
}

fn is_domain(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

/// A rule: what somebody wants to hear about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// At most 100 characters on one line; stands in the subject.
    pub name: String,
    /// Words of the exposure list, as in its URL; blank for all exposures.
    pub filter: String,
    /// At least this severity. What is exploited, and what has no score, always passes.
    pub severity: Option<Severity>,
    pub events: Vec<AlertEvent>,
    pub rhythm: Rhythm,
    /// Numbers and links only.
    pub is_counts_only: bool,
    /// One message a week even when nothing changed.
    pub has_sign_of_life: bool,
    pub is_enabled: bool,
}

/// Longest name of a rule, in characters.
pub const MAX_NAME: usize = 100;

impl AlertRule {
    /// Whether the rule tells about this item.
    pub fn tells(&self, item: &AlertItem) -> bool {
        self.events.contains(&item.event) && self.passes_severity(item.severity, item.is_exploited)
    }

    /// Whether a severity passes: what is exploited always does, and not knowing a score is no reason for silence.
    pub fn passes_severity(&self, severity: Option<Severity>, is_exploited: bool) -> bool {
        match (self.severity, severity) {
            _ if is_exploited => true,
            (None, _) | (_, None) => true,
            (Some(at_least), Some(severity)) => severity >= at_least,
        }
    }
}

/// One line of a message: one nameplate, one advisory, what became different.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertItem {
    pub event: AlertEvent,
    pub cause: Cause,
    /// Vendor, model, order number and firmware as the inventory writes them.
    pub nameplate: String,
    pub n_assets: u64,
    /// Where they stand, by name.
    pub sites: Vec<String>,
    pub advisory_id: String,
    pub title: String,
    pub severity: Option<Severity>,
    pub cvss: Option<f32>,
    pub is_exploited: bool,
    /// `possible → affected`.
    pub told: String,
    /// "3.1.2 is below 4.0.0".
    pub reason: String,
    pub fix: Option<String>,
    /// When the publisher released the revision, and when it came into the database.
    pub published_at: Option<Timestamp>,
    pub first_seen_at: Option<Timestamp>,
}

impl AlertItem {
    /// The order in a message: exploited, severity, more devices.
    pub fn urgency(&self) -> (bool, Option<Severity>, u64) {
        (self.is_exploited, self.severity, self.n_assets)
    }
}

/// How many of one event a message is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertCount {
    /// Nameplates times advisories.
    pub n_items: u64,
    /// Of these, exploited ones.
    pub n_exploited: u64,
}

/// What one message tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertDigest {
    pub rule: String,
    /// The filter in words; "all sites" when there is none.
    pub scope: String,
    /// Since when changes are told; `None` before the first run.
    pub since: Option<Timestamp>,
    pub judged_at: Option<Timestamp>,
    pub advisories_up_to: Option<Timestamp>,
    /// In the order of [`AlertEvent::ALL`].
    pub counts: [AlertCount; 6],
    /// The most urgent of each event, at most [`MAX_LISTED`].
    pub items: Vec<AlertItem>,
    /// Missed runs and silent sources, one sentence each.
    pub notices: Vec<(AlertEvent, String)>,
    /// Open exposures that are as they were; `None` when the rule is about some of them only.
    pub n_unchanged: Option<u64>,
    /// Assets that no advisory can be checked for.
    pub n_unchecked: Option<u64>,
    /// Changes that another version of the matcher made and that wait for a confirmation.
    pub n_held: u64,
    pub is_sign_of_life: bool,
    pub is_counts_only: bool,
}

/// Lines of one event that a message lists; the rest is a number with a link.
pub const MAX_LISTED: usize = 20;

impl AlertDigest {
    /// Counts an item, and lists it while it is among the most urgent of its event.
    pub fn add(&mut self, item: AlertItem) {
        let count = &mut self.counts[place(item.event)];
        count.n_items += 1;
        count.n_exploited += u64::from(item.is_exploited);
        let of_event = self.items.iter().filter(|other| other.event == item.event).count();
        let at = self.items.partition_point(|other| {
            (other.event, std::cmp::Reverse(other.urgency())) <= (item.event, std::cmp::Reverse(item.urgency()))
        });
        let event = item.event;
        self.items.insert(at, item);
        if of_event >= MAX_LISTED
            && let Some(last) = self.items.iter().rposition(|other| other.event == event)
        {
            self.items.remove(last);
        }
    }

    /// Adds the counts and items of another digest of the same rule.
    pub fn add_counts(&mut self, other: AlertDigest) {
        let listed: Vec<AlertEvent> = other.items.iter().map(|item| item.event).collect();
        for (at, count) in other.counts.iter().enumerate() {
            // What is listed is counted as it is added.
            let n_listed = listed.iter().filter(|event| place(**event) == at).count() as u64;
            self.counts[at].n_items += count.n_items - n_listed.min(count.n_items);
            let n_exploited =
                other.items.iter().filter(|item| place(item.event) == at && item.is_exploited).count() as u64;
            self.counts[at].n_exploited += count.n_exploited - n_exploited.min(count.n_exploited);
        }
        for item in other.items {
            self.add(item);
        }
    }

    /// Counts a sentence about a missed run or a silent source.
    pub fn add_notice(&mut self, event: AlertEvent, sentence: String) {
        self.counts[place(event)].n_items += 1;
        self.notices.push((event, sentence));
    }

    /// How many of this event there are.
    pub fn count(&self, event: AlertEvent) -> AlertCount {
        self.counts[place(event)]
    }

    /// All items and notices.
    pub fn n_items(&self) -> u64 {
        self.counts.iter().map(|count| count.n_items).sum()
    }
}

fn place(event: AlertEvent) -> usize {
    AlertEvent::ALL.iter().position(|(known, _)| *known == event).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_read_and_what_could_smuggle_a_header_is_refused() {
        for (text, channel, shown) in [
            ("ot-team@example.org", "mail", "ot-team@example.org"),
            ("mailto:müller@bücher.example", "mail", "müller@bücher.example"),
            (" o'brien+nameplate@sub.example.org ", "mail", "o'brien+nameplate@sub.example.org"),
            ("https://user:pw@chat.example:8443/hook/secret?k=1", "webhook", "https://chat.example:8443/…"),
            ("folder:/var/spool/alerts", "folder", "folder:/var/spool/alerts"),
            ("syslog://siem.example:514", "syslog", "syslog://siem.example:514"),
            ("syslog+tcp://10.0.0.9:6514", "syslog", "syslog+tcp://10.0.0.9:6514"),
        ] {
            let target = Target::read(text).unwrap();
            assert_eq!((target.channel(), target.shown().as_str()), (channel, shown), "{text}");
            assert_eq!(Target::read(&target.text()).as_ref(), Ok(&target));
        }
        for text in [
            "",
            "nobody",
            "a@b@",
            "@example.org",
            "a b@example.org",
            "a@exa mple.org",
            "a@example.org\r\nBcc: all@example.org",
            "a@example.org,b@example.org",
            "\"a b\"@example.org",
            "<a@example.org>",
            "a..b@example.org",
            "a@-example.org",
            "folder:",
            "syslog://siem.example",
            "syslog://:514",
            "ftp://example.org/x@y",
        ] {
            let message = Target::read(text).unwrap_err();
            assert!(message.contains("hint: "), "{text}: {message}");
            assert!(!message.contains('\r'));
        }
    }

    fn item(event: AlertEvent, severity: Option<Severity>, is_exploited: bool, n_assets: u64) -> AlertItem {
        AlertItem {
            event,
            cause: Cause::Advisory,
            nameplate: "Schneider Electric PM8000 3.1.2".to_owned(),
            n_assets,
            sites: vec!["Riverside".to_owned()],
            advisory_id: "ICSA-23-229-03".to_owned(),
            title: "Power meters".to_owned(),
            severity,
            cvss: None,
            is_exploited,
            told: "new: affected".to_owned(),
            reason: "3.1.2 is below 4.0.0".to_owned(),
            fix: None,
            published_at: None,
            first_seen_at: None,
        }
    }

    #[test]
    fn exploited_and_unscored_pass_every_severity() {
        let rule = AlertRule {
            name: "All".to_owned(),
            filter: String::new(),
            severity: Some(Severity::High),
            events: AlertEvent::USUAL.to_vec(),
            rhythm: Rhythm::Run,
            is_counts_only: false,
            has_sign_of_life: true,
            is_enabled: true,
        };
        for (event, severity, is_exploited, tells) in [
            (AlertEvent::New, Some(Severity::High), false, true),
            (AlertEvent::New, Some(Severity::Critical), false, true),
            (AlertEvent::New, Some(Severity::Medium), false, false),
            (AlertEvent::New, Some(Severity::Low), true, true),
            (AlertEvent::New, None, false, true),
            (AlertEvent::Closed, Some(Severity::Critical), true, false),
        ] {
            assert_eq!(rule.tells(&item(event, severity, is_exploited, 1)), tells, "{event:?} {severity:?}");
        }
    }

    #[test]
    fn a_message_counts_all_and_lists_the_most_urgent_of_each_event() {
        let mut digest = AlertDigest::default();
        for n in 0..100 {
            digest.add(item(AlertEvent::Worse, Some(Severity::Low), false, n));
            digest.add(item(AlertEvent::New, Some(Severity::Medium), n == 50, n));
        }
        digest.add(item(AlertEvent::New, Some(Severity::Critical), false, 1));
        digest.add_notice(AlertEvent::SourceSilent, "CISA: silent for 3 days".to_owned());
        assert_eq!(digest.count(AlertEvent::New), AlertCount { n_items: 101, n_exploited: 1 });
        assert_eq!((digest.n_items(), digest.items.len()), (202, 2 * MAX_LISTED));
        assert!(digest.items[0].is_exploited, "exploited first");
        assert_eq!(digest.items[1].severity, Some(Severity::Critical));
        assert_eq!(digest.items[MAX_LISTED].event, AlertEvent::Worse, "new before worse");
        assert_eq!(digest.items[MAX_LISTED].n_assets, 99);
    }
}
