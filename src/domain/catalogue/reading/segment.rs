//! One piece of text that names at most one product: phrases of families, patterns, order numbers, series letters.

use super::generation::take_generation;
use super::{Designation, LONGEST_RUN, NamePart, OrderSpec, Strength, TextKind};
use crate::domain::catalogue::{Catalogue, FamilyId, Kind, VendorId, VendorSet};
use crate::domain::model::{Token, placeholder_pattern, tokens};
use crate::domain::order_number::{Pattern, squash};

impl Catalogue {
    pub(super) fn fits_vendor(&self, family: FamilyId, vendors: &VendorSet) -> bool {
        !vendors.is_known() || vendors.known().contains(&self.family(family).vendor)
    }

    /// Reads one piece of text that names at most one product.
    pub(super) fn read_segment(&self, text: &str, vendors: &VendorSet, kind: TextKind) -> Designation {
        let mut found = Designation::default();
        let text = text.replace('<', " below ");
        let tokens = self.split_generic_prefixes(tokens(&text));
        let mut taken = vec![false; tokens.len()];
        take_widths(&tokens, &mut taken);
        self.take_series(&text, &tokens, &mut taken, &mut found);
        self.take_families(&tokens, &mut taken, vendors, &mut found);
        if kind == TextKind::Device && found.families.is_empty() && found.components.is_empty() {
            self.take_family_behind_vendor(&tokens, &mut taken, vendors, &mut found);
        }
        if kind == TextKind::Advisory {
            self.take_patterns(&text, &tokens, &mut taken, &mut found);
        }
        self.take_vendors(&tokens, &mut taken, vendors);
        self.take_roles(&tokens, &taken, &mut found);
        self.take_orders(&tokens, &mut taken, &text, &mut found, kind);
        found.is_named_by_order = !found.orders.is_empty();
        take_generation(&tokens, &mut taken, &mut found);
        self.take_parts(&tokens, &taken, &mut found);
        self.add_spellings_without_vendor(vendors, &mut found);
        let is_kit = tokens.windows(2).any(|pair| pair[0].text == "development" && pair[1].text == "kit");
        found.is_software = is_kit
            || tokens.iter().any(|t| self.lists.software.contains(&t.text))
            || found.families.iter().flatten().any(|f| self.family(*f).kind == Kind::Software);
        found
    }

    /// Words that no family's phrase holds and that tell siblings apart, and lone digits behind a word.
    fn take_roles(&self, tokens: &[Token], taken: &[bool], found: &mut Designation) {
        let stands_alone = |n: usize| {
            (n == 0 || tokens[n - 1].chunk != tokens[n].chunk)
                && tokens.get(n + 1).is_none_or(|next| next.chunk != tokens[n].chunk)
        };
        for n in 0..tokens.len() {
            let text = tokens[n].text.as_str();
            if !taken[n] && self.lists.roles.contains(text) {
                found.roles.push(text.to_owned());
            }
            if let [digit @ b'1'..=b'9'] = text.as_bytes()
                && let Some(before) = n.checked_sub(1).map(|n| tokens[n].text.as_str())
                && before.len() >= 3
                && before.bytes().all(|b| b.is_ascii_lowercase())
                && stands_alone(n)
            {
                found.numbered.push((before.to_owned(), digit - b'0'));
            }
        }
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

    /// A family whose name begins with its vendor's, where the row has the vendor in a column of its own, or with a brand
    /// that the row leaves out: `Edge 2020` of AVEVA is AVEVA Edge, `Crossbow` of Siemens RUGGEDCOM CROSSBOW.
    fn take_family_behind_vendor(
        &self,
        tokens: &[Token],
        taken: &mut [bool],
        vendors: &VendorSet,
        found: &mut Designation,
    ) {
        let names = vendors.known().iter().map(|vendor| squash(&self.vendor(*vendor).name));
        // Behind a brand only what says something by itself.
        let telling = tokens.first().is_some_and(|first| first.text.len() >= 4 && !self.lists.is_generic(&first.text));
        let brands = self.lists.umbrella.iter().filter(|brand| telling && vendors.is_known() && brand.len() >= 4);
        let longest = names
            .chain(brands.cloned())
            .filter_map(|prefix| self.longest_family(&prefix, tokens, taken, 0, vendors))
            .max_by_key(|(end, families)| (*end, std::cmp::Reverse(families.first().copied())));
        // "Citect Anywhere" says more than the family.
        let says_no_more = |end: usize| {
            tokens[end..].iter().all(|t| t.has_digit() || t.text.len() < 2 || self.lists.generic.contains(&t.text))
        };
        if let Some((end, families)) = longest.filter(|(end, _)| says_no_more(*end)) {
            taken[..end].fill(true);
            self.add_family(families, found);
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
    pub(super) fn add_family(&self, families: Vec<FamilyId>, found: &mut Designation) {
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
            // "S7-1200 CP 1243-1": the platform in front tells where a module stands, and is no product besides.
            Some(known) if families.iter().all(|f| known.iter().all(|k| self.family(*f).beside.contains(k))) => {
                *known = families;
            }
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
        // A product may be called as its vendor, and by nothing else: RoboDK.
        let whole = tokens.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
        if taken.iter().all(|t| !t) && is_vendors(&whole) {
            return;
        }
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
}

/// The word width of a build names no product: `x64`.
fn take_widths(tokens: &[Token], taken: &mut [bool]) {
    for (token, taken) in tokens.iter().zip(taken) {
        *taken |= matches!(token.text.as_str(), "x64" | "x86" | "32bit" | "64bit");
    }
}
