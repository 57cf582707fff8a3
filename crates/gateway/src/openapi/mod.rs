//! The control plane's OpenAPI 3.1 document: every route with the schema of its request and its answer.
//!
//! Typed bodies have the schema of their Rust type, open ones that of [`shapes`]. The gateway's own tests hold every
//! exchange they make against the document, so that it cannot tell of another server than this one.

mod openai;
mod shapes;
mod stack;

use std::sync::OnceLock;

use axum::Json;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::router::routes;

pub async fn document() -> Json<&'static Value> {
    Json(openapi())
}

/// What a body looks like.
#[derive(Clone, Copy)]
enum Shape {
    Nothing,
    /// The schema of a Rust type.
    Of(fn(&mut SchemaGenerator) -> schemars::Schema),
    /// Written by hand.
    By(fn() -> Value),
    /// A page of OpenAI's lists, of these.
    Page(fn() -> Value),
    /// `{"data": […]}`, of these.
    Data(fn() -> Value),
    Upload,
    Bytes,
}

/// One route, without the prefix it is mounted under.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    query: &'static [&'static str],
    request: Shape,
    answer: Shape,
    status: u16,
    error: fn() -> Value,
    /// Answers with server-sent events when the request says `stream: true`.
    streams: bool,
}

const fn op(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    request: Shape,
    answer: Shape,
) -> Operation {
    Operation {
        method,
        path,
        summary,
        query: &[],
        request,
        answer,
        status: 200,
        error: shapes::error_of_ours,
        streams: false,
    }
}

impl Operation {
    const fn query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    const fn fails_with(mut self, error: fn() -> Value) -> Self {
        self.error = error;
        self
    }

    const fn streams(mut self) -> Self {
        self.streams = true;
        self
    }
}

/// Where the same routes are mounted; the longest first.
const PREFIXES: [&str; 4] = ["/v1alpha/admin", "/v1alpha", "/v1beta", "/v1"];

/// The document. Made once: its schemas do not change while the process lives.
pub fn openapi() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(build)
}

fn build() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for (method, route) in routes() {
        let path = route.replace("{*", "{");
        let operation = described(method, &path, &mut generator);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(method.to_lowercase(), operation);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".into(), shapes::error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "claimstack control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Drop-in for Llama Stack and for OpenAI's chat, embeddings and responses. What is served below \
                            /v1 in OpenAI's dialect is served below /v1/openai/v1 too, as older clients ask for it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

/// The operation behind a whole path; `None` when nobody has described it, which a test forbids.
fn find(method: &str, path: &str) -> Option<&'static Operation> {
    let all = || openai::OPERATIONS.iter().chain(stack::OPERATIONS);
    let at = |path: &str| all().find(|operation| operation.method == method && operation.path == path);
    at(path).or_else(|| PREFIXES.iter().filter_map(|prefix| at(path.strip_prefix(prefix)?)).next())
}

fn described(method: &str, path: &str, generator: &mut SchemaGenerator) -> Value {
    let names: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let id = names.join("_").replace(['{', '}'], "");
    let in_path = names.iter().filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str, place: &str| json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}});
    let mut parameters: Vec<Value> = in_path.map(|name| parameter(name, "path")).collect();
    let Some(operation) = find(method, path) else { return json!({"operationId": id, "responses": {}}) };
    parameters.extend(operation.query.iter().map(|name| parameter(name, "query")));
    let mut content = content(operation.answer, generator).unwrap_or_else(|| json!({}));
    if operation.streams {
        content["text/event-stream"] = json!({"schema": {"type": "string"}});
    }
    let mut done = json!({"description": "done"});
    if operation.status != 204 {
        done["content"] = content;
    }
    let mut responses = Map::new();
    responses.insert(operation.status.to_string(), done);
    responses.insert(
        "default".into(),
        json!({
            "description": "what went wrong, with the field it is about",
            "content": {"application/json": {"schema": (operation.error)()}},
        }),
    );
    let mut described = json!({
        "operationId": format!("{}_{id}", method.to_lowercase()),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
        "security": if path.ends_with("/health") || path.ends_with("/version") { json!([]) } else { json!([{"bearer": []}]) },
    });
    if let Some(content) = self::content(operation.request, generator) {
        described["requestBody"] = json!({"required": true, "content": content});
    }
    described
}

fn content(shape: Shape, generator: &mut SchemaGenerator) -> Option<Value> {
    let schema = match shape {
        Shape::Nothing => return None,
        Shape::Bytes => return Some(json!({"application/octet-stream": {}})),
        Shape::Upload => return Some(json!({"multipart/form-data": {"schema": shapes::upload()}})),
        Shape::Of(schema) => schema(generator).to_value(),
        Shape::By(schema) => schema(),
        Shape::Page(row) => shapes::page(row()),
        Shape::Data(row) => shapes::object(&[("data", shapes::list(row()))]),
    };
    Some(json!({"application/json": {"schema": schema}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else_is() {
        for (method, path) in routes() {
            assert!(find(method, &path.replace("{*", "{")).is_some(), "{method} {path} is not described");
        }
        let served: Vec<(&str, String)> = routes().map(|(method, path)| (method, path.replace("{*", "{"))).collect();
        for operation in openai::OPERATIONS.iter().chain(stack::OPERATIONS) {
            let known = served.iter().any(|(method, path)| {
                *method == operation.method && find(method, path).is_some_and(|found| std::ptr::eq(found, operation))
            });
            assert!(known, "{} {} is served nowhere", operation.method, operation.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_id_is_its_own() {
        let text = openapi().to_string();
        for piece in text.split("\"$ref\":\"#").skip(1) {
            let pointer = piece.split('"').next().expect("a pointer").replace("~1", "/");
            assert!(openapi().pointer(&pointer).is_some(), "{pointer}");
        }
        let paths = openapi()["paths"].as_object().expect("paths");
        let ids: Vec<&Value> = paths
            .values()
            .flat_map(|path| path.as_object().into_iter().flatten())
            .map(|(_, operation)| &operation["operationId"])
            .collect();
        let different: std::collections::BTreeSet<String> = ids.iter().map(|id| id.to_string()).collect();
        assert_eq!(ids.len(), different.len());
    }
}
