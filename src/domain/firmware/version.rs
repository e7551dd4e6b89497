//! One version and the partial order of versions. The rules, with an example each, are in `docs/versions.md`.

use std::cmp::Ordering;
use std::fmt;

/// One part of the core of a version: in `15.2(6)E0a` these are 15, 2, 6, `e`, 0, `a`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    Number(u64),
    /// Letters in lower case.
    Letters(Box<str>),
    /// `x` or `*` for a whole segment.
    Any,
    /// `1x`: the digits before one digit or letter that may be anything.
    Starting(u64),
}

/// The place of a suffix in the chain, most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slot {
    /// Service pack, feature pack, maintenance pack.
    Pack,
    /// Update, cumulative update, service release.
    Update,
    Patch,
    Hotfix,
    /// A letter after the last number (`4.5a`, `1.29F`), or a revision.
    Letter,
    Build,
}

pub(crate) const SLOTS: usize = 6;

/// One suffix: `SP2`, `Update 3a`, `Build 4022.4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Suffix {
    /// Suffixes of one slot are ordered only within one word: SP2 and FP1 are not.
    pub word: &'static str,
    pub number: u64,
    pub second: u64,
    /// `a` in `Update 3a`; 0 when there is none.
    pub letter: u8,
}

impl Suffix {
    fn order(&self, other: &Suffix) -> Option<Ordering> {
        (self.word == other.word)
            .then(|| (self.number, self.second, self.letter).cmp(&(other.number, other.second, other.letter)))
    }
}

/// A version as a device shows it or as an advisory names it.
///
/// `PartialEq` compares every field; whether two versions are the same version is [`Version::order`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As written, without words like `version`.
    pub(crate) text: Box<str>,
    /// Words before it that name what it is the version of, as written: `CPCI85`, `BIOS`.
    pub(crate) name: Box<str>,
    /// One or two letters glued to the first number that are no mere `V`, in lower case: `l` in `L81`.
    pub(crate) lead: Box<str>,
    pub(crate) core: Vec<Segment>,
    /// How many segments stand before the first blank, dash or bracket inside the core.
    pub(crate) first_group: usize,
    /// A preview comes before the release it leads to: (rank of the word, number).
    pub(crate) preview: Option<(u8, u64)>,
    pub(crate) suffixes: [Option<Suffix>; SLOTS],
    /// The short number in brackets at the end of `01.09.18(13)`, which is also written `FW13`.
    pub(crate) bracket: Option<u64>,
    /// A release and its own version, as in `R302-V1`.
    pub(crate) pair: bool,
    /// The same version in another numbering: `3.00A (aka 9.50.255.02)`.
    pub(crate) alias: Option<Box<Version>>,
}

/// How a device's version stands to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Below,
    Same,
    /// Above because it goes on where the bound ends: 2.9.4 against 2.9.
    Finer,
    Above,
    /// The two cannot be compared.
    Other,
}

impl Version {
    pub(crate) fn empty() -> Version {
        Version {
            text: Box::default(),
            name: Box::default(),
            lead: Box::default(),
            core: Vec::new(),
            first_group: 0,
            preview: None,
            suffixes: [None; SLOTS],
            bracket: None,
            pair: false,
            alias: None,
        }
    }

    /// The text as written, without words like `version` before it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words before it that name what it is the version of, as written; often empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The partial order: numbers segment by segment (a missing one is 0), then previews, then the chain of
    /// suffixes. `None` when the two are versions of different kinds.
    pub fn order(&self, other: &Version) -> Option<Ordering> {
        if !self.same_numbering(other) {
            return None;
        }
        self.order_within(other)
    }

    pub(crate) fn suffix(&self, slot: Slot) -> Option<&Suffix> {
        self.suffixes[slot as usize].as_ref()
    }

    pub(crate) fn has_suffix(&self) -> bool {
        self.suffixes.iter().any(Option::is_some)
    }

