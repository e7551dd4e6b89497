//! The walk list: which readings at which devices would turn "possible" into yes or no.

use std::cmp::Ordering;

use super::verdict::Reading;

/// The devices of one nameplate at one site that need the same readings, and what these would settle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorklistItem {
    pub site: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    /// What to read; all of it is needed. Sorted, never empty.
    pub readings: Vec<Reading>,
    /// Each device once, in the order of the inventory.
    pub assets: Vec<WorklistAsset>,
    /// The tracking ids of the advisories, sorted, each once.
    pub advisories: Vec<String>,
    /// Exposures (pairs of asset and advisory) that become yes or no.
    pub n_settled: u64,
}

/// One device to go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorklistAsset {
    pub tag: String,
    pub area: String,
    /// The firmware as the inventory has it; most often blank.
    pub firmware: String,
    /// Exposures of this device that the readings settle.
    pub n_settled: u64,
}

impl WorklistItem {
    /// The number of values to read: devices times readings.
    pub fn n_readings(&self) -> u64 {
        (self.assets.len() * self.readings.len()) as u64
    }

    /// The order of the walk: the item that settles most with each value that is read comes first, then the one that
    /// settles most as a whole; then site and nameplate, so that equal input gives equal lists.
    pub fn compare(&self, other: &WorklistItem) -> Ordering {
        // a / b against c / d without division.
        let per_reading = (other.n_settled * self.n_readings()).cmp(&(self.n_settled * other.n_readings()));
        per_reading.then_with(|| other.n_settled.cmp(&self.n_settled)).then_with(|| self.key().cmp(&other.key()))
    }

    fn key(&self) -> (&str, &str, &str, &str, &[Reading]) {
        (&self.site, &self.vendor, &self.model, &self.part_number, &self.readings)
    }
}

/// The walk list of one site or of all. `n_possible` is what the items settle and `n_not_settled` together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worklist {
    /// In the order of [`WorklistItem::compare`].
    pub items: Vec<WorklistItem>,
    /// All possible exposures.
    pub n_possible: u64,
    /// Those that no reading settles: vague entries, conditions, coarse bounds, texts that are not understood.
    pub n_not_settled: u64,
}

impl Worklist {
    /// The possible exposures that the readings of the list settle.
    pub fn n_settled(&self) -> u64 {
        self.items.iter().map(|item| item.n_settled).sum()
    }

    /// The values to read for the whole list.
    pub fn n_readings(&self) -> u64 {
        self.items.iter().map(WorklistItem::n_readings).sum()
    }
}
