//! How the exposures of a site, or of all, and what is known of its assets went over time.

use jiff::Timestamp;

use super::priority::Severity;

/// Severities in the order in which they are counted and drawn; `None` is "no score".
pub const SEVERITY_ORDER: [Option<Severity>; 6] = [
    Some(Severity::Critical),
    Some(Severity::High),
    Some(Severity::Medium),
    Some(Severity::Low),
    Some(Severity::None),
    None,
];

/// The place of a severity in [`SEVERITY_ORDER`].
pub fn severity_place(severity: Option<Severity>) -> usize {
    SEVERITY_ORDER.iter().position(|s| *s == severity).unwrap_or(SEVERITY_ORDER.len() - 1)
}

/// Exposures of equal life: how many assets had them from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub opened_at: Timestamp,
    /// `None` while they are open.
    pub closed_at: Option<Timestamp>,
    pub severity: Option<Severity>,
    /// Pairs of asset and advisory.
    pub n: u64,
}

/// Assets of which equally much was known, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knowledge {
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    pub has_firmware: bool,
    pub has_part_number: bool,
    pub n: u64,
}

/// What was so after one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendPoint {
    /// When the run finished.
    pub at: Timestamp,
    /// Exposures (asset and advisory) opened since the point before.
    pub n_opened: u64,
    pub n_closed: u64,
    /// Open ones in the order of [`SEVERITY_ORDER`].
    pub n_open: [u64; 6],
    pub n_assets: u64,
    pub n_with_firmware: u64,
    pub n_with_part_number: u64,
}

/// How long exposures that were closed had been open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToClose {
    pub n_closed: u64,
    /// Half were closed within this many hours.
    pub median_hours: u64,
    /// Nine of ten were closed within this many hours.
    pub p90_hours: u64,
}

/// The course of things, oldest point first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trend {
    pub points: Vec<TrendPoint>,
    /// Over all of kept history; `None` when nothing was closed yet.
    pub time_to_close: Option<TimeToClose>,
    /// The same by severity, in the order of [`SEVERITY_ORDER`]; without those of which nothing was closed yet.
    pub time_to_close_by_severity: Vec<(Option<Severity>, TimeToClose)>,
}

impl Trend {
    /// Counts lives and knowledge at these moments (ascending). The first point counts what came before it as opened.
    pub fn of(moments: &[Timestamp], lives: &[Life], knowledge: &[Knowledge]) -> Trend {
        let mut points: Vec<TrendPoint> = moments
            .iter()
            .map(|at| TrendPoint {
                at: *at,
                n_opened: 0,
                n_closed: 0,
                n_open: [0; 6],
                n_assets: 0,
                n_with_firmware: 0,
                n_with_part_number: 0,
            })
            .collect();
        let first_from = |at: Timestamp| moments.partition_point(|moment| *moment < at);
        for life in lives {
            let opened = first_from(life.opened_at);
            let closed = life.closed_at.map_or(points.len(), first_from);
            if opened < closed
                && let Some(point) = points.get_mut(opened)
            {
                point.n_opened += life.n;
                if let Some(point) = points.get_mut(closed) {
                    point.n_closed += life.n;
                }
            }
            let place = severity_place(life.severity);
            for point in points.iter_mut().take(closed).skip(opened) {
                point.n_open[place] += life.n;
            }
        }
        for known in knowledge {
            let (from, to) = (first_from(known.since), known.until.map_or(points.len(), first_from));
            for point in points.iter_mut().take(to).skip(from) {
                point.n_assets += known.n;
                point.n_with_firmware += if known.has_firmware { known.n } else { 0 };
                point.n_with_part_number += if known.has_part_number { known.n } else { 0 };
            }
        }
        let of = |severity: Option<Severity>| {
            time_to_close(lives.iter().filter(|life| life.severity == severity)).map(|time| (severity, time))
        };
        Trend {
            points,
            time_to_close: time_to_close(lives),
            time_to_close_by_severity: SEVERITY_ORDER.into_iter().filter_map(of).collect(),
        }
    }

