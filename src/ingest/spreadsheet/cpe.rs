//! Names of the Common Platform Enumeration, as scanners write them beside a device: vendor, product and version are
//! parts of one text.
//!
//! # Source
//!
//! CPE Naming Specification 2.3 (NIST IR 7695): the URI of version 2.2, section 6.1, and the formatted string, section
//! 6.2.

use crate::domain::identifier::unescape;
use crate::domain::inventory::Field;

/// The fields that a CPE names; `None` for any other text. What stands as `*` or `-` is not stated.
pub fn read(text: &str) -> Option<Vec<(Field, String)>> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let parts: Vec<String> = if lower.starts_with("cpe:2.3:") {
        split_formatted(&text["cpe:2.3:".len()..])
    } else if lower.starts_with("cpe:/") {
        text["cpe:/".len()..].split(':').map(unescape).collect()
    } else {
        return None;
    };
    let part = |at: usize| parts.get(at).map_or("", String::as_str);
    if !matches!(part(0).to_ascii_lowercase().as_str(), "h" | "o" | "a") {
        return None;
    }
    let stated = |at: usize| Some(part(at).trim()).filter(|value| !matches!(*value, "" | "*" | "-"));
    let words = |value: &str| value.replace('_', " ").trim().to_owned();
    let mut fields = Vec::new();
    if let Some(vendor) = stated(1) {
        fields.push((Field::Vendor, words(vendor)));
    }
    // Lists name the firmware of a device as a product of its own.
    let product = stated(2).map(|product| product.strip_suffix("_firmware").unwrap_or(product));
    if let Some(product) = product {
        fields.push((Field::Model, words(product)));
    }
    if let Some(version) = stated(3) {
        let update = stated(4).map(|update| format!(" {}", words(update))).unwrap_or_default();
        fields.push((Field::Firmware, format!("{version}{update}")));
    }
    product.is_some().then_some(fields)
}

/// The parts between colons that no backslash stands before, without the backslashes.
fn split_formatted(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for c in text.chars() {
        match (c, is_escaped) {
            ('\\', false) => {
                is_escaped = true;
                continue;
            }
            (':', false) => parts.push(String::new()),
            _ => parts.last_mut().map_or((), |part| part.push(c)),
        }
        is_escaped = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_product_and_version_are_parts_of_one_text() {
        for (text, vendor, model, firmware) in [
            ("cpe:2.3:h:siemens:simatic_s7-1500:-:*:*:*:*:*:*:*", "siemens", "simatic s7-1500", ""),
            ("cpe:2.3:o:siemens:simatic_s7-1500_firmware:2.9.2:*:*:*:*:*:*:*", "siemens", "simatic s7-1500", "2.9.2"),
            (r"cpe:2.3:o:moxa:nport_5110\(a\)_firmware:1.4:sp1:*:*:*:*:*:*", "moxa", "nport 5110(a)", "1.4 sp1"),
            ("cpe:/h:schneider-electric:modicon_m340", "schneider-electric", "modicon m340", ""),
            ("CPE:/o:abb:ac500%28pm573%29:3.1.2", "abb", "ac500(pm573)", "3.1.2"),
        ] {
            let found = read(text).unwrap();
            let of = |field| found.iter().find(|(f, _)| *f == field).map_or("", |(_, value)| value.as_str());
            assert_eq!((of(Field::Vendor), of(Field::Model), of(Field::Firmware)), (vendor, model, firmware), "{text}");
        }
    }

    #[test]
    fn what_names_no_product_is_no_cpe() {
        for text in ["", "cpe", "cpe:/", "cpe:2.3:x:a:b", "cpe:2.3:h:siemens:*:1.0", "Siemens CPE 1500", "cpe:/h:%zz"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
