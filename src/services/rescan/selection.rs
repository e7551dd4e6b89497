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
        let wanted: FxHashSet<i64> = match scope {
            Scope::All => return Ok(Selection::All),
            Scope::Assets(ids) => store::variant::list_variants_of_assets(db, ids).await?.into_iter().collect(),
            Scope::Advisories(keys) => touched_by(db, keys, current, decisions, all).await?,
        };
        // A question is asked for all spellings and firmwares of a nameplate at once, so they are judged together.
        let key_of = |variant: &Variant| {
            let plate = &variant.nameplate;
            current.index.catalogue().device_key(&plate.vendor, &plate.model, &plate.part_number)
        };
        let keys: Vec<(i64, String)> =
            tokio::task::block_in_place(|| all.par_iter().map(|(id, variant)| (*id, key_of(variant))).collect());
        let plates: FxHashSet<&str> =
            keys.iter().filter(|(id, _)| wanted.contains(id)).map(|(_, key)| key.as_str()).collect();
        Ok(Selection::Only(keys.iter().filter(|(_, key)| plates.contains(key.as_str())).map(|(id, _)| *id).collect()))
    }
}

/// The variants for which these advisories, as they are or as they were judged last, could have said something.
async fn touched_by(
    db: &Db,
    keys: &[AdvisoryKey],
    current: &CurrentIndex,
    decisions: &Decisions,
    all: &[(i64, Variant)],
) -> Result<FxHashSet<i64>, RescanError> {
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
    let exposed = store::exposure::list_variants_exposed_to(db, keys).await?;
    let standings: FxHashMap<i64, Standing> = store::rescan::list_variant_standings(db)
        .await?
        .into_iter()
        .map(|standing| (standing.variant_id, standing.standing))
        .collect();
    let touched = tokio::task::block_in_place(|| {
        let catalogue = Arc::new(current.index.catalogue().clone());
        let now = ProductIndex::build(now, Arc::clone(&catalogue));
        let before = ProductIndex::build(before, catalogue);
        let is_touched = |id: &i64, variant: &Variant| {
            let mut device = NameplateReading::read(variant, now.catalogue());
            device.decisions = decisions.all_of(&device.decision_key).to_vec();
            // Whether a vendor is covered decides where a device stands that nobody names.
            let is_covered = current.index.covers(&device.vendors);
            let turns = match standings.get(id) {
                Some(Standing::CannotBeChecked) => is_covered && now.covers(&device.vendors),
                Some(Standing::NotNamed) => !is_covered && before.covers(&device.vendors),
                _ => false,
            };
            turns || !now.candidates(&device).is_empty() || !before.candidates(&device).is_empty()
        };
        all.par_iter().filter(|(id, variant)| is_touched(id, variant)).map(|(id, _)| *id).collect::<Vec<_>>()
    });
    Ok(touched.into_iter().chain(exposed).collect())
}

fn store_error(error: store::StoreError) -> RescanError {
    RescanError::Store(error)
}
