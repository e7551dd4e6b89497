//! Where assets stand: a plant or a building, and how many of its assets are in each of the six places.

use std::sync::Arc;

use super::asset::Standing;

/// A site by the name its owner gives it; blank for assets without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub site_id: i64,
    pub name: String,
    /// Assets that are not retired.
    pub n_assets: u64,
}

/// The six places of one site; they add up to `n_assets`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteSummary {
    pub site: String,
    pub n_assets: u64,
    /// In the order of [`Standing::ALL`].
    pub n_by_standing: [u64; 6],
    /// Advisories that affect at least one asset.
    pub n_advisories_affecting: u64,
    /// Of these, advisories that name an exploited vulnerability.
    pub n_advisories_exploited: u64,
}

impl SiteSummary {
    /// The number of assets that stand in this place.
    pub fn n(&self, standing: Standing) -> u64 {
        self.n_by_standing[standing as usize]
    }
}

/// An asset that cannot be checked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncheckedAsset {
    pub site: Arc<str>,
    /// The asset's tag.
    pub asset_id: Arc<str>,
    pub vendor: Arc<str>,
    pub model: Arc<str>,
    pub why: Arc<str>,
}

/// The site's name as a word of an address: lower case, runs of anything but letters and digits as one dash. Letters
/// of all scripts stay. `-` for a name without any.
pub fn word(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() && !word.ends_with('-') {
            word.push('-');
        }
    }
    if word.ends_with('-') {
        word.pop();
    }
    if word.is_empty() { "-".to_owned() } else { word }
}

/// The site that an address means among these (id, name): by its exact name, by `~` and its id, or by its word where
/// only one site has it.
pub fn find<'a>(sites: &'a [(i64, String)], wanted: &str) -> Option<&'a (i64, String)> {
    if let Some(id) = wanted.strip_prefix('~').and_then(|id| id.parse::<i64>().ok()) {
        return sites.iter().find(|(site_id, _)| *site_id == id);
    }
    sites.iter().find(|(_, name)| name == wanted).or_else(|| {
        let mut named = sites.iter().filter(|(_, name)| word(name) == wanted);
        named.next().filter(|_| named.next().is_none())
    })
}

/// How an address names the site with this id among these: its word, or `~` and its id where others have that word.
pub fn address(sites: &[(i64, String)], site_id: i64) -> String {
    let word = sites.iter().find(|(id, _)| *id == site_id).map(|(_, name)| word(name)).unwrap_or_default();
    match find(sites, &word) {
        Some((id, _)) if *id == site_id => word,
        _ => format!("~{site_id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_an_address_that_finds_it() {
        let names = ["Riverside", "Kraftwerk Süd / 主変電所", "", "North 1", "North-1", "~7", "-"];
        let sites: Vec<(i64, String)> = (1..).zip(names.map(str::to_owned)).collect();
        for (id, name) in &sites {
            let address = address(&sites, *id);
            assert_eq!(find(&sites, &address).map(|(id, _)| id), Some(id), "{name}: {address}");
        }
        assert_eq!(address(&sites, 2), "kraftwerk-süd-主変電所");
        assert_eq!(address(&sites, 4), "~4");
        assert_eq!(find(&sites, "nowhere"), None);
    }
}
