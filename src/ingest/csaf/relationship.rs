//! Products that stand on other products: which ones a relationship or product path joins.

use super::place::Place;
use super::reader::{Reader, shorten};
use super::tree::Products;
use super::warning::CsafWarningKind;
use crate::domain::product::Relationship;

/// The words of the standard for how a product stands on another.
const CATEGORIES: &[&str] =
    &["default_component_of", "external_component_of", "installed_on", "installed_with", "optional_component_of"];

/// How many relationships may rest on each other. Real documents use one or two.
const MAX_DEPTH: usize = 16;

/// A relationship as written: by ids, which may stand later in the document.
#[derive(Debug)]
pub struct Draft {
    /// The product that the relationship defines.
    pub product: u32,
    pub component: String,
    /// Category and product id of each step, at least one in a sound document.
    pub steps: Vec<(String, String)>,
}

/// Finds the joined products and keeps only relationships that rest on products in finitely many steps, so that
/// whoever follows them comes to an end.
pub fn settle(reader: &mut Reader, products: &mut Products<'_>, drafts: Vec<Draft>) {
    for draft in &drafts {
        let relationship = resolve(reader, products, draft);
        if let Some(product) = products.products.get_mut(draft.product as usize) {
            product.relationship = relationship;
        }
    }
    break_circles(reader, products, &drafts);
}

fn resolve(reader: &mut Reader, products: &Products<'_>, draft: &Draft) -> Option<Relationship> {
    let pointer = products.products.get(draft.product as usize)?.pointer.clone();
    let place = Place::Pointer(&pointer);
    let mut find = |id: &str| {
        let found = products.first(id);
        if found.is_none() && !id.is_empty() {
            let detail = format!("no product has the id `{}`", shorten(id));
            reader.warn(CsafWarningKind::UndefinedProductId, &place, detail);
        }
        found
    };
    let component = find(&draft.component);
    let steps: Option<Vec<(String, u32)>> =
        draft.steps.iter().map(|(category, id)| Some((category.clone(), find(id)?))).collect();
    for (category, _) in &draft.steps {
        reader.check_word(category, CATEGORIES, &place, "category");
    }
    if draft.steps.is_empty() {
        reader.warn(CsafWarningKind::MissingField, &place, "expected at least one of `subpaths`, found none");
    }
    let mut steps = steps?.into_iter();
    let (category, base) = steps.next()?;
    Some(Relationship { category, component: component?, base, further: steps.collect() })
}

/// Removes relationships that lie on a circle or rest on too many others.
fn break_circles(reader: &mut Reader, products: &mut Products<'_>, drafts: &[Draft]) {
    // In each round the depth of every product is one more than the deepest it rests on. Whoever is still growing
    // after the last round is on a circle, rests on one, or is too deep.
    let mut depth = vec![0_usize; products.products.len()];
    for _ in 0..=MAX_DEPTH {
        for draft in drafts {
            let deepest =
                products.products.get(draft.product as usize).and_then(|p| p.relationship.as_ref()).map(|r| {
                    let joined = [r.component, r.base].into_iter().chain(r.further.iter().map(|(_, product)| *product));
                    joined.filter_map(|index| depth.get(index as usize)).max().copied().unwrap_or(0)
                });
            if let (Some(deepest), Some(own)) = (deepest, depth.get_mut(draft.product as usize)) {
                *own = (deepest + 1).min(MAX_DEPTH + 1);
            }
        }
    }
    for draft in drafts {
        if depth.get(draft.product as usize).is_some_and(|depth| *depth > MAX_DEPTH)
            && let Some(product) = products.products.get_mut(draft.product as usize)
        {
            product.relationship = None;
            let detail = "the relationship rests on itself or on too many others; the product stands alone";
            reader.warn(CsafWarningKind::CircularRelationship, &Place::Pointer(&product.pointer), detail);
        }
    }
}
