//! Reading of product texts with the catalogue: the same code for the names of advisories and of devices.

use rustc_hash::FxHashSet;

use super::{Catalogue, FamilyId, Kind, SchemeId, VendorId, VendorSet};
use crate::domain::model::{
    Token, expand_chunk, placeholder_pattern, split_list, take_remarks, tokens, unify_placeholders,
};
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
    /// The text names software.
    pub is_software: bool,
    /// Parts and families that are excepted.
    pub except: Vec<Designation>,
    /// Conditions in words.
    pub conditions: Vec<String>,
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
            let (kept, remarks) = take_remarks(text);
            // On a device a remark may be anything; what it names still belongs to the one device.
            let mut whole = self.read_segment(&kept, vendors, kind);
            for remark in remarks {
                let more = self.read_segment(&remark, vendors, kind);
                whole.orders.extend(more.orders);
                whole.families.extend(more.families);
                whole.components.extend(more.components);
            }
            return if whole.is_empty() && whole.series == 0 { Vec::new() } else { vec![whole] };
        }
        let unified = unify_placeholders(text);
        let (kept, remarks) = take_remarks(&unified);
        let (kept, excepted) = cut_exceptions(&kept);
        let (kept, mut conditions) = self.cut_conditions(&kept);
        let mut found = self.read_list(&kept, vendors);
        let mut also = Vec::new();
        let mut except: Vec<Designation> = Vec::new();
        if let Some(text) = excepted {
            except.extend(self.read_list(&text, vendors));
        }
        for remark in &remarks {
            self.read_remark(remark, vendors, &mut found, &mut also, &mut except, &mut conditions);
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
            } else if designation.is_strong() {
                let telling = !designation.families.is_empty()
                    || designation.parts.iter().any(|p| {
                        p.strength == Strength::Designator
                            && p.key.len() >= 5
                            && p.key.bytes().any(|b| b.is_ascii_alphabetic())
                    });
                // `(24V, ports on rear)` names nothing; `(HMIG5U HMIG5U2)` and `(formerly Unity Pro)` do.
                if telling && (is_other_name || designation.parts.len() <= 2) && !is_measure(trimmed) {
                    also.push(designation);
                }
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
        for (piece, designation) in &read {
            if designation.is_strong() {
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
                found.extend(self.read_alternatives(&text, vendors));
                first_strong = false;
            } else if first_strong {
                pending = format!("{pending} {piece}").trim().to_owned();
            }
        }
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
        let mut texts = vec![String::new()];
        for chunk in text.split_whitespace() {
            let options = expand_chunk(chunk);
            if options.len() == 1 || texts.len() * options.len() > MOST_ALTERNATIVES {
                let option = options.first().map_or(chunk, String::as_str);
                for text in &mut texts {
                    text.push(' ');
                    text.push_str(option);
                }
            } else {
                texts = texts.iter().flat_map(|t| options.iter().map(move |o| format!("{t} {o}"))).collect();
            }
        }
        texts.iter().map(|t| self.read_segment(t, vendors, TextKind::Advisory)).collect()
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

    fn fits_vendor(&self, family: FamilyId, vendors: &VendorSet) -> bool {
        !vendors.is_known() || vendors.known().contains(&self.family(family).vendor)
    }

    /// Reads one piece of text that names at most one product.
    fn read_segment(&self, text: &str, vendors: &VendorSet, kind: TextKind) -> Designation {
        let mut found = Designation::default();
        let mut text = text.to_owned();
        if kind == TextKind::Advisory {
            let mut kept: Vec<&str> = Vec::new();
            for chunk in text.split_whitespace() {
                match placeholder_pattern(chunk.trim_matches([',', ';', ':', '.', '"'])) {
                    Some(pattern) => self.add_pattern(&pattern, &mut found),
                    None => kept.push(chunk),
                }
            }
            if kept.len() != text.split_whitespace().count() {
                let joined = kept.join(" ");
                text = joined;
            }
        }
        let tokens = self.split_generic_prefixes(tokens(&text));
        let mut taken = vec![false; tokens.len()];
        self.take_series(&text, &tokens, &mut taken, &mut found);
        self.take_families(&tokens, &mut taken, vendors, &mut found);
        self.take_vendors(&tokens, &mut taken, vendors);
        self.take_orders(&tokens, &mut taken, &text, &mut found, kind);
        take_generation(&tokens, &mut taken, &mut found);
        self.take_parts(&tokens, &taken, &mut found);
        found.is_software = tokens.iter().any(|t| self.lists.software.contains(&t.text))
            || found.families.iter().flatten().any(|f| self.family(*f).kind == Kind::Software);
        found
    }

    /// `CPU1511` is `CPU 1511`: a generic word glued to a number is no part of the designator.
    fn split_generic_prefixes(&self, tokens: Vec<Token>) -> Vec<Token> {
        let mut split = Vec::with_capacity(tokens.len());
        for token in tokens {
            let n = token.text.bytes().take_while(u8::is_ascii_alphabetic).count();
            let rest_is_number = token.text.as_bytes().get(n).is_some_and(u8::is_ascii_digit);
            if n >= 3 && rest_is_number && token.raw.is_ascii() && self.lists.generic.contains(&token.text[..n]) {
                let chunk = token.chunk;
                split.push(Token { text: token.text[..n].to_owned(), raw: token.raw[..n].to_owned(), chunk });
                split.push(Token { text: token.text[n..].to_owned(), raw: token.raw[n..].to_owned(), chunk });
            } else {
                split.push(token);
            }
        }
        split
    }

    fn add_pattern(&self, pattern: &str, found: &mut Designation) {
        let key = squash(&pattern.replace(['*', '?', '+'], ""));
        // Fill the placeholders with what most order numbers hold, to ask the schemes.
        let filled: Vec<String> = ["0", "1", "0000", "a", "a00000", "0000000", "00000", "1ab", "", "00"]
            .iter()
            .map(|f| squash(&pattern.replace('*', f).replace(['?', '+'], "1")))
            .collect();
        let scheme = filled.iter().find_map(|f| self.scheme_of(f, false));
        let read = Pattern::read(pattern);
        if scheme.is_some() {
            found.orders.push(OrderSpec { key, scheme, pattern: Some(read) });
        } else {
            let strength = Strength::Designator;
            found.parts.push(NamePart { key, strength, word: None, number: None, pattern: Some(read) });
        }
    }

    /// Series letters: "Series A/B", "Ser. D", and the letter behind a slash: `1756-EN2T/D`.
    fn take_series(&self, text: &str, tokens: &[Token], taken: &mut [bool], found: &mut Designation) {
        let letter = |t: &Token| match t.raw.as_bytes() {
            [b] if b.is_ascii_uppercase() && *b <= b'H' => Some(1u32 << (b - b'A')),
            _ => None,
        };
        for n in 0..tokens.len() {
            if matches!(tokens[n].text.as_str(), "series" | "ser" | "serie") {
                let mut m = n + 1;
                while m < tokens.len()
                    && (letter(&tokens[m]).is_some() || matches!(tokens[m].text.as_str(), "and" | "or" | "series"))
                {
                    if let Some(bit) = letter(&tokens[m]) {
                        found.series |= bit;
                        taken[m] = true;
                    }
                    m += 1;
                }
            } else if n > 0
                && tokens[n].chunk == tokens[n - 1].chunk
                && (n + 1 == tokens.len() || tokens[n + 1].chunk != tokens[n].chunk)
                && let Some(bit) = letter(&tokens[n])
                && tokens[..n].iter().rev().take_while(|t| t.chunk == tokens[n].chunk).any(Token::has_digit)
                && text.contains(&format!("/{}", tokens[n].raw))
            {
                found.series |= bit;
                taken[n] = true;
            }
        }
    }

    /// The longest phrases that name families, left to right.
    fn take_families(&self, tokens: &[Token], taken: &mut [bool], vendors: &VendorSet, found: &mut Designation) {
        let n = tokens.len();
        let mut at = 0;
        while at < n {
            if taken[at] {
                at += 1;
                continue;
            }
            let mut key = String::new();
            let mut best: Option<(usize, Vec<FamilyId>)> = None;
            for end in at..n.min(at + LONGEST_RUN) {
                if taken[end] {
                    break;
                }
                key.push_str(&tokens[end].text);
                if key.len() > self.longest_spelling {
                    break;
                }
                let fitting: Vec<FamilyId> =
                    self.families_spelled(&key).iter().copied().filter(|f| self.fits_vendor(*f, vendors)).collect();
                if !fitting.is_empty() {
                    best = Some((end + 1, fitting));
                }
            }
            match best {
                Some((end, families)) => {
                    taken[at..end].fill(true);
                    let (components, others): (Vec<_>, Vec<_>) = families
                        .into_iter()
                        .partition(|f| matches!(self.family(*f).kind, Kind::Component | Kind::Variant));
                    found.components.extend(components);
                    if !others.is_empty() && !found.families.contains(&others) {
                        found.families.push(others);
                    }
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// The vendor's own names inside the text.
    fn take_vendors(&self, tokens: &[Token], taken: &mut [bool], vendors: &VendorSet) {
        let is_vendors = |key: &str| {
            let named: &[VendorId] = self.vendors_named(key);
            if vendors.is_known() {
                named.iter().any(|v| vendors.known().contains(v))
            } else {
                (!named.is_empty() && key.len() >= 3) || vendors.unknown().iter().any(|u| u == key)
            }
        };
        for at in 0..tokens.len() {
            if taken[at] {
                continue;
            }
            for len in (1..=4.min(tokens.len() - at)).rev() {
                if taken[at..at + len].iter().any(|t| *t) {
                    continue;
                }
                let key = tokens[at..at + len].iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
                // A name glued to a number is a designator (`RA-001`), so the next token must not share the chunk.
                let glued =
                    tokens.get(at + len).is_some_and(|t| t.chunk == tokens[at + len - 1].chunk && t.has_digit());
                if !glued && is_vendors(&key) {
                    taken[at..at + len].fill(true);
                    break;
                }
            }
        }
    }

    /// Order numbers that a scheme recognises: any within a chunk, those of fixed length also over blanks.
    fn take_orders(&self, tokens: &[Token], taken: &mut [bool], text: &str, found: &mut Designation, kind: TextKind) {
        let n = tokens.len();
        // A cell that is one order number as a whole, blanks for dashes: `1408 EM3A ENT`.
        if kind == TextKind::Device && n > 1 && n <= 5 && !taken.iter().any(|t| *t) {
            let whole: String = tokens.iter().map(|t| t.text.as_str()).collect();
            let mostly_caps = !text.chars().any(char::is_lowercase);
            if mostly_caps && let Some(scheme) = self.scheme_of(&whole, false) {
                taken.fill(true);
                found.orders.push(OrderSpec { key: whole, scheme: Some(scheme), pattern: None });
                return;
            }
        }
        let mut at = 0;
        while at < n {
            if taken[at] {
                at += 1;
                continue;
            }
            let mut key = String::new();
            let mut best = None;
            for end in at..n.min(at + 6) {
                if taken[end] {
                    break;
                }
                key.push_str(&tokens[end].text);
                let ends_chunk = end + 1 == n || tokens[end + 1].chunk != tokens[end].chunk || taken[end + 1];
                let crosses = tokens[end].chunk != tokens[at].chunk;
                if key.len() >= 5
                    && (ends_chunk || !crosses)
                    && let Some(scheme) = self.scheme_of(&key, crosses || !ends_chunk)
                {
                    best = Some((end + 1, key.clone(), scheme));
                }
            }
            match best {
                Some((end, key, scheme)) => {
                    taken[at..end].fill(true);
                    found.orders.push(OrderSpec { key, scheme: Some(scheme), pattern: None });
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// What is left: distinctive parts.
    fn take_parts(&self, tokens: &[Token], taken: &[bool], found: &mut Designation) {
        let lists = &self.lists;
        let mut parts: Vec<(usize, usize, NamePart)> = Vec::new();
        let mut dropped: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let mut end = at + 1;
            while end < tokens.len() && tokens[end].chunk == tokens[at].chunk {
                end += 1;
            }
            let left: Vec<usize> = (at..end).filter(|n| !taken[*n]).collect();
            let whole_chunk = left.len() == end - at;
            let all_generic = left.iter().all(|n| lists.generic.contains(&tokens[*n].text));
            let joined: String = left.iter().map(|n| tokens[*n].text.as_str()).collect();
            if left.is_empty() || is_unit(&joined) {
                // Nothing distinctive.
            } else if all_generic || (whole_chunk && lists.generic.contains(&joined)) {
                if whole_chunk {
                    dropped.push((at, end));
                }
            } else {
                let joined_has_digit = joined.bytes().any(|b| b.is_ascii_digit());
                let useful: Vec<&Token> = left
                    .iter()
                    .map(|n| &tokens[*n])
                    .filter(|t| {
                        // A generic word beside a number in one chunk is no part of the designator: `UMG604-Meter`.
                        let beside = left.len() > 1 && t.text.len() > 3 && !t.has_digit() && joined_has_digit;
                        !(lists.umbrella.contains(&t.text) || beside && lists.generic.contains(&t.text))
                    })
                    .collect();
                let key: String = useful.iter().map(|t| t.text.as_str()).collect();
                if !key.is_empty() && !lists.umbrella.contains(&joined) {
                    let strength = self.strength_of(&key);
                    parts.push((at, end, NamePart { key, strength, word: None, number: None, pattern: None }));
                }
            }
            at = end;
        }
        // A word and the number behind it are one designator: `NPort 5110`, `CP 343-1`, `Stratix 5700`.
        let mut merged: Vec<(usize, usize, NamePart)> = Vec::new();
        for (at, end, part) in parts {
            if let Some((_, last_end, last)) = merged.last_mut()
                && *last_end == at
                && last.pattern.is_none()
                && last.strength < Strength::Designator
                && part.key.starts_with(|c: char| c.is_ascii_digit())
            {
                *last = NamePart {
                    key: format!("{}{}", last.key, part.key),
                    strength: Strength::Designator,
                    word: Some(last.key.clone()),
                    number: Some(part.key),
                    pattern: None,
                };
                *last_end = end;
                continue;
            }
            merged.push((at, end, part));
        }
        // A lone digit says nothing.
        merged.retain(|(_, _, p)| p.key.len() != 1);
        let telling = found.families.is_empty()
            && found.orders.is_empty()
            && found.components.is_empty()
            && !found.parts.iter().any(|p| p.strength == Strength::Designator)
            && !merged.iter().any(|(_, _, p)| p.strength >= Strength::Word);
        if telling {
            // Only dictionary words: together they may still be a name, such as "Control Expert".
            let mut spans: Vec<(usize, usize)> = merged.iter().map(|(a, e, _)| (*a, *e)).chain(dropped).collect();
            spans.sort_unstable();
            let grammar = |n: usize| tokens[n].text.len() < 2;
            let words: Vec<&str> = spans
                .iter()
                .flat_map(|(a, e)| *a..*e)
                .filter(|n| !grammar(*n))
                .map(|n| tokens[n].text.as_str())
                .collect();
            let n_common = merged.iter().filter(|(_, _, p)| p.strength == Strength::Common).count();
            if words.len() >= 2 && n_common >= 1 {
                let key: String = words.concat();
                merged =
                    vec![(0, 0, NamePart { key, strength: Strength::Word, word: None, number: None, pattern: None })];
            }
        }
        let mut seen: FxHashSet<String> = found.parts.iter().map(|p| p.key.clone()).collect();
        found.parts.extend(merged.into_iter().map(|(_, _, p)| p).filter(|p| seen.insert(p.key.clone())));
    }

    fn strength_of(&self, key: &str) -> Strength {
        if key.bytes().any(|b| b.is_ascii_digit()) {
            Strength::Designator
        } else if self.lists.common.contains(key) || self.lists.generic.contains(key) {
            Strength::Common
        } else if key.chars().count() <= 3 {
            Strength::Short
        } else {
            Strength::Word
        }
    }
}

/// `24V`, `10.4"`, `48kW`: measures are no designators.
fn is_unit(key: &str) -> bool {
    let digits = key.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0
        && (matches!(
            &key[digits..],
            "v" | "a"
                | "w"
                | "kw"
                | "hz"
                | "mm"
                | "mb"
                | "gb"
                | "vdc"
                | "vac"
                | "in"
                | "inch"
                | "kva"
                | "bit"
                | "port"
                | "ports"
                | "phase"
                | "st"
                | "nd"
                | "rd"
                | "th"
        ) || (digits == key.len() && digits == 1))
}

fn is_measure(folded: &str) -> bool {
    folded.split([',', ' ', '/']).filter(|w| !w.is_empty()).any(|w| {
        let digits = w.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && matches!(&w[digits..], "v" | "vdc" | "vac" | "xfe" | "xge" | "xfo" | "x" | "m")
    })
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

/// Generations: `V7.4`, `V4.X`, `version 4`, `V6 and below`.
fn take_generation(tokens: &[Token], taken: &mut [bool], found: &mut Designation) {
    let n = tokens.len();
    let mut at = 0;
    while at < n {
        if taken[at] {
            at += 1;
            continue;
        }
        let text = tokens[at].text.as_str();
        let starts_chunk = at == 0 || tokens[at - 1].chunk != tokens[at].chunk;
        let own = text.strip_prefix('v').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        let (first, mut end) = if starts_chunk && let Some(rest) = own {
            (rest.to_owned(), at + 1)
        } else if matches!(text, "version" | "versions")
            && let Some(next) = tokens.get(at + 1)
            && !taken[at + 1]
            && next.text.bytes().all(|b| b.is_ascii_digit())
        {
            (next.text.clone(), at + 2)
        } else {
            at += 1;
            continue;
        };
        let mut numbers: Vec<u32> = first.parse().into_iter().collect();
        let chunk = tokens[end - 1].chunk;
        while end < n && tokens[end].chunk == chunk {
            match tokens[end].text.parse::<u32>() {
                Ok(number) => numbers.push(number),
                Err(_) => {
                    if tokens[end].text != "x" {
                        numbers.clear();
                    }
                }
            }
            end += 1;
        }
        if !numbers.is_empty() {
            let word = |k: usize| tokens.get(end + k).map_or("", |t| t.text.as_str());
            let tail = if matches!(word(0), "and" | "or") { word(1) } else { word(0) };
            let reach = match tail {
                "below" | "earlier" | "prior" | "older" | "lower" => Reach::AndEarlier,
                "newer" | "later" | "above" | "higher" => Reach::AndLater,
                _ => Reach::Only,
            };
            let written: Vec<&str> = tokens[at..end].iter().map(|t| t.raw.as_str()).collect();
            if found.generation.is_none() {
                found.generation = Some(Generation { numbers, reach, text: written.join(".") });
            }
            taken[at..end].fill(true);
            if reach != Reach::Only {
                let mut k = end;
                while k < n
                    && matches!(
                        tokens[k].text.as_str(),
                        "and"
                            | "or"
                            | "below"
                            | "earlier"
                            | "prior"
                            | "older"
                            | "lower"
                            | "newer"
                            | "later"
                            | "above"
                            | "higher"
                    )
                {
                    taken[k] = true;
                    k += 1;
                }
            }
        }
        at = end;
    }
}
