//! The range of an advisory as a line with its bounds, and where the device's firmware lies. Bounds stand at equal
//! distances: versions have an order, but no length.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::firmware::Firmware;
use crate::domain::version_range::{DeviceReading, Place, RangeBound, VersionRange};

/// Bounds that are drawn; of more the nearest to the firmware.
const MAX_BOUNDS: usize = 6;

/// The drawing. Its text alternative is the sentence beside it, so it is hidden from screen readers.
#[derive(Template)]
#[template(path = "_version_line.html")]
pub struct VersionLine {
    marks: Vec<Mark>,
    /// Affected stretches: from, width.
    stretches: Vec<(i32, i32)>,
    own: Option<(i32, String)>,
    /// Bounds that are not drawn.
    n_more: usize,
}

struct Mark {
    x: i32,
    text: String,
    is_included: bool,
    y: i32,
}

const LEFT: i32 = 12;
const RIGHT: i32 = 456;

impl VersionLine {
    /// The line of these bounds, in the order of the advisory; `None` where the range has none.
    pub fn new(bounds: &[RangeBound], firmware: &str) -> Option<VersionLine> {
        if bounds.is_empty() {
            return None;
        }
        let own = Firmware::read(firmware);
        let is_known = own.is_stated();
        // (bounds below the firmware, whether it is the next one)
        let place = is_known.then(|| place_of(&own, bounds)).flatten();
        let first = match place {
            Some((n_below, _)) if bounds.len() > MAX_BOUNDS => {
                n_below.saturating_sub(MAX_BOUNDS / 2).min(bounds.len() - MAX_BOUNDS)
            }
            _ => 0,
        };
        let shown = &bounds[first..bounds.len().min(first + MAX_BOUNDS)];
        let step = (RIGHT - LEFT) / (shown.len() as i32 + 1);
        let at = |i: usize| LEFT + step * (i as i32 + 1);
        let mut stretches = Vec::new();
        let mut from: Option<i32> = None;
        for (i, bound) in shown.iter().enumerate() {
            if bound.is_upper {
                let start = from.take().unwrap_or(if i == 0 { LEFT } else { at(i) - step / 2 });
                stretches.push((start, at(i) - start));
            } else {
                from = Some(at(i));
            }
        }
        stretches.extend(from.map(|start| (start, RIGHT - start)));
        let own = place.map(|(n_below, is_equal)| {
            let i = n_below.saturating_sub(first).min(shown.len());
            let x = if is_equal { at(i.min(shown.len() - 1)) } else { at(i) - step / 2 };
            (x, firmware.to_owned())
        });
        let marks = shown
            .iter()
            .enumerate()
            .map(|(i, bound)| Mark {
                x: at(i),
                text: bound.version.clone(),
                is_included: bound.is_included,
                // Neighbours stand on two lines where there are many.
                y: if shown.len() > 3 && i % 2 == 1 { 70 } else { 57 },
            })
            .collect();
        Some(VersionLine { marks, stretches, own, n_more: bounds.len() - shown.len() })
    }

    fn own_anchor(&self, x: &i32) -> &'static str {
        match *x {
            x if x < 60 => "start",
            x if x > RIGHT - 60 => "end",
            _ => "middle",
        }
    }
}

impl HtmlSafe for VersionLine {}

/// How many bounds lie below this firmware, and whether the next one is equal to it; `None` where that cannot be told.
fn place_of(firmware: &Firmware, bounds: &[RangeBound]) -> Option<(usize, bool)> {
    let inside = |operator: &str, version: &str| {
        let range = VersionRange::read(&format!("{operator}{version}"), "");
        range.answer(DeviceReading { firmware, serial_number: "", hardware_revision: "" }).place
    };
    for (i, bound) in bounds.iter().enumerate() {
        match inside("<", &bound.version) {
            Place::Inside => return Some((i, false)),
            Place::Unclear => return None,
            Place::Outside => {}
        }
        if inside("<=", &bound.version) == Place::Inside {
            return Some((i, true));
        }
    }
    Some((bounds.len(), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(version: &str, is_upper: bool, is_included: bool) -> RangeBound {
        RangeBound { version: version.to_owned(), is_upper, is_included }
    }

    #[test]
    fn the_firmware_stands_among_the_bounds_as_it_compares() {
        let bounds = [bound("2.0", false, true), bound("4.0.0", true, false)];
        for (firmware, place) in [
            ("1.9", Some((0, false))),
            ("2.0", Some((0, true))),
            ("3.1.2", Some((1, false))),
            ("4.0.0", Some((1, true))),
            ("4.0.1", Some((2, false))),
        ] {
            assert_eq!(place_of(&Firmware::read(firmware), &bounds), place, "{firmware}");
        }
    }

    #[test]
    fn affected_stretches_run_from_bound_to_bound() {
        let line = VersionLine::new(&[bound("4.0.0", true, false)], "3.1.2").unwrap();
        assert_eq!(line.stretches, [(12, 222)]);
        assert!(line.own.as_ref().is_some_and(|(x, _)| *x < 234));
        assert!(line.to_string().contains("3.1.2"));
        let unknown = VersionLine::new(&[bound("4.0.0", true, false)], "").unwrap();
        assert!(unknown.own.is_none() && unknown.to_string().contains("bracket"));
        assert!(VersionLine::new(&[], "1.0").is_none());
        let many: Vec<RangeBound> = (1..=9).map(|n| bound(&format!("{n}.0"), true, false)).collect();
        let line = VersionLine::new(&many, "8.5").unwrap();
        assert_eq!((line.marks.len(), line.n_more), (6, 3));
    }
}
