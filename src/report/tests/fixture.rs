//! A report as a plant would get it, with everything in it that has ever broken a report.

use std::sync::Arc;

use crate::domain::matching::{EvidencePart, Part, PartResult};
use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationCategory;
use crate::domain::site::{SiteSummary, UncheckedAsset};
use crate::domain::verdict::{Confidence, Doubt, DoubtKind, Verdict};
use crate::report::row::{
    Joined, Report, ReportAdvisory, ReportAsset, ReportFinding, ReportRemediation, ReportRow, compare_rows,
};

pub const RIVERSIDE: &str = "Riverside";
pub const KRAFTWERK: &str = "Kraftwerk Süd / 主変電所";
pub const NORTH: &str = "<b>Substations</b> North";

/// Markup and script in a model, which must come out as text everywhere.
pub const MARKUP: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";

fn asset(site: &str, area: &str, id: &str, nameplate: [&str; 4], place: &str) -> Arc<ReportAsset> {
    let [vendor, model, part_number, firmware] = nameplate.map(str::to_owned);
    Arc::new(ReportAsset {
        site: site.into(),
        area: area.into(),
        asset_id: id.into(),
        vendor: vendor.into(),
        model: model.into(),
        part_number: part_number.into(),
        firmware: firmware.into(),
        serial_number: format!("SN-{id}").into(),
        hardware_revision: "".into(),
        criticality: "".into(),
        zone: "".into(),
        place: place.into(),
    })
}

fn advisory(id: &str, title: &str, published: &str) -> Arc<ReportAdvisory> {
    Arc::new(ReportAdvisory {
        advisory_id: id.to_owned(),
        title: title.to_owned(),
        tlp: None,
        publisher: "CISA".to_owned(),
        version: "2".to_owned(),
        published: published.to_owned(),
        updated: published.to_owned(),
        url: format!("https://www.cisa.gov/news-events/ics-advisories/{}", id.to_lowercase()),
        status: "final".to_owned(),
    })
}

fn part(part: Part, yours: &str, advisory: &str, rule: &str, result: PartResult) -> EvidencePart {
    EvidencePart { part, yours: yours.to_owned(), advisory: advisory.to_owned(), rule: rule.to_owned(), result }
}

fn remedy(category: RemediationCategory, details: &str, url: Option<&str>) -> ReportRemediation {
    ReportRemediation { category, details: details.to_owned(), url: url.map(str::to_owned), restart_required: None }
}

fn finding(advisory: &Arc<ReportAdvisory>, verdict: Verdict, score: Option<f32>, reason: &str) -> ReportFinding {
    ReportFinding {
        advisory: advisory.clone(),
        verdict,
        confidence: Confidence::Likely,
        doubts: Vec::new(),
        reason: reason.to_owned(),
        evidence: Vec::new(),
        product: String::new(),
        range: String::new(),
        product_pointer: "/product_tree/branches/0/branches/2/branches/0/product".to_owned(),
        cves: vec!["CVE-2022-46680".to_owned()],
        cvss: score,
        cvss_version: if score.is_some() { "3.1".to_owned() } else { String::new() },
        severity: score.map(Severity::of_score),
        exploited: Vec::new(),
        exploited_since: String::new(),
        epss: None,
        fix: None,
        remediations: Arc::default(),
        joined: Joined::default(),
    }
}

/// What an advisory says with this verdict, and nothing more.
pub fn bare_finding(advisory: ReportAdvisory, verdict: Verdict) -> ReportFinding {
    ReportFinding {
        confidence: Confidence::Certain,
        cves: Vec::new(),
        product_pointer: String::new(),
        ..finding(&advisory.into(), verdict, None, "")
    }
}

fn doubtful(finding: ReportFinding, kind: DoubtKind, detail: &str) -> ReportFinding {
    ReportFinding { doubts: vec![Doubt::new(kind, detail)], ..finding }
}

