//! Two inventories of one site side by side: which assets came, went and changed between two imports, and what that
//! opened and closed. Both sides are judged by what is known now, so that only the inventories make a difference.

use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::asset::Asset;
use crate::domain::asset_past::{AssetPast, differences};
use crate::domain::catalogue::Holder;
use crate::domain::inventory::Inventory;
use crate::domain::product_index::ProductIndex;
use crate::domain::site::Site;
use crate::domain::verdict::Verdict;
use crate::report::comparison::{AssetDifferences, Comparison, FieldChange};
use crate::report::row::{Report, ReportAsset};
use crate::services::aliases::catalogue_of;
use crate::services::current_index::{CurrentIndex, current_index};
use crate::services::judge::{Asked, Judged, judge_holders};
use crate::services::load_advisories::LoadError;
use crate::services::progress::Progress;
use crate::services::report_rows::{JudgedFleet, Threats, fleet_rows, report_asset};
use crate::services::scan::verdicts_in_words;
use crate::store::{self, Db, StoreError};

/// Why two imports cannot be compared.
#[derive(Debug, Error)]
pub enum CompareError {
    #[error("cannot compare: expected a site, found `{0}`")]
    UnknownSite(String),
    #[error("cannot compare: import {import} is none of `{site}`, or was taken back\nhint: expected one of {known}")]
    NotOfSite { import: i64, site: String, known: String },
    #[error("cannot compare import {0} with itself: expected two imports")]
    Same(i64),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Two inventories of a site, compared.
pub struct InventoriesCompared {
    before: Report,
    after: Report,
    assets: AssetDifferences,
}

impl InventoriesCompared {
    /// The comparison as all formats take it. Its reports hold only the assets that differ.
    pub fn comparison(&self) -> Comparison<'_> {
        Comparison { assets: Some(&self.assets), ..Comparison::of(&self.before, &self.after) }
    }
}

/// Imports of a site that can be chosen from, the latest ones.
const N_IMPORTS: u32 = 500;

/// The imports of a site that can be compared, the latest first, with the number of assets that each brought there.
///
/// # Errors
///
/// The database fails.
pub async fn imports_of_site(db: &Db, site_id: i64) -> Result<Vec<(Inventory, u64)>, StoreError> {
    store::asset_past::list_inventories_of_site(db, site_id, N_IMPORTS).await
}

