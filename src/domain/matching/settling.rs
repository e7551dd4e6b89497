//! What would turn a verdict: a reading off the device, or another firmware.

use super::explanation::{Told, compared_firmware};
use super::identity::{Identity, ProductEvidence, Uncertainty};
use crate::domain::firmware::Firmware;
use crate::domain::verdict::{Doubt, DoubtKind, Reading, Verdict};
use crate::domain::version_range::{Place, RangeAnswer};

/// What to read off the device so that all these doubts are gone; empty when one of them stays whatever is read.
///
/// `several_builds` says that the advisory splits the name by order number or build.
pub(super) fn settled_by(doubts: &[Doubt], several_builds: bool, told: &Told<'_>) -> Vec<Reading> {
    let readings: Option<Vec<Reading>> = doubts.iter().map(|doubt| settles(doubt.kind, several_builds, told)).collect();
    let mut readings = readings.unwrap_or_default();
    readings.sort();
    readings.dedup();
    readings
}

fn settles(kind: DoubtKind, several_builds: bool, told: &Told<'_>) -> Option<Reading> {
    match kind {
        DoubtKind::ProductUnsure => match told.identity {
            Identity::Unsure { why: Uncertainty::VendorNotStated, .. } => Some(Reading::Vendor),
            Identity::Unsure { .. } if is_vague(told) => None,
            Identity::Unsure { .. } => order_number(told),
            _ if several_builds => order_number(told),
            _ => None,
        },
        DoubtKind::VersionUnknown => {
            let is_missing = told.range.unread().is_none() && !Firmware::read(compared_firmware(told)).is_stated();
            (is_missing || told.answer.asks_for == Some(Reading::Firmware)).then_some(Reading::Firmware)
        }
        DoubtKind::Condition => told.answer.asks_for.filter(|reading| *reading == Reading::SerialNumber),
        DoubtKind::ImpreciseBound => None,
    }
}

/// A row that states its order number has no better one on the type plate.
fn order_number(told: &Told<'_>) -> Option<Reading> {
    told.variant.nameplate.part_number.trim().is_empty().then_some(Reading::OrderNumber)
}

/// The entry itself does not say which members of a family it means.
fn is_vague(told: &Told<'_>) -> bool {
    let family = match told.evidence {
        ProductEvidence::Family { family, .. } | ProductEvidence::Component { family } => *family,
        _ => return false,
    };
    told.index.catalogue().family(family).vague
}

/// What would change the verdict, as one sentence; blank when nothing that can be read or done would.
pub(super) fn what_would_change_it(
    verdict: Verdict,
    fix: Option<&str>,
    settled_by: &[Reading],
    doubts: &[Doubt],
    told: &Told<'_>,
) -> String {
    match verdict {
        Verdict::Affected => fix.map(|f| format!("{f} or later: not affected.")).unwrap_or_default(),
        Verdict::NotAffected => String::new(),
        Verdict::Possible if !settled_by.is_empty() => reading_sentence(settled_by, told),
        Verdict::Possible => doubts.first().map_or("", |doubt| advice(doubt.kind)).to_owned(),
    }
}

/// "Read the order number and the firmware off the device; affected is below 4.0.0."
fn reading_sentence(settled_by: &[Reading], told: &Told<'_>) -> String {
    let names: Vec<String> = settled_by.iter().map(|reading| format!("the {}", reading.label())).collect();
    let mut sentence = format!("Read {} off the device", names.join(" and "));
    if settled_by.contains(&Reading::Firmware) {
        sentence.push_str(&format!("; affected is {}", told.range.in_words()));
    }
    sentence.push('.');
    sentence
}

/// What to do about a doubt that no reading removes.
fn advice(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::VersionUnknown => "No reading settles it; ask the vendor which versions are meant.",
        DoubtKind::ProductUnsure => "No reading settles it; ask the vendor which products are meant.",
        DoubtKind::Condition => "Find out whether the device has what the advisory depends on.",
        DoubtKind::ImpreciseBound => "Ask the vendor whether the named version includes its later releases.",
    }
}

/// The answer where an identifier names the version, so that no range has to be asked.
pub(super) fn named_version(evidence: &ProductEvidence) -> Option<RangeAnswer> {
    let ProductEvidence::Identifier { kind, theirs, names_version: true, .. } = evidence else { return None };
    Some(RangeAnswer {
        place: Place::Inside,
        sentence: format!("the advisory names this very version by the {kind} `{theirs}`"),
        doubts: Vec::new(),
        depends_on_serial: false,
        other_numbering: false,
        asks_for: None,
    })
}
