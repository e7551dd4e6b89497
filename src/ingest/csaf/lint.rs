//! Everything that is odd about a document, for the people who publish or doubt it.

mod products;
mod profile;
#[cfg(test)]
mod tests;
mod tracking;

use rustc_hash::FxHashSet;

use super::error::ReadError;
use super::load::{ReadAdvisory, read_checked};
use super::warning::{CsafWarning, CsafWarningKind};
use crate::domain::advisory::Advisory;
use crate::domain::version_range::VersionRange;

/// The warnings of reading, and what shows only on a closer look; sorted by kind, those that can change a verdict
/// first, then by place.
///
/// # Errors
///
/// When the document cannot be read at all, as in [`read_checked`].
pub fn lint(bytes: &[u8]) -> Result<Vec<CsafWarning>, ReadError> {
    let ReadAdvisory { advisory, warnings } = read_checked(bytes)?;
    Ok(findings(&advisory, warnings))
}

/// As [`lint`], for a document that was read already, with the warnings of its reading.
pub fn findings(advisory: &Advisory, warnings: Vec<CsafWarning>) -> Vec<CsafWarning> {
    let mut findings = without_repeated(warnings);
    findings.extend(unread_versions(advisory));
    findings.extend(profile::profile_findings(advisory));
    findings.extend(tracking::tracking_findings(advisory));
    findings.extend(products::product_findings(advisory));
    findings.extend(products::vulnerability_findings(advisory));
    findings.sort();
    findings.dedup();
    findings
}

/// What the reader and the schema say with the same words of the same place stands once.
fn without_repeated(warnings: Vec<CsafWarning>) -> Vec<CsafWarning> {
    let (schema, mut findings): (Vec<_>, Vec<_>) =
        warnings.into_iter().partition(|warning| warning.kind == CsafWarningKind::Schema);
    let told: FxHashSet<(&str, &str)> = schema.iter().map(|w| (w.pointer.as_str(), w.detail.as_str())).collect();
    findings.retain(|warning| !told.contains(&(warning.pointer.as_str(), warning.detail.as_str())));
    findings.extend(schema);
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
