//! All products of all advisories, found by order number and designator; built once, shared by all threads.

mod entry;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::advisory::{Advisory, ProductStatus};
use super::catalogue::reading::Strength;
use super::catalogue::{Catalogue, FamilyId, VendorId, VendorSet};
use super::firmware::with_two_digit_minors;
use super::identifier::Identifier;
use super::model::tokens;
use super::nameplate::NameplateReading;
use super::order_number::{Pattern, PatternSet};
use super::remediation::RemediationCategory;
use super::vendor::words;
use super::version_range::VersionRange;

pub use entry::{CompiledDesignation, EntryReading, Helper};

/// One product of one advisory, with its name and version text compiled.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Index into `Advisory::products`.
    pub product: u32,
    /// Index of its [`EntryReading`].
    pub reading: u32,
    /// Index of its [`VersionRange`].
    pub range: u32,
    /// Per vulnerability: (index into `Advisory::vulnerabilities`, what the status says).
    pub statuses: Vec<(u32, StatusGroup)>,
    /// The versions that the document's fixes tell to go to; read when they are first asked for.
    pub advised_fix: OnceLock<Vec<String>>,
}

/// What a product status says, as far as a verdict depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusGroup {
    NotAffected,
    Investigated,
    Affected,
}

/// A full product name that is so many bytes longer than vendor, name and version together says something of its own.
const FULL_NAME_SURPLUS: usize = 6;

/// The index of the vulnerability that stands for "the document as a whole" where no vulnerability names a product.
pub const WHOLE_DOCUMENT: u32 = u32::MAX;

/// The compiled form of a set of advisories that [`super::matching::match_variant`] looks into.
pub struct ProductIndex {
    compiled: Arc<Compiled>,
    /// With the decisions to match with.
    catalogue: Arc<Catalogue>,
}

/// What is compiled, whatever was decided: many indexes share it.
struct Compiled {
    advisories: Vec<Arc<Advisory>>,
    catalogue: Arc<Catalogue>,
    readings: Vec<EntryReading>,
    ranges: Vec<VersionRange>,
    /// By advisory.
    entries: Vec<Vec<Entry>>,
    /// By reading: (advisory, index into its entries).
    places: Vec<Vec<(u32, u32)>>,
    by_order: FxHashMap<String, Vec<u32>>,
    by_order_pattern: PatternSet<u32>,
    by_part: FxHashMap<String, Vec<u32>>,
    by_part_pattern: PatternSet<u32>,
    by_family: FxHashMap<FamilyId, Vec<u32>>,
    /// Readings that name members of a family, for devices that only name the family.
    by_member_family: FxHashMap<FamilyId, Vec<u32>>,
    /// Readings that name a component or variant, by the families that may carry it.
    by_host: FxHashMap<FamilyId, Vec<u32>>,
    by_component: FxHashMap<FamilyId, Vec<u32>>,
    by_decision_key: FxHashMap<String, Vec<u32>>,
    by_identifier: FxHashMap<String, Vec<u32>>,
    /// By the whole name, squashed, where it is long enough to identify.
    by_name: FxHashMap<String, Vec<u32>>,
    covered: FxHashSet<VendorId>,
    covered_unknown: VendorSet,
}

impl ProductIndex {
    /// Compiles the products of these advisories. Only the latest revision of each should be given.
    pub fn build(advisories: Vec<Arc<Advisory>>, catalogue: Arc<Catalogue>) -> ProductIndex {
        let mut compiled = Compiled {
            advisories,
            catalogue: Arc::clone(&catalogue),
            readings: Vec::new(),
            ranges: Vec::new(),
            entries: Vec::new(),
            places: Vec::new(),
            by_order: FxHashMap::default(),
            by_order_pattern: PatternSet::default(),
            by_part: FxHashMap::default(),
            by_part_pattern: PatternSet::default(),
            by_family: FxHashMap::default(),
            by_member_family: FxHashMap::default(),
            by_host: FxHashMap::default(),
            by_component: FxHashMap::default(),
            by_decision_key: FxHashMap::default(),
            by_identifier: FxHashMap::default(),
            by_name: FxHashMap::default(),
            covered: FxHashSet::default(),
            covered_unknown: VendorSet::default(),
        };
        compiled.compile_entries();
        compiled.post_readings();
        ProductIndex { compiled: Arc::new(compiled), catalogue }
    }

