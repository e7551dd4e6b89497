//! `provider-metadata.json` and `aggregator.json`, versions 2.0 and 2.1.

use serde_json::Value;
use thiserror::Error;

use crate::domain::advisory::{Publisher, Tlp};
use crate::domain::provider::{Aggregator, List, ListForm, ListedProvider, Provider, ProviderKey, Role};

/// More is never needed for a few addresses.
pub const METADATA_LIMIT_BYTES: usize = 2 << 20;
pub const AGGREGATOR_LIMIT_BYTES: usize = 8 << 20;

/// What stands at a place is not what was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}, found {found}")]
pub struct MetadataError {
    expected: &'static str,
    found: String,
}

fn expected<T>(expected: &'static str, found: impl Into<String>) -> Result<T, MetadataError> {
    Err(MetadataError { expected, found: found.into() })
}

/// Reads the metadata of a provider, and says what was odd, one sentence each.
///
/// It counts only with what makes it usable: version, canonical URL, publisher and role. Everything else may be missing.
///
/// # Errors
///
/// Something else stands there, for example a page that says that there is nothing.
///
/// # Source
///
/// CSAF 2.0 and 2.1, section 7.1.7 and the JSON schema of the metadata.
pub fn read_provider(bytes: &[u8]) -> Result<(Provider, Vec<String>), MetadataError> {
    let root = read_object(bytes, "the metadata of a CSAF provider")?;
    let version = text(&root, "metadata_version");
    if !is_version_2(version) {
        return expected("`metadata_version` 2.0 or 2.1", found_at(&root, "metadata_version"));
    }
    let canonical_url = text(&root, "canonical_url");
    if canonical_url.is_empty() {
        return expected("a URL in `canonical_url`", found_at(&root, "canonical_url"));
    }
    let Some(role) = Role::from_word(text(&root, "role")) else {
        return expected("a CSAF role in `role`", found_at(&root, "role"));
    };
    let publisher = read_publisher(root.get("publisher"));
    if publisher.name.is_empty() || publisher.namespace.is_empty() {
        return expected("name and namespace in `publisher`", found_at(&root, "publisher"));
    }
    let mut warnings = Vec::new();
    let lists = read_lists(items(&root, "distributions"), &mut warnings);
    if lists.is_empty() && role > Role::Publisher {
        warnings.push("the metadata name no list of documents".to_owned());
    }
    let keys = items(&root, "public_openpgp_keys")
        .iter()
        .map(|key| ProviderKey { fingerprint: text(key, "fingerprint").to_owned(), url: text(key, "url").to_owned() })
        .filter(|key| !key.url.is_empty())
        .collect();
    let date = |key: &str| text(&root, key).parse().ok();
    Ok((
        Provider {
            metadata_version: version.to_owned(),
            canonical_url: canonical_url.to_owned(),
            role,
            publisher,
            updated_at: date("last_updated"),
            maintained_from: date("maintained_from"),
            maintained_until: date("maintained_until"),
            lists,
            keys,
        },
        warnings,
    ))
}

/// Reads a list of providers. Of those that have no metadata of their own the first copy counts.
///
/// # Errors
///
/// Something else stands there.
///
/// # Source
///
/// CSAF 2.0 and 2.1, section 7.1.21 and the JSON schema of the aggregator.
pub fn read_aggregator(bytes: &[u8]) -> Result<Aggregator, MetadataError> {
    let root = read_object(bytes, "a list of CSAF providers")?;
    if !is_version_2(text(&root, "aggregator_version")) {
        return expected("`aggregator_version` 2.0 or 2.1", found_at(&root, "aggregator_version"));
    }
    let listed = |key: &str, mirror_first: bool| -> Vec<ListedProvider> {
        let read = |item: &Value| {
            let metadata = item.get("metadata")?;
            let mirrors: Vec<String> =
                items(item, "mirrors").iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
            let own = text(metadata, "url").to_owned();
            let url = if mirror_first { mirrors.first().cloned().unwrap_or(own) } else { own };
            let name = read_publisher(metadata.get("publisher")).name;
            (!url.is_empty()).then_some(ListedProvider { name, url, mirrors })
        };
        items(&root, key).iter().filter_map(read).collect()
    };
    let mut providers = listed("csaf_providers", false);
    providers.extend(listed("csaf_publishers", true));
    if providers.is_empty() {
        return expected("providers in `csaf_providers`", found_at(&root, "csaf_providers"));
    }
    Ok(Aggregator {
        name: root.get("aggregator").map_or("", |aggregator| text(aggregator, "name")).to_owned(),
        canonical_url: text(&root, "canonical_url").to_owned(),
        updated_at: text(&root, "last_updated").parse().ok(),
        providers,
    })
}

