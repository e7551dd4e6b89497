//! Splits version texts into atoms: runs of digits, runs of letters and single signs, each knowing whether a gap
//! stands before it. Both sides, the device's firmware and the advisory's version text, go through here.

/// What an atom is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Digits only.
    Number,
    /// Letters only.
    Word,
    /// One other character.
    Sign(char),
}

/// One run of digits, one run of letters, or one sign.
#[derive(Clone, Copy, Debug)]
pub struct Atom<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Blank space (or an underscore, or the start of the text) stands before it.
    pub gap: bool,
    /// Where it starts in the tidied text, in bytes.
    pub start: usize,
}

impl Atom<'_> {
    /// Where the atom ends in the tidied text, in bytes.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }

    pub fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The word, in any case, is this one (given in lower case).
    pub fn is(&self, word: &str) -> bool {
        self.is_word() && self.text.eq_ignore_ascii_case(word)
    }

    /// The word, in any case, is one of these (given in lower case).
    pub fn is_any(&self, words: &[&str]) -> bool {
        self.is_word() && words.iter().any(|word| self.text.eq_ignore_ascii_case(word))
    }
}

/// Makes one spelling out of many: underscores and odd blanks become blanks, long dashes become `-`, `≤` becomes
/// `<=`, braces become parentheses, quotation marks go. Nothing that carries meaning is lost.
pub fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len() + 2);
    let text = text.trim();
    for (at, character) in text.char_indices() {
        match character {
            '_' => tidied.push(underscore(text, at)),
            '{' | '[' => tidied.push('('),
            '}' | ']' => tidied.push(')'),
            '"' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '`' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => tidied.push('-'),
            '≤' => tidied.push_str("<="),
            '≥' => tidied.push_str(">="),
            '\u{ff1c}' => tidied.push('<'),
            '\u{ff1e}' => tidied.push('>'),
            '…' => tidied.push_str("..."),
            '?' if is_lost_digit(&text[..at], &text[at + 1..]) => {
                tidied.truncate(tidied.trim_end().len());
                tidied.push('x');
            }
            other if other.is_whitespace() || other.is_control() || other == '\u{feff}' || other == '\u{200b}' => {
                tidied.push(' ');
            }
            other => tidied.push(other),
        }
    }
    tidied
}

/// The mark stands for a digit that was lost in the middle of a dotted number: `17.0?.10`.
fn is_lost_digit(before: &str, after: &str) -> bool {
    let number = before.trim_end_matches([' ', '_']).rsplit([' ', '_']).next().unwrap_or_default();
    let mut next = after.chars();
    number.contains('.')
        && number.ends_with(|c: char| c.is_ascii_digit())
        && next.next() == Some('.')
        && next.next().is_some_and(|c| c.is_ascii_digit())
}

/// Joins two dotted numbers to one, as a dash does, but never means a range.
pub const JOINT: char = '\u{2011}';

/// An underscore is a dot between numbers of a word without dots (`5_7_04_6469`), a joint between dotted numbers
/// (`14.00.15.00_51.25.00.01`), else a blank.
fn underscore(text: &str, at: usize) -> char {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let word_before = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word_after = after.split(char::is_whitespace).next().unwrap_or_default();
    let numbers = before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
    let dotted = |word: &str| word.contains('.');
    let lettered =
        |word: &str| word.trim_start_matches(['<', '>', '=', 'v', 'V']).contains(|c: char| c.is_alphabetic());
    match (dotted(word_before), dotted(word_after)) {
        (false, false) if numbers => '.',
        (true, true) if numbers && !lettered(word_before) && !lettered(word_after) => JOINT,
        _ => ' ',
    }
}

/// Splits a tidied text.
pub fn split(text: &str) -> Vec<Atom<'_>> {
    let mut atoms = Vec::with_capacity(text.len() / 2 + 1);
    let mut gap = true;
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if first.is_whitespace() {
            gap = true;
            continue;
        }
        let mut end = start + first.len_utf8();
        let kind = if first.is_ascii_digit() {
            Kind::Number
        } else if first.is_alphabetic() {
            Kind::Word
        } else {
            Kind::Sign(first)
        };
        while let Some(&(at, next)) = characters.peek() {
            let belongs = match kind {
                Kind::Number => next.is_ascii_digit(),
                Kind::Word => next.is_alphabetic(),
                Kind::Sign(_) => false,
            };
            if !belongs {
                break;
            }
            end = at + next.len_utf8();
            characters.next();
        }
        atoms.push(Atom { kind, text: &text[start..end], gap, start });
        gap = false;
    }
    atoms
}

/// The text from the first to the last of these atoms, as it stands.
pub fn text_of<'a>(tidied: &'a str, atoms: &[Atom<'_>]) -> &'a str {
    match (atoms.first(), atoms.last()) {
        (Some(first), Some(last)) => tidied.get(first.start..last.end()).unwrap_or_default(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbled_separators_become_one_spelling() {
        assert_eq!(tidy("  15.2{7}E2 "), "15.2(7)E2");
        assert_eq!(tidy("V16_Update\u{a0}4"), "V16 Update 4");
        assert_eq!(tidy("1.275M\u{2014}1.280S"), "1.275M-1.280S");
        assert_eq!(tidy("≤ “26061”"), "<= 26061");
        assert_eq!(tidy("5_7_04_6469"), "5.7.04.6469");
        assert_eq!(tidy("V1.00_2017_12_15"), "V1.00 2017 12 15");
    }

    #[test]
    fn digits_letters_and_signs_part() {
        let tidied = tidy("V4.5 SP1");
        let texts: Vec<(&str, bool)> = split(&tidied).iter().map(|atom| (atom.text, atom.gap)).collect();
        assert_eq!(texts, [("V", true), ("4", false), (".", false), ("5", false), ("SP", true), ("1", false)]);
    }
}