    /// The same advisories with the decisions of another catalogue, which must know the same vendors and families as
    /// the one they were compiled with. Costs nothing.
    pub fn with_decisions_of(&self, catalogue: Arc<Catalogue>) -> ProductIndex {
        ProductIndex { compiled: Arc::clone(&self.compiled), catalogue }
    }

    /// The advisories in the order given to [`ProductIndex::build`].
    pub fn advisories(&self) -> &[Arc<Advisory>] {
        &self.compiled.advisories
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The catalogue, to compile other advisories with.
    pub fn shared_catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    /// Whether any advisory names a product of this vendor (under any of its names); a vendor that none names has
    /// no source, and its devices cannot be checked.
    pub fn covers_vendor(&self, vendor: &str) -> bool {
        self.covers(&self.catalogue.resolve_vendors(vendor))
    }

    /// As [`ProductIndex::covers_vendor`], for vendors that are resolved already.
    pub fn covers(&self, vendors: &VendorSet) -> bool {
        vendors.known().iter().any(|v| self.compiled.covered.contains(v))
            || vendors.meets(&self.compiled.covered_unknown)
    }

    /// All entries of one advisory.
    pub fn entries(&self, advisory: u32) -> &[Entry] {
        self.compiled.entries.get(advisory as usize).map_or(&[], Vec::as_slice)
    }

    pub fn reading(&self, reading: u32) -> &EntryReading {
        &self.compiled.readings[reading as usize]
    }

    pub fn range(&self, range: u32) -> &VersionRange {
        &self.compiled.ranges[range as usize]
    }

    /// Where a reading stands: (advisory, index into its entries).
    pub fn places(&self, reading: u32) -> &[(u32, u32)] {
        &self.compiled.places[reading as usize]
    }

    /// How many distinct product texts and version texts were compiled, and how many entries there are.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.compiled.readings.len(), self.compiled.ranges.len(), self.compiled.entries.iter().map(Vec::len).sum())
    }

