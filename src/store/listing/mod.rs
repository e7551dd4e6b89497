//! What lists and overviews read: sums and sort keys that are kept ready, so that a page needs no look at a million
//! rows.

use jiff::Timestamp;

use super::Db;
use super::error::StoreError;

pub mod assets;
pub mod exposures;
pub mod sums;

/// A text that differs whenever advisories, aliases, or the lists of exploited and probable vulnerabilities do.
pub async fn state_of_knowledge(db: &Db) -> Result<String, StoreError> {
    // Of the partial index alone: a row of this table holds a whole document.
    let revisions = sql!(
        db,
        opt(i64, i64),
        "select count(*), cast(coalesce(sum(advisory_revision_id), 0) as bigint) from advisory_revision where is_current"
    )?;
    let aliases =
        sql!(db, opt(Option<i64>, Option<String>), "select max(alias_entry_id), max(removed_at) from alias_entry")?;
    Ok(format!("{revisions:?} {aliases:?} {}", state_of_threats(db).await?))
}

/// A text that differs whenever the lists of exploited and probable vulnerabilities do.
pub async fn state_of_threats(db: &Db) -> Result<String, StoreError> {
    let lists = sql!(
        db,
        all(String, String, String),
        "select name, value, changed_at from setting where name like 'kev%' or name like 'epss%' order by name"
    )?;
    Ok(format!("{lists:?}"))
}

/// What every page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFacts {
    /// When the last run whose results were saved ended.
    pub judged_at: Option<Timestamp>,
    /// Calendar date in UTC of the newest advisory; blank when there is none.
    pub advisories_up_to: String,
    /// Sources that were silent for too long, in words.
    pub silent: Vec<String>,
    /// The name of the time zone in which people are told times.
    pub time_zone: Option<String>,
    pub has_sample: bool,
}

/// The names of settings that pages read.
pub const TIME_ZONE: &str = "time_zone";
/// The calendar date of the newest advisory, kept by the sums.
pub const ADVISORIES_UP_TO: &str = "listing_advisories_up_to";

/// Days without a good visit after which a source is called silent.
const SILENT_DAYS: i64 = 2;

/// What every page says of itself.
pub async fn find_page_facts(db: &Db, now: Timestamp) -> Result<PageFacts, StoreError> {
    let mut facts = PageFacts {
        judged_at: super::rescan::find_rescan_at(db, now).await?.map(|(_, rescan)| rescan.finished_at),
        ..PageFacts::default()
    };
    let settings = sql!(
        db,
        all(String, String),
        "select name, value from setting where name in ($1, $2)",
        TIME_ZONE,
        ADVISORIES_UP_TO
    )?;
    for (name, value) in settings {
        match name.as_str() {
            TIME_ZONE => facts.time_zone = Some(value),
            _ => facts.advisories_up_to = value,
        }
    }
    let sources = sql!(
        db,
        all(String, Option<String>, String),
        "select title, last_good_at, added_at from source where is_enabled and kind <> 'bundle' order by name"
    )?;
    for (title, last_good_at, added_at) in sources {
        let heard = super::text::read_time("source.last_good_at", last_good_at.as_deref().unwrap_or(&added_at))?;
        let days = now.duration_since(heard).as_secs() / 86_400;
        if days >= SILENT_DAYS {
            facts.silent.push(format!("{title} silent for {days} days"));
        }
    }
    facts.has_sample =
        sql!(db, opt(i64,), "select inventory_id from inventory where is_sample and undone_at is null limit 1")?
            .is_some();
    Ok(facts)
}
