//! Extensions: parts of a document that another standard defines (CSAF 2.1, section 2.4).

use super::field::{Field, List};
use super::model::Extension;
use super::place::Place;
use super::reader::{Reader, shorten};
use super::warning::CsafWarningKind;

/// Warns of every extension, since none is known here, with the weight that its author gave it.
pub fn check_extensions(reader: &mut Reader, extensions: Field<List<Extension<'_>>>, place: &Place<'_>) {
    if matches!(extensions, Field::Missing) {
        return;
    }
    let place = place.key("x_extensions");
    for (i, extension) in reader.list(extensions, &place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(extension) = reader.take(extension, &place) else { continue };
        let name = reader.optional(extension.schema, &place, "$schema").unwrap_or_default();
        let category = reader.optional(extension.category, &place, "category").unwrap_or_default();
        let (kind, weight) = match category.as_str() {
            "critical" | "essential" => {
                (CsafWarningKind::EssentialExtension, "which its author calls necessary to understand the document")
            }
            "high_value" | "significant" => {
                (CsafWarningKind::UnknownExtension, "which its author calls highly relevant")
            }
            _ => (CsafWarningKind::UnknownExtension, "which only adds information"),
        };
        let detail = format!("extension `{}` is not known here, {weight}", shorten(&name));
        reader.warn(kind, &place, detail);
    }
}
