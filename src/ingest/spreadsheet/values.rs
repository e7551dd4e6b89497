//! What a value looks like: addresses, order numbers, vendors, versions. Used to recognise columns and to take
//! descriptions apart.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::text::fold;
use super::words;
use crate::domain::catalogue::vendor_names::vendor_names;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorFile {
    names: Vec<String>,
    short: Vec<String>,
    firm_words: Vec<String>,
}

/// Names of vendors without signs and joining words, to find them however they are written: `Endress & Hauser`,
/// `Endress+Hauser`, `Allen-Bradley`, `Allen Bradley`.
#[derive(Default)]
struct Names {
    by_key: FxHashSet<String>,
    /// Names so short that only their own spelling counts: `B&R`.
    short: FxHashSet<String>,
    /// What names begin with, to tell nearly all texts from them.
    first: FxHashSet<String>,
}

/// A name of so many letters is known without its signs.
const TOLD_WITHOUT_SIGNS: usize = 4;

impl Names {
    fn of(names: &[String]) -> Names {
        let mut out = Names::default();
        for name in names {
            let key = name_key(name);
            out.first.insert(first_part(name));
            if key.chars().count() >= TOLD_WITHOUT_SIGNS {
                out.by_key.insert(key);
            } else {
                out.short.insert(fold(name));
            }
        }
        out
    }

    /// Whether this text is one of the names.
    fn has(&self, text: &str) -> bool {
        let key = name_key(text);
        let is_long = key.chars().count() >= TOLD_WITHOUT_SIGNS;
        if is_long { self.by_key.contains(&key) } else { self.short.contains(&fold(text)) }
    }
}

/// The letters and digits of a name without the words that join two of them.
fn name_key(name: &str) -> String {
    let joins = |word: &str| matches!(word, "and" | "und" | "u" | "et" | "y" | "e");
    let folded = fold(name);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !joins(word)).collect()
}

/// The first letters and digits of a text, folded.
fn first_part(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    fold(text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
}

struct Vendors {
    names: Names,
    short: Vec<String>,
    firm_words: FxHashSet<String>,
}

static VENDORS: LazyLock<Vendors> = LazyLock::new(|| {
    let file: VendorFile =
        toml::from_str(include_str!("data/vendor_names.toml")).expect("built-in vendor_names.toml is tested");
    Vendors {
        names: Names::of(&file.names),
        short: file.short.iter().map(|n| fold(n)).collect(),
        firm_words: file.firm_words.iter().map(|n| fold(n)).collect(),
    }
});

/// All names that the catalogue has. Many are everyday words, so they count only where a vendor must stand.
static CATALOGUE: LazyLock<Names> = LazyLock::new(|| Names::of(&vendor_names()));

/// The end (in bytes) of the vendor's name that `text` begins with; `None` when it begins with none. With `first`, short
/// forms such as `AB` count too.
pub fn vendor_prefix(text: &str, first: bool) -> Option<usize> {
    let short = || {
        let end = word_end(text, 0);
        VENDORS.short.contains(&fold(&text[..end])).then_some(end)
    };
    name_prefix(text, &VENDORS.names).or_else(|| if first { short() } else { None })
}

/// As [`vendor_prefix`], where the text surely begins with a vendor: all names that the catalogue has count, and the
/// longest of them behind which the text goes on is taken.
pub fn vendor_in_front(text: &str) -> Option<usize> {
    let found = [vendor_prefix(text, true), name_prefix(text, &CATALOGUE)];
    let goes_on = |end: &usize| *end < text.len();
    found.into_iter().flatten().filter(goes_on).max().or(found[0]).or(found[1])
}

/// The end of the name of a firm that is not known, which a text begins with and goes on behind: as far as words of firms
/// go (`Hardy Process Solutions`), else the first word. `None` when that names a model.
pub fn unknown_vendor_in_front(text: &str) -> Option<usize> {
    const MOST_WORDS: usize = 5;
    let mut end = word_end(text, 0);
    if end >= text.len() || has_designator(&text[..end]) {
        return None;
    }
    let mut at = end;
    for _ in 1..MOST_WORDS {
        if !text[at..].starts_with(' ') {
            break;
        }
        let next = word_end(text, at + 1);
        let word = &text[at + 1..next];
        if next >= text.len() || word.bytes().any(|b| b.is_ascii_digit()) {
            break;
        }
        if VENDORS.firm_words.contains(&fold(word)) {
            end = next;
        }
        at = next;
    }
    Some(company_form(text, end)).filter(|end| *end < text.len())
}

fn word_end(text: &str, from: usize) -> usize {
    text[from..].find([' ', '\t', '\n', ',', ';', ':', '(', ')']).map_or(text.len(), |at| from + at)
}

/// The end of the longest name that a text begins with.
fn name_prefix(text: &str, names: &Names) -> Option<usize> {
    const MOST_WORDS: usize = 6;
    if !names.first.contains(&first_part(text)) {
        return None;
    }
    let mut ends: Vec<usize> = vec![word_end(text, 0)];
    while let Some(&end) = ends.last()
        && ends.len() < MOST_WORDS
        && text[end..].starts_with(' ')
    {
        ends.push(word_end(text, end + 1));
    }
    let is_name = |end: &&usize| {
        let name = &text[..**end];
        name.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '+'))
            && !name.contains(['/', '|'])
            && names.has(name)
    };
    ends.iter().rev().find(is_name).map(|end| company_form(text, *end))
}

