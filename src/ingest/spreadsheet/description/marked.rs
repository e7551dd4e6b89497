//! The firmware that stands in a model or a description behind a word that marks it.

use super::{FIRMWARE_LABELS, firmware_end, fold, is_several, label_length, values, words_of};

/// What marks a firmware; none of the words that may as well belong to a name (`Version 2`).
fn marks(label: &str) -> bool {
    label.starts_with('f') || label.ends_with("rev") || matches!(label, "revision" | "sv" | "固件" | "ファームウェア")
}

/// In front of a mark: the revision is that of the hardware or of a paper, or the firmware is not the one installed.
const NOT_INSTALLED: [&str; 34] = [
    "hw", "h/w", "hw/fw", "hardware", "ser", "series", "board", "drawing", "dwg", "pcb", "doc", "document", "manual",
    "to", "min", "minimum", "max", "needs", "required", "requires", "target", "latest", "planned", "old", "previous",
    "from", "until", "below", "than", "auf", "ab", "bis", "firmware", "fw",
];

/// The firmware that a text states behind a mark: `1756-L71/B rev 30.11`, `FW V2.1`. The mark is kept where it belongs to
/// the version (`SV 3.10`).
///
/// `None` for the revision of a hardware, for what stands behind another device than `model`, and for a bare `rev` with
/// a number that a hardware may have as well (`rev. B`, `rev 2.1`).
pub fn marked_firmware(text: &str, model: &str) -> Option<String> {
    let stated = fold(text);
    // Nearly all names are told by this quick look.
    let has_mark = ["fw", "f/w", "fi", "frn", "rev", "sv", "固件", "ファ"].iter().any(|mark| stated.contains(mark));
    if !has_mark || !text.bytes().any(|b| b.is_ascii_digit()) || is_several(text) {
        return None;
    }
    let words = words_of(text);
    let model = fold(model);
    let of_another = |word: &str| values::is_designator(word) && model != stated && !model.contains(&fold(word));
    (0..words.len()).find_map(|at| {
        let (label, keep) =
            FIRMWARE_LABELS.iter().find(|(label, _)| marks(label) && label_length(&words, at, label) > 0)?;
        let length = label_length(&words, at, label);
        let value = words.get(at + length)?;
        let before = at.checked_sub(1).map_or("", |before| words[before].1);
        let fits = match *label {
            "rev" | "revision" => is_no_hardware_revision(value.1),
            "sv" => values::is_version(value.1) || is_dotted(value.1),
            _ => values::is_version(value.1) || is_dotted(value.1) || is_short_number(value.1),
        };
        if !fits || NOT_INSTALLED.contains(&fold(before).trim_end_matches('.')) || of_another(before) {
            return None;
        }
        let end = firmware_end(&words, at + length);
        let from = if *keep { words[at].0.start } else { value.0.start };
        Some(text[from..words[end].0.end].trim_end_matches(['.', ',']).to_owned())
    })
}

fn is_short_number(word: &str) -> bool {
    (1..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

fn is_dotted(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.trim_end_matches('.').contains('.')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-()".contains(&b))
}

/// Three numbers, or two as controllers count (`30.11`, `6.001`). A hardware has a letter or small numbers, and a paper
/// has a date.
fn is_no_hardware_revision(word: &str) -> bool {
    let numbers: Option<Vec<u32>> = word
        .trim_start_matches(['V', 'v'])
        .split('.')
        .map(|number| if number.len() <= 4 { number.parse().ok() } else { None })
        .collect();
    let Some(numbers) = numbers else { return false };
    let has_year = numbers.iter().any(|number| (1980..2100).contains(number));
    let minor = word.rsplit('.').next().map_or(0, str::len);
    !has_year
        && match numbers.as_slice() {
            [major, _] => *major >= 10 || minor >= 3,
            more => more.len() >= 3,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_a_marked_firmware_is_found_in_a_model_or_description() {
        for (text, model, want) in [
            ("1756-L71/B rev 30.11", "1756-L71/B rev 30.11", Some("30.11")),
            ("1756-EN2T Ser. D Rev. 6.001", "1756-EN2T Ser. D Rev. 6.001", Some("6.001")),
            ("MicroLogix 1400 FRN 21.003", "MicroLogix 1400 FRN 21.003", Some("21.003")),
            ("KTP700 Basic FW V16.0.0.2", "KTP700 Basic FW V16.0.0.2", Some("V16.0.0.2")),
            ("BMXP342020 SV 3.10", "BMXP342020 SV 3.10", Some("SV 3.10")),
            ("S7-1200, REV 4.2.3", "S7-1200, REV 4.2.3", Some("4.2.3")),
            ("VLT FC302 F/W 8.12", "VLT FC302 F/W 8.12", Some("8.12")),
            ("panel PC, firmware 12", "TP900", Some("12")),
        ] {
            assert_eq!(marked_firmware(text, model).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn err_what_may_be_no_installed_firmware_is_left() {
        for (text, model) in [
            ("cell 4, EN100 firmware 4.36", "7SJ64"),
            ("REF615 Rev. E", "REF615 Rev. E"),
            ("AXC 1050 HW rev 2.1", "AXC 1050 HW rev 2.1"),
            ("AXC 1050 HW rev 2.1.4", "AXC 1050 HW rev 2.1.4"),
            ("PM5560 rev 2.1", "PM5560 rev 2.1"),
            ("1747-L553/C Series C Rev 10", "1747-L553/C Series C Rev 10"),
            ("drawing rev 3.1.2", "PM5560"),
            ("one-line rev 05.2019", "PM5560"),
            ("one-line rev 12.05.2019", "PM5560"),
            ("to be brought to firmware 3.1", "PM5560"),
            ("needs FW 2.9", "PM5560"),
            ("DL8000 Version 2.30", "DL8000 Version 2.30"),
            ("WinCC V7.4", "WinCC V7.4"),
            ("SV 015iG5A", "SV 015iG5A"),
            ("rev 3", "PM5560"),
            ("CPU 1511 V2.8 + CPU 1513 FW V2.9", "CPU 1511 V2.8 + CPU 1513 FW V2.9"),
            ("", ""),
        ] {
            assert_eq!(marked_firmware(text, model), None, "{text}");
        }
    }
}
