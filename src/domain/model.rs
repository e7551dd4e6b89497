//! Model names: designators, family words, series and placeholders.
