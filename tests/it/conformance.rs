//! The table of what the standard demands says only what is there.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of code under this folder.
pub fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The cells of each row: number, grade, demand, state, where and which test.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| no."));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_demand_of_the_standard_stands_once_with_a_known_state() {
    let table = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let mut numbers = Vec::new();
    for row in rows(&table) {
        let [number, grade, demand, state, place] = row.as_slice() else { panic!("{row:?}") };
        let (first, last) = number.split_once('–').unwrap_or((number, number));
        numbers.extend(first.parse::<u32>().unwrap()..=last.parse::<u32>().unwrap());
        assert!(["M", "S", "O", "M, S", "S, M"].contains(grade) && !demand.is_empty(), "{row:?}");
        assert!(["done", "part", "not done", "n/a"].contains(state) && !place.is_empty(), "{row:?}");
    }
    assert_eq!(numbers, (1..=117).collect::<Vec<_>>());
}

#[test]
fn every_test_that_the_table_names_exists() {
    let table = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    let code: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let is_name = |word: &&str| word.matches('_').count() >= 3 && !word.contains('/');
    let mut n_checked = 0;
    for row in rows(&table) {
        let words = row[4].split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(is_name);
        for name in words {
            assert!(code.contains(&format!("fn {name}")), "{} names `{name}`", row[0]);
            n_checked += 1;
        }
    }
    assert!(n_checked > 70, "{n_checked}");
}
