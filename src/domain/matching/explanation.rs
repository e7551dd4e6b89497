//! The evidence in words: the sentence, the table of parts and what would change the verdict.

use std::cmp::Reverse;

use super::identity::{Identity, ProductEvidence};
use super::{EvidencePart, Part, PartResult};
use crate::domain::catalogue::VendorId;
use crate::domain::nameplate::{NameplateReading, Variant};
use crate::domain::product_index::{EntryReading, ProductIndex};
use crate::domain::verdict::{Doubt, DoubtKind, Verdict};
use crate::domain::version_range::{Place, RangeAnswer, VersionRange};

/// All that one verdict rests on.
pub(super) struct Told<'a> {
    pub index: &'a ProductIndex,
    pub variant: &'a Variant,
    pub device: &'a NameplateReading,
    pub reading: &'a EntryReading,
    pub range: &'a VersionRange,
    pub evidence: &'a ProductEvidence,
    pub identity: &'a Identity,
    pub answer: &'a RangeAnswer,
    /// The entry's status is fixed or not affected, so that its range tells what is safe.
    pub listed_as_unaffected: bool,
}

/// One sentence without the verdict word in front.
pub(super) fn reason(verdict: Verdict, doubts: &[Doubt], told: &Told<'_>) -> String {
    match verdict {
        Verdict::NotAffected if told.listed_as_unaffected => {
            format!("the advisory lists it as not affected ({})", told.range.in_words())
        }
        Verdict::Affected | Verdict::NotAffected => told.answer.sentence.clone(),
        Verdict::Possible => {
            let details: Vec<&str> = doubts.iter().map(|d| d.detail.as_str()).collect();
            details.join("; ")
        }
    }
}

/// What was compared, in the order of [`Part`].
pub(super) fn evidence(told: &Told<'_>) -> Vec<EvidencePart> {
    let mut parts = vec![vendor(told), product(told)];
    parts.extend(order_number(told));
    parts.push(firmware(told));
    if let Identity::Condition { why, .. } = told.identity {
        parts.push(EvidencePart {
            part: Part::Condition,
            yours: told.variant.notes.clone(),
            advisory: told.reading.name.clone(),
            rule: why.clone(),
            result: PartResult::InDoubt,
        });
    }
    for doubt in told.answer.doubts.iter().filter(|d| d.kind == DoubtKind::Condition) {
        parts.push(EvidencePart {
            part: Part::Condition,
            yours: String::new(),
            advisory: told.range.raw().to_owned(),
            rule: doubt.detail.clone(),
            result: PartResult::InDoubt,
        });
    }
    parts
}

fn vendor(told: &Told<'_>) -> EvidencePart {
    let yours = told.variant.nameplate.vendor.trim().to_owned();
    let advisory = told.reading.vendor.clone();
    let (rule, result) = if yours.is_empty() {
        ("not stated; the product identifies itself".to_owned(), PartResult::NotStated)
    } else if advisory.is_empty() {
        ("the advisory names no vendor".to_owned(), PartResult::NotStated)
    } else if yours == advisory {
        ("equal".to_owned(), PartResult::Same)
    } else {
        let (known, catalogue) = (told.device.vendors.known(), told.index.catalogue());
        // A former name may be that of two makers: the one that is spelled out is told.
        let spelled = |id: &VendorId| {
            let name = catalogue.vendor(*id).name.to_lowercase();
            let begins = |text: &str| usize::from(text.to_lowercase().starts_with(&name));
            Reverse(begins(&yours) * 2 + begins(&advisory))
        };
        let shared = told.reading.vendors.known().iter().filter(|id| known.contains(id)).min_by_key(|id| spelled(id));
        match shared {
            Some(v) => {
                let name = &catalogue.vendor(*v).name;
                let author = [&yours, &advisory].into_iter().find_map(|text| catalogue.author_of_vendor_name(text));
                let rule = if told.device.vendors.unknown().is_empty() {
                    format!("both are names of {name}, by {}", whose(author))
                } else {
                    format!("read as {name}, one letter differs")
                };
                (rule, PartResult::Same)
            }
            None if told.device.vendors.meets(&told.reading.vendors) => ("the same name".to_owned(), PartResult::Same),
            None if matches!(told.evidence, ProductEvidence::Identifier { .. }) => {
                ("another vendor; the identifier decides".to_owned(), PartResult::Differs)
            }
            None if matches!(told.evidence, ProductEvidence::OrderEqual { .. } | ProductEvidence::Decision { .. }) => {
                ("another vendor; the order number decides".to_owned(), PartResult::Differs)
            }
            None if told.reading.vendors.is_empty() => {
                ("the advisory names no single vendor".to_owned(), PartResult::NotStated)
            }
            None => ("the product's name begins with it".to_owned(), PartResult::Same),
        }
    };
    EvidencePart { part: Part::Vendor, yours, advisory, rule, result }
}

