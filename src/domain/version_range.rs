//! The version text of an advisory's product: which firmwares it means.
//!
//! One grammar reads vers (`vers:intdot/>=1.0|<2.0`), broken vers (`vers:all/<V4.5`), signs, lists, closed ranges,
//! ranges per branch, wildcards, chains of suffixes, dates, serial numbers, prose and the conditions beside them.
//! `docs/versions.md` has the grammar and the order, rule by rule.

mod answer;
mod condition;
mod grammar;
mod group;
mod phrase;
mod product;
mod serial;
mod span;
#[cfg(test)]
mod tests;

use super::firmware::atom::{split, tidy};
use super::firmware::reader::{self, Letters};
use super::firmware::{Firmware, Version};
use super::verdict::Doubt;
use condition::Condition;
use grammar::Parsed;
use serial::SerialRule;
use span::{Bound, Op, Point, Span};

/// The versions that one product entry means: the text as written beside intervals and conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    raw: String,
    /// Every version is meant, as far as the version goes.
    all: bool,
    /// The text says that no version is affected.
    nothing: bool,
    spans: Vec<Span>,
    except: Vec<Version>,
    /// Only versions of this line are meant: `(6.x series)`.
    line: Option<Version>,
    /// Versions that may be affected, by the text's own words.
    perhaps: Vec<Span>,
    conditions: Vec<Condition>,
    serial: Option<SerialRule>,
    named_product: Option<String>,
    /// A list that breaks off.
    cut_off: bool,
    unread: Option<String>,
    /// How the product name changed the reading, in words.
    from_name: Option<String>,
    /// Words of the product name, where a bound names a component; lower case.
    product_words: Vec<String>,
}

/// What a device shows that a version text may ask for.
#[derive(Clone, Copy, Debug)]
pub struct DeviceReading<'a> {
    pub firmware: &'a Firmware,
    /// Serial number as written; blank when not stated.
    pub serial_number: &'a str,
    /// Hardware revision as written (`FS 4`, `Ser. B`); blank when not stated.
    pub hardware_revision: &'a str,
}

/// Where a firmware lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Outside,
    Unclear,
    Inside,
}

/// The answer of [`VersionRange::answer`], with what was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeAnswer {
    pub place: Place,
    /// At least one when `Unclear`, else empty.
    pub doubts: Vec<Doubt>,
    /// What was compared, in words that follow "Affected: " or "Not affected: ": "3.1.2 is below 4.0.0".
    pub sentence: String,
    /// The answer used the serial number or would change with it.
    pub depends_on_serial: bool,
}

/// A version at which the answer changes, for a drawing of the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeBound {
    /// The version as the advisory writes it.
    pub version: String,
    /// The affected stretch lies below (or ends at) this version; else above.
    pub is_upper: bool,
    /// The version itself is affected.
    pub is_included: bool,
}

impl VersionRange {
    /// Reads the version text of an entry. `product_name` is the leaf's full product name, which often
    /// states in prose what the version text garbles. Reading never fails; see [`VersionRange::unread`].
    pub fn read(text: &str, product_name: &str) -> VersionRange {
        let tidied = tidy(without_scheme(text).as_ref());
        let atoms = split(&tidied);
        let mut range = VersionRange::unbounded(text);
        if let Some(serial) = SerialRule::read(&atoms) {
            range.all = false;
            range.serial = Some(serial);
            return range;
        }
        if product::is_protocol(&tidied) {
            range.conditions.push(Condition::words(&format!("`{}` in use", tidied.trim())));
            return range;
        }
        let mut parsed = grammar::parse(&tidied, &atoms);
        range.name_products(&mut parsed, product_name);
        let says =
            |parsed: &Parsed| parsed.all || parsed.nothing || !parsed.items.is_empty() || !parsed.products.is_empty();
        if !says(&parsed) && parsed.conditions.is_empty() {
            range.read_from_name(parsed, product_name);
        } else {
            range.fill(parsed, product_name);
        }
        range.take_conditions_of_name(product_name);
        range
    }

