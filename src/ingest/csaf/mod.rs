//! CSAF 2.0 and 2.1 documents become [`Advisory`](crate::domain::advisory::Advisory) values with warnings.
