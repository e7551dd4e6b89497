//! Lists of exposures by nameplate, asset or advisory: filtered, in the order of work, a page at a time.
//!
//! A page walks `exposure_listing` in its order and stops when it is full. Where the sites that are meant have few
//! variants it begins with these instead, because the walk would pass by everything else.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::super::advisory::key_digest;
use super::super::error::StoreError;
use super::super::exposure::{FindingRow, finding_columns};
use super::super::text::read_count;
use super::super::variant::VariantRow;
use super::super::{BATCH, Db};
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::filter::{Filter, folded};
use crate::domain::listing::{Direction, ListKey, ListSort, ListView, ListedAsset, ListedExposure, severity_rank};
use crate::domain::remediation::RemediationStatus;
use crate::domain::verdict::{Confidence, Verdict};

/// Which exposures, and how they are listed.
#[derive(Clone, Debug)]
pub struct ExposureList<'a> {
    /// `filter.sites` is not looked at; see `sites`.
    pub filter: &'a Filter,
    /// The sites that the person may see and the filter means.
    pub sites: SiteScope,
    pub view: ListView,
    /// Anything but the order of work sorts all lines that fit, so it is for lists that a filter has made short.
    pub sort: ListSort,
    /// One variant alone, for its page.
    pub variant_id: Option<i64>,
    /// One asset alone, for its page.
    pub asset_id: Option<i64>,
    /// One advisory alone, for its page.
    pub advisory: Option<AdvisoryKey>,
}

/// Where a page of a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursor {
    pub work_order: i64,
    pub exposure_id: i64,
    /// 0 in lists without assets.
    pub asset_variant_id: i64,
    /// What the line was sorted by; blank in the order of work.
    pub sort_key: String,
}

impl ListCursor {
    /// The cursor after this line.
    pub fn after(line: &ListedExposure) -> ListCursor {
        ListCursor {
            work_order: line.work_order,
            exposure_id: line.exposure_id,
            asset_variant_id: line.asset.as_ref().map_or(0, |asset| asset.asset_variant_id),
            sort_key: line.sort_key.clone(),
        }
    }

    /// The cursor of an address; `None` for any other text.
    pub fn read(text: &str) -> Option<ListCursor> {
        let (numbers, sort_key) = text.split_once('~').unwrap_or((text, ""));
        let mut numbers = numbers.split('.').map(|part| part.parse::<i64>().ok());
        let cursor = ListCursor {
            work_order: numbers.next()??,
            exposure_id: numbers.next()??,
            asset_variant_id: numbers.next()??,
            sort_key: sort_key.to_owned(),
        };
        numbers.next().is_none().then_some(cursor)
    }
}

/// As it stands in an address.
impl std::fmt::Display for ListCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if self.sort_key.is_empty() { "" } else { "~" };
        let Self { work_order, exposure_id, asset_variant_id, sort_key } = self;
        write!(f, "{work_order}.{exposure_id}.{asset_variant_id}{mark}{sort_key}")
    }
}

/// How much a list holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListCount {
    /// Lines of the list.
    pub n_lines: u64,
    /// Pairs of asset and advisory.
    pub n_exposures: u64,
    pub n_assets: u64,
    pub n_advisories: u64,
    /// Counting stopped: there are more.
    pub is_least: bool,
}

/// Exposures of variants that are counted before counting stops.
const MAX_COUNTED: i64 = 5_000;

/// Up to this many variants a list begins with those of its sites.
const FEW_VARIANTS: i64 = 6_000;

#[derive(sqlx::FromRow)]
struct LineRow {
    exposure_id: i64,
    work_order: i64,
    cvss_tenths: Option<i64>,
    is_exploited: bool,
    sort_key: String,
    #[sqlx(flatten)]
    finding: FindingRow,
}

#[derive(sqlx::FromRow)]
struct AssetLineRow {
    asset_variant_id: i64,
    asset_id: i64,
    site: String,
    area: String,
    tag: String,
    serial_number: String,
    #[sqlx(flatten)]
    line: LineRow,
}

/// What a search compares of an advisory `f`.
macro_rules! folded_tracking_id {
    () => {
        "replace(replace(lower(f.tracking_id), ' ', ''), '-', '')"
    };
}

