//! The name of one advisory product, read once for all advisories that write it alike.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::domain::advisory::Advisory;
use crate::domain::catalogue::reading::{Designation, OrderSpec, Strength, TextKind};
use crate::domain::catalogue::{Catalogue, FamilyId, Kind, VendorSet};
use crate::domain::core_name::{cores_of_product, is_one_word};
use crate::domain::identifier::Identifier;
use crate::domain::model::{take_remarks, tokens};
use crate::domain::nameplate::sorted_words;
use crate::domain::order_number::{Pattern, squash};
use crate::domain::product::{BranchCategory, Product};
use crate::domain::vendor::{fold, words};

/// The texts that a reading depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryText {
    pub vendor: String,
    pub name: String,
    /// The product family branch above the name.
    pub family: String,
    pub model_numbers: Vec<String>,
    /// What identifies the product entirely: the place within its helper, and the text.
    pub helpers: Vec<(String, String)>,
    /// For a relationship: the name of what is installed on the product.
    pub installed: Option<String>,
    /// The product that stands where a version should.
    pub named: Option<String>,
    /// The vendor that the title names in front of the product: "libraries bundled in Luxion KeyShot".
    pub titled_vendor: Option<String>,
    /// The versions are those of programs: `FCN/FCJ Simulator R4.20`.
    pub of_programs: bool,
    /// The full product name, where the tree's name is only a family's and the full one says more.
    pub full: Option<String>,
    /// The title of the advisory, where the name alone says nothing.
    pub title: Option<String>,
    /// The title of the advisory, where the name is one word that its title may stand beside.
    pub context: Option<String>,
    /// A former name that only the full name tells: `Vijeo XD` of "… (formerly known as Vijeo XD)".
    pub formerly: Option<String>,
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
    /// The versions are those of programs for the product, and no device's own.
    pub of_programs: bool,
    /// Alternatives: any one of them is the product.
    pub designations: Vec<CompiledDesignation>,
    pub decision_key: String,
    pub helpers: Vec<Helper>,
    /// The program file that the name tells, squashed: `defexe` of "IGSS Definition (Def.exe)".
    pub file: Option<String>,
    /// The name as a whole, with and without the vendor's in front, squashed, where it is specific enough to be a
    /// device's only name.
    pub whole_names: Vec<String>,
}

/// A name shorter than this many letters and digits, or of one word, is no sentence that only one product would bear.
const SHORTEST_WHOLE_NAME: usize = 12;
/// The same for a name of which nothing else could be read: it is compared as a whole or not at all.
const SHORTEST_EVERYDAY_NAME: usize = 8;

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
        name: name_of(named).to_owned(),
        family: named.branch_names(&BranchCategory::ProductFamily).last().unwrap_or("").trim().to_owned(),
        model_numbers,
        helpers: helpers_of(named, &advisory.csaf_version),
        installed: product.relationship.as_ref().map(|_| product_name(versioned).trim().to_owned()),
        named: None,
        titled_vendor: None,
        of_programs: false,
        full: None,
        title: None,
        context: is_one_word(product_name(named)).then(|| advisory.title.clone()),
        formerly: models_named_otherwise(&named.name, product_name(named))
            .or_else(|| former_name(&named.name))
            .filter(|former| !product_name(named).contains(former))
            .map(str::to_owned),
    };
    // A release where the name should stand ("R118") belongs to the version; the title names the product.
    if is_release(&text.name) {
        let version = version_text(versioned).replace('V', &format!("{}-V", text.name));
        return (EntryText { name: String::new(), ..text }, Cow::Owned(version), versioned.name.as_str());
    }
    (text, version_text(versioned), versioned.name.as_str())
}

/// What stands in front of the colon of a full product name, where it names models and shares no word with the name in the
/// tree: "M1 Hardware Controllers MX207 MX213: …" under "M-Base Operating Systems and Middleware".
fn models_named_otherwise<'a>(full: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = full.split_once(':')?;
    let is_model = |word: &&str| {
        word.len() >= 4
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().filter(u8::is_ascii_digit).count() >= 2
    };
    let (of_head, of_name) = (words(head), words(name));
    let shares = of_head.iter().any(|word| of_name.contains(word));
    let says_model = name.bytes().any(|b| b.is_ascii_digit());
    (!shares && !says_model && !of_name.is_empty() && head.split_whitespace().filter(is_model).count() >= 2)
        .then_some(head)
}

