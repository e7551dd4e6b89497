//! The query string of a list: a filter, and how the list is shown.

use super::error::Problem;
use crate::domain::filter::{Filter, FilterWord, query_text};

/// What the address of a list says: the filter, and the words of the list itself (`view`, `sort`, `after`, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub filter: Filter,
    /// Words that the list knows beside those of the filter, with their values, in their order.
    own: Vec<(String, Vec<String>)>,
}

impl ListQuery {
    /// Reads a query string; `known` are the words of this list beside those of the filter.
    ///
    /// # Errors
    ///
    /// 400 with the known words or values when one is none of them.
    pub fn parse(query: Option<&str>, known: &[&'static str]) -> Result<ListQuery, Problem> {
        let (filter, own) = Filter::parse_some(query.unwrap_or_default())?;
        // Every page may be gone back to after an act, whose number then stands in the address.
        match own.iter().find(|(word, _)| word != "did" && !known.contains(&word.as_str())) {
            Some((word, _)) => Err(Filter::unknown_word(word.clone(), known).into()),
            None => Ok(ListQuery { filter, own }),
        }
    }

    /// The first value of one of the list's own words; `None` when it is missing or blank.
    pub fn value(&self, word: &str) -> Option<&str> {
        self.values(word).first().map(String::as_str)
    }

    /// All values of one of the list's own words.
    pub fn values(&self, word: &str) -> &[String] {
        self.own.iter().find(|(known, _)| known == word).map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// The first value of one of the list's own words, which must be one of these; the first of them when it is missing.
    ///
    /// # Errors
    ///
    /// 400 with the known values when it is another.
    pub fn choice<T: Copy>(&self, word: &'static str, known: &[(&'static str, T)]) -> Result<T, Problem> {
        let wanted = self.value(word).or(known.first().map(|(first, _)| *first)).unwrap_or_default();
        known.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
            Problem::bad_request(format!(
                "cannot show the list: expected `{word}` to be one of {}, found `{wanted}`",
                names.join(", ")
            ))
        })
    }

    /// The same list with this word set to one value, or without it, from its first page on.
    #[must_use]
    pub fn with(&self, word: &str, value: Option<&str>) -> ListQuery {
        let mut query = self.clone();
        // The act that was done last belongs to the page that says so, not to those that it leads to.
        query.own.retain(|(known, _)| known != word && !["after", "n", "did"].contains(&known.as_str()));
        if let Some(value) = value {
            query.own.push((word.to_owned(), vec![value.to_owned()]));
        }
        query
    }

    /// The page of the list that begins after this cursor, which is the `n`th row.
    #[must_use]
    pub fn page(&self, after: &str, n: u64) -> ListQuery {
        let mut query = self.with("after", Some(after));
        query.own.push(("n".to_owned(), vec![n.to_string()]));
        query
    }

    /// The same list with another filter, from its first page on.
    #[must_use]
    pub fn filtered(&self, filter: Filter) -> ListQuery {
        ListQuery { filter, ..self.with("after", None) }
    }

    /// The cursor that a page begins after.
    pub fn after(&self) -> Option<&str> {
        self.value("after")
    }

    /// How many rows stand before this page. It is shown, never computed with.
    pub fn n_before(&self) -> u64 {
        self.value("n").and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// All words with their values, for the hidden fields of a form that adds to the filter.
    pub fn fields(&self) -> Vec<(String, String)> {
        let of_filter = FilterWord::ALL
            .into_iter()
            .flat_map(|word| self.filter.values(word).into_iter().map(move |value| (word.word().to_owned(), value)));
        let own = self.own.iter().filter(|(word, _)| !["after", "n", "did"].contains(&word.as_str()));
        of_filter.chain(own.flat_map(|(word, values)| values.iter().map(|v| (word.clone(), v.clone())))).collect()
    }
}

/// The query string with its `?`; blank when it says nothing.
impl std::fmt::Display for ListQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let filter = self.filter.to_string();
        let own = self.own.iter().filter(|(_, values)| !values.is_empty()).map(|(word, values)| {
            let values: Vec<String> = values.iter().map(|value| query_text::encode(value)).collect();
            format!("{word}={}", values.join(","))
        });
        let parts: Vec<String> = Some(filter).filter(|text| !text.is_empty()).into_iter().chain(own).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, "?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["view", "sort", "after", "n"];

    #[test]
    fn an_address_is_read_changed_and_written() {
        let query = ListQuery::parse(Some("verdict=affected&view=asset&after=12&n=100"), KNOWN).unwrap();
        assert_eq!(query.to_string(), "?verdict=affected&view=asset&after=12&n=100");
        assert_eq!(query.with("sort", Some("-severity")).to_string(), "?verdict=affected&view=asset&sort=-severity");
        assert_eq!(query.with("view", None).to_string(), "?verdict=affected");
        assert_eq!(query.page("24", 200).to_string(), "?verdict=affected&view=asset&after=24&n=200");
        assert_eq!(query.filtered(Filter::default()).to_string(), "?view=asset");
        assert_eq!((query.after(), query.n_before()), (Some("12"), 100));
        assert_eq!(ListQuery::default().to_string(), "");
    }

    #[test]
    fn unknown_words_and_values_are_refused() {
        let problem = ListQuery::parse(Some("colour=red"), KNOWN).unwrap_err();
        assert!(problem.message.contains("`view`") && problem.message.contains("`verdict`"), "{}", problem.message);
        let query = ListQuery::parse(Some("view=map"), KNOWN).unwrap();
        let problem = query.choice("view", &[("nameplate", 1), ("asset", 2)]).unwrap_err();
        assert!(problem.message.contains("`nameplate`, `asset`, found `map`"), "{}", problem.message);
        assert_eq!(ListQuery::default().choice("view", &[("nameplate", 1)]).unwrap(), 1);
    }
}
