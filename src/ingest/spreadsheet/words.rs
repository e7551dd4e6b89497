//! Words in cells that are no values: "unknown", errors, totals, empty places.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::text::fold;
use super::values::is_designator;

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
    area_endings: Vec<String>,
    parts_of_works: Vec<String>,
    neutral_words: Vec<String>,
    list_sheets: Vec<String>,
    plain_sheets: Vec<String>,
    sheet_words: Vec<String>,
    kinds: Vec<String>,
    broad_kinds: Vec<String>,
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
    area_endings: FxHashSet<String>,
    parts_of_works: FxHashSet<String>,
    neutral_words: FxHashSet<String>,
    list_sheets: FxHashSet<String>,
    plain_sheets: FxHashSet<String>,
    sheet_words: FxHashSet<String>,
    kinds: FxHashSet<String>,
    broad_kinds: FxHashSet<String>,
    /// Kinds of scripts that write no blanks between words.
    wide_kinds: Vec<String>,
    /// Kinds long enough to end a word that is put together of several.
    kind_endings: FxHashSet<String>,
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
        area_endings: set(file.area_endings),
        parts_of_works: set(file.parts_of_works),
        neutral_words: set(file.neutral_words),
        list_sheets: set(file.list_sheets),
        plain_sheets: set(file.plain_sheets),
        sheet_words: set(file.sheet_words),
        wide_kinds: list(file.kinds.iter().filter(|kind| is_wide(kind)).cloned().collect()),
        kind_endings: file.kinds.iter().map(|kind| fold(kind)).filter(|kind| is_ending(kind)).collect(),
        kinds: set(file.kinds),
        broad_kinds: set(file.broad_kinds),
        months: set(file.months),
        ditto_lengths: lengths(&file.ditto),
        ditto: set(file.ditto),
        units: set(file.units),
        greetings: list(file.greetings),
    }
});

/// Whether a kind may end a word put together of several: `Fernwartungsrouter`, `Siebwasserumrichter`.
fn is_ending(kind: &str) -> bool {
    kind.len() >= 5 && kind.bytes().all(|b| b.is_ascii_lowercase())
}

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
    // `Headworks subtotal`; short words and those of other scripts end names as well.
    let ends =
        |w: &String| w.len() >= 5 && w.is_ascii() && folded.strip_suffix(w.as_str()).is_some_and(|f| f.ends_with(' '));
    WORDS.totals.iter().any(|w| starts_with_word(folded, w) || ends(w))
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
    let is_plural = |ending: &str| folded.strip_suffix(ending).is_some_and(|one| WORDS.kinds.contains(one));
    WORDS.kinds.contains(&folded) || is_plural("s") || is_plural("es")
}

/// Whether the text is a kind that tells a device: `relay` is, `network` is not.
pub fn is_device_kind(text: &str) -> bool {
    is_kind(text) && !WORDS.broad_kinds.contains(&fold(text))
}

/// Whether a word is a kind of device in one of the forms that tongues give it: `sterownika` of `sterownik`.
pub fn is_form_of_kind(word: &str) -> bool {
    const ENDING: usize = 3;
    let letters = word.chars().count();
    let shares_stem = |kind: &String| {
        let shared = kind.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
        shared >= 5 && shared + ENDING >= letters.max(kind.chars().count())
    };
    is_device_kind(word) || letters >= 6 && WORDS.kinds.iter().any(shares_stem)
}

/// Whether a text says nothing but kinds and measures: `PLC CPU`, `VFD 75HP`, `Ethernet switch`; a brand is more.
pub fn is_only_kinds(text: &str) -> bool {
    const LONGEST_KIND: usize = 4;
    let folded = fold(text);
    let is_measure = |word: &str| word.bytes().any(|b| b.is_ascii_digit()) && word.chars().any(char::is_alphabetic);
    let words: Vec<&str> =
        folded.split([' ', ',', '/']).filter(|w| !w.is_empty() && (!is_measure(w) || is_designator(w))).collect();
    let mut at = 0;
    while at < words.len() {
        let longest = LONGEST_KIND.min(words.len() - at);
        match (1..=longest).rev().find(|n| is_kind(&words[at..at + n].join(" "))) {
            Some(n) => at += n,
            None => return false,
        }
    }
    !words.is_empty()
}

