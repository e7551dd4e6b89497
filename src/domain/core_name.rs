//! What is left of a product's name without what people leave out of it or add to it: its maker's name, words such as
//! "firmware", a version.

use rustc_hash::FxHashSet;

use super::catalogue::{Catalogue, VendorSet};
use super::model::take_remarks;
use super::vendor::words;

/// Stands in front of a core name, so that it equals nothing but another one.
const MARK: char = '~';
/// A core name of fewer letters may be another product's.
const FEWEST_LETTERS: usize = 6;
/// A name of more words is a sentence.
const MOST_WORDS: usize = 10;

/// The core name of a model as a row writes it. `None` where too little is left.
pub fn core_of_model(model: &str, vendor: &str, vendors: &VendorSet, catalogue: &Catalogue) -> Option<String> {
    Core::new(vendor, vendors, catalogue).of(&without_version(model))
}

/// The core names of a product as an advisory writes it: of all of its name, without a remark behind it, with an
/// abbreviation in place of the words that it stands for, and of each of the names that a slash divides. `context` is the
/// title of an advisory whose product's name is one word of it.
pub fn cores_of_product(
    name: &str,
    context: Option<&str>,
    vendor: &str,
    vendors: &VendorSet,
    catalogue: &Catalogue,
) -> Vec<String> {
    let core = Core::new(vendor, vendors, catalogue);
    let mut texts = vec![name.to_owned(), take_remarks(name).0];
    texts.extend(abbreviated(name));
    texts.extend(divided(name));
    let titled = context.map(|title| take_remarks(title).0);
    texts.extend(titled.filter(|title| is_of_one_product(title)).map(|title| format!("{title} {name}")));
    let mut cores: Vec<String> = texts.iter().filter_map(|text| core.of(text)).collect();
    cores.sort_unstable();
    cores.dedup();
    cores
}

/// Whether an advisory's name of a product says so little that its title has to be looked at.
pub fn is_one_word(name: &str) -> bool {
    words(name).len() == 1 && !name.bytes().any(|b| b.is_ascii_digit())
}

/// What does not count in the names of one vendor's products.
struct Core<'a> {
    of_vendor: FxHashSet<String>,
    catalogue: &'a Catalogue,
}

impl<'a> Core<'a> {
    fn new(vendor: &str, vendors: &VendorSet, catalogue: &'a Catalogue) -> Core<'a> {
        let known = vendors.known().iter().flat_map(|id| words(&catalogue.vendor(*id).name));
        Core { of_vendor: words(vendor).into_iter().chain(known).collect(), catalogue }
    }

    fn of(&self, text: &str) -> Option<String> {
        let lists = self.catalogue.lists();
        let counts = |word: &String| !lists.fillers.contains(word);
        let all: Vec<String> = words(text).into_iter().filter(counts).collect();
        let mut kept: Vec<String> = all.iter().filter(|word| !self.of_vendor.contains(*word)).cloned().collect();
        if kept.is_empty() {
            // A product that is called as its maker: RoboDK.
            kept = all;
        }
        kept.iter_mut().for_each(|word| *word = one_of(word).to_owned());
        kept.sort_unstable();
        kept.dedup();
        let n_letters: usize = kept.iter().map(|word| word.bytes().filter(u8::is_ascii_alphabetic).count()).sum();
        let says_kind_only = kept.len() == 1 && lists.generic.contains(&kept[0]);
        let tells = n_letters >= FEWEST_LETTERS && kept.len() <= MOST_WORDS && !says_kind_only;
        tells.then(|| format!("{MARK}{}", kept.join(" ")))
    }
}

/// One of what a word tells several of: `servers`.
fn one_of(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(one) if one.len() >= 5 && !one.ends_with('s') => one,
        _ => word,
    }
}

