//! From bytes to text, and from garbled text to what was meant.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The document as text, and what was odd about its encoding.
///
/// JSON is UTF-8 without a byte order mark. Files that went through an editor or a shell may be UTF-16 with a mark,
/// or in the Windows code page of Western Europe.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => (UTF_16LE.decode_without_bom_handling(rest).0, Some("UTF-16, little endian")),
        [0xFE, 0xFF, rest @ ..] => (UTF_16BE.decode_without_bom_handling(rest).0, Some("UTF-16, big endian")),
        _ => {
            let (rest, mark) = match bytes {
                [0xEF, 0xBB, 0xBF, rest @ ..] => (rest, Some("UTF-8 with a byte order mark")),
                _ => (bytes, None),
            };
            match std::str::from_utf8(rest) {
                Ok(text) => (Cow::Borrowed(text), mark),
                Err(_) => {
                    let (text, _) = WINDOWS_1252.decode_without_bom_handling(rest);
                    (text, Some("not UTF-8; read as Windows-1252"))
                }
            }
        }
    }
}

/// The text with UTF-8 sequences restored that were read as Windows-1252 (`GeutebrÃ¼ck`); `None` if it holds none.
///
/// Only a lead character followed by the continuation characters that it announces is touched, so that a text with
/// garbled and sound letters comes out right, and only where the result is a letter or sign of European text:
/// `CAFÉ™` stays as it is. Text that was garbled twice is restored twice.
pub fn repair_mojibake(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let once = repair_once(text)?;
    Some(repair_once(&once).unwrap_or(once))
}

fn repair_once(text: &str) -> Option<String> {
    let mut repaired = String::new();
    let (mut n_copied, mut at) = (0, 0);
    while let Some(lead) = text[at..].chars().next() {
        let after = at + lead.len_utf8();
        match sequence_at(lead, &text[after..]) {
            Some((letter, length)) => {
                repaired.push_str(&text[n_copied..at]);
                repaired.push(letter);
                at = after + length;
                n_copied = at;
            }
            None => at = after,
        }
    }
    (n_copied > 0).then(|| repaired + &text[n_copied..])
}

/// The letter that `lead` and the characters after it were as UTF-8, and the length of those characters in bytes.
fn sequence_at(lead: char, rest: &str) -> Option<(char, usize)> {
    let n_continuations = match lead {
        '\u{C2}'..='\u{DF}' => 1,
        '\u{E2}' | '\u{EF}' => 2,
        _ => return None,
    };
    let mut bytes = [lead as u8, 0, 0];
    let mut length = 0;
    let mut characters = rest.chars();
    for byte in &mut bytes[1..=n_continuations] {
        let c = characters.next()?;
        *byte = continuation_byte(c)?;
        length += c.len_utf8();
    }
    let letter = std::str::from_utf8(&bytes[..=n_continuations]).ok()?.chars().next()?;
    let is_european = matches!(letter,
        '\u{A0}'..='\u{17F}' | '\u{391}'..='\u{45F}' | '\u{2000}'..='\u{2BFF}' | '\u{FB00}'..='\u{FFFD}');
    is_european.then_some((letter, length))
}

/// The byte from 0x80 to 0xBF that Windows-1252 shows as this character.
fn continuation_byte(c: char) -> Option<u8> {
    /// Windows-1252 from 0x80 on; the five places it leaves empty hold the control character itself.
    const FROM_0X80: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";
    match c {
        '\u{80}'..='\u{BF}' => Some(c as u8),
        _ => FROM_0X80.chars().position(|shown| shown == c).map(|place| 0x80 + place as u8),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn garbled_names_are_restored_and_sound_ones_left() {
        for (text, expected) in [
            ("GeutebrÃ¼ck", Some("Geutebrück")),
            ("Geutebrück", None),
            ("MÃ¼ller & Söhne", Some("Müller & Söhne")),
            ("Vendorâ€™s tool", Some("Vendor’s tool")),
            ("â‰¤ 4.1", Some("≤ 4.1")),
            ("SIMATICÂ® S7", Some("SIMATIC® S7")),
            ("ZakÅ‚ad", Some("Zakład")),
            ("GeutebrÃƒÂ¼ck", Some("Geutebrück")),
            ("CAFÉ™", None),
            ("CITÉ…»", None),
            ("MANUTENÇÃO", None),
            ("Ã", None),
            ("100 €", None),
            ("三菱電機", None),
            ("", None),
        ] {
            assert_eq!(repair_mojibake(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn encodings_are_recognised() {
        let utf_16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("{\"ü\"}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (bytes, expected, odd) in [
            (&b"{}"[..], "{}", false),
            (b"\xEF\xBB\xBF{}", "{}", true),
            (b"\"\xFC\"", "\"ü\"", true),
            (&utf_16, "{\"ü\"}", true),
            (b"", "", false),
        ] {
            let (text, oddity) = decode(bytes);
            assert_eq!((text.as_ref(), oddity.is_some()), (expected, odd), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn repairing_never_panics_and_ends_in_sound_text(text in ".*") {
            if let Some(repaired) = repair_mojibake(&text) {
                prop_assert!(repaired.chars().count() < text.chars().count());
            }
        }
    }
}
