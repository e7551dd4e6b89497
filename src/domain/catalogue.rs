//! Built-in knowledge of vendors, families and order-number schemes, as data.
//!
//! The files under `catalogue/` are compiled in; the form of a user's alias pack is the same, so that a plant's own
//! knowledge lies over the built-in one. Nothing in the code knows a vendor by name.

mod data;
mod decision;
mod files;
pub mod pack;
pub mod reading;
#[cfg(test)]
mod tests;
pub mod vendor_names;

use rustc_hash::{FxHashMap, FxHashSet};

use super::order_number::{Pattern, PatternSet, squash};
use super::vendor::{split_vendors, vendor_key, words};

pub use data::CatalogueProblem;
pub use decision::{Decision, Decisions, Holder, Says, Scope};

/// Index of a vendor in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(u16);

/// Index of a family in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId(u32);

/// Index of an order-number scheme in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemeId(u16);

/// What a family's members are. A device is not its configuration software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Hardware,
    Software,
    /// A part of its hosts with a firmware of its own: EN100, NMC2.
    Component,
    /// A build or option of its hosts that shares their firmware: a CPU variant.
    Variant,
}

/// A vendor under its main name.
#[derive(Clone, Debug)]
pub struct Vendor {
    pub name: String,
    pub source: String,
}

/// A family of products: its spellings, its members and the larger family it belongs to.
#[derive(Clone, Debug)]
pub struct Family {
    pub name: String,
    pub vendor: VendorId,
    pub kind: Kind,
    /// An entry that names the family does not say which members it means.
    pub vague: bool,
    /// The first number of its versions: what has a lower one is another member of the larger family.
    pub since: Option<u32>,
    /// The number that the first one of its versions stays below.
    pub before: Option<u32>,
    /// Its versions are so many first digits of the serial number.
    pub serial_digits: Option<usize>,
    /// The second number of its versions has so many digits: 6.4 is 6.40, which comes after 6.31.
    pub minor_digits: Option<usize>,
    pub within: Vec<FamilyId>,
    /// For components and variants: the families whose devices may carry it.
    pub hosts: Vec<FamilyId>,
    /// For components: the families whose devices carry it from the factory and show its firmware as their own. Which of
    /// several it is, `since` and `before` tell.
    pub built_in: Vec<FamilyId>,
    /// Families that a row names only as the place of such a module: S7-1500 of "S7-1500 CP 1543-1".
    pub beside: Vec<FamilyId>,
    pub source: String,
    /// Author and date of the alias pack that brought it; `None` for what is built in.
    pub author: Option<String>,
}

/// The vendors that a text may mean: known ones, and the keys of unknown ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorSet {
    known: Vec<VendorId>,
    unknown: Vec<String>,
}

impl VendorSet {
    /// Whether the text named no vendor at all.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unknown.is_empty()
    }

    /// Whether one of the names is known to the catalogue.
    pub fn is_known(&self) -> bool {
        !self.known.is_empty()
    }

    /// The known vendors.
    pub fn known(&self) -> &[VendorId] {
        &self.known
    }

    /// The keys of names that the catalogue does not know.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Whether both may mean the same vendor; not known is not the same.
    pub fn meets(&self, other: &VendorSet) -> bool {
        self.known.iter().any(|v| other.known.contains(v))
            || self.unknown.iter().any(|a| other.unknown.iter().any(|b| same_unknown(a, b)))
    }

    /// Adds the key of a vendor that the catalogue does not know.
    pub fn add_unknown(&mut self, key: &str) {
        if !self.unknown.iter().any(|k| k == key) {
            self.unknown.push(key.to_owned());
        }
    }

    /// Adds a known vendor.
    pub fn add(&mut self, vendor: VendorId) {
        if !self.known.contains(&vendor) {
            self.known.push(vendor);
        }
    }
}

