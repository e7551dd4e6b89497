//! The table of the checks for people names every test there is, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use crate::conformance::sources;

/// The words of a text that are names of checks.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.strip_prefix("check_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
        .collect()
}

#[test]
fn each_check_stands_once_in_the_table_with_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/acceptance.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| no.")).collect();
    for (row, number) in rows.iter().zip(1..) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [no, seen, tests] = cells.as_slice() else { panic!("{row}") };
        assert_eq!(*no, number.to_string(), "{row}");
        assert!(!seen.is_empty() && !names(tests).is_empty(), "{row}");
        // A test says in its name which checks it proves.
        for name in names(tests) {
            let numbers: Vec<u32> = name.split('_').filter_map(|part| part.parse().ok()).take(2).collect();
            assert!(numbers.contains(&number), "{name} in row {number}");
        }
    }
    assert_eq!(rows.len(), 40);

    let mut files = Vec::new();
    sources(&root.join("tests"), &mut files);
    let code: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let defined: BTreeSet<&str> =
        code.split("fn ").skip(1).filter_map(|rest| names(rest.split('(').next()?).into_iter().next()).collect();
    assert_eq!(names(&table), defined, "in the table, and in the tests");
}
