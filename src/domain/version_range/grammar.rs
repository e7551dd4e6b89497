//! Reads the atoms of a version text into bounds, conditions and what was left over.

mod bracket;

use super::condition::{self, Condition};
use super::phrase::{Action, phrase};
use super::product;
use super::span::{Op, Point};
use crate::domain::firmware::Version;
use crate::domain::firmware::atom::{Atom, Kind, text_of};
use crate::domain::firmware::date::Date;
use crate::domain::firmware::reader::{self, Letters, is_noise};
use crate::domain::firmware::version::Segment;

/// One version, date or commit of a text with the sign before it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub op: Option<Op>,
    pub point: Point,
    /// Items of one clause stand between two separators.
    pub clause: u32,
    /// The upper end of a closed range whose lower end is the item before.
    pub closes: bool,
    /// The sign stood before the version, in words (`prior to`): it holds for a list after it.
    pub in_prose: bool,
    /// The sign stood after the version, in words (`and prior`): it holds for this version only.
    pub after: bool,
}

/// What a version text says, before it is grouped into spans.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub all: bool,
    pub nothing: bool,
    pub items: Vec<Item>,
    pub conditions: Vec<Condition>,
    pub except: Vec<Version>,
    /// Versions that may be affected under a condition that the text tells.
    pub perhaps: Vec<Point>,
    pub perhaps_earlier: bool,
    /// Part numbers and models among the versions.
    pub products: Vec<String>,
    /// `(6.x series)`: only this line is meant.
    pub line: Option<Version>,
    /// What was not understood.
    pub left: Vec<String>,
    /// The signs do not fit together.
    pub garbled: bool,
    /// A list that ends in a comma or in `and`.
    pub cut_off: bool,
    /// Bounds in prose that do not say whether they are included (`between`).
    pub soft: bool,
}

/// Parses a whole text.
pub(crate) fn parse(tidied: &str, atoms: &[Atom<'_>]) -> Parsed {
    parse_nested(tidied, atoms, 0)
}

fn parse_nested(tidied: &str, atoms: &[Atom<'_>], depth: u8) -> Parsed {
    let mut grammar = Grammar {
        tidied,
        atoms,
        depth,
        place: 0,
        clause: 0,
        op: None,
        op_in_prose: false,
        to: false,
        between: false,
        name: None,
        parsed: Parsed::default(),
    };
    grammar.run();
    grammar.parsed
}

struct Grammar<'a> {
    tidied: &'a str,
    atoms: &'a [Atom<'a>],
    depth: u8,
    place: usize,
    clause: u32,
    /// The sign that waits for its version.
    op: Option<Op>,
    op_in_prose: bool,
    /// The next version closes a range.
    to: bool,
    between: bool,
    /// Where words that may name the next version begin.
    name: Option<usize>,
    parsed: Parsed,
}

impl<'a> Grammar<'a> {
    fn run(&mut self) {
        while let Some(atom) = self.atoms.get(self.place) {
            match atom.kind {
                Kind::Sign(sign) => self.sign(sign),
                _ => self.word_or_number(),
            }
        }
        self.leave_words(self.atoms.len());
        if let Some(op) = self.op.take() {
            // `* and >  could be affected`: a sign without a version.
            self.parsed.garbled |= !self.parsed.all && op != Op::Equal;
        }
        if self.atoms.last().is_some_and(|atom| atom.is_sign(',') || atom.is("and")) && self.parsed.items.len() > 1 {
            self.parsed.cut_off = true;
        }
    }

    /// Words that named no version are left over.
    fn leave_words(&mut self, end: usize) {
        if let Some(start) = self.name.take() {
            let words = &self.atoms[start..end];
            if words.iter().any(|atom| atom.is_word() && atom.text.len() > 1 || atom.is_number()) {
                self.parsed.left.push(text_of(self.tidied, words).trim().to_owned());
            }
        }
    }

    fn split(&mut self) {
        self.leave_words(self.place);
        self.clause += 1;
        self.place += 1;
    }

