//! ROLIE feeds: which documents a provider has, since when, and where digest and signature of each lie.

use serde::Deserialize;

use super::retrieve::{Beside, Listed};

/// A feed of a hundred thousand documents has some 100 MB.
pub const FEED_LIMIT_BYTES: usize = 256 << 20;

/// One page of a feed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// In the order of the feed.
    pub documents: Vec<Listed>,
    /// Where the feed goes on.
    pub next: Option<String>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Root {
    feed: Feed,
}

#[derive(Deserialize)]
struct Feed {
    #[serde(default)]
    link: Vec<Link>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    updated: String,
    #[serde(default)]
    link: Vec<Link>,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
    #[serde(default)]
    href: String,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    src: String,
}

/// Reads one page of a feed.
///
/// An entry without an address is left out with a warning. Categories and services are for people and other programs;
/// they are passed over.
///
/// # Errors
///
/// The bytes are no feed; the sentence says what was found.
///
/// # Source
///
/// CSAF 2.1, section 7.1.15; RFC 8322.
pub fn read_feed(bytes: &[u8]) -> Result<FeedPage, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let root: Root = serde_json::from_slice(bytes).map_err(|e| format!("expected a ROLIE feed, found {e}"))?;
    let mut page = FeedPage { next: link(&root.feed.link, "next").map(ToOwned::to_owned), ..FeedPage::default() };
    for (i, entry) in root.feed.entry.into_iter().enumerate() {
        let url = match &entry.content {
            Some(content) if !content.src.is_empty() => content.src.as_str(),
            _ => link(&entry.link, "self").unwrap_or_default(),
        };
        if url.is_empty() {
            page.warnings.push(format!("entry {} (`{}`) of the feed names no document", i + 1, entry.id));
            continue;
        }
        let digests = entry.link.iter().filter(|l| l.rel == "hash" && !l.href.is_empty()).map(|l| l.href.clone());
        page.documents.push(Listed {
            url: url.to_owned(),
            listed_at: entry.updated.clone(),
            beside: Beside::Named {
                digests: digests.collect(),
                signature: link(&entry.link, "signature").map(ToOwned::to_owned),
            },
        });
    }
    Ok(page)
}

fn link<'a>(links: &'a [Link], rel: &str) -> Option<&'a str> {
    links.iter().find(|link| link.rel == rel && !link.href.is_empty()).map(|link| link.href.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_names_documents_with_what_lies_beside_them() {
        let text = r#"{"feed": {"id": "f", "title": "x", "updated": "2026-11-20T00:00:00Z",
            "link": [{"rel": "self", "href": "https://v.example/feed.json"}, {"rel": "service", "href": "https://v.example/s"},
                     {"rel": "next", "href": "https://v.example/feed-2.json"}],
            "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
            "entry": [
              {"id": "A", "updated": "2026-11-19T08:00:00.000Z", "content": {"type": "application/json", "src": "https://v.example/a.json"},
               "link": [{"rel": "self", "href": "https://v.example/other"}, {"rel": "hash", "href": "https://v.example/a.json.sha512"},
                        {"rel": "hash", "href": "https://v.example/a.json.sha256"}, {"rel": "signature", "href": "https://v.example/a.json.asc"}]},
              {"id": "B", "link": [{"rel": "self", "href": "https://v.example/b.json"}]},
              {"id": "C"}]}}"#;
        let page = read_feed(text.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("https://v.example/feed-2.json"));
        assert_eq!(page.documents[0].url, "https://v.example/a.json");
        assert_eq!(page.documents[0].listed_at, "2026-11-19T08:00:00.000Z");
        let Beside::Named { digests, signature } = &page.documents[0].beside else { panic!() };
        assert_eq!((digests.len(), signature.as_deref()), (2, Some("https://v.example/a.json.asc")));
        assert_eq!(page.documents[1].beside, Beside::Named { digests: Vec::new(), signature: None });
        assert_eq!(page.documents.len(), 2);
        assert!(page.warnings[0].contains("entry 3 (`C`)"), "{:?}", page.warnings);
    }

    #[test]
    fn an_empty_feed_is_a_feed_and_a_page_is_none() {
        assert_eq!(read_feed(br#"{"feed": {"id": "f"}}"#), Ok(FeedPage::default()));
        for text in ["", "<html></html>", "{}", r#"{"feed": {"entry": 5}}"#, r#"{"document": {}}"#] {
            assert!(read_feed(text.as_bytes()).unwrap_err().starts_with("expected a ROLIE feed, found "), "{text}");
        }
    }
}
