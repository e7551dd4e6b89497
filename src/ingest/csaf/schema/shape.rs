//! What a table of the schema is made of.

use super::form::Form;
use crate::domain::cvss::Generation;

/// The editions of the standard whose documents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    V2_0,
    V2_1,
}

/// What a value must be.
pub enum Shape {
    Text(Form),
    /// One of these texts.
    Words(&'static [&'static str]),
    Flag,
    List(List),
    Object(Object),
    /// A score with its vector.
    Cvss(Generation),
    /// What another standard defines.
    Anything,
}

impl Shape {
    /// The type of value, in words.
    pub fn word(&self) -> String {
        match self {
            Shape::Text(_) | Shape::Words(_) => "a text".to_owned(),
            Shape::Flag => "true or false".to_owned(),
            Shape::List(_) => "a list".to_owned(),
            Shape::Object(_) | Shape::Cvss(_) => "an object".to_owned(),
            Shape::Anything => "any value".to_owned(),
        }
    }
}

/// Items of one shape.
pub struct List {
    pub item: &'static Shape,
    pub least: usize,
    /// Whether no item may stand twice.
    pub is_set: bool,
}

/// Named members. Others than those of the table are allowed in 2.0 only.
pub struct Object {
    /// At most 64.
    pub members: &'static [Member],
    /// How many members there must be, whatever their names.
    pub least: usize,
    pub most: Option<usize>,
}

/// One member of an object.
pub struct Member {
    pub key: &'static str,
    pub is_needed: bool,
    /// The one edition that has it; `None` for both.
    pub only: Option<Edition>,
    pub shape: &'static Shape,
}

impl Member {
    /// Whether this edition has the member.
    pub fn is_of(&self, edition: Edition) -> bool {
        self.only.is_none_or(|only| only == edition)
    }

    /// The same for one edition only.
    pub const fn only(self, edition: Edition) -> Member {
        Member { only: Some(edition), ..self }
    }
}

/// A member that must be there.
pub const fn need(key: &'static str, shape: &'static Shape) -> Member {
    Member { key, is_needed: true, only: None, shape }
}

/// A member that may be there.
pub const fn may(key: &'static str, shape: &'static Shape) -> Member {
    Member { key, is_needed: false, only: None, shape }
}

/// An object with these members.
pub const fn object(members: &'static [Member]) -> Shape {
    Shape::Object(Object { members, least: 0, most: None })
}

/// An object with these members, of which some must be there.
pub const fn object_of(least: usize, members: &'static [Member]) -> Shape {
    Shape::Object(Object { members, least, most: None })
}

/// A list with at least one item.
pub const fn list(item: &'static Shape) -> Shape {
    Shape::List(List { item, least: 1, is_set: false })
}

/// A list of different items.
pub const fn set(least: usize, item: &'static Shape) -> Shape {
    Shape::List(List { item, least, is_set: true })
}