/// Company forms behind a name belong to it: `Siemens AG`, `Moxa Inc.`.
fn company_form(text: &str, end: usize) -> usize {
    const FORMS: [&str; 14] =
        ["ag", "gmbh", "inc", "inc.", "ltd", "ltd.", "corp.", "corporation", "s.a.", "sa", "co.", "b.v.", "oy", "spa"];
    let rest = &text[end..];
    let Some(behind) = rest.strip_prefix(' ') else { return end };
    let word = behind.split([' ', ',', ';', '(', '\n']).next().unwrap_or_default();
    if FORMS.contains(&fold(word).as_str()) { end + 1 + word.len() } else { end }
}

/// Whether the whole text is a vendor's name as known here, with or without a company form.
pub fn is_vendor(text: &str) -> bool {
    let text = text.trim();
    vendor_prefix(text, true).is_some_and(|end| {
        let rest = text[end..].trim();
        rest.is_empty()
            || rest.starts_with('(')
            || rest.split(' ').count() <= 3 && !rest.bytes().any(|b| b.is_ascii_digit())
    })
}

/// The vendor that a heading names, alone or before a kind of device: `SIEMENS`, `ABB Umrichter`.
pub fn vendor_of_heading(text: &str) -> Option<&str> {
    let end = vendor_prefix(text, false)?;
    let rest = text[end..].trim_matches([' ', ':', '-', '–']);
    (rest.is_empty() || words::is_kind(rest)).then(|| &text[..end])
}

/// Whether the text is one IP address or a list of them.
pub fn is_ip(text: &str) -> bool {
    let mut any = false;
    for part in text.split([';', ',', ' ', '\n', '/']).filter(|p| !p.is_empty()) {
        let is_mask = any && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !is_mask && part.parse::<std::net::IpAddr>().is_err() {
            return false;
        }
        any = true;
    }
    any
}

/// Whether all of the text's addresses are of a private range, as those of plants are; `16.0.0.0` is a version as well.
pub fn is_private_ip(text: &str) -> bool {
    text.split([';', ',', ' ', '\n', '/']).filter_map(|part| part.parse().ok()).all(|address| match address {
        std::net::IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        std::net::IpAddr::V6(_) => true,
    })
}

/// Whether the text is one MAC address or a list of them.
pub fn is_mac(text: &str) -> bool {
    let mut any = false;
    for part in text.split([';', ',', ' ', '\n', '/']).filter(|p| !p.is_empty()) {
        let hex = part.bytes().filter(u8::is_ascii_hexdigit).count();
        let signs = part.bytes().filter(|b| matches!(b, b':' | b'-' | b'.')).count();
        if hex != 12
            || hex + signs != part.len()
            || !(matches!(signs, 5 | 2) || (signs == 0 && part.bytes().any(|b| b.is_ascii_alphabetic())))
        {
            return false;
        }
        any = true;
    }
    any
}

/// How surely a text is an order number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderForm {
    /// Only an order number looks like this: `6ES7513-1AL02-0AB0`.
    Pure,
    /// A catalogue number that is the name of the model as well: `1756-L84E`, `BMEP582020`.
    AlsoModel,
}

