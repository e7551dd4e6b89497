//! What a device says of itself: the nameplate, and the variant (nameplate with firmware) that a verdict depends on.

mod notes;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::catalogue::reading::{Designation, Generation, NamePart, OrderSpec, Strength, TextKind};
use super::catalogue::{Catalogue, Decision, FamilyId, Holder, Kind, Membership, Says, VendorSet};
use super::core_name::core_of_model;
use super::firmware::Firmware;
use super::identifier::{Identifier, identifiers_in, without_identifiers};
use super::model::{Token, tokens};
use super::order_number::squash;
use super::vendor::{fold, words};

pub use notes::{is_year, meets, production_date, telling_notes};

/// What identifies a device's product, as written on it or in the inventory. Blank texts mean "not stated".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nameplate {
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub hardware_revision: String,
}

/// A nameplate with a firmware: the unit that a verdict depends on.
///
/// `notes` holds only what can change a verdict (a component with its own firmware, a function state); it is blank
/// for nearly all devices, so that a million devices stay some ten thousand variants. See [`telling_notes`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    pub nameplate: Nameplate,
    pub firmware: String,
    pub notes: String,
}

/// How a device is known to belong to a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FamilyEvidence {
    /// This designator or order number is a member by the catalogue.
    Member(String),
    /// The device's text names the family itself.
    Named,
    /// By way of this smaller family.
    Within(FamilyId),
}

/// A component that a device carries, with the firmware that is written beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedComponent {
    pub family: FamilyId,
    /// The component's own firmware; `None` when the text gives none.
    pub firmware: Option<String>,
    /// Where it was named.
    pub text: String,
    /// It was named in the notes, not in model, part number or firmware.
    pub is_noted: bool,
}

/// A nameplate read with the catalogue: everything that the matcher compares.
#[derive(Clone, Debug, Default)]
pub struct NameplateReading {
    pub vendors: VendorSet,
    /// The vendor column named the vendor; else it was found in the product texts or follows from an order number.
    pub vendor_is_stated: bool,
    /// The words of the vendor column.
    pub vendor_words: Vec<String>,
    pub orders: Vec<OrderSpec>,
    /// All runs of tokens of model and part number, squashed, with whether the run ends at a chunk's end.
    pub spans: FxHashSet<String>,
    /// The model as a whole: squashed, with and without its vendor's name in front, and its words in the order of the alphabet.
    /// A product that an advisory calls by just one of these names is the device.
    pub whole_names: Vec<String>,
    pub families: FxHashMap<FamilyId, FamilyEvidence>,
    /// The distinctive parts that no family's phrase consumed.
    pub parts: Vec<NamePart>,
    /// Series letters, bit 0 is A.
    pub series: u32,
    /// Words with the lone digit behind them, see [`Designation::numbered`].
    pub numbered: Vec<(String, u8)>,
    pub is_software: bool,
    /// The generation that the model names: `V35.1` of "Parasolid V35.1".
    pub generation: Option<Generation>,
    pub components: Vec<CarriedComponent>,
    /// The leading numbers of the firmware, for generations; empty when it has none.
    pub firmware_numbers: Vec<u32>,
    /// See [`Catalogue::device_key`].
    pub decision_key: String,
    /// What identifies it entirely: CPE, package URL, digest.
    pub identifiers: Vec<Identifier>,
    /// What users said of this nameplate: of each product and kind the last word.
    pub decisions: Vec<Decision>,
}

/// The longest run of tokens kept as a span.
const LONGEST_SPAN: usize = 7;
/// A name of fewer letters than this may be another's when its words are turned round.
const SHORTEST_TURNED_NAME: usize = 10;
/// A brand in the vendor column has at most so many words.
const LONGEST_BRAND: usize = 3;
/// Cells longer than this are no names; what follows is not read.
const MOST_TOKENS: usize = 40;

