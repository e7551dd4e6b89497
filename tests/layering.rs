//! The arrows of the house: which folder may use which, checked on the source text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folder (or file) of the crate root, and what it may import.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("ingest", &["domain"]),
    ("report", &["domain"]),
    ("alert", &["domain"]),
    ("config", &["domain"]),
    ("services", &["domain", "store", "ingest", "report", "alert", "config"]),
    ("web", &["domain", "store", "services", "report", "config"]),
    ("cli", &["domain", "store", "services", "report", "web", "config"]),
    ("main", &["cli"]),
];

/// What the ground must not know: input, output, clocks and waiting.
const FORBIDDEN_IN_DOMAIN: &[&str] = &["tokio", "sqlx", "axum", "reqwest", "std::fs", "std::env", "std::net", "now()"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file without comments and without its test module.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The words that directly follow `crate::` (or the crate's own name) in this text.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for start in ["crate::", "nameplate::"] {
        for (at, _) in code.match_indices(start) {
            let rest = &code[at + start.len()..];
            if let Some(group) = rest.strip_prefix('{') {
                let group = group.split('}').next().unwrap_or_default();
                found.extend(group.split(',').map(|part| word(part.trim())));
            } else {
                found.insert(word(rest));
            }
        }
    }
    found.remove("");
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The first folder (or the file's own stem) of a path below `src`.
fn layer(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_go_down_only() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let layer = layer(&path);
        if layer == "lib" {
            continue;
        }
        let (_, may_use) = MAY_USE.iter().find(|(l, _)| *l == layer).unwrap_or_else(|| panic!("no rule for `{layer}`"));
        for used in imports(&code(&path)) {
            if used != layer && MAY_USE.iter().any(|(l, _)| *l == used) && !may_use.contains(&used.as_str()) {
                wrong.push(format!("{} uses `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn domain_knows_no_outside() {
    let mut wrong = Vec::new();
    for path in sources(&root().join("domain")) {
        let code = code(&path);
        for word in FORBIDDEN_IN_DOMAIN {
            if code.contains(word) {
                wrong.push(format!("{} names `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn domain_files_use_only_words_above_them() {
    let list = fs::read_to_string(root().join("domain/mod.rs")).unwrap();
    let order: Vec<&str> =
        list.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    assert!(order.len() > 10, "the list of domain words was not found");
    let place = |word: &str| order.iter().position(|w| *w == word);
    let mut wrong = Vec::new();
    for path in sources(&root().join("domain")) {
        let below = path.strip_prefix(root().join("domain")).unwrap();
        let own = below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own_place) = place(&own) else { continue };
        let is_folder_head = below.file_name().is_some_and(|f| f == "mod.rs");
        let depth = below.components().count() - usize::from(is_folder_head);
        let code = code(&path);
        // A neighbour is `super::` from the word's own file, `super::super::` from one folder below it.
        let neighbour = "super::".repeat(depth);
        let mut used: BTreeSet<String> = BTreeSet::new();
        for prefix in [neighbour.as_str(), "crate::domain::"] {
            for (at, _) in code.match_indices(prefix) {
                let before = code[..at].chars().next_back();
                if before.is_some_and(|c| c == ':') {
                    continue;
                }
                let rest = &code[at + prefix.len()..];
                let rest = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap_or_default());
                used.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
        }
        for word in used {
            if place(&word).is_some_and(|p| p > own_place) {
                wrong.push(format!("{} uses `{word}`, which stands below it", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn doors_do_not_write_to_the_store() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        if !["web", "cli"].contains(&layer(&path).as_str()) {
            continue;
        }
        let code = code(&path);
        for (at, _) in code.match_indices("store::") {
            // The path that is called or imported, a group in braces included.
            let rest = &code[at..];
            let end = rest.find(['(', ';', '=']).unwrap_or(rest.len());
            if ["save_", "delete_"].iter().any(|verb| rest[..end].contains(verb)) {
                wrong.push(format!("{} names `{}`", path.display(), &rest[..end]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn most_files_stay_small() {
    let long: Vec<String> = sources(&root())
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > 800).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "over 800 lines; make a folder of the same name:\n{}", long.join("\n"));
}
