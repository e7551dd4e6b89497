//! Runs of the matcher. What a run found is saved in one transaction: killed at any moment, the last result stays.

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::error::StoreError;
use super::exposure::{doubts_column, finding_columns};
use super::text::{clean, clean_all, count, json, read_count, read_json, read_time, time};
use super::{Alone, BATCH, Db, Tx, lease};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::exposure::{ExposureChanges, ExposureKey, Finding};
use crate::domain::rescan::{Rescan, RescanResult, RunMark, Scope, Trigger, VariantStanding};

/// The name of the lease that a process holds while it rescans.
pub const LEASE: &str = "rescan";

#[derive(sqlx::FromRow)]
struct Row {
    rescan_id: i64,
    started_by: String,
    scope: String,
    scope_names: String,
    started_at: String,
    finished_at: String,
    matcher_version: String,
    whole_because: String,
    n_assets: i64,
    n_variants: i64,
    n_advisories: i64,
    n_opened: i64,
    n_changed: i64,
    n_closed: i64,
    n_same: i64,
    n_not_judged: i64,
    error: Option<String>,
}

macro_rules! select_rescan {
    ($tail:literal) => {
        concat!(
            "select rescan_id, started_by, scope, scope_names, started_at, finished_at, matcher_version, \
             whole_because, n_assets, n_variants, n_advisories, n_opened, n_changed, n_closed, n_same, n_not_judged, error from rescan ",
            $tail
        )
    };
}

impl Row {
    fn into_domain(self) -> Result<(i64, Rescan), StoreError> {
        let rescan = Rescan {
            trigger: Trigger::from_word(&self.started_by).ok_or(StoreError::Damaged {
                column: "rescan.started_by",
                expected: "a trigger",
                found: self.started_by,
            })?,
            scope: read_scope(&self.scope, &self.scope_names)?,
            started_at: read_time("rescan.started_at", &self.started_at)?,
            finished_at: read_time("rescan.finished_at", &self.finished_at)?,
            matcher_version: self.matcher_version,
            whole_because: self.whole_because,
            n_assets: read_count(self.n_assets),
            n_variants: read_count(self.n_variants),
            n_advisories: read_count(self.n_advisories),
            n_opened: read_count(self.n_opened),
            n_changed: read_count(self.n_changed),
            n_closed: read_count(self.n_closed),
            n_same: read_count(self.n_same),
            n_not_judged: read_count(self.n_not_judged),
            error: self.error,
        };
        Ok((self.rescan_id, rescan))
    }
}

/// The names of a scope: pairs of namespace and tracking id, or ids of assets.
fn scope_names(scope: &Scope) -> String {
    match scope {
        Scope::All => json::<String>(&[]),
        Scope::Advisories(keys) => {
            let named = keys.iter().take(Rescan::MAX_NAMED);
            json(&named.map(|key| (clean(&key.namespace), clean(&key.id))).collect::<Vec<_>>())
        }
        Scope::Assets(ids) => json(&ids[..ids.len().min(Rescan::MAX_NAMED)]),
    }
}

/// The scope as it was written by [`scope_names`].
pub(super) fn read_scope(word: &str, names: &str) -> Result<Scope, StoreError> {
    match word {
        "all" => Ok(Scope::All),
        "advisories" => {
            let pairs: Vec<(String, String)> = read_json("rescan.scope_names", names)?;
            Ok(Scope::Advisories(pairs.into_iter().map(|(namespace, id)| AdvisoryKey { namespace, id }).collect()))
        }
        "assets" => Ok(Scope::Assets(read_json("rescan.scope_names", names)?)),
        _ => {
            Err(StoreError::Damaged { column: "rescan.scope", expected: "what a run looks at", found: word.to_owned() })
        }
    }
}

/// The run with this id.
pub async fn find_rescan(db: &Db, rescan_id: i64) -> Result<Option<(i64, Rescan)>, StoreError> {
    sql!(db, opt Row, select_rescan!("where rescan_id = $1"), rescan_id)?.map(Row::into_domain).transpose()
}