    fn sign(&mut self, sign: char) {
        match sign {
            '<' | '>' | '=' | '!' => self.operator(sign),
            '|' | ';' => {
                if let Some(item) = self.parsed.items.last_mut() {
                    item.in_prose = false;
                }
                self.split();
            }
            ',' => self.split(),
            '(' => self.bracket(),
            '-' => self.dash(),
            '/' => {
                // `FCN/FCJ Simulator R4.20` is one name, `A / B` are two entries.
                if self.atoms[self.place].gap {
                    self.leave_words(self.place);
                }
                self.place += 1;
            }
            '*' => {
                self.leave_words(self.place);
                self.parsed.all = true;
                self.place += 1;
            }
            '.' | ')' | '\'' | '+' | '™' | '®' | '#' | ':' | '&' => {
                if sign == ':' {
                    // `V4.7: < V4.7 HF27`
                    self.leave_words(self.place);
                }
                self.place += 1;
            }
            _ => {
                // `17.0 ?.10`: a digit was lost.
                self.parsed.garbled |= sign == '?';
                self.place += 1;
            }
        }
    }

    fn operator(&mut self, sign: char) {
        let next = self.atoms.get(self.place + 1).map(|atom| atom.kind);
        let (op, taken) = match (sign, next) {
            ('<', Some(Kind::Sign('='))) | ('=', Some(Kind::Sign('<'))) => (Op::AtMost, 2),
            ('>', Some(Kind::Sign('='))) | ('=', Some(Kind::Sign('>'))) => (Op::AtLeast, 2),
            ('!', Some(Kind::Sign('='))) => (Op::Not, 2),
            ('=', Some(Kind::Sign('='))) => (Op::Equal, 2),
            ('<', _) => (Op::Below, 1),
            ('>', _) => (Op::Above, 1),
            ('=', _) => (Op::Equal, 1),
            _ => (Op::Not, 1),
        };
        // `BSP <= UN31 1.76`, `NMC2 <= 6.9.6`: words before the sign name the version after it.
        self.parsed.garbled |= self.op.is_some_and(|before| before != op);
        self.op = Some(op);
        self.place += taken;
    }

    fn dash(&mut self) {
        let after = self.place + 1;
        let has_item =
            self.parsed.items.last().is_some_and(|item| item.clause == self.clause && item.op != Some(Op::Below));
        let version = reader::starts(self.atoms, after);
        if has_item && version && self.op.is_none() {
            self.to = true;
        }
        self.place = after;
    }

    fn take(&mut self, nested: Parsed) {
        let clause = self.clause;
        let last = nested.items.last().map_or(0, |item| item.clause);
        self.parsed.items.extend(nested.items.into_iter().map(|mut item| {
            item.clause += clause;
            item
        }));
        self.clause += last;
        self.parsed.all |= nested.all;
        self.parsed.conditions.extend(nested.conditions);
        self.parsed.except.extend(nested.except);
        self.parsed.products.extend(nested.products);
        self.parsed.left.extend(nested.left);
        self.parsed.garbled |= nested.garbled;
        self.parsed.cut_off |= nested.cut_off;
    }

    fn word_or_number(&mut self) {
        let atoms = self.atoms;
        let atom = &atoms[self.place];
        if atom.is("cve") || atom.is("ssa") || atom.is("icsa") {
            self.leave_words(self.place);
            self.place = after_word(atoms, self.place);
            return;
        }
        if starts_word(atoms, self.place)
            && let Some((date, taken)) = Date::read(&atoms[self.place..])
        {
            self.name = None;
            self.place += taken;
            self.push(Point::Date(date));
            return;
        }
        if atom.is("build") && Date::read(&atoms[self.place + 1..]).is_some() {
            self.place += 1;
            return;
        }
        // `<=V`, `<=LF`
        if self.op.is_some()
            && atom.text.len() <= 2
            && let Some((version, after)) = reader::read(self.tidied, atoms, self.place, Letters::Alone)
            && after == self.place + 1
        {
            self.version(version, after);
            return;
        }
        if atom.is("w") && atoms.get(self.place + 1).is_some_and(|slash| slash.is_sign('/') && !slash.gap) {
            self.leave_words(self.place);
            self.condition(self.place);
            return;
        }
        if let Some((action, after)) = phrase(atoms, self.place)
            && !(action == Action::Skip && self.is_version(self.place))
            && !(action == Action::Note && atom.is("of") && self.name.is_some())
        {
            self.act(action, after);
            return;
        }
        if let Some(after) = reader::unit_end(atoms, self.place) {
            self.name.get_or_insert(self.place);
            self.place = after;
            return;
        }
        if self.op.is_none()
            && let Some(after) = product::part_number(self.tidied, atoms, self.place)
        {
            self.name = None;
            self.parsed.products.push(text_of(self.tidied, &atoms[self.place..after]).to_owned());
            self.place = after;
            return;
        }
        if let Some(after) = commit(atoms, self.place) {
            let text = text_of(self.tidied, &atoms[self.place..after]);
            self.name = None;
            self.place = after;
            self.push(Point::Commit(text.to_ascii_lowercase().into()));
            return;
        }
        let lone = self.op.is_some() || atoms.len() == 1;
        let letters = if lone { Letters::Alone } else { Letters::Never };
        match reader::read(self.tidied, atoms, self.place, letters) {
            Some((version, after)) if self.is_name_before_sign(&version, after) => {
                self.name.get_or_insert(self.place);
                self.place = after;
            }
            Some((version, after)) => self.version(version, after),
            None => {
                self.name.get_or_insert(self.place);
                self.place += 1;
            }
        }
    }

