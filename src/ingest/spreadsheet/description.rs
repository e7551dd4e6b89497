//! Descriptions that hold all: `Siemens S7-1500 CPU 1511-1 PN, 6ES7511-1AK02-0AB0, FW V2.8.1` is taken apart where it is
//! certain. What is not certain stays in the model.

pub mod labelled;
pub mod marked;

use crate::domain::inventory::Field;

use super::cpe;
use super::text::{clean, fold};
use super::values::{self, OrderForm};
use super::words;

/// Words in front of a firmware. The second is whether the word belongs to the value (`SV 2.90`, `AOS 6.9.4`).
const FIRMWARE_LABELS: [(&str, bool); 41] = [
    ("ios", false),
    ("firmware version", false),
    ("firmware ver", false),
    ("firmware rev", false),
    ("firmware", false),
    ("version du firmware", false),
    ("version de firmware", false),
    ("firmwarestand", false),
    ("firmwareversion", false),
    ("fw-stand", false),
    ("fw version", false),
    ("fw ver", false),
    ("fw rev", false),
    ("fw", false),
    ("f/w", false),
    ("frn", false),
    ("software version", false),
    ("software", false),
    ("softwarestand", false),
    ("unit version", false),
    ("unit ver", false),
    ("image", false),
    ("version", false),
    ("versao", false),
    ("ver", false),
    ("vers", false),
    ("revision", false),
    ("release", false),
    ("rev", false),
    ("stand", false),
    ("sw", false),
    ("sv", true),
    ("aos", true),
    ("kss", true),
    ("ファームウェア", false),
    ("バージョン", false),
    ("ファーム", false),
    ("펌웨어", false),
    ("버전", false),
    ("固件", false),
    ("прошивка", false),
];

const SERIAL_LABELS: [&str; 34] = [
    "serial number",
    "serial no",
    "serial",
    "ser no",
    "ser. no",
    "s/n",
    "sn",
    "seriennummer",
    "serien-nr",
    "ser.-nr",
    "n° de serie",
    "no de serie",
    "no serie",
    "numero de serie",
    "num. de serie",
    "n/s",
    "n° serie",
    "numero di serie",
    "matricola",
    "serienummer",
    "serienr",
    "nr seryjny",
    "nr fabr",
    "numer seryjny",
    "vyr. c",
    "seriove cislo",
    "sarjanumero",
    "seri no",
    "gyari szam",
    "シリアル番号",
    "シリアル",
    "製造番号",
    "시리얼",
    "序列号",
];

const ORDER_LABELS: [&str; 25] = [
    "order number",
    "order no",
    "order code",
    "part number",
    "part no",
    "catalog no",
    "cat. no",
    "cat no",
    "article no",
    "art. no",
    "art.-nr",
    "art.nr",
    "artikelnummer",
    "artikel-nr",
    "artikel",
    "art",
    "best.-nr",
    "bestell-nr",
    "bestellnummer",
    "mlfb",
    "p/n",
    "ref",
    "ref. commande",
    "品番",
    "注文番号",
];

