//! Two revisions of a document side by side, as text.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::visible::{counted, visible_line};
use super::vocabulary::remediation_label;
use crate::domain::advisory_diff::Difference;

/// Lines of unchanged text around a change.
const CONTEXT: usize = 2;

/// The differences as text, one a line, longer texts with their changed lines marked `-` and `+`.
pub fn differences_text(differences: &[Difference]) -> String {
    let mut out = String::new();
    for difference in differences {
        // Writing to a String cannot fail.
        let _ = write_difference(&mut out, difference);
    }
    if differences.is_empty() {
        out.push_str("  nothing that this program reads is different\n");
    }
    out
}

fn write_difference(out: &mut String, difference: &Difference) -> std::fmt::Result {
    let line = |text: &str| visible_line(text).into_owned();
    let or_none = |text: &Option<String>| text.as_deref().map_or_else(|| "not named".to_owned(), line);
    match difference {
        Difference::ProductAdded { product } => writeln!(out, "  product added: {}", line(product)),
        Difference::ProductRemoved { product } => writeln!(out, "  product removed: {}", line(product)),
        Difference::RangeChanged { product, before, after } => {
            writeln!(out, "  versions of {}: `{}` → `{}`", line(product), line(before), line(after))
        }
        Difference::VulnerabilityAdded { vulnerability } => {
            writeln!(out, "  vulnerability added: {}", line(vulnerability))
        }
        Difference::VulnerabilityRemoved { vulnerability } => {
            writeln!(out, "  vulnerability removed: {}", line(vulnerability))
        }
        Difference::StatusChanged { vulnerability, product, before, after } => {
            let (vulnerability, product) = (line(vulnerability), line(product));
            writeln!(out, "  {vulnerability}, {product}: {} → {}", or_none(before), or_none(after))
        }
        Difference::ScoresChanged { vulnerability, before, after } => {
            let scores =
                |scores: &[String]| if scores.is_empty() { "none".to_owned() } else { line(&scores.join("; ")) };
            writeln!(out, "  {} score: {} → {}", line(vulnerability), scores(before), scores(after))
        }
        Difference::RemedyAdded { category, details } => {
            writeln!(out, "  remedy added, {}: {}", remediation_label(category), line(details))
        }
        Difference::RemedyRemoved { category, details } => {
            writeln!(out, "  remedy removed, {}: {}", remediation_label(category), line(details))
        }
        Difference::FieldChanged { field, before, after } => {
            let value = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{}`", line(text)) };
            writeln!(out, "  {}: {} → {}", line(field), value(before), value(after))
        }
        Difference::TextChanged { field, before, after } => {
            writeln!(out, "  {}:", line(field))?;
            for (sign, text) in changed_lines(before, after) {
                writeln!(out, "    {sign} {}", line(&text))?;
            }
            Ok(())
        }
        Difference::ReferenceAdded { url } => writeln!(out, "  reference added: {}", line(url)),
        Difference::ReferenceRemoved { url } => writeln!(out, "  reference removed: {}", line(url)),
    }
}

/// The changed lines of a text with a little around them: (`-`, `+` or a blank, the line); `…` stands for lines left
/// out.
pub fn changed_lines(before: &str, after: &str) -> Vec<(char, String)> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (n, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if n > 0 {
            lines.push((' ', "…".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push((sign, change.value().trim_end_matches(['\n', '\r']).to_owned()));
        }
    }
    lines
}

/// `3 differences in the document`.
pub fn differences_heading(differences: &[Difference]) -> String {
    format!("{} in the document", counted(differences.len() as u64, "difference", "differences"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_shows_only_what_is_around_its_changes() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let text = differences_text(&[
            Difference::TextChanged { field: "note summary".to_owned(), before, after },
            Difference::FieldChanged { field: "status".to_owned(), before: String::new(), after: "final".to_owned() },
            Difference::StatusChanged {
                vulnerability: "CVE-1".to_owned(),
                product: "A".to_owned(),
                before: None,
                after: Some("fixed".to_owned()),
            },
        ]);
        assert_eq!(
            text,
            "  note summary:\n      line 8\n      line 9\n    - line 10\n    + line ten\n      line 11\n      line 12\n  \
             status: none → `final`\n  CVE-1, A: not named → fixed\n"
        );
        assert!(differences_text(&[]).contains("nothing"));
    }
}
