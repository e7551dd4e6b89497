//! A CycloneDX 1.6 document with the devices as components and what is known about them as analyses.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Justification, Vex, VexStatement, VexStatus, VulnerabilityId};
use crate::domain::mark::MarkReason;
use crate::domain::remediation::RemediationCategory;

/// Writes the document, one member a line.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_cyclonedx_vex(vex: &Vex, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, &document(vex))?;
    out.write_all(b"\n")?;
    out.flush()
}

fn document(vex: &Vex) -> Value {
    let site = if vex.site.is_empty() { "the site without a name" } else { &vex.site };
    let components: Vec<Value> = vex
        .products
        .iter()
        .map(|product| {
            let mut properties: Vec<Value> = Vec::new();
            for (name, values) in
                [("nameplate:asset", &product.assets), ("nameplate:serial_number", &product.serial_numbers)]
            {
                properties.extend(values.iter().map(|value| json!({ "name": name, "value": value })));
            }
            for (name, value) in [
                ("nameplate:part_number", &product.part_number),
                ("nameplate:hardware_revision", &product.hardware_revision),
            ] {
                if !value.is_empty() {
                    properties.push(json!({ "name": name, "value": value }));
                }
            }
            let model = if product.model.is_empty() { &product.part_number } else { &product.model };
            let mut component = json!({
                "type": "device",
                "bom-ref": product.id,
                "name": if model.is_empty() { "not stated" } else { model },
                "properties": properties,
            });
            if let Some(members) = component.as_object_mut() {
                if !product.firmware.is_empty() {
                    members.insert("version".to_owned(), json!(product.firmware));
                }
                if !product.vendor.is_empty() {
                    members.insert("manufacturer".to_owned(), json!({ "name": product.vendor }));
                }
            }
            component
        })
        .collect();
    let vulnerabilities: Vec<Value> =
        vex.by_vulnerability().iter().flat_map(|(id, said)| entries(vex, id, said)).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(vex),
        "version": 1,
        "metadata": {
            "timestamp": vex.judged_at.to_string(),
            "tools": { "components": [{ "type": "application", "name": "Nameplate", "version": vex.program_version }] },
            "component": { "type": "platform", "bom-ref": "site", "name": site },
        },
        "components": components,
        "vulnerabilities": vulnerabilities,
    })
}

/// What tells entries of one vulnerability apart: they differ by product.
type Analysis = (VexStatus, Option<Justification>, String, usize);

/// One entry for each analysis, with the products that it holds for.
fn entries(vex: &Vex, id: &VulnerabilityId, said: &[&VexStatement]) -> Vec<Value> {
    let mut by_analysis: BTreeMap<Analysis, Vec<&VexStatement>> = BTreeMap::new();
    for statement in said {
        let analysis = (statement.status, statement.justification, statement.told(), statement.advisory);
        by_analysis.entry(analysis).or_default().push(statement);
    }
    by_analysis
        .into_iter()
        .enumerate()
        .filter_map(|(n, ((status, justification, detail, advisory), statements))| {
            let first = *statements.first()?;
            let advisory = &vex.advisories[advisory];
            let name = match id {
                VulnerabilityId::Cve(cve) => cve.clone(),
                VulnerabilityId::Advisory(at) => vex.advisories[*at].advisory_id.clone(),
            };
            let state = match status {
                VexStatus::NotAffected => "not_affected",
                VexStatus::Fixed => "resolved",
                VexStatus::UnderInvestigation => "in_triage",
                VexStatus::Affected => "exploitable",
            };
            let mut analysis = json!({ "state": state, "detail": detail });
            if let Some(members) = analysis.as_object_mut() {
                if let Some(justification) = justification.filter(|_| status == VexStatus::NotAffected) {
                    let word = match justification {
                        Justification::CodeNotPresent | Justification::ComponentNotPresent => "code_not_present",
                    };
                    members.insert("justification".to_owned(), json!(word));
                }
                if status == VexStatus::Affected {
                    members.insert("response".to_owned(), json!(responses(first)));
                }
            }
            let mut told = json!({
                "bom-ref": format!("{name}-{n}"),
                "id": name,
                "description": advisory.title,
                "advisories": [],
                "analysis": analysis,
                "affects": statements.iter().map(|s| json!({ "ref": vex.products[s.product].id })).collect::<Vec<_>>(),
            });
            if let Some(members) = told.as_object_mut() {
                if advisory.url.starts_with("https://") || advisory.url.starts_with("http://") {
                    let told = json!([{ "title": advisory.advisory_id, "url": advisory.url }]);
                    members.insert("advisories".to_owned(), told);
                } else {
                    members.remove("advisories");
                }
                let remedy = first.remediations.first().map(|remedy| remedy.details.clone());
                let fix = first.fix.as_ref().map(|fix| format!("Update to {fix} or later."));
                if let Some(recommendation) = fix.or(remedy).filter(|_| status == VexStatus::Affected) {
                    members.insert("recommendation".to_owned(), json!(recommendation));
                }
            }
            Some(told)
        })
        .collect()
}

fn responses(statement: &VexStatement) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    if statement.fix.is_some() {
        words.push("update");
    }
    for decision in &statement.decisions {
        words.extend(match decision.reason {
            MarkReason::RiskAccepted => Some("will_not_fix"),
            MarkReason::MitigationApplied => Some("workaround_available"),
            MarkReason::WaitingForFix => Some("can_not_fix"),
            _ => None,
        });
    }
    for remedy in statement.remediations.iter() {
        words.push(match remedy.category {
            RemediationCategory::VendorFix | RemediationCategory::OptionalPatch => "update",
            RemediationCategory::Mitigation | RemediationCategory::Workaround | RemediationCategory::Other(_) => {
                "workaround_available"
            }
            RemediationCategory::NoFixPlanned => "will_not_fix",
            RemediationCategory::NoneAvailable | RemediationCategory::FixPlanned => "can_not_fix",
        });
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The same for the same site and time, so that a document written twice is one document (RFC 9562, version 8).
fn serial_number(vex: &Vex) -> String {
    let digest = Sha256::digest(format!("{}\n{}\n{}", vex.namespace, vex.site, vex.judged_at));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::vex::tests::example;

    #[test]
    fn every_reference_is_a_component_and_every_state_is_known() {
        let document = document(&example());
        let components: Vec<&Value> =
            document["components"].as_array().unwrap().iter().map(|component| &component["bom-ref"]).collect();
        let mut states: Vec<&str> = Vec::new();
        let mut refs: Vec<&str> = Vec::new();
        for told in document["vulnerabilities"].as_array().unwrap() {
            states.push(told["analysis"]["state"].as_str().unwrap());
            refs.push(told["bom-ref"].as_str().unwrap());
            for affected in told["affects"].as_array().unwrap() {
                assert!(components.contains(&&affected["ref"]));
            }
        }
        for state in ["exploitable", "in_triage", "not_affected", "resolved"] {
            assert!(states.contains(&state), "{state}");
        }
        let n = refs.len();
        refs.sort_unstable();
        refs.dedup();
        assert_eq!(refs.len(), n);
    }

    #[test]
    fn the_serial_number_is_a_uuid() {
        let text = serial_number(&example());
        let hex = text.strip_prefix("urn:uuid:").unwrap();
        assert_eq!(hex.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
