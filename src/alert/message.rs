//! The words of a message: subject, and text first. Pure: a digest goes in, text comes out.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::alert::{AlertDigest, AlertEvent, AlertItem};
use crate::domain::priority::Severity;

/// What a message needs beside its digest.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Times are told in it, with its name.
    pub zone: TimeZone,
    /// Where the pages of this installation are, without a slash at the end; `None` leaves links out.
    pub base_url: Option<String>,
    /// The link that stops the messages to this recipient.
    pub stop_url: Option<String>,
}

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The digest as a message.
pub fn message(digest: &AlertDigest, setting: &Setting) -> Message {
    Message { subject: subject(digest, setting), text: text(digest, setting), html: super::html::html(digest, setting) }
}

/// `[Riverside meters] 2 new, 1 worse, 5 fixable since 21 Nov`.
pub fn subject(digest: &AlertDigest, setting: &Setting) -> String {
    let name = one_line(&digest.rule);
    let since = digest
        .since
        .map(|at| format!(" since {}", at.to_zoned(setting.zone.clone()).strftime("%-d %b")))
        .unwrap_or_default();
    let counts = counts_in_words(digest);
    if counts.is_empty() {
        return format!("[{name}] nothing changed{since}");
    }
    let exploited: u64 = AlertEvent::ALL.iter().take(2).map(|(event, _)| digest.count(*event).n_exploited).sum();
    let exploited = if exploited > 0 { format!(" ({exploited} exploited)") } else { String::new() };
    format!("[{name}] {counts}{exploited}{since}")
}

