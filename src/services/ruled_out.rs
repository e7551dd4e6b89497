//! Which nameplates one advisory names and does not hit. It is not kept, because there are many and nobody works on
//! them; the page of the advisory asks for it.

use std::sync::Arc;

use crate::domain::advisory::Advisory;
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::Verdict;
use crate::services::aliases::catalogue_of;
use crate::services::judge::{Judged, Question, judge};
use crate::services::progress::Silent;
use crate::store::{self, Db, StoreError};

/// A nameplate that the advisory names and does not hit.
#[derive(Clone, Debug)]
pub struct RuledOut {
    pub variant_id: i64,
    pub variant: Variant,
    /// "4.0.1 is not below 4.0.0".
    pub reason: String,
}

/// The nameplates that this advisory names and does not hit, by id.
///
/// # Errors
///
/// The database fails.
pub async fn ruled_out(db: &Db, advisory: &Arc<Advisory>) -> Result<Vec<RuledOut>, StoreError> {
    let (ids, questions): (Vec<i64>, Vec<Question>) = store::variant::list_variants_for_rescan(db)
        .await?
        .into_iter()
        .map(|(id, variant)| (id, Question { variant, serial_numbers: Vec::new() }))
        .unzip();
    let (catalogue, _) = catalogue_of(db).await?;
    let judged = tokio::task::block_in_place(|| {
        let index = ProductIndex::build(vec![advisory.clone()], Arc::new(catalogue));
        judge(&index, &questions, &Silent)
    });
    let found = ids.into_iter().zip(questions).zip(judged).filter_map(|((variant_id, question), judged)| {
        let Judged::Done(judgement) = judged else { return None };
        let found = judgement.matches.into_iter().next().filter(|found| found.verdict == Verdict::NotAffected)?;
        Some(RuledOut { variant_id, variant: question.variant, reason: found.reason })
    });
    Ok(found.collect())
}
