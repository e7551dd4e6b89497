//! What a header says about its column.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::domain::inventory::Field;

use super::text::{fold, key};
use super::words;

/// What a column can hold, as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    Field(Field),
    /// Names the device in words; it may hold vendor, model, order number and firmware all at once.
    Description,
    /// PLC, meter, switch.
    Kind,
    /// A product line.
    Family,
    Price,
    /// Known, and none of the fields.
    Other,
}

/// One reading of a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sense {
    pub meaning: Meaning,
    /// 4: the header is a known spelling; 3: it contains one; 2: a weak spelling; 1: it contains a weak one.
    pub strength: u8,
    pub language: &'static str,
}

#[derive(Deserialize)]
struct File {
    words: Vec<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    means: String,
    language: String,
    #[allow(dead_code, reason = "every entry says where it is from; nothing is decided by it")]
    source: String,
    #[serde(default)]
    strong: Vec<String>,
    #[serde(default)]
    weak: Vec<String>,
}

struct Table {
    by_key: FxHashMap<String, Vec<Sense>>,
    longest: usize,
    /// The words of each spelling, to know them when they are abbreviated.
    spelled: Vec<Vec<String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("data/headers.toml")).expect("built-in headers.toml is tested");
    let mut by_key: FxHashMap<String, Vec<Sense>> = FxHashMap::default();
    let mut spelled: Vec<Vec<String>> = Vec::new();
    for words in file.words {
        let all = words.strong.iter().chain(&words.weak);
        spelled.extend(all.map(|word| words_of(word).map(|w| w.0).collect()));
        let meaning = match words.means.as_str() {
            "description" => Meaning::Description,
            "kind" => Meaning::Kind,
            "family" => Meaning::Family,
            "price" => Meaning::Price,
            "other" => Meaning::Other,
            word => Field::from_word(word).map_or(Meaning::Other, Meaning::Field),
        };
        let language: &'static str = words.language.leak();
        for (list, strength) in [(&words.strong, 4), (&words.weak, 2)] {
            for word in list {
                let senses = by_key.entry(key(word)).or_default();
                match senses.iter_mut().find(|s| s.meaning == meaning) {
                    Some(sense) => sense.strength = sense.strength.max(strength),
                    None => senses.push(Sense { meaning, strength, language }),
                }
            }
        }
    }
    for senses in by_key.values_mut() {
        senses.sort_by_key(|s| std::cmp::Reverse(s.strength));
    }
    let longest = by_key.keys().map(|k| k.chars().count()).max().unwrap_or(0);
    spelled.sort_unstable();
    spelled.dedup();
    Table { by_key, longest, spelled }
});

/// The words of a header, folded, each with whether a dot behind it says that it is cut short.
fn words_of(header: &str) -> impl Iterator<Item = (String, bool)> {
    let folded = fold(header);
    let mut words: Vec<(String, bool)> = Vec::new();
    let mut open = false;
    for c in folded.chars() {
        match words.last_mut() {
            Some((word, _)) if open && c.is_alphanumeric() => word.push(c),
            _ if c.is_alphanumeric() => words.push((c.to_string(), false)),
            Some((_, cut)) if open => *cut = c == '.',
            _ => {}
        }
        open = c.is_alphanumeric();
    }
    words.into_iter()
}

/// Words around a meaning that do not change it.
const QUALIFIERS: [&str; 35] = [
    "device",
    "asset",
    "equipment",
    "current",
    "installed",
    "plc",
    "meter",
    "unit",
    "gerat",
    "gerate",
    "ist",
    "aktuell",
    "aktuelle",
    "module",
    "product",
    "text",
    "field",
    "value",
    "no",
    "nr",
    "actual",
    "info",
    "en",
    "de",
    "the",
    "of",
    "equipo",
    "equipement",
    "appareil",
    "equipamento",
    "hw",
    "ot",
    "instrument",
    "controller",
    // Fields that a company added to ServiceNow begin with it: `u_order_code`.
    "u",
];

