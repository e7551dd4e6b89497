//! Whole documents: what is read of them, and what is warned of.

use super::document::read_document;
use super::lint::lint;
use super::warning::CsafWarningKind as Kind;
use crate::domain::advisory::{Advisory, ProductStatus};
use crate::domain::product::BranchCategory;
use crate::domain::remediation::RemediationCategory;

mod hostile;
mod odd;

const COMPLETE_2_0: &[u8] = include_bytes!("../../../tests/data/csaf/complete_2_0.json");
const COMPLETE_2_1: &[u8] = include_bytes!("../../../tests/data/csaf/complete_2_1.json");

/// A sound document around a product tree and vulnerabilities.
fn with(tree: &str, vulnerabilities: &str) -> String {
    format!(
        r#"{{"document": {{"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "T",
            "publisher": {{"category": "vendor", "name": "P", "namespace": "https://p.example"}},
            "tracking": {{"id": "P-1", "version": "1", "status": "final",
                "initial_release_date": "2024-01-01T00:00:00Z", "current_release_date": "2024-01-01T00:00:00Z",
                "revision_history": [{{"number": "1", "date": "2024-01-01T00:00:00Z", "summary": "S"}}]}}}},
          "product_tree": {tree}, "vulnerabilities": {vulnerabilities}}}"#
    )
}

/// Two products, `A` and `B`, without a path.
const TWO: &str = r#"{"full_product_names": [{"product_id": "A", "name": "a"}, {"product_id": "B", "name": "b"}]}"#;

fn read(json: &str) -> Advisory {
    read_document(json.as_bytes()).unwrap().0
}

/// Kinds and pointers of the warnings, in the order of the document.
fn warnings(json: &str) -> Vec<(Kind, String)> {
    read_document(json.as_bytes()).unwrap().1.into_iter().map(|w| (w.kind, w.pointer)).collect()
}

fn ids<'a>(advisory: &'a Advisory, products: &[u32]) -> Vec<&'a str> {
    products.iter().map(|index| advisory.products[*index as usize].product_id.as_str()).collect()
}

#[test]
fn complete_documents_read_without_a_warning() {
    for document in [COMPLETE_2_0, COMPLETE_2_1] {
        assert_eq!(read_document(document).unwrap().1, []);
    }
}

#[test]
fn the_head_of_a_2_0_document_is_read() {
    let (advisory, _) = read_document(COMPLETE_2_0).unwrap();
    assert_eq!(advisory.key().namespace, "https://psirt.feldbus.example");
    assert_eq!(advisory.key().id, "FB-2024-0001");
    assert_eq!((advisory.version.as_str(), advisory.status.as_str()), ("2", "final"));
    assert_eq!(advisory.publisher.category, "vendor");
    assert_eq!(advisory.publisher.name, "Feldbus GmbH");
    assert_eq!(advisory.title, "Feldbus GmbH pump controller and panel");
    assert_eq!((advisory.category.as_str(), advisory.csaf_version.as_str()), ("csaf_security_advisory", "2.0"));
    assert_eq!((advisory.language.as_deref(), advisory.source_language.as_deref()), (Some("en"), Some("de")));
    assert_eq!((advisory.tlp.as_deref(), advisory.distribution.as_deref()), (Some("WHITE"), Some("Share freely.")));
    assert_eq!(advisory.aggregate_severity.as_deref(), Some("High"));
    assert_eq!(advisory.aliases, ["VDE-2024-0001"]);
    assert_eq!(advisory.released_at, Some("2024-03-01T08:00:00Z".parse().unwrap()));
    assert_eq!(advisory.updated_at, Some("2024-04-02T08:30:00Z".parse().unwrap()));
    let revisions: Vec<_> = advisory.revisions.iter().map(|r| (r.number.as_str(), r.summary.as_str())).collect();
    assert_eq!(revisions, [("1", "First"), ("2", "Fix for the panel")]);
    assert_eq!((advisory.notes[0].category.as_str(), advisory.notes[0].title.as_deref()), ("summary", Some("Summary")));
    let references: Vec<_> = advisory.references.iter().map(|r| (r.category.as_str(), r.url.as_str())).collect();
    assert_eq!(
        references,
        [("self", "https://psirt.feldbus.example/fb-2024-0001.json"), ("external", "https://feldbus.example/manual")]
    );
}