    /// `NMC2 <= 6.9.6`: letters and a number before a sign name the component.
    fn is_name_before_sign(&self, version: &Version, after: usize) -> bool {
        let sign = self.atoms.get(after).is_some_and(|atom| atom.is_sign('<') || atom.is_sign('>'));
        sign && version.name.len() > 2 && version.core.len() == 1 && !version.has_suffix() && self.op.is_none()
    }

    fn is_version(&self, place: usize) -> bool {
        reader::starts(self.atoms, place)
    }

    fn version(&mut self, mut version: Version, after: usize) {
        let start = self.place;
        if let Some(name) = self.name.take() {
            // `BSP <= UN31 1.76`: signs inside the name do not belong to it.
            let mut words = String::new();
            let mut apart = false;
            for atom in &self.atoms[name..start] {
                if atom.is_word() || atom.is_number() {
                    if (atom.gap || apart) && !words.is_empty() {
                        words.push(' ');
                    }
                    words.push_str(atom.text);
                    apart = false;
                } else {
                    apart = true;
                }
            }
            if !version.name.is_empty() {
                words.push(' ');
                words.push_str(&version.name);
            }
            version.name = words.into();
        }
        self.place = after;
        // `12.4.1-12.4.11`, `28-33`
        if self.op.is_none()
            && !self.to
            && let Some((low, high)) = closed_range(self.tidied, &self.atoms[start..after])
        {
            self.push(Point::Version(Box::new(low)));
            self.to = true;
            self.push(Point::Version(Box::new(high)));
            return;
        }
        // `2018 R2 SP1 Version 2.2.0.183`, `4.04E_v10.95.210.01`
        if let Some((alias, after)) = self.second_numbering(&version, after) {
            version.alias = Some(Box::new(alias));
            self.place = after;
        }
        self.push(Point::Version(Box::new(version)));
    }

    fn second_numbering(&self, first: &Version, at: usize) -> Option<(Version, usize)> {
        let atom = self.atoms.get(at)?;
        let (second, after) = reader::read(self.tidied, self.atoms, at, Letters::Never)?;
        let ends = self.atoms.get(after).is_none_or(|next| !next.is_word() && !next.is_number());
        let dotted = second.core.len() >= 3 && second.name().is_empty() && ends;
        let named = atom.is_any(&["version", "ver"]) || atom.is("v") && !self.atoms[at + 1].gap;
        let other_kind = first.has_suffix() || first.counts_years();
        (dotted && other_kind && (named || atom.is_number()) && !second.counts_years()).then_some((second, after))
    }

    fn push(&mut self, point: Point) {
        let mut op = self.op.take();
        let mut in_prose = std::mem::take(&mut self.op_in_prose) && op.is_some();
        let closes = std::mem::take(&mut self.to) && !self.parsed.items.is_empty();
        if closes && op.is_none() {
            op = Some(Op::AtMost);
        }
        if op == Some(Op::Not) {
            if let Point::Version(version) = point {
                self.parsed.except.push(*version);
            }
            return;
        }
        if let Some(before) = self.parsed.items.last_mut()
            && op.is_none()
            && !before.closes
        {
            let one_clause = before.clause == self.clause;
            let named_apart = match (&before.point, &point) {
                (Point::Version(before), Point::Version(now)) => !now.name().is_empty() && now.name() != before.name(),
                _ => false,
            };
            if one_clause && named_apart {
                // `FPGA 10.19 CPU 2.0.6`: of one device, so both must hold.
                if let (None, Point::Version(version)) = (before.op, point) {
                    self.parsed.conditions.push(Condition::component(*version));
                }
                return;
            }
            if before.op.is_some_and(Op::is_upper) && (one_clause && !before.after || before.in_prose) {
                match (&before.point, &point) {
                    // `< 3.3 SP1 3.x`
                    (_, Point::Version(line)) if line.has_wildcard() && one_clause => {
                        self.parsed.line = Some(Version::clone(line));
                        return;
                    }
                    // `< 9 Linux Image 2019-12-13`: that version, built before that day.
                    (Point::Version(_), Point::Date(date)) => {
                        before.op = Some(Op::AtMost);
                        self.parsed.conditions.push(Condition::dated(
                            &format!("built before {date}"),
                            Op::Below,
                            *date,
                        ));
                        return;
                    }
                    // `<v36.011_v35.013_v34.014`, `prior to 1.99, 2.20 or 2.40`: the sign holds for each.
                    _ => {
                        op = before.op;
                        in_prose = before.in_prose;
                    }
                }
            }
        }
        self.parsed.items.push(Item { op, point, clause: self.clause, closes, in_prose, after: false });
    }