/// `2 new, 1 worse, 5 fixable`; blank when there is nothing.
pub fn counts_in_words(digest: &AlertDigest) -> String {
    let words = [
        (AlertEvent::New, "new"),
        (AlertEvent::Worse, "worse"),
        (AlertEvent::FixNamed, "fixable"),
        (AlertEvent::Closed, "closed"),
    ];
    let mut parts: Vec<String> = words
        .into_iter()
        .map(|(event, word)| (digest.count(event).n_items, word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", thousands(n)))
        .collect();
    for (event, one, many) in [
        (AlertEvent::RunMissed, "missed run", "missed runs"),
        (AlertEvent::SourceSilent, "silent source", "silent sources"),
    ] {
        match digest.count(event).n_items {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            n => parts.push(format!("{} {many}", thousands(n))),
        }
    }
    parts.join(", ")
}

/// The message as plain text.
fn text(digest: &AlertDigest, setting: &Setting) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", as_of(digest, setting));
    if digest.n_items() == 0 {
        out.push_str("\nNothing changed. This message comes once a week so that silence has a meaning.\n");
    }
    for (event, _) in AlertEvent::ALL {
        section(&mut out, digest, event, setting);
    }
    let _ = writeln!(out, "\n{}", closing(digest));
    if digest.n_held > 0 {
        let _ = writeln!(out, "{}", held(digest.n_held));
    }
    if let Some(base) = &setting.base_url {
        let _ = writeln!(out, "\nAll changes: {base}/rescans");
    }
    let _ = writeln!(out, "\n-- \nSent because of the alert rule `{}`.", one_line(&digest.rule));
    let _ = writeln!(out, "{}", how_to_stop(setting));
    out
}

/// "Judged 2026-11-22 02:14 CET (01:14 UTC). Advisories to 2026-11-21. Changes since …".
pub fn as_of(digest: &AlertDigest, setting: &Setting) -> String {
    let scope = one_line(&digest.scope);
    let judged =
        digest.judged_at.map_or_else(|| "Not judged yet".to_owned(), |at| format!("Judged {}", local(at, setting)));
    let to =
        digest.advisories_up_to.map(|at| format!(" Advisories to {}.", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    let since = digest.since.map(|at| format!(" Changes since {}.", local(at, setting))).unwrap_or_default();
    format!("{judged}.{to}{since}\nAbout: {scope}.")
}

/// "Unchanged: 8,197 exposures. Cannot be checked: 510 assets."; blank when neither is known.
pub fn closing(digest: &AlertDigest) -> String {
    let mut parts = Vec::new();
    if let Some(n) = digest.n_unchanged {
        parts.push(format!("Unchanged: {} exposures.", thousands(n)));
    }
    if let Some(n) = digest.n_unchecked {
        parts.push(format!("Cannot be checked: {} assets.", thousands(n)));
    }
    parts.join(" ")
}

/// The line about changes that only another version of the program made.
pub fn held(n: u64) -> String {
    format!(
        "Not in this message: {} answers that only another version of the program gives. Look at them, then run `nameplate alert confirm`.",
        thousands(n)
    )
}

/// How to end the messages.
pub fn how_to_stop(setting: &Setting) -> String {
    match &setting.stop_url {
        Some(url) => format!("To stop these messages: {url}"),
        None => "To stop these messages, ask whoever runs nameplate to disable the rule.".to_owned(),
    }
}

fn section(out: &mut String, digest: &AlertDigest, event: AlertEvent, setting: &Setting) {
    let n = digest.count(event).n_items;
    if n == 0 {
        return;
    }
    let _ = writeln!(out, "\n{} ({})", event.heading().to_uppercase(), thousands(n));
    for (_, sentence) in digest.notices.iter().filter(|(of, _)| *of == event) {
        let _ = writeln!(out, "  {}", one_line(sentence));
    }
    if digest.is_counts_only {
        return;
    }
    let items: Vec<&AlertItem> = digest.items.iter().filter(|item| item.event == event).collect();
    for item in &items {
        let _ = writeln!(out, "  {} x {}{}", thousands(item.n_assets), one_line(&item.nameplate), at_sites(item));
        let _ = writeln!(out, "      {}  {}: {}", rating(item), one_line(&item.advisory_id), one_line(&item.title));
        let _ = writeln!(out, "      {}", why(item));
        if let Some(base) = &setting.base_url {
            let _ = writeln!(out, "      {base}/search?q={}", encoded(&item.advisory_id));
        }
    }
    let shown = items.len() as u64 + digest.notices.iter().filter(|(of, _)| *of == event).count() as u64;
    if n > shown {
        let _ = writeln!(out, "  … and {} more", thousands(n - shown));
    }
}

/// "affected: 3.1.2 is below 4.0.0. Fix: 4.0.0. Cause: advisory revision.", "possible → affected: 3.1.2 is below 4.0.0. Fix: 4.0.0. Because of an advisory revision."
pub fn why(item: &AlertItem) -> String {
    // What is new stands under that heading.
    let mut text = one_line(item.told.strip_prefix("new: ").unwrap_or(&item.told));
    if !item.reason.is_empty() {
        let _ = write!(text, ": {}", one_line(&item.reason));
    }
    match &item.fix {
        Some(fix) => {
            let _ = write!(text, ". Fix: {}", one_line(fix));
        }
        None if item.event != AlertEvent::Closed => text.push_str(". No fix is named"),
        None => {}
    }
    let _ = write!(text, ". Cause: {}.", item.cause.in_words());
    text
}

/// "EXPLOITED, high 8.8", "no score".
pub fn rating(item: &AlertItem) -> String {
    let severity = match (item.severity, item.cvss) {
        (Some(severity), Some(score)) => format!("{} {score:.1}", severity.word()),
        (Some(severity), None) => severity.word().to_owned(),
        (None, _) => "no score".to_owned(),
    };
    if item.is_exploited { format!("EXPLOITED, {severity}") } else { severity }
}

/// ", Riverside", ", Riverside and 2 more sites".
pub fn at_sites(item: &AlertItem) -> String {
    match item.sites.as_slice() {
        [] => String::new(),
        [one] => format!(", {}", one_line(one)),
        [one, two] => format!(", {} and {}", one_line(one), one_line(two)),
        [one, rest @ ..] => format!(", {} and {} more sites", one_line(one), rest.len()),
    }
}

/// `2026-11-22 02:14 CET (01:14 UTC)`.
pub fn local(at: Timestamp, setting: &Setting) -> String {
    let local = at.to_zoned(setting.zone.clone());
    if local.offset().is_zero() {
        return format!("{} UTC", local.strftime("%Y-%m-%d %H:%M"));
    }
    format!("{} ({} UTC)", local.strftime("%Y-%m-%d %H:%M %Z"), at.strftime("%H:%M"))
}

/// The text on one line: what could begin a header or a forged line becomes a blank, what turns the direction of
/// writing is left out.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {}
            '\u{2028}' | '\u{2029}' => line.push(' '),
            c if c.is_control() => line.push(' '),
            c => line.push(c),
        }
    }
    line.trim().to_owned()
}