/// A statement that is put together from parts with values.
macro_rules! push_list {
    ($query:expr, $head:expr, $values:expr) => {{
        $query.push($head).push(" (");
        let mut values = $query.separated(", ");
        for value in $values {
            values.push_bind(value);
        }
        $query.push(")");
    }};
}

/// The conditions of the list for the table that is called `$l`. `$is_of_listed` where its variants are known to be in the
/// list, so that what all exposures of a variant share need not be asked again.
macro_rules! push_conditions {
    ($query:expr, $list:expr, $facts:expr, $l:literal, $is_of_listed:expr) => {{
        let filter = $list.filter;
        if let Some(sites) = $facts.site_ids() {
            $query.push(concat!(" and (", $l, ".site_id is null or ", $l, ".site_id in"));
            push_list!($query, "", sites.iter().copied());
            $query.push(")");
        }
        if let [only] = filter.verdicts.as_slice() {
            match only {
                Verdict::Affected => $query.push(concat!(" and ", $l, ".is_affected")),
                Verdict::Possible => $query.push(concat!(" and not ", $l, ".is_affected")),
                // What is not affected is no exposure.
                Verdict::NotAffected => $query.push(" and 1 = 0"),
            };
        } else if !filter.verdicts.is_empty() {
            let with = |verdict| filter.verdicts.contains(&verdict);
            match (with(Verdict::Affected), with(Verdict::Possible)) {
                (true, false) => drop($query.push(concat!(" and ", $l, ".is_affected"))),
                (false, true) => drop($query.push(concat!(" and not ", $l, ".is_affected"))),
                _ => {}
            }
        }
        if let Some(severity) = filter.severity {
            $query.push(concat!(" and (", $l, ".severity = 0 or ", $l, ".severity >= "));
            $query.push_bind(severity_rank(Some(severity))).push(")");
        }
        match filter.exploited {
            Some(true) => drop($query.push(concat!(" and ", $l, ".is_exploited"))),
            Some(false) => drop($query.push(concat!(" and not ", $l, ".is_exploited"))),
            None => {}
        }
        match filter.has_fix {
            Some(true) => drop($query.push(concat!(" and ", $l, ".has_fix"))),
            Some(false) => drop($query.push(concat!(" and not ", $l, ".has_fix"))),
            None => {}
        }
        match filter.sure {
            Some(Confidence::Certain) => drop($query.push(concat!(" and ", $l, ".confidence >= 2"))),
            Some(Confidence::Likely) => drop($query.push(concat!(" and ", $l, ".confidence >= 1"))),
            Some(Confidence::Possible) | None => {}
        }
        if let Some(ids) = &$facts.advisory_ids {
            if ids.is_empty() {
                $query.push(" and 1 = 0");
            } else {
                push_list!($query, concat!(" and ", $l, ".advisory_id in"), ids.iter().copied());
            }
        }
        if let Some(text) = &$facts.text
            && !($is_of_listed && text.is_of_variants_alone())
        {
            $query.push(concat!(
                " and (",
                $l,
                ".variant_id in (select f.variant_id from variant_search f where f.words like "
            ));
            $query.push_bind(text.pattern.clone()).push(" escape '!')");
            if let Some(advisory_ids) = &text.advisory_ids {
                if !advisory_ids.is_empty() {
                    push_list!($query, concat!(" or ", $l, ".advisory_id in"), advisory_ids.iter().copied());
                }
            } else {
                $query.push(concat!(" or ", $l, ".advisory_id in (select f.advisory_id from advisory f where "));
                $query.push(concat!(folded_tracking_id!(), " like ")).push_bind(text.pattern.clone());
                $query.push(" escape '!')");
            }
            $query.push(")");
        }
        if !$facts.vendors.is_empty() && !$is_of_listed {
            $query.push(concat!(" and ", $l, ".variant_id in (select f.variant_id from variant_search f where "));
            for (i, vendor) in $facts.vendors.iter().enumerate() {
                $query.push(if i > 0 { " or " } else { "" });
                $query.push("f.vendor like ").push_bind(vendor.clone()).push(" escape '!'");
            }
            $query.push(")");
        }
        if let Some(variant_id) = $list.variant_id {
            $query.push(concat!(" and ", $l, ".variant_id = ")).push_bind(variant_id);
        }
    }};
}

