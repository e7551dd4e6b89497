//! Vendors: one supplier under its many names.

use unicode_normalization::UnicodeNormalization;

/// Legal forms and words of firms that say nothing about which firm it is; compared after folding.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "a s",
    "as",
    "asa",
    "bv",
    "b v",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "holding",
    "holdings",
    "inc",
    "incorporated",
    "international",
    "intl",
    "kg",
    "kgaa",
    "kk",
    "limited",
    "llc",
    "ltd",
    "ltda",
    "nv",
    "n v",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "s a",
    "sarl",
    "sas",
    "se",
    "spa",
    "s p a",
    "srl",
    "s r l",
    "sro",
    "s r o",
    "gmbh co kg",
    "mfg",
    "and",
    "the",
];

/// A text folded for comparison: compatibility forms composed, accents removed, lower case, trade marks dropped.
/// Everything else stays, so that places in the result still mean something.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        folded.push_str(text);
        folded.make_ascii_lowercase();
        return folded;
    }
    for c in text.chars().filter(|c| !matches!(c, '™' | '®' | '©' | '\u{200b}' | '\u{feff}')).nfkd() {
        if !unicode_normalization::char::is_combining_mark(c) {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

/// The words of a text: folded runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// The form under which a vendor's name is looked up: folded words without legal forms, joined by one blank.
///
/// A name that consists of legal forms only (`SE`, `AB`) keeps them: there they are the abbreviation of a firm.
pub fn vendor_key(text: &str) -> String {
    let all = words(text);
    let mut kept: &[String] = &all;
    // Legal forms stand at the end, so cut there only: `Co` in `Co-Star` is part of the name.
    'cut: while !kept.is_empty() {
        for n in (1..=3.min(kept.len())).rev() {
            let tail = kept[kept.len() - n..].join(" ");
            if LEGAL_FORMS.contains(&tail.as_str()) {
                kept = &kept[..kept.len() - n];
                continue 'cut;
            }
        }
        break;
    }
    if kept.is_empty() { all.join(" ") } else { kept.join(" ") }
}

/// The names in a text that may hold several vendors: "ABB, Phoenix Contact, and WAGO", "Softing / Schneider".
///
/// The whole text comes first, because a comma may belong to one name ("Becton, Dickinson and Company").
pub fn split_vendors(text: &str) -> Vec<String> {
    let mut found = vec![text.trim().to_owned()];
    let unified = text.replace([';', '/', '|', '(', ')', '&'], ",").replace(" and ", ",").replace(" und ", ",");
    let pieces: Vec<String> = unified.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    if pieces.len() > 1 {
        found.extend(pieces);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_forms_and_spelling_are_noise() {
        for (text, key) in [
            ("Schneider Electric Software, LLC", "schneider electric software"),
            ("SIEMENS AG", "siemens"),
            ("Mitsubishi Electric Corporation", "mitsubishi electric"),
            ("C. Gavazzi S.p.A.", "c gavazzi"),
            ("3S-Smart Software Solutions GmbH", "3s smart software solutions"),
            ("Dräger", "drager"),
            ("SE", "se"),
            ("AB", "ab"),
            ("Digi International, Inc. ", "digi"),
            ("", ""),
        ] {
            assert_eq!(vendor_key(text), key, "{text}");
        }
    }

    #[test]
    fn several_vendors_in_one_text_are_told_apart() {
        let found = split_vendors("ABB, Phoenix Contact, Schneider Electric, Siemens, and WAGO");
        assert!(found.contains(&"WAGO".to_owned()) && found.contains(&"ABB".to_owned()));
        assert_eq!(split_vendors("Moxa"), ["Moxa"]);
    }
}
