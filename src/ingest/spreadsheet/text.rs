//! Texts as a person reads them: trimmed, white space collapsed, invisible characters dropped.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Characters that take no room on paper: zero-width, byte-order and direction marks, soft hyphens, control bytes.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
        || (c.is_control() && !c.is_whitespace())
}

/// The text trimmed, inner white space collapsed to one blank, invisible characters dropped.
pub fn clean(text: &str) -> Cow<'_, str> {
    let tidy = |t: &str| {
        let mut last_blank = true;
        for b in t.bytes() {
            // Plain printable ASCII with single blanks is the usual case and needs no copy.
            if !(0x20..0x7f).contains(&b) || (b == b' ' && last_blank) {
                return false;
            }
            last_blank = b == b' ';
        }
        !last_blank || t.is_empty()
    };
    if tidy(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    Cow::Owned(out)
}

/// The form in which words are compared: compatibility forms unified, lower case, accents dropped, `ß` as `ss`.
/// Blanks and signs stay.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
    // Letters with a stroke or without a dot are letters of their own to Unicode, and typed without by people.
    let plain = |c: char| match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        'ı' => 'i',
        other => other,
    };
    let bare = lower.nfd().filter(|c| !matches!(*c, '\u{300}'..='\u{36f}')).map(plain);
    bare.nfc().collect::<String>().replace('ß', "ss")
}

/// `fold` with everything dropped that is neither letter nor digit: `F/W-rev.` becomes `fwrev`.
pub fn key(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric() || *c == '゙' || *c == '゚').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_text_is_cleaned_as_a_person_reads_it() {
        for (raw, shown) in [
            ("V2.9.4", "V2.9.4"),
            ("  V5.5.0\u{a0}", "V5.5.0"),
            ("V16.0.0.1\n", "V16.0.0.1"),
            ("SIMATIC\u{200b} KTP1200   Basic", "SIMATIC KTP1200 Basic"),
            ("two\r\nlines", "two lines"),
            ("a\u{0}b", "ab"),
            ("", ""),
            ("  ", ""),
        ] {
            assert_eq!(clean(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn ok_header_keys_ignore_case_accents_and_signs() {
        for (raw, want) in [
            ("F/W rev.", "fwrev"),
            ("Numéro de Série", "numerodeserie"),
            ("Größe", "grosse"),
            ("Zakład", "zaklad"),
            ("Yazılım", "yazilim"),
            ("シリアル№", "シリアルno"),
            ("ﾒｰｶｰ", "メーカー"),
            ("제조사", "제조사"),
            ("N° d'inventaire", "ndinventaire"),
        ] {
            assert_eq!(key(raw), want, "{raw:?}");
        }
    }
}
