//! The name of one advisory product, read once for all advisories that write it alike.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::domain::advisory::Advisory;
use crate::domain::catalogue::reading::{Designation, OrderSpec, TextKind};
use crate::domain::catalogue::{Catalogue, FamilyId, VendorSet};
use crate::domain::model::tokens;
use crate::domain::order_number::{Pattern, squash};
use crate::domain::product::{BranchCategory, Product};

/// The texts that a reading depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryText {
    pub vendor: String,
    pub name: String,
    /// The product family branch above the name.
    pub family: String,
    pub model_numbers: Vec<String>,
    /// For a relationship: the name of what is installed on the product.
    pub installed: Option<String>,
    /// The product that stands where a version should.
    pub named: Option<String>,
    /// The full product name, where the tree's name is only a family's and the full one says more.
    pub full: Option<String>,
    /// The title of the advisory, where the name alone says nothing.
    pub title: Option<String>,
}

/// A designation with what follows from it.
#[derive(Clone, Debug)]
pub struct CompiledDesignation {
    pub designation: Designation,
    /// The families that its parts and order numbers are members of, with all that contain them.
    pub member_families: FxHashSet<FamilyId>,
    /// It was read from the title because the name says nothing.
    pub from_title: bool,
}

/// An advisory product's name, read.
#[derive(Clone, Debug)]
pub struct EntryReading {
    pub vendors: VendorSet,
    /// The vendor as written.
    pub vendor: String,
    /// The name as written.
    pub name: String,
    /// Alternatives: any one of them is the product.
    pub designations: Vec<CompiledDesignation>,
    pub decision_key: String,
    /// The name as a whole, squashed, where it is specific enough to be a device's only name.
    pub whole_name: Option<String>,
}

/// A name shorter than this many letters and digits, or of one word, is no sentence that only one product would bear.
const SHORTEST_WHOLE_NAME: usize = 12;

/// The product that the texts of product `p` come from, its version text and full name. A relationship is known by
/// what it is installed on and has the version of what is installed.
pub fn texts_of(advisory: &Advisory, p: usize) -> (EntryText, Cow<'_, str>, &str) {
    let product = &advisory.products[p];
    let at = |n: u32| advisory.products.get(n as usize);
    let (named, versioned) = match &product.relationship {
        Some(r) => {
            let base = r.further.last().map_or(r.base, |(_, p)| *p);
            (at(base).unwrap_or(product), at(r.component).unwrap_or(product))
        }
        None => (product, product),
    };
    let mut model_numbers: Vec<String> = named.helper.model_numbers.clone();
    model_numbers.extend(named.helper.skus.iter().cloned());
    let text = EntryText {
        vendor: named.vendor().trim().to_owned(),
        name: product_name(named).trim().to_owned(),
        family: named.branch_names(&BranchCategory::ProductFamily).last().unwrap_or("").trim().to_owned(),
        model_numbers,
        installed: product.relationship.as_ref().map(|_| product_name(versioned).trim().to_owned()),
        named: None,
        full: None,
        title: None,
    };
    // A release where the name should stand ("R118") belongs to the version; the title names the product.
    if is_release(&text.name) {
        let version = version_text(versioned).replace('V', &format!("{}-V", text.name));
        return (EntryText { name: String::new(), ..text }, Cow::Owned(version), versioned.name.as_str());
    }
    (text, version_text(versioned), versioned.name.as_str())
}

