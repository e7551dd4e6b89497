//! Files that are lists, but no inventories.

use crate::domain::inventory::{Field, InventoryReading};

use super::error::ReadFault;
use super::has_column;
use super::header::{self, Meaning};
use super::raw::RawRow;
use super::table::DeviceBatch;
use super::text::clean;

/// The fault of a file without a table, with what stands in its first rows.
pub fn no_table<'a>(rows: impl Iterator<Item = &'a RawRow>) -> ReadFault {
    let rows: Vec<&RawRow> = rows.take(60).collect();
    for row in &rows {
        let priced: Vec<String> =
            row.filled_cells().filter(|(_, t)| is_price(t)).map(|(_, t)| format!("`{}`", clean(t))).collect();
        if !priced.is_empty() && row.filled_cells().count() > 2 {
            return ReadFault::PriceList { columns: priced.join(", ") };
        }
    }
    let widest = rows.iter().max_by_key(|r| r.filled_cells().count());
    let found = widest.map_or_else(
        || "no text in any cell".to_owned(),
        |row| {
            let cells: Vec<String> = row
                .filled_cells()
                .take(6)
                .map(|(_, t)| format!("`{}`", clean(t).chars().take(30).collect::<String>()))
                .collect();
            format!("row {} begins with {}", row.number, cells.join(", "))
        },
    );
    ReadFault::NoTable { found }
}

/// Refuses a list with prices that says nothing about installed devices. A user's mapping overrules.
pub fn price_list(reading: &InventoryReading, batch: &DeviceBatch, mapped: bool) -> Result<(), ReadFault> {
    if mapped {
        return Ok(());
    }
    let priced: Vec<String> =
        reading.columns.iter().filter(|c| is_price(&c.header)).map(|c| format!("`{}`", c.header)).collect();
    let installed = [
        Field::SerialNumber,
        Field::Firmware,
        Field::Site,
        Field::Area,
        Field::AssetId,
        Field::IpAddress,
        Field::MacAddress,
        Field::HardwareRevision,
    ];
    let says_where =
        installed.iter().any(|f| has_column(reading, *f) && batch.rows.iter().any(|r| !r.value(*f).is_empty()));
    if priced.is_empty() || says_where {
        return Ok(());
    }
    Err(ReadFault::PriceList { columns: priced.join(", ") })
}

fn is_price(header: &str) -> bool {
    header::senses(header).first().is_some_and(|s| s.meaning == Meaning::Price)
        || header.contains(['€', '$', '￥', '£'])
}
