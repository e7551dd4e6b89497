//! XLS, XLSB and ODS workbooks, put together byte by byte: shown numbers, dates, hidden rows and sheets.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::*;

const WANT: &str = "column Tag: asset_id
column Vendor: vendor
column Model: model
column Firmware: firmware
Werk A!row 2 | asset_id=T1 | site=Werk A | vendor=ABB | model=REF615 | firmware=3.10 | !firmware-number
Werk A!row 3 | asset_id=T2 | site=Werk A | vendor=ABB | model=REF620 | firmware=02. Sep | !hidden !firmware-date
";

fn zip_of(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn read_bytes(bytes: Vec<u8>) -> String {
    shown(&read("x", Cursor::new(bytes), &ReadOptions::default()))
}

const TEXTS: [[&str; 4]; 3] =
    [["Tag", "Vendor", "Model", "Firmware"], ["T1", "ABB", "REF615", ""], ["T2", "ABB", "REF620", ""]];
/// The number and the format of the firmware cells in rows 2 and 3.
const NUMBERS: [(f64, &str); 2] = [(3.1, "0.00"), (45537.0, "[$-407]dd\". \"mmm")];

#[test]
fn ok_xls_is_read_as_shown() {
    fn record(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
        out.extend(kind.to_le_bytes());
        out.extend((data.len() as u16).to_le_bytes());
        out.extend(data);
    }
    let bof = |kind: u16| {
        [0x0600u16.to_le_bytes(), kind.to_le_bytes()].concat().into_iter().chain([0; 12]).collect::<Vec<u8>>()
    };
    let mut stream = Vec::new();
    record(&mut stream, 0x0809, &bof(5));
    for (i, (_, code)) in NUMBERS.iter().enumerate() {
        let head = [(164 + i as u16).to_le_bytes(), (code.len() as u16).to_le_bytes()].concat();
        record(&mut stream, 0x041E, &[&head[..], &[0], code.as_bytes()].concat());
    }
    for id in [0u16, 164, 165] {
        record(&mut stream, 0x00E0, &[&[0, 0][..], &id.to_le_bytes(), &[0; 16]].concat());
    }
    let bound_at = stream.len() + 4;
    record(&mut stream, 0x0085, &[&[0; 6][..], &[6, 0], b"Werk A"].concat());
    record(&mut stream, 0x000A, &[]);
    let start = stream.len() as u32;
    stream[bound_at..bound_at + 4].copy_from_slice(&start.to_le_bytes());
    record(&mut stream, 0x0809, &bof(0x10));
    let mut hidden = vec![0u8; 16];
    hidden[0] = 2;
    hidden[12] = 0x20;
    record(&mut stream, 0x0208, &hidden);
    for (r, row) in TEXTS.iter().enumerate() {
        for (c, text) in row.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            let head = [(r as u16).to_le_bytes(), (c as u16).to_le_bytes(), [0, 0], (text.len() as u16).to_le_bytes()]
                .concat();
            record(&mut stream, 0x0204, &[&head[..], &[0], text.as_bytes()].concat());
        }
        if r > 0 {
            let head = [(r as u16).to_le_bytes(), 3u16.to_le_bytes(), (r as u16).to_le_bytes()].concat();
            record(&mut stream, 0x0203, &[&head[..], &NUMBERS[r - 1].0.to_le_bytes()].concat());
        }
    }
    record(&mut stream, 0x000A, &[]);
    stream.resize(8 * 512, 0);
    // Header, one sector of FAT, one of directory, eight of the stream.
    let mut file = vec![0u8; 512 * 3];
    file[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    file[24..34].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    file[44] = 1;
    file[48] = 1;
    file[56..60].copy_from_slice(&4096u32.to_le_bytes());
    file[60..64].copy_from_slice(&0xFFFF_FFFEu32.to_le_bytes());
    file[68..72].copy_from_slice(&0xFFFF_FFFEu32.to_le_bytes());
    for i in 0..109 {
        file[76 + i * 4..80 + i * 4].copy_from_slice(&if i == 0 { 0 } else { u32::MAX }.to_le_bytes());
    }
    let fat: Vec<u32> =
        [0xFFFF_FFFD, 0xFFFF_FFFE].into_iter().chain(3..10).chain([0xFFFF_FFFE]).chain([u32::MAX; 118]).collect();
    for (i, next) in fat.iter().enumerate() {
        file[512 + i * 4..516 + i * 4].copy_from_slice(&next.to_le_bytes());
    }
    for (at, (name, kind, start, size)) in
        [("Root Entry", 5, 0xFFFF_FFFE, 0), ("Workbook", 2, 2u32, 4096u32)].iter().enumerate()
    {
        let entry = 1024 + at * 128;
        for (i, unit) in name.encode_utf16().enumerate() {
            file[entry + i * 2..entry + i * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        file[entry + 64] = (name.len() as u8 + 1) * 2;
        file[entry + 66] = *kind;
        file[entry + 68..entry + 80].fill(0xff);
        file[entry + 116..entry + 120].copy_from_slice(&start.to_le_bytes());
        file[entry + 120..entry + 124].copy_from_slice(&size.to_le_bytes());
    }
    file.extend(&stream);
    assert_eq!(read_bytes(file.clone()), WANT);
    for end in (8..file.len()).step_by(97) {
        assert!(read("x", Cursor::new(&file[..end]), &ReadOptions::default()).is_err() || end > 3000, "cut at {end}");
    }
    // A sheet that says it reaches very far must not make room for it.
    let mut far = file;
    let place = far.windows(4).rposition(|w| w == [0x08, 0x02, 16, 0]).unwrap();
    far[place..place + 2].copy_from_slice(&0x0200u16.to_le_bytes());
    far[place + 4..place + 20].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
    assert!(read_bytes(far).contains("very many cells"));
}

#[test]
fn ok_xlsb_is_read_as_shown() {
    fn record(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
        if kind < 0x80 {
            out.push(kind as u8);
        } else {
            out.extend([(kind & 0x7f) as u8 | 0x80, (kind >> 7) as u8]);
        }
        assert!(data.len() < 128);
        out.push(data.len() as u8);
        out.extend(data);
    }
    let wide = |text: &str| -> Vec<u8> {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&(units.len() as u32 / 2).to_le_bytes()[..], &units].concat()
    };
    let mut workbook = Vec::new();
    record(&mut workbook, 0x83, &[]);
    record(&mut workbook, 0x99, &[0; 12]);
    record(&mut workbook, 0x8F, &[]);
    record(&mut workbook, 0x9C, &[&[0; 8][..], &wide("rId1"), &wide("Werk A")].concat());
    record(&mut workbook, 0x90, &[]);
    record(&mut workbook, 0x9D, &[]);
    record(&mut workbook, 0x84, &[]);
    let mut styles = Vec::new();
    record(&mut styles, 0x267, &2u32.to_le_bytes());
    for (i, (_, code)) in NUMBERS.iter().enumerate() {
        record(&mut styles, 0x2C, &[&(164 + i as u16).to_le_bytes()[..], &wide(code)].concat());
    }
    record(&mut styles, 0x268, &[]);
    record(&mut styles, 0x269, &3u32.to_le_bytes());
    for id in [0u16, 164, 165] {
        record(&mut styles, 0x2F, &[&[0, 0][..], &id.to_le_bytes(), &[0; 12]].concat());
    }
    record(&mut styles, 0x26A, &[]);
    let mut sheet = Vec::new();
    record(&mut sheet, 0x81, &[]);
    record(
        &mut sheet,
        0x94,
        &[&0u32.to_le_bytes()[..], &2u32.to_le_bytes(), &0u32.to_le_bytes(), &3u32.to_le_bytes()].concat(),
    );
    record(&mut sheet, 0x91, &[]);
    for (r, row) in TEXTS.iter().enumerate() {
        let mut head = vec![0u8; 17];
        head[0] = r as u8;
        head[11] = if r == 2 { 0x10 } else { 0 };
        record(&mut sheet, 0, &head);
        for (c, text) in row.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            record(&mut sheet, 6, &[&(c as u32).to_le_bytes()[..], &[0; 4], &wide(text)].concat());
        }
        if r > 0 {
            record(
                &mut sheet,
                5,
                &[&3u32.to_le_bytes()[..], &(r as u32).to_le_bytes(), &NUMBERS[r - 1].0.to_le_bytes()].concat(),
            );
        }
    }
    record(&mut sheet, 0x92, &[]);
    record(&mut sheet, 0x82, &[]);
    let relations = b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.bin\"/></Relationships>".to_vec();
    let file = zip_of(&[
        ("xl/workbook.bin", workbook),
        ("xl/_rels/workbook.bin.rels", relations),
        ("xl/styles.bin", styles),
        ("xl/worksheets/sheet1.bin", sheet),
    ]);
    assert_eq!(read_bytes(file), WANT);
}

#[test]
fn ok_ods_is_read_as_shown() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |cells: &[&str], last: &str, extra: &str| {
        let texts: String = cells.iter().map(|t| cell(t)).collect();
        format!("<table:table-row{extra}>{texts}{last}</table:table-row>")
    };
    let number =
        "<table:table-cell office:value-type=\"float\" office:value=\"3.1\"><text:p>3.10</text:p></table:table-cell>";
    let date = "<table:table-cell office:value-type=\"date\" office:date-value=\"2024-09-02\"><office:annotation><text:p>not part of it</text:p></office:annotation><text:p>02. Sep</text:p></table:table-cell>";
    let blank = "<table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name=\"ta2\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles><office:body><office:spreadsheet><table:table table:name=\"Werk A\" table:style-name=\"ta1\">{}{}{}{blank}</table:table><table:table table:name=\"Auswahl\" table:style-name=\"ta2\">{}</table:table></office:spreadsheet></office:body></office:document-content>",
        row(&TEXTS[0], "", ""),
        row(&TEXTS[1][..3], number, ""),
        row(&TEXTS[2][..3], date, " table:visibility=\"collapse\""),
        row(&["ABB"], "", ""),
    );
    let file = zip_of(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        ("content.xml", content.into_bytes()),
    ]);
    assert_eq!(read_bytes(file), format!("{WANT}skipped Auswahl: a list of values: no header that names devices\n"));
    let text = zip_of(&[(
        "content.xml",
        b"<office:document-content><office:body><office:text/></office:body></office:document-content>".to_vec(),
    )]);
    assert!(read_bytes(text).contains("another OpenDocument file"));
}
