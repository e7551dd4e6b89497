//! A CSAF 2.0 document of the profile VEX.
//!
//! # Source
//!
//! CSAF 2.0, sections 3 and 4.5; the mandatory tests of section 6.1.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Justification, Vex, VexProduct, VexStatement, VexStatus, VulnerabilityId};
use crate::domain::advisory::Tlp;
use crate::domain::mark::MarkReason;
use crate::domain::remediation::RemediationCategory;
use crate::report::row::ReportRemediation;

/// Remedies that are told of one product and vulnerability.
const MAX_REMEDIES: usize = 5;

/// Writes the document, one member a line.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_csaf_vex(vex: &Vex, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, &document(vex))?;
    out.write_all(b"\n")?;
    out.flush()
}

fn document(vex: &Vex) -> Value {
    let at = vex.judged_at.to_string();
    let site = if vex.site.is_empty() { "the site without a name" } else { &vex.site };
    let mut document = json!({
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "distribution": { "tlp": { "label": tlp(vex) } },
            "lang": "en",
            "notes": [{
                "category": "summary",
                "text": "What published advisories say about the devices of this site, judged by nameplate and firmware. A device that is not named here was not named by any advisory that was compared; that is no proof of safety."
            }],
            "publisher": { "category": "user", "name": vex.publisher, "namespace": vex.namespace },
            "title": format!("Vulnerability status of devices: {site}"),
            "tracking": {
                "current_release_date": at,
                "generator": { "date": at, "engine": { "name": "Nameplate", "version": vex.program_version } },
                "id": vex.tracking_id(),
                "initial_release_date": at,
                "revision_history": [{ "date": at, "number": "1", "summary": "As judged at this time." }],
                "status": "final",
                "version": "1"
            }
        }
    });
    let vulnerabilities: Vec<Value> =
        vex.by_vulnerability().iter().map(|(id, said)| vulnerability(vex, id, said)).collect();
    if let Some(members) = document.as_object_mut() {
        members.insert("product_tree".to_owned(), json!({ "branches": branches(vex) }));
        members.insert("vulnerabilities".to_owned(), Value::Array(vulnerabilities));
    }
    document
}

/// The label of CSAF 2.0, which knows no `AMBER+STRICT`.
fn tlp(vex: &Vex) -> &'static str {
    if vex.tlp() > Tlp::Amber { "RED" } else { "AMBER" }
}

/// Vendor, model and firmware as branches; each product once.
fn branches(vex: &Vex) -> Vec<Value> {
    let mut tree: BTreeMap<&str, BTreeMap<&str, Vec<&VexProduct>>> = BTreeMap::new();
    for product in &vex.products {
        let model = if product.model.trim().is_empty() { &product.part_number } else { &product.model };
        tree.entry(product.vendor.trim()).or_default().entry(model.trim()).or_default().push(product);
    }
    let named = |name: &str| if name.is_empty() { "not stated".to_owned() } else { name.to_owned() };
    tree.into_iter()
        .map(|(vendor, models)| {
            let models: Vec<Value> = models
                .into_iter()
                .map(|(model, products)| {
                    let leaves: Vec<Value> = products.into_iter().map(leaf).collect();
                    json!({ "category": "product_name", "name": named(model), "branches": leaves })
                })
                .collect();
            json!({ "category": "vendor", "name": named(vendor), "branches": models })
        })
        .collect()
}

fn leaf(product: &VexProduct) -> Value {
    let mut helper = Map::new();
    let model_numbers: Vec<String> =
        [product.part_number.trim()].into_iter().filter(|t| !t.is_empty()).map(without_wildcards).collect();
    if !model_numbers.is_empty() {
        helper.insert("model_numbers".to_owned(), json!(model_numbers));
    }
    let serial_numbers: Vec<String> =
        product.serial_numbers.iter().filter(|t| !t.trim().is_empty()).map(|t| without_wildcards(t)).collect();
    if !serial_numbers.is_empty() {
        helper.insert("serial_numbers".to_owned(), json!(serial_numbers));
    }
    let mut full = json!({ "name": product.name(), "product_id": product.id });
    if !helper.is_empty()
        && let Some(members) = full.as_object_mut()
    {
        members.insert("product_identification_helper".to_owned(), Value::Object(helper));
    }
    let (category, name) = match product.firmware.trim() {
        "" => ("specification", "firmware not stated"),
        // A version must not read like a range.
        firmware if reads_like_a_range(firmware) => ("legacy", firmware),
        firmware => ("product_version", firmware),
    };
    json!({ "category": category, "name": name, "product": full })
}

/// Whether the mandatory test 6.1.31 would take the text for a version range.
fn reads_like_a_range(text: &str) -> bool {
    let text = text.to_lowercase();
    let words = ["after", "all", "before", "earlier", "later", "prior", "versions"];
    text.contains(['<', '>'])
        || text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
        || words.iter().any(|word| text.contains(word))
}

/// `?` and `*` stand for other characters in a model or serial number, unless they are escaped (section 3.1.3.3.5).
fn without_wildcards(text: &str) -> String {
    text.trim().replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}

