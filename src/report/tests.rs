use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, DataType, Reader};
use proptest::prelude::*;

use super::columns::COLUMNS;
use super::row::Report;
use super::*;
use crate::domain::asset::Standing;

pub mod fixture;

/// Writes the report in one format; with `NAMEPLATE_REPORT_DIR` set the file is kept there to be looked at.
fn written(report: &Report, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(report, format, &mut bytes).expect("writing to memory works");
    if let Some(folder) = std::env::var_os("NAMEPLATE_REPORT_DIR") {
        let path = std::path::Path::new(&folder).join(format!("report.{}", format.extension()));
        std::fs::write(path, &bytes).expect("the folder can be written to");
    }
    bytes
}

fn text(report: &Report, format: Format) -> String {
    String::from_utf8(written(report, format)).expect("the format is text")
}

/// What the row formats must agree on, row by row: asset, advisory, verdict, firmware.
type Facts = Vec<[String; 4]>;

const FACT_COLUMNS: [&str; 4] = ["asset_id", "advisory_id", "verdict", "firmware"];

fn expected_facts(report: &Report) -> Facts {
    report
        .rows
        .iter()
        .map(|row| {
            [
                row.asset.asset_id.to_string(),
                row.finding.advisory.advisory_id.clone(),
                row.finding.verdict.word().to_owned(),
                row.asset.firmware.to_string(),
            ]
        })
        .collect()
}

/// Undoes the rule of the CSV, as its documentation tells a reader to.
fn as_written(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn csv_facts(bytes: &[u8]) -> Facts {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).expect("the file begins with a byte order mark");
    let mut reader = ::csv::Reader::from_reader(bytes);
    let headers = reader.headers().expect("a header").clone();
    assert_eq!(headers.iter().collect::<Vec<_>>(), COLUMNS.iter().map(|c| c.name).collect::<Vec<_>>());
    let place = FACT_COLUMNS.map(|name| headers.iter().position(|h| h == name).expect("the column"));
    reader
        .records()
        .map(|record| {
            let record = record.expect("a row");
            place.map(|i| as_written(&record[i]))
        })
        .collect()
}

fn json_facts(rows: &[serde_json::Value]) -> Facts {
    rows.iter().map(|row| FACT_COLUMNS.map(|name| row[name].as_str().expect("a text").to_owned())).collect()
}

