//! The shapes of CSAF 2.0 and 2.1. What only one edition has, or has otherwise, says so.
//!
//! Of 2.1, what its drafts and its final text name differently is known in both ways: product paths and relationships,
//! SSVC of both versions.

use super::form::Form;
use super::shape::Edition::{V2_0, V2_1};
use super::shape::{Member, Object, Shape, list, may, need, object, object_of, set};
use crate::domain::cvss::Generation;

static TEXT: Shape = Shape::Text(Form::Filled);
static URI: Shape = Shape::Text(Form::Uri);
static INSTANT: Shape = Shape::Text(Form::Instant);
static VERSION: Shape = Shape::Text(Form::Version);
static LANGUAGE: Shape = Shape::Text(Form::Language);
static LABEL: Shape = Shape::Text(Form::Label);
static PROBABILITY: Shape = Shape::Text(Form::Probability);
static ANYTHING: Shape = Shape::Anything;

static TEXTS: Shape = list(&TEXT);
static TEXT_SET: Shape = set(1, &TEXT);
static URIS: Shape = list(&URI);

static EXTENSIONS: Shape = list(&EXTENSION);
static EXTENSION: Shape =
    object(&[need("$schema", &URI), may("category", &TEXT), may("critical", &Shape::Flag), may("content", &ANYTHING)]);

const fn extensions() -> Member {
    may("x_extensions", &EXTENSIONS).only(V2_1)
}

/// The document as a whole.
pub static ROOT: Shape = object(&[
    need("$schema", &Shape::Words(&["https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"])).only(V2_1),
    need("document", &DOCUMENT),
    may("product_tree", &PRODUCT_TREE),
    may("vulnerabilities", &VULNERABILITIES),
    extensions(),
]);

static DOCUMENT: Shape = object(&[
    may("acknowledgments", &ACKNOWLEDGMENTS),
    may("aggregate_severity", &AGGREGATE_SEVERITY),
    need("category", &LABEL),
    need("csaf_version", &Shape::Words(&["2.0"])).only(V2_0),
    need("csaf_version", &Shape::Words(&["2.1"])).only(V2_1),
    may("distribution", &DISTRIBUTION_2_0).only(V2_0),
    need("distribution", &DISTRIBUTION_2_1).only(V2_1),
    may("lang", &LANGUAGE),
    may("license_expression", &TEXT).only(V2_1),
    may("notes", &NOTES),
    need("publisher", &PUBLISHER),
    may("references", &REFERENCES),
    may("source_lang", &LANGUAGE),
    need("title", &TEXT),
    need("tracking", &TRACKING),
    extensions(),
]);

static ACKNOWLEDGMENTS: Shape = list(&ACKNOWLEDGMENT);
static ACKNOWLEDGMENT: Shape =
    object_of(1, &[may("names", &TEXTS), may("organization", &TEXT), may("summary", &TEXT), may("urls", &URIS)]);

static AGGREGATE_SEVERITY: Shape = object(&[may("namespace", &URI), need("text", &TEXT)]);

static DISTRIBUTION_2_0: Shape = object_of(1, &[may("text", &TEXT), may("tlp", &TLP_2_0)]);
static TLP_2_0: Shape = object(&[need("label", &Shape::Words(&["AMBER", "GREEN", "RED", "WHITE"])), may("url", &URI)]);

static DISTRIBUTION_2_1: Shape =
    object(&[may("sharing_group", &SHARING_GROUP), may("text", &TEXT), need("tlp", &TLP_2_1)]);
static SHARING_GROUP: Shape = object(&[need("id", &Shape::Text(Form::GroupId)), may("name", &TEXT)]);
static TLP_2_1: Shape =
    object(&[need("label", &Shape::Words(&["AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED"])), may("url", &URI)]);

