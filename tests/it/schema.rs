//! Our answer to "does this document keep to the schema of the standard?", beside that of the validator of the standard's
//! tools. Documents with one mutation each, both editions.

use std::path::Path;
use std::process::Command;

use nameplate::ingest::csaf::lint::lint;
use nameplate::ingest::csaf::warning::CsafWarningKind as Kind;
use serde_json::{Value, json};

/// A document with nearly every member that CSAF 2.0 knows.
fn document_2_0() -> Value {
    json!({
        "document": {
            "acknowledgments": [{ "names": ["R. Hand"], "organization": "Lab", "summary": "found it",
                "urls": ["https://lab.example/1"] }],
            "aggregate_severity": { "namespace": "https://feldbus.example/severity", "text": "high" },
            "category": "csaf_security_advisory", "csaf_version": "2.0",
            "distribution": { "text": "for all", "tlp": { "label": "WHITE", "url": "https://www.first.org/tlp/" } },
            "lang": "en-US", "source_lang": "de",
            "notes": [{ "audience": "all", "category": "summary", "text": "About gateways", "title": "Summary" }],
            "publisher": { "category": "vendor", "contact_details": "psirt@feldbus.example",
                "issuing_authority": "makes them", "name": "Feldbus", "namespace": "https://feldbus.example" },
            "references": [{ "category": "self", "summary": "this", "url": "https://feldbus.example/a?b=1#c" }],
            "title": "Feldbus gateway",
            "tracking": {
                "aliases": ["FB-1-old"], "current_release_date": "2024-02-01T00:00:00.000Z",
                "generator": { "date": "2024-02-01T00:00:00+01:00", "engine": { "name": "by hand", "version": "1" } },
                "id": "FB-1", "initial_release_date": "2024-01-01T00:00:00Z",
                "revision_history": [
                    { "date": "2024-01-01T00:00:00Z", "legacy_version": "A", "number": "1", "summary": "First" },
                    { "date": "2024-02-01T00:00:00Z", "number": "2", "summary": "Second" }
                ],
                "status": "final", "version": "2"
            }
        },
        "product_tree": {
            "branches": [{ "category": "vendor", "name": "Feldbus", "branches": [
                { "category": "product_name", "name": "Gateway", "branches": [
                    { "category": "product_version_range", "name": "<2.0", "product": {
                        "name": "Feldbus Gateway before 2.0", "product_id": "OLD",
                        "product_identification_helper": {
                            "cpe": "cpe:2.3:h:feldbus:gw\\/4:-:*:*:en:*:*:*:*",
                            "hashes": [{ "filename": "gw.bin", "file_hashes": [
                                { "algorithm": "sha256", "value": "9f86d081884c7d659a2feaa0c55ad015" }] }],
                            "model_numbers": ["GW-4?"], "sbom_urls": ["https://feldbus.example/sbom"],
                            "serial_numbers": ["12*"], "skus": ["GW4"],
                            "x_generic_uris": [{ "namespace": "https://feldbus.example/x", "uri": "urn:gw:4" }]
                        } } },
                    { "category": "product_version", "name": "2.0",
                      "product": { "name": "Feldbus Gateway 2.0", "product_id": "NEW" } }
                ] }
            ] }],
            "full_product_names": [{ "name": "Stack 1", "product_id": "STACK" }],
            "product_groups": [{ "group_id": "G", "product_ids": ["OLD", "NEW"], "summary": "both" }],
            "relationships": [{ "category": "installed_on",
                "full_product_name": { "name": "Stack 1 on gateway", "product_id": "BOTH" },
                "product_reference": "STACK", "relates_to_product_reference": "NEW" }]
        },
        "vulnerabilities": [{
            "acknowledgments": [{ "organization": "Lab" }],
            "cve": "CVE-2024-11111",
            "discovery_date": "2023-12-01T00:00:00Z",
            "flags": [{ "date": "2024-01-01T00:00:00Z", "label": "vulnerable_code_not_present", "product_ids": ["NEW"] }],
            "ids": [{ "system_name": "bugs", "text": "#1" }],
            "involvements": [{ "date": "2024-01-01T00:00:00Z", "party": "vendor", "status": "completed", "summary": "done" }],
            "notes": [{ "category": "description", "text": "It overflows" }],
            "product_status": { "known_affected": ["OLD"], "fixed": ["NEW"] },
            "references": [{ "summary": "more", "url": "https://feldbus.example/b" }],
            "remediations": [{ "category": "vendor_fix", "date": "2024-01-01T00:00:00Z", "details": "Update to 2.0",
                "entitlements": ["a contract"], "group_ids": ["G"], "product_ids": ["OLD"],
                "restart_required": { "category": "system", "details": "all of it" },
                "url": "https://feldbus.example/fix" }],
            "threats": [{ "category": "impact", "date": "2024-01-01T00:00:00Z", "details": "all", "product_ids": ["OLD"] }],
            "title": "Overflow"
        }]
    })
}

