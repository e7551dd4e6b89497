use super::page::Item;
use super::*;
use crate::report::tests::fixture;

/// The texts of each page, in the order in which they are set.
fn texts(flow: &Flow) -> Vec<String> {
    flow.pages()
        .iter()
        .map(|page| {
            let texts = page.iter().filter_map(|item| match item {
                Item::Text { text, .. } => Some(text.as_str()),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// Without the line ends that wrapping brings.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn the_report_says_what_the_other_formats_say_on_both_papers() {
    let report = fixture::report();
    for paper in Paper::ALL {
        let flow = set(&report, paper);
        let whole = squeezed(&texts(&flow).concat());
        for row in &report.rows {
            for part in [&*row.asset.asset_id, &*row.finding.advisory.advisory_id, &*row.asset.firmware] {
                let part = squeezed(&super::super::visible::visible(part));
                assert!(whole.contains(&part), "{part} is missing");
            }
        }
        for summary in &report.sites {
            assert!(whole.contains(&squeezed(&words::headline(summary))), "{}", summary.site);
        }
        let rows = squeezed(&counted(report.rows.len() as u64, "row", "rows"));
        assert!(whole.contains(&rows), "{rows}");
        for asset in &report.unchecked {
            assert!(whole.contains(&squeezed(&asset.asset_id)), "{}", asset.asset_id);
        }
    }
}

/// Every text stands on its page, inside the margins.
fn assert_inside(flow: &Flow, paper: Paper) {
    let (width, height) = paper.size();
    for item in flow.pages().iter().flatten() {
        if let Item::Text { x, y, style, text } = item {
            let right = x + fonts::FACES.width(style.face, style.size, text.trim_end());
            assert!(*x > 0.0 && right < width - 20.0, "{text} ends at {right}");
            assert!(*y > 0.0 && *y < height, "{text}");
        }
    }
}

#[test]
fn nothing_leaves_the_page() {
    let report = fixture::report();
    for paper in Paper::ALL {
        assert_inside(&set(&report, paper), paper);
    }
}

#[test]
fn a_name_of_800_characters_breaks_nothing() {
    for name in ["X".repeat(800), "Controller-family/type ".repeat(35), "ß主".repeat(400), "\u{202e}0".repeat(400)] {
        let mut report = fixture::report();
        let template = report.rows[0].clone();
        let mut asset = (*template.asset).clone();
        (asset.vendor, asset.model, asset.asset_id) =
            (name.as_str().into(), name.as_str().into(), name.as_str().into());
        let mut finding = (*template.finding).clone();
        let advisory = super::super::row::ReportAdvisory {
            advisory_id: name.clone(),
            title: name.clone(),
            ..(*finding.advisory).clone()
        };
        (finding.product, finding.reason, finding.fix) = (name.clone(), name.clone(), Some(name.clone()));
        finding.advisory = advisory.into();
        let row = super::super::row::ReportRow { asset: asset.into(), finding: finding.into(), mark: None };
        report.rows.insert(0, row);
        for paper in Paper::ALL {
            let flow = set(&report, paper);
            assert_inside(&flow, paper);
            let n_usual = set(&fixture::report(), paper).pages().len();
            assert!(flow.pages().len() <= n_usual + 60, "{} pages instead of {n_usual}", flow.pages().len());
            flow.finish().unwrap();
        }
    }
}

#[test]
fn the_file_is_a_pdf_with_an_outline_and_is_the_same_each_time() {
    let report = fixture::report();
    let write = |paper| {
        let mut bytes = Vec::new();
        write_pdf(&report, paper, &mut bytes).unwrap();
        bytes
    };
    let bytes = write(Paper::A4);
    assert!(bytes.starts_with(b"%PDF-1.7"));
    let has = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(has("/Outlines") && has("/FontFile2"));
    assert_eq!(bytes, write(Paper::A4));
    assert_ne!(bytes, write(Paper::Letter));
}

#[test]
fn an_empty_report_is_a_page() {
    let report = Report { rows: Vec::new(), sites: Vec::new(), unchecked: Vec::new(), ..fixture::report() };
    let flow = set(&report, Paper::A4);
    assert!(texts(&flow)[0].contains("0 rows"));
    flow.finish().unwrap();
}

#[test]
fn the_archive_form_is_what_is_written() {
    let mut bytes = Vec::new();
    write_pdf(&fixture::report(), Paper::A4, &mut bytes).unwrap();
    let has = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(has("pdfaid:part"), "the fixture with all its odd texts should still make a PDF/A");
}
