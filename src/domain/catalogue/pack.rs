//! Alias packs: a person's entries that lie over the catalogue, one by one, each with its author and date.

use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::{Catalogue, CatalogueProblem, Decisions};

/// What an entry of a pack says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AliasKind {
    /// Other names of a vendor.
    Vendor,
    /// A family of products with its spellings and members.
    Family,
    /// "This nameplate is, or is not, that product".
    Decision,
}

impl AliasKind {
    /// The word used in packs, files and the database.
    pub fn word(self) -> &'static str {
        match self {
            AliasKind::Vendor => "vendor",
            AliasKind::Family => "family",
            AliasKind::Decision => "decision",
        }
    }

    /// The kind with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<AliasKind> {
        [AliasKind::Vendor, AliasKind::Family, AliasKind::Decision].into_iter().find(|kind| kind.word() == word)
    }
}

/// One entry of a pack. Its form was checked: known keys, an author and a date; what it refers to was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub kind: AliasKind,
    /// The entry alone as TOML in one fixed form, `[[decision]]` and its keys: equal entries have equal texts.
    pub text: String,
    pub author: String,
    /// Calendar date, `2026-11-03`.
    pub date: String,
    /// Where it stands: `plant.toml:12`.
    pub place: String,
}

impl Alias {
    /// What the entry says, in one sentence without its author: "`SE` means Schneider Electric".
    pub fn sentence(&self) -> String {
        let table: Table = self.text.parse().unwrap_or_default();
        let entry = table.get(self.kind.word()).and_then(|list| list.get(0));
        let text = |key: &str| entry.and_then(|e| e.get(key)).and_then(Value::as_str).unwrap_or_default();
        let list = |key: &str| -> Vec<String> {
            let all = entry.and_then(|e| e.get(key)).and_then(Value::as_array);
            all.into_iter().flatten().filter_map(Value::as_str).map(|item| format!("`{item}`")).collect()
        };
        match self.kind {
            AliasKind::Vendor => {
                let names: Vec<String> = ["aliases", "brands", "formerly"].into_iter().flat_map(list).collect();
                format!("{} {} {}", names.join(", "), if names.len() == 1 { "means" } else { "mean" }, text("name"))
            }
            AliasKind::Family => {
                let members: Vec<String> = ["models", "orders"].into_iter().flat_map(list).collect();
                let members =
                    if members.is_empty() { String::new() } else { format!(" with members {}", members.join(", ")) };
                format!("family {} {}{members}", text("vendor"), text("name"))
            }
            AliasKind::Decision => {
                let plate: Vec<&str> =
                    ["vendor", "model", "part_number"].into_iter().map(text).filter(|t| !t.is_empty()).collect();
                let flag = |key: &str| entry.and_then(|e| e.get(key)).and_then(Value::as_bool);
                let says = match (flag("is_product"), flag("holds")) {
                    (Some(true), _) => "is",
                    (_, Some(true)) => "has what is a condition of",
                    (_, Some(false)) => "does not have what is a condition of",
                    _ => "is not",
                };
                let product = format!("{} {}", text("product_vendor"), text("product"));
                let mut whom = String::new();
                if !text("site").is_empty() {
                    whom.push_str(&format!(" at `{}`", text("site")));
                }
                if let Some(asset) = entry.and_then(|e| e.get("asset")).and_then(Value::as_integer) {
                    whom.push_str(&format!(", asset {asset} alone"));
                }
                if let Some(day) = text("seen_by").get(..10) {
                    whom.push_str(&format!(", for assets known on {day}"));
                }
                format!("`{}` {says} `{}`{whom}", plate.join(" "), product.trim())
            }
        }
    }
}

/// An alias as it is kept, with its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAlias {
    pub alias_id: i64,
    pub alias: Alias,
    pub added_at: jiff::Timestamp,
    /// `None` while it is in force.
    pub removed_at: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(default)]
    vendor: Vec<Spanned<Table>>,
    #[serde(default)]
    family: Vec<Spanned<Table>>,
    #[serde(default)]
    decision: Vec<Spanned<Table>>,
}

