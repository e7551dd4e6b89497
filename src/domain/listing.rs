//! What lists show of exposures, and the sums of a site that stand above them.

use super::advisory::AdvisoryKey;
use super::asset::Standing;
use super::exposure::Finding;
use super::nameplate::Variant;
use super::priority::Severity;
use super::site::SiteSummary;
use super::verdict::{Confidence, Verdict};

/// What lists sort and filter an open exposure by.
#[derive(Clone, Debug, PartialEq)]
pub struct Standpoint {
    pub cvss: Option<f32>,
    pub is_exploited: bool,
    /// Probability of exploitation in parts per million; 0 when none is known.
    pub epss_ppm: u32,
    pub verdict: Verdict,
    pub confidence: Confidence,
    pub has_fix: bool,
}

impl Standpoint {
    /// The severity of the score.
    pub fn severity(&self) -> Option<Severity> {
        self.cvss.map(Severity::of_score)
    }

    /// 0 no score, 1 none, 2 low, 3 medium, 4 high, 5 critical.
    pub fn severity_rank(&self) -> i64 {
        severity_rank(self.severity())
    }

    /// A number by which lists are sorted, most urgent highest: the order of [`super::priority::Priority::compare`]
    /// without the asset. Of the probability whole percents count, so that daily estimates do not move every row.
    pub fn urgency(&self) -> i64 {
        let affected = i64::from(self.verdict == Verdict::Affected);
        let percent = i64::from(self.epss_ppm / 10_000);
        (i64::from(self.is_exploited) << 40)
            | (self.severity_rank() << 32)
            | (affected << 24)
            | (percent << 16)
            | self.cvss_tenths().map_or(0, |tenths| tenths + 1)
    }

    /// The place in the order of work, as [`Standpoint::urgency`], most urgent lowest.
    pub fn work_order(&self) -> i64 {
        -self.urgency()
    }

    /// The score in tenths, so that it is kept as a whole number.
    pub fn cvss_tenths(&self) -> Option<i64> {
        self.cvss.map(|score| (score * 10.0).round() as i64)
    }
}

/// 0 no score, 1 none, 2 low, 3 medium, 4 high, 5 critical.
pub fn severity_rank(severity: Option<Severity>) -> i64 {
    match severity {
        None => 0,
        Some(Severity::None) => 1,
        Some(Severity::Low) => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::High) => 4,
        Some(Severity::Critical) => 5,
    }
}

/// The sums of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteTotal {
    pub site_id: i64,
    pub name: String,
    /// In the order of [`Standing::ALL`].
    pub n_by_standing: [u64; 6],
    /// Affected assets by worst severity: critical, high, medium, low, none, no score.
    pub affected_by_severity: [u64; 6],
    /// Advisories that affect an asset.
    pub n_affecting: u64,
    /// Of these, the ones with an exploited vulnerability.
    pub n_exploited: u64,
    /// Pairs of asset and advisory, affected or possible.
    pub n_exposures: u64,
    /// Variants with such a pair.
    pub n_nameplates: u64,
    /// Advisories with such a pair.
    pub n_speaking: u64,
}

impl SiteTotal {
    /// The number of assets of the site.
    pub fn n_assets(&self) -> u64 {
        self.n_by_standing.iter().sum()
    }

    /// The number of assets that stand in this place.
    pub fn n(&self, standing: Standing) -> u64 {
        self.n_by_standing[standing as usize]
    }

    /// As reports sum up a site.
    pub fn summary(&self) -> SiteSummary {
        SiteSummary {
            site: self.name.clone(),
            n_assets: self.n_assets(),
            n_by_standing: self.n_by_standing,
            n_advisories_affecting: self.n_affecting,
            n_advisories_exploited: self.n_exploited,
        }
    }
}

