use super::*;
use proptest::prelude::*;
use std::cmp::Ordering;

fn version(text: &str) -> Version {
    Firmware::read(text).main().cloned().unwrap_or_else(|| panic!("no version in `{text}`"))
}

fn order(a: &str, b: &str) -> Option<Ordering> {
    version(a).order(&version(b))
}

#[test]
fn the_chain_of_suffixes_is_ordered() {
    let chains: &[&[&str]] = &[
        &["4.5", "4.5a", "4.5 HF1", "4.5 SP1", "4.5 SP1 HF3", "4.6"],
        &["V16", "V16 Update 3", "V16 Upd4", "V16_Update_11", "V16 SP1", "V16.1"],
        &["V9.0", "V9.0 Upd3", "V9.0 SP1", "V9.0 SP1 Upd2", "V9.0 SP2"],
        &["2020", "2020 SP1", "2020 R2", "2020 R2 P01", "2020 R2 SP1", "2020 R2 SP1 P01", "2023"],
        &["15.2(4)EA3", "15.2(5)EA.fc4", "15.2(6)E0a", "15.2(6)E1", "15.2(6)E2", "15.2(6)E2a", "15.2(7)E", "15.2(7)E3"],
        &["1.154Q", "1.156", "1.156N", "1.157"],
        &["06A05", "07A03", "07A04", "08A01"],
        &["R511.5", "R511.5 TCU4", "R511.5 TCU4 HF3", "R511.5 TCU5"],
        &["R14A", "R14B", "R15", "R15A", "R15B", "R16A"],
        &["1.5.0.0 Beta 3", "1.5.0.0 Beta 4", "1.5.0.0", "1.5.0.1"],
        &["3.3.4 Build 17", "3.3.8 Build 15", "3.3.8 Build 16102416", "3.3.16"],
        &["1.000.HW00.20.20181126", "1.000.HW00.21.20190811", "1.000.HW00.21.20190812", "1.000.HW00.22.20200319"],
        &["V01L001", "V01L012", "V01L013", "V02L007"],
        &["VMS 560 build 580", "VMS560 Build 595", "VMS560 Build 595 T2-Patch", "VMS560 Build 600"],
        &["1.1.6.S0", "1.1.6.S1", "1.2.2.S0"],
        &["3.3.23.6.9", "3.3.23.6.10", "3.30_24518", "3.30 24519", "3.31"],
        &["1.9", "1.10", "1.10.1", "2"],
        &["A.07.53", "A.07.107", "A.07.108", "B.02"],
        &["1p1r26", "1p1r27", "1p2r3"],
        &["nxpg100cv3-9-2", "nxpg100cv4-0-0", "nxpg100cv4-0-1"],
    ];
    for chain in chains {
        for (place, low) in chain.iter().enumerate() {
            for high in &chain[place + 1..] {
                assert_eq!(order(low, high), Some(Ordering::Less), "{low} < {high}");
                assert_eq!(order(high, low), Some(Ordering::Greater), "{high} > {low}");
            }
        }
    }
}

#[test]
fn spellings_of_one_version_are_equal() {
    let same: &[&[&str]] = &[
        &["8.5.1", "8.5.1.default"],
        &["10.97.2 Rollup 2", "10.97.2 Critical Fixes Rollup 2"],
        &["V2.9.7", "2.9.7", "V02.09.07", "FW 2.9.7", "firmware version V2.9.7", "Ver.2.9.7", "v.2.9.7", "2.9.7.0"],
        &["33.011", "33.11", "FRN 33.011", "v33.011"],
        &["V16 Update 5", "V16 Upd5", "v16_Update_5", "V16 U5", "16 Upd 05"],
        &["V4.5 SP6 HF2", "4.5 SP6 Hotfix 2", "V4.5 Service Pack 6 HF 2"],
        &["V3.18 P002", "V3.18-P002", "3.18 Patch 2"],
        &["MX-V5.4.6.6", "5.4.6.6"],
        &["M2.1.6.05", "2.1.6.5"],
        &["ROS v4.3.8", "4.3.8"],
        &["CPCI85 V05.20", "V5.20"],
        &["AOS 6.9.8", "NMC2 AOS v6.9.8", "6.9.8"],
        &["IOS 15.2(6)E0a", "15.2(6)E0a"],
        &["unit ver 2.1", "2.1"],
        &["20.019_CMP", "20.019"],
        &["Niagara 4.8.0.110", "4.8.0.110"],
        &["V1.00_2017_12_15", "1.00 2017 12 15"],
        &["V20.3 HotfixRev12", "20.3 HF12"],
        &["R121-V2", "SEL-751-R121-V2-Z012004-D20220815"],
        &["VX.2.14", "X.2.14"],
        &["1.05 F", "1.05F"],
        &["Rev M", "M"],
    ];
    for spellings in same {
        for other in *spellings {
            assert_eq!(order(spellings[0], other), Some(Ordering::Equal), "{} = {other}", spellings[0]);
        }
    }
}

#[test]
fn versions_of_different_kinds_are_not_ordered() {
    for (a, b) in [
        ("2020 R2", "10.4"),
        ("L81", "U61"),
        ("L81", "12"),
        ("A.07.107", "7.107"),
        ("9.4 FP1", "9.4 SP2"),
        ("V8.0", "Update 19"),
        ("BT05", "7"),
    ] {
        assert_eq!(order(a, b), None, "{a} and {b}");
        assert_eq!(order(b, a), None, "{b} and {a}");
    }
}

