//! Reading of the data files: TOML in, catalogue and problems out.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::decision::{Decision, Decisions, Says, Scope};
use super::files::{CatalogueFile, Role};
use super::{Catalogue, Family, FamilyId, Kind, Membership, SchemeId, Vendor, VendorId, phrase_key};
use crate::domain::order_number::{Pattern, squash};
use crate::domain::vendor::{fold, vendor_key};

/// Something wrong in a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueProblem {
    pub file: String,
    /// What we tried, where, what was expected and what was found.
    pub message: String,
}

impl fmt::Display for CatalogueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use an entry of `{}`: {}", self.file, self.message)
    }
}

impl std::error::Error for CatalogueProblem {}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    vendor: Vec<RawVendor>,
    #[serde(default)]
    family: Vec<RawFamily>,
    #[serde(default)]
    scheme: Vec<RawScheme>,
    #[serde(default)]
    words: RawWords,
    #[serde(default)]
    decision: Vec<RawDecision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVendor {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    brands: Vec<String>,
    #[serde(default)]
    formerly: Vec<String>,
    source: String,
    #[serde(default, rename = "note")]
    _note: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Hardware,
    Software,
    Component,
    Variant,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn list(self) -> Vec<String> {
        match self {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(list) => list,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFamily {
    name: String,
    vendor: String,
    kind: RawKind,
    #[serde(default)]
    spelled: Vec<String>,
    within: Option<OneOrMore>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    orders: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    beside: Vec<String>,
    #[serde(default)]
    vague: bool,
    #[serde(default)]
    since: Option<u32>,
    #[serde(default)]
    before: Option<u32>,
    #[serde(default)]
    built_in: Vec<String>,
    #[serde(default)]
    serial_digits: Option<usize>,
    #[serde(default)]
    minor_digits: Option<usize>,
    source: String,
    #[serde(default, rename = "note")]
    _note: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScheme {
    name: String,
    vendor: String,
    patterns: Vec<String>,
    source: String,
    #[serde(default, rename = "note")]
    _note: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawWords {
    #[serde(default)]
    generic: Vec<String>,
    #[serde(default)]
    common: Vec<String>,
    #[serde(default)]
    umbrella: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    fillers: Vec<String>,
    #[serde(default)]
    software: Vec<String>,
    #[serde(default)]
    endings: Vec<String>,
    #[serde(default)]
    condition: Vec<String>,
    #[serde(default)]
    no_vendor: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDecision {
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    part_number: String,
    product_vendor: String,
    product: String,
    is_product: Option<bool>,
    /// Whether what the entry of the product depends on is there; instead of `is_product`.
    holds: Option<bool>,
    site: Option<String>,
    asset: Option<i64>,
    seen_by: Option<String>,
    author: String,
    date: String,
    #[serde(default, rename = "note")]
    _note: String,
}

/// Author and date as evidence tells them: "M. Okafor, 2026-11-03"; `None` for what is built in.
fn signature(role: Role, author: &str, date: &str) -> Option<String> {
    (role == Role::Pack && !author.is_empty()).then(|| format!("{author}, {date}"))
}

fn decision(catalogue: &Catalogue, raw: RawDecision) -> Result<Decision, String> {
    let says = match (raw.is_product, raw.holds) {
        (Some(is_product), None) => Says::IsProduct(is_product),
        (None, Some(holds)) => Says::Holds(holds),
        _ => {
            let product = raw.product;
            return Err(format!("expected one of `is_product` and `holds` in the decision on `{product}`"));
        }
    };
    Ok(Decision {
        device_key: catalogue.device_key(&raw.vendor, &raw.model, &raw.part_number),
        product_key: catalogue.product_key(&raw.product_vendor, &raw.product),
        says,
        scope: Scope { site: raw.site, asset_id: raw.asset, seen_by: raw.seen_by },
        author: raw.author,
        date: raw.date,
    })
}

/// The decisions among these entries of packs, in their order; names are read with this catalogue. What cannot be read
/// is left out: the entries were checked when they were added.
pub(super) fn read_decisions<'a>(texts: impl Iterator<Item = &'a str>, catalogue: &Catalogue) -> Decisions {
    let mut decisions = Decisions::default();
    for raw in texts.filter_map(|text| toml::from_str::<RawFile>(text).ok()).flat_map(|file| file.decision) {
        if let Ok(decision) = decision(catalogue, raw) {
            decisions.add(decision);
        }
    }
    decisions
}

/// Reads all files; what is wrong is left out and told.
pub(super) fn load(files: &[CatalogueFile<'_>]) -> (Catalogue, Vec<CatalogueProblem>) {
    let mut loader = Loader::default();
    let mut raw = Vec::new();
    for file in files {
        match toml::from_str::<RawFile>(file.text) {
            Ok(content) => raw.push((file, content)),
            Err(error) => loader.problem(file.name, format!("expected catalogue TOML: {error}")),
        }
    }
    for (file, content) in &mut raw {
        loader.words(std::mem::take(&mut content.words));
        for vendor in std::mem::take(&mut content.vendor) {
            loader.vendor(file, vendor);
        }
    }
    for (file, content) in &mut raw {
        for scheme in std::mem::take(&mut content.scheme) {
            loader.scheme(file.name, scheme);
        }
    }
    // Families may refer to each other in any order, so names come first.
    let mut families = Vec::new();
    for (file, content) in &mut raw {
        for family in std::mem::take(&mut content.family) {
            if let Some(id) = loader.family_name(file, &family) {
                families.push((file.name, id, family));
            }
        }
        for decision in std::mem::take(&mut content.decision) {
            if file.role == Role::Pack {
                loader.decision(file.name, decision);
            } else {
                loader.problem(file.name, "expected no decision outside an alias pack".to_owned());
            }
        }
    }
    for (file, id, family) in families {
        loader.family(file, id, family);
    }
    loader.finish()
}

#[derive(Default)]
struct Loader {
    catalogue: Catalogue,
    /// Vendors by the key of their main name.
    main_names: FxHashMap<String, VendorId>,
    names: FxHashMap<(VendorId, String), FamilyId>,
    by_name: FxHashMap<String, Vec<FamilyId>>,
    problems: Vec<CatalogueProblem>,
}

impl Loader {
    fn problem(&mut self, file: &str, message: String) {
        self.problems.push(CatalogueProblem { file: file.to_owned(), message });
    }

    fn words(&mut self, raw: RawWords) {
        let lists = &mut self.catalogue.lists;
        // `end-of-life` is looked up as it stands and as the one word that is left of it without its dashes.
        let fold_all = |list: Vec<String>| list.into_iter().flat_map(|w| [fold(&w), squash(&w)]);
        lists.generic.extend(fold_all(raw.generic));
        lists.common.extend(fold_all(raw.common));
        lists.umbrella.extend(fold_all(raw.umbrella));
        lists.roles.extend(fold_all(raw.roles));
        lists.fillers.extend(fold_all(raw.fillers));
        lists.software.extend(fold_all(raw.software));
        lists.endings.extend(raw.endings.iter().map(|w| fold(w)));
        lists.condition.extend(raw.condition.iter().map(|w| fold(w)));
        lists.no_vendor.extend(raw.no_vendor.iter().map(|w| fold(w)));
    }

    fn vendor(&mut self, file: &CatalogueFile<'_>, raw: RawVendor) {
        let key = vendor_key(&raw.name);
        let known = self.main_names.get(&key).copied();
        if raw.source.trim().is_empty() {
            self.problem(file.name, format!("expected a source for vendor `{}`, found none", raw.name));
        }
        let id = match known {
            Some(id) if file.role == Role::Pack => id,
            Some(_) => {
                self.problem(file.name, format!("expected each vendor once, found `{}` again", raw.name));
                return;
            }
            None => {
                let id = VendorId(self.catalogue.vendors.len() as u16);
                self.main_names.insert(key, id);
                self.catalogue.vendors.push(Vendor { name: raw.name.clone(), source: raw.source });
                id
            }
        };
        let signature = signature(file.role, &raw.author, &raw.date);
        let mut seen = FxHashSet::default();
        let all = std::iter::once(raw.name.clone()).chain(raw.aliases).chain(raw.brands).chain(raw.formerly);
        for name in all {
            let key = vendor_key(&name);
            if key.is_empty() {
                self.problem(file.name, format!("expected a name with letters for `{}`, found `{name}`", raw.name));
            } else if !seen.insert(key.clone()) {
                let message = format!("expected each name of `{}` once, found `{name}` again (key `{key}`)", raw.name);
                self.problem(file.name, message);
            } else {
                if let Some(signature) = &signature
                    && !self.catalogue.vendor_keys.contains_key(&key)
                {
                    self.catalogue.vendor_name_authors.insert(key.clone(), signature.clone());
                }
                let ids = self.catalogue.vendor_keys.entry(key).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
    }

    fn vendor_id(&mut self, file: &str, name: &str, of: &str) -> Option<VendorId> {
        let id = self.main_names.get(&vendor_key(name)).copied();
        if id.is_none() {
            self.problem(file, format!("expected the main name of a vendor in `{of}`, found `{name}`"));
        }
        id
    }

    fn scheme(&mut self, file: &str, raw: RawScheme) {
        if raw.source.trim().is_empty() {
            self.problem(file, format!("expected a source for scheme `{}`, found none", raw.name));
        }
        let vendor = self.vendor_id(file, &raw.vendor, &raw.name);
        if self.catalogue.scheme_names.iter().any(|(name, v)| name == &raw.name && *v == vendor) {
            self.problem(file, format!("expected each scheme once, found `{}` again", raw.name));
        }
        let id = SchemeId(self.catalogue.scheme_names.len() as u16);
        self.catalogue.scheme_names.push((raw.name.clone(), vendor));
        for text in raw.patterns {
            let pattern = Pattern::read(&text);
            if pattern.n_literals() == 0 {
                self.problem(file, format!("expected a letter or digit in pattern `{text}` of `{}`", raw.name));
            } else {
                self.catalogue.schemes.insert(pattern, id);
            }
        }
    }

    fn family_name(&mut self, at: &CatalogueFile<'_>, raw: &RawFamily) -> Option<FamilyId> {
        let file = at.name;
        let vendor = self.vendor_id(file, &raw.vendor, &raw.name)?;
        if raw.source.trim().is_empty() {
            self.problem(file, format!("expected a source for family `{}`, found none", raw.name));
        }
        let id = FamilyId(self.catalogue.families.len() as u32);
        if self.names.insert((vendor, squash(&raw.name)), id).is_some() {
            self.problem(file, format!("expected each family of `{}` once, found `{}` again", raw.vendor, raw.name));
        }
        self.by_name.entry(squash(&raw.name)).or_default().push(id);
        self.catalogue.families.push(Family {
            name: raw.name.clone(),
            vendor,
            kind: match raw.kind {
                RawKind::Hardware => Kind::Hardware,
                RawKind::Software => Kind::Software,
                RawKind::Component => Kind::Component,
                RawKind::Variant => Kind::Variant,
            },
            vague: raw.vague,
            since: raw.since,
            before: raw.before,
            serial_digits: raw.serial_digits,
            minor_digits: raw.minor_digits,
            within: Vec::new(),
            hosts: Vec::new(),
            built_in: Vec::new(),
            beside: Vec::new(),
            source: raw.source.clone(),
            author: signature(at.role, &raw.author, &raw.date),
        });
        Some(id)
    }

    /// The family with this name: the vendor's own, else the only one of that name.
    fn referred(&mut self, file: &str, vendor: VendorId, name: &str, by: &str) -> Option<FamilyId> {
        let key = squash(name);
        let own = self.names.get(&(vendor, key.clone())).copied();
        let found = own.or_else(|| match self.by_name.get(&key).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        });
        if found.is_none() {
            self.problem(file, format!("expected the name of a family in `{by}`, found `{name}`"));
        }
        found
    }

    fn family(&mut self, file: &str, id: FamilyId, raw: RawFamily) {
        let vendor = self.catalogue.family(id).vendor;
        let within = raw.within.map(OneOrMore::list).unwrap_or_default();
        let within: Vec<FamilyId> =
            within.iter().filter_map(|name| self.referred(file, vendor, name, &raw.name)).collect();
        let hosts: Vec<FamilyId> =
            raw.hosts.iter().filter_map(|name| self.referred(file, vendor, name, &raw.name)).collect();
        for host in &hosts {
            self.catalogue.carried_by.entry(*host).or_default().push(id);
        }
        if !hosts.is_empty() && matches!(raw.kind, RawKind::Hardware) {
            self.problem(
                file,
                format!("expected `{}` to be software, a component or a variant, as it has hosts", raw.name),
            );
        }
        let built_in: Vec<FamilyId> =
            raw.built_in.iter().filter_map(|name| self.referred(file, vendor, name, &raw.name)).collect();
        if !built_in.is_empty() {
            self.catalogue.built_in.push(id);
        }
        let beside = raw.beside.iter().filter_map(|name| self.referred(file, vendor, name, &raw.name)).collect();
        let family = &mut self.catalogue.families[id.0 as usize];
        family.beside = beside;
        family.built_in = built_in;
        family.within = within;
        family.hosts = hosts;
        for phrase in &raw.spelled {
            let key = phrase_key(phrase);
            if key.len() < 2 {
                self.problem(
                    file,
                    format!("expected at least two letters in a spelling of `{}`, found `{phrase}`", raw.name),
                );
                continue;
            }
            self.catalogue.longest_spelling = self.catalogue.longest_spelling.max(key.len());
            let ids = self.catalogue.spelled.entry(key).or_default();
            if ids.contains(&id) {
                self.problem(file, format!("expected each spelling of `{}` once, found `{phrase}` again", raw.name));
            } else {
                ids.push(id);
            }
        }
        for (list, membership) in [(&raw.models, Membership::Model), (&raw.orders, Membership::Order)] {
            for text in list {
                let pattern = Pattern::read(text);
                if pattern.n_literals() < 2 {
                    self.problem(file, format!("expected two letters or digits in pattern `{text}` of `{}`", raw.name));
                } else {
                    self.catalogue.members.insert(pattern, (id, membership));
                }
            }
        }
        if !raw.not.is_empty() {
            self.catalogue.excluded.insert(id, raw.not.iter().map(|text| Pattern::read(text)).collect());
        }
    }

    fn decision(&mut self, file: &str, raw: RawDecision) {
        match decision(&self.catalogue, raw) {
            Ok(decision) => self.catalogue.decisions.add(decision),
            Err(message) => self.problem(file, message),
        }
    }

    fn finish(mut self) -> (Catalogue, Vec<CatalogueProblem>) {
        // A family within itself would make every look-up endless; cut it where it was found.
        for n in 0..self.catalogue.families.len() {
            let mut seen = FxHashSet::default();
            let mut open = self.catalogue.families[n].within.clone();
            while let Some(parent) = open.pop() {
                if parent.0 as usize == n {
                    let name = self.catalogue.families[n].name.clone();
                    self.problem("families", format!("expected no circle of families, found `{name}` within itself"));
                    self.catalogue.families[n].within.clear();
                    break;
                }
                if seen.insert(parent) {
                    open.extend(self.catalogue.family(parent).within.iter().copied());
                }
            }
        }
        let mut with_orders: FxHashSet<FamilyId> = self
            .catalogue
            .members
            .iter()
            .filter(|(_, (_, membership))| *membership == Membership::Order)
            .map(|(_, (family, _))| *family)
            .collect();
        self.catalogue.add_containing(&mut with_orders);
        self.catalogue.with_orders = with_orders;
        (self.catalogue, self.problems)
    }
}
