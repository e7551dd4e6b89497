//! Lists of assets and of nameplates, a page at a time.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::super::error::StoreError;
use super::super::text::read_count;
use super::super::variant::VariantRow;
use super::super::{BATCH, Db};
use super::exposures::like;
use crate::domain::account::SiteScope;
use crate::domain::asset::Standing;
use crate::domain::filter::Filter;
use crate::domain::listing::{AssetLine, NameplateLine};
use crate::domain::nameplate::Variant;

#[derive(sqlx::FromRow)]
struct AssetRow {
    asset_id: i64,
    site: String,
    area: String,
    tag: String,
    name: String,
    serial_number: String,
    standing: String,
    why: String,
    is_not_seen: bool,
    #[sqlx(flatten)]
    variant: VariantRow,
}

#[derive(sqlx::FromRow)]
struct NameplateRow {
    standing: String,
    why: String,
    n_assets: i64,
    #[sqlx(flatten)]
    variant: VariantRow,
}

/// Where asset `a` with the open period `p` and the standing `t` of its variant stands.
macro_rules! standing_of {
    () => {
        "case when exists (select 1 from handled_asset h where h.asset_id = a.asset_id) then 'handled' \
          when t.standing = 'affected' then 'affected' \
          else coalesce((select min(x.verdict) from exposure x \
             where x.asset_id is not null and x.asset_id = a.asset_id and x.variant_id = p.variant_id \
                and x.closed_at is null), \
             t.standing, 'cannot_be_checked') end"
    };
}

fn standing(word: &str) -> Standing {
    Standing::from_word(word).unwrap_or(Standing::CannotBeChecked)
}

/// What a search finds a variant by: what is folded must not run on into what comes next.
macro_rules! words_of_variant {
    () => {
        "replace(replace(replace(lower(vendor || '\t' || model || '\t' || part_number || '\t' || firmware), ' ', ''), \
            '-', ''), '\t', ' ')"
    };
}

/// The conditions on the variant `v`.
macro_rules! push_conditions {
    ($query:expr, $filter:expr) => {{
        let filter: &Filter = $filter;
        if !filter.vendors.is_empty() {
            $query.push(" and (");
            for (i, vendor) in filter.vendors.iter().enumerate() {
                $query.push(if i > 0 { " or " } else { "" });
                $query.push("replace(replace(lower(v.vendor), ' ', ''), '-', '') like ").push_bind(like(vendor));
                $query.push(" escape '!'");
            }
            $query.push(")");
        }
    }};
}

/// Appends ` (v1, v2, …)`.
macro_rules! push_values {
    ($query:expr, $values:expr) => {{
        $query.push(" (");
        let mut values = $query.separated(", ");
        for value in $values {
            values.push_bind(value);
        }
        $query.push(")");
    }};
}

fn ids(scope: &SiteScope) -> Option<&BTreeSet<i64>> {
    match scope {
        SiteScope::All => None,
        SiteScope::Only(ids) => Some(ids),
    }
}

/// Types of devices that a search finds, up to which their assets are found by them.
const FEW_VARIANTS: usize = 500;

/// Which assets a search finds.
enum Found {
    /// There is no search.
    Any,
    /// Those with the words of the pattern, and those of these variants.
    Rare { pattern: String, variant_ids: Vec<i64> },
    /// As many have variants with these words, a page is full soon in the order of assets.
    Common { pattern: String },
}

async fn find(db: &Db, filter: &Filter) -> Result<Found, StoreError> {
    if filter.text.is_empty() {
        return Ok(Found::Any);
    }
    let pattern = like(&filter.text);
    let variants = sql!(
        db,
        all(i64,),
        concat!("select variant_id from variant where ", words_of_variant!(), " like $1 escape '!' limit $2"),
        pattern.as_str(),
        FEW_VARIANTS as i64 + 1
    )?;
    Ok(if variants.len() > FEW_VARIANTS {
        Found::Common { pattern }
    } else {
        Found::Rare { pattern, variant_ids: variants.into_iter().map(|(id,)| id).collect() }
    })
}

