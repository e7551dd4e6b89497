//! A file for somebody: which kind, of which site, as of when; out come its bytes and how it is called.

use std::io::Write as _;

use jiff::Timestamp;
use thiserror::Error;

use crate::config::Config;
use crate::domain::filter::Filter;
use crate::report::comparison::{Comparison, comparison_json, write_comparison_csv};
use crate::report::evidence::{write_evidence_json, write_evidence_pdf};
use crate::report::pdf::{Paper, write_pdf};
use crate::report::vex::csaf::write_csaf_vex;
use crate::report::vex::cyclonedx::write_cyclonedx_vex;
use crate::report::without_fix::{write_without_fix_csv, write_without_fix_pdf};
use crate::report::work_order::{write_work_order, write_work_order_html, write_work_order_pdf};
use crate::report::worklist::{write_worklist_csv, write_worklist_pdf};
use crate::report::{self, Format};
use crate::services::compare_inventories::{CompareError, compare_inventories};
use crate::services::evaluation_record::{EvidenceError, EvidenceRequest, evaluation_record};
use crate::services::exchange::{VexError, VexRequest, site_vex};
use crate::services::filtered_report::{FilteredReportRequest, report_of};
use crate::services::plan_shutdown::{PlanError, list_without_fix, work};
use crate::services::progress::Progress;
use crate::services::stored_report::{ReportError, ReportRequest, stored_report};
use crate::services::worklist::{WorklistError, stored_worklist};
use crate::store::Db;

/// A finished file.
pub struct Written {
    /// `nameplate-riverside-20261122.pdf`: letters, digits, dashes and points.
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Which file is asked for.
#[derive(Clone, Debug, Default)]
pub struct FileRequest {
    /// One of [`KINDS`].
    pub kind: String,
    /// The word of a paper; blank means A4.
    pub paper: String,
    /// One site, or all.
    pub site: Option<String>,
    /// The moment to report on; `None` means now.
    pub as_of: Option<Timestamp>,
    /// The earlier moment that a comparison begins with.
    pub since: Option<Timestamp>,
    /// Two imports of the site, for a comparison of these instead of two days.
    pub imports: Option<(i64, i64)>,
    /// Only what fits, for exposure reports; its sites were looked at before.
    pub filter: Filter,
    /// Who publishes VEX documents; without it none are made.
    pub vex: Option<VexIdentity>,
}

/// Who publishes VEX documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VexIdentity {
    pub publisher: String,
    pub namespace: String,
}

impl VexIdentity {
    /// As it is configured; `None` unless both keys are set.
    pub fn of(config: &Config) -> Option<VexIdentity> {
        let (publisher, namespace) = (config.vex_publisher.clone()?, config.vex_namespace.clone()?);
        Some(VexIdentity { publisher, namespace })
    }
}

/// Products that were ruled out, told for each nameplate in a VEX document at most.
const N_NEAR_MISSES: usize = 5;

/// The kinds of files: word, and what it is.
pub const KINDS: &[(&str, &str)] = &[
    ("pdf", "Exposure report, PDF"),
    ("html", "Exposure report, one HTML file"),
    ("xlsx", "Exposure report, Excel workbook"),
    ("csv", "Exposure report, CSV"),
    ("json", "Exposure report, JSON"),
    ("ndjson", "Exposure report, one JSON object a line"),
    ("tickets", "Tickets for ServiceNow or Jira, CSV"),
    ("worklist.pdf", "Walk list to print, PDF"),
    ("worklist.csv", "Walk list, CSV"),
    ("unfixed.pdf", "What gets no fix, PDF"),
    ("unfixed.csv", "What gets no fix, CSV"),
    ("comparison.csv", "Comparison of two days or imports, CSV"),
    ("comparison.json", "Comparison of two days or imports, JSON"),
    ("evidence.pdf", "35-day record, PDF"),
    ("evidence.json", "35-day record, JSON"),
    ("csaf-vex.json", "VEX of one site, CSAF 2.0"),
    ("cyclonedx-vex.json", "VEX of one site, CycloneDX 1.6"),
];

