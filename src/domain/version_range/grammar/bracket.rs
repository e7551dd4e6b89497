//! What stands in brackets: part of the reading, another name of the version, a condition, or a remark.

use super::{Grammar, Item, parse_nested};
use crate::domain::firmware::Version;
use crate::domain::firmware::atom::{Atom, text_of};
use crate::domain::firmware::reader::{self, Letters, is_noise};
use crate::domain::version_range::condition::{self, Condition};
use crate::domain::version_range::phrase::{Action, phrase};
use crate::domain::version_range::span::{Op, Point};

impl<'a> Grammar<'a> {
    /// `( … )`: part of the reading, another name of the version, a condition, or a remark.
    pub(super) fn bracket(&mut self) {
        let open = self.place;
        let close = matching(self.atoms, open);
        let inner = &self.atoms[(open + 1).min(close)..close];
        self.place = (close + 1).min(self.atoms.len());
        if inner.is_empty() {
            return;
        }
        let starts_version = inner[0].is_sign('<')
            || inner[0].is_sign('>')
            || inner[0].is_any(&["release", "releases", "version", "versions"])
            || reader::read(self.tidied, inner, 0, Letters::Never).is_some();
        let whole = open == 0 && close + 1 >= self.atoms.len();
        let nothing_yet = self.parsed.items.is_empty() && !self.parsed.all && self.parsed.products.is_empty();
        if (whole || (self.op.is_some() || nothing_yet) && starts_version) && self.depth < 4 {
            // `<=(R4.10)`: the brackets are idle.
            let op = self.op.take();
            let mut nested = parse_nested(self.tidied, inner, self.depth + 1);
            if let (Some(op), Some(first)) = (op, nested.items.first_mut()) {
                first.op = Some(op);
            }
            self.name = None;
            self.take(nested);
            return;
        }
        if inner[0].is_any(&["including", "inclusive", "incl"]) && inner.len() <= 2 {
            self.set_inclusive(true);
        } else if inner[0].is_any(&["excluding", "exclusive", "excl"]) && inner.len() <= 2 {
            self.set_inclusive(false);
        } else if self.name.is_some() {
            // Inside a name: `Function State (FS)`.
        } else {
            self.remark(inner);
        }
    }

    fn set_inclusive(&mut self, inclusive: bool) {
        if let Some(item) = self.parsed.items.last_mut() {
            item.op = Some(match (item.closes, inclusive) {
                (true, true) => Op::AtMost,
                (true, false) => Op::Below,
                (false, true) => Op::AtLeast,
                (false, false) => Op::Above,
            });
        }
    }

    fn remark(&mut self, inner: &[Atom<'a>]) {
        let text = text_of(self.tidied, inner);
        if inner[0].is_any(&["excluding", "except"]) {
            self.read_exceptions(inner);
            return;
        }
        // `(6.x series)`
        if inner.last().is_some_and(|atom| atom.is("series"))
            && let Some((version, _)) = reader::read(self.tidied, inner, 0, Letters::Never)
            && version.has_wildcard()
        {
            self.parsed.line = Some(version);
            return;
        }
        if let Some((Action::PerhapsEarlier, _)) = phrase(inner, 0) {
            self.parsed.perhaps_earlier = true;
            return;
        }
        // `(7.50 and 7.60 may also be affected if …)`
        if inner.iter().any(|atom| atom.is_any(&["may", "might", "could"])) {
            let upto = inner.iter().position(|atom| atom.is_any(&["may", "might", "could"])).unwrap_or(inner.len());
            let nested = parse_nested(self.tidied, &inner[..upto], self.depth + 1);
            self.parsed.perhaps.extend(nested.items.into_iter().map(|item| item.point));
            return;
        }
        // `(revision index A0 with BSP <= UN30 1.76)`
        if inner[0].is_any(&["revision", "rev", "hardware", "hw", "ser", "series"])
            && inner.get(1).is_some_and(|atom| atom.is_any(&["index", "revision", "version", "state"]))
        {
            self.parsed.conditions.extend(condition::read(self.tidied, inner, None));
            return;
        }
        if let Some(alias) = self.alias_in(inner) {
            if let Some(Item { point: Point::Version(version), .. }) = self.parsed.items.last_mut()
                && version.alias.is_none()
            {
                version.alias = Some(Box::new(alias));
            }
            return;
        }
        // `11.8.50.3425 (ME)`
        if let ([word], Some(Item { point: Point::Version(version), .. })) = (inner, self.parsed.items.last_mut())
            && word.is_word()
            && version.name.is_empty()
            && word.text.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            version.name = word.text.into();
            return;
        }
        if condition::is_one(inner) {
            self.parsed.conditions.push(Condition::words(text));
            return;
        }
        // `(with ScreenEditor Version 1.01.2)`
        if inner[0].is_any(&["with", "wireless"]) {
            self.parsed.conditions.extend(condition::read(self.tidied, inner, None));
        }
    }

    /// The same version in another numbering: `(aka Version 9.50.255.02)`, `(Build Nr. 1.2.23000.291)`, `(v9.90.196)`.
    fn alias_in(&self, inner: &[Atom<'a>]) -> Option<Version> {
        self.parsed.items.last()?;
        let mut start = 0;
        while inner.get(start).is_some_and(|atom| {
            is_noise(atom)
                || atom.is_any(&["aka", "or", "build", "nr", "no", "gold"])
                || atom.is_sign('.')
                || atom.is_sign('<')
                || atom.is_sign('=')
                || atom.is_sign(':')
        }) && reader::read(self.tidied, inner, start, Letters::Never)
            .is_none_or(|(version, _)| version.is_chain_only())
        {
            start += 1;
        }
        let (version, after) = reader::read(self.tidied, inner, start, Letters::Never)?;
        let rest = &inner[after..];
        let whole = rest.iter().all(|atom| atom.is_sign('.') || atom.is_sign(',')) && version.name().is_empty();
        // `(1.29 for NX7)` is the bound of another product.
        whole.then_some(version).filter(|version| !version.core.is_empty() && !version.has_wildcard())
    }

    pub(super) fn read_exceptions(&mut self, atoms: &[Atom<'a>]) {
        let mut place = 1;
        while place < atoms.len() {
            match reader::read(self.tidied, atoms, place, Letters::Never) {
                Some((version, after)) if !version.core.is_empty() => {
                    self.parsed.except.push(version);
                    place = after;
                }
                _ => place += 1,
            }
        }
    }
}

/// The place of the bracket that closes the one at this place, or the end.
fn matching(atoms: &[Atom<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (place, atom) in atoms.iter().enumerate().skip(open) {
        if atom.is_sign('(') {
            depth += 1;
        } else if atom.is_sign(')') {
            depth -= 1;
            if depth == 0 {
                return place;
            }
        }
    }
    atoms.len()
}