static NOTES: Shape = list(&NOTE);
static NOTE: Shape = object(&[
    may("audience", &TEXT),
    need(
        "category",
        &Shape::Words(&["description", "details", "faq", "general", "legal_disclaimer", "other", "summary"]),
    ),
    may("group_ids", &TEXT_SET).only(V2_1),
    may("product_ids", &TEXT_SET).only(V2_1),
    need("text", &TEXT),
    may("title", &TEXT),
]);

static PUBLISHER: Shape = object(&[
    need("category", &Shape::Words(&["coordinator", "discoverer", "other", "translator", "user", "vendor"])).only(V2_0),
    need(
        "category",
        &Shape::Words(&["coordinator", "discoverer", "multiplier", "other", "translator", "user", "vendor"]),
    )
    .only(V2_1),
    may("contact_details", &TEXT),
    may("issuing_authority", &TEXT),
    need("name", &TEXT),
    need("namespace", &URI),
]);

static REFERENCES: Shape = list(&REFERENCE);
static REFERENCE: Shape =
    object(&[may("category", &Shape::Words(&["external", "self"])), need("summary", &TEXT), need("url", &URI)]);

static TRACKING: Shape = object(&[
    may("aliases", &TEXT_SET),
    need("current_release_date", &INSTANT),
    may("generator", &GENERATOR),
    need("id", &Shape::Text(Form::TrackingId)),
    need("initial_release_date", &INSTANT),
    need("revision_history", &REVISIONS),
    need("status", &Shape::Words(&["draft", "final", "interim"])),
    need("version", &VERSION),
]);
static GENERATOR: Shape = object(&[may("date", &INSTANT), need("engine", &ENGINE)]);
static ENGINE: Shape = object(&[need("name", &TEXT), may("version", &TEXT)]);
static REVISIONS: Shape = list(&REVISION);
static REVISION: Shape =
    object(&[need("date", &INSTANT), may("legacy_version", &TEXT), need("number", &VERSION), need("summary", &TEXT)]);

static PRODUCT_TREE: Shape = object_of(
    1,
    &[
        may("branches", &BRANCHES),
        may("full_product_names", &PRODUCTS),
        may("product_groups", &PRODUCT_GROUPS),
        may("product_paths", &PRODUCT_PATHS).only(V2_1),
        may("relationships", &RELATIONSHIPS),
    ],
);

static BRANCHES: Shape = list(&BRANCH);
static BRANCH: Shape = Shape::Object(Object {
    members: &[
        may("branches", &BRANCHES),
        need(
            "category",
            &Shape::Words(&[
                "architecture",
                "host_name",
                "language",
                "legacy",
                "patch_level",
                "product_family",
                "product_name",
                "product_version",
                "product_version_range",
                "service_pack",
                "specification",
                "vendor",
            ]),
        )
        .only(V2_0),
        need(
            "category",
            &Shape::Words(&[
                "architecture",
                "host_name",
                "language",
                "patch_level",
                "platform",
                "product_family",
                "product_name",
                "product_version",
                "product_version_range",
                "service_pack",
                "specification",
                "vendor",
            ]),
        )
        .only(V2_1),
        need("name", &TEXT),
        may("product", &PRODUCT),
    ],
    // Either a product or further branches.
    least: 3,
    most: Some(3),
});

static PRODUCTS: Shape = list(&PRODUCT);
static PRODUCT: Shape = object(&[
    need("name", &TEXT),
    need("product_id", &TEXT),
    may("product_identification_helper", &HELPER),
    extensions(),
]);

static HELPER: Shape = object_of(
    1,
    &[
        may("cpe", &Shape::Text(Form::Cpe)),
        may("hashes", &HASHES),
        may("model_numbers", &TEXT_SET),
        may("purl", &PURL).only(V2_0),
        may("purls", &PURLS).only(V2_1),
        may("sbom_urls", &URIS),
        may("serial_numbers", &TEXT_SET),
        may("skus", &TEXTS),
        may("x_generic_uris", &GENERIC_URIS),
    ],
);
static PURL: Shape = Shape::Text(Form::Purl);
static PURLS: Shape = set(1, &PURL);
static HASHES: Shape = list(&HASH);
static HASH: Shape = object(&[need("file_hashes", &FILE_HASHES), need("filename", &TEXT)]);
static FILE_HASHES: Shape = list(&FILE_HASH);
static FILE_HASH: Shape = object(&[need("algorithm", &TEXT), need("value", &Shape::Text(Form::Digest))]);
static GENERIC_URIS: Shape = list(&GENERIC_URI);
static GENERIC_URI: Shape = object(&[need("namespace", &URI), need("uri", &URI)]);