    /// Only suffixes are given: `SP1`, `Update 19`.
    pub(crate) fn is_chain_only(&self) -> bool {
        self.core.is_empty() && self.has_suffix()
    }

    pub(crate) fn has_wildcard(&self) -> bool {
        self.core.iter().any(|segment| matches!(segment, Segment::Any | Segment::Starting(_)))
    }

    /// The first number is a year, as in `2020 R2`.
    pub(crate) fn counts_years(&self) -> bool {
        matches!(self.core.first(), Some(Segment::Number(1990..=2099)))
    }

    /// The first number is a month of a year, as in `2301` of a program whose releases were `2022.2` before: the higher
    /// number is the later one either way.
    fn counts_months(&self) -> bool {
        matches!(self.core.first(), Some(Segment::Number(number @ 2101..=3912)) if (1..=12).contains(&(number % 100)))
    }

    /// Letters and one number, as `BT05` and `MV720` are: a version or the name of a product.
    pub(crate) fn is_lettered(&self) -> bool {
        self.core.len() == 1 && !(self.lead.is_empty() && self.name.is_empty())
    }

    /// The two carry a word of more than one letter in common in their names.
    pub(crate) fn shares_name_with(&self, other: &Version) -> bool {
        self.name
            .split(' ')
            .any(|word| word.len() > 1 && other.name.split(' ').any(|own| own.eq_ignore_ascii_case(word)))
    }

    fn starts_with_letters(&self) -> bool {
        matches!(self.core.first(), Some(Segment::Letters(_)))
    }

    /// One whole number and nothing else: `13`, `FW11`.
    fn is_one_number(&self) -> bool {
        matches!(self.core.as_slice(), [Segment::Number(_)]) && !self.has_suffix()
    }

    /// Whether the two count in the same way, so that comparing them says anything.
    pub(crate) fn same_numbering(&self, other: &Version) -> bool {
        if self.core.is_empty() || other.core.is_empty() {
            return self.chains_meet(other);
        }
        if self.counts_years() != other.counts_years() && !self.has_wildcard_first() && !other.has_wildcard_first() {
            return false;
        }
        if self.starts_with_letters() != other.starts_with_letters() {
            return false;
        }
        let (ours, theirs) = (self.lead_or_name(other), other.lead_or_name(self));
        if ours.is_empty() && theirs.is_empty() || ours.eq_ignore_ascii_case(theirs) {
            return true;
        }
        if !ours.is_empty() && !theirs.is_empty() {
            return false;
        }
        let lettered = if ours.is_empty() { other } else { self };
        lettered.core.len() > 1 || lettered.counts_years()
    }

    fn has_wildcard_first(&self) -> bool {
        matches!(self.core.first(), Some(Segment::Any | Segment::Starting(_)))
    }

