//! A device's firmware: the text as written and what it means, in a documented partial order (`docs/versions.md`).
//!
//! People write the firmware with its product, its family, its date or its serial number around it. All of that
//! is kept: a device may show several versions (`V5.3 on ROX II 2.14.1`), and an advisory may ask for any of them.

pub(crate) mod atom;
pub(crate) mod date;
pub(crate) mod reader;
mod suffix;
#[cfg(test)]
mod tests;
pub(crate) mod version;

use std::borrow::Cow;

use atom::{Atom, split, text_of, tidy};
use date::Date;
use reader::{Letters, is_noise};
pub use version::Version;

/// The firmware (or software version) that a device shows: the text as written beside its parsed form.
///
/// Reading never fails: blank, `?`, `n/a`, `unbekannt` and their like become "not stated".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    raw: String,
    stated: bool,
    versions: Vec<Version>,
    date: Option<Date>,
    only_date: bool,
    serial_number: Option<String>,
}

impl Firmware {
    /// Reads any text. The raw text is kept as written.
    pub fn read(text: &str) -> Firmware {
        let mut firmware = Firmware {
            raw: text.to_owned(),
            stated: is_stated(text),
            versions: Vec::new(),
            date: None,
            only_date: false,
            serial_number: None,
        };
        if firmware.stated {
            firmware.fill();
        }
        firmware
    }

    /// The text as written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether the text says anything about the version.
    pub fn is_stated(&self) -> bool {
        self.stated
    }

    /// The versions found in the text, in its order; each may carry the name of what it is the version of.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version that stands for the device: the first without a name, else the first.
    pub fn main(&self) -> Option<&Version> {
        self.versions.iter().find(|version| version.name().is_empty()).or_else(|| self.versions.first())
    }

    /// The date that the text gives, alone or after a version.
    pub(crate) fn date(&self) -> Option<Date> {
        self.date
    }

    /// The text is a date and nothing else.
    pub(crate) fn is_only_date(&self) -> bool {
        self.only_date
    }

    /// The serial number, where the text holds one (`S/N 210710000123456`).
    pub fn serial_number(&self) -> Option<&str> {
        self.serial_number.as_deref()
    }

    fn fill(&mut self) {
        let tidied = tidy(&without_prefix(&without_standards(without_default(&self.raw))));
        let mut atoms = split(&tidied);
        if let Some((after, serial)) = serial_number(&atoms) {
            self.serial_number = Some(serial);
            atoms.truncate(after);
        }
        if let Some(pair) = release_pair(&tidied, &atoms) {
            self.versions.push(pair);
            return;
        }
        self.read_versions(&tidied, &atoms);
    }

