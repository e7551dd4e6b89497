//! Workbooks made on the spot: merged cells, hidden rows and sheets, formats, one sheet per site, lists of values.

use std::io::Cursor;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

use super::*;

fn read_workbook(workbook: &mut Workbook) -> String {
    let bytes = workbook.save_to_buffer().unwrap();
    shown(&read("x.xlsx", Cursor::new(bytes), &ReadOptions::default()))
}

fn write_rows(sheet: &mut Worksheet, first: u32, rows: &[&[&str]]) {
    for (r, row) in rows.iter().enumerate() {
        for (c, text) in row.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            sheet.write_string(first + r as u32, c as u16, *text).unwrap();
        }
    }
}

fn check(workbook: &mut Workbook, want: &str) {
    let got = read_workbook(workbook);
    let tidy = |t: &str| {
        t.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("column ")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(tidy(&got), tidy(want), "\n{got}");
}

#[test]
fn ok_one_sheet_per_site_hidden_things_and_lists() {
    let mut workbook = Workbook::new();
    for (name, vendor) in [("Norte", "ABB"), ("Sur", "Siemens")] {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        write_rows(
            sheet,
            0,
            &[
                &["Lista de equipos"],
                &[],
                &["Etiqueta", "Fabricante", "Modelo", "Nº de serie", "Firmware", "Ubicación"],
            ],
        );
        write_rows(
            sheet,
            3,
            &[&["E-1", vendor, "X100", "S1", "1.2.3", "Sala 1"], &["E-2", vendor, "X200", "S2", "1.2.4", "Sala 2"]],
        );
        sheet.set_row_hidden(4).unwrap();
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name("Listas").unwrap().set_hidden(true);
    write_rows(
        sheet,
        0,
        &[&["Fabricante", "Modelo", "Estado"], &["ABB", "X100", "activo"], &["Siemens", "X200", "baja"], &["Omron"]],
    );
    check(
        &mut workbook,
        "Norte!row 4 | asset_id=E-1 | site=Norte | area=Sala 1 | vendor=ABB | model=X100 | serial_number=S1 | firmware=1.2.3 |
         Norte!row 5 | asset_id=E-2 | site=Norte | area=Sala 2 | vendor=ABB | model=X200 | serial_number=S2 | firmware=1.2.4 | !hidden
         Sur!row 4 | asset_id=E-1 | site=Sur | area=Sala 1 | vendor=Siemens | model=X100 | serial_number=S1 | firmware=1.2.3 |
         Sur!row 5 | asset_id=E-2 | site=Sur | area=Sala 2 | vendor=Siemens | model=X200 | serial_number=S2 | firmware=1.2.4 | !hidden
         skipped Listas: a list of values: no header that names devices",
    );
}

#[test]
fn ok_sheets_of_spares_and_old_devices_are_no_sites() {
    let mut workbook = Workbook::new();
    for (name, rows) in [
        (
            "Northfield WTW",
            [["1", "NF-PLC1", "Filter PLC", "Siemens", "CPU 1512SP-1 PN"], ["2", "NF-FT1", "Flow meter", "", ""]],
        ),
        ("Spares", [["1", "", "Spare CPU", "Siemens", "CPU 1512SP-1 PN"], ["2", "", "empty shelf", "", ""]]),
        (
            "Decommissioned PLCs",
            [["1", "NF-PLC0", "Filter PLC", "Allen-Bradley", "SLC 5/05"], ["", "Total", "2", "", ""]],
        ),
    ] {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        write_rows(sheet, 0, &[&["Item", "Tag", "Description", "Make", "Model"]]);
        for (n, row) in rows.iter().enumerate() {
            write_rows(sheet, n as u32 + 1, &[row]);
        }
        // Some programs write blank cells far out.
        sheet.write_blank(1, 900, &Format::new().set_bold()).unwrap();
    }
    check(
        &mut workbook,
        "Northfield WTW!row 2 | asset_id=NF-PLC1 | name=Filter PLC | site=Northfield WTW | vendor=Siemens | model=CPU 1512SP-1 PN |
         Northfield WTW!row 3 | asset_id=NF-FT1 | name=Flow meter | site=Northfield WTW |
         Spares!row 2 | name=Spare CPU | vendor=Siemens | model=CPU 1512SP-1 PN |
         Decommissioned PLCs!row 2 | asset_id=NF-PLC0 | name=Filter PLC | vendor=Allen-Bradley | model=SLC 5/05 |
         rejected Spares!row 3: `empty shelf`: no device is there",
    );
}

#[test]
fn ok_shown_texts_count_and_damage_is_told() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    write_rows(sheet, 0, &[&["Tag", "Vendor", "Model", "Order no.", "Serial", "Firmware"]]);
    for r in 1..9u32 {
        write_rows(sheet, r, &[&["", "ABB", "REF615"]]);
        sheet.write_string(r, 0, format!("T{r}")).unwrap();
    }
    sheet.write_number_with_format(1, 5, 3.1, &Format::new().set_num_format("0.00")).unwrap();
    sheet.write_number(2, 5, 1.1).unwrap();
    let date = ExcelDateTime::from_ymd(2024, 9, 2).unwrap();
    sheet.write_datetime_with_format(3, 5, &date, &Format::new().set_num_format("d/mmm")).unwrap();
    sheet.write_string(4, 5, "2.10").unwrap();
    sheet.write_formula(5, 5, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_formula(6, 5, Formula::new("=\"V\"&\"2.5\"").set_result("V2.5")).unwrap();
    sheet.write_number(7, 4, 4015081967380.0).unwrap();
    sheet.write_number(8, 3, 1.80910331220012e17).unwrap();
    check(
        &mut workbook,
        "Sheet1!row 2 | asset_id=T1 | vendor=ABB | model=REF615 | firmware=3.10 | !firmware-number
         Sheet1!row 3 | asset_id=T2 | vendor=ABB | model=REF615 | firmware=1.1 | !firmware-number
         Sheet1!row 4 | asset_id=T3 | vendor=ABB | model=REF615 | firmware=2/Sep | !firmware-date
         Sheet1!row 5 | asset_id=T4 | vendor=ABB | model=REF615 | firmware=2.10 |
         Sheet1!row 6 | asset_id=T5 | vendor=ABB | model=REF615 | !cell-error
         Sheet1!row 7 | asset_id=T6 | vendor=ABB | model=REF615 | firmware=V2.5 |
         Sheet1!row 8 | asset_id=T7 | vendor=ABB | model=REF615 | serial_number=4015081967380 | !scientific-notation
         Sheet1!row 9 | asset_id=T8 | vendor=ABB | model=REF615 | part_number=180910331220012000 | !scientific-notation !rounded-serial",
    );
}

#[test]
fn ok_merged_cells_bands_and_two_header_rows() {
    let mut workbook = Workbook::new();
    let plain = Format::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Inventory").unwrap();
    sheet.merge_range(0, 0, 0, 6, "Inventory of control devices", &plain).unwrap();
    sheet.merge_range(2, 0, 3, 0, "Tag", &plain).unwrap();
    sheet.merge_range(2, 1, 2, 3, "Device", &plain).unwrap();
    sheet.merge_range(2, 4, 2, 5, "Version", &plain).unwrap();
    sheet.merge_range(2, 6, 3, 6, "Remarks", &plain).unwrap();
    write_rows(sheet, 3, &[&["", "Manufacturer", "Model", "Serial no.", "Hardware", "Firmware"]]);
    sheet.merge_range(4, 0, 4, 6, "Site: West Mill", &plain).unwrap();
    write_rows(
        sheet,
        5,
        &[
            &["W-1", "", "CPU 1511-1 PN", "A1", "2", "V2.8"],
            &["W-2", "", "CPU 1513-1 PN", "A2", "3", "V2.9"],
            &["W-3", "", "TP700 Comfort", "A3", "", "V16"],
        ],
    );
    sheet.merge_range(5, 1, 7, 1, "Siemens", &plain).unwrap();
    sheet.merge_range(8, 0, 8, 6, "Site: East Mill", &plain).unwrap();
    write_rows(sheet, 9, &[&["E-1", "ABB", "ACS880-01", "B1", "", "AINFX 2.60", "spare in store"], &["Total", "4"]]);
    check(
        &mut workbook,
        "Inventory!row 6 | asset_id=W-1 | site=West Mill | vendor=Siemens | model=CPU 1511-1 PN | serial_number=A1 | firmware=V2.8 | hardware_revision=2 |
         Inventory!row 7 | asset_id=W-2 | site=West Mill | vendor=Siemens | model=CPU 1513-1 PN | serial_number=A2 | firmware=V2.9 | hardware_revision=3 |
         Inventory!row 8 | asset_id=W-3 | site=West Mill | vendor=Siemens | model=TP700 Comfort | serial_number=A3 | firmware=V16 |
         Inventory!row 10 | asset_id=E-1 | site=East Mill | vendor=ABB | model=ACS880-01 | serial_number=B1 | firmware=AINFX 2.60 | notes=spare in store |",
    );
}

#[test]
fn ok_a_header_over_two_columns_joins_their_values_and_a_legend_holds_no_devices() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Inventaris").unwrap();
    write_rows(
        sheet,
        0,
        &[
            &["Nr.", "Gemaal", "Omschrijving", "Merk", "Type", "", "", "Softwareversie"],
            &["G-1", "Ommen", "Besturing", "Siemens", "CPU 1215C", "6ES7215-1BG40", "0XB0", "V4.2"],
            &["G-2", "Ommen", "Regelaar", "ABB", "ACS580-01-12A7-4", "3AXD50000", "038955", "2.06"],
            &["G-3", "Ommen", "Relais", "Pilz", "PNOZ s4", "751104", "", "n.v.t."],
        ],
    );
    sheet.merge_range(0, 5, 0, 6, "Bestelnummer", &Format::new()).unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Blad2").unwrap();
    write_rows(sheet, 0, &[&["Code", "Omschrijving"], &["G", "Gemaal"], &["R", "Rioolgemaal"]]);
    check(
        &mut workbook,
        "
        Inventaris!row 2 | asset_id=G-1 | name=Besturing | site=Ommen | vendor=Siemens | model=CPU 1215C | part_number=6ES7215-1BG40-0XB0 | firmware=V4.2 |
        Inventaris!row 3 | asset_id=G-2 | name=Regelaar | site=Ommen | vendor=ABB | model=ACS580-01-12A7-4 | part_number=3AXD50000038955 | firmware=2.06 |
        Inventaris!row 4 | asset_id=G-3 | name=Relais | site=Ommen | vendor=Pilz | model=PNOZ s4 | part_number=751104 | firmware=n.v.t. | !not-stated-word
        skipped Blad2: a list of codes: its descriptions name no product
        ",
    );
}

#[test]
fn ok_units_under_a_header_are_no_row() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("EDAR").unwrap();
    write_rows(
        sheet,
        0,
        &[
            &["TAG", "Marca", "Modelo", "Versión", "Rango", "Salida"],
            &["", "", "", "firmware", "m³/h", "mA"],
            &["EDAR: Ribera"],
            &["FIT-1", "Siemens", "SITRANS FM MAG 5000", "4.01", "0-1200", "4-20"],
            &["FIT-2", "ídem", "ídem", "ídem", "0-60", "4-20"],
            &["LIT-1", "VEGA", "VEGAPULS WL 61", "1.11", "", "4-20"],
        ],
    );
    check(
        &mut workbook,
        "
        EDAR!row 4 | asset_id=FIT-1 | site=Ribera | vendor=Siemens | model=SITRANS FM MAG 5000 | firmware=4.01 |
        EDAR!row 5 | asset_id=FIT-2 | site=Ribera | vendor=Siemens | model=SITRANS FM MAG 5000 | firmware=4.01 | !repeated
        EDAR!row 6 | asset_id=LIT-1 | site=Ribera | vendor=VEGA | model=VEGAPULS WL 61 | firmware=1.11 |
        ",
    );
}

