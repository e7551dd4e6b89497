//! Firmware texts that a spreadsheet may have changed, written so that they are judged as what is known of them.
//!
//! * A cell that became a date (`02-Sep`) or a rounded number (`1.2E+03`) gives `? (02-Sep)`: the version is not known,
//!   and the text is kept. A full date of the form 2019-05-01, and a month's name with a year of four digits, stay,
//!   because some makers name their firmware by date; it is only ever compared with dates. No spreadsheet makes them of
//!   a version by itself.
//! * A number `1.1` gives `1.1 or 1.10` when the same file has `1.10` for the same model: a spreadsheet drops zeros at
//!   the end. The verdict is `possible` where the two differ. A text cell of a workbook is certain and stays.

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::inventory::{Field, InventoryRow, RowWarningKind};

/// The firmware texts of a file that end in a zero which a spreadsheet would have dropped, by model.
#[derive(Clone, Debug, Default)]
pub struct FirmwareRivals {
    with_zero: FxHashMap<String, FxHashSet<String>>,
    /// Models of which the file states a version of several numbers.
    with_point: FxHashSet<String>,
}

impl FirmwareRivals {
    /// Looks at one row of the file; to be called with all of them before the first is asked about.
    pub fn note(&mut self, row: &InventoryRow) {
        let firmware = row.value(Field::Firmware);
        if is_decimal(firmware) && firmware.ends_with('0') {
            self.with_zero.entry(model(row)).or_default().insert(firmware.to_owned());
        }
        if firmware.contains('.') && !self.with_point.contains(&model(row)) {
            self.with_point.insert(model(row));
        }
    }

    /// The firmware of this row as it is to be judged and shown.
    pub fn firmware(&self, row: &InventoryRow) -> String {
        self.judged(&FirmwareCell::of(row))
    }

    /// The firmware of this cell as it is to be judged and shown.
    pub fn judged(&self, cell: &FirmwareCell) -> String {
        let text = &cell.text;
        if cell.is_lost || (cell.may_be_day() && self.with_point.contains(&cell.model)) {
            return format!("? ({text})");
        }
        if !cell.may_lack_zeros() {
            return text.clone();
        }
        std::iter::once(text.as_str()).chain(self.rivals_of(&cell.model, text)).collect::<Vec<_>>().join(" or ")
    }

    /// The longer forms of a number that the file has for the same model, sorted.
    fn rivals_of(&self, model: &str, text: &str) -> Vec<&str> {
        let Some(rivals) = self.with_zero.get(model) else { return Vec::new() };
        let is_longer = |rival: &&str| rival.strip_prefix(text).is_some_and(|zeros| zeros.bytes().all(|b| b == b'0'));
        let mut rivals: Vec<&str> = rivals.iter().map(String::as_str).filter(is_longer).collect();
        rivals.sort_unstable();
        rivals
    }

    /// What the cell may have said, when a spreadsheet changed it: the versions to choose from, or none where too much
    /// is lost to offer any. `None` when the firmware is not in doubt.
    pub fn doubt(&self, row: &InventoryRow) -> Option<FirmwareDoubt> {
        let (text, judged) = (row.value(Field::Firmware), self.firmware(row));
        if text == judged {
            return None;
        }
        let rivals: Vec<&str> = self.rivals_of(&model(row), text);
        let (kind, may_be) = if judged.starts_with('?') {
            let is_date = row.warnings.iter().any(|w| w.kind == RowWarningKind::FirmwareDate) || day_of(text).is_some();
            let kind = if is_date { RowWarningKind::FirmwareDate } else { RowWarningKind::ScientificNotation };
            (kind, versions_of_date(text))
        } else {
            let all = std::iter::once(text).chain(rivals).map(str::to_owned).collect();
            (RowWarningKind::FirmwareNumber, all)
        };
        Some(FirmwareDoubt { kind, found: text.to_owned(), judged, may_be, model: model(row) })
    }
}