fn workbook(bytes: Vec<u8>) -> calamine::Xlsx<Cursor<Vec<u8>>> {
    calamine::Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

fn xlsx_facts(bytes: Vec<u8>) -> Facts {
    let sheet = workbook(bytes).worksheet_range("Exposures").expect("the sheet");
    let place = FACT_COLUMNS.map(|name| COLUMNS.iter().position(|c| c.name == name).expect("the column"));
    sheet
        .rows()
        .skip(1)
        .map(|row| {
            place.map(|i| match &row[i] {
                Data::String(text) => text.clone(),
                Data::Empty => String::new(),
                other => panic!("expected a text cell, found {other:?}"),
            })
        })
        .collect()
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = fixture::report();
    for format in Format::ALL {
        assert!(written(&report, format) == written(&report, format), "{}", format.word());
    }
}

#[test]
fn all_row_formats_hold_the_same_rows_in_the_same_order() {
    let report = fixture::report();
    let expected = expected_facts(&report);
    assert!(expected.len() >= 20);
    assert_eq!(csv_facts(&written(&report, Format::Csv)), expected, "csv");

    let json: serde_json::Value = serde_json::from_slice(&written(&report, Format::Json)).expect("JSON");
    assert_eq!(json["n_rows"], expected.len());
    assert_eq!(json_facts(json["rows"].as_array().expect("rows")), expected, "json");

    let lines: Vec<serde_json::Value> =
        text(&report, Format::Ndjson).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(json_facts(&lines), expected, "ndjson");
    assert_eq!(json["rows"].as_array(), Some(&lines));

    // A workbook shows control characters as marks, because XML cannot hold them.
    let shown: Facts =
        expected.iter().map(|row| row.clone().map(|text| visible::visible(&text).into_owned())).collect();
    assert_eq!(xlsx_facts(written(&report, Format::Xlsx)), shown, "xlsx");
}

#[test]
fn every_site_adds_up_in_every_format() {
    let report = fixture::report();
    let json: serde_json::Value = serde_json::from_slice(&written(&report, Format::Json)).expect("JSON");
    let sheet = workbook(written(&report, Format::Xlsx)).worksheet_range("Sites").expect("the sheet");
    let (page, plain) = (text(&report, Format::Html), text(&report, Format::Text));
    for (i, site) in report.sites.iter().enumerate() {
        let sum: u64 =
            Standing::ALL.iter().map(|standing| json["sites"][i][standing.word()].as_u64().expect("a count")).sum();
        assert_eq!(Some(sum), json["sites"][i]["n_assets"].as_u64());
        let cells: Vec<f64> =
            (1..8).map(|c| sheet.get((i + 1, c)).and_then(|d| d.as_f64()).expect("a number")).collect();
        assert_eq!(cells[1..].iter().sum::<f64>(), cells[0]);
        assert!(plain.contains(&vocabulary::standing_sum(site)), "{}", site.site);
        assert!(page.contains(&format!("= <b>{}</b>", visible::counted(site.n_assets, "asset", "assets"))));
    }
}

#[test]
fn cells_of_the_workbook_have_their_kinds() {
    let report = fixture::report();
    let mut book = workbook(written(&report, Format::Xlsx));
    assert_eq!(book.sheet_names(), ["Exposures", "Sites", "Cannot be checked", "About"]);
    let sheet = book.worksheet_range("Exposures").expect("the sheet");
    let column = |name: &str| COLUMNS.iter().position(|c| c.name == name).expect("the column");
    let mut formulas = 0;
    for (row, cells) in report.rows.iter().zip(sheet.rows().skip(1)) {
        match row.finding.cvss {
            Some(score) => assert_eq!(cells[column("cvss")], Data::Float(format!("{score}").parse().expect("a score"))),
            None => assert_eq!(cells[column("cvss")], Data::Empty),
        }
        assert!(matches!(cells[column("published")], Data::DateTime(_)), "{:?}", cells[column("published")]);
        formulas +=
            usize::from(matches!(&cells[column("asset_id")], Data::String(id) if id.starts_with(['=', '@', '-'])));
    }
    assert_eq!(formulas, 3, "ids that look like formulas are text");
    let formula_cells = book.worksheet_formula("Exposures").expect("the sheet");
    assert_eq!(formula_cells.used_cells().count(), 0);
    let unchecked = book.worksheet_range("Cannot be checked").expect("the sheet");
    assert_eq!(unchecked.rows().count(), report.unchecked.len() + 1);
    let about = book.worksheet_range("About").expect("the sheet");
    let facts: BTreeMap<String, String> = about
        .rows()
        .map(|row| (row[0].to_string(), row.get(1).map_or_else(String::new, ToString::to_string)))
        .collect();
    assert_eq!(facts["Rows"], report.rows.len().to_string());
    assert_eq!(facts["Filter"], report.filter);
    assert_eq!(facts["Samples"], vocabulary::SAMPLES_NOTICE);
}

#[test]
fn no_cell_of_the_csv_begins_like_a_formula() {
    let report = fixture::report();
    let bytes = written(&report, Format::Csv);
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
    for record in reader.records() {
        for cell in &record.expect("a row") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
        }
    }
    assert!(bytes.windows(2).filter(|pair| pair == b"\r\n").count() > report.rows.len());
}

#[test]
fn the_page_runs_nothing_and_asks_for_nothing() {
    let page = text(&fixture::report(), Format::Html);
    for forbidden in [
        "<script",
        "<img",
        "<b>Substations",
        "<u>unreadable",
        "<i>R-3",
        "javascript:alert(3)\"",
        " style=",
        "@import",
        "\u{202e}",
        "\u{1b}",
    ] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
    // All that names an address is a link that waits for a click.
    for attribute in ["src=\"", "url(http", "<link", "<iframe", "<object", "<form", "onerror=alert(2)>"] {
        assert!(!page.contains(attribute), "{attribute:?}");
    }
    for link in page.split("<a href=\"").skip(1) {
        let (href, rest) = link.split_once('"').expect("a closed attribute");
        assert!(
            href.starts_with('#') || (href.starts_with("https://") && rest.starts_with(" rel=\"noopener noreferrer\"")),
            "{href}"
        );
    }
}