/// Whether a text describes a device by its kind: `Pressurisation unit 2, boiler room`, `Umrichter Siebpumpe`,
/// `遠隔監視ルータ`. One short word with a number is a name: `PLC 1`, `router-02`.
pub fn describes_kind(text: &str) -> bool {
    const LONGEST_KIND: usize = 3;
    if is_no_device(text) || is_not_stated(text) {
        return false;
    }
    if is_device_kind(text) {
        return true;
    }
    let folded = fold(text);
    if WORDS.wide_kinds.iter().any(|kind| folded.contains(kind.as_str())) {
        return true;
    }
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let is_plain = |word: &&&str| word.chars().count() >= 2 && !word.bytes().any(|b| b.is_ascii_digit());
    let n_plain = words.iter().filter(is_plain).count();
    let is_long = words.iter().any(|word| is_plain(&word) && word.chars().count() >= 10);
    if !is_long && (n_plain < 2 || !text.contains([' ', ','])) {
        return false;
    }
    let is_kind_at = |at: usize| {
        (1..=LONGEST_KIND.min(words.len() - at)).any(|n| {
            let phrase = words[at..at + n].join(" ");
            is_device_kind(&phrase)
        })
    };
    let is_compound =
        |word: &str| (1..word.len()).any(|at| word.get(at..).is_some_and(|end| WORDS.kind_endings.contains(end)));
    (0..words.len()).any(is_kind_at) || words.iter().any(|word| is_compound(word))
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
    let is_word = |text: &str| {
        WORDS.plain_sheets.contains(text) || WORDS.sheet_words.contains(text) || WORDS.kinds.contains(text)
    };
    let is_plain = |text: &str| is_word(text) || text.strip_suffix('s').is_some_and(is_word);
    const BETWEEN: [&str; 20] = [
        "of", "and", "the", "for", "de", "des", "du", "et", "la", "und", "der", "die", "y", "del", "di", "e", "en",
        "van", "i", "och",
    ];
    words.is_empty()
        || is_plain(bare)
        || words.iter().all(|w| w.chars().all(|c| c.is_ascii_digit()) || is_plain(w) || BETWEEN.contains(w))
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
    let labels = || {
        let of = |labels: &'static [String], is_site: bool| labels.iter().map(move |label| (label.as_str(), is_site));
        of(&WORDS.site_labels, true).chain(of(&WORDS.area_labels, false))
    };
    let named = |is_site: bool, name: &str| {
        if is_site { Band::Site(name.to_owned()) } else { Band::Area(name.to_owned()) }
    };
    // `Site: X`, `Standort - X`, `工場：X`: the label is no part of the name.
    for (label, is_site) in labels() {
        let Some(rest) = folded.strip_prefix(label) else { continue };
        let sign = rest.trim_start().chars().next();
        let Some(sign) = sign.filter(|c| matches!(c, ':' | '：' | '=' | '-' | '–' | '>')) else { continue };
        let is_sign = |c: char| c == sign || (sign == ':' && c == '：');
        // `Usine :` is a label, and its value stands elsewhere.
        if let Some((_, value)) = text.split_once(is_sign)
            && !value.trim().is_empty()
        {
            return named(is_site, value.trim());
        }
    }
    let length = text.chars().count();
    if length >= 60 || names_a_list(&folded) {
        return Band::Heading(text.to_owned());
    }
    // `Werk Kassel`, `Halle 3`: the label is part of the name. `Plant room 2` is a room.
    let is_name =
        |rest: &&str| rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | '„' | '«' | '('));
    let behind = |label: &str| folded.strip_prefix(label)?.strip_prefix(' ').map(str::trim_start).filter(is_name);
    if let Some((rest, is_site)) = labels().find_map(|(label, is_site)| behind(label).map(|rest| (rest, is_site))) {
        let is_place_within = WORDS.area_endings.contains(rest.trim_end_matches(is_number_sign));
        return named(is_site && !is_place_within, text);
    }
    if length < 50 && WORDS.site_endings.iter().any(|w| ends_with_word(&folded, w)) {
        return named(!is_part_of_works(&folded), text);
    }
    Band::Heading(text.to_owned())
}

/// Whether a text names a part of a works or of a building: `Heizung`, `Chilled water plant`.
pub fn names_part_of_works(text: &str) -> bool {
    is_part_of_works(&fold(text))
}

/// Whether all words say what a part of a works does, and none is a name: `Chilled water and heating plant`, unlike
/// `Rehden compressor station`.
fn is_part_of_works(folded: &str) -> bool {
    let words = || folded.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    let is_ending = |word: &str| WORDS.site_endings.iter().any(|ending| ending == word);
    words().any(|w| WORDS.parts_of_works.contains(w))
        && words().all(|w| WORDS.parts_of_works.contains(w) || WORDS.neutral_words.contains(w) || is_ending(w))
}

/// What may number a place: `Plant room 2`.
fn is_number_sign(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '#' | '/')
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
        if let (Band::Heading(_), Some(site)) = (band(text), parts.iter().find_map(|part| site_behind_list(part))) {
            return Band::Site(site.to_owned());
        }
    }
    band(text)
}