/// What of a row decides as what its firmware is judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirmwareCell {
    text: String,
    /// The folded model.
    model: String,
    /// The cell became a date or a rounded number, and what it said is lost.
    is_lost: bool,
    is_in_text_file: bool,
    /// A file of text does not tell a number from a text; a workbook does.
    may_be_number: bool,
}

impl FirmwareCell {
    /// The firmware cell of this row.
    pub fn of(row: &InventoryRow) -> FirmwareCell {
        let text = row.value(Field::Firmware);
        let has = |kind: RowWarningKind| {
            let column = row.columns.get(&Field::Firmware);
            row.warnings.iter().any(|w| w.kind == kind && Some(&w.place.column) == column)
        };
        let date = has(RowWarningKind::FirmwareDate) && !is_full_date(text);
        let is_in_text_file = row.place.sheet.is_empty();
        FirmwareCell {
            is_lost: !text.is_empty() && (date || has(RowWarningKind::ScientificNotation)),
            is_in_text_file,
            may_be_number: is_in_text_file || has(RowWarningKind::FirmwareNumber),
            model: model(row),
            text: text.to_owned(),
        }
    }

    /// Whether as what it is judged depends on the other rows of the file.
    pub fn is_open(&self) -> bool {
        !self.is_lost && (self.may_be_day() || self.may_lack_zeros())
    }

    /// Written as text, a date without its format is the number of its day.
    fn may_be_day(&self) -> bool {
        self.is_in_text_file && day_of(&self.text).is_some()
    }

    fn may_lack_zeros(&self) -> bool {
        self.may_be_number && is_decimal(&self.text) && !self.text.ends_with('0')
    }
}

/// A firmware cell that a spreadsheet changed or may have changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirmwareDoubt {
    pub kind: RowWarningKind,
    /// The text of the cell.
    pub found: String,
    /// As what it is judged until somebody says more.
    pub judged: String,
    /// The versions that may have been typed.
    pub may_be: Vec<String>,
    /// What says which cells are alike: the folded model.
    pub model: String,
}

/// The calendar day that a spreadsheet keeps as this number, from 2000 to 2049: 44594 is 2 February 2022.
fn day_of(text: &str) -> Option<Date> {
    let number: i64 = text.parse().ok().filter(|n| (36_526..54_789).contains(n) && text.len() == 5)?;
    jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(number)).ok()
}

/// The versions that a spreadsheet may have made this date of: `02-Sep` was 2.9 or 9.2.
fn versions_of_date(text: &str) -> Vec<String> {
    if let Some(day) = day_of(text) {
        return versions_of_date(&day.strftime("%d.%m.%Y").to_string());
    }
    const MONTHS: [(&str, u32); 18] = [
        ("jan", 1),
        ("feb", 2),
        ("mar", 3),
        ("mär", 3),
        ("mrz", 3),
        ("apr", 4),
        ("mai", 5),
        ("may", 5),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("sep", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("dez", 12),
        ("déc", 12),
    ];
    let folded = text.to_lowercase();
    let mut numbers: Vec<u32> = Vec::new();
    let mut month = None;
    for part in folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        match part.parse() {
            Ok(number) => numbers.push(number),
            // `1.2E+03` is a rounded number and no date.
            Err(_) if part.contains(|c: char| c.is_ascii_digit()) => return Vec::new(),
            Err(_) => month = MONTHS.iter().find(|(name, _)| part.starts_with(name)).map(|(_, n)| *n).or(month),
        }
    }
    let both = |a: u32, b: u32, tail: &str| {
        let mut all = vec![format!("{a}.{b}{tail}"), format!("{b}.{a}{tail}")];
        all.dedup();
        all
    };
    // A version of two numbers gets the year of the day on which it was typed.
    let with_year = |a: u32, b: u32, year: u32| [both(a, b, ""), both(a, b, &format!(".{}", year % 100))].concat();
    match (month, numbers[..].as_ref()) {
        (Some(month), [day]) if *day <= 31 => both(*day, month, ""),
        // `Sep 20` is what 9.20 becomes, and `Jan 45` what 1.45 does.
        (Some(month), [year]) => vec![format!("{month}.{}", year % 100)],
        (Some(month), [day, year]) => with_year(*day, month, *year),
        (None, [day, month]) if *day <= 31 && *month <= 31 => both(*day, *month, ""),
        (None, [day, month, year]) if *day <= 31 && *month <= 31 => with_year(*day, *month, *year),
        (None, [year, month, day]) if *month <= 12 && *day <= 31 => with_year(*day, *month, *year),
        _ => Vec::new(),
    }
}

