//! Query strings of addresses: `site=riverside&verdict=affected,possible`.

/// The words of a query string in their order, each with its values. A comma separates values, and so does a word that
/// comes again; a comma inside a value is written `%2C`. Reading cannot fail: what is no percent code stays as it is.
pub fn read(query: &str) -> Vec<(String, Vec<String>)> {
    let mut words: Vec<(String, Vec<String>)> = Vec::new();
    for part in query.trim_start_matches('?').split('&').filter(|part| !part.is_empty()) {
        let (word, values) = part.split_once('=').unwrap_or((part, ""));
        let word = decode(word);
        let values = values.split(',').map(decode).filter(|value| !value.is_empty());
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, known)) => known.extend(values),
            None => words.push((word, values.collect())),
        }
    }
    words
}

/// The text as a value of a query string.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// The text that [`encode`] wrote; `+` is a blank, as forms write it.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let digits = code.and_then(|code| std::str::from_utf8(code).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_the_way_into_an_address_and_back() {
        for text in ["Riverside", "Kraftwerk Süd / 主変電所", "ABB, Inc.", "100 % + 1 & 2 = 3", "#?%41", ""] {
            assert_eq!(decode(&encode(text)), text);
            assert!(encode(text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b)), "{text}");
        }
    }

    #[test]
    fn any_query_is_read() {
        for (query, words) in [
            ("", vec![]),
            ("a=1,2&b", vec![("a", vec!["1", "2"]), ("b", vec![])]),
            ("a=1&a=2", vec![("a", vec!["1", "2"])]),
            ("a=ABB%2C%20Inc.", vec![("a", vec!["ABB, Inc."])]),
            ("a=%zz%4&b=x+y", vec![("a", vec!["%zz%4"]), ("b", vec!["x y"])]),
            ("&&=&", vec![("", vec![])]),
        ] {
            let read = read(query);
            let read: Vec<(&str, Vec<&str>)> =
                read.iter().map(|(w, v)| (w.as_str(), v.iter().map(String::as_str).collect())).collect();
            assert_eq!(read, words, "{query}");
        }
    }
}
