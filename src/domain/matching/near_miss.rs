//! What almost matched and why it did not, and why a device cannot be checked at all.

use super::identity::{Identity, Miss, identify};
use crate::domain::nameplate::{Nameplate, NameplateReading, Variant};
use crate::domain::product_index::ProductIndex;

/// An entry that shares something telling with the device and is another product all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Index into [`ProductIndex::advisories`].
    pub advisory: u32,
    /// Index into that advisory's products.
    pub product: u32,
    /// One sentence: "order number differs in place 9: yours is …, the advisory's …".
    pub reason: String,
    /// How near it was; larger is nearer. Only for ordering.
    pub nearness: u32,
}

/// The nearest entries that are not this device, at most `limit`, nearest first, one per advisory.
///
/// Advisories that have a match are left out: their answer is given there.
pub fn near_misses(index: &ProductIndex, variant: &Variant, limit: usize) -> Vec<NearMiss> {
    let catalogue = index.catalogue();
    let device = NameplateReading::read(variant, catalogue);
    let mut matched: Vec<u32> = Vec::new();
    let mut found: Vec<NearMiss> = Vec::new();
    for reading in nearby(index, &device) {
        let entry = index.reading(reading);
        let identity = identify(&device, entry, catalogue);
        let Identity::IsNot(miss) = identity else {
            matched.extend(index.places(reading).iter().map(|(advisory, _)| *advisory));
            continue;
        };
        let Some((reason, nearness)) = tell(&miss, index) else { continue };
        for (advisory, n) in index.places(reading) {
            let product = index.entries(*advisory)[*n as usize].product;
            found.push(NearMiss { advisory: *advisory, product, reason: reason.clone(), nearness });
        }
    }
    matched.sort_unstable();
    found.retain(|m| matched.binary_search(&m.advisory).is_err());
    found.sort_by(|a, b| b.nearness.cmp(&a.nearness).then(a.advisory.cmp(&b.advisory)).then(a.product.cmp(&b.product)));
    let mut seen: Vec<u32> = Vec::new();
    found.retain(|m| {
        let new = !seen.contains(&m.advisory);
        if new {
            seen.push(m.advisory);
        }
        new
    });
    found.truncate(limit);
    found
}

/// The candidates and those whose order number begins like the device's.
fn nearby(index: &ProductIndex, device: &NameplateReading) -> Vec<u32> {
    let mut found = index.candidates(device);
    found.extend(index.siblings(device));
    for order in &device.orders {
        found.extend(index.orders_beginning_like(&order.key));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn tell(miss: &Miss, index: &ProductIndex) -> Option<(String, u32)> {
    let upper = |text: &str| text.to_uppercase();
    Some(match miss {
        Miss::Decision { author, date } => (format!("{author} decided on {date} that it is another product"), 1000),
        Miss::NoCondition { author, date } => {
            (format!("{author} decided on {date} that what the advisory depends on is not there"), 1000)
        }
        Miss::OrderDiffers { yours, theirs, place } => {
            let text = format!(
                "order number differs in place {place}: yours is {}, the advisory's {}",
                upper(yours),
                upper(theirs)
            );
            (text, 100 + *place as u32 * 10)
        }
        Miss::OtherSeries => ("the same name, another series letter".to_owned(), 400),
        Miss::Excepted => ("the advisory excepts it by name".to_owned(), 500),
        Miss::SoftwareForIt => ("the advisory names the device, yours is software for it".to_owned(), 350),
        Miss::OtherComponent { theirs } => {
            (format!("the advisory is about `{}`, yours carries another", index.catalogue().family(*theirs).name), 380)
        }
        Miss::OtherModel { theirs, yours } if !theirs.is_empty() && !yours.is_empty() => {
            (format!("another model: the advisory names {}, yours is {}", upper(theirs), upper(yours)), 90)
        }
        Miss::OtherVendor => ("the same name from another vendor".to_owned(), 50),
        Miss::OtherModel { .. } | Miss::Unrelated => return None,
    })
}

/// Why no advisory can say anything about this device; `None` when it can be checked.
pub fn why_unchecked(index: &ProductIndex, variant: &Variant) -> Option<String> {
    let device = NameplateReading::read(variant, index.catalogue());
    unchecked(index, &device, &variant.nameplate)
}

/// As [`why_unchecked`], for a reading of the nameplate at hand.
pub(super) fn unchecked(index: &ProductIndex, device: &NameplateReading, plate: &Nameplate) -> Option<String> {
    if !device.decisions.is_empty() {
        return None;
    }
    if device.is_poor() {
        let blank = plate.model.trim().is_empty() && plate.part_number.trim().is_empty();
        return Some(if blank {
            "neither model nor order number is stated".to_owned()
        } else {
            "model and order number hold no name that identifies a product".to_owned()
        });
    }
    if device.vendors.is_empty() {
        return None;
    }
    (!index.covers(&device.vendors)).then(|| "no source covers this vendor".to_owned())
}
