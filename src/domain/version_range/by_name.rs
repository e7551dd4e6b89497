//! Mends a version text by what the product name says in prose: the version a suffix belongs to, the sign that was
//! lost, the number that was cut.

use super::condition;
use super::grammar::{self, Parsed};
use super::group;
use super::product;
use super::span::{Op, Point, Span};
use crate::domain::firmware::Version;
use crate::domain::firmware::atom::{split, tidy};
use crate::domain::firmware::reader::{self, Letters};
use crate::domain::firmware::version::{Relation, Segment};

/// A version text as it is finally taken.
pub(crate) struct Mended {
    pub parsed: Parsed,
    pub spans: Vec<Span>,
    /// What the product name changed, in words.
    pub from_name: Option<String>,
    /// What stayed unclear.
    pub unread: Option<String>,
}

impl Mended {
    fn of(parsed: Parsed) -> Mended {
        let (spans, _) = group::spans(&parsed);
        Mended { parsed, spans, from_name: None, unread: None }
    }

    fn by(name: NameReading<'_>) -> Mended {
        let from_name = Some(format!("as the product name says: `{}`", name.said));
        Mended { from_name, ..Mended::of(name.parsed) }
    }

    fn unread(parsed: Parsed, raw: &str) -> Mended {
        let left = if parsed.left.is_empty() { raw.trim().to_owned() } else { parsed.left.join(" … ") };
        Mended { unread: (!left.is_empty()).then_some(left), ..Mended::of(parsed) }
    }
}

/// Takes the text's own reading, or the product name's where the text alone says nothing, where its signs do not
/// fit together, or where it lost a part that the name still has. Of two readings that differ only in whether a
/// version is included, the wider one is taken.
pub(crate) fn mend(parsed: Parsed, raw: &str, product_name: &str) -> Mended {
    let silent = !parsed.all
        && !parsed.nothing
        && parsed.items.is_empty()
        && parsed.except.is_empty()
        && parsed.products.is_empty()
        && parsed.conditions.is_empty();
    if silent {
        return match NameReading::of(product_name, raw) {
            Some(name) if name.is_usable() => Mended::by(name),
            _ => Mended::unread(parsed, raw),
        };
    }
    let (spans, fits) = group::spans(&parsed);
    let weak = !fits || parsed.garbled;
    if parsed.items.is_empty() && !weak {
        return Mended::of(parsed);
    }
    let Some(mut name) = NameReading::of(product_name, raw) else {
        let unread = weak.then(|| raw.trim().to_owned());
        return Mended { unread, ..Mended::of(parsed) };
    };
    name.put_on_base();
    let (named, name_fits) = group::spans(&name.parsed);
    let usable = name.is_usable() && name_fits && !named.is_empty();
    if usable && weak && same_numbers_in(&spans, &named) || usable && contradicts(&spans, &named) {
        name.parsed.conditions.extend(parsed.conditions);
        return Mended::by(name);
    }
    if weak {
        return Mended { unread: Some(raw.trim().to_owned()), ..Mended::of(parsed) };
    }
    // `2.1` beside `2.10`
    if usable && lost_zeros(&spans, &named) {
        name.keep_signs_of(&parsed);
        let mut mended = Mended::by(name);
        // Devices that are listed by their version may show it in either form.
        if mended.spans.iter().chain(&spans).all(|span| matches!(span, Span::Exactly(_))) {
            mended.spans.extend(spans);
        }
        return mended;
    }
    // `2.` beside `v2.*`
    if usable && opens_wider(&spans, &named) {
        return Mended::by(name);
    }
    // `<= 2` beside `System Platform 2017: Update 2 and prior`, `<= SP1` beside `Server 2020 R2: SP1`.
    if usable && (ends_in(&named, &spans) || numbered_twice(&named, &spans)) {
        name.keep_signs_of(&parsed);
        return Mended::by(name);
    }
    let mut mended = Mended::of(parsed);
    let chain_only = spans.iter().flat_map(Span::points).filter_map(Point::version).any(Version::is_chain_only);
    if usable {
        mended.parsed.line = mended.parsed.line.take().or_else(|| name.parsed.line.take());
    }
    if let Some(base) = chain_only.then(|| name.base()).flatten() {
        mended.from_name = Some(format!("of `{base}`, as the product name says"));
        mended.spans.iter_mut().for_each(|span| put_on_base(span, &base));
    } else if let Some(wider) = usable.then(|| widened(&spans, &named, name.parsed.soft)).flatten() {
        mended.from_name = Some(format!("the product name says `{}`", name.said));
        mended.spans = wider;
    }
    mended
}

