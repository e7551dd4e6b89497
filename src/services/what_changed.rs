//! What became different between two runs at the sites of one person, and which run that person has looked at.

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::change::{Cause, Change, Stretch, Turn};
use crate::domain::exposure::Finding;
use crate::domain::nameplate::Variant;
use crate::store::change::{ChangeReader, PlacedVariant, list_placed_variants};
use crate::store::{self, Db, StoreError};

/// Which changes, and how many of them are kept.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Sites whose assets are looked at; an asset that has gone counts where it was.
    pub sites: SiteScope,
    pub turn: Option<Turn>,
    pub cause: Option<Cause>,
    /// Changes of each turn that are kept; all are counted.
    pub max: usize,
}

/// What changed.
#[derive(Clone, Debug, Default)]
pub struct WhatChanged {
    /// Changes of each turn, in the order of [`Turn::ALL`]; one is what one advisory says of one variant.
    pub n_by_turn: [u64; Turn::ALL.len()],
    /// Of these, the ones that now name a fix.
    pub n_fix_named: u64,
    /// The advisories that changed something, whatever of it is kept or counted.
    pub advisories: FxHashSet<AdvisoryKey>,
    /// The first of each turn, with its variant and how many assets of the sites have it.
    pub kept: Vec<(Change, Variant, u64)>,
}

impl WhatChanged {
    /// The number of changes of this turn.
    pub fn n(&self, turn: Turn) -> u64 {
        self.n_by_turn[turn as usize]
    }
}

/// Reads what changed in this stretch; memory is bounded by what is kept.
///
/// # Errors
///
/// The database fails.
pub async fn what_changed(db: &Db, stretch: &Stretch, wanted: &Wanted) -> Result<WhatChanged, StoreError> {
    let names: Option<FxHashSet<String>> = match &wanted.sites {
        SiteScope::All => None,
        only => {
            Some(store::listing::sums::list_site_names(db, only).await?.into_iter().map(|(_, name)| name).collect())
        }
    };
    let mut changed = WhatChanged::default();
    let mut reader = ChangeReader::open(db, stretch).await?;
    loop {
        let mut batch = reader.next(db).await?;
        if batch.is_empty() {
            return Ok(changed);
        }
        batch.retain(|change| wanted.cause.is_none_or(|cause| cause == change.cause) && says_more(change));
        let n_kept = |changed: &WhatChanged, turn: Turn| {
            wanted.turn.is_none_or(|only| only == turn) && changed.n(turn) < wanted.max as u64
        };
        // Where the assets are is asked only for what is narrowed by it, or shown.
        let mut ids: Vec<i64> = batch
            .iter()
            .filter(|change| names.is_some() || n_kept(&changed, change.turn()))
            .map(|change| change.key.variant_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let placed = list_placed_variants(db, &ids, stretch.from).await?;
        for change in batch {
            let n_assets = match n_assets(&change, &placed, names.as_ref()) {
                0 if names.is_some() => continue,
                n => n,
            };
            if !is_there(db, &change, names.as_ref()).await? {
                continue;
            }
            let turn = change.turn();
            if !changed.advisories.contains(&change.key.advisory) {
                changed.advisories.insert(change.key.advisory.clone());
            }
            let is_kept = n_kept(&changed, turn);
            changed.n_by_turn[turn as usize] += 1;
            changed.n_fix_named += u64::from(change.names_fix());
            if is_kept {
                let variant = placed.get(&change.key.variant_id).map(|one| one.variant.clone()).unwrap_or_default();
                changed.kept.push((change, variant, n_assets));
            }
        }
    }
}

/// Whether a change of one asset alone is of an asset at these sites.
async fn is_there(db: &Db, change: &Change, names: Option<&FxHashSet<String>>) -> Result<bool, StoreError> {
    let (Some(names), Some(asset_id)) = (names, change.key.asset_id) else { return Ok(true) };
    let found = store::asset::find_asset(db, asset_id).await?;
    Ok(found.is_some_and(|found| names.contains(&found.asset.site)))
}

/// Whether more is different than the number of the revision: one that says the same of a device changes nothing.
fn says_more(change: &Change) -> bool {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return true };
    let same = Finding { advisory_version: after.advisory_version.clone(), ..before.clone() };
    change.cause == Cause::Exploited || same != *after
}

/// How many assets at these sites the change is about.
fn n_assets(change: &Change, placed: &FxHashMap<i64, PlacedVariant>, names: Option<&FxHashSet<String>>) -> u64 {
    let places = placed.get(&change.key.variant_id).map(|one| one.places.as_slice()).unwrap_or_default();
    let n = places.iter().filter(|(site, ..)| names.is_none_or(|names| names.contains(site))).map(|(.., n)| n).sum();
    if change.key.asset_id.is_some() { u64::min(n, 1) } else { n }
}

/// The run up to which this person has looked at what changed; `None` for nobody who ever did.
///
/// # Errors
///
/// The database fails.
pub async fn last_seen(db: &Db, who: &str) -> Result<Option<i64>, StoreError> {
    Ok(store::setting::find_setting(db, &setting_of(who)).await?.and_then(|text| text.parse().ok()))
}

/// Keeps that this person has looked at what changed up to this run; an earlier one than is kept changes nothing.
///
/// # Errors
///
/// `NotFound` when there is no such run; or the database fails.
pub async fn mark_seen(db: &Db, who: &str, rescan_id: i64, now: Timestamp) -> Result<(), StoreError> {
    if store::rescan::find_rescan(db, rescan_id).await?.is_none() {
        return Err(StoreError::NotFound(format!("the rescan {rescan_id}")));
    }
    if last_seen(db, who).await?.is_none_or(|seen| seen < rescan_id) {
        store::setting::save_setting(db, &setting_of(who), &rescan_id.to_string(), now).await?;
    }
    Ok(())
}

fn setting_of(who: &str) -> String {
    format!("seen_rescan {who}")
}
