//! `discovery_export.csv`: in the style of what a passive discovery tool exports: comma, quotes, many columns.

/// Name, type, vendor, model, firmware, serial number, slot and order number, criticality; the rest is made up from
/// the position in the list.
const DEVICES: &[[&str; 8]] = &[
    [
        "PLC_LINE1",
        "PLC",
        "Siemens",
        "CPU 1516-3 PN/DP",
        "V2.8.3",
        "S C-H7AB00112016",
        "0/1: 6ES7516-3AN01-0AB0",
        "High",
    ],
    [
        "PLC_LINE2",
        "PLC",
        "Siemens",
        "CPU 1516-3 PN/DP",
        "V3.0.1",
        "S C-R4CC00772022",
        "0/1: 6ES7516-3AP03-0AB0",
        "High",
    ],
    ["PLC_LINE3", "PLC", "Siemens", "CPU 1511-1 PN", "V2.6.0", "S C-L2MM00312019", "0/1: 6ES7511-1AK02-0AB0", "Medium"],
    [
        "MIXER-L85",
        "PLC",
        "Rockwell Automation",
        "1756-L85E ControlLogix",
        "34.011",
        "0x60FA01B2",
        "0: 1756-L85E",
        "High",
    ],
    ["MIXER-L73", "PLC", "Rockwell Automation", "1756-L73 ControlLogix", "33.011", "0x00B1F0AC", "0: 1756-L73", "High"],
    [
        "MIXER-EN2TR",
        "Communication Adapter",
        "Rockwell Automation",
        "1756-EN2TR/C",
        "11.002",
        "0x00B1F0B3",
        "1: 1756-EN2TR",
        "Medium",
    ],
    [
        "PACK-L330",
        "PLC",
        "Rockwell Automation/Allen-Bradley",
        "5069-L330ER",
        "32.013",
        "0x6023AA01",
        "0: 5069-L330ER",
        "Medium",
    ],
    [
        "PACK-L306",
        "PLC",
        "Rockwell Automation/Allen-Bradley",
        "5069-L306ERM",
        "36.011",
        "0x6023AA77",
        "0: 5069-L306ERM",
        "Low",
    ],
    ["PV-PACK", "HMI", "Rockwell Automation", "PanelView 5510 2715P-T10CD", "5.003", "0x0044CC12", "", "Low"],
    ["M580-DOSING", "PLC", "Schneider Electric", "BMEP584040", "4.10", "", "0: BMEP584040", "High"],
    ["M340-CIP", "PLC", "Schneider Electric", "BMX P34 2020", "V3.20", "", "0: BMXP342020", "High"],
    ["QUANTUM-OLD", "PLC", "Schneider Electric", "140CPU65150", "3.20", "", "", "Medium"],
    ["FX5-LABEL", "PLC", "Mitsubishi Electric", "FX5U-32MT/ES", "1.240", "1871234", "", "Low"],
    ["IQR-ROBOT", "PLC", "Mitsubishi Electric", "R32SFCPU-SET", "22", "", "CPU: R32SFCPU", "High"],
    ["IQR-ETH", "Communication Adapter", "Mitsubishi Electric", "RJ71EN71", "48", "", "2: RJ71EN71", "Medium"],
    ["Q-UTIL", "PLC", "Mitsubishi Electric", "Q06UDVCPU", "", "240520712345678", "CPU: Q06UDVCPU", "Medium"],
    ["WELL-03", "PLC", "Unitronics", "Vision V570", "12.36", "V57-00123", "", "High"],
    ["WAGO-HVAC1", "I/O", "WAGO Kontakttechnik", "750-831/000-002", "FW09", "", "", "Low"],
    ["WAGO-HVAC2", "I/O", "WAGO Kontakttechnik", "750-829", "01.02.11(11)", "", "", "Low"],
    ["SW-MAIN", "Switch", "Moxa", "EDS-G516E", "6.0", "MOXA00012", "", "High"],
    ["SW-LINE1", "Switch", "Moxa", "EDS-510E-3GTXSFP", "5.2", "MOXA00031", "", "Medium"],
    ["SW-LINE2", "Switch", "Siemens", "SCALANCE XC208", "V4.3.1", "VPL1034567", "6GK5208-0BA00-2AC2", "Medium"],
    ["METER-TR1", "Power Meter", "Schneider Electric", "PowerLogic ION9000", "2.1.0", "MK-1903A011-01", "", "Medium"],
    ["METER-TR2", "Power Meter", "Schneider Electric", "ION7403", "4.0.0", "MJ-2103A020-02", "", "Medium"],
    ["METER-TR3", "Power Meter", "Schneider Electric", "ION8800", "380", "", "", "Medium"],
    ["METER-LV1", "Power Meter", "Siemens", "PAC3220", "V3.2.0", "LQN/200812345", "", "Low"],
    ["METER-LV2", "Power Meter", "Satec", "PM135EH", "31.15.3", "15072299", "", "Low"],
    ["RELAY-F01", "IED", "ABB", "REF615", "5.0.8", "1VHR91234567", "", "High"],
    ["RELAY-F02", "IED", "Hitachi Energy", "RET670", "2.2.1", "T2101234", "", "High"],
    ["RELAY-F03", "IED", "Siemens", "SIPROTEC 5 7SJ82", "V7.50", "BM2003041234", "", "High"],
    ["RELAY-F04", "IED", "SEL", "SEL-751", "R405-V2", "1190650123", "", "High"],
    ["UPS-CTRL", "UPS", "APC", "Smart-UPS X 1500 (AP9631)", "6.9.6", "AS1912345678", "AP9631", "Medium"],
    ["DRIVE-FAN1", "Drive", "Muster Messtechnik", "Flux 40", "2.7", "FX40-10001", "", "Low"],
    ["DRIVE-FAN2", "Drive", "Muster Messtechnik", "Flux 60", "3.5", "FX60-10002", "", "Low"],
    ["DRIVE-FAN3", "Drive", "Muster Messtechnik", "Flux 80", "5.2.0", "FX80-10003", "", "Low"],
    ["ENG-WS-01", "Engineering Station", "Dell", "Precision 3660", "", "", "", "High"],
    ["unknown-0c3f", "Unknown", "", "", "", "", "", ""],
];

