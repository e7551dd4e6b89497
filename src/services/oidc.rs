//! Login at an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636).
//!
//! One secret per attempt stays in a cookie of the browser; state, nonce and verifier are derived from it, so nothing is
//! kept on the server and the answer of the provider is good for that browser only. The ID token comes straight from the
//! token endpoint over TLS and is checked all the same: signed by a key of the provider, issued by it, for us, not over,
//! and with the nonce of this attempt.

mod keys;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::accounts::{AccountError, Person, secret};
use keys::{KeySet, signed_claims};

/// The largest answer of a provider that is read, in bytes; discovery documents have some thousand.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Clocks of two machines may differ by this much.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// A provider, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As the provider names itself in its tokens, an HTTPS URL.
    pub issuer: String,
    pub client_id: String,
    /// `None` for a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// Where the browser comes back to; must be registered at the provider.
    pub redirect_url: String,
    /// The claim that lists the groups of a person; `None` when groups do not count.
    pub groups_claim: Option<String>,
}

/// Why a login at a provider did not come to its end.
#[derive(Debug, Error)]
pub enum OidcError {
    #[error("cannot log in at `{issuer}`: {problem}")]
    Provider { issuer: String, problem: String },
    #[error("cannot log in: the answer belongs to another attempt\nhint: start again from the login page")]
    State,
    #[error("cannot log in: the provider said `{0}`")]
    Refused(String),
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// A login that began: where to send the browser, and the secret that it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub authorization_url: String,
    pub secret: String,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    nonce: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    email: Option<String>,
    /// Whether the provider has seen that the person gets mail there; `None` when it does not say.
    #[serde(default)]
    email_verified: Option<serde_json::Value>,
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl Claims {
    /// What an account may have been made under beforehand. An address that anybody could have typed in is not among it.
    fn login_names(&self) -> Vec<String> {
        let is_verified = self.email_verified == Some(serde_json::Value::Bool(true));
        let names = [self.preferred_username.clone(), self.email.clone().filter(|_| is_verified)];
        names.into_iter().flatten().filter(|name| !name.trim().is_empty()).collect()
    }

    /// The texts of a claim that is a list or one text.
    fn texts(&self, claim: &str) -> Vec<String> {
        match self.others.get(claim) {
            Some(serde_json::Value::String(text)) => vec![text.clone()],
            Some(serde_json::Value::Array(list)) => {
                list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What is derived from the secret of an attempt for one purpose.
fn derived(secret: &str, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("nameplate {purpose} {secret}")))
}

impl Provider {
    fn failed(&self, problem: impl std::fmt::Display) -> OidcError {
        OidcError::Provider { issuer: self.issuer.clone(), problem: problem.to_string() }
    }

    /// Begins a login.
    ///
    /// # Errors
    ///
    /// The provider does not answer, or what it answers is no discovery document of this issuer.
    pub async fn begin(&self, client: &Client) -> Result<Attempt, OidcError> {
        let discovery = self.discover(client).await?;
        let secret = secret()?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(derived(&secret, "verifier")));
        let mut url = self.endpoint(&discovery.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_url)
            .append_pair("scope", "openid profile email")
            .append_pair("state", &derived(&secret, "state"))
            .append_pair("nonce", &derived(&secret, "nonce"))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Attempt { authorization_url: url.into(), secret })
    }

    /// Ends a login with what the browser brought back: `code` and `state` of the provider, and the secret of its cookie.
    ///
    /// # Errors
    ///
    /// The answer belongs to another attempt, the provider refuses the code, or its token is not for us.
    pub async fn finish(
        &self,
        client: &Client,
        code: &str,
        state: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<Person, OidcError> {
        if secret.is_empty() || derived(secret, "state") != state {
            return Err(OidcError::State);
        }
        let discovery = self.discover(client).await?;
        let mut form = self.endpoint(&self.redirect_url)?;
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_url)
            .append_pair("client_id", &self.client_id)
            .append_pair("code_verifier", &derived(secret, "verifier"));
        let mut request = client
            .post(self.endpoint(&discovery.token_endpoint)?)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.query().unwrap_or_default().to_owned());
        if let Some(client_secret) = &self.client_secret {
            request = request.basic_auth(&self.client_id, Some(client_secret));
        }
        let answer: TokenAnswer = self.read(request).await?;
        if let Some(error) = answer.error {
            return Err(OidcError::Refused(error.chars().take(200).collect()));
        }
        let keys: KeySet = self.read(client.get(self.endpoint(&discovery.jwks_uri)?)).await?;
        let claims = signed_claims(&answer.id_token.unwrap_or_default(), &keys).map_err(|e| self.failed(e))?;
        self.identify(&claims, &derived(secret, "nonce"), now)
    }

