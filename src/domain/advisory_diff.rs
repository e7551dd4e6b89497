//! What is different between two revisions of one advisory, as far as its reader cares.

use std::collections::{BTreeMap, BTreeSet};

use super::advisory::{Advisory, Note, Vulnerability};
use super::product::{BranchCategory, Product};
use super::remediation::RemediationCategory;

/// One difference between two revisions; texts are as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    ProductAdded {
        product: String,
    },
    ProductRemoved {
        product: String,
    },
    /// The version text of a product that is otherwise named alike.
    RangeChanged {
        product: String,
        before: String,
        after: String,
    },
    VulnerabilityAdded {
        vulnerability: String,
    },
    VulnerabilityRemoved {
        vulnerability: String,
    },
    /// Words of the standard; `None` where the vulnerability says nothing of the product.
    StatusChanged {
        vulnerability: String,
        product: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// Scores as `9.8 (3.1) vector`, sorted.
    ScoresChanged {
        vulnerability: String,
        before: Vec<String>,
        after: Vec<String>,
    },
    RemedyAdded {
        category: RemediationCategory,
        details: String,
    },
    RemedyRemoved {
        category: RemediationCategory,
        details: String,
    },
    /// A short value: status, label, date.
    FieldChanged {
        field: String,
        before: String,
        after: String,
    },
    /// A text of several lines: a note or the details of a remedy.
    TextChanged {
        field: String,
        before: String,
        after: String,
    },
    ReferenceAdded {
        url: String,
    },
    ReferenceRemoved {
        url: String,
    },
}

/// What is different in `after`, in the order: products, vulnerabilities, statuses, scores, remedies, fields, texts,
/// references. Products are known again by their names, since their ids have no meaning between documents.
pub fn compare(before: &Advisory, after: &Advisory) -> Vec<Difference> {
    let mut found = Vec::new();
    let renamed = compare_products(before, after, &mut found);
    compare_vulnerabilities(before, after, &renamed, &mut found);
    compare_remedies(before, after, &mut found);
    compare_fields(before, after, &mut found);
    compare_notes(before, after, &mut found);
    let urls =
        |advisory: &Advisory| -> BTreeSet<String> { advisory.references.iter().map(|r| r.url.clone()).collect() };
    let (old, new) = (urls(before), urls(after));
    found.extend(new.difference(&old).map(|url| Difference::ReferenceAdded { url: url.clone() }));
    found.extend(old.difference(&new).map(|url| Difference::ReferenceRemoved { url: url.clone() }));
    found
}

/// The name of a product without its version branches: `Siemens › SIMATIC S7-1500`.
fn name_of(product: &Product) -> String {
    let names: Vec<&str> = product
        .branches
        .iter()
        .filter(|b| !matches!(b.category, BranchCategory::ProductVersion | BranchCategory::ProductVersionRange))
        .map(|branch| branch.name.trim())
        .collect();
    if names.is_empty() { product.name.trim().to_owned() } else { names.join(" › ") }
}

/// Name and version text: what a product is known again by.
fn label_of(product: &Product) -> (String, String) {
    (name_of(product), product.version_text().unwrap_or_default().trim().to_owned())
}

fn in_words((name, version): &(String, String)) -> String {
    if version.is_empty() { name.clone() } else { format!("{name} › {version}") }
}

type Label = (String, String);

/// Gives, for each product whose range changed, its label now and before.
fn compare_products(before: &Advisory, after: &Advisory, found: &mut Vec<Difference>) -> BTreeMap<Label, Label> {
    let labels = |advisory: &Advisory| -> BTreeSet<Label> { advisory.products.iter().map(label_of).collect() };
    let (old, new) = (labels(before), labels(after));
    let mut removed: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for label in old.difference(&new) {
        removed.entry(&label.0).or_default().push(label);
    }
    let mut added: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for label in new.difference(&old) {
        added.entry(&label.0).or_default().push(label);
    }
    let mut renamed = BTreeMap::new();
    let names: BTreeSet<&str> = removed.keys().chain(added.keys()).copied().collect();
    for name in names {
        let gone = removed.remove(name).unwrap_or_default();
        let come = added.remove(name).unwrap_or_default();
        if let ([gone], [come]) = (gone.as_slice(), come.as_slice()) {
            renamed.insert((*come).clone(), (*gone).clone());
            found.push(Difference::RangeChanged {
                product: name.to_owned(),
                before: gone.1.clone(),
                after: come.1.clone(),
            });
            continue;
        }
        found.extend(come.iter().map(|label| Difference::ProductAdded { product: in_words(label) }));
        found.extend(gone.iter().map(|label| Difference::ProductRemoved { product: in_words(label) }));
    }
    renamed
}

