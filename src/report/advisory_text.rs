//! One advisory as text: what it says, in the order in which an engineer reads.

use std::fmt::Write;

use rustc_hash::FxHashSet;

use super::visible::{visible, visible_line};
use super::vocabulary::{remediation_label, restart_label};
use crate::domain::advisory::{Advisory, ProductRemark};
use crate::domain::priority::Severity;
use crate::domain::product::Product;
use crate::domain::remediation::Remediation;

/// The advisory in words. `range` gives the versions that an entry means, in words.
pub fn advisory_text(advisory: &Advisory, range: impl Fn(&Product) -> String) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, advisory, range);
    text
}

fn write(out: &mut String, advisory: &Advisory, range: impl Fn(&Product) -> String) -> std::fmt::Result {
    let day = |at: Option<jiff::Timestamp>| at.map_or_else(|| "–".to_owned(), |t| t.strftime("%Y-%m-%d").to_string());
    writeln!(
        out,
        "{} · published {} · updated {} · {} · {}, revision {}",
        visible_line(&advisory.id),
        day(advisory.released_at),
        day(advisory.updated_at),
        visible_line(&advisory.publisher.name),
        visible_line(&advisory.status),
        visible_line(&advisory.version)
    )?;
    writeln!(out, "{}", visible_line(&advisory.title))?;
    let top =
        advisory.vulnerabilities.iter().flat_map(|v| &v.scores).max_by(|a, b| a.base_score.total_cmp(&b.base_score));
    if let Some(score) = top {
        let severity = Severity::of_score(score.base_score).word();
        writeln!(
            out,
            "CVSS {:.1} {severity} (v{}) {}",
            score.base_score,
            score.cvss_version,
            visible_line(&score.vector)
        )?;
    }
    for note in advisory.notes.iter().filter(|n| n.category == "summary") {
        writeln!(out, "\n{}", visible(&note.text))?;
    }
    writeln!(out, "\nVulnerabilities ({})", advisory.vulnerabilities.len())?;
    for vulnerability in &advisory.vulnerabilities {
        let name = vulnerability.cve.as_deref().or(vulnerability.title.as_deref()).unwrap_or("without an id");
        writeln!(out, "  {}  {}", visible_line(name), vulnerability.cwes.first().map_or("", String::as_str))?;
    }
    writeln!(out, "\nProducts ({})", advisory.products.len())?;
    for product in &advisory.products {
        let range = range(product);
        let range = if range.is_empty() { String::new() } else { format!(" — {range}") };
        writeln!(out, "  {}{}", visible_line(&product.name), visible_line(&range))?;
        for (what, values) in helpers(product) {
            writeln!(out, "    {what}: {}", visible_line(&values.join(", ")))?;
        }
    }
    write_remarks(out, advisory)?;
    write_remediations(out, advisory)?;
    writeln!(out, "\nReferences")?;
    for reference in &advisory.references {
        writeln!(out, "  {}  {}", visible_line(&reference.url), visible_line(&reference.summary))?;
    }
    writeln!(out, "\nRevisions")?;
    for revision in &advisory.revisions {
        writeln!(
            out,
            "  {}  {}  {}",
            visible_line(&revision.number),
            day(revision.date),
            visible_line(&revision.summary)
        )?;
    }
    Ok(())
}

/// What identifies a product beside its name, as the document writes it.
fn helpers(product: &Product) -> Vec<(&'static str, Vec<&str>)> {
    let helper = &product.helper;
    let mut told = vec![
        ("model numbers", helper.model_numbers.iter().map(String::as_str).collect::<Vec<_>>()),
        ("SKUs", helper.skus.iter().map(String::as_str).collect()),
        ("serial numbers", helper.serial_numbers.iter().map(String::as_str).collect()),
        ("CPE", helper.cpe.iter().map(String::as_str).collect()),
        ("PURLs", helper.purls.iter().map(String::as_str).collect()),
        ("hashes", helper.hashes.iter().map(String::as_str).collect()),
        ("SBOMs", helper.sbom_urls.iter().map(String::as_str).collect()),
        ("other ids", helper.generic_uris.iter().map(String::as_str).collect()),
    ];
    told.retain(|(_, values)| !values.is_empty());
    told
}

/// Products that a remark names; the others are counted.
const MAX_NAMES: usize = 5;

