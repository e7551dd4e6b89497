//! The verbs: one file is one thing the product does, whole.

pub mod accounts;
pub mod add_advisories;
pub mod aliases;
pub mod assets;
pub mod column_choice;
pub mod explain_match;
pub mod firmware_doubt;
pub mod import_inventory;
pub mod jobs;
pub mod judge;
pub mod lint_advisories;
pub mod load_advisories;
pub mod load_epss;
pub mod load_kev;
pub mod move_database;
pub mod oidc;
pub mod progress;
pub mod report_rows;
pub mod rescan;
pub mod scan;
pub mod search_advisories;
pub mod show_advisory;
pub mod stored_report;
pub mod survey;
pub mod undo_import;
pub mod worklist;
