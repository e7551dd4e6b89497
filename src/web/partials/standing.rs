//! The six places in which assets stand: as a bar, and as numbers that lead to the assets.

use askama::Template;
use askama::filters::HtmlSafe;

use super::text::grouped;
use crate::domain::asset::Standing;

/// Width of the drawing in its own units.
const WIDTH: f64 = 1000.0;
/// Gap between two parts; with it shapes stay apart without colour.
const GAP: f64 = 2.5;
/// A place with few assets is still seen.
const MIN_PART: f64 = 5.0;

/// Words of severities in the order in which they are drawn.
const SEVERITIES: [&str; 6] = ["critical", "high", "medium", "low", "none", "unscored"];

/// The bar: six places in their order, affected split by severity. Hidden from screen readers; numbers stand beside it.
#[derive(Template)]
#[template(path = "_standing_bar.html")]
pub struct StandingBar {
    /// In the order of [`Standing::ALL`].
    pub n_by_standing: [u64; 6],
    /// Affected assets by worst severity: critical, high, medium, low, none, no score. Drawn where it adds up.
    pub affected: [u64; 6],
    pub height: u32,
}

/// One rectangle.
struct Part {
    class: &'static str,
    x: String,
    width: String,
}

impl StandingBar {
    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<(u64, &'static str)> = Vec::new();
        if self.affected.iter().sum::<u64>() == self.n_by_standing[0] {
            parts.extend(self.affected.into_iter().zip(SEVERITIES));
        } else {
            parts.push((self.n_by_standing[0], Standing::Affected.word()));
        }
        parts.extend(Standing::ALL[1..].iter().map(|s| (self.n_by_standing[*s as usize], s.word())));
        parts.retain(|(n, _)| *n > 0);
        let total: u64 = parts.iter().map(|(n, _)| n).sum();
        let room = WIDTH - GAP * parts.len().saturating_sub(1) as f64 - MIN_PART * parts.len() as f64;
        let mut x = 0.0;
        parts
            .into_iter()
            .map(|(n, class)| {
                let width = MIN_PART + room * n as f64 / total as f64;
                let part = Part { class, x: format!("{x:.1}"), width: format!("{width:.1}") };
                x += width + GAP;
                part
            })
            .collect()
    }
}

impl HtmlSafe for StandingBar {}

/// The six numbers, each a link to exactly those assets, and the sum that they add up to.
#[derive(Template)]
#[template(path = "_standing_list.html")]
pub struct StandingList {
    pub n_by_standing: [u64; 6],
    pub affected: [u64; 6],
    /// What stands before `standing=…` in the links: `/assets?site=riverside&`.
    pub base: String,
}

impl StandingList {
    fn places(&self) -> [(Standing, String); 6] {
        Standing::ALL.map(|s| (s, grouped(self.n_by_standing[s as usize])))
    }

    fn split(&self) -> Vec<(&'static str, String)> {
        if self.affected.iter().sum::<u64>() != self.n_by_standing[0] {
            return Vec::new();
        }
        self.affected.into_iter().zip(SEVERITIES).filter(|(n, _)| *n > 0).map(|(n, s)| (s, grouped(n))).collect()
    }

    fn total(&self) -> String {
        grouped(self.n_by_standing.iter().sum())
    }
}

impl HtmlSafe for StandingList {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_bar_and_small_ones_are_seen() {
        let bar = StandingBar { n_by_standing: [3, 0, 0, 1, 99_996, 0], affected: [1, 2, 0, 0, 0, 0], height: 14 };
        let parts = bar.parts();
        let classes: Vec<&str> = parts.iter().map(|part| part.class).collect();
        assert_eq!(classes, ["critical", "high", "ruled_out", "not_named"]);
        assert!(parts.iter().all(|part| part.width.parse::<f64>().unwrap() >= MIN_PART));
        let last = parts.last().unwrap();
        let end = last.x.parse::<f64>().unwrap() + last.width.parse::<f64>().unwrap();
        assert!((end - WIDTH).abs() < 1.0, "{end}");
    }

    #[test]
    fn every_number_leads_to_its_assets() {
        let list = StandingList {
            n_by_standing: [1, 2, 3, 4, 5, 6],
            affected: [0, 1, 0, 0, 0, 0],
            base: "/assets?site=riverside&".to_owned(),
        };
        let html = list.to_string();
        for standing in Standing::ALL {
            assert!(html.contains(&format!("standing={}", standing.word())), "{html}");
        }
        assert!(html.contains("21"), "{html}");
    }
}
