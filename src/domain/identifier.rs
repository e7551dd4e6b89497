//! Names that identify a product entirely, whatever it is called: CPE, package URL, the digest of a file, a URN. An
//! advisory gives them as helpers; an inventory gives them in a column of their own or in its notes.
//!
//! # Source
//!
//! CSAF 2.1, section 3.1.4.3; CPE Naming and Name Matching 2.3 (NIST IR 7695, 7696); the Package URL specification.

use std::borrow::Cow;

/// Identifiers of one device that are looked at; a cell with more is a list of something else.
const MOST: usize = 8;
/// A word longer than this is no identifier.
const LONGEST: usize = 400;

/// One identifier, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// As written.
    pub text: String,
    name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// Part, vendor, product, version, update, edition, language, and the four of version 2.3.
    Cpe(Vec<Component>),
    Purl(Purl),
    /// Hexadecimal digits in lower case.
    Digest(String),
    Uri(String),
}

/// A part of a CPE.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Component {
    Any,
    NotApplicable,
    Text(Vec<Sign>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// `?`
    One,
    /// `*`
    Many,
    Is(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Purl {
    /// Type, namespace and name.
    package: String,
    version: Option<String>,
    qualifiers: Vec<(String, String)>,
}

/// How much an identifier of an advisory says of a device that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This product, of whatever version.
    Product,
    /// This version of the product: no range has to be asked.
    Version,
}

impl Identifier {
    /// Reads one word: `cpe:…`, `pkg:…`, `urn:…`, `sha256:` with digits. `None` for anything else.
    pub fn read(word: &str) -> Option<Identifier> {
        let word = word.trim();
        if word.len() > LONGEST {
            return None;
        }
        let (scheme, rest) = word.split_once([':', '='])?;
        let name = match scheme.to_ascii_lowercase().as_str() {
            "cpe" => Name::Cpe(read_cpe(rest)?),
            "pkg" => Name::Purl(read_purl(rest)?),
            "urn" if rest.contains(':') => Name::Uri(word.to_owned()),
            algorithm if is_algorithm(algorithm) => return Identifier::digest(rest),
            _ => return None,
        };
        Some(Identifier { text: word.to_owned(), name })
    }

    /// The identifier that the digits of a digest are, whatever the algorithm.
    pub fn digest(digits: &str) -> Option<Identifier> {
        let digits = digits.trim();
        let fits = (32..=128).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Identifier { text: digits.to_owned(), name: Name::Digest(digits.to_ascii_lowercase()) })
    }

    /// A URI of a scheme that the standard does not know; compared as a whole.
    pub fn uri(uri: &str) -> Identifier {
        Identifier { text: uri.to_owned(), name: Name::Uri(uri.to_owned()) }
    }

    /// A word that reads as this identifier again, wherever it stands.
    pub fn written(&self) -> String {
        match &self.name {
            Name::Digest(digits) => format!("sha:{digits}"),
            _ => self.text.clone(),
        }
    }

    /// What kind it is, in words.
    pub fn kind(&self) -> &'static str {
        match self.name {
            Name::Cpe(_) => "CPE",
            Name::Purl(_) => "package URL",
            Name::Digest(_) => "file digest",
            Name::Uri(_) => "URI",
        }
    }

    /// A text that both sides of a fit share, to find one by the other. A CPE with wildcards in vendor or product has
    /// none of its own and shares [`Identifier::WIDE`].
    pub fn key(&self) -> String {
        match &self.name {
            Name::Cpe(parts) => {
                let plain = |part: &Component| match part {
                    Component::Text(signs) => {
                        signs.iter().map(|sign| if let Sign::Is(c) = sign { Some(*c) } else { None }).collect()
                    }
                    Component::Any | Component::NotApplicable => None,
                };
                let parts: Option<Vec<String>> = parts.iter().take(3).map(plain).collect();
                parts.map_or_else(|| Identifier::WIDE.to_owned(), |parts| format!("cpe:{}", parts.join(":")))
            }
            Name::Purl(purl) => format!("pkg:{}", purl.package),
            Name::Digest(digits) => digits.clone(),
            Name::Uri(uri) => uri.clone(),
        }
    }

    /// The key of a CPE that many names may fit.
    pub const WIDE: &str = "cpe:*";

    /// Whether this identifier of an advisory is that of the device, and how much it says then.
    ///
    /// A CPE of the advisory fits one that says the same or more; where it names a version, the device must name it too.
    /// Package URLs of one package fit when the advisory's version, if it names one, is the device's, and no qualifier
    /// that both name differs.
    pub fn fits(&self, device: &Identifier) -> Option<Reach> {
        match (&self.name, &device.name) {
            (Name::Cpe(theirs), Name::Cpe(yours)) => {
                let fits = theirs.iter().zip(yours).enumerate().all(|(at, (their, your))| their.covers(your, at));
                let names_version = matches!(theirs.get(3), Some(Component::Text(_)));
                fits.then_some(if names_version { Reach::Version } else { Reach::Product })
            }
            (Name::Purl(theirs), Name::Purl(yours)) => {
                let same_version = theirs.version.is_none() || theirs.version == yours.version;
                let agree = theirs.qualifiers.iter().all(|(key, value)| {
                    yours.qualifiers.iter().find(|(own, _)| own == key).is_none_or(|(_, own)| own == value)
                });
                let reach = if theirs.version.is_some() { Reach::Version } else { Reach::Product };
                (theirs.package == yours.package && same_version && agree).then_some(reach)
            }
            (Name::Digest(theirs), Name::Digest(yours)) => (theirs == yours).then_some(Reach::Version),
            (Name::Uri(theirs), Name::Uri(yours)) => (theirs == yours).then_some(Reach::Product),
            _ => None,
        }
    }

    /// Whether two package URLs differ in their qualifiers only; `true` for everything else.
    pub fn differs_in_qualifiers_only(&self, other: &Identifier) -> bool {
        match (&self.name, &other.name) {
            (Name::Purl(one), Name::Purl(other)) => one.package == other.package && one.version == other.version,
            _ => true,
        }
    }
}