#[test]
fn every_anchor_of_the_page_exists_once() {
    let page = text(&fixture::report(), Format::Html);
    let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
    for piece in page.split(" id=\"").skip(1) {
        *ids.entry(piece.split_once('"').expect("a closed attribute").0).or_default() += 1;
    }
    assert!(ids.values().all(|n| *n == 1), "{ids:?}");
    for piece in page.split("href=\"#").skip(1) {
        let target = piece.split_once('"').expect("a closed attribute").0;
        assert!(ids.contains_key(target), "{target}");
    }
}

#[test]
fn every_tag_of_the_page_is_closed() {
    assert_tags_are_closed(&text(&fixture::report(), Format::Html));
}

fn assert_tags_are_closed(page: &str) {
    const VOID: [&str; 4] = ["meta", "br", "wbr", "!doctype"];
    let (head, rest) = page.split_once("<style>").expect("a style");
    let body = rest.split_once("</style>").expect("a closed style").1;
    let mut open: Vec<String> = Vec::new();
    for piece in head.split('<').skip(1).chain(body.split('<').skip(1)) {
        let tag = piece.split_once('>').expect("a closed tag").0;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name").to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn no_value_can_steer_the_terminal() {
    let report = fixture::report();
    for width in [None, Some(40), Some(100), Some(200)] {
        let mut plain = Vec::new();
        text::write_text(&report, &text::Style { width, colour: false, full: true }, &mut plain).expect("memory");
        let plain = String::from_utf8(plain).expect("UTF-8");
        assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "width {width:?}");
        let mut coloured = Vec::new();
        text::write_text(&report, &text::Style { width, colour: true, full: true }, &mut coloured).expect("memory");
        let coloured = String::from_utf8(coloured).expect("UTF-8");
        assert!(!coloured.contains("\u{1b}]"), "no title is set");
        assert!(coloured.contains("␛]0;owned␇"));
    }
}

#[test]
fn lines_fit_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    let report = fixture::report();
    for width in [40u16, 60, 84, 100, 132, 220] {
        let mut plain = Vec::new();
        let style = text::Style { width: Some(width), colour: false, full: true };
        text::write_text(&report, &style, &mut plain).expect("memory");
        for line in String::from_utf8(plain).expect("UTF-8").lines() {
            assert!(line.width() <= usize::from(width), "{} > {width}: {line}", line.width());
        }
    }
}

#[test]
fn long_lists_are_cut_with_a_count_unless_everything_is_asked_for() {
    let mut report = fixture::report();
    let template = report.rows.iter().find(|row| *row.asset.site == *fixture::RIVERSIDE).expect("a row").clone();
    for n in 0..250 {
        let asset = row::ReportAsset { model: format!("X{n:04}").into(), ..(*template.asset).clone() };
        report.rows.push(row::ReportRow { asset: asset.into(), finding: template.finding.clone(), mark: None });
    }
    let write = |full| {
        let mut bytes = Vec::new();
        text::write_text(&report, &text::Style { width: Some(120), colour: false, full }, &mut bytes).expect("memory");
        String::from_utf8(bytes).expect("UTF-8")
    };
    assert!(write(false).contains("… and 215 more nameplates with 215 findings, see the HTML report"));
    assert!(!write(true).contains("more nameplates"));
    assert!(write(true).contains("X0249"));
}

#[test]
fn rows_beyond_a_sheet_go_on_in_a_further_sheet() {
    let report = fixture::report();
    let bytes = xlsx::workbook_bytes(&report, 8).expect("a workbook");
    let mut book = workbook(bytes);
    assert_eq!(book.sheet_names()[..3], ["Exposures", "Exposures 2", "Exposures 3"]);
    let n_rows: usize = ["Exposures", "Exposures 2", "Exposures 3"]
        .map(|name| book.worksheet_range(name).expect("the sheet").rows().count() - 1)
        .iter()
        .sum();
    assert_eq!(n_rows, report.rows.len());
}