static PRODUCT_GROUPS: Shape = list(&PRODUCT_GROUP);
static PRODUCT_GROUP: Shape =
    object(&[need("group_id", &TEXT), need("product_ids", &MEMBERS_OF_GROUP), may("summary", &TEXT)]);
static MEMBERS_OF_GROUP: Shape = set(2, &TEXT);

static LINKS: Shape = Shape::Words(&[
    "default_component_of",
    "external_component_of",
    "installed_on",
    "installed_with",
    "optional_component_of",
]);
static RELATIONSHIPS: Shape = list(&RELATIONSHIP);
static RELATIONSHIP: Shape = object(&[
    need("category", &LINKS),
    need("full_product_name", &PRODUCT),
    need("product_reference", &TEXT),
    need("relates_to_product_reference", &TEXT),
]);
static PRODUCT_PATHS: Shape = list(&PRODUCT_PATH);
static PRODUCT_PATH: Shape = object(&[
    need("beginning_product_reference", &TEXT),
    need("full_product_name", &PRODUCT),
    need("subpaths", &SUBPATHS),
]);
static SUBPATHS: Shape = list(&SUBPATH);
static SUBPATH: Shape = object(&[need("category", &LINKS), need("next_product_reference", &TEXT)]);

static VULNERABILITIES: Shape = list(&VULNERABILITY);
static VULNERABILITY: Shape = object_of(
    1,
    &[
        may("acknowledgments", &ACKNOWLEDGMENTS),
        may("cve", &Shape::Text(Form::Cve)),
        may("cwe", &CWE_2_0).only(V2_0),
        may("cwes", &CWES).only(V2_1),
        may("disclosure_date", &INSTANT).only(V2_1),
        may("discovery_date", &INSTANT),
        may("first_known_exploitation_dates", &EXPLOITATIONS).only(V2_1),
        may("flags", &FLAGS),
        may("ids", &IDS),
        may("involvements", &INVOLVEMENTS),
        may("metrics", &METRICS).only(V2_1),
        may("notes", &NOTES),
        may("product_status", &STATUS),
        may("references", &REFERENCES),
        may("release_date", &INSTANT).only(V2_0),
        may("remediations", &REMEDIATIONS),
        may("scores", &SCORES).only(V2_0),
        may("threats", &THREATS),
        may("title", &TEXT),
        extensions(),
    ],
);

static CWE_2_0: Shape = object(&[need("id", &Shape::Text(Form::Cwe)), need("name", &TEXT)]);
static CWES: Shape = set(1, &CWE_2_1);
static CWE_2_1: Shape = object(&[
    need("id", &Shape::Text(Form::Cwe)),
    need("name", &LABEL),
    need("version", &Shape::Text(Form::CweVersion)),
]);

static EXPLOITATIONS: Shape = set(1, &EXPLOITATION);
static EXPLOITATION: Shape = object_of(
    3,
    &[
        need("date", &INSTANT),
        need("exploitation_date", &INSTANT),
        may("group_ids", &TEXT_SET),
        may("product_ids", &TEXT_SET),
    ],
);

static FLAGS: Shape = set(1, &FLAG);
static FLAG: Shape = object(&[
    may("date", &INSTANT),
    may("group_ids", &TEXT_SET),
    need(
        "label",
        &Shape::Words(&[
            "component_not_present",
            "inline_mitigations_already_exist",
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "vulnerable_code_not_in_execute_path",
            "vulnerable_code_not_present",
        ]),
    ),
    may("product_ids", &TEXT_SET),
]);

