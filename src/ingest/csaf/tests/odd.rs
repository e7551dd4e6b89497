//! Documents that break the standard and are read all the same.

use super::*;

/// What is odd, the document, and the kinds and pointers of its warnings.
type Case<'a> = (&'a str, String, &'a [(Kind, &'a str)]);

fn check(cases: &[Case<'_>]) {
    for (sentence, json, expected) in cases {
        let expected: Vec<(Kind, String)> = expected.iter().map(|(k, p)| (*k, (*p).to_owned())).collect();
        assert_eq!(warnings(json), expected, "{sentence}");
    }
}

/// A vulnerability with a status for both products of [`TWO`] and this beside it.
fn vulnerability(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { ", " };
    with(TWO, &format!(r#"[{{"product_status": {{"known_affected": ["A", "B"]}}{comma}{more}}}]"#))
}

/// A sound document in which one text is replaced.
fn replaced(from: &str, to: &str) -> String {
    let sound = vulnerability("");
    assert!(sound.contains(from), "{from}");
    sound.replacen(from, to, 1)
}

#[test]
fn a_sound_document_has_no_warnings() {
    check(&[("sound", vulnerability(""), &[])]);
}

#[test]
fn ids_that_do_not_fit_are_told() {
    let status = |products: &str| format!(r#"[{{"product_status": {{"known_affected": {products}}}}}]"#);
    let duplicate = r#"{"full_product_names": [{"product_id": "A", "name": "a"}, {"product_id": "A", "name": "b"}]}"#;
    let twin_groups = r#"{"full_product_names": [{"product_id": "A", "name": "a"}, {"product_id": "B", "name": "b"}],
        "product_groups": [{"group_id": "G", "product_ids": ["A"]}, {"group_id": "G", "product_ids": ["B", "C"]}]}"#;
    check(&[
        (
            "one id for two products stands for both",
            with(duplicate, &status(r#"["A"]"#)),
            &[(Kind::DuplicateProductId, "/product_tree/full_product_names/1/product_id")],
        ),
        (
            "an id that no product has",
            with(TWO, &status(r#"["A", "X", "B"]"#)),
            &[(Kind::UndefinedProductId, "/vulnerabilities/0/product_status/known_affected/1")],
        ),
        (
            "a group that does not exist",
            vulnerability(r#""threats": [{"category": "impact", "details": "d", "group_ids": ["G"]}]"#),
            &[(Kind::UndefinedGroupId, "/vulnerabilities/0/threats/0/group_ids/0")],
        ),
        (
            "one id for two groups joins them",
            with(twin_groups, &status(r#"["G"]"#)),
            &[
                (Kind::UndefinedProductId, "/product_tree/product_groups/1/product_ids/1"),
                (Kind::DuplicateGroupId, "/product_tree/product_groups/1/group_id"),
            ],
        ),
        (
            "a relationship of a product that does not exist",
            with(
                r#"{"full_product_names": [{"product_id": "A", "name": "a"}], "relationships": [{
                    "category": "installed_on", "product_reference": "A", "relates_to_product_reference": "X",
                    "full_product_name": {"product_id": "R", "name": "r"}}]}"#,
                &status(r#"["A", "R"]"#),
            ),
            &[(Kind::UndefinedProductId, "/product_tree/relationships/0")],
        ),
        (
            "a product without an id",
            with(r#"{"full_product_names": [{"name": "a"}]}"#, "[]"),
            &[(Kind::MissingField, "/product_tree/full_product_names/0")],
        ),
    ]);
    let advisory = read(&with(duplicate, &status(r#"["A"]"#)));
    assert_eq!(advisory.vulnerabilities[0].statuses, [(ProductStatus::KnownAffected, vec![0, 1])]);
    let advisory = read(&with(twin_groups, &status(r#"["G"]"#)));
    assert_eq!(advisory.vulnerabilities[0].statuses, [(ProductStatus::KnownAffected, vec![0, 1])]);
}

#[test]
fn statuses_that_do_not_fit_are_told() {
    let with_status = |status: &str| with(TWO, &format!(r#"[{{"product_status": {status}}}]"#));
    let place = "/vulnerabilities/0/product_status";
    check(&[
        (
            "affected and fixed at once",
            with_status(r#"{"known_affected": ["A", "B"], "first_fixed": ["B"]}"#),
            &[(Kind::ContradictingStatuses, place)],
        ),
        (
            "two statuses of one group, and recommended beside any",
            with_status(r#"{"known_affected": ["A", "B"], "last_affected": ["B"], "recommended": ["A"]}"#),
            &[],
        ),
        ("no status at all", with(TWO, r#"[{"cve": "CVE-2024-1234"}]"#), &[(Kind::NoStatus, place)]),
        ("a status that lists nothing", with_status(r#"{"known_affected": []}"#), &[(Kind::NoStatus, place)]),
        (
            "one of two products",
            with_status(r#"{"known_affected": ["B"]}"#),
            &[(Kind::ProductWithoutStatus, "/product_tree/full_product_names/0")],
        ),
        (
            "a status outside the standard",
            with_status(r#"{"known_affected": ["A", "B"], "may/be": ["A"]}"#),
            &[(Kind::UnknownWord, "/vulnerabilities/0/product_status/may~1be")],
        ),
        (
            "a status that stands twice",
            with_status(r#"{"known_affected": ["A"], "known_affected": ["B"]}"#),
            &[(Kind::RepeatedKey, "/vulnerabilities/0/product_status/known_affected")],
        ),
        (
            "vulnerabilities of no product",
            with("{}", r#"[{"cve": "CVE-2024-1234", "product_status": {"known_affected": ["A"]}}]"#),
            &[
                (Kind::UndefinedProductId, "/vulnerabilities/0/product_status/known_affected/0"),
                (Kind::NoStatus, place),
                (Kind::NoProducts, "/product_tree"),
            ],
        ),
    ]);
    let advisory = read(&with_status(r#"{"known_affected": ["A", "B"], "fixed": ["B"]}"#));
    let expected = [(ProductStatus::KnownAffected, vec![0, 1]), (ProductStatus::Fixed, vec![1])];
    assert_eq!(advisory.vulnerabilities[0].statuses, expected, "a contradiction is shown, not resolved");
}

#[test]
fn trees_that_do_not_fit_are_told() {
    let one = |branch: &str| with(&format!(r#"{{"branches": [{branch}]}}"#), "[]");
    let product = r#""product": {"product_id": "A", "name": "a"}"#;
    let at = "/product_tree/branches/0";
    check(&[
        (
            "a branch that ends without a product",
            one(r#"{"category": "vendor", "name": "V"}"#),
            &[(Kind::BranchWithoutProduct, at)],
        ),
        (
            "no vendor",
            one(&format!(r#"{{"category": "product_name", "name": "N", {product}}}"#)),
            &[(Kind::NoVendor, at)],
        ),
        (
            "a category outside the standard",
            one(&format!(
                r#"{{"category": "vendor", "name": "V", "branches": [{{"category": "site", "name": "N", {product}}}]}}"#
            )),
            &[(Kind::UnknownWord, "/product_tree/branches/0/branches/0/category")],
        ),
        ("a branch without a name", one(&format!(r#"{{"category": "vendor", {product}}}"#)), &[(Kind::BlankName, at)]),
        (
            "a product without a name",
            one(r#"{"category": "vendor", "name": "V", "product": {"product_id": "A", "name": " "}}"#),
            &[(Kind::BlankName, "/product_tree/branches/0/product")],
        ),
        (
            "a branch with a product and branches keeps both",
            one(&format!(
                r#"{{"category": "vendor", "name": "V", {product}, "branches": [{{"category": "product_name",
                    "name": "N", "product": {{"product_id": "B", "name": "b"}}}}]}}"#
            )),
            &[],
        ),
        ("a tree of the wrong type", with("[]", "[]"), &[(Kind::WrongType, "/product_tree")]),
        (
            "one branch where a list belongs",
            with(&format!(r#"{{"branches": {{"category": "vendor", "name": "V", {product}}}}}"#), "[]"),
            &[(Kind::WrongType, "/product_tree/branches")],
        ),
    ]);
}

#[test]
fn relationships_that_rest_on_themselves_are_cut() {
    let relationship = |id: &str, component: &str, base: &str| {
        format!(
            r#"{{"category": "installed_on", "product_reference": "{component}", "relates_to_product_reference":
                "{base}", "full_product_name": {{"product_id": "{id}", "name": "{id}"}}}}"#
        )
    };
    let tree = |relationships: &[String]| {
        let list = relationships.join(", ");
        let names = r#"[{"product_id": "A", "name": "a"}, {"product_id": "B", "name": "b"}]"#;
        with(&format!(r#"{{"full_product_names": {names}, "relationships": [{list}]}}"#), "[]")
    };
    check(&[
        (
            "itself",
            tree(&[relationship("R", "R", "A")]),
            &[(Kind::CircularRelationship, "/product_tree/relationships/0")],
        ),
        (
            "each other, while the third is sound",
            tree(&[relationship("R", "S", "A"), relationship("S", "R", "A"), relationship("T", "A", "B")]),
            &[
                (Kind::CircularRelationship, "/product_tree/relationships/0"),
                (Kind::CircularRelationship, "/product_tree/relationships/1"),
            ],
        ),
        ("a later one", tree(&[relationship("R", "S", "A"), relationship("S", "A", "B")]), &[]),
        (
            "a word outside the standard",
            tree(&[relationship("R", "A", "B").replace("installed_on", "near")]),
            &[(Kind::UnknownWord, "/product_tree/relationships/0/category")],
        ),
    ]);
    let advisory =
        read(&tree(&[relationship("R", "S", "A"), relationship("S", "R", "A"), relationship("T", "A", "B")]));
    let kept: Vec<bool> = advisory.products.iter().map(|product| product.relationship.is_some()).collect();
    assert_eq!(kept, [false, false, false, false, true]);
}

#[test]
fn heads_that_do_not_fit_are_told() {
    let tracking = "/document/tracking";
    check(&[
        ("no tracking id", replaced(r#""id": "P-1", "#, ""), &[(Kind::MissingTrackingId, "/document/tracking/id")]),
        ("no version", replaced(r#""version": "1", "#, ""), &[(Kind::MissingField, tracking)]),
        (
            "a free version",
            replaced(r#""version": "1""#, r#""version": "Final""#),
            &[(Kind::MalformedVersion, "/document/tracking/version")],
        ),
        (
            "two version types",
            replaced(r#""version": "1""#, r#""version": "1.0.0""#),
            &[(Kind::MixedVersionTypes, "/document/tracking/revision_history/0/number")],
        ),
        (
            "a version that is a number",
            replaced(r#""version": "1""#, r#""version": 1"#),
            &[(Kind::WrongType, "/document/tracking/version")],
        ),
        (
            "a later CSAF",
            replaced(r#""csaf_version": "2.0""#, r#""csaf_version": "3.0""#),
            &[(Kind::UnknownCsafVersion, "/document/csaf_version")],
        ),
        (
            "a status outside the standard",
            replaced(r#""final""#, r#""done""#),
            &[(Kind::UnknownWord, "/document/tracking/status")],
        ),
        (
            "a publisher outside the standard",
            replaced(r#""vendor""#, r#""maker""#),
            &[(Kind::UnknownWord, "/document/publisher/category")],
        ),
        (
            "a date without a zone",
            replaced("2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
            &[(Kind::UnreadableDate, "/document/tracking/initial_release_date")],
        ),
        (
            "a date in words",
            replaced("2024-01-01T00:00:00Z", "New Year"),
            &[(Kind::UnreadableDate, "/document/tracking/initial_release_date")],
        ),
        (
            "a label outside the Traffic Light Protocol",
            replaced(r#""title": "T","#, r#""title": "T", "distribution": {"tlp": {"label": "PINK"}},"#),
            &[(Kind::UnknownWord, "/document/distribution/tlp/label")],
        ),
        (
            "a title that stands twice",
            replaced(r#""title": "T","#, r#""title": "S", "title": "T","#),
            &[(Kind::RepeatedKey, "/document/title")],
        ),
        (
            "an extension",
            replaced(
                r#""title": "T","#,
                r#""title": "T", "x_extensions": [{"$schema": "https://x.example/1.json", "category": "critical"}],"#,
            ),
            &[(Kind::EssentialExtension, "/document/x_extensions/0")],
        ),
    ]);
    assert_eq!(
        read(&replaced("2024-01-01T00:00:00Z", "2024-01-01T00:00:00")).released_at,
        read(&vulnerability("")).released_at
    );
    assert_eq!(read(&replaced(r#""version": "1""#, r#""version": 1"#)).version, "1");
    let nameless = replaced(r#""id": "P-1", "#, "");
    assert!(read(&nameless).id.starts_with("no-id-"));
    assert_eq!(read(&nameless).id, read(&nameless).id);
    assert_ne!(read(&nameless).id, read(&nameless.replace(r#""T""#, r#""U""#)).id);
}

#[test]
fn vulnerabilities_that_do_not_fit_are_told() {
    let score = |cvss: &str| vulnerability(&format!(r#""scores": [{{"products": ["A"], "cvss_v3": {cvss}}}]"#));
    let cvss = "/vulnerabilities/0/scores/0/cvss_v3";
    check(&[
        (
            "a CVE in lower case",
            vulnerability(r#""cve": "cve-2024-1234""#),
            &[(Kind::MalformedCve, "/vulnerabilities/0/cve")],
        ),
        (
            "a score as text",
            score(r#"{"version": "3.1", "vectorString": "v", "baseScore": "7.5"}"#),
            &[(Kind::WrongType, "/vulnerabilities/0/scores/0/cvss_v3/baseScore")],
        ),
        (
            "a score of eleven",
            score(r#"{"version": "3.1", "vectorString": "v", "baseScore": 11}"#),
            &[(Kind::UnreadableScore, cvss)],
        ),
        (
            "a score that the vector contradicts",
            score(
                r#"{"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 7.5}"#,
            ),
            &[(Kind::ContradictingScore, "/vulnerabilities/0/scores/0/cvss_v3/baseScore")],
        ),
        ("no score", score(r#"{"version": "3.1", "vectorString": "v"}"#), &[(Kind::UnreadableScore, cvss)]),
        (
            "a score of no product",
            vulnerability(r#""scores": [{"cvss_v3": {"vectorString": "CVSS:3.1/AV:N", "baseScore": 7.5}}]"#),
            &[(Kind::ScoreWithoutProduct, "/vulnerabilities/0/scores/0")],
        ),
        (
            "a remediation of no product and outside the standard",
            vulnerability(r#""remediations": [{"category": "pray", "details": "d"}]"#),
            &[
                (Kind::UnknownWord, "/vulnerabilities/0/remediations/0/category"),
                (Kind::RemediationWithoutProduct, "/vulnerabilities/0/remediations/0"),
            ],
        ),
        (
            "a restart outside the standard",
            vulnerability(
                r#""remediations": [{"category": "vendor_fix", "details": "d", "product_ids": ["A"], "restart_required": {"category": "all"}}]"#,
            ),
            &[(Kind::UnknownWord, "/vulnerabilities/0/remediations/0/restart_required/category")],
        ),
        (
            "one id where a list belongs",
            vulnerability(r#""remediations": [{"category": "vendor_fix", "details": "d", "product_ids": "A"}]"#),
            &[(Kind::WrongType, "/vulnerabilities/0/remediations/0/product_ids")],
        ),
        (
            "parts of the wrong type",
            vulnerability(r#""notes": "n", "references": 7, "ids": [true], "cwe": "CWE-1", "title": null"#),
            &[
                (Kind::WrongType, "/vulnerabilities/0/ids/0"),
                (Kind::WrongType, "/vulnerabilities/0/title"),
                (Kind::WrongType, "/vulnerabilities/0/cwe"),
                (Kind::WrongType, "/vulnerabilities/0/notes"),
                (Kind::WrongType, "/vulnerabilities/0/references"),
            ],
        ),
    ]);
    let advisory = read(&vulnerability(r#""cve": "cve-2024-1234""#));
    assert_eq!(advisory.vulnerabilities[0].cve.as_deref(), Some("CVE-2024-1234"));
    let advisory = read(&vulnerability(
        r#""scores": [{"products": ["A"], "cvss_v3": {"vectorString": "CVSS:3.1/AV:N", "baseScore": "7.5"}}]"#,
    ));
    assert_eq!(
        (advisory.vulnerabilities[0].scores[0].cvss_version.as_str(), advisory.vulnerabilities[0].scores[0].base_score),
        ("3.1", 7.5)
    );
    let advisory =
        read(&vulnerability(r#""remediations": [{"category": "pray", "details": "d", "product_ids": "A"}]"#));
    let remediation = &advisory.vulnerabilities[0].remediations[0];
    assert_eq!((remediation.category.word(), ids(&advisory, &remediation.products)), ("pray", vec!["A"]));
}

#[test]
fn garbled_text_is_repaired_and_told() {
    check(&[
        ("mojibake", replaced(r#""T""#, r#""GeutebrÃ¼ck""#), &[(Kind::Mojibake, "/document/title")]),
        ("NUL", replaced(r#""T""#, r#""T\u0000""#), &[(Kind::ControlCharacter, "/document/title")]),
        ("byte order mark", format!("\u{FEFF}{}", vulnerability("")), &[(Kind::Encoding, "")]),
    ]);
    assert_eq!(read(&replaced(r#""T""#, r#""GeutebrÃ¼ck""#)).title, "Geutebrück");
    assert_eq!(read(&replaced(r#""T""#, r#""T\u0000""#)).title, "T");
    let utf_16: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(vulnerability("").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (advisory, warnings) = read_document(&utf_16).unwrap();
    assert_eq!((advisory.title.as_str(), warnings.len(), warnings[0].kind), ("T", 1, Kind::Encoding));
    let latin: Vec<u8> = replaced(r#""T""#, r#""Müller""#).chars().map(|c| c as u8).collect();
    let (advisory, warnings) = read_document(&latin).unwrap();
    assert_eq!((advisory.title.as_str(), warnings.len(), warnings[0].kind), ("Müller", 1, Kind::Encoding));
}
