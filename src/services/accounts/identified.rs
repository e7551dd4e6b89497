//! Logins of people whom an OpenID provider has identified, and what they may do here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::edit::{check_name, in_words, save_new};
use super::{AccountError, Known, act, begin_session};
use crate::domain::account::{Account, Role, SiteScope};
use crate::domain::audit::Act;
use crate::domain::site::{Site, word};
use crate::store::account::{
    NewAccount, find_account_by_identity, find_account_by_name, find_passphrase_hash, save_identity, save_rights,
};
use crate::store::{Db, StoreError};

/// Somebody whom a provider has identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub issuer: String,
    /// Names the person at the issuer for good, unlike the names.
    pub subject: String,
    /// As the person is called.
    pub name: String,
    /// What the provider knows the person by: an account that was made beforehand under one of them is the person's.
    pub login_names: Vec<String>,
    /// Of the claim that is configured to give role and sites; empty without one.
    pub groups: Vec<String>,
}

/// Who says what a person may see and do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// An administrator here. Somebody new is refused, or gets this role and no site until an administrator gives some.
    OfAdministrator { role_of_new: Option<Role> },
    /// The groups of the provider, at each login. Without a role nobody is let in.
    OfProvider { given: Option<(Role, SiteScope)> },
}

/// The rights that groups of a provider give: `nameplate-viewer`, `nameplate-engineer` and `nameplate-admin` a role (the
/// highest counts), `nameplate-all-sites` and `nameplate-site-riverside` the sites, the latter by the word of the site in
/// addresses of pages. `None` without a role.
pub fn rights_of_groups(groups: &[String], sites: &[Site]) -> Option<(Role, SiteScope)> {
    let own: Vec<&str> = groups.iter().filter_map(|group| group.strip_prefix("nameplate-")).collect();
    let role = own.iter().filter_map(|group| Role::from_word(group)).max()?;
    if own.contains(&"all-sites") {
        return Some((role, SiteScope::All));
    }
    let words: BTreeSet<&str> = own.iter().filter_map(|group| group.strip_prefix("site-")).collect();
    let ids = sites.iter().filter(|site| words.contains(word(&site.name).as_str())).map(|site| site.site_id);
    Some((role, SiteScope::Only(ids.collect())))
}

/// Logs in somebody whom an OpenID provider has identified: into the account of that identity, else into one that was
/// made without a passphrase under a name that the provider knows the person by, else, if `rights` allow it, into a new
/// one. Gives the account and the secret of its session.
///
/// # Errors
///
/// There is no account and none is to be made, the account is closed, the groups give no role, or the database fails.
pub async fn log_in_identified(
    db: &Db,
    person: &Person,
    rights: &Rights,
    now: Timestamp,
) -> Result<(Known, String), AccountError> {
    if matches!(rights, Rights::OfProvider { given: None }) {
        return Err(AccountError::NoAccount(person.name.clone()));
    }
    let account_id = match known_account(db, person, now).await? {
        Some(account) if account.disabled_at.is_some() => return Err(AccountError::WrongLogin),
        Some(account) => {
            if let Rights::OfProvider { given: Some((role, sites)) } = rights {
                follow_provider(db, person, &account, *role, sites, now).await?;
            }
            account.account_id
        }
        None => {
            let (role, sites) = match rights {
                Rights::OfAdministrator { role_of_new: Some(role) } => (*role, SiteScope::Only(BTreeSet::new())),
                Rights::OfProvider { given: Some(given) } => given.clone(),
                _ => return Err(AccountError::NoAccount(person.name.clone())),
            };
            let new = NewAccount {
                name: check_name(&person.name)?.to_owned(),
                role,
                sites,
                passphrase_hash: None,
                identity: Some((person.issuer.clone(), person.subject.clone())),
            };
            save_new(db, &person.issuer, new, now).await?
        }
    };
    begin_session(db, account_id, now).await
}

/// The account of the identity; else one that waits for the person, which is tied to the identity from now on.
async fn known_account(db: &Db, person: &Person, now: Timestamp) -> Result<Option<Account>, AccountError> {
    if let Some(account) = find_account_by_identity(db, &person.issuer, &person.subject).await? {
        return Ok(Some(account));
    }
    for name in &person.login_names {
        let Some(account) = find_account_by_name(db, name).await? else { continue };
        let waits = account.identity.is_none() && find_passphrase_hash(db, account.account_id).await?.is_none();
        if !waits || account.disabled_at.is_some() {
            continue;
        }
        let what = format!("account {} belongs to {} of {} now", account.name, person.subject, person.issuer);
        let audit = act(&person.issuer, Act::ChangeRights, what, "", &person.subject);
        save_identity(db, account.account_id, (&person.issuer, &person.subject), &audit, now).await?;
        return Ok(Some(account));
    }
    Ok(None)
}

/// Gives an account the rights of the provider's groups where they differ.
async fn follow_provider(
    db: &Db,
    person: &Person,
    account: &Account,
    role: Role,
    sites: &SiteScope,
    now: Timestamp,
) -> Result<(), AccountError> {
    if (account.role, &account.sites) == (role, sites) {
        return Ok(());
    }
    let (before, after) = (in_words(db, account.role, &account.sites).await?, in_words(db, role, sites).await?);
    let what = format!("account {} is {after}, was {before}, by its groups", account.name);
    let audit = act(&person.issuer, Act::ChangeRights, what, &before, &after);
    match save_rights(db, account.account_id, role, sites, &audit, now).await {
        // Somebody must be able to put the groups right.
        Err(StoreError::Conflict(why)) => {
            tracing::warn!(account = account.account_id, "the groups of the provider were not followed: {why}");
            Ok(())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_give_the_highest_role_and_the_sites_that_they_name() {
        let sites: Vec<Site> = [(1, "Riverside"), (2, "Kraftwerk Süd")]
            .map(|(site_id, name)| Site { site_id, name: name.to_owned(), n_assets: 0 })
            .into();
        let only = |ids: &[i64]| SiteScope::Only(ids.iter().copied().collect());
        for (groups, given) in [
            (&["staff", "nameplate-viewer"][..], Some((Role::Viewer, only(&[])))),
            (
                &["nameplate-viewer", "nameplate-engineer", "nameplate-site-riverside"],
                Some((Role::Engineer, only(&[1]))),
            ),
            (&["nameplate-admin", "nameplate-all-sites"], Some((Role::Admin, SiteScope::All))),
            (&["nameplate-viewer", "nameplate-site-elsewhere"], Some((Role::Viewer, only(&[])))),
            (&["nameplate-root", "nameplate-all-sites"], None),
            (&["admin", "Nameplate-admin"], None),
            (&[], None),
        ] {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            assert_eq!(rights_of_groups(&groups, &sites), given, "{groups:?}");
        }
        let word = word("Kraftwerk Süd");
        let of_south = [format!("nameplate-site-{word}"), "nameplate-viewer".to_owned()];
        assert_eq!(rights_of_groups(&of_south, &sites), Some((Role::Viewer, only(&[2]))));
    }
}
