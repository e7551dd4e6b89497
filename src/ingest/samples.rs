//! The sample advisories that are embedded in the program, for trying it without a network.
//!
//! They say what real advisories say in our own words and are no base for judging a plant; whoever uses them must
//! show that they are samples. `sample_advisories/README.md` tells what each one shows.

/// One embedded file: its name in `sample_advisories/` and its bytes.
pub type SampleAdvisory = (&'static str, &'static [u8]);

macro_rules! embed {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../sample_advisories/", $name)).as_slice())),+]
    };
}

/// All embedded files as (file name, bytes), in order of name. One advisory is there in two revisions, of which
/// only the later counts.
pub const SAMPLE_ADVISORIES: &[SampleAdvisory] = embed![
    "icsa-19-043-02.json",
    "icsa-19-190-02.json",
    "icsa-19-227-04.json",
    "icsa-19-353-01.json",
    "icsa-20-308-01-revision-1.json",
    "icsa-20-308-01.json",
    "icsa-20-324-05.json",
    "icsa-21-096-01.json",
    "icsa-21-313-01.json",
    "icsa-22-172-01.json",
    "icsa-22-286-04.json",
    "icsa-23-222-07.json",
    "icsa-23-227-01.json",
    "icsa-23-229-03.json",
    "icsa-23-348-15.json",
    "icsa-24-226-09.json",
    "sample-2026-01.json",
    "sample-2026-02.json",
];

/// What a reader must be told wherever the samples are used.
pub const SAMPLE_NOTICE: &str = "built-in sample advisories; they are for trying the program, not for judging a plant";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded_in_order() {
        let mut in_folder: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/sample_advisories"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".json"))
            .collect();
        in_folder.sort();
        let embedded: Vec<&str> = SAMPLE_ADVISORIES.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, in_folder);
    }

    #[test]
    fn every_sample_says_that_it_is_one() {
        for (name, bytes) in SAMPLE_ADVISORIES {
            let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let publisher = &document["document"]["publisher"];
            assert!(publisher["name"].as_str().unwrap().starts_with("Nameplate samples"), "{name}");
            assert_eq!(publisher["namespace"], "https://nameplate.example/samples", "{name}");
            let notes = document["document"]["notes"].as_array().unwrap();
            assert!(notes.iter().any(|n| n["text"].as_str().unwrap().starts_with("This is a sample")), "{name}");
        }
    }
}
