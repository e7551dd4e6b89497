//! Files that are no documents, or made to do harm.

use proptest::prelude::*;

use super::super::error::ReadError;
use super::*;

#[test]
fn files_that_are_no_documents_say_what_they_are() {
    for (text, expected, has_hint) in [
        ("", "expected a CSAF document, found an empty file", true),
        (" \n\t", "expected a CSAF document, found an empty file", true),
        ("PK\u{3}\u{4}", "expected JSON, could not go on in line 1, column 1: expected value", true),
        ("{\"document\": {", "expected JSON, could not go on in line 1, column 14: the file ends here", true),
        ("[1, 2]", "expected a CSAF document with an object `document`, found a list", false),
        ("7", "expected a CSAF document with an object `document`, found a number", false),
        ("{}", "expected a CSAF document with an object `document`, found an empty object", false),
        (
            r#"{"title": "List", "catalogVersion": "1", "vulnerabilities": []}"#,
            "expected a CSAF document with an object `document`, found a list of known exploited vulnerabilities",
            true,
        ),
        (r#"{"feed": {}}"#, "expected a CSAF document with an object `document`, found a ROLIE feed", true),
        (
            r#"{"document": {"title": "T"}}"#,
            "expected a CSAF document with an object `document`, found an object `document` without version, tracking and publisher",
            false,
        ),
        (
            r#"{"document": "x"}"#,
            "expected a CSAF document with an object `document`, found an object `document` without version, tracking and publisher",
            false,
        ),
        (
            r#"{"a": 1, "b": 2}"#,
            "expected a CSAF document with an object `document`, found an object with `a`, `b`",
            false,
        ),
    ] {
        let error = read_document(text.as_bytes()).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint().is_some()), (expected, has_hint), "{text}");
    }
}

fn tree_of_depth(depth: usize) -> String {
    let open = r#"{"category": "product_family", "name": "F", "branches": ["#.repeat(depth - 1);
    let leaf = r#"{"category": "product_name", "name": "N", "product": {"product_id": "A", "name": "a"}}"#;
    with(&format!(r#"{{"branches": [{open}{leaf}{}]}}"#, "]}".repeat(depth - 1)), "[]")
}

#[test]
fn a_tree_of_thirty_levels_is_read_on_a_small_stack() {
    // As small as a thread of the pool in a debug build can become.
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(|| {
        for depth in [1, 30, 60] {
            let advisory = read(&tree_of_depth(depth));
            assert_eq!(advisory.products[0].branches.len(), depth);
            assert_eq!(advisory.products[0].pointer, format!("/product_tree{}", "/branches/0".repeat(depth)));
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn a_tree_of_a_hundred_thousand_levels_is_refused() {
    let error = read_document(tree_of_depth(100_000).as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::TooDeep { .. }), "{error}");
    let lists = format!(r#"{{"document": {}"#, "[".repeat(100_000));
    assert!(read_document(lists.as_bytes()).is_err());
    // What is passed over may be as deep as it likes.
    let deep = format!(r#""unknown": {}{}, "product_tree""#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(read_document(with(TWO, "[]").replacen("\"product_tree\"", &deep, 1).as_bytes()).is_ok());
}

#[test]
fn a_document_that_unfolds_without_end_is_refused() {
    let names: Vec<String> = (0..20_000).map(|i| format!(r#"{{"product_id": "{i}", "name": "n"}}"#)).collect();
    let listed: Vec<String> = (0..20_000).map(|i| format!("\"{i}\"")).collect();
    let tree = format!(
        r#"{{"full_product_names": [{}], "product_groups": [{{"group_id": "G", "product_ids": [{}]}}]}}"#,
        names.join(","),
        listed.join(",")
    );
    let remediation = r#"{"category": "mitigation", "details": "d", "group_ids": ["G"]}"#;
    let vulnerabilities = format!(r#"[{{"remediations": [{}]}}]"#, vec![remediation; 20_000].join(","));
    let error = read_document(with(&tree, &vulnerabilities).as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
}

#[test]
fn a_document_of_nothing_but_objects_is_refused() {
    let json = with(TWO, &format!("[{}{{}}]", "{},".repeat(4_000_000)));
    let error = read_document(json.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { what: "JSON objects", .. }), "{error}");
}

#[test]
fn many_warnings_of_one_kind_are_summed_up() {
    let ids = vec!["\"X\""; 10_000].join(",");
    let json = with(TWO, &format!(r#"[{{"product_status": {{"known_affected": ["A", "B", {ids}]}}}}]"#));
    let (_, warnings) = read_document(json.as_bytes()).unwrap();
    assert_eq!(warnings.len(), 501);
    assert_eq!(warnings[500].detail, "9500 more of this kind");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever one byte of a sound document becomes, reading ends in an answer, and every index in a product.
    #[test]
    fn a_changed_byte_never_panics(place in 0..COMPLETE_2_0.len(), byte: u8) {
        let mut bytes = COMPLETE_2_0.to_vec();
        bytes[place] = byte;
        check_indices(&bytes);
    }

    /// The same for a whole value: every value of the document in turn becomes one of another type.
    #[test]
    fn a_changed_value_never_panics(place in 0..2000_usize, kind in 0..6_usize) {
        for document in [COMPLETE_2_0, COMPLETE_2_1] {
            let mut json: serde_json::Value = serde_json::from_slice(document).unwrap();
            let mut left = place;
            change(&mut json, &mut left, kind);
            check_indices(json.to_string().as_bytes());
        }
    }
}

fn check_indices(bytes: &[u8]) {
    let Ok((advisory, _)) = read_document(bytes) else { return };
    let n = advisory.products.len() as u32;
    for vulnerability in &advisory.vulnerabilities {
        let lists = vulnerability.statuses.iter().map(|(_, listed)| listed);
        let lists = lists.chain(vulnerability.remediations.iter().map(|r| &r.products));
        let lists = lists.chain(vulnerability.scores.iter().map(|s| &s.products));
        for listed in lists.chain(vulnerability.remarks.iter().map(|r| &r.products)) {
            assert!(listed.is_sorted() && listed.iter().all(|index| *index < n));
        }
    }
}

/// Replaces the value at place `left` in the order of the document.
fn change(value: &mut serde_json::Value, left: &mut usize, kind: usize) {
    use serde_json::{Value, json};
    if *left == 0 {
        *value = [json!(null), json!(true), json!(7), json!("x"), json!([{}]), json!({"a": []})][kind].clone();
    }
    if *left > 0 {
        *left -= 1;
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| change(item, left, kind)),
            Value::Object(members) => members.values_mut().for_each(|member| change(member, left, kind)),
            _ => {}
        }
    } else {
        *left = usize::MAX;
    }
}
