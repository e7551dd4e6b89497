//! The formats of texts. Whole documents with one mutation each stand in `tests/it/schema.rs`.

use super::check_schema;
use super::form::Form;
use super::shape::Edition;

#[test]
fn texts_have_the_forms_of_the_standard() {
    for (form, text, expected) in [
        (Form::Uri, "urn:uuid:7c1b0f6e", true),
        (Form::Uri, "https://a.example:8080/p;x=1?q=%C3%BC", true),
        (Form::Uri, "https://a.example:port/", false),
        (Form::Uri, "1ttp://a.example", false),
        (Form::Uri, "https://[nonsense]/", false),
        (Form::Uri, "https:", false),
        (Form::Instant, "2024-02-29T23:59:59.123456Z", true),
        (Form::Instant, "2023-02-29T00:00:00Z", false),
        (Form::Instant, "2024-01-01T00:00:00.Z", false),
        (Form::Instant, "2024-01-01T00:00:00-24:00", false),
        (Form::Instant, "2024-01-01 00:00:00Z", false),
        (Form::Instant, "2024-01-01Tü0:00:00Z", false),
        (Form::Language, "sl-rozaj-biske", true),
        (Form::Language, "de-u-co-phonebk", true),
        (Form::Language, "de-u", false),
        (Form::Language, "", false),
        (Form::Cpe, r"cpe:2.3:a:f\:g:gw\\:1.0:*:*:*:*:*:*:*", true),
        (Form::Cpe, r"cpe:2.3:a:f:gw:1.0:*:*:deu-276:*:*:*:*", true),
        (Form::Cpe, r"cpe:2.3:a:f:gw:1.0:*:*:german:*:*:*:*", false),
        (Form::Cpe, r"cpe:2.3:a:f:gw:1\ 0:*:*:*:*:*:*:*", false),
        (Form::Cpe, "CPE:/O:feldbus:gw:%7e", true),
        (Form::Cpe, "cpe:/a:1:2:3:4:5:6:7", false),
        (Form::Cpe, "cpeü:", false),
        (Form::Purl, "pkg:deb/debian/curl@7.50.3-1?arch=i386", true),
        (Form::Purl, "pkg:1deb/curl", false),
        (Form::Purl, "pkg:deb/with blank", false),
        (Form::Cwe, "CWE-1000000", false),
        (Form::CweVersion, "4.0.1", true),
        (Form::CweVersion, "0.1", false),
        (Form::Probability, "0.", false),
        (Form::Probability, "1.01", false),
        (Form::Label, "", false),
        (Form::GroupId, "ffffffff-ffff-ffff-ffff-ffffffffffff", true),
        (Form::GroupId, "7c1b0f6e-9f0e-1d3b-8a51-0a5c6d7e8f90", false),
    ] {
        assert_eq!(form.misses(text, Edition::V2_0).is_none(), expected, "{form:?} {text}");
    }
}

#[test]
fn deviations_are_counted_beyond_what_is_listed() {
    let items = vec!["7"; 2_000].join(",");
    let found = check_schema(format!(r#"{{"document": [{items}], "vulnerabilities": [{items}]}}"#).as_bytes(), "2.0");
    assert_eq!(found.len(), 501);
    assert!(found[500].detail.contains("1501 more"), "{}", found[500].detail);
}
