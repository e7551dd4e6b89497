//! What a search finds assets and types of devices by, kept beside them so that it need not read all that they say.

use super::error::StoreError;
use super::{BATCH, Tx};
use crate::domain::filter::folded;
use crate::domain::nameplate::Variant;

/// The words of an asset. A blank divides them, which no folded text has, so nothing is found across two of them.
pub(super) fn asset_words(tag: &str, name: &str, serial_number: &str) -> String {
    [tag, name, serial_number].map(folded).join(" ")
}

/// Keeps the words of these assets; at most [`BATCH`].
pub(super) async fn save_asset_words(tx: &mut Tx, words: &[(i64, String)]) -> Result<(), StoreError> {
    if words.is_empty() {
        return Ok(());
    }
    insert!(
        tx,
        "insert into asset_search (asset_id, words)",
        words,
        |b, (asset_id, words)| b.push_bind(*asset_id).push_bind(words.as_str()),
        "on conflict (asset_id) do update set words = excluded.words"
    )?;
    Ok(())
}

/// Makes the words of these assets anew from what stands in their rows.
pub(super) async fn refresh_asset_words(tx: &mut Tx, asset_ids: &[i64]) -> Result<(), StoreError> {
    for batch in asset_ids.chunks(BATCH) {
        let rows = for_list!(tx &mut *tx, all (i64, String, String, String),
            "select asset_id, tag, name, serial_number from asset where asset_id in", batch.iter().copied(), "")?;
        let words: Vec<(i64, String)> =
            rows.iter().map(|(id, tag, name, serial_number)| (*id, asset_words(tag, name, serial_number))).collect();
        save_asset_words(tx, &words).await?;
    }
    Ok(())
}

/// Keeps the words of these variants, whose text never changes; at most [`BATCH`].
pub(super) async fn save_variant_words(tx: &mut Tx, variants: &[(i64, &Variant)]) -> Result<(), StoreError> {
    if variants.is_empty() {
        return Ok(());
    }
    let words = |variant: &Variant| {
        let plate = &variant.nameplate;
        [&plate.vendor, &plate.model, &plate.part_number, &variant.firmware].map(|text| folded(text)).join(" ")
    };
    insert!(
        tx,
        "insert into variant_search (variant_id, vendor, words)",
        variants,
        |b, (variant_id, variant)| b
            .push_bind(*variant_id)
            .push_bind(folded(&variant.nameplate.vendor))
            .push_bind(words(variant)),
        "on conflict (variant_id) do nothing"
    )?;
    Ok(())
}