/// One line of a list of exposures: what one advisory says about one variant, and how many assets of the list's sites
/// have it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedExposure {
    pub exposure_id: i64,
    /// Where it stands in the list; see [`Standpoint::work_order`].
    pub work_order: i64,
    /// What it was sorted by; blank in the order of work.
    pub sort_key: String,
    pub variant_id: i64,
    pub variant: Variant,
    /// Set where the exposure is that of one asset alone.
    pub asset_id: Option<i64>,
    pub advisory: AdvisoryKey,
    pub finding: Finding,
    pub cvss: Option<f32>,
    pub is_exploited: bool,
    pub n_assets: u64,
    /// In a list by nameplate the exposures of the same variant, in one by advisory those of the same advisory, as far
    /// as they fit the filter; this one included.
    pub n_alike: u64,
    /// Set in lists of assets.
    pub asset: Option<ListedAsset>,
}

/// By what a list of exposures is sorted. Ties are broken by the order of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListSort {
    /// The order of work, most urgent first.
    #[default]
    Work,
    By(ListKey, Direction),
}

/// A column that a list of exposures can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKey {
    Severity,
    Nameplate,
    /// How many assets of the list's sites have the nameplate.
    Assets,
    Advisory,
    /// The tag of the asset; in lists of assets only.
    Asset,
}

/// Which end of a column comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

impl ListSort {
    /// All columns with their words.
    pub const KEYS: [(ListKey, &'static str); 5] = [
        (ListKey::Severity, "severity"),
        (ListKey::Nameplate, "nameplate"),
        (ListKey::Assets, "assets"),
        (ListKey::Advisory, "advisory"),
        (ListKey::Asset, "asset"),
    ];

    /// Reads `work`, `nameplate` or `-severity`; `None` for any other text.
    pub fn read(text: &str) -> Option<ListSort> {
        if text == "work" {
            return Some(ListSort::Work);
        }
        read_key(&ListSort::KEYS, text).map(|(key, direction)| ListSort::By(key, direction))
    }

    /// The word of the column and whether its highest value comes first.
    pub fn word(self) -> (&'static str, bool) {
        match self {
            ListSort::Work => ("work", false),
            ListSort::By(key, direction) => (word_of(&ListSort::KEYS, key), direction == Direction::Down),
        }
    }
}

/// By what a list of assets is sorted. Ties are broken by the order in which they were first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetSort {
    /// The order in which they were first seen.
    #[default]
    Seen,
    By(AssetKey, Direction),
}

/// A column that a list of assets can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetKey {
    Tag,
    Site,
    /// Vendor, model and order number.
    Nameplate,
    SerialNumber,
    Standing,
}

impl AssetSort {
    /// All columns with their words.
    pub const KEYS: [(AssetKey, &'static str); 5] = [
        (AssetKey::Tag, "tag"),
        (AssetKey::Site, "site"),
        (AssetKey::Nameplate, "nameplate"),
        (AssetKey::SerialNumber, "serial"),
        (AssetKey::Standing, "standing"),
    ];

    /// Reads `tag` or `-standing`; `None` for any other text.
    pub fn read(text: &str) -> Option<AssetSort> {
        read_key(&AssetSort::KEYS, text).map(|(key, direction)| AssetSort::By(key, direction))
    }

    /// The word of the column and whether its last value comes first; blank without a column.
    pub fn word(self) -> (&'static str, bool) {
        match self {
            AssetSort::Seen => ("", false),
            AssetSort::By(key, direction) => (word_of(&AssetSort::KEYS, key), direction == Direction::Down),
        }
    }
}

/// By what a list of nameplates is sorted. Ties are broken by the order in which they were first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameplateSort {
    /// The order in which they were first seen.
    #[default]
    Seen,
    By(NameplateKey, Direction),
}

/// A column that a list of nameplates can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameplateKey {
    /// Vendor, model and order number.
    Nameplate,
    Assets,
    Standing,
}

