use super::*;
use crate::domain::verdict::DoubtKind;
use proptest::prelude::*;

fn answer(text: &str, product_name: &str, firmware: &str) -> RangeAnswer {
    let firmware = Firmware::read(firmware);
    VersionRange::read(text, product_name).answer(DeviceReading {
        firmware: &firmware,
        serial_number: "",
        hardware_revision: "",
    })
}

fn place(text: &str, product_name: &str, firmware: &str) -> Place {
    answer(text, product_name, firmware).place
}

/// Each line: version text, product name, then firmwares inside, outside and unclear.
type Line = (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn check(lines: &[Line]) {
    let mut wrong = String::new();
    for (text, name, inside, outside, unclear) in lines {
        for (expected, firmwares) in [(Place::Inside, inside), (Place::Outside, outside), (Place::Unclear, unclear)] {
            for firmware in *firmwares {
                let found = answer(text, name, firmware);
                if found.place != expected || found.doubts.is_empty() != (expected != Place::Unclear) {
                    let words = VersionRange::read(text, name).in_words();
                    wrong.push_str(&format!(
                        "`{text}` with `{firmware}`: {:?}, expected {expected:?}; {}; read as: {words}\n",
                        found.place, found.sentence
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn vers_in_its_schemes() {
    check(&[
        ("vers:intdot/>=1.0|<2.0", "", &["1.0", "1.9.9"], &["2.0", "0.9"], &["", "n/a"]),
        ("vers:generic/<=4.2.1", "", &["4.2.1", "4.2"], &["4.2.2", "4.3"], &["4.2.1.1"]),
        ("vers:semver/>=1.0.0-beta|<1.2.0", "", &["1.0.0-rc1", "1.1.9"], &["1.0.0-alpha", "1.2.0"], &[]),
        ("vers:generic/1.2.3|>=2.0.0|<5.0.0", "", &["1.2.3", "2.0.0", "4.9"], &["1.2.4", "5.0.0"], &[]),
        ("vers:intdot/<1.0|>=2.0|<3.0", "", &["0.9", "2.5"], &["1.0", "1.5", "3.0"], &[]),
        ("vers:intdot/<=1.0|>=2.0", "", &["1.0", "2.0", "9"], &["1.5"], &[]),
        ("vers:intdot/>=1.0|!=1.5|<2.0", "", &["1.4", "1.6"], &["1.5", "2.0"], &[]),
        ("vers:generic/%3C2.0", "", &["1.9"], &["2.0"], &[]),
        ("vers:all/*", "", &["1.0", "", "?"], &[], &[]),
    ]);
}

#[test]
fn what_a_firmware_shows_beside_its_version() {
    check(&[
        // A version that is left open says too little.
        ("< 2.80", "", &["1.x"], &["3.x"], &["2.x"]),
        // Of two numberings the one that begins alike.
        ("2.0 (Gold Build 683.0)", "", &["2.0", "683.0"], &["2.1"], &[]),
        // A lost digit.
        ("< 17.0 ?.10", "", &["V16.02.08", "17.0"], &["V18.01.06"], &[]),
        ("<= D25", "", &["vD24", "D25"], &["VD30"], &[]),
        ("FOX615 System Release R14A", "", &["FOX615 R14A"], &["FOX615 R15A"], &[]),
        ("<= 2.9 17030709", "", &["2.9 Build 16102416"], &["2.9 Build 19112115"], &[]),
        ("<= HiOS 07.0.02", "", &["HiOS-2S-07.0.01"], &["HiOS-2S-07.0.03"], &[]),
        ("< V4.33", "", &["EN100 IEC61850 V04.32.00"], &["EN100 IEC61850 V04.33.00"], &[]),
        // The system that it runs on.
        (
            "< 7.101 (only Microsoft Windows versions are affected)",
            "",
            &["7.92 (Windows)"],
            &["7.92 (Linux)"],
            &["7.92"],
        ),
        ("vers:all/*_installed_on_CP200_devices", "", &["V7.90 (CP200)"], &[], &["V7.90"]),
        // The name of a product, or what it is built with, in place of a version.
        ("Sofia 3G-R W", "Intel 2G Modem - Sofia 3G-R W", &["1.0.4", ""], &[], &[]),
        (
            "Windows 10 Professional Operating System U.S. release",
            "FACSLyric: IVD Windows 10 Professional Operating System U.S. release",
            &[],
            &[],
            &["1.4", ""],
        ),
    ]);
}

#[test]
fn broken_vers_and_signs() {
    check(&[
        ("vers:all/<V4.5", "", &["V4.4.9", "4.4"], &["V4.5.0", "4.6"], &["unbekannt"]),
        ("vers:all/>=V2.9.2<V2.9.4", "", &["V2.9.2", "2.9.3"], &["V2.9.4", "2.9.1", "V3.0.3"], &[]),
        ("< V4.5 SP1", "", &["V4.5", "4.5 HF9"], &["V4.5 SP1", "4.6"], &[]),
        ("< V16 Update 4", "", &["V16 Update 3", "V16"], &["V16 Upd4", "V16.1"], &[]),
        ("< V4.7 SP10 HF5", "", &["V4.7 SP10 HF3", "V4.7 SP9"], &["V4.7 SP10 HF5", "V4.7 SP11"], &[]),
        ("<= V4.5", "", &["V4.5.0", "4.4"], &["4.6"], &["4.5.1"]),
        ("<= 5.10 Build 1234", "", &["5.10 Build 1000", "5.9"], &["5.10 Build 1300", "5.11"], &[]),
        ("< 2.90", "", &["SV2.80"], &["SV2.90"], &[]),
        ("=< 3.1", "", &["3.1"], &["3.2"], &[]),
        ("< 15.2{7}E2", "", &["15.2(6)E0a", "15.2(7)E1"], &["15.2(7)E2"], &[]),
        ("<=firmware_32", "", &["32", "FW31"], &["33"], &[]),
    ]);
}

#[test]
fn lists_and_ranges() {
    check(&[
        ("6.00 | 6.10 | 6.11", "", &["6.0", "V6.11"], &["6.20", "5.9"], &[]),
        ("V1.1, V1.2, and V1.3", "", &["1.2"], &["1.4"], &[]),
        ("2.02 2.51 2.54", "", &["2.51"], &["2.52"], &[]),
        ("2018 | 2018 SP2", "", &["2018", "2018 SP2"], &["2018 SP1", "2019"], &["3.4"]),
        ("v13.3.0 | v13.3.1 R5", "", &["13.3.0", "13.3.1 R5"], &["13.3.2"], &["13.3.1"]),
        ("28-33", "", &["28.011", "33"], &["27", "34"], &["33.5"]),
        ("12.4.1-12.4.11", "", &["12.4.9"], &["12.4.12", "12.5"], &[]),
        ("R1.01 through R4.31", "", &["R3.20"], &["R4.32", "R1.00"], &["R4.31.01"]),
        ("1.265B -1.285X", "", &["1.270K", "1.285X"], &["1.286A", "1.264Z"], &[]),
        ("Versions 2.00 to 6.11", "", &["2.0", "6.11"], &["6.12"], &[]),
        ("> 4.001 | < 4.005 | > 5.011 | < 5.017", "", &["4.003", "5.014"], &["4.005", "5.002", "5.017"], &[]),
        (">= 9.3.0 -  but not including 9.3.8", "", &["9.3.0", "9.3.7"], &["9.3.8"], &[]),
        ("16 <= 20", "", &["16", "18.5", "20"], &["15", "21"], &[]),
        ("V7.1 < V7.1 Upd3", "", &["V7.1", "7.1 Upd2"], &["7.1 Upd3", "7.0 SP1"], &[]),
        ("V1.1, V1.2,", "", &["V1.2"], &[], &["V1.5"]),
    ]);
}

#[test]
fn every_line_is_judged_by_its_own_fix() {
    check(&[
        (
            "<v36.011_v35.013_v34.014",
            "",
            &["34.013", "35.012", "33.99"],
            &["34.014", "34.020", "35.013", "36.011", "37"],
            &[],
        ),
        ("<= 4.2.21 | <= 5.0.27", "", &["4.2.21", "5.0.1", "3.9"], &["4.2.22", "5.0.28", "6.0"], &[]),
        ("<= U61 | <= L81", "", &["U60", "L81"], &["U62", "L82"], &[]),
        (
            "< 11.8.50 (ME) | < R1.21.0 (BIOS)",
            "",
            &["BIOS R1.20.0", "ME 11.8.49"],
            &["BIOS R1.21.0", "ME 11.8.50"],
            &[],
        ),
        (
            "< 1.99 | 2.20 | 2.40",
            "X: versions prior to 1.99 2.20 or 2.40",
            &["1.98", "2.19"],
            &["1.99", "2.20", "2.40"],
            &[],
        ),
    ]);
}

#[test]
fn wildcards_of_three_kinds() {
    check(&[
        ("13.1.*", "", &["13.1", "13.1.4.2"], &["13.2", "12.1"], &[]),
        ("2.X", "", &["2", "2.9"], &["3.0"], &[]),
        ("8.1x", "", &["8.1", "8.14"], &["8.2", "8.20"], &[]),
        ("R15x", "", &["R15"], &["R16A"], &[]),
        ("< V3.X.14", "", &["V3.2.12", "3.3.13", "2.6.20"], &["3.3.14", "V4.1"], &[]),
        ("<= 12.2.x.x", "", &["12.2.9.1", "12.1"], &["12.3"], &[]),
        ("< 3.x", "", &["2.9"], &["3.0"], &[]),
        ("All versions < VX.2.14", "", &["VX.2.13", "X.2.9"], &["VX.2.14"], &[]),
    ]);
}

#[test]
fn prose() {
    check(&[
        ("prior to 3.1", "", &["3.0.9"], &["3.1"], &[]),
        ("3.1 and prior", "", &["3.1", "2"], &["3.2"], &["3.1.1"]),
        ("2.3.6 and  below", "", &["2.3.6"], &["2.3.7"], &[]),
        ("up to and including 2.0", "", &["2.0"], &["2.1"], &[]),
        ("older than 5.0", "", &["4.9"], &["5.0"], &[]),
        ("5.0 and later", "", &["5.0", "5.0.1", "6"], &["4.9"], &[]),
        ("All versions between V2.5 (including) and V2.7 (excluding)", "", &["V2.5", "2.6"], &["V2.7", "2.4"], &[]),
        (">FW16_up_to_and_including_FW26", "", &["FW17", "26"], &["FW16", "27"], &[]),
        ("4.1 (and possibly prior versions)", "", &["4.1"], &["4.2"], &["4.0"]),
        ("<= 9.6 (excluding 9.4.2.6 and 9.5.3.2)", "", &["9.5.3.1"], &["9.4.2.6", "9.7"], &[]),
        ("No version", "", &[], &["1.0", ""], &[]),
    ]);
}

#[test]
fn dates_serial_numbers_and_other_kinds() {
    check(&[
        ("<April/20/2023", "", &["2023-03-15"], &["20-Apr-2023"], &["A.33.03", ""]),
        ("< 20210208", "", &["20210207", "OS 20200615", "7.00-20140621"], &["20210208"], &["V2.10"]),
        ("<= January 2019", "", &["Jan 2019", "2018-10", "2019-01-15"], &["April 2019"], &["1.14"]),
        ("2014-2015", "", &["MY2015"], &["MY2017"], &["1.04"]),
        ("<=d78dda6", "", &[], &[], &["1.2.3", "a1b2c3d"]),
        ("< 2021", "", &["2020 R2"], &["V2021"], &["4.5"]),
        ("BT05 | BT08", "", &["BT08"], &["BT07"], &["7"]),
        ("< FW11", "", &["FW10", "01.02.03(08)"], &["01.09.18(13)", "12"], &[]),
        ("2nd Edition", "", &["2nd Edition"], &[], &["V2.12"]),
    ]);
    let rule = VersionRange::read("<=the_first_5_digits_of_serial_number_22031", "");
    let firmware = Firmware::read("05");
    let with = |serial_number| {
        let found = rule.answer(DeviceReading { firmware: &firmware, serial_number, hardware_revision: "" });
        assert!(found.depends_on_serial);
        found.place
    };
    assert_eq!(with("220310000123456"), Place::Inside);
    assert_eq!(with("S/N 220410000123456"), Place::Outside);
    assert_eq!(with(""), Place::Unclear);
    let months = VersionRange::read("<=the_first_3_digits_of_serial_number_20X", "");
    for (serial_number, expected) in
        [("209123456", Place::Inside), ("20X1234", Place::Inside), ("20Y1234", Place::Outside)]
    {
        let found = months.answer(DeviceReading { firmware: &firmware, serial_number, hardware_revision: "" });
        assert_eq!(found.place, expected, "{serial_number}");
    }
}

#[test]
fn conditions_beside_the_version() {
    check(&[
        ("< V10.3 only if web components are used", "", &[], &["V10.3"], &["V10.2"]),
        ("All versions with U-Boot < V2016.05", "", &["U-Boot 2016.04"], &["U-Boot V2016.05"], &["ROS v4.3.8", ""]),
        (
            "All versions only when running on ROX II < V2.15.1",
            "",
            &["V5.3 on ROX II 2.14.1"],
            &["V5.3 (ROX II V2.15.1)"],
            &["V5.2"],
        ),
        ("<=2.0.0.5_with_DOPSoft_v5.0.0.93", "", &["2.0.0.5 with DOPSoft 5.0.0.93"], &["2.1.0.10"], &["2.0.0.5"]),
        (
            "< V8.1 with WinCC V7.3 Upd 19",
            "",
            &["V8.1 WinCC V7.3 Upd 18"],
            &["V8.1 with WinCC V7.3 Upd 19", "V9.0"],
            &["V8.1 SP1"],
        ),
        (
            "9.x (with Battery Modules >= 22D19 | <= v22D28)",
            "",
            &["9.01 with Battery Modules v22D24"],
            &["8.0"],
            &["9.02"],
        ),
        ("<= 7.20 (7.50 may also be affected if installed by hand)", "", &["7.20"], &["8.00"], &["7.50"]),
        (">= 21", "Logix 9: Version 21 and later when passwords are enabled", &[], &["20.011"], &["21.002"]),
    ]);
    let range = VersionRange::read("All versions <= V2.3.0 and Function State (FS) <= 3", "");
    let firmware = Firmware::read("V2.2");
    for (hardware_revision, expected) in [("FS 3", Place::Inside), ("FS04", Place::Outside), ("", Place::Unclear)] {
        let found = range.answer(DeviceReading { firmware: &firmware, serial_number: "", hardware_revision });
        assert_eq!(found.place, expected, "{hardware_revision}");
    }
}

#[test]
fn part_numbers_and_models_mean_all_their_versions() {
    for (text, name) in [
        ("1766-L32BXB", "MicroLogix 1400: 1766-L32BXB"),
        ("2730844", "FC 350: Article number 2730844"),
        ("750-82xx/xxx-xxx", "Series PFC200: (750-82xx/xxx-xxx)"),
        ("HEN16304", "Cameras: HEN16304"),
        ("MMT-1715 | MMT-1754", "Pump: MMT-1715 MMT-1754"),
        ("Legacy LC-Series", "exacq - Legacy LC-Series"),
        ("TSXETY5103 *", "Premium modules: TSXETY5103 all versions"),
    ] {
        let range = VersionRange::read(text, name);
        assert!(range.named_product().is_some() && range.is_all(), "{text}: {}", range.in_words());
    }
    for text in ["R204-V1", "2.03-06", "SR620", "V191-V195", "5.3.0-64", "20210208", "12.4.1-12.4.11", "BT05", "R15A"] {
        assert_eq!(VersionRange::read(text, "").named_product(), None, "{text}");
    }
}

#[test]
fn the_product_name_mends_the_text() {
    check(&[
        ("<= 2", "System Platform 2017: Update 2 and prior", &["2017 Update 2", "2017"], &["2017 Update 3"], &[""]),
        ("<= SP1", "Server 2020 R2: SP1 and all prior versions", &["2020 R2"], &["2020 R2 SP2"], &[]),
        ("< 8.0 SP2", "Studio: v8.0 SP2 or prior", &["8.0 SP2"], &["8.1"], &[]),
        ("5.011  | < 8.011", "PanelView: >= 5.011 | < 8.011", &["5.011", "7.1"], &["5.010", "8.011"], &[]),
        (">= <= 2.2 | 2.5.1", "CPU: v2.2 and later prior to v2.5.1", &["2.2", "2.5"], &["2.5.1", "2.1"], &[]),
        ("> 1.7.5.0", "Router: versions older than 1.7.5.0", &["1.7.4"], &["1.7.5.0", "1.8"], &[]),
        ("1.1.5", "Gateway: 1.1.5 and prior", &["1.1.5", "1.0"], &["1.1.6"], &[]),
        ("2.1", "Device server: Firmware Versions 2.10", &["2.10", "V2.10", "2.1"], &["2.2", "2.11"], &[]),
        ("< 2.1", "Device server: Versions prior to 2.10", &["2.1", "2.9"], &["2.10", "2.11"], &[]),
        ("<Hotfix-145271", "Expert: <Hotfix-145271", &["Hotfix 145270"], &["Hotfix-145271"], &["9.0"]),
        ("< 6.6 (6.x series)", "Explorer: Versions 6.x prior to 6.6", &["6.5"], &["6.6", "5.9"], &[]),
    ]);
}

#[test]
fn texts_as_publishers_write_them() {
    check(&[
        ("HD 16 | HD23", "1.5T Signa Hdx: HD 16 | HD23", &["HD16", "HD 23"], &["HD22"], &[]),
        ("<=LF", "M750VW (BND-1015W002-**): <=LF", &["LF", "LE"], &["LG"], &[]),
        ("<= 3.3-006 (with <= bacnetstac 4.2.1)", "", &[], &["3.3-007"], &["3.3-006", "3.2-009"]),
        ("<=QRTB_2.12.7", "", &["QRTB 2.12.7", "2.12.6"], &["QRTB_2.12.8"], &[]),
        ("<IP8_SR4", "", &["IP8 SR3", "IP7", "IP8"], &["IP8 SR4", "IP9"], &["V4.1"]),
        ("< R520.2", "", &["R510.2 HF5", "R520.1"], &["R520.2", "R520.2 TCU1"], &[]),
        ("< 04.09.00C", "", &["04.09.00", "04.09.00B"], &["04.09.00C", "04.10"], &[]),
        ("< 14.00.15.00_51.25.00.01", "", &["V14.00.15.00_51.20.00.00", "14.00.14"], &["14.00.15.00_51.25.00.01"], &[]),
        ("< 6.5.1.5-4.3.1.8", "", &["6.5.1.5-4.3.1.7", "6.5.1.4"], &["6.5.1.5-4.3.1.8", "8.4"], &[]),
        ("<=production_date_December_2020", "", &[], &[], &["05", ""]),
        ("< 9  Linux Image 2019-12-13", "", &["Debian 9 Linux Image 2019-10-01"], &["10"], &["9"]),
        ("> 6.8.6 | < 6.9.2 CU01", "", &["6.9.2"], &["6.9.2 CU01", "6.8.6"], &[]),
        ("v4.1SAA", "", &["v4.1SAA"], &["v4.1NA", "4.2"], &[]),
        ("9.4 FP1 | 9.4 FP2", "", &["9.4 FP2"], &["9.4 SP1", "9.4 FP3"], &[]),
        ("A.01 <= C.0x | 4.0", "", &["B.01", "C.03", "4.0"], &["C.10", "D.00"], &[]),
        (">= A1.5.3 | <= B1.2.4", "", &["A1.5.3", "A2.0", "B1.2.4"], &["A1.5.2", "B1.2.5", "C1.0"], &[]),
        ("<=v2.11_including_hotfixes", "", &["2.11", "2.11 HF3", "2.10"], &["2.12"], &[]),
        ("2.", "PnPSCADA (cross platforms): v2.*", &["2.5", "2"], &["3.0"], &[]),
        ("M221", "Schneider: Modicon M221", &["1.6.2", ""], &[], &[]),
        ("<=PSC_2020_v5.21.x", "", &["5.20.1", "5.21.3"], &["5.22.1"], &[]),
        (
            "FPGA_10.19_CPU_2.0.6",
            "PolyEco1000: FPGA_10.19_CPU_2.0.6",
            &["FPGA 10.19 CPU 2.0.6"],
            &["FPGA 10.19 CPU 2.0.5", "FPGA 10.16"],
            &["FPGA 10.19", "CPU 2.0.6"],
        ),
        ("R204 | R204-V1", "Gateway: R204 R204-V1", &["R204", "R204-V1"], &["R204-V2", "R203"], &[]),
        (">= V17 Update 2 < V17 Update 4", "SIMATIC WinCC V17", &["V17 Upd3"], &["V17", "V17 Update 4"], &[]),
        ("vers:all/<CPCI85 V05", "CP-8031 MASTER MODULE", &["CPCI85 V04.92", "V4"], &["CPCI85 V05.00"], &[]),
        (
            "All versions with Nozomi Guardian / CMC before V22.6.3 or 23.1.0",
            "",
            &["Guardian 22.6.2", "Nozomi Guardian 23.0"],
            &["Guardian 22.6.3"],
            &["V2.1"],
        ),
        (
            ">=R301-V0|<R301-V6",
            "Relay: >=R301-V0|<R301-V6",
            &["SEL-751-R301-V5-Z012004-D20220815"],
            &["R301-V6", "SEL-751-R302-V0-Z1-D2"],
            &[],
        ),
        (">= 6.x | <= 10.x", "", &["6.0", "10.0.2"], &["11", "5.9"], &[]),
        ("5.1.0-x | 5.1.1-x | >= 6.0.0-1 | <= 6.0.0-3", "", &["5.1.0-2", "6.0.0-3"], &["6.0.0-4", "5.1.2-1"], &[]),
        ("<V4.95_SP3_in_connection_with_using_CMC_<=V4.8_SP1", "", &[], &["V4.95 SP3"], &["V4.95 SP2"]),
        ("V4.7: < V4.7 HF27", "", &["V4.7", "V4.7 HF26"], &["V4.7 HF27", "V4.6"], &[]),
        ("<= 1.0.3 (3354)", "", &["1.0.3 (3354)", "1.0.3 (3300)"], &["1.0.3 (3355)", "1.0.4"], &[]),
        ("<=1.4 Build 160062919", "", &["1.3 Build 170000000"], &["1.4 Build 170000000"], &[]),
        ("< co5ne_r2d14_03.esw", "", &["co5ne_r1h07_12", "co5ne_r2d14_02.esw"], &["co5ne_r2d14_03.esw"], &[]),
        (
            "< 1.2 FP2 HF10 (Build Nr. 1.2.14002.506)",
            "",
            &["1.2 FP2 HF9", "1.2.14002.505"],
            &["1.2 FP2 HF10", "1.2.14002.506"],
            &[],
        ),
        ("< R02 (or Software Version 1.1.13166)", "", &["R01", "1.1.13000"], &["R02", "1.1.13166"], &[]),
    ]);
}

#[test]
fn what_is_not_understood_is_never_silent() {
    for text in ["?!", "see the vendor's page", "<", "< 17.0 ?", ">= 4.5.0 | <= 3.5.2"] {
        let range = VersionRange::read(text, "");
        assert!(range.unread().is_some(), "{text}: {}", range.in_words());
        assert_eq!(place(text, "", "1.0"), Place::Unclear, "{text}");
    }
}

#[test]
fn doubts_name_their_kind() {
    let kind = |text: &str, name: &str, firmware: &str| answer(text, name, firmware).doubts[0].kind;
    assert_eq!(kind("< 2.0", "", ""), DoubtKind::VersionUnknown);
    assert_eq!(kind("<= 33", "", "33.011"), DoubtKind::ImpreciseBound);
    assert_eq!(kind("< 2.0 only with option X", "", "1.0"), DoubtKind::Condition);
    assert_eq!(kind("<= first 2 digits of serial number are 04", "", "1"), DoubtKind::Condition);
    assert_eq!(kind("< 20210208", "", "V2.1"), DoubtKind::VersionUnknown);
}

#[test]
fn answers_tell_what_was_compared() {
    let said = |text: &str, firmware: &str| answer(text, "", firmware).sentence;
    assert_eq!(said("< V4.0.0", "V3.1.2"), "V3.1.2 is below V4.0.0");
    assert_eq!(said("< V4.0.0", "4.0"), "4.0 is V4.0.0, which is not included");
    assert_eq!(said("< V4.0.0", "V4.1"), "V4.1 is above V4.0.0");
    assert_eq!(said("*", ""), "all versions");
    let range = VersionRange::read(">= V2.0 < V2.1.4", "");
    assert_eq!(range.in_words(), "from V2.0 to below V2.1.4");
    assert_eq!(range.fix_candidates(), ["V2.1.4"]);
    assert_eq!(range.what_would_change().as_deref(), Some("V2.1.4 or later: not affected"));
}

/// Any text: its characters are those that version texts are made of.
const TEXT: &str =
    "[vVxX0-9.,;|<>=*()/_ -]{0,24}|(vers:all/)?[<>]=?V?[0-9]{1,3}(\\.[0-9]{1,3}){0,3}( SP[0-9])?|.{0,40}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_and_answering_never_panics(text in TEXT, name in ".{0,40}", firmware in "(V?[0-9]{1,2}(\\.[0-9]{1,3}){0,3})|.{0,20}") {
        let found = answer(&text, &name, &firmware);
        prop_assert_eq!(found.doubts.is_empty(), found.place != Place::Unclear);
        prop_assert!(!found.sentence.is_empty());
    }

    #[test]
    fn an_excluded_bound_parts_below_from_above(numbers in prop::collection::vec(0u32..30, 1..5), other in prop::collection::vec(0u32..30, 1..5)) {
        let plain = |n: &[u32]| n.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let (bound, firmware) = (plain(&numbers), plain(&other));
        let mut padded = (numbers.clone(), other.clone());
        padded.0.resize(5, 0);
        padded.1.resize(5, 0);
        let expected = if padded.1 < padded.0 { Place::Inside } else { Place::Outside };
        for text in [format!("< {bound}"), format!("vers:all/<V{bound}"), format!("All versions < V{bound}"), format!("prior to {bound}")] {
            prop_assert_eq!(place(&text, "", &firmware), expected, "{} with {}", text, firmware);
        }
        let at_least = if expected == Place::Inside { Place::Outside } else { Place::Inside };
        prop_assert_eq!(place(&format!(">= {bound}"), "", &firmware), at_least);
    }

    #[test]
    fn spelling_changes_no_answer(numbers in prop::collection::vec(0u32..30, 2..5), other in prop::collection::vec(0u32..30, 1..5)) {
        let plain = |n: &[u32]| n.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        let padded = |n: &[u32]| format!(" V{}", n.iter().map(|x| format!("{x:02}")).collect::<Vec<_>>().join("."));
        let text = format!("<= {}", plain(&numbers));
        let answer = place(&text, "", &plain(&other));
        prop_assert_eq!(place(&text, "", &padded(&other)), answer);
        prop_assert_eq!(place(&format!("<={}", padded(&numbers).trim()), "", &plain(&other)), answer);
    }
}