#[test]
fn twins_are_one_nameplate_and_the_worst_comes_first() {
    let report = fixture::report();
    let sites = groups::by_site(&report);
    let names: Vec<&str> = sites.iter().map(|site| site.site).collect();
    assert_eq!(names, [fixture::KRAFTWERK, fixture::NORTH, fixture::RIVERSIDE]);
    let told: Vec<String> = groups::by_nameplate(&sites[0].rows)
        .iter()
        .map(|group| {
            let said = |line: &groups::FindingLine<'_>| {
                format!("{} × {}", line.assets.len(), line.finding.advisory.advisory_id)
            };
            let lines: Vec<String> = group.lines.iter().map(said).collect();
            format!("{} × {}: {}", group.assets.len(), group.nameplate.model, lines.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "3 × CPU 1515-2 PN: 3 × ICSA-22-041-01, 3 × ICSA-23-166-10, 1 × ICSA-21-056-03",
            "1 × 1756-L71: 1 × ICSA-21-056-03"
        ]
    );
    let last = groups::by_nameplate(&sites[2].rows).pop().expect("a group");
    assert_eq!(last.lines[0].finding.verdict, crate::domain::verdict::Verdict::NotAffected, "ruled out comes last");
}

#[test]
fn a_site_that_only_a_row_names_is_shown() {
    let report = Report { sites: Vec::new(), ..fixture::report() };
    for format in [Format::Html, Format::Text] {
        let text = text(&report, format).replace("<wbr>", "");
        assert!(text.contains(fixture::RIVERSIDE) && text.contains("MTR-0001"), "{}", format.word());
    }
}

#[test]
fn a_long_page_is_brief_and_says_so() {
    let mut report = fixture::report();
    let template = report.rows.iter().find(|row| *row.asset.asset_id == *"MTR-0001").expect("a row").clone();
    for n in 0..2_000 {
        let asset = row::ReportAsset { model: format!("X{n:04}").into(), ..(*template.asset).clone() };
        report.rows.push(row::ReportRow { asset: asset.into(), finding: template.finding.clone(), mark: None });
    }
    for n in 0..100 {
        let asset = row::ReportAsset { asset_id: format!("TWIN-{n:03}").into(), ..(*template.asset).clone() };
        report.rows.push(row::ReportRow { asset: asset.into(), finding: template.finding.clone(), mark: None });
    }
    let page = text(&report, Format::Html);
    assert!(page.contains("This report is long"));
    assert!(page.contains("firmware 3.1.2 against &lt; 4.0.0: covers"));
    assert!(page.contains("All 4 remedies of this advisory</a>"));
    assert!(page.contains("TWIN-<wbr>099"), "many twins are listed by id");
    assert_eq!(page.matches("away from other networks").count(), 1, "remedies stand once with the advisory");
}

