//! A device that does not say all of an entry's name: another product, a device that says less, or words that only describe.

use super::kinds::{Identity, Miss, ProductEvidence, Uncertainty};
use super::{Judge, RANK_NAME, VendorFit};
use crate::domain::catalogue::reading::{NamePart, Strength};
use crate::domain::catalogue::{FamilyId, Kind};
use crate::domain::model::tokens;
use crate::domain::nameplate::{FamilyEvidence, is_unmistakable};
use crate::domain::order_number::squash;

impl Judge<'_> {
    /// Not all of the entry's name is covered: another product, or a device that says less than the entry.
    pub(super) fn by_part_of_name(
        &self,
        vendor: VendorFit,
        missing_parts: &[&NamePart],
        missing_families: &[&Vec<FamilyId>],
    ) -> Identity {
        let wanted = self.wanted();
        let device = self.device;
        // The entry names software or a component that this device may carry, beside what the device is.
        let with_hardware = wanted.families.len() > missing_families.len()
            || !device.is_software && missing_families.iter().flat_map(|a| a.iter()).any(|f| self.is_within_named(*f));
        let hosted = missing_families
            .iter()
            .flat_map(|a| a.iter())
            .copied()
            .find(|f| self.may_host(*f) || (with_hardware && self.catalogue.family(*f).kind == Kind::Software));
        let carries = |c: &FamilyId| {
            self.may_host(*c) || self.device.components.iter().any(|own| self.catalogue.is_within(own.family, *c))
        };
        if let Some(family) = hosted
            // What the entry names beside it must fit the device as well: no licence service on a panel.
            && (wanted.components.is_empty() || wanted.components.iter().any(carries))
            && missing_parts.iter().all(|p| p.strength <= Strength::Common)
            && missing_families.iter().all(|alternatives| {
                alternatives.iter().any(|f| *f == family || self.may_host(*f) || self.is_within_named(*f))
            })
        {
            return self.may_carry(family);
        }
        // An order number says exactly what a device is; what it does not cover is another product.
        let exact = device.orders.iter().any(|o| o.scheme.is_some());
        let initials = self.initials();
        let missing: Vec<&NamePart> = missing_parts
            .iter()
            .copied()
            .filter(|p| !initials.iter().any(|(_, words)| words.contains(p.key.as_str())))
            .collect();
        let missing_parts = missing.as_slice();
        let used = |own: &NamePart| {
            // The row's number is not the entry's: "Outpost 0810", "Outpost Uploader Utility".
            let other_number = own.number.is_some()
                && !missing_parts.is_empty()
                && !wanted.parts.iter().any(|w| w.strength == Strength::Designator);
            self.is_used(own) && !other_number || initials.iter().any(|(key, _)| *key == own.key)
        };
        let leftover: Vec<&NamePart> =
            device.parts.iter().filter(|own| own.strength != Strength::Common && !used(own)).collect();
        if exact || !leftover.is_empty() || vendor == VendorFit::Unstated && device.families.is_empty() {
            return self.other_model();
        }
        // By the catalogue: the device names a family, the entry a member of it, or a smaller family within it.
        let named: Vec<FamilyId> =
            device.families.iter().filter(|(_, how)| **how == FamilyEvidence::Named).map(|(f, _)| *f).collect();
        let has_member = device.families.values().any(|how| matches!(how, FamilyEvidence::Member(_)));
        if !has_member && !named.is_empty() {
            let smallest_cover_it = named
                .iter()
                // Families that only contain another named one say nothing more.
                .filter(|f| !named.iter().any(|g| g != *f && self.catalogue.is_within(*g, **f)))
                .all(|f| self.compiled.member_families.contains(f));
            let all_missing_inside = missing_families.iter().all(|alternatives| {
                alternatives.iter().any(|g| named.iter().any(|f| self.catalogue.is_within(*g, *f)))
            });
            // "STEP 7 V5.6" is none of the TIA Portal's, which begins with V11.
            let too_old = missing_families.iter().flat_map(|a| a.iter()).any(|f| {
                let since = self.catalogue.family(*f).since;
                since.is_some_and(|since| device.firmware_numbers.first().is_some_and(|own| *own < since))
            });
            if too_old {
                return self.other_model();
            }
            if smallest_cover_it && all_missing_inside {
                let family = named[0];
                let why = Uncertainty::NamedWithoutModel {
                    family: self.catalogue.family(family).name.clone(),
                    theirs: self.entry.name.clone(),
                };
                return Identity::Unsure { why, evidence: ProductEvidence::Family { family, member: None } };
            }
            return self.other_model();
        }
        if has_member {
            // Only what distinguishes builds of the same model is missing: `PN` of "IM 155-5 PN ST", `M12` of "W1788-2IA
            // M12", `EU` of "RM1224 LTE(4G) EU".
            let tells_build =
                |p: &&NamePart| p.strength <= Strength::Common || matches!(p.key.as_str(), "m12" | "rj45");
            let names_model = || {
                let name = squash(&self.entry.name);
                device.families.values().any(
                    |how| matches!(how, FamilyEvidence::Member(text) if text.len() >= 5 && name.contains(text.as_str())),
                )
            };
            let only_short = missing_families.is_empty()
                && missing_parts.iter().all(tells_build)
                && (wanted.parts.iter().any(|p| p.strength == Strength::Designator && self.covers(p)) || names_model());
            return if only_short { self.says_less(missing_parts) } else { self.other_model() };
        }
        // By form: everything the device says is part of the entry's name, and a telling part is there.
        let told =
            device.parts.iter().any(|own| own.strength >= Strength::Word && own.key.len() >= 3 && self.is_used(own));
        if told && missing_families.is_empty() && vendor == VendorFit::Same {
            return if missing_parts.is_empty() || self.only_describes(missing_parts) {
                self.with_details(self.evidence_of_covered(), RANK_NAME)
            } else {
                self.says_less(missing_parts)
            };
        }
        self.other_model()
    }

    /// What the device does not say only describes the product that it names: "Medfusion 4000" is the "Medfusion 4000
    /// Wireless Syringe Infusion Pump", "Agilia Partner" the "Agilia Partner maintenance software".
    fn only_describes(&self, missing: &[&NamePart]) -> bool {
        let wanted = self.wanted();
        // In front of an unmistakable designator short words describe as well: "CC-Link IE TSN … NZ2MHG-TSNT8F2". Behind it
        // they tell builds apart.
        let unmistakable = |part: &NamePart| part.strength == Strength::Designator && is_unmistakable(&part.key);
        let designator = wanted.parts.iter().position(|part| unmistakable(part) && self.covers(part));
        let in_front = |part: &NamePart| {
            designator.is_some_and(|at| wanted.parts[..at].iter().any(|other| std::ptr::eq(other, part)))
        };
        let is_word =
            |part: &&NamePart| (part.key.len() >= 4 || in_front(part)) && part.key.bytes().all(|b| !b.is_ascii_digit());
        let is_other_program = wanted.is_software && !self.device.is_software;
        if is_other_program || !missing.iter().all(is_word) {
            return false;
        }
        let telling = |part: &&NamePart| part.strength == Strength::Designator && is_telling(&part.key);
        if wanted.parts.iter().filter(telling).any(|part| self.covers(part)) {
            return true;
        }
        // Two names of its own in front, and at the end what kind of thing it is.
        let n_covered = wanted.parts.iter().take_while(|part| self.covers(part)).count();
        let names = wanted.parts[..n_covered].iter().filter(|part| part.strength == Strength::Word).count();
        let kind =
            tokens(&self.entry.name).pop().is_some_and(|last| self.catalogue.lists().generic.contains(&last.text));
        names >= 2 && kind && n_covered + missing.len() == wanted.parts.len()
    }

    /// The strongest part that the device says as well.
    fn evidence_of_covered(&self) -> ProductEvidence {
        let strongest = self.wanted().parts.iter().filter(|part| self.covers(part)).max_by_key(|part| part.strength);
        ProductEvidence::Name { text: strongest.map_or(String::new(), |part| part.key.clone()) }
    }

    /// The device's short words that are made of the first letters of words in the entry's name, with those words in one: `RTE`
    /// and "Run-Time Environment".
    fn initials(&self) -> Vec<(&str, String)> {
        let short =
            |own: &&NamePart| (3..=5).contains(&own.key.len()) && own.key.bytes().all(|b| b.is_ascii_lowercase());
        let mut own = self.device.parts.iter().filter(short).peekable();
        if own.peek().is_none() {
            return Vec::new();
        }
        let words: Vec<String> = tokens(&self.entry.name).into_iter().map(|t| t.text).collect();
        let first: Vec<u8> = words.iter().filter_map(|word| word.bytes().next()).collect();
        own.filter_map(|own| {
            let at = first.windows(own.key.len()).position(|run| run == own.key.as_bytes())?;
            Some((own.key.as_str(), words[at..at + own.key.len()].concat()))
        })
        .collect()
    }

    /// Whether the device names a family that contains this one, and nothing finer.
    pub(super) fn is_within_named(&self, family: FamilyId) -> bool {
        let has_member = self.device.families.values().any(|how| matches!(how, FamilyEvidence::Member(_)));
        !has_member
            && self.device.families.iter().any(|(own, how)| {
                *how == FamilyEvidence::Named && *own != family && self.catalogue.is_within(family, *own)
            })
    }

    fn says_less(&self, missing: &[&NamePart]) -> Identity {
        let missing: Vec<&str> = missing.iter().map(|p| p.key.as_str()).collect();
        let why = Uncertainty::SaysLess { theirs: self.entry.name.clone(), missing: missing.join(" ") };
        let text = self.device.parts.first().map_or(String::new(), |p| p.key.clone());
        Identity::Unsure { why, evidence: ProductEvidence::Name { text } }
    }

    pub(super) fn other_model(&self) -> Identity {
        let wanted = self.wanted();
        let related = wanted.parts.iter().any(|p| {
            p.strength >= Strength::Word && self.covers(p)
                || p.word
                    .as_ref()
                    .is_some_and(|w| w.len() >= 2 && self.device.parts.iter().any(|own| own.word.as_ref() == Some(w)))
        }) || self.compiled.member_families.iter().any(|f| self.device.families.contains_key(f));
        if !related {
            return Identity::IsNot(Miss::Unrelated);
        }
        let theirs = wanted
            .parts
            .iter()
            .filter(|p| !self.covers(p))
            .max_by_key(|p| p.strength)
            .map(|p| p.key.clone())
            .or_else(|| {
                let family = wanted.families.iter().find(|a| self.in_one_of(a).is_none())?.first()?;
                Some(self.catalogue.family(*family).name.clone())
            })
            .unwrap_or_default();
        let yours = self
            .device
            .orders
            .first()
            .map(|o| o.key.clone())
            .or_else(|| self.device.parts.iter().max_by_key(|p| p.strength).map(|p| p.key.clone()))
            .unwrap_or_default();
        Identity::IsNot(Miss::OtherModel { theirs, yours })
    }
}

/// Whether a squashed designator beside its vendor's name is enough to know the product: letters, and three digits.
fn is_telling(squashed: &str) -> bool {
    let letters = squashed.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = squashed.bytes().filter(u8::is_ascii_digit).count();
    letters >= 2 && digits >= 3 && squashed.len() >= 6
}