impl NameplateReading {
    /// Reads a variant. Never fails; a nameplate that says nothing gives an empty reading.
    pub fn read(variant: &Variant, catalogue: &Catalogue) -> NameplateReading {
        let plate = &variant.nameplate;
        let mut reading = NameplateReading {
            vendors: catalogue.resolve_vendors(&plate.vendor),
            vendor_words: words(&plate.vendor),
            decision_key: catalogue.device_key(&plate.vendor, &plate.model, &plate.part_number),
            whole_names: whole_names(&plate.model, &plate.vendor, catalogue),
            identifiers: identifiers_in(&variant.notes),
            ..NameplateReading::default()
        };
        reading.decisions = catalogue.decisions().of(&reading.decision_key, &Holder::default());
        reading.vendor_is_stated = !reading.vendors.is_empty();
        if !reading.vendor_is_stated {
            for text in [&plate.model, &plate.part_number] {
                for vendor in catalogue.vendors_within(text).known() {
                    reading.vendors.add(*vendor);
                    reading.vendor_is_stated = true;
                }
            }
        }
        for text in [&plate.model, &plate.part_number] {
            reading.add_text(&without_excuses(text), catalogue);
        }
        reading.whole_names.extend(core_of_model(&plate.model, &plate.vendor, &reading.vendors, catalogue));
        // A brand in the vendor column may say more than the vendor: "RuggedCom", "Telemecanique". That of a program does only
        // where the model names none of its own: "Micro Browser" of SpiderControl is no SpiderControl SCADA.
        let brand = squash(&plate.vendor);
        let names_more =
            !reading.families.is_empty() || reading.parts.iter().any(|part| part.strength >= Strength::Word);
        let says_more = |family: &&FamilyId| !names_more || catalogue.family(**family).kind != Kind::Software;
        for family in catalogue.families_spelled(&brand).iter().filter(says_more) {
            reading.families.entry(*family).or_insert(FamilyEvidence::Named);
        }
        reading.add_family_behind_brand(&brand, &plate.model, catalogue);
        reading.add_orders_vendor(catalogue);
        reading.series |= series_of(&plate.hardware_revision);
        // `CP300` of a SIPROTEC 5 often stands where its hardware revision should.
        reading.add_components(&plate.hardware_revision, catalogue, false);
        let members: Vec<String> = reading.spans.iter().cloned().collect();
        for span in &members {
            for (family, membership) in catalogue.families_of_member(span) {
                let entry = catalogue.family(family);
                let fits = reading.vendors.known().contains(&entry.vendor)
                    || (!reading.vendor_is_stated && (membership == Membership::Order || is_unmistakable(span)));
                if fits && !matches!(entry.kind, Kind::Component | Kind::Variant) {
                    // The longest designator is the best evidence.
                    let known = match reading.families.get(&family) {
                        Some(FamilyEvidence::Member(text)) => (text.len(), std::cmp::Reverse(text.as_str())),
                        _ => (0, std::cmp::Reverse("")),
                    };
                    if (span.len(), std::cmp::Reverse(span.as_str())) > known {
                        reading.families.insert(family, FamilyEvidence::Member(span.clone()));
                    }
                    if !reading.vendor_is_stated {
                        reading.vendors.add(entry.vendor);
                    }
                } else if fits {
                    reading.components.push(CarriedComponent {
                        family,
                        firmware: None,
                        text: span.clone(),
                        is_noted: false,
                    });
                }
            }
        }
        reading.drop_what_the_order_number_denies(catalogue);
        reading.drop_what_a_longer_designator_denies(catalogue);
        reading.drop_where_a_module_stands(catalogue);
        if Firmware::read(&variant.firmware).is_stated() {
            reading.firmware_numbers = leading_numbers(&variant.firmware);
        }
        reading.drop_what_came_later(catalogue);
        let mut open: Vec<FamilyId> = reading.families.keys().copied().collect();
        while let Some(family) = open.pop() {
            for parent in &catalogue.family(family).within {
                if !reading.families.contains_key(parent) {
                    reading.families.insert(*parent, FamilyEvidence::Within(family));
                    open.push(*parent);
                }
            }
        }
        reading.add_components(&without_identifiers(&variant.notes), catalogue, false);
        reading.add_components(&variant.firmware, catalogue, true);
        reading.add_program_of_firmware(&variant.firmware, catalogue);
        reading.add_built_in(&variant.firmware, catalogue);
        reading
    }

