//! What stands above and below a list: the filter as chips, the form that adds to it, sort links and the way on.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::filter::{FilterWord, SEVERITIES, SURE, StatusWord};
use crate::domain::verdict::Verdict;
use crate::web::query::ListQuery;

/// One part of the filter; its link is the list without it.
pub struct Chip {
    pub label: &'static str,
    pub value: String,
    pub href: String,
}

/// The filter of a list as chips, with a form that adds to it. All state is in the address.
#[derive(Template)]
#[template(path = "_chips.html")]
pub struct Chips<'a> {
    /// The path of the list.
    pub path: &'a str,
    pub query: &'a ListQuery,
    /// The words that the form offers.
    pub offered: &'a [FilterWord],
    /// The addresses and names of sites for the form; empty where it offers none.
    pub sites: &'a [(String, String)],
    /// The address of the list as it is without any filter that the person chose.
    pub clear: String,
}

impl Chips<'_> {
    fn chips(&self) -> Vec<Chip> {
        let filter = &self.query.filter;
        filter
            .words()
            .map(|word| Chip {
                label: word.label(),
                value: filter.value_in_words(word),
                href: format!("{}{}", self.path, self.query.filtered(filter.without(word))),
            })
            .collect()
    }

    fn offers(&self, word: &str) -> bool {
        self.offered.iter().any(|offered| offered.word() == word)
    }

    /// The list's own words and the words that the form does not offer, which it must carry along.
    fn hidden(&self) -> Vec<(String, String)> {
        let mut fields = self.query.fields();
        fields.retain(|(word, _)| !self.offers(word));
        fields
    }

    fn verdicts(&self) -> [(&'static str, &'static str, bool); 3] {
        Verdict::ALL.map(|v| (v.word(), v.label(), self.query.filter.verdicts.contains(&v)))
    }

    fn severities(&self) -> [(&'static str, bool); 5] {
        SEVERITIES.map(|s| (s.word(), self.query.filter.severity == Some(s)))
    }

    fn statuses(&self) -> [(&'static str, &'static str, bool); 4] {
        StatusWord::ALL.map(|s| (s.word(), s.label(), self.query.filter.statuses.contains(&s)))
    }

    fn sure(&self) -> [(&'static str, bool); 3] {
        SURE.map(|c| (c.word(), self.query.filter.sure == Some(c)))
    }

    fn standings(&self) -> [(&'static str, &'static str, bool); 6] {
        crate::domain::asset::Standing::ALL.map(|s| (s.word(), s.label(), self.query.filter.standings.contains(&s)))
    }

    fn is_site(&self, address: &str) -> bool {
        self.query.filter.sites.iter().any(|site| site == address)
    }

    fn first(&self, word: FilterWord) -> String {
        self.query.filter.values(word).join(", ")
    }

    fn vendor(&self) -> String {
        self.first(FilterWord::Vendor)
    }

    fn area(&self) -> String {
        self.first(FilterWord::Area)
    }

    fn text(&self) -> &str {
        &self.query.filter.text
    }

    fn flag(&self, word: &str) -> Option<bool> {
        if word == "kev" { self.query.filter.exploited } else { self.query.filter.has_fix }
    }
}

impl HtmlSafe for Chips<'_> {}

/// The head of a column that sorts: a second click turns the order around.
#[derive(Template)]
#[template(path = "_sort.html")]
pub struct SortLink {
    pub label: &'static str,
    pub href: String,
    /// `Some(true)` while the list is sorted by it, highest first.
    pub descending: Option<bool>,
    pub is_number: bool,
}

impl SortLink {
    /// The head of the column `key`; `default_descending` is the order of the first click.
    pub fn new(
        path: &str,
        query: &ListQuery,
        current: (&str, bool),
        key: &str,
        label: &'static str,
        default_descending: bool,
    ) -> SortLink {
        let is_current = current.0 == key;
        let next = if is_current { !current.1 } else { default_descending };
        let value = if next { format!("-{key}") } else { key.to_owned() };
        SortLink {
            label,
            href: format!("{path}{}", query.with("sort", Some(&value))),
            descending: is_current.then_some(current.1),
            is_number: false,
        }
    }

    /// The same head over numbers, which stand to the right.
    #[must_use]
    pub fn number(self) -> SortLink {
        SortLink { is_number: true, ..self }
    }
}

impl HtmlSafe for SortLink {}

/// Where in the list the page stands, and the way on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "_pager.html")]
pub struct Pager {
    /// `Rows 201–300 of 4,212`.
    pub text: String,
    /// The first page, when this is not it.
    pub first: Option<String>,
    /// The next page, when there is one.
    pub next: Option<String>,
    pub page_size: u64,
}

impl Pager {
    /// The way on from a page of `n` rows of a list of `total` (`None` when it was not counted to its end). `cursor` is
    /// what the next page begins after; `None` on the last page.
    pub fn new(
        path: &str,
        query: &ListQuery,
        n: usize,
        total: Option<u64>,
        cursor: Option<&str>,
        page_size: u64,
    ) -> Pager {
        use super::grouped;
        let (before, n) = (query.n_before(), n as u64);
        let total = match (total, cursor) {
            (Some(total), _) => format!(" of {}", grouped(total)),
            (None, None) => format!(" of {}", grouped(before + n)),
            (None, Some(_)) => String::new(),
        };
        let text = match n {
            0 => "No rows".to_owned(),
            n => format!("Rows {}–{}{total}", grouped(before + 1), grouped(before + n)),
        };
        Pager {
            text,
            first: query.after().map(|_| format!("{path}{}", query.with("after", None))),
            next: cursor.map(|cursor| format!("{path}{}", query.page(cursor, before + n))),
            page_size,
        }
    }
}

impl HtmlSafe for Pager {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chip_leads_to_the_list_without_it() {
        let query = ListQuery::parse(Some("verdict=affected&severity=high&view=asset"), &["view"]).unwrap();
        let chips = Chips { path: "/exposures", query: &query, offered: &[], sites: &[], clear: String::new() };
        let hrefs: Vec<String> = chips.chips().into_iter().map(|chip| chip.href).collect();
        assert_eq!(hrefs, ["/exposures?severity=high&view=asset", "/exposures?verdict=affected&view=asset"]);
    }

    #[test]
    fn the_way_on_carries_how_far_it_is() {
        let query = ListQuery::parse(Some("after=7&n=100"), &["after", "n"]).unwrap();
        let pager = Pager::new("/assets", &query, 100, Some(4212), Some("9"), 100);
        assert_eq!(pager.text, "Rows 101–200 of 4,212");
        assert_eq!(pager.next.as_deref(), Some("/assets?after=9&n=200"));
        assert_eq!(pager.first.as_deref(), Some("/assets"));
        assert_eq!(Pager::new("/assets", &ListQuery::default(), 3, None, None, 100).text, "Rows 1–3 of 3");
    }
}
