//! The fields of a form that was sent.

use crate::domain::account::{Role, SiteScope};
use crate::domain::filter::query_text;
use crate::web::error::Problem;

/// The fields of a form in their order; a field may come more than once, as ticked boxes do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the body of a form (`application/x-www-form-urlencoded`).
    pub fn read(form: &[u8]) -> Fields {
        let text = String::from_utf8_lossy(form);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (query_text::decode(name), query_text::decode(value))
        });
        Fields(pairs.collect())
    }

    /// The first value of a field; blank when it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The fields whose name begins with this, as (the rest of the name, value without blanks around it).
    pub fn beginning_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.trim())))
    }

    /// The value of a field as a number.
    ///
    /// # Errors
    ///
    /// 400 when it is none.
    pub fn number(&self, name: &str) -> Result<i64, Problem> {
        let value = self.get(name);
        value.parse().map_err(|_| {
            Problem::bad_request(format!("cannot read the form: expected a number in `{name}`, found `{value}`"))
        })
    }

    /// The field `role`.
    ///
    /// # Errors
    ///
    /// 400 when it is none.
    pub fn role(&self) -> Result<Role, Problem> {
        Role::from_word(self.get("role")).ok_or_else(|| {
            Problem::bad_request("cannot read the form: expected `role` to be viewer, engineer or admin")
        })
    }

    /// All sites, or with `scope=some` those that are ticked.
    pub fn sites(&self) -> SiteScope {
        match self.get("scope") {
            "some" => SiteScope::Only(self.all("site").filter_map(|site| site.parse().ok()).collect()),
            _ => SiteScope::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_fields_that_come_more_than_once() {
        let fields =
            Fields::read("name=M.+Okafor&scope=some&site=1&site=3&site=x&note=a%26b%3D%C3%BC&empty".as_bytes());
        assert_eq!((fields.get("name"), fields.get("note"), fields.get("empty")), ("M. Okafor", "a&b=ü", ""));
        assert_eq!(fields.sites(), SiteScope::Only([1, 3].into()));
        assert_eq!(Fields::read(b"site=1").sites(), SiteScope::All);
        assert!(fields.number("name").is_err() && fields.role().is_err());
    }
}
