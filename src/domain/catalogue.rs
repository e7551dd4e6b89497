//! Built-in knowledge of vendors, families and order-number schemes, as data.

/// The knowledge that rules look things up in: the built-in data files with the user's entries laid over them.
pub struct Catalogue {}

impl Catalogue {
    /// The catalogue that is compiled into the program.
    pub fn built_in() -> Catalogue {
        Catalogue {}
    }
}