/// The latest run whose results were saved, at or before this moment.
pub async fn find_rescan_at(db: &Db, as_of: Timestamp) -> Result<Option<(i64, Rescan)>, StoreError> {
    sql!(db, opt Row,
        select_rescan!("where error is null and finished_at <= $1 order by rescan_id desc limit 1"),
        time(as_of))?
    .map(Row::into_domain)
    .transpose()
}

/// The first run whose results were saved; no report can reach back further.
pub async fn find_first_rescan(db: &Db) -> Result<Option<(i64, Rescan)>, StoreError> {
    sql!(db, opt Row, select_rescan!("where error is null order by rescan_id limit 1"))?
        .map(Row::into_domain)
        .transpose()
}

/// At most `limit` runs, the latest first, failed ones included.
pub async fn list_rescans(db: &Db, limit: u32) -> Result<Vec<(i64, Rescan)>, StoreError> {
    sql!(db, all Row, select_rescan!("order by rescan_id desc limit $1"), i64::from(limit))?
        .into_iter()
        .map(Row::into_domain)
        .collect()
}

/// The runs since this moment whose results were saved, the oldest first.
pub async fn list_rescans_since(db: &Db, since: Timestamp) -> Result<Vec<(i64, Rescan)>, StoreError> {
    sql!(db, all Row, select_rescan!("where error is null and finished_at > $1 order by rescan_id"), time(since))?
        .into_iter()
        .map(Row::into_domain)
        .collect()
}

/// Where each variant stands now, by variant.
pub async fn list_variant_standings(db: &Db) -> Result<Vec<VariantStanding>, StoreError> {
    sql!(
        db,
        all(i64, String, String),
        "select variant_id, standing, why from variant_standing where until is null order by variant_id"
    )?
    .into_iter()
    .map(|(variant_id, word, why)| {
        let standing = crate::domain::asset::Standing::from_word(&word).ok_or(StoreError::Damaged {
            column: "variant_standing.standing",
            expected: "one of the six places",
            found: word,
        })?;
        Ok(VariantStanding { variant_id, standing, why })
    })
    .collect()
}

/// Saves a finished run whole, or nothing of it: what it opened, changed and closed, and the variants that stand in
/// another place than before (those that stand where they stood are looked at and left alone). `holder` must hold
/// the lease [`LEASE`]. Gives the id of the run.
///
/// # Errors
///
/// `Conflict` when the lease was lost, when an advisory is not known, when an exposure that changes or closes is not
/// open, or when one that opens is; the run must then be started again.
pub async fn save_rescan(db: &Db, holder: &str, rescan: &Rescan, result: &RescanResult) -> Result<i64, StoreError> {
    let changes = &result.changes;
    let mut tx = db.begin(Alone::Rescan).await?;
    lease::hold(&mut tx, LEASE, holder).await?;
    // A clock that was put back must not close an exposure before it was opened.
    let latest = sql!(tx &mut tx, val Option<String>, "select max(finished_at) from rescan")?;
    let at = latest.unwrap_or_default().max(time(rescan.finished_at));
    let rescan_id = save_row(&mut tx, rescan, &result.mark, &at).await?;
    let advisories: FxHashMap<(String, String), i64> =
        sql!(tx &mut tx, all (String, String, i64), "select namespace, tracking_id, advisory_id from advisory")?
            .into_iter()
            .map(|(namespace, id, advisory_id)| ((namespace, id), advisory_id))
            .collect();
    let by = By { rescan_id, at: &at, advisories: &advisories };
    if !changes.closed.is_empty() || !changes.changed.is_empty() {
        let open = list_open_ids(&mut tx, changes).await?;
        close(&mut tx, by, &open, changes).await?;
        change(&mut tx, by, &open, &changes.changed).await?;
    }
    open(&mut tx, by, &changes.opened).await?;
    save_standings(&mut tx, by, &result.standings).await?;
    save_judged(&mut tx, by, &rescan.scope, &result.judged).await?;
    super::review::save_questions(&mut tx, result).await?;
    if !changes.is_empty() {
        tx.refresh_statistics(&["exposure", "exposure_history", "variant_standing"]).await?;
    }
    tx.commit().await?;
    Ok(rescan_id)
}