/// Why products are not affected, what is known of exploits, who is involved: each statement once.
fn write_remarks(out: &mut String, advisory: &Advisory) -> std::fmt::Result {
    let mut seen = FxHashSet::default();
    let mut remarks: Vec<(String, &ProductRemark)> = Vec::new();
    for vulnerability in &advisory.vulnerabilities {
        for remark in &vulnerability.remarks {
            let of = vulnerability.cve.clone().unwrap_or_default();
            if seen.insert((of.clone(), &remark.category, &remark.text, &remark.products)) {
                remarks.push((of, remark));
            }
        }
    }
    if remarks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nRemarks ({})", remarks.len())?;
    for (of, remark) in remarks {
        let label = if remark.category == "flag" { "justification" } else { remark.category.as_str() };
        let of = if of.is_empty() { String::new() } else { format!("{of} ") };
        writeln!(out, "  {}{}: {}", visible_line(&of), visible_line(label), visible_line(&remark.text))?;
        let names: Vec<&str> = remark
            .products
            .iter()
            .filter_map(|at| advisory.products.get(*at as usize))
            .map(|product| product.name.as_str())
            .collect();
        if !names.is_empty() {
            let more = names.len().saturating_sub(MAX_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = names.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", ");
            writeln!(out, "    for {}{more}", visible_line(&named))?;
        }
    }
    Ok(())
}

/// Each statement once, most useful kind first.
fn write_remediations(out: &mut String, advisory: &Advisory) -> std::fmt::Result {
    let mut all: Vec<&Remediation> = advisory.vulnerabilities.iter().flat_map(|v| &v.remediations).collect();
    all.sort_by(|a, b| a.category.cmp(&b.category));
    let mut seen = FxHashSet::default();
    all.retain(|remediation| seen.insert((&remediation.category, &remediation.details)));
    writeln!(out, "\nRemedies ({})", all.len())?;
    for remediation in all {
        writeln!(out, "  {}: {}", remediation_label(&remediation.category), visible_line(&remediation.details))?;
        if let Some(restart) = &remediation.restart_required {
            writeln!(out, "    restart: {}", restart_label(restart))?;
        }
        if !remediation.entitlements.is_empty() {
            writeln!(out, "    needs: {}", visible_line(&remediation.entitlements.join("; ")))?;
        }
        if let Some(url) = &remediation.url {
            writeln!(out, "    {}", visible_line(url))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::Vulnerability;
    use crate::domain::product::IdentificationHelper;
    use crate::domain::remediation::RemediationCategory;

    #[test]
    fn justifications_identifiers_and_entitlements_are_shown() {
        let product = |name: &str, cpe: Option<&str>| Product {
            product_id: name.to_owned(),
            name: name.to_owned(),
            branches: Vec::new(),
            helper: IdentificationHelper { cpe: cpe.map(str::to_owned), ..IdentificationHelper::default() },
            pointer: String::new(),
            relationship: None,
        };
        let remark = |category: &str, text: &str, products: &[u32]| ProductRemark {
            category: category.to_owned(),
            text: text.to_owned(),
            products: products.to_vec(),
        };
        let remediation = Remediation {
            category: RemediationCategory::VendorFix,
            details: "Update.".to_owned(),
            url: None,
            available_at: None,
            restart_required: None,
            entitlements: vec!["a service contract".to_owned()],
            products: vec![0],
        };
        let advisory = Advisory {
            products: vec![product("Meter A", Some("cpe:2.3:h:example:a:*:*:*:*:*:*:*:*")), product("Meter B", None)],
            vulnerabilities: vec![Vulnerability {
                cve: Some("CVE-2026-0001".to_owned()),
                remarks: vec![
                    remark("flag", "component_not_present", &[1]),
                    remark("flag", "component_not_present", &[1]),
                    remark("impact", "The part is\u{1b}[31m not built in.", &[1]),
                ],
                remediations: vec![remediation],
                ..Vulnerability::default()
            }],
            ..Advisory::default()
        };
        let text = advisory_text(&advisory, |_| String::new());
        for part in [
            "    CPE: cpe:2.3:h:example:a:*:*:*:*:*:*:*:*\n",
            "Remarks (2)\n  CVE-2026-0001 justification: component_not_present\n    for Meter B\n",
            "    needs: a service contract\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