/// Reads the entries of a pack, in its order by kind. `name` is told in messages; `signature` is the author and date of
/// the entries that state none.
///
/// # Errors
///
/// All problems of the pack, each with its line: no TOML, an unknown key or kind, a missing author or date, an entry
/// that stands twice, an entry that the catalogue cannot use.
pub fn read_pack(name: &str, text: &str, signature: Option<(&str, &str)>) -> Result<Vec<Alias>, Vec<CatalogueProblem>> {
    let pack: Pack = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, &span));
        vec![problem(format!("{name}:{line}"), format!("expected an alias pack: {}", error.message()))]
    })?;
    let mut aliases: Vec<Alias> = Vec::new();
    let mut problems = Vec::new();
    let all =
        [(AliasKind::Vendor, pack.vendor), (AliasKind::Family, pack.family), (AliasKind::Decision, pack.decision)];
    for (kind, entries) in all {
        for entry in entries {
            let place = format!("{name}:{}", line_of(text, &entry.span()));
            match alias(kind, entry.into_inner(), place.clone(), signature) {
                Err(message) => problems.push(problem(place, message)),
                Ok(alias) => match aliases.iter().find(|known| known.text == alias.text) {
                    Some(known) => {
                        let message = format!("expected each entry once, found that of `{}` again", known.place);
                        problems.push(problem(place, message));
                    }
                    None => aliases.push(alias),
                },
            }
        }
    }
    // What an entry refers to is known only when all of them lie over the catalogue.
    problems.extend(Catalogue::with_aliases(&aliases).1);
    if problems.is_empty() { Ok(aliases) } else { Err(problems) }
}

/// What the decisions among these entries say, in their order; vendors are read with this catalogue.
pub fn decisions_of<'a>(aliases: impl Iterator<Item = &'a Alias>, catalogue: &Catalogue) -> Decisions {
    let texts = aliases.filter(|alias| alias.kind == AliasKind::Decision).map(|alias| alias.text.as_str());
    super::data::read_decisions(texts, catalogue)
}

/// The entries as one pack, in their order.
pub fn write_pack(aliases: &[Alias]) -> String {
    let texts: Vec<&str> = aliases.iter().map(|alias| alias.text.as_str()).collect();
    texts.join("\n")
}

fn alias(kind: AliasKind, mut entry: Table, place: String, signature: Option<(&str, &str)>) -> Result<Alias, String> {
    if let Some((author, date)) = signature {
        entry.entry("author").or_insert_with(|| Value::from(author));
        entry.entry("date").or_insert_with(|| Value::from(date));
        if kind != AliasKind::Decision {
            entry.entry("source").or_insert_with(|| Value::from(format!("{author}, {date}")));
        }
    }
    // TOML has dates of its own; the text is the same.
    if let Some(Value::Datetime(date)) = entry.get("date") {
        let date = date.to_string();
        entry.insert("date".to_owned(), Value::from(date));
    }
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let (author, date) = (text("author"), text("date"));
    if author.is_empty() {
        return Err("expected an `author`, found none".to_owned());
    }
    if date.parse::<jiff::civil::Date>().is_err() {
        return Err(format!("expected a `date` like 2026-11-03, found `{date}`"));
    }
    if kind == AliasKind::Decision && ["model", "part_number"].into_iter().all(|key| text(key).is_empty()) {
        return Err("expected a `model` or a `part_number` of the device, found none".to_owned());
    }
    if kind == AliasKind::Decision && text("product").is_empty() {
        return Err("expected the `product` as the advisory names it, found none".to_owned());
    }
    let whole = Table::from_iter([(kind.word().to_owned(), Value::Array(vec![Value::Table(entry)]))]);
    let text = toml::to_string(&whole).map_err(|error| error.to_string())?;
    Ok(Alias { kind, text, author, date, place })
}

fn problem(file: String, message: String) -> CatalogueProblem {
    CatalogueProblem { file, message }
}

/// The line of a span, counted from 1.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = r#"
# Names that our buyers use.
[[vendor]]
name = "Schneider Electric"
aliases = ["Schneidi"]
source = "our own lists"
author = "M. Okafor"
date = 2026-11-03

[[family]]
name = "PowerLogic PM9900"
vendor = "Schneider Electric"
kind = "hardware"
models = ["PM99##*"]
source = "our own plant"
author = "M. Okafor"
date = "2026-11-03"

