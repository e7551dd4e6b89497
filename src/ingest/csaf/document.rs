//! The document as a whole.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::error::ReadError;
use super::extension::check_extensions;
use super::field::{Field, List};
use super::model::{self, Csaf};
use super::note::{read_notes, read_references};
use super::place::Place;
use super::reader::{Reader, shorten};
use super::text::decode;
use super::tree::{Products, read_tree};
use super::vulnerability::read_vulnerability;
use super::warning::{CsafWarning, CsafWarningKind};
use crate::domain::advisory::{Advisory, Publisher, Revision, Tlp, VersionType, Vulnerability};
use crate::domain::product::BranchCategory;

/// JSON objects in one document. Each costs some hundred bytes once read, so that a hostile file of nothing but `{}`
/// is refused. The largest real documents, of 150 MiB, hold some two million.
const MAX_OBJECTS: usize = 4_000_000;

/// Reads a CSAF 2.0 or 2.1 document and says what is odd about it, in the order of the document.
///
/// Texts are as written; only NUL characters are removed and mojibake is repaired, each with a warning. Unknown keys
/// are ignored, unknown words kept. Of a wrong type only the part is lost, never the document.
///
/// # Errors
///
/// When the bytes are no JSON, no CSAF, or nested or unfolding beyond what any publisher needs.
///
/// # Source
///
/// CSAF 2.0 (OASIS standard of 2022) and CSAF 2.1, sections 3.1 and 3.2.
pub fn read_document(bytes: &[u8]) -> Result<(Advisory, Vec<CsafWarning>), ReadError> {
    let mut reader = Reader::default();
    let (text, oddity) = decode(bytes);
    if let Some(oddity) = oddity {
        reader.warn(CsafWarningKind::Encoding, &Place::Root, format!("expected UTF-8, found {oddity}"));
    }
    if text.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    if text.len() / 2 > MAX_OBJECTS && text.bytes().filter(|byte| *byte == b'{').count() > MAX_OBJECTS {
        return Err(ReadError::TooLarge { what: "JSON objects", limit: MAX_OBJECTS });
    }
    let root: Field<Csaf<'_>> = serde_json::from_str(&text).map_err(|error| json_error(&error))?;
    let csaf = match root {
        Field::Given(csaf) if is_csaf(&csaf) => csaf,
        Field::Wrong(found) | Field::Coerced(_, found) => {
            return Err(ReadError::NotCsaf { found: found.word().to_owned(), hint: None });
        }
        Field::Given(_) | Field::Missing => return Err(super::foreign::recognise(&text)),
    };
    let advisory = read_csaf(&mut reader, csaf, bytes)?;
    Ok((advisory, reader.into_warnings()))
}

/// Whether there is an object `document` with at least one of the parts that make it a CSAF document.
fn is_csaf(csaf: &Csaf<'_>) -> bool {
    csaf.document.value().is_some_and(|document| {
        document.csaf_version.value().is_some()
            || document.tracking.value().is_some()
            || document.publisher.value().is_some_and(|publisher| publisher.namespace.value().is_some())
    })
}

fn json_error(error: &serde_json::Error) -> ReadError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    if text.starts_with("recursion limit") {
        return ReadError::TooDeep { line, column };
    }
    let cause = text.split(" at line ").next().unwrap_or_default().to_owned();
    ReadError::NotJson { cause: if error.is_eof() { "the file ends here".to_owned() } else { cause }, line, column }
}

fn read_csaf(reader: &mut Reader, csaf: Csaf<'_>, bytes: &[u8]) -> Result<Advisory, ReadError> {
    let root = Place::Root;
    reader.check_repeated(csaf.repeated, &root);
    check_extensions(reader, csaf.x_extensions, &root);
    let document_place = root.key("document");
    let document = *reader.take(csaf.document, &document_place).unwrap_or_default();

    let tree_place = root.key("product_tree");
    let tree = reader.take(csaf.product_tree, &tree_place);
    let products = tree.map(|tree| read_tree(reader, *tree, &tree_place)).unwrap_or_default();
    reader.check_size()?;

    let mut advisory = read_document_part(reader, document, &products, &document_place);
    if advisory.id.is_empty() {
        advisory.id = digest_id(bytes);
        let detail = format!("expected a tracking id, found none; the document is called `{}`", advisory.id);
        reader.warn(CsafWarningKind::MissingTrackingId, &Place::Pointer("/document/tracking/id"), detail);
    }

    let place = root.key("vulnerabilities");
    for (i, part) in reader.list(csaf.vulnerabilities, &place).into_iter().enumerate() {
        let place = place.index(i);
        if let Some(part) = reader.take(part, &place) {
            advisory.vulnerabilities.push(read_vulnerability(reader, &products, part, &place));
            reader.check_size()?;
        }
    }
    advisory.products = products.products;
    advisory.product_groups = products.listed_groups;
    check_products(reader, &advisory);
    Ok(advisory)
}

