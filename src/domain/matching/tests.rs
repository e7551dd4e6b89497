//! What the matcher says about real nameplates and real product names, one row each.

mod firmwares;
mod identifiers;
mod mending;
mod names;
mod siblings;

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::{match_variant, near_misses, why_unchecked};
use crate::domain::advisory::{Advisory, ProductStatus, Vulnerability};
use crate::domain::catalogue::Catalogue;
use crate::domain::nameplate::{Nameplate, Variant, telling_notes};
use crate::domain::product::{Branch, BranchCategory, IdentificationHelper, Product};
use crate::domain::product_index::ProductIndex;
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::built_in()));

/// An advisory whose products are (vendor, name, version text), all known affected by one vulnerability.
fn advisory(id: &str, title: &str, products: &[(&str, &str, &str)]) -> Advisory {
    let products: Vec<Product> = products
        .iter()
        .enumerate()
        .map(|(n, (vendor, name, version))| Product {
            product_id: format!("P-{n}"),
            name: format!("{name}: {version}"),
            branches: [
                (BranchCategory::Vendor, vendor),
                (BranchCategory::ProductName, name),
                (BranchCategory::ProductVersionRange, version),
            ]
            .into_iter()
            .map(|(category, name)| Branch { category, name: (*name).to_owned() })
            .collect(),
            helper: IdentificationHelper::default(),
            pointer: format!("/product_tree/branches/{n}"),
            relationship: None,
        })
        .collect();
    let all = (0..products.len() as u32).collect();
    Advisory {
        id: id.to_owned(),
        title: title.to_owned(),
        products,
        vulnerabilities: vec![Vulnerability {
            statuses: vec![(ProductStatus::KnownAffected, all)],
            ..Vulnerability::default()
        }],
        version: "1".to_owned(),
        status: "final".to_owned(),
        category: "csaf_security_advisory".to_owned(),
        csaf_version: "2.0".to_owned(),
        ..Advisory::default()
    }
}

fn index(advisories: Vec<Advisory>) -> ProductIndex {
    ProductIndex::build(advisories.into_iter().map(Arc::new).collect(), Arc::clone(&CATALOGUE))
}

/// "vendor | model | part number | firmware | hardware revision | notes", blanks around the bars are noise.
fn variant(text: &str) -> Variant {
    let cells: Vec<&str> = text.split('|').map(str::trim).collect();
    let cell = |n: usize| cells.get(n).copied().unwrap_or("").to_owned();
    Variant {
        nameplate: Nameplate { vendor: cell(0), model: cell(1), part_number: cell(2), hardware_revision: cell(4) },
        firmware: cell(3),
        notes: telling_notes(&cell(5), &CATALOGUE),
    }
}

fn verdict(device: &str, products: &[(&str, &str, &str)]) -> Option<Verdict> {
    let index = index(vec![advisory("T-1", "Some devices", products)]);
    match_variant(&index, &variant(device), "").first().map(|m| m.verdict)
}

const YES: Option<Verdict> = Some(Verdict::Affected);
const MAYBE: Option<Verdict> = Some(Verdict::Possible);
const NO: Option<Verdict> = Some(Verdict::NotAffected);

