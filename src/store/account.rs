//! Accounts, the sessions of browsers, the tokens of programs, and failed logins.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::audit::save_audit;
use super::error::StoreError;
use super::text::{clean, digest, read_count, read_time, read_time_if_any, time};
use super::{Alone, Db, Tx};
use crate::domain::account::{Account, ApiToken, Role, SiteScope, folded_name};
use crate::domain::audit::NewAudit;

/// An account to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    pub name: String,
    pub role: Role,
    pub sites: SiteScope,
    /// PHC string; `None` for an account that logs in at an OpenID provider only.
    pub passphrase_hash: Option<String>,
    /// Issuer and subject at an OpenID provider.
    pub identity: Option<(String, String)>,
}

/// A token to be made; the secret itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    pub account_id: i64,
    /// SHA-256 of the secret, hexadecimal.
    pub token_digest: String,
    pub name: String,
    pub role: Role,
    pub sites: SiteScope,
    pub expires_at: Timestamp,
}

/// Failed logins within a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    pub n_of_name: u64,
    pub n_of_address: u64,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_id: i64,
    name: String,
    role: String,
    sees_all_sites: bool,
    issuer: Option<String>,
    subject: Option<String>,
    created_at: String,
    last_login_at: Option<String>,
    disabled_at: Option<String>,
}

const ACCOUNT: &str = "select account_id, name, role, sees_all_sites, issuer, subject, created_at, last_login_at, disabled_at from account";

impl AccountRow {
    fn into_domain(self, sites: BTreeSet<i64>) -> Result<Account, StoreError> {
        Ok(Account {
            account_id: self.account_id,
            role: read_role("account.role", &self.role)?,
            sites: scope(self.sees_all_sites, sites),
            created_at: read_time("account.created_at", &self.created_at)?,
            last_login_at: read_time_if_any("account.last_login_at", self.last_login_at.as_deref())?,
            disabled_at: read_time_if_any("account.disabled_at", self.disabled_at.as_deref())?,
            identity: self.issuer.zip(self.subject),
            name: self.name,
        })
    }
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    api_token_id: i64,
    account_id: i64,
    name: String,
    role: String,
    sees_all_sites: bool,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

const TOKEN: &str = "select api_token_id, account_id, name, role, sees_all_sites, created_at, expires_at, last_used_at, \
                     revoked_at from api_token";

impl TokenRow {
    fn into_domain(self, sites: BTreeSet<i64>) -> Result<ApiToken, StoreError> {
        Ok(ApiToken {
            api_token_id: self.api_token_id,
            account_id: self.account_id,
            role: read_role("api_token.role", &self.role)?,
            sites: scope(self.sees_all_sites, sites),
            created_at: read_time("api_token.created_at", &self.created_at)?,
            expires_at: read_time("api_token.expires_at", &self.expires_at)?,
            last_used_at: read_time_if_any("api_token.last_used_at", self.last_used_at.as_deref())?,
            revoked_at: read_time_if_any("api_token.revoked_at", self.revoked_at.as_deref())?,
            name: self.name,
        })
    }
}

fn read_role(column: &'static str, word: &str) -> Result<Role, StoreError> {
    Role::from_word(word).ok_or_else(|| StoreError::Damaged { column, expected: "a role", found: word.to_owned() })
}

fn scope(sees_all_sites: bool, sites: BTreeSet<i64>) -> SiteScope {
    if sees_all_sites { SiteScope::All } else { SiteScope::Only(sites) }
}

fn by_owner(rows: Vec<(i64, i64)>) -> BTreeMap<i64, BTreeSet<i64>> {
    let mut sites: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (owner, site) in rows {
        sites.entry(owner).or_default().insert(site);
    }
    sites
}

/// The number of accounts that are not closed.
pub async fn count_accounts(db: &Db) -> Result<u64, StoreError> {
    Ok(read_count(sql!(db, val i64, "select count(*) from account where disabled_at is null")?))
}

/// All accounts by name, closed ones included.
pub async fn list_accounts(db: &Db) -> Result<Vec<Account>, StoreError> {
    let rows = on!(db, c => sqlx::query_as::<_, AccountRow>(sqlx::AssertSqlSafe(format!("{ACCOUNT} order by name, account_id")))
        .fetch_all(c).await)?;
    let mut sites =
        by_owner(sql!(db, all(i64, i64), "select account_id, site_id from account_site order by account_id, site_id")?);
    rows.into_iter()
        .map(|row| {
            let own = sites.remove(&row.account_id).unwrap_or_default();
            row.into_domain(own)
        })
        .collect()
}

async fn with_sites(db: &Db, row: Option<AccountRow>) -> Result<Option<Account>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let sites =
        sql!(db, all(i64,), "select site_id from account_site where account_id = $1 order by site_id", row.account_id)?;
    row.into_domain(sites.into_iter().map(|(site,)| site).collect()).map(Some)
}