/// The site that a title names behind what kind of list it is: `Anlagenverzeichnis Werk Lohr`, `Inventaire usine de Valmont`.
fn site_behind_list(title: &str) -> Option<&str> {
    let starts = title.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| at + 1);
    starts.map(|at| &title[at..]).find(|behind| {
        let folded = fold(behind);
        let named =
            WORDS.site_labels.iter().filter_map(|label| folded.strip_prefix(label.as_str())?.strip_prefix(' ')).min();
        let name_length = named.map_or(0, |name| name.chars().count());
        // The name of a place is written with a capital letter.
        let skipped = behind.chars().count().saturating_sub(name_length);
        let is_name = behind.chars().skip(skipped).any(char::is_uppercase) && !named.is_some_and(is_plain_sheet);
        name_length > 0 && is_name && behind.split(' ').count() <= 5 && !names_a_list(&folded)
    })
}

/// Whether a title speaks of a list and not of a place: `Plant register`, `Werk Anlagenliste`.
fn names_a_list(folded: &str) -> bool {
    let plain = |w: &str| {
        WORDS.plain_sheets.contains(w) || w.strip_suffix('s').is_some_and(|one| WORDS.plain_sheets.contains(one))
    };
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
            [
                "Total",
                "Total assets",
                "Sub-total Mill Lane",
                "Headworks subtotal",
                "Summe",
                "合計",
                "합계 12",
                "TOTAL GÉNÉRAL"
            ]
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
            ("CHILLED WATER AND HEATING PLANT", Band::Area("CHILLED WATER AND HEATING PLANT".into())),
            ("Compressor station", Band::Area("Compressor station".into())),
            ("Rehden compressor station", Band::Site("Rehden compressor station".into())),
            ("Plant room 2", Band::Area("Plant room 2".into())),
            ("Hillcrest treatment works", Band::Site("Hillcrest treatment works".into())),
            ("LIGNE 1 – VERRE", Band::Area("LIGNE 1 – VERRE".into())),
        ] {
            assert_eq!(band(text), want, "{text}");
        }
        for (text, want) in [
            ("STABILIMENTO DI LODI – ELENCO DISPOSITIVI", Band::Site("STABILIMENTO DI LODI".into())),
            ("Zestawienie aparatury - Zakład Opole", Band::Site("Zakład Opole".into())),
            ("Standort: Werk Nord – Halle 3", Band::Site("Werk Nord – Halle 3".into())),
            ("Anlagenverzeichnis Werk Lohr", Band::Site("Werk Lohr".into())),
            ("Inventaire des automates – usine de Valmont", Band::Site("usine de Valmont".into())),
            ("Asset site survey 2024", Band::Heading("Asset site survey 2024".into())),
            ("Register of devices – 2024", Band::Heading("Register of devices – 2024".into())),
        ] {
            assert_eq!(title(text), want, "{text}");
        }
    }

    #[test]
    fn ok_descriptions_of_a_kind_are_told_from_names() {
        for text in [
            "Pressurisation unit",
            "FREQUENZUMRICHTER SIEBWASSERPUMPE 2",
            "Fernwartungsrouter",
            "遠隔監視ルータ",
            "SAI caseta muelle",
            "Falownik pompy II st.",
            "Boiler house flow meter",
            "ANALYZER,O2,STACK",
            "Switch",
        ] {
            assert!(describes_kind(text), "{text}");
        }
        for text in [
            "PLC-01",
            "PLC 1",
            "router-02",
            "Veld 05 Reserve",
            "RESERVIERT",
            "Network",
            "10.1.1.1",
            "Panel 3 north",
            "",
        ] {
            assert!(!describes_kind(text), "{text}");
        }
    }

    #[test]
    fn ok_kinds_are_told_from_brands() {
        assert!(["PLC CPU", "VFD 75HP", "Ethernet switch", "Overload relay", "HMI"].iter().all(|t| is_only_kinds(t)));
        assert!(!["Smart-UPS 1500", "Promag flow meter", "PLC S7-1200", "", "75HP"].iter().any(|t| is_only_kinds(t)));
    }

    #[test]
    fn ok_sheet_names() {
        assert!(
            [
                "Sheet1",
                "Tabelle2",
                "FW audit 2024",
                "Asset register",
                "PLC",
                "Meters",
                "Items",
                "機器一覧",
                "PLC HMI",
                "Parc",
                "Ancien parc",
                "Pièces de rechange"
            ]
            .iter()
            .chain(&[
                "Reservdelar",
                "Spares 2024",
                "Ausser Betrieb",
                "旧",
                "Old PLCs",
                "Części zamienne",
                "Drives & HMIs"
            ])
            .all(|n| is_plain_sheet(n))
        );
        assert!(!["Werk Kassel", "Riverside", "大阪工場"].iter().any(|n| is_plain_sheet(n)));
        assert!(["Auswahl", "Legend", "Lists", "_Lists_"].iter().all(|n| is_list_sheet(n)));
    }
}