#[test]
fn products_carry_path_helper_and_pointer() {
    let (advisory, _) = read_document(COMPLETE_2_0).unwrap();
    let pointers: Vec<_> = advisory.products.iter().map(|p| (p.product_id.as_str(), p.pointer.as_str())).collect();
    assert_eq!(
        pointers,
        [
            ("PC200-AFFECTED", "/product_tree/branches/0/branches/0/branches/0/branches/0"),
            ("PC200-FIXED", "/product_tree/branches/0/branches/0/branches/0/branches/1"),
            ("PANEL", "/product_tree/branches/0/branches/1"),
            ("VISU", "/product_tree/full_product_names/0"),
            ("VISU-ON-PANEL", "/product_tree/relationships/0"),
        ]
    );
    // A pointer leads to the branch or entry that defines the product.
    let json: serde_json::Value = serde_json::from_slice(COMPLETE_2_0).unwrap();
    for product in &advisory.products {
        let entry = json.pointer(&product.pointer).unwrap();
        let named = [&entry["product"], entry, &entry["full_product_name"]];
        assert!(named.iter().any(|n| n["product_id"] == product.product_id.as_str()), "{}", product.pointer);
    }

    let affected = &advisory.products[0];
    let path: Vec<_> = affected.branches.iter().map(|b| (b.category.word(), b.name.as_str())).collect();
    assert_eq!(
        path,
        [
            ("vendor", "Feldbus GmbH"),
            ("product_family", "PumpControl"),
            ("product_name", "PC200"),
            ("product_version_range", "vers:generic/<2.4.0"),
        ]
    );
    assert_eq!(affected.name, "Feldbus PC200 before 2.4.0");
    assert_eq!(affected.vendor(), "Feldbus GmbH");
    assert_eq!(affected.version_text(), Some("vers:generic/<2.4.0"));
    assert_eq!(affected.helper.model_numbers, ["PC200-??-*"]);
    assert_eq!(affected.helper.skus, ["4711-1"]);
    assert_eq!(affected.helper.serial_numbers, ["SN1*"]);
    assert_eq!(affected.helper.cpe.as_deref(), Some("cpe:2.3:o:feldbus:pc200:*:*:*:*:*:*:*:*"));
    assert_eq!(affected.helper.purls, ["pkg:generic/pc200"]);
    assert_eq!(advisory.products[3].branches, []);
}

#[test]
fn a_2_0_relationship_joins_two_products() {
    let (advisory, _) = read_document(COMPLETE_2_0).unwrap();
    let relationship = advisory.products[4].relationship.as_ref().unwrap();
    assert_eq!(relationship.category, "installed_on");
    assert_eq!(ids(&advisory, &[relationship.component, relationship.base]), ["VISU", "PANEL"]);
    assert_eq!(relationship.further, []);
}

#[test]
fn a_2_1_product_path_joins_several_products() {
    let (advisory, _) = read_document(COMPLETE_2_1).unwrap();
    let path = advisory.products.iter().find(|p| p.product_id == "STACK-FW-GW").unwrap();
    assert_eq!(path.pointer, "/product_tree/product_paths/0");
    let relationship = path.relationship.as_ref().unwrap();
    assert_eq!(relationship.category, "default_component_of");
    assert_eq!(ids(&advisory, &[relationship.component, relationship.base]), ["STACK", "FW"]);
    let (category, base) = &relationship.further[0];
    assert_eq!((category.as_str(), ids(&advisory, &[*base])), ("installed_on", vec!["GW"]));
}

