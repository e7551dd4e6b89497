//! Whether a device is the product that an entry names: the rules of identity, with typed evidence.

mod components;
mod identifiers;
mod kinds;

use crate::domain::catalogue::reading::{Designation, NamePart, Reach, Strength};
use crate::domain::catalogue::{Catalogue, FamilyId, Kind, is_one_letter_off};
use crate::domain::model::tokens;
use crate::domain::nameplate::{FamilyEvidence, NameplateReading, is_unmistakable};
use crate::domain::order_number::{differs_at, squash};
use crate::domain::product_index::{CompiledDesignation, EntryReading};
use crate::domain::vendor::words;

pub use kinds::{Identified, Identity, Miss, ProductEvidence, Uncertainty};

const RANK_DECISION: u8 = 90;
/// An identifier that names the version as well.
const RANK_VERSION: u8 = 85;
const RANK_IDENTIFIER: u8 = 75;
const RANK_ORDER: u8 = 70;
pub const RANK_ORDER_PATTERN: u8 = 60;
pub const RANK_NAME: u8 = 40;
/// So much each designator of an entry's name adds; other words add less.
pub const RANK_PER_DESIGNATOR: u8 = 5;
const RANK_GENERATION: u8 = 30;
const RANK_FAMILY: u8 = 20;

/// The lowest rank of each step of exactness, highest first.
pub const RANK_STEPS: [u8; 6] =
    [RANK_DECISION, RANK_VERSION, RANK_ORDER, RANK_ORDER_PATTERN, RANK_NAME, RANK_GENERATION];

/// Judges a device against all designations of an entry; the best answer counts.
pub fn identify(device: &NameplateReading, entry: &EntryReading, catalogue: &Catalogue) -> Identity {
    if let Some((decision, is_product)) = device.decision_on_product(&entry.decision_key) {
        let (author, date) = (decision.author.clone(), decision.date.clone());
        return if is_product {
            Identity::Is(Identified {
                evidence: ProductEvidence::Decision { author, date },
                rank: RANK_DECISION,
                component: None,
            })
        } else {
            Identity::IsNot(Miss::Decision { author, date })
        };
    }
    if let Some(identified) = identifiers::identified(device, entry) {
        return settled(Identity::Is(identified), device, &entry.decision_key);
    }
    let mut best = Identity::IsNot(Miss::Unrelated);
    for compiled in &entry.designations {
        let identity = Judge { device, entry, catalogue, compiled }.identify();
        if weight(&identity) > weight(&best) {
            best = identity;
        }
    }
    settled(best, device, &entry.decision_key)
}

/// A condition on which a user has the last word. A part with a firmware of its own stays open even when it is there:
/// its firmware is not stated.
fn settled(identity: Identity, device: &NameplateReading, product_key: &str) -> Identity {
    match (identity, device.decision_on_condition(product_key)) {
        (Identity::Condition { .. }, Some((decision, false))) => {
            Identity::IsNot(Miss::NoCondition { author: decision.author.clone(), date: decision.date.clone() })
        }
        (Identity::Condition { evidence, own_firmware: false, .. }, Some((_, true))) => {
            Identity::Is(Identified { evidence, rank: RANK_FAMILY, component: None })
        }
        (identity, _) => identity,
    }
}