/// Whether two unknown keys name one firm: equal, or the shorter one is the first words of the longer one.
fn same_unknown(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    short == long || (short.len() >= 4 && long.starts_with(short) && long.as_bytes().get(short.len()) == Some(&b' '))
}

/// Lists of words, all folded.
#[derive(Clone, Debug, Default)]
pub struct WordLists {
    /// Never identify a product: controller, module, series.
    pub generic: FxHashSet<String>,
    /// Dictionary words that stand in many product names and identify only beside others: view, expert.
    pub common: FxHashSet<String>,
    /// Brand words above the families; neither identify nor are asked for: SIMATIC, MELSEC.
    pub umbrella: FxHashSet<String>,
    /// Everyday words that tell programs of one brand apart: "security", "control".
    pub roles: FxHashSet<String>,
    /// What words for kinds of things end with: `messgerät` of "Multimessgerät".
    pub endings: Vec<String>,
    /// Left out of a product's name or added to it without making another of it: firmware, series.
    pub fillers: FxHashSet<String>,
    /// Mark a text as naming software: configurator, DTM.
    pub software: FxHashSet<String>,
    /// Begin a part of a product name that is a condition and no name: "if", "when".
    pub condition: Vec<String>,
    /// Stand where a vendor should and name none: "multiple".
    pub no_vendor: FxHashSet<String>,
}

impl WordLists {
    /// Whether a word names a kind of thing: one of the list, or one that ends as such words do.
    pub fn is_generic(&self, word: &str) -> bool {
        let is_compound = |ending: &String| word.strip_suffix(ending.as_str()).is_some_and(|head| head.len() >= 3);
        self.generic.contains(word) || self.endings.iter().any(is_compound)
    }
}

/// What a pattern of a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    Model,
    Order,
}

/// The knowledge that rules look things up in: the built-in data files with the user's entries laid over them.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    vendors: Vec<Vendor>,
    vendor_keys: FxHashMap<String, Vec<VendorId>>,
    families: Vec<Family>,
    spelled: FxHashMap<String, Vec<FamilyId>>,
    /// The number of characters of the longest spelling.
    longest_spelling: usize,
    /// The components that some devices carry from the factory.
    built_in: Vec<FamilyId>,
    members: PatternSet<(FamilyId, Membership)>,
    excluded: FxHashMap<FamilyId, Vec<Pattern>>,
    schemes: PatternSet<SchemeId>,
    scheme_names: Vec<(String, Option<VendorId>)>,
    carried_by: FxHashMap<FamilyId, Vec<FamilyId>>,
    /// Families that have order numbers of members, themselves or in a family within them.
    with_orders: FxHashSet<FamilyId>,
    lists: WordLists,
    decisions: Decisions,
    /// Author and date of the vendor names that an alias pack brought, by their key.
    vendor_name_authors: FxHashMap<String, String>,
}

impl Catalogue {
    /// The catalogue that is compiled into the program.
    pub fn built_in() -> Catalogue {
        // A test proves that the compiled-in files have no problem.
        data::load(&files::built_in()).0
    }

    /// A text that differs between programs with other catalogues.
    pub fn built_in_digest() -> String {
        let mut hash = rustc_hash::FxHasher::default();
        files::built_in().iter().for_each(|file| std::hash::Hash::hash(file.text, &mut hash));
        format!("{:016x}", std::hash::Hasher::finish(&hash))
    }

    /// The built-in catalogue with the entries of alias packs (name, text) laid over it.
    ///
    /// # Errors
    ///
    /// All problems of the packs, in their order; the built-in files have none.
    pub fn with_packs(packs: &[(&str, &str)]) -> Result<Catalogue, Vec<CatalogueProblem>> {
        let mut all = files::built_in();
        all.extend(packs.iter().map(|(name, text)| files::CatalogueFile { name, text, role: files::Role::Pack }));
        let (catalogue, problems) = data::load(&all);
        if problems.is_empty() { Ok(catalogue) } else { Err(problems) }
    }

