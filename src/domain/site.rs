//! Where assets stand: a plant or a building, and how many of its assets are in each of the six places.

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
    pub site: String,
    /// The asset's tag.
    pub asset_id: String,
    pub vendor: String,
    pub model: String,
    pub why: String,
}