/// Which of two answers for two designations of one entry counts.
fn weight(identity: &Identity) -> u16 {
    match identity {
        Identity::Is(identified) => 1000 + u16::from(identified.rank),
        Identity::Condition { .. } => 500,
        Identity::Unsure { .. } => 400,
        Identity::IsNot(Miss::Unrelated) => 0,
        Identity::IsNot(Miss::OtherVendor) => 1,
        Identity::IsNot(_) => 10,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum VendorFit {
    Same,
    /// One side names no vendor, or the device's was only concluded from its order number.
    Unstated,
    Differs,
}

struct Judge<'a> {
    device: &'a NameplateReading,
    entry: &'a EntryReading,
    catalogue: &'a Catalogue,
    compiled: &'a CompiledDesignation,
}

enum OrderFit {
    Equal(String),
    Covered(String, String),
    Differs(Miss),
    /// One side has none of that kind.
    Open,
}

impl Judge<'_> {
    fn wanted(&self) -> &Designation {
        &self.compiled.designation
    }

    fn vendor_fit(&self) -> VendorFit {
        if self.entry.vendors.is_empty() || self.device.vendors.is_empty() {
            VendorFit::Unstated
        } else if self.entry.vendors.meets(&self.device.vendors) {
            if self.device.vendor_is_stated { VendorFit::Same } else { VendorFit::Unstated }
        } else if self.is_brand_of_name() {
            VendorFit::Same
        } else {
            VendorFit::Differs
        }
    }

    /// A vendor that the catalogue does not know is the brand that the product's name begins with: "Atemio AM 520 HD" of
    /// Atelmo.
    fn is_brand_of_name(&self) -> bool {
        let unknown = self.device.vendors.unknown();
        if unknown.is_empty() || self.device.vendors.is_known() {
            return false;
        }
        let name = words(&self.entry.name).join(" ");
        unknown.iter().any(|key| {
            key.len() >= 4
                && !self.catalogue.lists().generic.contains(key)
                && name.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with(' '))
        })
    }

    fn identify(&self) -> Identity {
        let vendor = self.vendor_fit();
        let orders = self.order_fit();
        if vendor == VendorFit::Differs && !matches!(orders, OrderFit::Equal(_)) {
            return Identity::IsNot(Miss::OtherVendor);
        }
        if self.wanted().except.iter().any(|e| self.is_excepted(e)) {
            return Identity::IsNot(Miss::Excepted);
        }
        match orders {
            OrderFit::Equal(yours) => {
                let evidence = ProductEvidence::OrderEqual { yours };
                self.with_details(evidence, RANK_ORDER)
            }
            OrderFit::Differs(miss) => Identity::IsNot(miss),
            OrderFit::Covered(yours, pattern) => {
                if self.families_contradict() {
                    return self.other_model();
                }
                self.with_details(ProductEvidence::OrderCovered { yours, pattern }, RANK_ORDER_PATTERN)
            }
            OrderFit::Open if vendor == VendorFit::Same && self.is_same_name() => {
                // Word for word what the advisory calls it, a list or a vague name included.
                self.with_details(ProductEvidence::Name { text: String::new() }, RANK_NAME)
            }
            OrderFit::Open => self.by_name(vendor),
        }
    }

    fn is_same_name(&self) -> bool {
        self.entry.whole_names.contains(&self.device.whole_name)
    }

    fn order_fit(&self) -> OrderFit {
        let wanted = &self.wanted().orders;
        if wanted.is_empty() {
            return OrderFit::Open;
        }
        let device = self.device;
        for order in wanted {
            match &order.pattern {
                None => {
                    if device.orders.iter().any(|o| o.key == order.key)
                        || (order.key.len() >= 5 && device.spans.contains(&order.key))
                    {
                        return OrderFit::Equal(order.key.clone());
                    }
                }
                Some(pattern) => {
                    let hit = device
                        .orders
                        .iter()
                        .map(|o| &o.key)
                        .chain(device.spans.iter())
                        .find(|key| key.len() >= 4 && pattern.fits(key));
                    if let Some(key) = hit {
                        return OrderFit::Covered(key.clone(), order.key.clone());
                    }
                }
            }
        }
        // "CompactLogix 5480 (5069-L4)": the beginning of the family's order numbers.
        let is_member = !self.wanted().families.is_empty()
            && self.wanted().families.iter().all(|alternatives| self.in_one_of(alternatives).is_some());
        for order in wanted.iter().filter(|o| is_member && o.pattern.is_none() && o.key.len() >= 5) {
            if let Some(yours) = device.orders.iter().find(|yours| yours.key.starts_with(&order.key)) {
                return OrderFit::Covered(yours.key.clone(), order.key.clone());
            }
        }
        // Two order numbers of one scheme that differ are two products.
        for yours in device.orders.iter().filter(|o| o.scheme.is_some()) {
            let theirs: Vec<_> = wanted.iter().filter(|o| o.scheme == yours.scheme).collect();
            let nearest = theirs
                .iter()
                .map(|o| (differs_at(&yours.key, &o.key).unwrap_or(0), o))
                .max_by_key(|(place, o)| (*place, std::cmp::Reverse(o.key.clone())));
            if let Some((place, theirs)) = nearest {
                return OrderFit::Differs(Miss::OrderDiffers {
                    yours: yours.key.clone(),
                    theirs: theirs.key.clone(),
                    place,
                });
            }
        }
        OrderFit::Open
    }

    fn is_excepted(&self, except: &Designation) -> bool {
        if except.is_empty() {
            return false;
        }
        let by_order = !except.orders.is_empty()
            && except.orders.iter().any(|o| match &o.pattern {
                Some(p) => self.device.spans.iter().any(|s| p.fits(s)),
                None => self.device.spans.contains(&o.key),
            });
        let by_name = (!except.parts.is_empty() || !except.families.is_empty())
            && except.parts.iter().all(|p| self.covers(p))
            && except.families.iter().all(|alternatives| self.in_one_of(alternatives).is_some());
        by_order || by_name
    }

    fn covers(&self, part: &NamePart) -> bool {
        if let Some(pattern) = &part.pattern {
            return self.device.spans.iter().any(|s| pattern.fits(s));
        }
        // "04/08CPU" behind a family's name lacks the letter that all its members begin with.
        let headless = || {
            part.key.starts_with(|c: char| c.is_ascii_digit())
                && part.key.bytes().any(|b| b.is_ascii_alphabetic())
                && part.key.len() >= 4
                && !self.wanted().families.is_empty()
                && self.wanted().families.iter().all(|alternatives| self.in_one_of(alternatives).is_some())
                && self.device.parts.iter().any(|own| {
                    own.key
                        .strip_suffix(&part.key)
                        .is_some_and(|head| head.len() == 1 && !head.starts_with(|c: char| c.is_ascii_digit()))
                })
        };
        self.device.spans.contains(&part.key)
            // Read the same way on both sides: `SW1DND-M` of "MaiLab SW1DND-MAILAB-M".
            || part.strength == Strength::Designator && self.device.parts.iter().any(|own| own.key == part.key)
            || headless()
            || self.says_in_other_number(part)
            || self.says_with_slip(part)
            || part.also.iter().any(|key| self.device.spans.contains(key))
    }

    /// "Illustra Essential" and "Illustra Essentials" are one name.
    fn says_in_other_number(&self, part: &NamePart) -> bool {
        let spans = &self.device.spans;
        let is_word = part.key.len() >= 6 && part.key.bytes().all(|b| b.is_ascii_lowercase());
        is_word
            && (part.key.strip_suffix('s').is_some_and(|one| spans.contains(one))
                || spans.contains(&format!("{}s", part.key)))
    }

    /// The row's word is the entry's but for a letter: "Cimplicitiy". Long words of the same vendor only.
    fn says_with_slip(&self, part: &NamePart) -> bool {
        part.strength == Strength::Word
            && self.device.parts.iter().any(|own| is_slip_of(own, part))
            && self.vendor_fit() == VendorFit::Same
    }

    /// The parts of the entry's name that the device does not say.
    fn missing_parts(&self) -> Vec<&NamePart> {
        let parts = &self.wanted().parts;
        let spans = &self.device.spans;
        let mut missing: Vec<&NamePart> = Vec::new();
        let mut n = 0;
        // Several patterns in one name are a list: "FL SWITCH 3xxx 4xxx and 48xx".
        let any_pattern = parts.iter().any(|p| p.pattern.is_some() && self.covers(p));
        while n < parts.len() {
            let part = &parts[n];
            if self.covers(part) || (part.pattern.is_some() && any_pattern) {
                n += 1;
                continue;
            }
            if self.is_series_of_named(part) {
                n += 1;
                continue;
            }
            // "Q13 UDVCPU" is written in one as well.
            if let Some(next) = parts.get(n + 1)
                && part.pattern.is_none()
                && next.pattern.is_none()
                && spans.contains(&format!("{}{}", part.key, next.key))
            {
                n += 2;
                continue;
            }
            missing.push(part);
            n += 1;
        }
        missing
    }

    /// A round number in a name says which series the model beside it belongs to: "NDS-5000 Terminal Server NDS/5008".
    fn is_series_of_named(&self, part: &NamePart) -> bool {
        let split = |key: &str| {
            let letters = key.bytes().take_while(u8::is_ascii_alphabetic).count();
            let digits = key[letters..].bytes().take_while(u8::is_ascii_digit).count();
            (key[..letters].to_owned(), key[letters..letters + digits].to_owned())
        };
        let (letters, number) = split(&part.key);
        let round = number.strip_suffix("00").map(|head| head.trim_end_matches('0')).filter(|head| !head.is_empty());
        let Some(head) = round.filter(|_| part.pattern.is_none() && letters.len() + number.len() == part.key.len())
        else {
            return false;
        };
        self.wanted().parts.iter().filter(|other| other.key != part.key && other.pattern.is_none()).any(|other| {
            let (own, model) = split(&other.key);
            own == letters && model.len() == number.len() && model.starts_with(head) && self.covers(other)
        })
    }

    fn in_one_of(&self, alternatives: &[FamilyId]) -> Option<FamilyId> {
        alternatives.iter().copied().find(|f| self.device.families.contains_key(f))
    }

    /// The device is known to belong to families of this vendor, and none of them has to do with the entry's.
    fn families_contradict(&self) -> bool {
        let wanted = &self.wanted().families;
        if wanted.is_empty() || self.device.families.is_empty() {
            return false;
        }
        wanted.iter().any(|alternatives| {
            self.in_one_of(alternatives).is_none()
                && self.device.families.keys().any(|own| {
                    alternatives.iter().any(|f| self.catalogue.family(*f).vendor == self.catalogue.family(*own).vendor)
                        && !alternatives.iter().any(|f| self.catalogue.is_within(*f, *own))
                })
        })
    }

    fn by_name(&self, vendor: VendorFit) -> Identity {
        let wanted = self.wanted();
        if wanted.parts.is_empty() && wanted.families.is_empty() {
            if !wanted.components.is_empty() {
                return self.by_component();
            }
            // Order numbers only: a device that names just their family may be one of them.
            return if wanted.orders.is_empty() {
                Identity::IsNot(Miss::Unrelated)
            } else {
                self.by_part_of_name(vendor, &[], &[])
            };
        }
        // "CompactLogix 1768-EWEB": the order number is the name, and a device of the family may be another one.
        if wanted.is_named_by_order && wanted.parts.is_empty() && self.device.is_unspecific() {
            return self.by_part_of_name(vendor, &[], &[]);
        }
        let missing_parts = self.missing_parts();
        let missing_families: Vec<&Vec<FamilyId>> =
            wanted.families.iter().filter(|alternatives| self.in_one_of(alternatives).is_none()).collect();
        if !missing_parts.is_empty() || !missing_families.is_empty() {
            return self.by_part_of_name(vendor, &missing_parts, &missing_families);
        }
        if !self.device.is_software && self.entry.of_programs && self.names_hardware() {
            return Identity::IsNot(Miss::SoftwareForIt);
        }
        if self.device.is_software && !wanted.is_software && self.names_hardware() {
            return Identity::IsNot(Miss::SoftwareForIt);
        }
        if self.is_sibling_by_words() {
            return self.other_model();
        }
        let n_designators = wanted.parts.iter().filter(|p| p.strength == Strength::Designator).count() as u8;
        let strongest = wanted.parts.iter().map(|p| p.strength).max();
        let evidence = self.name_evidence();
        if wanted.families.is_empty() && strongest.is_some_and(|s| s <= Strength::Common) {
            // Dictionary words only: the whole name has to be the same.
            let same = vendor == VendorFit::Same
                && self.device.families.is_empty()
                && self.device.parts.iter().all(|p| wanted.parts.iter().any(|w| w.key == p.key));
            if !same {
                return Identity::IsNot(Miss::Unrelated);
            }
        }
        if vendor == VendorFit::Unstated && !self.is_clear_without_vendor() {
            return Identity::Unsure { why: Uncertainty::VendorNotStated, evidence };
        }
        let vague = wanted
            .families
            .iter()
            .find(|alternatives| self.in_one_of(alternatives).is_some_and(|f| self.catalogue.family(f).vague));
        if let Some(family) = vague.and_then(|alternatives| self.in_one_of(alternatives)) {
            let why = Uncertainty::VagueEntry { family: self.catalogue.family(family).name.clone() };
            return Identity::Unsure { why, evidence };
        }
        let rank = if n_designators > 0 || strongest >= Some(Strength::Word) {
            let n_other = wanted.parts.len() as u8 - n_designators;
            RANK_NAME + RANK_PER_DESIGNATOR * n_designators.min(3) + n_other.min(3)
        } else {
            RANK_FAMILY + self.family_depth().min(9) + self.generation_bonus()
        };
        self.with_details(evidence, rank)
    }

    /// Both sides say more than what they share, and they say different things: "SINEC NMS" and "SINEC Security
    /// Monitor", "Spectrum Power 7" and "Spectrum Power 3".
    fn is_sibling_by_words(&self) -> bool {
        let (wanted, device) = (self.wanted(), self.device);
        let other_digit = wanted.numbered.iter().any(|(word, digit)| {
            let mut own = device.numbered.iter().filter(|(w, _)| w == word).peekable();
            own.peek().is_some() && own.all(|(_, d)| d != digit)
        });
        if other_digit || self.is_other_role() {
            return true;
        }
        let exact = wanted.parts.iter().any(|p| p.strength == Strength::Designator)
            || wanted
                .families
                .iter()
                .flatten()
                .any(|f| matches!(device.families.get(f), Some(FamilyEvidence::Member(_))));
        if exact || !wanted.roles.iter().any(|role| !device.spans.contains(role)) {
            return false;
        }
        let named_otherwise =
            wanted.families.is_empty() && device.families.values().any(|how| *how == FamilyEvidence::Named);
        named_otherwise || device.parts.iter().any(|own| !self.is_used(own))
    }

    /// Both sides say which part of one product they are, and not the same: "ScadaPro Server" and "ScadaPro Client".
    fn is_other_role(&self) -> bool {
        let (wanted, spans) = (&self.wanted().roles, &self.device.spans);
        let lists = self.catalogue.lists();
        !wanted.is_empty()
            && !wanted.iter().any(|role| spans.contains(role))
            && lists.roles.iter().any(|role| spans.contains(role) && !wanted.contains(role))
            && !self.device.families.values().any(|how| matches!(how, FamilyEvidence::Member(_)))
    }

    /// Whether the entry's name holds this part of the device's name.
    fn is_used(&self, own: &NamePart) -> bool {
        self.wanted().parts.iter().any(|w| {
            w.key == own.key
                || w.strength == Strength::Word && is_slip_of(own, w)
                || w.word.as_deref() == Some(own.key.as_str())
                || own.word.as_deref() == Some(w.key.as_str())
                || w.key.contains(own.key.as_str()) && own.key.len() >= 4
        })
    }

    /// The entry names the very generation that the device's firmware is of.
    fn generation_bonus(&self) -> u8 {
        let fits = self
            .wanted()
            .generation
            .as_ref()
            .is_some_and(|g| g.reach == Reach::Only && self.device.firmware_numbers.starts_with(&g.numbers));
        if fits { RANK_GENERATION - RANK_FAMILY } else { 0 }
    }

    /// How deep the entry's families lie: a smaller family is more specific.
    fn family_depth(&self) -> u8 {
        let depth = |mut family: FamilyId| {
            let mut n = 1u8;
            while let Some(parent) = self.catalogue.family(family).within.first() {
                n = n.saturating_add(1);
                family = *parent;
            }
            n
        };
        self.wanted().families.iter().flatten().map(|f| depth(*f)).max().unwrap_or(0)
    }

    fn names_hardware(&self) -> bool {
        self.wanted().families.iter().flatten().any(|f| self.catalogue.family(*f).kind == Kind::Hardware)
            || (self.wanted().families.is_empty()
                && self.wanted().parts.iter().any(|p| p.strength == Strength::Designator))
    }

    fn is_clear_without_vendor(&self) -> bool {
        let wanted = self.wanted();
        let by_family =
            wanted.families.iter().filter_map(|a| self.in_one_of(a)).any(|f| match self.device.families.get(&f) {
                Some(FamilyEvidence::Member(text)) => text.len() >= 5,
                Some(FamilyEvidence::Named) => self.catalogue.family(f).name.len() >= 5,
                Some(FamilyEvidence::Within(_)) => true,
                None => false,
            });
        by_family
            || wanted
                .parts
                .iter()
                .any(|p| is_unmistakable(&p.key) || (p.strength == Strength::Word && p.key.len() >= 8))
    }

    fn name_evidence(&self) -> ProductEvidence {
        let wanted = self.wanted();
        let by_strength = wanted.parts.iter().max_by_key(|p| p.strength);
        match by_strength {
            Some(part) if part.strength >= Strength::Word || wanted.families.is_empty() => match &part.pattern {
                Some(pattern) => {
                    let yours = self.device.spans.iter().filter(|s| pattern.fits(s)).min().cloned().unwrap_or_default();
                    ProductEvidence::NameCovered { yours, pattern: part.key.clone() }
                }
                None => ProductEvidence::Name { text: part.key.clone() },
            },
            _ => {
                let family = wanted.families.iter().filter_map(|a| self.in_one_of(a)).next();
                match family {
                    Some(family) => ProductEvidence::Family { family, member: self.member_of(family) },
                    None => ProductEvidence::Name { text: String::new() },
                }
            }
        }
    }

    /// The designator that makes the device a member of this family.
    fn member_of(&self, family: FamilyId) -> Option<String> {
        let mut at = family;
        for _ in 0..8 {
            match self.device.families.get(&at)? {
                FamilyEvidence::Member(text) => return Some(text.clone()),
                FamilyEvidence::Named => return None,
                FamilyEvidence::Within(inner) => at = *inner,
            }
        }
        None
    }

    /// Not all of the entry's name is covered: another product, or a device that says less than the entry.
    fn by_part_of_name(
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
    fn is_within_named(&self, family: FamilyId) -> bool {
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

    fn other_model(&self) -> Identity {
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

/// Whether two long words of letters differ by one letter: "Adaptor", "Adapter".
fn is_slip_of(own: &NamePart, part: &NamePart) -> bool {
    let is_long_word = |key: &str| key.len() >= 8 && key.bytes().all(|b| b.is_ascii_lowercase());
    let same_start = own.key.as_bytes().first() == part.key.as_bytes().first();
    is_long_word(&own.key)
        && is_long_word(&part.key)
        && same_start
        && is_one_letter_off(own.key.as_bytes(), part.key.as_bytes())
}