    /// A firmware that begins with the name of a program says what else the device is: "TwinCAT 3.1 Build 4022.2" on an
    /// embedded PC, "CPC80 V16.20" on its processor module.
    fn add_program_of_firmware(&mut self, firmware: &str, catalogue: &Catalogue) {
        let all = tokens(firmware);
        let behind_name = |n: &usize| all.get(*n).is_some_and(|next| next.chunk != all[*n - 1].chunk);
        let phrase = |n: usize| all[..n].iter().map(|token| token.text.as_str()).collect::<String>();
        // "AX 3.8.401" on a controller of the Niagara family.
        let own: Vec<String> = self.families.keys().map(|family| squash(&catalogue.family(*family).name)).collect();
        let spelled = |n: usize| {
            let phrase = phrase(n);
            let behind = || own.iter().map(|name| catalogue.families_spelled(&format!("{name}{phrase}")));
            std::iter::once(catalogue.families_spelled(&phrase)).chain(behind()).find(|found| !found.is_empty())
        };
        let longest = (1..=all.len().min(LONGEST_SPAN)).rev().filter(behind_name).find_map(|n| {
            let families = spelled(n).unwrap_or_default();
            (!families.is_empty() && all[n..].iter().any(Token::has_digit)).then_some(families)
        });
        for family in longest.into_iter().flatten().copied() {
            let entry = catalogue.family(family);
            let is_own = self.vendors.known().contains(&entry.vendor) && !self.families.contains_key(&family);
            let is_named = self.components.iter().any(|known| known.family == family);
            if is_own && !is_named && !entry.vague && !matches!(entry.kind, Kind::Component | Kind::Variant) {
                let (firmware, text) = (Some(firmware.to_owned()), firmware.to_owned());
                self.components.push(CarriedComponent { family, firmware, text, is_noted: false });
            }
        }
    }

    /// A part that all devices of a family carry from the factory shows its firmware as theirs.
    fn add_built_in(&mut self, firmware: &str, catalogue: &Catalogue) {
        let Some(major) = self.firmware_numbers.first() else { return };
        for family in catalogue.built_in_families() {
            let entry = catalogue.family(*family);
            let counts = entry.since.is_none_or(|since| *major >= since) && entry.before.is_none_or(|end| *major < end);
            let carries = entry.built_in.iter().any(|host| self.families.contains_key(host));
            let other_named = self.components.iter().any(|known| {
                known.family == *family
                    || catalogue.family(known.family).built_in.iter().any(|host| entry.built_in.contains(host))
            });
            if counts && carries && !other_named {
                let (firmware, text) = (Some(firmware.to_owned()), firmware.to_owned());
                self.components.push(CarriedComponent { family: *family, firmware, text, is_noted: false });
            }
        }
    }

    /// The word on whether the device is the product with this key.
    pub fn decision_on_product(&self, product_key: &str) -> Option<(&Decision, bool)> {
        self.decisions.iter().find_map(|decision| match decision.says {
            Says::IsProduct(is_product) if decision.product_key == product_key => Some((decision, is_product)),
            _ => None,
        })
    }

    /// The word on whether the condition of the product with this key holds for the device.
    pub fn decision_on_condition(&self, product_key: &str) -> Option<(&Decision, bool)> {
        self.decisions.iter().find_map(|decision| match decision.says {
            Says::Holds(holds) if decision.product_key == product_key => Some((decision, holds)),
            _ => None,
        })
    }

    /// Whether model and part number name nothing that could identify a product.
    pub fn is_poor(&self) -> bool {
        self.orders.is_empty() && self.families.is_empty() && self.parts.is_empty()
    }

