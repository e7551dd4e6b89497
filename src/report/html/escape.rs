//! Text of others inside HTML: escaped, with visible marks, and links that cannot run anything.

use std::fmt::{self, Display, Formatter, Write};

use super::super::visible::visible;

/// The text for use between tags or inside a quoted attribute.
pub(in crate::report) struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        escape(&visible(self.0), f)
    }
}

/// An identifier (order number, firmware, path) that may break after its separators when it has no room.
pub(super) struct Identifier<'a>(pub &'a str);

impl Display for Identifier<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = visible(self.0);
        for piece in shown.split_inclusive(['-', '/', '.', '_', ':']) {
            escape(piece, f)?;
            if piece.ends_with(['-', '/', '.', '_', ':']) {
                f.write_str("<wbr>")?;
            }
        }
        Ok(())
    }
}

/// Prose that keeps its line breaks.
pub(super) struct Prose<'a>(pub &'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines = self.0.lines().map(str::trim).filter(|line| !line.is_empty());
        for (i, line) in lines.enumerate() {
            if i > 0 {
                f.write_str("<br>")?;
            }
            escape(&visible(line), f)?;
        }
        Ok(())
    }
}

/// A sentence of ours that quotes values of others in backticks, which become code.
pub(super) struct Sentence<'a>(pub &'a str);

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // An odd number of backticks belongs to a value; then nothing is read as a quotation.
        if self.0.matches('`').count() % 2 == 1 {
            return Text(self.0).fmt(f);
        }
        for (i, piece) in self.0.split('`').enumerate() {
            if i % 2 == 1 {
                write!(f, "<code><bdi>{}</bdi></code>", Text(piece))?;
            } else {
                Text(piece).fmt(f)?;
            }
        }
        Ok(())
    }
}

/// What stands in a table cell: kept apart from the direction of the text around it, nothing when it is blank.
pub(super) struct CellText<'a>(pub &'a str);

impl Display for CellText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "<bdi>{}</bdi>", Identifier(self.0)) }
    }
}

/// A link with its host behind it; only http and https become links, all others stay text.
pub(super) struct Link<'a> {
    pub url: &'a str,
    pub label: &'a str,
}

impl Display for Link<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match host(self.url) {
            Some(host) => write!(
                f,
                "<a href=\"{}\" rel=\"noopener noreferrer\"><bdi>{}</bdi></a> <span class=\"host\">({}, needs internet)</span>",
                Text(self.url),
                Text(self.label),
                Text(host)
            ),
            None => write!(f, "<bdi>{}</bdi>", Text(self.url)),
        }
    }
}

/// The host of an http or https address; `None` for anything that should not be a link.
fn host(url: &str) -> Option<&str> {
    let scheme_end = url.find("://")?;
    let scheme = &url[..scheme_end];
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let rest = &url[scheme_end + 3..];
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    // A name before `@` could pretend to be the host.
    let host = authority.rsplit('@').next().unwrap_or("");
    (!host.is_empty()).then_some(host)
}

fn escape(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        f.write_str(&rest[..at])?;
        f.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    f.write_str(rest)
}

/// The bytes in base 64, as a content security policy wants its digests.
pub(in crate::report) struct Base64<'a>(pub &'a [u8]);

impl Display for Base64<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for chunk in self.0.chunks(3) {
            let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for i in 0..4 {
                let digit = char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]);
                f.write_char(if i <= chunk.len() { digit } else { '=' })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_others_is_text() {
        assert_eq!(Text("<a href=\"x\">'&").to_string(), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(Identifier("6ES7-1.<b>").to_string(), "6ES7-<wbr>1.<wbr>&lt;b&gt;");
        assert_eq!(Sentence("bound `<= 33` is").to_string(), "bound <code><bdi>&lt;= 33</bdi></code> is");
        assert_eq!(Sentence("a ` <b>").to_string(), "a ` &lt;b&gt;");
        assert_eq!(Prose("one\r\n\r\n two\u{1b}").to_string(), "one<br>two␛");
    }

    #[test]
    fn only_web_addresses_become_links() {
        for (url, expected) in [
            ("https://www.se.com/pm8000", Some("www.se.com")),
            ("HTTP://example.com", Some("example.com")),
            ("https://bank.example@evil.example/", Some("evil.example")),
            ("javascript:alert(1)", None),
            ("javascript://example.com/%0aalert(1)", None),
            ("data:text/html,x", None),
            ("https://", None),
            ("https://a b", None),
            ("www.se.com", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(Base64(bytes.as_bytes()).to_string(), text);
        }
    }
}
