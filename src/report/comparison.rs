//! Two reports side by side: what came, what went, what is told otherwise. Two days of one site, or two inventories.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::csv::inert;
use super::row::{Report, ReportAsset, ReportRow};
use super::visible::{counted, grouped, visible_line};
use super::vocabulary::{minute, severity_text, verdict_sentence};
use crate::domain::asset::Standing;

/// What is different between two reports. Rows are the same when asset and advisory are.
pub struct Comparison<'a> {
    pub before: &'a Report,
    pub after: &'a Report,
    pub opened: Vec<&'a ReportRow>,
    pub closed: Vec<&'a ReportRow>,
    /// Told otherwise: before, after.
    pub changed: Vec<(&'a ReportRow, &'a ReportRow)>,
    pub n_same: u64,
    /// How the assets themselves differ, where two inventories are compared.
    pub assets: Option<&'a AssetDifferences>,
}

/// How the assets of two inventories differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetDifferences {
    pub added: Vec<ReportAsset>,
    pub removed: Vec<ReportAsset>,
    /// As they are afterwards, with what differs: (field, before, after).
    pub changed: Vec<(ReportAsset, Vec<FieldChange>)>,
}

/// A field of an asset by its word, or a column that means none by its header; before, after.
pub type FieldChange = (String, String, String);

/// What became of an asset, for lists that tell all differences one below the other.
type AssetLine<'a> = (&'static str, &'a ReportAsset, &'a [FieldChange]);

impl AssetDifferences {
    fn lines(&self) -> impl Iterator<Item = AssetLine<'_>> {
        let added = self.added.iter().map(|asset| ("asset_added", asset, [].as_slice()));
        let removed = self.removed.iter().map(|asset| ("asset_removed", asset, [].as_slice()));
        let changed = self.changed.iter().map(|(asset, fields)| ("asset_changed", asset, fields.as_slice()));
        added.chain(removed).chain(changed)
    }
}

/// The word of a field as people read it: `order number`.
pub fn field_in_words(word: &str) -> String {
    match word {
        "asset_id" => "asset tag".to_owned(),
        "part_number" => "order number".to_owned(),
        word => word.replace('_', " "),
    }
}

/// A value that may be blank.
fn stated(value: &str) -> &str {
    if value.is_empty() { "not stated" } else { value }
}

/// Site, tag, serial number, publisher, advisory.
type Key<'a> = [&'a str; 5];

impl<'a> Comparison<'a> {
    /// Compares two reports; the lists are in the order of their rows. Sites that only one of them names are the same
    /// where each has just one: an inventory file is a site by its name.
    pub fn of(before: &'a Report, after: &'a Report) -> Comparison<'a> {
        let is_one_each = before.sites.len() <= 1 && after.sites.len() <= 1;
        let key = |row: &'a ReportRow| -> Key<'a> {
            let (asset, advisory) = (&row.asset, &row.finding.advisory);
            let site = if is_one_each { "" } else { &asset.site };
            [site, &asset.asset_id, &asset.serial_number, &advisory.publisher, &advisory.advisory_id]
        };
        // Several devices may carry the same tag and no serial number: they pair up in order.
        let mut waiting: BTreeMap<Key<'a>, Vec<&'a ReportRow>> = BTreeMap::new();
        for row in before.rows.iter().rev() {
            waiting.entry(key(row)).or_default().push(row);
        }
        let mut compared = Comparison {
            before,
            after,
            opened: Vec::new(),
            closed: Vec::new(),
            changed: Vec::new(),
            n_same: 0,
            assets: None,
        };
        let mut met: rustc_hash::FxHashSet<*const ReportRow> = rustc_hash::FxHashSet::default();
        for row in &after.rows {
            match waiting.get_mut(&key(row)).and_then(Vec::pop) {
                None => compared.opened.push(row),
                Some(old) => {
                    met.insert(old);
                    if told(old) == told(row) {
                        compared.n_same += 1;
                    } else {
                        compared.changed.push((old, row));
                    }
                }
            }
        }
        compared.closed = before.rows.iter().filter(|row| !met.contains(&std::ptr::from_ref(*row))).collect();
        compared
    }
}

