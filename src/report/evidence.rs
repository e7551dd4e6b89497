//! The 35-day record as text, JSON and PDF. Each carries the SHA-256 of its content, which the same period gives again.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::pdf::flow::{
    CELL, CELL_BOLD, CELL_FAINT, CODE_FAINT, Cell, Flow, Look, Span, TEXT, TEXT_BOLD, column, number_column,
};
use super::pdf::{Paper, brand, signature};
use super::visible::{counted, grouped, visible_line};
use super::vocabulary::{day, minute};
use crate::domain::evidence::{Applicability, COVERAGE, Evidence, EvidenceDocument, EvidenceSource, PERIOD_DAYS};

const NO_CLAIM: &str = "This record shows what the program did and found. It is no statement of compliance.";

/// The content of the record as JSON, without its own digest.
pub fn evidence_json(evidence: &Evidence) -> Value {
    json!({
        "title": title(evidence),
        "site": evidence.site,
        "from": evidence.from.to_string(),
        "to": evidence.to.to_string(),
        "n_assets": evidence.n_assets,
        "longest_gap_between_runs_days": evidence.longest_gap_days(),
        "runs": evidence.runs.iter().map(|run| json!({
            "rescan": run.rescan_id, "at": run.at.to_string(), "started_by": run.started_by,
            "matcher_version": run.matcher_version, "n_advisories": run.n_advisories, "n_assets": run.n_assets,
        })).collect::<Vec<_>>(),
        "sources": evidence.sources.iter().map(|source| json!({
            "name": source.name, "url": source.url,
            "last_seen_at": source.last_seen_at.map(|at| at.to_string()),
            "longest_silence_days": source.longest_silence_days(evidence.from, evidence.to),
            "n_new_documents": source.documents.len(), "n_applicable": source.n_applicable(),
            "says": says(source),
            "visits": source.visits.iter().map(|visit| json!({
                "at": visit.at.to_string(), "error": visit.error, "n_listed": visit.n_listed, "n_new": visit.n_new,
            })).collect::<Vec<_>>(),
            "documents": source.documents.iter().map(document_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "coverage": COVERAGE.iter().map(|[part, asks, shows, lacks]| json!({
            "part": part, "asks_for": asks, "record_shows": shows, "record_does_not_show": lacks,
        })).collect::<Vec<_>>(),
        "note": NO_CLAIM,
    })
}

fn document_json(document: &EvidenceDocument) -> Value {
    let (is_applicable, n_affected, n_possible) = match &document.answer {
        Applicability::Applicable { n_affected, n_possible } => (true, *n_affected, *n_possible),
        Applicability::NotApplicable(_) => (false, 0, 0),
    };
    json!({
        "advisory_id": document.advisory_id, "version": document.version, "title": document.title,
        "sha256": document.sha256, "released_on": document.released_on, "came_at": document.came_at.to_string(),
        "evaluated_at": document.evaluated.as_ref().map(|(at, _)| at.to_string()),
        "evaluated_by": document.evaluated.as_ref().map(|(_, by)| by),
        "is_applicable": is_applicable, "n_affected": n_affected, "n_possible": n_possible,
        "why": answer_text(document),
    })
}

/// The SHA-256 of the record: of its JSON without line breaks.
pub fn evidence_sha256(evidence: &Evidence) -> String {
    let text = evidence_json(evidence).to_string();
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn title(evidence: &Evidence) -> String {
    let scope = evidence.site.as_deref().unwrap_or("all sites");
    format!("Evaluation of advisories, {} to {}: {scope}", day(evidence.from), day(evidence.to))
}

/// What a source brought, in one sentence; says it when that is nothing.
fn says(source: &EvidenceSource) -> String {
    let n = source.documents.len() as u64;
    match (n, source.n_applicable()) {
        (0, _) => "no new or changed document".to_owned(),
        (_, 0) => format!("{}, nothing applicable", counted(n, "new or changed document", "new or changed documents")),
        (_, n_applicable) => format!(
            "{}, {} applicable",
            counted(n, "new or changed document", "new or changed documents"),
            grouped(n_applicable)
        ),
    }
}

fn answer_text(document: &EvidenceDocument) -> String {
    match &document.answer {
        Applicability::Applicable { n_affected, n_possible } => {
            format!(
                "applicable: {} affected, {} possible",
                counted(*n_affected, "asset", "assets"),
                grouped(*n_possible)
            )
        }
        Applicability::NotApplicable(why) => format!("not applicable: {why}"),
    }
}

fn evaluated_text(document: &EvidenceDocument) -> String {
    match &document.evaluated {
        Some((at, by)) => format!("{} ({by})", minute(*at)),
        None => "not yet".to_owned(),
    }
}

/// Whether the period was kept, in one sentence.
fn period_text(evidence: &Evidence) -> String {
    let gap = evidence.longest_gap_days();
    let kept = if gap <= PERIOD_DAYS { "within" } else { "longer than" };
    format!(
        "{} judged {}; the longest time between two was {}, {kept} {PERIOD_DAYS} days.",
        counted(evidence.runs.len() as u64, "run", "runs"),
        counted(evidence.n_assets, "asset", "assets"),
        counted(u64::try_from(gap).unwrap_or(0), "day", "days")
    )
}

fn silence_text(source: &EvidenceSource, evidence: &Evidence) -> String {
    match source.longest_silence_days(evidence.from, evidence.to) {
        Some(days) => {
            let good = source.visits.iter().filter(|visit| visit.error.is_empty()).count() as u64;
            format!(
                "{} good, {} failed, longest silence {}",
                counted(good, "visit", "visits"),
                grouped(source.visits.len() as u64 - good),
                counted(u64::try_from(days).unwrap_or(0), "day", "days")
            )
        }
        None => "loaded by a person".to_owned(),
    }
}

/// Writes the record for people.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_evidence(evidence: &Evidence, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", visible_line(&title(evidence)))?;
    writeln!(out, "{}", period_text(evidence))?;
    for source in &evidence.sources {
        writeln!(out, "\n{}: {}", visible_line(&source.name), says(source))?;
        writeln!(out, "  {}", silence_text(source, evidence))?;
        for document in &source.documents {
            writeln!(
                out,
                "  {} version {}, came {}, evaluated {}",
                visible_line(&document.advisory_id),
                visible_line(&document.version),
                minute(document.came_at),
                evaluated_text(document)
            )?;
            writeln!(out, "      {}", visible_line(&answer_text(document)))?;
            writeln!(out, "      sha256 {}", document.sha256)?;
        }
    }
    writeln!(out, "\nWHAT THIS RECORD COVERS (NERC CIP-007-6)")?;
    for [part, asks, shows, lacks] in COVERAGE {
        writeln!(out, "  {part}  asks for: {asks}\n        shows: {shows}\n        does not show: {lacks}")?;
    }
    writeln!(out, "{NO_CLAIM}\nSHA-256 of this record: {}", evidence_sha256(evidence))
}

/// Writes the record as JSON, with its digest beside its content.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_evidence_json(evidence: &Evidence, out: &mut dyn Write) -> io::Result<()> {
    let whole = json!({ "record": evidence_json(evidence), "sha256": evidence_sha256(evidence) });
    writeln!(out, "{whole:#}")
}

/// Writes the record to sign, on sheets of this paper.
///
/// # Errors
///
/// What `out` fails with, or the file cannot be put together.
pub fn write_evidence_pdf(evidence: &Evidence, paper: Paper, out: &mut dyn Write) -> io::Result<()> {
    let title = title(evidence);
    let mut flow = Flow::new(paper, &title, title.clone(), evidence.to);
    brand(&mut flow, "evaluation record");
    flow.heading(0, &title);
    flow.fact("Period", &[Span::new(TEXT, format!("{} to {}", minute(evidence.from), minute(evidence.to)))]);
    flow.fact("Evaluated", &[Span::new(TEXT, period_text(evidence))]);
    flow.fact("SHA-256", &[Span::new(CODE_FAINT, evidence_sha256(evidence))]);
    flow.fact("Note", &[Span::new(TEXT_BOLD, NO_CLAIM)]);
    flow.heading(1, "Sources");
    flow.begin_table(vec![
        column("Source", 2.4),
        column("Visits", 2.6),
        column("Last seen", 1.5),
        number_column("New", 0.7),
        number_column("Applicable", 0.9),
    ]);
    for source in &evidence.sources {
        let cells = [
            Cell::new(vec![Span::new(CELL_BOLD, &source.name), Span::Break, Span::new(CELL_FAINT, &source.url)]),
            Cell::text(CELL, silence_text(source, evidence)),
            Cell::text(CELL, source.last_seen_at.map_or_else(|| "never".to_owned(), minute)),
            Cell::number(CELL, grouped(source.documents.len() as u64)),
            Cell::number(CELL_BOLD, grouped(source.n_applicable())),
        ];
        flow.row(&cells, Look::default());
    }
    flow.end_table();
    for source in evidence.sources.iter() {
        flow.heading(1, &source.name);
        flow.paragraph(&[Span::new(TEXT, format!("{}.", says(source)))]);
        if source.documents.is_empty() {
            continue;
        }
        flow.begin_table(vec![
            column("Advisory", 1.7),
            column("Came", 1.1),
            column("Evaluated", 1.6),
            column("Answer", 2.6),
            column("SHA-256", 2.0),
        ]);
        for document in &source.documents {
            let cells = [
                Cell::new(vec![
                    Span::new(CELL_BOLD, &document.advisory_id),
                    Span::new(CELL_FAINT, format!(" version {}", document.version)),
                ]),
                Cell::text(CELL, day(document.came_at)),
                Cell::text(CELL, evaluated_text(document)),
                Cell::text(CELL, answer_text(document)),
                Cell::text(CODE_FAINT, &document.sha256),
            ];
            flow.row(&cells, Look::default());
        }
        flow.end_table();
    }
    flow.heading(1, "What this record covers (NERC CIP-007-6)");
    flow.begin_table(vec![
        column("Part", 0.6),
        column("Asks for", 2.6),
        column("The record shows", 2.6),
        column("It does not show", 2.6),
    ]);
    for [part, asks, shows, lacks] in COVERAGE {
        let cells =
            [Cell::text(CELL_BOLD, part), Cell::text(CELL, asks), Cell::text(CELL, shows), Cell::text(CELL, lacks)];
        flow.row(&cells, Look::default());
    }
    flow.end_table();
    signature(&mut flow, "Reviewed by");
    out.write_all(&flow.finish()?)
}
