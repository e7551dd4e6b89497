//! The version that stands in the model, where the row states no firmware: "ISPSoft 2.0.6", "GP-Pro EX Ver.4.07.000".

use crate::domain::catalogue::{Catalogue, Kind};
use crate::domain::firmware::Firmware;
use crate::domain::nameplate::{NameplateReading, Variant};

/// A row whose model holds its version.
pub(super) struct NamedVersion {
    /// The row with that version as its firmware.
    pub variant: Variant,
    /// The reading of the row.
    pub device: NameplateReading,
    /// The model names a release and leaves out its updates: `V16`, `9.80`.
    pub is_release: bool,
}

/// The version in the model; `None` where the firmware is stated, or the model holds none that is surely one.
///
/// A program may show it in any form. Hardware is named by its generation ("S7-400 PN/DP V7"), its size and its
/// power, so there only numbers with a dot behind a word for a version count, and never a year.
pub(super) fn version_in_model(
    device: &NameplateReading,
    variant: &Variant,
    catalogue: &Catalogue,
) -> Option<NamedVersion> {
    if Firmware::read(&variant.firmware).is_stated() {
        return None;
    }
    let words: Vec<&str> = variant.nameplate.model.split_whitespace().collect();
    let year = device.generation.as_ref().filter(|generation| generation.is_year());
    let is_hardware = !device.is_software
        && (device.orders.iter().any(|order| order.scheme.is_some())
            || device.families.keys().any(|family| catalogue.family(*family).kind == Kind::Hardware));
    if let Some(found) = (0..words.len()).find_map(|n| written_at(&words, n, device.is_software, is_hardware)) {
        let firmware = words[found.number..found.end].join(" ");
        let firmware = firmware.trim_matches(['(', ')', '[', ']', ',']).to_owned();
        let named = Variant { firmware, ..variant.clone() };
        let is_release = found.end - found.number == 1 && found.dots < 2;
        // The version is no part of the name; what the whole name says besides is kept.
        let rest: Vec<&str> = words[..found.begin].iter().chain(&words[found.end..]).copied().collect();
        let mut bare = named.clone();
        bare.nameplate.model = rest.join(" ");
        let mut read = NameplateReading::read(&bare, catalogue);
        if found.dots == 0 || read.is_poor() {
            read = NameplateReading::read(&named, catalogue);
        } else {
            read.spans.extend(device.spans.iter().cloned());
            read.whole_names.extend(device.whole_names.iter().cloned());
            read.decision_key.clone_from(&device.decision_key);
            read.generation.clone_from(&device.generation);
            for (family, how) in &device.families {
                read.families.entry(*family).or_insert_with(|| how.clone());
            }
        }
        return Some(NamedVersion { variant: named, device: read, is_release });
    }
    let first = year?.numbers.first()?.to_string();
    let at = words.iter().position(|word| word.starts_with(&first))?;
    let firmware = words[at..].join(" ");
    // `2020 R2` is the release, `2020 R2 SP1` one of its updates.
    let is_update = |word: &&str| is_suffix(word) && !word.starts_with(['R', 'r']);
    let is_release = !words[at + 1..].iter().any(is_update);
    let named = Variant { firmware, ..variant.clone() };
    let device = NameplateReading::read(&named, catalogue);
    Some(NamedVersion { variant: named, device, is_release })
}

/// Where a version stands among the words of a model.
struct Written {
    /// The word for a version in front, or the number.
    begin: usize,
    number: usize,
    /// Behind its service packs and builds.
    end: usize,
    dots: usize,
}

/// The row with its firmware as it should stand: without the model in front of it ("B/M9000 VP R7.2.1"), or from the column
/// of the hardware revision where the column of the firmware is blank ("FW 1.7.3.0"). `None` where it stands so already.
pub(super) fn bare_firmware(variant: &Variant, device: &NameplateReading) -> Option<Variant> {
    let with = |firmware: &str| Some(Variant { firmware: firmware.to_owned(), ..variant.clone() });
    let revision = variant.nameplate.hardware_revision.trim();
    if variant.firmware.trim().is_empty() {
        return is_firmware(revision, device.is_software).then(|| with(revision)).flatten();
    }
    without_model(&variant.firmware, &variant.nameplate.model).and_then(with)
}

