//! Many rows into PostgreSQL by `copy`, which needs a fifth of the time that `insert` takes for them: see
//! docs/performance.md. The text format: values are divided by tabs, rows end with a line feed, `\N` is null.
//! <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2>

use std::fmt::Write as _;

use sqlx::PgConnection;

/// Rows as `copy … from stdin` reads them.
#[derive(Debug, Default)]
pub(super) struct CopyRows {
    text: String,
    is_within_row: bool,
}

impl CopyRows {
    /// Adds the next value of the row. Named as the builder of statements names it, so that one list of values serves both.
    pub(super) fn push_bind(&mut self, value: impl CopyValue) -> &mut Self {
        if self.is_within_row {
            self.text.push('\t');
        }
        self.is_within_row = true;
        value.write_to(&mut self.text);
        self
    }

    pub(super) fn end_row(&mut self) {
        self.text.push('\n');
        self.is_within_row = false;
    }

    /// Sends the rows; `head` is `insert into TABLE (COLUMNS)`.
    pub(super) async fn send(self, connection: &mut PgConnection, head: &str) -> Result<(), sqlx::Error> {
        let target = head.trim_start().trim_start_matches("insert into");
        let mut copy = connection.copy_in_raw(&format!("copy{target} from stdin")).await?;
        if let Err(error) = copy.send(self.text.into_bytes()).await {
            // The statement must end before anything else can be asked; why it failed is what the sender heard.
            let _ = copy.abort("the rows could not be sent").await;
            return Err(error);
        }
        copy.finish().await.map(drop)
    }
}

/// A value of a row.
pub(super) trait CopyValue {
    fn write_to(&self, text: &mut String);
}

impl CopyValue for i64 {
    fn write_to(&self, text: &mut String) {
        // Writing into a text cannot fail.
        let _ = write!(text, "{self}");
    }
}

impl CopyValue for bool {
    fn write_to(&self, text: &mut String) {
        text.push(if *self { 't' } else { 'f' });
    }
}

impl CopyValue for str {
    fn write_to(&self, text: &mut String) {
        for c in self.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '\t' => text.push_str("\\t"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                c => text.push(c),
            }
        }
    }
}

impl CopyValue for String {
    fn write_to(&self, text: &mut String) {
        self.as_str().write_to(text);
    }
}

impl CopyValue for [u8] {
    fn write_to(&self, text: &mut String) {
        text.push_str("\\\\x");
        for byte in self {
            let _ = write!(text, "{byte:02x}");
        }
    }
}

impl<T: CopyValue + ?Sized> CopyValue for &T {
    fn write_to(&self, text: &mut String) {
        (**self).write_to(text);
    }
}

impl<T: CopyValue> CopyValue for Option<T> {
    fn write_to(&self, text: &mut String) {
        match self {
            Some(value) => value.write_to(text),
            None => text.push_str("\\N"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_so_that_no_text_ends_a_value_or_a_row() {
        let mut rows = CopyRows::default();
        rows.push_bind(7_i64).push_bind("tab\there").push_bind(true).push_bind(None::<&str>);
        rows.end_row();
        rows.push_bind(-1_i64).push_bind("\\N\r\n\\.").push_bind(Some(String::new())).push_bind(&[0_u8, 255][..]);
        rows.end_row();
        assert_eq!(rows.text, "7\ttab\\there\tt\t\\N\n-1\t\\\\N\\r\\n\\\\.\t\t\\\\x00ff\n");
    }
}
