//! Reads one version out of atoms: its lead, its core, its chain of suffixes.

use super::atom::{Atom, JOINT, text_of};
use super::suffix::{ends_word, goes_on, number, preview_at, single_letter, suffix_at, suffix_word};
use super::version::{Segment, Slot, Suffix, Version};

/// What may count as a version besides numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// `N` or `LF` standing alone is a version.
    Alone,
    /// Letters alone are words.
    Never,
}

/// Words and letters before a version that say nothing.
const NOISE: [&str; 22] = [
    "v",
    "ver",
    "vers",
    "version",
    "versions",
    "vsn",
    "fw",
    "firmware",
    "frn",
    "sw",
    "software",
    "sv",
    "rev",
    "revision",
    "revisions",
    "r",
    "rel",
    "release",
    "releases",
    "fwv",
    "fwver",
    "fv",
];

/// A word that means nothing before a version.
pub(crate) fn is_noise(atom: &Atom<'_>) -> bool {
    atom.is_any(&NOISE)
}

fn is_wild(atom: &Atom<'_>) -> bool {
    atom.is_sign('*') || atom.is_word() && atom.text.bytes().all(|byte| byte == b'x' || byte == b'X')
}

/// Where the core of a version begins, and what stands glued before it.
struct Start<'a> {
    /// The first atom that belongs to the text shown.
    shown: usize,
    /// The first atom of the core.
    core: usize,
    lead: &'a str,
    kind: StartKind,
}

#[derive(PartialEq, Eq)]
enum StartKind {
    Number,
    /// `A.07`: the letter is the first segment.
    Letter,
    /// `SP1`: only suffixes.
    Chain,
}

/// A version starts at this place.
pub(crate) fn starts(atoms: &[Atom<'_>], at: usize) -> bool {
    start(atoms, at, Letters::Never).is_some()
}

fn start<'a>(atoms: &[Atom<'a>], at: usize, letters: Letters) -> Option<Start<'a>> {
    let atom = atoms.get(at)?;
    if atom.is_number() {
        return Some(Start { shown: at, core: at, lead: "", kind: StartKind::Number });
    }
    if !atom.is_word() {
        return None;
    }
    let next = atoms.get(at + 1);
    if let Some((_, _, after)) = suffix_at(atoms, at)
        && !is_noise(atom)
        && !atom.is("u")
        && !atoms.get(after).is_some_and(|next| !next.gap && next.is_word())
        && !dotted_number(atoms, at + 1)
    {
        return Some(Start { shown: at, core: at, lead: "", kind: StartKind::Chain });
    }
    if let Some(next) = next
        && is_noise(atom)
    {
        if next.is_number() {
            let shown = if next.gap { at + 1 } else { at };
            return Some(Start { shown, core: at + 1, lead: "", kind: StartKind::Number });
        }
        // `v.32.011`, `Ver. 2`, `firmware version V3`, `rev. G1`
        let skipped = at + 1 + usize::from(next.is_sign('.') || next.is_sign(':') || next.is_sign('-'));
        let letters = if next.gap || skipped > at + 1 { Letters::Alone } else { letters };
        if let Some(found) = start(atoms, skipped, letters) {
            return Some(found);
        }
    }
    let next = match next {
        Some(next) if !next.gap => next,
        _ => {
            let lone =
                letters == Letters::Alone && atom.text.len() <= 2 && atom.text.bytes().all(|b| b.is_ascii_uppercase());
            let lone = lone && next.is_none_or(|next| !next.is_word() && !next.is_number());
            return lone.then_some(Start { shown: at, core: at, lead: "", kind: StartKind::Letter });
        }
    };
    // `VX.2.14`: the letters are a name with a dot.
    if next.is_sign('.') && atom.is_any(&["x", "vx"]) && goes_on(atoms, at + 1) {
        return Some(Start { shown: at, core: at + 2, lead: "", kind: StartKind::Number });
    }
    if next.is_sign('.')
        && atom.text.len() <= 2
        && atom.text.bytes().all(|byte| byte.is_ascii_uppercase())
        && atoms.get(at + 2).is_some_and(|digits| digits.is_number() && !digits.gap)
    {
        return Some(Start { shown: at, core: at, lead: "", kind: StartKind::Letter });
    }
    if next.is_number() && !is_named_unit(atoms, at) {
        return Some(Start { shown: at, core: at + 1, lead: atom.text, kind: StartKind::Number });
    }
    None
}

fn dotted_number(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at).is_some_and(Atom::is_number)
        && atoms.get(at + 1).is_some_and(|dot| dot.is_sign('.') && !dot.gap)
        && atoms.get(at + 2).is_some_and(|digits| digits.is_number() && !digits.gap)
}

