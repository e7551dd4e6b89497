//! What a spreadsheet program did to a value, as far as the cell tells.

use crate::domain::inventory::{Field, RowWarningKind};

use super::number_format::general;
use super::raw::Kind;
use super::{values, words};

/// A cell's damage: what kind, and one sentence.
pub type Damage = (RowWarningKind, String);

/// From this many digits on, a spreadsheet shows a number without a format in scientific notation.
const SHOWN_SCIENTIFIC: f64 = 1e11;
/// Digits that a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;

/// Looks at one value of a field. `kind` is what the file keeps, `stored` the number behind the text.
pub fn look(field: Field, text: &str, kind: Kind, stored: Option<f64>, out: &mut Vec<Damage>) {
    use RowWarningKind::*;
    match field {
        Field::Firmware => {
            if kind == Kind::Date {
                out.push((
                    FirmwareDate,
                    format!("the cell is a date shown as {text}; the version that was typed is lost"),
                ));
            } else if kind == Kind::Number {
                let detail = match stored.map(general) {
                    Some(number) if number != text => format!("the cell shows {text}, stored is the number {number}"),
                    _ => format!("the cell holds the number {text}; zeros at its end may be lost ({text}0)"),
                };
                out.push((FirmwareNumber, detail));
            } else if values::looks_like_date(text) {
                out.push((
                    FirmwareDate,
                    format!("`{text}` is a date; it may have been a version before a spreadsheet changed it"),
                ));
            }
            if values::is_scientific(text) {
                out.push((ScientificNotation, format!("`{text}` is in scientific notation; digits are lost")));
            }
        }
        Field::SerialNumber | Field::PartNumber | Field::AssetId | Field::Model => {
            let scientific = values::is_scientific(text);
            let shown_scientific =
                kind == Kind::Number && stored.is_some_and(|n| n.abs() >= SHOWN_SCIENTIFIC && general(n) == text);
            if scientific || shown_scientific {
                out.push((
                    ScientificNotation,
                    format!("a spreadsheet shows this number in scientific notation; read as `{text}`"),
                ));
            }
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let only_digits = digits == text.len();
            let rounded_number = stored.is_some_and(|n| n.abs() >= 1e15);
            let rounded_text =
                only_digits && digits > KEPT_DIGITS && text.as_bytes()[KEPT_DIGITS..].iter().all(|b| *b == b'0');
            let lost = scientific && kind == Kind::Text;
            if rounded_number || rounded_text || (lost && field == Field::SerialNumber) {
                out.push((
                    RoundedSerial,
                    format!("`{text}` was rounded: a spreadsheet keeps {KEPT_DIGITS} digits of a number"),
                ));
            }
        }
        _ => {}
    }
    if matches!(field, Field::PartNumber | Field::Model | Field::Firmware | Field::SerialNumber)
        && let Some(odd) = look_alike(text)
    {
        out.push((LookAlike, format!("`{text}` has {odd}")));
    }
    if matches!(
        field,
        Field::Vendor
            | Field::Model
            | Field::PartNumber
            | Field::SerialNumber
            | Field::Firmware
            | Field::HardwareRevision
    ) && (words::is_not_stated(text) || (field == Field::SerialNumber && text.bytes().all(|b| b == b'0')))
    {
        out.push((NotStatedWord, format!("`{text}` is read as not stated")));
    }
}

/// Letters of another script that look like Latin ones, wide forms, dashes from a text program.
fn look_alike(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
    let other = |c: char| matches!(c, 'А'..='я' | 'Ѐ'..='џ' | 'Α'..='ω');
    if text.split([' ', '-', '/']).any(|w| w.contains(other) && w.bytes().any(|b| b.is_ascii_alphabetic())) {
        return Some("letters of another script that look like Latin ones");
    }
    for c in text.chars() {
        match c {
            '\u{ff01}'..='\u{ff5e}' => return Some("full-width characters"),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => return Some("a dash that is no hyphen"),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(field: Field, text: &str, kind: Kind, stored: Option<f64>) -> Vec<&'static str> {
        let mut out = Vec::new();
        look(field, text, kind, stored, &mut out);
        out.into_iter().map(|d| d.0.word()).collect()
    }

    #[test]
    fn ok_damage_is_told_by_field_text_and_kind() {
        use Field::*;
        for (field, text, kind, stored, want) in [
            (Firmware, "3.10", Kind::Number, Some(3.1), vec!["firmware-number"]),
            (Firmware, "3.10", Kind::Text, None, vec![]),
            (Firmware, "02-Sep", Kind::Date, Some(45537.0), vec!["firmware-date"]),
            (Firmware, "01. Okt", Kind::Text, None, vec!["firmware-date"]),
            (Firmware, "n/a", Kind::Text, None, vec!["not-stated-word"]),
            (PartNumber, "4,01508E+12", Kind::Text, None, vec!["scientific-notation"]),
            (SerialNumber, "6,0E+12", Kind::Text, None, vec!["scientific-notation", "rounded-serial"]),
            (PartNumber, "4015081967380", Kind::Number, Some(4015081967380.0), vec!["scientific-notation"]),
            (PartNumber, "2700976", Kind::Number, Some(2700976.0), vec![]),
            (
                SerialNumber,
                "180910331220012000",
                Kind::Number,
                Some(1.80910331220012E+17),
                vec!["scientific-notation", "rounded-serial"],
            ),
            (SerialNumber, "180910331220012", Kind::Text, None, vec![]),
            (SerialNumber, "1809103312200120000", Kind::Text, None, vec!["rounded-serial"]),
            (SerialNumber, "71234E06", Kind::Text, None, vec![]),
            (SerialNumber, "0", Kind::Text, None, vec!["not-stated-word"]),
            (PartNumber, "6ЕS7", Kind::Text, None, vec!["look-alike"]),
            (Model, "СП310", Kind::Text, None, vec![]),
            (Notes, "n/a", Kind::Text, None, vec![]),
        ] {
            assert_eq!(kinds(field, text, kind, stored), want, "{field:?} {text}");
        }
    }
}
