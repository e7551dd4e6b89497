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
use crate::domain::listing::{AssetKey, AssetLine, AssetSort, Direction, NameplateKey, NameplateLine, NameplateSort};
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
    sort_key: String,
    #[sqlx(flatten)]
    variant: VariantRow,
}

#[derive(sqlx::FromRow)]
struct NameplateRow {
    standing: String,
    why: String,
    n_assets: i64,
    sort_key: String,
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

/// The conditions on the variant `v`.
macro_rules! push_conditions {
    ($query:expr, $filter:expr) => {{
        let filter: &Filter = $filter;
        if !filter.vendors.is_empty() {
            $query.push(" and v.variant_id in (select f.variant_id from variant_search f where ");
            for (i, vendor) in filter.vendors.iter().enumerate() {
                $query.push(if i > 0 { " or " } else { "" });
                $query.push("f.vendor like ").push_bind(like(vendor)).push(" escape '!'");
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
        "select variant_id from variant_search where words like $1 escape '!' limit $2",
        pattern.as_str(),
        FEW_VARIANTS as i64 + 1
    )?;
    Ok(if variants.len() > FEW_VARIANTS {
        Found::Common { pattern }
    } else {
        Found::Rare { pattern, variant_ids: variants.into_iter().map(|(id,)| id).collect() }
    })
}

/// Which assets, and how they are sorted.
#[derive(Clone, Debug)]
pub struct AssetList<'a> {
    /// Area, standing, vendor and text count; for its sites see `sites`.
    pub filter: &'a Filter,
    /// The sites that the person may see and the filter means.
    pub sites: SiteScope,
    /// One variant alone.
    pub variant_id: Option<i64>,
    /// Anything but the order in which they were first seen sorts all that fit, so it is for lists that a filter has made
    /// short.
    pub sort: AssetSort,
}

/// Where a page of assets or of nameplates begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineCursor {
    /// Of the asset, or of the variant.
    pub id: i64,
    /// What the line was sorted by.
    pub sort_key: String,
}

impl LineCursor {
    /// The cursor after this asset.
    pub fn after(line: &AssetLine) -> LineCursor {
        LineCursor { id: line.asset_id, sort_key: line.sort_key.clone() }
    }

    /// The cursor after this nameplate.
    pub fn after_nameplate(line: &NameplateLine) -> LineCursor {
        LineCursor { id: line.variant_id, sort_key: line.sort_key.clone() }
    }

    /// The cursor of an address; `None` for any other text.
    pub fn read(text: &str) -> Option<LineCursor> {
        let (id, sort_key) = text.split_once('~').unwrap_or((text, ""));
        Some(LineCursor { id: id.parse().ok()?, sort_key: sort_key.to_owned() })
    }
}

/// As it stands in an address.
impl std::fmt::Display for LineCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if self.sort_key.is_empty() { "" } else { "~" };
        write!(f, "{}{mark}{}", self.id, self.sort_key)
    }
}

/// The tables of a list of assets and what must hold of them.
macro_rules! push_assets {
    ($query:expr, $list:expr, $found:expr, $after:expr) => {{
        // In the order of assets, which ends with a full page; those of one variant are found by it.
        $query.push(if $list.variant_id.is_none() {
            " from asset a cross join asset_variant p cross join variant v cross join site s"
        } else {
            " from asset a join asset_variant p on 1 = 1 join variant v on 1 = 1 join site s on 1 = 1"
        });
        $query.push(
            " left join variant_standing t on t.variant_id = p.variant_id and t.until is null \
             where p.asset_id = a.asset_id and p.until is null and v.variant_id = p.variant_id and s.site_id = a.site_id \
                and a.asset_id > ",
        );
        $query.push_bind($after);
        match $found {
            Found::Any => {}
            Found::Rare { pattern, variant_ids } => {
                $query.push(" and a.asset_id in (select asset_id from asset_search where asset_id > ").push_bind($after);
                $query.push(" and words like ").push_bind(pattern.as_str()).push(" escape '!'");
                if !variant_ids.is_empty() {
                    $query.push(" union select asset_id from asset_variant where until is null and variant_id in");
                    push_values!($query, variant_ids.iter().copied());
                    $query.push(" and asset_id > ").push_bind($after);
                }
                $query.push(")");
            }
            Found::Common { pattern } => {
                $query.push(" and (p.variant_id in (select variant_id from variant_search where words like ");
                $query.push_bind(pattern.as_str()).push(
                    " escape '!') or exists (select 1 from asset_search w where w.asset_id = a.asset_id and w.words like ",
                );
                $query.push_bind(pattern.as_str()).push(" escape '!'))");
            }
        }
        if let Some(ids) = ids(&$list.sites) {
            $query.push(" and a.site_id in");
            push_values!($query, ids.iter().copied());
        }
        if let Some(variant_id) = $list.variant_id {
            $query.push(" and p.variant_id = ").push_bind(variant_id);
        }
        if !$list.filter.areas.is_empty() {
            $query.push(" and a.area in");
            push_values!($query, $list.filter.areas.iter().cloned());
        }
        if !$list.filter.standings.is_empty() {
            $query.push(concat!(" and ", standing_of!(), " in"));
            push_values!($query, $list.filter.standings.iter().map(|s| s.word()));
        }
        push_conditions!($query, $list.filter);
    }};
}