/// The lists of all distributions, in the spelling of 2.0 (`directory_url`) and of 2.1 (`directory`).
fn read_lists(distributions: &[Value], warnings: &mut Vec<String>) -> Vec<List> {
    let mut lists: Vec<List> = Vec::new();
    let mut add = |form: ListForm, url: &str, label: &str| {
        let tlp = Tlp::from_word(&label.to_ascii_uppercase());
        if tlp.is_none() && !label.is_empty() && !label.eq_ignore_ascii_case("UNLABELED") {
            warnings.push(format!("`{url}` has the label `{label}`, which is not known"));
        }
        let list = List { form, url: url.to_owned(), tlp };
        if !url.is_empty() && !lists.contains(&list) {
            lists.push(list);
        }
    };
    for distribution in distributions {
        add(ListForm::Directory, text(distribution, "directory_url"), "");
        if let Some(directory) = distribution.get("directory") {
            add(ListForm::Directory, text(directory, "url"), text(directory, "tlp_label"));
        }
        if let Some(rolie) = distribution.get("rolie") {
            for feed in items(rolie, "feeds") {
                add(ListForm::Rolie, text(feed, "url"), text(feed, "tlp_label"));
            }
        }
    }
    lists
}

fn read_publisher(value: Option<&Value>) -> Publisher {
    let field = |key: &str| value.map_or("", |publisher| text(publisher, key)).to_owned();
    Publisher { category: field("category"), name: field("name"), namespace: field("namespace") }
}

fn is_version_2(version: &str) -> bool {
    version.split('.').next() == Some("2")
}