/// The account with this id, closed or not.
pub async fn find_account(db: &Db, account_id: i64) -> Result<Option<Account>, StoreError> {
    let row = on!(db, c => sqlx::query_as::<_, AccountRow>(sqlx::AssertSqlSafe(format!("{ACCOUNT} where account_id = $1")))
        .bind(account_id).fetch_optional(c).await)?;
    with_sites(db, row).await
}

/// The account of this name, whatever its case, closed or not.
pub async fn find_account_by_name(db: &Db, name: &str) -> Result<Option<Account>, StoreError> {
    let row = on!(db, c => sqlx::query_as::<_, AccountRow>(sqlx::AssertSqlSafe(format!("{ACCOUNT} where name_digest = $1")))
        .bind(digest(&[folded_name(name)])).fetch_optional(c).await)?;
    with_sites(db, row).await
}

/// The account with this identity at an OpenID provider, closed or not.
pub async fn find_account_by_identity(db: &Db, issuer: &str, subject: &str) -> Result<Option<Account>, StoreError> {
    let row = on!(db, c => sqlx::query_as::<_, AccountRow>(sqlx::AssertSqlSafe(format!("{ACCOUNT} where identity_digest = $1")))
        .bind(digest(&[issuer, subject])).fetch_optional(c).await)?;
    with_sites(db, row).await
}

/// The hash of the passphrase of this account, a PHC string; `None` when it has none.
pub async fn find_passphrase_hash(db: &Db, account_id: i64) -> Result<Option<String>, StoreError> {
    let hash = sql!(
        db,
        opt(String,),
        "select passphrase_hash from account where account_id = $1 and passphrase_hash is not null",
        account_id
    )?;
    Ok(hash.map(|(hash,)| hash))
}

/// Makes an account, with the act that makes it; gives its id.
///
/// # Errors
///
/// [`StoreError::Conflict`] when the name or the identity is taken.
pub async fn save_account(db: &Db, new: &NewAccount, audit: &NewAudit, at: Timestamp) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let (issuer, subject) = new.identity.clone().unzip();
    let identity_digest = new.identity.as_ref().map(|(issuer, subject)| digest(&[issuer, subject]));
    let account_id = sql!(tx &mut tx, val i64,
        "insert into account (name_digest, name, role, sees_all_sites, passphrase_hash, identity_digest, issuer, subject, \
            created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning account_id",
        digest(&[folded_name(&new.name)]), clean(new.name.trim()).as_ref(), new.role.word(), new.sites == SiteScope::All,
        new.passphrase_hash.as_deref(), identity_digest, issuer, subject, time(at))?;
    save_sites(&mut tx, account_id, &new.sites).await?;
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await?;
    Ok(account_id)
}

async fn save_sites(tx: &mut Tx, account_id: i64, sites: &SiteScope) -> Result<(), StoreError> {
    sql!(tx tx, exec (), "delete from account_site where account_id = $1", account_id)?;
    if let SiteScope::Only(sites) = sites {
        for site_id in sites {
            sql!(tx tx, exec (), "insert into account_site (account_id, site_id) values ($1, $2)", account_id, *site_id)?;
        }
    }
    Ok(())
}

/// Fails unless an administrator who sees all sites is left, who could put things right.
async fn keep_an_admin(tx: &mut Tx) -> Result<(), StoreError> {
    let n = sql!(tx tx, val i64,
        "select count(*) from account where role = 'admin' and sees_all_sites and disabled_at is null")?;
    if n > 0 {
        return Ok(());
    }
    Err(StoreError::Conflict("the last admin of all sites must stay one; make another first".to_owned()))
}

/// Changes what an account may see and do.
///
/// # Errors
///
/// [`StoreError::Conflict`] when no administrator would be left.
pub async fn save_rights(
    db: &Db,
    account_id: i64,
    role: Role,
    sites: &SiteScope,
    audit: &NewAudit,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    sql!(tx &mut tx, exec (), "update account set role = $2, sees_all_sites = $3 where account_id = $1",
        account_id, role.word(), *sites == SiteScope::All)?;
    save_sites(&mut tx, account_id, sites).await?;
    keep_an_admin(&mut tx).await?;
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await
}