/// "Gateway 4 version 6.9.8 and prior" goes on from the text `6.9.8`.
fn goes_on_from<'a>(raw: &str, product_name: &'a str) -> Option<(&'a str, &'a str)> {
    let raw = raw.trim();
    let at = product_name.rfind(raw).filter(|_| raw.starts_with(|c: char| c.is_ascii_digit()))?;
    let (head, said) = product_name.split_at_checked(at)?;
    let bounded = said.get(raw.len()..).is_some_and(|rest| rest.starts_with(' ') && condition::states_bound(rest));
    (bounded && head.ends_with(' ')).then_some((head.trim(), said.trim()))
}

/// The only line that the product name speaks of: `8.0.x` in "All 8.0 versions after 8.0.4".
pub(crate) fn line(product_name: &str) -> Option<Version> {
    let (_, said) = product::statement(product_name)?;
    let tidied = tidy(said);
    let atoms = split(&tidied);
    if !atoms.first()?.is("all") {
        return None;
    }
    let (version, after) = reader::read(&tidied, &atoms, 1, Letters::Never)?;
    let limits = ["prior", "before", "after", "earlier", "older", "below"];
    if !atoms.get(after)?.is("versions") || !atoms.get(after + 1)?.is_any(&limits) || version.core.len() < 2 {
        return None;
    }
    let open = format!("{}.x", version.text());
    let (line, _) = reader::read(&open, &split(&open), 0, Letters::Never)?;
    line.has_wildcard().then_some(line)
}

/// What the product name says about the version, in prose.
struct NameReading<'a> {
    head: &'a str,
    said: &'a str,
    parsed: Parsed,
}

impl<'a> NameReading<'a> {
    fn of(product_name: &'a str, raw: &str) -> Option<NameReading<'a>> {
        let (head, said) = product::statement(product_name).or_else(|| goes_on_from(raw, product_name))?;
        // A repetition of plain numbers adds nothing; of a suffix it may tell the version it belongs to.
        if said == raw.trim() && !raw.contains(|c: char| c.is_ascii_alphabetic() && c != 'V' && c != 'v') {
            return None;
        }
        let tidied = tidy(said);
        let parsed = grammar::parse(&tidied, &split(&tidied));
        Some(NameReading { head, said, parsed })
    }

    fn is_usable(&self) -> bool {
        !self.parsed.garbled
            && self.parsed.left.is_empty()
            && self.parsed.products.is_empty()
            && (self.parsed.all || !self.parsed.items.is_empty())
    }

    /// The version at the end of the product's own name: `2020 R2` in `Telemetry Server 2020 R2: SP1 and prior`.
    /// `None` where the name tells of several (`SCADA 2023, SCADA 2020R2: Update 10`).
    fn base(&self) -> Option<Version> {
        let tidied = tidy(self.head);
        let atoms = split(&tidied);
        let mut found = None;
        let mut at = 0;
        while at < atoms.len() {
            let read = if atoms[at].gap { reader::read(&tidied, &atoms, at, Letters::Never) } else { None };
            let Some((version, after)) = read.filter(|(version, _)| !version.is_chain_only()) else {
                at += 1;
                continue;
            };
            if found.as_ref().is_some_and(|before: &Version| before.counts_years() == version.counts_years()) {
                return None;
            }
            if after == atoms.len() && !version.core.is_empty() && version.lead.is_empty() {
                return Some(version);
            }
            found = Some(version);
            at = after;
        }
        None
    }

    /// `2017: Update 2 and prior` speaks of 2017 Update 2.
    fn put_on_base(&mut self) {
        let needs_base = |item: &grammar::Item| item.point.version().is_some_and(Version::is_chain_only);
        if !self.parsed.items.iter().any(needs_base) {
            return;
        }
        let Some(base) = self.base() else { return };
        for item in &mut self.parsed.items {
            put_point_on_base(&mut item.point, &base);
        }
    }

    /// The name gives the versions, the text the signs.
    fn keep_signs_of(&mut self, parsed: &Parsed) {
        for (item, other) in self.parsed.items.iter_mut().zip(&parsed.items) {
            item.op = match (item.op, other.op) {
                (Some(Op::AtMost), Some(Op::Below)) => Some(Op::AtMost),
                (ours, None) => ours,
                (_, theirs) => theirs,
            };
        }
    }
}

/// The signs of the text and those of the name exclude each other: `> 1.7.5.0` beside `older than 1.7.5.0`,
/// `<=8.1 | >= 8.1.10` beside `8.1 versions prior to 8.1.10`. Advisories mean the older versions.
fn contradicts(spans: &[Span], named: &[Span]) -> bool {
    let open_above = |span: &Span| matches!(span, Span::Between { lower: Some(_), upper: None });
    let bounded_above = |span: &Span| matches!(span, Span::Between { upper: Some(_), .. });
    spans.iter().any(open_above)
        && named.iter().all(bounded_above)
        && same_numbers_in(spans, named)
        && same_numbers_in(named, spans)
}

/// Every number of the garbled spans stands in the named ones too.
fn same_numbers_in(spans: &[Span], named: &[Span]) -> bool {
    let named: Vec<&Point> = named.iter().flat_map(Span::points).collect();
    spans.iter().flat_map(Span::points).all(|point| match point.version() {
        Some(version) => named.iter().any(|other| {
            other.same_as(point)
                || other.version().is_some_and(|other| {
                    version.is_chain_only() && version.suffixes == other.suffixes || other.goes_on_from(version)
                })
        }),
        None => named.iter().any(|other| other.same_as(point)),
    }) || spans.is_empty()
}

/// The numbers of the text lost the zeros at their end, as a decimal number does: `2.1` beside `2.10`.
fn lost_zeros(spans: &[Span], named: &[Span]) -> bool {
    let versions = |spans: &[Span]| -> Option<Vec<String>> {
        let points = spans.iter().flat_map(Span::points);
        points
            .map(|point| point.version().map(|version| version.text().trim_start_matches(['v', 'V']).to_owned()))
            .collect()
    };
    let (Some(ours), Some(theirs)) = (versions(spans), versions(named)) else { return false };
    let is_decimal = |text: &str| text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let lost = |ours: &str, theirs: &str| {
        theirs.strip_prefix(ours).is_some_and(|zeros| !zeros.is_empty() && zeros.bytes().all(|b| b == b'0'))
    };
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(ours, theirs)| is_decimal(ours) && (ours == theirs || lost(ours, theirs)))
        && ours.iter().zip(&theirs).any(|(ours, theirs)| lost(ours, theirs))
}

