//! What is known about the devices of a site, for other programs: VEX documents as CSAF 2.0 and as CycloneDX 1.6.
//!
//! A product is one nameplate with its firmware; an answer that depends on a serial number has a product of its own.

use jiff::Timestamp;

use super::row::{ReportAdvisory, ReportRemediation};
use crate::domain::advisory::Tlp;
use crate::domain::mark::MarkReason;

pub mod csaf;
pub mod cyclonedx;

/// What is said about one product and one vulnerability, from the least to the most alarming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VexStatus {
    NotAffected,
    Fixed,
    UnderInvestigation,
    Affected,
}

/// Why a product is not affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Justification {
    /// The firmware lies outside every affected range, or a status of the advisory says so.
    CodeNotPresent,
    /// The advisory names another product, or a component that the device does not carry.
    ComponentNotPresent,
}

/// One nameplate with its firmware, or one device of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VexProduct {
    /// Stable inside the document.
    pub id: String,
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
    pub firmware: String,
    /// Of the devices meant, sorted, each once.
    pub serial_numbers: Vec<String>,
    /// Tags of the devices meant, sorted.
    pub assets: Vec<String>,
}

impl VexProduct {
    /// The name that people read: vendor, model, order number, firmware.
    pub fn name(&self) -> String {
        let mut parts: Vec<&str> = vec![&self.vendor, &self.model];
        if self.part_number != self.model {
            parts.push(&self.part_number);
        }
        parts.retain(|part| !part.trim().is_empty());
        let mut name = if parts.is_empty() { "device without a nameplate".to_owned() } else { parts.join(" ") };
        if !self.hardware_revision.is_empty() {
            name.push_str(&format!(", hardware {}", self.hardware_revision));
        }
        match self.firmware.as_str() {
            "" => name.push_str(", firmware not stated"),
            firmware => name.push_str(&format!(", firmware {firmware}")),
        }
        name
    }
}

/// One product and one vulnerability.
#[derive(Clone, Debug, PartialEq)]
pub struct VexStatement {
    /// Index into [`Vex::products`].
    pub product: usize,
    /// Index into [`Vex::advisories`].
    pub advisory: usize,
    /// The CVE; `None` where the advisory names none.
    pub cve: Option<String>,
    pub status: VexStatus,
    pub justification: Option<Justification>,
    /// "3.1.2 is below 4.0.0".
    pub detail: String,
    /// The version that fixes it, when the advisory names one.
    pub fix: Option<String>,
    /// Most useful first; for what is affected.
    pub remediations: std::sync::Arc<Vec<ReportRemediation>>,
    /// What the owner does about it.
    pub decisions: Vec<VexDecision>,
}

/// What the owner decided or did for some devices of a product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VexDecision {
    pub reason: MarkReason,
    /// "Mitigation applied on 2026-11-22, 3 of 14 devices: own network segment".
    pub text: String,
}

impl VexStatement {
    /// The reason with what the owner does about it.
    pub fn told(&self) -> String {
        let decided = self.decisions.iter().map(|decision| decision.text.as_str());
        std::iter::once(self.detail.as_str())
            .filter(|detail| !detail.is_empty())
            .chain(decided)
            .collect::<Vec<_>>()
            .join(". ")
    }
}

/// All that is said about one site.
#[derive(Clone, Debug, PartialEq)]
pub struct Vex {
    pub site: String,
    pub judged_at: Timestamp,
    pub publisher: String,
    /// A URI that belongs to the publisher.
    pub namespace: String,
    pub products: Vec<VexProduct>,
    pub advisories: Vec<ReportAdvisory>,
    pub statements: Vec<VexStatement>,
    pub program_version: String,
}

impl Vex {
    /// The statements by vulnerability, each product once with the most alarming statement, in the order of the
    /// vulnerabilities' ids. A vulnerability without a CVE goes by its advisory.
    fn by_vulnerability(&self) -> Vec<(VulnerabilityId, Vec<&VexStatement>)> {
        let mut sorted: Vec<(VulnerabilityId, &VexStatement)> = self
            .statements
            .iter()
            .map(|statement| {
                let id = match &statement.cve {
                    Some(cve) => VulnerabilityId::Cve(cve.clone()),
                    None => VulnerabilityId::Advisory(statement.advisory),
                };
                (id, statement)
            })
            .collect();
        sorted.sort_by(|a, b| {
            let (x, y) = (a.1, b.1);
            a.0.cmp(&b.0)
                .then(x.product.cmp(&y.product))
                .then(y.status.cmp(&x.status))
                .then(x.advisory.cmp(&y.advisory))
        });
        sorted.dedup_by(|later, kept| later.0 == kept.0 && later.1.product == kept.1.product);
        let mut grouped: Vec<(VulnerabilityId, Vec<&VexStatement>)> = Vec::new();
        for (id, statement) in sorted {
            match grouped.last_mut() {
                Some((last, statements)) if *last == id => statements.push(statement),
                _ => grouped.push((id, vec![statement])),
            }
        }
        grouped
    }

