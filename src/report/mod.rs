//! Pure writers: rows in, bytes out.

pub mod row;
