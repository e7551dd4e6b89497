//! Products that are known by an identifier and need no name.

use super::{Identified, ProductEvidence, RANK_IDENTIFIER, RANK_VERSION};
use crate::domain::identifier::{Identifier, Reach};
use crate::domain::nameplate::NameplateReading;
use crate::domain::product_index::{EntryReading, Helper};

/// The device as the entry's product, by an identifier that both give; one that names the version counts first. `None` says
/// nothing against it: names and order numbers are asked then.
///
/// # Source
///
/// CSAF 2.1, section 3.1.4.3.
pub(super) fn identified(device: &NameplateReading, entry: &EntryReading) -> Option<Identified> {
    let fits = device
        .identifiers
        .iter()
        .flat_map(|yours| entry.helpers.iter().filter_map(move |helper| Some((reach(helper, yours)?, yours, helper))));
    let (reach, yours, helper) = fits.max_by_key(|(reach, ..)| *reach == Reach::Version)?;
    let names_version = reach == Reach::Version;
    let evidence = ProductEvidence::Identifier {
        kind: yours.kind(),
        yours: yours.text.clone(),
        theirs: helper.identifier.text.clone(),
        place: helper.place.clone(),
        names_version,
    };
    let rank = if names_version { RANK_VERSION } else { RANK_IDENTIFIER };
    Some(Identified { evidence, rank, component: None })
}

fn reach(helper: &Helper, yours: &Identifier) -> Option<Reach> {
    let reach = helper.identifier.fits(yours)?;
    Some(if helper.is_of_base { Reach::Product } else { reach })
}