/// Which table the statement begins with, and the conditions of both.
macro_rules! push_from {
    ($query:expr, $list:expr, $facts:expr, $joins:expr) => {{
        match $facts.site_ids() {
            Some(sites) if $facts.has_few_variants => {
                push_list!(
                    $query,
                    " from (select distinct variant_id from site_variant where site_id in",
                    sites.iter().copied()
                );
                $query.push(") own cross join exposure_listing l ").push($joins);
                $query.push(" where l.variant_id = own.variant_id");
            }
            Some(sites) => {
                $query.push(" from exposure_listing l ").push($joins);
                $query.push(" where exists (select 1 from site_variant own where own.variant_id = l.variant_id");
                push_list!($query, " and own.site_id in", sites.iter().copied());
                $query.push(")");
            }
            None => {
                $query.push(" from exposure_listing l ").push($joins).push(" where 1 = 1");
            }
        }
        push_conditions!($query, $list, $facts, "l", false);
    }};
}

/// Only assets whose remediation has one of the statuses that are asked for, where `a` is the asset.
macro_rules! push_status {
    ($query:expr, $facts:expr) => {{
        if let Some(statuses) = &$facts.statuses {
            $query.push(
                " and coalesce((select r.status from remediation r where r.asset_id = a.asset_id \
                 and r.advisory_id = l.advisory_id and r.cve = '' and r.until is null \
                 and r.fingerprint_digest = (select x.fingerprint_digest from exposure x \
                    where x.exposure_id = l.exposure_id)), 'not_remediated') in",
            );
            push_list!($query, "", statuses.iter().copied());
        }
        if !$facts.areas.is_empty() {
            push_list!($query, " and a.area in", $facts.areas.iter().cloned());
        }
    }};
}

/// In lists without assets: some asset of the line's variant must have what is asked of assets.
macro_rules! push_some_asset {
    ($query:expr, $facts:expr) => {{
        if $facts.statuses.is_some() || !$facts.areas.is_empty() {
            $query.push(
                " and exists (select 1 from asset_variant p join asset a on a.asset_id = p.asset_id \
                 where p.variant_id = l.variant_id and p.until is null",
            );
            if let Some(sites) = $facts.site_ids() {
                push_list!($query, " and a.site_id in", sites.iter().copied());
            }
            push_status!($query, $facts);
            $query.push(")");
        }
    }};
}

/// What a line is sorted by, as text of the same length for numbers. `e`, `d` and `l` are joined, `a` in lists of assets.
macro_rules! push_key {
    ($query:expr, $list:expr, $facts:expr) => {{
        match $list.sort {
            ListSort::Work => drop($query.push("''")),
            ListSort::By(ListKey::Severity, _) => {
                $query.push("cast(1001 + coalesce(l.cvss_tenths, -1) as text)");
            }
            ListSort::By(ListKey::Nameplate, _) => drop($query.push(
                "(select lower(n.vendor) || ' ' || lower(n.model) || ' ' || lower(n.part_number) || ' ' || n.firmware \
                 from variant n where n.variant_id = l.variant_id)",
            )),
            ListSort::By(ListKey::Assets, _) => {
                $query.push(
                    "(select cast(1000000000 + coalesce(sum(n.n_assets), 0) as text) from site_variant n \
                     where n.variant_id = l.variant_id",
                );
                if let Some(sites) = $facts.site_ids() {
                    push_list!($query, " and n.site_id in", sites.iter().copied());
                }
                $query.push(")");
            }
            ListSort::By(ListKey::Asset, _) if $list.view == ListView::Asset => drop($query.push("lower(a.tag)")),
            ListSort::By(ListKey::Advisory | ListKey::Asset, _) => drop($query.push("d.tracking_id")),
        }
    }};
}

/// The beginning of what comes after the cursor; the caller adds the order of work and closes two brackets.
macro_rules! push_key_after {
    ($query:expr, $list:expr, $facts:expr, $after:expr) => {{
        match $list.sort {
            ListSort::Work => drop($query.push(" and ((")),
            ListSort::By(_, direction) => {
                $query.push(" and (");
                push_key!($query, $list, $facts);
                $query.push(if direction == Direction::Up { " > " } else { " < " });
                $query.push_bind($after.sort_key.clone()).push(" or (");
                push_key!($query, $list, $facts);
                $query.push(" = ").push_bind($after.sort_key.clone()).push(" and");
            }
        }
    }};
}