#[test]
fn one_entry_and_one_nameplate() {
    let rows: &[(&str, &str, &str, &str, Option<Verdict>)] = &[
        // Order numbers decide; blanks, dashes and case are noise.
        (
            "Siemens | CPU 1511-1 PN | 6es7 511 1AK02 0AB0 | V2.8.1",
            "Siemens",
            "SIMATIC S7-1500 CPU 1511-1 PN (6ES7511-1AK02-0AB0)",
            "< V2.9.7",
            YES,
        ),
        (
            "Siemens | CPU 315-2 PN/DP | 6ES7 315-2EH14-0AB0 | V3.2.1",
            "Siemens",
            "SIMATIC S7-300 CPU 315-2 PN/DP (6ES7315-2EK14-0AB0)",
            "vers:all/*",
            None,
        ),
        (
            "| CPU 414-3 PN/DP | 6ES74143EM060AB0 | V6.0.9",
            "Siemens",
            "SIMATIC S7-400 PN/DP V6 CPU family (incl. SIPLUS variants)",
            "vers:all/*",
            YES,
        ),
        // Families with tails, generations, modules of the platform.
        (
            "SIEMENS AG | SIPLUS ET200SP CPU 1512SP-1 PN | 6AG1512-1DK01-2AB0 | V2.0.1",
            "Siemens",
            "SIMATIC S7-1500 CPU family (incl. related ET200 CPUs and SIPLUS variants)",
            "< V2.1",
            YES,
        ),
        (
            "Siemens | S7-1500 DI 32x24VDC HF | 6ES7521-1BL00-0AB0 | V2.1.2",
            "Siemens",
            "SIMATIC S7-1500 CPU family (incl. related ET200 CPUs and SIPLUS variants)",
            "vers:all/*",
            None,
        ),
        ("Siemens | SIMATIC WinCC V7.5 SP2 | | 7.5 SP2", "Siemens", "SIMATIC WinCC V7.4", "vers:all/*", NO),
        ("Siemens | SIMATIC WinCC V7.5 SP2 | | 7.5 SP2", "Siemens", "SIMATIC WinCC OA", "vers:all/*", None),
        (
            "Siemens | S7-1200 CPU 1214C | 6ES7 214-1AG40-0XB0 | V4.4",
            "Siemens",
            "SIMATIC S7-1500 CPU family",
            "vers:all/*",
            None,
        ),
        // Siblings.
        (
            "Siemens | SCALANCE X204-2 | | V5.2.1",
            "Siemens",
            "SCALANCE X-200 switch family (incl. SIPLUS NET variants)",
            "< V5.2.5",
            YES,
        ),
        ("Siemens | SCALANCE X204-2 | | V5.2.1", "Siemens", "SCALANCE X-200IRT switch family", "vers:all/*", None),
        ("Siemens | CP343-1 Advanced | | V3.0", "Siemens", "SIMATIC CP 343-1 Lean", "vers:all/*", None),
        ("Siemens | SENTRON PAC3200 | | V2.4", "Siemens", "SENTRON PAC3220", "vers:all/*", None),
        (
            "AB | ControlLogix L83E | 1756-L83E/B | 33.012",
            "Rockwell Automation",
            "ControlLogix 5580 (1756 - L8z)",
            "vers:all/*",
            YES,
        ),
        ("AB | ControlLogix L83E | 1756-L83E/B | 33.012", "Rockwell Automation", "GuardLogix 5580", "vers:all/*", None),
        ("AB | 1756-L73 | | 33.013", "Rockwell Automation", "ControlLogix 5580", "vers:all/*", None),
        // Wildcards.
        (
            "SE | M340 CPU | BMX P34 2020 | 2.90",
            "Schneider Electric",
            "Modicon M340 CPU (part numbers BMXP34*)",
            "*",
            YES,
        ),
        (
            "Schneider | 140CPU65160 | | 3.20",
            "Schneider Electric",
            "Quantum processors with integrated Ethernet COPRO 140CPU65xxxxx",
            "vers:all/*",
            YES,
        ),
        (
            "Mitsubishi Electric | MELSEC iQ-R R04CPU | | 52",
            "Mitsubishi Electric",
            "R04/08/16/32/120(EN)CPU",
            "<= 66",
            YES,
        ),
        (
            "Mitsubishi Electric | FX5U 32MT/ES | | 1.230",
            "Mitsubishi Electric",
            "FX5U-xMy/z x=32,64,80, y=T,R, z=ES,DS,ESS,DSS",
            "<= 1.280",
            YES,
        ),
        ("OMRON | CJ2M-CPU33 | CJ2M-CPU33 | 2.1", "Omron", "CJ2M-CPU[][]", "vers:all/*", YES),
        ("ABB | AFS675 | AFS675-AT22DDZ | 09.1.08", "Hitachi Energy", "AFS67X", "vers:all/*", YES),
        // Members by the catalogue, former names, brands.
        (
            "Square D | PowerLogic PM8240 | METSEPM8240 | 003.001.000",
            "Schneider Electric",
            "PowerLogic PM8000",
            "< 4.0.0",
            YES,
        ),
        ("Schneider | Unity Pro XL | | 13.1", "Schneider Electric", "EcoStruxure Control Expert", "vers:all/*", YES),
        ("| ION8650B | S8650B0C0H6E0B0A | V5", "Schneider Electric", "PowerLogic ION8650", "*", YES),
        ("SE | ION7650 | M7650A0C0B5E0A0E | V401", "Schneider Electric", "Legacy ION products", "*", MAYBE),
        // A device that says less.
        ("AB | ControlLogix processor | | ?", "Rockwell Automation", "ControlLogix 5570", "vers:all/*", MAYBE),
        ("Siemens | 7KM PAC meter | | 2.4.1", "Siemens", "SENTRON PAC3200", "< V2.4.7", MAYBE),
        // Series letters.
        ("Rockwell | 1756-EN2T/D | | 11.002", "Rockwell Automation", "1756-EN2T Series D", "<= 11.002", YES),
        ("Rockwell | 1756-EN2T/D | | 11.002", "Rockwell Automation", "1756-EN2T Series A", "vers:all/*", None),
        ("Rockwell | 1756-EN2T | | 11.002", "Rockwell Automation", "1756-EN2T Series D", "<= 11.002", MAYBE),
        // Components with their own firmware, CPU variants.
        (
            "Siemens | 7SJ64 SIPROTEC 4 | | V4.90 | | EN100 module, IEC 61850 firmware 4.36",
            "Siemens",
            "EN100 Ethernet module IEC 61850 variant",
            "< V4.37",
            YES,
        ),
        (
            "Siemens | 7SJ64 SIPROTEC 4 | | V4.90 | | EN100 module, IEC 61850 firmware 4.36",
            "Siemens",
            "EN100 Ethernet module PROFINET IO variant",
            "vers:all/*",
            None,
        ),
        (
            "Siemens | 7SJ64 SIPROTEC 4 | | V4.90",
            "Siemens",
            "EN100 Ethernet module IEC 61850 variant",
            "< V4.37",
            MAYBE,
        ),
        (
            "Siemens | SIPROTEC 5 7SJ82 | | V8.85 | | CPU variant CP100",
            "Siemens",
            "SIPROTEC 5 7SJ82 (CP100)",
            "< V8.89",
            YES,
        ),
        (
            "Siemens | SIPROTEC 5 7SJ82 | | V8.85 | | CPU variant CP100",
            "Siemens",
            "SIPROTEC 5 7SJ82 (CP150)",
            "vers:all/*",
            None,
        ),
        // A device is not its configuration software; generic words never match alone.
        ("Schneider | Altivar 320 drive | ATV320U15N4B | V2.9", "Schneider Electric", "ATV320 DTM", "vers:all/*", None),
        ("Moxa | industrial switch | | 1.0", "Moxa", "Industrial Ethernet Switch", "vers:all/*", None),
        ("Data House | Control Expert | | 1.0", "Schneider Electric", "EcoStruxure Control Expert", "vers:all/*", None),
        // Without a vendor a model has to be unmistakable.
        ("| NPort 5110 | | 2.10", "Moxa", "NPort 5110", "vers:all/*", YES),
        ("| X20 | | 2.10", "Nobody", "X20", "vers:all/*", MAYBE),
    ];
    for (device, vendor, name, version, expected) in rows {
        assert_eq!(verdict(device, &[(*vendor, *name, *version)]), *expected, "{device} against {name} {version}");
    }
}

