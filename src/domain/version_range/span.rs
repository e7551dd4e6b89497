//! Bounds and spans of versions, and where one version lies to them.

use super::Place;
use crate::domain::firmware::Version;
use crate::domain::firmware::date::Date;
use crate::domain::firmware::version::Relation;
use std::cmp::Ordering;
use std::fmt;

/// A comparison sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    Not,
}

impl Op {
    pub(crate) fn is_upper(self) -> bool {
        matches!(self, Op::Below | Op::AtMost)
    }

    pub(crate) fn is_lower(self) -> bool {
        matches!(self, Op::Above | Op::AtLeast)
    }
}

/// What a bound is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Version(Box<Version>),
    Date(Date),
    /// A commit: equal or not, but never before or after another.
    Commit(Box<str>),
}

impl Point {
    pub(crate) fn version(&self) -> Option<&Version> {
        match self {
            Point::Version(version) => Some(version),
            _ => None,
        }
    }

    /// The same version or date, whatever the spelling.
    pub(crate) fn same_as(&self, other: &Point) -> bool {
        match (self, other) {
            (Point::Version(ours), Point::Version(theirs)) => {
                ours.has_wildcard() == theirs.has_wildcard()
                    && (ours.core == theirs.core && ours.suffixes == theirs.suffixes
                        || ours.order(theirs) == Some(Ordering::Equal))
            }
            (ours, theirs) => ours == theirs,
        }
    }

    /// This point lies before the other, as far as can be told.
    pub(crate) fn is_before(&self, other: &Point) -> bool {
        match (self, other) {
            (Point::Version(ours), Point::Version(theirs)) => {
                ours.has_wildcard()
                    || matches!(ours.relation_to(theirs), Relation::Below | Relation::Same | Relation::Other)
            }
            (Point::Date(ours), Point::Date(theirs)) => ours.order(*theirs) != Some(Ordering::Greater),
            _ => true,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Point::Version(version) => {
                if !version.name().is_empty() {
                    write!(f, "{} ", version.name())?;
                }
                version.fmt(f)
            }
            Point::Date(date) => date.fmt(f),
            Point::Commit(commit) => write!(f, "commit {commit}"),
        }
    }
}

/// One end of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub point: Point,
    pub inclusive: bool,
}

/// One stretch of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Exactly(Point),
    Between {
        lower: Option<Bound>,
        upper: Option<Bound>,
    },
    /// One upper bound for each line of development: a line is judged by its own.
    Branches(Vec<Bound>),
}

/// What the device shows, as far as bounds ask for it.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    Version(&'a Version),
    Date(Date),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Version(version) => version.fmt(f),
            Shown::Date(date) => date.fmt(f),
        }
    }
}

