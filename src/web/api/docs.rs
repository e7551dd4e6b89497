//! The API for people to read: made from its own document, without a script and without a network.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::document;
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::partials::Sentence;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The page.
#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    frame: Frame,
    about: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// The calls of one kind of thing.
struct Group {
    name: String,
    description: String,
    calls: Vec<Call>,
}

/// One call.
struct Call {
    /// `GET /api/v1/sites`.
    line: String,
    anchor: String,
    summary: String,
    description: String,
    /// (name, where it stands, type, description).
    parameters: Vec<(String, String, String, String)>,
    /// The shape of its body; blank without one.
    body: String,
    /// (status, shape).
    answers: Vec<(String, String)>,
}

/// One shape of what is sent or answered.
struct Shape {
    name: String,
    description: String,
    /// (name, type, description).
    fields: Vec<(String, String, String)>,
}

/// `GET /api/v1`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::load(&state, &viewer, Nav::None, "API").await?;
    let document = serde_json::to_value(document()).map_err(Problem::internal)?;
    render(&ApiPage {
        frame,
        about: text(&document["info"]["description"]),
        groups: groups(&document),
        shapes: shapes(&document),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = list(&document["tags"])
        .map(|tag| Group { name: text(&tag["name"]), description: text(&tag["description"]), calls: Vec::new() })
        .collect();
    for (path, methods) in members(&document["paths"]) {
        for (method, call) in members(methods) {
            let tag = text(&call["tags"][0]);
            if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                group.calls.push(call_of(path, method, call));
            }
        }
    }
    groups
}

fn call_of(path: &str, method: &str, call: &Value) -> Call {
    let parameters = list(&call["parameters"]).map(|parameter| {
        let needed = if parameter["required"] == Value::Bool(true) { "needed" } else { "may be left out" };
        (
            text(&parameter["name"]),
            format!("{}, {needed}", text(&parameter["in"])),
            type_of(&parameter["schema"]),
            text(&parameter["description"]),
        )
    });
    let shape = |content: &Value| {
        members(content)
            .map(|(kind, media)| {
                let shape = type_of(&media["schema"]);
                if kind == "application/json" { shape } else { format!("{kind}: {shape}") }
            })
            .collect::<Vec<_>>()
            .join(" or ")
    };
    Call {
        line: format!("{} {path}", method.to_uppercase()),
        anchor: text(&call["operationId"]) + &path.replace(['/', '{', '}'], "-"),
        summary: text(&call["summary"]),
        description: text(&call["description"]),
        parameters: parameters.collect(),
        body: shape(&call["requestBody"]["content"]),
        answers: members(&call["responses"])
            .map(|(status, answer)| (status.clone(), shape(&answer["content"])))
            .collect(),
    }
}

fn shapes(document: &Value) -> Vec<Shape> {
    members(&document["components"]["schemas"])
        .map(|(name, schema)| {
            let of_parts = list(&schema["allOf"]).flat_map(|part| members(&part["properties"]));
            let fields = members(&schema["properties"]).chain(of_parts);
            Shape {
                name: name.clone(),
                description: text(&schema["description"]),
                fields: fields
                    .map(|(name, field)| (name.clone(), type_of(field), text(&field["description"])))
                    .collect(),
            }
        })
        .collect()
}

/// The type of a schema in words: `text`, `number`, `list of Site`, `Site or null`.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let parts: Vec<String> =
        ["oneOf", "anyOf", "allOf"].iter().flat_map(|key| list(&schema[*key])).map(type_of).collect();
    if !parts.is_empty() {
        return parts.join(" or ");
    }
    let one = |kind: &str| match (kind, schema["format"].as_str()) {
        ("string", Some("date-time")) => "moment".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer" | "number", _) => "number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => format!("list of {}", type_of(&schema["items"])),
        ("null", _) => "null".to_owned(),
        (other, _) => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_words() {
        for (schema, words) in [
            (json!({"type": "string"}), "text"),
            (json!({"type": ["string", "null"], "format": "date-time"}), "moment or null"),
            (json!({"type": "array", "items": {"$ref": "#/components/schemas/Site"}}), "list of Site"),
            (json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Site"}]}), "null or Site"),
            (json!({"type": "integer", "format": "int64"}), "number"),
            (json!({}), "anything"),
        ] {
            assert_eq!(type_of(&schema), words);
        }
    }
}