/// The identifiers that stand in a text among others.
pub fn identifiers_in(text: &str) -> Vec<Identifier> {
    if !text.contains([':', '=']) {
        return Vec::new();
    }
    words(text).filter_map(|(word, _)| Identifier::read(word)).take(MOST).collect()
}

/// The text without its identifiers, which name no parts of the device.
pub fn without_identifiers(text: &str) -> Cow<'_, str> {
    if identifiers_in(text).is_empty() {
        return Cow::Borrowed(text);
    }
    let rest = words(text).filter(|(_, whole)| !whole.is_empty()).filter_map(|(word, whole)| {
        // The end of a clause stays one.
        if Identifier::read(word).is_none() { Some(whole) } else { whole.ends_with(';').then_some(";") }
    });
    Cow::Owned(rest.collect::<Vec<_>>().join(" "))
}

/// Words without what surrounds them, and as written.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_inclusive(|c: char| c.is_whitespace() || c == ';').map(|whole| {
        let bare = whole.trim_matches(|c: char| c.is_whitespace() || ";,\"'()[]<>".contains(c));
        (bare, whole.trim())
    })
}

/// The identifiers in the columns of a row that have no meaning of their own, as header and cell; bare digits of a digest
/// count where the header speaks of one.
pub fn identifiers_in_columns<'a>(columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    const DIGESTS: [&str; 7] = ["sha", "hash", "md5", "digest", "checksum", "prüfsumme", "somme de contr"];
    let mut found = Vec::new();
    for (header, text) in columns {
        found.extend(identifiers_in(text).iter().map(Identifier::written));
        let header = header.to_lowercase();
        if DIGESTS.iter().any(|word| header.contains(word)) {
            let digits = words(text).filter_map(|(word, _)| Identifier::digest(word));
            found.extend(digits.map(|digest| digest.written()));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(MOST);
    found
}

fn is_algorithm(word: &str) -> bool {
    word.starts_with("sha") || word == "md5" || word.starts_with("blake")
}

impl Component {
    /// Whether a device with this component at place `at` is one that the advisory means.
    fn covers(&self, device: &Component, at: usize) -> bool {
        match (self, device) {
            (Component::Any, _) => true,
            // Hardware has no version, and a name that leaves it out says no other.
            (Component::NotApplicable, Component::Any) => at >= 3,
            (Component::NotApplicable, Component::NotApplicable) => true,
            (Component::Text(theirs), Component::Text(yours)) => covers(theirs, yours),
            (Component::NotApplicable, Component::Text(_)) | (Component::Text(_), _) => false,
        }
    }
}

/// Whether signs with wildcards cover a text.
fn covers(pattern: &[Sign], text: &[Sign]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        // A star stands at the ends only, so that the pattern ends soon after one.
        (Some((Sign::Many, rest)), _) => (0..=text.len()).any(|n| covers(rest, &text[n..])),
        // At an end a question mark may stand for nothing as well.
        (Some((Sign::One, rest)), _) => covers(rest, text) || !text.is_empty() && covers(rest, &text[1..]),
        (Some((one, rest)), Some((other, others))) => one == other && covers(rest, others),
        (Some(_), None) => false,
    }
}