/// The texts of the spans are the ends of the named ones: `2` of `Update 2`, `SP1` of `2020 R2 SP1`.
fn ends_in(named: &[Span], spans: &[Span]) -> bool {
    let pairs = || named.iter().flat_map(Span::points).zip(spans.iter().flat_map(Span::points));
    let ends = |name: &Point, point: &Point| match (name.version(), point.version()) {
        (Some(name), Some(version)) => {
            let (long, short) = (name.text(), version.text());
            long.len() > short.len()
                && long.ends_with(short)
                && long[..long.len() - short.len()].ends_with(' ')
                && (version.is_chain_only() || !version.same_numbering(name) || counts_suffix(name, version))
        }
        _ => false,
    };
    let same_count = named.iter().flat_map(Span::points).count() == spans.iter().flat_map(Span::points).count();
    same_count && pairs().all(|(name, point)| ends(name, point))
}

/// The text has the second numbering of the name's versions: `1.12.0.6346` of `2019 Patch 1 (1.12.0.6346)`.
fn numbered_twice(named: &[Span], spans: &[Span]) -> bool {
    let named: Vec<&Point> = named.iter().flat_map(Span::points).collect();
    let points: Vec<&Point> = spans.iter().flat_map(Span::points).collect();
    let is_alias = |name: &Point, point: &Point| match (name.version(), point.version()) {
        (Some(name), Some(version)) => name.alias.as_ref().is_some_and(|alias| alias.text() == version.text()),
        _ => false,
    };
    !points.is_empty()
        && named.len() == points.len()
        && named.iter().zip(&points).all(|(name, point)| is_alias(name, point))
}

/// The name lists the same numbers, opened by a wildcard.
fn opens_wider(spans: &[Span], named: &[Span]) -> bool {
    spans.len() == named.len()
        && spans.iter().zip(named).all(|pair| match pair {
            (Span::Exactly(Point::Version(ours)), Span::Exactly(Point::Version(theirs))) => {
                theirs.has_wildcard() && !ours.has_wildcard() && ours.relation_to(theirs) == Relation::Same
            }
            _ => false,
        })
}

/// The lone number of the text is the number of the name's suffix: `200422` of `3.4.106 build 200422`.
fn counts_suffix(name: &Version, version: &Version) -> bool {
    let number = |wanted: u64| name.suffixes.iter().flatten().any(|suffix| suffix.number == wanted);
    matches!(version.core.as_slice(), [Segment::Number(wanted)] if !version.has_suffix() && number(*wanted))
}

