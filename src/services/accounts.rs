//! Accounts, logins, sessions and tokens: who is at the door. What a role may do is decided where it is done.
//!
//! A secret (of a session, a token, a setup code) is 256 bits from the system's generator; only its SHA-256 is kept.
//! Passphrases are kept as argon2id with the parameters that the OWASP cheat sheet on password storage names as its
//! least (19 MiB, two passes), and are hashed two at a time, so that logins cannot fill the memory.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::domain::account::{Account, ApiToken, Role, SiteScope, objection_to_passphrase};
use crate::store::account::{
    NewAccount, NewApiToken, count_accounts, count_login_failures, delete_api_token, delete_expired,
    delete_login_failures, delete_session, find_account, find_account_by_identity, find_account_by_name,
    find_api_token, find_passphrase_hash, find_session, save_account, save_api_token, save_api_token_used,
    save_disabled, save_login_failure, save_passphrase_hash, save_rights, save_session, save_session_seen,
};
use crate::store::setting::{delete_setting, find_setting, save_setting};
use crate::store::{Db, StoreError};

/// A session that was not used for this long is over.
pub const IDLE: SignedDuration = SignedDuration::from_hours(12);

/// A session is over after this long in any case.
pub const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Within this time failed logins count.
const FAILURES_COUNT_FOR: SignedDuration = SignedDuration::from_mins(15);

/// So many failed logins for one name, and the next must wait.
const MOST_FAILURES_OF_NAME: u64 = 5;

/// So many failed logins from one address, and the next must wait; an office may share one.
const MOST_FAILURES_OF_ADDRESS: u64 = 30;

/// What a token begins with, so that one that leaked is recognised by people and scanners.
pub const TOKEN_PREFIX: &str = "npt_";

/// The longest a token is good for.
const LONGEST_TOKEN: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The setting that holds the digest of the setup code until the first account exists.
const SETUP_CODE: &str = "setup_code";

/// Hashing takes 19 MiB and a core each time.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A hash to compare with when there is no account of a name, so that the answer takes as long as for one that is.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&secret().unwrap_or_default()).unwrap_or_default());

/// Why an account could not be made, changed or used.
#[derive(Debug, Error)]
pub enum AccountError {
    #[error("cannot log in: the name or the passphrase is wrong, or the account is closed")]
    WrongLogin,
    #[error("cannot log in now: too many failed logins\nhint: try again in {minutes} minutes")]
    TooManyFailures { minutes: i64 },
    #[error("cannot take the passphrase: {0}")]
    Passphrase(String),
    #[error("cannot take the name `{name}`: {problem}")]
    Name { name: String, problem: String },
    #[error(
        "cannot make the account `{0}`: there is one of that name\nhint: names are the same in any case; closed accounts keep theirs"
    )]
    NameTaken(String),
    #[error("cannot find the account `{0}`\nhint: `nameplate user list` shows them")]
    NoAccount(String),
    #[error("cannot make the first account: {0}")]
    Setup(String),
    #[error("cannot make the token: expected an end between now and {longest_days} days from now, found `{found}`")]
    Expiry { longest_days: i64, found: Timestamp },
    #[error("the system gives no random numbers")]
    NoRandom,
    #[error("the passphrase could not be hashed: {0}")]
    Hash(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who is at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub account_id: i64,
    pub name: String,
    /// The lesser of account and token.
    pub role: Role,
    /// What both account and token see.
    pub sites: SiteScope,
}

impl From<Account> for Known {
    fn from(account: Account) -> Known {
        Known { account_id: account.account_id, name: account.name, role: account.role, sites: account.sites }
    }
}

