//! `riverside.xlsx`: the sample plant, three sites and sixty devices, and the same plant after an outage.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

const RIVERSIDE: &str = "Riverside";
const NORTH: &str = "Substations North";
const SUED: &str = "Kraftwerk Süd / 主変電所";

/// Eighty characters, the longest tag that the sample shows.
const LONG_TAG: &str = "=KWS+10MKA01-FD12/Leistungsschalterfeld-04-Messumformer-Ersatzgerät-2011-nr-0042";

/// Tag, site, area, manufacturer, model, firmware, order number, serial number, notes. A firmware in angle
/// brackets is written as a number with two decimals in its format.
type Meter = [&'static str; 9];

const METERS: &[Meter] = &[
    ["MTR-0401", RIVERSIDE, "Substation A", "SE", "ION 7400", "3.0.0", "", "MJ-1705A101-02", ""],
    ["MTR-0402", RIVERSIDE, "Substation A", "SE", "ION 7400", "3.0.0", "", "MJ-1705A118-02", ""],
    ["MTR-0403", RIVERSIDE, "Substation A", "SE", "ION 7400", "3.0.0", "", "MJ-1705A120-02", ""],
    ["MTR-0404", RIVERSIDE, "Substation B", "SE", "ION 7400", "3.0.0", "", "MJ-1708A006-02", ""],
    ["MTR-0405", RIVERSIDE, "Substation B", "SE", "ION 7400", "3.0.0", "", "MJ-1708A011-02", ""],
    ["MTR-0406", RIVERSIDE, "Substation B", "SE", "ION 7400", "3.0.0", "", "MJ-1708A017-02", "door open, display dark"],
    ["MTR-0407", RIVERSIDE, "Boiler house", "SE", "ION 7400", "3.0.0", "", "MJ-1711A050-02", ""],
    ["MTR-0408", RIVERSIDE, "Boiler house", "SE", "ION 7400", "3.0.0", "", "MJ-1711A051-02", ""],
    ["MTR-0409", RIVERSIDE, "Boiler house", "SE", "ION 7400", "3.0.0", "", "MJ-1711A052-02", ""],
    ["N-EM-01", NORTH, "Feeder 1", "Schneider", "ION7400", "", "", "MJ-1802B003-02", ""],
    ["N-EM-02", NORTH, "Feeder 2", "Schneider", "ION7400", "", "", "MJ-1802B004-02", ""],
    ["N-EM-03", NORTH, "Feeder 3", "Schneider", "ION7400", "", "", "MJ-1802B009-02", ""],
    ["MTR-0412", RIVERSIDE, "Pump hall", "Schneider Elec.", "PM8000", "3.1.2", "METSEPM8210", "MW-1604A220-01", ""],
    ["MTR-0413", RIVERSIDE, "Pump hall", "Schneider Elec.", "PM8000", "3.1.2", "METSEPM8210", "MW-1604A221-01", ""],
    ["MTR-0414", RIVERSIDE, "Pump hall", "Schneider Elec.", "PM8000", "3.1.2", "METSEPM8210", "MW-1604A224-01", ""],
    ["MTR-0415", RIVERSIDE, "Pump hall", "Schneider Elec.", "PM8000", "3.1.2", "METSEPM8210", "MW-1604A230-01", ""],
    ["N-EM-04", NORTH, "Feeder 4", "Schneider", "ION7400", "", "", "MJ-1802B010-02", ""],
    ["N-EM-05", NORTH, "Feeder 5", "Schneider Elec.", "ION-7400", "", "", "", "label hard to read"],
    ["MTR-0420", RIVERSIDE, "Compressor", "Schneider Electric", "PM8000", "4.0.1", "METSEPM8240", "MW-2002A015-03", ""],
    ["MTR-0421", RIVERSIDE, "Compressor", "Schneider Electric", "PM8000", "4.0.1", "METSEPM8240", "MW-2002A019-03", ""],
    [
        "MTR-0430",
        RIVERSIDE,
        "Intake 110 kV",
        "Schneider Electric",
        "PowerLogic ION9000",
        "3.2.1",
        "METSEION92030",
        "MK-2006A002-01",
        "",
    ],
    [
        "MTR-0431",
        RIVERSIDE,
        "Intake 110 kV",
        "Schneider Electric",
        "PowerLogic ION9000",
        "3.2.1",
        "METSEION92030",
        "MK-2006A007-01",
        "",
    ],
    [
        "MTR-0432",
        RIVERSIDE,
        "Intake 110 kV",
        "Schneider Electric",
        "PowerLogic ION9000",
        "",
        "METSEION92030",
        "MK-2006A008-01",
        "",
    ],
    [
        "KWS-EM-01",
        SUED,
        "Eigenbedarf",
        "Schneider Electric",
        "ION9000",
        "n/a",
        "",
        "",
        "Ablesung beim nächsten Rundgang",
    ],
    ["N-RV-01", NORTH, "Revenue", "Schneider Electric", "ION8650", "", "", "PT-1301A440-01", "sealed by the utility"],
    ["N-RV-02", NORTH, "Revenue", "Schneider Electric", "ION8650", "", "", "PT-1301A441-01", "sealed by the utility"],
    ["N-RV-03", NORTH, "Revenue", "Schneider Electric", "ION8650", "", "", "PT-1301A452-01", "sealed by the utility"],
    ["MTR-0099", RIVERSIDE, "Old workshop", "Power Measurement", "ION7330", "V272", "", "PB-0407A022-11", "since 2004"],
    [
        "MTR-0440",
        RIVERSIDE,
        "Cooling tower",
        "Schneider Electric",
        "PM8240",
        "<3.1>",
        "METSEPM8240",
        "MW-1903A071-02",
        "",
    ],
    ["MTR-0450", RIVERSIDE, "Canteen", "Janitza", "UMG 604-PRO", "5.017", "52.16.202", "4900-1177", ""],
    ["MTR-0451", RIVERSIDE, "Canteen", "Janitza", "UMG 604-PRO", "5.017", "52.16.202", "4900-1182", ""],
    ["KWS-EM-07", SUED, "Büro", "Carlo Gavazzi", "EM340", "", "EM340DINAV23XS1X", "", ""],
    [LONG_TAG, SUED, "Schaltanlage", "Siemens", "SENTRON PAC3200", "V2.4.6", "7KM2112-0BA00-3AA0", "LQN/140812345", ""],
    ["MTR-0460", RIVERSIDE, "LV board", "Schneider Electric", "PM5560", "2.5.4", "METSEPM5560", "EA-1543B071", ""],
    ["MTR-0461", RIVERSIDE, "LV board", "Schneider Electric", "PM5560", "10.7.3", "METSEPM5560", "EA-2043B012", ""],
];

/// Tag, site, area, vendor, model, order number, firmware, serial number, hardware revision.
type Controller = [&'static str; 9];

const CONTROLLERS: &[Controller] = &[
    [
        "PLC-101",
        RIVERSIDE,
        "Boiler house",
        "Siemens",
        "CPU 1515-2 PN",
        "6ES7515-2AM01-0AB0",
        "V2.8.1",
        "S C-J4AB12342017",
        "FS 4",
    ],
    [
        "PLC-102",
        RIVERSIDE,
        "Boiler house",
        "Siemens",
        "CPU 1515-2 PN",
        "6ES7515-2AM01-0AB0",
        "V2.8.1",
        "S C-J4AB12382017",
        "FS 4",
    ],
    [
        "PLC-103",
        RIVERSIDE,
        "Ash handling",
        "SIEMENS AG",
        "S7-1500 CPU 1515-2PN",
        "6ES7 515-2AM01-0AB0",
        "V2.8.1",
        "S C-J4AB12992017",
        "FS 4",
    ],
    [
        "PLC-104",
        RIVERSIDE,
        "Pump hall",
        "Siemens",
        "CPU 1515-2 PN",
        "6ES7515-2AM02-0AB0",
        "V2.9.7",
        "S C-N8RE00112021",
        "FS 6",
    ],
    [
        "PLC-105",
        RIVERSIDE,
        "Pump hall",
        "Siemens",
        "CPU 1515-2 PN",
        "6ES7515-2AM02-0AB0",
        "V2.9.7",
        "S C-N8RE00152021",
        "FS 6",
    ],
    ["PLC-106", RIVERSIDE, "Water treatment", "Siemens", "CPU 1511-1 PN", "6ES7511-1AL03-0AB0", "V3.0.1", "", "FS 1"],
    ["PLC-120", NORTH, "Feeder 1", "Siemens", "CPU 1214C DC/DC/DC", "6ES7214-1AG40-0XB0", "V4.4.1", "", ""],
    ["PLC-121", NORTH, "Feeder 2", "Siemens", "CPU 1214C DC/DC/DC", "6ES7214-1AG40-0XB0", "V4.4.1", "", ""],
    ["KWS-SPS-01", SUED, "Kohlemühle", "Siemens", "S7-1500", "", "V2.9.4", "", ""],
    ["PLC-201", RIVERSIDE, "Packaging", "Allen-Bradley", "ControlLogix L83E", "1756-L83E", "33.011", "00C1D2E3", "B"],
    ["PLC-202", RIVERSIDE, "Packaging", "Allen-Bradley", "ControlLogix L83E", "1756-L83E", "33.011", "00C1D2E9", "B"],
    [
        "PLC-203",
        RIVERSIDE,
        "Packaging",
        "Rockwell Automation",
        "ControlLogix L85E",
        "1756-L85E/B",
        "35.013",
        "60A1B2C3",
        "B",
    ],
    [
        "PLC-204",
        RIVERSIDE,
        "Packaging",
        "Rockwell Automation",
        "ControlLogix 5570",
        "1756-L71",
        "33.013",
        "0099AA01",
        "B",
    ],
    ["KWS-SPS-10", SUED, "Entaschung", "Telemecanique", "Modicon M340", "BMXP342020", "3.30", "", "PV 12"],
    ["KWS-SPS-11", SUED, "Entaschung", "Telemecanique", "Modicon M340", "BMX P34 2020", "2.70", "", "PV 09"],
    ["PLC-301", RIVERSIDE, "HVAC", "WAGO", "750-881", "750-881", "01.09.18(13)", "", ""],
    ["PLC-302", RIVERSIDE, "HVAC", "WAGO", "750-880/025-000", "750-880/025-000", "FW10", "", ""],
    ["N-SPS-01", NORTH, "Tap changer", "Mitsubishi Electric", "R08ENCPU", "R08ENCPU", "51", "", ""],
    ["N-SPS-02", NORTH, "Tap changer", "Mitsubishi Electric", "R08ENCPU", "R08ENCPU", "52", "", ""],
    ["N-SPS-03", NORTH, "Old relay room", "Mitsubishi", "Q04UDVCPU", "Q04UDVCPU", "", "240410912051234-A", ""],
    ["N-SPS-04", NORTH, "Old relay room", "Mitsubishi", "Q03UDECPU", "Q03UDECPU", "", "240720912055678-B", ""],
];

const OTHERS: &[Controller] = &[
    ["SW-01", RIVERSIDE, "Control room", "MOXA", "EDS-G516E-4GSFP", "EDS-G516E-4GSFP", "V5.2", "TADFE1016610", ""],
    ["KWS-FU-01", SUED, "Speisepumpe", "Siemens", "SINAMICS GM150 V4.8", "", "V4.8 SP2 HF5", "", ""],
    ["N-REL-01", NORTH, "Feeder 1", "ABB", "REL670", "1MRK002812-AC", "2.1", "T1234567", ""],
    [
        "UPS-01",
        RIVERSIDE,
        "Control room",
        "APC",
        "Smart-UPS SRT 3000 with AP9631",
        "SRT3000XLI",
        "NMC2 AOS 6.8.2",
        "AS1733123456",
        "",
    ],
];

/// What the outage changed, as (tag, firmware after it).
const AFTER_OUTAGE: &[(&str, &str)] = &[
    ("MTR-0412", "4.0.1"),
    ("MTR-0413", "4.0.1"),
    ("MTR-0414", "4.0.1"),
    ("MTR-0415", "4.0.1"),
    ("KWS-EM-01", "3.2.1"),
    ("N-EM-01", "4.0.0"),
    ("N-EM-02", "3.0.0"),
    ("PLC-101", "V2.9.7"),
    ("PLC-102", "V2.9.4"),
    ("N-SPS-01", "52"),
    ("UPS-01", "NMC2 AOS 7.0.4"),
];

/// The workbook as bytes: a cover and a hidden list, which are no inventory, and three sheets of devices.
pub fn workbook(after_outage: bool) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made_at = ExcelDateTime::from_ymd(2026, if after_outage { 12 } else { 11 }, 3)?;
    book.set_properties(&DocProperties::new().set_title("Sample plant").set_creation_datetime(&made_at));
    let head = Format::new().set_bold();
    let two_decimals = Format::new().set_num_format("0.00");

    let cover = book.add_worksheet().set_name("Cover")?;
    cover.write_with_format(1, 1, "Riverside and neighbours: installed devices", &head)?;
    cover.write(2, 1, "A sample. None of these plants exists.")?;
    cover.write(3, 1, if after_outage { "After the winter outage" } else { "As walked down in November" })?;

    let meters = book.add_worksheet().set_name("Meters")?;
    meters.write_with_format(0, 0, "Energy meters", &head)?;
    meters.write(1, 0, "Firmware as shown on the display; blank means not read.")?;
    header(
        meters,
        3,
        &["Asset tag", "Site", "Area", "Manufacturer", "Model", "FW", "Order number", "Serial number", "Notes"],
        &head,
    )?;
    for (row, meter) in (4..).zip(METERS) {
        for (column, text) in (0..).zip(meter) {
            let text = if column == 5 { firmware(meter[0], text, after_outage) } else { text };
            match text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).and_then(|t| t.parse::<f64>().ok()) {
                Some(number) => meters.write_number_with_format(row, column, number, &two_decimals)?,
                None if text.is_empty() => continue,
                None => meters.write_string(row, column, text)?,
            };
        }
    }
    meters.set_column_width(0, 14)?.set_column_width(4, 22)?.set_freeze_panes(4, 0)?;

    let columns = [
        "Tag",
        "Site",
        "Area",
        "Vendor",
        "Model",
        "Order number",
        "Firmware version",
        "Serial number",
        "Hardware version",
    ];
    for (name, devices) in [("PLC", CONTROLLERS), ("Network and drives", OTHERS)] {
        let sheet = book.add_worksheet().set_name(name)?;
        header(sheet, 0, &columns, &head)?;
        for (row, device) in (1..).zip(devices) {
            for (column, text) in (0..).zip(device) {
                let text = if column == 6 { firmware(device[0], text, after_outage) } else { text };
                if !text.is_empty() {
                    sheet.write_string(row, column, text)?;
                }
            }
        }
        sheet.set_column_width(4, 30)?.set_column_width(5, 22)?;
    }

    let lists = book.add_worksheet().set_name("Lists")?.set_hidden(true);
    for (row, text) in (0..).zip([RIVERSIDE, NORTH, SUED]) {
        lists.write(row, 0, text)?;
    }
    book.save_to_buffer()
}

fn header(sheet: &mut Worksheet, row: u32, names: &[&str], format: &Format) -> Result<(), XlsxError> {
    for (column, name) in (0..).zip(names) {
        sheet.write_with_format(row, column, *name, format)?;
    }
    Ok(())
}

fn firmware<'a>(tag: &str, before: &'a str, after_outage: bool) -> &'a str {
    let changed = AFTER_OUTAGE.iter().find(|(t, _)| after_outage && *t == tag);
    changed.map_or(before, |(_, text)| *text)
}