/// What says which rows are of the same model: the model, else the order number; blank when neither is stated.
fn model(row: &InventoryRow) -> String {
    let model = row.value(Field::Model);
    if model.is_empty() { row.value(Field::PartNumber) } else { model }.trim().to_lowercase()
}

/// Digits, a point, digits: what a spreadsheet takes for a number.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part))
}

/// `2019-05-01`, `20-Apr-2023`, `April 2019`.
fn is_full_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let names_month = words.iter().any(|word| {
        word.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_str()))
            && word.bytes().all(|b| b.is_ascii_alphabetic())
    });
    let names_year = words.iter().any(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()));
    if names_month && names_year && words.len() <= 3 {
        return true;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts[..], [year, month, day] if number(year, 4) && number(month, 2) && number(day, 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firmware::Firmware;
    use crate::domain::inventory::{CellPlace, RowWarning};

    fn row(sheet: &str, model: &str, firmware: &str, kind: Option<RowWarningKind>) -> InventoryRow {
        let place = CellPlace { sheet: sheet.to_owned(), row: 2, column: 0 };
        let warned = CellPlace { column: 5, ..place.clone() };
        InventoryRow {
            fields: [(Field::Model, model.to_owned()), (Field::Firmware, firmware.to_owned())].into(),
            columns: [(Field::Model, 4), (Field::Firmware, 5)].into(),
            warnings: kind.map(|kind| RowWarning { kind, place: warned, detail: String::new() }).into_iter().collect(),
            place,
            ..InventoryRow::default()
        }
    }

    #[test]
    fn a_number_is_in_doubt_beside_its_longer_form_for_the_same_model() {
        use RowWarningKind::FirmwareNumber;
        let mut rivals = FirmwareRivals::default();
        for (model, firmware) in [("S7-1500", "1.10"), ("S7-1500", "1.100"), ("Other", "2.10"), ("S7-1500", "V3.10")] {
            rivals.note(&row("", model, firmware, None));
        }
        for (sheet, model, firmware, kind, want) in [
            ("", "S7-1500", "1.1", None, "1.1 or 1.10 or 1.100"),
            ("", "s7-1500 ", "1.1", None, "1.1 or 1.10 or 1.100"),
            ("", "S7-1500", "1.10", None, "1.10"),
            ("", "S7-1500", "2.1", None, "2.1"),
            ("", "S7-1500", "3.1", None, "3.1"),
            ("", "S7-1500", "1.1.1", None, "1.1.1"),
            ("PLC", "S7-1500", "1.1", None, "1.1"),
            ("PLC", "S7-1500", "1.1", Some(FirmwareNumber), "1.1 or 1.10 or 1.100"),
        ] {
            assert_eq!(rivals.firmware(&row(sheet, model, firmware, kind)), want, "{sheet} {model} {firmware}");
        }
    }

    #[test]
    fn a_date_may_have_been_these_versions() {
        for (text, want) in [
            ("02-Sep", vec!["2.9", "9.2"]),
            ("01. Okt", vec!["1.10", "10.1"]),
            ("3-Mär", vec!["3.3"]),
            ("Jan 45", vec!["1.45"]),
            ("02.09.2024", vec!["2.9", "9.2", "2.9.24", "9.2.24"]),
            ("2019-05-01 00:00:00", vec![]),
            ("2. Sep 2024", vec!["2.9", "9.2", "2.9.24", "9.2.24"]),
            ("9/2", vec!["9.2", "2.9"]),
            ("1.2E+03", vec![]),
            ("", vec![]),
            ("99999999999999", vec![]),
        ] {
            assert_eq!(versions_of_date(text), want, "{text}");
        }
    }

    #[test]
    fn the_number_of_a_day_is_no_version_beside_versions_with_points() {
        let mut rivals = FirmwareRivals::default();
        for (model, firmware) in [("PM8000", "3.1.2"), ("EKI-7720", "44001")] {
            rivals.note(&row("", model, firmware, None));
        }
        for (sheet, model, firmware, want) in [
            ("", "PM8000", "44594", "? (44594)"),
            ("", "EKI-7720", "44594", "44594"),
            ("Meters", "PM8000", "44594", "44594"),
            ("", "PM8000", "31000", "31000"),
            ("", "PM8000", "144594", "144594"),
        ] {
            assert_eq!(rivals.firmware(&row(sheet, model, firmware, None)), want, "{model} {firmware}");
        }
        let doubt = rivals.doubt(&row("", "PM8000", "44594", None)).unwrap();
        assert_eq!(
            (doubt.kind, doubt.may_be),
            (RowWarningKind::FirmwareDate, vec!["2.2".to_owned(), "2.2.22".to_owned()])
        );
        assert_eq!(versions_of_date("45537"), ["2.9", "9.2", "2.9.24", "9.2.24"]);
    }

    #[test]
    fn a_doubt_says_what_may_have_been_typed() {
        use RowWarningKind::{FirmwareDate, FirmwareNumber, ScientificNotation};
        let mut rivals = FirmwareRivals::default();
        rivals.note(&row("", "PM8000", "1.10", None));
        for (row, want) in [
            (row("", "PM8000", "1.1", None), Some((FirmwareNumber, "1.1 or 1.10", vec!["1.1", "1.10"]))),
            (row("PLC", "X", "02-Sep", Some(FirmwareDate)), Some((FirmwareDate, "? (02-Sep)", vec!["2.9", "9.2"]))),
            (row("PLC", "X", "1.2E+03", Some(ScientificNotation)), Some((ScientificNotation, "? (1.2E+03)", vec![]))),
            (row("", "PM8000", "3.1.2", None), None),
            (row("", "PM8000", "", None), None),
        ] {
            let doubt = rivals.doubt(&row);
            let found = doubt
                .as_ref()
                .map(|d| (d.kind, d.judged.as_str(), d.may_be.iter().map(String::as_str).collect::<Vec<_>>()));
            assert_eq!(found, want, "{row:?}");
        }
    }

    #[test]
    fn a_date_or_a_rounded_number_is_never_a_version_and_its_text_stays() {
        use RowWarningKind::{FirmwareDate, Hidden, ScientificNotation};
        for (firmware, kind, want) in [
            ("02-Sep", FirmwareDate, "? (02-Sep)"),
            ("02.09.2024", FirmwareDate, "? (02.09.2024)"),
            ("20-Apr-2023", FirmwareDate, "20-Apr-2023"),
            ("April 2019", FirmwareDate, "April 2019"),
            ("Apr-19", FirmwareDate, "? (Apr-19)"),
            ("1.2E+03", ScientificNotation, "? (1.2E+03)"),
            ("2019-05-01", FirmwareDate, "2019-05-01"),
            ("3.1.2", Hidden, "3.1.2"),
        ] {
            let written = FirmwareRivals::default().firmware(&row("PLC", "X", firmware, Some(kind)));
            assert_eq!(written, want);
            assert_eq!(Firmware::read(&written).is_stated(), !want.starts_with('?'), "{want}");
        }
    }
}
