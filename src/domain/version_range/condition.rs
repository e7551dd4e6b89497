//! Conditions beside a version: a module, a feature, another component's version, a hardware revision.

use super::grammar;
use super::group;
use super::phrase::{Action, phrase};
use super::span::{Bound, Op, Point, Shown, Span};
use super::{DeviceReading, Place, surroundings};
use crate::domain::firmware::Firmware;
use crate::domain::firmware::Version;
use crate::domain::firmware::atom::{Atom, text_of};
use crate::domain::firmware::date::Date;

/// Something beside the device's own version that must hold for the entry to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// As the advisory words it.
    pub text: String,
    /// Words that name the component or the hardware revision, in lower case; empty when nothing can be compared.
    words: Vec<String>,
    /// The component's versions.
    spans: Vec<Span>,
    /// `< V8.1 with WinCC V7.3 Upd 19`: the bound is reached only with both.
    pub completes_bound: bool,
}

impl Condition {
    /// A condition that no column of an inventory can answer.
    pub(crate) fn words(text: &str) -> Condition {
        Condition { text: text.trim().to_owned(), words: Vec::new(), spans: Vec::new(), completes_bound: false }
    }

    /// Another component's version that is listed beside the device's own.
    pub(crate) fn component(version: Version) -> Condition {
        Condition {
            text: format!("{} {version}", version.name()),
            words: version.name().split(' ').map(str::to_lowercase).collect(),
            spans: vec![Span::Exactly(Point::Version(Box::new(version)))],
            completes_bound: false,
        }
    }

    /// A date of making or release: a device shows it at best beside its firmware.
    pub(crate) fn dated(text: &str, op: Op, date: Date) -> Condition {
        let bound = Some(Bound { point: Point::Date(date), inclusive: matches!(op, Op::AtMost | Op::AtLeast) });
        let span = if op.is_lower() {
            Span::Between { lower: bound, upper: None }
        } else {
            Span::Between { lower: None, upper: bound }
        };
        Condition { spans: vec![span], ..Condition::words(text) }
    }

    /// A span of dates that stands beside versions.
    pub(crate) fn released(span: Span) -> Condition {
        let text = format!("made or released {span}");
        Condition { spans: vec![span], ..Condition::words(&text) }
    }

    /// A hardware revision.
    pub(crate) fn revision(text: &str, version: Version) -> Condition {
        Condition {
            text: text.to_owned(),
            words: vec!["revision".to_owned()],
            spans: vec![Span::Exactly(Point::Version(Box::new(version)))],
            completes_bound: false,
        }
    }

    fn is_revision(&self) -> bool {
        self.words.iter().any(|word| ["revision", "index", "rev", "hardware"].contains(&word.as_str()))
    }

    fn is_state(&self) -> bool {
        self.words.iter().any(|word| word == "fs")
    }

    /// What the bound of the condition allows.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether the device meets the condition; `Unclear` when it does not show it.
    pub(crate) fn place(&self, device: DeviceReading<'_>) -> Place {
        if self.spans.is_empty() {
            return surroundings::place(&self.text, device);
        }
        if !device.hardware_revision.trim().is_empty() && (self.is_revision() || self.is_state()) {
            let revision = Firmware::read(device.hardware_revision);
            if let Some(version) = revision.main() {
                let place = self.place_of(&without_lead(version, &self.words));
                if place != Place::Unclear {
                    return place;
                }
            }
        }
        if self.spans.iter().flat_map(Span::points).any(|point| matches!(point, Point::Date(_))) {
            let fit = |date| self.spans.iter().map(|span| span.fit(Shown::Date(date), &[]).0).max();
            return device.firmware.date().and_then(fit).unwrap_or(Place::Unclear);
        }
        for version in device.firmware.versions() {
            if self.is_named_by(version) {
                return self.place_of(&without_lead(version, &self.words));
            }
            if self.is_revision() && self.place_of(version) == Place::Inside {
                return Place::Inside;
            }
        }
        Place::Unclear
    }

