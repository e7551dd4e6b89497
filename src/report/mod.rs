//! Pure writers: rows in, bytes out. All formats hold the same rows in the same order, from one list of columns.

use std::io::{self, Write};

pub mod advisory_diff;
mod advisory_list;
pub mod advisory_text;
pub mod columns;
pub mod comparison;
pub mod csv;
pub mod evidence;
pub mod explanation;
pub mod groups;
pub mod html;
pub mod import_json;
pub mod json;
pub mod lint;
pub mod pdf;
pub mod plan;
pub mod rejects;
pub mod row;
pub mod text;
pub mod tickets;
pub mod vex;
pub mod visible;
pub mod vocabulary;
pub mod without_fix;
pub mod work_order;
pub mod worklist;
pub mod xlsx;

#[cfg(test)]
pub(crate) mod tests;

/// A form in which a report can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Text,
    Html,
    Pdf,
    Xlsx,
    Csv,
    Json,
    Ndjson,
    /// One line for each piece of work, for ServiceNow, Jira and the like.
    Tickets,
}

impl Format {
    /// All formats, in the order in which they are offered.
    pub const ALL: [Format; 8] = [
        Format::Text,
        Format::Html,
        Format::Pdf,
        Format::Xlsx,
        Format::Csv,
        Format::Json,
        Format::Ndjson,
        Format::Tickets,
    ];

    /// The word used in flags and URLs.
    pub fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Html => "html",
            Format::Pdf => "pdf",
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Tickets => "tickets",
        }
    }

    /// The format with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.word() == word)
    }

    /// The ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Tickets => "tickets.csv",
            other => other.word(),
        }
    }

    /// Whether the bytes are no text and do not belong on a terminal.
    pub fn is_binary(self) -> bool {
        matches!(self, Format::Xlsx | Format::Pdf)
    }
}

/// Writes the report in this format; text is set as for a pipe (use [`text::write_text`] for a terminal), a PDF for A4
/// (use [`pdf::write_pdf`] for other paper).
///
/// # Errors
///
/// What `out` fails with, and for a workbook what its temporary files fail with.
pub fn write(report: &row::Report, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write_text(report, &text::Style::PIPE, out),
        Format::Html => html::write_html(report, out),
        Format::Pdf => pdf::write_pdf(report, pdf::Paper::default(), out),
        Format::Xlsx => xlsx::write_xlsx(report, out),
        Format::Csv => csv::write_csv(report, out),
        Format::Json => json::write_json(report, out),
        Format::Ndjson => json::write_ndjson(report, out),
        Format::Tickets => tickets::write_tickets(report, out),
    }
}