/// What a reader would call a change: verdict, firmware, fix, severity. Another wording of the reason is none.
fn told(row: &ReportRow) -> (&str, &str, Option<&str>, Option<&str>, bool) {
    let finding = &row.finding;
    let severity = finding.severity.map(|severity| severity.word());
    (finding.verdict.word(), &row.asset.firmware, finding.fix.as_deref(), severity, finding.is_exploited())
}

/// `affected, firmware 3.1.2, fix 4.0.0`.
pub fn told_text(row: &ReportRow) -> String {
    let firmware = stated(&row.asset.firmware);
    let fix = row.finding.fix.as_deref().unwrap_or("none named");
    let mut text = format!("{}, firmware {firmware}, fix {fix}", row.finding.verdict.label().to_lowercase());
    if row.finding.is_exploited() {
        text.push_str(", exploited");
    }
    text
}

fn line(row: &ReportRow) -> String {
    let (asset, finding) = (&row.asset, &row.finding);
    let text = format!(
        "{} / {}  {} {}  {}  {}  {}",
        asset.site,
        asset.asset_id,
        asset.vendor,
        asset.model,
        finding.advisory.advisory_id,
        severity_text(finding),
        verdict_sentence(finding)
    );
    visible_line(&text).into_owned()
}

/// Rows that the text lists of each kind.
const MAX_LISTED: usize = 200;

/// `Riverside / MTR-0412  Schneider Electric PM8000  firmware 4.0.0`.
fn asset_line(asset: &ReportAsset) -> String {
    let ReportAsset { site, asset_id, vendor, model, firmware, .. } = asset;
    visible_line(&format!("{site} / {asset_id}  {vendor} {model}  firmware {}", stated(firmware))).into_owned()
}

/// Writes the comparison for people.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_comparison(compared: &Comparison<'_>, full: bool, out: &mut dyn Write) -> io::Result<()> {
    let side = |report: &Report| format!("{} (judged {})", report.title, minute(report.judged_at));
    writeln!(out, "Before: {}", visible_line(&side(compared.before)))?;
    writeln!(out, "After:  {}", visible_line(&side(compared.after)))?;
    writeln!(
        out,
        "New {} · closed {} · changed {} · same {}\n",
        grouped(compared.opened.len() as u64),
        grouped(compared.closed.len() as u64),
        grouped(compared.changed.len() as u64),
        grouped(compared.n_same)
    )?;
    let shown = if full { usize::MAX } else { MAX_LISTED };
    if let Some(assets) = compared.assets {
        write_assets(assets, shown, out)?;
        writeln!(out, "Those assets as judged by what is known now:")?;
    }
    for standing in Standing::ALL {
        let n = |report: &Report| report.sites.iter().map(|site| site.n(standing)).sum::<u64>();
        let (before, after) = (n(compared.before), n(compared.after));
        let difference = after as i64 - before as i64;
        writeln!(out, "  {:<18} {:>10} → {:>10}  {difference:+}", standing.label(), grouped(before), grouped(after))?;
    }
    for (title, rows) in [("NEW", &compared.opened), ("CLOSED", &compared.closed)] {
        if !rows.is_empty() {
            writeln!(out, "\n{title}")?;
        }
        for row in rows.iter().take(shown) {
            writeln!(out, "  {}", line(row))?;
        }
        more(rows.len(), shown, out)?;
    }
    if !compared.changed.is_empty() {
        writeln!(out, "\nCHANGED")?;
    }
    for (before, after) in compared.changed.iter().take(shown) {
        writeln!(out, "  {}", line(after))?;
        let texts = format!("{} → {}", told_text(before), told_text(after));
        writeln!(out, "      {}", visible_line(&texts))?;
    }
    more(compared.changed.len(), shown, out)
}

