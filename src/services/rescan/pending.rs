//! Runs of what is new: what a run of all would leave, at the price of what changed.

use super::mark::{mark_now, why_whole};
use super::{RescanError, Rescanned, rescan_part, rescan_whole};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::rescan::{RunMark, Scope, Trigger};
use crate::services::progress::Progress;
use crate::store::{self, Db, StoreError};

/// Judges by itself what is new since the last run: advisories that came, went or are there in another revision, then
/// devices that came or changed. Gives a run for each of the two that there was, none when nothing is new.
///
/// What is known otherwise than at the last run (aliases, decisions, the program itself) is left to the night.
///
/// # Errors
///
/// As [`super::rescan`].
pub async fn rescan_pending(db: &Db, progress: &dyn Progress) -> Result<Vec<Rescanned>, RescanError> {
    let now = store::rescan::find_mark_now(db).await?;
    let pending = Pending::of(db).await?;
    if pending.advisories.is_empty() && pending.assets.is_empty() {
        // What changed of assets is nothing that an answer depends on.
        store::rescan::save_mark_seen(db, &now).await?;
        return Ok(Vec::new());
    }
    let (advisories, assets) = (!pending.advisories.is_empty(), !pending.assets.is_empty());
    let triggers = (advisories.then_some(Trigger::Advisory), assets.then_some(Trigger::Import));
    pending.judge(db, triggers, progress).await
}

/// The run of a night: what is new, and everything when anything else that verdicts rest on is other than at the last
/// run, which is then said with the run. Gives one run at least, so that every night tells that it looked.
///
/// # Errors
///
/// As [`super::rescan`].
pub async fn rescan_nightly(db: &Db, progress: &dyn Progress) -> Result<Vec<Rescanned>, RescanError> {
    let pending = Pending::of(db).await?;
    if let Some(why) = why_whole(&pending.last, &mark_now(db).await?) {
        return Ok(vec![rescan_whole(db, Trigger::Nightly, why, progress).await?]);
    }
    let assets = !pending.assets.is_empty();
    pending.judge(db, (Some(Trigger::Nightly), assets.then_some(Trigger::Nightly)), progress).await
}

/// Whether anything came or changed that no run has looked at, and there are devices. Costs little, so that it can be asked every moment.
///
/// # Errors
///
/// The database fails.
pub async fn has_news(db: &Db) -> Result<bool, StoreError> {
    let last = store::rescan::find_last_mark(db).await?;
    let now = store::rescan::find_mark_now(db).await?;
    if now.period_no == 0 {
        return Ok(false);
    }
    // Old history may be gone by now, the newest number with it.
    if now.period_no > last.period_no || now.history_no > last.history_no || now.edit_no > last.edit_no {
        return Ok(true);
    }
    Ok(store::rescan::list_judged_revisions(db).await?.iter().any(|(_, now, judged)| now != judged))
}

/// What no run has looked at yet.
struct Pending {
    advisories: Vec<AdvisoryKey>,
    /// One of each variant.
    assets: Vec<i64>,
    last: RunMark,
}

impl Pending {
    async fn of(db: &Db) -> Result<Pending, RescanError> {
        let last = store::rescan::find_last_mark(db).await?;
        let revisions = store::rescan::list_judged_revisions(db).await?;
        let advisories = revisions.into_iter().filter(|(_, now, judged)| now != judged).map(|(key, ..)| key).collect();
        let variants = store::variant::list_variants_to_judge(db, &last).await?;
        Ok(Pending { advisories, assets: variants.into_iter().map(|(_, asset_id)| asset_id).collect(), last })
    }

    /// Judges the advisories and the assets, each as a run of its own with its trigger; `None` leaves it out.
    async fn judge(
        self,
        db: &Db,
        (of_advisories, of_assets): (Option<Trigger>, Option<Trigger>),
        progress: &dyn Progress,
    ) -> Result<Vec<Rescanned>, RescanError> {
        let scopes = [(Scope::Advisories(self.advisories), of_advisories), (Scope::Assets(self.assets), of_assets)];
        let mut runs = Vec::new();
        for (scope, trigger) in scopes {
            if let Some(trigger) = trigger {
                runs.push(rescan_part(db, &scope, trigger, progress).await?);
            }
        }
        Ok(runs)
    }
}
