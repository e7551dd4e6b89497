//! Part numbers, models and article numbers that stand where a version should: all versions of them are meant.

use super::condition::Condition;
use super::grammar::{Parsed, after_word};
use super::span::Point;
use crate::domain::firmware::Version;
use crate::domain::firmware::atom::{Atom, split, text_of, tidy};
use crate::domain::firmware::date::Date;
use crate::domain::firmware::reader::{self, Letters, is_noise};

/// Protocols and parts of a software stack, which name neither a version nor a product.
const PROTOCOLS: [&str; 15] = [
    "tcp", "udp", "ip", "ipv4", "ipv6", "dns", "dhcp", "dhcpv6", "arp", "icmp", "icmpv4", "icmpv6", "http", "https",
    "ftp",
];

/// Makers and names of processors and operating systems: what a device is built with, never its version.
const PLATFORMS: [&str; 17] = [
    "intel",
    "amd",
    "arm",
    "core",
    "xeon",
    "atom",
    "pentium",
    "celeron",
    "ryzen",
    "processor",
    "processors",
    "windows",
    "linux",
    "android",
    "i3",
    "i5",
    "i7",
];

/// What a text says that is no version but a condition on the single device: `Intel Core i5 | Intel XEON`, or the
/// batch of `SIO-MB04ADS: B/N 5714442222`.
pub(crate) fn condition_instead(text: &str, product_name: &str) -> Option<String> {
    let words = spaced(text);
    if !words.is_empty() && words.split(' ').all(|word| PLATFORMS.contains(&word) || ["and", "or"].contains(&word)) {
        return Some(text.trim().to_owned());
    }
    // "Windows 10 Professional Operating System U.S. release"
    let starts_with_platform = words.split(' ').next().is_some_and(|first| PLATFORMS.contains(&first));
    if starts_with_platform && words.contains("operating system") {
        return Some(text.trim().to_owned());
    }
    let (_, said) = statement(product_name)?;
    let begins = |mark: &str| said.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark));
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_batch = ["B/N ", "batch ", "lot no", "lot number"].iter().any(|mark| begins(mark));
    (plain && is_batch).then(|| said.to_owned())
}

/// The text names a protocol or a part of a stack.
pub(crate) fn is_protocol(text: &str) -> bool {
    PROTOCOLS.iter().any(|protocol| text.trim().eq_ignore_ascii_case(protocol))
}