fn product(told: &Told<'_>) -> EvidencePart {
    let plate = &told.variant.nameplate;
    let yours = if plate.model.trim().is_empty() { plate.part_number.trim() } else { plate.model.trim() };
    let catalogue = told.index.catalogue();
    let (rule, mut result) = match told.evidence {
        ProductEvidence::Decision { author, date } => (format!("decided by {author}, {date}"), PartResult::Same),
        ProductEvidence::Identifier { kind, yours, theirs, place, .. } => {
            let differs = if yours == theirs { String::new() } else { format!(", yours is `{yours}`") };
            let text =
                format!("identified by the {kind} `{theirs}`{differs}, at `product_identification_helper/{place}`");
            (text, PartResult::Same)
        }
        ProductEvidence::OrderEqual { .. } => ("identified by its order number".to_owned(), PartResult::Same),
        ProductEvidence::OrderCovered { .. } => ("covered by an order-number pattern".to_owned(), PartResult::Covers),
        ProductEvidence::Name { text } if text.is_empty() => ("name equal".to_owned(), PartResult::Same),
        ProductEvidence::Name { text } => (format!("both say `{text}`"), PartResult::Same),
        ProductEvidence::NameCovered { yours, .. } => {
            (format!("`{yours}` is covered by the pattern"), PartResult::Covers)
        }
        ProductEvidence::Family { family, member } => {
            // The alias may be on the smaller family that brings the member into this one.
            let families_of = |text: &String| catalogue.families_of_member(text).into_iter().map(|(family, _)| family);
            let author = std::iter::once(*family)
                .chain(member.iter().flat_map(families_of).filter(|own| catalogue.is_within(*own, *family)))
                .find_map(|f| catalogue.family(f).author.as_deref());
            let (name, by) = (&catalogue.family(*family).name, whose(author));
            match member {
                Some(member) => (format!("`{member}` is a member of {name}, by {by}"), PartResult::Covers),
                None => (format!("family {name}, by {by}"), PartResult::Covers),
            }
        }
        ProductEvidence::Component { family } => {
            let family = catalogue.family(*family);
            (format!("component {}, by {}", family.name, whose(family.author.as_deref())), PartResult::Covers)
        }
    };
    if matches!(told.identity, Identity::Unsure { .. }) {
        result = PartResult::InDoubt;
    }
    EvidencePart { part: Part::Product, yours: yours.to_owned(), advisory: told.reading.name.clone(), rule, result }
}

/// Whose knowledge it is: an alias tells its author and date.
fn whose(author: Option<&str>) -> String {
    author.map_or_else(|| "the catalogue".to_owned(), |author| format!("the alias of {author}"))
}

fn order_number(told: &Told<'_>) -> Option<EvidencePart> {
    let theirs: Vec<&str> =
        told.reading.designations.iter().flat_map(|d| &d.designation.orders).map(|o| o.key.as_str()).take(3).collect();
    let (yours, rule, result) = match told.evidence {
        ProductEvidence::OrderEqual { yours } => {
            (yours.clone(), "equal without blanks and dashes".to_owned(), PartResult::Same)
        }
        ProductEvidence::OrderCovered { yours, .. } => {
            (yours.clone(), "fits the pattern".to_owned(), PartResult::Covers)
        }
        _ if theirs.is_empty() => return None,
        _ => (String::new(), "not stated".to_owned(), PartResult::NotStated),
    };
    let advisory = theirs.join(", ").to_uppercase();
    Some(EvidencePart { part: Part::OrderNumber, yours: yours.to_uppercase(), advisory, rule, result })
}

/// The firmware that was compared: the component's own where the entry means one. A component that only the notes
/// name has none but its own.
pub(super) fn compared_firmware<'a>(told: &'a Told<'_>) -> &'a str {
    let component = match told.identity {
        Identity::Is(i) => i.component.map(|n| &told.device.components[n]),
        _ => None,
    };
    match component {
        Some(component) if component.is_noted => component.firmware.as_deref().unwrap_or_default(),
        Some(component) => component.firmware.as_deref().unwrap_or(&told.variant.firmware),
        None => &told.variant.firmware,
    }
}

fn firmware(told: &Told<'_>) -> EvidencePart {
    let yours = compared_firmware(told).to_owned();
    let result = match told.answer.place {
        Place::Inside => PartResult::Covers,
        Place::Unclear => PartResult::InDoubt,
        Place::Outside => PartResult::Differs,
    };
    let result = if yours.trim().is_empty() && result != PartResult::Covers { PartResult::NotStated } else { result };
    EvidencePart {
        part: Part::Firmware,
        yours,
        advisory: told.range.raw().to_owned(),
        rule: told.answer.sentence.clone(),
        result,
    }
}