/// The eleven components of `2.3:h:…` or `/h:…`.
fn read_cpe(rest: &str) -> Option<Vec<Component>> {
    let mut parts: Vec<Component> = match rest.strip_prefix("2.3:") {
        Some(formatted) => split_formatted(formatted),
        None => {
            let mut parts: Vec<&str> = rest.strip_prefix('/')?.split(':').collect();
            let packed = parts.get(5).and_then(|edition| edition.strip_prefix('~'));
            let packed: Vec<&str> = packed.map(|packed| packed.split('~').collect()).unwrap_or_default();
            if let Some(edition) = packed.first() {
                parts[5] = edition;
            }
            parts.resize(7, "");
            parts.extend(packed.iter().skip(1));
            parts.into_iter().map(component_of_uri).collect()
        }
    };
    if parts.len() > 11 || !matches!(parts.get(2), Some(Component::Text(_))) {
        return None;
    }
    parts.resize(11, Component::Any);
    let is_kind = |signs: &[Sign]| matches!(signs, [Sign::Is('a' | 'h' | 'o')]);
    matches!(&parts[0], Component::Text(signs) if is_kind(signs)).then_some(parts)
}

fn split_formatted(text: &str) -> Vec<Component> {
    let mut parts = vec![(Vec::new(), false)];
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let Some((signs, is_quoted)) = parts.last_mut() else { break };
        match c {
            ':' => parts.push((Vec::new(), false)),
            '\\' => {
                *is_quoted = true;
                signs.extend(characters.next().map(|c| Sign::Is(c.to_ascii_lowercase())));
            }
            '?' => signs.push(Sign::One),
            '*' => signs.push(Sign::Many),
            c => signs.push(Sign::Is(c.to_ascii_lowercase())),
        }
    }
    parts.into_iter().map(|(signs, is_quoted)| component(signs, is_quoted)).collect()
}

fn component_of_uri(part: &str) -> Component {
    let sign = |c: char| match c {
        '\u{1}' => Sign::One,
        '\u{2}' => Sign::Many,
        c => Sign::Is(c.to_ascii_lowercase()),
    };
    component(unescape(part).chars().map(sign).collect(), false)
}

fn component(signs: Vec<Sign>, is_quoted: bool) -> Component {
    match signs[..] {
        [] | [Sign::Many] => Component::Any,
        [Sign::Is('-')] if !is_quoted => Component::NotApplicable,
        _ => Component::Text(signs),
    }
}

fn read_purl(rest: &str) -> Option<Purl> {
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, qualifiers) = rest.split_once('?').map_or((rest, ""), |(path, qualifiers)| (path, qualifiers));
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') => (path, Some(unescape(version))),
        _ => (path, None),
    };
    let path = path.trim_matches('/');
    let (kind, name) = path.split_once('/')?;
    let mut qualifiers: Vec<(String, String)> = qualifiers
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_ascii_lowercase(), unescape(value)))
        .collect();
    qualifiers.sort();
    let package = format!("{}/{}", kind.to_ascii_lowercase(), unescape(name));
    (!kind.is_empty() && !name.is_empty()).then_some(Purl { package, version, qualifiers })
}

