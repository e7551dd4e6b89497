//! What a firmware tells besides its version that a condition may ask for: the operating system, options by their codes.

use super::{DeviceReading, Place};

/// Operating systems that conditions name.
const SYSTEMS: [&str; 9] = ["windows", "linux", "android", "macos", "ios", "debian", "ubuntu", "vxworks", "qnx"];

/// Words that say nothing by themselves in a condition on an operating system or an option.
const FILLERS: [&str; 36] = [
    "a",
    "all",
    "an",
    "and",
    "any",
    "are",
    "affected",
    "connection",
    "device",
    "devices",
    "environment",
    "if",
    "in",
    "installed",
    "is",
    "microsoft",
    "on",
    "only",
    "operating",
    "option",
    "or",
    "os",
    "package",
    "platform",
    "platforms",
    "running",
    "software",
    "system",
    "systems",
    "the",
    "used",
    "using",
    "version",
    "versions",
    "when",
    "with",
];

/// Whether a condition on an operating system or on options by their codes holds: all that it names is shown. Another
/// system than the one it names rules it out. Everything else is unclear.
pub(crate) fn place(condition: &str, device: DeviceReading<'_>) -> Place {
    let wanted = words(condition);
    let telling: Vec<&String> = wanted.iter().filter(|word| !FILLERS.contains(&word.as_str())).collect();
    let system = wanted.iter().find_map(|word| system_in(word));
    let of_system = |word: &str| {
        system.is_some() && (system_in(word).is_some() || word.len() <= 4 && word.bytes().any(|b| b.is_ascii_digit()))
            || system.is_some()
                && matches!(word, "server" | "professional" | "enterprise" | "xp" | "vista" | "embedded")
    };
    if telling.is_empty() || !telling.iter().all(|word| is_code(word) || of_system(word)) {
        return Place::Unclear;
    }
    let shown: Vec<String> =
        [device.firmware.raw(), device.hardware_revision].iter().flat_map(|text| words(text)).collect();
    if let Some(system) = system
        && !shown.iter().any(|word| system_in(word) == Some(system))
        && shown.iter().any(|word| system_in(word).is_some())
        && !telling.iter().any(|word| system_in(word).is_some_and(|other| other != system))
    {
        return Place::Outside;
    }
    let is_shown = |word: &&&String| {
        shown.contains(word)
            || system_in(word).is_some_and(|system| shown.iter().any(|own| system_in(own) == Some(system)))
    };
    let holds = if wanted.iter().any(|word| word == "or") {
        telling.iter().any(|word| is_shown(&word))
    } else {
        telling.iter().all(|word| is_shown(&word))
    };
    if holds { Place::Inside } else { Place::Unclear }
}

/// The operating system that a word names: `Win10` is Windows.
fn system_in(word: &str) -> Option<&'static str> {
    let named = SYSTEMS.iter().find(|system| **system == word).copied();
    let is_windows = word.strip_prefix("win").is_some_and(|rest| {
        matches!(rest, "xp" | "nt" | "vista" | "ce") || !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
    });
    named.or(is_windows.then_some("windows"))
}

/// `VP6E5000`, `CP200`: letters and three digits or more.
fn is_code(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    letters >= 1 && digits >= 3 && letters + digits == word.len() && word.len() >= 5
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firmware::Firmware;

    #[test]
    fn conditions_are_met_where_the_row_shows_all_that_they_name() {
        for (condition, firmware, expected) in [
            ("only Microsoft Windows versions are affected", "7.92 (Windows)", Place::Inside),
            ("only Microsoft Windows versions are affected", "7.92 (Linux)", Place::Outside),
            ("only Microsoft Windows versions are affected", "7.92", Place::Unclear),
            ("only Microsoft Windows versions are affected", "7.92, Win10", Place::Inside),
            ("installed on Windows 2008 R2 SP1", "8.3.2 on Windows 2008 R2 SP1", Place::Inside),
            ("installed on Windows 2008 R2 SP1", "8.3.2, Windows 2016", Place::Unclear),
            ("if VP6E5000 is installed", "R6.08.00, VP6E5000", Place::Inside),
            ("if VP6E5000 is installed", "R6.08.00", Place::Unclear),
            ("installed on CP200 devices", "V7.90 (CP200)", Place::Inside),
            ("only if web components are used", "10.2, Windows", Place::Unclear),
            ("when the web server is enabled on Windows", "10.2, Windows", Place::Unclear),
        ] {
            let firmware = Firmware::read(firmware);
            let device = DeviceReading { firmware: &firmware, serial_number: "", hardware_revision: "" };
            assert_eq!(place(condition, device), expected, "{condition} / {}", firmware.raw());
        }
    }
}
