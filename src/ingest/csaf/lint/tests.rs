//! Documents with one fault each: the fault is found with its place, and nothing else is.

use serde_json::{Value, json};

use super::lint;
use crate::ingest::csaf::warning::CsafWarningKind as Kind;

/// A document without any fault.
fn sound() -> Value {
    json!({
        "$schema": "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json",
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.1", "title": "Feldbus gateway",
            "distribution": { "tlp": { "label": "CLEAR" } },
            "publisher": { "category": "vendor", "name": "Feldbus", "namespace": "https://feldbus.example" },
            "notes": [{ "category": "summary", "text": "About gateways" }],
            "references": [{ "category": "external", "url": "https://feldbus.example/1", "summary": "more" }],
            "tracking": {
                "id": "FB-1", "version": "2", "status": "final",
                "initial_release_date": "2024-01-01T00:00:00Z", "current_release_date": "2024-02-01T00:00:00Z",
                "revision_history": [
                    { "number": "1", "date": "2024-01-01T00:00:00Z", "summary": "First" },
                    { "number": "2", "date": "2024-02-01T00:00:00Z", "summary": "Second" }
                ]
            }
        },
        "product_tree": { "branches": [{ "category": "vendor", "name": "Feldbus", "branches": [
            { "category": "product_name", "name": "Gateway", "branches": [
                { "category": "product_version_range", "name": "vers:generic/<2.0",
                  "product": { "product_id": "OLD", "name": "Feldbus Gateway before 2.0" } },
                { "category": "product_version", "name": "2.0",
                  "product": { "product_id": "NEW", "name": "Feldbus Gateway 2.0" } } ] } ] }] },
        "vulnerabilities": [{
            "cve": "CVE-2024-1111",
            "product_status": { "known_affected": ["OLD"], "fixed": ["NEW"] },
            "metrics": [{ "products": ["OLD"], "content": { "cvss_v3": {
                "version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8,
                "baseSeverity": "CRITICAL", "attackVector": "NETWORK" } } }],
            "remediations": [{ "category": "vendor_fix", "details": "Update to 2.0", "product_ids": ["OLD"] }]
        }]
    })
}

/// The kinds and places that are found after an edit: the value at a pointer is replaced, or taken away when null.
fn found_after(edits: &[(&str, Value)]) -> Vec<(Kind, String)> {
    let mut document = sound();
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match (parent, value) {
            (Value::Object(object), Value::Null) => {
                object.remove(key).unwrap();
            }
            (Value::Object(object), value) => {
                object.insert(key.to_owned(), value.clone());
            }
            (Value::Array(list), value) if key == "-" => list.push(value.clone()),
            (Value::Array(list), value) => list[key.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer}"),
        }
    }
    let found = lint(document.to_string().as_bytes()).unwrap();
    found.into_iter().map(|finding| (finding.kind, finding.pointer)).collect()
}

#[test]
fn a_sound_document_has_no_findings() {
    assert_eq!(found_after(&[]), []);
}

