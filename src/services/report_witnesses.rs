//! Several documents of one finding in a report: which leads, which tell the same, and where they contradict.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::advisory::Advisory;
use crate::domain::witness::{Voice, contradictions, witness_groups};
use crate::report::row::{Joined, ReportAsset, ReportFinding, ReportRow};

/// Which documents are witnesses of one finding, by tracking id and publisher.
#[derive(Default)]
pub struct Witnesses {
    /// The documents of each group, the one to lead with first: tracking id and publisher.
    groups: Vec<Vec<(String, String)>>,
    places: FxHashMap<(String, String), usize>,
}

impl Witnesses {
    /// The groups among these documents.
    pub fn of(advisories: &[Arc<Advisory>]) -> Witnesses {
        let mut witnesses = Witnesses::default();
        for group in witness_groups(advisories) {
            let named = |at: &u32| {
                let advisory = &advisories[*at as usize];
                (advisory.id.clone(), advisory.publisher.name.clone())
            };
            let group: Vec<(String, String)> = group.iter().map(named).collect();
            for document in &group {
                witnesses.places.insert(document.clone(), witnesses.groups.len());
            }
            witnesses.groups.push(group);
        }
        witnesses
    }

    fn group_of(&self, finding: &ReportFinding) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let advisory = &finding.advisory;
        self.places.get(&(advisory.advisory_id.clone(), advisory.publisher.clone())).copied()
    }

    /// Says in each row which other documents tell the same finding of the same asset. Rows of one asset must share it.
    pub fn join(&self, rows: &mut [ReportRow]) {
        let mut told: FxHashMap<(*const ReportAsset, usize), Vec<usize>> = FxHashMap::default();
        for (at, row) in rows.iter().enumerate() {
            if let Some(group) = self.group_of(&row.finding) {
                told.entry((Arc::as_ptr(&row.asset), group)).or_default().push(at);
            }
        }
        // Twins share their findings before, and so they do after.
        let mut joined: FxHashMap<Vec<*const ReportFinding>, Vec<Arc<ReportFinding>>> = FxHashMap::default();
        for ((_, group), mut places) in told {
            let rank = |at: &usize| {
                let advisory = &rows[*at].finding.advisory;
                let document = |(id, publisher): &(String, String)| {
                    *id == advisory.advisory_id && *publisher == advisory.publisher
                };
                self.groups[group].iter().position(document)
            };
            places.sort_by_key(|at| (rank(at), *at));
            let findings: Vec<Arc<ReportFinding>> = places.iter().map(|at| rows[*at].finding.clone()).collect();
            let key: Vec<*const ReportFinding> = findings.iter().map(Arc::as_ptr).collect();
            let of_group = joined.entry(key).or_insert_with(|| join_findings(&self.groups[group], &findings));
            for (at, finding) in places.iter().zip(of_group.iter()) {
                rows[*at].finding = finding.clone();
            }
        }
    }
}

/// These findings of one asset, the leading one first, with what each must say of the others.
fn join_findings(group: &[(String, String)], findings: &[Arc<ReportFinding>]) -> Vec<Arc<ReportFinding>> {
    let voices: Vec<Voice> = findings.iter().map(|finding| voice(finding)).collect();
    let [leading, others @ ..] = voices.as_slice() else { return Vec::new() };
    let mut sentences: Vec<String> = others.iter().flat_map(|other| contradictions(leading, other)).collect();
    let is_told = |id: &str, publisher: &str| voices.iter().any(|v| v.advisory_id == id && v.publisher == publisher);
    for (id, publisher) in group.iter().filter(|(id, publisher)| !is_told(id, publisher)) {
        sentences
            .push(format!("{id} ({publisher}) tells of the same finding and does not say that this device has it"));
    }
    findings
        .iter()
        .enumerate()
        .map(|(at, finding)| {
            Arc::new(ReportFinding {
                joined: Joined {
                    leader: if at == 0 { String::new() } else { leading.advisory_id.clone() },
                    witnesses: voices
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != at)
                        .map(|(_, voice)| format!("{} ({})", voice.advisory_id, voice.publisher))
                        .collect(),
                    contradictions: sentences.clone(),
                },
                ..(**finding).clone()
            })
        })
        .collect()
}

