//! Reading of product texts with the catalogue: the same code for the names of advisories and of devices.

mod generation;
mod parts;
mod segment;

pub use generation::YEARS;

use std::borrow::Cow;

use super::{Catalogue, FamilyId, Kind, SchemeId, VendorSet};
use crate::domain::model::{expand_chunk, placeholder_pattern, split_list, take_remarks, tokens, unify_placeholders};
use crate::domain::order_number::{Pattern, squash};
use crate::domain::vendor::fold;

/// How much a part of a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Up to three letters: `PN`, `SE`, `IRC`.
    Short,
    /// A dictionary word that identifies only beside others: `view`, `expert`.
    Common,
    /// A word that is no dictionary word: `ThinManager`.
    Word,
    /// A token with digits: `1515`, `PM8240`.
    Designator,
}

/// A distinctive part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart {
    /// Squashed.
    pub key: String,
    pub strength: Strength,
    /// The letters in front when the part was joined from a word and a number: `nport` of `nport5110`.
    pub word: Option<String>,
    /// The number of such a part on its own.
    pub number: Option<String>,
    /// Other spellings of the same part: `r04cpu` for "R04 CPU", `751` for "SEL-751".
    pub also: Vec<String>,
    /// For names with placeholders.
    pub pattern: Option<Pattern>,
}

/// An order number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSpec {
    /// Squashed; for patterns the text as read.
    pub key: String,
    pub scheme: Option<SchemeId>,
    /// For wildcard forms.
    pub pattern: Option<Pattern>,
}

/// A generation of a product: `V7.4`, `V6 and below`, `version 4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub numbers: Vec<u32>,
    pub reach: Reach,
    /// As written.
    pub text: String,
}

/// Which versions a generation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Only,
    Before,
    AndEarlier,
    AndLater,
}

/// One product that a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Designation {
    pub orders: Vec<OrderSpec>,
    /// Families named as a whole; alternatives stand together in one inner list (the same phrase in two catalogues).
    pub families: Vec<Vec<FamilyId>>,
    /// Components and variants; any one of them is enough.
    pub components: Vec<FamilyId>,
    pub parts: Vec<NamePart>,
    /// Series letters, bit 0 is A.
    pub series: u32,
    pub generation: Option<Generation>,
    /// Everyday words that tell programs of one brand apart: the `security` of "SINEC Security Monitor".
    pub roles: Vec<String>,
    /// Words with the lone digit behind them: `power` and 7 of "Spectrum Power 7".
    pub numbered: Vec<(String, u8)>,
    /// Its order numbers stand in the name itself: "CompactLogix 1768-EWEB", not "CPU 1516-3 PN/DP (6ES7516-…)".
    pub is_named_by_order: bool,
    /// The text names software.
    pub is_software: bool,
    /// Parts and families that are excepted.
    pub except: Vec<Designation>,
    /// Conditions in words.
    pub conditions: Vec<String>,
}

impl Generation {
    /// Whether it is the year that a program is named by.
    pub fn is_year(&self) -> bool {
        self.numbers.first().is_some_and(|first| YEARS.contains(first))
    }
}

impl Designation {
    /// Whether nothing in it identifies a product.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.families.is_empty() && self.parts.is_empty() && self.components.is_empty()
    }

    /// Whether it holds something that can stand alone in a list.
    fn is_strong(&self) -> bool {
        !self.orders.is_empty()
            || !self.families.is_empty()
            || !self.components.is_empty()
            || self.parts.iter().any(|p| p.strength == Strength::Designator)
    }
}

/// What kind of text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A name in an advisory: may hold lists, placeholders, remarks.
    Advisory,
    /// A cell of an inventory: one device.
    Device,
}

/// The longest run of tokens that is looked up as one phrase or order number.
const LONGEST_RUN: usize = 9;
/// More alternatives than this in one name are noise (or an attack); the rest is left out.
const MOST_ALTERNATIVES: usize = 80;

