//! The pages: one file a page, or a folder where a page has several.

pub mod accounts;
pub mod acts;
pub mod advisories;
pub mod advisory;
pub mod alerts;
pub mod asset;
pub mod assets;
pub mod check;
pub mod exposures;
pub mod help;
pub mod inventories;
pub mod jobs;
pub mod login;
pub mod nameplate;
pub mod overview;
pub mod plans;
pub mod remediation;
pub mod reports;
pub mod rescans;
pub mod review;
pub mod search;
pub mod settings;
pub mod site;
pub mod sites;
pub mod sources;
pub mod start;