const CVSS_3_1: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const CVSS_4_0: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
const HELPER: &str = "/product_tree/branches/0/branches/0/branches/0/product/product_identification_helper";

/// The document with what only 2.0 has.
fn sound_2_0() -> Value {
    let mut document = document_2_0();
    document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]["product_identification_helper"]
        ["purl"] = json!("pkg:generic/gw@2.0?arch=arm");
    let vulnerability = &mut document["vulnerabilities"][0];
    vulnerability["cwe"] = json!({ "id": "CWE-787", "name": "Out-of-bounds Write" });
    vulnerability["release_date"] = json!("2024-01-01T00:00:00Z");
    vulnerability["scores"] = json!([{ "products": ["OLD"],
        "cvss_v2": { "version": "2.0", "vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "baseScore": 7.5,
            "accessVector": "NETWORK" },
        "cvss_v3": { "version": "3.1", "vectorString": CVSS_3_1, "baseScore": 9.8, "baseSeverity": "CRITICAL",
            "attackVector": "NETWORK", "reportConfidence": "NOT_DEFINED" } }]);
    document
}

/// The document with what only 2.1 has, as far as its drafts and the final text agree.
fn sound_2_1() -> Value {
    let mut document = document_2_0();
    document["$schema"] = json!("https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json");
    document["document"]["csaf_version"] = json!("2.1");
    document["document"]["license_expression"] = json!("CC-BY-4.0");
    document["document"]["distribution"]["tlp"]["label"] = json!("AMBER+STRICT");
    document["document"]["distribution"]["sharing_group"] =
        json!({ "id": "7c1b0f6e-9f0e-4d3b-8a51-0a5c6d7e8f90", "name": "plants" });
    document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]["product_identification_helper"]
        ["purls"] = json!(["pkg:generic/gw@2.0?arch=arm", "pkg:generic/gw@2.0?arch=x86"]);
    let vulnerability = &mut document["vulnerabilities"][0];
    vulnerability["cwes"] = json!([{ "id": "CWE-787", "name": "Out-of-bounds Write", "version": "4.15" }]);
    vulnerability["disclosure_date"] = json!("2024-01-01T00:00:00Z");
    vulnerability["first_known_exploitation_dates"] = json!([
        { "date": "2024-01-02T00:00:00Z", "exploitation_date": "2024-01-01T00:00:00Z", "product_ids": ["OLD"] }]);
    vulnerability["notes"][0]["product_ids"] = json!(["OLD"]);
    vulnerability["involvements"][0]["contact"] = json!("psirt@feldbus.example");
    vulnerability["product_status"]["unknown"] = json!(["STACK"]);
    vulnerability["metrics"] = json!([{ "products": ["OLD"], "source": "https://nvd.example", "content": {
        "cvss_v3": { "version": "3.1", "vectorString": CVSS_3_1, "baseScore": 9.8, "baseSeverity": "CRITICAL" },
        "cvss_v4": { "version": "4.0", "vectorString": CVSS_4_0, "baseScore": 9.3, "baseSeverity": "CRITICAL" },
        "epss": { "percentile": "0.9", "probability": "0.0412", "timestamp": "2024-01-30T00:00:00Z" } } }]);
    document
}

