//! The version text of an advisory's product: which firmwares it means.
//!
//! One grammar reads vers (`vers:intdot/>=1.0|<2.0`), broken vers (`vers:all/<V4.5`), signs, lists, closed ranges,
//! ranges per branch, wildcards, chains of suffixes, dates, serial numbers, prose and the conditions beside them.
//! `docs/versions.md` has the grammar and the order, rule by rule.

mod answer;
mod by_name;
mod condition;
mod grammar;
mod group;
mod phrase;
mod product;
mod serial;
mod span;
mod surroundings;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vers_vectors;

use super::firmware::atom::{Atom, split, tidy};
use super::firmware::version::Segment;
use super::firmware::{Firmware, Version};
use super::verdict::{Doubt, Reading};
use by_name::Mended;
use condition::Condition;
use serial::SerialRule;
use span::{Bound, Point, Span};

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
    /// Words of the product name, where a bound names a component.
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
    /// `Unclear` because firmware and bounds are counted in different ways, letters or lists, so that another entry of
    /// the same product may speak for the device.
    pub other_numbering: bool,
    /// When `Unclear`: what the device does not state, or states too coarsely, and what would settle it once read.
    pub asks_for: Option<Reading>,
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
    /// Whether a date of making or release is compared.
    pub fn depends_on_date(&self) -> bool {
        let spans = self.spans.iter().chain(self.conditions.iter().flat_map(|condition| condition.spans()));
        spans.flat_map(Span::points).any(|point| matches!(point, Point::Date(_)))
    }

    /// Reads the version text of an entry. `product_name` is the leaf's full product name, which often
    /// states in prose what the version text garbles. Reading never fails; see [`VersionRange::unread`].
    pub fn read(text: &str, product_name: &str) -> VersionRange {
        if text.contains("&lt;") || text.contains("&gt;") || text.contains("&amp;") {
            let plain = |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "+");
            let range = VersionRange::read(&plain(text), &plain(product_name));
            return VersionRange { raw: text.to_owned(), ..range };
        }
        let tidied = tidy(without_scheme(text).as_ref());
        let atoms = split(&tidied);
        let mut range = VersionRange::unbounded(text);
        if let Some(serial) = SerialRule::read(&atoms).or_else(|| SerialRule::of_name(&atoms, product_name)) {
            range.all = false;
            range.serial = Some(serial);
            return range;
        }
        if product::is_protocol(&tidied) {
            range.conditions.push(Condition::words(&format!("`{}` in use", tidied.trim())));
            return range;
        }
        if is_retracted(text) || product::statement(product_name).is_some_and(|(_, said)| is_retracted(said)) {
            range.all = false;
            range.nothing = true;
            return range;
        }
        if let Some(condition) = product::condition_instead(&tidied, product_name) {
            range.conditions.push(Condition::words(&condition));
            return range;
        }
        if is_a_story(&atoms) {
            range.all = false;
            range.unread = Some(text.trim().to_owned());
            return range;
        }
        let mut parsed = grammar::parse(&tidied, &atoms);
        range.named_product = product::take_products(&mut parsed, text, product_name);
        range.set(by_name::mend(parsed, text, product_name));
        if range.line.is_none() && !range.spans.is_empty() {
            range.line = by_name::line(product_name);
        }
        range.take_conditions_of_name(product_name);
        range.open_revisions(product_name);
        range
    }

    /// "All revisions of Version 2.2.4" means 2.2.4.1 as well.
    fn open_revisions(&mut self, product_name: &str) {
        let says_all = |said: &str| {
            let said = said.to_ascii_lowercase();
            said.starts_with("all revisions of version") && !said.contains(" until ") && !said.contains(" up to ")
        };
        if !product::statement(product_name).is_some_and(|(_, said)| says_all(said)) {
            return;
        }
        for span in &mut self.spans {
            if let Span::Exactly(Point::Version(version)) = span
                && !version.has_wildcard()
                && !version.has_suffix()
            {
                version.core.push(Segment::Any);
            }
        }
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

    fn set(&mut self, mended: Mended) {
        let Mended { parsed, mut spans, from_name, unread } = mended;
        self.from_name = from_name;
        self.unread = unread;
        // A date beside versions tells when the product was made or released, which a row does not show.
        let dated = |span: &Span| span.points().iter().any(|point| matches!(point, Point::Date(_)));
        if spans.iter().any(dated) && !spans.iter().all(dated) {
            let (dates, versions): (Vec<Span>, Vec<Span>) = spans.into_iter().partition(dated);
            self.conditions.extend(dates.into_iter().map(Condition::released));
            spans = versions;
        }
        // `!= 2.0` leaves all others.
        let only_excepts = !parsed.except.is_empty() && parsed.items.is_empty() && parsed.left.is_empty();
        let means_all = parsed.all || only_excepts || !parsed.products.is_empty() || !parsed.conditions.is_empty();
        self.all = spans.is_empty() && means_all;
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
        let words = || product_name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
        if names_component || words().any(answer::is_platform) {
            self.product_words = words().map(str::to_owned).collect();
        }
        let Some((head, said)) = product::statement(product_name) else { return };
        if !self.conditions.is_empty() {
            self.conditions.retain(|condition| !only_repeats(&condition.text, head));
        }
        // `GT27 model: CoreOS Version -Y and earlier` beside all versions: a part of the device has a bound of its own.
        if self.is_all() && self.named_product.is_none() && condition::states_bound(said) {
            self.conditions.push(Condition::words(said));
        }
        let bounded = !self.spans.is_empty()
            && self.conditions.is_empty()
            && self.perhaps.is_empty()
            && self.named_product.is_none();
        if bounded && said != self.raw.trim() && said.contains(' ') {
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

    /// What the bounds are versions of, where each of them says so: `VDS` and `FCN FCJ Simulator`; else nothing.
    pub fn bound_names(&self) -> Vec<&str> {
        let points: Vec<&Point> = self.spans.iter().flat_map(Span::points).collect();
        let names: Vec<&str> = points.iter().filter_map(|point| point.version()).map(Version::name).collect();
        if names.len() == points.len() && names.iter().all(|name| !name.is_empty()) { names } else { Vec::new() }
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
            match &self.named_product {
                Some(product) => format!("{} of {product}", spans.join("; ")),
                None => spans.join("; "),
            }
        };
        for span in &self.perhaps {
            words.push_str(&format!("; perhaps {span}"));
        }
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

/// The publisher took the entry back: "(Versions removed from the scope of this advisory)".
fn is_retracted(text: &str) -> bool {
    let lowered = text.to_ascii_lowercase();
    ["removed from the scope", "removed from scope", "no longer in scope", "removed from this advisory"]
        .iter()
        .any(|words| lowered.contains(words))
}

/// A sentence without any sign or version, such as where a product was sold.
fn is_a_story(atoms: &[Atom<'_>]) -> bool {
    let words = atoms.iter().filter(|atom| atom.is_word() && atom.text.len() > 1).count();
    let signs = atoms.iter().any(|atom| atom.is_sign('<') || atom.is_sign('>') || atom.is_sign('*') || atom.is("all"));
    let dotted = atoms.windows(3).any(|three| three[0].is_number() && three[1].is_sign('.') && three[2].is_number());
    words > 14 && !signs && !dotted
}

/// The condition only tells what the product's own name says as well.
fn only_repeats(condition: &str, head: &str) -> bool {
    let mut words = condition.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some()
        && words.all(|word| head.split(|c: char| !c.is_alphanumeric()).any(|own| own.eq_ignore_ascii_case(word)))
}
