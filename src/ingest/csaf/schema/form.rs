//! The formats that texts of a document must have.

use super::shape::Edition;
use crate::domain::advisory::{VersionType, is_cve};

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// At least one character.
    Filled,
    Uri,
    Instant,
    /// An integer or a semantic version.
    Version,
    /// A tag of BCP 47.
    Language,
    /// No blank, dash, underline or dot at either end.
    Label,
    /// No blank at either end.
    TrackingId,
    /// A UUID of version 4, or one of only 0 or f.
    GroupId,
    Cpe,
    Purl,
    /// Hexadecimal digits of a hash.
    Digest,
    Cve,
    Cwe,
    CweVersion,
    /// A decimal fraction from 0.0 to 1.0.
    Probability,
}

impl Form {
    /// What was expected, in words; `None` when the text has the form.
    pub fn misses(self, text: &str, edition: Edition) -> Option<&'static str> {
        let (has_form, expected) = match self {
            Form::Filled => (!text.is_empty(), "at least one character"),
            Form::Uri => (is_uri(text), "an absolute URI"),
            Form::Instant => (is_instant(text, edition), "a date and time with a zone"),
            Form::Version => (VersionType::of(text).is_some(), "an integer or a semantic version"),
            Form::Language => (is_language(text), "a language tag"),
            Form::Label => {
                (has_ends(text, |c| is_blank(c) || matches!(c, '-' | '_' | '.')), "no blank, dash or dot at the ends")
            }
            Form::TrackingId => (has_ends(text, is_blank), "no blank at the ends"),
            Form::GroupId => (is_group_id(text), "a UUID of version 4"),
            Form::Cpe => (is_cpe(text), "a CPE of 2.2 or 2.3"),
            Form::Purl => (is_purl(text), "a package URL"),
            Form::Digest => {
                let is_digit = |b: u8| b.is_ascii_hexdigit();
                (text.len() >= 32 && text.bytes().all(is_digit), "at least 32 hexadecimal digits")
            }
            Form::Cve => (is_cve(text), "a CVE id"),
            Form::Cwe => {
                (text.strip_prefix("CWE-").is_some_and(|n| is_number(n) && n != "0" && n.len() <= 6), "a CWE id")
            }
            Form::CweVersion => (is_cwe_version(text), "a version of the CWE list"),
            Form::Probability => (is_probability(text), "a decimal fraction from 0.0 to 1.0"),
        };
        (!has_form).then_some(expected)
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Digits without a leading zero.
fn is_number(text: &str) -> bool {
    all_digits(text) && (text == "0" || !text.starts_with('0'))
}

/// As `\s` of the pattern language that the schemas are written in.
fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\u{85}' || c == '\u{FEFF}'
}

/// One line that neither begins nor ends with a character like this.
fn has_ends(text: &str, is_wrong: impl Fn(char) -> bool) -> bool {
    let ends = [text.chars().next(), text.chars().next_back()];
    ends.into_iter().all(|end| end.is_some_and(|c| !is_wrong(c)))
        && !text.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
}

/// RFC 3986, with a scheme and something behind it.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, query)| (path, query));
    let (authority, path) = match path.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", path),
    };
    is_scheme
        && !rest.is_empty()
        && is_authority(authority)
        && has_only(path, b":@/")
        && has_only(query, b":@/?")
        && has_only(fragment, b":@/?")
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[') {
        Some(inner) => {
            let Some((address, port)) = inner.split_once(']') else { return false };
            let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
            if !is_address || !(port.is_empty() || port.starts_with(':')) {
                return false;
            }
            ("", port.trim_start_matches(':'))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    has_only(user, b":") && has_only(host, b"") && port.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the text has only characters that a part of a URI may have, and these.
fn has_only(text: &str, also: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let digits = bytes.get(at + 1..at + 3);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return false;
                }
                at += 3;
            }
            b if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(b) || also.contains(b) => at += 1,
            _ => return false,
        }
    }
    true
}

/// RFC 3339. Edition 2.1 wants a capital T and Z and knows no leap seconds.
fn is_instant(text: &str, edition: Edition) -> bool {
    let is_strict = edition == Edition::V2_1;
    let Some((date, time)) = text.split_at_checked(10) else { return false };
    let Some(time) = time.strip_prefix('T').or_else(|| time.strip_prefix('t').filter(|_| !is_strict)) else {
        return false;
    };
    let Some((clock, rest)) = time.split_at_checked(8) else { return false };
    let rest = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return false;
            }
            rest
        }
    };
    let numbers = |text: &str, sign: char, widths: &[usize]| -> Option<Vec<u32>> {
        let parts: Vec<&str> = text.split(sign).collect();
        let fits = parts.len() == widths.len() && parts.iter().zip(widths).all(|(p, n)| p.len() == *n && all_digits(p));
        fits.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
    };
    let is_zone = match rest {
        "Z" => true,
        "z" => !is_strict,
        _ => rest
            .strip_prefix(['+', '-'])
            .and_then(|zone| numbers(zone, ':', &[2, 2]))
            .is_some_and(|zone| matches!(zone[..], [hours, minutes] if hours <= 23 && minutes <= 59)),
    };
    let is_date = numbers(date, '-', &[4, 2, 2]).is_some_and(|date| match date[..] {
        [year, month, day] => jiff::civil::Date::new(year as i16, month as i8, day as i8).is_ok(),
        _ => false,
    });
    let is_clock = numbers(clock, ':', &[2, 2, 2]).is_some_and(|clock| match clock[..] {
        [hour, minute, second] => hour <= 23 && minute <= 59 && (second <= 59 || second == 60 && !is_strict),
        _ => false,
    });
    is_date && is_clock && is_zone
}

