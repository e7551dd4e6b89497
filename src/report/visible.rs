//! Text of others made safe to look at: control and zero-width characters as visible marks, numbers with separators.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every control, zero-width and direction-changing character as a visible mark.
///
/// ASCII controls become their pictures (`␛` for ESC), the others their number (`⟨U+202E⟩`), so that no value can
/// steer a terminal, hide a part of itself or reverse the text around it. Line breaks and tabs are marked too.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// Like [`visible`], but runs of line breaks, tabs and blanks become one blank: prose on one line.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r', '\t']) && !text.contains("  ") {
        return visible(text);
    }
    let words: Vec<&str> = text.split([' ', '\n', '\r', '\t']).filter(|word| !word.is_empty()).collect();
    Cow::Owned(visible(&words.join(" ")).into_owned())
}

/// Appends one character, marked where it would not be seen.
fn push_visible(shown: &mut String, c: char) {
    match c {
        '\u{0}'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + c as u32)),
        '\u{7f}' => shown.push('␡'),
        c if is_hidden(c) => {
            // Writing to a String cannot fail.
            let _ = write!(shown, "⟨U+{:04X}⟩", c as u32);
        }
        c => shown.push(c),
    }
}

/// Whether a reader cannot see the character, or it changes how its neighbours are shown.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// The number in full digits with group separators: `1,208`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The count with its noun: `1 asset`, `1,208 assets`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_get_a_mark_and_others_stay() {
        for (text, shown) in [
            ("PM8000", "PM8000"),
            ("主変電所 Süd", "主変電所 Süd"),
            ("\u{1b}[31mred", "␛[31mred"),
            ("a\u{0}b\u{7f}", "a␀b␡"),
            ("gpj\u{202e}exe", "gpj⟨U+202E⟩exe"),
            ("zero\u{200b}width", "zero⟨U+200B⟩width"),
            ("c1\u{9b}31m", "c1⟨U+009B⟩31m"),
            ("two\nlines", "two␊lines"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn prose_is_folded_to_one_line() {
        assert_eq!(visible_line("update\r\n  to\t4.0.0\u{7}"), "update to 4.0.0␇");
    }

    #[test]
    fn numbers_have_group_separators() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(counted(1, "asset", "assets"), "1 asset");
        assert_eq!(counted(0, "asset", "assets"), "0 assets");
    }
}