fn vulnerability(vex: &Vex, id: &VulnerabilityId, said: &[&VexStatement]) -> Value {
    let product = |statement: &VexStatement| vex.products[statement.product].id.as_str();
    let of =
        |status: VexStatus| -> Vec<&str> { said.iter().filter(|s| s.status == status).map(|s| product(s)).collect() };
    let mut statuses = Map::new();
    for (status, word) in [
        (VexStatus::Fixed, "fixed"),
        (VexStatus::Affected, "known_affected"),
        (VexStatus::NotAffected, "known_not_affected"),
        (VexStatus::UnderInvestigation, "under_investigation"),
    ] {
        let products = of(status);
        if !products.is_empty() {
            statuses.insert(word.to_owned(), json!(products));
        }
    }
    let mut advisories: Vec<usize> = said.iter().map(|s| s.advisory).collect();
    advisories.sort_unstable();
    advisories.dedup();
    let titles: Vec<String> = advisories
        .iter()
        .map(|at| &vex.advisories[*at])
        .map(|a| format!("{}: {}", a.advisory_id, if a.title.is_empty() { "no title" } else { &a.title }))
        .collect();
    let mut members = Map::new();
    match id {
        VulnerabilityId::Cve(cve) => {
            members.insert("cve".to_owned(), json!(cve));
        }
        VulnerabilityId::Advisory(at) => {
            let advisory = &vex.advisories[*at];
            let system = if advisory.publisher.is_empty() { "advisory" } else { &advisory.publisher };
            members.insert("ids".to_owned(), json!([{ "system_name": system, "text": advisory.advisory_id }]));
        }
    }
    members.insert("notes".to_owned(), json!([{ "category": "description", "text": titles.join("; ") }]));
    members.insert("product_status".to_owned(), Value::Object(statuses));
    let references: Vec<Value> = advisories
        .iter()
        .map(|at| &vex.advisories[*at])
        .filter(|advisory| advisory.url.starts_with("https://") || advisory.url.starts_with("http://"))
        .map(|advisory| json!({ "category": "external", "summary": advisory.advisory_id, "url": advisory.url }))
        .collect();
    if !references.is_empty() {
        members.insert("references".to_owned(), Value::Array(references));
    }
    let flags = flags(vex, said);
    if !flags.is_empty() {
        members.insert("flags".to_owned(), Value::Array(flags));
    }
    let remediations = remediations(vex, said);
    if !remediations.is_empty() {
        members.insert("remediations".to_owned(), Value::Array(remediations));
    }
    let threats = threats(vex, said);
    if !threats.is_empty() {
        members.insert("threats".to_owned(), Value::Array(threats));
    }
    Value::Object(members)
}

/// Why products are not affected, for programs.
fn flags(vex: &Vex, said: &[&VexStatement]) -> Vec<Value> {
    [
        (Justification::CodeNotPresent, "vulnerable_code_not_present"),
        (Justification::ComponentNotPresent, "component_not_present"),
    ]
    .into_iter()
    .filter_map(|(justification, label)| {
        let products: Vec<&str> = said
            .iter()
            .filter(|s| s.status == VexStatus::NotAffected && s.justification == Some(justification))
            .map(|s| vex.products[s.product].id.as_str())
            .collect();
        (!products.is_empty()).then(|| json!({ "label": label, "product_ids": products }))
    })
    .collect()
}

/// What to do about what is affected: each remedy once with its products. Each affected product has one at least.
fn remediations(vex: &Vex, said: &[&VexStatement]) -> Vec<Value> {
    /// Category, details, URL and restart.
    type Remedy = (String, String, Option<String>, Option<String>);
    let mut told: BTreeMap<Remedy, Vec<&str>> = BTreeMap::new();
    for statement in said.iter().filter(|s| s.status == VexStatus::Affected) {
        let product = vex.products[statement.product].id.as_str();
        let mut add = |category: &str, details: String, url: Option<String>, restart: Option<String>| {
            let products = told.entry((category.to_owned(), details, url, restart)).or_default();
            if !products.contains(&product) {
                products.push(product);
            }
        };
        // What is done at the site comes before what the advisory offers.
        let mut has_any = false;
        for decision in &statement.decisions {
            if let Some(category) = owner_category(decision.reason, statement.fix.is_some()) {
                add(category, decision.text.clone(), None, None);
                has_any = true;
            }
        }
        for remedy in statement.remediations.iter().filter(|r| !r.details.trim().is_empty()).take(MAX_REMEDIES) {
            add(category(remedy), remedy.details.clone(), web_address(remedy), restart(remedy));
            has_any = true;
        }
        match &statement.fix {
            Some(fix) if !has_any => add("vendor_fix", format!("Update to {fix} or later."), None, None),
            None if !has_any => {
                add("none_available", "The advisory names no remedy for this product.".to_owned(), None, None);
            }
            _ => {}
        }
    }
    told.into_iter()
        .map(|((category, details, url, restart), products)| {
            let mut remedy = json!({ "category": category, "details": details, "product_ids": products });
            if let Some(members) = remedy.as_object_mut() {
                if let Some(url) = url {
                    members.insert("url".to_owned(), json!(url));
                }
                if let Some(restart) = restart {
                    members.insert("restart_required".to_owned(), json!({ "category": restart }));
                }
            }
            remedy
        })
        .collect()
}