/// The form of an order number, when the text as a whole has one that is known.
pub fn order_form(text: &str) -> Option<OrderForm> {
    let bare: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b'-')).map(|b| b.to_ascii_uppercase()).collect();
    let digit = |at: usize| bare.get(at).is_some_and(u8::is_ascii_digit);
    let alnum = |from: usize, to: usize| bare.get(from..to).is_some_and(|s| s.iter().all(u8::is_ascii_alphanumeric));
    // Siemens: 6ES7 513-1AL02-0AB0, 7KM2112-0BA00-3AA0, 6SL3210-1KE18-8UF1: digit, one or two letters, digits.
    if (15..=17).contains(&bare.len())
        && bare[0].is_ascii_digit()
        && bare[0] >= b'1'
        && bare[1].is_ascii_alphabetic()
        && alnum(0, bare.len().min(16))
    {
        let letters = bare[1..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let digits = bare[1 + letters..].iter().take_while(|b| b.is_ascii_digit()).count();
        if (1..=2).contains(&letters) && digits >= 4 && text.contains(['-', ' ']) {
            return Some(OrderForm::Pure);
        }
    }
    let upper = text.to_ascii_uppercase();
    // Schneider commercial references of meters.
    if upper.starts_with("METSE") && bare.len() >= 8 {
        return Some(OrderForm::Pure);
    }
    if text.contains(' ') {
        return None;
    }
    // ABB: 1SAP120600R0071, 3AUA0000108035, 2CMA100164R1000; Hitachi Energy: 1KGT033100R0001.
    if bare.len() >= 12
        && digit(0)
        && bare[1..4].iter().all(u8::is_ascii_alphabetic)
        && bare[4..].iter().filter(|b| b.is_ascii_digit()).count() >= bare.len() - 5
    {
        return Some(OrderForm::Pure);
    }
    // Danfoss 132F0022, 131B1234.
    if bare.len() == 8
        && bare[..3].iter().all(u8::is_ascii_digit)
        && bare[3].is_ascii_alphabetic()
        && bare[4..].iter().all(u8::is_ascii_digit)
    {
        return Some(OrderForm::Pure);
    }
    // Rockwell: 1756-L84E, 1769-L24ER-QBFC1B, 2711P-T15C22D9P, 20G11ND052AA0NNNNN is left to the column.
    if let Some((bulletin, rest)) = upper.split_once('-') {
        let digits = bulletin.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 4
            && bulletin.len() <= 6
            && rest.len() >= 3
            && rest.bytes().any(|b| b.is_ascii_alphabetic())
            && rest.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        {
            return Some(OrderForm::AlsoModel);
        }
        // WAGO 750-8216, 750-881.
        if matches!(bulletin, "750" | "751" | "752" | "753" | "758" | "762" | "852" | "787" | "767")
            && (3..=9).contains(&rest.len())
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            return Some(OrderForm::AlsoModel);
        }
    }
    // Schneider controllers: BMEP582020, BMXP342020, TM221CE24T, 140CPU43412A, ATV61HD37N4, LXM32…
    for start in [
        "BMEP", "BMEH", "BMXP", "BMXN", "BMENOC", "BMXNOE", "BMECRA", "TM221", "TM241", "TM251", "TM258", "TM262",
        "TSXP", "140CPU", "140NOE", "171CCC", "HMIGTO", "HMIST", "XBTGT", "ATV",
    ] {
        if upper.starts_with(start)
            && upper.len() >= start.len() + 3
            && upper[start.len()..].bytes().any(|b| b.is_ascii_digit())
            && upper.len() >= 8
        {
            return Some(OrderForm::AlsoModel);
        }
    }
    None
}

/// A value of which a list keeps the end in a cell of its own: `6ES7215-1BG40` and `0XB0`. A dash joins them unless they
/// are an order number as they stand.
pub fn together(text: &str, end: &str) -> String {
    let whole = format!("{text}{end}");
    let is_dashed = text.contains('-') || order_form(&whole).is_none();
    match (end.is_empty(), is_dashed && !text.ends_with('-')) {
        (true, _) => text.to_owned(),
        (_, true) => format!("{text}-{end}"),
        (_, false) => whole,
    }
}

/// Whether the text names a product: letters with digits in one word, as in `PM8240`, `S7-1500`, `FX5U-64MT/ES`.
pub fn has_designator(text: &str) -> bool {
    text.split([' ', ',', ';', '\n', '(', ')']).any(is_designator)
}