impl NameplateSort {
    /// All columns with their words. Firmware is none of them: versions do not sort as texts.
    pub const KEYS: [(NameplateKey, &'static str); 3] = [
        (NameplateKey::Nameplate, "nameplate"),
        (NameplateKey::Assets, "assets"),
        (NameplateKey::Standing, "standing"),
    ];

    /// Reads `nameplate` or `-assets`; `None` for any other text.
    pub fn read(text: &str) -> Option<NameplateSort> {
        read_key(&NameplateSort::KEYS, text).map(|(key, direction)| NameplateSort::By(key, direction))
    }

    /// The word of the column and whether its last value comes first; blank without a column.
    pub fn word(self) -> (&'static str, bool) {
        match self {
            NameplateSort::Seen => ("", false),
            NameplateSort::By(key, direction) => (word_of(&NameplateSort::KEYS, key), direction == Direction::Down),
        }
    }
}

fn read_key<K: Copy>(keys: &[(K, &'static str)], text: &str) -> Option<(K, Direction)> {
    let (word, direction) = match text.strip_prefix('-') {
        Some(word) => (word, Direction::Down),
        None => (text, Direction::Up),
    };
    keys.iter().find(|(_, known)| *known == word).map(|(key, _)| (*key, direction))
}

fn word_of<K: PartialEq>(keys: &[(K, &'static str)], key: K) -> &'static str {
    keys.iter().find(|(known, _)| *known == key).map_or("", |(_, word)| word)
}

/// The asset of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedAsset {
    pub asset_id: i64,
    /// Which stretch with its variant; breaks ties in the order.
    pub asset_variant_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub serial_number: String,
}

/// One line of a list of assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetLine {
    pub asset_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub name: String,
    pub serial_number: String,
    /// What it was sorted by; blank in the order in which they were first seen.
    pub sort_key: String,
    pub variant_id: i64,
    pub variant: Variant,
    pub standing: Standing,
    /// Why it cannot be checked; blank for other standings.
    pub why: String,
    /// Not in the last import of its site.
    pub is_not_seen: bool,
}

/// One line of a list of nameplates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameplateLine {
    pub variant_id: i64,
    pub variant: Variant,
    pub standing: Standing,
    /// Why it cannot be checked; blank for other standings.
    pub why: String,
    pub n_assets: u64,
    /// What the line was sorted by.
    pub sort_key: String,
}

/// By what a list of exposures is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListView {
    /// One line a variant: its most urgent exposure.
    #[default]
    Nameplate,
    /// One line an asset and advisory.
    Asset,
    /// One line an advisory: its most urgent exposure.
    Advisory,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_are_read_from_their_words() {
        for text in ["work", "severity", "-severity", "nameplate", "-assets", "advisory", "asset"] {
            let (word, is_down) = ListSort::read(text).unwrap().word();
            assert_eq!(format!("{}{word}", if is_down { "-" } else { "" }), text);
        }
        assert_eq!(ListSort::read("firmware"), None);
        for text in ["tag", "-site", "nameplate", "-serial", "standing"] {
            let (word, is_down) = AssetSort::read(text).unwrap().word();
            assert_eq!(format!("{}{word}", if is_down { "-" } else { "" }), text);
        }
        assert_eq!(AssetSort::read("-"), None);
        for text in ["nameplate", "-assets", "standing"] {
            let (word, is_down) = NameplateSort::read(text).unwrap().word();
            assert_eq!(format!("{}{word}", if is_down { "-" } else { "" }), text);
        }
        assert_eq!(NameplateSort::read("firmware"), None);
    }

    #[test]
    fn urgency_orders_as_priorities_do() {
        let point = |is_exploited, cvss, verdict, epss_ppm| Standpoint {
            cvss,
            is_exploited,
            epss_ppm,
            verdict,
            confidence: Confidence::Certain,
            has_fix: false,
        };
        let ascending = [
            point(false, None, Verdict::Possible, 0),
            point(false, None, Verdict::Affected, 0),
            point(false, Some(5.0), Verdict::Affected, 900_000),
            point(false, Some(8.8), Verdict::Possible, 0),
            point(false, Some(7.0), Verdict::Affected, 0),
            point(false, Some(8.8), Verdict::Affected, 0),
            point(false, Some(7.0), Verdict::Affected, 420_000),
            point(false, Some(9.8), Verdict::Possible, 0),
            point(false, Some(10.0), Verdict::Affected, 1_000_000),
            point(true, None, Verdict::Possible, 0),
            point(true, Some(4.3), Verdict::Possible, 0),
        ];
        for pair in ascending.windows(2) {
            assert!(pair[0].urgency() < pair[1].urgency(), "{pair:?}");
        }
    }
}