/// `order by` with what the list is sorted by, and a comma.
macro_rules! push_order {
    ($query:expr, $list:expr, $facts:expr) => {{
        $query.push(" order by ");
        if let ListSort::By(_, direction) = $list.sort {
            $query.push("sort_key").push(if direction == Direction::Up { ", " } else { " desc, " });
        }
    }};
}

mod statuses;

pub use statuses::count_by_status;

/// What the filter says in the words of the database.
struct Facts {
    sites: SiteScope,
    has_few_variants: bool,
    advisory_ids: Option<Vec<i64>>,
    vendors: Vec<String>,
    text: Option<FoundText>,
    areas: Vec<String>,
    statuses: Option<Vec<&'static str>>,
}

/// A text that is searched in types of devices and in the ids of advisories.
struct FoundText {
    pattern: String,
    /// The advisories with such an id; `None` when they are many.
    advisory_ids: Option<Vec<i64>>,
}

impl FoundText {
    async fn of(db: &Db, text: &str) -> Result<FoundText, StoreError> {
        let pattern = like(text);
        let ids = sql!(
            db,
            all(i64,),
            concat!(
                "select f.advisory_id from advisory f where ",
                folded_tracking_id!(),
                " like $1 escape '!' limit $2"
            ),
            pattern.as_str(),
            BATCH as i64 + 1
        )?;
        let is_few = ids.len() <= BATCH;
        Ok(FoundText { pattern, advisory_ids: is_few.then(|| ids.into_iter().map(|(id,)| id).collect()) })
    }

    /// Whether no id of an advisory has the text, so that all exposures of a variant are found or none.
    fn is_of_variants_alone(&self) -> bool {
        self.advisory_ids.as_ref().is_some_and(Vec::is_empty)
    }
}

impl Facts {
    async fn of(db: &Db, list: &ExposureList<'_>) -> Result<Facts, StoreError> {
        let filter = list.filter;
        let mut facts = Facts {
            sites: list.sites.clone(),
            has_few_variants: true,
            advisory_ids: None,
            vendors: filter.vendors.iter().map(|vendor| like(vendor)).collect(),
            text: if filter.text.is_empty() { None } else { Some(FoundText::of(db, &filter.text).await?) },
            areas: filter.areas.clone(),
            statuses: None,
        };
        if !filter.statuses.is_empty() {
            let meant = RemediationStatus::ALL.into_iter().filter(|s| filter.statuses.iter().any(|w| w.means(*s)));
            let meant: Vec<&'static str> = meant.map(RemediationStatus::word).collect();
            facts.statuses = Some(meant).filter(|meant| meant.len() < RemediationStatus::ALL.len());
        }
        if !(filter.advisories.is_empty() && filter.cves.is_empty() && list.advisory.is_none()) {
            facts.advisory_ids = Some(advisory_ids(db, list).await?);
        }
        if let Some(sites) = facts.site_ids() {
            let sites: Vec<i64> = sites.iter().copied().collect();
            let n: i64 = if sites.is_empty() {
                0
            } else {
                on!(db, c => {
                    let mut query = sqlx::QueryBuilder::new("select count(*) from (select 1 as one from site_variant");
                    push_list!(query, " where site_id in", sites);
                    query.push(" limit ").push_bind(FEW_VARIANTS + 1).push(") as some_of_them");
                    query.build_query_scalar().persistent(false).fetch_one(c).await
                })?
            };
            facts.has_few_variants = n <= FEW_VARIANTS;
        }
        Ok(facts)
    }

    fn site_ids(&self) -> Option<&BTreeSet<i64>> {
        match &self.sites {
            SiteScope::All => None,
            SiteScope::Only(ids) => Some(ids),
        }
    }

    /// Whether nothing can fit: no site is meant.
    fn is_void(&self) -> bool {
        self.site_ids().is_some_and(BTreeSet::is_empty)
    }
}

/// A pattern for `like … escape '!'` that finds this text anywhere, folded.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(text).chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

