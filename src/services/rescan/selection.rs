//! Which variants a run of a part must judge so that it leaves what a run of all would leave.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::RescanError;
use crate::domain::advisory::{Advisory, AdvisoryKey};
use crate::domain::asset::Standing;
use crate::domain::catalogue::Decisions;
use crate::domain::nameplate::{NameplateReading, Variant};
use crate::domain::product_index::ProductIndex;
use crate::domain::rescan::Scope;
use crate::ingest::csaf::document::read_document;
use crate::services::current_index::CurrentIndex;
use crate::store::{self, Db};

/// The variants to judge.
pub enum Selection {
    All,
    /// By id.
    Only(FxHashSet<i64>),
}

impl Selection {
    /// What a run of this scope must judge among `all` variants.
    pub async fn of(
        db: &Db,
        scope: &Scope,
        current: &CurrentIndex,
        decisions: &Decisions,
        all: &[(i64, Variant)],
    ) -> Result<Selection, RescanError> {
        let catalogue = current.index.catalogue();
        // What each variant is asked under, and whether it is wanted.
        let looked: Vec<(String, bool)> = match scope {
            Scope::All => return Ok(Selection::All),
            Scope::Advisories(keys) if keys.is_empty() => return Ok(Selection::Only(FxHashSet::default())),
            Scope::Advisories(keys) => touched_by(db, keys, current, decisions, all).await?,
            Scope::Assets(ids) => {
                let ids: FxHashSet<i64> = store::variant::list_variants_of_assets(db, ids).await?.into_iter().collect();
                let look = |(id, variant): &(i64, Variant)| {
                    let plate = &variant.nameplate;
                    (catalogue.device_key(&plate.vendor, &plate.model, &plate.part_number), ids.contains(id))
                };
                tokio::task::block_in_place(|| all.par_iter().map(look).collect())
            }
        };
        // A question is asked for all spellings and firmwares of a nameplate at once, so they are judged together.
        let plates: FxHashSet<&str> =
            looked.iter().filter(|(_, is_wanted)| *is_wanted).map(|(key, _)| key.as_str()).collect();
        let ids = all.iter().zip(&looked).filter(|(_, (key, _))| plates.contains(key.as_str()));
        Ok(Selection::Only(ids.map(|((id, _), _)| *id).collect()))
    }
}

/// For each variant what it is asked under, and whether these advisories, as they are or as they were judged last,
/// could have said something about it.
async fn touched_by(
    db: &Db,
    keys: &[AdvisoryKey],
    current: &CurrentIndex,
    decisions: &Decisions,
    all: &[(i64, Variant)],
) -> Result<Vec<(String, bool)>, RescanError> {
    let keys_set: FxHashSet<&AdvisoryKey> = keys.iter().collect();
    let now: Vec<Arc<Advisory>> =
        current.index.advisories().iter().filter(|advisory| keys_set.contains(&advisory.key())).cloned().collect();
    let mut before: Vec<Arc<Advisory>> = Vec::new();
    for (key, now, judged) in store::rescan::list_judged_revisions(db).await? {
        if let Some(sha256) = judged.filter(|judged| keys_set.contains(&key) && Some(judged) != now.as_ref())
            && let Some(document) = store::advisory::find_advisory_document(db, &key, &sha256).await?
            && let Ok((advisory, _)) = read_document(&document.bytes().map_err(store_error)?)
        {
            before.push(Arc::new(advisory));
        }
    }
    let exposed: FxHashSet<i64> = store::exposure::list_variants_exposed_to(db, keys).await?.into_iter().collect();
    let standings: FxHashMap<i64, Standing> = store::rescan::list_variant_standings(db)
        .await?
        .into_iter()
        .map(|standing| (standing.variant_id, standing.standing))
        .collect();
    Ok(tokio::task::block_in_place(|| {
        let catalogue = current.index.shared_catalogue();
        let now = ProductIndex::build(now, Arc::clone(&catalogue));
        let before = ProductIndex::build(before, catalogue);
        let look = |(id, variant): &(i64, Variant)| {
            let mut device = NameplateReading::read(variant, now.catalogue());
            device.decisions = decisions.all_of(&device.decision_key).to_vec();
            // Whether a vendor is covered decides where a device stands that nobody names.
            let is_covered = current.index.covers(&device.vendors);
            let turns = match standings.get(id) {
                Some(Standing::CannotBeChecked) => is_covered && now.covers(&device.vendors),
                Some(Standing::NotNamed) => !is_covered && before.covers(&device.vendors),
                _ => false,
            };
            let is_touched = turns
                || exposed.contains(id)
                || !now.candidates(&device).is_empty()
                || !before.candidates(&device).is_empty();
            (device.decision_key, is_touched)
        };
        all.par_iter().map(look).collect()
    }))
}

fn store_error(error: store::StoreError) -> RescanError {
    RescanError::Store(error)
}
