//! What the profile of a document demands (CSAF 2.0 and 2.1, section 4; tests 6.1.26 and 6.1.27).

use super::found;
use crate::domain::advisory::{Advisory, ProductStatus, Vulnerability};
use crate::ingest::csaf::warning::{CsafWarning, CsafWarningKind};

/// The profiles that the standard defines; any other category is the generic profile.
const SECURITY: &str = "csaf_security_advisory";
const VEX: &str = "csaf_vex";
const INFORMATIONAL: &str = "csaf_informational_advisory";
const INCIDENT: &str = "csaf_security_incident_response";
const WITHDRAWN: &str = "csaf_withdrawn";
const SUPERSEDED: &str = "csaf_superseded";
const PROFILES: [&str; 8] =
    ["csaf_base", SECURITY, VEX, INFORMATIONAL, INCIDENT, WITHDRAWN, SUPERSEDED, "csaf_deprecated_security_advisory"];

/// What the document lacks, or has too much of, for its profile.
pub fn profile_findings(advisory: &Advisory) -> Vec<CsafWarning> {
    let mut findings = Vec::new();
    let category = advisory.category.as_str();
    let mut miss =
        |pointer: &str, detail: String| findings.push(found(CsafWarningKind::ProfileMismatch, pointer, detail));
    if category.to_ascii_lowercase().starts_with("csaf_") && !PROFILES.contains(&category) {
        let detail =
            format!("`{category}` begins like a profile of the standard, but is none; read as the generic profile");
        miss("/document/category", detail);
    }
    let needs_tree = matches!(category, SECURITY | VEX);
    if needs_tree && advisory.products.is_empty() {
        miss("/product_tree", format!("expected products in a document of category `{category}`, found none"));
    }
    if needs_tree && advisory.vulnerabilities.is_empty() {
        miss(
            "/vulnerabilities",
            format!("expected vulnerabilities in a document of category `{category}`, found none"),
        );
    }
    if matches!(category, INFORMATIONAL | INCIDENT | WITHDRAWN | SUPERSEDED) && !advisory.vulnerabilities.is_empty() {
        miss(
            "/vulnerabilities",
            format!("expected no vulnerabilities in a document of category `{category}`, found some"),
        );
    }
    if matches!(category, WITHDRAWN | SUPERSEDED) && !advisory.products.is_empty() {
        let detail =
            format!("a document of category `{category}` speaks about no product any more; its tree is not matched");
        miss("/product_tree", detail);
    }
    if category == SUPERSEDED && !advisory.references.iter().any(|reference| reference.category == "external") {
        miss(
            "/document/references",
            "expected a reference to the document that stands for this one, found none".to_owned(),
        );
    }
    if matches!(category, INFORMATIONAL | INCIDENT) {
        let is_explained = |note: &&str| ["description", "details", "general", "summary"].contains(note);
        if !advisory.notes.iter().map(|note| note.category.as_str()).any(|note| is_explained(&note)) {
            miss("/document/notes", "expected a note that explains the document, found none".to_owned());
        }
        if !advisory.references.iter().any(|reference| reference.category == "external") {
            miss("/document/references", "expected a reference to further information, found none".to_owned());
        }
    }
    for (at, vulnerability) in advisory.vulnerabilities.iter().enumerate() {
        if category == VEX {
            vex_findings(vulnerability, at, &mut miss);
        }
    }
    findings
}

/// A VEX document names what it speaks of, says why a product is not affected, and what to do where it is.
fn vex_findings(vulnerability: &Vulnerability, at: usize, miss: &mut dyn FnMut(&str, String)) {
    let pointer = format!("/vulnerabilities/{at}");
    if vulnerability.cve.is_none() && vulnerability.ids.is_empty() {
        miss(&pointer, "expected a CVE or another id, found none".to_owned());
    }
    let listed = |status: ProductStatus| {
        let of = vulnerability.statuses.iter().find(|(known, _)| *known == status);
        of.map_or(&[][..], |(_, products)| products.as_slice())
    };
    let covers = |products: &[u32], product: u32| products.is_empty() || products.binary_search(&product).is_ok();
    let unexplained = listed(ProductStatus::KnownNotAffected)
        .iter()
        .filter(|product| {
            let reasons =
                vulnerability.remarks.iter().filter(|remark| matches!(remark.category.as_str(), "flag" | "impact"));
            !reasons.into_iter().any(|remark| covers(&remark.products, **product))
        })
        .count();
    if unexplained > 0 {
        let detail = format!("{unexplained} products are not affected without a flag or an impact statement");
        miss(&format!("{pointer}/product_status/known_not_affected"), detail);
    }
    let without_action = listed(ProductStatus::KnownAffected)
        .iter()
        .filter(|product| !vulnerability.remediations.iter().any(|remedy| covers(&remedy.products, **product)))
        .count();
    if without_action > 0 {
        let detail = format!("{without_action} products are affected without a remediation");
        miss(&format!("{pointer}/product_status/known_affected"), detail);
    }
}
