//! Any bytes as a document, and any product tree inside a sound document: reading ends in an answer, pointers lead
//! into the document, and every index is one of a product.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nameplate::domain::advisory::Advisory;
use nameplate::ingest::csaf::document::read_document;
use nameplate::ingest::csaf::lint::lint;
use nameplate::ingest::csaf::warning::CsafWarningKind;

fuzz_target!(|bytes: &[u8]| {
    let _ = lint(bytes);
    let Ok(tree) = std::str::from_utf8(bytes) else { return };
    let json = format!(
        r#"{{"document": {{"csaf_version": "2.1"}}, "product_tree": {tree},
            "vulnerabilities": [{{"product_status": {{"known_affected": ["1", "2", "3", "a", "b"]}},
                "remediations": [{{"category": "mitigation", "group_ids": ["1", "a", "g"]}}]}}]}}"#
    );
    let Ok((advisory, warnings)) = read_document(json.as_bytes()) else { return };
    check(&advisory);
    // Where a key stands twice or one value stands for a list, a pointer cannot tell which is meant.
    let is_ambiguous = |kind| matches!(kind, CsafWarningKind::RepeatedKey | CsafWarningKind::WrongType);
    if !warnings.iter().any(|warning| is_ambiguous(warning.kind)) {
        let json: serde_json::Value = serde_json::from_str(&json).expect("it was read before");
        for product in &advisory.products {
            assert!(json.pointer(&product.pointer).is_some(), "{}", product.pointer);
        }
    }
});

fn check(advisory: &Advisory) {
    let n = advisory.products.len() as u32;
    for product in &advisory.products {
        let mut depth = 0;
        let mut at = Some(product);
        while let Some(relationship) = at.and_then(|product| product.relationship.as_ref()) {
            assert!(relationship.component < n && relationship.base < n);
            assert!(relationship.further.iter().all(|(_, product)| *product < n));
            depth += 1;
            assert!(depth <= 16, "a relationship without end");
            at = advisory.products.get(relationship.base as usize);
        }
    }
    for vulnerability in &advisory.vulnerabilities {
        let statuses = vulnerability.statuses.iter().map(|(_, listed)| listed);
        for listed in statuses.chain(vulnerability.remediations.iter().map(|remediation| &remediation.products)) {
            assert!(listed.is_sorted() && listed.iter().all(|index| *index < n));
        }
    }
}
