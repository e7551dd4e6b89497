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
        let unified = self.open_named_remarks(&unify_placeholders(text), vendors);
        let (kept, remarks) = take_remarks(&unified);
        let (kept, excepted) = cut_exceptions(&cut_serial_numbers(&kept));
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
                let mut alternatives = self.read_alternatives(&text, vendors);
                for alternative in &mut alternatives {
                    if alternative.families.is_empty() && alternative.orders.is_empty() {
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
        let chunks: Vec<Vec<String>> = text.split_whitespace().map(expand_chunk).collect();
        let expanding: Vec<usize> = (0..chunks.len()).filter(|n| chunks[*n].len() > 1).collect();
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

    fn fits_vendor(&self, family: FamilyId, vendors: &VendorSet) -> bool {
        !vendors.is_known() || vendors.known().contains(&self.family(family).vendor)
    }

    /// Reads one piece of text that names at most one product.
    fn read_segment(&self, text: &str, vendors: &VendorSet, kind: TextKind) -> Designation {
        let mut found = Designation::default();
        let text = text.replace('<', " below ");
        let tokens = self.split_generic_prefixes(tokens(&text));
        let mut taken = vec![false; tokens.len()];
        self.take_series(&text, &tokens, &mut taken, &mut found);
        self.take_families(&tokens, &mut taken, vendors, &mut found);
        if kind == TextKind::Advisory {
            self.take_patterns(&text, &tokens, &mut taken, &mut found);
        }
        self.take_vendors(&tokens, &mut taken, vendors);
        self.take_orders(&tokens, &mut taken, &text, &mut found, kind);
        take_generation(&tokens, &mut taken, &mut found);
        self.take_parts(&tokens, &taken, &mut found);
        self.add_spellings_without_vendor(vendors, &mut found);
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
                let part = |text: &str, raw: &str| Token { text: text.to_owned(), raw: raw.to_owned(), ..token };
                split.push(part(&token.text[..n], &token.raw[..n]));
                split.push(part(&token.text[n..], &token.raw[n..]));
            } else {
                split.push(token);
            }
        }
        split
    }

    /// Words with placeholders, where no family's phrase holds them ("Ethernet Int. 1x100TX").
    fn take_patterns(&self, text: &str, tokens: &[Token], taken: &mut [bool], found: &mut Designation) {
        for (n, word) in text.split_whitespace().enumerate() {
            let of_word = || (0..tokens.len()).filter(|t| tokens[*t].word == n as u32);
            if of_word().all(|t| taken[t]) {
                continue;
            }
            if let Some(pattern) = placeholder_pattern(word.trim_matches([',', ';', ':', '.', '"'])) {
                self.add_pattern(&pattern, found);
                let of_word: Vec<usize> = of_word().collect();
                of_word.into_iter().for_each(|t| taken[t] = true);
            }
        }
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
            found.parts.push(NamePart {
                key,
                strength,
                word: None,
                number: None,
                also: Vec::new(),
                pattern: Some(read),
            });
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

    /// The longest phrases that name families, left to right. Siblings named in a row are alternatives.
    fn take_families(&self, tokens: &[Token], taken: &mut [bool], vendors: &VendorSet, found: &mut Designation) {
        let n = tokens.len();
        let mut at = 0;
        let mut brand: Option<&str> = None;
        while at < n {
            if self.lists.umbrella.contains(&tokens[at].text) {
                brand = Some(&tokens[at].text);
            }
            if taken[at] {
                at += 1;
                continue;
            }
            // The brand in front of the first of several families belongs to all: "MELSEC iQ-R iQ-F Q L series".
            let here = self.longest_family("", tokens, taken, at, vendors);
            // A brand in front may be left out: "SIMATIC S7-PLCSIM Advanced" is no "SIMATIC S7".
            let behind = (brand == Some(tokens[at].text.as_str()) && at + 1 < n)
                .then(|| self.longest_family("", tokens, taken, at + 1, vendors))
                .flatten();
            if behind.as_ref().map(|b| b.0) > here.as_ref().map(|h| h.0) {
                at += 1;
                continue;
            }
            let best = here.or_else(|| {
                let after_family = !found.families.is_empty()
                    && at > 0
                    && taken[at - 1]
                    && !self.lists.generic.contains(&tokens[at].text);
                brand.filter(|_| after_family).and_then(|b| self.longest_family(b, tokens, taken, at, vendors))
            });
            match best {
                Some((end, families)) => {
                    taken[at..end].fill(true);
                    let (components, others): (Vec<_>, Vec<_>) = families
                        .into_iter()
                        .partition(|f| matches!(self.family(*f).kind, Kind::Component | Kind::Variant));
                    found.components.extend(components);
                    self.add_family(others, found);
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// The longest phrase from token `at` on that names families, behind `prefix`.
    fn longest_family(
        &self,
        prefix: &str,
        tokens: &[Token],
        taken: &[bool],
        at: usize,
        vendors: &VendorSet,
    ) -> Option<(usize, Vec<FamilyId>)> {
        let mut key = prefix.to_owned();
        let mut best = None;
        for end in at..tokens.len().min(at + LONGEST_RUN) {
            if taken[end] {
                break;
            }
            key.push_str(&tokens[end].text);
            if key.len() > self.longest_spelling {
                break;
            }
            // "SIMATIC S7" is no family in "SIMATIC S7-1500": the designator goes on.
            let goes_on = tokens[end].chunk != tokens[at].chunk
                && tokens.get(end + 1).is_some_and(|t| t.chunk == tokens[end].chunk);
            if goes_on {
                continue;
            }
            let fitting: Vec<FamilyId> =
                self.families_spelled(&key).iter().copied().filter(|f| self.fits_vendor(*f, vendors)).collect();
            if !fitting.is_empty() {
                best = Some((end + 1, fitting));
            }
        }
        best
    }

    /// Adds families as a further demand; two unrelated families of hardware are a list and no single device.
    fn add_family(&self, families: Vec<FamilyId>, found: &mut Designation) {
        let Some(first) = families.first().copied() else { return };
        if found.families.contains(&families) {
            return;
        }
        let is_hardware = |f: FamilyId| self.family(f).kind == Kind::Hardware;
        let sibling = found.families.iter_mut().find(|known| {
            is_hardware(first)
                && known.first().is_some_and(|k| is_hardware(*k) && self.family(*k).vendor == self.family(first).vendor)
                && !known.iter().any(|k| families.iter().any(|f| self.is_within(*f, *k) || self.is_within(*k, *f)))
        });
        match sibling {
            Some(known) => known.extend(families),
            None => found.families.push(families),
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
                    parts.push((
                        at,
                        end,
                        NamePart { key, strength, word: None, number: None, also: Vec::new(), pattern: None },
                    ));
                }
            }
            at = end;
        }
        // "R04 CPU" may be written in one: the generic word beside a designator gives it another spelling.
        for (at, end, part) in &mut parts {
            if part.strength == Strength::Designator {
                for (a, e) in &dropped {
                    let word: String = tokens[*a..*e].iter().map(|t| t.text.as_str()).collect();
                    if word.len() <= 8 && *a == *end {
                        part.also.push(format!("{}{word}", part.key));
                    } else if word.len() <= 8 && *e == *at {
                        part.also.push(format!("{word}{}", part.key));
                    }
                }
            }
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
                    also: Vec::new(),
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
                merged = vec![(
                    0,
                    0,
                    NamePart {
                        key,
                        strength: Strength::Word,
                        word: None,
                        number: None,
                        also: Vec::new(),
                        pattern: None,
                    },
                )];
            }
        }
        let mut seen: FxHashSet<String> = found.parts.iter().map(|p| p.key.clone()).collect();
        found.parts.extend(merged.into_iter().map(|(_, _, p)| p).filter(|p| seen.insert(p.key.clone())));
    }

    /// `SEL-751` is the 751 of SEL: a vendor's own name in front of a number may be left out.
    fn add_spellings_without_vendor(&self, vendors: &VendorSet, found: &mut Designation) {
        for part in &mut found.parts {
            let letters = part.key.bytes().take_while(u8::is_ascii_alphabetic).count();
            let rest = &part.key[letters..];
            if (2..=6).contains(&letters)
                && rest.len() >= 3
                && rest.starts_with(|c: char| c.is_ascii_digit())
                && self.vendors_named(&part.key[..letters]).iter().any(|v| vendors.known().contains(v))
            {
                part.also.push(rest.to_owned());
            }
        }
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
            let leads = |k: usize| at.checked_sub(k).and_then(|n| tokens.get(n)).map_or("", |t| t.text.as_str());
            let before = matches!(leads(1), "below" | "before") || (leads(1) == "to" && leads(2) == "prior");
            let reach = match tail {
                _ if before => Reach::Before,
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