static IDS: Shape = set(1, &ID);
static ID: Shape = object(&[need("system_name", &TEXT), need("text", &TEXT)]);

static INVOLVEMENTS: Shape = set(1, &INVOLVEMENT);
static INVOLVEMENT: Shape = object(&[
    may("contact", &TEXT).only(V2_1),
    may("date", &INSTANT),
    may("group_ids", &TEXT_SET).only(V2_1),
    need("party", &Shape::Words(&["coordinator", "discoverer", "other", "user", "vendor"])),
    may("product_ids", &TEXT_SET).only(V2_1),
    need(
        "status",
        &Shape::Words(&["completed", "contact_attempted", "disputed", "in_progress", "not_contacted", "open"]),
    ),
    may("summary", &TEXT),
]);

static SCORES: Shape = list(&SCORE);
static SCORE: Shape = object_of(2, &[may("cvss_v2", &CVSS_V2), may("cvss_v3", &CVSS_V3), need("products", &TEXT_SET)]);
static CVSS_V2: Shape = Shape::Cvss(Generation::V2);
static CVSS_V3: Shape = Shape::Cvss(Generation::V3);
static CVSS_V4: Shape = Shape::Cvss(Generation::V4);

static METRICS: Shape = set(1, &METRIC);
static METRIC: Shape = object(&[need("content", &METRIC_CONTENT), need("products", &TEXT_SET), may("source", &URI)]);
static METRIC_CONTENT: Shape = object_of(
    1,
    &[
        may("cvss_v2", &CVSS_V2),
        may("cvss_v3", &CVSS_V3),
        may("cvss_v4", &CVSS_V4),
        may("epss", &EPSS),
        may("qualitative_severity_rating", &Shape::Words(&["critical", "high", "low", "medium", "none"])),
        may("ssvc_v1", &ANYTHING),
        may("ssvc_v2", &ANYTHING),
        extensions(),
    ],
);
static EPSS: Shape =
    object(&[need("percentile", &PROBABILITY), need("probability", &PROBABILITY), need("timestamp", &INSTANT)]);

static STATUS: Shape = object_of(
    1,
    &[
        may("first_affected", &TEXT_SET),
        may("first_fixed", &TEXT_SET),
        may("fixed", &TEXT_SET),
        may("known_affected", &TEXT_SET),
        may("known_not_affected", &TEXT_SET),
        may("last_affected", &TEXT_SET),
        may("recommended", &TEXT_SET),
        may("under_investigation", &TEXT_SET),
        may("unknown", &TEXT_SET).only(V2_1),
    ],
);

static REMEDIATIONS: Shape = list(&REMEDIATION);
static REMEDIATION: Shape = object(&[
    need("category", &Shape::Words(&["mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"]))
        .only(V2_0),
    need(
        "category",
        &Shape::Words(&[
            "fix_planned",
            "mitigation",
            "no_fix_planned",
            "none_available",
            "optional_patch",
            "vendor_fix",
            "workaround",
        ]),
    )
    .only(V2_1),
    may("date", &INSTANT),
    need("details", &TEXT),
    may("entitlements", &TEXTS),
    may("group_ids", &TEXT_SET),
    may("product_ids", &TEXT_SET),
    may("restart_required", &RESTART),
    may("url", &URI),
]);
static RESTART: Shape = object(&[
    need(
        "category",
        &Shape::Words(&[
            "connected",
            "dependencies",
            "machine",
            "none",
            "parent",
            "service",
            "system",
            "vulnerable_component",
            "zone",
        ]),
    ),
    may("details", &TEXT),
]);

static THREATS: Shape = list(&THREAT);
static THREAT: Shape = object(&[
    need("category", &Shape::Words(&["exploit_status", "impact", "target_set"])),
    may("date", &INSTANT),
    need("details", &TEXT),
    may("group_ids", &TEXT_SET),
    may("product_ids", &TEXT_SET),
]);
