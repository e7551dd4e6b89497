//! Each asset with each exposure that it had at a moment: what reports and lists are made of.

use std::sync::Arc;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::asset::{AssetRow, asset_columns};
use super::error::StoreError;
use super::exposure::{Told, list_told_at};
use super::text::{clean, digest, read_time, time};
use super::{BATCH, Db};
use crate::domain::asset::Asset;
use crate::domain::exposure::{ExposureFilter, ExposureKey, ExposureRow, Finding};

/// An asset with the variant that it had, and since when.
#[derive(sqlx::FromRow)]
struct Holder {
    since: String,
    #[sqlx(flatten)]
    row: AssetRow,
}

/// An exposure, ready to be shared by rows.
struct Shared {
    key: Arc<ExposureKey>,
    finding: Arc<Finding>,
    opened_at: Timestamp,
    told_since: Timestamp,
}

/// The assets of one site with the same variant, by tag.
#[derive(Default)]
struct Twins {
    site: String,
    variant_id: i64,
    /// (asset, since when it has the variant, its values).
    assets: Vec<(i64, Timestamp, Arc<Asset>)>,
}

/// Gives each asset with each exposure that it had at this moment to `row`, one after the other, however many there
/// are. By site, variant, advisory, tag and asset, so that equal data always come in equal order.
///
/// Two questions, not one join: a fleet has ten times more rows than exposures and assets, and a row would repeat some
/// thirty texts. Memory is bounded by the exposures.
///
/// # Errors
///
/// Those of the database, and the first that `row` gives back.
pub async fn each_exposure_row_at<E: From<StoreError>>(
    db: &Db,
    as_of: Timestamp,
    filter: &ExposureFilter,
    mut row: impl FnMut(ExposureRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut tx = db.begin_read().await?;
    let exposures = by_variant(list_told_at(&mut tx, as_of, filter).await?);
    if exposures.is_empty() {
        return Ok(());
    }
    let at = time(as_of);
    on!(tx &mut tx, c => {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "select ", asset_columns!(), ", p.since from asset_variant p \
             join asset a on a.asset_id = p.asset_id \
             join site s on s.site_id = a.site_id \
             join variant v on v.variant_id = p.variant_id \
             where p.since <= "));
        query.push_bind(at.as_str()).push(" and (p.until is null or p.until > ").push_bind(at.as_str()).push(")");
        if let Some(site) = &filter.site {
            query.push(" and s.name_digest = ").push_bind(digest(&[clean(site)]));
        }
        if let Some(asset_id) = filter.asset_id {
            query.push(" and p.asset_id = ").push_bind(asset_id);
        }
        // For the page of one advisory or variant; more variants are cheaper to sort out here.
        if exposures.len() <= BATCH {
            query.push(" and p.variant_id in (");
            let mut variants = query.separated(", ");
            for variant_id in exposures.keys() {
                variants.push_bind(*variant_id);
            }
            query.push(")");
        }
        query.push(" order by s.name, p.variant_id, a.tag, a.asset_id");
        let mut holders = query.build_query_as::<Holder>().persistent(false).fetch(c);
        let mut twins = Twins::default();
        while let Some(holder) = holders.try_next().await.map_err(StoreError::from)? {
            let (site, variant_id) = (&holder.row.site, holder.row.variant.variant_id);
            if twins.variant_id != variant_id || twins.site != *site {
                give(&twins, &exposures, &mut row)?;
                twins = Twins { site: site.clone(), variant_id, assets: Vec::new() };
            }
            if exposures.contains_key(&variant_id) {
                let since = read_time("asset_variant.since", &holder.since)?;
                twins.assets.push((holder.row.asset_id, since, Arc::new(holder.row.into_asset()?)));
            }
        }
        give(&twins, &exposures, &mut row)
    })
}

/// The rows of [`each_exposure_row_at`] as a list. They share their assets and findings.
pub async fn list_exposure_rows_at(
    db: &Db,
    as_of: Timestamp,
    filter: &ExposureFilter,
) -> Result<Vec<ExposureRow>, StoreError> {
    let mut rows = Vec::new();
    each_exposure_row_at(db, as_of, filter, |row| {
        rows.push(row);
        Ok::<(), StoreError>(())
    })
    .await?;
    Ok(rows)
}

/// The exposures of each variant, by advisory and then those of one asset by asset.
fn by_variant(told: Vec<Told>) -> FxHashMap<i64, Vec<Shared>> {
    let mut exposures: FxHashMap<i64, Vec<Shared>> = FxHashMap::default();
    for told in told {
        exposures.entry(told.key.variant_id).or_default().push(Shared {
            key: Arc::new(told.key),
            finding: Arc::new(told.finding),
            opened_at: told.opened_at,
            told_since: told.told_since,
        });
    }
    for of_variant in exposures.values_mut() {
        of_variant.sort_unstable_by(|a, b| {
            let (a, b) = (&a.key, &b.key);
            let advisory =
                a.advisory.id.cmp(&b.advisory.id).then_with(|| a.advisory.namespace.cmp(&b.advisory.namespace));
            advisory.then_with(|| a.asset_id.cmp(&b.asset_id))
        });
    }
    exposures
}

/// Gives the rows of these assets.
fn give<E>(
    twins: &Twins,
    exposures: &FxHashMap<i64, Vec<Shared>>,
    row: &mut impl FnMut(ExposureRow) -> Result<(), E>,
) -> Result<(), E> {
    let Some(exposures) = exposures.get(&twins.variant_id).filter(|_| !twins.assets.is_empty()) else {
        return Ok(());
    };
    let places: FxHashMap<i64, usize> = if exposures.iter().any(|e| e.key.asset_id.is_some()) {
        twins.assets.iter().enumerate().map(|(place, (asset_id, ..))| (*asset_id, place)).collect()
    } else {
        FxHashMap::default()
    };
    for of_advisory in exposures.chunk_by(|a, b| a.key.advisory == b.key.advisory) {
        let mut pairs: Vec<(usize, &Shared)> = Vec::new();
        for exposure in of_advisory {
            match exposure.key.asset_id {
                None => pairs.extend((0..twins.assets.len()).map(|place| (place, exposure))),
                Some(asset_id) => pairs.extend(places.get(&asset_id).map(|place| (*place, exposure))),
            }
        }
        pairs.sort_by_key(|(place, _)| *place);
        for (place, exposure) in pairs {
            let (asset_id, since, asset) = &twins.assets[place];
            row(ExposureRow {
                asset_id: *asset_id,
                asset: asset.clone(),
                key: exposure.key.clone(),
                finding: exposure.finding.clone(),
                opened_at: exposure.opened_at.max(*since),
                changed_at: exposure.told_since,
            })?;
        }
    }
    Ok(())
}
