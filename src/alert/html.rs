//! The message as a small HTML page: the same words as the text, in the same order. Mail programs know no style
//! sheets worth relying on, so style stands at the elements.

use std::fmt::Write;

use super::message::{
    Setting, as_of, at_sites, closing, encoded, held, how_to_stop, one_line, rating, subject, thousands, why,
};
use crate::domain::alert::{AlertDigest, AlertEvent};

/// The digest as HTML.
pub fn html(digest: &AlertDigest, setting: &Setting) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    out.push_str(&escaped(&subject(digest, setting)));
    out.push_str(
        "</title></head>\n<body style=\"font-family: 'IBM Plex Sans', Arial, sans-serif; font-size: 14px; \
         color: #161b1f; background: #ffffff; max-width: 640px\">\n",
    );
    for line in as_of(digest, setting).lines() {
        let _ = writeln!(out, "<p style=\"margin: 0 0 4px; color: #46525a\">{}</p>", escaped(line));
    }
    if digest.n_items() == 0 {
        out.push_str("<p>Nothing changed. This message comes once a week so that silence has a meaning.</p>\n");
    }
    for (event, _) in AlertEvent::ALL {
        section(&mut out, digest, event, setting);
    }
    let _ = writeln!(out, "<p style=\"margin: 16px 0 4px\">{}</p>", escaped(&closing(digest)));
    if digest.n_held > 0 {
        let _ = writeln!(out, "<p style=\"margin: 0 0 4px\">{}</p>", escaped(&held(digest.n_held)));
    }
    if let Some(base) = &setting.base_url {
        let _ = writeln!(out, "<p><a href=\"{}/rescans\" style=\"color: #0b5a70\">All changes</a></p>", escaped(base));
    }
    let _ = write!(
        out,
        "<p style=\"border-top: 1px solid #c3cbd0; padding-top: 8px; color: #46525a; font-size: 12px\">\
         Sent because of the alert rule “{}”. ",
        escaped(&one_line(&digest.rule))
    );
    match &setting.stop_url {
        Some(url) => {
            let _ = write!(out, "<a href=\"{}\" style=\"color: #0b5a70\">Stop these messages</a>", escaped(url));
        }
        None => out.push_str(&escaped(&how_to_stop(setting))),
    }
    out.push_str("</p>\n</body></html>\n");
    out
}

fn section(out: &mut String, digest: &AlertDigest, event: AlertEvent, setting: &Setting) {
    let n = digest.count(event).n_items;
    if n == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "<h2 style=\"font-size: 16px; margin: 16px 0 4px\">{} ({})</h2>",
        escaped(event.heading()),
        thousands(n)
    );
    let mut shown = 0;
    for (_, sentence) in digest.notices.iter().filter(|(of, _)| *of == event) {
        shown += 1;
        let _ = writeln!(out, "<p style=\"margin: 0 0 4px\">{}</p>", escaped(&one_line(sentence)));
    }
    if digest.is_counts_only {
        return;
    }
    for item in digest.items.iter().filter(|item| item.event == event) {
        shown += 1;
        let id = escaped(&one_line(&item.advisory_id));
        let id = match &setting.base_url {
            Some(base) => format!(
                "<a href=\"{}/search?q={}\" style=\"color: #0b5a70\">{id}</a>",
                escaped(base),
                encoded(&item.advisory_id)
            ),
            None => id,
        };
        let _ = writeln!(
            out,
            "<p style=\"margin: 0 0 8px; padding-left: 8px; border-left: 3px solid #73808a\"><b>{} × {}</b>{}<br>\
             {} · {id}: {}<br>{}</p>",
            thousands(item.n_assets),
            escaped(&one_line(&item.nameplate)),
            escaped(&at_sites(item)),
            escaped(&rating(item)),
            escaped(&one_line(&item.title)),
            escaped(&why(item))
        );
    }
    if n > shown {
        let _ = writeln!(out, "<p style=\"margin: 0 0 8px\">… and {} more</p>", thousands(n - shown));
    }
}

/// The text with the five characters that mean something to HTML written out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{digest, setting};
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        let page = html(&digest(), &setting());
        assert!(page.contains("Power &amp; energy &lt;meters&gt;"), "{page}");
        assert!(page.contains("href=\"https://nameplate.example/search?q=ICSA-23-229-03\""));
        assert!(page.contains("1,204 × Schneider Electric PowerLogic PM8000 3.1.2</b>, Riverside"));
        assert!(page.contains("Stop these messages"));
    }
}
