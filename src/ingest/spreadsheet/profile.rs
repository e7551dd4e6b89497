//! Exports of known programs, where a column means what the program says and not what its header suggests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::inventory::Field;

use super::text::key;

#[derive(Deserialize)]
struct File {
    profile: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[allow(dead_code, reason = "every entry says where it is from; nothing is decided by it")]
    source: String,
    needs: Vec<String>,
    columns: BTreeMap<String, String>,
}

/// The columns of one program's export.
pub struct Profile {
    name: String,
    needs: Vec<String>,
    columns: Vec<(String, Option<Field>)>,
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("data/profiles.toml")).expect("built-in profiles.toml is tested");
    file.profile
        .into_iter()
        .map(|e| Profile {
            name: e.name,
            needs: e.needs.iter().map(|h| key(h)).collect(),
            columns: e.columns.iter().map(|(header, field)| (key(header), Field::from_word(field))).collect(),
        })
        .collect()
});

/// The program whose export has these headers; `None` when it is none that is known.
pub fn find(headers: &[String]) -> Option<&'static Profile> {
    let keys: Vec<String> = headers.iter().map(|h| key(h)).collect();
    PROFILES.iter().find(|p| p.needs.iter().all(|n| keys.contains(n)))
}

impl Profile {
    /// The program's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the program writes into the column: `Some(None)` when it is no field, `None` when the profile does not say.
    pub fn field_of(&self, header: &str) -> Option<Option<Field>> {
        let wanted = key(header);
        self.columns.iter().find(|(h, _)| *h == wanted).map(|(_, f)| *f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_built_in_profiles_name_known_fields_only() {
        let file: File = toml::from_str(include_str!("data/profiles.toml")).unwrap();
        for entry in &file.profile {
            assert!(entry.columns.values().all(|f| f.is_empty() || Field::from_word(f).is_some()), "{}", entry.name);
            assert!(!entry.source.is_empty() && entry.needs.len() > 1, "{}", entry.name);
        }
    }

    #[test]
    fn ok_an_export_is_told_by_its_headers() {
        let headers = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            find(&headers("role,manufacturer,device_type,status,site,name,serial")).map(Profile::name),
            Some("NetBox")
        );
        assert_eq!(
            find(&headers("Name,IP,Type,Backplane,Purdue Level,Family,Model")).map(Profile::name),
            Some("Tenable OT")
        );
        assert!(find(&headers("Tag,Vendor,Model")).is_none());
    }
}
