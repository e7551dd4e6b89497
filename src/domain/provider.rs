//! What a CSAF provider says of itself: who it is, where its documents lie, and with which keys they are signed.
//!
//! A *provider* offers documents, a *publisher* writes them, and a *source* is the place that a plant decided to use.

use jiff::Timestamp;

use super::advisory::{Publisher, Tlp};

/// What a provider promises, from least to most.
///
/// # Source
///
/// CSAF 2.1, section 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Documents, one by one.
    Publisher,
    /// Also a list of them.
    Provider,
    /// Also digests and signatures.
    TrustedProvider,
}

impl Role {
    /// All roles with their CSAF words.
    pub const ALL: [(&'static str, Role); 3] = [
        ("csaf_publisher", Role::Publisher),
        ("csaf_provider", Role::Provider),
        ("csaf_trusted_provider", Role::TrustedProvider),
    ];

    /// The role with this CSAF word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.iter().find(|(w, _)| *w == word).map(|(_, role)| *role)
    }

    /// The CSAF word.
    pub fn word(self) -> &'static str {
        Role::ALL.iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }
}

/// The two forms of a list of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListForm {
    /// A ROLIE feed: JSON, with links to digests and signatures.
    Rolie,
    /// A folder with `changes.csv` and `index.txt`.
    Directory,
}

/// One list of documents that a provider keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List {
    pub form: ListForm,
    /// Of the feed, or of the folder.
    pub url: String,
    /// Whom its documents may be shown; `None` when it does not say, or in a word that is not known.
    pub tlp: Option<Tlp>,
}

impl List {
    /// Whether it is meant for a closed circle, which has to show a certificate or a token.
    ///
    /// # Source
    ///
    /// CSAF 2.1, section 7.1.5.
    pub fn needs_credentials(&self) -> bool {
        self.tlp.is_some_and(|tlp| tlp >= Tlp::Amber)
    }
}

/// A key that documents are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderKey {
    /// Hexadecimal digits as written; blank when the provider states none.
    pub fingerprint: String,
    pub url: String,
}

/// The metadata of a provider, 2.0 or 2.1. Texts are as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub metadata_version: String,
    /// Where the provider says that this stands. Another address is no error (CSAF 2.1, section 7.1.9).
    pub canonical_url: String,
    pub role: Role,
    pub publisher: Publisher,
    pub updated_at: Option<Timestamp>,
    pub maintained_from: Option<Timestamp>,
    pub maintained_until: Option<Timestamp>,
    /// In the order of the metadata, each once.
    pub lists: Vec<List>,
    pub keys: Vec<ProviderKey>,
}

/// Whether a provider still looks after its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// Nothing speaks against it.
    Maintained,
    /// It begins or ends soon, as a sentence.
    Warning(String),
    /// It is over, as a sentence.
    Ended(String),
}

/// How long before its end a warning is given.
///
/// # Source
///
/// CSAF 2.1, section 7.1.7.
const WARN_DAYS: i64 = 90;

impl Provider {
    /// The lists to read: the feeds where there are any, else the folders.
    ///
    /// # Source
    ///
    /// CSAF 2.1, section 7.3.2.
    pub fn chosen_lists(&self) -> Vec<&List> {
        let form = match self.lists.iter().any(|list| list.form == ListForm::Rolie) {
            true => ListForm::Rolie,
            false => ListForm::Directory,
        };
        self.lists.iter().filter(|list| list.form == form).collect()
    }

    /// Whether the metadata are looked after at this time.
    pub fn maintenance(&self, now: Timestamp) -> Maintenance {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        if let Some(until) = self.maintained_until {
            if until <= now {
                return Maintenance::Ended(format!("the provider has not maintained it since {}", day(until)));
            }
            let days = until.duration_since(now).as_hours() / 24;
            if days < WARN_DAYS {
                return Maintenance::Warning(format!(
                    "the provider maintains it until {}, {days} days more",
                    day(until)
                ));
            }
        }
        match self.maintained_from.filter(|from| *from > now) {
            Some(from) => Maintenance::Warning(format!("the provider maintains it only from {}", day(from))),
            None => Maintenance::Maintained,
        }
    }
}

/// A list of providers, kept by somebody who looks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregator {
    pub name: String,
    pub canonical_url: String,
    pub updated_at: Option<Timestamp>,
    pub providers: Vec<ListedProvider>,
}

/// One provider of an aggregator's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedProvider {
    pub name: String,
    /// Of the provider's own metadata.
    pub url: String,
    /// Metadata of copies that the aggregator keeps.
    pub mirrors: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(lists: Vec<List>) -> Provider {
        Provider {
            metadata_version: "2.1".to_owned(),
            canonical_url: "https://vendor.example/provider-metadata.json".to_owned(),
            role: Role::Provider,
            publisher: Publisher::default(),
            updated_at: None,
            maintained_from: None,
            maintained_until: None,
            lists,
            keys: Vec::new(),
        }
    }

    fn list(form: ListForm, url: &str, tlp: Option<Tlp>) -> List {
        List { form, url: url.to_owned(), tlp }
    }

    #[test]
    fn feeds_are_preferred_and_all_of_a_label_are_read() {
        let white = list(ListForm::Rolie, "https://v.example/white-1.json", Some(Tlp::Clear));
        let more = list(ListForm::Rolie, "https://v.example/white-2.json", Some(Tlp::Clear));
        let folder = list(ListForm::Directory, "https://v.example/white/", Some(Tlp::Clear));
        assert_eq!(provider(vec![folder.clone(), white.clone(), more.clone()]).chosen_lists(), [&white, &more]);
        assert_eq!(provider(vec![folder.clone()]).chosen_lists(), [&folder]);
        assert_eq!(provider(Vec::new()).chosen_lists(), Vec::<&List>::new());
    }

    #[test]
    fn closed_circles_need_credentials() {
        let needs = |tlp| list(ListForm::Rolie, "", tlp).needs_credentials();
        assert_eq!([None, Some(Tlp::Clear), Some(Tlp::Green)].map(needs), [false; 3]);
        assert_eq!([Some(Tlp::Amber), Some(Tlp::AmberStrict), Some(Tlp::Red)].map(needs), [true; 3]);
    }

    #[test]
    fn the_end_of_maintenance_is_told_before_it_comes() {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let told = |from: Option<&str>, until: Option<&str>| {
            let mut it = provider(Vec::new());
            it.maintained_from = from.map(|at| at.parse().unwrap());
            it.maintained_until = until.map(|at| at.parse().unwrap());
            it.maintenance(now)
        };
        assert_eq!(told(None, None), Maintenance::Maintained);
        assert_eq!(told(Some("2020-01-01T00:00:00Z"), Some("2027-02-21T00:00:00Z")), Maintenance::Maintained);
        assert!(matches!(told(None, Some("2027-02-20T00:00:00Z")), Maintenance::Warning(w) if w.contains("89 days")));
        assert!(matches!(told(None, Some("2026-11-23T00:00:00Z")), Maintenance::Ended(w) if w.contains("2026-11-23")));
        assert!(
            matches!(told(Some("2026-12-01T00:00:00Z"), None), Maintenance::Warning(w) if w.contains("2026-12-01"))
        );
    }
}