/// `8,197`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text as the value of a query word.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The severity's word, for the CEF number and the payload; blank when not known.
pub fn severity_word(severity: Option<Severity>) -> &'static str {
    severity.map_or("", Severity::word)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::change::Cause;

    pub(crate) fn digest() -> AlertDigest {
        let mut digest = AlertDigest {
            rule: "Riverside meters".to_owned(),
            scope: "Site: Riverside".to_owned(),
            since: Some("2026-11-21T01:12:00Z".parse().unwrap()),
            judged_at: Some("2026-11-22T01:14:00Z".parse().unwrap()),
            advisories_up_to: Some("2026-11-21T00:00:00Z".parse().unwrap()),
            n_unchanged: Some(8_197),
            n_unchecked: Some(510),
            ..AlertDigest::default()
        };
        let item = AlertItem {
            event: AlertEvent::New,
            cause: Cause::Advisory,
            nameplate: "Schneider Electric PowerLogic PM8000 3.1.2".to_owned(),
            n_assets: 1_204,
            sites: vec!["Riverside".to_owned()],
            advisory_id: "ICSA-23-229-03".to_owned(),
            title: "Power & energy <meters>".to_owned(),
            severity: Some(Severity::High),
            cvss: Some(8.8),
            is_exploited: true,
            told: "new: affected".to_owned(),
            reason: "3.1.2 is below 4.0.0".to_owned(),
            fix: Some("4.0.0".to_owned()),
            published_at: None,
            first_seen_at: None,
        };
        digest.add(item.clone());
        digest.add(AlertItem {
            event: AlertEvent::FixNamed,
            cause: Cause::Advisory,
            sites: vec!["Riverside".to_owned(), "Kraftwerk Süd".to_owned(), "主変電所".to_owned()],
            is_exploited: false,
            severity: None,
            cvss: None,
            told: "none named → fix 4.0.0".to_owned(),
            ..item
        });
        digest.add_notice(AlertEvent::SourceSilent, "CISA: silent for 3 days".to_owned());
        digest
    }

    pub(crate) fn setting() -> Setting {
        Setting {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            base_url: Some("https://nameplate.example".to_owned()),
            stop_url: Some("https://nameplate.example/alerts/stop?token=abc".to_owned()),
        }
    }

    #[test]
    fn a_message_is_short_and_says_what_when_and_how_to_stop() {
        let message = message(&digest(), &setting());
        assert_eq!(message.subject, "[Riverside meters] 1 new, 1 fixable, 1 silent source (1 exploited) since 21 Nov");
        insta::assert_snapshot!(message.text, @r#"
        Judged 2026-11-22 02:14 CET (01:14 UTC). Advisories to 2026-11-21. Changes since 2026-11-21 02:12 CET (01:12 UTC).
        About: Site: Riverside.

        NEW (1)
          1,204 x Schneider Electric PowerLogic PM8000 3.1.2, Riverside
              EXPLOITED, high 8.8  ICSA-23-229-03: Power & energy <meters>
              affected: 3.1.2 is below 4.0.0. Fix: 4.0.0. Cause: advisory revision.
              https://nameplate.example/search?q=ICSA-23-229-03

        FIX NOW NAMED (1)
          1,204 x Schneider Electric PowerLogic PM8000 3.1.2, Riverside and 2 more sites
              no score  ICSA-23-229-03: Power & energy <meters>
              none named → fix 4.0.0: 3.1.2 is below 4.0.0. Fix: 4.0.0. Cause: advisory revision.
              https://nameplate.example/search?q=ICSA-23-229-03

        SILENT SOURCES (1)
          CISA: silent for 3 days

        Unchanged: 8,197 exposures. Cannot be checked: 510 assets.

        All changes: https://nameplate.example/rescans

        -- 
        Sent because of the alert rule `Riverside meters`.
        To stop these messages: https://nameplate.example/alerts/stop?token=abc
        "#);
    }

    #[test]
    fn counts_only_names_no_device_and_no_site() {
        let counts = AlertDigest { is_counts_only: true, scope: "all exposures".to_owned(), ..digest() };
        let message = message(&counts, &setting());
        for secret in ["PM8000", "Kraftwerk", "ICSA", "below 4.0.0"] {
            assert!(!message.text.contains(secret) && !message.html.contains(secret), "{secret}: {}", message.text);
        }
        assert!(message.text.contains("NEW (1)"));
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        let mut hostile = digest();
        hostile.rule = "Meters\r\nBcc: all@example.org\u{202e}".to_owned();
        hostile.items[0].title = "A\n.\r\nQUIT\u{2028}x".to_owned();
        let message = message(&hostile, &setting());
        assert!(!message.subject.contains(['\r', '\n', '\u{202e}']));
        assert!(!message.text.contains("\nBcc:") && !message.text.contains("\n."), "{}", message.text);
    }

    #[test]
    fn silence_is_said() {
        let quiet = AlertDigest { is_sign_of_life: true, rule: "All".to_owned(), ..AlertDigest::default() };
        let message = message(&quiet, &Setting { base_url: None, stop_url: None, zone: TimeZone::UTC });
        assert_eq!(message.subject, "[All] nothing changed");
        assert!(message.text.contains("Nothing changed."));
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(n), text);
        }
    }
}