/// The place after the part number at this place, if the word there is one by its form alone.
pub(crate) fn part_number(tidied: &str, atoms: &[Atom<'_>], at: usize) -> Option<usize> {
    if !atoms.get(at)?.gap && at > 0 {
        return None;
    }
    let mut after = after_word(atoms, at);
    // `MLFB 6SR325..-..-....`, `1756 - L8z` are left to the words around them.
    while after > at + 1 && (atoms[after - 1].is_sign('.') || atoms[after - 1].is_sign(':')) {
        after -= 1;
    }
    let word = &atoms[at..after];
    is_part_number(tidied, word).then_some(after)
}

fn is_part_number(tidied: &str, word: &[Atom<'_>]) -> bool {
    let text = text_of(tidied, word);
    let numbers = word.iter().filter(|atom| atom.is_number()).count();
    let words = word.iter().filter(|atom| atom.is_word()).count();
    let digits: usize = word.iter().filter(|atom| atom.is_number()).map(|atom| atom.text.len()).sum();
    let signs = |sign: char| word.iter().filter(|atom| atom.is_sign(sign)).count();
    if numbers == 0 || signs('.') > 0 || signs('<') + signs('>') + signs('=') > 0 {
        return false;
    }
    if words == 0 && signs('-') == 0 {
        // `2730844`: longer than any version, and no date.
        return word.len() == 1 && (digits == 7 || digits > 8 || digits == 8 && Date::from_digits(text).is_none());
    }
    let runs_of_x = word
        .iter()
        .any(|atom| atom.is_word() && atom.text.len() >= 2 && atom.text.bytes().all(|b| b == b'x' || b == b'X'));
    if signs('-') > 0 {
        return dashed_part_number(tidied, word, words, digits, runs_of_x);
    }
    if signs('/') + signs('(') > 0 {
        return false;
    }
    let leading = if word[0].is_word() { word[0].text.len() } else { 0 };
    if is_noise(&word[0]) || reads_as_chain(tidied, word) {
        return false;
    }
    match leading {
        // `1SAP520200R0001`
        0 => word.len() >= 4 && text.len() >= 12,
        // `H4W2PER2`, `H5692448`
        1 | 2 => word.len() >= 5 && text.len() >= 7 && !runs_of_x || digits >= 7,
        // `HEN16304`, `HPSS16`, `MSP432E4XX`
        _ => {
            text.len() >= 6 && word[0].text.bytes().all(|byte| byte.is_ascii_uppercase()) && digits >= 2
                || word.len() >= 4 && word[0].text.bytes().all(|byte| byte.is_ascii_uppercase())
        }
    }
}

/// `1766-L32BXB`, `750-82xx/xxx-xxx`, `MMT-1710`, `04088-9000-0001`; not `5.3.0-64`, `R204-V1`, `V191-V195`.
fn dashed_part_number(tidied: &str, word: &[Atom<'_>], words: usize, digits: usize, runs_of_x: bool) -> bool {
    let groups: Vec<&[Atom<'_>]> = word.split(|atom| atom.is_sign('-') || atom.is_sign('/')).collect();
    if words == 0 {
        let lengths: Vec<usize> = groups.iter().map(|group| group.iter().map(|atom| atom.text.len()).sum()).collect();
        // `20000-21150` is a range.
        return groups.len() == 3 && digits >= 10 || groups.len() == 2 && digits >= 9 && lengths[0] != lengths[1];
    }
    if runs_of_x && groups.len() >= 2 {
        return true;
    }
    let version_like = |group: &[Atom<'_>]| {
        group.is_empty()
            || is_noise(&group[0]) && group.len() > 1
            || group.len() == 1 && group[0].is_word() && group[0].text.len() == 1
            || group.iter().any(|atom| atom.is_sign('*'))
            || reads_as_chain(tidied, group)
    };
    if groups.iter().skip(1).any(|group| version_like(group)) || is_noise(&word[0]) {
        return false;
    }
    let lettered = groups.iter().filter(|group| group.iter().any(Atom::is_word)).count();
    let long = text_of(tidied, word).len() >= 6;
    long && digits >= 2 && (lettered >= 1)
        || groups.len() == 2 && groups[0].iter().all(Atom::is_word) && digits >= 1 && long
}

/// `SP1`, `SE2021MP3`: a version with a known suffix.
fn reads_as_chain(tidied: &str, word: &[Atom<'_>]) -> bool {
    reader::read(tidied, word, 0, Letters::Never).is_some_and(|(version, after)| {
        after == word.len() && version.has_suffix() && version.core.len() <= 1 && version.name().is_empty()
    })
}

/// Takes part numbers and models out of a parsed version text, or the whole text where it is the name of a product.
/// All versions of them are meant. What comes back names them.
pub(crate) fn take_products(parsed: &mut Parsed, raw: &str, product_name: &str) -> Option<String> {
    let versions = || parsed.items.iter().filter_map(|item| item.point.version());
    let versioned = versions()
        .any(|v| v.has_suffix() || v.counts_years() || v.text().contains('.') || v.has_wildcard())
        || parsed.items.iter().any(|item| matches!(item.point, Point::Date(_)));
    let signed = parsed.items.iter().any(|item| item.op.is_some() && !item.closes);
    let text = raw.trim().trim_end_matches([',', ';']).trim_end_matches(" and").trim_end_matches(',');
    let dotted = parsed.items.iter().any(|item| item.point.version().is_some_and(|v| v.text().contains('.')));
    let named = !dotted && (is_called_model(text, product_name) || ends_after_dash(text, product_name))
        || !versioned && is_name(parsed, text, product_name);
    if !signed && named {
        *parsed = Parsed { products: vec![text.to_owned()], ..Parsed::default() };
    } else if !parsed.products.is_empty() && !versioned && !signed {
        // One element of the list is a part number, so all are; `G1` beside one is a revision index.
        let by_revision = product_name.to_lowercase().contains("revision index");
        for item in std::mem::take(&mut parsed.items) {
            let Point::Version(version) = item.point else { continue };
            if by_revision {
                let text = format!("revision index {version}");
                parsed.conditions.insert(0, Condition::revision(&text, *version));
            } else {
                parsed.products.push(version.text().to_owned());
            }
        }
    }
    if parsed.products.is_empty() {
        return None;
    }
    // `750-823 | 750-832/xxx-xxx`: some of them read as versions, of which only a part is left.
    let pieces: Vec<&str> = text.split('|').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    if pieces.len() > 1
        && parsed.conditions.is_empty()
        && pieces.iter().all(|piece| !piece.contains([' ', '<', '>', '=']))
    {
        parsed.products = pieces.into_iter().map(str::to_owned).collect();
    }
    parsed.left.clear();
    parsed.cut_off = false;
    Some(parsed.products.join(", "))
}

/// The text, which holds no sign and no version with a dot or a suffix, is the name of a product.
fn is_name(parsed: &Parsed, text: &str, product_name: &str) -> bool {
    let dotted = text.as_bytes().windows(3).any(|w| w[0].is_ascii_digit() && w[1] == b'.' && w[2].is_ascii_digit());
    let closes = parsed.items.iter().any(|item| item.closes);
    let lowered = text.to_ascii_lowercase();
    let says_nothing = ["tbd", "tba", "unknown", "n/a", "unspecified"].contains(&lowered.as_str())
        || ["see ", "refer to ", "consult "].iter().any(|start| lowered.starts_with(start));
    if says_nothing || text.is_empty() || dotted || closes || parsed.all || parsed.nothing {
        return false;
    }
    if parsed.items.is_empty() {
        let stands = |left: &String| stands_in(left, product_name);
        return parsed.conditions.is_empty() && !parsed.left.is_empty() && parsed.left.iter().all(stands);
    }
    let one_word = !text.contains([' ', '_', '(']);
    let lettered = parsed.items.iter().all(|item| item.point.version().is_some_and(Version::is_lettered));
    let wordy = !parsed.left.is_empty() || !parsed.conditions.is_empty() || one_word && lettered;
    wordy && names_product(text, product_name)
        || ends_after_dash(text, product_name)
        || one_word && lettered && follows_brand(text, product_name)
}

/// `Schneider: Modicon M221`: a letter and three digits or more behind a word that is neither the product's own
/// name nor a word for versions.
fn follows_brand(text: &str, product_name: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let capital = text.bytes().take_while(u8::is_ascii_uppercase).count() == 1 && !text.starts_with(['V', 'R']);
    let Some((head, said)) = statement(product_name) else { return false };
    let mut words = said.split_whitespace().rev();
    let last = words.next() == Some(text);
    let brand = words.next().is_some_and(|word| {
        word.len() >= 4
            && word.starts_with(|c: char| c.is_uppercase())
            && word.chars().all(char::is_alphabetic)
            && !head.split_whitespace().any(|own| own.eq_ignore_ascii_case(word))
            && !["version", "versions", "firmware", "release", "software", "revision"]
                .iter()
                .any(|w| word.eq_ignore_ascii_case(w))
    });
    last && brand && capital && digits >= 3
}

/// `Intel 2G Modem - Sofia 3G`: the leaf's own name, beginning with a word.
fn ends_after_dash(text: &str, product_name: &str) -> bool {
    let Some(at) = product_name.rfind(" - ") else { return false };
    let tidied = tidy(text);
    let first = split(&tidied);
    let says_version =
        |atom: &Atom<'_>| is_noise(atom) || reader::starts(&first, 0) || atom.is_any(&["all", "any", "build"]);
    let begins_with_word = text.chars().take_while(|c| c.is_alphabetic()).count() >= 3
        && text.contains(' ')
        && !first.first().is_some_and(says_version);
    begins_with_word && product_name.get(at + 3..).is_some_and(|leaf| plain(leaf) == plain(text))
}

/// The part of the product name that tells the version: what stands after the last colon or the last ` - `.
pub(crate) fn statement(product_name: &str) -> Option<(&str, &str)> {
    let at = product_name.rfind(':').map(|at| (at, 1)).or_else(|| product_name.rfind(" - ").map(|at| (at, 3)))?;
    let (head, rest) = product_name.split_at_checked(at.0)?;
    Some((head.trim(), rest.get(at.1..)?.trim()))
}

/// Whether a version text without any sign is the name of a product: it stands in the product's own name, or
/// the product name ends with it after a dash.
pub(crate) fn names_product(text: &str, product_name: &str) -> bool {
    let wanted = plain(text);
    if wanted.is_empty() {
        return false;
    }
    let Some((head, said)) = statement(product_name) else { return false };
    let head = plain(head);
    let in_head = head.len() > wanted.len() + 2 && contains_words(&head, &wanted);
    let tidied = tidy(text);
    let atoms = split(&tidied);
    // Words of a name, not of a version: `Accu-Chek Inform II`, `882476 Gemini TF Big Bore`.
    let wordy = atoms.iter().any(|atom| atom.is_word() && atom.text.len() >= 3 && !is_noise(atom));
    let bare_number = atoms.len() == 1 && atoms[0].is_number();
    in_head && wordy_or_coded(&atoms) && !bare_number
        || wordy && plain(said).ends_with(&wanted)
        || is_called_model(text, product_name)
}

/// The product name says what the text is: "Models 3002 S3 and 3005 S3", "Article number 2730844".
fn is_called_model(text: &str, product_name: &str) -> bool {
    const KINDS: [&str; 9] =
        ["article number", "order code", "model", "models", "part number", "part no", "sku", "skus", "catalog"];
    let wanted = plain(text);
    let Some((_, said)) = statement(product_name) else { return false };
    let said = plain(said);
    !wanted.is_empty()
        && KINDS.iter().any(|kind| said.strip_prefix(kind).is_some_and(|rest| rest.trim_start().starts_with(&wanted)))
}

/// The words stand in the product name, at whatever place.
pub(crate) fn stands_in(words: &str, product_name: &str) -> bool {
    let words = plain(words);
    !words.is_empty() && contains_words(&plain(product_name), &words)
}

fn wordy_or_coded(atoms: &[Atom<'_>]) -> bool {
    atoms.iter().any(|atom| atom.is_word() && atom.text.len() >= 2 && !is_noise(atom))
        && !atoms.iter().any(|atom| atom.is_sign('.'))
}

fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_none_or(|c| c == ' ');
        let after = text[at + words.len()..].chars().next().is_none_or(|c| c == ' ');
        before && after
    })
}

/// Lower case, everything but letters and digits as one blank, without `and` and `or`.
fn plain(text: &str) -> String {
    let spaced = spaced(text);
    let words: Vec<&str> = spaced.split(' ').filter(|word| !["and", "or"].contains(word)).collect();
    words.join(" ")
}

fn spaced(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() {
            plain.extend(character.to_lowercase());
        } else if !plain.ends_with(' ') && !plain.is_empty() {
            plain.push(' ');
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}