/// The product name states the same versions with other signs: the wider reading of both. `None` when it adds nothing.
fn widened(spans: &[Span], named: &[Span], soft: bool) -> Option<Vec<Span>> {
    let ours: Vec<&Point> = spans.iter().flat_map(Span::points).collect();
    let theirs: Vec<&Point> = named.iter().flat_map(Span::points).collect();
    let same = ours.iter().all(|point| theirs.iter().any(|other| other.same_as(point)))
        && theirs.iter().all(|point| ours.iter().any(|other| other.same_as(point)));
    if !same {
        return None;
    }
    let listed = |spans: &[Span]| spans.iter().all(|span| matches!(span, Span::Exactly(_)));
    if listed(named) {
        // `A10 < A11` beside `Versions A10 and A11`: the listed ones are meant for sure.
        let missing: Vec<Span> = named
            .iter()
            .filter(|exact| {
                exact.points().iter().any(|point| {
                    spans.iter().any(|span| match span {
                        Span::Between { lower: Some(_), upper: Some(upper) } => {
                            !upper.inclusive && upper.point.same_as(point)
                        }
                        _ => false,
                    })
                })
            })
            .cloned()
            .collect();
        if missing.is_empty() {
            return None;
        }
        return Some(spans.iter().cloned().chain(missing).collect());
    }
    if listed(spans) {
        return Some(including(named.to_vec(), spans));
    }
    if soft {
        return None;
    }
    let mut wider = spans.to_vec();
    let mut changed = false;
    for span in &mut wider {
        if let Span::Between { lower, upper } = span {
            for (end, is_upper) in [(lower, false), (upper, true)] {
                let Some(bound) = end else { continue };
                let included_there = named.iter().any(|other| match other {
                    Span::Between { lower, upper } => {
                        let there = if is_upper { upper } else { lower };
                        there.as_ref().is_some_and(|there| there.inclusive && there.point.same_as(&bound.point))
                    }
                    _ => false,
                });
                if included_there && !bound.inclusive {
                    bound.inclusive = true;
                    changed = true;
                }
            }
        }
    }
    // `< 1.99 | 2.20 | 2.40` beside `prior to 1.99 2.20 or 2.40`.
    let uppers = named.iter().any(|span| matches!(span, Span::Branches(_)));
    let mixed = spans.iter().any(|span| matches!(span, Span::Exactly(_)));
    if uppers && mixed {
        return Some(including(named.to_vec(), spans));
    }
    let named_apart =
        |spans: &[Span]| spans.iter().flat_map(Span::points).filter_map(Point::version).any(|v| !v.name().is_empty());
    if !changed && uppers && named_apart(named) && !named_apart(spans) {
        return Some(named.to_vec());
    }
    changed.then_some(wider)
}

/// The wider spans, with every version included that the text includes.
fn including(mut wider: Vec<Span>, spans: &[Span]) -> Vec<Span> {
    // In `< 1.99 | 2.20` the later numbers lost their sign; they are no list.
    let first_excluded =
        spans.iter().any(|span| matches!(span, Span::Between { lower: None, upper: Some(upper) } if !upper.inclusive));
    if first_excluded {
        return wider;
    }
    let meant = |point: &Point| spans.iter().flat_map(Span::points).any(|listed| listed.same_as(point));
    for span in &mut wider {
        match span {
            Span::Exactly(_) => {}
            Span::Between { lower, upper } => {
                for bound in lower.iter_mut().chain(upper.iter_mut()) {
                    bound.inclusive |= meant(&bound.point);
                }
            }
            Span::Branches(bounds) => bounds.iter_mut().for_each(|bound| bound.inclusive |= meant(&bound.point)),
        }
    }
    wider
}

fn put_on_base(span: &mut Span, base: &Version) {
    match span {
        Span::Exactly(point) => put_point_on_base(point, base),
        Span::Between { lower, upper } => {
            lower.iter_mut().chain(upper.iter_mut()).for_each(|bound| put_point_on_base(&mut bound.point, base));
        }
        Span::Branches(bounds) => bounds.iter_mut().for_each(|bound| put_point_on_base(&mut bound.point, base)),
    }
}

fn put_point_on_base(point: &mut Point, base: &Version) {
    if let Point::Version(version) = point
        && version.is_chain_only()
    {
        version.core.clone_from(&base.core);
        version.first_group = version.core.len();
        for (slot, suffix) in version.suffixes.iter_mut().zip(&base.suffixes) {
            *slot = slot.or(*suffix);
        }
        version.text = format!("{} {}", base.text(), version.text()).into();
    }
}
