//! What has been done about the lines of a list: how many pairs of asset and advisory each line stands for, by status.

use rustc_hash::FxHashMap;

use super::super::super::error::StoreError;
use super::super::super::text::read_count;
use super::super::super::{BATCH, Db};
use super::{ExposureList, Facts};
use crate::domain::listing::{ListView, ListedExposure, severity_rank};
use crate::domain::remediation::RemediationStatus;
use crate::domain::verdict::{Confidence, Verdict};

/// The pairs of asset and advisory that each of these lines of the list stands for, by status in the order of
/// [`RemediationStatus::ALL`]. `today` is the calendar day in UTC on which accepted risks are looked at. The lines are
/// those of one page.
pub async fn count_by_status(
    db: &Db,
    list: &ExposureList<'_>,
    lines: &[ListedExposure],
    today: &str,
) -> Result<Vec<[u64; 3]>, StoreError> {
    if list.view == ListView::Asset {
        return of_assets(db, lines, today).await;
    }
    let facts = Facts::of(db, list).await?;
    let by = if list.view == ListView::Advisory { "advisory_id" } else { "variant_id" };
    let mut groups: Vec<(i64, i64)> = Vec::new();
    for batch in lines.chunks(BATCH) {
        let ids = batch.iter().map(|line| line.exposure_id);
        let rows: Vec<(i64, i64, i64)> = for_list!(
            db,
            all(i64, i64, i64),
            "select exposure_id, variant_id, advisory_id from exposure_listing where exposure_id in",
            ids,
            ""
        )?;
        groups.extend(
            rows.into_iter()
                .map(|(id, variant, advisory)| (id, if list.view == ListView::Advisory { advisory } else { variant })),
        );
    }
    let of_line: FxHashMap<i64, i64> = groups.iter().copied().collect();
    let mut ids: Vec<i64> = groups.iter().map(|(_, group)| *group).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut splits: FxHashMap<i64, [u64; 3]> = FxHashMap::default();
    for batch in ids.chunks(BATCH) {
        for (group, n_pairs) in pairs_of(db, list, &facts, by, batch).await? {
            splits.entry(group).or_default()[RemediationStatus::NotRemediated as usize] = n_pairs;
        }
        for (group, status, n) in marked_of(db, list, &facts, by, batch, today).await? {
            let split = splits.entry(group).or_default();
            let open = &mut split[RemediationStatus::NotRemediated as usize];
            if status != RemediationStatus::NotRemediated {
                *open = open.saturating_sub(n);
                split[status as usize] += n;
            }
        }
    }
    // A list of some statuses tells nothing of the others.
    if let Some(meant) = &facts.statuses {
        for split in splits.values_mut() {
            for status in RemediationStatus::ALL {
                if !meant.contains(&status.word()) {
                    split[status as usize] = 0;
                }
            }
        }
    }
    let of = |line: &ListedExposure| of_line.get(&line.exposure_id).and_then(|group| splits.get(group)).copied();
    Ok(lines.iter().map(|line| of(line).unwrap_or_default()).collect())
}

/// In a list of assets each line is one pair.
async fn of_assets(db: &Db, lines: &[ListedExposure], today: &str) -> Result<Vec<[u64; 3]>, StoreError> {
    let asset_of = |line: &ListedExposure| line.asset.as_ref().map_or(0, |asset| asset.asset_id);
    let mut ids: Vec<i64> = lines.iter().map(asset_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let marks = super::super::super::remediation::list_marks(db, &ids, None).await?;
    let split = |line: &ListedExposure| {
        let mark = marks.iter().find(|mark| {
            mark.cve.is_empty()
                && mark.asset_id == asset_of(line)
                && mark.advisory == line.advisory
                && mark.holds(&line.finding.fingerprint, today)
        });
        let mut split = [0; 3];
        split[mark.map(|mark| mark.status).unwrap_or_default() as usize] = 1;
        split
    };
    Ok(lines.iter().map(split).collect())
}

/// Pairs of asset and advisory that fit the list, by variant or advisory.
async fn pairs_of(
    db: &Db,
    list: &ExposureList<'_>,
    facts: &Facts,
    by: &'static str,
    ids: &[i64],
) -> Result<Vec<(i64, u64)>, StoreError> {
    let rows: Vec<(i64, i64)> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select l.");
        query.push(by);
        if facts.areas.is_empty() {
            query.push(", cast(sum(case when l.site_id is null then n.n_assets when l.site_id = n.site_id then 1 else 0 \
                end) as bigint) from exposure_listing l join site_variant n on n.variant_id = l.variant_id");
            if let Some(sites) = facts.site_ids() {
                push_list!(query, " and n.site_id in", sites.iter().copied());
            }
        } else {
            query.push(", count(*) from exposure_listing l join exposure e on e.exposure_id = l.exposure_id \
                join asset_variant p on p.variant_id = l.variant_id and p.until is null \
                join asset a on a.asset_id = p.asset_id and (e.asset_id is null or e.asset_id = a.asset_id)");
            push_list!(query, " and a.area in", facts.areas.iter().cloned());
            if let Some(sites) = facts.site_ids() {
                push_list!(query, " and a.site_id in", sites.iter().copied());
            }
        }
        query.push(" where l.").push(by);
        push_list!(query, " in", ids.iter().copied());
        push_conditions!(query, list, facts, "l", by == "variant_id");
        query.push(" group by l.").push(by);
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|(group, n)| (group, read_count(n))).collect())
}

/// The pairs of them that have a mark which holds. A fleet without marks is not looked at.
async fn marked_of(
    db: &Db,
    list: &ExposureList<'_>,
    facts: &Facts,
    by: &'static str,
    ids: &[i64],
    today: &str,
) -> Result<Vec<(i64, RemediationStatus, u64)>, StoreError> {
    let any =
        sql!(db, val i64, "select count(*) from (select 1 as one from remediation where until is null limit 1) as m")?;
    if any == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, String, i64)> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select l.");
        query.push(by).push(", r.status, count(*) from exposure_listing l \
            join exposure e on e.exposure_id = l.exposure_id \
            join asset_variant p on p.variant_id = l.variant_id and p.until is null \
                and (e.asset_id is null or e.asset_id = p.asset_id) \
            join asset a on a.asset_id = p.asset_id \
            join remediation r on r.asset_id = p.asset_id and r.advisory_id = l.advisory_id and r.cve = '' \
                and r.until is null and r.fingerprint_digest = e.fingerprint_digest \
                and (r.expires_on = '' or r.expires_on >= ");
        query.push_bind(today.to_owned()).push(") where l.").push(by);
        push_list!(query, " in", ids.iter().copied());
        push_conditions!(query, list, facts, "l", by == "variant_id");
        if let Some(sites) = facts.site_ids() {
            push_list!(query, " and a.site_id in", sites.iter().copied());
        }
        if !facts.areas.is_empty() {
            push_list!(query, " and a.area in", facts.areas.iter().cloned());
        }
        query.push(" group by l.").push(by).push(", r.status");
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    rows.into_iter()
        .map(|(group, word, n)| {
            let status = RemediationStatus::from_word(&word).ok_or(StoreError::Damaged {
                column: "remediation.status",
                expected: "one of the three words",
                found: word,
            })?;
            Ok((group, status, read_count(n)))
        })
        .collect()
}
