//! What is done to accounts and tokens. Each is an act in the audit, kept in the transaction that does it: `who` did it.

use jiff::{SignedDuration, Timestamp};

use super::{AccountError, TOKEN_PREFIX, act, apart, digest_of, hash, secret};
use crate::domain::account::{Account, Role, SiteScope, objection_to_passphrase};
use crate::domain::audit::{Act, NewAudit};
use crate::store::account::{
    NewAccount, NewApiToken, delete_api_token, find_account, find_account_by_name, list_api_tokens, save_account,
    save_api_token, save_disabled, save_passphrase_hash, save_rights,
};
use crate::store::{Db, StoreError};

/// The longest a token is good for.
const LONGEST_TOKEN: SignedDuration = SignedDuration::from_hours(366 * 24);

async fn hashed(passphrase: &str, name: &str) -> Result<String, AccountError> {
    if let Some(objection) = objection_to_passphrase(passphrase, name) {
        return Err(AccountError::Passphrase(objection));
    }
    let passphrase = passphrase.to_owned();
    apart(move || hash(&passphrase)).await?
}

pub(super) fn check_name(name: &str) -> Result<&str, AccountError> {
    let name = name.trim();
    let problem = match name.chars().count() {
        0 => "expected at least one character",
        n if n > 100 => "expected at most 100 characters",
        _ if name.chars().any(char::is_control) => "expected no control characters",
        _ => return Ok(name),
    };
    Err(AccountError::Name { name: name.chars().take(100).collect(), problem: problem.to_owned() })
}

/// Role and sites in words: `engineer at Riverside, Hamm`.
pub(super) async fn in_words(db: &Db, role: Role, sites: &SiteScope) -> Result<String, AccountError> {
    let SiteScope::Only(only) = sites else { return Ok(format!("{} at all sites", role.word())) };
    let names: Vec<String> = crate::store::site::list_sites(db)
        .await?
        .into_iter()
        .filter(|site| only.contains(&site.site_id))
        .map(|site| site.name)
        .collect();
    let names = if names.is_empty() { "no site".to_owned() } else { names.join(", ") };
    Ok(format!("{} at {names}", role.word()))
}

/// Makes an account; gives its id. Without a passphrase it can log in at an OpenID provider only: whom the provider
/// knows by this name is given it at the first login.
///
/// # Errors
///
/// The name is taken or none, the passphrase is too easy, the database fails.
pub async fn add_account(
    db: &Db,
    who: &str,
    name: &str,
    passphrase: Option<&str>,
    role: Role,
    sites: SiteScope,
    now: Timestamp,
) -> Result<i64, AccountError> {
    let name = check_name(name)?;
    let passphrase_hash = match passphrase {
        Some(passphrase) => Some(hashed(passphrase, name).await?),
        None => None,
    };
    save_new(db, who, NewAccount { name: name.to_owned(), role, sites, passphrase_hash, identity: None }, now).await
}

pub(super) async fn save_new(db: &Db, who: &str, new: NewAccount, now: Timestamp) -> Result<i64, AccountError> {
    let rights = in_words(db, new.role, &new.sites).await?;
    let audit = act(who, Act::AddAccount, format!("account {} made, {rights}", new.name), "", &rights);
    match save_account(db, &new, &audit, now).await {
        Ok(account_id) => Ok(account_id),
        Err(StoreError::Conflict(_)) => Err(AccountError::NameTaken(new.name)),
        Err(error) => Err(error.into()),
    }
}

/// The account of this name.
///
/// # Errors
///
/// There is none, or the database fails.
pub async fn account_named(db: &Db, name: &str) -> Result<Account, AccountError> {
    find_account_by_name(db, name).await?.ok_or_else(|| AccountError::NoAccount(name.to_owned()))
}

async fn account_of(db: &Db, account_id: i64) -> Result<Account, AccountError> {
    find_account(db, account_id).await?.ok_or_else(|| AccountError::NoAccount(account_id.to_string()))
}