/// The text with `%28` as a parenthesis; what is no escape of an ASCII character stays as it is.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => plain.push(char::from(code)),
            None => plain.push('%'),
        }
        rest = &rest[at + if code.is_some() { 3 } else { 1 }..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identifier_of_an_advisory_fits_the_one_of_a_device() {
        use Reach::{Product, Version};
        const DIGITS: &str = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
        let (digest, other_digest) = (format!("sha256:{DIGITS}"), format!("sha512={}", DIGITS.to_lowercase()));
        for (theirs, yours, expected) in [
            ("cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", Some(Product)),
            ("cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*", "cpe:/h:Feldbus:GW-4", Some(Product)),
            ("cpe:/h:feldbus:gw-4", "cpe:2.3:h:feldbus:gw-4:rev_b:*:*:*:*:*:*:*", Some(Product)),
            ("cpe:2.3:o:feldbus:gw:1.0:*:*:*:*:*:*:*", "cpe:/o:feldbus:gw:1.0", Some(Version)),
            ("cpe:2.3:o:feldbus:gw:1.0:*:*:*:*:*:*:*", "cpe:/o:feldbus:gw", None),
            ("cpe:2.3:o:feldbus:gw:1.0:*:*:*:*:*:*:*", "cpe:/o:feldbus:gw:1.1", None),
            ("cpe:2.3:o:feldbus:gw:1.?:*:*:*:*:*:*:*", "cpe:/o:feldbus:gw:1.1", Some(Version)),
            ("cpe:2.3:h:feldbus:gw*:*:*:*:*:*:*:*:*", "cpe:/h:feldbus:gw-4", Some(Product)),
            ("cpe:2.3:h:feldbus:gw:-:*:*:*:*:*:*:*", "cpe:2.3:o:feldbus:gw:-:*:*:*:*:*:*:*", None),
            ("cpe:2.3:h:feldbus:gw:*:*:*:*:*:*:arm:*", "cpe:/h:feldbus:gw::::~~~arm~", None),
            ("cpe:2.3:h:feldbus:gw:*:*:*:*:*:*:arm:*", "cpe:/h:feldbus:gw:::~~~~arm~", Some(Product)),
            (r"cpe:2.3:h:feldbus:gw\(4\):*:*:*:*:*:*:*:*", "cpe:/h:feldbus:gw%284%29", Some(Product)),
            ("pkg:generic/feldbus/gw", "pkg:GENERIC/feldbus/gw@1.0?arch=arm", Some(Product)),
            ("pkg:generic/feldbus/gw@1.0?arch=arm", "pkg:generic/feldbus/gw@1.0", Some(Version)),
            ("pkg:generic/feldbus/gw@1.0?arch=arm", "pkg:generic/feldbus/gw@1.0?arch=x86", None),
            ("pkg:generic/feldbus/gw@1.0", "pkg:generic/feldbus/gw@1.1", None),
            ("pkg:generic/feldbus/gw@1.0", "pkg:generic/other/gw@1.0", None),
            (&digest, &other_digest, Some(Version)),
            ("urn:feldbus:gw4", "urn:feldbus:gw4", Some(Product)),
            ("urn:feldbus:gw4", "cpe:/h:feldbus:gw4", None),
        ] {
            let (theirs_read, yours_read) = (Identifier::read(theirs).unwrap(), Identifier::read(yours).unwrap());
            assert_eq!(theirs_read.fits(&yours_read), expected, "{theirs} / {yours}");
            if expected.is_some() && theirs_read.key() != Identifier::WIDE {
                assert_eq!(theirs_read.key(), yours_read.key(), "{theirs} / {yours}");
            }
        }
    }

    #[test]
    fn identifiers_are_found_among_other_words() {
        let digits = "9f86d081884c7d659a2feaa0c55ad015";
        for (text, expected) in [
            ("spare; cpe:/h:feldbus:gw", vec!["cpe:/h:feldbus:gw"]),
            ("see (pkg:generic/gw@1.0), urn:feldbus:gw", vec!["pkg:generic/gw@1.0", "urn:feldbus:gw"]),
            ("firmware: 1.0; cpe:nonsense; pkg:x; sha256:12", vec![]),
            ("12:30 swapped by Kim", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<String> = identifiers_in(text).into_iter().map(|found| found.text).collect();
            assert_eq!(found, expected, "{text}");
        }
        let columns = [("Firmware SHA-256", digits), ("Ticket", digits), ("CPE", "cpe:/h:feldbus:gw")];
        assert_eq!(identifiers_in_columns(columns), ["cpe:/h:feldbus:gw".to_owned(), format!("sha:{digits}")]);
        assert_eq!(without_identifiers("EN100 4.3; cpe:/h:feldbus:en100; FS 04"), "EN100 4.3; ; FS 04");
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(cpe:|pkg:|sha256:|urn:)?.{0,60}", other in "(cpe:2.3:h:a:b|cpe:/a:).{0,40}") {
            without_identifiers(&text);
            if let (Some(one), Some(other)) = (Identifier::read(&text), Identifier::read(&other)) {
                one.fits(&other);
                other.fits(&one);
                one.key();
            }
        }
    }
}