/// The assets that differ, before the exposures that came of it.
fn write_assets(assets: &AssetDifferences, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "Assets added {} · removed {} · changed {}\n",
        grouped(assets.added.len() as u64),
        grouped(assets.removed.len() as u64),
        grouped(assets.changed.len() as u64)
    )?;
    for (title, rows) in [("ADDED", &assets.added), ("REMOVED", &assets.removed)] {
        if !rows.is_empty() {
            writeln!(out, "{title}")?;
        }
        for asset in rows.iter().take(shown) {
            writeln!(out, "  {}", asset_line(asset))?;
        }
        more(rows.len(), shown, out)?;
    }
    if !assets.changed.is_empty() {
        writeln!(out, "CHANGED ASSETS")?;
    }
    for (asset, fields) in assets.changed.iter().take(shown) {
        writeln!(out, "  {}", asset_line(asset))?;
        for (field, before, after) in fields {
            let text = format!("{}: {} → {}", field_in_words(field), stated(before), stated(after));
            writeln!(out, "      {}", visible_line(&text))?;
        }
    }
    more(assets.changed.len(), shown, out)?;
    writeln!(out)
}

fn more(n: usize, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    match n.saturating_sub(shown) {
        0 => Ok(()),
        left => writeln!(out, "  … and {}; --full lists all", counted(left as u64, "more row", "more rows")),
    }
}

const CSV_COLUMNS: [&str; 9] =
    ["change", "site", "asset_id", "vendor", "model", "advisory_id", "severity", "before", "after"];

/// Writes one line for each row that is not the same, after one for each asset that is not.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_comparison_csv(compared: &Comparison<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(CSV_COLUMNS)?;
    for (change, asset, fields) in compared.assets.into_iter().flat_map(AssetDifferences::lines) {
        let side = |value: fn(&FieldChange) -> &str| {
            let told = fields.iter().map(|field| format!("{}: {}", field_in_words(&field.0), stated(value(field))));
            told.collect::<Vec<_>>().join("; ")
        };
        let values: [String; 9] = [
            change.to_owned(),
            asset.site.to_string(),
            asset.asset_id.to_string(),
            asset.vendor.to_string(),
            asset.model.to_string(),
            String::new(),
            String::new(),
            side(|(_, before, _)| before),
            side(|(_, _, after)| after),
        ];
        writer.write_record(values.map(|value| inert(Cow::Owned(value)).into_owned()))?;
    }
    for (change, before, after) in rows(compared) {
        let Some(row) = after.or(before) else { continue };
        let told = |row: Option<&ReportRow>| row.map(told_text).unwrap_or_default();
        let severity = row.finding.severity.map(|severity| severity.word().to_owned()).unwrap_or_default();
        let values: [String; 9] = [
            change.to_owned(),
            row.asset.site.to_string(),
            row.asset.asset_id.to_string(),
            row.asset.vendor.to_string(),
            row.asset.model.to_string(),
            row.finding.advisory.advisory_id.clone(),
            severity,
            told(before),
            told(after),
        ];
        writer.write_record(values.map(|value| inert(Cow::Owned(value)).into_owned()))?;
    }
    writer.flush()
}

fn rows<'a>(
    compared: &'a Comparison<'a>,
) -> impl Iterator<Item = (&'static str, Option<&'a ReportRow>, Option<&'a ReportRow>)> {
    let opened = compared.opened.iter().map(|row| ("new", None, Some(*row)));
    let closed = compared.closed.iter().map(|row| ("closed", Some(*row), None));
    let changed = compared.changed.iter().map(|(before, after)| ("changed", Some(*before), Some(*after)));
    opened.chain(closed).chain(changed)
}