    /// The letters glued to the first number; `BT 05` has those of `BT05` in its name.
    fn lead_or_name<'a>(&'a self, other: &Version) -> &'a str {
        // `vD24`: a `v` in front of the letter says nothing.
        if let Some(letter) = self.lead.strip_prefix('v')
            && !letter.is_empty()
            && *letter == *other.lead
        {
            return letter;
        }
        if self.lead.is_empty() && !other.lead.is_empty() {
            let last = self.name.rsplit(' ').next().unwrap_or_default();
            if last.eq_ignore_ascii_case(&other.lead) {
                return last;
            }
        }
        &self.lead
    }

    /// One of the two gives only suffixes: they meet where both have one in the same slot with the same word.
    fn chains_meet(&self, other: &Version) -> bool {
        self.suffixes.iter().zip(&other.suffixes).any(|(ours, theirs)| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours.word == theirs.word,
            _ => false,
        })
    }

    fn order_within(&self, other: &Version) -> Option<Ordering> {
        if !self.core.is_empty() && !other.core.is_empty() {
            let core = order_cores(&self.core, &other.core)?;
            if core != Ordering::Equal {
                return Some(core);
            }
            let preview = match (self.preview, other.preview) {
                (None, None) => Ordering::Equal,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(ours), Some(theirs)) => ours.cmp(&theirs),
            };
            if preview != Ordering::Equal {
                return Some(preview);
            }
        }
        for (ours, theirs) in self.suffixes.iter().zip(&other.suffixes) {
            let order = match (ours, theirs) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(ours), Some(theirs)) => ours.order(theirs)?,
            };
            if order != Ordering::Equal {
                return Some(order);
            }
        }
        Some(Ordering::Equal)
    }

    /// How this version of a device stands to a bound. Where one of the two has a second name, the two that look
    /// alike are compared; where none looks more alike and they disagree, the answer is `Other`.
    pub(crate) fn relation_to(&self, bound: &Version) -> Relation {
        if self.alias.is_none() && bound.alias.is_none() {
            return self.plain_relation(bound);
        }
        let mut best: Option<(u32, Relation)> = None;
        for ours in self.names() {
            for theirs in bound.names() {
                let relation = ours.plain_relation(theirs);
                if relation == Relation::Other {
                    continue;
                }
                let likeness = ours.likeness(theirs);
                best = match best {
                    Some((score, _)) if score > likeness => best,
                    Some((score, found)) if score == likeness && found != relation => {
                        let same = found == Relation::Same || relation == Relation::Same;
                        Some((score, if same { Relation::Same } else { Relation::Other }))
                    }
                    _ => Some((likeness, relation)),
                };
            }
        }
        best.map_or(Relation::Other, |(_, relation)| relation)
    }

    fn names(&self) -> impl Iterator<Item = &Version> {
        std::iter::once(self).chain(self.alias.as_deref())
    }

    /// How much two versions look alike, to choose between two numberings.
    fn likeness(&self, other: &Version) -> u32 {
        let same_suffixes = self.suffixes.iter().zip(&other.suffixes).all(|(a, b)| a.is_some() == b.is_some());
        let shared_suffixes = self.suffixes.iter().zip(&other.suffixes).any(|(a, b)| a.is_some() && b.is_some());
        let distance = u32::try_from(self.core.len().abs_diff(other.core.len())).unwrap_or(u32::MAX).min(9);
        let named = !self.name.is_empty() && self.name.eq_ignore_ascii_case(&other.name);
        let same_first = !self.core.is_empty() && self.core.first() == other.core.first();
        u32::from(named) * 100
            + u32::from(shared_suffixes) * 20
            + u32::from(same_suffixes) * 5
            + (9 - distance) * 2
            + u32::from(same_first)
    }

    /// The last number behind a blank is a build where the other side calls it so: `2.9 17030709` and `2.9 Build 19112115`.
    fn with_build_like(&self, other: &Version) -> Option<Version> {
        let build = other.suffix(Slot::Build)?;
        let (Segment::Number(number), head) = self.core.split_last()? else { return None };
        let is_group = self.first_group == head.len() && !head.is_empty() && other.core.len() <= head.len();
        if !is_group || self.has_suffix() || *number < 1000 {
            return None;
        }
        let mut version = Version { core: head.to_vec(), ..self.clone() };
        version.suffixes[Slot::Build as usize] = Some(Suffix { number: *number, second: 0, letter: 0, ..*build });
        Some(version)
    }

    fn plain_relation(&self, bound: &Version) -> Relation {
        if let Some(bound) = bound.with_build_like(self) {
            return self.plain_relation(&bound);
        }
        if let Some(own) = self.with_build_like(bound) {
            return own.plain_relation(bound);
        }
        if let Some(order) = self.by_bracket(bound).or_else(|| self.by_pair(bound)) {
            return match order {
                Ordering::Less => Relation::Below,
                Ordering::Equal => Relation::Same,
                Ordering::Greater => Relation::Above,
            };
        }
        let months = self.counts_years() && bound.counts_months() || self.counts_months() && bound.counts_years();
        if !months && !self.same_numbering(bound) {
            return Relation::Other;
        }
        if bound.has_wildcard() {
            return self.relation_to_pattern(bound);
        }
        match self.order_within(bound) {
            None => Relation::Other,
            Some(Ordering::Less) => Relation::Below,
            Some(Ordering::Equal) => Relation::Same,
            Some(Ordering::Greater) if self.goes_on_from(bound) => Relation::Finer,
            Some(Ordering::Greater) => Relation::Above,
        }
    }

    /// `FW13` and `01.09.18(13)` meet in the bracket.
    fn by_bracket(&self, bound: &Version) -> Option<Ordering> {
        match (self.bracket, bound.bracket) {
            (Some(bracket), None) if bound.is_one_number() && !bound.counts_years() => {
                order_cores(&[Segment::Number(bracket)], &bound.core)
            }
            (None, Some(bracket)) if self.is_one_number() && !self.counts_years() => {
                order_cores(&self.core, &[Segment::Number(bracket)])
            }
            _ => None,
        }
    }

    /// `V2` beside `R121-V0`, whichever is the bound: the release names the product, its version is compared.
    fn by_pair(&self, bound: &Version) -> Option<Ordering> {
        let is_version_of_a_release =
            |version: &Version| !version.pair && version.is_one_number() && version.text.starts_with(['v', 'V']);
        if self.pair && is_version_of_a_release(bound) {
            return order_cores(self.core.get(1..)?, &bound.core);
        }
        if bound.pair && is_version_of_a_release(self) {
            return order_cores(&self.core, bound.core.get(1..)?);
        }
        None
    }

    /// Against `11.3.x`, `8.1x` or `V3.X.14`: the given segments decide, the open ones are passed over.
    fn relation_to_pattern(&self, pattern: &Version) -> Relation {
        for (place, wanted) in pattern.core.iter().enumerate() {
            let order = match (wanted, self.core.get(place)) {
                (Segment::Any, _) => continue,
                (Segment::Starting(start), found) => match found {
                    Some(Segment::Number(number)) => order_by_start(*number, *start),
                    Some(_) => return Relation::Other,
                    None => 0.cmp(start),
                },
                (Segment::Number(wanted), found) => match found {
                    Some(Segment::Number(number)) => number.cmp(wanted),
                    Some(_) => return Relation::Other,
                    None => 0.cmp(wanted),
                },
                (Segment::Letters(wanted), Some(Segment::Letters(found))) => match order_letters(found, wanted) {
                    Some(order) => order,
                    None => return Relation::Other,
                },
                (Segment::Letters(_), None) => Ordering::Less,
                (Segment::Letters(_), Some(_)) => return Relation::Other,
            };
            match order {
                Ordering::Less => return Relation::Below,
                Ordering::Greater => return Relation::Above,
                Ordering::Equal => {}
            }
        }
        Relation::Same
    }

    /// Whether this version says all that the bound says and then more: 2.9.4 from 2.9, SP1 HF3 from SP1.
    pub(crate) fn goes_on_from(&self, bound: &Version) -> bool {
        let longer = self.core.len() > bound.core.len();
        let shared = self.core.len().min(bound.core.len());
        if self.core[..shared] != bound.core[..shared] {
            return false;
        }
        let last = bound.suffixes.iter().rposition(Option::is_some);
        if longer && self.core[shared..].iter().any(|segment| *segment != Segment::Number(0)) {
            return last.is_none();
        }
        if !longer && bound.core[shared..].iter().any(|segment| *segment != Segment::Number(0)) {
            return false;
        }
        let Some(last) = last else { return true };
        let same_above = self.suffixes[..last] == bound.suffixes[..last];
        same_above
            && match (&self.suffixes[last], &bound.suffixes[last]) {
                (Some(ours), Some(theirs)) => {
                    ours.word == theirs.word
                        && ours.number == theirs.number
                        && (theirs.second == 0 || ours.second == theirs.second)
                        && (theirs.letter == 0 || ours.letter == theirs.letter)
                }
                _ => false,
            }
    }

    /// Whether this version leaves out a date, a build or a further number that the listed one has:
    /// `1.00` beside `1.00_2017_12_15`.
    pub(crate) fn leaves_out_group_of(&self, listed: &Version) -> bool {
        let short = self.core.len() <= listed.first_group
            && listed.first_group < listed.core.len()
            && matches!(listed.core[listed.first_group], Segment::Number(_))
            && order_cores(&self.core, &listed.core[..listed.first_group]) == Some(Ordering::Equal);
        let no_build = listed.suffix(Slot::Build).is_some()
            && self.suffix(Slot::Build).is_none()
            && self.suffixes[..Slot::Build as usize] == listed.suffixes[..Slot::Build as usize]
            && order_cores(&self.core, &listed.core) == Some(Ordering::Equal);
        short || no_build || self.leaves_out_revision_of(listed)
    }

    /// `13.3.1` beside `13.3.1 R5`; of years each release is a version of its own (`2020`, `2020 R2`).
    fn leaves_out_revision_of(&self, listed: &Version) -> bool {
        let bare = |text: &str| text.trim_start_matches(['v', 'V', ' ']).to_owned();
        let Some((head, revision)) = listed.text.rsplit_once(' ') else { return false };
        let number = revision.strip_prefix(['R', 'r']).unwrap_or_default();
        let counted = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        counted && !self.counts_years() && bare(head) == bare(&self.text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.alias {
            Some(alias) => write!(f, " ({})", alias.text),
            None => Ok(()),
        }
    }
}

