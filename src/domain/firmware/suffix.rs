//! The suffixes of a version: which words they are, their place in the chain, their numbers.

use super::atom::{Atom, Kind};
use super::version::{Slot, Suffix};

/// Words of a suffix, the slot they belong to, and the word under which they are compared. Two words are one
/// suffix when both stand (`service pack`).
const SUFFIXES: [(&str, &str, Slot, &str); 40] = [
    ("service", "pack", Slot::Pack, "SP"),
    ("servicepack", "", Slot::Pack, "SP"),
    ("sp", "", Slot::Pack, "SP"),
    ("feature", "pack", Slot::Pack, "FP"),
    ("fp", "", Slot::Pack, "FP"),
    ("maintenance", "pack", Slot::Pack, "MP"),
    ("mp", "", Slot::Pack, "MP"),
    ("ip", "", Slot::Pack, "IP"),
    ("cumulative", "update", Slot::Update, "CU"),
    ("quality", "update", Slot::Update, "QU"),
    // "10.97.2 Critical Fixes Rollup 2"
    ("critical", "fix", Slot::Update, "RU"),
    ("critical", "fixes", Slot::Update, "RU"),
    ("rollup", "", Slot::Update, "RU"),
    ("update", "", Slot::Update, "Update"),
    ("updates", "", Slot::Update, "Update"),
    ("upd", "", Slot::Update, "Update"),
    ("u", "", Slot::Update, "Update"),
    ("cu", "", Slot::Update, "CU"),
    ("qu", "", Slot::Update, "QU"),
    ("ru", "", Slot::Update, "RU"),
    ("tcu", "", Slot::Update, "TCU"),
    ("tc", "", Slot::Update, "TC"),
    ("uc", "", Slot::Update, "UC"),
    ("sr", "", Slot::Update, "SR"),
    ("security", "patch", Slot::Patch, "Security Patch"),
    ("patch", "", Slot::Patch, "Patch"),
    ("p", "", Slot::Patch, "Patch"),
    ("hot", "fix", Slot::Hotfix, "HF"),
    ("hotfix", "", Slot::Hotfix, "HF"),
    ("hotfixrev", "", Slot::Hotfix, "HF"),
    ("hf", "", Slot::Hotfix, "HF"),
    ("rev", "", Slot::Letter, "Rev"),
    ("revision", "", Slot::Letter, "Rev"),
    ("build", "", Slot::Build, "Build"),
    ("bld", "", Slot::Build, "Build"),
    ("bn", "", Slot::Build, "Build"),
    ("release", "", Slot::Build, "Release"),
    ("rel", "", Slot::Build, "Release"),
    ("kit", "", Slot::Build, "Kit"),
    ("maint", "", Slot::Update, "Maint"),
];

const PREVIEWS: [(&str, u8); 7] =
    [("dev", 0), ("snapshot", 0), ("alpha", 1), ("beta", 2), ("pre", 3), ("preview", 3), ("rc", 4)];

