//! How a sheet shows a number: format codes, so that 3.1 with the format `0.00` is read as 3.10.
//!
//! # Source
//!
//! ECMA-376 Part 1, sections 18.8.30 (built-in formats) and 18.8.31 (format codes).

use super::raw::Kind;

/// One number format, ready to show numbers with.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberFormat {
    sections: Vec<Section>,
    /// Windows language id of month names (`[$-407]`); 0 when the code names none.
    language: u16,
}

#[derive(Clone, Debug, PartialEq)]
enum Section {
    General,
    Text,
    Date(Vec<Piece>),
    Number(Digits),
    /// No place for digits: the number itself is not shown.
    Literal(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    /// A run of one date letter: `yyyy`, `mm`, `d`; lower case.
    Run(char, usize),
    AmPm,
    /// `[h]`, `[mm]`: time that runs on over 24 hours.
    Elapsed(char, usize),
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Digits {
    /// The part before the decimal point: `Some` is a digit place, `None` ends with a literal.
    whole: Vec<Place>,
    /// The part behind it.
    fraction: Vec<Place>,
    exponent: Option<usize>,
    percent: bool,
    thousands: bool,
    scale_commas: u32,
    point: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// `0`: a digit that is always shown.
    Always,
    /// `#` or `?`: a digit shown when there is one.
    Maybe,
    Literal(String),
}

impl NumberFormat {
    /// The format that shows a number as it is.
    pub fn general() -> NumberFormat {
        NumberFormat { sections: vec![Section::General], language: 0 }
    }

    /// The built-in format with this id; `General` for ids that are reserved.
    pub fn built_in(id: u32) -> NumberFormat {
        let code = match id {
            1 => "0",
            2 => "0.00",
            3 | 37 | 38 => "#,##0",
            4 | 39 | 40 | 43 | 44 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            14 | 27..=31 | 36 | 50..=54 | 57 | 58 => "m/d/yyyy",
            15 => "d-mmm-yy",
            16 => "d-mmm",
            17 => "mmm-yy",
            18 => "h:mm AM/PM",
            19 => "h:mm:ss AM/PM",
            20 | 32 | 34 => "h:mm",
            21 | 33 | 35 => "h:mm:ss",
            22 => "m/d/yyyy h:mm",
            41 | 42 => "#,##0",
            45 => "mm:ss",
            46 => "[h]:mm:ss",
            47 => "mm:ss.0",
            48 => "##0.0E+0",
            49 => "@",
            _ => return NumberFormat::general(),
        };
        NumberFormat::read(code)
    }

    /// Reads a format code. A code that cannot be read shows numbers as they are.
    pub fn read(code: &str) -> NumberFormat {
        if code.trim().is_empty() {
            return NumberFormat::general();
        }
        let mut language = 0;
        let sections = split_sections(code).iter().map(|s| read_section(s, &mut language)).collect();
        NumberFormat { sections, language }
    }

    /// Whether numbers are shown as they are.
    pub fn is_general(&self) -> bool {
        matches!(self.sections.first(), None | Some(Section::General))
    }

    /// The text a person sees and whether it is a number, a date or a text. `days_1904` is for workbooks whose day 0 is 1 January 1904.
    pub fn show(&self, value: f64, days_1904: bool) -> (String, Kind) {
        let n = self.sections.len();
        let (section, value) = match &self.sections[..] {
            [] => return (general(value), Kind::Number),
            [only] => (only, value),
            _ if value > 0.0 || (value == 0.0 && n < 3) => (&self.sections[0], value),
            _ if value < 0.0 => (&self.sections[1], value.abs()),
            _ => (&self.sections[2], value),
        };
        match section {
            Section::General => (general(value), Kind::Number),
            Section::Text => (general(value), Kind::Text),
            Section::Date(pieces) => match show_date(pieces, value, days_1904, self.language) {
                Some(text) => (text, Kind::Date),
                None => (general(value), Kind::Number),
            },
            Section::Literal(text) => (text.clone(), Kind::Text),
            Section::Number(digits) => (digits.show(value), Kind::Number),
        }
    }
}

/// A number as a cell without a format shows it, with at most 15 significant digits and never in scientific notation
/// below 10^21.
pub fn general(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor();
    if !(-9.0..21.0).contains(&magnitude) {
        return format!("{value:E}");
    }
    if magnitude >= 15.0 {
        // Fifteen digits are all that such a cell keeps; the rest is zeros.
        let digits = format!("{value:.14e}");
        let mantissa: String = digits.split('e').next().unwrap_or_default().chars().filter(|c| *c != '.').collect();
        let sign_len = usize::from(value < 0.0);
        return format!("{mantissa:0<width$}", width = magnitude as usize + 1 + sign_len);
    }
    let decimals = (14.0 - magnitude).clamp(0.0, 20.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn split_sections(code: &str) -> Vec<String> {
    let (mut out, mut part, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in code.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                out.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    out.push(part);
    out
}

fn read_section(code: &str, language: &mut u16) -> Section {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut chars = code.chars().peekable();
    let mut date = false;
    let mut digits = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => pieces.push(Piece::Literal(chars.by_ref().take_while(|c| *c != '"').collect())),
            '\\' => pieces.push(Piece::Literal(chars.next().map(String::from).unwrap_or_default())),
            '_' => {
                chars.next();
                pieces.push(Piece::Literal(" ".to_owned()));
            }
            '*' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let letter = inside.chars().next().unwrap_or(' ').to_ascii_lowercase();
                if let Some(rest) = inside.strip_prefix('$') {
                    let (symbol, id) = rest.rsplit_once('-').unwrap_or((rest, ""));
                    if let Ok(id) = u32::from_str_radix(id, 16) {
                        *language = (id & 0xffff) as u16;
                    }
                    pieces.push(Piece::Literal(symbol.to_owned()));
                } else if matches!(letter, 'h' | 'm' | 's') && inside.chars().all(|c| c.eq_ignore_ascii_case(&letter)) {
                    date = true;
                    pieces.push(Piece::Elapsed(letter, inside.len()));
                }
            }
            '0' | '#' | '?' | '.' | ',' | '%' | 'E' | 'e' => {
                // `e` stands for a year in some date codes; only `E+` and `E-` make an exponent.
                if matches!(c, '0' | '#' | '?') {
                    digits = true;
                }
                pieces.push(Piece::Run(c.to_ascii_uppercase(), 1));
            }
            'a' | 'A' if code.to_ascii_lowercase().contains("am/pm") || code.to_ascii_lowercase().contains("a/p") => {
                while chars.peek().is_some_and(|c| matches!(c, 'm' | 'M' | '/' | 'p' | 'P')) {
                    chars.next();
                }
                date = true;
                pieces.push(Piece::AmPm);
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => {
                let letter = c.to_ascii_lowercase();
                let mut length = 1;
                while chars.peek().is_some_and(|n| n.eq_ignore_ascii_case(&c)) {
                    chars.next();
                    length += 1;
                }
                date = true;
                pieces.push(Piece::Run(letter, length));
            }
            '@' => return Section::Text,
            'G' | 'g' if code.trim_start().get(..7).is_some_and(|w| w.eq_ignore_ascii_case("general")) => {
                return Section::General;
            }
            other => pieces.push(Piece::Literal(other.to_string())),
        }
    }
    if date {
        return Section::Date(pieces);
    }
    if digits {
        return Section::Number(read_digits(&pieces));
    }
    let mut literal = String::new();
    for piece in &pieces {
        if let Piece::Literal(text) = piece {
            literal.push_str(text);
        }
    }
    Section::Literal(literal.trim().to_owned())
}

fn read_digits(pieces: &[Piece]) -> Digits {
    let mut out = Digits::default();
    let mut at = 0;
    while at < pieces.len() {
        let list = if out.point { &mut out.fraction } else { &mut out.whole };
        match &pieces[at] {
            Piece::Literal(text) => list.push(Place::Literal(text.clone())),
            Piece::Run('0', _) => match &mut out.exponent {
                Some(n) => *n += 1,
                None => list.push(Place::Always),
            },
            Piece::Run('#' | '?', _) if out.exponent.is_none() => list.push(Place::Maybe),
            Piece::Run('.', _) => out.point = true,
            Piece::Run(',', _) => {
                let digit_follows =
                    pieces[at + 1..].iter().any(|p| matches!(p, Piece::Run('0' | '#' | '?', _))) && !out.point;
                if digit_follows { out.thousands = true } else { out.scale_commas += 1 }
            }
            Piece::Run('%', _) => {
                out.percent = true;
                list.push(Place::Literal("%".to_owned()));
            }
            Piece::Run('E', _) => {
                out.exponent = Some(0);
                // The sign of the exponent is part of the mark.
                at += usize::from(matches!(pieces.get(at + 1), Some(Piece::Literal(s)) if s == "+" || s == "-"));
            }
            _ => {}
        }
        at += 1;
    }
    out
}

impl Digits {
    fn show(&self, value: f64) -> String {
        let mut value = value / 1000f64.powi(self.scale_commas as i32);
        if self.percent {
            value *= 100.0;
        }
        let (min, max) = count(&self.fraction);
        if let Some(width) = self.exponent {
            let text = format!("{value:.max$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            return format!("{mantissa}E{sign}{:0width$}", exponent.unsigned_abs());
        }
        let text = format!("{:.max$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut shown = String::new();
        if value < 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9')) {
            shown.push('-');
        }
        shown.push_str(&self.show_whole(whole.trim_start_matches('0')));
        if self.point {
            let mut kept = fraction.len();
            while kept > min && fraction.as_bytes()[kept - 1] == b'0' {
                kept -= 1;
            }
            shown.push('.');
            let mut digits = fraction[..kept].chars();
            for place in &self.fraction {
                match place {
                    Place::Literal(text) => shown.push_str(text),
                    _ => shown.extend(digits.next()),
                }
            }
        }
        shown.trim().to_owned()
    }

    /// Digits go into their places from the right; those without a place stand in front.
    fn show_whole(&self, digits: &str) -> String {
        let mut digits: Vec<char> = digits.chars().collect();
        let mut out: Vec<String> = Vec::new();
        let mut shown = 0;
        let group = |out: &mut Vec<String>, shown: &mut usize| {
            if self.thousands && *shown > 0 && shown.is_multiple_of(3) {
                out.push(",".to_owned());
            }
            *shown += 1;
        };
        let first = self.whole.iter().position(|p| !matches!(p, Place::Literal(_)));
        for (at, place) in self.whole.iter().enumerate().rev() {
            match place {
                Place::Literal(text) => out.push(text.chars().rev().collect()),
                Place::Always => {
                    group(&mut out, &mut shown);
                    out.push(digits.pop().unwrap_or('0').to_string());
                }
                Place::Maybe => {
                    if let Some(digit) = digits.pop() {
                        group(&mut out, &mut shown);
                        out.push(digit.to_string());
                    }
                }
            }
            if Some(at) == first {
                while let Some(digit) = digits.pop() {
                    group(&mut out, &mut shown);
                    out.push(digit.to_string());
                }
            }
        }
        out.concat().chars().rev().collect()
    }
}

fn count(places: &[Place]) -> (usize, usize) {
    let max = places.iter().filter(|p| !matches!(p, Place::Literal(_))).count();
    let min = places
        .iter()
        .rposition(|p| *p == Place::Always)
        .map_or(0, |last| places[..=last].iter().filter(|p| !matches!(p, Place::Literal(_))).count());
    (min, max)
}

/// Shows a day number as a date; `None` outside of the years 1900 to 9999.
fn show_date(pieces: &[Piece], value: f64, days_1904: bool, language: u16) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&value) {
        return None;
    }
    let mut days = value.floor() as i64;
    let mut seconds = ((value - value.floor()) * 86_400.0).round() as i64;
    if seconds == 86_400 {
        (days, seconds) = (days + 1, 0);
    }
    // Day 60 is the 29 February 1900 that never was; earlier days are off by one.
    let since_1970 = if days_1904 {
        days - 24_107
    } else if days < 60 {
        days - 25_568
    } else {
        days - 25_569
    };
    let (year, month, day, weekday) = civil(since_1970);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let half_day = pieces.contains(&Piece::AmPm);
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::AmPm => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            Piece::Elapsed('h', n) => out.push_str(&format!("{:0n$}", days * 24 + hour)),
            Piece::Elapsed('m', n) => out.push_str(&format!("{:0n$}", (days * 24 + hour) * 60 + minute)),
            Piece::Elapsed(_, n) => out.push_str(&format!("{:0n$}", days * 86_400 + seconds)),
            Piece::Run('y', 1 | 2) => out.push_str(&format!("{:02}", year % 100)),
            Piece::Run('y', _) => out.push_str(&year.to_string()),
            Piece::Run('E', _) => out.push_str(&year.to_string()),
            Piece::Run('m', n) if *n <= 2 && is_minute(pieces, at) => out.push_str(&format!("{minute:0n$}")),
            Piece::Run('m', n) if *n <= 2 => out.push_str(&format!("{month:0n$}")),
            Piece::Run('m', 3) => out.push_str(month_name(month, language, true)),
            Piece::Run('m', 5) => out.push_str(month_name(month, language, false).get(..1).unwrap_or_default()),
            Piece::Run('m', _) => out.push_str(month_name(month, language, false)),
            Piece::Run('d', n) if *n <= 2 => out.push_str(&format!("{day:0n$}")),
            Piece::Run('d', 3) => out.push_str(&WEEKDAYS[weekday][..3]),
            Piece::Run('d', _) => out.push_str(WEEKDAYS[weekday]),
            Piece::Run('h', n) => {
                let shown = if half_day { (hour + 11) % 12 + 1 } else { hour };
                out.push_str(&format!("{shown:0n$}"));
            }
            Piece::Run('s', n) => out.push_str(&format!("{second:0n$}")),
            Piece::Run(sign @ ('.' | ',' | '%'), _) => out.push(*sign),
            Piece::Run('0', _) => out.push('0'),
            Piece::Run(..) => {}
        }
    }
    Some(out.trim().to_owned())
}

