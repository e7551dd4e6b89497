//! Lines for the log collector of a security team: CEF in a syslog frame.
//!
//! # Source
//!
//! ArcSight Common Event Format, version 0; RFC 5424 for the frame.

use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

use super::SendError;
use super::message::{one_line, severity_word, why};
use crate::domain::alert::{AlertDigest, AlertItem};
use crate::domain::priority::Severity;

/// Longest line, in bytes: collectors must take 2,048 (RFC 5424, section 6.1) and mostly take more.
const MAX_BYTES: usize = 8_000;

/// How long a collector may take for the lines of one message.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One line an item, then one line with the counts.
pub fn lines(digest: &AlertDigest, at: Timestamp, version: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !digest.is_counts_only {
        lines.extend(digest.items.iter().map(|item| framed(&item_line(digest, item, version), at)));
    }
    let counts = super::message::counts_in_words(digest);
    let counts = if counts.is_empty() { "nothing changed" } else { counts.as_str() };
    let extension = format!("msg={} cs1Label=rule cs1={}", value(counts), value(&digest.rule));
    lines.push(framed(
        &format!("CEF:0|Nameplate|nameplate|{}|summary|Alert summary|3|{extension}", header(version)),
        at,
    ));
    lines
}

fn item_line(digest: &AlertDigest, item: &AlertItem, version: &str) -> String {
    let number = match (item.is_exploited, item.severity) {
        (true, _) | (_, Some(Severity::Critical)) => 10,
        (_, Some(Severity::High)) => 8,
        (_, Some(Severity::Medium)) => 5,
        (_, Some(Severity::Low)) => 3,
        (_, Some(Severity::None) | None) => 1,
    };
    let extension = [
        ("cnt", item.n_assets.to_string()),
        ("msg", why(item)),
        ("externalId", item.advisory_id.clone()),
        ("cs1Label", "rule".to_owned()),
        ("cs1", digest.rule.clone()),
        ("cs2Label", "nameplate".to_owned()),
        ("cs2", item.nameplate.clone()),
        ("cs3Label", "sites".to_owned()),
        ("cs3", item.sites.join(", ")),
        ("cs4Label", "severity".to_owned()),
        ("cs4", severity_word(item.severity).to_owned()),
        ("cs5Label", "exploited".to_owned()),
        ("cs5", item.is_exploited.to_string()),
    ];
    let extension: Vec<String> = extension.iter().map(|(key, text)| format!("{key}={}", value(text))).collect();
    format!(
        "CEF:0|Nameplate|nameplate|{}|{}|{}|{number}|{}",
        header(version),
        item.event.word(),
        header(&item.title),
        extension.join(" ")
    )
}

/// Facility `local0`, severity `notice`; no host name, which the collector knows from the packet.
fn framed(line: &str, at: Timestamp) -> String {
    let mut framed = format!("<133>1 {at:.3} - nameplate - - - {line}");
    if framed.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|at| framed.is_char_boundary(*at)).unwrap_or(0);
        framed.truncate(end);
    }
    framed
}

/// Sends lines to `syslog://host:514` (UDP, one packet a line) or `syslog+tcp://host:601` (one after the other).
///
/// # Errors
///
/// The host has no address, or takes no connection. UDP gives no answer, so that lines may be lost there.
pub async fn send(url: &str, lines: &[String]) -> Result<(), SendError> {
    let (is_tcp, host) = match url.strip_prefix("syslog+tcp://") {
        Some(host) => (true, host),
        None => (false, url.strip_prefix("syslog://").unwrap_or(url)),
    };
    let failed = |e: std::io::Error| SendError::passing(format!("`{host}` takes no log lines: {e}"));
    let sending = async {
        if is_tcp {
            let mut stream = TcpStream::connect(host).await.map_err(failed)?;
            for line in lines {
                stream.write_all(format!("{line}\n").as_bytes()).await.map_err(failed)?;
            }
            return stream.shutdown().await.map_err(failed);
        }
        let address = tokio::net::lookup_host(host).await.map_err(failed)?.next();
        let address = address.ok_or_else(|| SendError::passing(format!("`{host}` has no address")))?;
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await.map_err(failed)?;
        for line in lines {
            socket.send_to(line.as_bytes(), address).await.map_err(failed)?;
        }
        Ok(())
    };
    match tokio::time::timeout(TIMEOUT, sending).await {
        Ok(result) => result,
        Err(_) => Err(SendError::passing(format!("`{host}` took no log lines within {} s", TIMEOUT.as_secs()))),
    }
}

/// A field of the header: pipe and backslash are escaped.
fn header(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('|', "\\|")
}

/// A value of the extension: equals sign and backslash are escaped.
fn value(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('=', "\\=")
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::digest;
    use super::*;

    #[test]
    fn an_item_is_one_line_that_cannot_be_broken_out_of() {
        let mut digest = digest();
        digest.items[0].title = "a|b\\c\nCEF:0|x".to_owned();
        digest.items[0].nameplate = "PM8000 cs1=forged\r\n<13>1 x".to_owned();
        let lines = lines(&digest, "2026-11-22T01:15:00Z".parse().unwrap(), "0.1.0");
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("<133>1 2026-11-22T01:15:00.000Z - nameplate - - - CEF:0|Nameplate|nameplate|0.1.0|new|a\\|b\\\\c CEF:0\\|x|10|cnt=1204 msg="), "{}", lines[0]);
        assert!(lines[0].contains("cs2=PM8000 cs1\\=forged"), "{}", lines[0]);
        assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])));
        assert!(lines[2].contains("msg=1 new, 1 fixable, 1 silent source cs1Label=rule cs1=Riverside meters"));
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let mut digest = digest();
        digest.items[0].nameplate = "変".repeat(10_000);
        let lines = lines(&digest, Timestamp::UNIX_EPOCH, "0.1.0");
        assert!(lines[0].len() <= MAX_BYTES);
    }
}