/// What stands in the column of the hardware revision is a firmware: it says so, has three numbers, or is that of a
/// program.
fn is_firmware(revision: &str, is_software: bool) -> bool {
    let lowered = revision.to_ascii_lowercase();
    let marked = ["fw", "firmware", "sw"].iter().any(|mark| lowered.starts_with(mark));
    let bare = lowered.trim_start_matches(|c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '.' | ':'));
    let number: String = bare.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let dots = number.matches('.').count();
    let is_version = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
    is_version && (marked || dots >= 2 || is_software && dots >= 1)
}

/// A firmware without the words of the model in front of it, where those hold a number that would be taken for a version.
fn without_model<'a>(firmware: &'a str, model: &str) -> Option<&'a str> {
    let words: Vec<&str> = model.split_whitespace().collect();
    let rest = (0..words.len()).find_map(|n| {
        let phrase = words[n..].join(" ");
        let rest = firmware.trim_start().get(..phrase.len()).filter(|head| head.eq_ignore_ascii_case(&phrase))?;
        // `V8.2` of "PCS 7 V8.2" is the version itself.
        let is_version =
            |word: &str| word.trim_start_matches(['v', 'V', 'R']).starts_with(|c: char| c.is_ascii_digit());
        let named = phrase.len() >= 4 && phrase.bytes().any(|b| b.is_ascii_digit()) && !is_version(words[n]);
        named.then(|| &firmware.trim_start()[rest.len()..])
    })?;
    let bare = rest.trim_start_matches([' ', ':', ',', '-', '_']);
    (bare.len() < rest.len() && bare.bytes().any(|b| b.is_ascii_digit())).then_some(bare)
}

fn written_at(words: &[&str], at: usize, is_software: bool, is_hardware: bool) -> Option<Written> {
    let word = words[at].trim_matches(['(', ')', '[', ']', ',', ';']);
    let (mark, number) = word.split_at(word.find(|c: char| c.is_ascii_digit())?);
    let marked_before = mark.is_empty() && at > 0 && is_mark(words[at - 1].trim_matches(['(', '[']));
    let marked = marked_before || is_mark(mark);
    if !marked && !mark.is_empty() {
        return None;
    }
    let form = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let tail = &number[form.len()..];
    let dots = form.matches('.').count();
    let is_dotted =
        dots > 0 && form.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let next = words.get(at + 1).map_or("", |next| next.trim_matches([',', ')']));
    let is_plain = tail.len() <= 1 && !MEASURES.contains(&tail.to_ascii_lowercase().as_str());
    let is_measure = MEASURES.contains(&next.to_ascii_lowercase().as_str());
    let counts = if is_hardware {
        marked && is_dotted
    } else if marked {
        // `V16` of a program; `R2` says nothing by itself.
        is_dotted || is_software && mark.starts_with(['v', 'V'])
    } else {
        // Of two numbers in a name the one with more places is the version.
        let other = |other: usize| other != at && words[other].bytes().any(|b| b.is_ascii_digit());
        let alone = || !(0..at).any(other);
        is_dotted && is_plain && !is_measure && at > 0 && (is_software || dots >= 2 || alone())
    };
    if !counts {
        return None;
    }
    let suffixes = words[at + 1..].iter().take_while(|word| is_suffix(word)).count();
    let begin = if marked_before { at - 1 } else { at };
    Some(Written { begin, number: at, end: at + 1 + suffixes, dots: if is_dotted { dots } else { 0 } })
}

/// Units behind a number that is no version.
const MEASURES: [&str; 23] = [
    "a", "bar", "cm", "ghz", "gb", "hz", "in", "inch", "k", "kv", "kva", "kw", "m", "ma", "mhz", "mm", "nm", "t", "v",
    "va", "vac", "vdc", "w",
];

