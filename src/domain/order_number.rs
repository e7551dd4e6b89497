//! Order numbers: the article or catalogue numbers that identify a product best, and patterns over them.
//!
//! Blanks, dashes, slashes, dots and case are noise; every letter and digit counts.

use rustc_hash::FxHashMap;

use super::vendor::fold;

/// The letters and digits of a text, folded: the form in which order numbers and designators are compared.
pub fn squash(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(char::is_alphanumeric);
    folded
}

/// One sign of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sign {
    Is(u8),
    /// `#`: one digit.
    Digit,
    /// `?`: any one character.
    Any,
    /// `[ABC]`, `[1-8]`: one of these.
    OneOf(Vec<u8>),
    /// `+`: one digit or more.
    Digits,
    /// `*`: any run, also none.
    Run,
}

/// A pattern over squashed texts: `#` one digit, `?` one character, `[ABC]` or `[1-8]` one of these, `*` any run,
/// `+` a run of digits; everything else stands for itself. Blanks, dashes and case are noise, here as in the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    signs: Vec<Sign>,
    literal_start: usize,
}

impl Pattern {
    /// Reads a pattern; any text is one.
    pub fn read(text: &str) -> Pattern {
        let folded = fold(text);
        let mut signs = Vec::with_capacity(folded.len());
        let mut chars = folded.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '#' => signs.push(Sign::Digit),
                '?' => signs.push(Sign::Any),
                '+' => signs.push(Sign::Digits),
                '*' if signs.last() != Some(&Sign::Run) => signs.push(Sign::Run),
                '[' => {
                    let mut one_of: Vec<u8> = Vec::new();
                    let mut inside = String::new();
                    for d in chars.by_ref() {
                        if d == ']' {
                            break;
                        }
                        inside.push(d);
                    }
                    let bytes = inside.as_bytes();
                    let mut at = 0;
                    while at < bytes.len() {
                        if at + 2 < bytes.len() && bytes[at + 1] == b'-' {
                            one_of.extend(bytes[at]..=bytes[at + 2]);
                            at += 3;
                        } else {
                            one_of.push(bytes[at]);
                            at += 1;
                        }
                    }
                    signs.push(if one_of.is_empty() { Sign::Any } else { Sign::OneOf(one_of) });
                }
                c if c.is_alphanumeric() => signs.extend(c.to_string().bytes().map(Sign::Is)),
                _ => {}
            }
        }
        let literal_start = signs.iter().take_while(|s| matches!(s, Sign::Is(_))).count();
        Pattern { signs, literal_start }
    }

    /// The letters and digits in front of the first sign that stands for others.
    pub fn literal_start(&self) -> String {
        let bytes: Vec<u8> =
            self.signs[..self.literal_start].iter().map(|s| if let Sign::Is(b) = s { *b } else { b'?' }).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether the pattern stands for itself only.
    pub fn is_literal(&self) -> bool {
        self.literal_start == self.signs.len()
    }

    /// Whether every text that fits has the same number of characters.
    pub fn has_fixed_length(&self) -> bool {
        !self.signs.iter().any(|s| matches!(s, Sign::Run | Sign::Digits))
    }

    /// How many characters are given: a measure of how much a fit says.
    pub fn n_literals(&self) -> usize {
        self.signs.iter().filter(|s| matches!(s, Sign::Is(_))).count()
    }

    /// Whether the whole squashed text fits.
    pub fn fits(&self, squashed: &str) -> bool {
        fits(&self.signs, squashed.as_bytes())
    }
}

