//! An asset as it was at an earlier moment, put together from what is kept of its changes; and what differs between two
//! moments.

use jiff::Timestamp;

use super::asset::{Asset, AssetChange, KnownAsset};
use super::inventory::Field;
use super::nameplate::Variant;

/// An asset with what is kept of its past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetPast {
    /// As it is now.
    pub known: KnownAsset,
    /// What imports and people changed, the earliest first.
    pub changes: Vec<AssetChange>,
    /// The variants that it had, as (since, until, variant), the earliest first.
    pub variants: Vec<(Timestamp, Option<Timestamp>, Variant)>,
}

impl AssetPast {
    /// The asset as it was at this moment; `None` when it was not known yet, was retired, or the latest import of its
    /// site by then did not have it. Its place in a file is always the last one.
    pub fn at(&self, at: Timestamp) -> Option<Asset> {
        let gone = |field: &str, now: Option<Timestamp>| {
            let since = match self.later(field, at) {
                Some(before) => before.parse().ok(),
                None => now,
            };
            since.is_some_and(|since| since <= at)
        };
        if self.known.first_seen_at > at
            || gone("not_seen_since", self.known.not_seen_since)
            || gone("retired_at", self.known.retired_at)
        {
            return None;
        }
        let (.., variant) =
            self.variants.iter().rfind(|(since, until, _)| *since <= at && until.is_none_or(|until| until > at))?;
        let mut asset = Asset { variant: variant.clone(), ..self.known.asset.clone() };
        let texts = [
            (Field::AssetId, &mut asset.tag),
            (Field::Name, &mut asset.name),
            (Field::Site, &mut asset.site),
            (Field::Area, &mut asset.area),
            (Field::SerialNumber, &mut asset.serial_number),
            (Field::IpAddress, &mut asset.ip_address),
            (Field::MacAddress, &mut asset.mac_address),
            (Field::Quantity, &mut asset.quantity),
            (Field::Criticality, &mut asset.criticality),
            (Field::Zone, &mut asset.zone),
            (Field::Notes, &mut asset.notes),
        ];
        for (field, text) in texts {
            if let Some(before) = self.later(field.word(), at) {
                before.clone_into(text);
            }
        }
        if let Some(before) = self.later("unmapped", at) {
            asset.unmapped = serde_json::from_str(before).unwrap_or_default();
        }
        Some(asset)
    }

    /// What a field was before it was changed for the first time after this moment.
    fn later(&self, field: &str, at: Timestamp) -> Option<&str> {
        let change = self.changes.iter().find(|change| change.changed_at > at && change.field == field);
        change.map(|change| change.before.as_str())
    }
}

/// What differs between an asset before and after: (what, before, after), in the order of the fields; then the columns
/// that mean no field, by their header. Where it was read is no difference.
pub fn differences<'a>(before: &'a Asset, after: &'a Asset) -> Vec<(String, &'a str, &'a str)> {
    let texts = |asset: &'a Asset| {
        let plate = &asset.variant.nameplate;
        [
            asset.tag.as_str(),
            &asset.name,
            &asset.site,
            &asset.area,
            &plate.vendor,
            &plate.model,
            &plate.part_number,
            &asset.serial_number,
            &asset.variant.firmware,
            &plate.hardware_revision,
            &asset.ip_address,
            &asset.mac_address,
            &asset.quantity,
            &asset.criticality,
            &asset.zone,
            &asset.notes,
        ]
    };
    let mut found: Vec<(String, &str, &str)> = Field::ALL
        .iter()
        .zip(texts(before).into_iter().zip(texts(after)))
        .filter(|(_, (before, after))| before != after)
        .map(|((_, word), (before, after))| ((*word).to_owned(), before, after))
        .collect();
    let value = |asset: &'a Asset, header: &str| {
        asset.unmapped.iter().find(|(known, _)| known == header).map_or("", |(_, value)| value.as_str())
    };
    let mut headers: Vec<&String> = before.unmapped.iter().chain(&after.unmapped).map(|(header, _)| header).collect();
    headers.sort_unstable();
    headers.dedup();
    for header in headers {
        let (was, is) = (value(before, header), value(after, header));
        if was != is {
            found.push((header.clone(), was, is));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 86_400 * day).unwrap()
    }

    fn firmware(text: &str) -> Variant {
        Variant { firmware: text.to_owned(), ..Variant::default() }
    }

    /// A meter that came on day 1, was renamed on day 3, updated on day 5, missing on day 7 and back on day 9.
    fn meter() -> AssetPast {
        let change = |day, field: &str, before: &str, after: &str| AssetChange {
            inventory_id: day,
            changed_at: moment(day),
            field: field.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        AssetPast {
            known: KnownAsset {
                asset_id: 1,
                variant_id: 2,
                identity: "tag | Riverside | MTR-2".to_owned(),
                asset: Asset { tag: "MTR-2".to_owned(), variant: firmware("4.0.0"), ..Asset::default() },
                first_seen_at: moment(1),
                last_seen_at: moment(9),
                not_seen_since: None,
                retired_at: None,
            },
            changes: vec![
                change(3, "asset_id", "MTR-1", "MTR-2"),
                change(5, "firmware", "3.1.2", "4.0.0"),
                change(9, "not_seen_since", &moment(7).to_string(), ""),
            ],
            variants: vec![(moment(1), Some(moment(5)), firmware("3.1.2")), (moment(5), None, firmware("4.0.0"))],
        }
    }

    #[test]
    fn an_asset_is_told_as_it_was_on_each_day() {
        let meter = meter();
        for (day, told) in [
            (0, None),
            (1, Some(("MTR-1", "3.1.2"))),
            (2, Some(("MTR-1", "3.1.2"))),
            (3, Some(("MTR-2", "3.1.2"))),
            (5, Some(("MTR-2", "4.0.0"))),
            (7, None),
            (8, None),
            (9, Some(("MTR-2", "4.0.0"))),
        ] {
            let asset = meter.at(moment(day));
            assert_eq!(asset.as_ref().map(|a| (a.tag.as_str(), a.variant.firmware.as_str())), told, "day {day}");
        }
    }

    #[test]
    fn a_retired_asset_is_gone_from_then_on() {
        let mut meter = meter();
        meter.known.retired_at = Some(moment(12));
        meter.variants[1].1 = Some(moment(12));
        assert!(meter.at(moment(11)).is_some());
        assert!(meter.at(moment(12)).is_none());
    }

    #[test]
    fn differences_are_told_field_by_field_and_the_place_is_none() {
        let before = Asset {
            area: "Hall 1".to_owned(),
            place: "A!F2".to_owned(),
            variant: firmware("3.1.2"),
            unmapped: vec![("Cost".to_owned(), "1".to_owned()), ("Room".to_owned(), "7".to_owned())],
            ..Asset::default()
        };
        assert!(differences(&before, &Asset { place: "A!F9".to_owned(), ..before.clone() }).is_empty());
        let after = Asset {
            area: "Hall 2".to_owned(),
            variant: firmware("4.0.0"),
            unmapped: vec![("Cost".to_owned(), "2".to_owned())],
            ..before.clone()
        };
        let told = differences(&before, &after);
        let told: Vec<(&str, &str, &str)> = told.iter().map(|(what, was, is)| (what.as_str(), *was, *is)).collect();
        assert_eq!(
            told,
            [("area", "Hall 1", "Hall 2"), ("firmware", "3.1.2", "4.0.0"), ("Cost", "1", "2"), ("Room", "7", "")]
        );
    }
}
