//! Where in a document something stands.

use std::fmt;

/// A place in a JSON document, kept as a chain on the stack so that a pointer text is made only when one is needed.
/// Prints as a JSON pointer (RFC 6901).
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    Root,
    /// A place whose pointer was made before.
    Pointer(&'a str),
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    /// The member of an object here.
    pub fn key(&'a self, key: &'a str) -> Place<'a> {
        Place::Key(self, key)
    }

    /// The item of a list here.
    pub fn index(&'a self, index: usize) -> Place<'a> {
        Place::Index(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Pointer(pointer) => f.write_str(pointer),
            Place::Key(parent, key) => {
                write!(f, "{parent}/")?;
                for c in key.chars() {
                    match c {
                        '~' => f.write_str("~0")?,
                        '/' => f.write_str("~1")?,
                        c => fmt::Write::write_char(f, c)?,
                    }
                }
                Ok(())
            }
            Place::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_prints_as_a_json_pointer() {
        let root = Place::Root;
        let tree = root.key("product_tree");
        let branches = tree.key("branches");
        assert_eq!(root.to_string(), "");
        assert_eq!(branches.index(2).to_string(), "/product_tree/branches/2");
        assert_eq!(tree.key("a/b~c").to_string(), "/product_tree/a~1b~0c");
    }
}
