//! Products of one brand, told apart by words, digits, generations and names that go on.

use super::{MAYBE, NO, YES, verdict};
use crate::domain::verdict::Verdict;

type Row = (&'static str, &'static [(&'static str, &'static str, &'static str)], Option<Verdict>);

fn check(rows: &[Row]) {
    for (device, products, expected) in rows {
        assert_eq!(verdict(device, products), *expected, "{device} against {products:?}");
    }
}

#[test]
fn words_behind_a_shared_brand_tell_programs_apart() {
    check(&[
        ("Siemens | SINEC NMS | | V1.0 SP2", &[("Siemens", "SINEC Security Monitor", "< V4.9")], None),
        ("Siemens | SINEC NMS | | V1.0 SP2", &[("Siemens", "SINEC NMS", "< V2.0")], YES),
        ("Siemens | Siveillance VMS 2020 R2 | | 20.2", &[("Siemens", "Siveillance Control", "< V3.1")], None),
        ("Siemens | Teamcenter | | V13.2", &[("Siemens", "Teamcenter Visualization", "< V14")], None),
        ("Muster | Helios NX gateway | | 1.0", &[("Muster", "Helios Security Monitor", "< 2")], None),
        ("Muster | Helios gateway | | 1.0", &[("Muster", "Helios", "< 2")], YES),
    ]);
}

#[test]
fn a_lone_digit_behind_a_word_is_part_of_the_name() {
    check(&[
        ("Siemens | Spectrum Power 7 | | 2.70", &[("Siemens", "Spectrum Power 3 (Web)", "<= 3.11")], None),
        ("Siemens | Spectrum Power 7 | | 2.70", &[("Siemens", "Spectrum Power 7 (Web)", "<= 2.20")], NO),
        ("Siemens | DIGSI 4 | | 4.92", &[("Siemens", "DIGSI 5", "vers:all/*")], None),
        ("Muster | Flux Station 2 | | 1.0", &[("Muster", "Flux Station 3", "vers:all/*")], None),
        ("Muster | Flux Station 2 | | 1.0", &[("Muster", "Flux Station 2", "vers:all/*")], YES),
    ]);
}

#[test]
fn an_entry_of_another_generation_is_silent_beside_one_of_the_devices() {
    let ros: &[(&str, &str, &str)] = &[
        ("Siemens", "RUGGEDCOM RSG2100", "< V4.3.8"),
        ("Siemens", "RUGGEDCOM RSG2100 (32M) V4.X", "< V4.3.8"),
        ("Siemens", "RUGGEDCOM RSG2100 (32M) V5.X", "< V5.6.0"),
    ];
    assert_eq!(verdict("Siemens | RUGGEDCOM RSG2100 | | V4.3.6", ros), YES);
    assert_eq!(verdict("Siemens | RUGGEDCOM RSG2100 | | V4.3.8", ros), NO);
    assert_eq!(verdict("Siemens | RUGGEDCOM RSG2100 | | V5.6.0", ros), NO);
}

#[test]
fn one_name_for_two_numberings_is_told_apart_by_the_version() {
    check(&[
        ("Siemens | STEP 7 V5.6 | | V5.6 SP2", &[("Siemens", "SIMATIC STEP 7 V5.X", "< V5.6 SP2 HF3")], YES),
        ("Siemens | STEP 7 V5.6 | | V5.6 SP2", &[("Siemens", "SIMATIC STEP 7 V5", "< V5.7")], YES),
        ("Siemens | STEP 7 V5.6 | | V5.6 SP2", &[("Siemens", "SIMATIC STEP 7 (TIA Portal)", "< V16")], None),
        ("Siemens | STEP 7 V16 | | V16", &[("Siemens", "SIMATIC STEP 7 V16", "< V16 Update 7")], YES),
        ("Siemens | STEP 7 V16 | | V16", &[("Siemens", "SIMATIC STEP 7 (TIA Portal) V16", "vers:all/*")], MAYBE),
        ("Siemens | STEP 7 V16 | | V16", &[("Siemens", "SIMATIC STEP 7 V5", "< V5.7")], NO),
    ]);
}

#[test]
fn a_longer_name_is_not_the_product_of_the_shorter_one() {
    check(&[
        ("Mitsubishi | FX5-ENET | FX5-ENET | 1.002", &[("Mitsubishi Electric", "FX5-ENET/IP", "vers:all/*")], None),
        ("Mitsubishi | FX5-ENET/IP | | 1.002", &[("Mitsubishi Electric", "FX5-ENET/IP", "vers:all/*")], YES),
        (
            "Mitsubishi | FX3U-ENET-L | | 1.14",
            &[("Mitsubishi Electric", "FX3U-ENET", "<= 1.14"), ("Mitsubishi Electric", "FX3U-ENET-L", "<= 1.10")],
            NO,
        ),
        ("Hitachi Energy | AFS660 | | 7.1.05", &[("Hitachi Energy", "AFS660/665S", "<= 7.1.05")], MAYBE),
        ("Hitachi Energy | AFS660-S | | 7.1.05", &[("Hitachi Energy", "AFS660/665S", "<= 7.1.05")], YES),
    ]);
}

#[test]
fn a_family_is_not_the_module_whose_order_number_is_the_name() {
    check(&[
        ("AB | CompactLogix | | 20.011", &[("Rockwell Automation", "CompactLogix 1768-EWEB", "vers:all/*")], MAYBE),
        ("AB | 1768-EWEB | | 2.005", &[("Rockwell Automation", "CompactLogix 1768-EWEB", "<= 2.005")], YES),
        (
            "AB | PanelView Plus 7 | 2711P-T12W22D9P | 12",
            &[("Rockwell Automation", "FactoryTalk View Machine Edition FactoryTalk Activation Service", "<= 4")],
            None,
        ),
    ]);
}
