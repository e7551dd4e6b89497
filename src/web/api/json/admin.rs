//! The public shapes of what administrators do: sources, accounts, tokens and settings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::at;
use crate::domain::account::{Account as Known, ApiToken, Role, SiteScope};
use crate::domain::source::{self, Accepts, SourceHealth, SourceKind};
use crate::services::sources::SourceChoices;
use crate::web::error::Problem;

/// A place that advisories come from.
#[derive(Serialize, ToSchema)]
pub struct Source {
    pub name: String,
    pub title: String,
    pub kind: &'static str,
    pub url: String,
    pub is_enabled: bool,
    /// From which trust state on its documents are matched: `verified`, `not_failed` or `all`.
    pub accepts: &'static str,
    pub allows_http: bool,
    pub allows_private: bool,
    #[schema(format = "date-time")]
    pub last_good_at: Option<String>,
    /// Whole days since the last good visit; null when there was none.
    pub silent_days: Option<u64>,
    pub n_documents: u64,
    /// What went wrong at the last visit; null when it was good or there was none.
    pub error: Option<String>,
}

impl Source {
    /// The source with how it does at this moment.
    pub fn of(source: source::Source, health: &SourceHealth, n_documents: u64, now: jiff::Timestamp) -> Source {
        Source {
            kind: source.kind.word(),
            is_enabled: source.is_enabled,
            accepts: source.accepts.word(),
            allows_http: source.allows_http,
            allows_private: source.allows_private,
            last_good_at: health.last_good_at.map(at),
            silent_days: health.silent_days(now),
            n_documents,
            error: health.error().map(str::to_owned),
            name: source.name,
            title: source.title,
            url: source.url,
        }
    }
}

/// A source to add, or the choices of one to change; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// Lower-case letters, digits and dashes. For a source that the program knows the name is enough.
    pub name: String,
    /// Address of the metadata, the list or the feed, or a domain.
    pub url: Option<String>,
    pub title: Option<String>,
    /// `csaf` when left out; `aggregator`, `rolie`, `directory`, `kev` or `epss`.
    pub kind: Option<String>,
    /// `verified`, `not_failed` or `all`.
    pub accepts: Option<String>,
    pub allows_http: Option<bool>,
    /// Connect to addresses of private networks and of the server itself as well.
    pub allows_private: Option<bool>,
}

impl NewSource {
    /// The name and the choices.
    ///
    /// # Errors
    ///
    /// 400: a word is not known.
    pub fn choices(self) -> Result<(String, SourceChoices), Problem> {
        fn read<T>(word: &str, text: Option<String>, of: fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
            let unknown = |text: &str| Problem::bad_request(format!("cannot add the source: `{text}` is no `{word}`"));
            text.map(|text| of(&text).ok_or_else(|| unknown(&text))).transpose()
        }
        let choices = SourceChoices {
            url: self.url,
            title: self.title,
            kind: read("kind", self.kind, |word| {
                SourceKind::from_word(word).filter(|kind| *kind != SourceKind::Bundle)
            })?,
            accepts: read("accepts", self.accepts, Accepts::from_word)?,
            allows_http: self.allows_http,
            allows_private: self.allows_private,
            ..SourceChoices::default()
        };
        Ok((self.name, choices))
    }
}

/// Whether something is on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub is_enabled: bool,
}

/// Somebody who may log in.
#[derive(Serialize, ToSchema)]
pub struct Account {
    pub account_id: i64,
    pub name: String,
    /// `viewer`, `engineer` or `admin`.
    pub role: &'static str,
    /// The numbers of the sites that it sees; null for all.
    pub sites: Option<Vec<i64>>,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub last_login_at: Option<String>,
    #[schema(format = "date-time")]
    pub closed_at: Option<String>,
    /// Whether it belongs to an identity at the OpenID provider.
    pub is_at_provider: bool,
}

fn sites_of(scope: &SiteScope) -> Option<Vec<i64>> {
    match scope {
        SiteScope::All => None,
        SiteScope::Only(sites) => Some(sites.iter().copied().collect()),
    }
}

impl From<Known> for Account {
    fn from(account: Known) -> Account {
        Account {
            account_id: account.account_id,
            role: account.role.word(),
            sites: sites_of(&account.sites),
            created_at: at(account.created_at),
            last_login_at: account.last_login_at.map(at),
            closed_at: account.disabled_at.map(at),
            is_at_provider: account.identity.is_some(),
            name: account.name,
        }
    }
}

/// An account to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    pub name: String,
    /// 12 characters or more; left out for somebody who logs in at the OpenID provider.
    pub passphrase: Option<String>,
    /// `viewer`, `engineer` or `admin`.
    pub role: String,
    /// The numbers of the sites that it sees; left out or null for all.
    pub sites: Option<Vec<i64>>,
}

/// What an account may see and do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// `viewer`, `engineer` or `admin`.
    pub role: String,
    /// The numbers of the sites that it sees; left out or null for all.
    pub sites: Option<Vec<i64>>,
}

impl Rights {
    /// The role and the scope.
    ///
    /// # Errors
    ///
    /// 400: the role is not known.
    pub fn read(self) -> Result<(Role, SiteScope), Problem> {
        let role = Role::from_word(&self.role).ok_or_else(|| {
            Problem::bad_request(format!(
                "cannot give these rights: expected `role` to be viewer, engineer or admin, found `{}`",
                self.role
            ))
        })?;
        Ok((role, self.sites.map_or(SiteScope::All, |sites| SiteScope::Only(sites.into_iter().collect()))))
    }
}

/// A key for programs; its secret was shown when it was made, and is not kept.
#[derive(Serialize, ToSchema)]
pub struct Token {
    pub token_id: i64,
    pub account_id: i64,
    pub name: String,
    pub role: &'static str,
    /// The numbers of the sites that it sees of those of its account; null for all of them.
    pub sites: Option<Vec<i64>>,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub expires_at: String,
    #[schema(format = "date-time")]
    pub last_used_at: Option<String>,
    #[schema(format = "date-time")]
    pub ended_at: Option<String>,
}

impl From<ApiToken> for Token {
    fn from(token: ApiToken) -> Token {
        Token {
            token_id: token.api_token_id,
            account_id: token.account_id,
            role: token.role.word(),
            sites: sites_of(&token.sites),
            created_at: at(token.created_at),
            expires_at: at(token.expires_at),
            last_used_at: token.last_used_at.map(at),
            ended_at: token.revoked_at.map(at),
            name: token.name,
        }
    }
}

/// A token to make for an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// How long it is good for, at most 366.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u16,
    /// At most the role of the account counts.
    pub role: String,
    /// The numbers of the sites that it sees of those of its account; left out or null for all of them.
    pub sites: Option<Vec<i64>>,
}

/// A token that was made, with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    pub token_id: i64,
    pub secret: String,
}

/// What was chosen for the whole installation.
#[derive(Serialize, ToSchema)]
pub struct Settings {
    /// In which people are told times; blank for that of the server.
    pub time_zone: String,
    /// When the nightly run is due, as a line of cron; blank when there is none.
    pub schedule: String,
    pub has_mail: bool,
    pub has_accounts: bool,
    pub version: &'static str,
}
