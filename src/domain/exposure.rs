//! Exposures: one stretch of time in which one advisory speaks about one variant, and the diff of two runs.
//!
//! An exposure is kept per *variant*, not per asset: an asset is exposed through the variant it has. Where the
//! answer depends on a serial number, it is kept for that asset alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::advisory::AdvisoryKey;
use super::asset::Asset;
use super::verdict::{Confidence, Doubt, Verdict};

/// What an exposure is about. At most one is open for a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExposureKey {
    pub variant_id: i64,
    /// Set when the answer depends on this asset's serial number; else it holds for all assets of the variant.
    pub asset_id: Option<i64>,
    pub advisory: AdvisoryKey,
}

/// What is said at one moment. Two equal findings mean that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `Affected` or `Possible`; what is not affected is no exposure.
    pub verdict: Verdict,
    pub doubts: Vec<Doubt>,
    pub confidence: Confidence,
    /// "3.1.2 is below 4.0.0".
    pub reason: String,
    /// The entry that decided, as a JSON pointer into the document.
    pub product_pointer: String,
    /// The vulnerabilities that hold, sorted.
    pub cves: Vec<String>,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Version of the advisory that was judged.
    pub advisory_version: String,
    /// Digest of the products, ranges, statuses and remedies that speak of the variant. While it stays, what an owner
    /// decided about the exposure holds, whatever else a new revision says. Blank in what was kept before it existed.
    pub fingerprint: String,
    /// Digest of the question whose answer would settle it; see [`super::review::Question`]. Blank when no answer of a
    /// person would.
    pub question: String,
}

impl Finding {
    /// Whether this says to the owner what the other one says, though the document may be another revision.
    pub fn says_the_same(&self, other: &Finding) -> bool {
        (self.verdict, &self.doubts, &self.reason, &self.cves, &self.fix)
            == (other.verdict, &other.doubts, &other.reason, &other.cves, &other.fix)
            && self.fingerprint == other.fingerprint
    }
}

/// What a rescan found different from what was open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposureChanges {
    pub opened: Vec<(ExposureKey, Finding)>,
    /// (key, before, after).
    pub changed: Vec<(ExposureKey, Finding, Finding)>,
    pub closed: Vec<(ExposureKey, Finding)>,
    /// Why exposures closed, by advisory, where the document is the reason: withdrawn, superseded, deleted, or told
    /// otherwise by a later revision.
    pub closed_because: BTreeMap<AdvisoryKey, String>,
    pub n_same: u64,
}

impl ExposureChanges {
    /// Whether nothing has to be saved.
    pub fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.changed.is_empty() && self.closed.is_empty()
    }
}

/// Compares what is open with what was judged now. Both must be sorted by key without repeats; so are the results.
pub fn diff(before: &[(ExposureKey, Finding)], after: &[(ExposureKey, Finding)]) -> ExposureChanges {
    let mut changes = ExposureChanges::default();
    let (mut b, mut a) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (b.peek(), a.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        match order {
            std::cmp::Ordering::Less => changes.closed.extend(b.next().cloned()),
            std::cmp::Ordering::Greater => changes.opened.extend(a.next().cloned()),
            std::cmp::Ordering::Equal => {
                if let (Some((key, old)), Some((_, new))) = (b.next(), a.next()) {
                    if old == new {
                        changes.n_same += 1;
                    } else {
                        changes.changed.push((key.clone(), old.clone(), new.clone()));
                    }
                }
            }
        }
    }
}

/// One asset and one exposure that it has, as it was on the day that was asked for. Rows share their parts: a plant
/// has more rows than assets and exposures together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureRow {
    pub asset_id: i64,
    /// With the variant that it had on that day; its other values are the latest known.
    pub asset: Arc<Asset>,
    pub key: Arc<ExposureKey>,
    pub finding: Arc<Finding>,
    /// Since when this asset has the exposure: the later of the exposure's opening and the day it got the variant.
    pub opened_at: Timestamp,
    /// Since when it is told as it is told here.
    pub changed_at: Timestamp,
}

/// Which exposures are asked for; what is `None` or empty asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposureFilter {
    pub site: Option<String>,
    pub verdicts: Vec<Verdict>,
    pub advisory: Option<AdvisoryKey>,
    pub variant_id: Option<i64>,
    pub asset_id: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(variant_id: i64, id: &str) -> ExposureKey {
        ExposureKey {
            variant_id,
            asset_id: None,
            advisory: AdvisoryKey { namespace: "https://example.com".to_owned(), id: id.to_owned() },
        }
    }

    fn finding(verdict: Verdict) -> Finding {
        Finding {
            verdict,
            doubts: Vec::new(),
            confidence: Confidence::Certain,
            reason: "3.1.2 is below 4.0.0".to_owned(),
            product_pointer: "/product_tree/branches/0".to_owned(),
            cves: Vec::new(),
            fix: None,
            advisory_version: "1".to_owned(),
            fingerprint: String::new(),
            question: String::new(),
        }
    }

    #[test]
    fn each_key_is_opened_changed_closed_or_the_same() {
        let before = [
            (key(1, "A"), finding(Verdict::Affected)),
            (key(2, "A"), finding(Verdict::Possible)),
            (key(3, "A"), finding(Verdict::Affected)),
        ];
        let after = [
            (key(1, "A"), finding(Verdict::Affected)),
            (key(2, "A"), finding(Verdict::Affected)),
            (key(2, "B"), finding(Verdict::Affected)),
        ];
        let changes = diff(&before, &after);
        assert_eq!(changes.n_same, 1);
        assert_eq!(changes.changed, [(key(2, "A"), finding(Verdict::Possible), finding(Verdict::Affected))]);
        assert_eq!(changes.opened, [(key(2, "B"), finding(Verdict::Affected))]);
        assert_eq!(changes.closed, [(key(3, "A"), finding(Verdict::Affected))]);
    }

    #[test]
    fn the_same_twice_changes_nothing() {
        let findings = [(key(1, "A"), finding(Verdict::Affected))];
        assert!(diff(&findings, &findings).is_empty());
    }
}