/// What no edition allows, and some of what both allow: pointer, new value (null takes the member away), allowed.
fn for_both() -> Vec<(&'static str, Value, bool)> {
    const VERSION: &str = "/document/tracking/version";
    const LANG: &str = "/document/lang";
    const ID: &str = "/document/tracking/id";
    const RELEASED: &str = "/document/tracking/current_release_date";
    const URL: &str = "/document/references/0/url";
    let cpe = |cpe: &str, is_allowed| (concat_helper("cpe"), json!(cpe), is_allowed);
    let mut table = vec![
        ("/document", Value::Null, false),
        ("/document/title", Value::Null, false),
        ("/document/title", json!(""), false),
        ("/document/title", json!(7), false),
        ("/document/title", json!(" "), true),
        ("/document/category", json!("csaf_security_advisory "), false),
        ("/document/category", json!("-notice"), false),
        ("/document/category", json!("a\nb"), false),
        ("/document/category", json!("n"), true),
        ("/document/csaf_version", json!("2"), false),
        ("/document/acknowledgments", json!([]), false),
        ("/document/acknowledgments/0", json!({}), false),
        ("/document/acknowledgments/0/names", json!([]), false),
        ("/document/acknowledgments/0/names/0", json!(""), false),
        ("/document/acknowledgments/0/urls/0", json!("lab"), false),
        ("/document/aggregate_severity/text", Value::Null, false),
        ("/document/aggregate_severity/namespace", json!("no uri"), false),
        ("/document/distribution", json!({}), false),
        ("/document/distribution/tlp/label", json!("white"), false),
        ("/document/distribution/tlp/label", Value::Null, false),
        (LANG, json!("english language"), false),
        (LANG, json!("de"), true),
        (LANG, json!("zh-Hant-TW"), true),
        (LANG, json!("de-CH-1996-x-own"), true),
        (LANG, json!("x-own"), true),
        (LANG, json!("e"), false),
        (LANG, json!("en_US"), false),
        (LANG, json!("en-US-"), false),
        ("/document/notes", json!({}), false),
        ("/document/notes/0/category", json!("essay"), false),
        ("/document/notes/0/text", Value::Null, false),
        ("/document/publisher", Value::Null, false),
        ("/document/publisher/category", json!("Vendor"), false),
        ("/document/publisher/namespace", json!("feldbus.example"), false),
        ("/document/publisher/contact_details", json!(""), false),
        ("/document/references/0/category", json!("other"), false),
        ("/document/references/0/summary", Value::Null, false),
        (URL, json!("https://feldbus.example/with blank"), false),
        (URL, json!("https://feldbus.example/%zz"), false),
        (URL, json!("https://[2001:db8::1]:8443/a"), true),
        (URL, json!("mailto:psirt@feldbus.example"), true),
        (URL, json!("https://feldbus.example/a#b#c"), false),
        (URL, json!("//feldbus.example/a"), false),
        ("/document/tracking", Value::Null, false),
        ("/document/tracking/aliases", json!(["a", "a"]), false),
        ("/document/tracking/aliases", json!([]), false),
        (RELEASED, json!("2024-02-01"), false),
        (RELEASED, json!("2024-02-30T00:00:00Z"), false),
        (RELEASED, json!("2024-02-01T24:30:00Z"), false),
        (RELEASED, json!("2024-02-01T00:00:00"), false),
        (RELEASED, json!("2024-02-01T00:00:00+05:30"), true),
        (RELEASED, json!(1_706_745_600), false),
        ("/document/tracking/generator/engine", Value::Null, false),
        ("/document/tracking/generator/engine/name", Value::Null, false),
        ("/document/tracking/generator/date", json!("yesterday"), false),
        (ID, json!(" FB-1"), false),
        (ID, json!("FB 1"), true),
        ("/document/tracking/revision_history", json!([]), false),
        ("/document/tracking/revision_history/0/number", json!("01"), false),
        ("/document/tracking/revision_history/0/summary", Value::Null, false),
        ("/document/tracking/status", json!("Final"), false),
        (VERSION, json!("1.0"), false),
        (VERSION, json!("1.0.0-rc.1+build.5"), true),
        (VERSION, json!("v2"), false),
        (VERSION, json!(2), false),
        ("/product_tree", json!({}), false),
        ("/product_tree", json!([]), false),
        ("/product_tree/branches", json!([]), false),
        ("/product_tree/branches/0/category", json!("maker"), false),
        ("/product_tree/branches/0/name", json!(""), false),
        ("/product_tree/branches/0/branches", Value::Null, false),
        ("/product_tree/branches/0/product", json!({ "name": "x", "product_id": "X" }), false),
        ("/product_tree/branches/0/branches/0/branches/1/product/product_id", Value::Null, false),
        ("/product_tree/branches/0/branches/0/branches/1/product/name", json!(""), false),
        (HELPER, json!({}), false),
        (concat_helper("hashes/0/file_hashes/0/value"), json!("9f86d081"), false),
        (concat_helper("hashes/0/file_hashes/0/value"), json!("zf86d081884c7d659a2feaa0c55ad0151"), false),
        (concat_helper("hashes/0/filename"), Value::Null, false),
        (concat_helper("model_numbers"), json!(["A", "A"]), false),
        (concat_helper("skus"), json!(["A", "A"]), true),
        (concat_helper("serial_numbers"), json!([""]), false),
        (concat_helper("sbom_urls/0"), json!("sbom"), false),
        (concat_helper("x_generic_uris/0/uri"), json!("no uri"), false),
        cpe("cpe:/h:feldbus:gw:4", true),
        cpe("cpe:/x:feldbus", false),
        cpe("cpe:/", true),
        cpe("cpe:2.3:h:feldbus:gw:4", false),
        cpe("cpe:2.3:o:feldbus:gw_firmware:2.0:*:*:*:*:*:*:*", true),
        cpe("cpe:2.3:o:feldbus:gw*firmware:2.0:*:*:*:*:*:*:*", false),
        cpe("cpe:2.3:o:feldbus:gw?:*:*:*:*:*:*:*:*", true),
        cpe("cpe:2.3:o:feldbus:gw/4:*:*:*:*:*:*:*:*", false),
        cpe("cpe:2.3:x:feldbus:gw:*:*:*:*:*:*:*:*", false),
        ("/product_tree/full_product_names/0/product_id", json!(1), false),
        ("/product_tree/product_groups/0/product_ids", json!(["OLD"]), false),
        ("/product_tree/product_groups/0/product_ids", json!(["OLD", "OLD"]), false),
        ("/product_tree/relationships/0/category", json!("beside"), false),
        ("/product_tree/relationships/0/product_reference", Value::Null, false),
        ("/vulnerabilities", json!([]), false),
        ("/vulnerabilities/0", json!({}), false),
        ("/vulnerabilities/0/cve", json!("CVE-24-1"), false),
        ("/vulnerabilities/0/cve", json!("cve-2024-11111"), false),
        ("/vulnerabilities/0/discovery_date", json!("2023"), false),
        ("/vulnerabilities/0/flags/0/label", json!("not_there"), false),
        ("/vulnerabilities/0/flags/0/label", Value::Null, false),
        ("/vulnerabilities/0/ids/0/text", Value::Null, false),
        ("/vulnerabilities/0/ids/-", json!({ "text": "#1", "system_name": "bugs" }), false),
        ("/vulnerabilities/0/ids/-", json!({ "text": "#2", "system_name": "bugs" }), true),
        ("/vulnerabilities/0/involvements/0/party", json!("nobody"), false),
        ("/vulnerabilities/0/involvements/0/status", json!("done"), false),
        ("/vulnerabilities/0/product_status", json!({}), false),
        ("/vulnerabilities/0/product_status/fixed", json!([]), false),
        ("/vulnerabilities/0/product_status/fixed", json!(["NEW", "NEW"]), false),
        ("/vulnerabilities/0/product_status/fixed", json!("NEW"), false),
        ("/vulnerabilities/0/remediations/0/category", json!("pray"), false),
        ("/vulnerabilities/0/remediations/0/details", Value::Null, false),
        ("/vulnerabilities/0/remediations/0/entitlements", json!([]), false),
        ("/vulnerabilities/0/remediations/0/group_ids", json!(["G", "G"]), false),
        ("/vulnerabilities/0/remediations/0/restart_required/category", json!("all"), false),
        ("/vulnerabilities/0/remediations/0/url", json!("fix"), false),
        ("/vulnerabilities/0/threats/0/category", json!("panic"), false),
        ("/vulnerabilities/0/threats/0/details", json!(false), false),
        ("/vulnerabilities/0/title", json!(null), true),
    ];
    table.push(("/vulnerabilities/0/title", json!({}), false));
    table
}