impl Catalogue {
    /// The products that a text names: alternatives of a list, or one. Empty designations are left out.
    pub fn read_designations(&self, text: &str, vendors: &VendorSet, kind: TextKind) -> Vec<Designation> {
        if kind == TextKind::Device {
            let (kept, remarks) = take_remarks(&self.open_named_remarks(&without_systems(text), vendors));
            // On a device a remark may be anything; what it names still belongs to the one device.
            let mut whole = self.read_segment(&kept, vendors, kind);
            for remark in remarks {
                let more = self.read_segment(&remark, vendors, kind);
                whole.orders.extend(more.orders);
                // "Mendix SAML (Mendix 8)": the program that another one is for.
                let is_program = |families: &[Vec<FamilyId>]| {
                    families.iter().flatten().any(|family| self.family(*family).kind == Kind::Software)
                };
                if !is_program(&whole.families) || !is_program(&more.families) {
                    whole.families.extend(more.families);
                }
                whole.components.extend(more.components);
            }
            return if whole.is_empty() && whole.series == 0 { Vec::new() } else { vec![whole] };
        }
        if let Some((first, second)) = names_repeated(text) {
            return [first, second].iter().flat_map(|name| self.read_designations(name, vendors, kind)).collect();
        }
        if let Some((name, generations)) = generations_listed(text) {
            let read = |generation: &&str| {
                let mut read = self.read_designations(&format!("{name} {generation}"), vendors, kind);
                let told = read.iter().find_map(|designation| designation.generation.clone());
                for designation in &mut read {
                    designation.generation = designation.generation.take().or_else(|| told.clone());
                }
                read
            };
            return generations.iter().flat_map(read).take(MOST_ALTERNATIVES).collect();
        }
        let (text, marked) = self.take_marked_orders(&without_systems(&without_widths(text)));
        let unified = self.open_named_remarks(&unify_placeholders(&text), vendors);
        let (kept, remarks) = take_remarks(&unified);
        let (kept, excepted) = cut_exceptions(&cut_serial_numbers(cut_contents(&kept)));
        let (kept, mut conditions) = self.cut_conditions(&kept);
        let mut found = self.read_list(&kept, vendors);
        let mut also = Vec::new();
        let mut except: Vec<Designation> = Vec::new();
        if let Some(text) = excepted {
            except.extend(self.read_list(&text, vendors));
        }
        for remark in &remarks {
            self.read_remark(remark, vendors, &mut found, &mut also, &mut except, &mut conditions);
            if let (Some(part), Some(first)) = (self.read_abbreviation(remark, &kept), found.first()) {
                let short = Designation {
                    series: first.series,
                    generation: first.generation.clone(),
                    ..Designation::default()
                };
                also.push(Designation { parts: vec![part], ..short });
            }
            also.extend(self.read_program(remark, &kept, vendors));
        }
        for designation in &mut found {
            designation.orders.extend(marked.iter().cloned());
        }
        found.extend(also);
        found.retain(|d| !d.is_empty());
        for designation in &mut found {
            designation.except.extend(except.iter().cloned());
            designation.conditions.extend(conditions.iter().cloned());
        }
        found.truncate(MOST_ALTERNATIVES);
        found
    }