    fn read_versions(&mut self, tidied: &str, atoms: &[Atom<'_>]) {
        self.date = Date::read_month(atoms);
        let mut name = String::new();
        let mut place = 0;
        // Letters alone are a version only when nothing else stands there: `N`, `Rev M`.
        let words = atoms.iter().filter(|atom| atom.is_word() && !is_noise(atom)).count();
        let lone = words == 1 && !atoms.iter().any(Atom::is_number);
        let letters = if lone { Letters::Alone } else { Letters::Never };
        while place < atoms.len() {
            if self.date.is_none()
                && atoms[place].gap
                && let Some((date, taken)) = Date::read(&atoms[place..])
            {
                self.date = Some(date);
                self.only_date |= self.versions.is_empty() && place + taken == atoms.len();
                // The same digits may be meant as a plain number.
                if taken > 1 && !self.only_date {
                    place += taken;
                    continue;
                }
            }
            let atom = &atoms[place];
            // "Release Build 2019-09-21" is a date, and no build 2019.
            let build = place + atoms[place..].iter().take_while(|atom| is_noise(atom)).count();
            if atoms.get(build).is_some_and(|atom| atom.is("build"))
                && Date::read(&atoms[build + 1..]).is_some_and(|(_, taken)| taken > 1)
            {
                place = build + 1;
                continue;
            }
            if let Some((mut version, after)) = reader::read(tidied, atoms, place, letters) {
                if !name.is_empty() {
                    let glued = std::mem::take(&mut version.name);
                    version.name = join(&name, &glued).into();
                    name.clear();
                }
                if let Some(tail) = atoms[place..after].iter().rev().find(|atom| atom.is_number()) {
                    self.date = self.date.or_else(|| Date::from_digits(tail.text));
                }
                self.versions.push(version);
                place = after;
                continue;
            }
            if let Some(after) = reader::unit_end(atoms, place) {
                name = join(&name, text_of(tidied, &atoms[place..after]));
                place = after;
                continue;
            }
            if atom.is_number() || atom.is_word() && !is_connector(atom) {
                name = join(&name, atom.text);
            } else if is_separator(atom) {
                name.clear();
            }
            place += 1;
        }
    }
}

/// `8.5.1.default`: the configuration that a version was delivered with.
fn without_default(text: &str) -> &str {
    let text = text.trim_end();
    let cut = text.len().checked_sub(".default".len()).and_then(|at| text.split_at_checked(at));
    cut.filter(|(head, tail)| tail.eq_ignore_ascii_case(".default") && head.ends_with(|c: char| c.is_ascii_digit()))
        .map_or(text, |(head, _)| head)
}

/// A text without the standards that it names: `EN100 IEC61850 V04.33.00` shows version 4.33.
fn without_standards(text: &str) -> Cow<'_, str> {
    let starts_word = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let at = text.match_indices(['I', 'i']).map(|(at, _)| at).find(|at| {
        let name = text.get(*at..at + 3).is_some_and(|name| name.eq_ignore_ascii_case("iec"));
        name && starts_word(*at)
    });
    let Some(at) = at else { return Cow::Borrowed(text) };
    let rest = &text[at + 3..];
    let number = rest.trim_start_matches([' ', '-']);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let length = number.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/')).count();
    if digits < 3 || number[length..].starts_with('.') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{} {}", &text[..at], &number[length..]))
}

/// `HiOS-2S-07.0.03`: the name of a firmware with the level of its features, glued to its version.
fn without_prefix(text: &str) -> Cow<'_, str> {
    let word = text.trim();
    let Some((head, version)) = word.rsplit_once('-') else { return Cow::Borrowed(text) };
    let name = head.bytes().take_while(u8::is_ascii_alphabetic).count();
    let level = &head[name..];
    let is_dotted = version.matches('.').count() >= 2
        && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let is_prefix = name >= 3
        && level.starts_with('-')
        && level.len() <= 6
        && level.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_dotted && is_prefix { Cow::Owned(format!("{} {version}", &head[..name])) } else { Cow::Borrowed(text) }
}

fn join(first: &str, second: &str) -> String {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second.to_owned(),
        (_, true) => first.to_owned(),
        _ => format!("{first} {second}"),
    }
}

fn is_connector(atom: &Atom<'_>) -> bool {
    is_noise(atom) || atom.is_any(&["with", "on", "and", "w", "incl", "mit", "und", "auf", "running", "in"])
}

fn is_separator(atom: &Atom<'_>) -> bool {
    [',', ';', '|', '/', '(', ')', '+'].iter().any(|&sign| atom.is_sign(sign))
}

/// Words that people write when they do not know, in the languages of our users.
const UNKNOWN: [&str; 40] = [
    "na",
    "nv",
    "unknown",
    "unk",
    "unbekannt",
    "unbek",
    "none",
    "null",
    "nil",
    "tbd",
    "tba",
    "tbc",
    "todo",
    "ka",
    "kA",
    "keine angabe",
    "nicht bekannt",
    "nicht lesbar",
    "not known",
    "not stated",
    "not readable",
    "not available",
    "not applicable",
    "unreadable",
    "illegible",
    "inconnu",
    "inconnue",
    "desconocido",
    "desconocida",
    "sconosciuto",
    "sconosciuta",
    "onbekend",
    "missing",
    "fehlt",
    "see label",
    "siehe typenschild",
    "unspecified",
    "undefined",
    "leer",
    "no data",
];

