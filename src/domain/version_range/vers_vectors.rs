//! The published test vectors of package-url's vers for the schemes whose order is that of `docs/versions.md`: numbers
//! segment by segment, one letter behind them, previews before their release. Left out is what the vectors of one scheme
//! decide otherwise than those of another (`1.2` and `1.2beta` of intdot) and what no firmware shows (build metadata).

use std::cmp::Ordering;

use super::{DeviceReading, Place, VersionRange};
use crate::domain::firmware::{Firmware, Version};

/// Scheme, and versions in their order.
const ORDERED: &[(&str, &[&str])] = &[
    ("intdot", &["1.2", "1.10"]),
    ("intdot", &["1.2", "1.2.1"]),
    ("intdot", &["1.2.2", "1.0002.10"]),
    ("intdot", &["1.2beta", "1.2rc1", "1.10alpha"]),
    ("semver", &["1.0.0", "2.0.0", "2.1.0", "2.1.1"]),
    ("semver", &["1.0.0-alpha", "1.0.0-beta", "1.0.0-rc.1", "1.0.0"]),
    ("semver", &["1.0.0-beta.2", "1.0.0-beta.11"]),
    ("nuget", &["0.0.0", "1.0.0", "1.0.1", "1.1.0"]),
    ("nuget", &["1.999.9999", "2.1.1"]),
    ("nuget", &["1.0.0-BETA", "1.0.0-beta2"]),
    ("nuget", &["1.0.0", "1.0.0.1"]),
    ("nuget", &["1.0.0.1-alpha", "1.0.0.1-pre"]),
    ("nuget", &["1.0.0-pre", "1.0.0.1-alpha"]),
    ("nuget", &["1.0.0", "1.0.0.1-alpha"]),
    ("nuget", &["0.9.9.1", "1.0.0"]),
    ("openssl", &["1.0.0e", "1.0.0r"]),
    ("openssl", &["1.0.1f", "1.0.1m", "3.1.0"]),
    ("openssl", &["0.9.8", "0.9.8a", "1.0.1g", "1.0.1h", "1.0.2a", "3.0.3"]),
    ("openssl", &["1.1.1z", "3.0.0", "3.0.1", "3.0.2", "3.1.0"]),
    ("openssl", &["1.1.1ag", "4.1.11", "4.2.0"]),
    ("openssl", &["0.9.8ztl", "3.0.1"]),
    ("conan", &["1", "2"]),
    ("conan", &["1.0", "1.0.2", "1.1", "1.1.0.1"]),
    ("conan", &["1.3", "1.22"]),
    ("conan", &["1.1.3", "1.1.22"]),
    ("conan", &["1.1.1.3", "1.1.1.22"]),
    ("conan", &["1.1.1.1.3", "1.1.1.1.22"]),
    ("conan", &["1.0", "1.2", "1.3.1", "2"]),
    ("conan", &["1.1", "1.1a"]),
    ("conan", &["1.1-pre1", "1.1-pre2"]),
    ("conan", &["1.1-alpha.3", "1.1-alpha.22"]),
    ("conan", &["1.1-alpha.1", "1.1", "1.2-alpha1"]),
    ("conan", &["1.1-alpha.1", "1.1.0"]),
];

/// Scheme, and versions that are one.
const EQUAL: &[(&str, &[&str])] = &[
    ("intdot", &["1.2.3", "01.002.0003"]),
    ("intdot", &["1.0002.10", "1.02.0010"]),
    ("nuget", &["1.0", "1.0.0", "1.0.0.0"]),
    ("nuget", &["1.0.0-BETA", "1.0.0-beta"]),
    ("nuget", &["1.0.01", "1.0.1.0"]),
    ("openssl", &["1.1.1ag", "1.1.1ag"]),
    ("conan", &["1", "1.0", "1.0.0", "1.0.0.0"]),
    ("conan", &["1-pre1", "1.0-pre1", "1.0.0-pre1"]),
];

/// A range, a version, and whether it lies inside.
const CONTAINED: &[(&str, &str, bool)] = &[
    ("vers:intdot/>=1.2|<2.0", "1.5.0", true),
    ("vers:intdot/>=1.2|<2.0", "2.0", false),
    ("vers:npm/*", "1.0.0", true),
    ("vers:npm/>=1.0.0|<2.0.0", "1.0.0", true),
    ("vers:npm/>=1.0.0|<2.0.0", "2.0.0", false),
    ("vers:pypi/<=1.3.0|3.0.0", "1.0.0", true),
    ("vers:pypi/<=1.3.0|3.0.0", "3.0.0", true),
    ("vers:pypi/<=1.3.0|3.0.0", "2.0.0", false),
    ("vers:pypi/>0.0.2", "0.0.3", true),
    ("vers:pypi/<0.0.2", "0.0.0.1", true),
    ("vers:pypi/>=1.0.0|<=2.0.0", "1.5", true),
    ("vers:pypi/>=1.0.0|<=2.0.0", "2.0.3", false),
    ("vers:pypi/>=1.0.0|<=2.0.0", "0.0.9", false),
    ("vers:pypi/>=3.0.0|2.0.3", "2.0.3", true),
    ("vers:pypi/>=3.0.0|!=2.0.3", "2.0.3", false),
    ("vers:pypi/<=1.0.0|>=2.0.0", "1.5", false),
    ("vers:pypi/0.0.2|0.0.6|>=3.0.0|0.0.1|0.0.4|0.0.5|0.0.3", "2.0.3", false),
    ("vers:pypi/0.0.2|0.0.6|>=3.0.0|0.0.1|0.0.4|0.0.5|0.0.3", "0.0.4", true),
];

fn version(text: &str) -> Version {
    let firmware = Firmware::read(text);
    firmware.main().cloned().unwrap_or_else(|| panic!("`{text}` is no version"))
}

#[test]
fn versions_have_the_order_of_their_scheme() {
    let mut wrong = String::new();
    for (scheme, versions) in ORDERED {
        for (n, before) in versions.iter().enumerate() {
            for after in &versions[n + 1..] {
                let found = version(before).order(&version(after));
                if found != Some(Ordering::Less) {
                    wrong.push_str(&format!("{scheme}: `{before}` against `{after}` is {found:?}\n"));
                }
            }
        }
    }
    for (scheme, versions) in EQUAL {
        for pair in versions.windows(2) {
            let found = version(pair[0]).order(&version(pair[1]));
            if found != Some(Ordering::Equal) {
                wrong.push_str(&format!("{scheme}: `{}` against `{}` is {found:?}\n", pair[0], pair[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn ranges_contain_what_their_vectors_say() {
    let mut wrong = String::new();
    for (range, version, inside) in CONTAINED {
        let firmware = Firmware::read(version);
        let device = DeviceReading { firmware: &firmware, serial_number: "", hardware_revision: "" };
        let found = VersionRange::read(range, "").place(device);
        let expected = if *inside { Place::Inside } else { Place::Outside };
        if found != expected {
            wrong.push_str(&format!("`{range}` with `{version}`: {found:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
