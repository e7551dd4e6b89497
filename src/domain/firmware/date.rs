//! Dates that stand where a version should: `April/20/2023`, `20210208`, `January 2019`.

use super::atom::Atom;
use std::cmp::Ordering;
use std::fmt;

/// A day or a month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    /// 0 when only the month is given.
    day: u8,
}

impl Date {
    /// A date from numbers; `None` when no calendar has it.
    fn new(year: u64, month: u64, day: u64) -> Option<Date> {
        if !(1980..=2099).contains(&year) || !(1..=12).contains(&month) || day > 31 {
            return None;
        }
        Some(Date { year: u16::try_from(year).ok()?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }

    /// Earlier, the same, later; `None` when one gives only the month in which the other lies.
    pub fn order(self, other: Date) -> Option<Ordering> {
        match (self.year, self.month).cmp(&(other.year, other.month)) {
            Ordering::Equal if self.day == other.day => Some(Ordering::Equal),
            Ordering::Equal if self.day == 0 || other.day == 0 => None,
            Ordering::Equal => Some(self.day.cmp(&other.day)),
            decided => Some(decided),
        }
    }

    /// Both lie in the same month.
    pub fn same_month(self, other: Date) -> bool {
        (self.year, self.month) == (other.year, other.month)
    }

    /// Only the month is given.
    pub fn is_month(self) -> bool {
        self.day == 0
    }

    /// Reads eight digits, year first: `20210208`.
    pub fn from_digits(digits: &str) -> Option<Date> {
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let day = digits[6..].parse().ok()?;
        if day == 0 { None } else { Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, day) }
    }

    /// Reads `2018-10` as a month. Only a device's text is read so: in an advisory it may be a range of numbers.
    pub fn read_month(atoms: &[Atom<'_>]) -> Option<Date> {
        let [year, dash, month] = atoms else { return None };
        let shaped = year.text.len() == 4 && month.text.len() == 2 && dash.is_sign('-') && !dash.gap && !month.gap;
        if !shaped || !year.is_number() || !month.is_number() {
            return None;
        }
        Date::new(year.text.parse().ok()?, month.text.parse().ok()?, 0)
    }

    /// Reads a date that starts at the first of these atoms: the date and how many atoms it took.
    pub fn read(atoms: &[Atom<'_>]) -> Option<(Date, usize)> {
        let first = atoms.first()?;
        if let Some(month) = month_named(first) {
            return after_month_name(atoms, month);
        }
        if !first.is_number() {
            return None;
        }
        let whole = atoms.get(1).is_none_or(|next| next.gap || !(next.is_sign('.') && followed(atoms, 1)));
        if first.text.len() == 8 && whole && !glued_word(atoms, 1) {
            return Date::from_digits(first.text).map(|date| (date, 1));
        }
        day_then_month_name(atoms).or_else(|| numbers(atoms))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        if self.day > 0 { write!(f, "-{:02}", self.day) } else { Ok(()) }
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The month that a word names, whole or by its first three letters (`Sept` too).
fn month_named(atom: &Atom<'_>) -> Option<u64> {
    if !atom.is_word() || atom.text.len() < 3 {
        return None;
    }
    let found = MONTHS.iter().position(|name| {
        atom.text.eq_ignore_ascii_case(name)
            || (atom.text.len() <= 4
                && name.get(..atom.text.len()).is_some_and(|head| atom.text.eq_ignore_ascii_case(head)))
    })?;
    u64::try_from(found + 1).ok()
}

/// The number at this place, past the signs that stand between parts of a date, and the place after it.
fn next_number(atoms: &[Atom<'_>], mut at: usize) -> Option<(u64, usize, usize)> {
    while atoms.get(at).is_some_and(|atom| ['/', '-', ',', '.'].iter().any(|&sign| atom.is_sign(sign))) {
        at += 1;
    }
    let atom = atoms.get(at)?;
    if atom.is_number() && atom.text.len() <= 4 {
        Some((atom.text.parse().ok()?, atom.text.len(), at + 1))
    } else {
        None
    }
}

fn followed(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at + 1).is_some_and(|next| !next.gap && (next.is_number() || next.is_word()))
}

fn glued_word(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at).is_some_and(|next| !next.gap && (next.is_word() || next.is_sign('(')))
}

/// `January 2019`, `April/20/2023`, `March 13, 2019`.
fn after_month_name(atoms: &[Atom<'_>], month: u64) -> Option<(Date, usize)> {
    let (first, digits, after) = next_number(atoms, 1)?;
    if digits == 4 {
        return Date::new(first, month, 0).map(|date| (date, after));
    }
    let (year, digits, after) = next_number(atoms, after)?;
    if digits != 4 || first == 0 {
        return None;
    }
    Date::new(year, month, first).map(|date| (date, after))
}

/// `20-Apr-2023`, `20 April 2023`.
fn day_then_month_name(atoms: &[Atom<'_>]) -> Option<(Date, usize)> {
    let day: u64 = atoms.first()?.text.parse().ok()?;
    let mut at = 1;
    while atoms.get(at).is_some_and(|atom| atom.is_sign('-') || atom.is_sign('.') || atom.is_sign('/')) {
        at += 1;
    }
    let month = month_named(atoms.get(at)?)?;
    let (year, digits, after) = next_number(atoms, at + 1)?;
    if digits != 4 || day == 0 {
        return None;
    }
    Date::new(year, month, day).map(|date| (date, after))
}

/// `2019-09-21`, `2021-8-13`, `8/30/2024`.
fn numbers(atoms: &[Atom<'_>]) -> Option<(Date, usize)> {
    let sign = atoms.get(1)?.kind;
    let (first, second, third) = (atoms.first()?, atoms.get(2)?, atoms.get(4)?);
    let glued = atoms.get(1..5)?.iter().all(|atom| !atom.gap);
    if !glued || !second.is_number() || !third.is_number() || atoms.get(3)?.kind != sign || glued_word(atoms, 5) {
        return None;
    }
    let value = |atom: &Atom<'_>| atom.text.parse::<u64>().ok();
    let date = match sign {
        super::atom::Kind::Sign('-') if first.text.len() == 4 && third.text.len() <= 2 => {
            Date::new(value(first)?, value(second)?, value(third)?)
        }
        super::atom::Kind::Sign('/') if third.text.len() == 4 => {
            Date::new(value(third)?, value(first)?, value(second)?)
        }
        _ => None,
    }?;
    if date.day == 0 || continues(atoms, 5) { None } else { Some((date, 5)) }
}

/// The text goes on as a longer number would: `2019-09-21.4`.
fn continues(atoms: &[Atom<'_>], at: usize) -> bool {
    atoms.get(at).is_some_and(|atom| !atom.gap && (atom.is_sign('-') || atom.is_sign('.')) && followed(atoms, at))
}

#[cfg(test)]
mod tests {
    use super::super::atom::{split, tidy};
    use super::*;

    fn read(text: &str) -> Option<String> {
        let tidied = tidy(text);
        let atoms = split(&tidied);
        Date::read(&atoms).filter(|&(_, taken)| taken == atoms.len()).map(|(date, _)| date.to_string())
    }

    #[test]
    fn dates_in_many_spellings() {
        for (text, expected) in [
            ("April/20/2023", "2023-04-20"),
            ("march 13, 2019", "2019-03-13"),
            ("January 2019", "2019-01"),
            ("Feb 10 2021", "2021-02-10"),
            ("May_1_2024", "2024-05-01"),
            ("20-Apr-2023", "2023-04-20"),
            ("2019-09-21", "2019-09-21"),
            ("2021-8-13", "2021-08-13"),
            ("8/30/2024", "2024-08-30"),
            ("20210208", "2021-02-08"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_are_no_dates() {
        for text in ["16102416", "2.9.4", "20211399", "12.4.1-12.4.11", "may be affected", "V2019-09-21"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_and_a_day_in_it_are_not_ordered() {
        let month = Date::new(2019, 1, 0).unwrap();
        assert_eq!(month.order(Date::new(2019, 1, 15).unwrap()), None);
        assert_eq!(month.order(Date::new(2019, 2, 15).unwrap()), Some(Ordering::Less));
    }
}
