//! Devices that are known by an identifier of their row alone: CPE, package URL and digest of the firmware go from the sheet
//! through the database to the verdict and its evidence.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::database::{TestDatabase, on_both};

on_both!(identifiers_of_a_sheet_decide_where_names_say_nothing,);

const DIGITS: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The box is sold under other names than the advisory's.
const DEVICES: &str = "Tag,Manufacturer,Model,Firmware,CPE,PURL,Firmware SHA-256\n\
    D1,OEM,Box 7,1.4,cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*,,\n\
    D2,OEM,Box 7,2.1,cpe:/h:feldbus:gw-4,,\n\
    D3,OEM,Box 8,,,pkg:generic/feldbus/gw@1.3?arch=arm,\n\
    D4,OEM,Box 9,,,,9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08\n\
    D5,OEM,Box 9,,,,9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A09\n\
    D6,OEM,Box 7,1.4,,,\n";

fn advisory() -> Value {
    let product = |id: &str, name: &str, range: &str, helper: Value| {
        json!({ "category": "product_version_range", "name": range, "product": {
            "product_id": id, "name": format!("Feldbus {name} {range}"), "product_identification_helper": helper } })
    };
    json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Gateways of Feldbus",
            "publisher": { "category": "vendor", "name": "Feldbus", "namespace": "https://feldbus.example" },
            "tracking": { "id": "FB-1", "status": "final", "version": "1",
                "initial_release_date": "2026-11-20T10:00:00Z", "current_release_date": "2026-11-20T10:00:00Z",
                "revision_history": [{ "number": "1", "date": "2026-11-20T10:00:00Z", "summary": "first" }] }
        },
        "product_tree": { "branches": [{ "category": "vendor", "name": "Feldbus", "branches": [
            { "category": "product_name", "name": "Gateway GW-4", "branches": [
                product("P1", "Gateway GW-4", "<2.0", json!({ "cpe": "cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*" })),
                product("P2", "Gateway GW-4", ">=1.3|<1.4", json!({ "purl": "pkg:generic/feldbus/gw@1.3" })),
                product("P3", "Gateway GW-4", "<1.2", json!({ "hashes": [{ "filename": "gw.bin",
                    "file_hashes": [{ "algorithm": "sha256", "value": DIGITS }] }] })),
            ] }
        ] }] },
        "vulnerabilities": [{ "cve": "CVE-2026-0001", "product_status": { "known_affected": ["P1", "P2", "P3"] },
            "remediations": [{ "category": "vendor_fix", "details": "Update.", "product_ids": ["P1", "P2", "P3"] }] }]
    })
}

async fn identifiers_of_a_sheet_decide_where_names_say_nothing(database: &TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("devices.csv"), DEVICES).unwrap();
    std::fs::write(folder.path().join("fb-1.json"), advisory().to_string()).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nameplate"));
        command.current_dir(folder.path()).env_clear().env("NAMEPLATE_DATABASE", &database.url);
        let output = command.env("NAMEPLATE_DATA_DIR", folder.path()).args(arguments).stdin(Stdio::null()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["import", "devices.csv", "--site", "North"]);
    run(&["advisory", "add", "fb-1.json"]);
    run(&["rescan"]);
    let report: Value = serde_json::from_str(&run(&["report", "--site", "North", "--format", "json"])).unwrap();
    let mut rows: Vec<String> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row["asset_id"].as_str().unwrap(), row["verdict"].as_str().unwrap()))
        .collect();
    rows.sort();
    assert_eq!(rows, ["D1 affected", "D3 affected", "D4 affected"], "{report}");
    for (tag, part, sentence) in [
        ("D1", "by the CPE `cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*`", "1.4 is below 2.0"),
        (
            "D2",
            "by the CPE `cpe:2.3:h:feldbus:gw-4:-:*:*:*:*:*:*:*`, yours is `cpe:/h:feldbus:gw-4`",
            "Not affected: 2.1",
        ),
        ("D3", "`product_identification_helper/purl", "the advisory names this very version by the package URL"),
        ("D4", "`product_identification_helper/hashes`", "the advisory names this very version by the file digest"),
    ] {
        let told = run(&["explain", "--asset", tag]);
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(part) && told.contains(sentence), "{tag}: {told}");
    }
}