/// The file as UTF-8 bytes with CRLF and every field in quotes.
pub fn csv() -> Vec<u8> {
    let mut text = String::from(
        "\"Device ID\",\"Name\",\"Type\",\"Vendor\",\"Model\",\"Firmware Version\",\"Serial Number\",\"Slots\",\
         \"IPv4 Address\",\"MAC Address\",\"VLAN\",\"Protocols\",\"Purdue Level\",\"Site\",\"Zone\",\"Criticality\",\
         \"Risk Score\",\"OS\",\"First Seen\",\"Last Seen\"\r\n",
    );
    for (n, [name, kind, vendor, model, firmware, serial, slots, criticality]) in (1_usize..).zip(DEVICES) {
        let ip = if n % 9 == 4 { format!("10.31.{n}.10; 10.31.{n}.11") } else { format!("10.31.{n}.10") };
        let mac = format!("02:4e:50:00:00:{n:02x}");
        let (vlan, zone, level) = match *kind {
            "PLC" | "I/O" | "Drive" | "Power Meter" | "IED" | "Communication Adapter" => {
                ("310", "Cell network", "L1 - Basic Control")
            }
            "HMI" => ("320", "Supervision", "L2 - Area Supervisory Control"),
            "Engineering Station" => ("320", "Supervision", "L3 - Site Operations"),
            _ => ("300", "Backbone", ""),
        };
        let protocols = match *vendor {
            "Siemens" => "S7comm-plus; PROFINET; HTTPS",
            "Schneider Electric" => "Modbus/TCP; FTP; HTTP",
            v if v.starts_with("Rockwell") => "CIP; EtherNet/IP",
            "Mitsubishi Electric" => "SLMP",
            _ => "HTTP; SNMP",
        };
        let os = if *kind == "Engineering Station" { "Windows 10 Enterprise LTSC, 21H2" } else { "" };
        let risk = (n * 37 % 90) + 10;
        let id = format!("d-{:06x}", 0x00a1_0000 + n * 4099);
        let last = format!("2026-11-{:02}T0{}:15:00Z", n % 20 + 1, n % 8);
        let fields: [&str; 20] = [
            &id,
            name,
            kind,
            vendor,
            model,
            firmware,
            serial,
            slots,
            &ip,
            &mac,
            vlan,
            protocols,
            level,
            "Brewhouse West",
            zone,
            criticality,
            &risk.to_string(),
            os,
            "2025-02-11T08:00:00Z",
            &last,
        ];
        let quoted: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        text.push_str(&quoted.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}