#[test]
fn a_page_that_no_browser_would_open_lists_the_worst_of_each_site_and_counts_the_others() {
    let mut report = fixture::report();
    let template = report.rows.iter().find(|row| *row.asset.asset_id == *"MTR-0001").expect("a row").clone();
    for n in 0..60_000 {
        let asset = row::ReportAsset { model: format!("X{n:05}").into(), ..(*template.asset).clone() };
        report.rows.push(row::ReportRow { asset: asset.into(), finding: template.finding.clone(), mark: None });
    }
    let page = text(&report, Format::Html);
    assert!(page.len() < 20_000_000, "{} bytes", page.len());
    let n_shown = page.matches(">X").count();
    assert!(n_shown > 10_000, "a site alone has much room: {n_shown}");
    let (_, rest) = page.split_once("And ").expect("the others are counted");
    let n_rest: usize = rest.split(' ').next().unwrap_or_default().replace(',', "").parse().expect("a number");
    assert!(n_shown + n_rest >= 60_000, "{n_shown} and {n_rest}");
    assert!(rest.contains("more nameplates with") && rest.contains("hold them all"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any text anywhere: no format fails, the page stays whole, the terminal stays ours.
    #[test]
    fn any_text_in_any_place_is_only_text(value in "\\PC{0,40}|[\u{0}-\u{9f}<>\"'&`=@+-]{0,40}|(\\.|\\s|`){0,9}") {
        let mut report = fixture::report();
        let template = report.rows[0].clone();
        let any = || value.clone();
        let advisory = row::ReportAdvisory {
            advisory_id: any(), title: any(), tlp: None, publisher: any(), version: any(),
            published: any(), updated: any(), url: any(), status: any(),
        };
        let asset = row::ReportAsset {
            criticality: "".into(),
            zone: "".into(),
            site: any().into(), area: any().into(), asset_id: any().into(), vendor: any().into(), model: any().into(), part_number: any().into(),
            serial_number: any().into(), firmware: any().into(), hardware_revision: any().into(), place: any().into(),
        };
        let finding = row::ReportFinding {
            advisory: advisory.into(), reason: any(), product: any(), range: any(), product_pointer: any(),
            cves: vec![any()], exploited: vec![any()], fix: Some(any()), cvss_version: any(),
            remediations: vec![row::ReportRemediation {
                category: crate::domain::remediation::RemediationCategory::Other(any()),
                details: any(), url: Some(any()), restart_required: Some(any()),
            }]
            .into(),
            ..(*template.finding).clone()
        };
        report.rows.push(row::ReportRow { asset: asset.into(), finding: finding.into(), mark: None });
        report.title = any();
        report.filter = any();
        report.sources.push(any());
        report.warnings.push(any());
        report.program_version = any();
        for format in Format::ALL {
            let mut bytes = Vec::new();
            write(&report, format, &mut bytes).expect("writing to memory works");
            match format {
                Format::Html => assert_tags_are_closed(&String::from_utf8(bytes).expect("UTF-8")),
                Format::Text => {
                    let text = String::from_utf8(bytes).expect("UTF-8");
                    prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
                }
                Format::Csv => prop_assert_eq!(csv_facts(&bytes).len(), report.rows.len()),
                Format::Xlsx => prop_assert_eq!(xlsx_facts(bytes).len(), report.rows.len()),
                Format::Pdf => prop_assert!(bytes.starts_with(b"%PDF-")),
                Format::Json | Format::Ndjson | Format::Tickets => {}
            }
        }
    }
}

#[test]
fn every_form_tells_the_course() {
    use crate::domain::priority::Severity;
    use crate::domain::trend::{Knowledge, Life, Trend};
    let day = |n: i64| jiff::Timestamp::from_second(1_760_000_000 + n * 86_400).expect("a time");
    let life = |opened, closed: Option<i64>, n| Life {
        opened_at: day(opened),
        closed_at: closed.map(day),
        severity: Some(Severity::High),
        n,
    };
    let known = Knowledge { since: day(0), until: None, has_firmware: true, has_part_number: false, n: 7 };
    let trend = Trend::of(&[day(0), day(1), day(2)], &[life(0, Some(2), 213), life(1, None, 119)], &[known]);
    let report = Report { trend: Some(trend), ..fixture::report() };
    let page = text(&report, Format::Html);
    assert_tags_are_closed(&page);
    for told in ["id=\"course\"", ">213</text>", "<b>119</b>", "7 of 7 (100 %)", "0 of 7 (0 %)", "within 2 days"] {
        assert!(page.contains(told), "{told}");
    }
    let mut book = workbook(written(&report, Format::Xlsx));
    let range = book.worksheet_range("Course").expect("the sheet");
    let cells: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(cells[0][1..4], ["Opened", "Closed", "Critical"]);
    assert_eq!((cells[1][1].as_str(), cells[2][1].as_str(), cells[3][2].as_str()), ("213", "119", "213"));
    let json: serde_json::Value = serde_json::from_str(&text(&report, Format::Json)).expect("JSON");
    assert_eq!(json["trend"]["n_closed_median_p90_by_severity"]["high"], serde_json::json!([213, 48, 48]));
    assert!(!text(&fixture::report(), Format::Html).contains("id=\"course\""), "nothing to tell without history");
}

#[test]
fn what_owners_do_is_told_with_the_finding_and_in_tickets() {
    use crate::domain::remediation::RemediationStatus;
    let mut report = fixture::report();
    let mark = |status, decision: &str, is_handled| row::ReportMark {
        status,
        decision: decision.to_owned(),
        is_handled,
        ..row::ReportMark::default()
    };
    let of_twins = |asset: &str| asset.starts_with("MTR-000");
    for row in report.rows.iter_mut().filter(|row| of_twins(&row.asset.asset_id)) {
        row.mark = match &*row.asset.asset_id {
            "MTR-0001" | "MTR-0002" => Some(mark(RemediationStatus::Done, "mitigation applied", true).into()),
            "MTR-0003" => Some(mark(RemediationStatus::InProgress, "planned", false).into()),
            _ => None,
        };
    }
    let told = "○ 3 not remediated · ◐ 1 in progress: planned · ● 2 done: mitigation applied";
    for format in [Format::Html, Format::Text, Format::Tickets] {
        assert!(text(&report, format).contains(told), "{}", format.word());
    }
    let tickets = text(&report, Format::Tickets);
    let mut reader = ::csv::Reader::from_reader(tickets.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let at = |name: &str| headers.iter().position(|header| header == name).expect("the column");
    let record = reader.records().map(|r| r.expect("a record")).find(|r| r[at("asset_ids")].contains("MTR-0001"));
    let record = record.expect("the ticket");
    assert_eq!((&record[at("status")], &record[at("assets_open")]), ("in_progress", "4"));
}

#[test]
fn the_strictest_label_is_said_on_top() {
    use crate::domain::advisory::Tlp;
    let mut report = fixture::report();
    assert_eq!(report.strictest_tlp(), None);
    let labels = [Some(Tlp::Clear), Some(Tlp::AmberStrict), Some(Tlp::Green), None];
    for (row, tlp) in report.rows.iter_mut().zip(labels) {
        let advisory = row::ReportAdvisory { tlp, ..(*row.finding.advisory).clone() };
        let finding = row::ReportFinding { advisory: advisory.into(), ..(*row.finding).clone() };
        row.finding = finding.into();
    }
    assert_eq!(report.strictest_tlp(), Some(Tlp::AmberStrict));
    for format in [Format::Html, Format::Text] {
        let text = text(&report, format).replace("<bdi>", "").replace("</bdi>", "").replace("</b>", "");
        assert!(text.contains(&format!("TLP:AMBER+STRICT {}", vocabulary::TLP_NOTICE)), "{}", format.word());
    }
    for row in &mut report.rows {
        let advisory = row::ReportAdvisory { tlp: Some(Tlp::Clear), ..(*row.finding.advisory).clone() };
        let finding = row::ReportFinding { advisory: advisory.into(), ..(*row.finding).clone() };
        row.finding = finding.into();
    }
    assert_eq!(report.strictest_tlp(), None, "what everybody may see needs no word");
}

#[test]
fn a_report_without_anything_is_still_a_report() {
    let report = Report {
        sites: Vec::new(),
        rows: Vec::new(),
        unchecked: Vec::new(),
        warnings: Vec::new(),
        sources: Vec::new(),
        advisories_up_to: None,
        ..fixture::report()
    };
    for format in Format::ALL {
        let bytes = written(&report, format);
        assert_eq!(bytes.is_empty(), format == Format::Ndjson, "{}", format.word());
    }
}

#[test]
fn a_pipe_gets_one_line_per_finding() {
    insta::assert_snapshot!("pipe", shortened(&text(&fixture::report(), Format::Text)));
}

#[test]
fn a_terminal_gets_a_table() {
    insta::assert_snapshot!("terminal_110", terminal(110));
}

#[test]
fn a_narrow_terminal_gets_blocks() {
    insta::assert_snapshot!("terminal_60", terminal(60));
}

#[test]
fn one_row_as_json_has_every_column() {
    let report = fixture::report();
    let line =
        text(&report, Format::Ndjson).lines().find(|line| line.contains("MTR-0001")).expect("the row").to_owned();
    let value: serde_json::Value = serde_json::from_str(&line).expect("an object");
    assert_eq!(value.as_object().map(serde_json::Map::len), Some(COLUMNS.len()));
    // One line a key, in the order in which they are written.
    insta::assert_snapshot!("row_json", line.replace(",\"", ",\n\""));
}

fn terminal(width: u16) -> String {
    let mut bytes = Vec::new();
    let style = text::Style { width: Some(width), colour: false, full: false };
    text::write_text(&fixture::report(), &style, &mut bytes).expect("memory");
    shortened(&String::from_utf8(bytes).expect("UTF-8"))
}

/// Long names say nothing new in a snapshot.
fn shortened(text: &str) -> String {
    text.replace(&"Long name ".repeat(70), "Long name … ").replace(&"T".repeat(60), "T…")
}