/// The name that a full product name gives as a former one.
fn former_name(full: &str) -> Option<&str> {
    let folded = fold(full);
    let marks =
        ["(formerly known as ", "(formerly called ", "(formerly ", "(previously called ", "(previously known as "];
    let (at, mark) = marks.iter().find_map(|mark| folded.find(mark).map(|at| (at, mark)))?;
    let (former, _) = full.get(at + mark.len()..).filter(|_| folded.len() == full.len())?.split_once(')')?;
    Some(former.trim()).filter(|former| former.len() >= 4)
}

/// A name whose first or last word was cut off in the tree, with the whole word of the full name: "UC-3100 System Imag",
/// "DC-HD3300P" of a "VDC-HD3300P".
fn whole_words<'a>(name: &'a str, full: &'a str) -> &'a str {
    let Some(at) = full.find(name).filter(|_| name.len() >= 6) else { return name };
    let (before, rest) = full.split_at(at);
    let letters = |text: &str| text.chars().take_while(|c| c.is_ascii_alphabetic()).count();
    let goes_on = name.ends_with(|c: char| c.is_ascii_alphabetic());
    let end = name.len() + if goes_on { letters(&rest[name.len()..]) } else { 0 };
    let begins = name.starts_with(|c: char| c.is_ascii_uppercase());
    let cut = before.bytes().rev().take_while(u8::is_ascii_uppercase).count();
    let start = if begins && cut <= 2 && !before[..at - cut].ends_with(char::is_alphanumeric) { at - cut } else { at };
    &full[start..at + end]
}

/// The name of a product in the tree, mended by its full name.
fn name_of(product: &Product) -> &str {
    let name = whole_words(product_name(product).trim(), &product.name);
    without_bound_year(one_of_list(name, &product.name), &product.name)
}

/// The one of several names that the full name speaks of: "SVMPC1, SVMPC2 - SVMPC2: Version 1.2.3 and prior".
fn one_of_list<'a>(name: &'a str, full: &str) -> &'a str {
    let rest = full.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix("- "));
    let Some((said, _)) = rest.and_then(|rest| rest.split_once(':')) else { return name };
    name.split(',').map(str::trim).find(|one| name.contains(',') && *one == said.trim()).unwrap_or(name)
}