fn read_document_part(
    reader: &mut Reader,
    part: model::Document<'_>,
    products: &Products<'_>,
    place: &Place<'_>,
) -> Advisory {
    reader.check_repeated(part.repeated, place);
    check_extensions(reader, part.x_extensions, place);
    let mut advisory = Advisory {
        csaf_version: reader.required(part.csaf_version, place, "csaf_version"),
        category: reader.required(part.category, place, "category"),
        title: reader.required(part.title, place, "title"),
        language: reader.optional(part.lang, place, "lang"),
        source_language: reader.optional(part.source_lang, place, "source_lang"),
        ..Advisory::default()
    };
    if !advisory.csaf_version.is_empty() && !matches!(advisory.csaf_version.as_str(), "2.0" | "2.1") {
        let detail = format!("expected `2.0` or `2.1`, found `{}`; read all the same", shorten(&advisory.csaf_version));
        reader.warn(CsafWarningKind::UnknownCsafVersion, &place.key("csaf_version"), detail);
    }
    advisory.publisher = read_publisher(reader, part.publisher, &place.key("publisher"));
    read_tracking(reader, part.tracking, &place.key("tracking"), &mut advisory);

    let distribution_place = place.key("distribution");
    if let Some(distribution) = reader.take(part.distribution, &distribution_place) {
        advisory.distribution = reader.optional(distribution.text, &distribution_place, "text");
        let tlp_place = distribution_place.key("tlp");
        let tlp = reader.take(distribution.tlp, &tlp_place);
        let group_place = distribution_place.key("sharing_group");
        let group = reader.take(distribution.sharing_group, &group_place);
        advisory.sharing_group = group.and_then(|group| reader.optional(group.id, &group_place, "id"));
        advisory.tlp = tlp.and_then(|tlp| reader.optional(tlp.label, &tlp_place, "label"));
        if let Some(label) = advisory.tlp.as_deref().filter(|label| Tlp::from_word(label).is_none()) {
            let detail = format!("`{}` is no label of the Traffic Light Protocol; kept", shorten(label));
            reader.warn(CsafWarningKind::UnknownWord, &tlp_place.key("label"), detail);
        }
    }
    let severity_place = place.key("aggregate_severity");
    let severity = reader.take(part.aggregate_severity, &severity_place);
    advisory.aggregate_severity = severity.and_then(|part| reader.optional(part.text, &severity_place, "text"));
    advisory.notes = read_notes(reader, products, part.notes, place);
    advisory.references = read_references(reader, part.references, place);
    advisory
}

/// The publisher categories of the standard.
const PUBLISHERS: &[&str] = &["coordinator", "discoverer", "multiplier", "other", "translator", "user", "vendor"];

fn read_publisher(reader: &mut Reader, field: Field<model::Publisher<'_>>, place: &Place<'_>) -> Publisher {
    let part = reader.take(field, place).unwrap_or_default();
    reader.check_repeated(part.repeated, place);
    let publisher = Publisher {
        category: reader.required(part.category, place, "category"),
        name: reader.required(part.name, place, "name"),
        namespace: reader.required(part.namespace, place, "namespace"),
    };
    reader.check_word(&publisher.category, PUBLISHERS, place, "category");
    publisher
}

fn read_tracking(reader: &mut Reader, field: Field<model::Tracking<'_>>, place: &Place<'_>, advisory: &mut Advisory) {
    let part = reader.take(field, place).unwrap_or_default();
    reader.check_repeated(part.repeated, place);
    advisory.id = reader.optional(part.id, place, "id").unwrap_or_default();
    advisory.version = reader.required(part.version, place, "version");
    advisory.status = reader.required(part.status, place, "status");
    reader.check_word(&advisory.status, &["draft", "interim", "final"], place, "status");
    advisory.released_at = reader.instant(part.initial_release_date, place, "initial_release_date");
    advisory.updated_at = reader.instant(part.current_release_date, place, "current_release_date");
    advisory.aliases = reader.texts(part.aliases, place, "aliases");
    let generator_place = place.key("generator");
    let engine_place = generator_place.key("engine");
    let engine = reader.take(part.generator, &generator_place).and_then(|part| reader.take(part.engine, &engine_place));
    advisory.generator = engine.and_then(|engine| reader.optional(engine.name, &engine_place, "name"));
    advisory.revisions = read_revisions(reader, part.revision_history, &place.key("revision_history"));
    check_versions(reader, advisory, place);
}