async fn advisory_ids(db: &Db, list: &ExposureList<'_>) -> Result<Vec<i64>, StoreError> {
    let mut ids: Option<BTreeSet<i64>> = None;
    let mut narrow = |found: Vec<(i64,)>| {
        let found: BTreeSet<i64> = found.into_iter().map(|(id,)| id).collect();
        ids = Some(ids.take().map_or_else(|| found.clone(), |ids| &ids & &found));
    };
    if let Some(key) = &list.advisory {
        narrow(sql!(db, all(i64,), "select advisory_id from advisory where key_digest = $1", key_digest(key))?);
    }
    if !list.filter.advisories.is_empty() {
        let names: Vec<String> = list.filter.advisories.iter().map(|id| id.to_lowercase()).take(BATCH).collect();
        narrow(for_list!(db, all(i64,), "select advisory_id from advisory where lower(tracking_id) in", names, "")?);
    }
    if !list.filter.cves.is_empty() {
        let cves: Vec<String> = list.filter.cves.iter().take(BATCH).cloned().collect();
        narrow(for_list!(
            db,
            all(i64,),
            "select distinct r.advisory_id from advisory_cve c \
             join advisory_revision r on r.advisory_revision_id = c.advisory_revision_id \
             where r.is_current and c.cve in",
            cves,
            ""
        )?);
    }
    Ok(ids.unwrap_or_default().into_iter().collect())
}

macro_rules! line_columns {
    () => {
        concat!(
            "l.exposure_id, l.work_order, l.cvss_tenths, l.is_exploited, e.variant_id, e.asset_id as exposure_asset_id, \
             d.namespace, d.tracking_id, ",
            finding_columns!("e."),
            ", e.opened_at, e.changed_at as told_since"
        )
    };
}

/// At most `limit` lines after the cursor, in the order of work.
pub async fn list_exposures(
    db: &Db,
    list: &ExposureList<'_>,
    after: Option<ListCursor>,
    limit: u32,
) -> Result<Vec<ListedExposure>, StoreError> {
    let facts = Facts::of(db, list).await?;
    if facts.is_void() {
        return Ok(Vec::new());
    }
    const JOINS: &str =
        "join exposure e on e.exposure_id = l.exposure_id join advisory d on d.advisory_id = l.advisory_id";
    let rows: Vec<(Option<ListedAsset>, LineRow)> = if list.view == ListView::Asset || list.asset_id.is_some() {
        let rows: Vec<AssetLineRow> = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(concat!(
                "select p.asset_variant_id, a.asset_id, s.name as site, a.area, a.tag, a.serial_number, ",
                line_columns!(), ", "));
            push_key!(query, list, facts);
            query.push(" as sort_key");
            // Of one asset the database begins with the asset. Else the order of the tables is given (`cross join`), which
            // is the order of work: SQLite would begin with the sites and sort all pairs for a page.
            push_from!(query, list, facts, match list.asset_id {
                Some(_) => "join exposure e on 1 = 1 join advisory d on 1 = 1 join asset_variant p on 1 = 1 \
                    join asset a on 1 = 1 join site s on 1 = 1",
                None => "cross join exposure e cross join advisory d cross join asset_variant p cross join asset a \
                    cross join site s",
            });
            query.push(" and e.exposure_id = l.exposure_id and d.advisory_id = l.advisory_id \
                and p.variant_id = l.variant_id and p.until is null and a.asset_id = p.asset_id and s.site_id = a.site_id");
            query.push(" and (e.asset_id is null or e.asset_id = a.asset_id)");
            if let Some(sites) = facts.site_ids() {
                push_list!(query, " and a.site_id in", sites.iter().copied());
            }
            if let Some(asset_id) = list.asset_id {
                query.push(" and a.asset_id = ").push_bind(asset_id);
            }
            push_status!(query, facts);
            if let Some(after) = &after {
                push_key_after!(query, list, facts, after);
                query.push(" (l.work_order, l.exposure_id) >= (").push_bind(after.work_order).push(", ");
                query.push_bind(after.exposure_id).push(") and (l.exposure_id <> ").push_bind(after.exposure_id);
                query.push(" or p.asset_variant_id > ").push_bind(after.asset_variant_id).push(")))");
            }
            push_order!(query, list, facts);
            query.push("l.work_order, l.exposure_id, p.asset_variant_id limit ").push_bind(i64::from(limit));
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        let split = |row: AssetLineRow| {
            let AssetLineRow { asset_variant_id, asset_id, site, area, tag, serial_number, line } = row;
            (Some(ListedAsset { asset_id, asset_variant_id, site, area, tag, serial_number }), line)
        };
        rows.into_iter().map(split).collect()
    } else {
        let rows: Vec<LineRow> = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(concat!("select ", line_columns!(), ", "));
            push_key!(query, list, facts);
            query.push(" as sort_key");
            push_from!(query, list, facts, JOINS);
            push_some_asset!(query, facts);
            query.push(" and not exists (select 1 from exposure_listing x where x.");
            let by = if list.view == ListView::Advisory { "advisory_id" } else { "variant_id" };
            query.push(by).push(" = l.").push(by);
            query.push(" and (x.work_order, x.exposure_id) < (l.work_order, l.exposure_id)");
            push_conditions!(query, list, facts, "x", list.view == ListView::Nameplate);
            if list.view == ListView::Advisory && let Some(sites) = facts.site_ids() {
                query.push(" and exists (select 1 from site_variant own where own.variant_id = x.variant_id");
                push_list!(query, " and own.site_id in", sites.iter().copied());
                query.push(")");
            }
            query.push(")");
            if let Some(after) = &after {
                push_key_after!(query, list, facts, after);
                query.push(" (l.work_order, l.exposure_id) > (").push_bind(after.work_order).push(", ");
                query.push_bind(after.exposure_id).push(")))");
            }
            push_order!(query, list, facts);
            query.push("l.work_order, l.exposure_id limit ").push_bind(i64::from(limit));
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        rows.into_iter().map(|line| (None, line)).collect()
    };
    with_variants(db, list, &facts, rows).await
}