#[test]
fn each_fault_is_found_at_its_place() {
    const CATEGORY: &str = "/document/category";
    const CVSS: &str = "/vulnerabilities/0/metrics/0/content/cvss_v3/baseScore";
    const VERSION: &str = "/document/tracking/version";
    const HISTORY: &str = "/document/tracking/revision_history";
    const PRODUCT: &str = "/product_tree/branches/0/branches/0/branches/1";
    let revision = |number: &str, month: u8| json!({ "number": number, "date": format!("2024-0{month}-01T00:00:00Z"), "summary": "x" });
    for (edits, kind, pointer) in [
        (vec![(CATEGORY, json!("csaf_security_advisori"))], Kind::ProfileMismatch, CATEGORY),
        (vec![(CATEGORY, json!("csaf_informational_advisory"))], Kind::ProfileMismatch, "/vulnerabilities"),
        (
            vec![(CATEGORY, json!("csaf_withdrawn")), ("/vulnerabilities", Value::Null)],
            Kind::ProfileMismatch,
            "/product_tree",
        ),
        (
            vec![
                (CATEGORY, json!("csaf_superseded")),
                ("/vulnerabilities", Value::Null),
                ("/product_tree", Value::Null),
                ("/document/references", Value::Null),
            ],
            Kind::ProfileMismatch,
            "/document/references",
        ),
        (
            vec![
                (CATEGORY, json!("csaf_informational_advisory")),
                ("/vulnerabilities", Value::Null),
                ("/document/notes", Value::Null),
            ],
            Kind::ProfileMismatch,
            "/document/notes",
        ),
        (vec![("/vulnerabilities", Value::Null)], Kind::ProfileMismatch, "/vulnerabilities"),
        (
            vec![(CATEGORY, json!("csaf_vex")), ("/vulnerabilities/0/remediations", Value::Null)],
            Kind::ProfileMismatch,
            "/vulnerabilities/0/product_status/known_affected",
        ),
        (
            vec![
                (CATEGORY, json!("csaf_vex")),
                (
                    "/vulnerabilities/0/product_status",
                    json!({ "known_affected": ["OLD"], "known_not_affected": ["NEW"] }),
                ),
            ],
            Kind::ProfileMismatch,
            "/vulnerabilities/0/product_status/known_not_affected",
        ),
        (vec![(VERSION, json!("3"))], Kind::InconsistentTracking, VERSION),
        (
            vec![("/document/tracking/current_release_date", json!("2023-01-01T00:00:00Z"))],
            Kind::InconsistentTracking,
            "/document/tracking/current_release_date",
        ),
        (vec![(HISTORY, json!([revision("2", 1), revision("1", 2)]))], Kind::InconsistentTracking, HISTORY),
        (vec![(HISTORY, json!([revision("2", 2)]))], Kind::InconsistentTracking, HISTORY),
        (
            vec![(HISTORY, json!([revision("1", 1), revision("2", 2), revision("2", 3)]))],
            Kind::InconsistentTracking,
            "/document/tracking/revision_history/2/number",
        ),
        (
            vec![(HISTORY, json!([revision("0", 1), revision("1", 1), revision("2", 2)]))],
            Kind::InconsistentTracking,
            "/document/tracking/revision_history/0/number",
        ),
        (vec![("/product_tree/branches/0/branches/0/branches/1/name", json!("< 2.0"))], Kind::RangeAsVersion, PRODUCT),
        (
            vec![("/product_tree/branches/0/branches/0/branches/1/name", json!("2.0 and earlier"))],
            Kind::RangeAsVersion,
            PRODUCT,
        ),
        (
            vec![(
                "/product_tree/branches/0/branches/0/branches/1/product/product_identification_helper",
                json!({ "model_numbers": ["GW-*-*", "GW-*-\\*"] }),
            )],
            Kind::MalformedHelper,
            PRODUCT,
        ),
        (
            vec![(
                "/product_tree/branches/0/branches/0/branches/1/product/product_identification_helper",
                json!({ "purls": ["pkg:generic/gw@2.0?arch=arm", "pkg:generic/gw@2.1?arch=arm"] }),
            )],
            Kind::MalformedHelper,
            PRODUCT,
        ),
        (
            vec![(
                "/vulnerabilities/-",
                json!({ "cve": "CVE-2024-1111", "product_status": { "known_affected": ["OLD"] } }),
            )],
            Kind::RepeatedCve,
            "/vulnerabilities/1/cve",
        ),
        (
            vec![(
                "/vulnerabilities/0/metrics/-",
                json!({ "products": ["OLD"], "content": { "cvss_v3": { "version": "3.1", "baseScore": 5.3,
                    "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N" } } }),
            )],
            Kind::RepeatedScore,
            "/vulnerabilities/0",
        ),
        (
            vec![(
                "/vulnerabilities/0/remediations/-",
                json!({ "category": "none_available", "details": "No fix", "product_ids": ["OLD"] }),
            )],
            Kind::ContradictingRemediations,
            "/vulnerabilities/0/remediations",
        ),
        (
            vec![("/vulnerabilities/0/remediations/0/product_ids", json!(["OLD", "NEW"]))],
            Kind::ContradictingRemediations,
            "/vulnerabilities/0/remediations",
        ),
        (vec![(CVSS, json!(9.1))], Kind::ContradictingScore, CVSS),
        (
            vec![("/vulnerabilities/0/metrics/0/content/cvss_v3/baseSeverity", json!("HIGH"))],
            Kind::ContradictingScore,
            "/vulnerabilities/0/metrics/0/content/cvss_v3/baseSeverity",
        ),
        (
            vec![("/vulnerabilities/0/metrics/0/content/cvss_v3/attackVector", json!("LOCAL"))],
            Kind::ContradictingScore,
            "/vulnerabilities/0/metrics/0/content/cvss_v3/attackVector",
        ),
        (
            vec![("/vulnerabilities/0/metrics/0/content/cvss_v3/reportConfidence", json!("CONFIRMED"))],
            Kind::ContradictingScore,
            "/vulnerabilities/0/metrics/0/content/cvss_v3/reportConfidence",
        ),
        (vec![("/document/notes/0/text", json!(7))], Kind::Schema, "/document/notes/0/text"),
        (vec![("/document/own", json!(7))], Kind::Schema, "/document"),
        (
            vec![("/document/x_extensions", json!([{ "$schema": "https://x.example/1", "category": "essential" }]))],
            Kind::EssentialExtension,
            "/document/x_extensions/0",
        ),
    ] {
        let found = found_after(&edits);
        assert!(found.contains(&(kind, pointer.to_owned())), "{edits:?}: {found:?}");
    }
}

#[test]
fn what_reader_and_schema_say_alike_stands_once() {
    let found = found_after(&[("/document/title", Value::Null)]);
    assert_eq!(found, [(Kind::Schema, "/document".to_owned())]);
}

#[test]
fn a_tree_deeper_than_the_standard_allows_is_read_and_told() {
    let mut branch = json!({ "category": "product_version", "name": "1.0",
        "product": { "product_id": "DEEP", "name": "Feldbus deep" } });
    for n in 0..35 {
        branch = json!({ "category": if n == 34 { "vendor" } else { "product_family" }, "name": format!("level {n}"),
            "branches": [branch] });
    }
    let found = found_after(&[
        ("/product_tree/branches/-", branch),
        ("/vulnerabilities/0/product_status/known_affected", json!(["OLD", "DEEP"])),
        ("/vulnerabilities/0/remediations/0/product_ids", json!(["OLD", "DEEP"])),
    ]);
    assert!(found.iter().any(|(kind, _)| *kind == Kind::DeepTree), "{found:?}");
}
