//! Taking away what is older than it is kept.

use jiff::Timestamp;

use super::error::StoreError;
use super::setting::{find_setting, save_settings};
use super::text::{read_time, time};
use super::{Alone, Db};

/// The setting that holds since when history is whole.
const KEPT_SINCE: &str = "history.kept_since";

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedHistory {
    /// Exposures that were closed before.
    pub n_exposures: u64,
    /// How open exposures were told before.
    pub n_wordings: u64,
    /// Revisions of advisories that no longer count and by which nothing that is kept was judged.
    pub n_revisions: u64,
}

/// Since when history is whole; `None` when nothing was ever taken away.
pub async fn find_history_since(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    find_setting(db, KEPT_SINCE).await?.map(|at| read_time("setting.value", &at)).transpose()
}

/// Takes away what ended before this moment: closed exposures, earlier wordings, standings, and revisions of advisories;
/// all or nothing. Runs stay, as counts.
pub async fn delete_history_before(db: &Db, before: Timestamp, now: Timestamp) -> Result<RemovedHistory, StoreError> {
    let at = time(before);
    let mut tx = db.begin(Alone::Rescan).await?;
    let n_closed = sql!(tx &mut tx, exec (),
        "delete from exposure_history where exposure_id in (select exposure_id from exposure where closed_at < $1)", &at)?;
    sql!(tx &mut tx, exec (),
        "delete from exposure_listing where exposure_id in (select exposure_id from exposure where closed_at < $1)", &at)?;
    let n_wordings = sql!(tx &mut tx, exec (), "delete from exposure_history where until < $1", &at)?;
    let n_exposures = sql!(tx &mut tx, exec (), "delete from exposure where closed_at < $1", &at)?;
    sql!(tx &mut tx, exec (), "delete from variant_standing where until < $1", &at)?;
    let gone = "select r.advisory_revision_id from advisory_revision r where not r.is_current and r.added_at < $1 \
        and not exists (select 1 from exposure e where e.advisory_id = r.advisory_id \
            and e.advisory_version = r.version) \
        and not exists (select 1 from exposure_history h join exposure e on e.exposure_id = h.exposure_id \
            where e.advisory_id = r.advisory_id and h.advisory_version = r.version)";
    let gone: Vec<i64> = sql!(tx &mut tx, all (i64,), gone, &at)?.into_iter().map(|(id,)| id).collect();
    for statement in [
        "delete from advisory_text where advisory_revision_id in",
        "delete from advisory_search where advisory_revision_id in",
        "delete from advisory_read where advisory_revision_id in",
        "delete from advisory_cve where advisory_revision_id in",
        "delete from advisory_revision where advisory_revision_id in",
    ] {
        for batch in gone.chunks(super::BATCH) {
            for_list!(tx &mut tx, exec, statement, batch.iter().copied(), "")?;
        }
    }
    save_settings(&mut tx, &[(KEPT_SINCE, &at)], now).await?;
    tx.commit().await?;
    Ok(RemovedHistory { n_exposures, n_wordings: n_wordings + n_closed, n_revisions: gone.len() as u64 })
}
