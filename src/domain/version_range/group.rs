//! Groups the items of a version text into spans: which bounds hold together, which stand alone.

use super::grammar::{Item, Parsed};
use super::span::{Bound, Op, Point, Span};

/// The spans of a parsed text, and whether the items fit together.
pub(crate) fn spans(parsed: &Parsed) -> (Vec<Span>, bool) {
    let mut grouping = Grouping { spans: Vec::new(), open: None, uppers: Vec::new(), fits: true };
    let items = &parsed.items;
    let mut place = 0;
    while let Some(item) = items.get(place) {
        let next = items.get(place + 1);
        if let Some(next) = next
            && (next.closes || is_bare_lower(item, next))
        {
            grouping.close_open();
            grouping.between(item, next);
            place += 2;
            continue;
        }
        grouping.item(item);
        place += 1;
    }
    grouping.finish(items)
}

/// `16 <= 20`, `V7.1 < V7.1 Upd3`: a bare version before an upper bound in one clause is the lower bound.
fn is_bare_lower(item: &Item, next: &Item) -> bool {
    item.op.is_none() && item.clause == next.clause && next.op.is_some_and(Op::is_upper)
}

struct Grouping {
    spans: Vec<Span>,
    open: Option<Bound>,
    uppers: Vec<Bound>,
    fits: bool,
}

impl Grouping {
    fn between(&mut self, low: &Item, high: &Item) {
        let lower = Bound { point: low.point.clone(), inclusive: low.op != Some(Op::Above) };
        let upper = Bound { point: high.point.clone(), inclusive: high.op != Some(Op::Below) };
        self.fits &= lower.point.is_before(&upper.point);
        self.spans.push(Span::Between { lower: Some(lower), upper: Some(upper) });
    }

    fn item(&mut self, item: &Item) {
        let point = item.point.clone();
        match item.op {
            None | Some(Op::Equal | Op::Not) => self.spans.push(Span::Exactly(point)),
            Some(op) if op.is_lower() => {
                // `< 3 | >= 1`: the bounds stand in the wrong order.
                let bound = Bound { point, inclusive: op == Op::AtLeast };
                if self.uppers.len() == 1
                    && self.spans.is_empty()
                    && is_strictly_before(&bound.point, &self.uppers[0].point)
                {
                    let upper = self.uppers.pop();
                    self.spans.push(Span::Between { lower: Some(bound), upper });
                    return;
                }
                self.close_open();
                self.open = Some(bound);
            }
            Some(op) => {
                let bound = Bound { point, inclusive: op == Op::AtMost };
                match self.open.take() {
                    Some(lower) if lower.point.is_before(&bound.point) => {
                        self.spans.push(Span::Between { lower: Some(lower), upper: Some(bound) });
                    }
                    Some(lower) => {
                        self.fits = false;
                        self.spans.push(Span::Between { lower: Some(lower), upper: None });
                        self.uppers.push(bound);
                    }
                    None => self.uppers.push(bound),
                }
            }
        }
    }

    fn close_open(&mut self) {
        if let Some(lower) = self.open.take() {
            self.spans.push(Span::Between { lower: Some(lower), upper: None });
        }
    }

    fn finish(mut self, items: &[Item]) -> (Vec<Span>, bool) {
        self.close_open();
        let listed_below = self.uppers.iter().any(|upper| {
            self.spans
                .iter()
                .any(|span| matches!(span, Span::Exactly(point) if is_strictly_before(point, &upper.point)))
        });
        // `5.011 | < 8.011`: a listed version that the bound beside it covers anyway was a lower bound.
        self.fits &= !listed_below;
        // `9.4 | FP2 Hotfix 5`: a suffix torn from its version.
        let torn = items.len() > 1
            && items.iter().filter_map(|item| item.point.version()).any(|version| version.is_chain_only())
            && items.iter().filter_map(|item| item.point.version()).any(|version| !version.is_chain_only());
        self.fits &= !torn;
        // A date among the bounds is no line of versions.
        let (dates, mut uppers): (Vec<Bound>, Vec<Bound>) =
            self.uppers.into_iter().partition(|bound| matches!(bound.point, Point::Date(_)));
        self.spans.extend(dates.into_iter().map(|bound| Span::Between { lower: None, upper: Some(bound) }));
        match uppers.len() {
            0 => {}
            1 => self.spans.push(Span::Between { lower: None, upper: uppers.pop() }),
            _ => self.spans.push(Span::Branches(uppers)),
        }
        (self.spans, self.fits)
    }
}

fn is_strictly_before(ours: &Point, theirs: &Point) -> bool {
    match (ours, theirs) {
        (Point::Version(ours), Point::Version(theirs)) => ours.order(theirs) == Some(std::cmp::Ordering::Less),
        (Point::Date(ours), Point::Date(theirs)) => ours.order(*theirs) == Some(std::cmp::Ordering::Less),
        _ => false,
    }
}