    /// Whether the device names no order number and no member of a family, so that it may be any of a family's members.
    pub fn is_unspecific(&self) -> bool {
        !self.orders.iter().any(|o| o.scheme.is_some())
            && !self.families.values().any(|how| matches!(how, FamilyEvidence::Member(_)))
    }

    fn add_text(&mut self, text: &str, catalogue: &Catalogue) {
        for designation in catalogue.read_designations(text, &self.vendors, TextKind::Device) {
            let Designation { orders, families, components, parts, series, generation, numbered, is_software, .. } =
                designation;
            self.orders.extend(orders);
            for family in families.into_iter().flatten() {
                self.families.entry(family).or_insert(FamilyEvidence::Named);
            }
            for family in components {
                self.components.push(CarriedComponent {
                    family,
                    firmware: None,
                    text: text.to_owned(),
                    is_noted: false,
                });
            }
            for part in parts {
                if !self.parts.contains(&part) {
                    self.parts.push(part);
                }
            }
            self.series |= series;
            self.generation = self.generation.take().or(generation);
            self.numbered.extend(numbered);
            self.is_software |= is_software;
        }
        self.add_spans(text, catalogue);
    }

    /// A family whose name begins with the brand that stands in the vendor column: `Web Studio` of InduSoft.
    fn add_family_behind_brand(&mut self, brand: &str, model: &str, catalogue: &Catalogue) {
        let mut all = tokens(model);
        all.truncate(LONGEST_SPAN);
        // "WebAccess/NMS" says more than the family.
        let lists = catalogue.lists();
        let says_no_more =
            |rest: &[Token]| rest.iter().all(|t| t.has_digit() || t.text.len() < 2 || lists.generic.contains(&t.text));
        let phrase_of = |n: usize| all[..n].iter().map(|t| t.text.as_str()).collect::<String>();
        // "InTouch Machine Edition" of Wonderware is no "Wonderware InTouch": its own name is longer.
        let own_name = || (1..=all.len()).rev().find(|n| !catalogue.families_spelled(&phrase_of(*n)).is_empty());
        let shortest = if brand.is_empty() { None } else { own_name() }.unwrap_or(1);
        let mut phrases =
            (shortest..=all.len()).rev().filter(|n| !brand.is_empty() && says_no_more(&all[*n..])).map(phrase_of);
        let named = phrases.find_map(|phrase| {
            let families = catalogue.families_spelled(&format!("{brand}{phrase}"));
            (!families.is_empty()).then(|| (phrase, families.to_vec()))
        });
        if let Some((phrase, families)) = named {
            self.parts.retain(|part| !phrase.contains(&part.key));
            families.into_iter().for_each(|family| {
                self.families.entry(family).or_insert(FamilyEvidence::Named);
            });
        }
    }

    /// A row may name the platform of a module ("S7-1500 DI 32x24VDC"); where the catalogue knows the order numbers of
    /// a family and the device's is none of them, the device is no member.
    fn drop_what_the_order_number_denies(&mut self, catalogue: &Catalogue) {
        for order in &self.orders {
            let Some(vendor) = order.scheme.and_then(|s| catalogue.scheme_vendor(s)) else { continue };
            let members: Vec<FamilyId> =
                catalogue.families_of_member(&order.key).into_iter().map(|(family, _)| family).collect();
            self.families.retain(|family, how| {
                *how != FamilyEvidence::Named
                    || catalogue.family(*family).vendor != vendor
                    || !catalogue.knows_orders_of(*family)
                    || members.iter().any(|m| catalogue.is_within(*m, *family))
            });
        }
    }