/// All exposures of these variants that fit the list, in the order of work: what a line by nameplate holds when it is
/// opened. At most 500 variants.
pub async fn list_of_variants(
    db: &Db,
    list: &ExposureList<'_>,
    variant_ids: &[i64],
) -> Result<Vec<ListedExposure>, StoreError> {
    let facts = Facts::of(db, list).await?;
    if variant_ids.is_empty() || facts.is_void() {
        return Ok(Vec::new());
    }
    let rows: Vec<LineRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "select ", line_columns!(), ", '' as sort_key from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
             join advisory d on d.advisory_id = l.advisory_id"));
        push_list!(query, " where l.variant_id in", variant_ids.iter().copied().take(BATCH));
        push_conditions!(query, list, facts, "l", false);
        push_some_asset!(query, facts);
        query.push(" order by l.work_order, l.exposure_id");
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    with_variants(db, list, &facts, rows.into_iter().map(|line| (None, line)).collect()).await
}

/// How much the list holds. Counting stops where it would take long.
pub async fn count_exposures(db: &Db, list: &ExposureList<'_>) -> Result<ListCount, StoreError> {
    let facts = Facts::of(db, list).await?;
    if facts.is_void() {
        return Ok(ListCount::default());
    }
    let rows: Vec<(i64, i64, Option<i64>)> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select l.variant_id, l.advisory_id, l.site_id");
        push_from!(query, list, facts, "");
        push_some_asset!(query, facts);
        query.push(" limit ").push_bind(MAX_COUNTED + 1);
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    let mut variant_ids: Vec<i64> = rows.iter().map(|(variant_id, ..)| *variant_id).collect();
    variant_ids.sort_unstable();
    variant_ids.dedup();
    let n_assets = count_assets_of(db, &facts, &variant_ids).await?;
    let advisories: BTreeSet<i64> = rows.iter().map(|(_, advisory_id, _)| *advisory_id).collect();
    let n_of = |variant_id: &i64| n_assets.get(variant_id).copied().unwrap_or(0);
    let n_exposures: u64 = rows.iter().map(|(v, _, own)| if own.is_some() { 1 } else { n_of(v) }).sum();
    Ok(ListCount {
        n_lines: match list.view {
            ListView::Nameplate => variant_ids.len() as u64,
            ListView::Asset => n_exposures,
            ListView::Advisory => advisories.len() as u64,
        },
        n_exposures,
        n_assets: variant_ids.iter().map(n_of).sum(),
        n_advisories: advisories.len() as u64,
        is_least: rows.len() as i64 > MAX_COUNTED,
    })
}

