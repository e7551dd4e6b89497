//! JSON and NDJSON: every column of every row under its name, in the order of the columns.
//!
//! What the source does not give at all is null (a score, a date, a fix); what an inventory leaves blank is the empty
//! text. Both are written row by row, so memory does not grow with the number of rows.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::columns::{COLUMNS, Record, Value};
use super::row::{Report, ReportRow};
use crate::domain::asset::Standing;
use crate::domain::site::{SiteSummary, UncheckedAsset};
use crate::domain::trend::{SEVERITY_ORDER, Trend, TrendPoint};

/// Writes one object: what the report is about, its sites, what cannot be checked, warnings, then all rows.
///
/// Each member of the object and each row stands on a line of its own: to be read by people and compared by `diff`,
/// at a third less than with every value indented.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    ReportObject(report).serialize(&mut serde_json::Serializer::with_formatter(&mut out, Lines { depth: 0 }))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes one object a line for each row, and nothing else.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_ndjson(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for row in &report.rows {
        serde_json::to_writer(&mut out, &RowObject(row))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Breaks lines between the members of the outermost object and between the items of its lists, nowhere else.
struct Lines {
    depth: u32,
}

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(bracket)
    }

    fn separate<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if self.depth <= 2 { out.write_all(b"\n") } else { Ok(()) }
    }
}

impl serde_json::ser::Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first)
    }
}

struct ReportObject<'a>(&'a Report);

impl Serialize for ReportObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("title", &report.title)?;
        map.serialize_entry("judged_at", &report.judged_at.to_string())?;
        map.serialize_entry("advisories_up_to", &report.advisories_up_to.map(|at| at.to_string()))?;
        map.serialize_entry("n_advisories", &report.n_advisories)?;
        map.serialize_entry("sources", &report.sources)?;
        map.serialize_entry("are_samples", &report.are_samples)?;
        map.serialize_entry("filter", &report.filter)?;
        map.serialize_entry("program_version", &report.program_version)?;
        map.serialize_entry("n_rows", &report.rows.len())?;
        map.serialize_entry("warnings", &report.warnings)?;
        if let Some(trend) = &report.trend {
            map.serialize_entry("trend", &TrendObject(trend))?;
        }
        map.serialize_entry("sites", &Each(&report.sites, SiteObject))?;
        map.serialize_entry("cannot_be_checked", &Each(&report.unchecked, UncheckedObject))?;
        map.serialize_entry("rows", &Each(&report.rows, RowObject))?;
        map.end()
    }
}

/// A slice whose items are wrapped one at a time while they are written.
struct Each<'a, T, W>(&'a [T], fn(&'a T) -> W);

impl<T, W: Serialize> Serialize for Each<'_, T, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            seq.serialize_element(&(self.1)(item))?;
        }
        seq.end()
    }
}

struct SiteObject<'a>(&'a SiteSummary);

impl Serialize for SiteObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("site", &self.0.site)?;
        map.serialize_entry("n_assets", &self.0.n_assets)?;
        for standing in Standing::ALL {
            map.serialize_entry(standing.word(), &self.0.n(standing))?;
        }
        map.serialize_entry("n_advisories_affecting", &self.0.n_advisories_affecting)?;
        map.serialize_entry("n_advisories_exploited", &self.0.n_advisories_exploited)?;
        map.end()
    }
}

struct TrendObject<'a>(&'a Trend);

impl Serialize for TrendObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("points", &Each(&self.0.points, PointObject))?;
        let time = self.0.time_to_close;
        map.serialize_entry("n_closed", &time.map_or(0, |time| time.n_closed))?;
        map.serialize_entry("median_hours_to_close", &time.map(|time| time.median_hours))?;
        map.serialize_entry("p90_hours_to_close", &time.map(|time| time.p90_hours))?;
        let by_severity: std::collections::BTreeMap<&str, [u64; 3]> = self
            .0
            .time_to_close_by_severity
            .iter()
            .map(|(severity, time)| {
                let word = severity.map_or("no_score", |severity| severity.word());
                (word, [time.n_closed, time.median_hours, time.p90_hours])
            })
            .collect();
        map.serialize_entry("n_closed_median_p90_by_severity", &by_severity)?;
        map.end()
    }
}

struct PointObject<'a>(&'a TrendPoint);

impl Serialize for PointObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let point = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("at", &point.at.to_string())?;
        map.serialize_entry("n_opened", &point.n_opened)?;
        map.serialize_entry("n_closed", &point.n_closed)?;
        let open: std::collections::BTreeMap<&str, u64> = SEVERITY_ORDER
            .iter()
            .zip(point.n_open)
            .map(|(severity, n)| (severity.map_or("no_score", |severity| severity.word()), n))
            .collect();
        map.serialize_entry("open", &open)?;
        map.serialize_entry("n_assets", &point.n_assets)?;
        map.serialize_entry("n_with_firmware", &point.n_with_firmware)?;
        map.serialize_entry("n_with_part_number", &point.n_with_part_number)?;
        map.end()
    }
}

struct UncheckedObject<'a>(&'a UncheckedAsset);

impl Serialize for UncheckedObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let asset = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("site", &asset.site)?;
        map.serialize_entry("asset_id", &asset.asset_id)?;
        map.serialize_entry("vendor", &asset.vendor)?;
        map.serialize_entry("model", &asset.model)?;
        map.serialize_entry("why", &asset.why)?;
        map.end()
    }
}

struct RowObject<'a>(&'a ReportRow);

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len()))?;
        for column in &COLUMNS {
            map.serialize_entry(column.name, &(column.value)(self.0))?;
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Optional(text) => text.serialize(serializer),
            Value::Number(number) => number.serialize(serializer),
            Value::Probability(share) => share.serialize(serializer),
            Value::Sentence(text) => serializer.serialize_str(text),
            Value::Date("") => serializer.serialize_none(),
            Value::Date(date) => serializer.serialize_str(date),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::List(items) => items.serialize(serializer),
            Value::Records(records) => records.serialize(serializer),
        }
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::fixture;

    /// The schema that is documented says of each member of a row what it is.
    #[test]
    fn rows_are_what_their_documented_schema_says() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/report-row.schema.json")).expect("JSON");
        let described = schema["properties"].as_object().expect("properties");
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let mut known: Vec<&str> = described.keys().map(String::as_str).collect();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
        let mut bytes = Vec::new();
        write_ndjson(&fixture::report(), &mut bytes).expect("writing to memory works");
        for line in String::from_utf8(bytes).expect("UTF-8").lines() {
            let row: serde_json::Value = serde_json::from_str(line).expect("an object");
            for (name, value) in row.as_object().expect("an object") {
                let kind = match value {
                    serde_json::Value::Null => "null",
                    serde_json::Value::Bool(_) => "boolean",
                    serde_json::Value::Number(_) => "number",
                    serde_json::Value::String(_) => "string",
                    serde_json::Value::Array(_) => "array",
                    serde_json::Value::Object(_) => "object",
                };
                let allowed = &described[name]["type"];
                let fits = allowed == kind || allowed.as_array().is_some_and(|all| all.iter().any(|t| t == kind));
                assert!(fits, "`{name}` is {kind}, the schema says {allowed}");
                if let Some(words) = described[name]["enum"].as_array() {
                    assert!(words.contains(value), "`{name}`: {value}");
                }
            }
        }
    }
}
