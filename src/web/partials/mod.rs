//! What many pages show in the same way: badges, the standing bar, chips, the explanation. Each is a typed value whose
//! template begins with `_`; a page writes it as `{{ badge }}`.

mod badge;
mod chips;
mod standing;
mod text;
mod version_line;
mod why;

pub use badge::{SeverityBadge, StatusBadge, StatusSplit, SureBadge, VerdictBadge};
pub use chips::{Chip, Chips, Pager, SortLink};
pub use standing::{StandingBar, StandingList};
pub use text::{Identifier, Prose, Sentence, counted, grouped, host, other_columns};
pub use version_line::VersionLine;
pub use why::{Why, WhyPart};