/// The comparison that decided, for the sentence.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Below(&'a Point),
    NotBelow(&'a Point),
    AtBound(&'a Point, bool),
    Above(&'a Point),
    NotAbove(&'a Point),
    Equal(&'a Point),
    NotEqual,
    /// Finer than an inclusive bound or a listed version.
    Finer(&'a Point),
    /// A listed version says more than the device.
    Coarser(&'a Point),
    Incomparable(&'a Point),
}

/// Where a shown version lies, and by which comparison.
pub(crate) type Fit<'a> = (Place, Step<'a>);

impl Bound {
    fn relation(&self, shown: Shown<'_>) -> Relation {
        match (&self.point, shown) {
            (Point::Version(bound), Shown::Version(version)) => version.relation_to(bound),
            (Point::Date(bound), Shown::Date(date)) => match date.order(*bound) {
                Some(Ordering::Less) => Relation::Below,
                Some(Ordering::Equal) => Relation::Same,
                Some(Ordering::Greater) => Relation::Above,
                // A day in the month of the bound.
                None if bound.is_month() && date.same_month(*bound) => Relation::Same,
                None => Relation::Other,
            },
            (Point::Commit(commit), Shown::Version(version)) if version.text().eq_ignore_ascii_case(commit) => {
                Relation::Same
            }
            _ => Relation::Other,
        }
    }

    fn fit_under<'a>(&'a self, shown: Shown<'_>) -> Fit<'a> {
        match self.relation(shown) {
            Relation::Below => (Place::Inside, Step::Below(&self.point)),
            Relation::Same if self.inclusive => (Place::Inside, Step::AtBound(&self.point, true)),
            Relation::Same => (Place::Outside, Step::AtBound(&self.point, false)),
            Relation::Finer if self.inclusive => (Place::Unclear, Step::Finer(&self.point)),
            Relation::Finer | Relation::Above => (Place::Outside, Step::NotBelow(&self.point)),
            Relation::Other => (Place::Unclear, Step::Incomparable(&self.point)),
        }
    }

    fn fit_over<'a>(&'a self, shown: Shown<'_>) -> Fit<'a> {
        match self.relation(shown) {
            Relation::Above | Relation::Finer => (Place::Inside, Step::Above(&self.point)),
            Relation::Same if self.inclusive => (Place::Inside, Step::AtBound(&self.point, true)),
            Relation::Same => (Place::Outside, Step::AtBound(&self.point, false)),
            Relation::Below => (Place::Outside, Step::NotAbove(&self.point)),
            Relation::Other => (Place::Unclear, Step::Incomparable(&self.point)),
        }
    }
}

impl Span {
    /// The points that the span is made of.
    pub(crate) fn points(&self) -> Vec<&Point> {
        match self {
            Span::Exactly(point) => vec![point],
            Span::Between { lower, upper } => [lower, upper].into_iter().flatten().map(|bound| &bound.point).collect(),
            Span::Branches(bounds) => bounds.iter().map(|bound| &bound.point).collect(),
        }
    }

    /// Where the shown version lies. `listed` are the other versions listed beside this span.
    pub(crate) fn fit<'a>(&'a self, shown: Shown<'_>, listed: &'a [Span]) -> Fit<'a> {
        match self {
            Span::Exactly(point) => fit_exactly(point, shown, listed),
            Span::Between { lower, upper } => fit_between(lower.as_ref(), upper.as_ref(), shown),
            Span::Branches(bounds) => fit_branches(bounds, shown),
        }
    }
}

fn fit_exactly<'a>(point: &'a Point, shown: Shown<'_>, listed: &[Span]) -> Fit<'a> {
    let relation = match (point, shown) {
        (Point::Version(version), Shown::Version(found)) => {
            if found.leaves_out_group_of(version) {
                return (Place::Unclear, Step::Coarser(point));
            }
            found.relation_to(version)
        }
        _ => Bound { point: point.clone(), inclusive: true }.relation(shown),
    };
    match relation {
        Relation::Same => (Place::Inside, Step::Equal(point)),
        Relation::Finer if names_finer(point, listed) => (Place::Outside, Step::NotEqual),
        Relation::Finer => (Place::Unclear, Step::Finer(point)),
        Relation::Below | Relation::Above => (Place::Outside, Step::NotEqual),
        // Of one numbering, but with other letters or another kind of suffix: another version, whatever its order.
        Relation::Other if is_another(point, shown) => (Place::Outside, Step::NotEqual),
        Relation::Other => (Place::Unclear, Step::Incomparable(point)),
    }
}

fn is_another(point: &Point, shown: Shown<'_>) -> bool {
    match (point, shown) {
        (Point::Version(listed), Shown::Version(found)) => {
            let plain = listed.alias.is_none() && found.alias.is_none() && listed.lead == found.lead;
            plain && !listed.has_wildcard() && !found.has_wildcard() && found.same_numbering(listed)
        }
        _ => false,
    }
}

/// The list names a finer version beside this one (`2018 | 2018 SP2`), so it means what it says.
fn names_finer(point: &Point, listed: &[Span]) -> bool {
    let Some(version) = point.version() else { return false };
    listed
        .iter()
        .flat_map(Span::points)
        .filter_map(Point::version)
        .any(|other| other.goes_on_from(version) && other.order(version) == Some(Ordering::Greater))
}

fn fit_between<'a>(lower: Option<&'a Bound>, upper: Option<&'a Bound>, shown: Shown<'_>) -> Fit<'a> {
    if let Some(fit) = fit_between_letters(lower, upper, shown) {
        return fit;
    }
    let under = upper.map(|bound| bound.fit_under(shown));
    let over = lower.map(|bound| bound.fit_over(shown));
    match (over, under) {
        (Some(over), Some(under)) => {
            if over.0 == Place::Outside {
                over
            } else if under.0 != Place::Inside {
                under
            } else if over.0 == Place::Unclear {
                over
            } else {
                under
            }
        }
        (Some(fit), None) | (None, Some(fit)) => fit,
        (None, None) => (Place::Unclear, Step::NotEqual),
    }
}

/// `A1.5.3` to `B1.2.4`: the letters are counted like a first number.
fn fit_between_letters<'a>(lower: Option<&'a Bound>, upper: Option<&'a Bound>, shown: Shown<'_>) -> Option<Fit<'a>> {
    let Shown::Version(found) = shown else { return None };
    let (lower, upper) = (lower?, upper?);
    let (low, high) = (lower.point.version()?, upper.point.version()?);
    let letters = [&low.lead, &high.lead, &found.lead];
    if low.lead >= high.lead || letters.iter().any(|lead| lead.len() != 1) {
        return None;
    }
    Some(match (found.lead.cmp(&low.lead), found.lead.cmp(&high.lead)) {
        (Ordering::Less, _) => (Place::Outside, Step::NotAbove(&lower.point)),
        (Ordering::Equal, _) => lower.fit_over(shown),
        (_, Ordering::Less) => (Place::Inside, Step::Below(&upper.point)),
        (_, Ordering::Equal) => upper.fit_under(shown),
        (_, Ordering::Greater) => (Place::Outside, Step::NotBelow(&upper.point)),
    })
}

