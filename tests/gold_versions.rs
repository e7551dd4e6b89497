//! Scores the reading of version texts against labelled pairs, where the environment names a folder that holds them
//! (`NAMEPLATE_GOLD`, with `versions/truth.jsonl`): one pair of version text and firmware a line.

use nameplate::domain::firmware::Firmware;
use nameplate::domain::version_range::{DeviceReading, Place, VersionRange};
use std::path::Path;

#[test]
fn labelled_pairs_are_answered_as_labelled() {
    let Ok(folder) = std::env::var("NAMEPLATE_GOLD") else { return };
    let file = Path::new(&folder).join("versions").join("truth.jsonl");
    let truth = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("cannot read `{}`: {e}", file.display()));
    let (mut n_pairs, mut n_exact, mut n_unsafe) = (0, 0, 0);
    let mut misses = String::new();
    for line in truth.lines().filter(|line| !line.trim().is_empty()) {
        let pair: serde_json::Value = serde_json::from_str(line).expect("one JSON object a line");
        let text = |key: &str| pair[key].as_str().unwrap_or_default().to_owned();
        let range = VersionRange::read(&text("version_text"), &text("product_name"));
        let firmware = Firmware::read(&text("firmware"));
        let answer = range.answer(DeviceReading { firmware: &firmware, serial_number: "", hardware_revision: "" });
        let found = match answer.place {
            Place::Inside => "affected",
            Place::Unclear => "possible",
            Place::Outside => "not_affected",
        };
        n_pairs += 1;
        if found == text("verdict") {
            n_exact += 1;
            continue;
        }
        n_unsafe += usize::from(found == "not_affected" && text("verdict") == "affected");
        misses.push_str(&format!(
            "{} `{}` with `{}`: {found}, labelled {} ({})\n    {} / {}\n",
            text("asset_id"),
            text("version_text"),
            text("firmware"),
            text("verdict"),
            text("why"),
            answer.sentence,
            range.in_words(),
        ));
    }
    println!("{misses}{n_exact} of {n_pairs} as labelled, {n_unsafe} not affected where affected");
    assert_eq!(n_unsafe, 0, "not affected where the label says affected:\n{misses}");
    assert!(n_exact * 100 >= n_pairs * 97, "only {n_exact} of {n_pairs} pairs are answered as labelled:\n{misses}");
}
