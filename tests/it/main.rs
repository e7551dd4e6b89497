//! What needs more than one part of the program: one binary, one module a subject. `database` gives every test its own
//! database, on SQLite and on PostgreSQL.

mod database;

mod acceptance;
mod accounts;
mod acts;
mod api;
mod browser;
mod bundle;
mod cli;
mod conformance;
mod documents;
mod doors;
mod drafts;
mod faults;
mod fetch;
mod identifiers;
mod import;
mod jobs;
mod matrix;
mod nightly;
mod oidc;
mod pages;
mod provider;
mod query_plans;
mod reports;
mod revisions;
mod schema;
mod several;
mod soak;
mod store;
mod threats;
mod tlp;
mod tls;
mod transfer;
mod triage;
mod upload;
