//! Finding the metadata of a provider: at the address given, else by the rules of the standard on its domain.

use reqwest::Url;

use super::client::{Answer, Ask, Client, parse};
use super::metadata::{AGGREGATOR_LIMIT_BYTES, METADATA_LIMIT_BYTES, read_aggregator, read_provider};
use crate::domain::provider::{Aggregator, Provider};

/// A file of contacts needs far less.
const SECURITY_TXT_LIMIT_BYTES: usize = 64 << 10;

/// Addresses that are taken from one `security.txt`.
const MOST_FIELDS: usize = 20;

/// By which rule a place was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Somebody named it.
    Given,
    WellKnown,
    SecurityTxt,
    DnsPath,
}

impl Way {
    /// How it is said to people.
    pub fn text(self) -> &'static str {
        match self {
            Way::Given => "given",
            Way::WellKnown => "well-known path",
            Way::SecurityTxt => "security.txt",
            Way::DnsPath => "DNS path",
        }
    }
}

/// What stands at a place.
#[derive(Debug)]
pub enum Found {
    Provider(Box<Provider>),
    Aggregator(Box<Aggregator>),
}

/// A place that was looked at, and what came of it.
#[derive(Debug)]
pub struct Candidate {
    pub way: Way,
    pub url: String,
    /// What stands there, or why it does not count.
    pub outcome: Result<Found, String>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}

/// Everything that was looked at, in order.
#[derive(Debug, Default)]
pub struct Discovery {
    pub candidates: Vec<Candidate>,
}

impl Discovery {
    /// The first place that counts.
    pub fn first(&self) -> Option<(&Candidate, &Found)> {
        self.candidates.iter().find_map(|candidate| Some((candidate, candidate.outcome.as_ref().ok()?)))
    }

    /// Why nothing was found, in one sentence.
    pub fn failure(&self) -> String {
        let told: Vec<String> = self
            .candidates
            .iter()
            .filter_map(|c| Some(format!("`{}` ({}): {}", c.url, c.way.text(), c.outcome.as_ref().err()?)))
            .collect();
        format!("expected the metadata of a CSAF provider, found none at {}", told.join("; "))
    }
}

/// Looks at the place that was named: an address of a file, or a domain on which the rules of the standard say where to
/// look. A place counts only if what stands there is valid: many servers answer a missing path with a page.
///
/// # Source
///
/// CSAF 2.1, sections 7.1.8 to 7.1.10, 7.3.1 (order) and 7.4 (versioned paths).
pub async fn discover(client: &Client, place: &str) -> Discovery {
    let mut discovery = Discovery::default();
    let place = place.trim();
    let address = if place.contains("://") { place.to_owned() } else { format!("https://{place}/") };
    let url = match parse(&address) {
        Ok(url) => url,
        Err(e) => {
            let outcome = Err(e.to_string());
            discovery.candidates.push(Candidate { way: Way::Given, url: address, outcome, warnings: Vec::new() });
            return discovery;
        }
    };
    if url.path() != "/" {
        discovery.candidates.push(look(client, Way::Given, url.as_str()).await);
        return discovery;
    }
    for version in ["v2.1/", "v2.0/", ""] {
        let path = format!("/.well-known/csaf/{version}provider-metadata.json");
        let candidate = look(client, Way::WellKnown, &at(&url, &path)).await;
        let counts = candidate.outcome.is_ok();
        discovery.candidates.push(candidate);
        if counts {
            return discovery;
        }
    }
    for path in ["/.well-known/security.txt", "/security.txt"] {
        let Ok(body) = client.get_body(&at(&url, path), SECURITY_TXT_LIMIT_BYTES).await else { continue };
        if body.is_html() {
            continue;
        }
        for field in csaf_fields(&body.bytes) {
            discovery.candidates.push(look(client, Way::SecurityTxt, &field).await);
        }
        break;
    }
    if discovery.first().is_none()
        && let Some(host) = url.domain()
    {
        let mut dns_path = url.clone();
        if dns_path.set_host(Some(&format!("csaf.data.security.{host}"))).is_ok() {
            discovery.candidates.push(look(client, Way::DnsPath, dns_path.as_str()).await);
        }
    }
    discovery
}

async fn look(client: &Client, way: Way, url: &str) -> Candidate {
    let mut warnings = Vec::new();
    let outcome = look_at(client, way, url, &mut warnings).await;
    Candidate { way, url: url.to_owned(), outcome, warnings }
}

async fn look_at(client: &Client, way: Way, url: &str, warnings: &mut Vec<String>) -> Result<Found, String> {
    let ask = Ask {
        // These two places must give the metadata themselves.
        follows_redirects: !matches!(way, Way::WellKnown | Way::DnsPath),
        ..Ask::new(url, AGGREGATOR_LIMIT_BYTES)
    };
    let body = match client.get(&ask).await.map_err(|e| e.to_string())? {
        Answer::Body(body) => body,
        Answer::NotModified => return Err("expected an answer, found that nothing changed".to_owned()),
    };
    if body.url != url && is_fixed_place(url) {
        warnings.push(format!("`{url}` leads on to `{}`; the standard wants the metadata there themselves", body.url));
    }
    warnings.extend(body.warnings.iter().cloned());
    let why = match body.bytes.len() {
        ..=METADATA_LIMIT_BYTES => match read_provider(&body.bytes) {
            Ok((provider, odd)) => {
                warnings.extend(odd);
                return Ok(Found::Provider(Box::new(provider)));
            }
            Err(why) => why,
        },
        _ => match read_aggregator(&body.bytes) {
            Ok(aggregator) => return Ok(Found::Aggregator(Box::new(aggregator))),
            Err(why) => return Err(why.to_string()),
        },
    };
    match read_aggregator(&body.bytes) {
        Ok(aggregator) if way == Way::Given => Ok(Found::Aggregator(Box::new(aggregator))),
        _ => Err(why.to_string()),
    }
}

/// Whether the standard fixes this place, so that nothing should lead away from it.
fn is_fixed_place(url: &str) -> bool {
    url.contains("/.well-known/csaf/") || url.contains("://csaf.data.security.")
}

fn at(url: &Url, path: &str) -> String {
    let mut url = url.clone();
    url.set_path(path);
    url.to_string()
}

/// The addresses of all `CSAF` fields, in their order; the file may be signed.
fn csaf_fields(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("csaf").then(|| value.trim().to_owned())
    };
    text.lines().filter_map(field).filter(|value| value.starts_with("https://")).take(MOST_FIELDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_security_txt_come_in_their_order() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\r\nContact: mailto:psirt@v.example\r\n# CSAF: https://no.example/\r\n\
                    CSAF: https://v.example/b/provider-metadata.json\r\ncsaf:https://v.example/a.json \r\n\
                    CSAF: http://v.example/plain.json\r\nPolicy: https://v.example/csaf: here\r\n";
        assert_eq!(
            csaf_fields(text.as_bytes()),
            ["https://v.example/b/provider-metadata.json", "https://v.example/a.json"]
        );
    }

    #[test]
    fn some_places_must_hold_the_metadata_themselves() {
        for url in
            ["https://v.example/.well-known/csaf/provider-metadata.json", "https://csaf.data.security.v.example/"]
        {
            assert!(is_fixed_place(url), "{url}");
        }
        assert!(!is_fixed_place("https://v.example/csaf/provider-metadata.json"));
    }
}
