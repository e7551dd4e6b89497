//! What an inventory file was read as, as JSON: for a look before an import, and for programs that check it.

use serde_json::{Map, Value, json};

use crate::domain::inventory::{
    AssetLabel, ChangedAsset, Field, ImportPreview, InventoryReading, InventoryRow, RejectedRow,
};

/// A file that was read, as one JSON object: `readable`, `columns` (header to fields joined by `+`, or null), `rows`,
/// `rejected`, `skipped_sheets`, `remarks`.
pub fn readable(reading: &InventoryReading) -> Value {
    json!({
        "readable": true,
        "columns": columns(reading),
        "rows": reading.rows.iter().map(row).collect::<Vec<_>>(),
        "rejected": reading.rejected.iter().map(rejected).collect::<Vec<_>>(),
        "skipped_sheets": reading.skipped_sheets.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
        "skipped_why": reading.skipped_sheets.iter().map(|s| (s.name.clone(), Value::from(s.why.as_str()))).collect::<Map<_, _>>(),
        "recognised": reading.columns.iter().map(|c| json!({"sheet": c.sheet, "header": c.header, "fields": words(&c.fields), "how": c.how})).collect::<Vec<_>>(),
        "remarks": reading.remarks,
    })
}

/// What an import would do, for the key `preview` beside what was read.
pub fn preview(preview: &ImportPreview) -> Value {
    let label = |asset: &AssetLabel| json!({"site": asset.site, "asset_id": asset.tag});
    let changed = |changed: &ChangedAsset| {
        let fields = changed.changes.iter().map(|(f, b, a)| json!({"field": f, "before": b, "after": a}));
        json!({"site": changed.asset.site, "asset_id": changed.asset.tag, "changes": fields.collect::<Vec<_>>()})
    };
    let n = preview.counts;
    json!({
        "n_new": n.n_new,
        "n_changed": n.n_changed,
        "n_same": n.n_same,
        "n_not_in_file": n.n_not_seen,
        "new": preview.new.iter().map(label).collect::<Vec<_>>(),
        "changed": preview.changed.iter().map(changed).collect::<Vec<_>>(),
        "not_in_file": preview.not_in_file.iter().map(label).collect::<Vec<_>>(),
    })
}

/// A file that gives no inventory, with the reason.
pub fn unreadable(why: &str) -> Value {
    json!({"readable": false, "why": why, "columns": {}, "rows": [], "rejected": [], "skipped_sheets": []})
}

fn words(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|f| f.word()).collect()
}

fn columns(reading: &InventoryReading) -> Map<String, Value> {
    let mut out = Map::new();
    for column in &reading.columns {
        let value = if column.fields.is_empty() { Value::Null } else { Value::from(words(&column.fields).join("+")) };
        out.entry(column.header.clone()).or_insert(value);
    }
    out
}

fn row(row: &InventoryRow) -> Value {
    let mut kinds: Vec<&str> = row.warnings.iter().map(|w| w.kind.word()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    json!({
        "sheet": row.place.sheet,
        "row": row.place.row,
        "fields": row.fields.iter().map(|(f, v)| (f.word().to_owned(), Value::from(v.as_str()))).collect::<Map<_, _>>(),
        "unmapped": row.unmapped.iter().map(|(header, value)| json!([header, value])).collect::<Vec<_>>(),
        "warn": kinds,
        "warnings": row.warnings.iter().map(|w| json!({"kind": w.kind.word(), "place": w.place.label(), "detail": w.detail})).collect::<Vec<_>>(),
    })
}

fn rejected(row: &RejectedRow) -> Value {
    json!({"sheet": row.place.sheet, "row": row.place.row, "why": row.why, "cells": row.cells})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::{CellPlace, ColumnReading, RowWarning, RowWarningKind};

    #[test]
    fn ok_reading_has_the_agreed_shape() {
        let place = CellPlace { sheet: "Meters".into(), row: 5, column: 0 };
        let reading = InventoryReading {
            columns: vec![
                ColumnReading {
                    sheet: "Meters".into(),
                    header: "Make / Model".into(),
                    fields: vec![Field::Vendor, Field::Model],
                    how: "several fields in one column".into(),
                },
                ColumnReading { sheet: "Meters".into(), header: "Colour".into(), fields: vec![], how: String::new() },
            ],
            rows: vec![InventoryRow {
                place: place.clone(),
                fields: [(Field::Model, "PM8240".to_owned())].into(),
                warnings: vec![RowWarning { kind: RowWarningKind::Hidden, place, detail: "the row is hidden".into() }],
                ..InventoryRow::default()
            }],
            ..InventoryReading::default()
        };
        let json = readable(&reading);
        assert_eq!(json["columns"], json!({"Make / Model": "vendor+model", "Colour": null}));
        assert_eq!(json["rows"][0]["fields"], json!({"model": "PM8240"}));
        assert_eq!(json["rows"][0]["warn"], json!(["hidden"]));
        assert_eq!((&json["rows"][0]["sheet"], &json["rows"][0]["row"]), (&json!("Meters"), &json!(5)));
        assert_eq!(unreadable("x")["readable"], json!(false));
    }
}