    /// Reads the claims of an ID token and checks that it is from this issuer, for this client and this attempt, and not
    /// over.
    fn identify(&self, claims: &[u8], nonce: &str, now: Timestamp) -> Result<Person, OidcError> {
        let claims: Claims = serde_json::from_slice(claims)
            .map_err(|_| self.failed("expected the claims of an ID token, found something else"))?;
        let is_for_us = match &claims.aud {
            Audience::One(one) => *one == self.client_id,
            // A token for several must say that it was made for us.
            Audience::Many(many) => {
                many.contains(&self.client_id) && (many.len() == 1 || claims.azp.as_ref() == Some(&self.client_id))
            }
        };
        let ends = Timestamp::from_second(claims.exp).and_then(|end| end.checked_add(LEEWAY)).unwrap_or(Timestamp::MIN);
        let problem = if claims.iss != self.issuer {
            format!("expected a token of `{}`, found one of `{}`", self.issuer, claims.iss)
        } else if !is_for_us {
            "the token is for another program".to_owned()
        } else if ends <= now {
            "the token has ended\nhint: compare the clocks of the two machines".to_owned()
        } else if claims.nonce.as_deref() != Some(nonce) {
            return Err(OidcError::State);
        } else if claims.sub.is_empty() {
            "the token names nobody".to_owned()
        } else {
            let names = [&claims.name, &claims.preferred_username, &claims.email];
            let name = names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or(&claims.sub);
            return Ok(Person {
                name: name.clone(),
                login_names: claims.login_names(),
                groups: self.groups_claim.as_ref().map(|claim| claims.texts(claim)).unwrap_or_default(),
                issuer: claims.iss,
                subject: claims.sub,
            });
        };
        Err(self.failed(problem))
    }

    async fn discover(&self, client: &Client) -> Result<Discovery, OidcError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = self.read(client.get(self.endpoint(&url)?)).await?;
        if discovery.issuer != self.issuer {
            return Err(self.failed(format!("expected the issuer `{}`, found `{}`", self.issuer, discovery.issuer)));
        }
        Ok(discovery)
    }

    /// An address of the provider or of ours; only HTTPS keeps a token secret on its way.
    fn endpoint(&self, url: &str) -> Result<Url, OidcError> {
        let parsed = Url::parse(url).map_err(|e| self.failed(format!("expected a URL, found `{url}`: {e}")))?;
        let is_local = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if parsed.scheme() == "https" || (is_local && url == self.redirect_url) {
            return Ok(parsed);
        }
        Err(self.failed(format!("expected an https URL, found `{url}`")))
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, OidcError> {
        let mut response = request.send().await.map_err(|e| self.failed(without_url(e)))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(without_url(e)))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(self.failed(format!("expected at most {LARGEST_ANSWER} bytes, found more")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| self.failed(format!("expected JSON, found something else (status {})", status.as_u16())))
    }
}

/// The message of an error without the address, which may hold a code.
fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        Provider {
            issuer: "https://login.example.org".to_owned(),
            client_id: "nameplate".to_owned(),
            client_secret: None,
            redirect_url: "https://nameplate.example.org/login/oidc".to_owned(),
            groups_claim: Some("groups".to_owned()),
        }
    }

    #[test]
    fn a_token_counts_only_for_this_client_this_attempt_and_this_hour() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let exp = now.as_second() + 300;
        let good = format!(
            r#"{{"iss":"https://login.example.org","sub":"u-17","aud":"nameplate","exp":{exp},"nonce":"n","name":"M. Okafor"}}"#
        );
        let known = provider().identify(good.as_bytes(), "n", now).unwrap();
        assert_eq!((known.subject.as_str(), known.name.as_str()), ("u-17", "M. Okafor"));
        for (from, to, expected) in [
            ("https://login.example.org", "https://evil.example.org", "expected a token of"),
            (r#""aud":"nameplate""#, r#""aud":"other""#, "another program"),
            (r#""aud":"nameplate""#, r#""aud":["nameplate","other"]"#, "another program"),
            (r#""nonce":"n""#, r#""nonce":"m""#, "another attempt"),
            (r#","nonce":"n""#, "", "another attempt"),
            (r#""sub":"u-17""#, r#""sub":"""#, "names nobody"),
        ] {
            let error = provider().identify(good.replace(from, to).as_bytes(), "n", now).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
        let both = good.replace(r#""aud":"nameplate""#, r#""aud":["nameplate","other"],"azp":"nameplate""#);
        assert!(provider().identify(both.as_bytes(), "n", now).is_ok());
        let later = now.checked_add(SignedDuration::from_mins(7)).unwrap();
        assert!(provider().identify(good.as_bytes(), "n", later).unwrap_err().to_string().contains("has ended"));
        for garbled in ["", "a", "{}", "[]", r#"{"iss":1}"#] {
            assert!(provider().identify(garbled.as_bytes(), "n", now).is_err(), "{garbled}");
        }
    }

    #[test]
    fn an_address_that_is_not_verified_is_no_name_to_log_in_by() {
        for (claims, names, groups) in [
            (
                r#""preferred_username":"okafor","email":"o@example.org","groups":["a","b",7]"#,
                &["okafor"][..],
                &["a", "b"][..],
            ),
            (r#""email":"o@example.org","email_verified":true,"groups":"a""#, &["o@example.org"], &["a"]),
            (r#""email":"o@example.org","email_verified":"true""#, &[], &[]),
            (r#""name":"M. Okafor","preferred_username":" ""#, &[], &[]),
        ] {
            let claims = format!(
                r#"{{"iss":"https://login.example.org","sub":"u","aud":"nameplate","exp":9999999999,"nonce":"n",{claims}}}"#
            );
            let person = provider().identify(claims.as_bytes(), "n", Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(
                (person.login_names.as_slice(), person.groups.as_slice()),
                (
                    &names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..],
                    &groups.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..]
                ),
                "{claims}"
            );
        }
    }

    #[test]
    fn only_https_is_asked() {
        for (url, is_taken) in [
            ("https://login.example.org/token", true),
            ("http://login.example.org/token", false),
            ("file:///etc/passwd", false),
            ("login", false),
        ] {
            assert_eq!(provider().endpoint(url).is_ok(), is_taken, "{url}");
        }
    }
}