/// `36` against `3x`: equal when the first digits are the given ones and at most one digit more follows.
fn order_by_start(number: u64, start: u64) -> Ordering {
    if number == start || number / 10 == start { Ordering::Equal } else { number.cmp(&start.saturating_mul(10)) }
}

/// Letters of equal length go by the alphabet; of different length they are of different kinds.
fn order_letters(ours: &str, theirs: &str) -> Option<Ordering> {
    if ours.len() == theirs.len() { Some(ours.cmp(theirs)) } else { None }
}

/// Compares runs of numbers (a missing number is 0) and the letters between them, from the left.
pub(crate) fn order_cores(ours: &[Segment], theirs: &[Segment]) -> Option<Ordering> {
    let (mut at_ours, mut at_theirs) = (0, 0);
    let is_open = |core: &[Segment], at: usize| matches!(core.get(at), Some(Segment::Any | Segment::Starting(_)));
    loop {
        loop {
            let our_number = number_at(ours, at_ours);
            let their_number = number_at(theirs, at_theirs);
            // `2.x` of a device says too little beside 2.80.
            if is_open(ours, at_ours) || is_open(theirs, at_theirs) {
                return None;
            }
            if our_number.is_none() && their_number.is_none() {
                break;
            }
            at_ours += usize::from(our_number.is_some());
            at_theirs += usize::from(their_number.is_some());
            match our_number.unwrap_or(0).cmp(&their_number.unwrap_or(0)) {
                Ordering::Equal => {}
                decided => return Some(decided),
            }
        }
        match (ours.get(at_ours), theirs.get(at_theirs)) {
            (None, None) => return Some(Ordering::Equal),
            (None, Some(Segment::Letters(_))) => return Some(Ordering::Less),
            (Some(Segment::Letters(_)), None) => return Some(Ordering::Greater),
            (Some(Segment::Letters(our_letters)), Some(Segment::Letters(their_letters))) => {
                match order_letters(our_letters, their_letters)? {
                    Ordering::Equal => {}
                    decided => return Some(decided),
                }
                at_ours += 1;
                at_theirs += 1;
            }
            _ => return None,
        }
    }
}

fn number_at(core: &[Segment], at: usize) -> Option<u64> {
    match core.get(at) {
        Some(Segment::Number(number)) => Some(*number),
        _ => None,
    }
}