/// Each line of development has its own bound: `<v36.011_v35.013_v34.014`. A line older than all is judged by the
/// next bound above it.
fn fit_branches<'a>(bounds: &'a [Bound], shown: Shown<'_>) -> Fit<'a> {
    if let Shown::Version(version) = shown {
        if let Some(fit) = fit_named_branches(bounds, version) {
            return fit;
        }
        let depth = branch_depth(bounds);
        let own = bounds.iter().find(|bound| {
            bound.point.version().is_some_and(|bound| {
                bound.same_numbering(version)
                    && bound.core.len() >= depth
                    && (0..depth).all(|place| bound.core.get(place) == version.core.get(place))
            })
        });
        if let (Some(own), true) = (own, depth > 0) {
            return own.fit_under(shown);
        }
    }
    let mut fits = bounds
        .iter()
        .map(|bound| (bound, bound.fit_under(shown)))
        .filter(|(_, fit)| !matches!(fit.1, Step::Incomparable(_)));
    let Some((mut nearest, mut best)) = fits.next() else {
        return bounds.first().map_or((Place::Unclear, Step::NotEqual), |bound| bound.fit_under(shown));
    };
    for (bound, fit) in fits {
        // A version older than every branch is told the lowest of their bounds.
        let is_lower = || {
            bound.point.version().is_some_and(|version| nearest.fit_under(Shown::Version(version)).0 == Place::Inside)
        };
        if fit.0 > best.0
            || fit.0 == best.0 && fit.0 == Place::Outside
            || fit.0 == best.0 && fit.0 == Place::Inside && is_lower()
        {
            (nearest, best) = (bound, fit);
        }
    }
    best
}

/// The bounds are of several components: `< 11.8.50 (ME) | < R1.21.0 (BIOS)`. The one that the device names
/// decides, else the one without a name; where all have names and they disagree, nothing is known.
fn fit_named_branches<'a>(bounds: &'a [Bound], version: &Version) -> Option<Fit<'a>> {
    let name_of = |bound: &Bound| bound.point.version().is_some_and(|v| !v.name().is_empty());
    let first = bounds.first()?.point.version()?.name();
    let alike = |bound: &Bound| bound.point.version().is_some_and(|v| v.name() == first);
    if bounds.iter().all(alike) {
        return None;
    }
    let shown = Shown::Version(version);
    let named = bounds.iter().find(|bound| bound.point.version().is_some_and(|v| v.shares_name_with(version)));
    if let Some(own) = named.or_else(|| bounds.iter().find(|bound| !name_of(bound))) {
        return Some(own.fit_under(shown));
    }
    let fits: Vec<Fit<'a>> = bounds.iter().map(|bound| bound.fit_under(shown)).collect();
    let agreed = fits.iter().all(|fit| fit.0 == fits[0].0);
    Some(if agreed { fits[0] } else { (Place::Unclear, Step::Incomparable(&bounds[0].point)) })
}

/// How many leading segments tell the lines apart; 0 when they cannot be told apart.
fn branch_depth(bounds: &[Bound]) -> usize {
    let versions: Vec<&Version> = bounds.iter().filter_map(|bound| bound.point.version()).collect();
    (1..4)
        .find(|&depth| {
            versions.iter().enumerate().all(|(place, version)| {
                version.core.len() >= depth
                    && versions[..place]
                        .iter()
                        .all(|other| other.core.get(..depth) != version.core.get(..depth) || other.lead != version.lead)
            })
        })
        .unwrap_or(0)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::Exactly(point) => point.fmt(f),
            Span::Between { lower: None, upper: Some(upper) } => {
                f.write_str(if upper.inclusive { "up to " } else { "below " })?;
                upper.point.fmt(f)
            }
            Span::Between { lower: Some(lower), upper } => {
                match (lower.inclusive, upper.is_some()) {
                    (true, true) => write!(f, "from {} ", lower.point)?,
                    (false, true) => write!(f, "above {} ", lower.point)?,
                    (true, false) => write!(f, "{} or later", lower.point)?,
                    (false, false) => write!(f, "later than {}", lower.point)?,
                }
                match upper {
                    Some(upper) if upper.inclusive => write!(f, "up to {}", upper.point),
                    Some(upper) => write!(f, "to below {}", upper.point),
                    None => Ok(()),
                }
            }
            Span::Between { lower: None, upper: None } => f.write_str("no bound"),
            Span::Branches(bounds) => {
                f.write_str("below the fix of each line: ")?;
                for (place, bound) in bounds.iter().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    let word = if bound.inclusive { "up to " } else { "" };
                    write!(f, "{separator}{word}{}", bound.point)?;
                }
                Ok(())
            }
        }
    }
}