/// Whether one word is a designator: it has a digit and a letter and is neither a measure nor a version.
pub fn is_designator(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if digits == 0 || letters == 0 || word.len() < 3 {
        return false;
    }
    let lower = word.to_ascii_lowercase();
    let unit = lower.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '-'));
    let measure = matches!(
        unit,
        "kw" | "w"
            | "kv"
            | "v"
            | "a"
            | "ka"
            | "ma"
            | "mm"
            | "m"
            | "cm"
            | "hz"
            | "khz"
            | "mhz"
            | "ghz"
            | "hp"
            | "ps"
            | "kva"
            | "va"
            | "mb"
            | "gb"
            | "tb"
            | "bar"
            | "l"
            | "x"
            | "vdc"
            | "vac"
            | "di"
            | "do"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | "pcs"
            | "mbit"
            | "gbit"
            | "c"
            | "kvar"
            | "pol"
            | "ah"
            | "wh"
            | "kwh"
            | "k"
            | "pt"
            | "台"
            | "個"
            | "式"
            | "枚"
            | "本"
            | "대"
            | "개"
            | "шт"
    );
    // `5110A` is a name, `16A` and `2500A` are currents.
    let number = &lower[..lower.len() - unit.len()];
    let measure =
        measure && (number.len() < 4 || number.ends_with("00") || !number.bytes().all(|b| b.is_ascii_digit()));
    !measure && !is_version(word)
}