/// Words that turn a known header into something else: `firmware date`, `vendor url`, `new firmware`.
const TURNERS: [&str; 89] = [
    "date",
    "datum",
    "fecha",
    "data",
    "url",
    "link",
    "check",
    "checked",
    "status",
    "count",
    "type",
    "group",
    "id",
    "owner",
    "file",
    "latest",
    "new",
    "target",
    "soll",
    "neu",
    "neue",
    "available",
    "recommended",
    "previous",
    "old",
    "alt",
    "vorher",
    "next",
    "planned",
    "support",
    "mac",
    "os",
    "purchase",
    "contact",
    "phone",
    "mail",
    "price",
    "cost",
    "update",
    "category",
    "score",
    "level",
    "cve",
    "cves",
    "sha",
    "sha256",
    "sha512",
    "md5",
    "hash",
    "checksum",
    "prüfsumme",
    "replacement",
    "successor",
    "nachfolger",
    "remplacement",
    "reemplazo",
    "upgrade",
    "proposed",
    // Of something else than the device's firmware.
    "scada",
    "antivirus",
    "agent",
    "driver",
    "project",
    "projekt",
    "projet",
    "proyecto",
    "config",
    "configuration",
    "parameter",
    "document",
    "drawing",
    "template",
    "schema",
    "protocol",
    "database",
    "bootloader",
    "office",
    "backup",
    "application",
    "comm",
    "comms",
    "communication",
    "setting",
    "settings",
    "doc",
    "manual",
    "schematic",
    "reglage",
    "ajuste",
];

/// Whether the text is a known header.
pub fn is_known(header: &str) -> bool {
    let folded = key(header);
    !folded.is_empty() && folded.chars().count() <= TABLE.longest && TABLE.by_key.contains_key(&folded)
}

/// All readings of a header, best first; none when it is unknown.
pub fn senses(header: &str) -> Vec<Sense> {
    let exact = exact(header);
    if !exact.is_empty() {
        return exact;
    }
    let twice = said_twice(header);
    if !twice.is_empty() {
        return twice;
    }
    if !joined(header).is_empty() {
        return Vec::new();
    }
    // `Firmware (Ist)`, `Model [type plate]`: without what stands in brackets.
    let bare = without_brackets(header);
    if bare != header {
        let found = self::exact(&bare);
        if !found.is_empty() {
            return found;
        }
    }
    let contained = contained(&bare);
    let strength = |senses: &[Sense]| senses.first().map_or(0, |sense| sense.strength);
    if let Some(sense) = type_of_kind(&bare) {
        return vec![sense];
    }
    let abbreviated = abbreviated(&bare);
    if strength(&abbreviated) > strength(&contained) { abbreviated } else { contained }
}

/// A kind of device with a word for its type: `Relay type`, `Relaistype`, `PLC-Typ`, `Tipo de variador`.
fn type_of_kind(header: &str) -> Option<Sense> {
    const TYPES: [&str; 12] = [
        "type",
        "typ",
        "tipo",
        "tip",
        "modell",
        "model",
        "modele",
        "modelo",
        "typbezeichnung",
        "tyyppi",
        "型式",
        "型号",
    ];
    const BETWEEN: [&str; 8] = ["of", "de", "du", "des", "d", "der", "di", "van"];
    if header.chars().count() > TABLE.longest {
        return None;
    }
    let folded = fold(header);
    let words: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty() && !BETWEEN.contains(w)).collect();
    let is_kind =
        |rest: &[&str]| words::is_device_kind(&rest.join(" ")) || matches!(rest, [one] if words::is_form_of_kind(one));
    let is_kind = match words[..] {
        [] => false,
        [word] => TYPES.iter().any(|of| word.strip_suffix(of).is_some_and(words::is_device_kind)),
        [first, ref rest @ ..] if TYPES.contains(&first) => is_kind(rest),
        [ref rest @ .., last] => TYPES.contains(&last) && is_kind(rest),
    };
    is_kind.then_some(Sense { meaning: Meaning::Field(Field::Model), strength: 3, language: "any" })
}

