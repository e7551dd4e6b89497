//! Severity: CVSS of three generations, and what CSAF 2.1 puts beside it.

use super::extension::check_extensions;
use super::field::{Field, List, Number};
use super::model::{Cvss, Metric, MetricContent, SelectionValue};
use super::place::Place;
use super::reader::{Reader, shorten};
use super::tree::Products;
use super::warning::CsafWarningKind;
use crate::domain::advisory::{ProductRemark, Score, Vulnerability};
use crate::domain::cvss::Vector;

/// Reads the items of `scores` (CSAF 2.0) or `metrics` (2.1) into `vulnerability`.
pub fn read_metrics(
    reader: &mut Reader,
    products: &Products<'_>,
    metrics: Field<List<Metric<'_>>>,
    place: &Place<'_>,
    key: &str,
    vulnerability: &mut Vulnerability,
) {
    let place = place.key(key);
    for (i, part) in reader.list(metrics, &place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        let listed = products.resolve_ids(reader, part.products, &place.key("products"));
        if listed.is_empty() {
            reader.warn(CsafWarningKind::ScoreWithoutProduct, &place, "the score names no product");
        }
        let source = reader.optional(part.source, &place, "source");
        let mut keep = |reader: &mut Reader, cvss: Field<Cvss<'_>>, place: &Place<'_>, key: &str| {
            if let Some(score) = read_cvss(reader, cvss, place, key) {
                let score = Score { source: source.clone(), products: listed.clone(), ..score };
                reader.unfold(size_of_val(listed.as_slice()));
                vulnerability.scores.push(score);
            }
        };
        keep(reader, part.cvss_v2, &place, "cvss_v2");
        keep(reader, part.cvss_v3, &place, "cvss_v3");
        keep(reader, part.cvss_v4, &place, "cvss_v4");
        let place = place.key("content");
        if let Some(content) = reader.take(part.content, &place) {
            let MetricContent { cvss_v2, cvss_v3, cvss_v4, epss, ssvc_v2, qualitative_severity_rating, .. } = *content;
            keep(reader, cvss_v2, &place, "cvss_v2");
            keep(reader, cvss_v3, &place, "cvss_v3");
            keep(reader, cvss_v4, &place, "cvss_v4");
            reader.check_repeated(content.repeated, &place);
            check_extensions(reader, content.x_extensions, &place);
            let mut remark = |category: &str, text: String| {
                let category = category.to_owned();
                vulnerability.remarks.push(ProductRemark { category, text, products: listed.clone() });
            };
            let key = "qualitative_severity_rating";
            if let Some(rating) = reader.optional(qualitative_severity_rating, &place, key) {
                remark(key, rating);
            }
            if let Some(epss) = reader.member(epss, &place, "epss") {
                let place = place.key("epss");
                let probability = reader.required(epss.probability, &place, "probability");
                let percentile = reader.required(epss.percentile, &place, "percentile");
                remark("epss", format!("probability {probability}, percentile {percentile}"));
            }
            if let Some(ssvc) = reader.member(ssvc_v2, &place, "ssvc_v2") {
                let place = place.key("ssvc_v2");
                let place = place.key("selections");
                let mut selections = Vec::new();
                for (i, selection) in reader.list(ssvc.selections, &place).into_iter().enumerate() {
                    let place = place.index(i);
                    let Some(selection) = reader.take(selection, &place) else { continue };
                    let name = reader.optional(selection.name, &place, "name");
                    let key = reader.optional(selection.key, &place, "key");
                    let values = read_values(reader, selection.values, &place);
                    selections.push(format!("{}: {values}", name.or(key).unwrap_or_default()));
                }
                remark("ssvc", selections.join("; "));
            }
        }
    }
}

fn read_values(reader: &mut Reader, values: Field<List<SelectionValue<'_>>>, place: &Place<'_>) -> String {
    let place = place.key("values");
    let mut words = Vec::new();
    for (i, value) in reader.list(values, &place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(value) = reader.take(value, &place) else { continue };
        let name = reader.optional(value.name, &place, "name");
        let key = reader.optional(value.key, &place, "key");
        words.extend(name.or(key));
    }
    words.join(", ")
}

/// One CVSS object, without products and source.
fn read_cvss(reader: &mut Reader, cvss: Field<Cvss<'_>>, place: &Place<'_>, key: &str) -> Option<Score> {
    let cvss = reader.member(cvss, place, key)?;
    let place = place.key(key);
    reader.check_repeated(cvss.repeated, &place);
    let vector = reader.optional(cvss.vector_string, &place, "vectorString").unwrap_or_default();
    let version = reader.optional(cvss.version, &place, "version");
    let cvss_version = version.unwrap_or_else(|| match vector.strip_prefix("CVSS:").and_then(|v| v.split_once('/')) {
        Some((version, _)) => version.to_owned(),
        None => match key {
            "cvss_v2" => "2.0".to_owned(),
            "cvss_v3" => "3.0".to_owned(),
            _ => "4.0".to_owned(),
        },
    });
    let of_vector = Vector::read(&vector).and_then(|vector| vector.base_score());
    let written = reader.member(cvss.base_score, &place, "baseScore");
    let base_score = match (written, of_vector) {
        (Some(Number(score)), None) if (0.0..=10.0).contains(&score) => score as f32,
        (Some(Number(score)), Some(of_vector)) if (score as f32 - of_vector).abs() < 0.05 => of_vector,
        (Some(Number(score)), Some(of_vector)) => {
            let detail = format!("the vector gives {of_vector:.1}, this says `{score}`; the vector counts");
            reader.warn(CsafWarningKind::ContradictingScore, &place.key("baseScore"), detail);
            of_vector
        }
        (None, Some(of_vector)) => {
            let detail =
                format!("expected a base score from 0 to 10, found none; taken from the vector: {of_vector:.1}");
            reader.warn(CsafWarningKind::UnreadableScore, &place, detail);
            of_vector
        }
        (found, None) => {
            let found = found.map_or_else(|| "none".to_owned(), |Number(score)| format!("`{score}`"));
            let detail = format!("expected a base score from 0 to 10, found {found}; `{}` left out", shorten(&vector));
            reader.warn(CsafWarningKind::UnreadableScore, &place, detail);
            return None;
        }
    };
    Some(Score { cvss_version, base_score, vector, source: None, products: Vec::new() })
}