    fn act(&mut self, action: Action, after: usize) {
        let start = self.place;
        self.place = after;
        match action {
            Action::Before(op) => {
                if self.between {
                    self.between = false;
                }
                self.parsed.garbled |= self.op.is_some_and(|before| before != op);
                // `9.3.0 and later up to but not including 9.3.8`
                if let Some(item) = self.parsed.items.last()
                    && item.clause == self.clause
                    && item.op == Some(Op::AtLeast)
                {
                    self.to = op.is_upper();
                }
                self.op = Some(op);
                self.op_in_prose = true;
            }
            Action::After(op) => self.after(op, start),
            Action::To => {
                self.name = None;
                self.to = self.parsed.items.last().is_some_and(|item| item.clause == self.clause || self.between);
            }
            Action::Between => {
                self.between = true;
                self.parsed.soft = true;
            }
            Action::All => {
                self.leave_words(start);
                self.parsed.all = true;
            }
            Action::Nothing => self.parsed.nothing = true,
            Action::Skip => {}
            Action::Split => self.and(start),
            Action::Except => {
                let rest = &self.atoms[start..];
                self.read_exceptions(rest);
                self.place = self.atoms.len();
            }
            Action::PerhapsEarlier => self.parsed.perhaps_earlier = true,
            // `Advanced Edition for PRIMEFLEX V2.8.0.060`
            Action::Note if self.atoms[start].is("for") && self.parsed.items.is_empty() && self.name.is_some() => {}
            Action::Note if self.atoms.get(start + 1).is_some_and(|next| next.is("hotfixes")) => {
                // `2.11 including hotfixes`: whatever follows 2.11.
                if let Some(Item { point: Point::Version(version), .. }) = self.parsed.items.last_mut()
                    && !version.has_suffix()
                {
                    version.core.push(Segment::Any);
                }
            }
            Action::Note => self.skip_to_separator(),
            Action::Condition => {
                self.leave_words(start);
                self.condition(start);
            }
            Action::Product => self.product(),
        }
    }

    /// `3.1 and earlier`: the sign belongs to the version before it.
    fn after(&mut self, op: Op, start: usize) {
        self.leave_words(start);
        let Some(item) = self.parsed.items.last_mut() else { return };
        match item.op {
            None => {
                item.op = Some(op);
                item.after = true;
            }
            // `<= 2.3.6 and below` says it twice.
            Some(before) if before.is_upper() && op.is_upper() => {}
            Some(before) if before.is_lower() && op.is_lower() => {}
            Some(_) if item.closes => {}
            Some(_) => self.parsed.garbled = true,
        }
        // `3.3 SP1 and earlier 3.x versions`
        if let Some((line, after)) = reader::read(self.tidied, self.atoms, self.place, Letters::Never)
            && line.has_wildcard()
        {
            self.parsed.line = Some(line);
            self.place = after;
        }
    }

    /// `and` between versions ends an entry; before words and a sign it adds a condition.
    fn and(&mut self, start: usize) {
        if self.between {
            self.between = false;
            self.to = true;
            return;
        }
        let words = self.atoms[self.place..]
            .iter()
            .take_while(|atom| atom.is_word() || atom.is_sign('(') || atom.is_sign(')') || atom.is_sign('-'));
        let n_words = words.count();
        let sign = self.atoms.get(self.place + n_words).is_some_and(|atom| atom.is_sign('<') || atom.is_sign('>'));
        let names = self.atoms.get(self.place).is_some_and(|atom| atom.is_word() && !is_noise(atom));
        let prose = phrase(self.atoms, self.place).is_some();
        let has_item = !self.parsed.items.is_empty() || self.parsed.all;
        if sign && names && n_words > 0 && !prose && has_item {
            self.leave_words(start);
            self.condition(start);
            return;
        }
        self.leave_words(start);
        self.clause += 1;
    }

