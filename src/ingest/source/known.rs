//! The places that the program knows of; a plant decides which of them it uses.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::source::{Source, SourceKind};

/// A place that ships with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSource {
    pub name: String,
    pub title: String,
    pub kind: SourceKind,
    pub url: String,
    /// `lister`, `cert`, `vendor`, `certvde`, `it` or `list`.
    pub group: String,
    /// Where the address comes from.
    pub evidence: String,
}

impl KnownSource {
    /// As a plant would configure it, not enabled.
    pub fn to_source(&self, added_at: Timestamp) -> Source {
        Source { title: self.title.clone(), ..Source::new(&self.name, self.kind, &self.url, added_at) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    title: String,
    kind: String,
    url: String,
    group: String,
    evidence: String,
}

/// All known places, in the order of the list.
pub fn known_sources() -> &'static [KnownSource] {
    static KNOWN: LazyLock<Vec<KnownSource>> = LazyLock::new(|| {
        // The list is part of the program; a test reads it.
        let file = toml::from_str::<File>(include_str!("sources.toml")).unwrap_or(File { source: Vec::new() });
        let known = |e: Entry| {
            let kind = SourceKind::from_word(&e.kind)?;
            Some(KnownSource { name: e.name, title: e.title, kind, url: e.url, group: e.group, evidence: e.evidence })
        };
        file.source.into_iter().filter_map(known).collect()
    });
    &KNOWN
}

/// The known place of this name.
pub fn known_source(name: &str) -> Option<&'static KnownSource> {
    known_sources().iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_of_the_list_is_whole() {
        let file: File = toml::from_str(include_str!("sources.toml")).unwrap();
        assert_eq!(file.source.len(), known_sources().len(), "an entry has a kind that is not known");
        assert!(known_sources().len() > 50);
        let names: BTreeSet<&str> = known_sources().iter().map(|k| k.name.as_str()).collect();
        assert_eq!(names.len(), known_sources().len(), "a name stands twice");
        for known in known_sources() {
            assert!(known.url.starts_with("https://"), "{known:?}");
            assert!(["lister", "cert", "vendor", "certvde", "it", "list"].contains(&known.group.as_str()), "{known:?}");
            assert!(!known.title.is_empty() && !known.evidence.is_empty(), "{known:?}");
            let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(known.name.bytes().all(is_plain), "{known:?}");
        }
    }

    #[test]
    fn nothing_is_enabled_by_itself() {
        let source = known_source("siemens").unwrap().to_source(Timestamp::UNIX_EPOCH);
        assert!(!source.is_enabled && !source.allows_http && !source.allows_private);
        assert_eq!(known_source("Siemens"), None);
    }
}
