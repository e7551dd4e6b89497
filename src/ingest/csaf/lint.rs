//! Everything that is odd about a document, for the people who publish or doubt it.

mod products;
mod profile;
#[cfg(test)]
mod tests;
mod tracking;

use super::document::read_document;
use super::error::ReadError;
use super::warning::{CsafWarning, CsafWarningKind};
use crate::domain::advisory::Advisory;
use crate::domain::version_range::VersionRange;

/// The warnings of reading, and what shows only on a closer look; sorted by kind, those that can change a verdict
/// first, then by place.
///
/// # Errors
///
/// When the document cannot be read at all, as in [`read_document`].
pub fn lint(bytes: &[u8]) -> Result<Vec<CsafWarning>, ReadError> {
    let (advisory, warnings) = read_document(bytes)?;
    Ok(findings(&advisory, warnings))
}

/// As [`lint`], for a document that was read already, with the warnings of its reading.
pub fn findings(advisory: &Advisory, warnings: Vec<CsafWarning>) -> Vec<CsafWarning> {
    let mut findings = warnings;
    findings.extend(unread_versions(advisory));
    findings.extend(profile::profile_findings(advisory));
    findings.extend(tracking::tracking_findings(advisory));
    findings.extend(products::product_findings(advisory));
    findings.extend(products::vulnerability_findings(advisory));
    findings.sort();
    findings.dedup();
    findings
}

fn found(kind: CsafWarningKind, pointer: &str, detail: String) -> CsafWarning {
    CsafWarning { kind, pointer: pointer.to_owned(), detail }
}

/// The version texts of which a part is not understood, so that the product can only be possible.
fn unread_versions(advisory: &Advisory) -> impl Iterator<Item = CsafWarning> {
    advisory.products.iter().filter_map(|product| {
        let text = product.version_text()?;
        let range = VersionRange::read(text, &product.name);
        let unread = range.unread()?;
        Some(CsafWarning {
            kind: CsafWarningKind::UnreadVersion,
            pointer: product.pointer.clone(),
            detail: format!("expected a version or a range in `{text}`, could not read `{unread}`"),
        })
    })
}
