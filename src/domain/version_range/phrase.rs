//! The words of version texts and what they do: `prior to`, `and earlier`, `through`, `only if`.

use super::span::Op;
use crate::domain::firmware::atom::Atom;

/// What a phrase does to the reading of a version text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A sign in words before a version: `prior to 3.1`.
    Before(Op),
    /// A sign in words after a version: `3.1 and earlier`.
    After(Op),
    /// `to`, `through`, `until` between two versions.
    To,
    Between,
    /// Every version.
    All,
    /// No version at all.
    Nothing,
    /// Says nothing.
    Skip,
    /// Ends one entry of a list.
    Split,
    /// The versions after it are not meant.
    Except,
    /// The rest of the entry depends on what a row does not show.
    Condition,
    /// The rest of the entry tells something that does not matter for the version.
    Note,
    /// Earlier versions may be meant as well.
    PerhapsEarlier,
    /// The word after it names a product.
    Product,
}

use Action::*;

/// Longest first where one begins like another.
const PHRASES: &[(&[&str], Action)] = &[
    (&["all", "bios", "versions"], Skip),
    (&["all", "firmware", "versions"], All),
    (&["all", "software", "versions"], All),
    (&["all", "version"], All),
    (&["all", "versions"], All),
    (&["all", "editions"], All),
    (&["all", "revisions"], Skip),
    (&["all", "releases"], All),
    (&["all", "deployments"], All),
    (&["all", "current", "and", "older", "versions"], All),
    (&["all"], Skip),
    (&["any", "version"], All),
    (&["any"], Skip),
    (&["no", "version"], Nothing),
    (&["no", "versions"], Nothing),
    (&["and", "possibly", "prior", "versions"], PerhapsEarlier),
    (&["and", "possibly", "earlier", "versions"], PerhapsEarlier),
    (&["prior", "to", "and", "including"], Before(Op::AtMost)),
    (&["prior", "to", "or", "including"], Before(Op::AtMost)),
    (&["prior", "to", "version"], Before(Op::Below)),
    (&["prior", "to"], Before(Op::Below)),
    (&["versions", "prior", "to"], Before(Op::Below)),
    (&["earlier", "than"], Before(Op::Below)),
    (&["older", "than"], Before(Op::Below)),
    (&["lower", "than"], Before(Op::Below)),
    (&["less", "than"], Before(Op::Below)),
    (&["dated", "earlier", "than"], Before(Op::Below)),
    (&["before"], Before(Op::Below)),
    (&["up", "to", "and", "including"], Before(Op::AtMost)),
    (&["up", "to", "but", "not", "including"], Before(Op::Below)),
    (&["up", "to"], Before(Op::AtMost)),
    (&["but", "not", "including"], Before(Op::Below)),
    (&["but", "excluding"], Before(Op::Below)),
    (&["excluding", "version"], Except),
    (&["with", "the", "exception", "of"], Except),
    (&["except", "for"], Except),
    (&["except"], Except),
    (&["excluding"], Except),
    (&["later", "than"], Before(Op::Above)),
    (&["newer", "than"], Before(Op::Above)),
    (&["greater", "than"], Before(Op::Above)),
    (&["higher", "than"], Before(Op::Above)),
    (&["after"], Before(Op::Above)),
    (&["starting", "with"], Before(Op::AtLeast)),
    (&["starting", "from"], Before(Op::AtLeast)),
    (&["since"], Before(Op::AtLeast)),
    (&["from"], Skip),
    (&["between"], Between),
    (&["through"], To),
    (&["thru"], To),
    (&["until"], To),
    (&["till"], To),
    (&["to"], To),
    (&["and", "all", "prior", "versions"], After(Op::AtMost)),
    (&["and", "all", "previous", "versions"], After(Op::AtMost)),
    (&["and", "all", "earlier", "versions"], After(Op::AtMost)),
    (&["and", "all", "older", "versions"], After(Op::AtMost)),
    (&["and", "all", "later", "versions"], After(Op::AtLeast)),
    (&["and", "prior"], After(Op::AtMost)),
    (&["or", "prior"], After(Op::AtMost)),
    (&["and", "earlier"], After(Op::AtMost)),
    (&["or", "earlier"], After(Op::AtMost)),
    (&["and", "below"], After(Op::AtMost)),
    (&["or", "below"], After(Op::AtMost)),
    (&["and", "lower"], After(Op::AtMost)),
    (&["or", "lower"], After(Op::AtMost)),
    (&["and", "older"], After(Op::AtMost)),
    (&["or", "older"], After(Op::AtMost)),
    (&["and", "previous"], After(Op::AtMost)),
    (&["or", "previous"], After(Op::AtMost)),
    (&["and", "under"], After(Op::AtMost)),
    (&["and", "later"], After(Op::AtLeast)),
    (&["or", "later"], After(Op::AtLeast)),
    (&["and", "newer"], After(Op::AtLeast)),
    (&["or", "newer"], After(Op::AtLeast)),
    (&["and", "above"], After(Op::AtLeast)),
    (&["or", "above"], After(Op::AtLeast)),
    (&["and", "higher"], After(Op::AtLeast)),
    (&["or", "higher"], After(Op::AtLeast)),
    (&["and", "up"], After(Op::AtLeast)),
    (&["and", "onwards"], After(Op::AtLeast)),
    (&["onwards"], After(Op::AtLeast)),
    (&["below"], Before(Op::Below)),
    (&["above"], Before(Op::Above)),
    (&["including", "former"], Note),
    (&["including", "hotfixes"], Note),
    (&["including", "all", "versions"], Note),
    (&["only", "affected", "by"], Note),
    (&["affected", "only", "by"], Note),
    (&["only", "affects"], Note),
    (&["only", "if"], Condition),
    (&["only", "when"], Condition),
    (&["only", "with"], Condition),
    (&["only"], Skip),
    (&["if"], Condition),
    (&["when"], Condition),
    (&["where"], Condition),
    (&["with"], Condition),
    (&["without"], Condition),
    (&["using"], Condition),
    (&["running"], Condition),
    (&["operating", "on"], Condition),
    (&["controlling"], Condition),
    (&["installed"], Condition),
    (&["installations"], Condition),
    (&["included", "in"], Condition),
    (&["packaged"], Condition),
    (&["hardware", "revision"], Condition),
    (&["hardware", "version"], Condition),
    (&["cpld", "revision"], Condition),
    (&["in", "connection"], Condition),
    (&["in", "conjunction"], Condition),
    (&["in", "combination"], Condition),
    (&["in", "default"], Condition),
    (&["in", "non"], Condition),
    (&["that"], Condition),
    (&["manufactured"], Condition),
    (&["distributed"], Condition),
    (&["produced"], Condition),
    (&["released"], Condition),
    (&["production", "date"], Condition),
    (&["on"], Condition),
    (&["utilizes"], Note),
    (&["affected"], Note),
    (&["impacted"], Note),
    (&["are", "affected"], Note),
    (&["is", "affected"], Note),
    (&["formerly"], Note),
    (&["previously"], Note),
    (&["may", "be", "affected"], Note),
    (&["could", "be", "affected"], Note),
    (&["for"], Note),
    (&["of"], Note),
    (&["part", "of"], Note),
    (&["integrated", "into"], Note),
    (&["based", "on"], Note),
    (&["model"], Product),
    (&["models"], Product),
    (&["article", "number"], Product),
    (&["order", "code"], Product),
    (&["part", "number"], Product),
    (&["comcode"], Product),
    (&["mlfb"], Product),
    (&["and"], Split),
    (&["or"], Split),
    (&["as", "well", "as"], Split),
    (&["the"], Skip),
    (&["limited"], Skip),
    (&["following"], Skip),
    (&["versions"], Skip),
    (&["version"], Skip),
    (&["ver"], Skip),
    (&["firmware"], Skip),
    (&["software"], Skip),
    (&["fw"], Skip),
    (&["sw"], Skip),
    (&["releases"], Skip),
    (&["release"], Skip),
    (&["revisions"], Skip),
    (&["revision"], Skip),
    (&["bios"], Skip),
    (&["v"], Skip),
];

/// The phrase that starts at this atom, and the place after it.
pub(crate) fn phrase(atoms: &[Atom<'_>], at: usize) -> Option<(Action, usize)> {
    let first = atoms.get(at)?;
    if !first.is_word() || !first.gap && at > 0 && (atoms[at - 1].is_word() || atoms[at - 1].is_number()) {
        return None;
    }
    for (words, action) in PHRASES {
        if !first.is(words[0]) {
            continue;
        }
        let rest = atoms.get(at + 1..at + words.len());
        if rest.is_some_and(|rest| rest.iter().zip(&words[1..]).all(|(atom, word)| atom.is(word))) {
            return Some((*action, at + words.len()));
        }
    }
    None
}
