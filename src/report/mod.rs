//! Pure writers: rows in, bytes out.

pub mod columns;
pub mod csv;
pub mod groups;
pub mod json;
pub mod row;
pub mod visible;
pub mod vocabulary;
pub mod xlsx;
