//! Accounts, logins, sessions and tokens: who is at the door. What a role may do is decided where it is done.
//!
//! A secret (of a session, a token, a setup code) is 256 bits from the system's generator; only its SHA-256 is kept.
//! Passphrases are kept as argon2id with the parameters that the OWASP cheat sheet on password storage names as its
//! least (19 MiB, two passes), and are hashed two at a time, so that logins cannot fill the memory.
//!
//! What is done to accounts stands in `edit`, logins at an OpenID provider in `identified`.

mod edit;
mod identified;

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

use crate::domain::account::{Account, ApiToken, Role, SiteScope};
use crate::domain::audit::{Act, NewAudit};
use crate::store::account::{
    count_accounts, count_login_failures, delete_expired, delete_login_failures, delete_session, find_account,
    find_account_by_name, find_api_token, find_passphrase_hash, find_session, save_api_token_used, save_login_failure,
    save_session, save_session_seen,
};
use crate::store::audit::save_act;
use crate::store::setting::{delete_setting, find_setting, save_setting};
use crate::store::{Db, StoreError};

pub use edit::{TokenWish, account_named, add_account, add_token, end_token, set_open, set_passphrase, set_rights};
pub use identified::{Person, Rights, log_in_identified, rights_of_groups};

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
        note_failure(db, SETUP_CODE, "the setup code", address, now).await?;
        return Err(AccountError::Setup(
            "expected the setup code that the console shows, found another\nhint: it changes with each start"
                .to_owned(),
        ));
    }
    let who = format!("setup code from {address}");
    let account_id = add_account(db, &who, name, Some(passphrase), Role::Admin, SiteScope::All, now).await?;
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

/// Notes a failed login. The one that closes the door for a while is an act in the audit, so that one address leaves at
/// most a handful of them within [`FAILURES_COUNT_FOR`], however long it tries.
async fn note_failure(db: &Db, name: &str, shown: &str, address: &str, now: Timestamp) -> Result<(), AccountError> {
    tracing::warn!(address, "a login failed");
    let since = now.checked_sub(FAILURES_COUNT_FOR).unwrap_or(Timestamp::MIN);
    let failures = save_login_failure(db, name, address, since, now).await?;
    let minutes = FAILURES_COUNT_FOR.as_mins();
    let mut held = Vec::new();
    if failures.n_of_name == MOST_FAILURES_OF_NAME {
        held.push(format!(
            "logins of {shown} held up for {minutes} minutes: {MOST_FAILURES_OF_NAME} failed, the last from {address}"
        ));
    }
    if failures.n_of_address == MOST_FAILURES_OF_ADDRESS {
        held.push(format!("logins from {address} held up for {minutes} minutes: {MOST_FAILURES_OF_ADDRESS} failed"));
    }
    for what in held {
        save_act(db, &act("nameplate", Act::HoldLogins, what, "", ""), now).await?;
    }
    Ok(())
}

/// An act that is about to be kept.
fn act(who: &str, act: Act, what: String, before: &str, after: &str) -> NewAudit {
    NewAudit { who: who.to_owned(), act, what, before: before.to_owned(), after: after.to_owned(), undoes: None }
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
        account => {
            // What was typed as a name may be a passphrase; only names that are known are written down.
            let shown = account.map_or_else(|| "a name without an account".to_owned(), |account| account.name);
            note_failure(db, name, &shown, address, now).await?;
            Err(AccountError::WrongLogin)
        }
    }
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