    /// `FX3U-ENET-L` is a module of its own and no `FX3U-ENET`: where the longer designator is a member of a family,
    /// its beginning makes the device no member of an unrelated one.
    fn drop_what_a_longer_designator_denies(&mut self, catalogue: &Catalogue) {
        let members: Vec<(FamilyId, String)> = self
            .families
            .iter()
            .filter_map(|(family, how)| match how {
                FamilyEvidence::Member(text) if catalogue.family(*family).kind == Kind::Hardware => {
                    Some((*family, text.clone()))
                }
                _ => None,
            })
            .collect();
        self.families.retain(|family, how| {
            let FamilyEvidence::Member(text) = how else { return true };
            !members.iter().any(|(other, longer)| {
                longer.len() > text.len()
                    && longer.starts_with(text.as_str())
                    && catalogue.family(*other).vendor == catalogue.family(*family).vendor
                    && !catalogue.is_within(*other, *family)
                    && !catalogue.is_within(*family, *other)
            })
        });
    }

    /// A type that is sold with one of two cards is of the family with the newer one only from its first version on: a rack PDU with
    /// firmware 1.2 has no Network Management Card 2, whose versions begin with 5.
    fn drop_what_came_later(&mut self, catalogue: &Catalogue) {
        let Some(own) = self.firmware_numbers.first().copied() else { return };
        self.families.retain(|family, how| {
            let since = catalogue.family(*family).since;
            *how == FamilyEvidence::Named || since.is_none_or(|since| since <= own)
        });
    }

    /// "S7-1500 CP 1543-1" is a module beside the CPU: the platform in front tells where it stands.
    fn drop_where_a_module_stands(&mut self, catalogue: &Catalogue) {
        if self.spans.contains("cpu") {
            return;
        }
        let beside: Vec<FamilyId> =
            self.families.keys().flat_map(|family| catalogue.family(*family).beside.iter().copied()).collect();
        self.families.retain(|family, how| *how != FamilyEvidence::Named || !beside.contains(family));
    }

    fn add_spans(&mut self, text: &str, catalogue: &Catalogue) {
        let mut all = tokens(text);
        all.truncate(MOST_TOKENS);
        for start in 0..all.len() {
            let mut key = String::new();
            for token in all[start..].iter().take(LONGEST_SPAN) {
                key.push_str(&token.text);
                if key.len() > 48 {
                    break;
                }
                if key.len() > 1 {
                    self.spans.insert(key.clone());
                }
            }
            // `CPU1511-1PN`: behind a generic word glued to a number the designator begins.
            let letters = all[start].text.bytes().take_while(u8::is_ascii_alphabetic).count();
            if letters >= 3
                && all[start].text.as_bytes().get(letters).is_some_and(u8::is_ascii_digit)
                && catalogue.lists().generic.contains(&all[start].text[..letters])
            {
                let mut key = all[start].text[letters..].to_owned();
                self.spans.insert(key.clone());
                for token in all[start + 1..].iter().take(LONGEST_SPAN - 1) {
                    key.push_str(&token.text);
                    self.spans.insert(key.clone());
                }
            }
        }
    }

    /// An order number names the vendor of its scheme when nobody else does.
    fn add_orders_vendor(&mut self, catalogue: &Catalogue) {
        if self.vendor_is_stated {
            return;
        }
        for order in &self.orders {
            if let Some(vendor) = order.scheme.and_then(|s| catalogue.scheme_vendor(s)) {
                self.vendors.add(vendor);
            }
        }
    }

    /// Components named in notes or firmware, with the version written beside them.
    fn add_components(&mut self, text: &str, catalogue: &Catalogue, is_firmware: bool) {
        for (family, rest) in components_in(text, catalogue) {
            let firmware = if is_firmware { Some(text.to_owned()) } else { version_after(&rest) };
            if let Some(known) = self.components.iter_mut().find(|c| c.family == family) {
                if known.firmware.is_none() {
                    known.firmware = firmware;
                }
            } else {
                self.components.push(CarriedComponent {
                    family,
                    firmware,
                    text: text.to_owned(),
                    is_noted: !is_firmware,
                });
            }
        }
    }
}