/// Three sites, 20 rows, all verdicts, doubts and severities.
pub fn report() -> Report {
    let mut rows = Vec::new();
    let mut hit = |assets: &[&Arc<ReportAsset>], finding: ReportFinding| {
        let finding = Arc::new(finding);
        rows.extend(assets.iter().map(|asset| ReportRow {
            asset: (*asset).clone(),
            finding: finding.clone(),
            mark: None,
        }));
    };

    let meters = advisory(
        "ICSA-23-229-03",
        "Schneider Electric PowerLogic ION7400 / PM8000 / ION8650 / ION8800 / ION9000 Power Meters",
        "2023-08-17",
    );
    let plc = advisory("ICSA-22-041-01", "Siemens SIMATIC Industrial Products", "2022-02-10");
    let other_plc = advisory("ICSA-23-166-10", "Siemens SIMATIC S7-1500 TM MFP V1.0", "2023-06-15");
    let logix = advisory("ICSA-21-056-03", "Rockwell Automation Logix Controllers", "2021-02-25");
    let rtl = advisory("TEST-1", "שלום <b>bold</b> مرحبا", "2026-01-31");

    let pm: Vec<_> = (1..=6)
        .map(|n| {
            let id = format!("MTR-{n:04}");
            let place = format!("Meters!F{} of riverside.xlsx", 16 + n);
            asset(RIVERSIDE, "Pump hall", &id, ["Schneider Electric", "PM8000", "METSEPM8210", "3.1.2"], &place)
        })
        .collect();
    let fixed = asset(RIVERSIDE, "Pump hall", "MTR-0100", ["Schneider Electric", "PM8000", "METSEPM8210", "4.0.1"], "");
    let ion8650 = asset(RIVERSIDE, "Intake", "=1+1", ["Schneider Electric", "ION8650", "", ""], "Meters!F40");
    let ion9000 = asset(RIVERSIDE, "Intake", "-2+3", ["SE", "ION 9000", "", "?"], "Meters!F41");
    let legacy = asset(RIVERSIDE, "", "@SUM(A1:A9)", ["Schneider Electric", "ION7330", "", "2.10"], "Meters!F42");
    let cpu: Vec<_> = (1..=3)
        .map(|n| {
            let id = format!("PLC-{n}");
            let plate = ["Siemens", "CPU 1515-2 PN", "6ES7515-2AM02-0AB0", "V2.8.1"];
            asset(KRAFTWERK, "Leitwarte", &id, plate, "PLC!C9 of Kraftwerk.csv")
        })
        .collect();
    let logix_cpu =
        asset(KRAFTWERK, "", "LGX\u{1b}[31m-7", ["Rockwell Automation", "1756-L71", "1756-L71/B", "33.011"], "");
    let long = asset(
        NORTH,
        "",
        &"T".repeat(80),
        ["Wärmemeßtechnik GmbH & Co. KG", &"Long name ".repeat(80), MARKUP, "1.1"],
        "Sheet 1!A2",
    );
    let right_to_left = asset(NORTH, "منطقة", "עמדה-7", ["شركة", "\u{202e}gpj.exe", "", "+1.0"], "");

    let pm_evidence = |yours: &str, result| {
        vec![
            part(Part::Vendor, "Schneider Electric", "Schneider Electric", "", PartResult::Same),
            part(Part::Product, "PM8000", "PowerLogic PM8000", "brand word ignored", PartResult::Same),
            part(Part::OrderNumber, "METSEPM8210", "", "", PartResult::NotStated),
            part(Part::Firmware, yours, "< 4.0.0", "numbers by segment", result),
        ]
    };
    let meter_remedies = vec![
        ReportRemediation {
            restart_required: Some("machine".to_owned()),
            ..remedy(RemediationCategory::VendorFix, "Version 4.0.0 closes this.", Some("https://www.se.com/pm8000"))
        },
        remedy(RemediationCategory::Mitigation, "Keep the ION protocol\r\naway from other networks.", None),
        remedy(RemediationCategory::Workaround, "Turn it off.", Some("javascript:alert(3)")),
        remedy(RemediationCategory::Other("vendor_magic".to_owned()), "Ask the vendor.", None),
    ];
    hit(
        &pm.iter().collect::<Vec<_>>(),
        ReportFinding {
            evidence: pm_evidence("3.1.2", PartResult::Covers),
            product: "PowerLogic PM8000 < 4.0.0".to_owned(),
            range: "below 4.0.0".to_owned(),
            fix: Some("4.0.0".to_owned()),
            remediations: Arc::new(meter_remedies),
            ..finding(&meters, Verdict::Affected, Some(8.8), "3.1.2 is below 4.0.0")
        },
    );
    hit(
        &[&fixed],
        ReportFinding {
            evidence: pm_evidence("4.0.1", PartResult::Differs),
            ..finding(&meters, Verdict::NotAffected, Some(8.8), "vendor and model match; 4.0.1 is not below 4.0.0")
        },
    );
    hit(&[&ion8650], finding(&meters, Verdict::Affected, Some(8.8), "all versions"));
    hit(
        &[&ion9000],
        ReportFinding {
            fix: Some("4.0.0".to_owned()),
            ..doubtful(
                finding(&meters, Verdict::Possible, Some(8.8), "firmware not stated"),
                DoubtKind::VersionUnknown,
                "firmware not stated",
            )
        },
    );
    hit(
        &[&legacy],
        doubtful(
            finding(&meters, Verdict::Possible, Some(8.8), "the entry `Legacy ION products` is vague"),
            DoubtKind::ProductUnsure,
            "the entry `Legacy ION products` is vague",
        ),
    );
    let plcs: Vec<_> = cpu.iter().collect();
    hit(
        &plcs,
        ReportFinding {
            confidence: Confidence::Certain,
            exploited: vec!["CVE-2020-15782".to_owned()],
            cves: vec!["CVE-2020-15782".to_owned(), "CVE-2021-37204".to_owned()],
            fix: Some("2.9.7".to_owned()),
            ..finding(&plc, Verdict::Affected, Some(9.8), "V2.8.1 is below V2.9.7")
        },
    );
    hit(&plcs, finding(&other_plc, Verdict::Affected, Some(5.3), "all versions"));
    hit(
        &plcs[..1],
        doubtful(
            finding(&logix, Verdict::Possible, None, "depends on the option `web server`"),
            DoubtKind::Condition,
            "depends on the option `web server`",
        ),
    );
    hit(
        &[&logix_cpu],
        doubtful(
            finding(&logix, Verdict::Possible, Some(3.1), "bound `<= 33` is coarser than 33.011"),
            DoubtKind::ImpreciseBound,
            "bound `<= 33` is coarser than 33.011",
        ),
    );
    hit(
        &[&long],
        ReportFinding {
            cves: (1..=40).map(|n| format!("CVE-2024-{n:05}")).collect(),
            product: format!("{MARKUP} {}", "product ".repeat(95)),
            evidence: vec![part(Part::Product, MARKUP, MARKUP, "<b>rule</b>", PartResult::InDoubt)],
            ..finding(&rtl, Verdict::Affected, Some(0.0), MARKUP)
        },
    );
    hit(&[&right_to_left], finding(&rtl, Verdict::Affected, None, "all versions"));
    rows.sort_by(compare_rows);

    let site = |name: &str, n_by_standing: [u64; 6], n_advisories_affecting, n_advisories_exploited| SiteSummary {
        site: name.to_owned(),
        n_assets: n_by_standing.iter().sum(),
        n_by_standing,
        n_advisories_affecting,
        n_advisories_exploited,
    };
    let unchecked = |site: &str, id: &str, vendor: &str, why: &str| UncheckedAsset {
        site: site.into(),
        asset_id: id.into(),
        vendor: vendor.into(),
        model: "X1".into(),
        why: why.into(),
    };
    Report {
        title: "Exposure of riverside.xlsx".to_owned(),
        judged_at: "2026-11-22T02:14:30Z".parse().expect("a timestamp"),
        advisories_up_to: Some("2026-11-21T00:00:00Z".parse().expect("a timestamp")),
        n_advisories: 14,
        sources: vec!["14 sample advisories built into the program".to_owned()],
        are_samples: true,
        filter: "verdict affected, possible or not affected".to_owned(),
        sites: vec![
            site(KRAFTWERK, [3, 1, 0, 0, 2, 0], 2, 1),
            site(NORTH, [2, 0, 0, 1_204, 0, 0], 1, 0),
            site(RIVERSIDE, [7, 2, 1, 1, 2, 3], 1, 0),
        ],
        rows,
        unchecked: vec![
            unchecked(RIVERSIDE, "R-1", "Fuji", "no source for this vendor"),
            unchecked(RIVERSIDE, "R-2", "Fuji", "no source for this vendor"),
            unchecked(RIVERSIDE, "<i>R-3</i>", "", "neither model nor part number"),
        ],
        warnings: vec![
            "row 17 of sheet `Meters` was left out: no model and no part number".to_owned(),
            "\u{1b}]0;owned\u{7}<u>unreadable</u> document".to_owned(),
        ],
        trend: None,
        time_zone: jiff::tz::TimeZone::UTC,
        program_version: "0.1.0".to_owned(),
    }
}
