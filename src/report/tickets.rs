//! One line for each piece of work, to be imported into a ticket system: a nameplate at a site and one advisory.
//!
//! The external id stays the same as long as site, nameplate, firmware and advisory do, so that a system that knows it
//! updates its ticket instead of making another.

use std::borrow::Cow;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::csv::inert;
use super::groups::{FindingLine, NameplateGroup, by_nameplate, by_site};
use super::row::{Report, ReportFinding};
use super::visible::counted;
use super::vocabulary::{
    remediation_label, severity_text, site_name, status_sentence, verdict_sentence, witness_sentence,
};
use crate::domain::advisory::status_notice;
use crate::domain::priority::Severity;
use crate::domain::verdict::Verdict;

/// The columns in their order; names are those that ServiceNow and Jira offer on import, where they have one.
pub const COLUMNS: [&str; 18] = [
    "external_id",
    "summary",
    "description",
    "servicenow_priority",
    "jira_priority",
    "labels",
    "site",
    "nameplate",
    "firmware",
    "fix",
    "assets",
    "asset_ids",
    "advisory_id",
    "cves",
    "exploited",
    "status",
    "assets_open",
    "url",
];

/// Writes one line for each nameplate of a site and advisory, in the order of the report.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_tickets(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(COLUMNS)?;
    for site in by_site(report) {
        for group in by_nameplate(&site.rows) {
            for line in group.lines.iter().filter(|line| line.finding.verdict >= Verdict::Possible) {
                let record = record(site.site, &group, line);
                writer.write_record(record.map(|value| inert(Cow::Owned(value)).into_owned()))?;
            }
        }
    }
    writer.flush()
}

fn record(site: &str, group: &NameplateGroup<'_>, line: &FindingLine<'_>) -> [String; 18] {
    let (plate, finding) = (group.nameplate, line.finding);
    let mut named: Vec<&str> = vec![&plate.vendor, &plate.model];
    if plate.part_number != plate.model {
        named.push(&plate.part_number);
    }
    named.retain(|part| !part.is_empty());
    let named = if named.is_empty() { "device without a nameplate".to_owned() } else { named.join(" ") };
    let ids: Vec<&str> = line.assets.iter().map(|asset| &*asset.asset_id).collect();
    let (servicenow, jira) = priorities(finding);
    let mut labels = vec!["nameplate".to_owned(), finding.verdict.word().to_owned()];
    labels.extend(finding.severity.map(|severity| severity.word().to_owned()));
    if finding.is_exploited() {
        labels.push("exploited".to_owned());
    }
    let assets = counted(line.assets.len() as u64, "asset", "assets");
    let what = match &finding.fix {
        Some(fix) => format!("update {named} to {fix}"),
        None if finding.verdict == Verdict::Possible => format!("settle whether {named} is affected"),
        None => format!("protect {named}, no fix is named"),
    };
    [
        external_id(site, plate.nameplate(), finding),
        format!("{}: {what} ({assets}, {})", site_name(site), finding.advisory.advisory_id),
        description(line, &assets),
        servicenow.to_owned(),
        jira.to_owned(),
        labels.join(" "),
        site.to_owned(),
        named,
        plate.firmware.to_string(),
        finding.fix.clone().unwrap_or_default(),
        line.assets.len().to_string(),
        ids.join("; "),
        finding.advisory.advisory_id.clone(),
        finding.cves.join("; "),
        if finding.is_exploited() { "yes" } else { "no" }.to_owned(),
        line.status().word().to_owned(),
        line.n_open().to_string(),
        finding.advisory.url.clone(),
    ]
}

fn description(line: &FindingLine<'_>, assets: &str) -> String {
    let finding = line.finding;
    let mut lines = vec![
        format!("{}: {}", finding.advisory.advisory_id, finding.advisory.title),
        format!("{}, {assets}", severity_text(finding)),
        verdict_sentence(finding),
    ];
    lines.extend(
        status_notice(&finding.advisory.status).map(|notice| format!("{} is {notice}", finding.advisory.advisory_id)),
    );
    lines.extend(witness_sentence(finding));
    lines.extend(status_sentence(line));
    for doubt in finding.doubts.iter().filter(|doubt| doubt.detail != finding.reason) {
        lines.push(doubt.detail.clone());
    }
    for remedy in finding.remediations.iter().take(5) {
        lines.push(format!("{}: {}", remediation_label(&remedy.category), remedy.details));
    }
    lines.join("\n")
}

/// The words of both systems for how soon it is worked on.
fn priorities(finding: &ReportFinding) -> (&'static str, &'static str) {
    if finding.is_exploited() {
        return ("1 - Critical", "Highest");
    }
    let doubt = u8::from(finding.verdict == Verdict::Possible);
    let rank = match finding.severity {
        Some(Severity::Critical) => 1,
        Some(Severity::High) | None => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::Low | Severity::None) => 4,
    };
    match rank + doubt {
        0 | 1 => ("1 - Critical", "Highest"),
        2 => ("2 - High", "High"),
        3 => ("3 - Moderate", "Medium"),
        4 => ("4 - Low", "Low"),
        _ => ("5 - Planning", "Lowest"),
    }
}

fn external_id(site: &str, plate: [&str; 5], finding: &ReportFinding) -> String {
    let mut hash = Sha256::new();
    for text in [site, &finding.advisory.publisher, &finding.advisory.advisory_id].into_iter().chain(plate) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digits: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("nameplate-{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::fixture;

    #[test]
    fn each_piece_of_work_has_an_id_that_stays_and_is_its_own() {
        let report = fixture::report();
        let write = || {
            let mut bytes = Vec::new();
            write_tickets(&report, &mut bytes).unwrap();
            bytes
        };
        let bytes = write();
        assert_eq!(bytes, write());
        let mut reader = ::csv::Reader::from_reader(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
        let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let n_lines: usize = by_site(&report)
            .iter()
            .flat_map(|site| by_nameplate(&site.rows))
            .flat_map(|group| group.lines.iter().map(|l| l.finding.verdict).collect::<Vec<_>>())
            .filter(|verdict| *verdict >= Verdict::Possible)
            .count();
        assert_eq!(records.len(), n_lines);
        for record in &records {
            assert!(record[0].starts_with("nameplate-") && !record[1].is_empty());
            assert!(!record[1].starts_with(['=', '+', '-', '@']), "{}", &record[1]);
        }
    }

    #[test]
    fn exploited_is_most_urgent_and_a_doubt_lowers_by_one() {
        let report = fixture::report();
        let any = &report.rows[0].finding;
        for (severity, verdict, exploited, priority) in [
            (Some(Severity::Low), Verdict::Possible, true, "1 - Critical"),
            (Some(Severity::Critical), Verdict::Affected, false, "1 - Critical"),
            (Some(Severity::Critical), Verdict::Possible, false, "2 - High"),
            (None, Verdict::Affected, false, "2 - High"),
            (Some(Severity::Low), Verdict::Possible, false, "5 - Planning"),
        ] {
            let exploited = if exploited { vec!["CVE-2024-0001".to_owned()] } else { Vec::new() };
            let finding = ReportFinding { severity, verdict, exploited, ..(**any).clone() };
            assert_eq!(priorities(&finding).0, priority, "{severity:?} {verdict:?}");
        }
    }
}
