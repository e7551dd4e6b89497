//! Cells that hold several fields: `Siemens / S7-1500`, `FX5U-64MT (210031)`, `4 / V2.8`.

use crate::domain::inventory::Field;

use super::values;

/// Takes a cell apart into the fields that its header names, in that order. The second value is whether the parts are
/// certain: divided by a sign, or by a vendor's name that is known.
pub fn split(text: &str, fields: &[Field]) -> (Vec<(Field, String)>, bool) {
    if let [Field::Vendor, rest @ ..] = fields
        && let Some(end) = values::vendor_in_front(text).filter(|end| *end < text.len())
        && !rest.is_empty()
    {
        let behind = text[end..].trim_start_matches([' ', '/', '-', '–', '|', ',', ';', ':', '\n']);
        let (mut parts, certain) = split(behind, rest);
        parts.insert(0, (Field::Vendor, text[..end].to_owned()));
        return (parts, certain);
    }
    if let [only] = fields {
        return (vec![(*only, text.to_owned())], true);
    }
    if let Some(parts) = vendor_behind(text, fields) {
        return (parts, true);
    }
    if let Some(parts) = by_form(text, fields) {
        return (parts, true);
    }
    for sign in [" / ", " | ", " – ", " - ", "; ", ";", "|", "\n", ", ", " : ", "/", "("] {
        let pieces: Vec<&str> = text.split(sign).map(|p| p.trim().trim_end_matches(')').trim()).collect();
        // `Acme IQ3 / IQT` has two models and no vendor of the name `Acme IQ3`.
        let is_vendor_alone = fields.first() != Some(&Field::Vendor) || !names_model(pieces[0]);
        if pieces.len() == fields.len() && pieces.iter().all(|p| !p.is_empty()) && is_vendor_alone {
            return (fields.iter().copied().zip(pieces.into_iter().map(str::to_owned)).collect(), true);
        }
    }
    match fields {
        // The header says that a vendor comes first, also one that is not known.
        [Field::Vendor, rest @ ..] => match values::unknown_vendor_in_front(text) {
            Some(end) => {
                let (mut parts, _) = split(text[end..].trim_start_matches([' ', ',', ';', ':']), rest);
                parts.insert(0, (Field::Vendor, text[..end].to_owned()));
                (parts, false)
            }
            _ if values::is_vendor(text) => (vec![(Field::Vendor, text.to_owned())], true),
            _ => (vec![(rest.first().copied().unwrap_or(Field::Model), text.to_owned())], false),
        },
        [first, ..] => (vec![(*first, text.to_owned())], false),
        [] => (Vec::new(), true),
    }
}

/// A text that ends with the vendor, as its header says: `FX5U-32MT/ES (Mitsubishi)`, `S7-1200 - Siemens`.
fn vendor_behind(text: &str, fields: &[Field]) -> Option<Vec<(Field, String)>> {
    let &[before, Field::Vendor] = fields else { return None };
    let is_sign =
        |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '/' | ',' | ';' | '|' | '-' | '–' | ':');
    let starts = text.char_indices().filter(|(at, c)| *at > 0 && is_sign(*c)).map(|(at, c)| at + c.len_utf8());
    starts
        .map(|at| (text[..at].trim_end_matches(is_sign), text[at..].trim_matches(is_sign)))
        .find(|(product, vendor)| !product.is_empty() && values::vendor_in_front(vendor) == Some(vendor.len()))
        .map(|(product, vendor)| vec![(before, product.to_owned()), (Field::Vendor, vendor.to_owned())])
}

/// Whether a text that should be a vendor's name goes on with a model: `Acme IQ3`, `Acme 3500`.
fn names_model(text: &str) -> bool {
    text.split(' ').skip(1).any(|word| word.starts_with(|c: char| c.is_ascii_digit()) || values::is_designator(word))
}

