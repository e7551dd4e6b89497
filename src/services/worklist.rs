//! The walk list: which readings at which devices would turn "possible" into yes or no, most useful first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::{Reading, Verdict};
use crate::domain::worklist::{Worklist, WorklistAsset, WorklistItem};
use crate::report::row::ReportAsset;
use crate::services::aliases::catalogue_of;
use crate::services::judge::{Judged, Question, judge};
use crate::services::load_advisories::{LoadError, from_database};
use crate::services::progress::Progress;
use crate::services::report_rows::{JudgedFleet, Threats, report_asset};
use crate::store::{self, Db, StoreError};

/// Why there is no walk list.
#[derive(Debug, Error)]
pub enum WorklistError {
    #[error("cannot make a walk list: the database has no {what}\nhint: `{command}`, or name FILE and --advisories")]
    Nothing { what: &'static str, command: &'static str },
    #[error("cannot make a walk list of the site `{site}`: expected one of {known}")]
    UnknownSite { site: String, known: String },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Assets that are fetched from the database at a time.
const PAGE: u32 = 10_000;

/// Judges the assets of the database, of one site or of all, and makes their walk list.
///
/// # Errors
///
/// There are no assets or no advisories, the site is not known, or the database fails.
pub async fn stored_worklist(db: &Db, site: Option<&str>, progress: &dyn Progress) -> Result<Worklist, WorklistError> {
    if let Some(site) = site
        && store::site::find_site(db, site).await?.is_none()
    {
        let known = store::site::list_sites(db).await?.into_iter().map(|s| format!("`{}`", s.name)).collect::<Vec<_>>();
        return Err(WorklistError::UnknownSite { site: site.to_owned(), known: known.join(", ") });
    }
    let mut assets: Vec<Arc<ReportAsset>> = Vec::new();
    let mut variant_of: Vec<u32> = Vec::new();
    let mut questions: Vec<Question> = Vec::new();
    let mut places: FxHashMap<i64, u32> = FxHashMap::default();
    let mut after = 0;
    loop {
        let page = store::asset::list_assets(db, site, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.asset_id;
        for known in page {
            let at = *places.entry(known.variant_id).or_insert_with(|| {
                questions.push(Question { variant: known.asset.variant.clone(), serial_numbers: Vec::new() });
                (questions.len() - 1) as u32
            });
            if !known.asset.serial_number.is_empty() {
                questions[at as usize].serial_numbers.push(known.asset.serial_number.clone());
            }
            variant_of.push(at);
            assets.push(Arc::new(report_asset(&known.asset)));
        }
    }
    for question in &mut questions {
        question.serial_numbers.sort();
        question.serial_numbers.dedup();
    }
    if assets.is_empty() {
        return Err(WorklistError::Nothing { what: "assets", command: "nameplate import FILE" });
    }
    let loaded = from_database(db, progress).await?;
    if loaded.advisories.is_empty() {
        return Err(WorklistError::Nothing { what: "advisories", command: "nameplate advisory add PATH" });
    }
    let (catalogue, _) = catalogue_of(db).await?;
    tokio::task::block_in_place(|| {
        let index = ProductIndex::build(loaded.advisories, Arc::new(catalogue));
        let judged = judge(&index, &questions, progress);
        let threats = Threats::default();
        let fleet =
            JudgedFleet { assets: &assets, variant_of: &variant_of, judged: &judged, index: &index, threats: &threats };
        worklist(&fleet, None)
    })
}

/// Site, what the nameplate says (vendor, model, order number), and the readings that are needed together.
type GroupKey = (String, [String; 3], Vec<Reading>);

/// Makes the walk list of one site, or of all.
///
/// # Errors
///
/// No asset stands at the site that is asked for.
pub fn worklist(fleet: &JudgedFleet<'_>, site: Option<&str>) -> Result<Worklist, WorklistError> {
    let places = 0..fleet.assets.n_assets();
    if let Some(site) = site
        && !places.clone().any(|at| fleet.assets.site(at) == site)
    {
        let known: BTreeSet<String> = places.map(|at| format!("`{}`", fleet.assets.site(at))).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(WorklistError::UnknownSite { site: site.to_owned(), known });
    }
    let mut list = Worklist::default();
    let mut groups: BTreeMap<GroupKey, (WorklistItem, BTreeSet<u32>)> = BTreeMap::new();
    for (at, &variant) in fleet.variant_of.iter().enumerate() {
        if site.is_some_and(|site| site != fleet.assets.site(at)) {
            continue;
        }
        let Judged::Done(judgement) = &fleet.judged[variant as usize] else { continue };
        let mut by_readings: BTreeMap<&[Reading], Vec<u32>> = BTreeMap::new();
        for found in judgement.matches_of(fleet.assets.serial_number(at)) {
            if found.verdict != Verdict::Possible {
                continue;
            }
            list.n_possible += 1;
            if found.settled_by.is_empty() {
                list.n_not_settled += 1;
            } else {
                by_readings.entry(&found.settled_by).or_default().push(found.advisory);
            }
        }
        if by_readings.is_empty() {
            continue;
        }
        let asset = fleet.assets.asset(at);
        for (readings, advisories) in by_readings {
            let plate = [&asset.vendor, &asset.model, &asset.part_number].map(|text| text.to_string());
            let key = (asset.site.to_string(), plate, readings.to_vec());
            let (item, named) = groups.entry(key).or_insert_with(|| {
                let item = WorklistItem {
                    site: asset.site.to_string(),
                    vendor: asset.vendor.to_string(),
                    model: asset.model.to_string(),
                    part_number: asset.part_number.to_string(),
                    readings: readings.to_vec(),
                    ..WorklistItem::default()
                };
                (item, BTreeSet::new())
            });
            item.n_settled += advisories.len() as u64;
            item.assets.push(WorklistAsset {
                tag: asset.asset_id.to_string(),
                area: asset.area.to_string(),
                firmware: asset.firmware.to_string(),
                n_settled: advisories.len() as u64,
            });
            named.extend(advisories);
        }
    }
    list.items = groups
        .into_values()
        .map(|(mut item, named)| {
            item.advisories = named.iter().map(|at| fleet.index.advisories()[*at as usize].id.clone()).collect();
            item.advisories.sort();
            item.advisories.dedup();
            item
        })
        .collect();
    list.items.sort_by(WorklistItem::compare);
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::Asset;
    use crate::domain::catalogue::Catalogue;
    use crate::domain::nameplate::{Nameplate, Variant};
    use crate::services::load_advisories::{AdvisorySource, load_advisories};
    use crate::services::progress::Silent;

    /// Site, tag, vendor, model, part number, firmware.
    type Row = [&'static str; 6];

    fn list_of(rows: &[Row], site: Option<&str>) -> Result<Worklist, WorklistError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let loaded = runtime.block_on(load_advisories(AdvisorySource::Samples, &Silent)).unwrap();
        let assets: Vec<Asset> = rows
            .iter()
            .map(|[site, tag, vendor, model, part_number, firmware]| Asset {
                site: (*site).to_owned(),
                tag: (*tag).to_owned(),
                variant: Variant {
                    nameplate: Nameplate {
                        vendor: (*vendor).to_owned(),
                        model: (*model).to_owned(),
                        part_number: (*part_number).to_owned(),
                        ..Nameplate::default()
                    },
                    firmware: (*firmware).to_owned(),
                    ..Variant::default()
                },
                ..Asset::default()
            })
            .collect();
        let questions: Vec<Question> = assets
            .iter()
            .map(|a| Question { variant: a.variant.clone(), serial_numbers: vec![a.serial_number.clone()] })
            .collect();
        let variant_of: Vec<u32> = (0..assets.len() as u32).collect();
        let assets: Vec<Arc<ReportAsset>> = assets.iter().map(|asset| Arc::new(report_asset(asset))).collect();
        let index = ProductIndex::build(loaded.advisories, Arc::new(Catalogue::built_in()));
        let judged = judge(&index, &questions, &Silent);
        let threats = Threats::default();
        let fleet =
            JudgedFleet { assets: &assets, variant_of: &variant_of, judged: &judged, index: &index, threats: &threats };
        worklist(&fleet, site)
    }

    #[test]
    fn what_a_blank_or_unusable_cell_hides_is_asked_for_and_nothing_else_is() {
        for (row, readings) in [
            (["A", "1", "Schneider Electric", "PowerLogic PM8000", "", ""], &[Reading::Firmware][..]),
            (["A", "1", "Schneider Electric", "PowerLogic PM8000", "", "n/a"], &[Reading::Firmware]),
            (["A", "1", "Siemens", "S7-1500", "", "V2.8.1"], &[Reading::OrderNumber]),
            (["A", "1", "Schneider Electric", "PowerLogic PM8000", "", "3.1.2"], &[]),
            (["A", "1", "Schneider Electric", "PowerLogic PM8000", "", "4.0.1"], &[]),
        ] {
            let list = list_of(&[row], None).unwrap();
            let asked: Vec<Reading> = list.items.iter().flat_map(|item| item.readings.clone()).collect();
            assert_eq!(asked, readings, "{row:?}: {list:?}");
        }
    }

    #[test]
    fn the_numbers_add_up_and_devices_of_one_nameplate_stand_together() {
        let rows = [
            ["A", "1", "Schneider Electric", "PowerLogic PM8000", "", ""],
            ["A", "2", "Schneider Electric", "PowerLogic PM8000", "", "?"],
            ["B", "3", "Schneider Electric", "PowerLogic PM8000", "", ""],
            ["B", "4", "Schneider Electric", "PowerLogic PM8000", "", "3.1.2"],
            ["B", "5", "Siemens", "S7-1500", "", "V2.8.1"],
        ];
        let list = list_of(&rows, None).unwrap();
        assert_eq!(list.n_possible, list.n_settled() + list.n_not_settled, "{list:?}");
        let first = list.items.iter().find(|item| item.site == "A").unwrap();
        assert_eq!(first.assets.iter().map(|a| a.tag.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(first.n_settled, first.assets.iter().map(|a| a.n_settled).sum::<u64>());
        assert!(list.items.is_sorted_by(|a, b| a.compare(b).is_le()));
        let only = list_of(&rows, Some("A")).unwrap();
        assert_eq!(only.items, std::slice::from_ref(first));
    }

    #[test]
    fn a_site_that_no_asset_stands_at_is_refused_with_the_known_ones() {
        let error = list_of(&[["A", "1", "Siemens", "S7-1500", "", ""]], Some("C")).unwrap_err().to_string();
        assert!(error.contains("`C`: expected one of `A`"), "{error}");
    }

    #[test]
    fn the_value_that_settles_most_is_read_first() {
        let item = |site: &str, n_devices: usize, n_settled| WorklistItem {
            site: site.to_owned(),
            readings: vec![Reading::Firmware],
            assets: vec![WorklistAsset::default(); n_devices],
            n_settled,
            ..WorklistItem::default()
        };
        let mut items = [item("one each", 10, 10), item("five each", 2, 10), item("three", 1, 3), item("five", 1, 5)];
        items.sort_by(WorklistItem::compare);
        assert_eq!(items.map(|i| i.site), ["five each", "five", "three", "one each"]);
    }
}
