//! Why an inventory file could not be read: what was tried, where, what was expected and what was found.

use std::fmt;

/// A file that gives no inventory. Shown as `cannot read` with the file, the fault, and a hint on its own line.
#[derive(Debug)]
pub struct ReadError {
    /// The file's name as the caller gave it.
    pub file: String,
    pub fault: ReadFault,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    #[error("the file could not be read")]
    Io(#[source] std::io::Error),
    #[error("the file is empty: expected rows of devices, found {bytes} bytes without any text")]
    Empty { bytes: u64 },
    #[error("expected a file of at most {limit_bytes} bytes, found more")]
    TooLarge { limit_bytes: u64 },
    #[error("expected {expected}, found {found}")]
    WrongType { expected: &'static str, found: String },
    #[error("the workbook is protected with a password, so its sheets are encrypted")]
    Password,
    #[error("the workbook is damaged: the file is cut off ({detail}), so it was not copied or sent whole")]
    Truncated { detail: String },
    #[error("the workbook is damaged in `{part}`: {detail}")]
    Damaged { part: String, detail: String },
    #[error("`{part}` unpacks to more than {limit_bytes} bytes: this is a zip bomb or no inventory")]
    Bomb { part: String, limit_bytes: u64 },
    #[error("the file has {what}: expected at most {limit}, found {found}")]
    TooMany { what: &'static str, limit: u64, found: u64 },
    #[error("expected a header row that names a model, an order number or a description, found none ({found})")]
    NoTable { found: String },
    #[error("this looks like a price list: columns {columns}, but no serial number, firmware, site or tag")]
    PriceList { columns: String },
    #[error("the mapping cannot be used: {0}")]
    Mapping(String),
}

impl ReadFault {
    /// Advice for the owner of the file; blank when there is none to give.
    pub fn hint(&self) -> &'static str {
        match self {
            ReadFault::Io(_) => "check that the file exists and that you may read it",
            ReadFault::Empty { .. } => "save the list again and import the new file",
            ReadFault::TooLarge { .. } => "split the list, or save it as CSV, which is read in pieces",
            ReadFault::WrongType { .. } => "save the list as CSV, XLSX, XLSM, XLSB, XLS or ODS",
            ReadFault::Password => "save a copy without a password and import the copy",
            ReadFault::Truncated { .. } => "copy or download the file again",
            ReadFault::Damaged { .. } => "open the file in a spreadsheet program and save it again",
            ReadFault::Bomb { .. } | ReadFault::TooMany { .. } => {
                "save the sheet with the devices as CSV and import that"
            }
            ReadFault::NoTable { .. } => {
                "name the columns in the first row of the list, or give a mapping with `--mapping`"
            }
            ReadFault::PriceList { .. } => "import a list of installed devices, or map the columns with `--mapping`",
            ReadFault::Mapping(_) => {
                "known fields: asset_id, name, site, area, vendor, model, part_number, serial_number, firmware, hardware_revision, ip_address, mac_address, quantity, criticality, zone, notes"
            }
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`: {}\nhint: {}", self.file, self.fault, self.fault.hint())
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            ReadFault::Io(e) => Some(e),
            _ => None,
        }
    }
}