    /// Takes out what the text itself calls a part number: "3500/22M Firmware Part No. 288055-01". A device that states
    /// none is known by the name.
    fn take_marked_orders(&self, text: &str) -> (String, Vec<OrderSpec>) {
        const MARKS: [&str; 11] = [
            "part no",
            "part number",
            "part nos",
            "p/n",
            "article no",
            "article number",
            "order no",
            "order number",
            "catalog number",
            "cat. no",
            "cat. ",
        ];
        let folded = fold(text);
        let mark = MARKS.iter().filter_map(|mark| folded.find(mark).map(|at| (at, mark.len()))).min();
        let Some((at, length)) = mark.filter(|(at, _)| folded.len() == text.len() && *at > 0) else {
            return (text.to_owned(), Vec::new());
        };
        let (Some(before), Some(behind)) = (text.get(..at), text.get(at + length..)) else {
            return (text.to_owned(), Vec::new());
        };
        let behind = behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start_matches(['.', ':', ' ']);
        let mut orders = Vec::new();
        let mut rest = Vec::new();
        for word in behind.split_whitespace() {
            let bare = word.trim_matches([',', ';', '.']);
            if !rest.is_empty() {
                rest.push(word);
            } else if bare.len() >= 4 && bare.bytes().any(|b| b.is_ascii_digit()) {
                let pattern = placeholder_pattern(bare);
                let key = squash(bare);
                let scheme = self.scheme_of(&key, false);
                orders.push(OrderSpec { key, scheme, pattern: pattern.map(|p| Pattern::read(&p)) });
            } else if !matches!(bare, "&" | "and" | "or" | "/" | "") {
                rest.push(word);
            }
        }
        // Without a number behind it, or inside parentheses, the words say nothing of their own.
        if orders.is_empty() || before.contains('(') {
            return (text.to_owned(), Vec::new());
        }
        (format!("{before} {}", rest.join(" ")), orders)
    }

    /// The one number of a remark that calls it a part number: "(part n° 5.02820)".
    fn orders_behind_mark(&self, folded: &str) -> Option<Vec<OrderSpec>> {
        const MARKS: [&str; 6] = ["part n", "article n", "order n", "art. n", "p/n", "catalog n"];
        let rest = MARKS.iter().find_map(|mark| folded.strip_prefix(mark))?;
        let mut words = rest.split_whitespace().filter(|word| word.bytes().any(|b| b.is_ascii_digit()));
        let (Some(number), None) = (words.next(), words.next()) else { return None };
        let key = squash(number);
        let scheme = self.scheme_of(&key, false);
        let pattern = placeholder_pattern(number).map(|pattern| Pattern::read(&pattern));
        Some(vec![OrderSpec { key, scheme, pattern }])
    }

    /// Takes the parentheses off remarks that belong to a family's spelling: "WinCC (TIA Portal)", "W-700 (IEEE
    /// 802.11n)".
    fn open_named_remarks(&self, text: &str, vendors: &VendorSet) -> String {
        let (Some(open), Some(close)) = (text.find('('), text.find(')')) else { return text.to_owned() };
        if close < open {
            return text.to_owned();
        }
        let inside: String = tokens(&text[open + 1..close]).iter().map(|t| t.text.as_str()).collect();
        let before = tokens(&text[..open]);
        let named = !inside.is_empty()
            && (1..=before.len().min(LONGEST_RUN)).any(|n| {
                let mut key: String = before[before.len() - n..].iter().map(|t| t.text.as_str()).collect();
                key.push_str(&inside);
                self.families_spelled(&key).iter().any(|f| self.fits_vendor(*f, vendors))
            });
        let rest = self.open_named_remarks(&text[close + 1..], vendors);
        if named {
            format!("{} {} {rest}", &text[..open], &text[open + 1..close])
        } else {
            format!("{}{rest}", &text[..=close])
        }
    }