/// The word for what the owner does; `None` where he does nothing.
fn owner_category(reason: MarkReason, has_fix: bool) -> Option<&'static str> {
    match reason {
        MarkReason::MitigationApplied => Some("mitigation"),
        MarkReason::Planned | MarkReason::FirmwareUpdated if has_fix => Some("vendor_fix"),
        MarkReason::Planned | MarkReason::FirmwareUpdated | MarkReason::PerCve => Some("workaround"),
        MarkReason::RiskAccepted => Some("no_fix_planned"),
        MarkReason::WaitingForFix => Some("none_available"),
        MarkReason::Replaced | MarkReason::Removed => Some("workaround"),
        MarkReason::NoDecision => None,
    }
}

/// The word of CSAF 2.0, which knows fewer than 2.1.
fn category(remedy: &ReportRemediation) -> &'static str {
    match remedy.category {
        RemediationCategory::VendorFix | RemediationCategory::OptionalPatch => "vendor_fix",
        RemediationCategory::Mitigation => "mitigation",
        RemediationCategory::NoFixPlanned => "no_fix_planned",
        RemediationCategory::NoneAvailable | RemediationCategory::FixPlanned => "none_available",
        RemediationCategory::Workaround | RemediationCategory::Other(_) => "workaround",
    }
}

fn web_address(remedy: &ReportRemediation) -> Option<String> {
    let is_plain = |url: &&String| {
        (url.starts_with("https://") || url.starts_with("http://"))
            && url.chars().all(|c| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c))
    };
    remedy.url.as_ref().filter(is_plain).cloned()
}

fn restart(remedy: &ReportRemediation) -> Option<String> {
    const KNOWN: [&str; 9] =
        ["connected", "dependencies", "machine", "none", "parent", "service", "system", "vulnerable_component", "zone"];
    remedy.restart_required.clone().filter(|word| KNOWN.contains(&word.as_str()))
}

/// The reasons in words: the impact statement of what is not affected, and why the others are.
fn threats(vex: &Vex, said: &[&VexStatement]) -> Vec<Value> {
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for statement in said {
        let lead = match statement.status {
            VexStatus::NotAffected => "Not affected",
            VexStatus::Fixed => "Fixed",
            VexStatus::UnderInvestigation => "Possible, not settled",
            VexStatus::Affected => "Affected",
        };
        let detail = match statement.told() {
            told if told.is_empty() => lead.to_owned(),
            told => format!("{lead}: {told}"),
        };
        let products = told.entry(detail).or_default();
        let product = vex.products[statement.product].id.as_str();
        if !products.contains(&product) {
            products.push(product);
        }
    }
    told.into_iter()
        .map(|(details, products)| json!({ "category": "impact", "details": details, "product_ids": products }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::vex::tests::example;

    #[test]
    fn each_vulnerability_stands_once_and_each_product_in_one_status() {
        let document = document(&example());
        let all = document["vulnerabilities"].as_array().unwrap();
        assert_eq!(all.len(), 3);
        for vulnerability in all {
            let mut seen: Vec<&str> = Vec::new();
            for products in vulnerability["product_status"].as_object().unwrap().values() {
                seen.extend(products.as_array().unwrap().iter().filter_map(Value::as_str));
            }
            let n = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), n, "{vulnerability}");
        }
        assert!(all[2]["cve"].is_null() && all[2]["ids"][0]["text"] == "SEVD-1");
    }

    #[test]
    fn what_the_profile_asks_for_is_there() {
        let document = document(&example());
        for vulnerability in document["vulnerabilities"].as_array().unwrap() {
            let status = &vulnerability["product_status"];
            let listed = |list: &str| {
                let all = vulnerability[list].as_array().cloned().unwrap_or_default();
                all.iter()
                    .flat_map(|item| item["product_ids"].as_array().cloned().unwrap_or_default())
                    .collect::<Vec<_>>()
            };
            for product in status["known_affected"].as_array().into_iter().flatten() {
                assert!(listed("remediations").contains(product), "no action for {product}");
            }
            for product in status["known_not_affected"].as_array().into_iter().flatten() {
                assert!(listed("flags").contains(product) && listed("threats").contains(product), "{product}");
            }
            assert!(!vulnerability["notes"].as_array().unwrap().is_empty());
        }
    }

    #[test]
    fn a_version_never_reads_like_a_range() {
        for (firmware, is_range) in
            [("3.1.2", false), ("V4.5 SP1", false), ("< 4.0", true), ("before 4.0", true), ("4.0 and later", true)]
        {
            assert_eq!(reads_like_a_range(firmware), is_range, "{firmware}");
        }
    }
}