/// Why there is no file.
#[derive(Debug, Error)]
pub enum FileError {
    #[error("cannot write `{found}`: expected one of {known}")]
    Kind { found: String, known: String },
    #[error("cannot write for the paper `{0}`: expected one of `a4`, `letter`")]
    Paper(String),
    #[error("cannot filter `{kind}`: only exposure reports can be filtered, expected none, found `{filter}`")]
    Filter { kind: String, filter: String },
    #[error("cannot compare: expected the earlier day that the comparison begins with, or two imports; found neither")]
    NoSince,
    #[error("cannot compare two imports: expected one site, found none")]
    NoSiteOfImports,
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error("cannot write a VEX document: expected one site, found none")]
    NoSite,
    #[error(
        "cannot write a VEX document: nobody is named who publishes it\nhint: set the keys `vex_publisher` and `vex_namespace`"
    )]
    NoPublisher,
    #[error(transparent)]
    Vex(#[from] VexError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Worklist(#[from] WorklistError),
    #[error("cannot put the file together: {0}")]
    Write(#[from] std::io::Error),
}

/// Makes the file.
///
/// # Errors
///
/// The kind or the paper is not known, there is nothing to report on, or the database fails.
pub async fn write_file(
    db: &Db,
    request: &FileRequest,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Written, FileError> {
    let paper = match request.paper.as_str() {
        "" => Paper::A4,
        word => Paper::from_word(word).ok_or_else(|| FileError::Paper(word.to_owned()))?,
    };
    let sites: Vec<String> = request.site.iter().cloned().collect();
    let is_report = Format::from_word(&request.kind).is_some();
    if !is_report && !request.filter.is_empty() {
        return Err(FileError::Filter { kind: request.kind.clone(), filter: request.filter.to_string() });
    }
    let mut bytes = Vec::new();
    let ending = match request.kind.as_str() {
        "worklist.pdf" | "worklist.csv" => {
            let list = stored_worklist(db, request.site.as_deref(), progress).await?;
            match request.kind.as_str() {
                "worklist.pdf" => write_worklist_pdf(&list, now, paper, &mut bytes)?,
                _ => write_worklist_csv(&list, &mut bytes)?,
            }
            "walk-list"
        }
        "unfixed.pdf" | "unfixed.csv" => {
            let list = list_without_fix(db, &sites, request.as_of.unwrap_or(now), progress).await?;
            match request.kind.as_str() {
                "unfixed.pdf" => write_without_fix_pdf(&list, now, paper, &mut bytes)?,
                _ => write_without_fix_csv(&list, &mut bytes)?,
            }
            "never-fixed"
        }
        "comparison.csv" | "comparison.json" => {
            let write = |compared: &Comparison<'_>, bytes: &mut Vec<u8>| match request.kind.as_str() {
                "comparison.csv" => write_comparison_csv(compared, bytes),
                _ => writeln!(bytes, "{:#}", comparison_json(compared)),
            };
            if let Some(imports) = request.imports {
                let site = request.site.as_deref().ok_or(FileError::NoSiteOfImports)?;
                let compared = compare_inventories(db, site, imports, now, progress).await?;
                write(&compared.comparison(), &mut bytes)?;
            } else {
                let since = request.since.ok_or(FileError::NoSince)?;
                let asked = |as_of| ReportRequest { site: request.site.clone(), as_of };
                let before = stored_report(db, &asked(Some(since)), progress).await?;
                let after = stored_report(db, &asked(request.as_of), progress).await?;
                write(&Comparison::of(&before, &after), &mut bytes)?;
            }
            "comparison"
        }
        "evidence.pdf" | "evidence.json" => {
            let to = request.as_of.unwrap_or(now);
            let asked = EvidenceRequest { site: request.site.clone(), to, ..EvidenceRequest::default() };
            let evidence = evaluation_record(db, &asked, progress).await?;
            match request.kind.as_str() {
                "evidence.pdf" => write_evidence_pdf(&evidence, paper, &mut bytes)?,
                _ => write_evidence_json(&evidence, &mut bytes)?,
            }
            "evidence"
        }
        "csaf-vex.json" | "cyclonedx-vex.json" => {
            let site = request.site.clone().ok_or(FileError::NoSite)?;
            let identity = request.vex.clone().ok_or(FileError::NoPublisher)?;
            let VexIdentity { publisher, namespace } = identity;
            let asked = VexRequest { site, publisher, namespace, n_near_misses: N_NEAR_MISSES };
            let vex = site_vex(db, &asked, progress).await?;
            match request.kind.as_str() {
                "csaf-vex.json" => write_csaf_vex(&vex, &mut bytes)?,
                _ => write_cyclonedx_vex(&vex, &mut bytes)?,
            }
            request.kind.strip_suffix(".json").unwrap_or_default()
        }
        word => {
            let format = Format::from_word(word).filter(|_| KINDS.iter().any(|(kind, _)| *kind == word));
            let Some(format) = format else {
                let known = KINDS.iter().map(|(kind, _)| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
                return Err(FileError::Kind { found: word.to_owned(), known });
            };
            let (site, filter) = (request.site.clone(), request.filter.clone());
            let asked = FilteredReportRequest::of(db, site, filter, request.as_of).await?;
            let report = report_of(db, &asked, progress).await?;
            tokio::task::block_in_place(|| match format {
                Format::Pdf => write_pdf(&report, paper, &mut bytes),
                other => report::write(&report, other, &mut bytes),
            })?;
            "exposures"
        }
    };
    let extension = match request.kind.rsplit_once('.') {
        Some((_, extension)) => extension,
        None => Format::from_word(&request.kind).map_or("bin", Format::extension),
    };
    let stem = slug(request.site.as_deref().unwrap_or("all-sites"));
    let day = request.as_of.unwrap_or(now).strftime("%Y%m%d");
    let since = request.since.filter(|_| ending == "comparison").map(|since| format!("{}-", since.strftime("%Y%m%d")));
    let since = match request.imports.filter(|_| ending == "comparison") {
        Some((before, after)) => format!("import-{}-import-{}-", before.min(after), before.max(after)),
        None => since.unwrap_or_default(),
    };
    Ok(Written {
        name: format!("{ending}-{stem}-{since}{day}.{extension}"),
        content_type: content_type(extension),
        bytes,
    })
}

/// Makes the work order of a frozen plan as `pdf`, `html` or `text`.
///
/// # Errors
///
/// The kind or the paper is not known, the plan is not frozen, or the database fails.
pub async fn write_work_order_file(db: &Db, plan_id: i64, kind: &str, paper: &str) -> Result<Written, FileError> {
    let paper = match paper {
        "" => Paper::A4,
        word => Paper::from_word(word).ok_or_else(|| FileError::Paper(word.to_owned()))?,
    };
    let work = work(db, plan_id).await?;
    let mut bytes = Vec::new();
    let extension = match kind {
        "pdf" => {
            write_work_order_pdf(&work, paper, &mut bytes)?;
            "pdf"
        }
        "html" => {
            write_work_order_html(&work, &mut bytes)?;
            "html"
        }
        "text" => {
            write_work_order(&work, &mut bytes)?;
            "txt"
        }
        other => {
            return Err(FileError::Kind { found: other.to_owned(), known: "`pdf`, `html`, `text`".to_owned() });
        }
    };
    let name = format!("work-order-{plan_id}-{}.{extension}", slug(&work.plan.name));
    Ok(Written { name, content_type: content_type(extension), bytes })
}

/// The media type of a file with this name.
pub fn content_type_of(name: &str) -> &'static str {
    content_type(name.rsplit_once('.').map_or("", |(_, extension)| extension))
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "pdf" => "application/pdf",
        "html" => "text/html; charset=utf-8",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "json" => "application/json",
        "ndjson" => "application/x-ndjson",
        "csv" | "tickets.csv" => "text/csv; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

/// Plain letters and digits, the rest as dashes; for the name of a file.
pub fn slug(text: &str) -> String {
    let mut slug: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    match slug.trim_matches('-') {
        "" => "site".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_made_of_plain_letters() {
        for (text, name) in
            [("Riverside", "riverside"), ("Kraftwerk Süd / 主変電所", "kraftwerk-s-d"), ("主", "site"), ("../a", "a")]
        {
            assert_eq!(slug(text), name);
        }
    }

    #[test]
    fn every_kind_has_a_type() {
        for (kind, _) in KINDS {
            let extension = kind
                .rsplit_once('.')
                .map_or_else(|| Format::from_word(kind).map(Format::extension).unwrap(), |(_, extension)| extension);
            assert_ne!(content_type(extension), "text/plain; charset=utf-8", "{kind}");
        }
    }
}