/// At most `limit` assets with an id above `after` that fit the filter, by id; retired ones are left out. Of the filter
/// site (in `sites`), area, standing, vendor and text count. `variant_id` narrows to one variant.
pub async fn list_asset_lines(
    db: &Db,
    filter: &Filter,
    sites: &SiteScope,
    variant_id: Option<i64>,
    after: i64,
    limit: u32,
) -> Result<Vec<AssetLine>, StoreError> {
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let found = find(db, filter).await?;
    let rows: Vec<AssetRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "select a.asset_id, s.name as site, a.area, a.tag, a.name, a.serial_number, ", standing_of!(),
            " as standing, coalesce(t.why, 'not judged yet') as why, (a.not_seen_since is not null) as is_not_seen, \
             v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, v.firmware, v.notes as variant_notes \
             from asset a "));
        // In the order of assets, which ends with a full page; those of one variant are found by it.
        query.push(if variant_id.is_none() {
            "cross join asset_variant p cross join variant v cross join site s"
        } else {
            "join asset_variant p on 1 = 1 join variant v on 1 = 1 join site s on 1 = 1"
        });
        query.push(" left join variant_standing t on t.variant_id = p.variant_id and t.until is null \
             where p.asset_id = a.asset_id and p.until is null and v.variant_id = p.variant_id and s.site_id = a.site_id \
                and a.asset_id > ");
        query.push_bind(after);
        match &found {
            Found::Any => {}
            Found::Rare { pattern, variant_ids } => {
                query.push(" and a.asset_id in (select asset_id from asset_search where asset_id > ").push_bind(after);
                query.push(" and words like ").push_bind(pattern.as_str()).push(" escape '!'");
                if !variant_ids.is_empty() {
                    query.push(" union select asset_id from asset_variant where until is null and variant_id in");
                    push_values!(query, variant_ids.iter().copied());
                    query.push(" and asset_id > ").push_bind(after);
                }
                query.push(")");
            }
            Found::Common { pattern } => {
                query.push(concat!(
                    " and (p.variant_id in (select variant_id from variant where ", words_of_variant!(), " like "));
                query.push_bind(pattern.as_str()).push(" escape '!') or exists (select 1 from asset_search w \
                    where w.asset_id = a.asset_id and w.words like ");
                query.push_bind(pattern.as_str()).push(" escape '!'))");
            }
        }
        if let Some(ids) = ids(sites) {
            query.push(" and a.site_id in");
            push_values!(query, ids.iter().copied());
        }
        if let Some(variant_id) = variant_id {
            query.push(" and p.variant_id = ").push_bind(variant_id);
        }
        if !filter.areas.is_empty() {
            query.push(" and a.area in");
            push_values!(query, filter.areas.iter().cloned());
        }
        if !filter.standings.is_empty() {
            query.push(concat!(" and ", standing_of!(), " in"));
            push_values!(query, filter.standings.iter().map(|s| s.word()));
        }
        push_conditions!(query, filter);
        query.push(" order by a.asset_id limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let standing = standing(&row.standing);
            AssetLine {
                asset_id: row.asset_id,
                site: row.site,
                area: row.area,
                tag: row.tag,
                name: row.name,
                serial_number: row.serial_number,
                variant_id: row.variant.variant_id,
                variant: row.variant.into_domain(),
                why: if standing == Standing::CannotBeChecked { row.why } else { String::new() },
                standing,
                is_not_seen: row.is_not_seen,
            }
        })
        .collect())
}