    /// The built-in catalogue with these aliases laid over it, and what could not be used of them.
    pub fn with_aliases(aliases: &[pack::Alias]) -> (Catalogue, Vec<CatalogueProblem>) {
        let mut all = files::built_in();
        all.extend(aliases.iter().map(|alias| files::CatalogueFile {
            name: &alias.place,
            text: &alias.text,
            role: files::Role::Pack,
        }));
        data::load(&all)
    }

    /// Author and date of the alias that brought this name of a vendor; `None` when it is built in or not known.
    pub fn author_of_vendor_name(&self, name: &str) -> Option<&str> {
        self.vendor_name_authors.get(&vendor_key(name)).map(String::as_str)
    }

    /// The word lists.
    pub fn lists(&self) -> &WordLists {
        &self.lists
    }

    /// The vendor with this index.
    pub fn vendor(&self, id: VendorId) -> &Vendor {
        &self.vendors[usize::from(id.0)]
    }

    /// The family with this index.
    pub fn family(&self, id: FamilyId) -> &Family {
        &self.families[id.0 as usize]
    }

    /// All families, in the order of the files.
    pub fn families(&self) -> impl Iterator<Item = (FamilyId, &Family)> {
        self.families.iter().enumerate().map(|(n, f)| (FamilyId(n as u32), f))
    }

    /// The vendors that a text names, under any of their names.
    pub fn resolve_vendors(&self, text: &str) -> VendorSet {
        let mut set = VendorSet::default();
        let mut names = split_vendors(text).into_iter();
        let Some(whole) = names.next() else { return set };
        let key = vendor_key(&whole);
        if key.is_empty() || self.lists.no_vendor.contains(&key) {
            return set;
        }
        if let Some(ids) = self.vendor_keys.get(&key) {
            set.known.clone_from(ids);
            return set;
        }
        for name in names {
            let key = vendor_key(&name);
            match self.vendor_keys.get(&key) {
                Some(ids) => ids.iter().for_each(|id| set.add(*id)),
                None if key.is_empty() || self.lists.no_vendor.contains(&key) => {}
                None => set.unknown.push(key),
            }
        }
        if set.known.is_empty() {
            // A known name at the front or the back: "Siemens Building Technologies", "GE Digital, Inc. (Proficy)".
            let all: Vec<&str> = key.split(' ').collect();
            let named = |phrase: &[&str]| {
                let phrase = phrase.join(" ");
                self.vendor_keys.get(&phrase).filter(|_| phrase.len() >= 3)
            };
            let front = (1..all.len()).rev().find_map(|n| named(&all[..n]).map(|ids| (n, ids)));
            let back = (1..all.len()).rev().find_map(|n| named(&all[all.len() - n..]).map(|ids| (n, ids)));
            match (front, back) {
                // "Honeywell Matrikon": a firm and its brand.
                (Some((m, front)), Some((n, back))) if m + n <= all.len() => {
                    front.iter().chain(back).for_each(|id| set.add(*id));
                }
                (Some((m, front)), Some((n, _))) if m >= n => set.known.clone_from(front),
                (_, Some((_, ids))) | (Some((_, ids)), None) => set.known.clone_from(ids),
                (None, None) => {}
            }
        }
        if set.known.is_empty() && !set.unknown.contains(&key) {
            set.unknown.push(key);
        }
        if set.known.is_empty()
            && let [key] = set.unknown.as_slice()
            && let Some(ids) = self.vendor_one_letter_off(key).or_else(|| self.vendor_beginning_with(key))
        {
            set.known.clone_from(ids);
        }
        set
    }

    /// The vendor of whose name this key is a slip of the pen: "Simens", "Schnieder Electric". `None` where two vendors
    /// come as near, or the name is too short to tell.
    pub fn vendor_one_letter_off(&self, key: &str) -> Option<&Vec<VendorId>> {
        if key.len() < 6 || !key.is_ascii() {
            return None;
        }
        let mut found: Option<&Vec<VendorId>> = None;
        for (known, ids) in &self.vendor_keys {
            if known.len() < 6 || !is_one_letter_off(key.as_bytes(), known.as_bytes()) {
                continue;
            }
            if found.is_some_and(|before| before != ids) {
                return None;
            }
            found = Some(ids);
        }
        found
    }