/// What a vulnerability is known again by.
fn key_of(vulnerability: &Vulnerability, at: usize) -> String {
    let named = vulnerability.cve.clone().or_else(|| vulnerability.ids.first().cloned());
    named.or_else(|| vulnerability.title.clone()).unwrap_or_else(|| format!("vulnerability {}", at + 1))
}

fn by_key(advisory: &Advisory) -> BTreeMap<String, &Vulnerability> {
    advisory.vulnerabilities.iter().enumerate().map(|(at, v)| (key_of(v, at), v)).collect()
}

/// The words of the statuses of each product, joined.
fn statuses(advisory: &Advisory, vulnerability: &Vulnerability) -> BTreeMap<Label, String> {
    let mut words: BTreeMap<Label, BTreeSet<&str>> = BTreeMap::new();
    for (status, products) in &vulnerability.statuses {
        for product in products.iter().filter_map(|at| advisory.products.get(*at as usize)) {
            words.entry(label_of(product)).or_default().insert(status.word());
        }
    }
    words.into_iter().map(|(label, words)| (label, words.into_iter().collect::<Vec<_>>().join(", "))).collect()
}

fn scores(vulnerability: &Vulnerability) -> Vec<String> {
    let texts: BTreeSet<String> = vulnerability
        .scores
        .iter()
        .map(|score| format!("{:.1} (v{}) {}", score.base_score, score.cvss_version, score.vector).trim().to_owned())
        .collect();
    texts.into_iter().collect()
}

fn compare_vulnerabilities(
    before: &Advisory,
    after: &Advisory,
    renamed: &BTreeMap<Label, Label>,
    found: &mut Vec<Difference>,
) {
    let (old, new) = (by_key(before), by_key(after));
    for key in new.keys().filter(|key| !old.contains_key(*key)) {
        found.push(Difference::VulnerabilityAdded { vulnerability: key.clone() });
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        found.push(Difference::VulnerabilityRemoved { vulnerability: key.clone() });
    }
    for (key, (now, then)) in new.iter().filter_map(|(key, now)| Some((key, (now, old.get(key)?)))) {
        let mut then_statuses = statuses(before, then);
        for (label, after_word) in statuses(after, now) {
            let then_label = renamed.get(&label).unwrap_or(&label);
            let before_word = then_statuses.remove(then_label);
            if before_word.as_deref() != Some(after_word.as_str()) {
                found.push(Difference::StatusChanged {
                    vulnerability: key.clone(),
                    product: in_words(&label),
                    before: before_word,
                    after: Some(after_word),
                });
            }
        }
        for (label, before_word) in then_statuses {
            found.push(Difference::StatusChanged {
                vulnerability: key.clone(),
                product: in_words(&label),
                before: Some(before_word),
                after: None,
            });
        }
        let (before, after) = (scores(then), scores(now));
        if before != after {
            found.push(Difference::ScoresChanged { vulnerability: key.clone(), before, after });
        }
    }
}

