//! What is odd about products and what is said of them (tests 6.1.7, 6.1.23, 6.1.31, 6.1.34 to 6.1.36, 6.1.43, 6.1.44).

use std::collections::{BTreeMap, BTreeSet};

use super::found;
use crate::domain::advisory::{Advisory, ProductStatus, Vulnerability};
use crate::domain::identifier::Identifier;
use crate::domain::product::BranchCategory;
use crate::domain::remediation::RemediationCategory;
use crate::ingest::csaf::warning::{CsafWarning, CsafWarningKind};

/// Branches that the standard allows on the way to a product.
const MAX_BRANCHES: usize = 30;

/// Signs and words that make a range of what should be one version.
const RANGE_SIGNS: [&str; 5] = ["<", ">", "≤", "≥", "*"];
const RANGE_WORDS: [&str; 8] = ["all", "after", "before", "earlier", "later", "prior", "vers:", "through"];

/// What is odd about the products of the tree.
pub fn product_findings(advisory: &Advisory) -> Vec<CsafWarning> {
    let mut findings = Vec::new();
    for product in &advisory.products {
        for name in product.branch_names(&BranchCategory::ProductVersion) {
            let lower = name.to_lowercase();
            let sign = RANGE_SIGNS.into_iter().find(|sign| lower.contains(sign));
            let mut words = lower.split(|c: char| !(c.is_alphanumeric() || c == ':'));
            let word = words.find_map(|word| RANGE_WORDS.into_iter().find(|known| word == *known));
            if let Some(hint) = sign.or(word) {
                let detail = format!("`{name}` is called one version, but `{}` makes it a range", hint.trim());
                findings.push(found(CsafWarningKind::RangeAsVersion, &product.pointer, detail));
            }
        }
        if product.branches.len() > MAX_BRANCHES {
            let detail =
                format!("{} branches lead to this product, the standard allows {MAX_BRANCHES}", product.branches.len());
            findings.push(found(CsafWarningKind::DeepTree, &product.pointer, detail));
        }
        let purls: Vec<Identifier> = product.helper.purls.iter().filter_map(|purl| Identifier::read(purl)).collect();
        if let Some((first, rest)) = purls.split_first()
            && let Some(other) = rest.iter().find(|other| !first.differs_in_qualifiers_only(other))
        {
            let detail = format!(
                "`{}` and `{}` differ in more than their qualifiers; either identifies it",
                first.text, other.text
            );
            findings.push(found(CsafWarningKind::MalformedHelper, &product.pointer, detail));
        }
        for (kind, texts) in [
            ("model number", &product.helper.model_numbers),
            ("serial number", &product.helper.serial_numbers),
            ("SKU", &product.helper.skus),
        ] {
            for text in texts.iter().filter(|text| count_stars(text) > 1) {
                let detail = format!("the {kind} `{text}` has more than one `*`; it identifies nothing for sure");
                findings.push(found(CsafWarningKind::MalformedHelper, &product.pointer, detail));
            }
        }
    }
    findings
}

/// The stars that are not escaped.
fn count_stars(text: &str) -> usize {
    let mut is_escaped = false;
    let mut n = 0;
    for c in text.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '*' => n += 1,
            _ => {}
        }
    }
    n
}

/// What is odd about what the vulnerabilities say of products.
pub fn vulnerability_findings(advisory: &Advisory) -> Vec<CsafWarning> {
    let mut findings = Vec::new();
    let mut cves: BTreeSet<&str> = BTreeSet::new();
    for (at, vulnerability) in advisory.vulnerabilities.iter().enumerate() {
        if let Some(cve) = vulnerability.cve.as_deref()
            && !cves.insert(cve)
        {
            let detail = format!("`{cve}` stands in more than one vulnerability; what each says of a product holds");
            findings.push(found(CsafWarningKind::RepeatedCve, &format!("/vulnerabilities/{at}/cve"), detail));
        }
        findings.extend(repeated_scores(advisory, vulnerability, at));
        findings.extend(contradicting_remedies(advisory, vulnerability, at));
    }
    findings
}

fn id_of(advisory: &Advisory, product: u32) -> &str {
    advisory.products.get(product as usize).map_or("", |product| product.product_id.as_str())
}

/// Products with two scores of one CVSS version from one source.
fn repeated_scores(advisory: &Advisory, vulnerability: &Vulnerability, at: usize) -> Vec<CsafWarning> {
    let mut given: BTreeMap<(u32, &str, Option<&str>), &str> = BTreeMap::new();
    let mut told: BTreeSet<(&str, u32)> = BTreeSet::new();
    let mut findings = Vec::new();
    for score in &vulnerability.scores {
        for product in &score.products {
            let key = (*product, score.cvss_version.as_str(), score.source.as_deref());
            let is_other = given.insert(key, &score.vector).is_some_and(|vector| vector != score.vector);
            if is_other && told.insert((&score.cvss_version, *product)) {
                let detail =
                    format!("product `{}` has two scores of CVSS {}", id_of(advisory, *product), score.cvss_version);
                findings.push(found(CsafWarningKind::RepeatedScore, &format!("/vulnerabilities/{at}"), detail));
            }
        }
    }
    findings
}

/// Products for which a fix exists and does not exist, and fixes for products that need none.
fn contradicting_remedies(advisory: &Advisory, vulnerability: &Vulnerability, at: usize) -> Vec<CsafWarning> {
    let mut by_product: BTreeMap<u32, BTreeSet<&RemediationCategory>> = BTreeMap::new();
    for remedy in &vulnerability.remediations {
        for product in &remedy.products {
            by_product.entry(*product).or_default().insert(&remedy.category);
        }
    }
    let unaffected: BTreeSet<u32> = vulnerability
        .statuses
        .iter()
        .filter(|(status, _)| {
            matches!(status, ProductStatus::KnownNotAffected | ProductStatus::Fixed | ProductStatus::FirstFixed)
        })
        .flat_map(|(_, products)| products.iter().copied())
        .collect();
    let pointer = format!("/vulnerabilities/{at}/remediations");
    let mut findings = Vec::new();
    for (product, categories) in by_product {
        let has = |category| categories.contains(&category);
        let id = id_of(advisory, product);
        let denied = [RemediationCategory::NoneAvailable, RemediationCategory::NoFixPlanned]
            .into_iter()
            .find(|c| has(c.clone()));
        if let Some(denied) = denied.filter(|_| has(RemediationCategory::VendorFix)) {
            let detail = format!("product `{id}` has a vendor fix and {} at once", denied.word());
            findings.push(found(CsafWarningKind::ContradictingRemediations, &pointer, detail));
        }
        if unaffected.contains(&product) && has(RemediationCategory::VendorFix) {
            let detail = format!("product `{id}` has a vendor fix although it is fixed or not affected");
            findings.push(found(CsafWarningKind::ContradictingRemediations, &pointer, detail));
        }
    }
    findings
}
