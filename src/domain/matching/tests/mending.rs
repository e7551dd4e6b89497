//! Advisories that say less, more or other than they mean, and rows that do.

use super::{MAYBE, NO, YES, advisory, index, variant, verdict};
use crate::domain::matching::match_variant;
use crate::domain::verdict::Verdict;

type Row = (&'static str, &'static [(&'static str, &'static str, &'static str)], Option<Verdict>);

fn check(rows: &[Row]) {
    for (device, products, expected) in rows {
        assert_eq!(verdict(device, products), *expected, "{device} against {products:?}");
    }
}

/// As [`verdict`], with the serial number of the asset.
fn verdict_of(device: &str, serial_number: &str, products: &[(&str, &str, &str)]) -> Option<Verdict> {
    let index = index(vec![advisory("T-1", "Some devices", products)]);
    match_variant(&index, &variant(device), serial_number).first().map(|m| m.verdict)
}

#[test]
fn bare_numbers_of_a_maker_that_counts_serials_are_serial_numbers() {
    let cpus: &[(&str, &str, &str)] = &[("Mitsubishi Electric", "Q03/04/06/13/26UDVCPU", "<=20081")];
    assert_eq!(verdict_of("Mitsubishi | Q26UDVCPU", "200611234567890", cpus), YES);
    assert_eq!(verdict_of("Mitsubishi | Q26UDVCPU", "230101234567890", cpus), NO);
    assert_eq!(verdict_of("Mitsubishi | Q26UDVCPU", "", cpus), MAYBE);
    assert_eq!(
        verdict_of("Mitsubishi | MELSEC iQ-R R04CPU | | 52", "2006", &[("Mitsubishi Electric", "R04CPU", "<= 20081")]),
        YES
    );
}

#[test]
fn entries_of_one_product_speak_of_its_lines() {
    let engines: &[(&str, &str, &str)] = &[
        ("Johnson Controls", "Metasys NAE55 engines", "<11.0.6"),
        ("Johnson Controls", "Metasys NAE55 engines", "<12.0.4"),
    ];
    for (firmware, expected) in [("11.0.5", YES), ("11.0.6", NO), ("12.0.3", YES), ("12.0.4", NO), ("10.0", YES)] {
        assert_eq!(verdict(&format!("JCI | NAE55 | | {firmware}"), engines), expected, "{firmware}");
    }
}

#[test]
fn a_part_number_that_the_name_gives_need_not_stand_in_the_row() {
    let racks: &[(&str, &str, &str)] =
        &[("Bently Nevada, Baker Hughes", "3500/22M Firmware Part No. 288055-01", "<= 5.05")];
    assert_eq!(verdict("Bently Nevada | 3500/22M | | 5.05", racks), YES);
    assert_eq!(verdict("Bently Nevada | 3500/22M | 288055-01 | 5.06", racks), NO);
    assert_eq!(verdict("Bently Nevada | 3500/20 | | 5.05", racks), None);
}

#[test]
fn texts_that_no_firmware_answers_stay_in_doubt() {
    check(&[
        (
            "Siemens | RUGGEDCOM APE1808",
            &[("Siemens", "RUGGEDCOM APE1808", "<with_Palo_Alto_Networks_Virtual_NGFW_V11.0.1")],
            MAYBE,
        ),
        (
            "Schneider Electric | EcoStruxure Power Monitoring Expert | | 9.0",
            &[("Schneider Electric", "EcoStruxure Power Monitoring Expert", "<Hotfix-145271")],
            MAYBE,
        ),
        (
            "Siemens | SIPROTEC 5 7SJ82 | | V8.85",
            &[
                ("Siemens", "SIPROTEC 5 device types 6MD85, 7SA87,", "< V7.90"),
                ("Siemens", "All other SIPROTEC 5 device types", "All versions"),
            ],
            MAYBE,
        ),
    ]);
}

#[test]
fn letters_behind_a_slash_go_on_in_the_alphabet() {
    let modules: &[(&str, &str, &str)] = &[(
        "Schneider Electric",
        "Tricon Communications Module (TCM) Models 4351 4352 4351A/B and 4352A/B installed in Tricon",
        "<= 10.5.3",
    )];
    assert_eq!(verdict("Triconex | Tricon TCM 4351B | 4351B | 10.3", modules), YES);
    assert_eq!(
        verdict("AB | 1756-L85E | 1756-L85E | 33.011", &[("Rockwell Automation", "1756-L85E/B", "<= 34")]),
        MAYBE
    );
}

#[test]
fn a_programs_version_may_stand_in_its_name_alone() {
    check(&[
        ("Siemens | SIMATIC WinCC V7.4 SP1", &[("Siemens", "SIMATIC WinCC V7.4", "< V7.4 SP1 Update 14")], YES),
        ("Siemens | SIMATIC WinCC V7.5 SP2 | | ?", &[("Siemens", "SIMATIC WinCC V7.5", "< V7.5 SP1")], NO),
        ("Siemens | SIMATIC WinCC", &[("Siemens", "SIMATIC WinCC V7.4", "< V7.4 SP1")], MAYBE),
        (
            "Siemens | S7-400 CPU 414-3 PN/DP V7",
            &[("Siemens", "SIMATIC S7-400 PN/DP V7 CPU family", "< V7.0.3")],
            MAYBE,
        ),
    ]);
}

#[test]
fn a_product_may_be_called_as_its_vendor() {
    check(&[
        ("RoboDK | RoboDK | | 5.5", &[("RoboDK", "RoboDK", "<= 5.5.4")], YES),
        ("Siemens | S7-1500 CPU 1511-1 PN | | 2.9", &[("RoboDK", "RoboDK", "<= 5.5.4")], None),
    ]);
}

#[test]
fn a_slip_of_the_pen_in_the_vendors_name_is_read() {
    let cpus: &[(&str, &str, &str)] = &[("Siemens", "SIMATIC S7-1200 CPU family (incl. SIPLUS variants)", "< V4.5")];
    for vendor in ["Simens", "SIMEENS", "Seimens AG", "siemend"] {
        assert_eq!(verdict(&format!("{vendor} | S7-1200 CPU 1214C | | V4.2"), cpus), YES, "{vendor}");
    }
    assert_eq!(verdict("Sirens | S7-1200 CPU 1214C | | V4.2", cpus), None);
}

#[test]
fn an_unmistakable_model_needs_no_vendor() {
    check(&[
        (" | R04ENCPU | | 30", &[("Mitsubishi Electric", "R04/08/16/32/120ENCPU", "<= 50")], YES),
        (" | EM300 | | 30", &[("Muster", "EM300", "<= 50")], MAYBE),
    ]);
}

#[test]
fn a_controller_row_without_order_number_is_no_open_controller() {
    check(&[(
        "Siemens | S7-1500 | | V2.9.4",
        &[
            ("Siemens", "SIMATIC ET 200SP Open Controller CPU 1515SP PC2 (incl. SIPLUS variants)", "< V21.9"),
            ("Siemens", "SIMATIC S7-1500 CPU family (incl. related ET200 CPUs and SIPLUS variants)", "< V2.9.2"),
        ],
        NO,
    )]);
}