/// "PI Web API 2019: Patch 1 and all previous versions" means the program of every year up to that: the year at the end of
/// its name belongs to the bound. So it does where the bound is the name itself: "PI Vision 2020: All versions prior to PI
/// Vision 2020".
fn without_bound_year<'a>(name: &'a str, full: &str) -> &'a str {
    let Some((head, year)) = name.rsplit_once(' ') else { return name };
    let is_year = matches!(year.parse::<u16>(), Ok(1990..=2099));
    let said = full.split_once(name).and_then(|(_, rest)| rest.strip_prefix(':')).map(str::to_lowercase);
    let bounds = [" and prior", " and earlier", "previous versions", "prior versions", "earlier versions"];
    let repeated = ["prior to ", "before ", "earlier than ", "older than "].map(|word| word.to_owned() + &fold(name));
    let is_bound = said.is_some_and(|said| {
        bounds.iter().any(|words| said.contains(words)) || repeated.iter().any(|words| said.contains(words.as_str()))
    });
    if is_year && is_bound && head.contains(' ') { head.trim_end() } else { name }
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
        let vendors = vendors_of(text, catalogue);
        let mut designations = catalogue.read_designations(&text.name, &vendors, TextKind::Advisory);
        if let Some(named) = &text.named {
            let mut read = catalogue.read_designations(named, &vendors, TextKind::Advisory);
            // "6ED1052-1CC01-0BA8 Logo! 8": where the name is an order number, the family behind it only says what that is.
            let is_number = |d: &&Designation| d.is_named_by_order && d.families.is_empty() && d.parts.is_empty();
            let numbers: Vec<OrderSpec> =
                designations.iter().filter(is_number).flat_map(|d| d.orders.iter().cloned()).collect();
            for designation in read.iter_mut().filter(|d| d.orders.is_empty()) {
                designation.orders.extend(numbers.iter().cloned());
            }
            let telling = read.iter().any(|d| !d.orders.is_empty() || !d.parts.is_empty() || !d.families.is_empty());
            if telling {
                // A part number where a version should stand is the product, and the name above it the series; a
                // device that states no order number may still be known by the name.
                let named_orders: Vec<OrderSpec> = read.iter().flat_map(|d| d.orders.iter().cloned()).collect();
                for designation in &mut designations {
                    designation.orders.extend(named_orders.iter().cloned());
                }
                // "CENTUM controller FCS" above `CP401 | CP451`: the family only says what the models are.
                if are_members(&read, &designations, catalogue) {
                    designations.clear();
                }
                designations.extend(read);
            }
        }
        if designations.is_empty() && !text.family.is_empty() {
            designations = catalogue.read_designations(&text.family, &vendors, TextKind::Advisory);
        }
        if let Some(full) = &text.full {
            refine_by_full_name(&mut designations, &text.name, full, &vendors, catalogue);
        }
        if let Some(former) = &text.formerly {
            designations.extend(catalogue.read_designations(former, &vendors, TextKind::Advisory));
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
        let vendors = vendors_of(text, catalogue);
        let title = text.title.as_deref().unwrap_or("");
        let mut designations = catalogue.read_designations(title, &vendors, TextKind::Advisory);
        let series = series_in(&text.name);
        // Words of the vendor's long name say nothing of the product.
        let of_vendor = words(&text.vendor);
        for designation in &mut designations {
            designation.parts.retain(|part| part.strength == Strength::Designator || !of_vendor.contains(&part.key));
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
        // A name of everyday words alone ("Mobile Operator") still is the product for a row that says just that.
        let says_nothing = designations.is_empty() || from_title;
        let shortest = if says_nothing { SHORTEST_EVERYDAY_NAME } else { SHORTEST_WHOLE_NAME };
        let leading = catalogue.vendors_leading(&text.name).0;
        let mut whole_names = whole_names(&text.name, &text.vendor, leading, shortest);
        let title = text.context.as_deref();
        whole_names.extend(cores_of_product(&text.name, title, &text.vendor, &vendors, catalogue));
        let by_name_only = designations.is_empty() && !whole_names.is_empty();
        let designations = designations
            .into_iter()
            .chain(by_name_only.then(Designation::default))
            .map(|designation| CompiledDesignation {
                member_families: member_families(&designation, catalogue),
                designation,
                from_title,
            })
            .collect();
        let of_base = text.installed.is_some();
        let helpers = text.helpers.iter().filter_map(|(place, text)| Helper::read(place, text, of_base));
        EntryReading {
            decision_key: catalogue.product_key(&text.vendor, &text.name),
            whole_names,
            file: program_file(&text.name),
            vendors,
            vendor: text.vendor.clone(),
            name: text.name.clone(),
            of_programs: text.of_programs,
            designations,
            helpers: helpers.collect(),
        }
    }
}

/// The program file in parentheses behind the name of a part of a program.
fn program_file(name: &str) -> Option<String> {
    let file = name.rsplit_once('(')?.1.trim_end().strip_suffix(')')?.trim();
    let is_file = file.len() > 4 && !file.contains(' ') && fold(file).ends_with(".exe");
    is_file.then(|| squash(file))
}

/// What an entry gives to identify its product entirely.
#[derive(Clone, Debug)]
pub struct Helper {
    pub identifier: Identifier,
    /// Where it stands within `product_identification_helper`, as in `cpe` or `purls/1`.
    pub place: String,
    /// It is that of what something is installed on, whose version is not the one that is spoken of.
    pub is_of_base: bool,
}

impl Helper {
    fn read(place: &str, text: &str, is_of_base: bool) -> Option<Helper> {
        let identifier = match place.split('/').next() {
            Some("hashes") => Identifier::digest(text)?,
            Some("x_generic_uris") => Identifier::uri(text),
            _ => Identifier::read(text)?,
        };
        Some(Helper { identifier, place: place.to_owned(), is_of_base })
    }
}

