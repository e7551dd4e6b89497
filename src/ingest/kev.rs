//! The list of known exploited vulnerabilities.