/// A word that calls the number behind it a version.
fn is_mark(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ':']).to_ascii_lowercase();
    matches!(bare.as_str(), "v" | "ver" | "vers" | "version" | "r" | "rel" | "release" | "fw" | "firmware" | "sw")
}

/// `SP4`, `HF5`, `Update`, `Build`, and the number behind such a word.
fn is_suffix(word: &&str) -> bool {
    let bare = word.trim_matches(['(', ')', ',']).to_ascii_lowercase();
    let letters = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let known =
        ["sp", "hf", "upd", "update", "patch", "build", "mp", "cu", "hotfix", "service", "pack", "fp", "r", "p"];
    known.contains(&letters) && (letters.len() > 1 || letters.len() < bare.len())
        || letters.is_empty() && !bare.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a model, with whether it is of a program or of hardware.
    fn read(model: &str, is_software: bool, is_hardware: bool) -> Option<String> {
        let words: Vec<&str> = model.split_whitespace().collect();
        let found = (0..words.len()).find_map(|n| written_at(&words, n, is_software, is_hardware))?;
        Some(words[found.number..found.end].join(" "))
    }

    #[test]
    fn programs_show_their_version_in_any_form() {
        for (model, version) in [
            ("Planer 2.0.6", Some("2.0.6")),
            ("Planer Ver.4.07.000", Some("Ver.4.07.000")),
            ("Planer Ver 1.22Y", Some("1.22Y")),
            ("Planer 9.80 SP4", Some("9.80 SP4")),
            ("Planer 7.52 Build 344", Some("7.52 Build 344")),
            ("Planer R520.1", Some("R520.1")),
            ("Planer 5.9 Logic Developer", Some("5.9")),
            ("Planer V16", Some("V16")),
            ("Planer 64", None),
            ("Planer", None),
        ] {
            assert_eq!(read(model, true, false).as_deref(), version, "{model}");
        }
    }

    #[test]
    fn what_stands_in_the_wrong_column_or_behind_the_model_is_found() {
        for (revision, is_software, is) in [
            ("FW 04.01.10(23)", false, true),
            ("FW23", false, true),
            ("1.7.3.0", false, true),
            ("8.1", true, true),
            ("8.1", false, false),
            ("02", true, false),
            ("E-Stand 02", false, false),
            ("Ser. B", true, false),
        ] {
            assert_eq!(is_firmware(revision, is_software), is, "{revision}");
        }
        for (firmware, model, bare) in [
            ("B/M9000 VP R7.2.1", "B/M9000 VP", Some("R7.2.1")),
            ("X204-2 V5.2", "SCALANCE X204-2", Some("V5.2")),
            ("V8.2 SP1", "SIMATIC PCS 7 V8.2", None),
            ("B/M9000 VP", "B/M9000 VP", None),
            ("V5.2", "SCALANCE X204-2", None),
        ] {
            assert_eq!(without_model(firmware, model), bare, "{firmware} of {model}");
        }
    }

    #[test]
    fn of_hardware_only_marked_numbers_with_a_dot_count() {
        for (model, version) in [
            ("Steuerung NJ301 (Ver.1.48)", Some("(Ver.1.48)")),
            ("Antrieb V4.8", Some("V4.8")),
            ("CPU 416-3 PN/DP V7", None),
            ("Antrieb 5.5 kW", None),
            ("Panel 12.1 inch", None),
            ("Karte Rev 2.1", None),
        ] {
            assert_eq!(read(model, false, true).as_deref(), version, "{model}");
        }
    }

    #[test]
    fn sizes_are_no_versions_of_what_nobody_knows() {
        for (model, version) in [
            ("Steller 2.2 kW", None),
            ("Monitor 10.4\"", None),
            ("Steller X200 2.2", None),
            ("Steller X200 2.2.1", Some("2.2.1")),
            ("Steller 2.2", Some("2.2")),
        ] {
            assert_eq!(read(model, false, false).as_deref(), version, "{model}");
        }
    }
}