    /// The vendors whose name stands in a product text. Short names (`SE`, `AB`) do not count there.
    pub fn vendors_within(&self, text: &str) -> VendorSet {
        let all = words(text);
        let mut set = VendorSet::default();
        for start in 0..all.len() {
            for n in 1..=4.min(all.len() - start) {
                let phrase = all[start..start + n].join(" ");
                if phrase.len() >= 4
                    && let Some(ids) = self.vendor_keys.get(&phrase)
                {
                    ids.iter().for_each(|id| set.add(*id));
                }
            }
        }
        set
    }

    /// The vendors whose name a product text begins with, when it goes on after it and the name is no everyday word;
    /// and how many words that name has.
    pub fn vendors_leading(&self, text: &str) -> (usize, &[VendorId]) {
        let all = words(text);
        let is_name = |phrase: &str| {
            phrase.len() >= 4 && !self.lists.generic.contains(phrase) && !self.lists.common.contains(phrase)
        };
        let longest = (1..=4.min(all.len().saturating_sub(1))).rev().find_map(|n| {
            let phrase = all[..n].join(" ");
            self.vendor_keys.get(&phrase).filter(|_| is_name(&phrase)).map(|ids| (n, ids.as_slice()))
        });
        longest.unwrap_or((0, &[]))
    }

    /// The vendor of whose name this key is the beginning: "Dover" of "Dover Fueling Solutions". `None` where several
    /// begin so, or the word is an everyday one.
    fn vendor_beginning_with(&self, key: &str) -> Option<&Vec<VendorId>> {
        if key.len() < 4 || self.lists.generic.contains(key) || self.lists.common.contains(key) {
            return None;
        }
        let goes_on = |known: &str| known.strip_prefix(key).is_some_and(|rest| rest.starts_with(' '));
        let mut found = self.vendor_keys.iter().filter(|(known, _)| goes_on(known)).map(|(_, ids)| ids);
        let first = found.next()?;
        found.all(|ids| ids == first).then_some(first)
    }

