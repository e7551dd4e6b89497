//! CVSS vectors: the severity that a line of metrics stands for, and the names that its values have when written out.

mod metrics;

pub use metrics::{Metric, metrics_of};

/// The generations of the Common Vulnerability Scoring System that advisories use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    V2,
    V3,
    V4,
}

/// A vector, read metric by metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector<'a> {
    pub generation: Generation,
    /// `2.0`, `3.0`, `3.1` or `4.0`.
    pub version: &'static str,
    /// Metric and value, as in `AV` and `N`, in the order of the text.
    parts: Vec<(&'a str, &'a str)>,
}

impl<'a> Vector<'a> {
    /// Reads `AV:N/AC:L/Au:N/C:P/I:P/A:P` or `CVSS:3.1/AV:N/…`; `None` when a part of it is no metric of its version.
    /// Which metrics stand there, and how often, is not looked at.
    pub fn read(text: &'a str) -> Option<Vector<'a>> {
        let (version, rest) = match text.strip_prefix("CVSS:") {
            None => ("2.0", text),
            Some(rest) => {
                let (version, rest) = rest.split_once('/')?;
                (["3.0", "3.1", "4.0"].into_iter().find(|known| *known == version)?, rest)
            }
        };
        let generation = match version {
            "2.0" => Generation::V2,
            "4.0" => Generation::V4,
            _ => Generation::V3,
        };
        let known = metrics_of(generation);
        let mut parts = Vec::new();
        for part in rest.split('/') {
            let (code, value) = part.split_once(':')?;
            let metric = known.iter().find(|metric| metric.code == code)?;
            metric.word(value)?;
            parts.push((code, value));
        }
        Some(Vector { generation, version, parts })
    }

    /// The value of this metric, as in `N` for `AV`; the last one when it stands twice.
    pub fn value(&self, code: &str) -> Option<&'a str> {
        self.parts.iter().rev().find(|(known, _)| *known == code).map(|(_, value)| *value)
    }

    /// Whether the metrics come in the order of the specification, each at most once, with all that a base score needs.
    pub fn is_in_order(&self) -> bool {
        let known = metrics_of(self.generation);
        let places: Vec<usize> =
            self.parts.iter().filter_map(|(code, _)| known.iter().position(|metric| metric.code == *code)).collect();
        places.is_sorted_by(|a, b| a < b)
            && known.iter().enumerate().all(|(n, metric)| !metric.is_base || places.contains(&n))
    }

    /// The base score from 0.0 to 10.0 in steps of 0.1; `None` when a metric of the base is missing, and for version
    /// 4.0, whose scores come from a table of experts' judgements instead of a formula.
    ///
    /// # Source
    ///
    /// CVSS v2 guide, section 3.2.1; CVSS v3.1 specification, section 7.1 and appendix A.
    pub fn base_score(&self) -> Option<f32> {
        let score = match self.generation {
            Generation::V2 => self.base_score_2()?,
            Generation::V3 => self.base_score_3()?,
            Generation::V4 => return None,
        };
        Some(score as f32)
    }

    fn weight(&self, code: &str, weights: &[(&str, f64)]) -> Option<f64> {
        let value = self.value(code)?;
        weights.iter().find(|(known, _)| *known == value).map(|(_, weight)| *weight)
    }

    fn base_score_2(&self) -> Option<f64> {
        const IMPACT: &[(&str, f64)] = &[("N", 0.0), ("P", 0.275), ("C", 0.660)];
        let spared = |code| Some(1.0 - self.weight(code, IMPACT)?);
        let impact = 10.41 * (1.0 - spared("C")? * spared("I")? * spared("A")?);
        let exploitability = 20.0
            * self.weight("AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)])?
            * self.weight("AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)])?
            * self.weight("Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)])?;
        let factor = if impact == 0.0 { 0.0 } else { 1.176 };
        Some((((0.6 * impact + 0.4 * exploitability - 1.5) * factor) * 10.0).round() / 10.0)
    }

    fn base_score_3(&self) -> Option<f64> {
        const IMPACT: &[(&str, f64)] = &[("N", 0.0), ("L", 0.22), ("H", 0.56)];
        let is_changed = self.value("S")? == "C";
        let privileges: &[(&str, f64)] =
            if is_changed { &[("N", 0.85), ("L", 0.68), ("H", 0.5)] } else { &[("N", 0.85), ("L", 0.62), ("H", 0.27)] };
        let spared = |code| Some(1.0 - self.weight(code, IMPACT)?);
        let lost = 1.0 - spared("C")? * spared("I")? * spared("A")?;
        let impact = if is_changed { 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02).powi(15) } else { 6.42 * lost };
        let exploitability = 8.22
            * self.weight("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?
            * self.weight("AC", &[("L", 0.77), ("H", 0.44)])?
            * self.weight("PR", privileges)?
            * self.weight("UI", &[("N", 0.85), ("R", 0.62)])?;
        if impact <= 0.0 {
            return Some(0.0);
        }
        let sum = (impact + exploitability) * if is_changed { 1.08 } else { 1.0 };
        Some(round_up(sum.min(10.0)))
    }
}

/// The next tenth above, with an allowance for what binary fractions add.
fn round_up(score: f64) -> f64 {
    let hundred_thousandths = (score * 100_000.0).round() as i64;
    (hundred_thousandths + 9_999).div_euclid(10_000) as f64 / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas_give_the_scores_of_the_calculators() {
        for (text, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Some(10.0)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Some(6.1)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Some(0.0)),
            ("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(8.4)),
            ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Some(1.6)),
            ("CVSS:3.0/AV:A/AC:H/PR:L/UI:N/S:C/C:N/I:L/A:H", Some(6.5)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", Some(9.8)),
            ("CVSS:3.1/AV:N/AC:L", None),
            ("CVSS:3.1/AV:X", None),
            ("CVSS:3.2/AV:N", None),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(7.5)),
            ("AV:N/AC:M/Au:N/C:N/I:P/A:N", Some(4.3)),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Some(10.0)),
            ("AV:L/AC:H/Au:M/C:N/I:N/A:N", Some(0.0)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
            ("", None),
        ] {
            let score = Vector::read(text).and_then(|vector| vector.base_score());
            assert_eq!(score, expected, "{text}");
        }
    }

    #[test]
    fn the_order_and_number_of_metrics_is_seen() {
        let base = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
        for (text, expected) in [
            (base.to_owned(), true),
            (format!("{base}/E:A/CR:H/U:Amber"), true),
            (format!("{base}/CR:H/E:A"), false),
            (format!("{base}/E:A/E:A"), false),
            ("CVSS:4.0/AV:N/AC:L".to_owned(), false),
        ] {
            assert_eq!(Vector::read(&text).unwrap().is_in_order(), expected, "{text}");
        }
    }
}
