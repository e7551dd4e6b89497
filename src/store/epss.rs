//! The list of exploit probabilities.

use jiff::Timestamp;

use super::error::StoreError;
use super::setting::{find_setting, save_settings};
use super::text::clean;
use super::{Alone, BATCH, Db};
use crate::domain::priority::{EpssEntry, EpssList};

const MODEL: &str = "epss.model";
const DATE: &str = "epss.date";

/// Replaces the list. Of entries with the same CVE the first is kept.
pub async fn save_epss(db: &Db, list: &EpssList, at: Timestamp) -> Result<(), StoreError> {
    let mut entries: Vec<&EpssEntry> = list.entries.iter().collect();
    entries.sort_by(|a, b| a.cve.cmp(&b.cve));
    entries.dedup_by(|a, b| a.cve == b.cve);
    let mut tx = db.begin(Alone::Advisories).await?;
    sql!(tx &mut tx, exec (), "delete from epss_score")?;
    for batch in entries.chunks(BATCH) {
        insert!(&mut tx, "insert into epss_score (cve, probability_ppm, percentile_ppm)", batch, |b, e| b
            .push_bind(clean(&e.cve).into_owned())
            .push_bind(i64::from(e.probability_ppm))
            .push_bind(i64::from(e.percentile_ppm)))?;
    }
    save_settings(&mut tx, &[(MODEL, &list.model), (DATE, &list.date)], at).await?;
    tx.commit().await
}

/// The list as far as advisories of the database name its CVEs, sorted by CVE; `None` when none was ever saved.
pub async fn find_epss(db: &Db) -> Result<Option<EpssList>, StoreError> {
    find(db, false).await
}

/// The whole list, sorted by CVE, for handing it on; `None` when none was ever saved.
pub async fn find_whole_epss(db: &Db) -> Result<Option<EpssList>, StoreError> {
    find(db, true).await
}

async fn find(db: &Db, whole: bool) -> Result<Option<EpssList>, StoreError> {
    let Some(model) = find_setting(db, MODEL).await? else { return Ok(None) };
    let date = find_setting(db, DATE).await?.unwrap_or_default();
    let rows = sql!(
        db,
        all(String, i64, i64),
        "select e.cve, e.probability_ppm, e.percentile_ppm from epss_score e \
         where $1 or exists (select 1 from advisory_cve c where c.cve = e.cve) order by e.cve",
        whole
    )?;
    let ppm = |n: i64| u32::try_from(n.clamp(0, 1_000_000)).unwrap_or(0);
    let entries = rows
        .into_iter()
        .map(|(cve, probability, percentile)| EpssEntry {
            cve,
            probability_ppm: ppm(probability),
            percentile_ppm: ppm(percentile),
        })
        .collect();
    Ok(Some(EpssList { model, date, entries }))
}
