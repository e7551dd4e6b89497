//! Words in cells that are no values: "unknown", errors, totals, empty places.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::text::fold;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    not_stated: Vec<String>,
    errors: Vec<String>,
    totals: Vec<String>,
    no_device: Vec<String>,
    site_labels: Vec<String>,
    site_endings: Vec<String>,
    area_labels: Vec<String>,
    list_sheets: Vec<String>,
    plain_sheets: Vec<String>,
    kinds: Vec<String>,
    months: Vec<String>,
    ditto: Vec<String>,
    units: Vec<String>,
    greetings: Vec<String>,
}

struct Words {
    not_stated: FxHashSet<String>,
    errors: FxHashSet<String>,
    totals: Vec<String>,
    no_device: Vec<String>,
    /// The first words of those.
    no_device_first: FxHashSet<String>,
    site_labels: Vec<String>,
    site_endings: Vec<String>,
    area_labels: Vec<String>,
    list_sheets: FxHashSet<String>,
    plain_sheets: Vec<String>,
    kinds: FxHashSet<String>,
    months: FxHashSet<String>,
    ditto: FxHashSet<String>,
    /// By the first byte of a word for "as above": a bit for each length of such a word.
    ditto_lengths: [u32; 256],
    units: FxHashSet<String>,
    greetings: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("data/words.toml")).expect("built-in words.toml is tested");
    let list = |words: Vec<String>| words.iter().map(|w| fold(w)).collect::<Vec<_>>();
    let set = |words: Vec<String>| words.iter().map(|w| fold(w)).collect::<FxHashSet<_>>();
    Words {
        not_stated: set(file.not_stated),
        errors: set(file.errors),
        totals: list(file.totals),
        no_device_first: first_words(&file.no_device),
        no_device: list(file.no_device),
        site_labels: list(file.site_labels),
        site_endings: list(file.site_endings),
        area_labels: list(file.area_labels),
        list_sheets: set(file.list_sheets),
        plain_sheets: list(file.plain_sheets),
        kinds: set(file.kinds),
        months: set(file.months),
        ditto_lengths: lengths(&file.ditto),
        ditto: set(file.ditto),
        units: set(file.units),
        greetings: list(file.greetings),
    }
});

fn lengths(words: &[String]) -> [u32; 256] {
    let mut out = [0; 256];
    for folded in words.iter().map(|word| fold(word)).filter(|folded| folded.len() < 32) {
        out[usize::from(folded.as_bytes()[0])] |= 1 << folded.len();
    }
    out
}

fn first_words(words: &[String]) -> FxHashSet<String> {
    let first = |w: &String| fold(w).split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    words.iter().map(first).collect()
}

/// The longest word for "unknown"; longer texts are not looked up.
const LONGEST: usize = 40;

/// Whether the text says that the value is not known: `n/a`, `?`, `unbekannt`, `不明`. Blank text is stated by nobody and is `true`.
pub fn is_not_stated(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    // No word for "unknown" has a digit.
    if text.len() > LONGEST || text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let bare = fold(text.trim_matches(['(', ')', '[', ']', '<', '>', '"', '\'', ' ']));
    bare.is_empty()
        || WORDS.not_stated.contains(&bare)
        || WORDS.ditto.contains(&bare)
        || bare.chars().all(|c| "?-–—_./*.".contains(c))
}

/// Whether the text is a spreadsheet error: `#REF!`, `#NV`, `#VALEUR!`.
pub fn is_error(text: &str) -> bool {
    (text.starts_with('#') || text.starts_with("Err:"))
        && (WORDS.errors.contains(&fold(text)) || (text.len() > 2 && text.bytes().all(|b| b == b'#')))
}

/// Whether the text begins like a row of totals: `Total assets`, `Sub-total Mill Lane`, `合計`.
pub fn is_total(text: &str) -> bool {
    let folded = fold(text);
    let folded = folded.trim_start_matches(['*', ' ', '=']);
    WORDS.totals.iter().any(|w| starts_with_word(folded, w))
}

/// Whether the text says that no device is there: `spare cubicle`, `see drawing E-104`, `予備`.
pub fn is_no_device(text: &str) -> bool {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    // Nearly all values are told by their first word.
    let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if first.is_empty() || first.len() > LONGEST || !WORDS.no_device_first.contains(&fold(first)) {
        return false;
    }
    let folded = fold(text);
    let folded = folded.trim_matches(|c: char| !c.is_alphanumeric());
    WORDS.no_device.iter().any(|w| folded == *w || (w.contains(' ') && starts_with_word(folded, w)))
}

/// Whether the text names a kind of device and no product: `PLC`, `Umrichter`, `スイッチ`.
pub fn is_kind(text: &str) -> bool {
    let folded = fold(text);
    WORDS.kinds.contains(&folded) || folded.strip_suffix('s').is_some_and(|one| WORDS.kinds.contains(one))
}

/// Whether a folded word is the name of a month, in full or cut short.
pub fn is_month(word: &str) -> bool {
    WORDS.months.contains(word)
}

