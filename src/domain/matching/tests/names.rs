//! Names that plants and advisories write differently, bounds that repeat a name, and what notes tell.

use super::{MAYBE, NO, YES, advisory, index, variant, verdict};
use crate::domain::matching::match_variant;
use crate::domain::verdict::Verdict;

type Row = (&'static str, &'static [(&'static str, &'static str, &'static str)], Option<Verdict>);

fn check(rows: &[Row]) {
    for (device, products, expected) in rows {
        assert_eq!(verdict(device, products), *expected, "{device} against {products:?}");
    }
}

/// As [`verdict`], for one product with a full name of its own.
fn verdict_by_full_name(device: &str, product: (&str, &str, &str), full: &str) -> Option<Verdict> {
    let mut one = advisory("T-1", "Some devices", &[product]);
    full.clone_into(&mut one.products[0].name);
    match_variant(&index(vec![one]), &variant(device), "").first().map(|m| m.verdict)
}

#[test]
fn a_bound_that_repeats_the_name_means_all_years_before() {
    let vision = ("OSIsoft LLC", "PI Vision 2020", "< PI Vision 2020");
    let full = "PI Vision 2020: All versions prior to PI Vision 2020 are affected";
    for (device, expected) in [
        ("OSIsoft | PI Vision 2019", YES),
        ("OSIsoft | PI Vision | | 2017 R2 SP1", YES),
        ("OSI Soft | PI Coresight | | 2016 R2", YES),
        ("OSIsoft | PI Vision 2020", NO),
        ("OSIsoft | PI Vision | | 2022", NO),
        ("OSIsoft | PI Web API | | 2017", None),
    ] {
        assert_eq!(verdict_by_full_name(device, vision, full), expected, "{device}");
    }
}

#[test]
fn of_a_list_of_names_the_full_name_speaks_of_one() {
    let product = ("Daikin", "SVMPC1, SVMPC2", "<= 2.1.22");
    let full = "SVMPC1, SVMPC2 - SVMPC1: Version 2.1.22 and prior";
    for (device, expected) in [
        ("Daikin | SVMPC1 | | 2.1.22", YES),
        ("Daikin | SVMPC1 | | 2.1.23", NO),
        ("Daikin | SVMPC2 | | 1.3.0", None),
        ("Daikin | SVM controller | | 2.0.5", MAYBE),
    ] {
        assert_eq!(verdict_by_full_name(device, product, full), expected, "{device}");
    }
}

#[test]
fn a_version_that_lost_its_zeros_is_listed_in_both_forms() {
    let product = ("Horner Automation", "RCC 972", "15.4");
    let full = "Remote Compact Controller (RCC) 972 - RCC 972: Firmware Version 15.40";
    for (firmware, expected) in [("15.40", YES), ("FW15.4", YES), ("15.60", NO), ("15.3", NO)] {
        assert_eq!(verdict_by_full_name(&format!("Horner APG | RCC 972 | | {firmware}"), product, full), expected);
    }
}

#[test]
fn a_brand_may_stand_behind_its_owner_in_the_vendor_column() {
    check(&[
        ("Honeywell Matrikon | OPC Server", &[("Matrikon, Honeywell", "Matrikon OPC Server", "vers:all/*")], YES),
        (
            "BD Kiestra | Database Manager (DB) | | 3.0.1.0",
            &[("Becton, Dickinson and Company (BD)", "Database (DB) Manager", "3.0.1.0")],
            YES,
        ),
        ("Advantech B+B SmartWorx | iView2 | | v5.6.1.5712", &[("Advantech", "iView", "< 5.7.03.6182")], YES),
        ("Advantech | WebAccess/DMP | | 2.1.3", &[("Advantech", "WebAccess Node", "< 9.0.1")], None),
    ]);
}

#[test]
fn members_are_known_by_their_brand() {
    const IQ: &[(&str, &str, &str)] =
        &[("Honeywell", "IQ Series Controllers that utilize Inter-Controller (IC) protocol", "vers:all/*")];
    check(&[
        ("Cambium | Force 180 | C050900C071A | 3.1", &[("Cambium Networks", "ePMP", "vers:all/*")], YES),
        ("Trend Controls | IQ3XCITE/96", IQ, YES),
        ("Trend | BMS outstation", IQ, MAYBE),
        ("Rotork | IQ3 actuator", IQ, None),
        ("Siemens | PXG3.W100 | | V02.20.126.11-39", &[("Siemens", "PXG3.W100-2", "< V02.20.126.11-41")], MAYBE),
        ("Siemens | PXG3.W100-2 | | V02.20.126.11-39", &[("Siemens", "PXG3.W100-2", "< V02.20.126.11-41")], YES),
        ("Siemens | PXG3.W100-1 | | V02.20.126.11-39", &[("Siemens", "PXG3.W100-2", "< V02.20.126.11-41")], None),
    ]);
}

#[test]
fn the_numbers_of_its_versions_tell_which_card_a_rack_pdu_has() {
    const CARDS: &[(&str, &str, &str)] = &[
        ("Schneider Electric", "AP7xxxx and AP8xxx with NMC2", "<= 6.9.6"),
        ("Schneider Electric", "AP7xxx and AP8xxx with NMC3", "<= 1.1.0.3"),
    ];
    check(&[
        ("APC | Rack PDU AP8853 | AP8853 | v6.8.2 (rpdu2g)", CARDS, YES),
        ("Schneider | Switched rack PDU AP8941 | AP8941 | v7.0.6", CARDS, NO),
        ("APC | AP8681 | AP8681 | 1.1.0.2", CARDS, YES),
        ("APC | AP8681 | AP8681 | 1.2.0.2", CARDS, NO),
    ]);
}

#[test]
fn three_letters_are_a_name_only_alone() {
    const EPM: &[(&str, &str, &str)] = &[("Muster", "Turbine Predictive Maintenance (TPM)", "1.19.5")];
    check(&[
        ("Muster | TPM platform | | V1.19.5", EPM, YES),
        ("Muster | TPM | | 1.35.21", EPM, NO),
        ("Muster | TPM Thermolux | | 1.19.5", EPM, None),
        ("Beispiel | TPM | | 1.19.5", EPM, None),
    ]);
}

#[test]
fn versions_of_platforms_and_releases_by_month() {
    const BIOS: &[(&str, &str, &str)] = &[("Siemens", "RUGGEDCOM APE1808CLA-P", "< V1.0.212N")];
    const CENTRE: &[(&str, &str, &str)] = &[("Rockwell Automation", "FactoryTalk AssetCentre", "<= 10.00")];
    const FEMAP: &[(&str, &str, &str)] = &[("Siemens", "Simcenter Femap", "< V2022.2")];
    check(&[
        ("Siemens | APE1808CLA-P | | Debian 11.6", BIOS, MAYBE),
        ("Siemens | APE1808CLA-P | | V1.0.211", BIOS, YES),
        ("Rockwell | FactoryTalk AssetCenter | | CPR 9", CENTRE, MAYBE),
        ("Rockwell | FactoryTalk AssetCenter | | 9.00.00", CENTRE, YES),
        ("Siemens | FEMAP | | V2301.0", FEMAP, NO),
        ("Siemens | FEMAP | | V2022.1", FEMAP, YES),
        ("Siemens | FEMAP | | 11.4", FEMAP, MAYBE),
    ]);
}

#[test]
fn notes_tell_when_a_device_was_made_and_what_is_installed() {
    const DRIVES: &[(&str, &str, &str)] = &[("Siemens", "SINAMICS PERFECT HARMONY GH180 Drives", "< 2021-8-13")];
    const CENTUM: &[(&str, &str, &str)] =
        &[("Yokogawa", "CENTUM VP", ">= R6.01.10 | <= R6.09.00 - (if VP6E5000 is installed)")];
    check(&[
        ("Siemens | PERFECT HARMONY GH180 | | | | manufactured 2019-04", DRIVES, YES),
        ("Siemens | PERFECT HARMONY GH180 | | | | built 2014", DRIVES, YES),
        ("Siemens | PERFECT HARMONY GH180 | | | | built 2021", DRIVES, MAYBE),
        ("Siemens | PERFECT HARMONY GH180 | | | | MFD 2022-05-11", DRIVES, NO),
        ("Siemens | PERFECT HARMONY GH180 | | | | hall 4", DRIVES, MAYBE),
        ("Yokogawa | CENTUM VP | | R6.08.00 | | HIS0164, VP6E5000 installed", CENTUM, YES),
        ("Yokogawa | CENTUM VP | | R6.08.00 | | VP6E5000 not installed", CENTUM, NO),
        ("Yokogawa | CENTUM VP | | R6.08.00 | | HIS0164", CENTUM, MAYBE),
        ("Yokogawa | CENTUM VP | | R6.10.00 | | VP6E5000 installed", CENTUM, NO),
    ]);
}
