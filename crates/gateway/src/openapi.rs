//! The control plane's OpenAPI document.

use axum::Json;
use serde_json::{Map, Value, json};

use crate::router::routes;

pub async fn document() -> Json<Value> {
    Json(openapi())
}

/// Paths with their methods and the schemas a client needs to know the shapes are OpenAI's.
pub fn openapi() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (method, route) in routes() {
        let path = route.replace("{*", "{");
        let operation = operation(method, &path);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(method.to_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "claimstack control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Drop-in for Llama Stack and for OpenAI's chat, embeddings and responses.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": {
                "type": "object",
                "required": ["error", "detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "error": {
                        "type": "object",
                        "required": ["message", "type", "param", "code"],
                        "properties": {
                            "message": {"type": "string"}, "type": {"type": "string"},
                            "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]},
                        },
                    },
                },
            }},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(method: &str, path: &str) -> Value {
    let id: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let id = id.join("_").replace(['{', '}'], "");
    let parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({
        "operationId": format!("{}_{id}", method.to_lowercase()),
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {
                "description": "what went wrong, with the field it is about",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    });
    if matches!(method, "POST" | "PUT") {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": {"type": "object"}}},
        });
    }
    operation
}