#[test]
fn over_the_entries_of_one_advisory_the_more_exact_speaks() {
    let products = [
        ("Siemens", "SIMATIC ET 200SP Open Controller CPU 1515SP PC (incl. SIPLUS variants)", "vers:all/*"),
        ("Siemens", "SIMATIC ET 200SP Open Controller CPU 1515SP PC2 (incl. SIPLUS variants)", "< V21.9"),
    ];
    assert_eq!(verdict("Siemens | ET 200SP Open Controller 1515SP PC2 | | V21.9", &products), NO);
    assert_eq!(verdict("Siemens | ET 200SP Open Controller 1515SP PC2 | | V20.8", &products), YES);
    let approvals = [
        ("Siemens", "SENTRON PAC2200 (with MID Approval)", "< V3.2.2"),
        ("Siemens", "SENTRON PAC2200 (without MID Approval)", "vers:all/*"),
    ];
    assert_eq!(verdict("Siemens | SENTRON PAC2200 | | V3.3.0", &approvals), MAYBE);
}

#[test]
fn the_title_serves_where_the_tree_names_nothing() {
    let document = advisory(
        "T-1",
        "Rockwell Automation 1734-AENTR Series B and Series C",
        &[("Rockwell Automation", "Series C", "<= 6.012")],
    );
    let found =
        match_variant(&index(vec![document]), &variant("AB | POINT I/O adapter 1734-AENTR Series C | | 6.012"), "");
    assert_eq!(found.first().map(|m| m.verdict), YES);
}