    fn unbounded(text: &str) -> VersionRange {
        VersionRange {
            raw: text.to_owned(),
            all: true,
            nothing: false,
            spans: Vec::new(),
            except: Vec::new(),
            line: None,
            perhaps: Vec::new(),
            conditions: Vec::new(),
            serial: None,
            named_product: None,
            cut_off: false,
            unread: None,
            from_name: None,
            product_words: Vec::new(),
        }
    }

    /// Part numbers and models in the version text name the product; all versions of it are meant.
    fn name_products(&mut self, parsed: &mut Parsed, product_name: &str) {
        let bare = parsed.items.iter().all(|item| item.op.is_none() && !item.closes);
        let versioned = parsed.items.iter().filter_map(|item| item.point.version()).any(|version| {
            version.has_suffix() || version.core.len() > 2 || version.text().contains('.') || version.has_wildcard()
        });
        let dated = parsed.items.iter().any(|item| matches!(item.point, Point::Date(_)));
        let text = self.raw.trim().trim_end_matches([',', ';']).trim_end_matches(" and").trim_end_matches(',');
        let plain = bare && !versioned && !dated && !parsed.all && !parsed.nothing && parsed.conditions.is_empty();
        let one_word = !text.contains([' ', '_', '(']);
        let lettered = || parsed.items.iter().all(|item| item.point.version().is_some_and(Version::is_lettered));
        let wordy = !parsed.left.is_empty() || one_word && lettered();
        let in_name = parsed.items.is_empty()
            && !parsed.left.is_empty()
            && parsed.left.iter().all(|left| product::stands_in(left, product_name));
        if plain && !text.is_empty() && (in_name || wordy && product::names_product(text, product_name)) {
            *parsed = Parsed { products: vec![text.to_owned()], ..Parsed::default() };
        } else if !parsed.products.is_empty() && bare && !versioned && !dated {
            // One element of the list is a part number, so all are; `G1` beside one is a revision index.
            let by_revision = product_name.to_lowercase().contains("revision index");
            for item in std::mem::take(&mut parsed.items) {
                if let Point::Version(version) = item.point {
                    if by_revision {
                        parsed
                            .conditions
                            .insert(0, Condition::revision(&format!("revision index {version}"), *version));
                    } else {
                        parsed.products.push(version.text().to_owned());
                    }
                }
            }
        }
        if !parsed.products.is_empty() {
            self.named_product = Some(parsed.products.join(", "));
            parsed.left.clear();
            parsed.cut_off = false;
        }
    }

    /// The text alone says nothing: the product name may.
    fn read_from_name(&mut self, parsed: Parsed, product_name: &str) {
        match NameReading::of(product_name, &self.raw) {
            Some(name) if name.is_usable() => {
                self.from_name = Some(format!("as the product name says: `{}`", name.said));
                self.set(name.parsed);
            }
            _ => {
                let left = if parsed.left.is_empty() { self.raw.trim().to_owned() } else { parsed.left.join(" … ") };
                if !left.is_empty() {
                    self.all = false;
                    self.unread = Some(left);
                }
            }
        }
    }

    /// Takes the text's own reading, mended by what the product name says.
    fn fill(&mut self, parsed: Parsed, product_name: &str) {
        let (spans, fits) = group::spans(&parsed);
        let weak = !fits || parsed.garbled;
        let chain_only = spans.iter().flat_map(Span::points).filter_map(Point::version).any(Version::is_chain_only);
        let trusted = !weak && parsed.left.is_empty();
        if parsed.items.is_empty() && !weak
            || trusted && !chain_only && !NameReading::may_differ(product_name, &self.raw)
        {
            return self.set(parsed);
        }
        let Some(mut name) = NameReading::of(product_name, &self.raw) else {
            if weak {
                self.unread = Some(self.raw.trim().to_owned());
            }
            return self.set(parsed);
        };
        let (named, name_fits) = group::spans(&name.parsed);
        let usable = name.is_usable() && name_fits && !named.is_empty();
        if weak {
            if usable && same_numbers_in(&spans, &named) {
                self.from_name = Some(format!("as the product name says: `{}`", name.said));
                name.parsed.conditions.extend(parsed.conditions);
                return self.set(name.parsed);
            }
            self.unread = Some(self.raw.trim().to_owned());
            return self.set(parsed);
        }
        // `<= 2` beside `System Platform 2017: Update 2 and prior`, `<= SP1` beside `Server 2020 R2: SP1`.
        if usable && named.len() == spans.len() && ends_in(&named, &spans) {
            self.from_name = Some(format!("as the product name says: `{}`", name.said));
            name.keep_signs_of(&parsed);
            return self.set(name.parsed);
        }
        let base = chain_only.then(|| name.base()).flatten();
        let widened = if usable { widened(&spans, &named, name.parsed.soft) } else { None };
        self.set(parsed);
        if let Some(base) = base {
            self.from_name = Some(format!("of `{base}`, as the product name says"));
            self.spans.iter_mut().for_each(|span| put_on_base(span, &base));
        } else if let Some(spans) = widened {
            self.from_name = Some(format!("the product name says `{}`", name.said));
            self.spans = spans;
        }
    }