/// The helpers of a product that are no order or model numbers, with their places.
fn helpers_of(product: &Product, csaf_version: &str) -> Vec<(String, String)> {
    let helper = &product.helper;
    let mut found: Vec<(String, String)> = helper.cpe.iter().map(|cpe| ("cpe".to_owned(), cpe.clone())).collect();
    let place = |n: usize| if csaf_version == "2.0" { "purl".to_owned() } else { format!("purls/{n}") };
    found.extend(helper.purls.iter().enumerate().map(|(n, purl)| (place(n), purl.clone())));
    // Kept as `sha256 <digits> firmware.bin`: a digest identifies the file, whatever its name.
    let digests = helper.hashes.iter().filter_map(|hash| hash.split_whitespace().nth(1));
    found.extend(digests.map(|digits| ("hashes".to_owned(), digits.to_owned())));
    let uris = helper.generic_uris.iter().filter_map(|uri| uri.split_whitespace().last());
    found.extend(uris.enumerate().map(|(n, uri)| (format!("x_generic_uris/{n}/uri"), uri.to_owned())));
    found
}

/// The vendors of an entry: those of the tree, and the one that the product's name begins with ("Emerson Rosemount
/// Transmitter Interface Software" in an advisory of the firm that made a part of it).
fn vendors_of(text: &EntryText, catalogue: &Catalogue) -> VendorSet {
    let mut vendors = catalogue.resolve_vendors(&text.vendor);
    catalogue.vendors_leading(&text.name).1.iter().for_each(|vendor| vendors.add(*vendor));
    let titled = text.titled_vendor.iter().flat_map(|key| catalogue.vendors_named(key));
    titled.for_each(|vendor| vendors.add(*vendor));
    // "EcoStruxure IT Gateway" in an advisory of the firm that made a library in it: the brand is another firm's.
    let is_branded = words(&text.name).iter().any(|word| catalogue.lists().umbrella.contains(word));
    if is_branded {
        let named =
            catalogue.families_spelled(&squash(&text.name)).iter().map(|family| catalogue.family(*family).vendor);
        named.for_each(|vendor| vendors.add(vendor));
    }
    vendors
}

/// The key of the known vendor whose name stands in the title right before that of the product.
pub fn vendor_in_title(title: &str, name: &str, catalogue: &Catalogue) -> Option<String> {
    let (title, name) = (words(title), words(name));
    let at = title.windows(name.len().max(1)).position(|run| run == name)?;
    (1..=3.min(at)).rev().map(|n| title[at - n..at].join(" ")).find(|key| !catalogue.vendors_named(key).is_empty())
}

/// Narrows families to smaller ones that the full product name names: tree "MELSEC iQ-F Series", full name "MELSEC
/// iQ-F Series - FX5U(C) CPU module".
fn refine_by_full_name(
    designations: &mut Vec<Designation>,
    name: &str,
    full: &str,
    vendors: &VendorSet,
    catalogue: &Catalogue,
) {
    // "NJ/NX-series Controllers and Software - Automation Software Sysmac Studio": the tail is the product.
    if let Some(tail) = full.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix("- ")) {
        let tail = tail.rsplit_once(':').map_or(tail, |(head, _)| head);
        let tail = fold(tail).find(" version").and_then(|at| tail.get(..at)).unwrap_or(tail);
        let read = catalogue.read_designations(tail, vendors, TextKind::Advisory);
        if !read.is_empty() && read.iter().all(|d| !d.families.is_empty()) {
            *designations = read;
            return;
        }
    }
    let read = catalogue.read_designations(full, vendors, TextKind::Advisory);
    let parts: Vec<FamilyId> = read.iter().flat_map(|d| d.components.iter().copied()).collect();
    let named: Vec<FamilyId> = read.into_iter().flat_map(|d| d.families.into_iter().flatten()).collect();
    for designation in designations {
        // "GOT2000 models GT27 GT25: All communication driver versions between …": the versions are those of a part.
        let hosted = |part: &FamilyId| {
            let hosts = &catalogue.family(*part).hosts;
            let mut own = designation.families.iter().flatten();
            catalogue.family(*part).kind == Kind::Component
                && own.any(|family| hosts.iter().any(|host| catalogue.is_within(*family, *host)))
        };
        if designation.components.is_empty() {
            designation.components = parts.iter().copied().filter(|part| hosted(part)).collect();
        }
        let outer: Vec<FamilyId> = designation.families.iter().flatten().copied().collect();
        let finer: Vec<FamilyId> =
            named.iter().copied().filter(|f| outer.iter().any(|o| o != f && catalogue.is_within(*f, *o))).collect();
        if !finer.is_empty() {
            designation.families = vec![finer];
        }
    }
}