/// The comparison as JSON.
pub fn comparison_json(compared: &Comparison<'_>) -> Value {
    let side = |report: &Report| {
        let mut standing = serde_json::Map::new();
        for place in Standing::ALL {
            let n: u64 = report.sites.iter().map(|site| site.n(place)).sum();
            standing.insert(place.word().to_owned(), json!(n));
        }
        json!({ "title": report.title, "judged_at": report.judged_at.to_string(), "assets": standing,
            "n_rows": report.rows.len() })
    };
    let told = |row: Option<&ReportRow>| {
        row.map(|row| {
            json!({ "verdict": row.finding.verdict.word(), "firmware": row.asset.firmware, "fix": row.finding.fix,
                "severity": row.finding.severity.map(|s| s.word()), "exploited": row.finding.is_exploited(),
                "reason": row.finding.reason })
        })
    };
    let rows: Vec<Value> = rows(compared)
        .filter_map(|(change, before, after)| {
            let row = after.or(before)?;
            Some(json!({ "change": change, "site": row.asset.site, "asset_id": row.asset.asset_id,
                "vendor": row.asset.vendor, "model": row.asset.model,
                "advisory_id": row.finding.advisory.advisory_id, "before": told(before), "after": told(after) }))
        })
        .collect();
    let mut compared_json = json!({
        "before": side(compared.before), "after": side(compared.after), "n_new": compared.opened.len(),
        "n_closed": compared.closed.len(), "n_changed": compared.changed.len(), "n_same": compared.n_same, "rows": rows,
    });
    if let Some(assets) = compared.assets {
        let lines: Vec<Value> = assets
            .lines()
            .map(|(change, asset, fields)| {
                let changes: Vec<Value> = fields
                    .iter()
                    .map(|(field, before, after)| json!({ "field": field, "before": before, "after": after }))
                    .collect();
                json!({ "change": change, "site": asset.site, "asset_id": asset.asset_id, "vendor": asset.vendor,
                    "model": asset.model, "part_number": asset.part_number, "serial_number": asset.serial_number,
                    "firmware": asset.firmware, "changes": changes })
            })
            .collect();
        compared_json["assets"] = json!({ "n_added": assets.added.len(), "n_removed": assets.removed.len(),
            "n_changed": assets.changed.len(), "rows": lines });
    }
    compared_json
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::row::ReportAsset;
    use crate::report::tests::fixture;

    #[test]
    fn a_report_compared_with_itself_has_no_difference() {
        let report = fixture::report();
        let compared = Comparison::of(&report, &report);
        assert_eq!(compared.n_same, report.rows.len() as u64);
        assert!(compared.opened.is_empty() && compared.closed.is_empty() && compared.changed.is_empty());
    }

    #[test]
    fn what_came_went_and_changed_is_told_and_the_numbers_add_up() {
        let before = fixture::report();
        let mut after = before.clone();
        let gone = after.rows.remove(0);
        let mut row = after.rows[1].clone();
        row.asset = Arc::new(ReportAsset { firmware: "99.1".to_owned().into(), ..(*row.asset).clone() });
        after.rows[1] = row;
        let mut new = after.rows[2].clone();
        new.asset = Arc::new(ReportAsset { asset_id: "BRAND-NEW".to_owned().into(), ..(*new.asset).clone() });
        after.rows.push(new);
        let compared = Comparison::of(&before, &after);
        assert_eq!(compared.closed, [&gone]);
        assert_eq!(compared.opened.len(), 1);
        assert_eq!(compared.changed.len(), 1);
        assert_eq!(&*compared.changed[0].1.asset.firmware, "99.1");
        assert_eq!(compared.n_same + 2, before.rows.len() as u64);
        let mut text = Vec::new();
        write_comparison(&compared, false, &mut text).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("New 1 · closed 1 · changed 1"));
        assert_eq!(comparison_json(&compared)["rows"].as_array().unwrap().len(), 3);
        assert!(comparison_json(&compared).get("assets").is_none(), "two days have no list of assets");
    }

    #[test]
    fn two_inventories_tell_their_assets_before_their_exposures() {
        let report = fixture::report();
        let asset = |tag: &str, firmware: &str| ReportAsset {
            site: "Riverside".into(),
            asset_id: tag.into(),
            firmware: firmware.into(),
            ..ReportAsset::default()
        };
        let firmware = ("firmware".to_owned(), String::new(), "=4.0".to_owned());
        let assets = AssetDifferences {
            added: vec![asset("NEW-1", "1.0"), asset("NEW-2", "")],
            removed: vec![asset("GONE", "2.0")],
            changed: vec![(asset("UPDATED", "=4.0"), vec![firmware])],
        };
        let compared = Comparison { assets: Some(&assets), ..Comparison::of(&report, &report) };
        let mut text = Vec::new();
        write_comparison(&compared, false, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in
            ["Assets added 2 · removed 1 · changed 1", "NEW-2 firmware not stated", "firmware: not stated → =4.0"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        let mut csv = Vec::new();
        write_comparison_csv(&compared, &mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let words: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(words, ["asset_added", "asset_added", "asset_removed", "asset_changed"], "{csv}");
        let json = comparison_json(&compared);
        assert_eq!(json["assets"]["n_added"], 2);
        assert_eq!(json["assets"]["rows"][3]["changes"][0]["after"], "=4.0");
    }
}