/// A model without the version in it: "RoboDK v5.5.2".
fn without_version(model: &str) -> String {
    let is_version = |word: &str| {
        let numbers = word.trim_matches(['(', ')', ',']).trim_start_matches(['v', 'V']);
        numbers.contains('.') && numbers.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    model.split_whitespace().filter(|word| !is_version(word)).collect::<Vec<_>>().join(" ")
}

/// "Secure Remote Access (SRA) Site" as "SRA Site".
fn abbreviated(name: &str) -> Option<String> {
    let (before, rest) = name.split_once('(')?;
    let (short, behind) = rest.split_once(')')?;
    let short = short.trim();
    let long: Vec<&str> = before.split_whitespace().collect();
    let start = long.len().checked_sub(short.len())?;
    let mut initials = long[start..].iter().filter_map(|word| word.chars().next());
    let stands_for_them =
        short.len() >= 2 && short.chars().all(|c| initials.next().is_some_and(|i| i.eq_ignore_ascii_case(&c)));
    stands_for_them.then(|| format!("{} {short} {behind}", long[..start].join(" ")))
}

/// "SiNVR/SiVMS Video Server" as the two servers that it means.
fn divided(name: &str) -> Vec<String> {
    let is_name = |part: &str| part.len() >= 3 && part.chars().all(char::is_alphabetic);
    let Some(listed) = name.split_whitespace().find(|word| word.contains('/') && word.split('/').all(is_name)) else {
        return Vec::new();
    };
    listed.split('/').map(|one| name.replacen(listed, one, 1)).collect()
}

/// Whether a title is no list of products.
fn is_of_one_product(title: &str) -> bool {
    !title.contains(',') && !words(title).iter().any(|word| word == "and" || word == "products" || word == "multiple")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vendor and model of a row; vendor, product and title of an advisory; whether they are one name.
    const NAMES: [(&str, &str, &str, &str, &str, bool); 16] = [
        ("Kastle Systems", "Access Control System", "Kastle Systems", "Access Control System Firmware", "", true),
        ("Kastle Systems", "Access Control Server", "Kastle Systems", "Access Control System Firmware", "", false),
        ("B. Braun", "OnlineSuite AP", "B. Braun Medical", "AP", "B. Braun OnlineSuite (Update A)", true),
        ("B. Braun", "OnlineSuite", "B. Braun Medical", "AP", "B. Braun OnlineSuite (Update A)", false),
        ("RoboDK", "RoboDK v5.5.2", "RoboDK", "RoboDK", "RoboDK", true),
        ("Claroty", "SRA Site", "Claroty", "Secure Remote Access (SRA) Site", "", true),
        ("Siemens", "SiVMS Video Server", "Siemens", "SiNVR/SiVMS Video Server", "", true),
        ("Siemens", "SiVMS Video Client", "Siemens", "SiNVR/SiVMS Video Server", "", false),
        ("Nortek", "Linear eMerge E3 Series", "Nortek", "Linear eMerge E3 series Versions", "", true),
        ("Nortek", "Linear eMerge E2 Series", "Nortek", "Linear eMerge E3 series Versions", "", false),
        ("Siemens", "WinCC V7", "Siemens", "WinCC V8", "", false),
        ("CODESYS", "CODESYS V2 Web Server", "CODESYS, GmbH", "CODESYS V2 web servers", "", true),
        ("Cassia", "Gateway", "Cassia Networks", "Gateway", "", false),
        ("Siemens", "Questa", "Siemens", "ModelSim", "Siemens Questa and ModelSim", false),
        ("Acme", "Web Studio", "Acme", "Studio", "Acme Web", true),
        ("Acme", "Studio Web Client", "Acme", "Studio", "Acme Web", false),
    ];

    #[test]
    fn names_are_one_without_what_people_leave_out_or_add() {
        let catalogue = Catalogue::built_in();
        for (vendor, model, maker, product, title, same) in NAMES {
            let own = core_of_model(model, vendor, &catalogue.resolve_vendors(vendor), &catalogue);
            let context = Some(title).filter(|title| !title.is_empty());
            let theirs = cores_of_product(product, context, maker, &catalogue.resolve_vendors(maker), &catalogue);
            assert_eq!(own.as_ref().is_some_and(|own| theirs.contains(own)), same, "{own:?} of {theirs:?}");
        }
    }
}
