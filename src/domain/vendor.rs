//! Vendors: one supplier under its many names.
