//! The pages: one file a page, or a folder where a page has several.

pub mod accounts;
pub mod acts;
pub mod alerts;
pub mod inventories;
pub mod jobs;
pub mod login;
pub mod overview;
pub mod plans;
pub mod remediation;
pub mod reports;
pub mod review;