/// BCP 47: language, script, region, variants, extensions, private use, each in its place.
fn is_language(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "i-default" | "i-mingo") {
        return true;
    }
    let tags: Vec<&str> = lower.split('-').collect();
    let letters = |tag: &str| tag.bytes().all(|b| b.is_ascii_lowercase());
    let mixed = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_private = |tags: &[&str]| tags.len() > 1 && tags[1..].iter().all(|tag| mixed(tag) && tag.len() <= 8);
    let mut at = 0;
    match tags[0] {
        "x" => return is_private(&tags),
        tag if letters(tag) && matches!(tag.len(), 2 | 3) => {
            at += 1;
            let is_more = |tag: &&&str| tag.len() == 3 && letters(tag);
            at += tags[at..].iter().take_while(is_more).take(3).count();
        }
        tag if letters(tag) && (4..=8).contains(&tag.len()) => at += 1,
        _ => return false,
    }
    let next = |at: usize, fits: &dyn Fn(&str) -> bool| usize::from(tags.get(at).is_some_and(|tag| fits(tag)));
    at += next(at, &|tag| tag.len() == 4 && letters(tag));
    at += next(at, &|tag| tag.len() == 2 && letters(tag) || tag.len() == 3 && all_digits(tag));
    let is_variant = |tag: &str| {
        mixed(tag) && ((5..=8).contains(&tag.len()) || tag.len() == 4 && tag.starts_with(|c: char| c.is_ascii_digit()))
    };
    while next(at, &is_variant) == 1 {
        at += 1;
    }
    while next(at, &|tag| tag.len() == 1 && tag != "x" && mixed(tag)) == 1 {
        let n = tags[at + 1..].iter().take_while(|tag| (2..=8).contains(&tag.len()) && mixed(tag)).count();
        if n == 0 {
            return false;
        }
        at += 1 + n;
    }
    at == tags.len() || tags[at] == "x" && is_private(&tags[at..])
}

fn is_group_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let has_parts = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
    let is_one = |digit: u8| text.bytes().all(|b| b == digit || b == b'-');
    has_parts
        && text.bytes().all(|b| b == b'-' || is_digit(b))
        && (parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']) || is_one(b'0') || is_one(b'f'))
}

fn is_cpe(text: &str) -> bool {
    match text.strip_prefix("cpe:2.3:") {
        Some(rest) => is_cpe_2_3(rest),
        None => is_cpe_2_2(text),
    }
}

/// The formatted string: part, then ten components between colons that are not escaped.
fn is_cpe_2_3(text: &str) -> bool {
    let mut components = vec![String::new()];
    let mut is_escaped = false;
    for c in text.chars() {
        if c == ':' && !is_escaped {
            components.push(String::new());
        } else if let Some(last) = components.last_mut() {
            last.push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    components.len() == 11
        && matches!(components[0].as_str(), "a" | "h" | "o" | "*" | "-")
        && components.iter().enumerate().skip(1).all(|(n, component)| {
            matches!(component.as_str(), "*" | "-")
                || if n == 6 { is_cpe_language(component) } else { is_cpe_component(component) }
        })
}

fn is_cpe_language(text: &str) -> bool {
    let (language, region) = text.split_once('-').map_or((text, None), |(language, region)| (language, Some(region)));
    let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphabetic());
    matches!(language.len(), 2 | 3)
        && letters(language)
        && region.is_none_or(|region| region.len() == 2 && letters(region) || region.len() == 3 && all_digits(region))
}

/// Letters, digits and escaped signs, with question marks or one star at either end.
fn is_cpe_component(text: &str) -> bool {
    let start = text.trim_start_matches('?');
    let start = if start.len() == text.len() { text.strip_prefix('*').unwrap_or(text) } else { start };
    let mut middle = start.chars().peekable();
    let mut n = 0;
    while let Some(c) = middle.peek().copied() {
        match c {
            '\\' => {
                middle.next();
                if !middle.next().is_some_and(|c| c.is_ascii_punctuation() && !matches!(c, '-' | '.' | '_')) {
                    return false;
                }
            }
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') => {
                middle.next();
            }
            _ => break,
        }
        n += 1;
    }
    let end: String = middle.collect();
    n > 0 && (end == "*" || end.chars().all(|c| c == '?'))
}

/// The URI: `cpe:/`, part, at most six components.
fn is_cpe_2_2(text: &str) -> bool {
    let Some((head, rest)) = text.split_at_checked(5) else { return false };
    let rest = rest.strip_prefix(['a', 'h', 'o', 'A', 'H', 'O']).unwrap_or(rest);
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"._-~%:".contains(&b);
    head.eq_ignore_ascii_case("cpe:/")
        && (rest.is_empty() || rest.starts_with(':'))
        && rest.bytes().all(is_sign)
        && rest.matches(':').count() <= 6
}

fn is_purl(text: &str) -> bool {
    let Some((kind, name)) = text.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) else { return false };
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    !kind.is_empty()
        && !kind.starts_with(|c: char| c.is_ascii_digit())
        && kind.bytes().all(is_sign)
        && !name.is_empty()
        && is_uri(text)
}

fn is_cwe_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts.len(), 2 | 3)
        && is_number(parts[0])
        && parts[0] != "0"
        && is_number(parts[1])
        && parts.get(2).is_none_or(|part| all_digits(part))
}

fn is_probability(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, fraction)| {
        all_digits(fraction) && (whole == "0" || whole == "1" && fraction.bytes().all(|b| b == b'0'))
    })
}