/// 256 random bits as 43 characters that fit a URL, a cookie and a header.
///
/// # Errors
///
/// The system gives no random numbers.
pub fn secret() -> Result<String, AccountError> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| AccountError::NoRandom)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The form in which a secret is kept and looked up: SHA-256, hexadecimal.
fn digest_of(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(passphrase: &str) -> Result<String, AccountError> {
    let mut salt = [0_u8; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| AccountError::NoRandom)?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| AccountError::Hash(e.to_string()))?;
    let hash = Argon2::default().hash_password(passphrase.as_bytes(), &salt);
    Ok(hash.map_err(|e| AccountError::Hash(e.to_string()))?.to_string())
}

/// Runs what takes long and much memory, two at a time and not on a thread that answers requests.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccountError> {
    let _turn = HASHING.acquire().await.map_err(|e| AccountError::Hash(e.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| AccountError::Hash(e.to_string()))
}

async fn hashed(passphrase: &str, name: &str) -> Result<String, AccountError> {
    if let Some(objection) = objection_to_passphrase(passphrase, name) {
        return Err(AccountError::Passphrase(objection));
    }
    let passphrase = passphrase.to_owned();
    apart(move || hash(&passphrase)).await?
}

fn check_name(name: &str) -> Result<&str, AccountError> {
    let name = name.trim();
    let problem = match name.chars().count() {
        0 => "expected at least one character",
        n if n > 100 => "expected at most 100 characters",
        _ if name.chars().any(char::is_control) => "expected no control characters",
        _ => return Ok(name),
    };
    Err(AccountError::Name { name: name.chars().take(100).collect(), problem: problem.to_owned() })
}

/// Makes an account; gives its id. Without a passphrase it can log in at an OpenID provider only.
///
/// # Errors
///
/// The name is taken or none, the passphrase is too easy, the database fails.
pub async fn add_account(
    db: &Db,
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
    save_new(db, NewAccount { name: name.to_owned(), role, sites, passphrase_hash, identity: None }, now).await
}