    /// The last `limit` points at which something was opened or closed.
    pub fn changes(&self, limit: usize) -> Vec<&TrendPoint> {
        let changed: Vec<&TrendPoint> = self.points.iter().filter(|p| p.n_opened + p.n_closed > 0).collect();
        let skipped = changed.len().saturating_sub(limit);
        changed.into_iter().skip(skipped).collect()
    }
}

fn time_to_close<'a>(lives: impl IntoIterator<Item = &'a Life>) -> Option<TimeToClose> {
    let mut hours: Vec<(u64, u64)> = lives
        .into_iter()
        .filter_map(|life| {
            let seconds = life.closed_at?.as_second() - life.opened_at.as_second();
            Some((u64::try_from(seconds).unwrap_or(0) / 3_600, life.n))
        })
        .collect();
    hours.sort_unstable();
    let n_closed: u64 = hours.iter().map(|(_, n)| n).sum();
    // The smallest number of hours within which this share, in tenths, was closed.
    let within = |tenths: u64| {
        let mut seen = 0;
        hours
            .iter()
            .find(|(_, n)| {
                seen += n;
                seen * 10 >= n_closed * tenths
            })
            .map_or(0, |(hours, _)| *hours)
    };
    (n_closed > 0).then(|| TimeToClose { n_closed, median_hours: within(5), p90_hours: within(9) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(n * 86_400).unwrap()
    }

    fn life(opened: i64, closed: Option<i64>, severity: Option<Severity>, n: u64) -> Life {
        Life { opened_at: day(opened), closed_at: closed.map(day), severity, n }
    }

    #[test]
    fn what_is_open_is_what_was_opened_less_what_was_closed() {
        let lives = [
            life(1, None, Some(Severity::High), 3),
            life(1, Some(2), Some(Severity::High), 2),
            life(2, Some(3), None, 4),
            // Came and went between two runs: no point saw it.
            Life {
                opened_at: day(2) + jiff::SignedDuration::from_secs(1),
                closed_at: Some(day(3)),
                severity: None,
                n: 9,
            },
        ];
        let trend = Trend::of(&[day(1), day(2), day(3)], &lives, &[]);
        let told: Vec<_> = trend.points.iter().map(|p| (p.n_opened, p.n_closed, p.n_open)).collect();
        assert_eq!(told, [(5, 0, [0, 5, 0, 0, 0, 0]), (4, 2, [0, 3, 0, 0, 0, 4]), (0, 4, [0, 3, 0, 0, 0, 0])]);
        let mut open = 0;
        for point in &trend.points {
            open = open + point.n_opened - point.n_closed;
            assert_eq!(open, point.n_open.iter().sum::<u64>());
        }
        assert_eq!(trend.changes(1).len(), 1);
    }

    #[test]
    fn the_median_counts_pairs_not_kinds() {
        let lives = [life(0, Some(1), None, 9), life(0, Some(10), None, 1), life(0, None, None, 50)];
        let time = Trend::of(&[], &lives, &[]).time_to_close.unwrap();
        assert_eq!(time, TimeToClose { n_closed: 10, median_hours: 24, p90_hours: 24 });
        let severe = [life(0, Some(2), Some(Severity::High), 1), lives[0].clone()];
        let by_severity = Trend::of(&[], &severe, &[]).time_to_close_by_severity;
        let told: Vec<_> = by_severity.iter().map(|(severity, time)| (*severity, time.median_hours)).collect();
        assert_eq!(told, [(Some(Severity::High), 48), (None, 24)]);
        assert_eq!(Trend::of(&[], &lives[2..], &[]).time_to_close, None);
    }

    #[test]
    fn knowledge_is_counted_at_each_point() {
        let known = |since, until, has_firmware, n| Knowledge {
            since: day(since),
            until,
            has_firmware,
            has_part_number: false,
            n,
        };
        let knowledge = [known(0, Some(day(2)), false, 4), known(2, None, true, 4), known(0, None, true, 6)];
        let trend = Trend::of(&[day(1), day(2)], &[], &knowledge);
        let told: Vec<_> = trend.points.iter().map(|p| (p.n_assets, p.n_with_firmware)).collect();
        assert_eq!(told, [(10, 6), (10, 10)]);
    }
}
