//! Order numbers: normal form, wildcards and vendor schemes.