/// The fields that a description surely names; empty when it names no product. `vendor` is the vendor that another
/// column gives, blank for none.
pub fn split(text: &str, vendor: &str) -> Vec<(Field, String)> {
    let mut rest = clean(text).into_owned();
    if let Some(mut named) = cpe::read(&rest) {
        // A vendor that another column gives is written by a person.
        named.retain(|(field, _)| *field != Field::Vendor || vendor.is_empty());
        return named;
    }
    if words::is_no_device(&rest) || words::is_not_stated(&rest) || words::is_greeting(&rest) {
        return Vec::new();
    }
    if let Some((before, mut named)) = labelled::labelled(text) {
        let found = if before.is_empty() { Vec::new() } else { split(before, vendor) };
        for (field, value) in found {
            if !named.iter().any(|(known, _)| *known == field) {
                named.push((field, value));
            }
        }
        if named.iter().any(|(field, _)| matches!(field, Field::Model | Field::PartNumber)) {
            named.retain(|(field, _)| *field != Field::Vendor || vendor.is_empty());
            return named;
        }
    }
    let mut out = Vec::new();
    if is_several(text) && !has_companion(&rest) {
        if let Some(found) = find_vendor(&rest) {
            out.push((Field::Vendor, found.1));
        }
        out.push((Field::Model, rest));
        return out;
    }
    if let Some(serial) =
        take_labelled(&mut rest, &SERIAL_LABELS, |w| w.len() >= 4 && w.bytes().any(|b| b.is_ascii_digit()))
    {
        out.push((Field::SerialNumber, serial));
    }
    let labelled = take_labelled(&mut rest, &ORDER_LABELS, |w| {
        w.len() >= 4 && w.bytes().filter(u8::is_ascii_digit).count() >= 3 && !w.starts_with(['v', 'V'])
    });
    let order = labelled.or_else(|| take_order_number(&mut rest));
    if let Some(firmware) = take_firmware(&mut rest) {
        out.push((Field::Firmware, firmware));
    }
    if vendor.is_empty()
        && let Some((span, name)) = find_vendor(&rest)
    {
        rest.replace_range(span, " ");
        out.push((Field::Vendor, name));
    } else if !vendor.is_empty()
        && let Some(end) = values::vendor_prefix(&rest, true).filter(|end| fold(&rest[..*end]) == fold(vendor))
    {
        rest.replace_range(..end, " ");
    }
    let mut model = tidy(&rest);
    let has_vendor = !vendor.is_empty() || out.iter().any(|f| f.0 == Field::Vendor);
    let order = order.or_else(|| also_model(&mut model));
    let certain = order.is_some() || (has_vendor && model.chars().count() >= 2) || values::has_designator(&model);
    if !certain {
        return Vec::new();
    }
    if let Some(order) = order {
        out.push((Field::PartNumber, order));
    }
    if !model.is_empty() {
        out.push((Field::Model, model));
    }
    out
}

/// Whether a cell names more than one device: `2x A + 1x B`, one per line, `A + B`, `A with B`.
pub fn is_several(text: &str) -> bool {
    if !may_be_several(text) {
        return false;
    }
    let folded = fold(text);
    let multipliers = multipliers(&folded);
    if multipliers >= 2 || (multipliers == 1 && folded.contains(" + ")) {
        return true;
    }
    let lines: Vec<&str> = folded.split(['\n', ';']).map(str::trim).filter(|l| !l.is_empty()).collect();
    let names = |part: &str| values::has_designator(part) && !starts_with_label(part);
    if lines.len() >= 2
        && lines.iter().all(|l| names(l) || values::is_version(l))
        && !lines.iter().skip(1).all(|l| is_order(l))
    {
        return true;
    }
    for sign in [" + ", " and ", " und ", " et ", " & "] {
        if let Some((left, right)) = folded.split_once(sign) {
            let digits = |t: &str| t.bytes().any(|b| b.is_ascii_digit()) && t.chars().any(char::is_alphabetic);
            let is_name = |t: &str, original: Option<&str>| digits(t) || original.is_some_and(is_name_in_capitals);
            let (first, second) = text.split_once(sign).map_or((None, None), |(a, b)| (Some(a), Some(b)));
            if sign == " + "
                && (digits(left) || digits(right))
                && is_name(left, first)
                && is_name(right, second)
                && !is_order(right.trim())
            {
                return true;
            }
            let near = left.split_whitespace().next_back().is_some_and(values::is_designator)
                || left.split_whitespace().count() <= 4 && names(left);
            if near && names(right) && !is_order(right.trim()) {
                return true;
            }
        }
    }
    has_companion(&folded) || names_siblings(&folded)
}