/// Whether the text says that the cell above holds the value: `"`, `ditto`, `idem`, `同上`.
pub fn is_ditto(text: &str) -> bool {
    // Asked of every cell of a list, of which nearly all are told by their length and their first byte.
    const LONGEST: usize = 24;
    let bytes = text.as_bytes();
    let (Some(first), true) = (bytes.first(), bytes.len() <= LONGEST) else { return false };
    if first.is_ascii_alphanumeric() && text.is_ascii() {
        let lengths = WORDS.ditto_lengths[usize::from(first.to_ascii_lowercase())];
        return lengths & (1 << bytes.len()) != 0 && WORDS.ditto.contains(&fold(text));
    }
    let marks = text.trim_matches(['-', '–', '—', ' ', '.']);
    matches!(marks, "\"" | "''" | "\"\"" | "〃" | "″" | "”" | "“" | "„" | "»")
        || !text.is_ascii() && WORDS.ditto.contains(&fold(text))
}

/// Whether the text is a unit of measure and nothing else: `mA`, `[m³/h]`, `(kW)`.
pub fn is_unit(text: &str) -> bool {
    let bare = text.trim_matches(['(', ')', '[', ']', ' ']);
    bare.len() <= 12 && WORDS.units.contains(&fold(bare))
}

/// Whether the text is how a service greets, which names the software of its protocol and no device: `SSH-2.0-OpenSSH_7.4`.
pub fn is_greeting(text: &str) -> bool {
    let folded = fold(text);
    WORDS.greetings.iter().any(|start| folded.starts_with(start.as_str()))
}

/// Whether the text is written in capitals only, as headings are.
pub fn is_capitals(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && !text.chars().any(|c| c.is_lowercase() || c.is_ascii_digit())
        && text.chars().any(char::is_uppercase)
}

/// Whether a sheet of this name holds lists of values, a legend or a cover.
pub fn is_list_sheet(name: &str) -> bool {
    let folded = fold(name);
    WORDS.list_sheets.contains(folded.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// Whether a sheet's name tells nothing about a place: `Sheet1`, `Assets`, `PLC`, `FW audit 2024`.
pub fn is_plain_sheet(name: &str) -> bool {
    let folded = fold(name);
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let words: Vec<&str> = bare.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.is_empty()
        || WORDS.plain_sheets.iter().any(|w| bare == w || bare.trim_end_matches('s') == w)
        || words.iter().all(|w| {
            w.chars().all(|c| c.is_ascii_digit())
                || WORDS.plain_sheets.iter().any(|p| p == w)
                || WORDS.kinds.contains(*w)
        })
}

/// The site or area that a band or title names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Band {
    Site(String),
    Area(String),
    /// A heading that names neither.
    Heading(String),
}

/// Reads a row of a single text: `Site: Riverside WTP`, `Werk Kassel`, `Halle 3`, `HMI AND DRIVES`.
pub fn band(text: &str) -> Band {
    let text = text.trim().trim_matches(|c: char| {
        matches!(
            c,
            '-' | '–' | '—' | '=' | '*' | '#' | '>' | '<' | '■' | '●' | '▼' | '◆' | '【' | '】' | '[' | ']' | ' '
        )
    });
    let folded = fold(text);
    for (labels, is_site) in [(&WORDS.site_labels, true), (&WORDS.area_labels, false)] {
        for label in labels {
            let Some(rest) = folded.strip_prefix(label.as_str()) else { continue };
            // `Site: X`, `Standort - X`, `工場：X`: the label is no part of the name.
            let trimmed = rest.trim_start();
            if let Some(sign) = trimmed.chars().next().filter(|c| matches!(c, ':' | '：' | '=' | '-' | '–' | '>')) {
                let at = text
                    .char_indices()
                    .find(|(_, c)| *c == sign || (sign == ':' && *c == '：'))
                    .map(|(at, c)| at + c.len_utf8());
                let value = at.map_or("", |at| text[at..].trim());
                if !value.is_empty() {
                    return if is_site { Band::Site(value.to_owned()) } else { Band::Area(value.to_owned()) };
                }
                // `Usine :` is a label, and its value stands elsewhere.
                continue;
            }
            // `Werk Kassel`, `Halle 3`: the label is part of the name.
            if rest.starts_with(' ') && text.chars().count() < 60 && !names_a_list(&folded) {
                return if is_site { Band::Site(text.to_owned()) } else { Band::Area(text.to_owned()) };
            }
        }
    }
    if text.chars().count() < 50
        && !names_a_list(&folded)
        && WORDS.site_endings.iter().any(|w| ends_with_word(&folded, w))
    {
        return Band::Site(text.to_owned());
    }
    Band::Heading(text.to_owned())
}

/// The site or area that a title names, whole or in one of its parts: `Register of devices – Werk Nord`.
pub fn title(text: &str) -> Band {
    if !text.contains([':', '：']) {
        let mut parts = vec![text];
        for sign in [" – ", " - ", " — ", " | "] {
            parts = parts.into_iter().flat_map(|part| part.split(sign)).collect();
        }
        let site = parts.iter().map(|part| band(part)).find(|found| matches!(found, Band::Site(_)));
        if let Some(site) = site.filter(|_| parts.len() > 1) {
            return site;
        }
    }
    band(text)
}

/// Whether a title speaks of a list and not of a place: `Plant register`, `Werk Anlagenliste`.
fn names_a_list(folded: &str) -> bool {
    let plain = |w: &str| WORDS.plain_sheets.iter().any(|p| p == w || w.strip_suffix('s') == Some(p));
    folded.split(|c: char| !c.is_alphanumeric()).any(|w| w.chars().count() > 2 && plain(w))
}

/// Whether the text is a label for the site (`Standort:`), alone in its cell.
pub fn is_site_label(text: &str) -> bool {
    let folded = fold(text.trim().trim_end_matches([':', '：', ' ']));
    WORDS.site_labels.contains(&folded)
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.chars().next().is_some_and(|c| c.is_alphanumeric() && !is_wide(word)))
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '-']) || is_wide(word))
}