    fn set(&mut self, parsed: Parsed) {
        let (mut spans, _) = group::spans(&parsed);
        // A date beside versions tells when the product was made or released, which a row does not show.
        let dated = |span: &Span| span.points().iter().any(|point| matches!(point, Point::Date(_)));
        if spans.iter().any(dated) && !spans.iter().all(dated) {
            let (dates, versions): (Vec<Span>, Vec<Span>) = spans.into_iter().partition(dated);
            self.conditions.extend(dates.iter().map(|span| Condition::words(&format!("released {span}"))));
            spans = versions;
        }
        self.all = spans.is_empty() && (parsed.all || !parsed.products.is_empty() || !parsed.conditions.is_empty());
        self.nothing = parsed.nothing;
        self.spans = spans;
        self.except = parsed.except;
        self.line = parsed.line;
        self.conditions.extend(parsed.conditions);
        self.cut_off |= parsed.cut_off;
        self.perhaps = parsed.perhaps.into_iter().map(Span::Exactly).collect();
        if parsed.perhaps_earlier
            && let Some(point) = parsed.items.last().map(|item| item.point.clone())
        {
            self.perhaps.push(Span::Between { lower: None, upper: Some(Bound { point, inclusive: true }) });
        }
        if !parsed.left.is_empty() && self.unread.is_none() {
            self.unread = Some(parsed.left.join(" … "));
        }
    }