/// Whether a squashed designator is long and mixed enough to identify a product without its vendor.
pub fn is_unmistakable(squashed: &str) -> bool {
    let letters = squashed.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = squashed.bytes().filter(u8::is_ascii_digit).count();
    letters >= 2 && (squashed.len() >= 6 && digits >= 3 || squashed.len() >= 8 && digits >= 2)
}

/// See [`NameplateReading::whole_names`].
fn whole_names(model: &str, vendor: &str, catalogue: &Catalogue) -> Vec<String> {
    let bare = without_vendor(model, vendor, catalogue);
    let mut names = vec![squash(model)];
    names.extend(sorted_words(model));
    if bare.len() < model.trim().len() {
        names.push(squash(bare));
        names.extend(sorted_words(bare));
    }
    // A brand may stand behind its owner in the vendor column: "OPC Server" of "Honeywell Matrikon" is the Matrikon OPC Server.
    let of_vendor: Vec<&str> = vendor.split_whitespace().collect();
    for n in of_vendor.len().saturating_sub(LONGEST_BRAND)..of_vendor.len() {
        let branded = format!("{} {model}", of_vendor[n..].join(" "));
        names.push(squash(&branded));
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A name without its vendor's in front: "VideoInsight Web Client" of Video Insight, "Iconics GENESIS64".
fn without_vendor<'a>(model: &'a str, vendor: &str, catalogue: &Catalogue) -> &'a str {
    let key = squash(vendor);
    let n_words = catalogue.vendors_leading(model).0;
    let is_vendor = |head: &str| key.len() >= 3 && squash(head) == key || n_words > 0 && words(head).len() == n_words;
    let ends = model.match_indices(char::is_whitespace).map(|(at, _)| at).take(5);
    ends.filter(|at| is_vendor(&model[..*at])).last().map_or(model, |at| model[at..].trim_start())
}

/// The words of a name in the order of the alphabet, since people turn names round: "ECI xComfort" is the "xComfort ECI",
/// "SIS Workstation AADvance" the "AADvance SIS Workstation". Names with numbers say less than their words.
pub fn sorted_words(name: &str) -> Option<String> {
    let mut sorted = words(name);
    let letters: usize = sorted.iter().map(String::len).sum();
    let telling = sorted.len() >= 2 && letters >= SHORTEST_TURNED_NAME;
    if !telling || name.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    sorted.sort_unstable();
    Some(sorted.join(" "))
}

/// A name without the words that say why it is not told exactly: "SIPROTEC 5, Typ verdeckt", "CJ2 (type plate illegible)".
fn without_excuses(text: &str) -> Cow<'_, str> {
    const SUBJECTS: [&str; 16] = [
        "typ",
        "type",
        "types",
        "typenschild",
        "typeplate",
        "nameplate",
        "label",
        "tipo",
        "modell",
        "modele",
        "modelo",
        "targa",
        "plaque",
        "tabliczka",
        "etikett",
        "aufkleber",
    ];
    const EXCUSES: [&str; 24] = [
        "unleserlich",
        "unlesbar",
        "illegible",
        "unreadable",
        "unknown",
        "unbekannt",
        "hidden",
        "verdeckt",
        "niewidoczny",
        "nieczytelny",
        "nieznany",
        "illisible",
        "inconnu",
        "inconnue",
        "ilegible",
        "desconocido",
        "illeggibile",
        "sconosciuto",
        "onleesbaar",
        "onbekend",
        "verdeckt",
        "fehlt",
        "missing",
        "gone",
    ];
    if !text.contains([',', ';', '(']) {
        return Cow::Borrowed(text);
    }
    let is_excuse = |clause: &str| {
        let all: Vec<String> = words(clause);
        let subject = all.first().is_some_and(|first| SUBJECTS.contains(&first.as_str()));
        let excuse = all.iter().any(|word| EXCUSES.contains(&word.as_str()));
        let has_number = clause.bytes().any(|b| b.is_ascii_digit());
        all.len() >= 2 && !has_number && (subject || excuse)
    };
    let clauses: Vec<&str> = text.split_inclusive([',', ';', '(', ')']).collect();
    // The name itself stands in front.
    let excused = clauses.iter().skip(1).any(|clause| is_excuse(clause));
    if !excused {
        return Cow::Borrowed(text);
    }
    let kept =
        clauses.iter().enumerate().filter(|(n, clause)| *n == 0 || !is_excuse(clause)).map(|(_, clause)| *clause);
    let kept: String = kept.collect();
    Cow::Owned(kept.trim_end_matches([',', ';', '(', ')', ' ']).to_owned())
}

