//! The list of vulnerabilities that are known to be exploited.

use jiff::Timestamp;

use super::error::StoreError;
use super::setting::{find_setting, save_settings};
use super::text::{clean, read_time, time};
use super::{Alone, BATCH, Db, Tx};
use crate::domain::priority::{KevCatalogue, KevEntry};

const VERSION: &str = "kev.version";
const RELEASED_AT: &str = "kev.released_at";

#[derive(sqlx::FromRow)]
struct Row {
    cve: String,
    date_added: String,
    due_date: String,
    name: String,
    vendor: String,
    product: String,
    is_ransomware: bool,
}

/// Replaces the list. Of entries with the same CVE the first is kept.
pub async fn save_kev(db: &Db, catalogue: &KevCatalogue, at: Timestamp) -> Result<(), StoreError> {
    let mut entries: Vec<&KevEntry> = catalogue.entries.iter().collect();
    entries.sort_by(|a, b| a.cve.cmp(&b.cve));
    entries.dedup_by(|a, b| a.cve == b.cve);
    let mut tx = db.begin(Alone::Advisories).await?;
    sql!(tx &mut tx, exec (), "delete from kev")?;
    for batch in entries.chunks(BATCH) {
        insert!(
            &mut tx,
            "insert into kev (cve, date_added, due_date, name, vendor, product, is_ransomware)",
            batch,
            |b, e| b
                .push_bind(clean(&e.cve).into_owned())
                .push_bind(clean(&e.date_added).into_owned())
                .push_bind(clean(&e.due_date).into_owned())
                .push_bind(clean(&e.name).into_owned())
                .push_bind(clean(&e.vendor).into_owned())
                .push_bind(clean(&e.product).into_owned())
                .push_bind(e.is_ransomware)
        )?;
    }
    note_arrivals(&mut tx, at).await?;
    let released_at = catalogue.released_at.map_or(String::new(), time);
    save_settings(&mut tx, &[(VERSION, &catalogue.version), (RELEASED_AT, &released_at)], at).await?;
    tx.commit().await
}

/// Remembers since when the listed vulnerabilities are known as exploited. Those of the first list were known before.
async fn note_arrivals(tx: &mut Tx, at: Timestamp) -> Result<(), StoreError> {
    let n_known = sql!(tx tx, val i64, "select count(*) from kev_arrival")?;
    let seen_at = if n_known == 0 { Timestamp::UNIX_EPOCH } else { at };
    sql!(tx tx, exec (),
        "insert into kev_arrival (cve, seen_at) select k.cve, $1 from kev k \
         where not exists (select 1 from kev_arrival a where a.cve = k.cve)", time(seen_at))?;
    Ok(())
}

/// The list, sorted by CVE; `None` when none was ever saved.
pub async fn find_kev(db: &Db) -> Result<Option<KevCatalogue>, StoreError> {
    let Some(version) = find_setting(db, VERSION).await? else { return Ok(None) };
    let released_at = find_setting(db, RELEASED_AT).await?.filter(|text| !text.is_empty());
    let rows = sql!(db, all Row,
        "select cve, date_added, due_date, name, vendor, product, is_ransomware from kev order by cve")?;
    let entries = rows
        .into_iter()
        .map(|r| KevEntry {
            cve: r.cve,
            date_added: r.date_added,
            due_date: r.due_date,
            name: r.name,
            vendor: r.vendor,
            product: r.product,
            is_ransomware: r.is_ransomware,
        })
        .collect();
    Ok(Some(KevCatalogue {
        version,
        released_at: released_at.map(|text| read_time(RELEASED_AT, &text)).transpose()?,
        entries,
    }))
}
