//! Firmwares as plants write them: with the model in front, in another column, of a program, of a part from the factory.

use super::{MAYBE, NO, YES, advisory, index, variant, verdict};
use crate::domain::advisory::Advisory;
use crate::domain::matching::match_variant;
use crate::domain::remediation::{Remediation, RemediationCategory};
use crate::domain::verdict::Verdict;

type Row = (&'static str, &'static [(&'static str, &'static str, &'static str)], Option<Verdict>);

fn check(rows: &[Row]) {
    for (device, products, expected) in rows {
        assert_eq!(verdict(device, products), *expected, "{device} against {products:?}");
    }
}

#[test]
fn the_model_in_front_of_a_firmware_is_no_version() {
    let vp: &[(&str, &str, &str)] = &[("Yokogawa", "B/M9000 VP", ">= R7.01.01 | <= R8.02.03")];
    assert_eq!(verdict("Yokogawa | B/M9000 VP | | B/M9000 VP R7.2.1", vp), YES);
    assert_eq!(verdict("Yokogawa | B/M9000 VP | | B/M9000 VP R8.3.1", vp), NO);
    // A version at the end of the model is no name.
    check(&[(
        "Siemens | SIMATIC WinCC V7.5 | | V7.5 SP1",
        &[("Siemens", "SIMATIC WinCC V7.5", "All versions < V7.5 Upd 3")],
        NO,
    )]);
}

#[test]
fn a_firmware_may_stand_in_the_column_of_the_hardware_revision() {
    let cc100: &[(&str, &str, &str)] = &[("WAGO", "Compact Controller CC100", "<= 04.01.10(23)")];
    assert_eq!(verdict("WAGO | CC100 | 751-9301 | | FW 04.01.10(22)", cc100), YES);
    assert_eq!(verdict("WAGO | CC100 | 751-9301 | | FW 04.03.03(25)", cc100), NO);
    assert_eq!(verdict("WAGO | CC100 | 751-9301 | | 02", cc100), MAYBE);
}

#[test]
fn a_firmware_that_begins_with_a_program_says_what_the_device_is_besides() {
    check(&[
        ("Beckhoff | CX5120-0120 | | TwinCAT 3.1 Build 4022.2", &[("Beckhoff", "TwinCAT", "<= 3.1 Build 4022.4")], YES),
        ("Beckhoff | CX5120-0120 | | TwinCAT 3.1 Build 4024.1", &[("Beckhoff", "TwinCAT", "<= 3.1 Build 4022.4")], NO),
        ("Beckhoff | CX5120-0120 | | 3.1", &[("Beckhoff", "TwinCAT", "<= 3.1 Build 4022.4")], None),
        (
            "Siemens | CP-8021 | | CPC80 V16.20",
            &[("Siemens", "CPC80 Central Processing/Communication", "< V16.41")],
            YES,
        ),
        ("Tridium | JACE-600 | | AX 3.8.401", &[("Tridium", "Niagara AX 3.8u4", "< 3.8.401.1")], YES),
    ]);
}

#[test]
fn a_part_from_the_factory_shows_its_firmware_as_the_devices() {
    let cards: &[(&str, &str, &str)] =
        &[("Schneider Electric", "APC Rack Power Distribution Units (PDU) using NMC2", "NMC2 <= 6.9.6")];
    assert_eq!(verdict("APC | Rack PDU | AP8853 | v6.9.6", cards), YES);
    assert_eq!(verdict("APC | Rack PDU | AP8853 | v7.0.6", cards), NO);
    // The other card, by the number that its versions begin with.
    assert_eq!(verdict("APC | Rack PDU | AP8853 | 1.2.0.2", cards), None);
}

#[test]
fn a_processor_module_is_no_program_of_its_system() {
    check(&[
        ("Yokogawa | CENTUM VP CP451 | CP451-10 | R5.04.20", &[("Yokogawa", "CENTUM VP", "<= R6.01.00")], None),
        (
            "Yokogawa | CENTUM VP CP451 | CP451-10 | R5.04.20",
            &[("Yokogawa", "CENTUM VP/CS 3000 controller FCS", "CP401 | CP451")],
            YES,
        ),
        (
            "Yokogawa | CENTUM VP CP451 | CP451-10 | R5.04.20",
            &[("Yokogawa", "CENTUM VP/CS 3000 controller FCS", "CP31 | CP33 | CP345")],
            None,
        ),
    ]);
}

#[test]
fn an_excuse_behind_a_name_is_no_part_of_it() {
    let cpus: &[(&str, &str, &str)] = &[("Omron", "SYSMAC CJ2M", "vers:all/*"), ("Omron", "SYSMAC CJ2H", "vers:all/*")];
    assert_eq!(verdict("Omron | sterownik CJ2 (typ CPU niewidoczny)", cpus), MAYBE);
    assert_eq!(verdict("Omron | CJ2, type plate illegible", cpus), MAYBE);
    assert_eq!(verdict("Omron | CJ2M-CPU31, type plate illegible", cpus), YES);
}

#[test]
fn a_firm_may_stand_as_its_first_letters_or_beside_its_brand() {
    check(&[
        (
            "CWS | Weather MicroServer | | MS_2.5",
            &[("Columbia Weather Systems, Inc.", "Weather MicroServer", "<= MS_2.6")],
            YES,
        ),
        (
            "Columbia Weather | MicroServer | | 2.5",
            &[("Columbia Weather Systems, Inc.", "Weather MicroServer", "<= MS_2.6")],
            YES,
        ),
        ("Honeywell Matrikon | Matrikon OPC Server | | 1.0", &[("Matrikon", "Matrikon OPC Server", "vers:all/*")], YES),
    ]);
}

/// Two entries of one product, each with a fix in the vulnerabilities with these numbers.
fn fixed_in(vulnerabilities: [usize; 2]) -> Advisory {
    let mut advisory =
        advisory("T-1", "Some devices", &[("Siemens", "LOGO! 8 BM", "< V1.81.2"), ("Siemens", "LOGO! 8 BM", "< V8.3")]);
    let another = advisory.vulnerabilities[0].clone();
    advisory.vulnerabilities.push(another);
    for (product, vulnerability) in vulnerabilities.into_iter().enumerate() {
        advisory.vulnerabilities[vulnerability].remediations.push(Remediation {
            category: RemediationCategory::VendorFix,
            details: "Update".to_owned(),
            url: None,
            available_at: None,
            restart_required: None,
            entitlements: Vec::new(),
            products: vec![product as u32],
        });
    }
    advisory
}

#[test]
fn bounds_of_one_product_with_fixes_for_different_vulnerabilities_are_no_lines() {
    let device = variant("Siemens | LOGO! 12/24RCE | 6ED1052-1MD08-0BA0 | 1.82.02");
    let verdict = |fixes| match_variant(&index(vec![fixed_in(fixes)]), &device, "").first().map(|found| found.verdict);
    assert_eq!(verdict([0, 1]), YES);
    assert_eq!(verdict([0, 0]), NO);
}