/// The pointer of a member of the helper.
fn concat_helper(member: &str) -> &'static str {
    format!("{HELPER}/{member}").leak()
}

fn for_2_0() -> Vec<(&'static str, Value, bool)> {
    const SCORE: &str = "/vulnerabilities/0/scores/0";
    const CVSS: &str = "/vulnerabilities/0/scores/0/cvss_v3";
    vec![
        ("/document/distribution/tlp/label", json!("CLEAR"), false),
        ("/document/distribution/tlp", Value::Null, true),
        ("/document/distribution", Value::Null, true),
        ("/document/publisher/category", json!("multiplier"), false),
        ("/document/own_member", json!(1), true),
        ("/own_member", json!(1), true),
        ("/product_tree/branches/0/category", json!("legacy"), true),
        ("/product_tree/branches/0/category", json!("platform"), false),
        ("/product_tree/branches/0/own_member", json!(1), false),
        (concat_helper("purl"), json!("generic/gw"), false),
        (concat_helper("purl"), json!("pkg:generic"), false),
        ("/vulnerabilities/0/cwe/id", json!("CWE-0"), false),
        ("/vulnerabilities/0/cwe/id", json!("787"), false),
        ("/vulnerabilities/0/cwe/name", Value::Null, false),
        ("/vulnerabilities/0/remediations/0/category", json!("fix_planned"), false),
        ("/vulnerabilities/0/scores/0/products", Value::Null, false),
        (SCORE, json!({ "products": ["OLD"] }), false),
        ("/vulnerabilities/0/scores/0/cvss_v2/version", json!("2"), false),
        ("/vulnerabilities/0/scores/0/cvss_v2/baseScore", json!(10.1), false),
        ("/vulnerabilities/0/scores/0/cvss_v2/vectorString", json!("AV:N/AC:L/Au:X/C:P/I:P/A:P"), false),
        ("/vulnerabilities/0/scores/0/cvss_v2/accessVector", json!("FAR"), false),
        (CVSS, json!([]), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/version", json!("3.0"), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/version", Value::Null, false),
        (
            "/vulnerabilities/0/scores/0/cvss_v3/vectorString",
            json!("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Q"),
            false,
        ),
        ("/vulnerabilities/0/scores/0/cvss_v3/vectorString", json!("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/baseScore", json!("9.8"), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/baseScore", json!(-1), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/baseSeverity", json!("Critical"), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/baseSeverity", Value::Null, false),
        ("/vulnerabilities/0/scores/0/cvss_v3/attackVector", json!("ADJACENT"), false),
        ("/vulnerabilities/0/scores/0/cvss_v3/attackVector", json!("LOCAL"), true),
        ("/vulnerabilities/0/scores/0/cvss_v3/temporalScore", json!(11), false),
    ]
}

fn for_2_1() -> Vec<(&'static str, Value, bool)> {
    const V4: &str = "/vulnerabilities/0/metrics/0/content/cvss_v4/vectorString";
    vec![
        ("/$schema", Value::Null, false),
        ("/$schema", json!("https://feldbus.example/schema.json"), false),
        ("/own_member", json!(1), false),
        ("/document/own_member", json!(1), false),
        ("/document/distribution", Value::Null, false),
        ("/document/distribution/tlp", Value::Null, false),
        ("/document/distribution/tlp/label", json!("WHITE"), false),
        ("/document/distribution/sharing_group/id", json!("7C1B0F6E-9F0E-4D3B-8A51-0A5C6D7E8F90"), false),
        ("/document/distribution/sharing_group/id", json!("00000000-0000-0000-0000-000000000000"), true),
        ("/document/license_expression", json!(""), false),
        ("/document/publisher/category", json!("multiplier"), true),
        ("/document/tracking/current_release_date", json!("2024-02-01t00:00:00z"), false),
        ("/document/tracking/current_release_date", json!("2016-12-31T23:59:60Z"), false),
        ("/product_tree/branches/0/category", json!("platform"), true),
        (concat_helper("purls"), json!([]), false),
        (concat_helper("purls"), json!(["pkg:a/b", "pkg:a/b"]), false),
        (concat_helper("purl"), json!("pkg:a/b"), false),
        ("/vulnerabilities/0/cwes/0/version", json!("4"), false),
        ("/vulnerabilities/0/cwes/0/version", Value::Null, false),
        ("/vulnerabilities/0/cwe", json!({ "id": "CWE-1", "name": "x" }), false),
        ("/vulnerabilities/0/scores", json!([]), false),
        ("/vulnerabilities/0/first_known_exploitation_dates/0/product_ids", Value::Null, false),
        ("/vulnerabilities/0/first_known_exploitation_dates/0/date", Value::Null, false),
        ("/vulnerabilities/0/notes/0/product_ids", json!([]), false),
        ("/vulnerabilities/0/remediations/0/category", json!("optional_patch"), true),
        ("/vulnerabilities/0/metrics/0/products", Value::Null, false),
        ("/vulnerabilities/0/metrics/0/content", json!({}), false),
        ("/vulnerabilities/0/metrics/0/source", json!("nvd"), false),
        ("/vulnerabilities/0/metrics/0/content/epss/percentile", json!("1.1"), false),
        ("/vulnerabilities/0/metrics/0/content/epss/percentile", json!("1.0"), true),
        ("/vulnerabilities/0/metrics/0/content/epss/probability", json!(0.5), false),
        (V4, json!("CVSS:4.0/AV:N/AC:L/AT:N"), false),
        (V4, json!(format!("{CVSS_4_0}/E:A")), true),
        (V4, json!(format!("{CVSS_4_0}/U:amber")), false),
        ("/vulnerabilities/0/metrics/0/content/cvss_v4/baseSeverity", json!("HIGH"), false),
        ("/vulnerabilities/0/metrics/0/content/cvss_v4/baseScore", json!(12), false),
        ("/vulnerabilities/0/metrics/0/content/cvss_v4/exploitMaturity", json!("HIGH"), false),
    ]
}

/// The document with the value at the pointer replaced, or taken away when null.
fn mutated(document: &Value, pointer: &str, value: &Value) -> Value {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
        Value::Object(object) if value.is_null() => {
            object.remove(key).unwrap_or_else(|| panic!("{pointer}"));
        }
        Value::Object(object) => {
            object.insert(key.to_owned(), value.clone());
        }
        Value::Array(list) if key == "-" => list.push(value.clone()),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
        other => panic!("{pointer}: {other}"),
    }
    document
}

/// All documents with what they are called and whether they keep to the schema.
fn documents() -> Vec<(String, Value, bool)> {
    let editions = [("2.0", sound_2_0(), for_2_0()), ("2.1", sound_2_1(), for_2_1())];
    let mut documents = Vec::new();
    for (edition, sound, own) in editions {
        documents.push((format!("{edition} as it is"), sound.clone(), true));
        for (pointer, value, is_allowed) in for_both().into_iter().chain(own) {
            let name = format!("{edition} {pointer} = {value}");
            documents.push((name, mutated(&sound, pointer, &value), is_allowed));
        }
    }
    documents
}

fn deviations(document: &Value) -> Option<Vec<String>> {
    let found = lint(document.to_string().as_bytes()).ok()?;
    Some(found.into_iter().filter(|f| f.kind == Kind::Schema).map(|f| f.to_string()).collect())
}

#[test]
fn every_mutation_is_judged_as_the_schema_of_the_standard_does() {
    let documents = documents();
    let mut wrong = Vec::new();
    for (name, document, is_allowed) in &documents {
        match deviations(document) {
            Some(found) if found.is_empty() == *is_allowed => {}
            // A document that is no CSAF at all is refused.
            None if !is_allowed => {}
            found => wrong.push(format!("{name}: {found:?}")),
        }
    }
    assert!(documents.len() > 300, "{}", documents.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_validator_of_the_standard_judges_each_mutation_alike() {
    let Some(folder) = std::env::var_os("NAMEPLATE_CSAF_VALIDATOR") else {
        eprintln!("SKIPPED: the validators are not installed (NAMEPLATE_CSAF_VALIDATOR is not set)");
        return;
    };
    let documents = documents();
    let file = tempfile::NamedTempFile::new().unwrap();
    let all: Vec<&Value> = documents.iter().map(|(_, document, _)| document).collect();
    std::fs::write(file.path(), serde_json::to_string(&all).unwrap()).unwrap();
    let script = Path::new(&folder).join("validate.mjs");
    let output = Command::new("node").arg(script).arg("schema").arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), documents.len());
    let judged = documents.iter().zip(answers);
    let wrong: Vec<&str> =
        judged.filter(|((_, _, ours), theirs)| ours != theirs).map(|((name, _, _), _)| name.as_str()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