/// Whether one word is a version with its letter: `V2.8.3`, `v4`, `R501.4`, `FW2.1`.
pub fn is_version(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let rest = ["fw", "sv", "sw", "ver", "rev", "v", "r"].iter().find_map(|p| lower.strip_prefix(p)).unwrap_or(&lower);
    let rest = rest.trim_start_matches('.');
    let prefixed = rest.len() < lower.len();
    let dots = rest.bytes().filter(|b| *b == b'.').count();
    rest.starts_with(|c: char| c.is_ascii_digit())
        && rest
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'(' | b')' | b'_' | b'-') || b.is_ascii_lowercase())
        && rest.bytes().filter(u8::is_ascii_lowercase).count() <= 2
        && (dots >= 1 && (prefixed || dots >= 2)
            || prefixed && lower.starts_with('v') && rest.len() <= 3 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a cell of text looks like the date that a spreadsheet makes of `2.9` or `1-10`: `02. Sep`, `02-Sep`, `Sep-98`,
/// `9月2日`, `02.09.2004`.
pub fn looks_like_date(text: &str) -> bool {
    // The usual version begins with a V, and no date does.
    if text.len() > 40 || text.starts_with(['V', 'v']) {
        return false;
    }
    let folded = fold(text.trim());
    if folded.is_empty() || folded.len() > 24 || !folded.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    if (folded.contains('月') && (folded.contains('日') || folded.contains('年')))
        || (folded.contains('월') && (folded.contains('일') || folded.contains('년')))
    {
        return true;
    }
    let parts: Vec<&str> = folded.split(['.', '-', '/', ' ', ',']).filter(|p| !p.is_empty()).collect();
    let number = |p: &str, max: u32| p.len() <= 2 && p.parse::<u32>().is_ok_and(|n| n >= 1 && n <= max);
    let year = |p: &str| p.len() == 4 && p.parse::<u32>().is_ok_and(|n| (1900..=2099).contains(&n));
    match parts[..] {
        [a, b] => (number(a, 31) && is_month(b)) || (is_month(a) && (number(b, 99) || year(b))),
        [a, b, c] => {
            let day_month_year = number(a, 31)
                && (number(b, 31) || is_month(b))
                && (year(c) || (is_month(b) && c.len() == 2 && number(c, 99)));
            let year_month_day = year(a)
                && number(b, 12)
                && number(c, 31)
                && (text.contains('-') || text.contains('/') || b.len() == 2 && c.len() == 2);
            let month_day_year = is_month(a) && number(b, 31) && year(c);
            day_month_year || year_month_day || month_day_year
        }
        [a, b, c, ..] => year(a) && number(b, 12) && number(&c[..c.len().min(2)], 31) && folded.contains(':'),
        _ => false,
    }
}

fn is_month(word: &str) -> bool {
    words::is_month(word)
}

/// Whether the text is a number in scientific notation, as spreadsheets show long ones: `4,01508E+12`.
pub fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let Some(power) = exponent.strip_prefix(['+', '-']) else { return false };
    !power.is_empty()
        && power.len() <= 3
        && power.bytes().all(|b| b.is_ascii_digit())
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
        && mantissa.bytes().filter(|b| matches!(b, b'.' | b',')).count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_vendors_are_found_at_the_beginning() {
        for (text, want) in [
            ("Siemens S7-1500", Some("Siemens")),
            ("Schneider Electric Modicon M580", Some("Schneider Electric")),
            ("Allen Bradley ControlLogix", Some("Allen Bradley")),
            ("AB 1769-L24ER", Some("AB")),
            ("Phoenix Contact AXC F 1152", Some("Phoenix Contact")),
            ("Siemens AG, CPU", Some("Siemens AG")),
            ("E+H Promass 83F", Some("E+H")),
            ("三菱電機 FX5U", Some("三菱電機")),
            ("PanelView Plus 7", None),
            ("Deltabar S", None),
        ] {
            assert_eq!(vendor_prefix(text, true).map(|end| &text[..end]), want, "{text}");
        }
        assert_eq!(vendor_of_heading("SIEMENS"), Some("SIEMENS"));
        assert_eq!(vendor_of_heading("ABB drives"), Some("ABB"));
        assert_eq!(vendor_of_heading("Siemens hall"), None);
        assert_eq!(vendor_prefix("AB 1769", false), None);
        assert!(is_vendor("PILZ GmbH & Co. KG") && is_vendor("Hirschmann (Belden)") && !is_vendor("Siemens S7-1500"));
    }

    #[test]
    fn ok_order_numbers_are_told_from_models() {
        use OrderForm::*;
        for (text, want) in [
            ("6ES7513-1AL02-0AB0", Some(Pure)),
            ("6ES7 214-1AG40-0XB0", Some(Pure)),
            ("6SL3210-1KE18-8UF1", Some(Pure)),
            ("7KM3120 0BA01 1DA0", Some(Pure)),
            ("6AV2 124-0QC02-0AX0", Some(Pure)),
            ("METSEPM8240", Some(Pure)),
            ("1SAP120600R0071", Some(Pure)),
            ("132F0022", Some(Pure)),
            ("1756-L84E", Some(AlsoModel)),
            ("2711P-T15C22D9P", Some(AlsoModel)),
            ("750-8216", Some(AlsoModel)),
            ("BMEP582020", Some(AlsoModel)),
            ("PM8240", None),
            ("2023-11-14", None),
            ("S7-1500", None),
            ("", None),
        ] {
            assert_eq!(order_form(text), want, "{text}");
        }
    }

    #[test]
    fn ok_dates_versions_and_addresses() {
        for text in [
            "02. Sep",
            "01. Okt",
            "02-Sep",
            "Sep-98",
            "10-Jan",
            "02.09.2004",
            "2024-09-02",
            "9月2日",
            "1-févr",
            "2. Feb",
            "01/10/2023",
            "3월 2일",
            "02.wrz",
            "5-paź",
            "2.syys",
            "02.Eyl",
            "szept.2",
            "09.фев",
        ] {
            assert!(looks_like_date(text), "{text}");
        }
        for text in ["2.9.4", "V2.8.3", "1.20.25", "5.0", "03.06.11(18)", "2021.0.5 LTS", "08.0.09", "", "10.12.182"] {
            assert!(!looks_like_date(text), "{text}");
        }
        assert!(["V2.8.3", "v4.5", "R501.4", "V4", "03.10.08(22)", "SV2.90"].iter().all(|t| is_version(t)));
        assert!(!["VLT", "R04ENCPU", "7.5", "PM8240"].iter().any(|t| is_version(t)));
        for (text, end, want) in [
            ("6ES7215-1BG40", "0XB0", "6ES7215-1BG40-0XB0"),
            ("3AXD50000", "044865", "3AXD50000044865"),
            ("CX5020", "0112", "CX5020-0112"),
            ("2876928", "", "2876928"),
        ] {
            assert_eq!(together(text, end), want);
        }
        assert!(is_private_ip("192.168.0.1") && is_private_ip("10.0.0.1; 10.0.0.2") && !is_private_ip("16.0.0.0"));
        assert!(is_ip("10.0.0.1; 10.0.0.2") && is_ip("fe80::1") && !is_ip("1.2.3") && !is_ip(""));
        assert!(is_mac("00:1D:9C:A5:4D:CA") && is_mac("001d.9ca5.4dca") && !is_mac("123456789012"));
        assert!(
            is_scientific("4,01508E+12")
                && is_scientific("6.0E+12")
                && !is_scientific("71234E06")
                && !is_scientific("E+H")
        );
        assert!(
            is_designator("PM8240")
                && is_designator("FX5U-64MT/ES")
                && !is_designator("7.5kW")
                && !is_designator("V2.8.3")
        );
    }
}