/// `m` means minutes right after hours or right before seconds.
fn is_minute(pieces: &[Piece], at: usize) -> bool {
    let letter = |p: &Piece| match p {
        Piece::Run(c @ ('y' | 'm' | 'd' | 'h' | 's'), _) | Piece::Elapsed(c, _) => Some(*c),
        _ => None,
    };
    pieces[..at].iter().rev().find_map(letter) == Some('h') || pieces[at + 1..].iter().find_map(letter) == Some('s')
}

/// Year, month, day and weekday (Sunday is 0) of a day counted from 1 January 1970.
fn civil(days: i64) -> (i64, usize, i64, usize) {
    let weekday = (days + 4).rem_euclid(7) as usize;
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as usize, day, weekday)
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Month names by the primary part of the Windows language id (its low ten bits): short and long.
const MONTHS: &[(u16, [&str; 12], [&str; 12])] = &[
    (
        0x09,
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    ),
    (
        0x07,
        ["Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
        [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
    ),
    (
        0x0c,
        ["janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"],
        [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    ),
    (
        0x0a,
        ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
    ),
    (
        0x16,
        ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"],
        [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
    ),
    (
        0x10,
        ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
        [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
    ),
    (
        0x13,
        ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
        [
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
    ),
];

fn month_name(month: usize, language: u16, short: bool) -> &'static str {
    let names = MONTHS.iter().find(|m| m.0 == language & 0x3ff).unwrap_or(&MONTHS[0]);
    (if short { names.1 } else { names.2 })[(month - 1).min(11)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_date(format: &NumberFormat) -> bool {
        matches!(format.sections.first(), Some(Section::Date(_)))
    }

    #[test]
    fn ok_numbers_are_shown_as_their_format_says() {
        for (code, value, want) in [
            ("0.00", 3.1, "3.10"),
            ("0.000", 31.01, "31.010"),
            ("0.000", 33.011, "33.011"),
            ("General", 2.03_f64.next_down(), "2.03"),
            ("General", 52.0, "52"),
            ("General", 0.1, "0.1"),
            ("0", 1.80910331220012E+17, "180910331220012000"),
            ("General", 2.105_103_114_500_07E+17, "210510311450007000"),
            ("00000000", 412955.0, "00412955"),
            ("0.0E+00", 6e12, "6.0E+12"),
            ("0.00E+00", 71234000000.0, "7.12E+10"),
            ("#,##0", 1234567.0, "1,234,567"),
            ("#,##0.00", 12.5, "12.50"),
            ("0.0##", 4.25, "4.25"),
            ("0.0##", 4.0, "4.0"),
            ("\"V\"0.0", 2.8, "V2.8"),
            ("0000-0000", 49110033.0, "4911-0033"),
            ("0%", 0.5, "50%"),
            ("@", 4.5, "4.5"),
            ("0;-0;\"none\"", 0.0, "none"),
            ("General", -1.5, "-1.5"),
            ("0.00", -1.5, "-1.50"),
            ("[Red]0.0", 7.0, "7.0"),
            ("_(* #,##0.00_);_(* (#,##0.00)", 4.2, "4.20"),
        ] {
            assert_eq!(NumberFormat::read(code).show(value, false).0, want, "{code} {value}");
        }
    }

    #[test]
    fn ok_dates_are_shown_as_their_format_says() {
        for (code, value, want) in [
            ("dd\\-mmm", 45537.0, "02-Sep"),
            ("d\\-mmm", 45301.0, "10-Jan"),
            ("mmm\\-yy", 36039.0, "Sep-98"),
            ("dd\\.mm\\.yyyy", 38232.0, "02.09.2004"),
            ("[$-407]dd\\. mmm", 45566.0, "01. Okt"),
            ("yyyy\\-mm\\-dd", 1.0, "1900-01-01"),
            ("m/d/yyyy h:mm", 45301.5, "1/10/2024 12:00"),
            ("h:mm AM/PM", 0.75, "6:00 PM"),
            ("mm:ss", 0.5 + 61.0 / 86400.0, "01:01"),
            ("[h]:mm", 1.5, "36:00"),
            ("[$-40C]d mmm", 45337.0, "15 févr"),
            ("yyyy\"年\"m\"月\"d\"日\"", 45537.0, "2024年9月2日"),
        ] {
            let format = NumberFormat::read(code);
            assert!(is_date(&format), "{code}");
            assert_eq!(format.show(value, false), (want.to_owned(), Kind::Date), "{code} {value}");
        }
        assert_eq!(NumberFormat::read("yyyy-mm-dd").show(0.0, true).0, "1904-01-01");
    }

    #[test]
    fn ok_literals_with_date_letters_are_no_dates() {
        for code in ["#,##0.00\\ _M\"H\"_)", "\"Stand: \"0.0", "0*y", "[$€-407]0.00", "[Red]0"] {
            assert!(!is_date(&NumberFormat::read(code)), "{code}");
        }
    }
}
