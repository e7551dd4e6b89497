//! Products that an identifier names, whatever they are called.

use super::{MAYBE, NO, YES, advisory, index, variant};
use crate::domain::advisory::ProductStatus;
use crate::domain::matching::match_variant;
use crate::domain::product::{IdentificationHelper, Relationship};

const DIGITS: &str = "9f86d081884c7d659a2feaa0c55ad015";

fn helper(text: &str) -> IdentificationHelper {
    let mut helper = IdentificationHelper::default();
    match text.split_once(':').map_or("", |(scheme, _)| scheme) {
        "cpe" => helper.cpe = Some(text.to_owned()),
        "pkg" => helper.purls = text.split_whitespace().map(str::to_owned).collect(),
        "urn" => helper.generic_uris = vec![format!("https://feldbus.example/names {text}")],
        _ => helper.hashes = vec![format!("sha256 {text} firmware.bin")],
    }
    helper
}

#[test]
fn an_identifier_needs_no_name() {
    let purls = "pkg:generic/feldbus/gw?arch=arm pkg:generic/feldbus/gw?arch=x86";
    let digest = format!("OEM | Box 7 | | | | sha256:{DIGITS}");
    for (device, given, expected) in [
        // No version in the identifier: the range decides.
        ("OEM | Box 7 | | 1.4 | | cpe:/h:feldbus:gw-4", "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", YES),
        ("OEM | Box 7 | | 2.1 | | cpe:/h:feldbus:gw-4", "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", NO),
        ("OEM | Box 7 | | | | cpe:/h:feldbus:gw-4", "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", MAYBE),
        ("OEM | Box 7 | | 1.4 | | cpe:/h:feldbus:gw-5", "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", None),
        ("OEM | Box 7 | | 1.4 | | pkg:generic/feldbus/gw@1.4?arch=x86", purls, YES),
        ("OEM | Box 7 | | 1.4 | | pkg:generic/feldbus/gw@1.4?arch=mips", purls, None),
        ("OEM | Box 7 | | 1.4 | | urn:feldbus:gw4", "urn:feldbus:gw4", YES),
        // The version stands in the identifier: no range is asked, whatever the firmware says.
        ("OEM | Box 7 | | | | cpe:/o:feldbus:gw_firmware:1.3", "cpe:2.3:o:feldbus:gw_firmware:1.3:*:*:*:*:*:*:*", YES),
        (digest.as_str(), DIGITS, YES),
        ("OEM | Box 7 | | | | spare part", DIGITS, None),
        // Beside the identifier the name still counts.
        ("Feldbus | Gateway GW-4 | | 1.4 | | urn:other:box", "urn:feldbus:gw4", YES),
    ] {
        let mut document = advisory("T-1", "Some gateways", &[("Feldbus", "Gateway GW-4", "< 2.0")]);
        document.products[0].helper = helper(given);
        let found = match_variant(&index(vec![document]), &variant(device), "");
        assert_eq!(found.first().map(|m| m.verdict), expected, "{device} / {given}");
    }
}

#[test]
fn the_evidence_names_the_identifier_and_its_place() {
    let mut document = advisory("T-1", "Some gateways", &[("Feldbus", "Gateway GW-4", "< 2.0")]);
    document.products[0].helper = helper("pkg:generic/feldbus/gw");
    let index = index(vec![document]);
    let found = match_variant(&index, &variant("OEM | Box 7 | | 1.4 | | pkg:generic/feldbus/gw@1.4"), "").remove(0);
    let rules: Vec<&str> = found.evidence.iter().map(|part| part.rule.as_str()).collect();
    assert_eq!(rules[0], "another vendor; the identifier decides");
    assert_eq!(
        rules[1],
        "identified by the package URL `pkg:generic/feldbus/gw`, yours is `pkg:generic/feldbus/gw@1.4`, at \
         `product_identification_helper/purl`"
    );
}

#[test]
fn the_very_file_that_is_listed_as_fixed_is_not_affected() {
    let products = [("Feldbus", "Gateway GW-4", "< 2.0"), ("Feldbus", "Gateway GW-4", "2.0")];
    let mut document = advisory("T-1", "Some gateways", &products);
    document.products[1].helper = helper(DIGITS);
    document.vulnerabilities[0].statuses =
        vec![(ProductStatus::KnownAffected, vec![0]), (ProductStatus::Fixed, vec![1])];
    let index = index(vec![document]);
    let verdict = |device: &str| match_variant(&index, &variant(device), "").first().map(|m| m.verdict);
    assert_eq!(verdict("Feldbus | Gateway GW-4 | | | |"), MAYBE);
    assert_eq!(verdict(&format!("Feldbus | Gateway GW-4 | | | | sha256:{DIGITS}")), NO);
}

#[test]
fn the_identifier_of_the_hardware_leaves_the_version_of_the_software_open() {
    let products = [("Feldbus", "Stack", "< 2.0"), ("OEM", "Rack", "1.0"), ("", "", "")];
    let mut document = advisory("T-1", "Some stacks", &products);
    document.products[1].helper = helper("cpe:2.3:h:oem:rack:b:*:*:*:*:*:*:*");
    document.products[2].branches.clear();
    document.products[2].relationship =
        Some(Relationship { category: "installed_on".to_owned(), component: 0, base: 1, further: Vec::new() });
    document.vulnerabilities[0].statuses = vec![(ProductStatus::KnownAffected, vec![2])];
    let index = index(vec![document]);
    let verdict = |device: &str| match_variant(&index, &variant(device), "").first().map(|m| m.verdict);
    assert_eq!(verdict("OEM | Box 7 | | 1.4 | | cpe:/h:oem:rack:b"), YES);
    assert_eq!(verdict("OEM | Box 7 | | 2.1 | | cpe:/h:oem:rack:b"), NO);
}