fn is_stated(text: &str) -> bool {
    // `? (02-Sep)`, `?3.1`: whoever wrote it was not sure, and neither are we.
    if text.trim_start().starts_with('?') {
        return false;
    }
    let mut plain = String::with_capacity(text.len().min(32));
    let mut gap = false;
    for character in text.chars() {
        if character.is_alphanumeric() {
            if gap && !plain.is_empty() {
                plain.push(' ');
            }
            gap = false;
            plain.extend(character.to_lowercase());
        } else if character != '/' && character != '.' {
            gap = true;
        }
        if plain.len() > 20 {
            return true;
        }
    }
    if plain.is_empty() || UNKNOWN.contains(&plain.as_str()) {
        return false;
    }
    // `xxx`, `V?`, `V x.x`, `version`: no digit, and no letter that says anything.
    let says_nothing = |word: &str| word.bytes().all(|byte| byte == b'x') && word.len() != 1;
    let noise = ["v", "ver", "version", "fw", "firmware", "rev", "x", "xx", "n a"];
    plain.bytes().any(|byte| byte.is_ascii_digit())
        || !(says_nothing(&plain) || plain.split(' ').all(|word| noise.contains(&word)))
}

/// `S/N 2107…`, `SN: 2107…`, `Serial no. 2107…`: the place where it starts and the number.
fn serial_number(atoms: &[Atom<'_>]) -> Option<(usize, String)> {
    let start = atoms.iter().enumerate().position(|(place, atom)| {
        let glued_n = atom.is("s")
            && atoms.get(place + 1).is_some_and(|slash| slash.is_sign('/'))
            && atoms.get(place + 2).is_some_and(|letter| letter.is("n"));
        glued_n || atom.is_any(&["sn", "serial", "serialnumber", "seriennummer", "sernr"])
    })?;
    let digits = atoms[start..].iter().position(Atom::is_number)? + start;
    let mut serial = String::new();
    for (place, atom) in atoms.iter().enumerate().skip(digits) {
        if place > digits && atom.gap || !(atom.is_number() || atom.is_word()) {
            break;
        }
        serial.push_str(atom.text);
    }
    Some((start, serial))
}

/// A text in which each version's second number has two digits, for makers who leave out a zero at its end: `6.4` comes
/// after `6.31`, since it is 6.40.
pub fn with_two_digit_minors(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut padded = String::with_capacity(text.len() + 4);
    for (at, c) in text.char_indices() {
        padded.push(c);
        // One digit between the first dot of a version and what is no digit.
        let behind_dot = at >= 2 && bytes[at - 1] == b'.' && is_digit(at - 2);
        let major = if behind_dot { text[..at - 1].bytes().rev().take_while(u8::is_ascii_digit).count() } else { 0 };
        let is_first = behind_dot && !text[..at - 1 - major].ends_with('.');
        if is_first && c.is_ascii_digit() && !is_digit(at + 1) {
            padded.push('0');
        }
    }
    padded
}

/// The release and version inside an identification string: `R302-V1` in `SEL-751-R302-V1-Z012004-D20220815`.
fn release_pair(tidied: &str, atoms: &[Atom<'_>]) -> Option<Version> {
    let glued = |place: usize| atoms.get(place).is_some_and(|atom| !atom.gap);
    let at = (0..atoms.len()).find(|&place| {
        atoms[place].is("r")
            && atoms.get(place + 1).is_some_and(Atom::is_number)
            && atoms.get(place + 2).is_some_and(|dash| dash.is_sign('-'))
            && atoms.get(place + 3).is_some_and(|letter| letter.is("v"))
            && atoms.get(place + 4).is_some_and(Atom::is_number)
            && (place + 1..place + 5).all(glued)
    })?;
    let (mut version, _) = reader::read(tidied, &atoms[..at + 5], at, Letters::Never)?;
    version.text = text_of(tidied, &atoms[at..at + 5]).into();
    Some(version)
}