/// What a line is sorted by, as text.
fn key(sort: AssetSort) -> &'static str {
    match sort {
        AssetSort::Seen => "''",
        AssetSort::By(AssetKey::Tag, _) => "lower(a.tag)",
        AssetSort::By(AssetKey::Site, _) => "lower(s.name)",
        AssetSort::By(AssetKey::Nameplate, _) => {
            "lower(v.vendor) || ' ' || lower(v.model) || ' ' || lower(v.part_number)"
        }
        AssetSort::By(AssetKey::SerialNumber, _) => "lower(a.serial_number)",
        AssetSort::By(AssetKey::Standing, _) => standing_of!(),
    }
}

/// At most `limit` assets after the cursor, sorted as the list says; retired ones are left out.
pub async fn list_asset_lines(
    db: &Db,
    list: &AssetList<'_>,
    after: &LineCursor,
    limit: u32,
) -> Result<Vec<AssetLine>, StoreError> {
    if ids(&list.sites).is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let found = find(db, list.filter).await?;
    let rows: Vec<AssetRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "select a.asset_id, s.name as site, a.area, a.tag, a.name, a.serial_number, ", standing_of!(),
            " as standing, coalesce(t.why, 'not judged yet') as why, (a.not_seen_since is not null) as is_not_seen, \
             v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, v.firmware, v.notes as variant_notes, "));
        query.push(key(list.sort)).push(" as sort_key");
        match list.sort {
            AssetSort::Seen => push_assets!(query, list, &found, after.id),
            AssetSort::By(_, direction) => {
                push_assets!(query, list, &found, 0_i64);
                if after.id > 0 {
                    query.push(" and (").push(key(list.sort));
                    query.push(if direction == Direction::Up { " > " } else { " < " });
                    query.push_bind(after.sort_key.as_str()).push(" or (").push(key(list.sort)).push(" = ");
                    query.push_bind(after.sort_key.as_str()).push(" and a.asset_id > ").push_bind(after.id);
                    query.push("))");
                }
            }
        }
        query.push(match list.sort {
            AssetSort::Seen => " order by a.asset_id limit ",
            AssetSort::By(_, Direction::Up) => " order by sort_key, a.asset_id limit ",
            AssetSort::By(_, Direction::Down) => " order by sort_key desc, a.asset_id limit ",
        });
        query.push_bind(i64::from(limit));
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
                sort_key: row.sort_key,
                variant_id: row.variant.variant_id,
                variant: row.variant.into_domain(),
                why: if standing == Standing::CannotBeChecked { row.why } else { String::new() },
                standing,
                is_not_seen: row.is_not_seen,
            }
        })
        .collect())
}

/// How many assets the list has; counting stops at `most`.
pub async fn count_asset_lines(db: &Db, list: &AssetList<'_>, most: u32) -> Result<u64, StoreError> {
    if ids(&list.sites).is_some_and(BTreeSet::is_empty) {
        return Ok(0);
    }
    let found = find(db, list.filter).await?;
    let n: i64 = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select count(*) from (select 1 as one");
        push_assets!(query, list, &found, 0_i64);
        query.push(" limit ").push_bind(i64::from(most)).push(") as some_of_them");
        query.build_query_scalar().persistent(false).fetch_one(c).await
    })?;
    Ok(read_count(n))
}