#[test]
fn a_2_0_vulnerability_is_read_with_groups_expanded() {
    let (advisory, _) = read_document(COMPLETE_2_0).unwrap();
    let vulnerability = &advisory.vulnerabilities[0];
    assert_eq!(vulnerability.cve.as_deref(), Some("CVE-2024-00001"));
    assert_eq!(vulnerability.title.as_deref(), Some("Missing authentication"));
    assert_eq!(vulnerability.ids, ["Feldbus bug: 17"]);
    assert_eq!(vulnerability.cwes, ["CWE-306"]);
    assert_eq!(vulnerability.notes[0].text, "Anyone can stop the pump.");
    assert_eq!(vulnerability.references.len(), 1);
    let statuses: Vec<_> = vulnerability.statuses.iter().map(|(s, listed)| (*s, ids(&advisory, listed))).collect();
    assert_eq!(
        statuses,
        [
            (ProductStatus::KnownAffected, vec!["PC200-AFFECTED", "VISU-ON-PANEL"]),
            (ProductStatus::Fixed, vec!["PC200-FIXED"]),
            (ProductStatus::Recommended, vec!["PC200-FIXED"]),
        ]
    );
    let scores: Vec<_> = vulnerability.scores.iter().map(|s| (s.cvss_version.as_str(), s.base_score)).collect();
    assert_eq!(scores, [("2.0", 9.4), ("3.1", 9.1)]);
    assert_eq!(vulnerability.scores[1].vector, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H");
    let [fix, mitigation, none] = vulnerability.remediations.as_slice() else { panic!("three remediations") };
    assert_eq!(fix.category, RemediationCategory::VendorFix);
    assert_eq!(fix.restart_required.as_deref(), Some("machine"));
    assert_eq!(fix.entitlements, ["Service contract"]);
    assert_eq!(fix.url.as_deref(), Some("https://feldbus.example/pc200"));
    assert_eq!(fix.available_at, Some("2024-03-15T00:00:00Z".parse().unwrap()));
    assert_eq!(ids(&advisory, &fix.products), ["PC200-AFFECTED"]);
    assert_eq!(ids(&advisory, &mitigation.products), ["PC200-AFFECTED", "VISU-ON-PANEL"]);
    assert_eq!(none.category, RemediationCategory::NoneAvailable);
    let remarks: Vec<_> = vulnerability.remarks.iter().map(|r| (r.category.as_str(), r.text.as_str())).collect();
    assert_eq!(
        remarks,
        [
            ("flag", "vulnerable_code_not_present"),
            ("impact", "The pump stops."),
            ("involvement", "vendor completed: Fixed."),
        ]
    );
    assert_eq!(ids(&advisory, &vulnerability.remarks[1].products), ["PC200-AFFECTED", "VISU-ON-PANEL"]);
    assert!(vulnerability.remarks[2].products.is_empty());
}

#[test]
fn a_2_1_vulnerability_is_read_with_metrics_and_their_source() {
    let (advisory, _) = read_document(COMPLETE_2_1).unwrap();
    assert_eq!((advisory.tlp.as_deref(), advisory.version.as_str()), (Some("AMBER+STRICT"), "1.2.0"));
    assert_eq!(advisory.products[2].branches[2].category, BranchCategory::Platform);
    assert_eq!(advisory.products[1].helper.purls.len(), 2);
    let vulnerability = &advisory.vulnerabilities[0];
    assert_eq!(vulnerability.cwes, ["CWE-787", "CWE-20"]);
    assert_eq!(ids(&advisory, &vulnerability.notes[0].products), ["GW", "STACK-FW-GW"]);
    let statuses: Vec<_> = vulnerability.statuses.iter().map(|(s, listed)| (*s, ids(&advisory, listed))).collect();
    assert_eq!(statuses, [(ProductStatus::LastAffected, vec!["STACK-FW-GW"]), (ProductStatus::Unknown, vec!["GW"])]);
    let scores: Vec<_> =
        vulnerability.scores.iter().map(|s| (s.cvss_version.as_str(), s.base_score, s.source.as_deref())).collect();
    assert_eq!(scores, [("3.1", 9.8, None), ("4.0", 9.3, None), ("3.1", 8.4, Some("https://nvd.example"))]);
    let remarks: Vec<_> = vulnerability.remarks.iter().map(|r| (r.category.as_str(), r.text.as_str())).collect();
    assert_eq!(
        remarks,
        [
            ("first_known_exploitation", "2025-01-18T00:00:00Z"),
            ("qualitative_severity_rating", "high"),
            ("epss", "probability 0.0412, percentile 0.9"),
            ("ssvc", "Exploitation: Active; A: Y"),
        ]
    );
    assert_eq!(vulnerability.remediations[0].category, RemediationCategory::FixPlanned);
    assert_eq!(vulnerability.remediations[1].category, RemediationCategory::OptionalPatch);
}

#[test]
fn lint_sorts_what_can_change_a_verdict_first() {
    let json = with(
        r#"{"branches": [{"category": "vendor", "name": "V", "branches": [
            {"category": "invented", "name": "x", "product": {"product_id": "A", "name": "a"}}]}]}"#,
        r#"[{"cve": "nonsense", "product_status": {"known_affected": ["A", "Z"]}}]"#,
    );
    let kinds: Vec<_> = lint(json.as_bytes()).unwrap().into_iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [Kind::UndefinedProductId, Kind::Schema, Kind::Schema, Kind::UnknownWord, Kind::MalformedCve]);
}