/// Scripts that write no blanks between words.
fn is_wide(word: &str) -> bool {
    word.chars().any(|c| c as u32 > 0x2e80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_words_for_unknown_are_told_from_values() {
        for text in ["?", "n/a", "N.A.", "unbekannt", "s/o", "不明", "-", "k.A.", "(unknown)", "미상", "???", "", "--"]
        {
            assert!(is_not_stated(text), "{text}");
        }
        for text in ["0", "V1.0", "NA-1500", "Nord", "x20", "none-such 5"] {
            assert!(!is_not_stated(text), "{text}");
        }
    }

    #[test]
    fn ok_totals_errors_and_empty_places() {
        assert!(
            ["Total", "Total assets", "Sub-total Mill Lane", "Summe", "合計", "합계 12", "TOTAL GÉNÉRAL"]
                .iter()
                .all(|t| is_total(t))
        );
        assert!(!["Totalizer FQ 20", "Summer house", "Counter"].iter().any(|t| is_total(t)));
        assert!(["#REF!", "#NV", "#N/A", "#VALEUR!", "#####", "#¡REF!"].iter().all(|t| is_error(t)));
        assert!(!["#1", "# 5", "REF"].iter().any(|t| is_error(t)));
        assert!(["\"", "ditto", "Dito", "ídem", "- \" -", "同上", "dto."].iter().all(|t| is_ditto(t)));
        assert!(!["-", "", "Ditting", "DI 16"].iter().any(|t| is_ditto(t)));
        assert!(["mA", "[m³/h]", "(kW)", "szt."].iter().all(|t| is_unit(t)) && !is_unit("Model"));
        assert!(is_greeting("SSH-2.0-dropbear") && !is_greeting("SSH gateway"));
        assert!(is_capitals("ROTULADORA 'B'") && !is_capitals("Motor") && !is_capitals("CPU 315"));
        assert!(
            ["spare cubicle", "see drawing E-104 sheet 3", "Reserve", "予備", "to be filled in"]
                .iter()
                .all(|t| is_no_device(t))
        );
        assert!(!["Reserve pump PLC S7-1200", "Free Wave radio"].iter().any(|t| is_no_device(t)));
    }

    #[test]
    fn ok_bands_name_sites_and_areas() {
        for (text, want) in [
            ("Site: Riverside WTP", Band::Site("Riverside WTP".into())),
            ("Standort: Werk Süd", Band::Site("Werk Süd".into())),
            ("Werk Kassel", Band::Site("Werk Kassel".into())),
            ("Mill Lane PS", Band::Site("Mill Lane PS".into())),
            ("大阪工場", Band::Site("大阪工場".into())),
            ("工場：大阪", Band::Site("大阪".into())),
            ("Halle 3", Band::Area("Halle 3".into())),
            ("Zone : Atelier 2", Band::Area("Atelier 2".into())),
            ("HMI AND DRIVES", Band::Heading("HMI AND DRIVES".into())),
            ("--- Werk Fulda ---", Band::Site("Werk Fulda".into())),
            ("Usine :", Band::Heading("Usine :".into())),
            ("EDAR: Villanueva", Band::Site("Villanueva".into())),
        ] {
            assert_eq!(band(text), want, "{text}");
        }
        for (text, want) in [
            ("STABILIMENTO DI LODI – ELENCO DISPOSITIVI", Band::Site("STABILIMENTO DI LODI".into())),
            ("Zestawienie aparatury - Zakład Opole", Band::Site("Zakład Opole".into())),
            ("Standort: Werk Nord – Halle 3", Band::Site("Werk Nord – Halle 3".into())),
            ("Register of devices – 2024", Band::Heading("Register of devices – 2024".into())),
        ] {
            assert_eq!(title(text), want, "{text}");
        }
    }

    #[test]
    fn ok_sheet_names() {
        assert!(
            ["Sheet1", "Tabelle2", "FW audit 2024", "Asset register", "PLC", "Meters", "Items", "機器一覧", "PLC HMI"]
                .iter()
                .all(|n| is_plain_sheet(n))
        );
        assert!(!["Werk Kassel", "Riverside", "大阪工場"].iter().any(|n| is_plain_sheet(n)));
        assert!(["Auswahl", "Legend", "Lists", "_Lists_"].iter().all(|n| is_list_sheet(n)));
    }
}
