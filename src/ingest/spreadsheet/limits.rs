//! How large a file may be before reading it is refused.

/// Bounds on one file, so that neither a bomb nor a mistake can use up the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a workbook as it is on disk. Text files are read in pieces and have no bound.
    pub workbook_bytes: u64,
    /// Of one small part of a workbook, unpacked.
    pub part_bytes: u64,
    /// Of the shared texts, unpacked.
    pub strings_bytes: u64,
    /// Of one sheet, unpacked.
    pub sheet_bytes: u64,
    /// Cells of all sheets together.
    pub cells: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            workbook_bytes: 400 << 20,
            part_bytes: 32 << 20,
            strings_bytes: 512 << 20,
            sheet_bytes: 2 << 30,
            cells: 25_000_000,
        }
    }
}