/// What a line of nameplates is sorted by, as text. Numbers have as many digits as all others.
fn nameplate_key(sort: NameplateSort) -> &'static str {
    match sort {
        NameplateSort::Seen => "''",
        NameplateSort::By(NameplateKey::Nameplate, _) => {
            "lower(v.vendor) || ' ' || lower(v.model) || ' ' || lower(v.part_number)"
        }
        NameplateSort::By(NameplateKey::Assets, _) => "cast(1000000000000 + n.n_assets as text)",
        NameplateSort::By(NameplateKey::Standing, _) => "coalesce(t.standing, 'cannot_be_checked')",
    }
}

/// The nameplates with an id above `$above` and their assets at these sites, and what must hold of them.
macro_rules! push_nameplates {
    ($query:expr, $filter:expr, $sites:expr, $above:expr) => {{
        $query
            .push(" from (select variant_id, sum(n_assets) as n_assets from site_variant where variant_id > ")
            .push_bind($above);
        if let Some(ids) = ids($sites) {
            $query.push(" and site_id in");
            push_values!($query, ids.iter().copied());
        }
        $query.push(
            " group by variant_id) n join variant v on v.variant_id = n.variant_id \
             left join variant_standing t on t.variant_id = v.variant_id and t.until is null where 1 = 1",
        );
        if !$filter.standings.is_empty() {
            $query.push(" and coalesce(t.standing, 'cannot_be_checked') in");
            push_values!($query, $filter.standings.iter().map(|s| s.word()));
        }
        push_conditions!($query, $filter);
        if !$filter.text.is_empty() {
            $query.push(" and v.variant_id in (select variant_id from variant_search where words like ");
            $query.push_bind(like(&$filter.text)).push(" escape '!')");
        }
    }};
}

/// At most `limit` nameplates (variants) after the cursor that fit the filter, sorted, with their assets at these sites.
/// Of the filter site (in `sites`), standing, vendor and text count.
pub async fn list_nameplate_lines(
    db: &Db,
    filter: &Filter,
    sites: &SiteScope,
    sort: NameplateSort,
    after: &LineCursor,
    limit: u32,
) -> Result<Vec<NameplateLine>, StoreError> {
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let rows: Vec<NameplateRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select coalesce(t.standing, 'cannot_be_checked') as standing, coalesce(t.why, 'not judged yet') as why, \
             cast(n.n_assets as bigint) as n_assets, \
             v.variant_id, v.vendor, v.model, v.part_number, v.hardware_revision, v.firmware, v.notes as variant_notes, ");
        let key = nameplate_key(sort);
        query.push(key).push(" as sort_key");
        push_nameplates!(query, filter, sites, if sort == NameplateSort::Seen { after.id } else { 0 });
        if let NameplateSort::By(_, direction) = sort && after.id > 0 {
            query.push(" and (").push(key).push(if direction == Direction::Up { " > " } else { " < " });
            query.push_bind(after.sort_key.as_str()).push(" or (").push(key).push(" = ");
            query.push_bind(after.sort_key.as_str()).push(" and v.variant_id > ").push_bind(after.id).push("))");
        }
        query.push(match sort {
            NameplateSort::Seen => " order by v.variant_id limit ",
            NameplateSort::By(_, Direction::Up) => " order by sort_key, v.variant_id limit ",
            NameplateSort::By(_, Direction::Down) => " order by sort_key desc, v.variant_id limit ",
        });
        query.push_bind(i64::from(limit));
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
                sort_key: row.sort_key,
            }
        })
        .collect())
}

/// How many nameplates the list has; counting stops at `most`.
pub async fn count_nameplate_lines(db: &Db, filter: &Filter, sites: &SiteScope, most: u32) -> Result<u64, StoreError> {
    if ids(sites).is_some_and(BTreeSet::is_empty) {
        return Ok(0);
    }
    let n: i64 = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select count(*) from (select 1 as one");
        push_nameplates!(query, filter, sites, 0_i64);
        query.push(" limit ").push_bind(i64::from(most)).push(") as some_of_them");
        query.build_query_scalar().persistent(false).fetch_one(c).await
    })?;
    Ok(read_count(n))
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