    /// Conditions that only the product name tells: `Version 21 and later when … enabled`.
    fn take_conditions_of_name(&mut self, product_name: &str) {
        let names_component =
            self.spans.iter().flat_map(Span::points).filter_map(Point::version).any(|v| !v.name().is_empty());
        if names_component {
            self.product_words = product_name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| w.len() > 1)
                .map(str::to_lowercase)
                .collect();
        }
        let Some((head, said)) = product::statement(product_name) else { return };
        let head = head.to_lowercase();
        self.conditions.retain(|condition| !only_repeats(&condition.text, &head));
        let bounded = !self.spans.is_empty()
            && self.conditions.is_empty()
            && self.perhaps.is_empty()
            && self.named_product.is_none();
        if bounded && said.contains(' ') {
            let tidied = tidy(said);
            let atoms = split(&tidied);
            if let Some(text) = condition::in_product_name(&tidied, &atoms) {
                self.conditions.push(Condition::words(&text));
            }
        }
    }

    /// The text as written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether every version is meant, so that the firmware does not matter.
    pub fn is_all(&self) -> bool {
        self.all && self.conditions.is_empty() && self.unread.is_none() && self.except.is_empty() && self.line.is_none()
    }

    /// The part number, model or article number that stands where a version should, if one does.
    pub fn named_product(&self) -> Option<&str> {
        self.named_product.as_deref()
    }

    /// The part of the text that was not understood, if any.
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }

    /// What must hold besides the version, as the advisory words it.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(|condition| condition.text.as_str())
    }

    /// The range in words: "all versions", "below 4.0.0".
    pub fn in_words(&self) -> String {
        let mut words = if self.nothing {
            "no version".to_owned()
        } else if let Some(serial) = &self.serial {
            serial.in_words()
        } else if self.all {
            match &self.named_product {
                Some(product) => format!("all versions of {product}"),
                None => "all versions".to_owned(),
            }
        } else if self.spans.is_empty() {
            "not understood".to_owned()
        } else {
            let spans: Vec<String> = self.spans.iter().map(ToString::to_string).collect();
            spans.join("; ")
        };
        if let Some(line) = &self.line {
            words.push_str(&format!(", only {line}"));
        }
        if !self.except.is_empty() {
            let except: Vec<&str> = self.except.iter().map(Version::text).collect();
            words.push_str(&format!(", except {}", except.join(", ")));
        }
        for condition in &self.conditions {
            words.push_str(&format!(", on condition: {}", condition.text));
        }
        words
    }

    /// The versions at which the answer changes, as the advisory writes them, in its order.
    pub fn bounds(&self) -> Vec<RangeBound> {
        let bound =
            |point: &Point, is_upper, is_included| RangeBound { version: point.to_string(), is_upper, is_included };
        let mut bounds = Vec::new();
        for span in &self.spans {
            match span {
                Span::Exactly(point) => bounds.push(bound(point, true, true)),
                Span::Between { lower, upper } => {
                    bounds.extend(lower.iter().map(|lower| bound(&lower.point, false, lower.inclusive)));
                    bounds.extend(upper.iter().map(|upper| bound(&upper.point, true, upper.inclusive)));
                }
                Span::Branches(uppers) => {
                    bounds.extend(uppers.iter().map(|upper| bound(&upper.point, true, upper.inclusive)));
                }
            }
        }
        bounds
    }

    /// The first versions that are no longer affected, where the text tells them: the excluded upper bounds.
    pub fn fix_candidates(&self) -> Vec<String> {
        self.bounds()
            .into_iter()
            .filter(|bound| bound.is_upper && !bound.is_included)
            .map(|bound| bound.version)
            .collect()
    }

    /// What would move a device out of the range: "4.0.0 or later: not affected". `None` when no version does.
    pub fn what_would_change(&self) -> Option<String> {
        let fixes = self.fix_candidates();
        if !fixes.is_empty() {
            return Some(format!("{} or later: not affected", fixes.join(" or ")));
        }
        let last = self.bounds().into_iter().rev().find(|bound| bound.is_upper)?;
        matches!(self.spans.as_slice(), [Span::Between { .. }])
            .then(|| format!("later than {}: not affected", last.version))
    }

    /// The way of comparing that decides, in words.
    pub fn ruler(&self) -> &'static str {
        let points = || self.spans.iter().flat_map(Span::points);
        if self.serial.is_some() {
            "first digits of the serial number"
        } else if points().any(|point| matches!(point, Point::Date(_))) {
            "calendar dates"
        } else if points().any(|point| matches!(point, Point::Commit(_))) {
            "commits, which have no order"
        } else if points().filter_map(Point::version).any(Version::has_suffix) {
            "numbers segment by segment, then the chain of service packs, updates and hotfixes"
        } else if self.spans.is_empty() {
            "no comparison"
        } else {
            "numbers segment by segment, a missing one is 0"
        }
    }
}

/// `vers:intdot/>=1.0|<2.0` without its scheme; what stands behind it decides, since many publishers write one
/// scheme for everything. The signs that vers writes as percent codes are put back.
fn without_scheme(text: &str) -> std::borrow::Cow<'_, str> {
    let trimmed = text.trim();
    let Some(rest) = trimmed.get(..5).filter(|head| head.eq_ignore_ascii_case("vers:")).and_then(|_| trimmed.get(5..))
    else {
        return text.into();
    };
    let Some((_, rest)) = rest.split_once('/') else { return rest.into() };
    if !rest.contains('%') {
        return rest.into();
    }
    let mut plain = rest.to_owned();
    for (code, sign) in [
        ("%3C", "<"),
        ("%3E", ">"),
        ("%3D", "="),
        ("%20", " "),
        ("%2B", "+"),
        ("%7C", "|"),
        ("%2F", "/"),
        ("%2A", "*"),
        ("%21", "!"),
    ] {
        plain = plain.replace(code, sign).replace(&code.to_lowercase(), sign);
    }
    plain.into()
}

