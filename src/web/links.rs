//! Addresses of things, and finding what an address means.

use super::error::Problem;
use super::state::AppState;
use super::viewer::Viewer;
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::filter::Filter;
use crate::domain::filter::query_text::encode;
use crate::domain::site;
use crate::store;

/// The page of an advisory: `/advisories/cisa/icsa-23-229-03`.
pub fn advisory(key: &AdvisoryKey) -> String {
    format!("/advisories/{}/{}", publisher_word(&key.namespace), encode(&key.id.to_lowercase()))
}

/// The page of an asset.
pub fn asset(asset_id: i64) -> String {
    format!("/assets/{asset_id}")
}

/// The page of a nameplate.
pub fn nameplate(variant_id: i64) -> String {
    format!("/nameplates/{variant_id}")
}

/// The publisher as a word of an address: of `https://www.cisa.gov/` it is `cisa`.
pub fn publisher_word(namespace: &str) -> String {
    let host = namespace.split_once("://").map_or(namespace, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty() && *label != "www").collect();
    let word = match labels.as_slice() {
        [.., name, second, _] if second.len() <= 3 && ["co", "com", "go", "gov", "or", "org"].contains(second) => name,
        [.., name, _] => name,
        [name] => name,
        [] => "unknown",
    };
    site::word(word)
}

/// The sites that a person may see, by id and name.
pub struct Sites {
    names: Vec<(i64, String)>,
}

impl Sites {
    /// The sites that this person may see.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn of(state: &AppState, viewer: &Viewer) -> Result<Sites, Problem> {
        Ok(Sites { names: store::listing::sums::list_site_names(state.db(), &viewer.sites).await? })
    }

    /// Addresses and names for a form; empty where there are too many for one.
    pub fn choices(&self) -> Vec<(String, String)> {
        const MAX: usize = 200;
        if self.names.len() > MAX {
            return Vec::new();
        }
        self.names.iter().map(|(id, name)| (self.address(*id), shown(name))).collect()
    }

    /// The name of this site.
    pub fn name(&self, site_id: i64) -> Option<&str> {
        self.names.iter().find(|(id, _)| *id == site_id).map(|(_, name)| name.as_str())
    }

    /// The word that names this site in addresses.
    pub fn address(&self, site_id: i64) -> String {
        site::address(&self.names, site_id)
    }

    /// The word that names the site of this name in addresses.
    pub fn address_of(&self, name: &str) -> String {
        self.names.iter().find(|(_, known)| known == name).map_or_else(|| site::word(name), |(id, _)| self.address(*id))
    }

    /// The page of a site.
    pub fn href(&self, site_id: i64) -> String {
        format!("/sites/{}", encode(&self.address(site_id)))
    }

    /// The site that this word of an address means.
    pub fn find(&self, word: &str) -> Option<&(i64, String)> {
        site::find(&self.names, word)
    }

    /// The sites that the filter means and the person may see.
    ///
    /// # Errors
    ///
    /// 400 with the known sites when the filter names one that is not.
    pub fn scope(&self, filter: &Filter, viewer: &Viewer) -> Result<SiteScope, Problem> {
        if filter.sites.is_empty() {
            return Ok(viewer.sites.clone());
        }
        let mut ids = std::collections::BTreeSet::new();
        for word in &filter.sites {
            match self.find(word) {
                Some((id, _)) => ids.insert(*id),
                None => {
                    return Err(Problem::bad_request(format!(
                        "cannot filter by `site`: expected one of {}, found `{word}`",
                        self.known()
                    )));
                }
            };
        }
        Ok(viewer.sites.and(&SiteScope::Only(ids)))
    }

    /// The known sites in words, at most some.
    pub fn known(&self) -> String {
        const MAX: usize = 20;
        let mut words: Vec<String> =
            self.names.iter().take(MAX).map(|(id, _)| format!("`{}`", self.address(*id))).collect();
        if self.names.len() > MAX {
            words.push(format!("{} more", self.names.len() - MAX));
        }
        if words.is_empty() { "none, for there is no site".to_owned() } else { words.join(", ") }
    }
}

/// The name of a site as it is shown; assets whose inventory names none stand at one without a name.
pub fn shown(name: &str) -> String {
    if name.is_empty() { "(site without a name)".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_have_a_word() {
        for (namespace, word) in [
            ("https://www.cisa.gov/", "cisa"),
            ("https://www.siemens.com", "siemens"),
            ("https://psirt.bosch.com", "bosch"),
            ("https://www.ncsc.gov.uk/x", "ncsc"),
            ("https://nameplate.example/samples", "nameplate"),
            ("nonsense", "nonsense"),
            ("", "unknown"),
        ] {
            assert_eq!(publisher_word(namespace), word, "{namespace}");
        }
    }
}