#[test]
fn ok_vendors_stand_above_their_tables_or_name_the_sheets() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Assets").unwrap();
    write_rows(
        sheet,
        0,
        &[
            &["SIEMENS"],
            &["Tag", "Model", "FW"],
            &["P1", "CPU 1214C", "V4.2"],
            &["P2", "CPU 1215C", "V4.4"],
            &["ABB drives"],
            &["P3", "ACS580-01-12A7-4", "2.06"],
        ],
    );
    for (name, tag, model) in [("Moxa", "S1", "EDS-408A"), ("Hirschmann", "S2", "RS20-0800")] {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        write_rows(sheet, 0, &[&["Tag", "Model", "Version"], &[tag, model, "V3.8"]]);
    }
    check(
        &mut workbook,
        "
        Assets!row 3 | asset_id=P1 | vendor=SIEMENS | model=CPU 1214C | firmware=V4.2 | !inferred-from-description
        Assets!row 4 | asset_id=P2 | vendor=SIEMENS | model=CPU 1215C | firmware=V4.4 | !inferred-from-description
        Assets!row 6 | asset_id=P3 | vendor=ABB | model=ACS580-01-12A7-4 | firmware=2.06 | !inferred-from-description
        Moxa!row 2 | asset_id=S1 | vendor=Moxa | model=EDS-408A | firmware=V3.8 | !inferred-from-description
        Hirschmann!row 2 | asset_id=S2 | vendor=Hirschmann | model=RS20-0800 | firmware=V3.8 | !inferred-from-description
        ",
    );
}

#[test]
fn ok_a_cover_names_the_site_of_all_sheets() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Cover").unwrap();
    write_rows(sheet, 0, &[&["OT asset inventory"], &["Site:", "Harbour Terminal"], &["Date:", "1 May"]]);
    for (name, tag, model) in [("PLC", "P1", "CPU 1214C"), ("Drives", "D1", "ACS580-01-12A7-4")] {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        write_rows(sheet, 0, &[&["Tag", "Manufacturer\nModel"], &[tag, &format!("ABB\n{model}")]]);
    }
    check(
        &mut workbook,
        "
        PLC!row 2 | asset_id=P1 | site=Harbour Terminal | vendor=ABB | model=CPU 1214C |
        Drives!row 2 | asset_id=D1 | site=Harbour Terminal | vendor=ABB | model=ACS580-01-12A7-4 |
        skipped Cover: a list of values: no header that names devices
        ",
    );
}
