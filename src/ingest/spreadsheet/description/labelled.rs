//! Texts of labelled values, as devices answer when they are asked and as people note type plates:
//! `Vendor: Rockwell Automation Product Name: 1769-L30ER/A LOGIX5330ER Revision: 20.12`.

use crate::domain::inventory::Field;

use super::super::header::{self, Meaning};
use super::super::text::clean;
use super::{tidy, values, words};

/// The most words of a label.
const LONGEST: usize = 4;

/// One labelled value: byte ranges of the label with its sign, and of the value behind it.
struct Labelled<'a> {
    from: usize,
    meaning: Meaning,
    value: &'a str,
}

/// The text in front of the first label, and the fields that the labels name; `None` when fewer than two labels are known.
/// A value ends where the next known label begins.
pub fn labelled(text: &str) -> Option<(&str, Vec<(Field, String)>)> {
    if !text.contains([':', '：']) {
        return None;
    }
    let found = labels(text);
    let first = found.first()?.from;
    if found.len() < 2 {
        return None;
    }
    let mut out: Vec<(Field, String)> = Vec::new();
    for one in &found {
        let Meaning::Field(field) = one.meaning else { continue };
        let Some((field, value)) = read(field, one.value) else { continue };
        if !out.iter().any(|(known, _)| *known == field) {
            out.push((field, value));
        }
    }
    Some((text[..first].trim_end_matches([' ', ',', ';', '(']), out))
}

fn labels(text: &str) -> Vec<Labelled<'_>> {
    let mut out: Vec<Labelled<'_>> = Vec::new();
    let mut behind = 0;
    for (at, sign) in text.char_indices().filter(|(_, c)| matches!(c, ':' | '：')) {
        let Some((from, meaning)) = label_before(text, behind, at) else { continue };
        if let Some(last) = out.last_mut() {
            last.value = &text[behind..from];
        }
        behind = at + sign.len_utf8();
        out.push(Labelled { from, meaning, value: &text[behind..] });
    }
    out
}

/// The longest known header that ends right before `end`: where it begins, and what it means.
fn label_before(text: &str, start: usize, end: usize) -> Option<(usize, Meaning)> {
    let before = &text[start..end];
    let mut begins: Vec<usize> = Vec::new();
    let mut last = ' ';
    for (at, c) in before.char_indices() {
        if c.is_alphanumeric() && matches!(last, ' ' | '\n' | '\r' | '\t' | ',' | ';' | '(' | '|' | '.') {
            begins.push(at);
        }
        last = c;
    }
    begins.into_iter().rev().take(LONGEST).rev().find_map(|at| {
        let label = before[at..].trim_end();
        // `Hw 2:` is a numbered column of a table, and no label.
        let known = !label.ends_with(|c: char| c.is_ascii_digit()) && header::is_known(label);
        let field = |meaning: &Meaning| matches!(meaning, Meaning::Field(f) if is_of_plate(*f));
        let senses = if known { header::senses(label) } else { Vec::new() };
        let meaning = senses.iter().map(|sense| sense.meaning).find(field).or(senses.first().map(|s| s.meaning));
        // `AF1:v6.7.2`: another label of a device that answers in short ones.
        let is_short = || {
            (2..=4).contains(&label.len())
                && label.starts_with(|c: char| c.is_ascii_uppercase())
                && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                && text[end + 1..].starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        let meaning = meaning.or_else(|| is_short().then_some(Meaning::Other))?;
        Some((start + at, meaning))
    })
}

fn is_of_plate(field: Field) -> bool {
    use Field::{Firmware, HardwareRevision, Model, PartNumber, SerialNumber, Vendor};
    matches!(field, Vendor | Model | PartNumber | Firmware | HardwareRevision | SerialNumber)
}

/// The value as its field writes it; `None` when it is none.
fn read(field: Field, value: &str) -> Option<(Field, String)> {
    let mut value = tidy(&clean(value));
    if matches!(field, Field::Firmware | Field::HardwareRevision) {
        let unnamed = ["Version ", "version ", "Ver. "].iter().find_map(|word| value.strip_prefix(word));
        value = unnamed.map_or(value.clone(), str::to_owned);
    }
    if !matches!(field, Field::Model | Field::Vendor) {
        value.truncate(value.find([',', ';']).unwrap_or(value.len()));
    }
    if field == Field::Vendor {
        // `Rockwell Automation/Allen-Bradley (1)`: the number by which a protocol knows the vendor.
        let bare = value.trim_end_matches(|c: char| c.is_ascii_digit() || c == ')').trim_end_matches(" (").len();
        value.truncate(bare);
    }
    let field = match field {
        Field::Model if values::order_form(&value) == Some(values::OrderForm::Pure) => Field::PartNumber,
        other => other,
    };
    let is_file = field == Field::PartNumber && value.ends_with(".bin");
    (is_of_plate(field) && !value.is_empty() && !words::is_not_stated(&value) && !is_file).then_some((field, value))
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;

    fn check(text: &str, want: &[(Field, &str)]) {
        let mut found = split(text, "");
        found.sort();
        let mut want: Vec<(Field, String)> = want.iter().map(|(f, v)| (*f, (*v).to_owned())).collect();
        want.sort();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn answers_of_devices_are_read_by_their_labels() {
        use Field::*;
        check(
            "Vendor: Rockwell Automation/Allen-Bradley (1) Product Name: 1756-EN2T/D Revision: 11.2 Serial: 0x00c0ffee",
            &[
                (Vendor, "Rockwell Automation/Allen-Bradley"),
                (Model, "1756-EN2T/D"),
                (Firmware, "11.2"),
                (SerialNumber, "0x00c0ffee"),
            ],
        );
        check(
            "Module: 6ES7 412-2EK06-0AB0 Basic Hardware: 6ES7 412-2EK06-0AB0 Version: 6.0.3 System Name: Mill \
             Module Type: CPU 412-2 PN/DP Serial Number: S C-X4U421302009",
            &[
                (PartNumber, "6ES7 412-2EK06-0AB0"),
                (Model, "CPU 412-2 PN/DP"),
                (Firmware, "6.0.3"),
                (SerialNumber, "S C-X4U421302009"),
            ],
        );
        check(
            "Siemens, SIMATIC NET, SCALANCE XC206-2, 6GK5 206-2BS00-2AC2, HW: Version 1, FW: Version V04.03.01, SVPK0000001",
            &[
                (Vendor, "Siemens"),
                (Model, "SIMATIC NET, SCALANCE XC206-2"),
                (PartNumber, "6GK5 206-2BS00-2AC2"),
                (HardwareRevision, "1"),
                (Firmware, "V04.03.01"),
            ],
        );
        check(
            "Model name : MGate MB3170\nMAC address : 00:90:E8:00:00:01\nSerial No. : 4711\nFirmware version : 4.1",
            &[(Model, "MGate MB3170"), (SerialNumber, "4711"), (Firmware, "4.1")],
        );
        check(
            "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.7.2 PN:aos_672.bin AF1:v6.7.2 MN:AP9630 HR:08 SN: ZA1)",
            &[(Vendor, "APC"), (Model, "AP9630"), (HardwareRevision, "08"), (SerialNumber, "ZA1")],
        );
    }

    #[test]
    fn one_label_or_a_time_makes_no_labelled_text() {
        for text in [
            "Note: S7-1200",
            "MAC 00:1B:1B:40:2A:01",
            "10:32 start 10:33 stop",
            "http://a.example:80/",
            "Siemens S7-1200",
            "",
        ] {
            assert!(labelled(text).is_none(), "{text}");
        }
    }
}