fn compare_remedies(before: &Advisory, after: &Advisory, found: &mut Vec<Difference>) {
    let remedies = |advisory: &Advisory| -> BTreeSet<(RemediationCategory, String)> {
        let all = advisory.vulnerabilities.iter().flat_map(|v| &v.remediations);
        all.map(|remedy| (remedy.category.clone(), remedy.details.trim().to_owned())).collect()
    };
    let (old, new) = (remedies(before), remedies(after));
    let gone: Vec<_> = old.difference(&new).collect();
    let come: Vec<_> = new.difference(&old).collect();
    let of = |list: &[&(RemediationCategory, String)], category: &RemediationCategory| {
        list.iter().filter(|(of, _)| of == category).count()
    };
    for (category, details) in &come {
        let twin = gone.iter().find(|(of, _)| of == category);
        match twin {
            // One of a kind on both sides is the same remedy in other words.
            Some((_, before)) if of(&gone, category) == 1 && of(&come, category) == 1 => {
                found.push(Difference::TextChanged {
                    field: format!("remedy ({})", category.word()),
                    before: before.clone(),
                    after: details.clone(),
                });
            }
            _ => found.push(Difference::RemedyAdded { category: category.clone(), details: details.clone() }),
        }
    }
    for (category, details) in &gone {
        if !(of(&gone, category) == 1 && of(&come, category) == 1) {
            found.push(Difference::RemedyRemoved { category: category.clone(), details: details.clone() });
        }
    }
}

fn compare_fields(before: &Advisory, after: &Advisory, found: &mut Vec<Difference>) {
    let date = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    for (field, before, after) in [
        ("version", before.version.clone(), after.version.clone()),
        ("status", before.status.clone(), after.status.clone()),
        ("title", before.title.clone(), after.title.clone()),
        ("category", before.category.clone(), after.category.clone()),
        ("CSAF version", before.csaf_version.clone(), after.csaf_version.clone()),
        ("publisher", before.publisher.name.clone(), after.publisher.name.clone()),
        ("TLP label", optional(&before.tlp), optional(&after.tlp)),
        ("distribution", optional(&before.distribution), optional(&after.distribution)),
        ("aggregate severity", optional(&before.aggregate_severity), optional(&after.aggregate_severity)),
        ("language", optional(&before.language), optional(&after.language)),
        ("initial release", date(before.released_at), date(after.released_at)),
        ("current release", date(before.updated_at), date(after.updated_at)),
        ("aliases", before.aliases.join(", "), after.aliases.join(", ")),
    ] {
        if before != after {
            found.push(Difference::FieldChanged { field: field.to_owned(), before, after });
        }
    }
}

/// Notes by what they are about; several with one name count up.
fn notes(advisory: &Advisory) -> BTreeMap<String, String> {
    let mut named = BTreeMap::new();
    let document = advisory.notes.iter().map(|note| (String::new(), note));
    let vulnerabilities = advisory.vulnerabilities.iter().enumerate().flat_map(|(at, vulnerability)| {
        vulnerability.notes.iter().map(move |note| (format!("{}: ", key_of(vulnerability, at)), note))
    });
    for (of, note) in document.chain(vulnerabilities) {
        let Note { category, title, text, .. } = note;
        let title = title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
        let name = format!("{of}note {category}{title}");
        let nth = (2..).map(|n| format!("{name} {n}")).find(|numbered| !named.contains_key(numbered));
        let name = if named.contains_key(&name) { nth.unwrap_or_default() } else { name };
        named.insert(name, text.trim().to_owned());
    }
    named
}

