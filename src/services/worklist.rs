//! The walk list: which readings at which devices would turn "possible" into yes or no, most useful first.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::asset::Asset;
use crate::domain::firmware::Firmware;
use crate::domain::matching::Match;
use crate::domain::verdict::{DoubtKind, Verdict};
use crate::services::judge::Judged;
use crate::services::report_rows::JudgedFleet;

/// What a person can read off a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reading {
    Firmware,
    OrderNumber,
    SerialNumber,
}

impl Reading {
    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            Reading::Firmware => "firmware",
            Reading::OrderNumber => "order number",
            Reading::SerialNumber => "serial number",
        }
    }

    /// The word used in files.
    pub fn word(self) -> &'static str {
        match self {
            Reading::Firmware => "firmware",
            Reading::OrderNumber => "part_number",
            Reading::SerialNumber => "serial_number",
        }
    }
}

/// Devices with one nameplate at one site, and what reading them would settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorklistItem {
    pub site: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    /// All of these are needed.
    pub readings: Vec<Reading>,
    /// (asset, area), in the order of the inventory.
    pub assets: Vec<(String, String)>,
    /// The advisories, sorted.
    pub advisories: Vec<String>,
    /// Pairs of asset and advisory that become yes or no.
    pub n_settled: u64,
}

/// The walk list of a fleet, and how many possible exposures no reading settles (vague entries, conditions).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worklist {
    /// The reading that settles most comes first.
    pub items: Vec<WorklistItem>,
    pub n_possible: u64,
    pub n_not_settled: u64,
}

/// Makes the walk list of one site, or of all.
pub fn worklist(fleet: &JudgedFleet<'_>, site: Option<&str>) -> Worklist {
    let mut list = Worklist::default();
    // Assets of one variant are not told apart by firmware here: a missing one has no text to differ in.
    let mut groups: BTreeMap<(&str, u32, Vec<Reading>), WorklistItem> = BTreeMap::new();
    for (asset, &variant) in fleet.assets.iter().zip(fleet.variant_of) {
        if site.is_some_and(|site| site != asset.site) {
            continue;
        }
        let Judged::Done(judgement) = &fleet.judged[variant as usize] else { continue };
        let mut by_readings: BTreeMap<Vec<Reading>, BTreeSet<&str>> = BTreeMap::new();
        for found in judgement.matches_of(&asset.serial_number).iter().filter(|m| m.verdict == Verdict::Possible) {
            list.n_possible += 1;
            match missing_readings(asset, found) {
                Some(readings) => {
                    let id = fleet.index.advisories()[found.advisory as usize].id.as_str();
                    by_readings.entry(readings).or_default().insert(id);
                }
                None => list.n_not_settled += 1,
            }
        }
        for (readings, advisories) in by_readings {
            let plate = &asset.variant.nameplate;
            let item = groups.entry((&asset.site, variant, readings.clone())).or_insert_with(|| WorklistItem {
                site: asset.site.clone(),
                vendor: plate.vendor.clone(),
                model: plate.model.clone(),
                part_number: plate.part_number.clone(),
                readings,
                assets: Vec::new(),
                advisories: advisories.iter().map(|id| (*id).to_owned()).collect(),
                n_settled: 0,
            });
            item.assets.push((asset.tag.clone(), asset.area.clone()));
            item.n_settled += advisories.len() as u64;
        }
    }
    list.items = groups.into_values().collect();
    list.items.sort_by(|a, b| b.n_settled.cmp(&a.n_settled).then_with(|| key(a).cmp(&key(b))));
    list
}

fn key(item: &WorklistItem) -> (&str, &str, &str, &str, &[Reading]) {
    (&item.site, &item.vendor, &item.model, &item.part_number, &item.readings)
}

/// The readings that settle this match, when each of its doubts is about a text that the row leaves blank.
fn missing_readings(asset: &Asset, found: &Match) -> Option<Vec<Reading>> {
    let firmware_missing = !Firmware::read(&asset.variant.firmware).is_stated();
    let mut readings: Vec<Reading> = found
        .doubts
        .iter()
        .map(|doubt| match doubt.kind {
            _ if found.depends_on_serial && asset.serial_number.is_empty() => Some(Reading::SerialNumber),
            DoubtKind::VersionUnknown if firmware_missing => Some(Reading::Firmware),
            DoubtKind::ProductUnsure if asset.variant.nameplate.part_number.is_empty() => Some(Reading::OrderNumber),
            _ => None,
        })
        .collect::<Option<_>>()?;
    readings.sort();
    readings.dedup();
    (!readings.is_empty()).then_some(readings)
}