/// Keeps a run that failed, with its error; nothing else is written. Gives the id of the run.
pub async fn save_failed_rescan(db: &Db, rescan: &Rescan) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Rescan).await?;
    let rescan_id = save_row(&mut tx, rescan, &RunMark::default(), &time(rescan.finished_at)).await?;
    tx.commit().await?;
    Ok(rescan_id)
}

async fn save_row(tx: &mut Tx, rescan: &Rescan, mark: &RunMark, finished_at: &str) -> Result<i64, StoreError> {
    Ok(sql!(tx tx, val i64,
        "insert into rescan (started_by, scope, scope_names, started_at, finished_at, matcher_version, n_assets, n_variants, n_advisories, \
            n_opened, n_changed, n_closed, n_same, n_not_judged, error, whole_because, knowledge, seen_period_no, seen_history_no, \
            seen_edit_no) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) returning rescan_id",
        rescan.trigger.word(), rescan.scope.word(), scope_names(&rescan.scope), time(rescan.started_at), finished_at, clean(&rescan.matcher_version).as_ref(),
        count(rescan.n_assets), count(rescan.n_variants), count(rescan.n_advisories), count(rescan.n_opened),
        count(rescan.n_changed), count(rescan.n_closed), count(rescan.n_same), count(rescan.n_not_judged),
        rescan.error.as_deref().map(clean).as_deref(), clean(&rescan.whole_because).as_ref(),
        if mark.knowledge.is_empty() { String::new() } else { json(&mark.knowledge) },
        mark.period_no, mark.history_no, mark.edit_no)?)
}

/// What the last run whose results were saved judged with and how far it looked; knows nothing before the first run.
pub async fn find_last_mark(db: &Db) -> Result<RunMark, StoreError> {
    let row = sql!(
        db,
        opt(String, i64, i64, i64),
        "select knowledge, seen_period_no, seen_history_no, seen_edit_no from rescan where error is null \
         order by rescan_id desc limit 1"
    )?;
    let Some((knowledge, period_no, history_no, edit_no)) = row else { return Ok(RunMark::default()) };
    let knowledge = if knowledge.is_empty() { Vec::new() } else { read_json("rescan.knowledge", &knowledge)? };
    Ok(RunMark { knowledge, period_no, history_no, edit_no })
}

/// How far a run that begins now looks, without what it knows. Imports and edits are written one after the other, so
/// nothing with a lower number comes later.
pub async fn find_mark_now(db: &Db) -> Result<RunMark, StoreError> {
    let period = sql!(db, val Option<i64>, "select max(asset_variant_id) from asset_variant")?;
    let history = sql!(db, val Option<i64>, "select max(asset_history_id) from asset_history")?;
    let edit = sql!(db, val Option<i64>, "select max(asset_edit_id) from asset_edit")?;
    Ok(RunMark {
        knowledge: Vec::new(),
        period_no: period.unwrap_or(0),
        history_no: history.unwrap_or(0),
        edit_no: edit.unwrap_or(0),
    })
}

/// Keeps with the last run what is judged with now.
pub async fn save_knowledge(db: &Db, knowledge: &[(String, String)]) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "update rescan set knowledge = $1 where rescan_id = (select max(rescan_id) from rescan where error is null)",
        json(knowledge)
    )?;
    Ok(())
}

/// Says that up to here nothing is left for the last run to look at.
pub async fn save_mark_seen(db: &Db, mark: &RunMark) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "update rescan set seen_period_no = $1, seen_history_no = $2, seen_edit_no = $3 \
         where rescan_id = (select max(rescan_id) from rescan where error is null) \
            and (seen_period_no < $1 or seen_history_no < $2 or seen_edit_no < $3)",
        mark.period_no,
        mark.history_no,
        mark.edit_no
    )?;
    Ok(())
}

