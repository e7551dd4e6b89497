//! Keeping ready what lists and overviews read: the order of work of open exposures and the sums of sites. Called after
//! every run and every change of assets; calling it twice changes nothing.

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::account::SiteScope;
use crate::domain::advisory::{Advisory, AdvisoryKey, Vulnerability};
use crate::domain::asset::Standing;
use crate::domain::listing::{SiteTotal, Standpoint};
use crate::ingest::csaf::document::read_document;
use crate::services::report_rows::{ProductDetails, Threats};
use crate::store::listing::sums::{self, SumParts, UnlistedExposure};
use crate::store::{self, Db, StoreError};

/// Exposures that are placed at a time.
const BATCH: u32 = 20_000;

/// The setting that says for which lists of exploited and probable vulnerabilities exposures were placed.
const THREATS: &str = "listing_threats";

/// Brings lists and sums up to date, for these sites or for all.
///
/// # Errors
///
/// The database fails.
pub async fn refresh_listing(db: &Db, site_ids: Option<&[i64]>, now: Timestamp) -> Result<(), StoreError> {
    place_exposures(db, now).await?;
    let newest = sums::find_newest_advisory(db).await?.unwrap_or_default();
    store::setting::save_setting(db, store::listing::ADVISORIES_UP_TO, &newest, now).await?;
    let today: String = format!("{now:.0}").chars().take(10).collect();
    let handled = sums::list_handled(db, &today).await?;
    sums::save_handled(db, &handled.iter().map(|(_, asset_id, _)| *asset_id).collect::<Vec<_>>()).await?;
    let parts = sums::save_site_variants(db, site_ids).await?;
    let totals = site_totals(&parts, &handled);
    let mut totals: Vec<SiteTotal> = totals.into_values().collect();
    // A site whose last asset went has no assets to count, but earlier sums.
    for site_id in site_ids.unwrap_or_default() {
        if !totals.iter().any(|total| total.site_id == *site_id) {
            totals.push(SiteTotal { site_id: *site_id, ..SiteTotal::default() });
        }
    }
    sums::save_site_totals(db, &totals, site_ids.is_none()).await
}

/// Brings lists and sums up to date after a change that is saved. It stays valid when this fails, and the next change or
/// the next start of the server makes up for it, so a failure is only logged.
pub async fn follow_up(db: &Db, now: Timestamp) {
    if let Err(error) = refresh_listing(db, None, now).await {
        tracing::error!("lists and sums could not be brought up to date: {error}");
    }
}

/// Brings lists and sums up to date where a run or an import has none: on a database of an earlier version.
///
/// # Errors
///
/// The database fails.
pub async fn refresh_listing_if_missing(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let has_sums = !sums::list_site_totals(db, &SiteScope::All).await?.is_empty();
    let is_placed = sums::list_unlisted(db, false, (0, 0), 1).await?.is_empty();
    if has_sums && is_placed { Ok(()) } else { refresh_listing(db, None, now).await }
}