/// A known header of which words are cut short, as programs with narrow columns write them: `Wersja oprogr.`,
/// `Indice mat.`, `Fabr.inmovilizado`. None when it may stand for headers of different meanings.
fn abbreviated(header: &str) -> Vec<Sense> {
    if !header.contains('.') || header.chars().count() > TABLE.longest {
        return Vec::new();
    }
    let words: Vec<(String, bool)> = words_of(header).collect();
    let letters = words.iter().map(|(word, _)| word.chars().count()).sum::<usize>();
    let is_cut = words.iter().any(|(_, cut)| *cut);
    if !is_cut || words.len() > 6 || letters < 5 || header.bytes().any(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let mut found: Option<&Vec<Sense>> = None;
    for spelled in TABLE.spelled.iter().filter(|spelled| stands_for(&words, spelled)) {
        let Some(senses) = TABLE.by_key.get(&spelled.concat()) else { continue };
        if found.is_some_and(|other| other[0].meaning != senses[0].meaning) {
            return Vec::new();
        }
        found = Some(senses);
    }
    let weaker = |sense: &Sense| Sense { strength: sense.strength - 1, ..*sense };
    found.map(|senses| senses.iter().map(weaker).collect()).unwrap_or_default()
}

/// Whether words, some cut short, stand for these: each for one, or written together for several.
fn stands_for(words: &[(String, bool)], spelled: &[String]) -> bool {
    let Some(((word, cut), rest)) = words.split_first() else { return spelled.is_empty() };
    let Some(first) = spelled.first() else { return false };
    let begins = *cut && word.chars().count() >= 2 && first.starts_with(word.as_str());
    if begins && stands_for(rest, &spelled[1..]) {
        return true;
    }
    // `Progr.version` of a tongue that writes `programversion`.
    if let ([(end, _), behind @ ..], true) = (rest, begins)
        && first
            .get(word.len() + 1..)
            .is_some_and(|left| if rest[0].1 { left.contains(end.as_str()) } else { left.ends_with(end.as_str()) })
        && end.chars().count() >= 3
        && stands_for(behind, &spelled[1..])
    {
        return true;
    }
    (1..=spelled.len().min(3)).any(|n| {
        let joined = spelled[..n].concat();
        joined == *word && stands_for(rest, &spelled[n..])
    })
}

fn exact(header: &str) -> Vec<Sense> {
    // `P&ID` is a drawing, and `PID` the number of a product.
    if header.contains('&')
        && let Some(found) = TABLE.by_key.get(&key(&header.replace('&', "and")))
    {
        return found.clone();
    }
    let folded = key(header);
    if let Some(found) = TABLE.by_key.get(&folded) {
        return found.clone();
    }
    // `IP Address 3`, `Notes2`: numbered columns.
    let unnumbered = folded.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = folded.len() - unnumbered.len();
    // `REF615` is the name of a product.
    if (1..=2).contains(&digits) && unnumbered.chars().count() > 1 {
        TABLE.by_key.get(unnumbered).cloned().unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// A header that says the same in two languages: `Manufacturer / Hersteller`, `型番 (Model)`.
fn said_twice(header: &str) -> Vec<Sense> {
    let parts: Vec<&str> = header
        .split(['/', '／', '|', '\n', '(', ')', '（', '）', '[', ']'])
        .map(str::trim)
        .filter(|part| part.chars().any(char::is_alphabetic))
        .collect();
    let &[first, ref others @ ..] = &parts[..] else { return Vec::new() };
    if others.is_empty() || others.len() > 2 {
        return Vec::new();
    }
    let read: Vec<Vec<Sense>> = others.iter().map(|part| exact(part)).collect();
    let mut shared = exact(first);
    shared.retain(|sense| read.iter().all(|other| other.iter().any(|s| s.meaning == sense.meaning)));
    for sense in &mut shared {
        let others = read.iter().flatten().filter(|other| other.meaning == sense.meaning);
        sense.strength = others.map(|other| other.strength).chain([sense.strength]).max().unwrap_or(2);
    }
    shared.sort_by_key(|sense| std::cmp::Reverse(sense.strength));
    shared
}

fn without_brackets(header: &str) -> String {
    let mut depth = 0;
    let mut out = String::new();
    for c in header.chars() {
        match c {
            '(' | '[' | '{' | '（' | '<' => depth += 1,
            ')' | ']' | '}' | '）' | '>' => depth = (depth - 1).max(0),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.trim().to_owned()
}

/// A known header inside of a longer one: `PLC firmware version (2024)`, `ファームウェア版数一覧`.
fn contained(header: &str) -> Vec<Sense> {
    // `ManufSerialNumber`: capitals begin words.
    let mut spaced = String::with_capacity(header.len() + 4);
    for c in header.chars() {
        if c.is_uppercase() && spaced.chars().next_back().is_some_and(char::is_lowercase) {
            spaced.push(' ');
        }
        spaced.push(c);
    }
    let folded = fold(&spaced);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.is_empty() || words.len() > 6 {
        return Vec::new();
    }
    let mut best: Option<((bool, usize), Vec<Sense>)> = None;
    for start in 0..words.len() {
        for end in start + 1..=words.len() {
            let joined = words[start..end].concat();
            let Some(found) = TABLE.by_key.get(&joined) else { continue };
            let rest: Vec<&str> = words[..start].iter().chain(&words[end..]).copied().collect();
            if rest.iter().any(|w| TURNERS.contains(w)) {
                continue;
            }
            let says_nothing =
                |w: &&str| QUALIFIERS.contains(w) || w.chars().all(|c| c.is_ascii_digit()) || words::is_device_kind(w);
            let plain = rest.iter().all(says_nothing);
            if joined.chars().count() < 4 && !plain {
                continue;
            }
            // Words around it that say nothing make a better reading than a longer word among others.
            let weight = (plain, joined.chars().count());
            if best.as_ref().is_none_or(|b| weight > b.0) {
                let weaker = |s: &Sense| Sense { strength: (s.strength - 1).min(if plain { 3 } else { 1 }), ..*s };
                best = Some((weight, found.iter().map(weaker).collect()));
            }
        }
    }
    best.map(|b| b.1).unwrap_or_default()
}

/// The fields of a header that joins columns: `Make / Model`, `Vendor & Type`, `Model (order number)`; none when it names
/// one field or none. Words in brackets join only what stands on a type plate: `Name (Tag)` is a name.
pub fn joined(header: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (_, senses) in parts(header) {
        let field = senses.iter().filter(|s| s.strength >= 2).find_map(|s| match s.meaning {
            Meaning::Field(f) if !fields.contains(&f) => Some(f),
            _ => None,
        });
        fields.extend(field);
    }
    let on_plate = |f: &Field| {
        matches!(f, Field::Vendor | Field::Model | Field::PartNumber | Field::HardwareRevision | Field::Firmware)
    };
    let bracketed = header.contains(['(', '（', '[']);
    if fields.len() < 2 || (bracketed && !fields.iter().all(on_plate)) { Vec::new() } else { fields }
}

/// Whether a header has a word that turns a known one into something else: `latest`, `date`, `target`.
pub fn is_turned(header: &str) -> bool {
    fold(header).split(|c: char| !c.is_alphanumeric()).any(|w| TURNERS.contains(&w))
}

/// The parts of a header that joins two columns, each with its readings: `Make / Model`, `Vendor & Type`.
pub fn parts(header: &str) -> Vec<(String, Vec<Sense>)> {
    if !exact(header).is_empty() {
        return Vec::new();
    }
    let mut text = header.replace(['\n', '\r'], " / ");
    for word in [
        " und ", " and ", " et ", " y ", " e ", " ed ", " en ", " or ", " oder ", " 및 ", " with ", " mit ", " i ",
        " oraz ", " a ", " och ", " og ", " ja ", " ve ", " és ", " și ", " и ",
    ] {
        text = text.replace(word, " & ");
    }
    let pieces: Vec<String> = text
        .split(['/', '&', '+', '|', ';', ',', '・', '／', '(', ')', '（', '）', '-', '–', ':'])
        .map(|p| p.trim().to_owned())
        .filter(|p| !p.is_empty())
        .collect();
    if !(2..=4).contains(&pieces.len()) {
        return Vec::new();
    }
    let read: Vec<(String, Vec<Sense>)> = pieces.into_iter().map(|p| (p.clone(), exact(&p))).collect();
    if read.iter().all(|r| !r.1.is_empty()) { read } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(header: &str) -> String {
        match senses(header).first().map(|s| s.meaning) {
            Some(Meaning::Field(f)) => f.word().to_owned(),
            Some(other) => format!("{other:?}").to_lowercase(),
            None => "unknown".to_owned(),
        }
    }

    #[test]
    fn ok_built_in_words_are_read_and_name_known_fields() {
        let file: File = toml::from_str(include_str!("data/headers.toml")).unwrap();
        for words in &file.words {
            let known = Field::from_word(&words.means).is_some()
                || ["description", "kind", "family", "price", "other"].contains(&words.means.as_str());
            assert!(known, "{} is no meaning", words.means);
            assert!(!words.source.is_empty());
            assert!(words.strong.iter().chain(&words.weak).all(|w| !key(w).is_empty()), "{}", words.means);
        }
    }

    #[test]
    fn ok_headers_of_many_tongues_are_understood() {
        for (header, want) in [
            ("Manuf.", "vendor"),
            ("HERSTELLER", "vendor"),
            ("メーカー", "vendor"),
            ("제조사", "vendor"),
            ("Modèle", "model"),
            ("型式", "model"),
            ("MLFB / Bestell-Nr.", "part_number"),
            ("Cat. No.", "part_number"),
            ("F/W rev", "firmware"),
            ("Firmware (Ist)", "firmware"),
            ("PLC firmware version", "firmware"),
            ("IM_Software_Revision", "firmware"),
            ("Versión de firmware", "firmware"),
            ("ファームウェアVer.", "firmware"),
            ("펌웨어 버전", "firmware"),
            ("E-Stand", "hardware_revision"),
            ("Fabrik-Nr.", "serial_number"),
            ("N° de série", "serial_number"),
            ("シリアル№", "serial_number"),
            ("AKZ", "asset_id"),
            ("Gebäude / Raum", "area"),
            ("IP Address 3", "ip_address"),
            ("Qté", "quantity"),
            ("Preis (EUR)", "price"),
            ("Make / Model", "unknown"),
            ("Name (Tag)", "name"),
            ("MAC Vendor", "other"),
            ("Firmware date", "other"),
            ("Firmware vendor", "other"),
            ("Target firmware", "other"),
            ("Firmware SHA256", "unknown"),
            ("Firmware hash", "unknown"),
            ("Firmware checksum", "unknown"),
            ("Next firmware", "unknown"),
            ("ManufSerialNumber", "serial_number"),
            ("Manufacturer / Hersteller", "vendor"),
            ("Order no. / Bestell-Nr.", "part_number"),
            ("型番 (Model)", "model"),
            ("REF615", "unknown"),
            ("Wersja oprogr.", "firmware"),
            ("Indice mat.", "hardware_revision"),
            ("NºSerie fabr.", "serial_number"),
            ("Fabr.inmovilizado", "vendor"),
            ("Manuf. part num.", "part_number"),
            ("Abc. xyz.", "unknown"),
            ("Progr.version", "firmware"),
            ("Progr.ver.", "firmware"),
            ("Vers.", "firmware"),
            ("Relaistype", "model"),
            ("Relay type", "model"),
            ("PLC-Typ", "model"),
            ("Tipo de variador", "model"),
            ("Typ zabezpieczenia", "model"),
            ("Typ sterownika", "model"),
            ("Meter Sl No", "serial_number"),
            ("SCADA version", "unknown"),
            ("P&ID", "other"),
            ("Setting revision", "unknown"),
            ("Mfr Name", "vendor"),
            ("OS/FW", "firmware"),
            ("PID", "part_number"),
            ("Lp.", "asset_id"),
            ("Nr technologiczny", "asset_id"),
            ("Hyllplats", "area"),
            ("Equipamento / descrição", "description"),
            ("Blah", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(first(header), want, "{header}");
        }
    }

    #[test]
    fn ok_joined_headers_fall_into_parts() {
        let fields = |header: &str| -> Vec<Meaning> { parts(header).iter().map(|p| p.1[0].meaning).collect() };
        use Field::*;
        for (header, want) in [
            ("Make / Model", vec![Vendor, Model]),
            ("Hersteller & Typ", vec![Vendor, Model]),
            ("Fabricant et modèle", vec![Vendor, Model]),
            ("メーカー／型番", vec![Vendor, Model]),
            ("Model (order number)", vec![Model, PartNumber]),
            ("Producent i typ", vec![Vendor, Model]),
            ("Výrobce a typ", vec![Vendor, Model]),
            ("HW / FW", vec![HardwareRevision, Firmware]),
        ] {
            assert_eq!(fields(header), want.into_iter().map(Meaning::Field).collect::<Vec<_>>(), "{header}");
        }
        assert!(parts("Gebäude / Raum").is_empty());
    }
}