    /// The readings that may name this device, sorted. It finds all that can match; it does not decide.
    pub fn candidates(&self, device: &NameplateReading) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for order in &device.orders {
            if let Some(list) = self.compiled.by_order.get(&order.key) {
                found.extend(list);
            }
            self.compiled.by_order_pattern.each_fit(&order.key, |_, reading| found.push(*reading));
        }
        for span in &device.spans {
            if let Some(list) = self.compiled.by_order.get(span) {
                found.extend(list);
            }
            if let Some(list) = self.compiled.by_part.get(span) {
                found.extend(list);
            }
            self.compiled.by_part_pattern.each_fit(span, |_, reading| found.push(*reading));
            self.compiled.by_order_pattern.each_fit(span, |_, reading| found.push(*reading));
        }
        if !device.identifiers.is_empty() && !self.compiled.by_identifier.is_empty() {
            let keys = device.identifiers.iter().map(Identifier::key).chain([Identifier::WIDE.to_owned()]);
            keys.filter_map(|key| self.compiled.by_identifier.get(&key)).for_each(|list| found.extend(list));
        }
        device
            .whole_names
            .iter()
            .filter_map(|name| self.compiled.by_name.get(name))
            .for_each(|list| found.extend(list));
        for family in device.families.keys() {
            for map in [&self.compiled.by_family, &self.compiled.by_host] {
                if let Some(list) = map.get(family) {
                    found.extend(list);
                }
            }
        }
        // Only a device that names nothing finer than a family can be one of its members by what it says.
        if device.is_unspecific() {
            found.extend(self.siblings(device));
        }
        for component in &device.components {
            for map in [&self.compiled.by_component, &self.compiled.by_family] {
                if let Some(list) = map.get(&component.family) {
                    found.extend(list);
                }
            }
        }
        for decision in &device.decisions {
            if let Some(list) = self.compiled.by_decision_key.get(&decision.product_key) {
                found.extend(list);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The readings that name members of the device's families.
    pub fn siblings<'a>(&'a self, device: &'a NameplateReading) -> impl Iterator<Item = &'a u32> {
        device.families.keys().filter_map(|family| self.compiled.by_member_family.get(family)).flatten()
    }

    /// Whether an advisory calls a product by just one of these names; see [`NameplateReading::whole_names`].
    pub fn has_name(&self, whole_names: &[String]) -> bool {
        whole_names.iter().any(|name| self.compiled.by_name.contains_key(name))
    }

    /// Whether an entry names the product with this key; see [`Catalogue::product_key`].
    pub fn names_product(&self, product_key: &str) -> bool {
        self.compiled.by_decision_key.contains_key(product_key)
    }

    /// The readings bound to an order number that shares its first six characters with this one, sorted.
    pub fn orders_beginning_like(&self, order: &str) -> Vec<u32> {
        let Some(start) = order.get(..6) else { return Vec::new() };
        let mut found: Vec<u32> = self
            .compiled
            .by_order
            .iter()
            .filter(|(key, _)| key.starts_with(start))
            .flat_map(|(_, list)| list)
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Compiled {
    fn compile_entries(&mut self) {
        let catalogue = Arc::clone(&self.catalogue);
        // `None`: the name says nothing without the title of its advisory.
        let mut readings: FxHashMap<entry::EntryText, Option<u32>> = FxHashMap::default();
        let mut ranges: FxHashMap<(String, String), u32> = FxHashMap::default();
        let advisories = std::mem::take(&mut self.advisories);
        for (a, advisory) in advisories.iter().enumerate() {
            let statuses = product_statuses(advisory);
            let mut entries = Vec::with_capacity(advisory.products.len());
            for (p, product_statuses) in statuses.into_iter().enumerate() {
                if product_statuses.is_empty() {
                    continue;
                }
                let (text, version, name) = entry::texts_of(advisory, p);
                let tail = entry::product_in_version(&catalogue, &version, name)
                    .or_else(|| entry::models_in_version(&catalogue, &text.vendor, &version));
                let version = if tail.is_some() { "vers:all/*" } else { version.as_ref() };
                let range = *ranges.entry((version.to_owned(), name.to_owned())).or_insert_with(|| {
                    self.ranges.push(VersionRange::read(version, name));
                    self.ranges.len() as u32 - 1
                });
                let named = tail.or_else(|| self.ranges[range as usize].named_product().map(str::to_owned));
                let names = self.ranges[range as usize].bound_names();
                let is_program = |name: &&str| words(name).iter().any(|word| catalogue.lists().software.contains(word));
                let of_programs = names.iter().any(is_program);
                let titled_vendor = entry::vendor_in_title(&advisory.title, &text.name, &catalogue);
                let mut text = entry::EntryText { named, of_programs, titled_vendor, ..text };
                let known = match readings.get(&text) {
                    Some(known) => *known,
                    None => {
                        let known = EntryReading::read(&text, &catalogue).map(|r| self.add_reading(r));
                        readings.insert(text.clone(), known);
                        known
                    }
                };
                let says_more = name.len() > text.vendor.len() + text.name.len() + version.len() + FULL_NAME_SURPLUS;
                let reading = match known {
                    Some(reading) if says_more && self.readings[reading as usize].is_family() => {
                        text.full = Some(name.to_owned());
                        match readings.get(&text) {
                            Some(Some(reading)) => *reading,
                            _ => {
                                let finer =
                                    EntryReading::read(&text, &catalogue).map_or(reading, |r| self.add_reading(r));
                                readings.insert(text, Some(finer));
                                finer
                            }
                        }
                    }
                    Some(reading) => reading,
                    None => {
                        text.title = Some(advisory.title.clone());
                        match readings.get(&text) {
                            Some(Some(reading)) => *reading,
                            _ => {
                                let reading = self.add_reading(EntryReading::read_with_title(&text, &catalogue));
                                readings.insert(text, Some(reading));
                                reading
                            }
                        }
                    }
                };
                let counted = match self.in_serial_numbers(reading, version) {
                    Some(text) => Some((text, String::new())),
                    None => self
                        .has_two_digit_minors(reading)
                        .then(|| (with_two_digit_minors(version), with_two_digit_minors(name))),
                };
                let range = match counted {
                    Some(texts) => *ranges.entry(texts).or_insert_with_key(|(version, name)| {
                        self.ranges.push(VersionRange::read(version, name));
                        self.ranges.len() as u32 - 1
                    }),
                    None => range,
                };
                self.places[reading as usize].push((a as u32, entries.len() as u32));
                entries.push(Entry {
                    product: p as u32,
                    reading,
                    range,
                    statuses: product_statuses,
                    advised_fix: OnceLock::new(),
                });
            }
            for (members, text) in lines_of_one_product(advisory, &entries) {
                let range = *ranges.entry((text.clone(), String::new())).or_insert_with(|| {
                    self.ranges.push(VersionRange::read(&text, ""));
                    self.ranges.len() as u32 - 1
                });
                members.into_iter().for_each(|n| entries[n].range = range);
            }
            self.entries.push(entries);
        }
        self.advisories = advisories;
    }

    /// The version text of a family whose makers count by the beginning of the serial number: `<=20081` of a MELSEC-Q
    /// CPU means the first five digits of it. `None` for all others.
    fn in_serial_numbers(&self, reading: u32, version: &str) -> Option<String> {
        let (sign, digits) = version.trim().split_at(version.trim().find(|c: char| c.is_ascii_digit())?);
        if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(sign.trim(), "<=" | "<" | ">=" | ">" | "") {
            return None;
        }
        let counted = |family: &FamilyId| self.catalogue.family(*family).serial_digits == Some(digits.len());
        let designations = &self.readings[reading as usize].designations;
        let all = !designations.is_empty()
            && designations
                .iter()
                .all(|d| d.member_families.iter().any(counted) || d.designation.families.iter().flatten().any(counted));
        all.then(|| format!("{sign} the first {} digits of serial number {digits}", digits.len()))
    }

    /// Whether a reading is of a family whose makers write the second number of a version with two digits and leave out
    /// a zero at its end.
    fn has_two_digit_minors(&self, reading: u32) -> bool {
        let of_family = |family: &FamilyId| self.catalogue.family(*family).minor_digits == Some(2);
        self.readings[reading as usize]
            .designations
            .iter()
            .any(|d| d.designation.families.iter().flatten().any(of_family))
    }

    fn add_reading(&mut self, reading: EntryReading) -> u32 {
        self.readings.push(reading);
        self.places.push(Vec::new());
        self.readings.len() as u32 - 1
    }

    fn post_readings(&mut self) {
        for (n, reading) in self.readings.iter().enumerate() {
            let id = n as u32;
            for vendor in reading.vendors.known() {
                self.covered.insert(*vendor);
            }
            for key in reading.vendors.unknown() {
                self.covered_unknown.add_unknown(key);
            }
            self.by_decision_key.entry(reading.decision_key.clone()).or_default().push(id);
            for helper in &reading.helpers {
                self.by_identifier.entry(helper.identifier.key()).or_default().push(id);
            }
            for name in &reading.whole_names {
                self.by_name.entry(name.clone()).or_default().push(id);
            }
            for compiled in &reading.designations {
                let designation = &compiled.designation;
                for order in &designation.orders {
                    match &order.pattern {
                        Some(pattern) => self.by_order_pattern.insert(pattern.clone(), id),
                        None => self.by_order.entry(order.key.clone()).or_default().push(id),
                    }
                }
                let strong = designation.parts.iter().any(|p| p.strength >= Strength::Word);
                for part in &designation.parts {
                    if let Some(pattern) = &part.pattern {
                        self.by_part_pattern.insert(Pattern::clone(pattern), id);
                        continue;
                    }
                    if part.strength >= Strength::Word || !strong {
                        self.by_part.entry(part.key.clone()).or_default().push(id);
                    }
                    for key in &part.also {
                        self.by_part.entry(key.clone()).or_default().push(id);
                    }
                    // A row may leave out what stands behind the joint: "XR324" of "XR324-12M".
                    if part.strength == Strength::Designator {
                        for stem in stems_of(&part.key, &reading.name) {
                            self.by_part.entry(stem).or_default().push(id);
                        }
                    }
                    if let Some(word) = &part.word {
                        self.by_part.entry(word.clone()).or_default().push(id);
                    }
                }
                for family in designation.families.iter().flatten() {
                    self.by_family.entry(*family).or_default().push(id);
                }
                for family in &compiled.member_families {
                    self.by_member_family.entry(*family).or_default().push(id);
                }
                for component in &designation.components {
                    self.by_component.entry(*component).or_default().push(id);
                    for host in &self.catalogue.family(*component).hosts {
                        self.by_host.entry(*host).or_default().push(id);
                    }
                }
                for family in designation.families.iter().flatten() {
                    for host in &self.catalogue.family(*family).hosts {
                        self.by_host.entry(*host).or_default().push(id);
                    }
                }
            }
        }
        let maps = [&mut self.by_family, &mut self.by_member_family, &mut self.by_host, &mut self.by_component];
        for list in maps.into_iter().flat_map(FxHashMap::values_mut) {
            list.dedup();
        }
        for list in self.by_order.values_mut().chain(self.by_part.values_mut()) {
            list.dedup();
        }
    }
}

/// The beginnings of a designator up to each of its joints in the name, where they say something by themselves: `xr324` of
/// "SCALANCE XR324-12M".
fn stems_of(key: &str, name: &str) -> Vec<String> {
    let all = tokens(name);
    let mut found = Vec::new();
    for start in 0..all.len() {
        let mut stem = String::new();
        for (token, next) in all[start..].iter().zip(&all[start + 1..]) {
            stem.push_str(&token.text);
            if token.chunk != next.chunk || !key.starts_with(stem.as_str()) || stem.len() >= key.len() {
                break;
            }
            let digits = stem.bytes().filter(u8::is_ascii_digit).count();
            if digits >= 3 && digits < stem.len() {
                found.push(stem.clone());
            }
        }
    }
    found
}

/// Entries that name one product with one status and an upper bound each speak of its lines: `< 11.0.6` and `< 12.0.4`
/// of one controller. What comes back is those entries with all their bounds as one text.
fn lines_of_one_product(advisory: &Advisory, entries: &[Entry]) -> Vec<(Vec<usize>, String)> {
    /// Reading, the name without its version, and what is said of it.
    type OneProduct<'a> = (u32, &'a str, &'a [(u32, StatusGroup)]);
    let mut groups: BTreeMap<OneProduct<'_>, Vec<(usize, String)>> = BTreeMap::new();
    for (n, entry) in entries.iter().enumerate() {
        let product = &advisory.products[entry.product as usize];
        if product.relationship.is_some() {
            continue;
        }
        let named = product.name.rsplit_once(':').map_or("", |(head, _)| head);
        let text = product.version_text().unwrap_or("");
        groups.entry((entry.reading, named, &entry.statuses)).or_default().push((n, text.trim().to_owned()));
    }
    let is_upper_bound = |text: &str| {
        let bare = text.split_once('/').map_or(text, |(scheme, rest)| if scheme.contains(':') { rest } else { text });
        // "All versions < V5.10.069"
        let bare =
            bare.get(..13).filter(|head| head.eq_ignore_ascii_case("all versions ")).map_or(bare, |_| &bare[13..]);
        let version = bare.strip_prefix('<').map(|rest| rest.trim_start_matches('=').trim());
        version.is_some_and(|version| {
            version.trim_start_matches(['v', 'V', 'R']).starts_with(|c: char| c.is_ascii_digit())
                && version.len() <= 40
                && !version.contains(['|', '<', '>', '(', ','])
        })
    };
    groups
        .into_values()
        .filter(|group| group.len() > 1 && group.iter().all(|(_, text)| is_upper_bound(text)))
        .filter(|group| {
            let products: Vec<u32> = group.iter().map(|(n, _)| entries[*n].product).collect();
            !fixes_other_vulnerabilities(advisory, &products)
        })
        .map(|group| {
            let (members, mut texts): (Vec<usize>, Vec<String>) = group.into_iter().unzip();
            texts.sort();
            texts.dedup();
            (members, texts.join(" | "))
        })
        .filter(|(_, text)| text.contains('|'))
        .collect()
}

/// Whether these entries of one product are bounds of different vulnerabilities and no lines: each has a fix of its own, and
/// no vulnerability has the fixes of two of them.
fn fixes_other_vulnerabilities(advisory: &Advisory, products: &[u32]) -> bool {
    let mut fixed_in: Vec<Option<usize>> = vec![None; products.len()];
    for (v, vulnerability) in advisory.vulnerabilities.iter().enumerate() {
        let fixes = vulnerability.remediations.iter().filter(|one| one.category == RemediationCategory::VendorFix);
        for fix in fixes {
            let mut named = (0..products.len()).filter(|n| fix.products.contains(&products[*n]));
            let (Some(n), None) = (named.next(), named.next()) else { continue };
            if fixed_in[n].is_some_and(|known| known != v) {
                return false;
            }
            fixed_in[n] = Some(v);
        }
    }
    let all: Vec<usize> = fixed_in.into_iter().flatten().collect();
    let distinct: FxHashSet<usize> = all.iter().copied().collect();
    all.len() == products.len() && distinct.len() == all.len()
}

/// What the document says about each of its products, per vulnerability; empty for products that it says nothing
/// about and that only serve others (the parts of a relationship).
fn product_statuses(advisory: &Advisory) -> Vec<Vec<(u32, StatusGroup)>> {
    let mut found: Vec<Vec<(u32, StatusGroup)>> = vec![Vec::new(); advisory.products.len()];
    let mut any = false;
    for (v, vulnerability) in advisory.vulnerabilities.iter().enumerate() {
        for (status, products) in &vulnerability.statuses {
            let group = match status {
                s if s.is_affected() => StatusGroup::Affected,
                ProductStatus::UnderInvestigation | ProductStatus::Unknown => StatusGroup::Investigated,
                _ => StatusGroup::NotAffected,
            };
            for product in products {
                let Some(list) = found.get_mut(*product as usize) else { continue };
                any = true;
                match list.iter_mut().find(|(n, _)| *n == v as u32) {
                    Some((_, known)) => *known = (*known).max(group),
                    None => list.push((v as u32, group)),
                }
            }
        }
    }
    // Known defect of published documents: the status lists one of many products. What the tree names is meant, as
    // it is for an informational document, whose products have no status at all.
    let serves: FxHashSet<u32> = advisory
        .products
        .iter()
        .filter_map(|p| p.relationship.as_ref())
        .flat_map(|r| [r.component, r.base].into_iter().chain(r.further.iter().map(|(_, p)| *p)))
        .collect();
    for (p, list) in found.iter_mut().enumerate() {
        if list.is_empty() && !serves.contains(&(p as u32)) {
            if any && !advisory.vulnerabilities.is_empty() {
                list.extend((0..advisory.vulnerabilities.len() as u32).map(|v| (v, StatusGroup::Affected)));
            } else {
                list.push((WHOLE_DOCUMENT, StatusGroup::Affected));
            }
        }
    }
    found
}
