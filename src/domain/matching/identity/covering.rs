//! Which parts of an entry's name a device says, letter by letter or in another spelling.

use super::{Judge, VendorFit};
use crate::domain::catalogue::is_one_letter_off;
use crate::domain::catalogue::reading::{NamePart, Strength};

impl Judge<'_> {
    pub(super) fn covers(&self, part: &NamePart) -> bool {
        if let Some(pattern) = &part.pattern {
            return self.device.spans.iter().any(|s| pattern.fits(s));
        }
        // "04/08CPU" behind a family's name lacks the letter that all its members begin with.
        let headless = || {
            part.key.starts_with(|c: char| c.is_ascii_digit())
                && part.key.bytes().any(|b| b.is_ascii_alphabetic())
                && part.key.len() >= 4
                && !self.wanted().families.is_empty()
                && self.wanted().families.iter().all(|alternatives| self.in_one_of(alternatives).is_some())
                && self.device.parts.iter().any(|own| {
                    own.key
                        .strip_suffix(&part.key)
                        .is_some_and(|head| head.len() == 1 && !head.starts_with(|c: char| c.is_ascii_digit()))
                })
        };
        self.device.spans.contains(&part.key)
            // Read the same way on both sides: `SW1DND-M` of "MaiLab SW1DND-MAILAB-M".
            || part.strength == Strength::Designator && self.device.parts.iter().any(|own| own.key == part.key)
            || headless()
            || self.is_head_of_order(part)
            || self.says_in_other_number(part)
            || self.says_with_slip(part)
            || self.is_of_vendor_column(part)
            || part.also.iter().any(|key| self.device.spans.contains(key))
    }

    /// "PERFECT HARMONY GH180 6SR5": the beginning of the order numbers, of which the row states a whole one.
    fn is_head_of_order(&self, part: &NamePart) -> bool {
        let key = part.key.as_bytes();
        let is_head = (4..=7).contains(&key.len())
            && key[0].is_ascii_digit()
            && key.iter().filter(|b| b.is_ascii_alphabetic()).count() >= 2;
        is_head
            && self.wanted().parts.len() + self.wanted().families.len() > 1
            && self.device.spans.iter().any(|own| own.len() >= 10 && own.starts_with(&part.key))
    }

    /// "Weather MicroServer" of Columbia Weather: the word stands in the vendor column.
    fn is_of_vendor_column(&self, part: &NamePart) -> bool {
        part.strength <= Strength::Word
            && part.key.len() >= 4
            && self.device.vendor_words.contains(&part.key)
            && self.wanted().parts.len() > 1
            && self.vendor_fit() == VendorFit::Same
    }

    /// "Illustra Essential" and "Illustra Essentials" are one name.
    fn says_in_other_number(&self, part: &NamePart) -> bool {
        let spans = &self.device.spans;
        let is_word = part.key.len() >= 6 && part.key.bytes().all(|b| b.is_ascii_lowercase());
        is_word
            && (part.key.strip_suffix('s').is_some_and(|one| spans.contains(one))
                || spans.contains(&format!("{}s", part.key)))
    }

    /// The row's word is the entry's but for a letter: "Cimplicitiy". Long words of the same vendor only.
    fn says_with_slip(&self, part: &NamePart) -> bool {
        part.strength == Strength::Word
            && self.device.parts.iter().any(|own| is_slip_of(own, part))
            && self.vendor_fit() == VendorFit::Same
    }

    /// The parts of the entry's name that the device does not say.
    pub(super) fn missing_parts(&self) -> Vec<&NamePart> {
        let parts = &self.wanted().parts;
        let spans = &self.device.spans;
        let mut missing: Vec<&NamePart> = Vec::new();
        let mut n = 0;
        // Several patterns in one name are a list: "FL SWITCH 3xxx 4xxx and 48xx".
        let any_pattern = parts.iter().any(|p| p.pattern.is_some() && self.covers(p));
        while n < parts.len() {
            let part = &parts[n];
            if self.covers(part) || (part.pattern.is_some() && any_pattern) {
                n += 1;
                continue;
            }
            if self.is_series_of_named(part) {
                n += 1;
                continue;
            }
            // "Q13 UDVCPU" is written in one as well.
            if let Some(next) = parts.get(n + 1)
                && part.pattern.is_none()
                && next.pattern.is_none()
                && spans.contains(&format!("{}{}", part.key, next.key))
            {
                n += 2;
                continue;
            }
            missing.push(part);
            n += 1;
        }
        missing
    }

    /// A round number in a name says which series the model beside it belongs to: "NDS-5000 Terminal Server NDS/5008".
    fn is_series_of_named(&self, part: &NamePart) -> bool {
        let split = |key: &str| {
            let letters = key.bytes().take_while(u8::is_ascii_alphabetic).count();
            let digits = key[letters..].bytes().take_while(u8::is_ascii_digit).count();
            (key[..letters].to_owned(), key[letters..letters + digits].to_owned())
        };
        let (letters, number) = split(&part.key);
        let round = number.strip_suffix("00").map(|head| head.trim_end_matches('0')).filter(|head| !head.is_empty());
        let Some(head) = round.filter(|_| part.pattern.is_none() && letters.len() + number.len() == part.key.len())
        else {
            return false;
        };
        self.wanted().parts.iter().filter(|other| other.key != part.key && other.pattern.is_none()).any(|other| {
            let (own, model) = split(&other.key);
            own == letters && model.len() == number.len() && model.starts_with(head) && self.covers(other)
        })
    }
}

/// Whether two long words of letters differ by one letter: "Adaptor", "Adapter".
pub(super) fn is_slip_of(own: &NamePart, part: &NamePart) -> bool {
    let is_long_word = |key: &str| key.len() >= 8 && key.bytes().all(|b| b.is_ascii_lowercase());
    let same_start = own.key.as_bytes().first() == part.key.as_bytes().first();
    is_long_word(&own.key)
        && is_long_word(&part.key)
        && same_start
        && is_one_letter_off(own.key.as_bytes(), part.key.as_bytes())
}