/// Series letters in a hardware revision: `B`, `Ser. B`, `Series A`; 0 when it holds none.
fn series_of(revision: &str) -> u32 {
    let all = tokens(revision);
    let letter = |text: &str| match text.as_bytes() {
        [b @ b'a'..=b'h'] => Some(1u32 << (b - b'a')),
        _ => None,
    };
    match all.as_slice() {
        [one] => letter(&one.text).unwrap_or(0),
        [word, one, ..] if matches!(word.text.as_str(), "ser" | "series" | "serie" | "rev" | "revision") => {
            letter(&one.text).unwrap_or(0)
        }
        _ => 0,
    }
}

/// The component and variant families that a text names, each with the text behind its name.
fn components_in(text: &str, catalogue: &Catalogue) -> Vec<(FamilyId, String)> {
    let mut all = tokens(text);
    all.truncate(MOST_TOKENS * 2);
    let mut found: Vec<(FamilyId, String)> = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let mut key = String::new();
        let mut best: Option<usize> = None;
        for (n, token) in all[at..].iter().take(LONGEST_SPAN + 2).enumerate() {
            key.push_str(&token.text);
            if key.len() > catalogue.longest_spelling() {
                break;
            }
            if named_components(&key, catalogue).next().is_some() {
                best = Some(n + 1);
            }
        }
        match best {
            Some(n) => {
                let key: String = all[at..at + n].iter().map(|t| t.text.as_str()).collect();
                // The rest begins behind the last token of the phrase, as written.
                let rest = after_token(text, &all, at + n);
                for family in named_components(&key, catalogue) {
                    if !found.iter().any(|(f, _)| *f == family) {
                        found.push((family, rest.clone()));
                    }
                }
                at += n;
            }
            None => at += 1,
        }
    }
    found
}

fn named_components<'a>(key: &str, catalogue: &'a Catalogue) -> impl Iterator<Item = FamilyId> + use<'a> {
    let spelled: Vec<FamilyId> = catalogue.families_spelled(key).to_vec();
    let members: Vec<FamilyId> = catalogue.families_of_member(key).into_iter().map(|(f, _)| f).collect();
    spelled.into_iter().chain(members).filter(|f| matches!(catalogue.family(*f).kind, Kind::Component | Kind::Variant))
}

/// The text from token `n` on, as written.
fn after_token(text: &str, all: &[Token], n: usize) -> String {
    let mut rest = text;
    for token in &all[..n] {
        if let Some(at) = rest.find(&token.raw) {
            rest = &rest[at + token.raw.len()..];
        }
    }
    rest.to_owned()
}

/// The first version in a text: digits with a dot, or digits behind `V`.
fn version_after(text: &str) -> Option<String> {
    text.split([',', ';']).next().and_then(|clause| {
        clause
            .split_whitespace()
            .map(|w| w.trim_matches(['(', ')', '.', ':']))
            .find(|w| {
                let bare = w.trim_start_matches(['v', 'V']);
                bare.starts_with(|c: char| c.is_ascii_digit()) && (bare.contains('.') || bare.len() < w.len())
            })
            .map(str::to_owned)
    })
}