/// How many assets of the sites, and with what is asked of assets, have each of these variants now.
async fn count_assets_of(db: &Db, facts: &Facts, variant_ids: &[i64]) -> Result<FxHashMap<i64, u64>, StoreError> {
    let mut counts: FxHashMap<i64, u64> = FxHashMap::default();
    for batch in variant_ids.chunks(BATCH) {
        let rows: Vec<(i64, i64)> = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new("");
            if facts.areas.is_empty() {
                query.push("select variant_id, cast(sum(n_assets) as bigint) from site_variant where");
                push_list!(query, " variant_id in", batch.iter().copied());
                if let Some(sites) = facts.site_ids() {
                    push_list!(query, " and site_id in", sites.iter().copied());
                }
                query.push(" group by variant_id");
            } else {
                query.push("select p.variant_id, count(*) from asset_variant p join asset a on a.asset_id = p.asset_id \
                    where p.until is null");
                push_list!(query, " and p.variant_id in", batch.iter().copied());
                if let Some(sites) = facts.site_ids() {
                    push_list!(query, " and a.site_id in", sites.iter().copied());
                }
                push_list!(query, " and a.area in", facts.areas.iter().cloned());
                query.push(" group by p.variant_id");
            }
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        counts.extend(rows.into_iter().map(|(variant_id, n)| (variant_id, read_count(n))));
    }
    Ok(counts)
}

/// The lines with their variants and numbers.
async fn with_variants(
    db: &Db,
    list: &ExposureList<'_>,
    facts: &Facts,
    rows: Vec<(Option<ListedAsset>, LineRow)>,
) -> Result<Vec<ListedExposure>, StoreError> {
    let mut ids: Vec<i64> = rows.iter().map(|(_, line)| line.finding.variant_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut variants = FxHashMap::default();
    for batch in ids.chunks(BATCH) {
        let found: Vec<VariantRow> = for_list!(db, all VariantRow,
            "select variant_id, vendor, model, part_number, hardware_revision, firmware, notes as variant_notes \
             from variant where variant_id in", batch.iter().copied(), "")?;
        variants.extend(found.into_iter().map(|row| (row.variant_id, row.into_domain())));
    }
    let n_assets = count_assets_of(db, facts, &ids).await?;
    let alike = match list.view {
        ListView::Nameplate if rows.iter().all(|(asset, _)| asset.is_none()) => {
            count_alike(db, list, facts, "variant_id", &ids).await?
        }
        _ => FxHashMap::default(),
    };
    rows.into_iter()
        .map(|(asset, line)| {
            let variant_id = line.finding.variant_id;
            let told = line.finding.into_domain()?;
            Ok(ListedExposure {
                exposure_id: line.exposure_id,
                work_order: line.work_order,
                sort_key: line.sort_key,
                variant_id,
                variant: variants.get(&variant_id).cloned().unwrap_or_default(),
                asset_id: told.key.asset_id,
                advisory: told.key.advisory,
                finding: told.finding,
                cvss: line.cvss_tenths.map(|tenths| tenths as f32 / 10.0),
                is_exploited: line.is_exploited,
                n_assets: if asset.is_some() || told.key.asset_id.is_some() {
                    1
                } else {
                    n_assets.get(&variant_id).copied().unwrap_or(0)
                },
                n_alike: alike.get(&variant_id).copied().unwrap_or(1),
                asset,
            })
        })
        .collect()
}

async fn count_alike(
    db: &Db,
    list: &ExposureList<'_>,
    facts: &Facts,
    by: &'static str,
    ids: &[i64],
) -> Result<FxHashMap<i64, u64>, StoreError> {
    let mut counts = FxHashMap::default();
    for batch in ids.chunks(BATCH) {
        let rows: Vec<(i64, i64)> = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new("select l.");
            query.push(by).push(", count(*) from exposure_listing l where l.").push(by);
            push_list!(query, " in", batch.iter().copied());
            push_conditions!(query, list, facts, "l", by == "variant_id");
            push_some_asset!(query, facts);
            query.push(" group by l.").push(by);
            query.build_query_as().persistent(false).fetch_all(c).await
        })?;
        counts.extend(rows.into_iter().map(|(id, n)| (id, read_count(n))));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_other_texts_are_none() {
        for sort_key in ["", "schneider electric pm8000 3.1~2"] {
            let cursor =
                ListCursor { work_order: -7, exposure_id: 12, asset_variant_id: 0, sort_key: sort_key.to_owned() };
            assert_eq!(ListCursor::read(&cursor.to_string()), Some(cursor));
        }
        for text in ["", "1", "1.2", "1.2.3.4", "a.b.c", "1.2.x"] {
            assert_eq!(ListCursor::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_finds_its_text_and_nothing_else() {
        assert_eq!(like("6ES7 515-2"), "%6es75152%");
        assert_eq!(like("100%_!"), "%100!%!_!!%");
    }
}