#[test]
fn a_match_tells_its_evidence_and_a_miss_its_reason() {
    let document =
        advisory("T-1", "Siemens", &[("Siemens", "SIMATIC S7-300 CPU 315-2 PN/DP (6ES7315-2EH14-0AB0)", "< V3.2.19")]);
    let index = index(vec![document]);
    let found = match_variant(&index, &variant("Siemens | CPU 315-2 PN/DP | 6ES7 315-2EH14-0AB0 | 3.2.17"), "");
    let found = found.first().expect("a match");
    assert_eq!((found.verdict, found.confidence), (Verdict::Affected, Confidence::Certain));
    assert!(found.evidence.len() >= 3, "{:?}", found.evidence);
    assert_eq!(found.fix.as_deref(), Some("V3.2.19"));
    let sibling = variant("Siemens | CPU 315-2 PN/DP | 6ES7 315-2EK14-0AB0 | 3.2.17");
    assert!(match_variant(&index, &sibling, "").is_empty());
    let misses = near_misses(&index, &sibling, 3);
    assert!(misses[0].reason.contains("place 10"), "{misses:?}");
}

#[test]
fn a_device_that_cannot_be_checked_says_why() {
    let index = index(vec![advisory("T-1", "Moxa", &[("Moxa", "NPort 5110", "vers:all/*")])]);
    let why = |device: &str| why_unchecked(&index, &variant(device));
    assert_eq!(why("Moxa | NPort 5110"), None);
    assert_eq!(why("Moxa | "), Some("neither model nor order number is stated".to_owned()));
    assert_eq!(why("Landis & Gyr | E650"), Some("no source covers this vendor".to_owned()));
    assert!(why("Moxa | switch").is_some());
}

#[test]
fn a_users_decision_is_the_last_word() {
    let pack = r#"
[[decision]]
vendor = "Moxa"
model = "the grey box"
product_vendor = "Moxa"
product = "NPort 5110"
is_product = true
author = "M. Okafor"
date = "2026-11-03"

[[decision]]
vendor = "Moxa"
model = "NPort 5110"
product_vendor = "Moxa"
product = "NPort 5110"
is_product = false
author = "M. Okafor"
date = "2026-11-03"
"#;
    let catalogue = Arc::new(Catalogue::with_packs(&[("plant.toml", pack)]).expect("a pack"));
    let document = Arc::new(advisory("T-1", "Moxa", &[("Moxa", "NPort 5110", "vers:all/*")]));
    let index = ProductIndex::build(vec![document], catalogue);
    let found = match_variant(&index, &variant("Moxa | the grey box"), "");
    assert_eq!(found.first().map(|m| (m.verdict, m.confidence)), Some((Verdict::Affected, Confidence::Certain)));
    assert!(match_variant(&index, &variant("Moxa | NPort 5110"), "").is_empty());
}