    /// Reads what stands in parentheses: order numbers, members, other names, exceptions, conditions.
    fn read_remark(
        &self,
        remark: &str,
        vendors: &VendorSet,
        found: &mut [Designation],
        also: &mut Vec<Designation>,
        except: &mut Vec<Designation>,
        conditions: &mut Vec<String>,
    ) {
        let (remark, excepted) = cut_exceptions(remark);
        if let Some(text) = excepted {
            except.extend(self.read_list(&text, vendors));
        }
        let folded = fold(&remark);
        let trimmed = folded.trim();
        if trimmed.is_empty() {
            return;
        }
        if self.starts_condition(trimmed) || trimmed.starts_with("only ") || trimmed.contains(" enabled") {
            conditions.push(remark.trim().to_owned());
            return;
        }
        if let Some(line) = line_of_versions(trimmed) {
            for target in found.iter_mut().filter(|target| target.generation.is_none()) {
                target.generation = Some(line.clone());
            }
            return;
        }
        if let Some(orders) = self.orders_behind_mark(trimmed) {
            for target in found.iter_mut() {
                target.orders.extend(orders.iter().cloned());
            }
            return;
        }
        let is_other_name = ["incl", "formerly", "previously", "also ", "aka", "former", "known as", "including"]
            .iter()
            .any(|w| trimmed.starts_with(w));
        let read = self.read_list(&remark, vendors);
        for designation in read {
            if !designation.orders.is_empty() && !is_other_name {
                for target in found.iter_mut() {
                    target.orders.extend(designation.orders.iter().cloned());
                    target.series |= designation.series;
                }
            } else if !designation.components.is_empty() && !is_other_name {
                for target in found.iter_mut() {
                    target.components.extend(designation.components.iter().copied());
                }
            } else if designation.is_strong() && !is_measure(trimmed) {
                if is_other_name {
                    also.push(designation);
                } else {
                    self.refine(&designation, found, also);
                }
            }
        }
    }

    /// The program that a remark names behind a text that tells only what it serves: "GOT2000 compatible HMI software (GT
    /// SoftGOT2000)".
    fn read_program(&self, remark: &str, name: &str, vendors: &VendorSet) -> Option<Designation> {
        if !tokens(name).iter().any(|token| token.text == "software") {
            return None;
        }
        let named = self.families_spelled(&squash(remark)).iter().any(|family| self.fits_vendor(*family, vendors));
        let read = || self.read_segment(remark, vendors, TextKind::Advisory);
        named.then(read).filter(|read| read.is_software && read.parts.is_empty() && read.families.len() == 1)
    }

    /// The short form of the name in front of it: "Patient Information Center iX (PICiX)".
    fn read_abbreviation(&self, remark: &str, name: &str) -> Option<NamePart> {
        let key = squash(remark);
        let n_capitals = remark.chars().filter(char::is_ascii_uppercase).count();
        let is_word = (3..=8).contains(&remark.len()) && remark.bytes().all(|b| b.is_ascii_alphabetic());
        if !is_word || n_capitals < 3 || self.lists.generic.contains(&key) || self.lists.common.contains(&key) {
            return None;
        }
        let mut letters = squash(name).into_bytes().into_iter();
        let initials: Vec<u8> = name.split_whitespace().filter_map(|w| w.bytes().next()).collect();
        let begins = initials.iter().any(|b| b.eq_ignore_ascii_case(&key.as_bytes()[0]));
        let in_order = key.bytes().all(|b| letters.any(|letter| letter == b));
        // Three letters are a name only where they are the first ones of the words, and for a row that says nothing besides.
        let is_short = key.len() == 3;
        let exact = || initials.windows(3).any(|run| run.eq_ignore_ascii_case(key.as_bytes()));
        let fits = begins && in_order && initials.len() >= 3 && (!is_short || exact());
        fits.then(|| NamePart {
            key,
            strength: if is_short { Strength::Short } else { Strength::Word },
            word: None,
            number: None,
            also: Vec::new(),
            pattern: None,
        })
    }

