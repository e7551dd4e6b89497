//! The objects `cvss_v2`, `cvss_v3` and `cvss_v4`: their shape, and whether what is written out agrees with the vector.

use serde_json::{Map, Value};

use super::super::field::Kind;
use super::super::place::Place;
use super::super::reader::{Reader, shorten};
use super::super::warning::CsafWarningKind;
use crate::domain::cvss::{Generation, Vector, metrics_of};
use crate::domain::priority::Severity;

/// Scores and the member that rates each, if there is one.
const SCORES: [(&str, Option<&str>); 4] = [
    ("baseScore", Some("baseSeverity")),
    ("temporalScore", Some("temporalSeverity")),
    ("threatScore", Some("threatSeverity")),
    ("environmentalScore", Some("environmentalSeverity")),
];

/// Checks one object against the data representation of its generation.
///
/// # Source
///
/// FIRST, JSON schemas of CVSS v2.0, v3.0, v3.1 and v4.0; CSAF 2.0 and 2.1, tests 6.1.8 to 6.1.10.
pub fn check_cvss(value: &Value, generation: Generation, place: &Place<'_>, reader: &mut Reader) {
    let mut deviates = |place: &Place<'_>, detail: String| reader.warn(CsafWarningKind::Schema, place, detail);
    let Value::Object(object) = value else {
        deviates(place, format!("expected an object, found {}", Kind::of(value).word()));
        return;
    };
    let needed = ["version", "vectorString", "baseScore", "baseSeverity"];
    let needed = if generation == Generation::V2 { &needed[..3] } else { &needed[..] };
    for key in needed.iter().filter(|key| !object.contains_key(**key)) {
        deviates(place, format!("expected `{key}`, found none"));
    }
    let versions: &[&str] = match generation {
        Generation::V2 => &["2.0"],
        Generation::V3 => &["3.0", "3.1"],
        Generation::V4 => &["4.0"],
    };
    expect_word(object, "version", versions, place, &mut deviates);
    let version = object.get("version").and_then(Value::as_str);
    if let Some(text) = object.get("vectorString") {
        let read = text.as_str().and_then(Vector::read).filter(|vector| vector.generation == generation);
        let is_wrong = match &read {
            None => true,
            Some(vector) if generation == Generation::V4 => !vector.is_in_order(),
            Some(vector) => version.is_some_and(|version| versions.contains(&version) && version != vector.version),
        };
        if is_wrong {
            let found =
                text.as_str().map_or_else(|| Kind::of(text).word().to_owned(), |text| format!("`{}`", shorten(text)));
            let of = version.filter(|version| versions.contains(version)).unwrap_or(versions[versions.len() - 1]);
            deviates(&place.key("vectorString"), format!("expected a vector of CVSS {of}, found {found}"));
        }
    }
    for metric in metrics_of(generation) {
        let words: Vec<&str> = metric.values.iter().map(|(_, word)| *word).collect();
        expect_word(object, metric.member, &words, place, &mut deviates);
    }
    for (key, rating) in SCORES {
        check_score(object, generation, key, rating, place, &mut deviates);
    }
    check_agreement(object, generation, place, reader);
}

fn expect_word(
    object: &Map<String, Value>,
    key: &str,
    words: &[&str],
    place: &Place<'_>,
    deviates: &mut dyn FnMut(&Place<'_>, String),
) {
    let expected = words.join(", ");
    match object.get(key) {
        Some(Value::String(word)) if !words.contains(&word.as_str()) => {
            deviates(&place.key(key), format!("expected one of {expected}, found `{}`", shorten(word)));
        }
        None | Some(Value::String(_)) => {}
        Some(other) => {
            deviates(&place.key(key), format!("expected one of {expected}, found {}", Kind::of(other).word()))
        }
    }
}

/// A score from 0 to 10 with its rating; in version 4.0 they belong together.
fn check_score(
    object: &Map<String, Value>,
    generation: Generation,
    key: &str,
    rating: Option<&str>,
    place: &Place<'_>,
    deviates: &mut dyn FnMut(&Place<'_>, String),
) {
    const RATINGS: [&str; 5] = ["NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
    let is_known = match generation {
        Generation::V2 | Generation::V3 => key != "threatScore",
        Generation::V4 => key != "temporalScore",
    };
    if !is_known {
        return;
    }
    let score = object.get(key).map(|value| (value, value.as_f64().filter(|score| (0.0..=10.0).contains(score))));
    if let Some((value, None)) = &score {
        deviates(&place.key(key), format!("expected a number from 0 to 10, found `{}`", shorten(&value.to_string())));
    }
    let Some(rating) = rating.filter(|_| generation != Generation::V2) else { return };
    expect_word(object, rating, &RATINGS, place, deviates);
    if generation == Generation::V4
        && let Some((_, Some(score))) = score
        && let Some(word) = object.get(rating).and_then(Value::as_str)
        && RATINGS.contains(&word)
        && !Severity::of_score(score as f32).word().eq_ignore_ascii_case(word)
    {
        deviates(&place.key(rating), format!("expected the rating of {score}, found `{word}`"));
    }
}

/// Tells what contradicts the vector, which leads.
fn check_agreement(object: &Map<String, Value>, generation: Generation, place: &Place<'_>, reader: &mut Reader) {
    let vector = object.get("vectorString").and_then(Value::as_str).and_then(Vector::read);
    let Some(vector) = vector.filter(|vector| vector.generation == generation) else { return };
    for metric in metrics_of(generation) {
        let Some(written) = object.get(metric.member).and_then(Value::as_str) else { continue };
        // What a vector leaves out is not defined.
        let meant = match vector.value(metric.code) {
            Some(value) => metric.word(value),
            None if metric.is_base => None,
            None => Some("NOT_DEFINED"),
        };
        if let Some(meant) = meant.filter(|meant| *meant != written) {
            let detail = format!("the vector says {meant}, this says `{}`; the vector counts", shorten(written));
            reader.warn(CsafWarningKind::ContradictingScore, &place.key(metric.member), detail);
        }
    }
    let (Some(score), Some(written)) = (vector.base_score(), object.get("baseSeverity").and_then(Value::as_str)) else {
        return;
    };
    let rating = Severity::of_score(score).word().to_uppercase();
    if generation == Generation::V3 && rating != written {
        let detail =
            format!("the vector gives {rating} {score:.1}, this says `{}`; the vector counts", shorten(written));
        reader.warn(CsafWarningKind::ContradictingScore, &place.key("baseSeverity"), detail);
    }
}
