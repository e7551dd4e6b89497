//! Writing 100,000 rows in each format: 50,000 assets, 5,000 nameplates, two advisories each. A workbook stands beside
//! what the writer library needs for the same cells by itself.

#[allow(dead_code)]
#[path = "common/fleet.rs"]
mod fleet;

use std::io::{self, Write};
use std::sync::Arc;

use fleet::Clock;
use nameplate::domain::matching::{EvidencePart, Part, PartResult};
use nameplate::domain::priority::Severity;
use nameplate::domain::remediation::RemediationCategory;
use nameplate::domain::site::SiteSummary;
use nameplate::domain::verdict::{Confidence, Doubt, DoubtKind, Verdict};
use nameplate::report::columns::{COLUMNS, Value};
use nameplate::report::row::{
    Joined, Report, ReportAdvisory, ReportAsset, ReportFinding, ReportRemediation, ReportRow, compare_rows,
};
use nameplate::report::{self, Format};
use rust_xlsxwriter::{Workbook, XlsxError};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_ASSETS: usize = 50_000;
const N_NAMEPLATES: usize = 5_000;
const N_ADVISORIES: usize = 400;
const N_SITES: usize = 5;

/// Counts what is written instead of keeping it.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn finding(nameplate: usize, advisory: &Arc<ReportAdvisory>) -> Arc<ReportFinding> {
    let score = (nameplate % 70) as f32 / 10.0 + 3.0;
    let possible = nameplate.is_multiple_of(4);
    let part = |part, yours: String, rule: &str| EvidencePart {
        part,
        advisory: yours.clone(),
        yours,
        rule: rule.to_owned(),
        result: PartResult::Covers,
    };
    let remedy = |category, n: usize| ReportRemediation {
        category,
        details: format!("Remedy {n}: ") + &"install the version that the vendor names and restart ".repeat(3),
        url: Some("https://example.com/download".to_owned()),
        restart_required: None,
    };
    Arc::new(ReportFinding {
        advisory: advisory.clone(),
        verdict: if possible { Verdict::Possible } else { Verdict::Affected },
        confidence: Confidence::Likely,
        doubts: if possible { vec![Doubt::new(DoubtKind::VersionUnknown, "firmware not stated")] } else { Vec::new() },
        reason: format!("3.1.{nameplate} is below 4.0.0"),
        evidence: vec![
            part(Part::Vendor, "Schneider Electric".to_owned(), ""),
            part(Part::Product, format!("PM{nameplate}"), "brand word ignored"),
            part(Part::Firmware, format!("3.1.{nameplate}"), "numbers by segment"),
        ],
        product: format!("PowerLogic PM{nameplate} < 4.0.0"),
        range: "below 4.0.0".to_owned(),
        product_pointer: format!("/product_tree/branches/0/branches/{nameplate}/product"),
        cves: (0..3).map(|n| format!("CVE-2024-{:05}", nameplate + n)).collect(),
        cvss: Some(score),
        cvss_version: "3.1".to_owned(),
        severity: Some(Severity::of_score(score)),
        exploited: Vec::new(),
        exploited_since: String::new(),
        joined: Joined::default(),
        epss: None,
        fix: Some("4.0.0".to_owned()),
        remediations: std::iter::once(remedy(RemediationCategory::VendorFix, 0))
            .chain((1..8).map(|n| remedy(RemediationCategory::Mitigation, n)))
            .collect::<Vec<_>>()
            .into(),
    })
}

fn rows_of_a_fleet() -> Report {
    let advisories: Vec<Arc<ReportAdvisory>> = (0..N_ADVISORIES)
        .map(|n| {
            Arc::new(ReportAdvisory {
                advisory_id: format!("ICSA-24-{n:03}-01"),
                title: format!("Vendor {n} power meters and controllers (Update A)"),
                tlp: None,
                publisher: "CISA".to_owned(),
                version: "1".to_owned(),
                published: "2024-02-29".to_owned(),
                updated: "2024-03-01".to_owned(),
                url: "https://example.com/advisory".to_owned(),
                status: "final".to_owned(),
            })
        })
        .collect();
    let findings: Vec<[Arc<ReportFinding>; 2]> =
        (0..N_NAMEPLATES).map(|n| [0, 1].map(|i| finding(n, &advisories[(n * 7 + i * 13) % N_ADVISORIES]))).collect();
    let mut rows: Vec<ReportRow> = (0..N_ASSETS)
        .flat_map(|n| {
            let nameplate = n % N_NAMEPLATES;
            let asset = Arc::new(ReportAsset {
                site: format!("Site {}", n % N_SITES).into(),
                area: format!("Area {}", n % 50).into(),
                asset_id: format!("TAG-{n:06}").into(),
                vendor: "Schneider Electric".into(),
                model: format!("PM{nameplate}").into(),
                part_number: format!("METSEPM{nameplate}").into(),
                serial_number: format!("SN{n:010}").into(),
                firmware: format!("3.1.{nameplate}").into(),
                hardware_revision: "".into(),
                criticality: "".into(),
                zone: "".into(),
                place: format!("Meters!F{n} of plant.xlsx").into(),
            });
            findings[nameplate].clone().map(|finding| ReportRow { asset: asset.clone(), finding, mark: None })
        })
        .collect();
    rows.sort_by(compare_rows);
    let per_site = (N_ASSETS / N_SITES) as u64;
    Report {
        title: "Fleet".to_owned(),
        judged_at: jiff::Timestamp::UNIX_EPOCH,
        advisories_up_to: None,
        n_advisories: N_ADVISORIES as u64,
        sources: vec!["generated".to_owned()],
        are_samples: false,
        filter: "all".to_owned(),
        sites: (0..N_SITES)
            .map(|n| SiteSummary {
                site: format!("Site {n}"),
                n_assets: per_site,
                n_by_standing: [per_site, 0, 0, 0, 0, 0],
                n_advisories_affecting: N_ADVISORIES as u64,
                n_advisories_exploited: 0,
            })
            .collect(),
        rows,
        unchecked: Vec::new(),
        warnings: Vec::new(),
        trend: None,
        time_zone: jiff::tz::TimeZone::UTC,
        program_version: "bench".to_owned(),
    }
}

/// The cells of the rows, written by the library alone: no styles, no other sheets.
fn cells_alone(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_low_memory()?;
    for (n, row) in (0u32..).zip(&report.rows) {
        for (c, column) in (0u16..).zip(&COLUMNS) {
            match (column.value)(row) {
                Value::Number(Some(number)) => sheet.write_number(n, c, f64::from(number))?,
                Value::Probability(Some(share)) => sheet.write_number(n, c, share)?,
                value => sheet.write_string(n, c, value.cell())?,
            };
        }
    }
    workbook.save_to_buffer()
}

fn main() {
    let mut clock = Clock::start();
    let report = rows_of_a_fleet();
    clock.lap(&format!("{} rows are put together", report.rows.len()));
    let n_bytes = cells_alone(&report).expect("cells can be written").len();
    let floor = clock.lap(&format!("the writer library alone: the cells of a workbook, {} MB", n_bytes / 1_000_000));
    for format in Format::ALL {
        let mut counter = Counter(0);
        report::write(&report, format, &mut counter).expect("counting does not fail");
        let ms = clock.lap(&format!("{}, {} MB", format.word(), counter.0 / 1_000_000));
        if format == Format::Xlsx {
            println!("            {:.2} × the writer library alone", ms as f64 / floor as f64);
        }
    }
}