/// The condition only tells what the product's own name says as well.
fn only_repeats(condition: &str, head: &str) -> bool {
    let mut words = condition.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some()
        && words.all(|word| head.split(|c: char| !c.is_alphanumeric()).any(|own| own.eq_ignore_ascii_case(word)))
}

/// What the product name says about the version, in prose.
struct NameReading<'a> {
    head: &'a str,
    said: &'a str,
    parsed: Parsed,
}

impl<'a> NameReading<'a> {
    /// Whether reading the product name can add anything to a text that was understood.
    fn may_differ(product_name: &str, raw: &str) -> bool {
        let Some((_, said)) = product::statement(product_name) else { return false };
        if said == raw.trim() || said.is_empty() {
            return false;
        }
        let lower = said.to_ascii_lowercase();
        [
            "prior", "earlier", "before", "lower", "older", "below", "between", "through", " to ", "up to", "later",
            " < ", "*", "<", ">", "2",
        ]
        .iter()
        .any(|word| lower.contains(word))
    }

    fn of(product_name: &'a str, raw: &str) -> Option<NameReading<'a>> {
        let (head, said) = product::statement(product_name)?;
        if said == raw.trim() && head.is_empty() {
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
    fn base(&self) -> Option<Version> {
        let tidied = tidy(self.head);
        let atoms = split(&tidied);
        (0..atoms.len()).filter(|&at| atoms[at].gap).find_map(|at| {
            let (version, after) = reader::read(&tidied, &atoms, at, Letters::Never)?;
            (after == atoms.len() && !version.core.is_empty() && version.lead.is_empty()).then_some(version)
        })
    }

    /// The name gives the versions, the text the signs.
    fn keep_signs_of(&mut self, parsed: &Parsed) {
        let base = self.base();
        for (item, other) in self.parsed.items.iter_mut().zip(&parsed.items) {
            let widest = match (item.op, other.op) {
                (Some(Op::AtMost), Some(Op::Below)) => Some(Op::AtMost),
                (ours, None) => ours,
                (_, theirs) => theirs,
            };
            item.op = widest;
            if let (Point::Version(version), Some(base)) = (&mut item.point, &base)
                && version.is_chain_only()
            {
                version.core.clone_from(&base.core);
                version.first_group = version.core.len();
            }
        }
    }
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

/// The texts of the spans are the ends of the named ones: `2` of `Update 2`, `SP1` of `2020 R2 SP1`.
fn ends_in(named: &[Span], spans: &[Span]) -> bool {
    let pairs = || named.iter().flat_map(Span::points).zip(spans.iter().flat_map(Span::points));
    let ends = |name: &Point, point: &Point| match (name.version(), point.version()) {
        (Some(name), Some(version)) => {
            let (long, short) = (name.text(), version.text());
            long.len() > short.len()
                && long.ends_with(short)
                && long[..long.len() - short.len()].ends_with(' ')
                && (name.is_chain_only() || version.is_chain_only() || !version.same_numbering(name))
        }
        _ => false,
    };
    let same_count = named.iter().flat_map(Span::points).count() == spans.iter().flat_map(Span::points).count();
    same_count && pairs().all(|(name, point)| ends(name, point))
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
        let branches = named.iter().any(|span| matches!(span, Span::Branches(_)));
        let mut all = named.to_vec();
        if !branches {
            all.extend(spans.iter().cloned());
        }
        return Some(all);
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
        return Some(named.to_vec());
    }
    changed.then_some(wider)
}

fn put_on_base(span: &mut Span, base: &Version) {
    let mend = |point: &mut Point| {
        if let Point::Version(version) = point
            && version.is_chain_only()
        {
            version.core.clone_from(&base.core);
            version.first_group = version.core.len();
            for (slot, suffix) in version.suffixes.iter_mut().zip(&base.suffixes) {
                *slot = slot.or(*suffix);
            }
        }
    };
    match span {
        Span::Exactly(point) => mend(point),
        Span::Between { lower, upper } => {
            lower.iter_mut().chain(upper.iter_mut()).for_each(|bound| mend(&mut bound.point));
        }
        Span::Branches(bounds) => bounds.iter_mut().for_each(|bound| mend(&mut bound.point)),
    }
}