/// The run that writes.
#[derive(Clone, Copy)]
struct By<'a> {
    rescan_id: i64,
    /// When it finished, as text.
    at: &'a str,
    /// Ids by namespace and tracking id.
    advisories: &'a FxHashMap<(String, String), i64>,
}

impl By<'_> {
    fn advisory_id(&self, key: &AdvisoryKey) -> Result<i64, StoreError> {
        let names = (clean(&key.namespace).into_owned(), clean(&key.id).into_owned());
        self.advisories
            .get(&names)
            .copied()
            .ok_or_else(|| StoreError::Conflict(format!("the advisory `{}` is not known", key.id)))
    }
}

/// The ids of the open exposures by variant, advisory, and the asset or 0 for all assets.
type OpenIds = FxHashMap<(i64, i64, i64), i64>;

/// Of the variants of which an exposure closes or changes.
async fn list_open_ids(tx: &mut Tx, changes: &ExposureChanges) -> Result<OpenIds, StoreError> {
    let closed = changes.closed.iter().map(|(key, _)| key.variant_id);
    let mut variants: Vec<i64> = closed.chain(changes.changed.iter().map(|(key, ..)| key.variant_id)).collect();
    variants.sort_unstable();
    variants.dedup();
    let mut open = OpenIds::default();
    for batch in variants.chunks(BATCH) {
        let rows = for_list!(tx &mut *tx, all (i64, i64, i64, i64),
            "select variant_id, advisory_id, coalesce(asset_id, 0), exposure_id from exposure \
             where closed_at is null and variant_id in",
            batch.iter().copied(), "")?;
        open.extend(
            rows.into_iter()
                .map(|(variant, advisory, asset, id): (i64, i64, i64, i64)| ((variant, advisory, asset), id)),
        );
    }
    Ok(open)
}

fn open_id(by: By<'_>, open: &OpenIds, key: &ExposureKey) -> Result<i64, StoreError> {
    let place = (key.variant_id, by.advisory_id(&key.advisory)?, key.asset_id.unwrap_or(0));
    open.get(&place).copied().ok_or_else(|| {
        StoreError::Conflict(format!("the exposure to `{}` is no longer open; another run was faster", key.advisory.id))
    })
}