[[decision]]
model = "Meter 7"
product_vendor = "Schneider Electric"
product = "PowerLogic PM8000"
is_product = false
author = "M. Okafor"
date = "2026-11-03"
note = "read off the device"
"#;

    #[test]
    fn a_pack_is_read_entry_by_entry_with_line_author_and_date() {
        let aliases = read_pack("plant.toml", PACK, None).unwrap();
        let told: Vec<(&str, String)> = aliases.iter().map(|a| (a.place.as_str(), a.sentence())).collect();
        assert_eq!(
            told,
            [
                ("plant.toml:3", "`Schneidi` means Schneider Electric".to_owned()),
                ("plant.toml:10", "family Schneider Electric PowerLogic PM9900 with members `PM99##*`".to_owned()),
                ("plant.toml:19", "`Meter 7` is not `Schneider Electric PowerLogic PM8000`".to_owned()),
            ]
        );
        assert!(aliases.iter().all(|a| a.author == "M. Okafor" && a.date == "2026-11-03"));
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let aliases = read_pack("plant.toml", PACK, None).unwrap();
        let again = read_pack("plant.toml", &write_pack(&aliases), None).unwrap();
        let texts = |list: &[Alias]| list.iter().map(|a| a.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&again), texts(&aliases));
    }

    #[test]
    fn an_alias_means_its_vendor_and_says_whose_it_is() {
        let (catalogue, problems) = Catalogue::with_aliases(&read_pack("plant.toml", PACK, None).unwrap());
        assert_eq!(problems, []);
        let vendors = catalogue.resolve_vendors("SCHNEIDI");
        assert_eq!(catalogue.vendor(vendors.known()[0]).name, "Schneider Electric");
        assert_eq!(catalogue.author_of_vendor_name("Schneidi"), Some("M. Okafor, 2026-11-03"));
        assert_eq!(catalogue.author_of_vendor_name("Telemecanique"), None);
    }

    #[test]
    fn every_problem_names_its_line_and_what_was_found() {
        for (entry, line, part) in [
            ("[[vendor]\nname = 1", 1, "expected an alias pack"),
            ("[[scheme]]\nname = \"X\"", 1, "unknown field `scheme`"),
            (
                "\n[[vendor]]\nname = \"Siemens\"\naliases = [\"Sie\"]\nsource = \"s\"\ndate = \"2026-11-03\"",
                2,
                "`author`",
            ),
            ("[[vendor]]\nname = \"Siemens\"\nsource = \"s\"\nauthor = \"A\"\ndate = \"soon\"", 1, "found `soon`"),
            ("[[vendor]]\nnam = \"Siemens\"\nauthor = \"A\"\ndate = \"2026-11-03\"", 1, "unknown field `nam`"),
            (
                "\n\n[[family]]\nname = \"F\"\nvendor = \"Nobody\"\nkind = \"hardware\"\nsource = \"s\"\nauthor = \"A\"\ndate = \"2026-11-03\"",
                3,
                "main name of a vendor",
            ),
            (
                "[[decision]]\nproduct_vendor = \"S\"\nproduct = \"P\"\nis_product = true\nauthor = \"A\"\ndate = \"2026-11-03\"",
                1,
                "`model` or a `part_number`",
            ),
        ] {
            let problems = read_pack("p.toml", entry, None).unwrap_err();
            let found = problems.iter().any(|p| p.file == format!("p.toml:{line}") && p.message.contains(part));
            assert!(found, "{entry}: {problems:?}");
        }
        let twice = format!("{PACK}{PACK}");
        assert!(read_pack("p.toml", &twice, None).unwrap_err().iter().any(|p| p.message.contains("`p.toml:3` again")));
    }

    #[test]
    fn entries_without_a_signature_get_the_given_one() {
        let pack = "[[vendor]]\nname = \"Siemens\"\naliases = [\"Siemi\"]";
        let aliases = read_pack("p.toml", pack, Some(("J. Doe", "2026-11-04"))).unwrap();
        assert_eq!((aliases[0].author.as_str(), aliases[0].date.as_str()), ("J. Doe", "2026-11-04"));
        assert!(aliases[0].text.contains("source = \"J. Doe, 2026-11-04\""), "{}", aliases[0].text);
    }
}