    /// A remark that names something finer than the text in front of it: "GOT2000 (Models GT21, GT23)", "OPC UA Server
    /// Module (RD81OPC96)", "Modicon MC80 (BMKC80)".
    fn refine(&self, remark: &Designation, found: &mut [Designation], also: &mut Vec<Designation>) {
        let telling: Vec<&NamePart> = remark
            .parts
            .iter()
            .filter(|p| {
                p.strength == Strength::Designator
                    && p.key.len() >= 5
                    && p.key.bytes().any(|b| b.is_ascii_alphabetic())
                    && p.key.bytes().any(|b| b.is_ascii_digit())
            })
            .collect();
        for target in found.iter_mut() {
            let only_family = !target.families.is_empty() && target.parts.is_empty();
            let outer: Vec<FamilyId> = target.families.iter().flatten().copied().collect();
            let finer: Vec<Vec<FamilyId>> = remark
                .families
                .iter()
                .filter(|alternatives| {
                    alternatives.iter().any(|a| outer.iter().any(|f| f != a && self.is_within(*a, *f)))
                })
                .cloned()
                .collect();
            if !finer.is_empty() {
                finer.into_iter().for_each(|alternatives| self.add_family(alternatives, target));
            } else if only_family && remark.families.is_empty() && !telling.is_empty() && remark.parts.len() <= 2 {
                target.parts.extend(telling.iter().map(|p| NamePart {
                    pattern: p.pattern.clone().or_else(|| Some(Pattern::read(&format!("{}*", p.key)))),
                    ..(*p).clone()
                }));
            } else if remark.families.is_empty()
                && !telling.is_empty()
                && remark.parts.len() <= 2
                && !target.is_software
            {
                also.push(remark.clone());
                return;
            }
        }
    }