/// Closes an account and ends its sessions, or opens it again.
///
/// # Errors
///
/// [`StoreError::Conflict`] when no administrator would be left.
pub async fn save_disabled(
    db: &Db,
    account_id: i64,
    is_disabled: bool,
    audit: &NewAudit,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    sql!(tx &mut tx, exec (), "update account set disabled_at = $2 where account_id = $1",
        account_id, is_disabled.then(|| time(at)))?;
    if is_disabled {
        sql!(tx &mut tx, exec (), "delete from session where account_id = $1", account_id)?;
        keep_an_admin(&mut tx).await?;
    }
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await
}

/// Sets the passphrase of an account and ends its sessions.
pub async fn save_passphrase_hash(
    db: &Db,
    account_id: i64,
    hash: &str,
    audit: &NewAudit,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    sql!(tx &mut tx, exec (), "update account set passphrase_hash = $2 where account_id = $1", account_id, hash)?;
    sql!(tx &mut tx, exec (), "delete from session where account_id = $1", account_id)?;
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await
}

/// Ties an account to an identity at an OpenID provider.
///
/// # Errors
///
/// [`StoreError::Conflict`] when the account has one, or another account has this one.
pub async fn save_identity(
    db: &Db,
    account_id: i64,
    (issuer, subject): (&str, &str),
    audit: &NewAudit,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let n = sql!(tx &mut tx, exec (),
        "update account set identity_digest = $2, issuer = $3, subject = $4 \
         where account_id = $1 and identity_digest is null",
        account_id, digest(&[issuer, subject]), clean(issuer).as_ref(), clean(subject).as_ref())?;
    if n == 0 {
        return Err(StoreError::Conflict("the account belongs to another identity".to_owned()));
    }
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await
}

/// Begins a session; the secret is known by its digest only.
pub async fn save_session(db: &Db, session_digest: &str, account_id: i64, at: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    sql!(tx &mut tx, exec (),
        "insert into session (session_digest, account_id, created_at, last_seen_at) values ($1, $2, $3, $3)",
        session_digest, account_id, time(at))?;
    sql!(tx &mut tx, exec (), "update account set last_login_at = $2 where account_id = $1", account_id, time(at))?;
    tx.commit().await
}

/// The account of a session that began after `created_after` and was used after `seen_after`, with the time of its last
/// use; `None` when it is over or the account closed.
pub async fn find_session(
    db: &Db,
    session_digest: &str,
    created_after: Timestamp,
    seen_after: Timestamp,
) -> Result<Option<(Account, Timestamp)>, StoreError> {
    let row = sql!(
        db,
        opt(i64, String),
        "select s.account_id, s.last_seen_at from session s join account a on a.account_id = s.account_id \
         where s.session_digest = $1 and s.created_at > $2 and s.last_seen_at > $3 and a.disabled_at is null",
        session_digest,
        time(created_after),
        time(seen_after)
    )?;
    let Some((account_id, last_seen_at)) = row else { return Ok(None) };
    let seen = read_time("session.last_seen_at", &last_seen_at)?;
    Ok(find_account(db, account_id).await?.map(|account| (account, seen)))
}

/// Notes that a session was used.
pub async fn save_session_seen(db: &Db, session_digest: &str, at: Timestamp) -> Result<(), StoreError> {
    sql!(db, exec(), "update session set last_seen_at = $2 where session_digest = $1", session_digest, time(at))?;
    Ok(())
}

/// Ends a session.
pub async fn delete_session(db: &Db, session_digest: &str) -> Result<(), StoreError> {
    sql!(db, exec(), "delete from session where session_digest = $1", session_digest)?;
    Ok(())
}

/// Forgets sessions that began before `created_before` or were last used before `seen_before`, and failed logins of
/// before `failed_before`.
pub async fn delete_expired(
    db: &Db,
    created_before: Timestamp,
    seen_before: Timestamp,
    failed_before: Timestamp,
) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "delete from session where created_at < $1 or last_seen_at < $2",
        time(created_before),
        time(seen_before)
    )?;
    sql!(db, exec(), "delete from login_failure where failed_at < $1", time(failed_before))?;
    Ok(())
}

/// Makes a token, with the act that makes it; gives its id.
pub async fn save_api_token(db: &Db, new: &NewApiToken, audit: &NewAudit, at: Timestamp) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let api_token_id = sql!(tx &mut tx, val i64,
        "insert into api_token (account_id, token_digest, name, role, sees_all_sites, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7) returning api_token_id",
        new.account_id, new.token_digest.as_str(), clean(&new.name).as_ref(), new.role.word(), new.sites == SiteScope::All,
        time(at), time(new.expires_at))?;
    if let SiteScope::Only(sites) = &new.sites {
        for site_id in sites {
            sql!(tx &mut tx, exec (), "insert into api_token_site (api_token_id, site_id) values ($1, $2)", api_token_id, *site_id)?;
        }
    }
    save_audit(&mut tx, audit, at).await?;
    tx.commit().await?;
    Ok(api_token_id)
}