/// `CPCI85 V05.20`, `UN31 1.76`: letters with a number that name the unit whose version follows.
fn is_named_unit(atoms: &[Atom<'_>], at: usize) -> bool {
    unit_end(atoms, at).is_some()
}

/// The place after letters and a number that name a unit (see above), if that is what stands here.
pub(crate) fn unit_end(atoms: &[Atom<'_>], at: usize) -> Option<usize> {
    if !atoms.get(at)?.is_word() || !atoms.get(at + 1)?.is_number() || atoms.get(at + 1)?.gap {
        return None;
    }
    let mut after = at + 2;
    while atoms.get(after).is_some_and(|atom| !atom.gap && (atom.is_word() || atom.is_number() || atom.is_sign('-'))) {
        after += 1;
    }
    let unit = suffix_at(atoms, at).is_none() && !is_noise(&atoms[at]) && version_follows(atoms, at, after);
    unit.then_some(after)
}

fn version_follows(atoms: &[Atom<'_>], at: usize, after: usize) -> bool {
    let Some(next) = atoms.get(after) else { return false };
    if !next.gap {
        return false;
    }
    let glued_number = |place: usize| atoms.get(place).is_some_and(|atom| atom.is_number() && !atom.gap);
    let versioned = next.is("v") && glued_number(after + 1)
        || next.is_word()
            && next.text.len() == 1
            && !next.is("x")
            && atoms.get(after + 1).is_some_and(|dot| dot.is_sign('.') && !dot.gap)
            && glued_number(after + 2);
    // `RUT9_R_00.07.03.4`
    let versioned = versioned || atoms[at].text.len() > 1 && is_noise(next) && dotted_number(atoms, after + 1);
    // `FOX615 R14A`
    let versioned = versioned || atoms[at].text.len() > 2 && next.is("r") && glued_number(after + 1);
    if atoms[at].text.len() == 1 {
        return versioned;
    }
    // A name may have a second word: `NMC2 AOS 6.8.2`, `FOX615 System Release R15B`.
    versioned
        || dotted_number(atoms, after)
        || next.is_word()
            && next.text.len() >= 2
            && suffix_word(atoms, after).is_none()
            && (start(atoms, after + 1, Letters::Never).is_some_and(|found| found.kind == StartKind::Number)
                && atoms.get(after + 1).is_none_or(|glued| glued.gap))
}

/// Reads the version that starts at this atom: the version and the place after it.
pub(crate) fn read(tidied: &str, atoms: &[Atom<'_>], at: usize, letters: Letters) -> Option<(Version, usize)> {
    let found = start(atoms, at, letters)?;
    let mut version = Version::empty();
    let mut place = found.core;
    let mut shown = found.shown;
    if found.lead.len() <= 2 {
        version.lead = found.lead.to_ascii_lowercase().into();
    } else {
        version.name = found.lead.into();
        shown = found.core;
    }
    match found.kind {
        StartKind::Letter => {
            version.core.push(Segment::Letters(atoms[place].text.to_ascii_lowercase().into()));
            place += 1;
        }
        StartKind::Number => {
            push_number(&mut version, atoms[place].text);
            place += 1;
        }
        StartKind::Chain => {}
    }
    let mut grouped = None;
    if found.kind != StartKind::Chain {
        place = read_core(&mut version, atoms, place, &mut grouped);
    }
    place = read_chain(&mut version, atoms, place, &mut grouped);
    if let Some(after) = edition(&mut version, atoms, place) {
        place = after;
    }
    version.first_group = grouped.unwrap_or(version.core.len());
    version.text = text_of(tidied, &atoms[shown..place]).into();
    Some((version, place))
}

/// `2nd Edition`: a count of editions, which no version number meets.
fn edition(version: &mut Version, atoms: &[Atom<'_>], place: usize) -> Option<usize> {
    let [Segment::Number(_), Segment::Letters(ordinal)] = version.core.as_slice() else { return None };
    let counts = ["st", "nd", "rd", "th"].contains(&ordinal.as_ref());
    if !counts || !atoms.get(place)?.is_any(&["edition", "generation", "gen"]) {
        return None;
    }
    version.core.truncate(1);
    version.lead = atoms[place].text.to_ascii_lowercase().into();
    Some(place + 1)
}

fn push_number(version: &mut Version, digits: &str) {
    version.core.push(match number(digits) {
        Some(number) => Segment::Number(number),
        // Longer than any count: compared as text of equal length.
        None => Segment::Letters(digits.into()),
    });
}

/// The glued part of the core: `.7`, `-64`, `(6)`, letters and what follows them.
fn read_core(version: &mut Version, atoms: &[Atom<'_>], mut place: usize, grouped: &mut Option<usize>) -> usize {
    while let Some(atom) = atoms.get(place) {
        if atom.gap {
            break;
        }
        let next = atoms.get(place + 1).filter(|next| !next.gap);
        if atom.is_sign('.') || atom.is_sign('-') || atom.is_sign(JOINT) {
            let Some(next) = next else {
                // A full stop at the end.
                place += usize::from(atom.is_sign('.'));
                break;
            };
            // `V3.18-P002`, but not `p3-4-1`.
            let suffix = suffix_at(atoms, place + 1).is_some_and(|(_, _, after)| ends_word(atoms, after - 1));
            if atom.is_sign('-') && (suffix && !next.is("r") || preview_at(atoms, place + 1).is_some()) {
                place += 1;
                break;
            }
            if is_wild(next) {
                version.core.push(Segment::Any);
                place += 2;
                continue;
            }
            if !atom.is_sign('.') {
                grouped.get_or_insert(version.core.len());
                // `R302-V1`
                if next.is("v") && atoms.get(place + 2).is_some_and(|digits| digits.is_number() && !digits.gap) {
                    version.pair = version.core.len() == 1;
                    place += 2;
                    continue;
                }
            }
            if next.is_number() || next.is_word() {
                place += 1;
                if next.is_number() {
                    push_number(version, next.text);
                    place += 1;
                }
                continue;
            }
            break;
        }
        // `6.01.00/29.03.2007`: the date of the version.
        if atom.is_sign('/') && dotted_date(atoms, place + 1) {
            place += 6;
            break;
        }
        if atom.is_sign('(') {
            match bracket(version, atoms, place, grouped) {
                Some(after) => place = after,
                None => break,
            }
            continue;
        }
        if atom.is_number() {
            push_number(version, atom.text);
            place += 1;
            continue;
        }
        if !atom.is_word() {
            break;
        }
        if is_wild(atom) && ends_word(atoms, place) && !is_letter_x(version, atoms, place) {
            open_digits(version);
            place += 1;
            continue;
        }
        if atom.text.len() > 1 && suffix_at(atoms, place).is_some() || preview_at(atoms, place).is_some() {
            break;
        }
        if atom.is_any(&["p", "u"])
            && suffix_at(atoms, place).is_some_and(|(_, _, after)| ends_word(atoms, after - 1))
            && !version.core.iter().any(|segment| matches!(segment, Segment::Letters(_)))
        {
            break;
        }
        // `4.5a`: a letter at the end of a dotted number is a small step; anywhere else letters are part of the core.
        let only_numbers = version.core.iter().all(|segment| matches!(segment, Segment::Number(_)));
        if let Some(letter) = single_letter(atoms, place)
            && ends_word(atoms, place)
            && only_numbers
            && version.core.len() > 1
        {
            version.suffixes[Slot::Letter as usize] = Some(Suffix { word: "", number: 0, second: 0, letter });
            place += 1;
            break;
        }
        // `_03.esw`: the end of a file name.
        if !atom.is_any(&["esw", "bin", "hex", "zip", "img", "swu"]) {
            version.core.push(Segment::Letters(atom.text.to_lowercase().into()));
        }
        place += 1;
    }
    place
}

/// `29.03.2007`
fn dotted_date(atoms: &[Atom<'_>], at: usize) -> bool {
    let Some([day, first, month, second, year]) = atoms.get(at..at + 5) else { return false };
    day.is_number()
        && month.is_number()
        && year.is_number()
        && first.is_sign('.')
        && second.is_sign('.')
        && day.text.len() <= 2
        && month.text.len() <= 2
        && year.text.len() == 4
}

/// The `X` of `1.21X` is the letter after W, that of `8.1X` any digit: the letter follows a number of two digits.
fn is_letter_x(version: &Version, atoms: &[Atom<'_>], place: usize) -> bool {
    atoms[place].text == "X" && version.core.len() > 1 && place > 0 && atoms[place - 1].text.len() > 1
}

/// `1x` opens the last digit of the segment before it.
fn open_digits(version: &mut Version) {
    match version.core.pop() {
        Some(Segment::Number(number)) => version.core.push(Segment::Starting(number)),
        Some(other) => {
            version.core.push(other);
            version.core.push(Segment::Any);
        }
        None => version.core.push(Segment::Any),
    }
}

/// `(6)`, `(4a)`, `(13)`: numbers in brackets belong to the core.
fn bracket(version: &mut Version, atoms: &[Atom<'_>], place: usize, grouped: &mut Option<usize>) -> Option<usize> {
    let inner = atoms.get(place + 1)?;
    if !inner.is_number() {
        return None;
    }
    let letter = atoms.get(place + 2).filter(|atom| atom.is_word() && atom.text.len() <= 2 && !atom.gap);
    let close = place + 2 + usize::from(letter.is_some());
    if !atoms.get(close)?.is_sign(')') {
        return None;
    }
    grouped.get_or_insert(version.core.len());
    let dotted = version.core.len() >= 3;
    push_number(version, inner.text);
    if let Some(letter) = letter {
        version.core.push(Segment::Letters(letter.text.to_ascii_lowercase().into()));
    } else if dotted && ends_word(atoms, close) {
        version.bracket = number(inner.text).filter(|&number| number < 1000);
    }
    Some(close + 1)
}

/// What follows after a gap: suffixes, further groups of numbers, a lone letter.
fn read_chain(version: &mut Version, atoms: &[Atom<'_>], mut place: usize, grouped: &mut Option<usize>) -> usize {
    loop {
        let Some(atom) = atoms.get(place) else { return place };
        // `V3.18-P002`
        let at = place + usize::from(atom.is_sign('-') && goes_on(atoms, place) && !atom.gap);
        if let Some((rank, number, after)) = preview_at(atoms, at)
            && version.preview.is_none()
            && !version.core.is_empty()
        {
            version.preview = Some((rank, number));
            place = after;
            continue;
        }
        // `1.1.3 MR Build 11`
        if atom.is("mr") && suffix_at(atoms, place + 1).is_some() {
            place += 1;
            continue;
        }
        if let Some((slot, suffix, after)) = suffix_at(atoms, at) {
            let filled = &mut version.suffixes[slot as usize];
            if filled.is_some() {
                return place;
            }
            *filled = Some(suffix);
            place = after;
            continue;
        }
        if let Some(after) = patch_after_build(version, atoms, place) {
            place = after;
            continue;
        }
        if atom.is_sign('(') && atom.gap && !version.core.is_empty() {
            if let Some(after) = bracket(version, atoms, place, grouped) {
                place = after;
                continue;
            }
            // `4.0.0 (build 123)`
            if let Some((Slot::Build, suffix, after)) = suffix_at(atoms, place + 1)
                && atoms.get(after).is_some_and(|close| close.is_sign(')'))
                && version.suffix(Slot::Build).is_none()
            {
                version.suffixes[Slot::Build as usize] = Some(suffix);
                place = after + 1;
                continue;
            }
            return place;
        }
        if version.has_suffix() || version.core.is_empty() {
            return place;
        }
        // `V1.00_2017_12_15`, `2.9 17030709`, `340590 07`
        let wide = version.core.len() > 1 || matches!(version.core[0], Segment::Number(1000..));
        if atom.is_number() && atom.gap && wide && !version.has_wildcard() && whole_number(atoms, place) {
            grouped.get_or_insert(version.core.len());
            push_number(version, atom.text);
            place = read_core(version, atoms, place + 1, grouped);
            continue;
        }
        if atom.is_word() && atom.gap && atom.text.len() == 1 {
            // `2020 R2`, `3.0 D15`
            if let Some(digits) = atoms.get(place + 1)
                && digits.is_number()
                && !digits.gap
                && (!atom.is("v") || version.core.len() > 1)
                && !dotted_number(atoms, place + 1)
                && !version.has_wildcard()
            {
                grouped.get_or_insert(version.core.len());
                version.core.push(Segment::Letters(atom.text.to_ascii_lowercase().into()));
                push_number(version, digits.text);
                place = read_core(version, atoms, place + 2, grouped);
                continue;
            }
            // `1.05 F`
            if let Some(letter) = single_letter(atoms, place)
                && version.core.len() > 1
                && atom.text.bytes().all(|byte| byte.is_ascii_uppercase())
                && atoms.get(place + 1).is_none_or(|next| next.is_sign('|') || next.is_sign(',') || next.is_sign(')'))
            {
                version.suffixes[Slot::Letter as usize] = Some(Suffix { word: "", number: 0, second: 0, letter });
                place += 1;
                continue;
            }
        }
        return place;
    }
}

/// The number stands alone: no dot, no letters glued to it.
fn whole_number(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at + 1).is_none_or(|next| {
        next.gap
            || next.is_sign('|')
            || next.is_sign(',')
            || next.is_sign(')')
            || next.is_sign(';')
            || next.is_sign('<')
    }) || atoms.get(at + 1).is_some_and(|next| {
        let file = atoms.get(at + 2).is_some_and(|end| end.is_word() && !end.gap && end.text.len() >= 3);
        next.is_sign('.') && (!goes_on(atoms, at + 1) || file)
    })
}

/// `Build 595 T2-Patch`: the patch counts within its build.
fn patch_after_build(version: &mut Version, atoms: &[Atom<'_>], place: usize) -> Option<usize> {
    let build = version.suffixes[Slot::Build as usize].as_mut()?;
    let (letter, digits) = (atoms.get(place)?, atoms.get(place + 1)?);
    let patch = atoms.get(place + 2)?.is_sign('-') && atoms.get(place + 3)?.is("patch");
    if !letter.is_word() || letter.text.len() > 2 || !digits.is_number() || digits.gap || !patch || build.second > 0 {
        return None;
    }
    build.second = number(digits.text)?;
    Some(place + 4)
}