    /// Reads a text that may be a list of products.
    fn read_list(&self, text: &str, vendors: &VendorSet) -> Vec<Designation> {
        let pieces = split_list(text);
        let read: Vec<(String, Designation)> =
            pieces.iter().map(|p| (p.clone(), self.read_segment(p, vendors, TextKind::Advisory))).collect();
        let n_strong = read.iter().filter(|(_, d)| d.is_strong()).count();
        if n_strong < 2 || self.is_one_phrase(text, vendors) {
            return self.read_alternatives(text, vendors);
        }
        let mut found: Vec<Designation> = Vec::new();
        // Words in front of the first number serve the numbers that follow: "Relion 670, 650".
        let lead: String = pieces[0]
            .split_whitespace()
            .take_while(|w| !w.starts_with(|c: char| c.is_ascii_digit()))
            .filter(|w| !w.chars().any(|c| c.is_ascii_digit()))
            .collect::<Vec<_>>()
            .join(" ");
        let mut pending = String::new();
        let mut first_strong = true;
        // The family in front of the first member holds for the members that follow: "KTP Mobile Panels KTP400F, KTP700".
        let head = read.iter().find(|(_, d)| d.is_strong()).map(|(_, d)| d.clone()).unwrap_or_default();
        let head_families =
            if head.parts.iter().any(|p| p.strength == Strength::Designator) { head.families } else { Vec::new() };
        for (piece, designation) in &read {
            let only_components = designation.parts.is_empty()
                && designation.families.is_empty()
                && designation.orders.is_empty()
                && !designation.components.is_empty();
            if only_components && !first_strong {
                // "relays with CPU variants CP300 and CP100": a choice of variants, not a product of its own.
                for known in &mut found {
                    known.components.extend(designation.components.iter().copied());
                }
            } else if designation.is_strong() {
                let bare_number = piece
                    .split_whitespace()
                    .next()
                    .is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()) && designation.orders.is_empty());
                let text = if first_strong && !pending.is_empty() {
                    format!("{pending} {piece}")
                } else if bare_number && !lead.is_empty() && !first_strong {
                    format!("{lead} {piece}")
                } else {
                    piece.clone()
                };
                let mut alternatives = self.read_alternatives(&text, vendors);
                for alternative in &mut alternatives {
                    if alternative.families.is_empty() && alternative.orders.is_empty() && !bare_number {
                        alternative.families.clone_from(&head_families);
                    }
                }
                found.extend(alternatives);
                first_strong = false;
            } else if first_strong {
                pending = format!("{pending} {piece}").trim().to_owned();
            }
        }
        // "GOT2000 Series, GT27 model": a family in front of one within it only says where that belongs.
        let named: Vec<FamilyId> = found.iter().flat_map(|d| d.families.iter().flatten().copied()).collect();
        found.retain(|d| {
            let only_families = d.parts.is_empty() && d.orders.is_empty() && !d.families.is_empty();
            !only_families
                || !d.families.iter().flatten().all(|f| named.iter().any(|n| n != f && self.is_within(*n, *f)))
        });
        // Series letters, generations and components at the end hold for the whole list.
        let tail = found.last().cloned().unwrap_or_default();
        for designation in &mut found {
            if designation.series == 0 {
                designation.series = tail.series;
            }
            if designation.components.is_empty() {
                designation.components.clone_from(&tail.components);
            }
        }
        found
    }

    /// Whether the whole text is one spelling of a family, so that its "and" joins nothing.
    fn is_one_phrase(&self, text: &str, vendors: &VendorSet) -> bool {
        self.families_spelled(&squash(text)).iter().any(|f| self.fits_vendor(*f, vendors))
    }

    /// Reads one piece, with lists inside its words expanded.
    fn read_alternatives(&self, text: &str, vendors: &VendorSet) -> Vec<Designation> {
        let mut chunks: Vec<Vec<String>> = text.split_whitespace().map(expand_chunk).collect();
        // "FL SWITCH 3xxx 4xxx": numbers with placeholders in a row are a list.
        let is_numeric = |c: &[String]| matches!(c, [one] if one.starts_with(|d: char| d.is_ascii_digit()) && one.ends_with("xx") && one.bytes().all(|b| b.is_ascii_digit() || b == b'x'));
        let mut numeric: Vec<usize> = (0..chunks.len()).filter(|n| is_numeric(&chunks[*n])).collect();
        // "NPort 5210 5230": so are numbers of one length.
        let number = |n: usize| match chunks.get(n).map(Vec::as_slice) {
            Some([one]) if one.len() >= 4 && one.bytes().all(|b| b.is_ascii_digit()) => Some(one.len()),
            _ => None,
        };
        let beside = |n: usize| {
            number(n).is_some_and(|length| number(n + 1) == Some(length) || n > 0 && number(n - 1) == Some(length))
        };
        if numeric.is_empty() {
            numeric = (1..chunks.len()).filter(|n| beside(*n)).collect();
        }
        if let [first, rest @ ..] = numeric.as_slice()
            && !rest.is_empty()
        {
            for n in rest {
                let option = std::mem::take(&mut chunks[*n]);
                chunks[*first].extend(option);
            }
            chunks.retain(|c| !c.is_empty());
        }
        let is_list = |n: usize| chunks.get(n).is_some_and(|options| options.len() > 1);
        // "Q03UDECPU Q04/06/10UDEHCPU": a member of its own beside the list of its siblings.
        let stem = |n: usize| {
            let first = chunks.get(n).and_then(|options| options.first()).map_or("", String::as_str);
            let letters = first.bytes().take_while(u8::is_ascii_uppercase).count();
            let has_number = first.as_bytes().get(letters).is_some_and(u8::is_ascii_digit);
            (letters > 0 && has_number).then(|| first[..letters].to_owned())
        };
        let is_sibling = |n: usize| {
            let beside = |m: usize| is_list(m) && stem(m).is_some() && stem(m) == stem(n);
            n.checked_sub(1).is_some_and(beside) || beside(n + 1)
        };
        let expanding: Vec<usize> = (0..chunks.len()).filter(|n| is_list(*n) || is_sibling(*n)).collect();
        // A slash inside a family's own name lists nothing: "FL COMSERVER UNI 232/422/485".
        if expanding.is_empty() || self.is_one_phrase(text, vendors) {
            return vec![self.read_segment(text, vendors, TextKind::Advisory)];
        }
        // Each list inside a word is a list of products of its own, beside the words that are no lists.
        let mut found = Vec::new();
        for list in &expanding {
            for option in &chunks[*list] {
                let words: Vec<&str> = chunks
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| n == list || !expanding.contains(n))
                    .filter_map(|(n, options)| if n == *list { Some(option) } else { options.first() })
                    .map(String::as_str)
                    .collect();
                found.push(self.read_segment(&words.join(" "), vendors, TextKind::Advisory));
                if found.len() >= MOST_ALTERNATIVES {
                    return found;
                }
            }
        }
        found
    }

    fn starts_condition(&self, folded: &str) -> bool {
        self.lists
            .condition
            .iter()
            .any(|c| folded.strip_prefix(c.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    }

    /// Cuts a condition that stands at the end of a name: "Kinetix 5500 manufactured between …".
    fn cut_conditions(&self, text: &str) -> (String, Vec<String>) {
        let folded = fold(text);
        if folded.len() != text.len() {
            return (text.to_owned(), Vec::new());
        }
        for (at, _) in folded.match_indices(' ') {
            if text.is_char_boundary(at) && at > 0 && self.starts_condition(folded[at..].trim_start()) {
                return (text[..at].to_owned(), vec![text[at..].trim().to_owned()]);
            }
        }
        (text.to_owned(), Vec::new())
    }
}

/// A text without the word widths of a program's builds: "All 32 and 64 bit CODESYS …".
fn without_widths(text: &str) -> Cow<'_, str> {
    let widths = ["32 and 64 bit ", "32 and 64-bit ", "32-bit and 64-bit ", "32/64 bit ", "32/64-bit "];
    let found = widths.iter().find(|width| text.contains(**width));
    found.map_or(Cow::Borrowed(text), |width| Cow::Owned(text.replace(*width, "")))
}

