//! Keeping ready what lists and overviews read: the order of work of open exposures and the sums of sites. Called after
//! every run and every change of assets; calling it twice changes nothing.

use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::account::SiteScope;
use crate::domain::advisory::{Advisory, AdvisoryKey, Vulnerability};
use crate::domain::asset::Standing;
use crate::domain::listing::{SiteTotal, Standpoint};
use crate::domain::rescan::RunMark;
use crate::ingest::csaf::document::read_document;
use crate::services::report_rows::{ProductDetails, Threats};
use crate::store::listing::sums::{self, SumParts, UnlistedExposure, Unplaced};
use crate::store::{self, Db, StoreError};

/// Exposures that are placed at a time.
const BATCH: u32 = 20_000;

/// The setting that says for which lists of exploited and probable vulnerabilities exposures were placed.
const THREATS: &str = "listing_threats";
/// The setting with the last run whose exposures were placed.
const PLACED: &str = "listing_placed_run";
/// The setting that says of which assets the variants of sites were counted.
const COUNTED: &str = "listing_counted";
/// The setting that says of what the sums of sites were made.
const SUMMED: &str = "listing_summed";

/// Brings lists and sums up to date. What no run, import or edit touched since the last time is not looked at again.
///
/// # Errors
///
/// The database fails.
pub async fn refresh_listing(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    place_exposures(db, now).await?;
    let newest = sums::find_newest_advisory(db).await?.unwrap_or_default();
    store::setting::save_setting(db, store::listing::ADVISORIES_UP_TO, &newest, now).await?;
    let today: String = format!("{now:.0}").chars().take(10).collect();
    let handled = sums::list_handled(db, &today).await?;
    sums::save_handled(db, &handled.iter().map(|(_, asset_id, _)| *asset_id).collect::<Vec<_>>()).await?;
    count_site_variants(db, now).await?;
    if let Some((run, rest)) = sums_made_of(db).await?
        && rest == state_of_sums(db, &handled).await?
        && !sums::has_run_changed_since(db, run).await?
    {
        return Ok(());
    }
    let made_of = format!("{} {}", sums::find_last_saved_run(db).await?, state_of_sums(db, &handled).await?);
    let parts = sums::list_sum_parts(db).await?;
    let totals: Vec<SiteTotal> = tokio::task::block_in_place(|| site_totals(&parts, &handled)).into_values().collect();
    sums::save_site_totals(db, &totals).await?;
    store::setting::save_setting(db, SUMMED, &made_of, now).await
}

/// The run up to which the sums of sites were made, and what else they were made of.
async fn sums_made_of(db: &Db) -> Result<Option<(i64, String)>, StoreError> {
    let made_of = store::setting::find_setting(db, SUMMED).await?.unwrap_or_default();
    Ok(made_of.split_once(' ').and_then(|(run, rest)| Some((run.parse().ok()?, rest.to_owned()))))
}

/// What the sums of sites are made of beside runs: assets, what is handled, and what is exploited.
async fn state_of_sums(db: &Db, handled: &[(i64, i64, i64)]) -> Result<String, StoreError> {
    let mut hash = rustc_hash::FxHasher::default();
    handled.hash(&mut hash);
    let counted = store::setting::find_setting(db, COUNTED).await?.unwrap_or_default();
    let threats = store::setting::find_setting(db, THREATS).await?.unwrap_or_default();
    Ok(format!("{:016x} {counted} {threats}", hash.finish()))
}

/// Brings lists and sums up to date after a change that is saved. It stays valid when this fails, and the next change or
/// the next start of the server makes up for it, so a failure is only logged.
pub async fn follow_up(db: &Db, now: Timestamp) {
    let began = std::time::Instant::now();
    if let Err(error) = refresh_listing(db, now).await {
        tracing::error!("lists and sums could not be brought up to date: {error}");
    }
    tracing::debug!(ms = began.elapsed().as_millis(), "lists and sums are up to date");
}

/// Brings lists and sums up to date where a run or an import has none: on a database of an earlier version, or after a
/// failure.
///
/// # Errors
///
/// The database fails.
pub async fn refresh_listing_if_missing(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let has_sums = !sums::list_site_totals(db, &SiteScope::All).await?.is_empty();
    let is_placed = placed_run(db).await? == Some(sums::find_last_saved_run(db).await?);
    let is_counted = store::setting::find_setting(db, COUNTED).await? == Some(state_of_assets(db).await?.1);
    if has_sums && is_placed && is_counted { Ok(()) } else { refresh_listing(db, now).await }
}

