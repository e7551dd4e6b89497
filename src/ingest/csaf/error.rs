//! Why a document could not be read at all.

use thiserror::Error;

/// A document that is no CSAF, no JSON, or too large to be one. The file's name is the caller's to add, in front:
/// ``cannot read `x.json`: expected …``.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("expected a CSAF document, found an empty file")]
    Empty,
    #[error("expected JSON, could not go on in line {line}, column {column}: {cause}")]
    NotJson { cause: String, line: usize, column: usize },
    #[error("expected a CSAF document with an object `document`, found {found}")]
    NotCsaf { found: String, hint: Option<&'static str> },
    #[error("expected objects and lists nested at most 127 deep, found more in line {line}, column {column}")]
    TooDeep { line: usize, column: usize },
    #[error("expected at most {limit} {what}, found more")]
    TooLarge { what: &'static str, limit: usize },
}

impl ReadError {
    /// Advice in one line, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ReadError::Empty => Some("fetch the file again"),
            ReadError::NotJson { .. } => Some("check that the file arrived whole, and that it is the JSON form"),
            ReadError::NotCsaf { hint, .. } => *hint,
            ReadError::TooDeep { .. } => Some("no publisher needs such a tree; do not trust this file"),
            ReadError::TooLarge { .. } => Some("no publisher needs that many; do not trust this file"),
        }
    }
}