    fn skip_to_separator(&mut self) {
        self.leave_words(self.place.saturating_sub(1).max(self.name.unwrap_or(0)));
        while self.atoms.get(self.place).is_some_and(|atom| !atom.is_sign('|') && !atom.is_sign(';')) {
            self.place += 1;
        }
    }

    /// Everything up to the next bar is a condition.
    fn condition(&mut self, start: usize) {
        let length = self.atoms[start..].iter().position(|atom| atom.is_sign('|') || atom.is_sign(';'));
        let mut end = length.map_or(self.atoms.len(), |length| start + length);
        // A bracket that opened before the condition is closed by the caller.
        while end > start && self.atoms[end - 1].is_sign(')') && !has_open(&self.atoms[start..end]) {
            end -= 1;
        }
        let main = self.op.take().or_else(|| self.parsed.items.last().and_then(|item| item.op));
        if self.parsed.items.is_empty() && self.parsed.products.is_empty() {
            self.parsed.all = true;
        }
        self.parsed.conditions.extend(condition::read(self.tidied, &self.atoms[start..end], main));
        self.place = end;
    }

    fn product(&mut self) {
        while self.atoms.get(self.place).is_some_and(|atom| atom.is_sign(':') || atom.is_sign('.')) {
            self.place += 1;
        }
        let start = self.place;
        if start < self.atoms.len() {
            self.place = after_word(self.atoms, start);
            self.parsed.products.push(text_of(self.tidied, &self.atoms[start..self.place]).to_owned());
        }
        self.name = None;
    }
}

/// The place after the word (all that is glued together) at this place.
pub(crate) fn after_word(atoms: &[Atom<'_>], at: usize) -> usize {
    let mut after = at + 1;
    while atoms.get(after).is_some_and(|atom| !atom.gap && !['|', ',', ';', ')'].iter().any(|&sign| atom.is_sign(sign)))
    {
        after += 1;
    }
    after
}

/// Nothing but a sign is glued before this place.
fn starts_word(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms[at].gap || at == 0 || matches!(atoms[at - 1].kind, Kind::Sign('<' | '>' | '=' | '|' | '(' | ',' | ':'))
}

fn has_open(atoms: &[Atom<'_>]) -> bool {
    atoms.iter().filter(|atom| atom.is_sign('(')).count() >= atoms.iter().filter(|atom| atom.is_sign(')')).count()
}

/// A word of seven or more hexadecimal digits with letters among them.
fn commit(atoms: &[Atom<'_>], at: usize) -> Option<usize> {
    let mut after = at;
    let (mut length, mut changes) = (0, 0);
    while let Some(atom) = atoms.get(after) {
        let belongs = (after == at || !atom.gap) && (atom.is_number() || atom.is_word());
        if !belongs {
            break;
        }
        if !atom.text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        length += atom.text.len();
        changes += 1;
        after += 1;
    }
    let alone = atoms.get(after).is_none_or(|atom| atom.gap || atom.is_sign('|') || atom.is_sign(')'));
    (length >= 7 && changes >= 4 && alone && starts_word(atoms, at)).then_some(after)
}

/// `12.4.1-12.4.11`, `28-33`, `1.265B -1.285X`: two versions of one shape with a dash between them.
fn closed_range(tidied: &str, atoms: &[Atom<'_>]) -> Option<(Version, Version)> {
    let dash = atoms.iter().position(|atom| atom.is_sign('-'))?;
    if atoms[dash + 1..].iter().any(|atom| atom.is_sign('-')) {
        return None;
    }
    let (low, low_end) = reader::read(tidied, &atoms[..dash], 0, Letters::Never)?;
    let (high, high_end) = reader::read(tidied, &atoms[dash + 1..], 0, Letters::Never)?;
    let dots = |part: &[Atom<'_>]| part.iter().filter(|atom| atom.is_sign('.')).count();
    let whole = low_end == dash && high_end == atoms.len() - dash - 1;
    let same_shape = dots(&atoms[..dash]) == dots(&atoms[dash + 1..]) && low.lead == high.lead;
    let rising = low.order(&high) == Some(std::cmp::Ordering::Less) && !low.is_chain_only() && !high.is_chain_only();
    (whole && same_shape && rising && !low.pair).then_some((low, high))
}