fn fits(signs: &[Sign], text: &[u8]) -> bool {
    // The usual walk with one point to go back to: the last run.
    let (mut s, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match signs.get(s) {
            None if t == text.len() => return true,
            None => false,
            Some(Sign::Run) => {
                back = Some((s + 1, t));
                s += 1;
                continue;
            }
            Some(Sign::Digits) => {
                let n = text[t..].iter().take_while(|b| b.is_ascii_digit()).count();
                if n > 0 {
                    t += n - 1;
                    true
                } else {
                    false
                }
            }
            Some(sign) => text.get(t).is_some_and(|b| match sign {
                Sign::Is(c) => c == b,
                Sign::Digit => b.is_ascii_digit(),
                Sign::OneOf(set) => set.contains(b),
                _ => true,
            }),
        };
        if step {
            s += 1;
            t += 1;
        } else if let Some((bs, bt)) = back
            && bt < text.len()
        {
            back = Some((bs, bt + 1));
            s = bs;
            t = bt + 1;
        } else {
            return false;
        }
    }
}

/// Many patterns with a value each, found by their literal start.
#[derive(Clone, Debug)]
pub struct PatternSet<T> {
    by_start: FxHashMap<Vec<u8>, Vec<(Pattern, T)>>,
}

/// So many characters of the literal start serve as the key; longer keys would cost more look-ups per text.
const KEY_LENGTH: usize = 4;

impl<T> Default for PatternSet<T> {
    fn default() -> Self {
        PatternSet { by_start: FxHashMap::default() }
    }
}

impl<T> PatternSet<T> {
    /// Adds a pattern.
    pub fn insert(&mut self, pattern: Pattern, value: T) {
        let mut key = pattern.literal_start().into_bytes();
        key.truncate(KEY_LENGTH);
        self.by_start.entry(key).or_default().push((pattern, value));
    }

    /// Calls `found` for each pattern that fits the squashed text.
    pub fn each_fit<'a>(&'a self, squashed: &str, mut found: impl FnMut(&'a Pattern, &'a T)) {
        let bytes = squashed.as_bytes();
        for n in 0..=KEY_LENGTH.min(bytes.len()) {
            if let Some(list) = self.by_start.get(&bytes[..n]) {
                for (pattern, value) in list {
                    // A key shorter than the limit is the whole literal start; the pattern itself checks the rest.
                    if pattern.fits(squashed) {
                        found(pattern, value);
                    }
                }
            }
        }
    }

    /// All patterns with their values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &(Pattern, T)> {
        self.by_start.values().flatten()
    }
}

/// Where two squashed order numbers first differ, counted from 1 over letters and digits; `None` when equal.
pub fn differs_at(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    Some(a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_cover_what_they_should() {
        for (pattern, text, expected) in [
            ("6ES7###-#????-????", "6ES7 511-1AK02-0AB0", true),
            ("6ES7###-#????-????", "6ES7511-1AK02-0AB", false),
            ("BMXP34*", "BMX P34 2020", true),
            ("BMEP58*S", "BMEP584040S", true),
            ("BMEP58*S", "BMEP584040", false),
            ("1756-L8?", "1756-L83E", false),
            ("1756-L8?*", "1756-L83E", true),
            ("PM8###*", "PM8240", true),
            ("PM8###*", "PM824", false),
            ("[XW]204-[1-4]", "X204-2", true),
            ("[XW]204-[1-4]", "X204-6", false),
            ("FX5U+M*", "FX5U-32MT/ES", true),
            ("FX5U+M*", "FX5UC-32MT/D", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(Pattern::read(pattern).fits(&squash(text)), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_place_of_the_difference_is_told() {
        assert_eq!(differs_at(&squash("6ES7 315-2EK13-0AB0"), &squash("6ES7 315-2EK14-0AB0")), Some(12));
        assert_eq!(differs_at("a", "a"), None);
    }

    proptest! {
        #[test]
        fn case_blanks_and_dashes_never_change_a_match(text in "[A-Z0-9]{4,14}", at in 0usize..4, sign in "[ -]") {
            let mut spelled = text.to_lowercase();
            spelled.insert_str(at, &sign);
            prop_assert_eq!(squash(&spelled), squash(&text));
            prop_assert!(Pattern::read(&text).fits(&squash(&spelled)));
        }

        #[test]
        fn reading_never_panics(pattern in ".{0,30}", text in ".{0,30}") {
            let _ = Pattern::read(&pattern).fits(&squash(&text));
        }
    }
}
