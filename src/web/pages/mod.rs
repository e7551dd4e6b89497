//! The pages: one file a page, or a folder where a page has several.

pub mod overview;