/// Compares the assets of a site as they were known after two imports, the earlier one first whatever the order asked for.
///
/// # Errors
///
/// The site or an import of it is not known, both are the same, or the database fails.
pub async fn compare_inventories(
    db: &Db,
    site: &str,
    imports: (i64, i64),
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<InventoriesCompared, CompareError> {
    let site = store::site::find_site(db, site).await?.ok_or_else(|| CompareError::UnknownSite(site.to_owned()))?;
    if imports.0 == imports.1 {
        return Err(CompareError::Same(imports.0));
    }
    let known = imports_of_site(db, site.site_id).await?;
    let find = |import: i64| {
        let found = known.iter().find(|(inventory, _)| inventory.inventory_id == import);
        found.map(|(inventory, _)| inventory).ok_or_else(|| CompareError::NotOfSite {
            import,
            site: site.name.clone(),
            known: known.iter().map(|(i, _)| format!("`{}`", i.inventory_id)).collect::<Vec<_>>().join(", "),
        })
    };
    let (before, after) = (find(imports.0.min(imports.1))?, find(imports.0.max(imports.1))?);
    let ids = store::asset_past::list_assets_touched_between(db, site.site_id, before, after).await?;
    let pasts = store::asset_past::list_pasts(db, &ids).await?;
    let pairs = Pairs::of(&site, &pasts, before.imported_at, after.imported_at);

    let current = current_index(db, progress).await?;
    let threats = Threats::of_database(db).await?;
    let index = current.index.with_decisions_of(Arc::new(catalogue_of(db).await?.0));
    let judging = Judging { current: &current, index: &index, threats: &threats, now, progress };
    let (before, after) = tokio::task::block_in_place(|| {
        (judging.report(before, &site, &pairs.before), judging.report(after, &site, &pairs.after))
    });
    Ok(InventoriesCompared { before, after, assets: pairs.differences })
}

/// The assets that differ, on both sides.
#[derive(Default)]
struct Pairs<'a> {
    before: Vec<(&'a AssetPast, Asset)>,
    after: Vec<(&'a AssetPast, Asset)>,
    differences: AssetDifferences,
}

impl<'a> Pairs<'a> {
    fn of(site: &Site, pasts: &'a [AssetPast], before: Timestamp, after: Timestamp) -> Pairs<'a> {
        let mut pairs = Pairs::default();
        for past in pasts {
            let here = |at| past.at(at).filter(|asset| asset.site == site.name);
            match (here(before), here(after)) {
                (None, None) => {}
                (None, Some(asset)) => {
                    pairs.differences.added.push(report_asset(&asset));
                    pairs.after.push((past, asset));
                }
                (Some(asset), None) => {
                    pairs.differences.removed.push(report_asset(&asset));
                    pairs.before.push((past, asset));
                }
                (Some(was), Some(is)) => {
                    let fields: Vec<FieldChange> = differences(&was, &is)
                        .into_iter()
                        .map(|(field, before, after)| (field, before.to_owned(), after.to_owned()))
                        .collect();
                    if !fields.is_empty() {
                        pairs.differences.changed.push((report_asset(&is), fields));
                        pairs.before.push((past, was));
                        pairs.after.push((past, is));
                    }
                }
            }
        }
        let name = |asset: &ReportAsset| (asset.asset_id.clone(), asset.serial_number.clone());
        pairs.differences.added.sort_by_cached_key(name);
        pairs.differences.removed.sort_by_cached_key(name);
        pairs.differences.changed.sort_by_cached_key(|(asset, _)| name(asset));
        pairs
    }
}

/// What both sides are judged by.
struct Judging<'a> {
    current: &'a CurrentIndex,
    index: &'a ProductIndex,
    threats: &'a Threats,
    now: Timestamp,
    progress: &'a dyn Progress,
}

impl Judging<'_> {
    fn report(&self, import: &Inventory, site: &Site, assets: &[(&AssetPast, Asset)]) -> Report {
        let seen: Vec<String> = assets.iter().map(|(past, _)| format!("{:.3}", past.known.first_seen_at)).collect();
        let asked: Vec<Asked<'_>> = assets
            .iter()
            .zip(&seen)
            .map(|((past, asset), first_seen_at)| Asked {
                variant: &asset.variant,
                holder: Holder {
                    serial_number: &asset.serial_number,
                    site: &asset.site,
                    asset_id: past.known.asset_id,
                    first_seen_at,
                },
            })
            .collect();
        let judged: Vec<Judged> = judge_holders(self.index, self.index.catalogue().decisions(), &asked, self.progress);
        // A device is known again by its tag and serial number; those of now, so that a new tag makes no new device.
        let told = |past: &AssetPast, asset: &Asset| {
            let (tag, serial_number) = (past.known.asset.tag.clone(), past.known.asset.serial_number.clone());
            Arc::new(report_asset(&Asset { tag, serial_number, ..asset.clone() }))
        };
        let shown: Vec<Arc<ReportAsset>> = assets.iter().map(|(past, asset)| told(past, asset)).collect();
        let variant_of: Vec<u32> = (0..shown.len() as u32).collect();
        let fleet = JudgedFleet {
            assets: &shown,
            variant_of: &variant_of,
            judged: &judged,
            index: self.index,
            threats: self.threats,
        };
        let verdicts = [Verdict::Affected, Verdict::Possible];
        let rows = fleet_rows(&fleet, &verdicts);
        Report {
            title: format!("Import {} of {}", import.inventory_id, import.file_name),
            judged_at: self.now,
            advisories_up_to: self.current.up_to(),
            n_advisories: self.index.advisories().len() as u64,
            sources: Vec::new(),
            are_samples: false,
            filter: format!("{}; site {}; assets that differ", verdicts_in_words(&verdicts), site.name),
            sites: rows.sites,
            rows: rows.rows,
            unchecked: rows.unchecked,
            warnings: self.current.unreadable.clone(),
            trend: None,
            time_zone: jiff::tz::TimeZone::system(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
