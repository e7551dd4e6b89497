//! Serial numbers in place of versions: `<=the_first_5_digits_of_serial_number_22031`.

use super::{Place, product};
use crate::domain::firmware::atom::Atom;

/// A bound on the first characters of the device's serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SerialRule {
    /// How many leading characters count.
    n_characters: usize,
    /// The last affected value; upper case.
    last: String,
}

impl SerialRule {
    /// Reads a text that speaks of the first digits of a serial number; `None` for any other.
    pub(crate) fn read(atoms: &[Atom<'_>]) -> Option<SerialRule> {
        let speaks = atoms.iter().any(|atom| atom.is_any(&["serial"]));
        let digits = atoms.iter().position(|atom| atom.is_any(&["digits", "digit"]))?;
        if !speaks {
            return None;
        }
        let n_characters = digits.checked_sub(1).and_then(|before| count(&atoms[before]))?;
        let start = atoms.iter().enumerate().skip(digits).find(|(_, atom)| atom.is_number())?.0;
        let mut last = atoms[start].text.to_owned();
        // FX serial numbers count months 1 to 9, X, Y, Z.
        if let Some(next) = atoms.get(start + 1)
            && next.is_word()
            && !next.gap
        {
            last.push_str(next.text);
        }
        last.make_ascii_uppercase();
        (last.len() == n_characters).then_some(SerialRule { n_characters, last })
    }

    /// The bound `<= 21081` beside a product name that says "serial number 21081 and prior".
    pub(crate) fn of_name(atoms: &[Atom<'_>], product_name: &str) -> Option<SerialRule> {
        let (_, said) = product::statement(product_name)?;
        let said = said.to_lowercase();
        let signed = atoms.iter().any(|atom| atom.is_sign('<')) && atoms.iter().any(|atom| atom.is_sign('='));
        let mut numbers = atoms.iter().filter(|atom| atom.is_number());
        let (Some(number), None) = (numbers.next(), numbers.next()) else { return None };
        let speaks = said.contains("serial n") && said.contains(number.text);
        let plain = atoms.iter().all(|atom| atom.is_number() || atom.is_sign('<') || atom.is_sign('='));
        (signed && speaks && plain && (4..=8).contains(&number.text.len()))
            .then(|| SerialRule { n_characters: number.text.len(), last: number.text.to_owned() })
    }

    /// Where a serial number lies; `Unclear` when it is blank or too short.
    pub(crate) fn place(&self, serial_number: &str) -> Place {
        match self.start_of(serial_number) {
            Some(start) if start.as_str() <= self.last.as_str() => Place::Inside,
            Some(_) => Place::Outside,
            None => Place::Unclear,
        }
    }

    /// The characters of the serial number that count, in upper case.
    pub(crate) fn start_of(&self, serial_number: &str) -> Option<String> {
        let mut plain: String =
            serial_number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        for prefix in ["SERIALNUMBER", "SERIALNO", "SERIAL", "SNO", "SN"] {
            if let Some(rest) = plain.strip_prefix(prefix) {
                plain = rest.to_owned();
                break;
            }
        }
        let start: String = plain.chars().take(self.n_characters).collect();
        let begins_with_digits = start.bytes().take(2).all(|byte| byte.is_ascii_digit());
        (start.len() == self.n_characters && begins_with_digits).then_some(start)
    }

    /// The rule in words.
    pub(crate) fn in_words(&self) -> String {
        format!("serial numbers whose first {} digits are up to {}", self.n_characters, self.last)
    }

    pub(crate) fn last(&self) -> &str {
        &self.last
    }
}

fn count(atom: &Atom<'_>) -> Option<usize> {
    const WORDS: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
    if atom.is_number() {
        return atom.text.parse().ok().filter(|&count| (1..=12).contains(&count));
    }
    WORDS.iter().position(|word| atom.is(word)).map(|place| place + 1)
}