/// `R118`: a letter and a number of three digits or more, nothing else.
fn is_release(name: &str) -> bool {
    name.strip_prefix('R').is_some_and(|n| n.len() >= 3 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The version branch with the service pack and patch level below it.
fn version_text(product: &Product) -> Cow<'_, str> {
    let version = product.version_text().unwrap_or("");
    let packs: Vec<&str> = product
        .branch_names(&BranchCategory::ServicePack)
        .chain(product.branch_names(&BranchCategory::PatchLevel))
        .collect();
    if packs.is_empty() { Cow::Borrowed(version) } else { Cow::Owned(format!("{version} {}", packs.join(" "))) }
}

/// The innermost product name of the tree, else the full name without what the tree does not know.
fn product_name(product: &Product) -> &str {
    product
        .branch_names(&BranchCategory::ProductName)
        .last()
        .or_else(|| product.branch_names(&BranchCategory::ProductFamily).last())
        .unwrap_or(&product.name)
}

impl EntryReading {
    /// Reads the texts; `None` when they say nothing without the title ("Series C", "All versions").
    pub fn read(text: &EntryText, catalogue: &Catalogue) -> Option<EntryReading> {
        let vendors = catalogue.resolve_vendors(&text.vendor);
        let mut designations = catalogue.read_designations(&text.name, &vendors, TextKind::Advisory);
        if let Some(named) = &text.named {
            let read = catalogue.read_designations(named, &vendors, TextKind::Advisory);
            let telling = read.iter().any(|d| !d.orders.is_empty() || !d.parts.is_empty() || !d.families.is_empty());
            if telling {
                // A part number where a version should stand is the product, and the name above it the series; a
                // device that states no order number may still be known by the name.
                let named_orders: Vec<OrderSpec> = read.iter().flat_map(|d| d.orders.iter().cloned()).collect();
                for designation in &mut designations {
                    designation.orders.extend(named_orders.iter().cloned());
                }
                designations.extend(read);
            }
        }
        if designations.is_empty() && !text.family.is_empty() {
            designations = catalogue.read_designations(&text.family, &vendors, TextKind::Advisory);
        }
        if let Some(full) = &text.full {
            refine_by_full_name(&mut designations, full, &vendors, catalogue);
        }
        let orders = model_number_orders(&text.model_numbers, catalogue);
        if designations.is_empty() && !orders.is_empty() {
            designations.push(Designation::default());
        }
        // What is installed may be a component with a firmware of its own; its order numbers are no order numbers of
        // the device.
        let installed: Vec<FamilyId> = text
            .installed
            .iter()
            .flat_map(|name| catalogue.read_designations(name, &vendors, TextKind::Advisory))
            .flat_map(|d| d.components)
            .collect();
        for designation in &mut designations {
            designation.components.extend(installed.iter().copied());
            for order in &orders {
                let of_component = catalogue
                    .families_of_member(&order.key)
                    .iter()
                    .any(|(f, _)| designation.components.iter().any(|c| catalogue.is_within(*f, *c)));
                if !designation.orders.contains(order) && !of_component {
                    designation.orders.push(order.clone());
                }
            }
        }
        (!designations.is_empty()).then(|| EntryReading::compile(text, vendors, designations, false, catalogue))
    }

    /// Whether the name is that of a family and nothing more.
    pub fn is_family(&self) -> bool {
        !self.designations.is_empty()
            && self.designations.iter().all(|d| {
                let d = &d.designation;
                !d.families.is_empty() && d.parts.is_empty() && d.orders.is_empty()
            })
    }

    /// Reads the title in place of a name that says nothing; the name still tells the series letters.
    pub fn read_with_title(text: &EntryText, catalogue: &Catalogue) -> EntryReading {
        let vendors = catalogue.resolve_vendors(&text.vendor);
        let title = text.title.as_deref().unwrap_or("");
        let mut designations = catalogue.read_designations(title, &vendors, TextKind::Advisory);
        let series = series_in(&text.name);
        for designation in &mut designations {
            if series != 0 {
                designation.series = series;
            }
        }
        EntryReading::compile(text, vendors, designations, true, catalogue)
    }

    fn compile(
        text: &EntryText,
        vendors: VendorSet,
        designations: Vec<Designation>,
        from_title: bool,
        catalogue: &Catalogue,
    ) -> EntryReading {
        let whole_name = whole_name(&text.name);
        // A name of everyday words alone ("Mobile Operator") still is the product for a row that says just that.
        let by_name_only = designations.is_empty() && whole_name.is_some();
        let designations = designations
            .into_iter()
            .chain(by_name_only.then(Designation::default))
            .map(|designation| CompiledDesignation {
                member_families: member_families(&designation, catalogue),
                designation,
                from_title,
            })
            .collect();
        EntryReading {
            decision_key: catalogue.product_key(&text.vendor, &text.name),
            whole_name,
            vendors,
            vendor: text.vendor.clone(),
            name: text.name.clone(),
            designations,
        }
    }
}

/// Narrows families to smaller ones that the full product name names: tree "MELSEC iQ-F Series", full name "MELSEC
/// iQ-F Series - FX5U(C) CPU module".
fn refine_by_full_name(designations: &mut [Designation], full: &str, vendors: &VendorSet, catalogue: &Catalogue) {
    let named: Vec<FamilyId> = catalogue
        .read_designations(full, vendors, TextKind::Advisory)
        .into_iter()
        .flat_map(|d| d.families.into_iter().flatten())
        .collect();
    for designation in designations {
        let outer: Vec<FamilyId> = designation.families.iter().flatten().copied().collect();
        let finer: Vec<FamilyId> =
            named.iter().copied().filter(|f| outer.iter().any(|o| o != f && catalogue.is_within(*f, *o))).collect();
        if !finer.is_empty() {
            designation.families = vec![finer];
        }
    }
}

/// The squashed name, when it has several words and is long enough that nobody writes it of another product.
fn whole_name(name: &str) -> Option<String> {
    let key = squash(name);
    (key.len() >= SHORTEST_WHOLE_NAME && name.split_whitespace().nth(1).is_some()).then_some(key)
}

/// The family's name that the full product name ends with, when its last word stands where a version should: version
/// text `M221` under "Modicon M221", `8` under "LOGO! 8".
pub fn product_in_version(catalogue: &Catalogue, version: &str, name: &str) -> Option<String> {
    let version = version.trim();
    if version.is_empty() || version.len() > 24 || version.contains(['<', '>', '=', '*', '|', '.', '/', ' ']) {
        return None;
    }
    let all = tokens(name);
    if !squash(name).ends_with(&squash(version)) {
        return None;
    }
    (1..=5.min(all.len())).rev().find_map(|n| {
        let words = &all[all.len() - n..];
        let key: String = words.iter().map(|t| t.text.as_str()).collect();
        let longer = key.len() > squash(version).len() || version.starts_with(|c: char| c.is_alphabetic());
        let named = longer && !catalogue.families_spelled(&key).is_empty();
        named.then(|| words.iter().map(|t| t.raw.as_str()).collect::<Vec<_>>().join(" "))
    })
}

/// Order numbers of the identification helper, with CSAF's wildcards.
fn model_number_orders(model_numbers: &[String], catalogue: &Catalogue) -> Vec<OrderSpec> {
    let mut orders = Vec::new();
    for number in model_numbers {
        // `\*` is a star that stands for itself; no order number of any scheme has one.
        let unescaped = number.replace("\\*", "").replace("\\?", "");
        let key = squash(&unescaped);
        if key.len() < 3 {
            continue;
        }
        let has_wildcard = unescaped.contains(['*', '?']);
        let filled = squash(&unescaped.replace(['*', '?'], "0"));
        orders.push(OrderSpec {
            scheme: catalogue.scheme_of(&filled, false),
            pattern: has_wildcard.then(|| Pattern::read(&unescaped)),
            key,
        });
    }
    orders
}

fn series_in(name: &str) -> u32 {
    let mut series = 0;
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.iter().any(|w| w.eq_ignore_ascii_case("series") || w.eq_ignore_ascii_case("ser")) {
        for word in words {
            if let [b @ b'A'..=b'H'] = word.as_bytes() {
                series |= 1 << (b - b'A');
            }
        }
    }
    series
}

fn member_families(designation: &Designation, catalogue: &Catalogue) -> FxHashSet<FamilyId> {
    let mut found: FxHashSet<FamilyId> = FxHashSet::default();
    for order in &designation.orders {
        if order.pattern.is_none() {
            found.extend(catalogue.families_of_member(&order.key).into_iter().map(|(f, _)| f));
        }
    }
    for part in &designation.parts {
        for key in std::iter::once(&part.key).chain(&part.number).chain(&part.also) {
            found.extend(catalogue.families_of_member(key).into_iter().map(|(f, _)| f));
        }
    }
    // Members of another vendor's family by chance of letters do not count.
    for families in &designation.families {
        let vendor = families.first().map(|f| catalogue.family(*f).vendor);
        found.retain(|f| Some(catalogue.family(*f).vendor) == vendor);
        found.extend(families.iter().copied());
    }
    catalogue.add_containing(&mut found);
    found
}