/// The suffix word at this place: slot, word, and the place after it (past `.`, `no`, `nr`).
pub(crate) fn suffix_word(atoms: &[Atom<'_>], at: usize) -> Option<(Slot, &'static str, usize)> {
    let atom = atoms.get(at)?;
    // No suffix word begins with another letter: most words end here.
    let may_begin = matches!(
        atom.text.as_bytes().first()?.to_ascii_lowercase(),
        b'b' | b'c' | b'f' | b'h' | b'i' | b'k' | b'm' | b'p' | b'q' | b'r' | b's' | b't' | b'u'
    );
    if !atom.is_word() || !may_begin {
        return None;
    }
    for (first, second, slot, word) in SUFFIXES {
        if !atom.is(first) {
            continue;
        }
        let mut after = at + 1;
        if !second.is_empty() {
            if !atoms.get(after).is_some_and(|next| next.is(second)) {
                continue;
            }
            after += 1;
        }
        while atoms
            .get(after)
            .is_some_and(|next| next.is_sign('.') || next.is_sign(':') || next.is_any(&["no", "nr", "rollup"]))
        {
            after += 1;
        }
        // `Hotfix-145271`
        if atom.text.len() >= 5
            && atoms.get(after).is_some_and(|dash| dash.is_sign('-') && !dash.gap)
            && atoms.get(after + 1).is_some_and(|number| number.is_number() && !number.gap)
        {
            after += 1;
        }
        return Some((slot, word, after));
    }
    None
}

/// A suffix with its number at this place, and the place after it.
pub(crate) fn suffix_at(atoms: &[Atom<'_>], at: usize) -> Option<(Slot, Suffix, usize)> {
    let (slot, word, place) = suffix_word(atoms, at)?;
    let value = atoms.get(place)?;
    // A single letter is a suffix only with its number glued to it: `P01`, `U2`.
    if atoms[at].text.len() == 1 && (value.gap || !value.is_number()) {
        return None;
    }
    let mut suffix = Suffix { word, number: 0, second: 0, letter: 0 };
    let mut after = place + 1;
    if value.is_number() {
        suffix.number = number(value.text)?;
        if let (Some(dot), Some(second)) = (atoms.get(after), atoms.get(after + 1))
            && dot.is_sign('.')
            && !dot.gap
            && !second.gap
            && second.is_number()
        {
            // `1.2.14002.506` after `Build Nr.` is a whole version of its own.
            if atoms.get(after + 2).is_some_and(|next| next.is_sign('.') && !next.gap && goes_on(atoms, after + 2)) {
                return None;
            }
            suffix.second = number(second.text)?;
            after += 2;
        }
        if let Some(letter) = single_letter(atoms, after)
            && !atoms[after].gap
            && ends_word(atoms, after)
        {
            suffix.letter = letter;
            after += 1;
        }
        return Some((slot, suffix, after));
    }
    // `Rev E`, `rev G1`
    if slot == Slot::Letter
        && let Some(letter) = single_letter(atoms, place)
    {
        suffix.letter = letter;
        if let Some(digits) = atoms.get(after)
            && digits.is_number()
            && !digits.gap
        {
            suffix.second = number(digits.text)?;
            after += 1;
        }
        return ends_word(atoms, after - 1).then_some((slot, suffix, after));
    }
    None
}

pub(crate) fn number(digits: &str) -> Option<u64> {
    digits.parse().ok()
}

pub(crate) fn single_letter(atoms: &[Atom<'_>], at: usize) -> Option<u8> {
    let atom = atoms.get(at)?;
    match atom.text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
        _ => None,
    }
}

/// The word ends after this atom.
pub(crate) fn ends_word(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at + 1).is_none_or(|next| {
        next.gap
            || match next.kind {
                Kind::Sign('.') | Kind::Sign('-') => !goes_on(atoms, at + 1),
                Kind::Sign('(') => !goes_on(atoms, at + 1),
                Kind::Sign(_) => true,
                _ => false,
            }
    })
}

/// Something is glued to the sign at this place.
pub(crate) fn goes_on(atoms: &[Atom<'_>], sign: usize) -> bool {
    atoms.get(sign + 1).is_some_and(|next| !next.gap && (next.is_number() || next.is_word()))
}

pub(crate) fn preview_at(atoms: &[Atom<'_>], at: usize) -> Option<(u8, u64, usize)> {
    let atom = atoms.get(at)?;
    let (_, rank) = PREVIEWS.into_iter().find(|(word, _)| atom.is(word))?;
    let mut after = at + 1;
    if atoms.get(after).is_some_and(|dot| (dot.is_sign('.') || dot.is_sign('-')) && !dot.gap) {
        after += 1;
    }
    match atoms.get(after) {
        Some(digits) if digits.is_number() => Some((rank, number(digits.text)?, after + 1)),
        _ => Some((rank, 0, at + 1)),
    }
}
