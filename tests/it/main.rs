//! What needs more than one part of the program: one binary, one module a subject. `database` gives every test its own
//! database, on SQLite and on PostgreSQL.

mod database;

mod accounts;
mod api;
mod browser;
mod cli;
mod documents;
mod doors;
mod drafts;
mod import;
mod jobs;
mod nightly;
mod revisions;
mod store;
mod transfer;
mod triage;
mod upload;
