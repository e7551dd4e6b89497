//! What is odd about advisory documents, for people and as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::visible::{counted, grouped, visible_line};
use crate::domain::lint::{LintFinding, LintReport};

/// Writes one line a finding, then the sums.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_lint(report: &LintReport, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let LintFinding { file, kind, pointer, detail } = finding;
        write!(out, "{}: {kind}: {}", visible_line(file), visible_line(detail))?;
        if !pointer.is_empty() {
            write!(out, " at `{}`", visible_line(pointer))?;
        }
        writeln!(out)?;
    }
    if !report.findings.is_empty() {
        writeln!(out)?;
    }
    let findings = counted(report.findings.len() as u64, "finding", "findings");
    let documents = counted(report.n_documents, "document", "documents");
    writeln!(out, "{findings} in {documents}; {} without any.", grouped(report.n_clean))?;
    for (kind, n) in &report.by_kind {
        writeln!(out, "  {:>8} × {kind}", grouped(*n))?;
    }
    writeln!(
        out,
        "{} of {} not understood wholly ({:.2} %).",
        grouped(report.n_version_texts_unread),
        counted(report.n_version_texts, "version text", "version texts"),
        report.unread_percent()
    )
}

/// Writes one object: the sums, then one finding a line.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_lint_json(report: &LintReport, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let by_kind: serde_json::Map<String, Value> =
        report.by_kind.iter().map(|(kind, n)| ((*kind).to_owned(), json!(n))).collect();
    let sums = json!({
        "n_documents": report.n_documents,
        "n_clean": report.n_clean,
        "n_findings": report.findings.len(),
        "by_kind": by_kind,
        "n_version_texts": report.n_version_texts,
        "n_version_texts_unread": report.n_version_texts_unread,
        "unread_percent": (report.unread_percent() * 10_000.0).round() / 10_000.0,
    });
    let text = sums.to_string();
    // The sums without their closing bracket, then the findings as the last member.
    write!(out, "{},\n\"findings\":[", text.strip_suffix('}').unwrap_or(&text))?;
    for (n, finding) in report.findings.iter().enumerate() {
        let LintFinding { file, kind, pointer, detail } = finding;
        let value = json!({ "file": file, "kind": kind, "pointer": pointer, "detail": detail });
        write!(out, "{}\n{value}", if n == 0 { "" } else { "," })?;
    }
    writeln!(out, "\n]}}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> LintReport {
        LintReport {
            findings: vec![
                LintFinding {
                    file: "a.json".to_owned(),
                    kind: "unread_version",
                    pointer: "/product_tree/branches/0".to_owned(),
                    detail: "expected a version or a range in `< 3.x foo`, could not read `foo`".to_owned(),
                },
                LintFinding {
                    file: "b.json".to_owned(),
                    kind: LintFinding::UNREADABLE,
                    pointer: String::new(),
                    detail: "expected JSON".to_owned(),
                },
            ],
            by_kind: vec![(LintFinding::UNREADABLE, 1), ("unread_version", 1)],
            n_documents: 3,
            n_clean: 1,
            n_version_texts: 400,
            n_version_texts_unread: 1,
        }
    }

    #[test]
    fn people_read_file_kind_place_and_the_part_that_was_not_understood() {
        let mut out = Vec::new();
        write_lint(&report(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a.json: unread_version: expected a version or a range in `< 3.x foo`, could not read `foo` at \
             `/product_tree/branches/0`\n\
             b.json: unreadable: expected JSON\n\n\
             2 findings in 3 documents; 1 without any.\n         1 × unreadable\n         1 × unread_version\n\
             1 of 400 version texts not understood wholly (0.25 %).\n"
        );
    }

    #[test]
    fn json_is_one_object_also_without_findings() {
        for report in [report(), LintReport::default()] {
            let mut out = Vec::new();
            write_lint_json(&report, &mut out).unwrap();
            let value: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["findings"].as_array().unwrap().len(), report.findings.len());
            assert_eq!(value["n_version_texts"], report.n_version_texts);
        }
    }
}