fn read_object(bytes: &[u8], what: &'static str) -> Result<Value, MetadataError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii_start().first() == Some(&b'<') {
        return expected(what, "a page in HTML or XML");
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => expected(what, "JSON that is no object"),
        Err(e) => expected(what, format!("no JSON ({e})")),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim()
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What stands under a key, short.
fn found_at(root: &Value, key: &str) -> String {
    match root.get(key) {
        None => "nothing".to_owned(),
        Some(value) => {
            let written = value.to_string();
            let short: String = written.chars().take(60).collect();
            if short.len() < written.len() { format!("`{short}…`") } else { format!("`{short}`") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER_2_0: &str = r#"{
        "canonical_url": "https://vendor.example/.well-known/csaf/provider-metadata.json",
        "distributions": [
            {"directory_url": "https://vendor.example/csaf/white"},
            {"rolie": {
                "categories": ["https://vendor.example/category.json"],
                "services": ["https://vendor.example/service.json"],
                "feeds": [
                    {"summary": "all", "tlp_label": "WHITE", "url": "https://vendor.example/feed-1.json"},
                    {"tlp_label": "WHITE", "url": "https://vendor.example/feed-2.json"},
                    {"tlp_label": "AMBER", "url": "https://vendor.example/amber.json"},
                    {"tlp_label": "PURPLE", "url": "https://vendor.example/purple.json"}
                ]}}],
        "last_updated": "2026-11-20T10:00:00Z",
        "metadata_version": "2.0",
        "public_openpgp_keys": [{"fingerprint": "AB12", "url": "https://vendor.example/key.asc"}],
        "publisher": {"category": "vendor", "name": "Vendor PSIRT", "namespace": "https://vendor.example"},
        "role": "csaf_trusted_provider"
    }"#;

    #[test]
    fn metadata_of_2_0_name_lists_and_keys() {
        let (provider, warnings) = read_provider(PROVIDER_2_0.as_bytes()).unwrap();
        assert_eq!((provider.role, provider.publisher.name.as_str()), (Role::TrustedProvider, "Vendor PSIRT"));
        let lists: Vec<(ListForm, &str, Option<Tlp>)> =
            provider.lists.iter().map(|l| (l.form, l.url.rsplit('/').next().unwrap(), l.tlp)).collect();
        assert_eq!(
            lists,
            [
                (ListForm::Directory, "white", None),
                (ListForm::Rolie, "feed-1.json", Some(Tlp::Clear)),
                (ListForm::Rolie, "feed-2.json", Some(Tlp::Clear)),
                (ListForm::Rolie, "amber.json", Some(Tlp::Amber)),
                (ListForm::Rolie, "purple.json", None),
            ]
        );
        assert_eq!(provider.keys[0].fingerprint, "AB12");
        assert!(warnings.len() == 1 && warnings[0].contains("PURPLE"), "{warnings:?}");
    }

    #[test]
    fn metadata_of_2_1_name_a_directory_with_its_label_and_the_end_of_maintenance() {
        let text = r#"{"metadata_version": "2.1", "canonical_url": "https://v.example/provider-metadata.json",
            "maintained_until": "2027-01-01T00:00:00Z", "role": "csaf_provider",
            "publisher": {"name": "V", "namespace": "https://v.example"},
            "distributions": [{"directory": {"tlp_label": "CLEAR", "url": "https://v.example/clear/"}}]}"#;
        let (provider, warnings) = read_provider(text.as_bytes()).unwrap();
        assert_eq!(provider.lists[0].tlp, Some(Tlp::Clear));
        assert_eq!(provider.maintained_until.unwrap().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_metadata_does_not_count() {
        for (text, word) in [
            ("<!DOCTYPE html><html><body>Not here</body></html>", "HTML"),
            ("", "no JSON"),
            ("[]", "no object"),
            ("{}", "`metadata_version` 2.0 or 2.1, found nothing"),
            (r#"{"metadata_version": "1.0"}"#, "`\"1.0\"`"),
            (r#"{"metadata_version": "2.0"}"#, "canonical_url"),
            (r#"{"metadata_version": "2.0", "canonical_url": "https://v.example/", "role": "king"}"#, "king"),
            (
                r#"{"metadata_version": "2.0", "canonical_url": "x", "role": "csaf_provider", "publisher": []}"#,
                "publisher",
            ),
            (r#"{"document": {"category": "csaf_security_advisory"}}"#, "metadata_version"),
        ] {
            let message = read_provider(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    #[test]
    fn an_aggregator_lists_providers_and_copies_of_publishers() {
        let text = r#"{"aggregator": {"category": "aggregator", "name": "Lister", "namespace": "https://l.example"},
            "aggregator_version": "2.0", "canonical_url": "https://l.example/aggregator.json",
            "csaf_providers": [{"metadata": {"publisher": {"name": "V"}, "role": "csaf_provider",
                "url": "https://v.example/provider-metadata.json"}, "mirrors": ["https://l.example/v/"]}],
            "csaf_publishers": [{"metadata": {"publisher": {"name": "P"}, "url": "https://p.example/"},
                "mirrors": ["https://l.example/p/provider-metadata.json"], "update_interval": "daily"}],
            "last_updated": "2026-11-20T10:00:00Z"}"#;
        let aggregator = read_aggregator(text.as_bytes()).unwrap();
        let urls: Vec<&str> = aggregator.providers.iter().map(|p| p.url.as_str()).collect();
        assert_eq!(urls, ["https://v.example/provider-metadata.json", "https://l.example/p/provider-metadata.json"]);
        assert!(read_aggregator(PROVIDER_2_0.as_bytes()).is_err());
        assert!(read_provider(text.as_bytes()).is_err());
    }
}