/// Changes what an account may see and do.
///
/// # Errors
///
/// There is no such account, no administrator would be left, or the database fails.
pub async fn set_rights(
    db: &Db,
    who: &str,
    account_id: i64,
    role: Role,
    sites: &SiteScope,
    now: Timestamp,
) -> Result<(), AccountError> {
    let account = account_of(db, account_id).await?;
    let (before, after) = (in_words(db, account.role, &account.sites).await?, in_words(db, role, sites).await?);
    let what = format!("account {} is {after}, was {before}", account.name);
    let audit = act(who, Act::ChangeRights, what, &before, &after);
    Ok(save_rights(db, account_id, role, sites, &audit, now).await?)
}

/// Closes an account, which ends its sessions and tokens, or opens it again.
///
/// # Errors
///
/// There is no such account, no administrator would be left, or the database fails.
pub async fn set_open(db: &Db, who: &str, account_id: i64, is_open: bool, now: Timestamp) -> Result<(), AccountError> {
    let name = account_of(db, account_id).await?.name;
    let audit: NewAudit = if is_open {
        act(who, Act::OpenAccount, format!("account {name} opened"), "closed", "open")
    } else {
        act(who, Act::CloseAccount, format!("account {name} closed"), "open", "closed")
    };
    Ok(save_disabled(db, account_id, !is_open, &audit, now).await?)
}

/// Sets another passphrase, which ends all sessions of the account.
///
/// # Errors
///
/// The passphrase is too easy, or the database fails.
pub async fn set_passphrase(
    db: &Db,
    who: &str,
    account: &Account,
    passphrase: &str,
    now: Timestamp,
) -> Result<(), AccountError> {
    let hash = hashed(passphrase, &account.name).await?;
    let what = format!("account {} has another passphrase, its sessions ended", account.name);
    let audit = act(who, Act::SetPassphrase, what, "", "");
    Ok(save_passphrase_hash(db, account.account_id, &hash, &audit, now).await?)
}

/// Who makes a token, and what it is to be good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenWish<'a> {
    /// What it is for.
    pub name: &'a str,
    /// At most the role of the account counts.
    pub role: Role,
    /// Together with the scope of the account.
    pub sites: SiteScope,
    pub expires_at: Timestamp,
}

/// Makes a token for an account; gives its id and the secret, which is not kept and cannot be shown again.
///
/// # Errors
///
/// It would end in the past or after more than a year, or the database fails.
pub async fn add_token(
    db: &Db,
    who: &str,
    account: &Account,
    wish: TokenWish<'_>,
    now: Timestamp,
) -> Result<(i64, String), AccountError> {
    let latest = now.checked_add(LONGEST_TOKEN).unwrap_or(Timestamp::MAX);
    if wish.expires_at <= now || wish.expires_at > latest {
        return Err(AccountError::Expiry { longest_days: LONGEST_TOKEN.as_hours() / 24, found: wish.expires_at });
    }
    let secret = format!("{TOKEN_PREFIX}{}", secret()?);
    let new = NewApiToken {
        account_id: account.account_id,
        token_digest: digest_of(&secret),
        name: check_name(wish.name)?.to_owned(),
        role: wish.role.min(account.role),
        sites: wish.sites,
        expires_at: wish.expires_at,
    };
    let rights = in_words(db, new.role, &new.sites).await?;
    let until = new.expires_at.strftime("%Y-%m-%d");
    let what = format!("token {} of {} made, {rights}, good until {until}", new.name, account.name);
    let audit = act(who, Act::AddToken, what, "", &rights);
    Ok((save_api_token(db, &new, &audit, now).await?, secret))
}

/// Ends a token for good; `false` when it had ended already or is not there.
///
/// # Errors
///
/// The database fails.
pub async fn end_token(db: &Db, who: &str, api_token_id: i64, now: Timestamp) -> Result<bool, AccountError> {
    let Some(token) = list_api_tokens(db, None).await?.into_iter().find(|token| token.api_token_id == api_token_id)
    else {
        return Ok(false);
    };
    let owner = account_of(db, token.account_id).await?.name;
    let audit = act(who, Act::EndToken, format!("token {} of {owner} ended", token.name), "", "");
    Ok(delete_api_token(db, api_token_id, &audit, now).await?)
}
