//! Texts of others, made safe to look at and able to wrap.

use std::fmt::{self, Display, Formatter, Write as _};

use askama::filters::HtmlSafe;

use crate::report::visible::visible;
pub use crate::report::visible::{counted, grouped};

/// An order number, firmware or id: a short one stays on one line, a long one wraps after its separators, and no character
/// is hidden.
pub struct Identifier<'a>(pub &'a str);

impl Display for Identifier<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = visible(self.0);
        let is_short = text.chars().count() <= SHORT;
        f.write_str(if is_short { "<bdi class=\"short\">" } else { "<bdi>" })?;
        for c in text.chars() {
            escaped(f, c)?;
            if !is_short && matches!(c, '-' | '/' | '.' | '_') {
                f.write_str("<wbr>")?;
            }
        }
        f.write_str("</bdi>")
    }
}

impl HtmlSafe for Identifier<'_> {}

/// Characters up to which an identifier is not broken: two of its columns fit a phone.
const SHORT: usize = 12;

/// A sentence of ours that quotes values between backticks; these become code.
pub struct Sentence<'a>(pub &'a str);

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = visible(self.0);
        let parts: Vec<&str> = text.split('`').collect();
        let is_paired = parts.len() % 2 == 1;
        for (i, part) in parts.iter().enumerate() {
            let is_quoted = is_paired && i % 2 == 1;
            if !is_paired && i > 0 {
                f.write_char('`')?;
            }
            f.write_str(if is_quoted { "<code><bdi>" } else { "" })?;
            part.chars().try_for_each(|c| escaped(f, c))?;
            f.write_str(if is_quoted { "</bdi></code>" } else { "" })?;
        }
        Ok(())
    }
}

impl HtmlSafe for Sentence<'_> {}

/// The columns that mean no field, as they are kept in the history of an asset, for people: `Room: 7; Cost: 4711`.
pub fn other_columns(kept: &str) -> String {
    let pairs: Vec<(String, String)> = serde_json::from_str(kept).unwrap_or_default();
    pairs.iter().map(|(header, value)| format!("{header}: {value}")).collect::<Vec<_>>().join("; ")
}

/// Prose of an advisory: paragraphs at blank lines, lists where lines begin with a dash, links where an address stands.
/// No markup of the text is obeyed.
pub struct Prose<'a>(pub &'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0.replace("\r\n", "\n");
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            f.write_str("<p dir=\"auto\">")?;
            for (i, line) in paragraph.trim().lines().enumerate() {
                f.write_str(if i > 0 { "<br>" } else { "" })?;
                for (j, word) in line.split(' ').enumerate() {
                    f.write_str(if j > 0 { " " } else { "" })?;
                    match host(word.trim_end_matches(['.', ',', ')', ';'])) {
                        Some(_) => {
                            let url = word.trim_end_matches(['.', ',', ')', ';']);
                            write!(f, "<a rel=\"noopener noreferrer external\" href=\"{0}\">{0}</a>", Escaped(url))?;
                            write!(f, "{}", Escaped(&word[url.len()..]))?;
                        }
                        None => write!(f, "{}", Escaped(&visible(word)))?,
                    }
                }
            }
            f.write_str("</p>")?;
        }
        Ok(())
    }
}

impl HtmlSafe for Prose<'_> {}

struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| escaped(f, c))
    }
}

fn escaped(f: &mut Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '&' => f.write_str("&amp;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        c => f.write_char(c),
    }
}

/// The host of an address of the web; `None` for anything else, which must not become a link.
pub fn host(url: &str) -> Option<&str> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        &url[8..]
    } else if lower.starts_with("http://") {
        &url[7..]
    } else {
        return None;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_clean = !url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '<');
    (!host.is_empty() && is_clean).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_mean_no_field_are_told_without_their_brackets() {
        for (kept, told) in [
            ("[]", ""),
            ("", ""),
            (r#"[["Kostenstelle","4711"]]"#, "Kostenstelle: 4711"),
            (r#"[["Room","7"],["Cost","a;b"]]"#, "Room: 7; Cost: a;b"),
        ] {
            assert_eq!(other_columns(kept), told, "{kept}");
        }
    }

    #[test]
    fn markup_of_others_is_text() {
        assert_eq!(Identifier("v34.014<b>").to_string(), "<bdi class=\"short\">v34.014&lt;b&gt;</bdi>");
        assert_eq!(Identifier("6ES7515-2AM.<b>").to_string(), "<bdi>6ES7515-<wbr>2AM.<wbr>&lt;b&gt;</bdi>");
        assert_eq!(Sentence("bound `<= 33` is").to_string(), "bound <code><bdi>&lt;= 33</bdi></code> is");
        assert_eq!(Sentence("a ` <b>").to_string(), "a ` &lt;b&gt;");
        assert_eq!(
            Prose("See https://a.example/x\"y.\n\n<script>\u{1b}").to_string(),
            "<p dir=\"auto\">See https://a.example/x&quot;y.</p><p dir=\"auto\">&lt;script&gt;␛</p>"
        );
        assert!(Prose("at https://a.example/x.").to_string().contains("href=\"https://a.example/x\">"));
        assert!(!Prose("javascript:alert(1)").to_string().contains("href"));
    }
}