/// A text without the releases of the operating system that a program runs on: "MicroBrowser Windows XP Vista 7 8 and 10".
fn without_systems(text: &str) -> Cow<'_, str> {
    const RELEASES: [&str; 26] = [
        "95",
        "98",
        "2000",
        "2003",
        "2008",
        "2012",
        "2016",
        "2019",
        "2022",
        "7",
        "8",
        "8.1",
        "10",
        "11",
        "xp",
        "vista",
        "nt",
        "r2",
        "server",
        "home",
        "pro",
        "professional",
        "enterprise",
        "and",
        "or",
        "&",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_release = |word: &&str| RELEASES.contains(&word.trim_end_matches(',').to_ascii_lowercase().as_str());
    let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case("windows")).filter(|at| *at > 0) else {
        return Cow::Borrowed(text);
    };
    let n = words[at + 1..].iter().take_while(|word| is_release(word)).count();
    let has_number = words[at + 1..at + 1 + n].iter().any(|word| !matches!(*word, "and" | "or" | "&"));
    if !has_number {
        return Cow::Borrowed(text);
    }
    let head = if matches!(words[at - 1].to_ascii_lowercase().as_str(), "for" | "on" | "under") && at > 1 {
        at - 1
    } else {
        at
    };
    Cow::Owned(words[..head].iter().chain(&words[at + 1 + n..]).copied().collect::<Vec<_>>().join(" "))
}

/// Two names in a row without a comma, of which the second repeats the first and goes on: "R-30iA R-30iA Mate".
fn names_repeated(text: &str) -> Option<(String, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let n = (1..=words.len() / 2)
        .find(|n| words[..*n].iter().zip(&words[*n..2 * n]).all(|(a, b)| a.eq_ignore_ascii_case(b)))?;
    let telling = words[..n].iter().any(|word| word.bytes().any(|b| b.is_ascii_digit()));
    (telling && words.len() > 2 * n).then(|| (words[..n].join(" "), words[n..].join(" ")))
}

/// Several generations at the end of a name, and the name without them: "… (TIA Portal) V10, V11, V12".
fn generations_listed(text: &str) -> Option<(String, Vec<&str>)> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    while let Some(last) = words.last() {
        let bare = last.trim_end_matches(',');
        let numbers = bare.strip_prefix('V').is_some_and(|n| {
            n.starts_with(|c: char| c.is_ascii_digit()) && n.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        });
        if numbers {
            found.push(bare);
        } else if found.is_empty() || !matches!(bare, "and" | "or" | "&") {
            break;
        }
        words.pop();
    }
    found.reverse();
    (found.len() >= 2 && !words.is_empty()).then(|| (words.join(" "), found))
}