fn voice(finding: &ReportFinding) -> Voice {
    Voice {
        advisory_id: finding.advisory.advisory_id.clone(),
        publisher: finding.advisory.publisher.clone(),
        verdict: Some(finding.verdict),
        cves: finding.cves.clone(),
        range: finding.range.clone(),
        fix: finding.fix.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::{Publisher, Reference, Vulnerability};
    use crate::domain::verdict::Verdict;
    use crate::report::row::ReportAdvisory;
    use crate::report::tests::fixture::bare_finding;

    fn advisory(id: &str, publisher: &str, category: &str, mentions: &str) -> Arc<Advisory> {
        Arc::new(Advisory {
            id: id.to_owned(),
            publisher: Publisher {
                name: publisher.to_owned(),
                namespace: format!("https://{publisher}.example"),
                category: category.to_owned(),
            },
            references: vec![Reference {
                category: "external".to_owned(),
                url: mentions.to_owned(),
                summary: String::new(),
            }],
            vulnerabilities: vec![Vulnerability { cve: Some("CVE-2026-0001".to_owned()), ..Vulnerability::default() }],
            ..Advisory::default()
        })
    }

    fn row(asset: &Arc<ReportAsset>, id: &str, publisher: &str, range: &str) -> ReportRow {
        let advisory =
            ReportAdvisory { advisory_id: id.to_owned(), publisher: publisher.to_owned(), ..ReportAdvisory::default() };
        let finding = ReportFinding {
            range: range.to_owned(),
            cves: vec!["CVE-2026-0001".to_owned()],
            ..bare_finding(advisory, Verdict::Affected)
        };
        ReportRow { asset: asset.clone(), finding: finding.into(), mark: None }
    }

    #[test]
    fn the_vendor_leads_and_contradictions_are_said() {
        let documents = [
            advisory("ICSA-26-001-01", "cisa", "coordinator", "https://acme.example/ACME-SA-0001.html"),
            advisory("ACME-SA-0001", "acme", "vendor", ""),
            advisory("OTHER-SA-0007", "acme", "vendor", ""),
        ];
        let witnesses = Witnesses::of(&documents);
        let (first, second) = (Arc::new(ReportAsset::default()), Arc::new(ReportAsset::default()));
        let mut rows = vec![
            row(&first, "ICSA-26-001-01", "cisa", "below 4"),
            row(&first, "ACME-SA-0001", "acme", "below 5"),
            row(&first, "OTHER-SA-0007", "acme", "below 5"),
            row(&second, "ICSA-26-001-01", "cisa", "below 4"),
        ];
        witnesses.join(&mut rows);
        let told: Vec<(&str, &[String])> = rows
            .iter()
            .map(|row| (row.finding.joined.leader.as_str(), row.finding.joined.witnesses.as_slice()))
            .collect();
        assert_eq!(told[0], ("ACME-SA-0001", &["ACME-SA-0001 (acme)".to_owned()][..]));
        assert_eq!(told[1], ("", &["ICSA-26-001-01 (cisa)".to_owned()][..]));
        assert_eq!(told[2], ("", &[][..]));
        assert_eq!(
            rows[1].finding.joined.contradictions,
            ["ACME-SA-0001 means versions below 5 and ICSA-26-001-01 means versions below 4"]
        );
        // Where the vendor is silent about a device, that is said too.
        assert_eq!(told[3], ("", &[][..]));
        assert_eq!(
            rows[3].finding.joined.contradictions,
            ["ACME-SA-0001 (acme) tells of the same finding and does not say that this device has it"]
        );
    }
}