    fn place_of(&self, version: &Version) -> Place {
        self.spans.iter().map(|span| span.fit(Shown::Version(version), &[]).0).max().unwrap_or(Place::Unclear)
    }

    /// The version of the device is that of this condition's component.
    pub(crate) fn is_named_by(&self, version: &Version) -> bool {
        let initials: String = self.words.iter().filter_map(|word| word.chars().next()).collect();
        let names = |name: &str| {
            !name.is_empty()
                && (self.words.iter().any(|word| word == name && name.len() > 1) || name.len() > 1 && name == initials)
        };
        names(version.lead.as_ref()) || version.name().split(' ').any(|word| names(&word.to_lowercase()))
    }
}

fn without_lead(version: &Version, words: &[String]) -> Version {
    let mut version = version.clone();
    if words.iter().any(|word| *word == *version.lead) {
        version.lead = Box::default();
    }
    version
}

/// The remark says that something must hold which a row does not show.
pub(crate) fn is_one(atoms: &[Atom<'_>]) -> bool {
    const SIGNS: [&str; 16] = [
        "only",
        "if",
        "when",
        "where",
        "without",
        "using",
        "uses",
        "use",
        "running",
        "installed",
        "enabled",
        "activated",
        "edition",
        "editions",
        "manually",
        "configured",
    ];
    let about_cve = atoms.iter().any(|atom| atom.is_any(&["cve", "cves"]));
    let about_affected = atoms.windows(2).any(|pair| pair[0].is("only") && pair[1].is("affected"))
        || atoms.windows(2).any(|pair| pair[0].is("not") && pair[1].is("affected"));
    !about_cve && !about_affected && atoms.iter().any(|atom| atom.is_any(&SIGNS))
}

/// Reads what stands after `with`, `only when running on`, `and Function State (FS) <= 3`: one condition or more.
/// `main` is the sign of the entry's own bound, which a bare version of the component shares.
pub(crate) fn read(tidied: &str, atoms: &[Atom<'_>], main: Option<Op>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut start = 0;
    for place in 1..=atoms.len() {
        let splits = place == atoms.len()
            || place > start + 2
                && atoms[place].is_any(&["on", "with", "controlling", "running"])
                && !atoms[place - 1].is_any(&[
                    "when",
                    "only",
                    "if",
                    "running",
                    "installed",
                    "connection",
                    "where",
                    "deployed",
                ])
                && holds_version(tidied, &atoms[start..place]);
        if splits {
            if let Some(condition) = read_one(tidied, &atoms[start..place], main) {
                conditions.push(condition);
            }
            start = place;
        }
    }
    conditions
}

fn holds_version(tidied: &str, atoms: &[Atom<'_>]) -> bool {
    !grammar::parse(tidied, atoms.get(1..).unwrap_or_default()).items.is_empty()
}

fn read_one(tidied: &str, atoms: &[Atom<'_>], main: Option<Op>) -> Option<Condition> {
    let text = text_of(tidied, atoms).trim().trim_end_matches([',', '.', '|']).to_owned();
    if text.is_empty() {
        return None;
    }
    let mut condition = Condition::words(&text);
    let bound = atoms.iter().position(|atom| atom.is_sign('<') || atom.is_sign('>') || atom.is_sign('='));
    let words_of = |end: usize| -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for (place, atom) in atoms[..end].iter().enumerate() {
            if phrase(atoms, place).is_some_and(|(action, _)| action != Action::Skip) || is_filler(atom) {
                continue;
            }
            if !atom.gap
                && atom.is_number()
                && let Some(word) = words.last_mut()
            {
                word.push_str(atom.text);
            } else if atom.is_word() {
                words.push(atom.text.to_lowercase());
            }
        }
        words
    };
    // `production date December 2020`, `manufactured before 2021-8-13`
    let date = (0..atoms.len()).filter(|&at| atoms[at].gap).find_map(|at| Date::read(&atoms[at..]));
    if let (Some((date, _)), None) = (date, bound) {
        let before = (0..atoms.len()).find_map(|at| match phrase(atoms, at) {
            Some((Action::Before(op), _)) => Some(op),
            _ => None,
        });
        return Some(match before.or(main) {
            Some(op) if op.is_upper() || op.is_lower() => Condition::dated(&text, op, date),
            _ => condition,
        });
    }
    let reading = |from: usize| grammar::parse(tidied, &atoms[from..]);
    if let Some(bound) = bound {
        let parsed = reading(bound);
        condition.words = words_of(bound);
        // `BSP <= UN31 1.76`
        for item in &parsed.items {
            if let Some(version) = item.point.version() {
                condition.words.extend(version.name().split(' ').filter(|w| !w.is_empty()).map(str::to_lowercase));
            }
        }
        condition.spans = group::spans(&parsed).0;
        return Some(condition);
    }
    // A bare version of a component: it must look like one (`V7.3 Upd 19`, `5.0.0.93`).
    for place in 1..atoms.len() {
        if let Some((Action::Before(_), _)) = phrase(atoms, place) {
            condition.words = words_of(place);
            condition.spans = group::spans(&reading(place)).0;
            break;
        }
        let looks = atoms[place].is("v") && atoms.get(place + 1).is_some_and(|next| next.is_number() && !next.gap)
            || atoms[place].is_number()
                && atoms.get(place + 1).is_some_and(|dot| dot.is_sign('.') && !dot.gap)
                && (atoms[place].gap)
            || atoms[place].is_word()
                && atoms[place].gap
                && atoms[place].text.len() == 1
                && atoms.get(place + 1).is_some_and(|next| next.is_number() && !next.gap)
            || atoms[place].is_number() && atoms[place].gap && atoms[0].is("wireless");
        if !looks {
            continue;
        }
        condition.words = words_of(place);
        let mut parsed = reading(place);
        if let (Some(op), [item]) = (main.filter(|op| op.is_upper()), parsed.items.as_mut_slice()) {
            item.op = item.op.or(Some(op));
            condition.completes_bound = op == Op::Below && atoms[0].is("with");
        }
        condition.spans = group::spans(&parsed).0;
        break;
    }
    let dated = condition.spans.iter().flat_map(Span::points).any(|point| matches!(point, Point::Date(_)));
    if condition.words.is_empty() && !dated {
        condition.spans.clear();
    }
    Some(condition)
}

fn is_filler(atom: &Atom<'_>) -> bool {
    atom.is_any(&[
        "only",
        "when",
        "if",
        "running",
        "on",
        "with",
        "and",
        "the",
        "of",
        "using",
        "in",
        "connection",
        "is",
        "are",
        "version",
        "versions",
        "installed",
        "create",
        "a",
        "an",
        "as",
        "where",
        "devices",
    ])
}

/// The words set an upper bound and do not speak of all versions.
pub(crate) fn states_bound(said: &str) -> bool {
    let words: Vec<String> =
        said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let bounds = [["and", "earlier"], ["and", "prior"], ["and", "below"], ["and", "older"], ["prior", "to"]];
    !words.iter().any(|word| word == "all")
        && words.windows(2).any(|pair| bounds.iter().any(|bound| pair[0] == bound[0] && pair[1] == bound[1]))
}

/// The condition that a product name states behind its version: `Version 21 and later when … enabled`.
pub(crate) fn in_product_name(tidied: &str, atoms: &[Atom<'_>]) -> Option<String> {
    const STARTS: [&[&str]; 12] = [
        &["when"],
        &["if"],
        &["only", "if"],
        &["only", "when"],
        &["operating", "on"],
        &["running", "on"],
        &["installed", "in"],
        &["installed", "on"],
        &["included", "in"],
        &["using", "a", "version"],
        &["that", "have", "been"],
        &["that", "have", "never"],
    ];
    let first_version = atoms.iter().position(Atom::is_number)?;
    let start = (first_version..atoms.len()).find(|&place| {
        STARTS.iter().any(|words| {
            atoms
                .get(place..place + words.len())
                .is_some_and(|found| found.iter().zip(*words).all(|(atom, word)| atom.is(word)))
        })
    })?;
    Some(text_of(tidied, &atoms[start..]).trim_end_matches(['.', ';', ')']).trim().to_owned())
}
