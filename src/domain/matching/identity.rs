//! Whether a device is the product that an entry names: the rules of identity, with typed evidence.

mod by_part;
mod components;
mod covering;
mod identifiers;
mod kinds;

use crate::domain::catalogue::reading::{Designation, NamePart, OrderSpec, Reach, Strength};
use crate::domain::catalogue::{Catalogue, FamilyId, Kind};
use crate::domain::nameplate::{FamilyEvidence, NameplateReading, is_unmistakable};
use crate::domain::order_number::differs_at;
use crate::domain::product_index::{CompiledDesignation, EntryReading};
use crate::domain::vendor::words;

use covering::is_slip_of;
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
        } else if self.is_brand_of_name() || self.is_initials_of_vendor() {
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

    /// A vendor that the catalogue does not know gives the first letters of the entry's: `CWS` of Columbia Weather Systems.
    fn is_initials_of_vendor(&self) -> bool {
        let unknown = self.device.vendors.unknown();
        if unknown.is_empty() || self.device.vendors.is_known() {
            return false;
        }
        let initials: String = words(&self.entry.vendor).iter().filter_map(|word| word.chars().next()).collect();
        unknown.iter().any(|key| key.len() >= 3 && initials.starts_with(key.as_str()))
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
        if let Some(answer) = self.by_file() {
            return answer;
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

    /// An entry that is one program file of a suite: a row that names just the suite has all its files, one that names another
    /// file is another.
    fn by_file(&self) -> Option<Identity> {
        let file = self.entry.file.as_ref()?;
        let families = &self.wanted().families;
        if self.device.spans.contains(file) || families.is_empty() {
            return None;
        }
        if self.device.spans.contains("exe") {
            return Some(self.other_model());
        }
        let family = families.iter().filter_map(|alternatives| self.in_one_of(alternatives)).next()?;
        let names_suite = self.device.is_software
            && self.device.families.get(&family) == Some(&FamilyEvidence::Named)
            && self.device.parts.is_empty();
        let evidence = ProductEvidence::Family { family, member: None };
        names_suite.then(|| self.with_details(evidence, RANK_FAMILY))
    }

    fn is_same_name(&self) -> bool {
        self.device.whole_names.iter().any(|name| self.entry.whole_names.contains(name))
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
        // "GuardLogix 5580 (1756-L8zS)" and a 1756-L84ES: a member whose number has one option letter more.
        for order in wanted.iter().filter(|o| is_member && o.pattern.is_some() && o.key.len() >= 6) {
            let goes_beyond =
                |yours: &&OrderSpec| yours.scheme == order.scheme && has_one_letter_more(&yours.key, &order.key);
            if let Some(yours) = device.orders.iter().filter(|o| o.scheme.is_some()).find(goes_beyond) {
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
        if !self.device.components.is_empty()
            && let Some(identity) = self.by_program_of_firmware()
        {
            return identity;
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
        if self.device.is_software && !wanted.is_software && !self.entry.of_programs && self.names_hardware() {
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
}

/// Whether an order number is that of a pattern, given without its placeholder, but for a letter inside: `1756l84es` of
/// `1756l8s`.
fn has_one_letter_more(yours: &str, pattern: &str) -> bool {
    let (own, fixed) = (yours.as_bytes(), pattern.as_bytes());
    if own.len() != fixed.len() + 2 {
        return false;
    }
    let head = own.iter().zip(fixed).take_while(|(a, b)| a == b).count();
    // Behind what both begin with stand the placeholder's digit and the letter; what follows ends both.
    head >= 5
        && own[head].is_ascii_digit()
        && own[head + 1].is_ascii_alphabetic()
        && head < fixed.len()
        && own[head + 2..] == fixed[head..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_letter_more_is_told_from_another_number() {
        for (yours, pattern, more) in [
            ("1756l84es", "1756l8s", true),
            ("1756l84s", "1756l8s", false),
            ("1756l84e", "1756l8", false),
            ("1756l74es", "1756l8s", false),
            ("1756l84esk", "1756l8s", false),
        ] {
            assert_eq!(has_one_letter_more(yours, pattern), more, "{yours} {pattern}");
        }
    }
}
