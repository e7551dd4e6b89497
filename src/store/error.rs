//! What can go wrong between the program and its database.

use sqlx::error::ErrorKind;
use thiserror::Error;

/// Why the database could not be opened, read or written. No message holds a password or a statement.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("cannot open the database: {problem}\nhint: {hint}")]
    Url { problem: String, hint: String },
    #[error("cannot open the database {database}: {problem}")]
    Open { database: String, problem: String },
    #[error(
        "cannot use the database {database}: expected at most schema {known}, found {found}\n\
         hint: a newer version of nameplate has written it; use that version"
    )]
    Newer { database: String, known: i64, found: i64 },
    #[error(
        "cannot migrate the database {database}: expected migration `{name}` as it was applied, found it changed\n\
         hint: use the version of nameplate that wrote this database, or a released one"
    )]
    Rewritten { database: String, name: String },
    #[error("cannot find {0}")]
    NotFound(String),
    /// Another writer was first, or a rule of the schema forbids it; holds the constraint or the reason.
    #[error("cannot save: {0}")]
    Conflict(String),
    #[error("cannot read `{column}` from the database: expected {expected}, found `{found}`")]
    Damaged { column: &'static str, expected: &'static str, found: String },
    #[error("cannot use the database: {0}")]
    Database(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let sqlx::Error::Database(database) = &error else {
            return StoreError::Database(in_words(&error));
        };
        match database.kind() {
            ErrorKind::Other => StoreError::Database(in_words(&error)),
            // PostgreSQL names the constraint apart, SQLite only in its message.
            _ => StoreError::Conflict(database.constraint().unwrap_or_else(|| database.message()).to_owned()),
        }
    }
}

/// An error of the driver as the owner of the plant can act on it.
pub(super) fn in_words(error: &sqlx::Error) -> String {
    let code = match error {
        sqlx::Error::Database(e) => e.code().unwrap_or_default().into_owned(),
        sqlx::Error::PoolTimedOut => {
            return "no connection became free in time; the server may be away or busy".to_owned();
        }
        sqlx::Error::Io(e) => {
            return format!(
                "the connection to the server was lost ({})\nhint: work goes on by itself when the server answers again",
                e.kind()
            );
        }
        _ => String::new(),
    };
    let advice = match code.as_str() {
        // SQLite result codes (sqlite.org/rescode.html); the extended ones keep the primary code in the low byte.
        "5" | "261" | "517" | "773" => "another program keeps it locked",
        "8" | "264" | "520" | "776" | "1032" | "1288" | "1544" => {
            "it is read-only; check the rights of the file and its folder"
        }
        "11" | "267" | "523" | "779" => {
            "the file is damaged\nhint: stop the server and put a backup in its place: `nameplate restore FILE --replace`"
        }
        "13" => "the disk is full",
        "14" => "the file cannot be opened; check the path and the rights of its folder",
        "26" => "expected a SQLite database, found a file of another kind",
        // PostgreSQL (appendix A of its manual).
        "53100" => "the disk of the server is full",
        "53300" => "the server has no connection left",
        "57P01" | "57P02" | "57P03" => {
            "the server ended the connection, or is starting\nhint: work goes on by itself when it answers again"
        }
        "25006" => "the server is read-only",
        _ => return error.to_string(),
    };
    advice.to_owned()
}