/// Places the exposures that are not placed as they are told now, and all of them when the lists of exploited and
/// probable vulnerabilities are others than last time.
async fn place_exposures(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let state = store::listing::state_of_threats(db).await?;
    let all = store::setting::find_setting(db, THREATS).await?.as_deref() != Some(state.as_str());
    let mut threats: Option<Threats> = None;
    let mut documents = Documents::default();
    let mut after = (0, 0);
    loop {
        let batch = sums::list_unlisted(db, all, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = (last.advisory_id, last.exposure_id);
        let known = match &threats {
            Some(known) => known,
            None => threats.insert(Threats::of_database(db).await?),
        };
        let mut placed = Vec::with_capacity(batch.len());
        for exposure in batch {
            let document = documents.find(db, &exposure.advisory, &exposure.advisory_version).await?;
            let at = standpoint(&exposure, document, known);
            placed.push((exposure, at));
        }
        sums::save_listings(db, &placed).await?;
    }
    if threats.is_none() {
        // Nothing to place, but what was closed must go.
        sums::save_listings(db, &[]).await?;
    }
    store::setting::save_setting(db, THREATS, &state, now).await
}

/// The document that was asked for last: exposures come by advisory.
#[derive(Default)]
struct Documents {
    last: Option<(AdvisoryKey, String, Option<Advisory>)>,
}

impl Documents {
    async fn find(&mut self, db: &Db, key: &AdvisoryKey, version: &str) -> Result<Option<&Advisory>, StoreError> {
        let is_last = matches!(&self.last, Some((k, v, _)) if k == key && v == version);
        if !is_last {
            let mut found = None;
            for revision in store::advisory::list_advisory_revisions(db, key).await? {
                if revision.version == version
                    && let Some(document) = store::advisory::find_advisory_document(db, key, &revision.sha256).await?
                {
                    found = read_document(&document.bytes()?).ok().map(|(advisory, _)| advisory);
                    break;
                }
            }
            self.last = Some((key.clone(), version.to_owned(), found));
        }
        Ok(self.last.as_ref().and_then(|(_, _, document)| document.as_ref()))
    }
}

/// Where the exposure stands. Without its document it has no score, and passes every filter by severity.
fn standpoint(exposure: &UnlistedExposure, document: Option<&Advisory>, threats: &Threats) -> Standpoint {
    let cvss = document.and_then(|document| {
        let entry = document.products.iter().position(|p| p.pointer == exposure.product_pointer)?;
        let holding: Vec<&Vulnerability> = document
            .vulnerabilities
            .iter()
            .filter(|v| v.cve.as_ref().is_none_or(|cve| exposure.cves.binary_search(cve).is_ok()))
            .collect();
        ProductDetails::of(&[entry as u32], &holding).cvss
    });
    let (is_exploited, epss_ppm) = threats.of_cves(&exposure.cves);
    Standpoint {
        cvss,
        is_exploited,
        epss_ppm,
        verdict: exposure.verdict,
        confidence: exposure.confidence,
        has_fix: exposure.has_fix,
    }
}

/// What is known of a variant's exposures that hold for all its assets.
#[derive(Default)]
struct OfVariant {
    /// Advisory, affected, exploited.
    advisories: Vec<(i64, bool, bool)>,
    /// The highest severity of those that affect it.
    affected_rank: Option<i64>,
}

/// The sums of each site.
fn site_totals(parts: &SumParts, handled: &[(i64, i64, i64)]) -> FxHashMap<i64, SiteTotal> {
    let mut variants: FxHashMap<i64, OfVariant> = FxHashMap::default();
    for (variant_id, advisory_id, own_site, rank, is_exploited, is_affected) in &parts.exposures {
        if own_site.is_none() {
            let variant = variants.entry(*variant_id).or_default();
            variant.advisories.push((*advisory_id, *is_affected, *is_exploited));
            if *is_affected {
                variant.affected_rank = variant.affected_rank.max(Some(*rank));
            }
        }
    }
    let mut totals: FxHashMap<i64, SiteTotal> = FxHashMap::default();
    let mut affecting: FxHashMap<i64, FxHashSet<i64>> = FxHashMap::default();
    let mut exploited: FxHashMap<i64, FxHashSet<i64>> = FxHashMap::default();
    let mut speaking: FxHashMap<i64, FxHashSet<i64>> = FxHashMap::default();
    let nothing = OfVariant::default();
    for (site_id, variant_id, n) in &parts.site_variants {
        let total = totals.entry(*site_id).or_insert_with(|| SiteTotal { site_id: *site_id, ..SiteTotal::default() });
        let standing = parts.standings.get(variant_id).copied().unwrap_or(Standing::CannotBeChecked);
        total.n_by_standing[standing as usize] += n;
        let variant = variants.get(variant_id).unwrap_or(&nothing);
        if standing == Standing::Affected {
            total.affected_by_severity[severity_place(variant.affected_rank)] += n;
        }
        total.n_exposures += n * variant.advisories.len() as u64;
        total.n_nameplates += u64::from(!variant.advisories.is_empty());
        for (advisory_id, is_affected, is_exploited) in &variant.advisories {
            speaking.entry(*site_id).or_default().insert(*advisory_id);
            if *is_affected {
                affecting.entry(*site_id).or_default().insert(*advisory_id);
                if *is_exploited {
                    exploited.entry(*site_id).or_default().insert(*advisory_id);
                }
            }
        }
    }
    // What speaks of a single asset speaks of its site as well.
    for (_, advisory_id, site_id, _, is_exploited, is_affected) in &parts.exposures {
        let Some(site_id) = site_id.filter(|site_id| totals.contains_key(site_id)) else { continue };
        speaking.entry(site_id).or_default().insert(*advisory_id);
        if *is_affected {
            affecting.entry(site_id).or_default().insert(*advisory_id);
            if *is_exploited {
                exploited.entry(site_id).or_default().insert(*advisory_id);
            }
        }
    }
    raise_single_assets(parts, &variants, &mut totals);
    lower_handled(parts, &variants, handled, &mut totals);
    for (site_id, total) in &mut totals {
        let n = |sets: &FxHashMap<i64, FxHashSet<i64>>| sets.get(site_id).map_or(0, |set| set.len() as u64);
        (total.n_affecting, total.n_exploited, total.n_speaking) = (n(&affecting), n(&exploited), n(&speaking));
    }
    totals
}

/// An exposure of a single asset can only raise where that asset stands.
fn raise_single_assets(parts: &SumParts, variants: &FxHashMap<i64, OfVariant>, totals: &mut FxHashMap<i64, SiteTotal>) {
    for of_asset in parts.own.chunk_by(|a, b| a.1 == b.1) {
        let Some((site_id, _, variant_id, ..)) = of_asset.first() else { continue };
        let Some(total) = totals.get_mut(site_id) else { continue };
        total.n_exposures += of_asset.len() as u64;
        let before = parts.standings.get(variant_id).copied().unwrap_or(Standing::CannotBeChecked);
        let own_rank = of_asset.iter().filter(|own| own.3).map(|own| own.4).max();
        let after = match own_rank {
            Some(_) => Standing::Affected,
            None if before == Standing::Affected => Standing::Affected,
            None => Standing::Possible,
        };
        let of_variant = variants.get(variant_id).and_then(|variant| variant.affected_rank);
        take(&mut total.n_by_standing[before as usize]);
        total.n_by_standing[after as usize] += 1;
        if before == Standing::Affected {
            take(&mut total.affected_by_severity[severity_place(of_variant)]);
        }
        if after == Standing::Affected {
            let of_variant = of_variant.filter(|_| before == Standing::Affected);
            total.affected_by_severity[severity_place(own_rank.max(of_variant))] += 1;
        }
    }
}

/// An asset of which everything is done or accepted stands at its own place.
fn lower_handled(
    parts: &SumParts,
    variants: &FxHashMap<i64, OfVariant>,
    handled: &[(i64, i64, i64)],
    totals: &mut FxHashMap<i64, SiteTotal>,
) {
    for (site_id, asset_id, variant_id) in handled {
        let Some(total) = totals.get_mut(site_id) else { continue };
        let own_rank = parts.own.iter().filter(|own| own.1 == *asset_id && own.3).map(|own| own.4).max();
        let has_own = parts.own.iter().any(|own| own.1 == *asset_id);
        let of_variant = variants.get(variant_id).and_then(|variant| variant.affected_rank);
        let before = match parts.standings.get(variant_id) {
            _ if own_rank.is_some() => Standing::Affected,
            Some(Standing::Affected) => Standing::Affected,
            Some(Standing::Possible) => Standing::Possible,
            _ if has_own => Standing::Possible,
            _ => continue,
        };
        take(&mut total.n_by_standing[before as usize]);
        total.n_by_standing[Standing::Handled as usize] += 1;
        if before == Standing::Affected {
            take(&mut total.affected_by_severity[severity_place(own_rank.max(of_variant))]);
        }
    }
}

fn take(n: &mut u64) {
    *n = n.saturating_sub(1);
}

/// Where a severity rank stands in critical, high, medium, low, none, no score.
fn severity_place(rank: Option<i64>) -> usize {
    match rank {
        Some(rank @ 1..=5) => (5 - rank) as usize,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_places_add_up_whatever_single_assets_and_handled_ones_do() {
        let parts = SumParts {
            site_variants: vec![(1, 10, 4), (1, 11, 2), (2, 10, 1), (2, 12, 3)],
            standings: [(10, Standing::Affected), (11, Standing::RuledOut)].into_iter().collect(),
            exposures: vec![
                (10, 100, None, 4, true, true),
                (10, 101, None, 0, false, false),
                (11, 102, Some(1), 5, false, true),
            ],
            // Asset 5 of variant 11 is affected by its serial number.
            own: vec![(1, 5, 11, true, 5)],
        };
        // Asset 7 of variant 10 at site 2 is handled; asset 9 of a variant that is not named cannot be.
        let totals = site_totals(&parts, &[(2, 7, 10), (2, 9, 12)]);
        let one = &totals[&1];
        assert_eq!(one.n_by_standing, [5, 0, 0, 1, 0, 0]);
        assert_eq!(one.affected_by_severity, [1, 4, 0, 0, 0, 0]);
        assert_eq!((one.n_affecting, one.n_exploited, one.n_exposures, one.n_nameplates), (2, 1, 9, 1));
        let two = &totals[&2];
        assert_eq!(two.n_by_standing, [0, 0, 1, 0, 0, 3]);
        assert_eq!(two.affected_by_severity, [0; 6]);
        for total in totals.values() {
            assert_eq!(total.affected_by_severity.iter().sum::<u64>(), total.n(Standing::Affected));
        }
    }
}