fn read_revisions(reader: &mut Reader, field: Field<List<model::Revision<'_>>>, place: &Place<'_>) -> Vec<Revision> {
    let mut revisions = Vec::new();
    for (i, part) in reader.list(field, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        revisions.push(Revision {
            number: reader.required(part.number, &place, "number"),
            date: reader.instant(part.date, &place, "date"),
            summary: reader.required(part.summary, &place, "summary"),
        });
    }
    revisions
}

fn check_versions(reader: &mut Reader, advisory: &Advisory, place: &Place<'_>) {
    let own_type = VersionType::of(&advisory.version);
    if own_type.is_none() && !advisory.version.is_empty() {
        let detail = format!("`{}` is neither an integer nor a semantic version", shorten(&advisory.version));
        reader.warn(CsafWarningKind::MalformedVersion, &place.key("version"), detail);
    }
    let place = place.key("revision_history");
    for (i, revision) in advisory.revisions.iter().enumerate().filter(|(_, revision)| !revision.number.is_empty()) {
        match VersionType::of(&revision.number) {
            None => {
                let detail = format!("`{}` is neither an integer nor a semantic version", shorten(&revision.number));
                reader.warn(CsafWarningKind::MalformedVersion, &place.index(i).key("number"), detail);
            }
            revision_type if own_type.is_some() && revision_type != own_type => {
                let (number, version) = (shorten(&revision.number), shorten(&advisory.version));
                let detail = format!("`{number}` is of another version type than the document's `{version}`");
                reader.warn(CsafWarningKind::MixedVersionTypes, &place.index(i).key("number"), detail);
            }
            Some(_) => {}
        }
    }
}

/// What shows only when tree and vulnerabilities lie side by side.
fn check_products(reader: &mut Reader, advisory: &Advisory) {
    if advisory.products.is_empty() && !advisory.vulnerabilities.is_empty() {
        let detail = "the document names vulnerabilities, but no product; nothing can be matched";
        reader.warn(CsafWarningKind::NoProducts, &Place::Pointer("/product_tree"), detail);
    }
    let mut has_status = vec![false; advisory.products.len()];
    for index in advisory.vulnerabilities.iter().flat_map(statuses_of) {
        if let Some(has_status) = has_status.get_mut(index as usize) {
            *has_status = true;
        }
    }
    let any_has_status = has_status.contains(&true);
    // What a relationship joins is spoken of through the relationship.
    for relationship in advisory.products.iter().filter_map(|product| product.relationship.as_ref()) {
        let joined = [relationship.component, relationship.base].into_iter();
        for index in joined.chain(relationship.further.iter().map(|(_, product)| *product)) {
            if let Some(has_status) = has_status.get_mut(index as usize) {
                *has_status = true;
            }
        }
    }
    for (product, has_status) in advisory.products.iter().zip(has_status) {
        let place = Place::Pointer(&product.pointer);
        if !has_status && any_has_status {
            let detail = format!("no vulnerability gives `{}` a status", shorten(&product.name));
            reader.warn(CsafWarningKind::ProductWithoutStatus, &place, detail);
        }
        let is_in_tree = !product.branches.is_empty();
        if is_in_tree && !product.branches.iter().any(|branch| branch.category == BranchCategory::Vendor) {
            let detail = format!("no vendor stands above `{}`", shorten(&product.name));
            reader.warn(CsafWarningKind::NoVendor, &place, detail);
        }
    }
}

fn statuses_of(vulnerability: &Vulnerability) -> impl Iterator<Item = u32> {
    vulnerability.statuses.iter().flat_map(|(_, listed)| listed.iter().copied())
}

/// What a document without a tracking id is called: the same bytes always get the same name.
fn digest_id(bytes: &[u8]) -> String {
    let mut id = "no-id-".to_owned();
    for byte in Sha256::digest(bytes).iter().take(8) {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}