async fn placed_run(db: &Db) -> Result<Option<i64>, StoreError> {
    Ok(store::setting::find_setting(db, PLACED).await?.and_then(|run| run.parse().ok()))
}

/// How far assets were looked at, as numbers and as they are kept.
async fn state_of_assets(db: &Db) -> Result<(RunMark, String), StoreError> {
    let mark = store::rescan::find_mark_now(db).await?;
    let text = format!("{} {} {}", mark.period_no, mark.history_no, sums::state_of_undone(db).await?);
    Ok((mark, text))
}

/// Counts the assets of each variant of each site anew, where an import, an edit or taking one back changed them.
async fn count_site_variants(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let (_, state) = state_of_assets(db).await?;
    let counted = store::setting::find_setting(db, COUNTED).await?.unwrap_or_default();
    if counted == state {
        return Ok(());
    }
    let part = |text: &str| {
        let mut words = text.splitn(3, ' ');
        let mut number = || words.next().and_then(|word| word.parse::<i64>().ok());
        Some((number()?, number()?, text.splitn(3, ' ').nth(2)?.to_owned()))
    };
    // Taking an import back can remove assets, which leave no trace of their sites.
    let sites = match (part(&counted), part(&state)) {
        (Some((period_no, history_no, undone)), Some((.., undone_now))) if undone == undone_now => {
            sums::list_sites_changed_since(db, &RunMark { period_no, history_no, ..RunMark::default() }).await?
        }
        _ => None,
    };
    sums::save_site_variants(db, sites.as_deref()).await?;
    store::setting::save_setting(db, COUNTED, &state, now).await
}

/// Places the exposures that runs opened or told otherwise since the last time, and all of them when the lists of
/// exploited and probable vulnerabilities are others.
async fn place_exposures(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let state = store::listing::state_of_threats(db).await?;
    let is_same = store::setting::find_setting(db, THREATS).await?.as_deref() == Some(state.as_str());
    let last = sums::find_last_saved_run(db).await?;
    let which = match placed_run(db).await? {
        Some(placed) if is_same => Unplaced::After(placed),
        _ => Unplaced::All,
    };
    if which == Unplaced::After(last) {
        return Ok(());
    }
    let mut threats: Option<Threats> = None;
    let mut documents = Documents::default();
    let mut after = (0, 0);
    loop {
        let batch = sums::list_unlisted(db, which, after, BATCH).await?;
        let Some(end) = batch.last() else { break };
        after = (end.advisory_id, end.exposure_id);
        let known = match &threats {
            Some(known) => known,
            None => threats.insert(Threats::of_database(db).await?),
        };
        let mut placed = Vec::with_capacity(batch.len());
        for exposure in batch {
            let document = documents.find(db, &exposure.advisory, &exposure.advisory_version).await?;
            let at = standpoint(&exposure, document, known);
            // The order of work is made of all that can differ without the exposure being told otherwise.
            if exposure.listed != Some((at.work_order(), exposure.site_id)) {
                placed.push((exposure, at));
            }
        }
        sums::save_listings(db, &placed).await?;
    }
    sums::delete_closed_listings(db, which).await?;
    store::setting::save_setting(db, THREATS, &state, now).await?;
    store::setting::save_setting(db, PLACED, &last.to_string(), now).await
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
    /// Advisory (its place among all of them), affected, exploited.
    advisories: Vec<(usize, bool, bool)>,
    /// The highest severity of those that affect it.
    affected_rank: Option<i64>,
}

/// What advisories say at one site: for each the last site that it spoke at, and what it said there.
struct Speaking {
    last: Vec<(i64, bool, bool)>,
}

impl Speaking {
    /// Counts an advisory once for the site, once more where it affects, and where that is exploited.
    fn count(&mut self, total: &mut SiteTotal, (at, is_affected, is_exploited): (usize, bool, bool)) {
        let last = &mut self.last[at];
        if last.0 != total.site_id {
            *last = (total.site_id, false, false);
            total.n_speaking += 1;
        }
        if is_affected && !last.1 {
            last.1 = true;
            total.n_affecting += 1;
        }
        if is_affected && is_exploited && !last.2 {
            last.2 = true;
            total.n_exploited += 1;
        }
    }
}