/// Parts that are told by their look wherever they stand: addresses and order numbers.
fn by_form(text: &str, fields: &[Field]) -> Option<Vec<(Field, String)>> {
    let [a, b] = fields else { return None };
    type Look = fn(&str) -> bool;
    let forms: [(Field, Look); 3] = [
        (Field::IpAddress, values::is_ip),
        (Field::MacAddress, values::is_mac),
        (Field::PartNumber, |t| values::order_form(t) == Some(values::OrderForm::Pure)),
    ];
    for (field, looks) in forms {
        let other = if *a == field {
            *b
        } else if *b == field {
            *a
        } else {
            continue;
        };
        let words: Vec<&str> =
            text.split([' ', '/', '(', ')', ',', ';', '|', '\n']).filter(|w| !w.is_empty()).collect();
        if let Some(found) = words.iter().find(|w| looks(w)) {
            let rest = text.replacen(found, "", 1);
            let rest = rest
                .trim_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '(' | ')' | ',' | ';' | '|' | '-'))
                .to_owned();
            let mut out = vec![(field, (*found).to_owned())];
            if !rest.is_empty() {
                out.push((other, rest));
            }
            return Some(out);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_joined_cells_fall_into_their_fields() {
        use Field::*;
        for (text, fields, want, certain) in [
            ("Siemens / S7-1500", vec![Vendor, Model], vec!["Siemens", "S7-1500"], true),
            ("Schneider Electric Modicon M340", vec![Vendor, Model], vec!["Schneider Electric", "Modicon M340"], true),
            ("Acme - PX 100", vec![Vendor, Model], vec!["Acme", "PX 100"], true),
            ("Acme PX100", vec![Vendor, Model], vec!["Acme", "PX100"], false),
            ("PX100", vec![Vendor, Model], vec!["PX100"], false),
            ("4 / V2.8", vec![HardwareRevision, Firmware], vec!["4", "V2.8"], true),
            ("ION7400 (METSEION7400)", vec![Model, PartNumber], vec!["METSEION7400", "ION7400"], true),
            ("10.0.0.1 / 00:1D:9C:A5:4D:CA", vec![IpAddress, MacAddress], vec!["10.0.0.1", "00:1D:9C:A5:4D:CA"], true),
            ("Siemens", vec![Vendor, Model], vec!["Siemens"], true),
            ("Bently Nevada 3500/22M", vec![Vendor, Model], vec!["Bently Nevada", "3500/22M"], true),
            ("Micro Motion 5700", vec![Vendor, Model], vec!["Micro Motion", "5700"], true),
            ("Rotork IQ3 / IQT", vec![Vendor, Model], vec!["Rotork", "IQ3 / IQT"], true),
            ("Acme IQ3 / IQT", vec![Vendor, Model], vec!["Acme", "IQ3 / IQT"], false),
            ("Hardy Process Solutions HI 4050", vec![Vendor, Model], vec!["Hardy Process Solutions", "HI 4050"], false),
            ("Endress & Hauser Promag 53", vec![Vendor, Model], vec!["Endress & Hauser", "Promag 53"], true),
            ("Kieback und Peter DDC4200", vec![Vendor, Model], vec!["Kieback und Peter", "DDC4200"], true),
            ("FX5U-32MT/ES (Mitsubishi)", vec![Model, Vendor], vec!["FX5U-32MT/ES", "Mitsubishi"], true),
            ("S7-1200 CPU 1214C - Siemens AG", vec![Model, Vendor], vec!["S7-1200 CPU 1214C", "Siemens AG"], true),
            ("PX-100 / Acme", vec![Model, Vendor], vec!["PX-100", "Acme"], true),
            ("Acme 854/2 ATG", vec![Vendor, Model], vec!["Acme", "854/2 ATG"], false),
        ] {
            let (parts, sure) = split(text, &fields);
            assert_eq!((parts.iter().map(|p| p.1.as_str()).collect::<Vec<_>>(), sure), (want, certain), "{text}");
        }
    }
}
