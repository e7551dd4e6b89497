//! Files that are broken, hostile or no inventories: each ends in its own clear message, none in a panic.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::*;

fn fault(bytes: &[u8]) -> String {
    match read("x", Cursor::new(bytes), &ReadOptions::default()) {
        Ok(reading) => panic!("read as good: {}", shown(&Ok(reading))),
        Err(e) => e.to_string(),
    }
}

fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

const WORKBOOK: &[u8] =
    b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
const RELATIONS: &[u8] =
    b"<Relationships><Relationship Id=\"rId1\" Type=\"http://x/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";

fn workbook_of(sheet: &[u8]) -> Vec<u8> {
    zip_of(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

const SHEET: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Vendor</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>Model</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>Firmware</t></is></c></row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>ABB</t></is></c><c r=\"B2\" t=\"inlineStr\"><is><t>REF615</t></is></c><c r=\"C2\"><v>5.1</v></c></row></sheetData></worksheet>";

#[test]
fn err_files_of_the_wrong_kind_are_named() {
    for (bytes, part) in [
        (&b""[..], "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"{\"document\": {\"title\": \"x\"}}", "a JSON document"),
        (b"<html><body>Not found</body></html>", "a web page without a table"),
        (b"PK\x03\x04 and then nothing", "the file is cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "the file is cut off"),
        (b"just some words\nand more of them\n", "expected a header row"),
    ] {
        let message = fault(bytes);
        assert!(message.contains(part) && message.contains("\nhint: "), "{message}");
    }
    assert!(fault(&zip_of(&[("word/document.xml", b"<w/>")])).contains("a text document"));
    assert!(fault(&zip_of(&[("readme.txt", b"hello")])).contains("an archive without a workbook"));
}

#[test]
fn err_protected_workbooks_ask_for_a_copy_without_password() {
    // The smallest compound file with a stream `EncryptedPackage`: header, FAT, directory.
    let mut file = vec![0u8; 512 * 3];
    file[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    file[30] = 9;
    file[48..52].copy_from_slice(&1u32.to_le_bytes());
    file[60..64].copy_from_slice(&u32::MAX.to_le_bytes());
    file[68..72].copy_from_slice(&u32::MAX.to_le_bytes());
    for i in 0..109 {
        file[76 + i * 4..80 + i * 4].copy_from_slice(&if i == 0 { 0 } else { u32::MAX }.to_le_bytes());
    }
    for i in 0..128 {
        file[512 + i * 4..516 + i * 4].copy_from_slice(&0xFFFF_FFFEu32.to_le_bytes());
    }
    for (at, name) in ["Root Entry", "EncryptedPackage"].iter().enumerate() {
        let entry = 1024 + at * 128;
        for (i, unit) in name.encode_utf16().enumerate() {
            file[entry + i * 2..entry + i * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        file[entry + 64] = (name.len() as u8 + 1) * 2;
        file[entry + 116..entry + 120].copy_from_slice(&u32::MAX.to_le_bytes());
    }
    assert!(fault(&file).contains("protected with a password"));
    let manifest = b"<m><file-entry><encryption-data/></file-entry></m>";
    assert!(
        fault(&zip_of(&[("content.xml", b"\x00\x01"), ("META-INF/manifest.xml", manifest)]))
            .contains("protected with a password")
    );
}

#[test]
fn err_workbooks_cut_anywhere_are_damaged_and_never_read_as_good() {
    let whole = workbook_of(SHEET.as_bytes());
    assert_eq!(read("x", Cursor::new(&whole), &ReadOptions::default()).unwrap().rows.len(), 1);
    for end in (4..whole.len()).step_by(7) {
        assert!(fault(&whole[..end]).contains("cannot read `x`"));
    }
    let half = workbook_of(&SHEET.as_bytes()[..SHEET.len() / 2]);
    assert!(fault(&half).contains("damaged"), "{}", fault(&half));
}

#[test]
fn err_bombs_end_at_the_limit() {
    let mut sheet = b"<worksheet><sheetData><row r=\"1\">".to_vec();
    sheet.resize(3 << 20, b' ');
    let options =
        ReadOptions { limits: Limits { sheet_bytes: 1 << 20, ..Limits::default() }, ..ReadOptions::default() };
    let message = read("x", Cursor::new(workbook_of(&sheet)), &options).unwrap_err().to_string();
    assert!(message.contains("zip bomb"), "{message}");
    let options = ReadOptions { limits: Limits { cells: 4, ..Limits::default() }, ..ReadOptions::default() };
    assert!(
        read("x", Cursor::new(workbook_of(SHEET.as_bytes())), &options)
            .unwrap_err()
            .to_string()
            .contains("very many cells")
    );
    let options = ReadOptions { limits: Limits { workbook_bytes: 100, ..Limits::default() }, ..ReadOptions::default() };
    assert!(
        read("x", Cursor::new(workbook_of(SHEET.as_bytes())), &options)
            .unwrap_err()
            .to_string()
            .contains("at most 100 bytes")
    );
    // Entities that would grow are not resolved.
    let bomb = SHEET
        .replacen("<worksheet>", "<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><worksheet>", 1)
        .replace("REF615", "REF&b;615");
    let reading = read("x", Cursor::new(workbook_of(bomb.as_bytes())), &ReadOptions::default()).unwrap();
    assert_eq!(reading.rows[0].value(Field::Model), "REF615");
}

#[test]
fn very_wide_and_very_long_lines_are_refused_and_wide_ones_read() {
    let wide = format!("Vendor,Model{}\nABB,REF615{}\n", ",".repeat(16_000), ",".repeat(16_000));
    assert_eq!(read("x", Cursor::new(&wide), &ReadOptions::default()).unwrap().rows.len(), 1);
    let wider = format!("Vendor,Model{}\nABB,REF615\n", ",".repeat(20_000));
    assert!(fault(wider.as_bytes()).contains("a line with many cells"));
    let long = format!("Vendor,Model\nABB,{}\n", "x".repeat(3 << 20));
    assert!(fault(long.as_bytes()).contains("a very long line"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\\n\\r\\t;,\"éüА型]{0,300}", head in prop::sample::select(vec!["", "Tag;Vendor;Model;FW\n", "Description\n", "Make / Model,S/N,FW\r\n"])) {
        let _ = read("x", Cursor::new(format!("{head}{text}")), &ReadOptions::default());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), head in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"<html><table>"])) {
        let _ = read("x", Cursor::new([head, &bytes].concat()), &ReadOptions::default());
    }

    #[test]
    fn a_changed_byte_in_a_workbook_is_no_panic(at in 0usize..4000, byte in any::<u8>()) {
        let mut whole = workbook_of(SHEET.as_bytes());
        let at = at % whole.len();
        whole[at] = byte;
        let _ = read("x", Cursor::new(whole), &ReadOptions::default());
    }

    #[test]
    fn a_description_never_panics(text in "\\PC{0,80}", vendor in "\\PC{0,10}") {
        let _ = super::super::description::split(&text, &vendor);
        let _ = super::super::description::is_several(&text);
    }
}