/// A name without a digit: the `LDO` of `LDO + SC200`.
fn is_name_in_capitals(text: &str) -> bool {
    let text = text.trim();
    (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether a value begins with a number of pieces, two at least: `2No. ACH580`, `3 x CPX-FB33`, `2 szt. FC302`.
pub fn counts_pieces(text: &str) -> bool {
    let Some(first) = text.trim_start().bytes().next().filter(u8::is_ascii_digit) else { return false };
    if first == b'1' && !text.trim_start()[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let folded = fold(text);
    let words: Vec<&str> = folded.split_whitespace().take(3).collect();
    is_count(&words, 0) && values::has_designator(text.split_once(' ').map_or("", |(_, rest)| rest))
}

/// `Nexto NX3010 / Nexto NX5000`: two names of one family, unlike `S7-1200 / CPU 1214C`.
fn names_siblings(folded: &str) -> bool {
    let Some((left, right)) = folded.split_once(" / ") else { return false };
    let designator = |part: &str| part.split_whitespace().find(|word| values::is_designator(word)).map(str::to_owned);
    let letters = |word: &str| word.chars().take_while(|c| c.is_alphabetic()).collect::<String>();
    // `IQ3 / IQT`
    let sibling = |word: &str, of: &str| {
        let stem = letters(of);
        stem.len() >= 2 && word.len() <= of.len() + 1 && word != stem && word.starts_with(&stem) && !word.contains(' ')
    };
    let (left, right) = match (designator(left), designator(right)) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => return sibling(right.trim(), &left),
        _ => return false,
    };
    left != right && letters(&left).len() >= 2 && letters(&left) == letters(&right) && !is_order(&right)
}

/// A quick look that spares the close one for nearly all cells of a long list.
fn may_be_several(text: &str) -> bool {
    const JOINING: [&str; 20] = [
        "and", "und", "et", "with", "mit", "avec", "con", "com", "incl.", "inkl.", "plus", "x", "pcs", "stk", "x,",
        "off", "no.", "nos", "szt", "szt.",
    ];
    let bytes = text.as_bytes();
    let mut blanks = 0;
    for (at, b) in bytes.iter().enumerate() {
        match b {
            b'\n' | b';' | b'+' | b'&' | b'*' => return true,
            b'/' if at > 0 && bytes[at - 1] == b' ' => return true,
            b'x' | b'X' if at > 0 && bytes[at - 1].is_ascii_digit() => return true,
            b'n' | b'N'
                if at > 0 && bytes[at - 1].is_ascii_digit() && matches!(bytes.get(at + 1), Some(b'o' | b'O')) =>
            {
                return true;
            }
            b' ' => blanks += 1,
            _ => {}
        }
    }
    if !text.is_ascii() && text.contains(['×', '台']) {
        return true;
    }
    // A joining word stands between two others.
    blanks > 1
        && text.split(' ').skip(1).any(|word| word.len() < 6 && JOINING.iter().any(|j| word.eq_ignore_ascii_case(j)))
}

/// `Smart-UPS SMT2200 with AP9631`: a second product is fitted to the first.
fn has_companion(text: &str) -> bool {
    let folded = fold(text);
    [" with ", " mit ", " avec ", " con ", " com ", " incl. ", " inkl. ", " plus "].iter().any(|sign| {
        folded.split_once(sign).is_some_and(|(left, right)| {
            let next = right.split_whitespace().next().unwrap_or_default();
            values::has_designator(left)
                && values::is_designator(next)
                && next.bytes().filter(u8::is_ascii_digit).count() >= 2
                && !is_order(next)
        })
    })
}

fn is_order(text: &str) -> bool {
    values::order_form(&text.to_ascii_uppercase()) == Some(OrderForm::Pure)
}

/// How often a number of pieces stands in the text: `2x`, `3 ×`, `1No.`.
fn multipliers(folded: &str) -> usize {
    let words: Vec<&str> = folded.split_whitespace().collect();
    (0..words.len()).filter(|at| is_count(&words, *at)).count()
}

/// Whether a word is a number of pieces, with the word behind it where that is the one for pieces.
fn is_count(words: &[&str], at: usize) -> bool {
    const PIECES: [&str; 26] = [
        "x", "×", "*", "no", "no.", "nos", "nos.", "off", "stk", "stk.", "st.", "pcs", "pcs.", "ea", "szt", "szt.",
        "ks", "pz", "pz.", "uds", "uds.", "ud.", "шт", "шт.", "台", "個",
    ];
    // `2 x`, `2 off`; words that are too short to be told from others stand right behind the number.
    const APART: [&str; 16] = [
        "x", "×", "off", "nos", "nos.", "stk", "stk.", "pcs", "pcs.", "szt", "szt.", "uds", "uds.", "шт", "шт.", "no.",
    ];
    let word = words[at].trim_start_matches('(');
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = word[digits..].trim_start_matches('-');
    (1..=3).contains(&digits)
        && (PIECES.contains(&rest)
            || word.len() == digits && words.get(at + 1).is_some_and(|next| APART.contains(next)))
}

fn starts_with_label(part: &str) -> bool {
    let word_end =
        |label: &str| part.strip_prefix(label).is_some_and(|r| !r.starts_with(|c: char| c.is_alphanumeric()));
    FIRMWARE_LABELS.iter().any(|l| word_end(l.0)) || SERIAL_LABELS.iter().chain(&ORDER_LABELS).any(|l| word_end(l))
}

/// One word of a text: byte range and the word without signs at its ends.
fn words_of(text: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        // `7" HMI` is a size.
        let quotes = c == '"' && !text[..at].ends_with(|before: char| before.is_ascii_digit());
        let divides = quotes
            || c.is_whitespace()
            || matches!(c, ',' | ';' | '(' | ')' | '[' | ']' | ':' | '=') && !inside_number(text, at);
        match (divides, start) {
            (true, Some(from)) => {
                out.push((from..at, &text[from..at]));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    out
}

/// A bracket right behind a digit belongs to the word: `03.10.08(22)`.
fn inside_number(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(b'(') => at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        Some(b')') => text[..at].rfind('(').is_some_and(|open| {
            open > 0 && bytes[open - 1].is_ascii_digit() && text[open + 1..at].bytes().all(|b| b.is_ascii_digit())
        }),
        _ => false,
    }
}

/// Where a label ends that begins at word `at`, in words; 0 when none begins there.
fn label_length(words: &[(std::ops::Range<usize>, &str)], at: usize, label: &str) -> usize {
    let parts: Vec<&str> = label.split(' ').collect();
    let fits = parts.iter().enumerate().all(|(i, part)| {
        words.get(at + i).is_some_and(|w| {
            let folded = fold(w.1);
            folded.trim_end_matches(['.', '#']) == part.trim_end_matches('.') || folded == *part
        })
    });
    if fits { parts.len() } else { 0 }
}

fn take_labelled(text: &mut String, labels: &[&str], fits: impl Fn(&str) -> bool) -> Option<String> {
    let words = words_of(text);
    for at in 0..words.len() {
        for label in labels {
            let length = label_length(&words, at, label);
            let Some(value) = words.get(at + length).filter(|_| length > 0) else { continue };
            // `6ES7 511-1AK02-0AB0` may go on with the next word.
            let longer =
                words.get(at + length + 1).map(|next| &text[value.0.start..next.0.end]).filter(|t| is_order(t));
            if let Some(longer) = longer {
                let (found, span) = (longer.to_owned(), words[at].0.start..words[at + length + 1].0.end);
                text.replace_range(span, " , ");
                return Some(found);
            }
            if fits(value.1) {
                let (found, span) = (value.1.trim_end_matches('.').to_owned(), words[at].0.start..value.0.end);
                text.replace_range(span, " , ");
                return Some(found);
            }
        }
    }
    None
}

/// A number that can only be an order number: one to three words of a known form, or digits alone in brackets.
fn take_order_number(text: &mut String) -> Option<String> {
    let words = words_of(text);
    for length in (1..=3).rev() {
        for at in 0..words.len().saturating_sub(length - 1) {
            let span = words[at].0.start..words[at + length - 1].0.end;
            let candidate = &text[span.clone()];
            let pure = values::order_form(candidate) == Some(OrderForm::Pure)
                && (length == 1 || candidate.as_bytes()[0].is_ascii_digit());
            let bracketed = length == 1
                && text[..span.start].ends_with('(')
                && text[span.end..].starts_with(')')
                && candidate.len() >= 5
                && candidate.bytes().filter(u8::is_ascii_digit).count() * 10 >= candidate.len() * 7;
            if pure || bracketed {
                let found = candidate.to_owned();
                text.replace_range(span, " , ");
                return Some(found);
            }
        }
    }
    None
}

/// An order number that is the model's name too is taken out only when the model has another name.
fn also_model(model: &mut String) -> Option<String> {
    let words = words_of(model);
    let (span, found) = words
        .iter()
        .find(|w| values::order_form(w.1) == Some(OrderForm::AlsoModel))
        .map(|w| (w.0.clone(), w.1.to_owned()))?;
    let rest = tidy(&format!("{} {}", &model[..span.start], &model[span.end..]));
    if values::has_designator(&rest) {
        *model = rest;
    }
    Some(found)
}

fn take_firmware(text: &mut String) -> Option<String> {
    let words = words_of(text);
    let version = |word: &str| {
        let bare = word.trim_start_matches(['v', 'V', 'r', 'R', 'b', 'B']).trim_start_matches('.');
        bare.starts_with(|c: char| c.is_ascii_digit())
            && bare.len() + 2 >= word.len()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'(' | b')' | b'-' | b'_'))
    };
    for at in 0..words.len() {
        for (label, keep) in FIRMWARE_LABELS {
            let length = label_length(&words, at, label);
            if length == 0 || words.get(at + length).is_none_or(|w| !version(w.1)) {
                continue;
            }
            // `Version 2` of a name, and measures, are no firmware; a version behind a plain label has a dot or a V.
            let word = words[at + length].1;
            if matches!(label, "version" | "ver" | "rev" | "image" | "stand" | "sw" | "revision")
                && !word.contains('.')
                && !values::is_version(word)
            {
                continue;
            }
            let end = firmware_end(&words, at + length);
            let from = if keep { words[at].0.start } else { words[at + length].0.start };
            let found = text[from..words[end].0.end].trim_end_matches(['.', ',']).to_owned();
            let span = words[at].0.start..words[end].0.end;
            text.replace_range(span, " , ");
            return Some(found);
        }
        // `SV2.90`: label and version in one word.
        if at > 0 && values::is_version(words[at].1) {
            let end = firmware_end(&words, at);
            let span = words[at].0.start..words[end].0.end;
            let found = text[span.clone()].trim_end_matches(['.', ',']).to_owned();
            text.replace_range(span, " , ");
            return Some(found);
        }
    }
    // `ABB ACS550-01-038A-4 3.14D`: a bare version stands last, right behind the designator.
    if let [.., (_, before), (span, last)] = &words[..]
        && values::is_designator(before)
        && last.split_once('.').is_some_and(|(whole, part)| {
            is_digits(whole) && is_digits(part.trim_end_matches(char::is_alphabetic)) && part.len() >= 2
        })
    {
        let (found, span) = ((*last).to_owned(), span.clone());
        text.replace_range(span, " , ");
        return Some(found);
    }
    None
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Words that go on with a version: `LTS`, `SP1`, `Update 3`, `Build 4024`, `HF2`.
fn firmware_end(words: &[(std::ops::Range<usize>, &str)], at: usize) -> usize {
    let mut end = at;
    while let Some(next) = words.get(end + 1) {
        let folded = fold(next.1);
        let number_behind = words.get(end + 2).is_some_and(|w| w.1.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        if folded == "lts"
            || (folded.starts_with("sp") || folded.starts_with("hf") || folded.starts_with("upd"))
                && folded[2..].bytes().any(|b| b.is_ascii_digit())
        {
            end += 1;
        } else if matches!(folded.as_str(), "build" | "update" | "upd" | "sp" | "patch" | "hotfix" | "hf")
            && number_behind
        {
            end += 2;
        } else {
            break;
        }
    }
    end
}

/// The vendor's name: at the beginning, behind a kind of device, in brackets, or anywhere when it is no short form. The
/// range covers what is to be taken out with it.
fn find_vendor(text: &str) -> Option<(std::ops::Range<usize>, String)> {
    let lead = text.len() - text.trim_start_matches([' ', ',', '-']).len();
    if let Some(end) = values::vendor_prefix(&text[lead..], true) {
        return Some((0..lead + end, text[lead..lead + end].to_owned()));
    }
    let words = words_of(text);
    for (at, word) in words.iter().enumerate().skip(1) {
        let Some(end) = values::vendor_prefix(&text[word.0.start..], false) else { continue };
        let name = text[word.0.start..word.0.start + end].to_owned();
        // A kind of device in front of the vendor goes with it: `HMI Siemens TP1500`.
        let front = text[..word.0.start].trim_matches([' ', ',', ':', '-', '/']);
        let from = if at <= 2 && words::is_kind(front) { 0 } else { word.0.start };
        return Some((from..word.0.start + end, name));
    }
    None
}

/// The text without what removals left behind: doubled separators, empty brackets, signs at the ends.
fn tidy(text: &str) -> String {
    let mut out = text.replace(['\n', '\r', '\t'], " ");
    loop {
        let before = out.len();
        for (from, to) in [
            ("  ", " "),
            (" ,", ","),
            (",,", ","),
            ("( )", ""),
            ("()", ""),
            ("(,)", ""),
            ("(, )", ""),
            ("(,", "("),
            ("[]", ""),
            (", )", ")"),
            (",)", ")"),
            (";,", ","),
            (",;", ","),
        ] {
            out = out.replace(from, to);
        }
        if out.len() == before {
            break;
        }
    }
    let trimmed = out.trim_matches([' ', ',', ';', ':', '-', '–', '/', '|', '=']).to_owned();
    // A bracket that lost its partner.
    if trimmed.ends_with(')') && !trimmed.contains('(') {
        trimmed.trim_end_matches([')', ' ']).to_owned()
    } else {
        trimmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &[(Field, &str)]) {
        let mut found = split(text, "");
        found.sort();
        let mut want: Vec<(Field, String)> = want.iter().map(|(f, v)| (*f, (*v).to_owned())).collect();
        want.sort();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn ok_descriptions_are_taken_apart_where_certain() {
        use Field::*;
        check(
            "Siemens S7-1500 CPU 1511-1 PN, 6ES7511-1AK02-0AB0, FW V2.8.1",
            &[
                (Vendor, "Siemens"),
                (Model, "S7-1500 CPU 1511-1 PN"),
                (PartNumber, "6ES7511-1AK02-0AB0"),
                (Firmware, "V2.8.1"),
            ],
        );
        check(
            "Siemens SIMATIC S7-1200, CPU 1215FC DC/DC/DC, 6ES7 215-1AF40-0XB0, firmware V4.4.0",
            &[
                (Vendor, "Siemens"),
                (Model, "SIMATIC S7-1200, CPU 1215FC DC/DC/DC"),
                (PartNumber, "6ES7 215-1AF40-0XB0"),
                (Firmware, "V4.4.0"),
            ],
        );
        check(
            "Schneider Electric Modicon M580 BMEP582020 SV 2.90",
            &[
                (Vendor, "Schneider Electric"),
                (Model, "Modicon M580"),
                (PartNumber, "BMEP582020"),
                (Firmware, "SV 2.90"),
            ],
        );
        check(
            "Allen Bradley ControlLogix 1756-L84E rev 32.016",
            &[
                (Vendor, "Allen Bradley"),
                (Model, "ControlLogix 1756-L84E"),
                (PartNumber, "1756-L84E"),
                (Firmware, "32.016"),
            ],
        );
        check(
            "WAGO 750-8216 PFC200 firmware 03.10.08(22)",
            &[(Vendor, "WAGO"), (Model, "PFC200"), (PartNumber, "750-8216"), (Firmware, "03.10.08(22)")],
        );
        check(
            "Phoenix Contact AXC F 1152 (1151412), FW 2021.0.5 LTS",
            &[(Vendor, "Phoenix Contact"), (Model, "AXC F 1152"), (PartNumber, "1151412"), (Firmware, "2021.0.5 LTS")],
        );
        check(
            "Omron NJ501-1400 unit version 1.20, S/N 15Y0332",
            &[(Vendor, "Omron"), (Model, "NJ501-1400"), (Firmware, "1.20"), (SerialNumber, "15Y0332")],
        );
        check(
            "HMI Siemens TP1500 Comfort, 6AV2 124-0QC02-0AX0, image V15.1.0.3",
            &[
                (Vendor, "Siemens"),
                (Model, "TP1500 Comfort"),
                (PartNumber, "6AV2 124-0QC02-0AX0"),
                (Firmware, "V15.1.0.3"),
            ],
        );
        check(
            "Janitza UMG 509-PRO, Art. 52.26.001, FW 5.026",
            &[(Vendor, "Janitza"), (Model, "UMG 509-PRO"), (PartNumber, "52.26.001"), (Firmware, "5.026")],
        );
        check(
            "Schneider PM8240 METSEPM8240 fw 003.001.001 s/n MW-1710A077-02",
            &[
                (Vendor, "Schneider"),
                (Model, "PM8240"),
                (PartNumber, "METSEPM8240"),
                (Firmware, "003.001.001"),
                (SerialNumber, "MW-1710A077-02"),
            ],
        );
        check(
            "SINAMICS G120C PN 6SL3210-1KE18-8UF1 V4.7.6",
            &[(Model, "SINAMICS G120C PN"), (PartNumber, "6SL3210-1KE18-8UF1"), (Firmware, "V4.7.6")],
        );
        check("Beckhoff BK9100 Ethernet coupler", &[(Vendor, "Beckhoff"), (Model, "BK9100 Ethernet coupler")]);
        check(
            "三菱電機 FX5U-64MT/ES ファームウェア 1.210",
            &[(Vendor, "三菱電機"), (Model, "FX5U-64MT/ES"), (Firmware, "1.210")],
        );
        check("VFD, ABB ACS550-01-038A-4 3.14D", &[(Vendor, "ABB"), (Model, "ACS550-01-038A-4"), (Firmware, "3.14D")]);
        check(
            "Cisco IE-2000-8TC-G-B IOS 15.2(4)EA7",
            &[(Vendor, "Cisco"), (Model, "IE-2000-8TC-G-B"), (Firmware, "15.2(4)EA7")],
        );
        check("Frequency inverter 7.5 kW, make not readable", &[]);
        check("Fuel tank level transmitter (old)", &[]);
        check("see drawing E-104 sheet 3", &[]);
        check("", &[]);
    }

    #[test]
    fn ok_several_devices_in_one_text_are_noticed() {
        for text in [
            "2x ET200SP IM155-6PN BA + 1x ET200SP IM155-6PN HF (Siemens), Hall 1 panels 4-6",
            "Moxa NPort 5110A\nMoxa NPort 5150A\nMoxa NPort 5210A",
            "APC Smart-UPS SMT2200RMI2U with AP9631 (NMC2) AOS 6.9.4",
            "PM8240 + PM8244",
            "PM8240 and PM8244",
            "V2.8.1; V2.9.4",
            "Altus Nexto NX3010 / Altus Nexto NX5000",
        ] {
            assert!(is_several(text), "{text}");
        }
        for text in [
            "CPU 1214C DC/DC/DC",
            "SIMATIC S7-1200, CPU 1215FC",
            "PM8240",
            "Siemens S7-1200\nFW V4.2",
            "v7.0.12,build0523",
            "CPU 1214C with 6ES7214-1AG40-0XB0",
            "V2.8.1",
            "S7-1200 / CPU 1214C",
            "PM8240 / METSEPM8240",
        ] {
            assert!(!is_several(text), "{text}");
        }
    }
}
