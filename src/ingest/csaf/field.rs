//! Fields that take what a document gives, so that one wrong type never costs the whole document.
//!
//! A [`Field`] remembers whether it was missing, as expected, or of another type; the reader, who knows the place
//! in the document, makes the warning of it. Texts are borrowed from the document where they hold no escapes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A type of JSON value, to say what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    Null,
    Object,
    List,
}

impl Kind {
    /// The type of a value.
    pub fn of(value: &Value) -> Kind {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::Text,
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }

    /// The type in words.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Number => "a number",
            Kind::Bool => "true or false",
            Kind::Null => "null",
            Kind::Object => "an object",
            Kind::List => "a list",
        }
    }
}

/// One value of a JSON object or array.
#[derive(Debug, Default)]
pub enum Field<T> {
    #[default]
    Missing,
    Given(T),
    /// Readable, though of another JSON type than the standard's; with that type.
    Coerced(T, Kind),
    /// Not readable; with the type that was found.
    Wrong(Kind),
}

impl<T> Field<T> {
    /// Applies `f` to the value, if there is one.
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Field::Missing => Field::Missing,
            Field::Given(value) => Field::Given(f(value)),
            Field::Coerced(value, found) => Field::Coerced(f(value), found),
            Field::Wrong(found) => Field::Wrong(found),
        }
    }

    /// The value as found, whatever its type.
    pub fn value(&self) -> Option<&T> {
        match self {
            Field::Given(value) | Field::Coerced(value, _) => Some(value),
            Field::Missing | Field::Wrong(_) => None,
        }
    }
}

/// A JSON type that a [`Field`] can hold. What is not overridden is "not readable as this type".
pub trait Part<'de>: Sized {
    /// The type that the standard asks for.
    const EXPECTED: Kind;

    fn from_text(_text: Cow<'de, str>) -> Field<Self> {
        Field::Wrong(Kind::Text)
    }

    fn from_number(_number: serde_json::Number) -> Field<Self> {
        Field::Wrong(Kind::Number)
    }

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong(Kind::Object))
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong(Kind::List))
    }
}

impl<'de, T: Part<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Part<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED.word())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(T::from_number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Field::Wrong(Kind::Number), T::from_number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Wrong(Kind::Bool))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Wrong(Kind::Null))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list)
    }
}

/// A text; a number is taken as its digits.
#[derive(Debug)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de> Part<'de> for Text<'de> {
    const EXPECTED: Kind = Kind::Text;

    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        Field::Given(Text(text))
    }

    fn from_number(number: serde_json::Number) -> Field<Self> {
        Field::Coerced(Text(Cow::Owned(number.to_string())), Kind::Number)
    }
}

/// A number; a text of digits is taken as the number.
#[derive(Debug)]
pub struct Number(pub f64);

impl<'de> Part<'de> for Number {
    const EXPECTED: Kind = Kind::Number;

    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Field::Coerced(Number(number), Kind::Text),
            _ => Field::Wrong(Kind::Text),
        }
    }

    fn from_number(number: serde_json::Number) -> Field<Self> {
        number.as_f64().map_or(Field::Wrong(Kind::Number), |number| Field::Given(Number(number)))
    }
}

/// A list; a single value where a list belongs is taken as a list of one.
pub type List<T> = Vec<Field<T>>;

impl<'de, T: Part<'de>> Part<'de> for Vec<Field<T>> {
    const EXPECTED: Kind = Kind::List;

    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        list_of_one(T::from_text(text), Kind::Text)
    }

    fn from_number(number: serde_json::Number) -> Field<Self> {
        list_of_one(T::from_number(number), Kind::Number)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Field<Self>, A::Error> {
        Ok(list_of_one(T::from_map(map)?, Kind::Object))
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Field::Given(items))
    }
}

fn list_of_one<T>(item: Field<T>, found: Kind) -> Field<Vec<Field<T>>> {
    match item {
        Field::Given(value) | Field::Coerced(value, _) => Field::Coerced(vec![Field::Given(value)], found),
        Field::Missing | Field::Wrong(_) => Field::Wrong(found),
    }
}

/// An object too large to lie inline in its parent.
impl<'de, T: Part<'de>> Part<'de> for Box<T> {
    const EXPECTED: Kind = T::EXPECTED;

    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        T::from_text(text).map(Box::new)
    }

    fn from_number(number: serde_json::Number) -> Field<Self> {
        T::from_number(number).map(Box::new)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Field<Self>, A::Error> {
        Ok(T::from_map(map)?.map(Box::new))
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Field<Self>, A::Error> {
        Ok(T::from_list(list)?.map(Box::new))
    }
}

/// An object whose keys matter, in the order of the document.
#[derive(Debug)]
pub struct Entries<'a, T>(pub Vec<(Cow<'a, str>, Field<T>)>);

impl<'de, T: Part<'de>> Part<'de> for Entries<'de, T> {
    const EXPECTED: Kind = Kind::Object;

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Field::Given(Entries(entries)))
    }
}

/// A key of a JSON object, borrowed where it holds no escapes.
pub struct Key<'a>(pub Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Declares a struct whose fields are [`Field`]s and reads it from a JSON object: unknown keys are ignored, and of a
/// key that stands twice the last value counts. `name = "key"` is for keys that are no Rust names.
macro_rules! object {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident $(= $key:literal)? : $kind:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name<'a> {
            $($(#[$field_doc])* pub $field: $crate::ingest::csaf::field::Field<$kind>,)*
            /// A key that stood more than once.
            pub repeated: Option<&'static str>,
        }

        impl<'a> $crate::ingest::csaf::field::Part<'a> for $name<'a> {
            const EXPECTED: $crate::ingest::csaf::field::Kind = $crate::ingest::csaf::field::Kind::Object;

            fn from_map<A: serde::de::MapAccess<'a>>(
                mut map: A,
            ) -> Result<$crate::ingest::csaf::field::Field<Self>, A::Error> {
                let mut object = Self::default();
                while let Some($crate::ingest::csaf::field::Key(key)) = map.next_key()? {
                    match &*key {
                        $($crate::ingest::csaf::field::key!($field $($key)?) => {
                            if !matches!(object.$field, $crate::ingest::csaf::field::Field::Missing) {
                                object.repeated = Some($crate::ingest::csaf::field::key!($field $($key)?));
                            }
                            object.$field = map.next_value()?;
                        })*
                        _ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok($crate::ingest::csaf::field::Field::Given(object))
            }
        }
    )* };
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

pub(crate) use {key, object};
