//! What a row's notes tell that can change a verdict: components, function states, production dates, installed options.

use super::{components_in, is_unmistakable};
use crate::domain::catalogue::Catalogue;
use crate::domain::firmware::Firmware;
use crate::domain::identifier::{identifiers_in, without_identifiers};
use crate::domain::model::tokens;
use crate::domain::vendor::fold;

/// The little of a row's notes that can change a verdict: clauses that name a component or variant of the catalogue
/// ("EN100 module, IEC 61850 firmware 4.36"), a function state, a production date, an option that is there or not, and
/// identifiers; blank for nearly all rows.
pub fn telling_notes(notes: &str, catalogue: &Catalogue) -> String {
    let mut kept: Vec<String> = Vec::new();
    let named = identifiers_in(notes);
    let notes = without_identifiers(notes);
    let clauses: Vec<&str> = notes.split(';').map(str::trim).filter(|c| !c.is_empty()).collect();
    for clause in clauses {
        if !components_in(clause, catalogue).is_empty() || names_function_state(clause) {
            kept.push(clause.to_owned());
            continue;
        }
        kept.extend(clause.split(',').map(str::trim).filter(|part| tells_option(part)).map(str::to_owned));
        kept.extend(production_date(clause).map(|date| format!("made {date}")));
    }
    kept.extend(named.into_iter().map(|identifier| identifier.written()));
    kept.join("; ")
}

/// "FS 04", "function state 11", "E-Stand 08".
fn names_function_state(clause: &str) -> bool {
    let folded = fold(clause);
    let all: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    all.windows(2).any(|w| {
        let number = w[1].bytes().all(|b| b.is_ascii_digit());
        number && matches!(w[0], "fs" | "estand" | "stand" | "state" | "funktionsstand" | "erzeugnisstand")
    })
}

/// Words in front of the date on which a device was made.
const MADE: [&str; 16] = [
    "manufactured",
    "manufacture",
    "manufacturing",
    "mfd",
    "mfg",
    "made",
    "built",
    "produced",
    "production",
    "baujahr",
    "bj",
    "gebaut",
    "herstelldatum",
    "herstellungsdatum",
    "fabricado",
    "fabrique",
];

/// The date on which the device was made, as the notes write it: "built 2014", "MFD 2022-05-11", "Baujahr 2019".
pub fn production_date(notes: &str) -> Option<&str> {
    let words: Vec<(usize, &str)> =
        notes.split_whitespace().map(|w| (w.as_ptr() as usize - notes.as_ptr() as usize, w)).collect();
    let bare = |word: &str| fold(word.trim_matches(|c: char| !c.is_alphanumeric()));
    let is_mark = |word: &str| MADE.contains(&bare(word).as_str());
    let at = words.iter().position(|(_, word)| is_mark(word))?;
    let joins = |word: &str| matches!(bare(word).as_str(), "on" | "in" | "date" | "am" | "en" | "");
    let first = at + 1 + words[at + 1..].iter().take_while(|(_, word)| joins(word)).count();
    (1..=3).find_map(|n| {
        let (last, word) = *words.get(first + n - 1)?;
        let text = notes.get(words[first].0..last + word.len())?.trim_matches(|c: char| !c.is_alphanumeric());
        (is_year(text) || Firmware::read(text).date().is_some()).then_some(text)
    })
}

/// Whether a date is a year and no more.
pub fn is_year(date: &str) -> bool {
    date.len() == 4 && matches!(date.parse::<u16>(), Ok(1980..=2099))
}

/// Whether the notes say that what a condition names by a designator is there (`Some(true)`) or is not: "if VP6E5000 is
/// installed" and "VP6E5000 installed". `None` where they say nothing of it.
pub fn meets(notes: &str, condition: &str) -> Option<bool> {
    let named: Vec<String> =
        tokens(condition).into_iter().map(|token| token.text).filter(|text| is_unmistakable(text)).collect();
    let part = notes.split([';', ',']).find(|part| tokens(part).iter().any(|token| named.contains(&token.text)))?;
    let denied = tokens(part)
        .iter()
        .any(|token| matches!(token.text.as_str(), "no" | "not" | "without" | "kein" | "ohne" | "nicht"));
    Some(!denied)
}

/// "VP6E5000 installed", "with RS4E5000", "no VP6E5100": a designator beside a word that says whether it is there.
fn tells_option(part: &str) -> bool {
    let all = tokens(part);
    let says = |text: &str| {
        matches!(
            text,
            "installed"
                | "with"
                | "without"
                | "enabled"
                | "no"
                | "option"
                | "package"
                | "licensed"
                | "installiert"
                | "mit"
                | "ohne"
                | "kein"
        )
    };
    all.iter().any(|token| says(&token.text)) && all.iter().any(|token| is_unmistakable(&token.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_dates_are_read_in_the_ways_that_notes_tell_them() {
        for (notes, date) in [
            ("manufactured 2019-04", Some("2019-04")),
            ("built 2014", Some("2014")),
            ("MFD 2022-05-11, none of A84", Some("2022-05-11")),
            ("Baujahr: 2019", Some("2019")),
            ("produced in April 2019, spare", Some("April 2019")),
            ("production date 2021-08-13", Some("2021-08-13")),
            ("built-in 2014", None),
            ("built by Meyer", None),
            ("rebuilt 2014", None),
            ("", None),
        ] {
            assert_eq!(production_date(notes), date, "{notes}");
        }
    }

    #[test]
    fn notes_tell_whether_an_option_is_there() {
        let condition = "if VP6E5000 or VP6E5100 are installed";
        for (notes, there) in [
            ("VP6E5000 installed", Some(true)),
            ("SENG with VP6E5100", Some(true)),
            ("VP6E5000 not installed", Some(false)),
            ("without VP6E5100", Some(false)),
            ("VP6E4000 installed", None),
            ("", None),
        ] {
            assert_eq!(meets(notes, condition), there, "{notes}");
        }
    }

    #[test]
    fn of_the_notes_only_what_can_change_a_verdict_is_kept() {
        let catalogue = Catalogue::built_in();
        for (notes, kept) in [
            ("HIS0164, VP6E5000 installed", "VP6E5000 installed"),
            ("bay 4, built 2014", "made 2014"),
            ("installed by Meyer with ladder", ""),
            ("FS 04; bay 3", "FS 04"),
        ] {
            assert_eq!(telling_notes(notes, &catalogue), kept, "{notes}");
        }
    }
}
