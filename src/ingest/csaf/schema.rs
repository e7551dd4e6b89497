//! Whether a document has the shape that the JSON schema of its edition demands: types, needed members, words, formats,
//! lengths. Nothing is lost because of what is found here; the tolerant reader has read the document by then.
//!
//! The facts of both schemas stand as tables in [`tables`], in the words of this program: no schema is loaded, none is
//! fetched. [`CsafWarningKind::Schema`] is the kind of every deviation, so that a document without one keeps to the
//! schema.

mod cvss;
mod form;
mod shape;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt;

use rustc_hash::FxHashSet;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use self::shape::{Edition, List, Member, Object, Shape};
use super::field::{Key, Kind};
use super::place::Place;
use super::reader::{Reader, shorten};
use super::text::decode;
use super::warning::{CsafWarning, CsafWarningKind};

/// The deviations of a document from the schema of its edition, in the order of the document; one of neither edition is
/// held against 2.0. Documents that [`read_document`](super::document::read_document) refuses have none.
///
/// # Source
///
/// The JSON schemas of CSAF 2.0 (OASIS standard of 2022, with its errata) and of CSAF 2.1, and those of CVSS by FIRST.
pub fn check_schema(bytes: &[u8], csaf_version: &str) -> Vec<CsafWarning> {
    let (text, _) = decode(bytes);
    let edition = if csaf_version == "2.1" { Edition::V2_1 } else { Edition::V2_0 };
    let mut reader = Reader::default();
    let root = Check { shape: &tables::ROOT, edition, place: &Place::Root, reader: &mut reader };
    // What is no JSON was refused before.
    let _ = root.deserialize(&mut serde_json::Deserializer::from_str(&text));
    reader.into_warnings()
}

/// The check of one value, made while it is read; no tree of the document is built.
struct Check<'a, 'r> {
    shape: &'static Shape,
    edition: Edition,
    place: &'a Place<'a>,
    reader: &'r mut Reader,
}

impl Check<'_, '_> {
    fn deviates(&mut self, detail: String) {
        self.reader.warn(CsafWarningKind::Schema, self.place, detail);
    }

    /// Says what was found where the shape wants something else.
    fn found(&mut self, kind: Kind) {
        if !matches!(self.shape, Shape::Anything) {
            self.deviates(format!("expected {}, found {}", self.shape.word(), kind.word()));
        }
    }

    fn text(&mut self, text: &str) {
        match self.shape {
            Shape::Text(form) => {
                if let Some(expected) = form.misses(text, self.edition) {
                    self.deviates(format!("expected {expected}, found `{}`", shorten(text)));
                }
            }
            Shape::Words(words) if !words.contains(&text) => {
                self.deviates(format!("expected one of {}, found `{}`", words.join(", "), shorten(text)));
            }
            Shape::Words(_) | Shape::Anything => {}
            _ => self.found(Kind::Text),
        }
    }

    fn members<'de, A: MapAccess<'de>>(&mut self, object: &'static Object, mut map: A) -> Result<(), A::Error> {
        let (mut seen, mut n) = (0_u64, 0);
        let edition = self.edition;
        while let Some(Key(key)) = map.next_key()? {
            n += 1;
            let place = self.place.key(&key);
            let known = object.members.iter().position(|member| member.key == key && member.is_of(edition));
            match known {
                Some(at) => {
                    seen |= 1 << at;
                    let shape = object.members[at].shape;
                    map.next_value_seed(Check { shape, edition, place: &place, reader: self.reader })?;
                }
                None => {
                    if edition == Edition::V2_1 {
                        self.deviates(format!("expected only members of the standard, found `{}`", shorten(&key)));
                    }
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let is_missing =
            |(at, member): &(usize, &Member)| member.is_needed && member.is_of(edition) && seen & (1 << at) == 0;
        for (_, member) in object.members.iter().enumerate().filter(is_missing) {
            self.deviates(format!("expected `{}`, found none", member.key));
        }
        if n < object.least {
            self.deviates(format!("expected at least {} members, found {n}", object.least));
        } else if object.most.is_some_and(|most| n > most) {
            self.deviates(format!("expected at most {} members, found {n}", object.most.unwrap_or_default()));
        }
        Ok(())
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, list: &'static List, mut items: A) -> Result<(), A::Error> {
        let (shape, edition) = (list.item, self.edition);
        let mut seen = FxHashSet::default();
        let mut n = 0;
        loop {
            let place = self.place.index(n);
            let item = Check { shape, edition, place: &place, reader: self.reader };
            if list.is_set {
                let Some(value) = items.next_element::<Value>()? else { break };
                item.value(&value);
                if !seen.insert(value.to_string()) {
                    let detail = "expected different items in the list, found this one twice";
                    self.reader.warn(CsafWarningKind::Schema, &place, detail);
                }
            } else if items.next_element_seed(item)?.is_none() {
                break;
            }
            n += 1;
        }
        if n < list.least {
            let items = if list.least == 1 { "item" } else { "items" };
            self.deviates(format!("expected at least {} {items}, found {n}", list.least));
        }
        Ok(())
    }

    /// As while reading, for a value that was read already.
    fn value(self, value: &Value) {
        // Reading a value out of a tree cannot fail.
        let _ = self.deserialize(value);
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        use serde::Deserialize;
        match self.shape {
            Shape::Anything => IgnoredAny::deserialize(deserializer).map(drop),
            // What its members say depends on each other.
            Shape::Cvss(generation) => {
                let value = Value::deserialize(deserializer)?;
                cvss::check_cvss(&value, *generation, self.place, self.reader);
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Check<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shape.word())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.found(Kind::Number);
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.found(Kind::Number);
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.found(Kind::Number);
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        if !matches!(self.shape, Shape::Flag) {
            self.found(Kind::Bool);
        }
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.found(Kind::Null);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if let Shape::Object(object) = self.shape {
            return self.members(object, map);
        }
        self.found(Kind::Object);
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if let Shape::List(shape) = self.shape {
            return self.items(shape, list);
        }
        self.found(Kind::List);
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