#[test]
fn doubts_stand_beside_every_possible_and_nowhere_else() {
    let document = advisory(
        "T-1",
        "Siemens",
        &[("Siemens", "SIMATIC S7-1200 CPU family", "< V4.5"), ("Siemens", "LOGO! 8 BM", "vers:all/*")],
    );
    let index = index(vec![document]);
    let found = match_variant(&index, &variant("Siemens | CPU 1214C | 6ES7 214-1AG40-0XB0 | n/a"), "");
    assert_eq!(found[0].verdict, Verdict::Possible);
    assert!(found[0].doubts.iter().any(|d| d.kind == DoubtKind::VersionUnknown), "{:?}", found[0].doubts);
    let found = match_variant(&index, &variant("Siemens | CPU 1214C | 6ES7 214-1AG40-0XB0 | V4.4"), "");
    assert!(found[0].doubts.is_empty());
}

/// Names and nameplates that a property test mixes.
const NAMES: [(&str, &str); 8] = [
    ("Siemens", "SIMATIC S7-1500 CPU family (incl. related ET200 CPUs and SIPLUS variants)"),
    ("Siemens", "SCALANCE XC208 (6GK5208-0BA00-2AC2)"),
    ("Rockwell Automation", "ControlLogix 5580 (1756 - L8z)"),
    ("Schneider Electric", "Modicon M340 CPU (part numbers BMXP34*)"),
    ("Mitsubishi Electric", "R04/08/16/32/120(EN)CPU"),
    ("Moxa", "NPort 5110"),
    ("Omron", "CJ2M-CPU[][]"),
    ("Unheard-of", "Widget 77"),
];

proptest! {
    #[test]
    fn adding_an_unrelated_advisory_never_changes_a_verdict(
        which in 0usize..8, other_vendor in "[A-Z][a-z]{4,9}", other_name in "[A-Za-z]{3,8} [0-9]{2,4}[A-Z]?", major in 0u32..6
    ) {
        let (vendor, name) = NAMES[which];
        let named = advisory("T-1", "Named", &[(vendor, name, "< 3.0")]);
        let other = advisory("T-2", "Other", &[(&other_vendor, &other_name, "vers:all/*")]);
        let devices = [
            format!("Siemens | CPU 1511-1 PN | 6ES7 511-1AK02-0AB0 | V{major}.1"),
            format!("Siemens | SCALANCE XC208 | | {major}.0"),
            format!("AB | 1756-L83E | | {major}.011"),
            format!("SE | BMXP342020 | | {major}.5"),
            format!("| R04CPU | | {major}"),
            format!("| NPort 5110 | | {major}.2"),
        ];
        let alone = index(vec![named.clone()]);
        let both = index(vec![named, other]);
        for device in devices {
            let device = variant(&device);
            let first = match_variant(&alone, &device, "").into_iter().find(|m| m.advisory == 0);
            let second = match_variant(&both, &device, "").into_iter().find(|m| m.advisory == 0);
            prop_assert_eq!(first, second);
        }
    }

    #[test]
    fn case_blanks_and_dashes_never_change_a_match_by_order_number(at in 1usize..15, sign in "[ -]", upper in any::<bool>()) {
        let mut order = "6GK52080BA002AC2".to_owned();
        order.insert_str(at, &sign);
        let order = if upper { order } else { order.to_lowercase() };
        let document = advisory("T-1", "Siemens", &[("Siemens", "SCALANCE XC208 (6GK5208-0BA00-2AC2)", "< V4.5")]);
        let found = match_variant(&index(vec![document]), &variant(&format!("Siemens | | {order} | V4.4")), "");
        prop_assert_eq!(found.first().map(|m| m.verdict), Some(Verdict::Affected), "{}", order);
    }

    #[test]
    fn judging_never_panics(vendor in ".{0,20}", name in ".{0,80}", version in ".{0,30}", model in ".{0,60}", firmware in ".{0,20}") {
        let document = advisory("T-1", "Title", &[(&vendor, &name, &version)]);
        let index = index(vec![document]);
        let device = variant(&format!("{vendor} | {model} | {name} | {firmware}"));
        let _ = match_variant(&index, &device, "12345");
        let _ = near_misses(&index, &device, 5);
        let _ = why_unchecked(&index, &device);
    }
}
