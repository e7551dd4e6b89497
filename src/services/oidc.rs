//! Login at an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636).
//!
//! One secret per attempt stays in a cookie of the browser; state, nonce and verifier are derived from it, so nothing is
//! kept on the server and the answer of the provider is good for that browser only. The ID token comes straight from the
//! token endpoint over TLS, which is why its signature needs no second check (section 3.1.3.7, item 6); who issued it,
//! for whom, until when and with which nonce is checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::accounts::{AccountError, secret};

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

/// Whom the provider has identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    pub issuer: String,
    /// Names the person at the issuer for good, unlike the name.
    pub subject: String,
    pub name: String,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
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
    ) -> Result<Identified, OidcError> {
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
        self.identify(&answer.id_token.unwrap_or_default(), &derived(secret, "nonce"), now)
    }

    /// Reads an ID token and checks that it is from this issuer, for this client and this attempt, and not over.
    fn identify(&self, id_token: &str, nonce: &str, now: Timestamp) -> Result<Identified, OidcError> {
        let payload = id_token.split('.').nth(1).unwrap_or_default().trim_end_matches('=');
        let claims: Claims = URL_SAFE_NO_PAD
            .decode(payload)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| self.failed("expected an ID token, found something else"))?;
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
            let name = [claims.name, claims.preferred_username, claims.email]
                .into_iter()
                .flatten()
                .find(|n| !n.trim().is_empty());
            return Ok(Identified {
                issuer: claims.iss,
                name: name.unwrap_or_else(|| claims.sub.clone()),
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
        }
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_counts_only_for_this_client_this_attempt_and_this_hour() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let exp = now.as_second() + 300;
        let good = format!(
            r#"{{"iss":"https://login.example.org","sub":"u-17","aud":"nameplate","exp":{exp},"nonce":"n","name":"M. Okafor"}}"#
        );
        let known = provider().identify(&token(&good), "n", now).unwrap();
        assert_eq!((known.subject.as_str(), known.name.as_str()), ("u-17", "M. Okafor"));
        for (from, to, expected) in [
            ("https://login.example.org", "https://evil.example.org", "expected a token of"),
            (r#""aud":"nameplate""#, r#""aud":"other""#, "another program"),
            (r#""aud":"nameplate""#, r#""aud":["nameplate","other"]"#, "another program"),
            (r#""nonce":"n""#, r#""nonce":"m""#, "another attempt"),
            (r#","nonce":"n""#, "", "another attempt"),
            (r#""sub":"u-17""#, r#""sub":"""#, "names nobody"),
        ] {
            let error = provider().identify(&token(&good.replace(from, to)), "n", now).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
        let both = good.replace(r#""aud":"nameplate""#, r#""aud":["nameplate","other"],"azp":"nameplate""#);
        assert!(provider().identify(&token(&both), "n", now).is_ok());
        let later = now.checked_add(SignedDuration::from_mins(7)).unwrap();
        assert!(provider().identify(&token(&good), "n", later).unwrap_err().to_string().contains("has ended"));
        for garbled in ["", "a", "a.b", "a.!.c", "..", "a.e30.c"] {
            assert!(provider().identify(garbled, "n", now).is_err(), "{garbled}");
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