fn compare_notes(before: &Advisory, after: &Advisory, found: &mut Vec<Difference>) {
    let (old, new) = (notes(before), notes(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let text = |of: &BTreeMap<String, String>| of.get(name).cloned().unwrap_or_default();
        let (before, after) = (text(&old), text(&new));
        if before != after {
            found.push(Difference::TextChanged { field: name.clone(), before, after });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::{ProductStatus, Score};
    use crate::domain::product::{Branch, IdentificationHelper};
    use crate::domain::remediation::Remediation;

    fn product(name: &str, version: &str) -> Product {
        let branch = |category, name: &str| Branch { category, name: name.to_owned() };
        Product {
            product_id: format!("{name}{version}"),
            name: format!("{name} {version}"),
            branches: vec![
                branch(BranchCategory::ProductName, name),
                branch(BranchCategory::ProductVersionRange, version),
            ],
            helper: IdentificationHelper::default(),
            pointer: String::new(),
            relationship: None,
        }
    }

    fn advisory(products: &[(&str, &str)], statuses: &[(ProductStatus, &[u32])]) -> Advisory {
        Advisory {
            id: "FB-1".to_owned(),
            version: "1".to_owned(),
            products: products.iter().map(|(name, version)| product(name, version)).collect(),
            vulnerabilities: vec![Vulnerability {
                cve: Some("CVE-1".to_owned()),
                statuses: statuses.iter().map(|(status, listed)| (*status, listed.to_vec())).collect(),
                ..Vulnerability::default()
            }],
            ..Advisory::default()
        }
    }

    fn remedy(category: RemediationCategory, details: &str) -> Remediation {
        Remediation {
            category,
            details: details.to_owned(),
            url: None,
            available_at: None,
            restart_required: None,
            entitlements: Vec::new(),
            products: Vec::new(),
        }
    }

    #[test]
    fn the_same_document_has_no_differences() {
        let one = advisory(&[("A", "< 1")], &[(ProductStatus::KnownAffected, &[0])]);
        assert_eq!(compare(&one, &one), []);
    }

    #[test]
    fn ranges_products_and_statuses_are_told() {
        let before = advisory(
            &[("A", "< 1"), ("B", "2"), ("D", "all")],
            &[(ProductStatus::KnownAffected, &[0, 1]), (ProductStatus::UnderInvestigation, &[2])],
        );
        let after = advisory(
            &[("A", "< 2"), ("C", "3"), ("D", "all")],
            &[(ProductStatus::KnownAffected, &[0, 1]), (ProductStatus::KnownNotAffected, &[2])],
        );
        let text = |text: &str| text.to_owned();
        assert_eq!(
            compare(&before, &after),
            [
                Difference::RangeChanged { product: text("A"), before: text("< 1"), after: text("< 2") },
                Difference::ProductRemoved { product: text("B › 2") },
                Difference::ProductAdded { product: text("C › 3") },
                Difference::StatusChanged {
                    vulnerability: text("CVE-1"),
                    product: text("C › 3"),
                    before: None,
                    after: Some(text("known_affected")),
                },
                Difference::StatusChanged {
                    vulnerability: text("CVE-1"),
                    product: text("D › all"),
                    before: Some(text("under_investigation")),
                    after: Some(text("known_not_affected")),
                },
                Difference::StatusChanged {
                    vulnerability: text("CVE-1"),
                    product: text("B › 2"),
                    before: Some(text("known_affected")),
                    after: None,
                },
            ]
        );
    }

    #[test]
    fn scores_remedies_fields_and_texts_are_told() {
        let mut before = advisory(&[("A", "< 1")], &[]);
        let mut after = before.clone();
        let score = |base_score| Score {
            cvss_version: "3.1".to_owned(),
            base_score,
            vector: String::new(),
            source: None,
            products: vec![0],
        };
        before.vulnerabilities[0].scores = vec![score(7.5)];
        after.vulnerabilities[0].scores = vec![score(9.8)];
        before.vulnerabilities[0].remediations = vec![
            remedy(RemediationCategory::NoneAvailable, "No fix yet"),
            remedy(RemediationCategory::Mitigation, "Close port 80"),
        ];
        after.vulnerabilities[0].remediations = vec![
            remedy(RemediationCategory::VendorFix, "Update to 1"),
            remedy(RemediationCategory::Mitigation, "Close ports 80 and 443"),
        ];
        after.version = "2".to_owned();
        after.notes =
            vec![Note { category: "summary".to_owned(), title: None, text: "More\n".to_owned(), products: Vec::new() }];
        let text = |text: &str| text.to_owned();
        assert_eq!(
            compare(&before, &after),
            [
                Difference::ScoresChanged {
                    vulnerability: text("CVE-1"),
                    before: vec![text("7.5 (v3.1)")],
                    after: vec![text("9.8 (v3.1)")],
                },
                Difference::RemedyAdded { category: RemediationCategory::VendorFix, details: text("Update to 1") },
                Difference::TextChanged {
                    field: text("remedy (mitigation)"),
                    before: text("Close port 80"),
                    after: text("Close ports 80 and 443"),
                },
                Difference::RemedyRemoved { category: RemediationCategory::NoneAvailable, details: text("No fix yet") },
                Difference::FieldChanged { field: text("version"), before: text("1"), after: text("2") },
                Difference::TextChanged { field: text("note summary"), before: String::new(), after: text("More") },
            ]
        );
    }
}