/// The line that a remark speaks of: `1.25.xx feature level`, `2.x`, `V9.6` alone.
fn line_of_versions(folded: &str) -> Option<Generation> {
    let numbers_of = |dotted: &str| dotted.split('.').map(|number| number.parse().ok()).collect::<Option<Vec<u32>>>();
    let line = |numbers, text: &str| Generation { numbers, reach: Reach::Only, text: text.to_owned() };
    if let Some(only) = folded.strip_prefix('v').filter(|only| only.contains('.'))
        && let Some(numbers) = numbers_of(only)
    {
        return Some(line(numbers, folded));
    }
    let written = folded.split_whitespace().next()?;
    let (numbers, open) = written.trim_start_matches('v').rsplit_once('.')?;
    let is_open = !open.is_empty() && open.bytes().all(|b| b == b'x');
    numbers_of(numbers).filter(|_| is_open).map(|numbers| line(numbers, written))
}

fn is_measure(folded: &str) -> bool {
    folded.split([',', ' ', '/']).filter(|w| !w.is_empty()).any(|w| {
        let digits = w.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && matches!(&w[digits..], "v" | "vdc" | "vac" | "xfe" | "xge" | "xfo" | "x" | "m")
    })
}

/// Cuts what a product holds or is delivered with: "CODESYS Control RTE V3 containing the CmpUserMgr component",
/// "PowerSCADA Anywhere redistributed with PowerSCADA Expert v8.1".
fn cut_contents(text: &str) -> &str {
    let folded = fold(text);
    let marks = [" containing the ", " redistributed with ", " bundled with ", " delivered with "];
    let at = marks.iter().filter_map(|mark| folded.find(mark)).min();
    at.filter(|at| folded.len() == text.len() && *at > 0).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// Cuts what a name says about serial numbers; the version range reads it.
fn cut_serial_numbers(text: &str) -> String {
    let folded = fold(text);
    let at =
        ["with serial n", "serial number", "serial no", "whose serial"].iter().filter_map(|w| folded.find(w)).min();
    match at {
        Some(at) if folded.len() == text.len() && at > 0 && text.is_char_boundary(at) => text[..at].to_owned(),
        _ => text.to_owned(),
    }
}

/// Cuts "except …" off the end of a text.
fn cut_exceptions(text: &str) -> (String, Option<String>) {
    let folded = fold(text);
    if folded.len() == text.len() {
        for word in ["except for ", "except ", "excluding ", "not including ", "without the "] {
            if let Some(at) = folded.find(word)
                && text.is_char_boundary(at)
            {
                let rest = text[at + word.len()..].to_owned();
                return (text[..at].to_owned(), Some(rest));
            }
        }
    }
    (text.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_that_a_program_runs_on_are_no_part_of_its_name() {
        for (text, name) in [
            ("Browser Windows XP Vista 7 8 and 10", "Browser"),
            ("Browser for Windows 10", "Browser"),
            ("IPC847E Windows Server 2019", "IPC847E"),
            ("Browser for Windows", "Browser for Windows"),
            ("Windows 10 IoT", "Windows 10 IoT"),
        ] {
            assert_eq!(without_systems(text), name, "{text}");
        }
    }

    #[test]
    fn a_name_that_repeats_the_one_in_front_is_another() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(names_repeated("R-30iA R-30iA Mate"), pair("R-30iA", "R-30iA Mate"));
        assert_eq!(names_repeated("R-30iB Plus"), None);
        // Twice the same is one name, and words without a number may be a slip.
        assert_eq!(names_repeated("R-30iA R-30iA"), None);
        assert_eq!(names_repeated("Advantech Advantech WebAccess"), None);
    }
}
