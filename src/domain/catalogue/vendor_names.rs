//! The names of vendors alone, for who only looks for one in a text and needs nothing else of the catalogue.

use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    vendor: Vec<Names>,
}

#[derive(Deserialize)]
struct Names {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    brands: Vec<String>,
    #[serde(default)]
    formerly: Vec<String>,
}

/// All built-in names of vendors as they are written: main names, aliases, brands and former names.
pub fn vendor_names() -> Vec<String> {
    let file: File = toml::from_str(include_str!("vendors.toml")).expect("built-in vendors.toml is tested");
    let of = |names: Names| {
        std::iter::once(names.name).chain(names.aliases).chain(names.brands).chain(names.formerly).collect::<Vec<_>>()
    };
    file.vendor.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_main_names_brands_and_former_names_are_told() {
        let names = vendor_names();
        assert!(["ABB", "Micro Motion", "Bently Nevada", "Rotork"].iter().all(|n| names.iter().any(|name| name == n)));
    }
}