/// The squashed name as written and without words of the vendor's name in front ("Prosys OPC UA Modbus Server" of
/// "Prosys OPC"): those that have several words and are so long that nobody writes them of another product.
fn whole_names(name: &str, vendor: &str, leading: usize, shortest: usize) -> Vec<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let shared =
        words.iter().zip(vendor.split_whitespace()).take_while(|(ours, theirs)| squash(ours) == squash(theirs)).count();
    // A remark at the end is rarely written: "(RTIS)".
    let bare = take_remarks(name).0;
    let bare: Vec<&str> = bare.split_whitespace().collect();
    let starts = 0..=shared.max(leading);
    let texts = starts.flat_map(|n| [words.get(n..), bare.get(n..)]).flatten().map(|rest| rest.join(" "));
    let turned: Vec<String> = [words.get(leading..), words.get(shared..), bare.get(leading.min(bare.len())..)]
        .into_iter()
        .flatten()
        .filter_map(|rest| sorted_words(&rest.join(" ")))
        .collect();
    let mut keys: Vec<String> = texts
        .filter(|rest| rest.contains([' ', '/']) || shortest < SHORTEST_WHOLE_NAME && rest.contains('-'))
        .map(|rest| squash(&rest))
        .filter(|key| key.len() >= shortest)
        .collect();
    keys.extend(turned);
    keys.sort_unstable();
    keys.dedup();
    keys
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

/// Whether all of these are models, each a member of the families by which the others are named.
fn are_members(models: &[Designation], named: &[Designation], catalogue: &Catalogue) -> bool {
    let families: Vec<FamilyId> = named.iter().flat_map(|d| d.families.iter().flatten().copied()).collect();
    let only_families = named.iter().all(|d| d.parts.is_empty() && d.orders.is_empty() && !d.families.is_empty());
    let is_member = |key: &str| catalogue.families_of_member(key).iter().any(|(family, _)| families.contains(family));
    let is_model = |d: &Designation| match d.parts.as_slice() {
        // A bare number is an order number, and a device that states none may still be known by the name.
        [part] => {
            let is_bare = part.pattern.is_none() && d.orders.is_empty() && d.families.is_empty();
            is_bare && part.key.starts_with(|c: char| c.is_ascii_alphabetic()) && is_member(&part.key)
        }
        _ => false,
    };
    only_families && !families.is_empty() && models.iter().all(is_model)
}

/// The models that stand where a version should, each known as a member of one of the vendor's families: `CP401 | CP451`.
pub fn models_in_version(catalogue: &Catalogue, vendor: &str, version: &str) -> Option<String> {
    let pieces: Vec<&str> = version.split(['|', ',']).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let is_shaped = |piece: &&&str| {
        (4..=16).contains(&piece.len())
            && piece.starts_with(|c: char| c.is_ascii_uppercase())
            && !piece.starts_with('V')
            && piece.bytes().any(|b| b.is_ascii_digit())
            && piece.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
    };
    if pieces.is_empty() || !pieces.iter().all(|piece| is_shaped(&piece)) {
        return None;
    }
    let vendors = catalogue.resolve_vendors(vendor);
    let is_model = |piece: &&str| {
        catalogue.families_of_member(&squash(piece)).iter().any(|(family, _)| {
            let family = catalogue.family(*family);
            family.kind == Kind::Hardware && vendors.known().contains(&family.vendor)
        })
    };
    pieces.iter().all(is_model).then(|| pieces.join(", "))
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
