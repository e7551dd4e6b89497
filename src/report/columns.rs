//! The one list of columns that every row format writes: order, header, width, kind, and how to get the value.

use std::borrow::Cow;

use super::row::ReportRow;
use super::vocabulary::{evidence_sentence, remediation_label, restart_label};
use crate::domain::advisory::Tlp;

/// What a column holds, which decides how a format writes its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Always text, also when it looks like a number: firmware `2.10` is not 2.1.
    Text,
    Number,
    /// From 0 to 1, with five decimals.
    Probability,
    /// A calendar date in UTC.
    Date,
    Flag,
    List,
}

/// One column of a report.
pub struct Column {
    /// The name in CSV, JSON and NDJSON; never changes its meaning.
    pub name: &'static str,
    /// The header that people read.
    pub header: &'static str,
    /// Width in a spreadsheet, in characters.
    pub width: u16,
    pub kind: Kind,
    /// The value of one row.
    pub value: for<'a> fn(&'a ReportRow) -> Value<'a>,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// As written; blank means "not stated".
    Text(&'a str),
    /// A text that the source may not give at all.
    Optional(Option<&'a str>),
    Number(Option<f32>),
    Probability(Option<f64>),
    /// A text that is made of several values.
    Sentence(String),
    /// `2023-08-17`, or blank.
    Date(&'a str),
    Flag(bool),
    List(Vec<&'a str>),
    Records(Vec<Record<'a>>),
}

/// One part of a value that has parts: a sentence for people, fields for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    pub sentence: String,
    /// Name and value; `None` is written as null.
    pub fields: Vec<(&'static str, Option<&'a str>)>,
}

impl<'a> Value<'a> {
    /// The value as the text of one cell; lists are joined with `; `, sentences with line breaks.
    pub fn cell(&self) -> Cow<'a, str> {
        match self {
            Value::Text(text) | Value::Date(text) => Cow::Borrowed(text),
            Value::Optional(text) => Cow::Borrowed(text.unwrap_or("")),
            Value::Number(number) => number.map_or(Cow::Borrowed(""), |n| Cow::Owned(format!("{n:.1}"))),
            Value::Probability(share) => share.map_or(Cow::Borrowed(""), |p| Cow::Owned(format!("{p:.5}"))),
            Value::Sentence(text) => Cow::Owned(text.clone()),
            Value::Flag(flag) => Cow::Borrowed(if *flag { "yes" } else { "no" }),
            Value::List(items) => Cow::Owned(items.join("; ")),
            Value::Records(records) => {
                Cow::Owned(records.iter().map(|record| record.sentence.as_str()).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// A column of texts as written.
const fn text(
    name: &'static str,
    header: &'static str,
    width: u16,
    value: for<'a> fn(&'a ReportRow) -> Value<'a>,
) -> Column {
    Column { name, header, width, kind: Kind::Text, value }
}

/// A column of another kind.
const fn typed(
    name: &'static str,
    header: &'static str,
    width: u16,
    kind: Kind,
    value: for<'a> fn(&'a ReportRow) -> Value<'a>,
) -> Column {
    Column { name, header, width, kind, value }
}

/// All columns, in the order in which every format writes them.
pub static COLUMNS: [Column; 48] = [
    text("site", "Site", 16, |r| Value::Text(&r.asset.site)),
    text("area", "Area", 14, |r| Value::Text(&r.asset.area)),
    text("asset_id", "Asset", 16, |r| Value::Text(&r.asset.asset_id)),
    text("vendor", "Vendor", 20, |r| Value::Text(&r.asset.vendor)),
    text("model", "Model", 22, |r| Value::Text(&r.asset.model)),
    text("part_number", "Part number", 22, |r| Value::Text(&r.asset.part_number)),
    text("firmware", "Firmware", 12, |r| Value::Text(&r.asset.firmware)),
    text("hardware_revision", "Hardware revision", 10, |r| Value::Text(&r.asset.hardware_revision)),
    text("serial_number", "Serial number", 16, |r| Value::Text(&r.asset.serial_number)),
    text("verdict", "Verdict", 12, |r| Value::Text(r.finding.verdict.word())),
    text("severity", "Severity", 10, |r| Value::Optional(r.finding.severity.map(|s| s.word()))),
    typed("cvss", "CVSS", 7, Kind::Number, |r| Value::Number(r.finding.cvss)),
    text("cvss_version", "CVSS version", 8, |r| Value::Text(&r.finding.cvss_version)),
    typed("kev", "Exploited", 10, Kind::Flag, |r| Value::Flag(r.finding.is_exploited())),
    typed("epss", "EPSS", 9, Kind::Probability, |r| {
        Value::Probability(r.finding.epss.as_ref().map(|epss| f64::from(epss.probability_ppm) / 1_000_000.0))
    }),
    text("criticality", "Criticality", 11, |r| Value::Text(&r.asset.criticality)),
    text("zone", "Zone", 11, |r| Value::Text(&r.asset.zone)),
    text("priority", "Why this order", 40, |r| Value::Sentence(r.priority().in_words())),
    text("reason", "Reason", 44, |r| Value::Text(&r.finding.reason)),
    text("fix", "Fix", 14, |r| Value::Optional(r.finding.fix.as_deref())),
    text("status", "Status", 14, |r| Value::Text(r.status().word())),
    text("decision", "Decision", 22, |r| Value::Text(r.mark.as_ref().map_or("", |mark| &mark.decision))),
    text("advisory_id", "Advisory", 18, |r| Value::Text(&r.finding.advisory.advisory_id)),
    text("title", "Title", 48, |r| Value::Text(&r.finding.advisory.title)),
    text("confidence", "Confidence", 11, |r| Value::Text(r.finding.confidence.word())),
    typed("doubts", "Doubts", 18, Kind::List, |r| {
        let mut words: Vec<&str> = r.finding.doubts.iter().map(|doubt| doubt.kind.word()).collect();
        words.dedup();
        Value::List(words)
    }),
    typed("doubt_details", "Doubts in words", 32, Kind::List, |r| Value::Records(doubt_records(r))),
    typed("cves", "CVEs", 18, Kind::List, |r| Value::List(texts(&r.finding.cves))),
    typed("exploited_cves", "Exploited CVEs", 18, Kind::List, |r| Value::List(texts(&r.finding.exploited))),
    text("product", "Product in the advisory", 36, |r| Value::Text(&r.finding.product)),
    text("range", "Range in words", 20, |r| Value::Text(&r.finding.range)),
    typed("evidence", "Evidence", 48, Kind::List, |r| Value::Records(evidence_records(r))),
    typed("remediation", "What to do", 60, Kind::List, |r| Value::Records(remediation_records(r))),
    text("decision_note", "Note on the decision", 30, |r| Value::Text(r.mark.as_ref().map_or("", |mark| &mark.note))),
    text("decided_by", "Decided by", 16, |r| Value::Text(r.mark.as_ref().map_or("", |mark| &mark.by))),
    typed("decided_on", "Decided on", 11, Kind::Date, |r| Value::Date(r.mark.as_ref().map_or("", |mark| &mark.on))),
    text("publisher", "Publisher", 16, |r| Value::Text(&r.finding.advisory.publisher)),
    text("advisory_version", "Advisory version", 9, |r| Value::Text(&r.finding.advisory.version)),
    text("advisory_status", "Advisory status", 9, |r| Value::Text(&r.finding.advisory.status)),
    text("tlp", "TLP", 8, |r| Value::Text(r.finding.advisory.tlp.map_or("", Tlp::word))),
    typed("published", "Published", 11, Kind::Date, |r| Value::Date(&r.finding.advisory.published)),
    typed("updated", "Updated", 11, Kind::Date, |r| Value::Date(&r.finding.advisory.updated)),
    typed("also_told_by", "Also told by", 26, Kind::List, |r| Value::List(texts(&r.finding.joined.witnesses))),
    text("leading_advisory", "Told first by", 18, |r| Value::Text(&r.finding.joined.leader)),
    typed("contradictions", "Contradictions", 36, Kind::List, |r| Value::List(texts(&r.finding.joined.contradictions))),
    text("url", "Link", 30, |r| Value::Text(&r.finding.advisory.url)),
    text("product_pointer", "Place in the advisory", 30, |r| Value::Text(&r.finding.product_pointer)),
    text("place", "Place in the inventory", 24, |r| Value::Text(&r.asset.place)),
];

fn texts(items: &[String]) -> Vec<&str> {
    items.iter().map(String::as_str).collect()
}

fn doubt_records(row: &ReportRow) -> Vec<Record<'_>> {
    row.finding
        .doubts
        .iter()
        .map(|doubt| Record {
            sentence: doubt.detail.clone(),
            fields: vec![("doubt", Some(doubt.kind.word())), ("detail", Some(&doubt.detail))],
        })
        .collect()
}

fn evidence_records(row: &ReportRow) -> Vec<Record<'_>> {
    row.finding
        .evidence
        .iter()
        .map(|part| Record {
            sentence: evidence_sentence(part),
            fields: vec![
                ("part", Some(part.part.label())),
                ("yours", Some(&part.yours)),
                ("advisory", Some(&part.advisory)),
                ("rule", Some(&part.rule)),
                ("result", Some(part.result.word())),
            ],
        })
        .collect()
}

fn remediation_records(row: &ReportRow) -> Vec<Record<'_>> {
    row.finding
        .remediations
        .iter()
        .map(|remedy| {
            let mut sentence = format!("{}: {}", remediation_label(&remedy.category), remedy.details);
            if let Some(restart) = &remedy.restart_required {
                sentence.push_str(&format!(" ({})", restart_label(restart)));
            }
            if let Some(url) = &remedy.url {
                sentence.push(' ');
                sentence.push_str(url);
            }
            Record {
                sentence,
                fields: vec![
                    ("category", Some(remedy.category.word())),
                    ("details", Some(&remedy.details)),
                    ("url", remedy.url.as_deref()),
                    ("restart_required", remedy.restart_required.as_deref()),
                ],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_own_name_and_header() {
        for (i, column) in COLUMNS.iter().enumerate() {
            for other in &COLUMNS[i + 1..] {
                assert_ne!(column.name, other.name);
                assert_ne!(column.header, other.header);
            }
            assert!(column.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "`{}`", column.name);
        }
    }
}
