//! Notes and references, of the document and of a vulnerability.

use super::field::{Field, List};
use super::model;
use super::place::Place;
use super::reader::Reader;
use super::tree::Products;
use crate::domain::advisory::{Note, Reference};

/// Reads the member `notes`.
pub fn read_notes(
    reader: &mut Reader,
    products: &Products<'_>,
    notes: Field<List<model::Note<'_>>>,
    place: &Place<'_>,
) -> Vec<Note> {
    let place = place.key("notes");
    let parts = reader.list(notes, &place);
    let mut notes = Vec::with_capacity(parts.len());
    for (i, part) in parts.into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        notes.push(Note {
            category: reader.required(part.category, &place, "category"),
            title: reader.optional(part.title, &place, "title"),
            text: reader.required(part.text, &place, "text"),
            products: products.resolve(reader, part.product_ids, part.group_ids, &place),
        });
    }
    notes
}

/// Reads the member `references`.
pub fn read_references(
    reader: &mut Reader,
    references: Field<List<model::Reference<'_>>>,
    place: &Place<'_>,
) -> Vec<Reference> {
    let place = place.key("references");
    let parts = reader.list(references, &place);
    let mut references = Vec::with_capacity(parts.len());
    for (i, part) in parts.into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        references.push(Reference {
            // The default of the standard.
            category: reader.optional(part.category, &place, "category").unwrap_or_else(|| "external".to_owned()),
            url: reader.required(part.url, &place, "url"),
            summary: reader.required(part.summary, &place, "summary"),
        });
    }
    references
}
