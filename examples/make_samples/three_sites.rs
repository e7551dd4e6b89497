//! `three_sites.csv`: two hundred devices over three sites, drawn from a list of type plates.

/// Vendor, model, order number, firmwares that are met, kind.
type Plate = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);

const PLATES: &[Plate] = &[
    ("Schneider Electric", "PowerLogic PM8240", "METSEPM8240", &["3.0.1", "3.1.2", "4.0.0", "4.1.0", ""], "EM"),
    ("Schneider Electric", "PowerLogic ION7400", "METSEION7400", &["3.0.0", "4.0.0", ""], "EM"),
    ("Schneider Electric", "PowerLogic PM5560", "METSEPM5560", &["2.5.4", "10.6.2"], "EM"),
    ("Schneider", "ION8650", "", &["", "4.40.1"], "EM"),
    ("Siemens", "SENTRON PAC3200", "7KM2112-0BA00-3AA0", &["V2.4.6", "V2.4.7"], "EM"),
    ("Janitza", "UMG 512-PRO", "52.17.011", &["5.014"], "EM"),
    ("Siemens", "CPU 1511-1 PN", "6ES7511-1AK01-0AB0", &["V2.5.2", "V2.8.1", "V2.9.7"], "PLC"),
    ("Siemens", "CPU 1515-2 PN", "6ES7515-2AN03-0AB0", &["V3.0.1", "V3.0.3", "V3.1.0"], "PLC"),
    ("Siemens", "CPU 1512SP-1 PN", "6ES7512-1DK01-0AB0", &["V2.6.1", "V2.9.4", "V2.9.7"], "PLC"),
    ("Siemens", "CPU 1214C DC/DC/DC", "6ES7214-1AG40-0XB0", &["V4.2.1", "V4.4.0", "V4.5.2"], "PLC"),
    ("Siemens", "CPU 315-2 PN/DP", "6ES7315-2EH14-0AB0", &["V3.2.8"], "PLC"),
    ("Rockwell Automation", "ControlLogix 5580", "1756-L83E", &["32.011", "33.011", "34.014", "36.011"], "PLC"),
    ("Allen-Bradley", "GuardLogix 5580", "1756-L82ES", &["34.011", "35.013"], "PLC"),
    ("Rockwell Automation", "CompactLogix 5380", "5069-L320ER", &["31.011", "34.012", "35.013"], "PLC"),
    ("Rockwell Automation", "ControlLogix 5570", "1756-L72", &["30.014", "33.013"], "PLC"),
    ("Schneider Electric", "Modicon M340 P34-2020", "BMXP342020", &["2.90", "3.30", "3.51"], "PLC"),
    ("Schneider Electric", "Modicon M580", "BMEP582040", &["3.20", "4.20"], "PLC"),
    ("Schneider Electric", "Modicon M241", "TM241CE24T", &["5.1.9.34"], "PLC"),
    ("Mitsubishi Electric", "MELSEC iQ-R R04ENCPU", "R04ENCPU", &["43", "51", "60"], "PLC"),
    ("Mitsubishi Electric", "MELSEC iQ-R R01CPU", "R01CPU", &["18", "20"], "PLC"),
    ("WAGO", "750-881", "750-881", &["FW08", "FW10", "FW14"], "PLC"),
    ("WAGO", "750-880/025-001", "750-880/025-001", &["FW10", "FW16"], "PLC"),
    ("Moxa", "EDS-G508E", "EDS-G508E", &["5.2", "6.0", "6.2"], "SW"),
    ("Moxa", "EDS-405A", "EDS-405A", &["3.8"], "SW"),
    ("Hirschmann", "RSP35", "942053002", &["07.1.00"], "SW"),
    ("Siemens", "SINAMICS GH150 V4.8 (Control Unit)", "", &["V4.8 SP2 HF4", "V4.8 SP2 HF9"], "FU"),
    ("Siemens", "SINAMICS S120 CU320-2 PN", "6SL3040-1MA01-0AA0", &["V5.2 HF3"], "FU"),
    ("Muster Messtechnik", "Flux 60", "MM-FX60-100", &["3.2", "3.5"], "FU"),
    ("ABB", "ACS880-01", "ACS880-01-045A-3", &["3.21"], "FU"),
    ("Rockwell Automation", "PanelView 5510", "2715P-T15CD", &["4.002", "5.002"], "HMI"),
    ("Siemens", "KTP700 Basic", "6AV2123-2GB03-0AX0", &["V16.0.0.2"], "HMI"),
    ("Hitachi Energy", "REL670", "1MRK002812-AC", &["2.1", "2.2.1", "2.2.5"], "IED"),
    ("Siemens", "SIPROTEC 5 7SJ85", "7SJ85-DAAA-AA0", &["V7.80", "V8.01"], "IED"),
    ("APC", "Smart-UPS with AP9631", "SMT2200RMI2U", &["NMC2 6.8.2", "NMC2 7.0.4"], "UPS"),
    ("Eaton", "5PX 3000", "5PX3000IRT2U", &[""], "UPS"),
];

const SITES: [(&str, &str, [&str; 3]); 3] = [
    ("Dairy Westbrook", "WB", ["Pasteurising", "Filling", "Utilities"]),
    ("Quarry Hollin", "QH", ["Crusher", "Conveyors", "Substation"]),
    ("Water works Aar", "WA", ["Intake", "Filtration", "Pump station 2"]),
];

/// How many devices the file holds.
const N_DEVICES: usize = 200;

/// The file as UTF-8 bytes with a byte order mark, as Excel saves it.
///
/// Which plate and firmware come next is a fixed walk (steps that share no divisor with the lengths), so no random
/// numbers are needed and each plate is met several times at several sites.
pub fn csv() -> Vec<u8> {
    let mut text = String::from(
        "\u{feff}Asset tag,Site,Area,Manufacturer,Model,Part number,Firmware,Serial number,IP address,Criticality\r\n",
    );
    for n in 0..N_DEVICES {
        let (vendor, model, part_number, firmwares, kind) = PLATES[n * 11 % PLATES.len()];
        let firmware = firmwares[(n / PLATES.len() + n * 3) % firmwares.len()];
        let (site, short, areas) = SITES[n * 7 % 3];
        let area = areas[n / 3 % 3];
        let tag = format!("{short}-{kind}-{:03}", n + 1);
        let serial = if n % 6 == 5 { String::new() } else { format!("{short}{:07}", 1_040_017 + n * 7_919) };
        let ip = format!("10.{}.{}.{}", 60 + n * 7 % 3, n / 50, 10 + n % 50);
        let criticality = ["low", "medium", "high"][n * 5 % 3];
        text.push_str(&format!(
            "{tag},{site},{area},{vendor},{model},{part_number},{firmware},{serial},{ip},{criticality}\r\n"
        ));
    }
    text.into_bytes()
}