#[test]
fn texts_that_say_nothing_are_not_stated() {
    for text in [
        "",
        "  ",
        "?",
        "-",
        "--",
        "n/a",
        "N.A.",
        "unknown",
        "Unbekannt",
        "k.A.",
        "tbd",
        "V?",
        "xxx",
        "V x.x",
        "???",
        "? (02-Sep)",
        "?3.1",
    ] {
        assert!(!Firmware::read(text).is_stated(), "{text:?}");
    }
    for text in ["N", "V2", "0", "D", "latest", "33.011"] {
        assert!(Firmware::read(text).is_stated(), "{text:?}");
    }
}

#[test]
fn several_versions_keep_their_names() {
    let named = |text: &str| -> Vec<(String, String)> {
        Firmware::read(text).versions().iter().map(|v| (v.name().to_owned(), v.text().to_owned())).collect()
    };
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(named("V5.3 on ROX II 2.14.1"), [pair("", "V5.3"), pair("ROX II", "2.14.1")]);
    assert_eq!(named("V8.1 WinCC V7.3 Upd 18"), [pair("", "V8.1"), pair("WinCC", "V7.3 Upd 18")]);
    assert_eq!(named("A0 UN30 1.74"), [pair("", "A0"), pair("UN30", "1.74")]);
    assert_eq!(named("FPGA_10.19_CPU_2.0.6"), [pair("FPGA", "10.19"), pair("CPU", "2.0.6")]);
    assert_eq!(named("V2.3.0 FS3"), [pair("", "V2.3.0"), pair("", "FS3")]);
    assert_eq!(Firmware::read("S/N 210710000123456").serial_number(), Some("210710000123456"));
    assert_eq!(Firmware::read("V2.1 SN: 20X123").serial_number(), Some("20X123"));
}

#[test]
fn a_bracket_is_a_firmware_number() {
    assert_eq!(version("01.09.18(13)").bracket, Some(13));
    assert_eq!(version("15.2(6)E0a").bracket, None);
}

/// Versions as the corpus writes them, put together from their parts.
fn any_version() -> impl Strategy<Value = String> {
    let core = prop::collection::vec(0u32..4, 1..4)
        .prop_map(|numbers| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("."));
    let suffix = prop::sample::select(vec![
        "",
        "a",
        "b",
        " HF1",
        " HF2",
        " SP1",
        " SP1 HF1",
        " SP2 Update 1",
        " Update 1",
        " Upd2",
        " P001",
        " Build 7",
        "(1)",
        "(2)E1a",
        " R2",
        " R2 SP1",
        "-r1",
        " FP1",
        " Beta 1",
        "_1",
        "A03",
        ".S1",
        " 20190101",
        "-GA-01",
    ]);
    let lead = prop::sample::select(vec!["", "V", "FW ", "Ver. "]);
    (lead, core, suffix).prop_map(|(lead, core, suffix)| format!("{lead}{core}{suffix}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn reading_never_panics(text in ".{0,60}") {
        let firmware = Firmware::read(&text);
        prop_assert_eq!(firmware.raw(), text.as_str());
    }

    #[test]
    fn reading_version_like_text_never_panics(text in "[vVRA-Fx0-9. _()|/<>=*-]{0,30}") {
        Firmware::read(&text);
    }

    #[test]
    fn the_order_is_antisymmetric(a in any_version(), b in any_version()) {
        prop_assert_eq!(order(&a, &b), order(&b, &a).map(Ordering::reverse));
        prop_assert_eq!(order(&a, &a), Some(Ordering::Equal));
    }

    #[test]
    fn the_order_is_transitive(a in any_version(), b in any_version(), c in any_version()) {
        if let (Some(ab), Some(bc)) = (order(&a, &b), order(&b, &c))
            && ab != Ordering::Greater && bc != Ordering::Greater
        {
            let expected = if ab == Ordering::Equal && bc == Ordering::Equal { Ordering::Equal } else { Ordering::Less };
            prop_assert_eq!(order(&a, &c), Some(expected), "{} {} {}", a, b, c);
        }
    }

    #[test]
    fn blanks_padding_and_a_leading_v_change_nothing(numbers in prop::collection::vec(0u32..40, 1..5), other in prop::collection::vec(0u32..40, 1..5)) {
        let plain = |n: &[u32]| n.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let padded = |n: &[u32]| format!(" V{} ", n.iter().map(|x| format!("{x:03}")).collect::<Vec<_>>().join("."));
        prop_assert_eq!(order(&plain(&numbers), &plain(&other)), order(&padded(&numbers), &plain(&other)));
        prop_assert_eq!(order(&plain(&numbers), &padded(&numbers)), Some(Ordering::Equal));
    }
}

#[test]
fn every_suffix_word_is_found_by_its_first_letter() {
    for (text, plain) in
        [("4.5 Kit 1", "4.5"), ("4.5 BN 3", "4.5"), ("4.5 QU1", "4.5"), ("4.5 IP8", "4.5"), ("4.5 TCU2", "4.5")]
    {
        assert_eq!(order(plain, text), Some(Ordering::Less), "{text}");
    }
}

#[test]
fn makers_who_leave_out_a_zero_at_the_end_of_the_second_number_get_it_back() {
    let pairs = [
        ("<v6.4", "<v6.40"),
        ("6.31.00", "6.31.00"),
        ("6.4.1", "6.40.1"),
        (">=6.1|<6.40", ">=6.10|<6.40"),
        ("v10", "v10"),
        ("2.", "2."),
        ("6.x", "6.x"),
        ("6.4é", "6.40é"),
        ("", ""),
    ];
    for (text, padded) in pairs {
        assert_eq!(super::with_two_digit_minors(text), padded, "{text}");
    }
}
