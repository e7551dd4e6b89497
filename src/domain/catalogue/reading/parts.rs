//! What is left of a name when families and order numbers are taken out: its distinctive parts.

use rustc_hash::FxHashSet;

use super::{Designation, Generation, NamePart, Reach, Strength};
use crate::domain::catalogue::{Catalogue, VendorSet};
use crate::domain::model::Token;

impl Catalogue {
    /// What is left: distinctive parts.
    pub(super) fn take_parts(&self, tokens: &[Token], taken: &[bool], found: &mut Designation) {
        let lists = &self.lists;
        let mut parts: Vec<(usize, usize, NamePart)> = Vec::new();
        let mut dropped: Vec<(usize, usize)> = Vec::new();
        let release = release_in(tokens, taken);
        let mut at = 0;
        while at < tokens.len() {
            let mut end = at + 1;
            while end < tokens.len() && tokens[end].chunk == tokens[at].chunk {
                end += 1;
            }
            let left: Vec<usize> = (at..end).filter(|n| !taken[*n]).collect();
            let whole_chunk = left.len() == end - at;
            let all_generic = left.iter().all(|n| lists.is_generic(&tokens[*n].text));
            let joined: String = left.iter().map(|n| tokens[*n].text.as_str()).collect();
            if left.is_empty() || is_unit(&joined) || release == Some(at) {
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
        if let Some(at) = release.filter(|_| found.generation.is_none()) {
            let chunk = || tokens[at..].iter().take_while(|token| token.chunk == tokens[at].chunk);
            let leading = |token: &Token| token.text.split('u').next().and_then(|n| n.parse().ok());
            let numbers = chunk().filter_map(leading).collect();
            let text = chunk().map(|token| token.raw.as_str()).collect::<Vec<_>>().join(".");
            found.generation = Some(Generation { numbers, reach: Reach::Only, text });
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
    pub(super) fn add_spellings_without_vendor(&self, vendors: &VendorSet, found: &mut Designation) {
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

/// Where the only version of a name begins, `5.1` behind a program's: two numbers or more of at most two digits, with dots
/// between them. `None` where the name tells of several ("3.1 through 3.3").
fn release_in(tokens: &[Token], taken: &[bool]) -> Option<usize> {
    let is_short = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let short = |token: &Token| is_short(&token.text);
    // `3.8u4`
    let ends =
        |token: &Token| short(token) || token.text.split_once('u').is_some_and(|(a, b)| is_short(a) && is_short(b));
    let begins = |at: &usize| *at == 0 || tokens[*at - 1].chunk != tokens[*at].chunk;
    let mut releases = (1..tokens.len()).filter(begins).filter(|at| {
        let chunk: Vec<usize> = (*at..tokens.len()).take_while(|n| tokens[*n].chunk == tokens[*at].chunk).collect();
        let [inner @ .., last] = chunk.as_slice() else { return false };
        let dotted = inner.iter().all(|n| short(&tokens[*n]) && tokens[*n].is_dotted);
        !inner.is_empty() && dotted && ends(&tokens[*last]) && chunk.iter().all(|n| !taken[*n])
    });
    releases.next().filter(|_| releases.next().is_none())
}
