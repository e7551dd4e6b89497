//! How values are written into columns: texts, digests, times and lists.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::error::StoreError;
use crate::domain::source::Trust;

/// The text without NUL characters, which PostgreSQL cannot keep.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// As [`clean`], for each text of a list.
pub(super) fn clean_all(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| clean(text)).collect()
}

/// The SHA-256 of several texts, 64 hexadecimal digits. The length goes before each, so that no two lists are alike.
pub(super) fn digest<T: AsRef<str>>(texts: &[T]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.as_ref().len() as u64).to_be_bytes());
        hash.update(text.as_ref().as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The time as text that sorts like the time: UTC, RFC 3339, always three digits after the point.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The time of a column.
pub(super) fn read_time(column: &'static str, text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged { column, expected: "a time", found: text.to_owned() })
}

/// The time of a column that may be null.
pub(super) fn read_time_if_any(column: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, StoreError> {
    text.map(|text| read_time(column, text)).transpose()
}

/// The trust state of a column.
pub(super) fn read_trust(column: &'static str, text: &str) -> Result<Trust, StoreError> {
    Trust::from_word(text).ok_or_else(|| StoreError::Damaged {
        column,
        expected: "a trust state",
        found: text.to_owned(),
    })
}

/// A list of texts or of pairs as JSON.
pub(super) fn json<T: serde::Serialize>(list: &[T]) -> String {
    // Neither texts nor pairs of texts can fail to be written.
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

/// The list of a column that was written by [`json`].
pub(super) fn read_json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged {
        column,
        expected: "a JSON list",
        found: text.to_owned(),
    })
}

/// A number of rows; none is negative.
pub(super) fn read_count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A number of rows as a column.
pub(super) fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text_sort_like_times() {
        let times = ["1999-12-31T23:59:59Z", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00.5Z", "2026-11-22T00:00:01Z"];
        let texts: Vec<String> = times.iter().map(|t| time(t.parse().unwrap())).collect();
        assert_eq!(texts[1], "2026-11-22T00:00:00.000Z");
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(read_time("x", &texts[2]).unwrap(), times[2].parse().unwrap());
    }

    #[test]
    fn lists_that_join_to_the_same_text_have_other_digests() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["ab"]), digest(&["ab", ""]));
        assert_eq!(digest(&["ab"]).len(), 64);
    }

    #[test]
    fn nul_is_left_out() {
        assert_eq!(clean("PM\08000"), "PM8000");
        assert!(matches!(clean("PM8000"), Cow::Borrowed(_)));
    }
}