async fn save_new(db: &Db, new: NewAccount, now: Timestamp) -> Result<i64, AccountError> {
    match save_account(db, &new, now).await {
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

/// Changes what an account may see and do.
///
/// # Errors
///
/// No administrator would be left, or the database fails.
pub async fn set_rights(db: &Db, account_id: i64, role: Role, sites: &SiteScope) -> Result<(), AccountError> {
    Ok(save_rights(db, account_id, role, sites).await?)
}

/// Closes an account, which ends its sessions and tokens, or opens it again.
///
/// # Errors
///
/// No administrator would be left, or the database fails.
pub async fn set_open(db: &Db, account_id: i64, is_open: bool, now: Timestamp) -> Result<(), AccountError> {
    Ok(save_disabled(db, account_id, (!is_open).then_some(now)).await?)
}

/// Sets another passphrase, which ends all sessions of the account.
///
/// # Errors
///
/// The passphrase is too easy, or the database fails.
pub async fn set_passphrase(db: &Db, account: &Account, passphrase: &str) -> Result<(), AccountError> {
    let hash = hashed(passphrase, &account.name).await?;
    Ok(save_passphrase_hash(db, account.account_id, &hash).await?)
}

/// A code for the console that allows making the first account from elsewhere; `None` once there is an account. Each
/// call makes a new one, and the one before no longer counts.
///
/// # Errors
///
/// The database fails.
pub async fn make_setup_code(db: &Db, now: Timestamp) -> Result<Option<String>, AccountError> {
    if count_accounts(db).await? > 0 {
        return Ok(None);
    }
    // 8 of 32 signs that are not mistaken for each other: 40 bits, and every guess costs a request.
    const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut bytes = [0_u8; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| AccountError::NoRandom)?;
    let mut code: String = bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
    code.insert(4, '-');
    save_setting(db, SETUP_CODE, &digest_of(&code), now).await?;
    Ok(Some(code))
}

/// Makes the first account, an administrator, and begins its session.
///
/// # Errors
///
/// There is an account already, the code is not the one of the console, the passphrase is too easy, or the database
/// fails.
pub async fn set_up(
    db: &Db,
    name: &str,
    passphrase: &str,
    code: &str,
    address: &str,
    now: Timestamp,
) -> Result<(Known, String), AccountError> {
    if count_accounts(db).await? > 0 {
        return Err(AccountError::Setup("there is one already\nhint: log in".to_owned()));
    }
    wait_for_turn(db, SETUP_CODE, address, now).await?;
    let expected = find_setting(db, SETUP_CODE).await?.unwrap_or_default();
    if digest_of(&code.trim().to_uppercase()) != expected {
        save_login_failure(db, SETUP_CODE, address, now).await?;
        return Err(AccountError::Setup(
            "expected the setup code that the console shows, found another\nhint: it changes with each start"
                .to_owned(),
        ));
    }
    let account_id = add_account(db, name, Some(passphrase), Role::Admin, SiteScope::All, now).await?;
    delete_setting(db, SETUP_CODE).await?;
    begin_session(db, account_id, now).await
}

async fn wait_for_turn(db: &Db, name: &str, address: &str, now: Timestamp) -> Result<(), AccountError> {
    let since = now.checked_sub(FAILURES_COUNT_FOR).unwrap_or(Timestamp::MIN);
    let failures = count_login_failures(db, name, address, since).await?;
    if failures.n_of_name >= MOST_FAILURES_OF_NAME || failures.n_of_address >= MOST_FAILURES_OF_ADDRESS {
        return Err(AccountError::TooManyFailures { minutes: FAILURES_COUNT_FOR.as_mins() });
    }
    Ok(())
}

async fn begin_session(db: &Db, account_id: i64, now: Timestamp) -> Result<(Known, String), AccountError> {
    let account = find_account(db, account_id).await?.ok_or(AccountError::WrongLogin)?;
    let secret = secret()?;
    save_session(db, &digest_of(&secret), account_id, now).await?;
    let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    delete_expired(db, before(LONGEST_SESSION), before(IDLE), before(FAILURES_COUNT_FOR)).await?;
    Ok((account.into(), secret))
}

/// Logs in with name and passphrase; gives the account and the secret of its session. `address` is that of the client.
///
/// # Errors
///
/// Name or passphrase is wrong or the account closed (which of them is not told), too many logins failed before, or
/// the database fails.
pub async fn log_in(
    db: &Db,
    name: &str,
    passphrase: &str,
    address: &str,
    now: Timestamp,
) -> Result<(Known, String), AccountError> {
    wait_for_turn(db, name, address, now).await?;
    let account = find_account_by_name(db, name).await?.filter(|account| account.disabled_at.is_none());
    let kept = match &account {
        Some(account) => find_passphrase_hash(db, account.account_id).await?,
        None => None,
    };
    let (has_one, given) = (kept.is_some(), passphrase.to_owned());
    let is_right = apart(move || {
        let kept = kept.unwrap_or_else(|| NOBODY.clone());
        PasswordHash::new(&kept).is_ok_and(|kept| Argon2::default().verify_password(given.as_bytes(), &kept).is_ok())
    })
    .await?;
    match account {
        Some(account) if has_one && is_right => {
            delete_login_failures(db, name).await?;
            begin_session(db, account.account_id, now).await
        }
        _ => {
            save_login_failure(db, name, address, now).await?;
            Err(AccountError::WrongLogin)
        }
    }
}

/// Logs in somebody whom an OpenID provider has identified. An account of that identity is used; else, when
/// `role_of_new` says so, one is made that sees no site until an administrator gives it some.
///
/// # Errors
///
/// There is no account and none is to be made, the account is closed, or the database fails.
pub async fn log_in_identified(
    db: &Db,
    issuer: &str,
    subject: &str,
    name: &str,
    role_of_new: Option<Role>,
    now: Timestamp,
) -> Result<(Known, String), AccountError> {
    if let Some(account) = find_account_by_identity(db, issuer, subject).await? {
        if account.disabled_at.is_some() {
            return Err(AccountError::WrongLogin);
        }
        return begin_session(db, account.account_id, now).await;
    }
    let Some(role) = role_of_new else { return Err(AccountError::NoAccount(name.to_owned())) };
    let new = NewAccount {
        name: check_name(name)?.to_owned(),
        role,
        sites: SiteScope::Only(std::collections::BTreeSet::new()),
        passphrase_hash: None,
        identity: Some((issuer.to_owned(), subject.to_owned())),
    };
    let account_id = save_new(db, new, now).await?;
    begin_session(db, account_id, now).await
}

/// Whose session this is; `None` when it is over. Its last use is noted at most once a minute.
///
/// # Errors
///
/// The database fails.
pub async fn whose_session(db: &Db, secret: &str, now: Timestamp) -> Result<Option<Known>, AccountError> {
    let digest = digest_of(secret);
    let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let Some((account, seen)) = find_session(db, &digest, before(LONGEST_SESSION), before(IDLE)).await? else {
        return Ok(None);
    };
    if seen < before(SignedDuration::from_mins(1)) {
        save_session_seen(db, &digest, now).await?;
    }
    Ok(Some(account.into()))
}

/// Ends a session; one that is over already stays so.
///
/// # Errors
///
/// The database fails.
pub async fn log_out(db: &Db, secret: &str) -> Result<(), AccountError> {
    Ok(delete_session(db, &digest_of(secret)).await?)
}

/// Makes a token for an account; gives its id and the secret, which is not kept and cannot be shown again.
///
/// # Errors
///
/// It would end in the past or after more than a year, or the database fails.
pub async fn add_token(
    db: &Db,
    account: &Account,
    name: &str,
    role: Role,
    sites: SiteScope,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(i64, String), AccountError> {
    let latest = now.checked_add(LONGEST_TOKEN).unwrap_or(Timestamp::MAX);
    if expires_at <= now || expires_at > latest {
        return Err(AccountError::Expiry { longest_days: LONGEST_TOKEN.as_hours() / 24, found: expires_at });
    }
    let secret = format!("{TOKEN_PREFIX}{}", secret()?);
    let new = NewApiToken {
        account_id: account.account_id,
        token_digest: digest_of(&secret),
        name: check_name(name)?.to_owned(),
        role: role.min(account.role),
        sites,
        expires_at,
    };
    Ok((save_api_token(db, &new, now).await?, secret))
}

/// Ends a token for good; `false` when it had ended already.
///
/// # Errors
///
/// The database fails.
pub async fn end_token(db: &Db, api_token_id: i64, now: Timestamp) -> Result<bool, AccountError> {
    Ok(delete_api_token(db, api_token_id, now).await?)
}

/// For whom this token speaks; `None` when it has ended or its account is closed.
///
/// # Errors
///
/// The database fails.
pub async fn whose_token(db: &Db, secret: &str, now: Timestamp) -> Result<Option<Known>, AccountError> {
    if !secret.starts_with(TOKEN_PREFIX) {
        return Ok(None);
    }
    let Some(token) = find_api_token(db, &digest_of(secret)).await?.filter(|token| is_good(token, now)) else {
        return Ok(None);
    };
    let Some(account) = find_account(db, token.account_id).await?.filter(|account| account.disabled_at.is_none())
    else {
        return Ok(None);
    };
    let a_minute_ago = now.checked_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN);
    if token.last_used_at.is_none_or(|used| used < a_minute_ago) {
        save_api_token_used(db, token.api_token_id, now).await?;
    }
    Ok(Some(Known {
        account_id: account.account_id,
        name: format!("{} ({})", account.name, token.name),
        role: account.role.min(token.role),
        sites: account.sites.and(&token.sites),
    }))
}

fn is_good(token: &ApiToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && now < token.expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_256_bits_and_differ() {
        let (a, b) = (secret().unwrap(), secret().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 43);
    }
}