    /// The vendors with exactly this key (see [`vendor_key`]).
    pub fn vendors_named(&self, key: &str) -> &[VendorId] {
        self.vendor_keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// The families that this squashed phrase names as a whole.
    pub fn families_spelled(&self, squashed: &str) -> &[FamilyId] {
        self.spelled.get(squashed).map_or(&[], Vec::as_slice)
    }

    /// The length in characters of the longest spelling of a family.
    pub fn longest_spelling(&self) -> usize {
        self.longest_spelling
    }

    /// The families that a squashed designator or order number is a member of; the nearest ones, without those that
    /// contain them.
    pub fn families_of_member(&self, squashed: &str) -> Vec<(FamilyId, Membership)> {
        let mut found = Vec::new();
        self.members.each_fit(squashed, |_, (family, membership)| {
            let excluded = self.excluded.get(family).is_some_and(|list| list.iter().any(|p| p.fits(squashed)));
            if !excluded && !found.contains(&(*family, *membership)) {
                found.push((*family, *membership));
            }
        });
        found
    }

    /// The patterns of all members, for measuring.
    pub fn member_patterns(&self) -> impl Iterator<Item = (FamilyId, Membership, &Pattern)> {
        self.members.iter().map(|(pattern, (family, membership))| (*family, *membership, pattern))
    }

    /// The scheme that recognises this squashed text as an order number; `fixed_only` asks for patterns of a fixed
    /// length, which are safe where blanks were joined.
    pub fn scheme_of(&self, squashed: &str, fixed_only: bool) -> Option<SchemeId> {
        let mut found = None;
        if squashed.bytes().any(|b| b.is_ascii_digit()) {
            self.schemes.each_fit(squashed, |pattern, scheme| {
                if !fixed_only || pattern.has_fixed_length() {
                    found = found.or(Some(*scheme));
                }
            });
        }
        found
    }

    /// The name of a scheme.
    pub fn scheme_name(&self, id: SchemeId) -> &str {
        &self.scheme_names[usize::from(id.0)].0
    }

    /// The vendor whose order numbers a scheme describes.
    pub fn scheme_vendor(&self, id: SchemeId) -> Option<VendorId> {
        self.scheme_names[usize::from(id.0)].1
    }

    /// Adds to `families` all that contain them.
    pub fn add_containing(&self, families: &mut FxHashSet<FamilyId>) {
        let mut open: Vec<FamilyId> = families.iter().copied().collect();
        while let Some(family) = open.pop() {
            for parent in &self.family(family).within {
                if families.insert(*parent) {
                    open.push(*parent);
                }
            }
        }
    }

    /// Whether `inner` is `outer` or lies within it.
    pub fn is_within(&self, inner: FamilyId, outer: FamilyId) -> bool {
        inner == outer || self.family(inner).within.iter().any(|parent| self.is_within(*parent, outer))
    }

    /// Whether order numbers of members of this family are known, in it or in a family within it.
    pub fn knows_orders_of(&self, family: FamilyId) -> bool {
        self.with_orders.contains(&family)
    }

    /// The components that devices of some family carry from the factory; see [`Family::built_in`].
    pub fn built_in_families(&self) -> &[FamilyId] {
        &self.built_in
    }

    /// The components and variants that devices of this family may carry.
    pub fn carried_by(&self, host: FamilyId) -> &[FamilyId] {
        self.carried_by.get(&host).map_or(&[], Vec::as_slice)
    }

    /// The key of a nameplate, the same for all spellings of it: `SE`, `ION 7400` and `Schneider Electric`, `ion-7400`.
    pub fn device_key(&self, vendor: &str, model: &str, part_number: &str) -> String {
        format!("{}|{}|{}", self.main_key(vendor), squash(model), squash(part_number))
    }

    /// The key of an advisory's product, the same in all advisories and revisions that call it alike.
    pub fn product_key(&self, vendor: &str, product: &str) -> String {
        format!("{}|{}", self.main_key(vendor), squash(product))
    }

    /// The key of the vendor's main name. Of several vendors that a text may mean it is the one whose main name begins
    /// with the text: `Schneider` was also a name of firms that have another one now. That of the text when it means
    /// none, or still several.
    fn main_key(&self, vendor: &str) -> String {
        let key = vendor_key(vendor);
        let mut main: Vec<String> =
            self.resolve_vendors(vendor).known().iter().map(|id| vendor_key(&self.vendor(*id).name)).collect();
        if main.len() > 1 {
            main.retain(|name| name.strip_prefix(&key).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
        }
        match main.as_slice() {
            [one] => one.clone(),
            _ => key,
        }
    }

    /// The decisions that came with the alias packs.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }
}

/// The key under which a spelled phrase is stored.
fn phrase_key(phrase: &str) -> String {
    squash(phrase)
}

/// One letter more, less or other, or two that changed places; the first letter is right.
pub fn is_one_letter_off(ours: &[u8], theirs: &[u8]) -> bool {
    if ours.first() != theirs.first() || ours.len().abs_diff(theirs.len()) > 1 {
        return false;
    }
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let (left, right) = (&ours[same..], &theirs[same..]);
    match ours.len().cmp(&theirs.len()) {
        std::cmp::Ordering::Less => left == &right[1..],
        std::cmp::Ordering::Greater => &left[1..] == right,
        std::cmp::Ordering::Equal => match (left, right) {
            ([a, b, left @ ..], [c, d, right @ ..]) if a == d && b == c && a != b => left == right,
            ([_, left @ ..], [_, right @ ..]) => left == right,
            _ => false,
        },
    }
}