    /// The label of the whole: it lists the weak spots of a plant, and may tell of documents that are stricter still.
    pub fn tlp(&self) -> Tlp {
        let labels = self.advisories.iter().filter_map(|advisory| advisory.tlp);
        labels.chain([Tlp::Amber]).max().unwrap_or(Tlp::Amber)
    }

    /// `NAMEPLATE-VEX-RIVERSIDE-20261122T0214`: letters, digits and dashes.
    pub fn tracking_id(&self) -> String {
        let mut slug: String =
            self.site.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '-' }).collect();
        while slug.contains("--") {
            slug = slug.replace("--", "-");
        }
        let slug = slug.trim_matches('-');
        let slug = if slug.is_empty() { "SITE" } else { slug };
        format!("NAMEPLATE-VEX-{slug}-{}", self.judged_at.strftime("%Y%m%dT%H%M%S"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum VulnerabilityId {
    Cve(String),
    Advisory(usize),
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::remediation::RemediationCategory;

    /// A site with each status, a product without firmware, one with a range for a firmware, and one CVE told twice.
    pub fn example() -> Vex {
        let product = |id: &str, model: &str, part_number: &str, firmware: &str| VexProduct {
            id: id.to_owned(),
            vendor: "Schneider Electric".to_owned(),
            model: model.to_owned(),
            part_number: part_number.to_owned(),
            firmware: firmware.to_owned(),
            serial_numbers: vec!["SN*1".to_owned(), "SN-2".to_owned()],
            assets: vec!["MTR-1".to_owned()],
            ..VexProduct::default()
        };
        let advisory = |id: &str| ReportAdvisory {
            advisory_id: id.to_owned(),
            title: "Power meters".to_owned(),
            publisher: "CISA".to_owned(),
            version: "1".to_owned(),
            url: "https://www.cisa.gov/x".to_owned(),
            ..ReportAdvisory::default()
        };
        let remedies = std::sync::Arc::new(vec![ReportRemediation {
            category: RemediationCategory::VendorFix,
            details: "Update to 4.0.0".to_owned(),
            url: Some("https://example.com/4.0.0".to_owned()),
            restart_required: Some("system".to_owned()),
        }]);
        let said = |product, advisory, cve: Option<&str>, status, justification| VexStatement {
            product,
            advisory,
            cve: cve.map(str::to_owned),
            status,
            justification,
            detail: "3.1.2 is below 4.0.0".to_owned(),
            fix: Some("4.0.0".to_owned()),
            remediations: remedies.clone(),
            decisions: Vec::new(),
        };
        Vex {
            site: "Kraftwerk Süd / 主変電所".to_owned(),
            judged_at: "2026-11-22T02:14:00Z".parse().unwrap(),
            publisher: "Example Water Works".to_owned(),
            namespace: "https://water.example".to_owned(),
            products: vec![
                product("V1", "PM8000", "METSEPM8210", "3.1.2"),
                product("V2", "PM8000", "METSEPM8*10", ""),
                product("V3", "PM8000", "", "before 4.0"),
                product("V4", "ION9000", "", "4.0.1"),
                VexProduct { id: "V5".to_owned(), ..VexProduct::default() },
            ],
            advisories: vec![advisory("ICSA-23-229-03"), advisory("SEVD-1")],
            statements: vec![
                said(0, 0, Some("CVE-2022-46680"), VexStatus::Affected, None),
                said(0, 1, Some("CVE-2022-46680"), VexStatus::NotAffected, Some(Justification::CodeNotPresent)),
                said(1, 0, Some("CVE-2022-46680"), VexStatus::UnderInvestigation, None),
                said(2, 0, Some("CVE-2022-46680"), VexStatus::Fixed, None),
                said(3, 0, Some("CVE-2022-46680"), VexStatus::NotAffected, Some(Justification::CodeNotPresent)),
                said(4, 0, Some("CVE-2022-46681"), VexStatus::NotAffected, Some(Justification::ComponentNotPresent)),
                said(0, 1, None, VexStatus::Affected, None),
            ],
            program_version: "0.1.0".to_owned(),
        }
    }

    #[test]
    fn the_most_alarming_statement_about_a_product_counts() {
        let vex = example();
        let grouped = vex.by_vulnerability();
        assert_eq!(grouped.len(), 3);
        let (_, statements) = &grouped[0];
        assert_eq!(statements.len(), 4);
        assert_eq!((statements[0].product, statements[0].status), (0, VexStatus::Affected));
    }

    #[test]
    fn the_id_of_the_document_is_made_of_plain_letters() {
        let mut vex = example();
        assert_eq!(vex.tracking_id(), "NAMEPLATE-VEX-KRAFTWERK-S-D-20261122T021400");
        vex.site = "主変電所".to_owned();
        assert_eq!(vex.tracking_id(), "NAMEPLATE-VEX-SITE-20261122T021400");
    }
}
