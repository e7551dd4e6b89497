//! Webhooks: the payload, its signature, and a client that goes nowhere it was not sent to.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use ring::hmac;
use serde_json::{Value, json};

use super::SendError;
use super::message::severity_word;
use crate::domain::alert::{AlertDigest, AlertEvent};

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The payload of a digest, version 1; `docs/alerts.md` describes it.
pub fn payload(digest: &AlertDigest, base_url: Option<&str>) -> Value {
    let counts: serde_json::Map<String, Value> = AlertEvent::ALL
        .iter()
        .map(|(event, word)| {
            let count = digest.count(*event);
            ((*word).to_owned(), json!({"items": count.n_items, "exploited": count.n_exploited}))
        })
        .collect();
    let items: Vec<Value> = if digest.is_counts_only {
        Vec::new()
    } else {
        digest
            .items
            .iter()
            .map(|item| {
                json!({
                    "event": item.event.word(),
                    "cause": item.cause.word(),
                    "nameplate": item.nameplate,
                    "assets": item.n_assets,
                    "sites": item.sites,
                    "advisory": item.advisory_id,
                    "title": item.title,
                    "severity": severity_word(item.severity),
                    "cvss": item.cvss.map(|score| (f64::from(score) * 10.0).round() / 10.0),
                    "exploited": item.is_exploited,
                    "change": item.told,
                    "reason": item.reason,
                    "fix": item.fix,
                })
            })
            .collect()
    };
    json!({
        "version": 1,
        "kind": if digest.n_items() == 0 { "sign_of_life" } else { "changes" },
        "rule": digest.rule,
        "since": digest.since.map(|at| at.to_string()),
        "judged_at": digest.judged_at.map(|at| at.to_string()),
        "counts": counts,
        "unchanged": digest.n_unchanged,
        "cannot_be_checked": digest.n_unchecked,
        "held_for_confirmation": digest.n_held,
        "items": items,
        "notices": digest.notices.iter().map(|(event, text)| json!({"event": event.word(), "text": text})).collect::<Vec<_>>(),
        "link": base_url.map(|base| format!("{base}/rescans")),
    })
}

/// The value of the header `Nameplate-Signature`: `t=1763773200,v1=hex`, where `v1` is the HMAC-SHA256 of
/// `t`, a point and the body.
pub fn signature(secret: &[u8], at: Timestamp, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let seconds = at.as_second();
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

/// What posting needs beside the message.
#[derive(Clone)]
pub struct Poster {
    pub secret: Option<Vec<u8>>,
    /// Hosts whose private address may be reached, in lower case.
    pub private_hosts: Vec<String>,
}

impl Poster {
    /// Posts a payload.
    ///
    /// # Errors
    ///
    /// There is no secret to sign with, the address is one that webhooks must not reach, or the receiver answered
    /// anything but success. Final when it answered that it is gone.
    pub async fn post(&self, url: &str, body: &str, key: &str, now: Timestamp) -> Result<(), SendError> {
        let Some(secret) = &self.secret else {
            return Err(SendError::passing(
                "no secret to sign with is set (`webhook_secret_file` or NAMEPLATE_WEBHOOK_SECRET)",
            ));
        };
        let url: Url = url.parse().map_err(|e| SendError::lasting(format!("the webhook is no URL: {e}")))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
        let addresses = self.addresses(&host, url.port_or_known_default().unwrap_or(443)).await?;
        // The first one who says so decides; all say the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The client connects to the addresses that were looked at and to no others, and follows no redirect.
        let client = reqwest::Client::builder()
            .user_agent(concat!("nameplate/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs(&host, &addresses)
            .build()
            .map_err(|e| SendError::passing(format!("cannot make a client: {e}")))?;
        let answer = client
            .post(url)
            .header("content-type", "application/json")
            .header("nameplate-id", key)
            .header("nameplate-signature", signature(secret, now, body))
            .body(body.to_owned())
            .send()
            .await
            // The URL may hold a secret and is left out of the message.
            .map_err(|e| SendError::passing(format!("`{host}` cannot be reached: {}", causes(&e.without_url()))))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.as_u16() == 410 => Err(SendError::lasting(format!("`{host}` answered {status}"))),
            status => Err(SendError::passing(format!("`{host}` answered {status}"))),
        }
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, SendError> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|e| SendError::passing(format!("`{host}` has no address: {e}")))?
            .collect();
        let is_allowed = self.private_hosts.iter().any(|allowed| allowed == host);
        match found.iter().find(|address| !is_allowed && is_private(address.ip())) {
            Some(address) => Err(SendError::passing(format!(
                "`{host}` has the private address {}, which webhooks may reach only when `webhook_hosts` names the host",
                address.ip()
            ))),
            None if found.is_empty() => Err(SendError::passing(format!("`{host}` has no address"))),
            None => Ok(found),
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Whether an address is not of the public network: loopback, private, link-local, shared, or written as IPv4 in IPv6.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (b == 18 || b == 19))
                || a >= 240
        }
        IpAddr::V6(v6) => {
            let segments = v6.segments();
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_private(IpAddr::V4(v4));
            }
            // 64:ff9b::/96 and 2002::/16 lead to an IPv4 address that stands inside.
            if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] || segments[0] == 0x2002 {
                return true;
            }
            // Only 2000::/3 is given out to the public network.
            segments[0] & 0xe000 != 0x2000 || (segments[0] == 0x2001 && segments[1] < 0x200)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::digest;
    use super::*;

    #[test]
    fn the_signature_can_be_checked_by_anybody_who_has_the_secret() {
        // echo -n '1763773200.{"a":1}' | openssl dgst -sha256 -hmac secret
        let at: Timestamp = "2025-11-22T01:00:00Z".parse().unwrap();
        assert_eq!(
            signature(b"secret", at, r#"{"a":1}"#),
            "t=1763773200,v1=049336378a6c46d0a7f5c72ca575df164ffdd039d71ed32117fa2d4120deba19"
        );
    }

    #[test]
    fn the_payload_has_all_counts_and_hides_names_when_asked_to() {
        let payload = payload(&digest(), Some("https://nameplate.example"));
        assert_eq!(payload["counts"]["new"], json!({"items": 1, "exploited": 1}));
        assert_eq!(payload["items"][0]["cvss"], json!(8.8));
        assert_eq!(payload["kind"], "changes");
        let counts = AlertDigest { is_counts_only: true, ..digest() };
        assert_eq!(super::payload(&counts, None)["items"], json!([]));
    }

    #[test]
    fn addresses_inside_the_house_are_private() {
        for text in [
            "127.0.0.1",
            "10.0.0.5",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
            "::",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }
}