/// At most `limit` nameplates (variants) with an id above `after` that fit the filter, by id, with their assets at these
/// sites. Of the filter site (in `sites`), standing, vendor and text count.
pub async fn list_nameplate_lines(
    db: &Db,
    filter: &Filter,
    sites: &SiteScope,
    after: i64,
    limit: u32,
) -> Result<Vec<NameplateLine>, StoreError> {
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let rows: Vec<NameplateRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select coalesce(t.standing, 'cannot_be_checked') as standing, coalesce(t.why, 'not judged yet') as why, \
             cast(n.n_assets as bigint) as n_assets, \
             v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, v.firmware, v.notes as variant_notes \
             from (select variant_id, sum(n_assets) as n_assets from site_variant where variant_id > ");
        query.push_bind(after);
        if let Some(ids) = ids(sites) {
            query.push(" and site_id in");
            push_values!(query, ids.iter().copied());
        }
        query.push(" group by variant_id) n join variant v on v.variant_id = n.variant_id \
            left join variant_standing t on t.variant_id = v.variant_id and t.until is null where 1 = 1");
        if !filter.standings.is_empty() {
            query.push(" and coalesce(t.standing, 'cannot_be_checked') in");
            push_values!(query, filter.standings.iter().map(|s| s.word()));
        }
        push_conditions!(query, filter);
        if !filter.text.is_empty() {
            query.push(concat!(" and ", words_of_variant!(), " like ")).push_bind(like(&filter.text)).push(" escape '!'");
        }
        query.push(" order by v.variant_id limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let standing = standing(&row.standing);
            NameplateLine {
                variant_id: row.variant.variant_id,
                variant: row.variant.into_domain(),
                why: if standing == Standing::CannotBeChecked { row.why } else { String::new() },
                standing,
                n_assets: read_count(row.n_assets),
            }
        })
        .collect())
}

/// How many assets of these sites have each of these variants now.
pub async fn count_assets_of_variants(
    db: &Db,
    sites: &SiteScope,
    variant_ids: &[i64],
) -> Result<FxHashMap<i64, u64>, StoreError> {
    let mut counts = FxHashMap::default();
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(counts);
    }
    for batch in variant_ids.chunks(BATCH) {
        let rows: Vec<(i64, i64)> = on!(db, c => {
            let mut query =
                sqlx::QueryBuilder::new("select variant_id, cast(sum(n_assets) as bigint) from site_variant where variant_id in");
            push_values!(query, batch.iter().copied());
            if let Some(ids) = ids(sites) {
                query.push(" and site_id in");
                push_values!(query, ids.iter().copied());
            }
            query.push(" group by variant_id");
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        counts.extend(rows.into_iter().map(|(id, n)| (id, read_count(n))));
    }
    Ok(counts)
}

/// The variants with these ids, in no order.
pub async fn list_variants_by_id(db: &Db, variant_ids: &[i64]) -> Result<Vec<(i64, Variant)>, StoreError> {
    let mut variants = Vec::with_capacity(variant_ids.len());
    for batch in variant_ids.chunks(BATCH) {
        let found: Vec<VariantRow> = for_list!(db, all VariantRow,
            "select variant_id, vendor, model, part_number, hardware_revision, firmware, notes as variant_notes \
             from variant where variant_id in", batch.iter().copied(), "")?;
        variants.extend(found.into_iter().map(|row| (row.variant_id, row.into_domain())));
    }
    Ok(variants)
}

/// Vendors whose assets cannot be checked, with why and how many assets; most assets first, at most `limit`.
pub async fn list_blind_spots(
    db: &Db,
    sites: &SiteScope,
    limit: u32,
) -> Result<Vec<(String, String, u64)>, StoreError> {
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, String, i64)> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select v.vendor, coalesce(t.why, 'not judged yet') as why, cast(sum(n.n_assets) as bigint) as n_assets \
             from variant v left join variant_standing t on t.variant_id = v.variant_id and t.until is null \
             cross join site_variant n \
             where n.variant_id = v.variant_id and coalesce(t.standing, 'cannot_be_checked') = 'cannot_be_checked'");
        if let Some(ids) = ids(sites) {
            query.push(" and n.site_id in");
            push_values!(query, ids.iter().copied());
        }
        query.push(" group by v.vendor, coalesce(t.why, 'not judged yet') \
            order by 3 desc, v.vendor, 2 limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|(vendor, why, n)| (vendor, why, read_count(n))).collect())
}

/// Of these assets the ones at the sites of this scope that are not retired.
pub async fn list_visible(db: &Db, sites: &SiteScope, asset_ids: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut visible = Vec::new();
    for batch in asset_ids.chunks(BATCH) {
        let rows = for_list!(
            db,
            all(i64, i64),
            "select asset_id, site_id from asset where retired_at is null and asset_id in",
            batch.iter().copied(),
            ""
        )?;
        visible.extend(rows.into_iter().filter(|(_, site_id)| sites.covers(*site_id)).map(|(asset_id, _)| asset_id));
    }
    Ok(visible)
}
