//! Folders with documents: `changes.csv` says since when, `index.txt` only what there is.

use reqwest::Url;
use rustc_hash::FxHashMap;

use super::retrieve::{Beside, Listed};

/// A list of a million documents has some 100 MB.
pub const LIST_LIMIT_BYTES: usize = 128 << 20;

/// Warnings about single lines beyond this many are only counted.
const MOST_WARNINGS: usize = 5;

/// Reads `changes.csv` of the folder at `base`, with or without quotes, in any order. Of a document that stands twice
/// the later date counts.
///
/// # Source
///
/// CSAF 2.1, section 7.1.13 (without quotes); CSAF 2.0, section 7.1.13 (with quotes); RFC 4180. The list of CISA is not
/// sorted, so that no line means that the rest is old.
pub fn read_changes(bytes: &[u8], base: &Url) -> (Vec<Listed>, Vec<String>) {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let mut lines = Lines::default();
    for (i, record) in reader.byte_records().enumerate() {
        let (path, date) = match &record {
            Ok(record) => (record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default()),
            Err(_) => {
                lines.warn(format!("line {} of `changes.csv` cannot be read", i + 1));
                break;
            }
        };
        let date = String::from_utf8_lossy(date);
        if date.parse::<jiff::Timestamp>().is_err() {
            lines.warn(format!("line {} of `changes.csv`: expected a date, found `{date}`", i + 1));
        }
        lines.add(&String::from_utf8_lossy(path), &date, base);
    }
    lines.finish()
}

/// Reads `index.txt` of the folder at `base`; its last line may end without a line break.
///
/// # Source
///
/// CSAF 2.1, section 7.1.12.
pub fn read_index(bytes: &[u8], base: &Url) -> (Vec<Listed>, Vec<String>) {
    let mut lines = Lines::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        lines.add(line, "", base);
    }
    lines.finish()
}

#[derive(Default)]
struct Lines {
    listed: Vec<Listed>,
    places: FxHashMap<String, usize>,
    warnings: Vec<String>,
    n_not_told: usize,
}

impl Lines {
    fn add(&mut self, path: &str, date: &str, base: &Url) {
        let path = path.trim().trim_start_matches('\u{feff}');
        if path.is_empty() {
            return;
        }
        let Some(url) = below(base, path) else {
            self.warn(format!("`{path}` does not lie in the folder `{base}`, left out"));
            return;
        };
        match self.places.get(&url) {
            Some(&place) => {
                let known = &mut self.listed[place].listed_at;
                if is_later(date, known) {
                    date.clone_into(known);
                }
            }
            None => {
                self.places.insert(url.clone(), self.listed.len());
                self.listed.push(Listed { url, listed_at: date.to_owned(), beside: Beside::ByRule });
            }
        }
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(warning);
        } else {
            self.n_not_told += 1;
        }
    }

    fn finish(mut self) -> (Vec<Listed>, Vec<String>) {
        if self.n_not_told > 0 {
            self.warnings.push(format!("{} more lines of this kind", self.n_not_told));
        }
        (self.listed, self.warnings)
    }
}

/// The address of a path in a folder; `None` when it leads out of it or is no JSON file.
fn below(base: &Url, path: &str) -> Option<String> {
    let url = base.join(path).ok()?;
    let is_inside = url.as_str().starts_with(base.as_str()) && !url.path().split('/').any(|part| part == "..");
    (is_inside && url.path().ends_with(".json")).then(|| url.to_string())
}

fn is_later(a: &str, b: &str) -> bool {
    match (a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()) {
        (Ok(a), Ok(b)) => a > b,
        (Ok(_), Err(_)) => true,
        _ => false,
    }
}

/// The address of a folder, which ends in a slash so that paths lie inside it.
pub fn folder(url: &Url) -> Url {
    let mut folder = url.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", url.path()));
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        folder(&Url::parse("https://v.example/csaf/white").unwrap())
    }

    fn short(listed: &[Listed]) -> Vec<(&str, &str)> {
        listed.iter().map(|l| (l.url.trim_start_matches("https://v.example/csaf/"), l.listed_at.as_str())).collect()
    }

    #[test]
    fn changes_are_read_with_and_without_quotes_in_any_order() {
        let quoted = "\"2026/a.json\",\"2026-01-02T00:00:00Z\"\r\n\"2025/b.json\",\"2025-01-01T00:00:00Z\"\r\n\
                      \"2026/c.json\",\"2026-05-01T00:00:00.000+02:00\"";
        let plain = quoted.replace('"', "").replace("\r\n", "\n");
        for text in [quoted, &plain, &format!("{plain}\n\n")] {
            let (listed, warnings) = read_changes(text.as_bytes(), &base());
            assert_eq!(
                short(&listed),
                [
                    ("white/2026/a.json", "2026-01-02T00:00:00Z"),
                    ("white/2025/b.json", "2025-01-01T00:00:00Z"),
                    ("white/2026/c.json", "2026-05-01T00:00:00.000+02:00"),
                ]
            );
            assert_eq!(warnings, Vec::<String>::new());
        }
    }

    #[test]
    fn of_a_document_that_stands_twice_the_later_date_counts() {
        let text = "a.json,2026-01-02T00:00:00Z\na.json,2026-03-02T00:00:00Z\na.json,2025-01-02T00:00:00Z\n";
        assert_eq!(short(&read_changes(text.as_bytes(), &base()).0), [("white/a.json", "2026-03-02T00:00:00Z")]);
    }

    #[test]
    fn what_leads_out_of_the_folder_is_left_out_and_told() {
        let text = "2026/a.json\n../amber/b.json\n/etc/c.json\nhttps://other.example/d.json\n2026/%2e%2e/%2e%2e/e.json\n\
                    //other.example/f.json\nreadme.md\n2026/g.json";
        let (listed, warnings) = read_index(text.as_bytes(), &base());
        assert_eq!(short(&listed), [("white/2026/a.json", ""), ("white/2026/g.json", "")]);
        assert_eq!(warnings.len(), 6, "{warnings:?}");
        assert!(warnings[5].contains("1 more"));
    }

    #[test]
    fn a_line_without_a_date_is_told_and_still_listed() {
        let (listed, warnings) = read_changes(b"path,timestamp\na.json\nb.json,yesterday\n", &base());
        assert_eq!(short(&listed), [("white/a.json", ""), ("white/b.json", "yesterday")]);
        assert_eq!(warnings.len(), 4, "{warnings:?}");
    }

    #[test]
    fn nothing_makes_it_stumble() {
        for bytes in [&b""[..], b"\xff\xfe\x00", b"\"", b"\"a.json", b",,,,", b"\n\n\n"] {
            read_changes(bytes, &base());
            read_index(bytes, &base());
        }
    }
}
