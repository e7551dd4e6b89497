//! Who may see and do what: a role, and the sites for which it holds.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// What a person or a program may do. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads and exports.
    Viewer,
    /// Imports, decides, marks and plans at the sites of the scope.
    Engineer,
    /// Everything, settings and accounts included.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Engineer, Role::Admin];

    /// The word in code, SQL, URL and page.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Engineer => "engineer",
            Role::Admin => "admin",
        }
    }

    /// The role of this word.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// The sites a person may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteScope {
    All,
    /// These sites by their id, and no others; later sites are not among them.
    Only(BTreeSet<i64>),
}

impl SiteScope {
    /// Whether this site is seen.
    pub fn covers(&self, site_id: i64) -> bool {
        match self {
            SiteScope::All => true,
            SiteScope::Only(sites) => sites.contains(&site_id),
        }
    }

    /// What both scopes cover; a token never sees more than the account it belongs to.
    #[must_use]
    pub fn and(&self, other: &SiteScope) -> SiteScope {
        match (self, other) {
            (SiteScope::All, scope) | (scope, SiteScope::All) => scope.clone(),
            (SiteScope::Only(a), SiteScope::Only(b)) => SiteScope::Only(a & b),
        }
    }
}

/// A person who logs in. The hash of the passphrase never leaves the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub account_id: i64,
    /// As the person is called, shown beside everything the person decides; unique without regard to case.
    pub name: String,
    pub role: Role,
    pub sites: SiteScope,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    /// Since when the account is closed. Accounts are never deleted, because acts name them.
    pub disabled_at: Option<Timestamp>,
    /// The identity at an OpenID provider that this account belongs to: issuer and subject.
    pub identity: Option<(String, String)>,
}

/// A key for a program that calls the API for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub api_token_id: i64,
    pub account_id: i64,
    /// What it is for, in the words of the person who made it.
    pub name: String,
    /// Never more than the role of the account counts.
    pub role: Role,
    /// Together with the scope of the account.
    pub sites: SiteScope,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// The shortest passphrase that is taken, in characters. Length is what counts against guessing (NIST SP 800-63B,
/// section 5.1.1), so no rule asks for digits or signs.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// The longest passphrase that is taken, in bytes: hashing must not be a way to keep the server busy.
pub const LONGEST_PASSPHRASE: usize = 1024;

/// Why a passphrase is not taken, in words.
pub fn objection_to_passphrase(passphrase: &str, name: &str) -> Option<String> {
    let n = passphrase.chars().count();
    if n < SHORTEST_PASSPHRASE {
        return Some(format!("expected at least {SHORTEST_PASSPHRASE} characters, found {n}"));
    }
    if passphrase.len() > LONGEST_PASSPHRASE {
        return Some(format!("expected at most {LONGEST_PASSPHRASE} bytes, found {}", passphrase.len()));
    }
    let distinct: BTreeSet<char> = passphrase.to_lowercase().chars().collect();
    if distinct.len() < 5 {
        return Some("expected words or signs that differ, found the same few over and over".to_owned());
    }
    if !name.is_empty() && passphrase.to_lowercase().contains(&name.to_lowercase()) {
        return Some("expected a passphrase without the name of the account".to_owned());
    }
    None
}

/// The name under which an account is found: without spaces around it, in lower case.
pub fn folded_name(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_do_what_those_before_it_may() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("root"), None);
    }

    #[test]
    fn scopes_of_account_and_token_are_cut() {
        let only = |sites: &[i64]| SiteScope::Only(sites.iter().copied().collect());
        assert_eq!(SiteScope::All.and(&only(&[1])), only(&[1]));
        assert_eq!(only(&[1, 2]).and(&only(&[2, 3])), only(&[2]));
        assert_eq!(SiteScope::All.and(&SiteScope::All), SiteScope::All);
        assert!(!only(&[]).covers(1));
        assert!(SiteScope::All.covers(1));
    }

    #[test]
    fn passphrases_are_judged_by_length_and_not_by_signs() {
        for (passphrase, is_taken) in [
            ("correct horse battery", true),
            ("パスフレーズを長くする方法", true),
            ("short", false),
            ("aaaaaaaaaaaaaaaa", false),
            ("abababababababab", false),
            ("okafor is my name", false),
        ] {
            assert_eq!(objection_to_passphrase(passphrase, "Okafor").is_none(), is_taken, "{passphrase}");
        }
        assert!(objection_to_passphrase(&"word ".repeat(300), "").is_some());
    }
}
