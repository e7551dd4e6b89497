//! One advisory as text: what it says, in the order in which an engineer reads.

use std::fmt::Write;

use rustc_hash::FxHashSet;

use super::visible::{visible, visible_line};
use super::vocabulary::{remediation_label, restart_label};
use crate::domain::advisory::Advisory;
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
    }
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
        if let Some(url) = &remediation.url {
            writeln!(out, "    {}", visible_line(url))?;
        }
    }
    Ok(())
}