/// All tokens in the order in which they were made, those that are over included; of one account when one is given.
pub async fn list_api_tokens(db: &Db, account_id: Option<i64>) -> Result<Vec<ApiToken>, StoreError> {
    let rows = on!(db, c => sqlx::query_as::<_, TokenRow>(sqlx::AssertSqlSafe(
            format!("{TOKEN} where $1 = 0 or account_id = $1 order by api_token_id")))
        .bind(account_id.unwrap_or(0)).fetch_all(c).await)?;
    let mut sites = by_owner(sql!(
        db,
        all(i64, i64),
        "select api_token_id, site_id from api_token_site order by api_token_id, site_id"
    )?);
    rows.into_iter()
        .map(|row| {
            let own = sites.remove(&row.api_token_id).unwrap_or_default();
            row.into_domain(own)
        })
        .collect()
}

/// The token with this digest, over or not.
pub async fn find_api_token(db: &Db, token_digest: &str) -> Result<Option<ApiToken>, StoreError> {
    let row = on!(db, c => sqlx::query_as::<_, TokenRow>(sqlx::AssertSqlSafe(format!("{TOKEN} where token_digest = $1")))
        .bind(token_digest).fetch_optional(c).await)?;
    let Some(row) = row else { return Ok(None) };
    let sites = sql!(db, all(i64,), "select site_id from api_token_site where api_token_id = $1", row.api_token_id)?;
    row.into_domain(sites.into_iter().map(|(site,)| site).collect()).map(Some)
}

/// Notes that a token was used.
pub async fn save_api_token_used(db: &Db, api_token_id: i64, at: Timestamp) -> Result<(), StoreError> {
    sql!(db, exec(), "update api_token set last_used_at = $2 where api_token_id = $1", api_token_id, time(at))?;
    Ok(())
}

/// Ends a token for good; `false` when it had ended already or is not there.
pub async fn delete_api_token(db: &Db, api_token_id: i64, audit: &NewAudit, at: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let n = sql!(tx &mut tx, exec (),
        "update api_token set revoked_at = $2 where api_token_id = $1 and revoked_at is null", api_token_id, time(at))?;
    if n > 0 {
        save_audit(&mut tx, audit, at).await?;
    }
    tx.commit().await?;
    Ok(n > 0)
}

/// Notes a failed login; gives how often logins failed since `since`, this one included. Each caller gets another number,
/// however many come at once.
pub async fn save_login_failure(
    db: &Db,
    name: &str,
    address: &str,
    since: Timestamp,
    at: Timestamp,
) -> Result<Failures, StoreError> {
    let mut tx = db.begin(Alone::Accounts).await?;
    let (name_digest, address_digest) = (digest(&[folded_name(name)]), digest(&[address]));
    sql!(tx &mut tx, exec (), "insert into login_failure (name_digest, address_digest, failed_at) values ($1, $2, $3)",
        name_digest.as_str(), address_digest.as_str(), time(at))?;
    let n_of_name = sql!(tx &mut tx, val i64,
        "select count(*) from login_failure where name_digest = $1 and failed_at > $2", name_digest, time(since))?;
    let n_of_address = sql!(tx &mut tx, val i64,
        "select count(*) from login_failure where address_digest = $1 and failed_at > $2", address_digest, time(since))?;
    tx.commit().await?;
    Ok(Failures { n_of_name: read_count(n_of_name), n_of_address: read_count(n_of_address) })
}

/// Forgets the failed logins of a name, after one that did not fail.
pub async fn delete_login_failures(db: &Db, name: &str) -> Result<(), StoreError> {
    sql!(db, exec(), "delete from login_failure where name_digest = $1", digest(&[folded_name(name)]))?;
    Ok(())
}

/// How often logins failed since then, for this name and from this address.
pub async fn count_login_failures(
    db: &Db,
    name: &str,
    address: &str,
    since: Timestamp,
) -> Result<Failures, StoreError> {
    let n_of_name = sql!(db, val i64, "select count(*) from login_failure where name_digest = $1 and failed_at > $2",
        digest(&[folded_name(name)]), time(since))?;
    let n_of_address = sql!(db, val i64, "select count(*) from login_failure where address_digest = $1 and failed_at > $2",
        digest(&[address]), time(since))?;
    Ok(Failures { n_of_name: read_count(n_of_name), n_of_address: read_count(n_of_address) })
}
