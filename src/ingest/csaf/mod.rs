//! CSAF 2.0 and 2.1 documents become [`Advisory`](crate::domain::advisory::Advisory) values with warnings.
//!
//! The way of a document: `text` (encoding) → `model` (borrowed JSON, every field tolerant) → [`document`], which
//! walks the model with a `Place` in hand and a `Reader` that keeps warnings and bounds. [`load`] does it for many.

pub mod document;
pub mod error;
pub mod file_name;
pub mod lint;
pub mod load;
pub mod warning;

mod extension;
mod field;
mod foreign;
mod model;
mod note;
mod place;
mod reader;
mod relationship;
mod schema;
mod score;
mod text;
mod tree;
mod vulnerability;

#[cfg(test)]
mod tests;