/// The leading numbers of a firmware: `V2.8.1` gives 2, 8, 1; text in front is skipped when a `V` follows it.
pub fn leading_numbers(firmware: &str) -> Vec<u32> {
    let folded = fold(firmware);
    let starts: Vec<usize> = folded
        .char_indices()
        .filter(|(at, c)| {
            c.is_ascii_digit()
                && folded[..*at]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !before.is_alphanumeric() || before == 'v' || before == 'r')
        })
        .map(|(at, _)| at)
        .collect();
    // "CPCI85 V05.20", "BSP UN31 V1.74": the number behind a `V` is the version.
    let chosen = starts.iter().find(|at| folded[..**at].ends_with('v')).or(starts.first());
    let Some(at) = chosen else { return Vec::new() };
    let run: String = folded[*at..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    run.split('.').map_while(|n| n.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variant(vendor: &str, model: &str, part_number: &str, firmware: &str) -> Variant {
        Variant {
            nameplate: Nameplate {
                vendor: vendor.to_owned(),
                model: model.to_owned(),
                part_number: part_number.to_owned(),
                ..Nameplate::default()
            },
            firmware: firmware.to_owned(),
            ..Variant::default()
        }
    }

    #[test]
    fn names_are_the_same_turned_round_unless_they_hold_numbers() {
        assert_eq!(sorted_words("ECI xComfort"), sorted_words("xComfort ECI"));
        assert!(sorted_words("ECI xComfort").is_some());
        assert_eq!(sorted_words("S7-1500 SIMATIC"), None);
        assert_eq!(sorted_words("Web Edge"), None);
    }

    #[test]
    fn order_numbers_are_found_in_any_cell() {
        let catalogue = Catalogue::built_in();
        for (vendor, model, part_number, order) in [
            ("Siemens", "CPU 1511-1 PN", "6ES7 511-1AK02-0AB0", "6es75111ak020ab0"),
            ("", "CPU 414-3 PN/DP", "6ES74143EM060AB0", "6es74143em060ab0"),
            ("SIEMENS", "Scalance M874-3 (6GK5 874-3AA00-2AA2)", "", "6gk58743aa002aa2"),
            ("AB", "ControlLogix L83E", "1756-L83E/B", "1756l83e"),
            ("Allen Bradley", "Powermonitor 1000", "1408 EM3A ENT", "1408em3aent"),
            ("A-B", "CompactLogix 1769-L24ER-QB1B", "", "1769l24erqb1b"),
            ("Telemecanique", "Modicon M340 CPU BMX P34 2020", "", "bmxp342020"),
        ] {
            let reading = NameplateReading::read(&variant(vendor, model, part_number, ""), &catalogue);
            let keys: Vec<&str> = reading.orders.iter().map(|o| o.key.as_str()).collect();
            assert!(keys.contains(&order), "{model} {part_number}: {keys:?}");
        }
    }

    #[test]
    fn leading_numbers_skip_the_product_prefix() {
        for (text, numbers) in [
            ("V2.8.1", vec![2, 8, 1]),
            ("CPCI85 V05.20", vec![5, 20]),
            ("ROS v4.3.8", vec![4, 3, 8]),
            ("7.5 SP2 Upd 8", vec![7, 5]),
            ("n/a", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(leading_numbers(text), numbers, "{text}");
        }
    }

    #[test]
    fn a_nameplate_without_a_name_is_poor() {
        let catalogue = Catalogue::built_in();
        assert!(NameplateReading::read(&variant("Siemens", "meter", "", ""), &catalogue).is_poor());
        assert!(!NameplateReading::read(&variant("", "NPort 5110", "", ""), &catalogue).is_poor());
    }

    proptest! {
        #[test]
        fn reading_never_panics(vendor in ".{0,20}", model in ".{0,60}", part in ".{0,30}", firmware in ".{0,20}", notes in ".{0,60}") {
            use std::sync::OnceLock;
            static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
            let catalogue = CATALOGUE.get_or_init(Catalogue::built_in);
            let mut variant = variant(&vendor, &model, &part, &firmware);
            variant.notes = telling_notes(&notes, catalogue);
            let _ = NameplateReading::read(&variant, catalogue);
        }
    }
}