/// The sums of each site.
fn site_totals(parts: &SumParts, handled: &[(i64, i64, i64)]) -> FxHashMap<i64, SiteTotal> {
    let mut places: FxHashMap<i64, usize> = FxHashMap::default();
    let mut variants: FxHashMap<i64, OfVariant> = FxHashMap::default();
    let mut of_sites: FxHashMap<i64, Vec<(usize, bool, bool)>> = FxHashMap::default();
    for (variant_id, points) in &parts.exposures {
        let variant = variants.entry(*variant_id).or_default();
        for point in points {
            let n_places = places.len();
            let at = *places.entry(point.advisory_id).or_insert(n_places);
            let told = (at, point.is_affected, point.is_exploited);
            match point.site_id {
                // What speaks of a single asset speaks of its site as well.
                Some(site_id) => of_sites.entry(site_id).or_default().push(told),
                None => {
                    variant.advisories.push(told);
                    if point.is_affected {
                        variant.affected_rank = variant.affected_rank.max(Some(point.severity_rank));
                    }
                }
            }
        }
    }
    let mut speaking = Speaking { last: vec![(i64::MIN, false, false); places.len()] };
    let mut totals: FxHashMap<i64, SiteTotal> = FxHashMap::default();
    let nothing = OfVariant::default();
    for (site_id, held) in &parts.sites {
        let mut total = SiteTotal { site_id: *site_id, ..SiteTotal::default() };
        for (variant_id, n) in held {
            let standing = parts.standings.get(variant_id).copied().unwrap_or(Standing::CannotBeChecked);
            total.n_by_standing[standing as usize] += n;
            let variant = variants.get(variant_id).unwrap_or(&nothing);
            if standing == Standing::Affected {
                total.affected_by_severity[severity_place(variant.affected_rank)] += n;
            }
            total.n_exposures += n * variant.advisories.len() as u64;
            total.n_nameplates += u64::from(!variant.advisories.is_empty());
            variant.advisories.iter().for_each(|told| speaking.count(&mut total, *told));
        }
        of_sites.get(site_id).into_iter().flatten().for_each(|told| speaking.count(&mut total, *told));
        totals.insert(*site_id, total);
    }
    raise_single_assets(parts, &variants, &mut totals);
    lower_handled(parts, &variants, handled, &mut totals);
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
    let own: FxHashMap<i64, _> =
        parts.own.chunk_by(|a, b| a.1 == b.1).filter_map(|of_asset| Some((of_asset.first()?.1, of_asset))).collect();
    for (site_id, asset_id, variant_id) in handled {
        let Some(total) = totals.get_mut(site_id) else { continue };
        let of_asset = own.get(asset_id).copied().unwrap_or(&[]);
        let own_rank = of_asset.iter().filter(|own| own.3).map(|own| own.4).max();
        let has_own = !of_asset.is_empty();
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
    use crate::store::listing::sums::ListedPoint;

    #[test]
    fn the_six_places_add_up_whatever_single_assets_and_handled_ones_do() {
        let point = |advisory_id, site_id, severity_rank, is_exploited, is_affected| ListedPoint {
            advisory_id,
            site_id,
            severity_rank,
            is_exploited,
            is_affected,
        };
        let parts = SumParts {
            sites: vec![(1, vec![(10, 4), (11, 2)]), (2, vec![(10, 1), (12, 3)])],
            standings: [(10, Standing::Affected), (11, Standing::RuledOut)].into_iter().collect(),
            exposures: vec![
                (10, vec![point(100, None, 4, true, true), point(101, None, 0, false, false)]),
                (11, vec![point(102, Some(1), 5, false, true)]),
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
        assert_eq!((one.n_speaking, totals[&2].n_speaking), (3, 2));
        let two = &totals[&2];
        assert_eq!(two.n_by_standing, [0, 0, 1, 0, 0, 3]);
        assert_eq!(two.affected_by_severity, [0; 6]);
        for total in totals.values() {
            assert_eq!(total.affected_by_severity.iter().sum::<u64>(), total.n(Standing::Affected));
        }
    }
}