async fn close(tx: &mut Tx, by: By<'_>, open: &OpenIds, changes: &ExposureChanges) -> Result<(), StoreError> {
    for batch in changes.closed.chunks(BATCH) {
        let ids = batch.iter().map(|(key, _)| open_id(by, open, key)).collect::<Result<Vec<_>, _>>()?;
        on!(tx tx, c => {
            let mut query = sqlx::QueryBuilder::new("update exposure set closed_at = ");
            query.push_bind(by.at).push(", closed_rescan_id = ").push_bind(by.rescan_id).push(" where exposure_id in (");
            let mut values = query.separated(", ");
            for id in ids {
                values.push_bind(id);
            }
            query.push(")");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
    }
    for (key, because) in &changes.closed_because {
        sql!(tx & mut *tx, exec (), "update exposure set closed_because = $3 where closed_rescan_id = $1 and advisory_id = $2",
            by.rescan_id, by.advisory_id(key)?, clean(because).as_ref())?;
    }
    Ok(())
}

async fn change(
    tx: &mut Tx,
    by: By<'_>,
    open: &OpenIds,
    changed: &[(ExposureKey, Finding, Finding)],
) -> Result<(), StoreError> {
    for batch in changed.chunks(BATCH) {
        let mut rows = Vec::with_capacity(batch.len());
        for (key, before, after) in batch {
            rows.push((open_id(by, open, key)?, before.advisory_version != after.advisory_version, after));
        }
        for (is_revision, cause) in [(true, "advisory"), (false, "judgement")] {
            let ids = rows.iter().filter(|(_, is, _)| *is == is_revision).map(|(id, ..)| *id).collect::<Vec<_>>();
            if !ids.is_empty() {
                keep_telling(tx, by, cause, ids).await?;
            }
        }
        // By the key of the table: a join over several columns leads SQLite to read the whole table for each batch.
        on!(tx tx, c => {
            let mut query = sqlx::QueryBuilder::new("update exposure set changed_at = ");
            query.push_bind(by.at);
            query.push(
                ", verdict = told.column2, doubts = told.column3, confidence = told.column4, reason = told.column5, \
                 product_pointer = told.column6, cves = told.column7, fix = told.column8, \
                 advisory_version = told.column9, fingerprint_digest = told.column10, \
                 question_digest = told.column11 from (");
            query.push_values(rows.iter(), |mut b, (id, _, after)| {
                b.push_bind(*id);
                b.push_bind(after.verdict.word())
                    .push_bind(doubts_column(&after.doubts))
                    .push_bind(after.confidence.word())
                    .push_bind(clean(&after.reason).as_ref())
                    .push_bind(clean(&after.product_pointer).as_ref())
                    .push_bind(json(&clean_all(&after.cves)))
                    .push_bind(after.fix.as_deref().map(clean).as_deref())
                    .push_bind(clean(&after.advisory_version).as_ref())
                    .push_bind(after.fingerprint.as_str())
                    .push_bind(after.question.as_str());
            });
            query.push(") as told where exposure.exposure_id = told.column1");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Moves how these exposures were told until now to the history.
async fn keep_telling(tx: &mut Tx, by: By<'_>, cause: &str, ids: Vec<i64>) -> Result<(), StoreError> {
    on!(tx tx, c => {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "insert into exposure_history (exposure_id, since, ", finding_columns!(""),
            ", until, rescan_id, cause) select exposure_id, changed_at, ", finding_columns!(""), ", "));
        query.push_bind(by.at).push(", ").push_bind(by.rescan_id).push(", ").push_bind(cause);
        query.push(" from exposure where exposure_id in (");
        let mut values = query.separated(", ");
        for id in ids {
            values.push_bind(id);
        }
        query.push(")");
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}

async fn open(tx: &mut Tx, by: By<'_>, opened: &[(ExposureKey, Finding)]) -> Result<(), StoreError> {
    for batch in opened.chunks(BATCH) {
        let mut rows = Vec::with_capacity(batch.len());
        for (key, finding) in batch {
            rows.push((by.advisory_id(&key.advisory)?, key, finding));
        }
        insert!(
            tx,
            concat!(
                "insert into exposure (variant_id, asset_id, advisory_id, opened_at, changed_at, opened_rescan_id, ",
                finding_columns!(""),
                ")"
            ),
            &rows,
            |b, (advisory_id, key, finding)| b
                .push_bind(key.variant_id)
                .push_bind(key.asset_id)
                .push_bind(*advisory_id)
                .push_bind(by.at)
                .push_bind(by.at)
                .push_bind(by.rescan_id)
                .push_bind(finding.verdict.word())
                .push_bind(doubts_column(&finding.doubts))
                .push_bind(finding.confidence.word())
                .push_bind(clean(&finding.reason).as_ref())
                .push_bind(clean(&finding.product_pointer).as_ref())
                .push_bind(json(&clean_all(&finding.cves)))
                .push_bind(finding.fix.as_deref().map(clean).as_deref())
                .push_bind(clean(&finding.advisory_version).as_ref())
                .push_bind(finding.fingerprint.as_str())
                .push_bind(finding.question.as_str())
        )?;
    }
    Ok(())
}

/// Notes which revision of each advisory was judged; those that the run looked for and did not find are forgotten.
async fn save_judged(
    tx: &mut Tx,
    by: By<'_>,
    scope: &Scope,
    judged: &[(AdvisoryKey, String)],
) -> Result<(), StoreError> {
    let known: FxHashMap<i64, String> = sql!(tx &mut *tx, all (i64, String),
        "select advisory_id, sha256 from advisory_judged")?
    .into_iter()
    .collect();
    let mut now: Vec<(i64, &str)> = Vec::with_capacity(judged.len());
    for (key, sha256) in judged {
        now.push((by.advisory_id(key)?, sha256));
    }
    if !matches!(scope, Scope::Assets(_)) {
        let still: FxHashSet<i64> = now.iter().map(|(id, _)| *id).collect();
        let looked_for: FxHashSet<i64> = match scope {
            Scope::Advisories(keys) => keys.iter().map(|key| by.advisory_id(key)).collect::<Result<_, _>>()?,
            _ => known.keys().copied().collect(),
        };
        let gone: Vec<i64> = looked_for.difference(&still).copied().collect();
        for batch in gone.chunks(BATCH) {
            for_list!(tx tx, exec, "delete from advisory_judged where advisory_id in", batch.iter().copied(), "")?;
        }
    }
    now.retain(|(id, sha256)| known.get(id).is_none_or(|known| known != sha256));
    for batch in now.chunks(BATCH) {
        insert!(
            tx,
            "insert into advisory_judged (advisory_id, sha256, rescan_id)",
            batch,
            |b, (id, sha256)| b.push_bind(*id).push_bind(*sha256).push_bind(by.rescan_id),
            "on conflict (advisory_id) do update set sha256 = excluded.sha256, rescan_id = excluded.rescan_id"
        )?;
    }
    Ok(())
}

/// The revisions that count, and the ones that the last run judged, as (advisory, current SHA-256, judged SHA-256),
/// by tracking id and namespace.
pub async fn list_judged_revisions(db: &Db) -> Result<Vec<(AdvisoryKey, Option<String>, Option<String>)>, StoreError> {
    let rows = sql!(
        db,
        all(String, String, Option<String>, Option<String>),
        "select d.namespace, d.tracking_id, r.sha256, j.sha256 from advisory d \
         left join advisory_revision r on r.advisory_id = d.advisory_id and r.is_current \
         left join advisory_judged j on j.advisory_id = d.advisory_id \
         order by d.tracking_id, d.namespace"
    )?;
    Ok(rows.into_iter().map(|(namespace, id, now, judged)| (AdvisoryKey { namespace, id }, now, judged)).collect())
}

async fn save_standings(tx: &mut Tx, by: By<'_>, standings: &[VariantStanding]) -> Result<(), StoreError> {
    // What no asset has any more is judged no more: whoever brings it back finds it not judged.
    sql!(tx &mut *tx, exec (),
        "update variant_standing set until = $1 where until is null and not exists \
            (select 1 from asset_variant p where p.variant_id = variant_standing.variant_id and p.until is null)",
        by.at)?;
    let mut before: FxHashMap<i64, (String, String)> = FxHashMap::default();
    for batch in standings.chunks(BATCH) {
        let rows = for_list!(tx &mut *tx, all (i64, String, String),
            "select variant_id, standing, why from variant_standing where until is null and variant_id in",
            batch.iter().map(|standing| standing.variant_id), "")?;
        before.extend(
            rows.into_iter().map(|(variant_id, standing, why): (i64, String, String)| (variant_id, (standing, why))),
        );
    }
    let moved: Vec<(&VariantStanding, String)> = standings
        .iter()
        .map(|now| (now, clean(&now.why).into_owned()))
        .filter(|(now, why)| {
            before
                .get(&now.variant_id)
                .is_none_or(|(standing, before_why)| standing != now.standing.word() || before_why != why)
        })
        .collect();
    for batch in moved.chunks(BATCH) {
        on!(tx tx, c => {
            let mut query = sqlx::QueryBuilder::new("update variant_standing set until = ");
            query.push_bind(by.at).push(" where until is null and variant_id in (");
            let mut ids = query.separated(", ");
            for (now, _) in batch {
                ids.push_bind(now.variant_id);
            }
            query.push(")");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
        insert!(tx, "insert into variant_standing (variant_id, standing, why, since, rescan_id)", batch, |b,
                                                                                                          (
            now,
            why,
        )| b
            .push_bind(now.variant_id)
            .push_bind(now.standing.word())
            .push_bind(why.as_str())
            .push_bind(by.at)
            .push_bind(by.rescan_id))?;
    }
    Ok(())
}
