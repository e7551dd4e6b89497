//! Advisories over the network: finding a provider, reading its lists, fetching its documents and checking them before
//! anything in them is read.
//!
//! What comes from outside is bounded in size and time, and nothing is connected to that the source does not allow.

pub mod address;
pub mod client;
pub mod digest;
pub mod directory;
pub mod discover;
pub mod error;
pub mod known;
pub mod metadata;
pub mod pace;
pub mod retrieve;
pub mod rolie;
pub mod signature;
