//! Looking for what is odd about advisory documents: files, or the current revisions of the database.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::domain::lint::{LintFinding, LintReport};
use crate::ingest::csaf::file_name::check_file_name;
use crate::ingest::csaf::lint::findings;
use crate::ingest::csaf::load::{Found, LoadOptions, ReadAdvisory, load_each, read_checked};
use crate::ingest::csaf::warning::CsafWarningKind;
use crate::services::progress::Progress;
use crate::store::{Db, StoreError, advisory};

/// Looks at all documents under these paths, in their order. A document, file or archive that cannot be read is a
/// finding; only documents are counted.
pub fn lint_paths(paths: &[PathBuf], progress: &dyn Progress) -> LintReport {
    let mut linting = Linting::default();
    progress.begin("Reading advisories", None);
    load_each(paths, &LoadOptions { check_schema: true, ..LoadOptions::default() }, &mut |found| {
        match found {
            Found::Document(document) => match document.result {
                Ok(mut read) => {
                    read.warnings.extend(check_file_name(&document.name, &read.advisory.id));
                    linting.take(&document.name, read);
                }
                Err(error) => {
                    linting.report.n_documents += 1;
                    linting.unreadable(document.name, error.to_string());
                }
            },
            Found::Failure(failure) => linting.unreadable(failure.name().to_owned(), failure.to_string()),
        }
        progress.advance(1);
        ControlFlow::Continue(())
    });
    progress.end();
    linting.finish()
}

/// Looks at the revisions of the database that count.
///
/// # Errors
///
/// The database fails.
pub async fn lint_database(db: &Db, progress: &dyn Progress) -> Result<LintReport, StoreError> {
    let documents = advisory::list_current_advisory_documents(db).await?;
    progress.begin("Reading advisories", Some(documents.len() as u64));
    let read: Vec<(String, Result<ReadAdvisory, String>)> = tokio::task::block_in_place(|| {
        documents
            .into_par_iter()
            .map(|document| {
                let bytes = document.bytes().map_err(|e| e.to_string());
                let read = bytes.and_then(|bytes| read_checked(&bytes).map_err(|e| e.to_string()));
                progress.advance(1);
                (document.key.id, read)
            })
            .collect()
    });
    progress.end();
    let mut linting = Linting::default();
    for (id, read) in read {
        match read {
            Ok(read) => linting.take(&id, read),
            Err(why) => {
                linting.report.n_documents += 1;
                linting.unreadable(id, why);
            }
        }
    }
    Ok(linting.finish())
}

#[derive(Default)]
struct Linting {
    report: LintReport,
    by_kind: BTreeMap<CsafWarningKind, u64>,
    n_unreadable: u64,
}

impl Linting {
    fn take(&mut self, name: &str, read: ReadAdvisory) {
        self.report.n_documents += 1;
        let n_texts = read.advisory.products.iter().filter(|product| product.version_text().is_some()).count();
        self.report.n_version_texts += n_texts as u64;
        let found = findings(&read.advisory, read.warnings);
        self.report.n_clean += u64::from(found.is_empty());
        for finding in found {
            *self.by_kind.entry(finding.kind).or_default() += 1;
            self.report.findings.push(LintFinding {
                file: name.to_owned(),
                kind: finding.kind.word(),
                pointer: finding.pointer,
                detail: finding.detail,
            });
        }
    }

    fn unreadable(&mut self, file: String, detail: String) {
        self.n_unreadable += 1;
        self.report.findings.push(LintFinding { file, kind: LintFinding::UNREADABLE, pointer: String::new(), detail });
    }

    fn finish(mut self) -> LintReport {
        if self.n_unreadable > 0 {
            self.report.by_kind.push((LintFinding::UNREADABLE, self.n_unreadable));
        }
        self.report.by_kind.extend(self.by_kind.iter().map(|(kind, n)| (kind.word(), *n)));
        self.report.n_version_texts_unread = self.by_kind.get(&CsafWarningKind::UnreadVersion).copied().unwrap_or(0);
        self.report
    }
}
