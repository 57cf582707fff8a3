//! Holds real exchanges against the published OpenAPI document.

use std::sync::OnceLock;

use serde_json::{Value, json};

/// One operation of the document. Schemas are compiled when an exchange asks for them.
struct Operation {
    method: String,
    /// Parts of the path; `None` where a parameter stands.
    parts: Vec<Option<String>>,
    schemas: Value,
}

/// A path the document does not know may only be answered by 404 or 405; an error has the shape of errors; a success has
/// the status and the shape that are promised, and so has the request it answers.
pub fn check(method: &str, path: &str, request: Option<&Value>, status: u16, answer: &Value) {
    // The document says that these are the same.
    let path = path.split('?').next().unwrap_or_default().replacen("/v1/openai/v1/", "/v1/", 1);
    let path = path.as_str();
    let json_of = |content: Option<&Value>| content?.pointer("/content/application~1json/schema").cloned();
    let operation = find(method, path);
    if status >= 400 {
        let told = operation.and_then(|it| json_of(it.schemas.pointer("/responses/default")));
        let schema = told.unwrap_or_else(|| json!({"$ref": "#/components/schemas/Error"}));
        return holds(&schema, answer, &format!("{method} {path} {status}"));
    }
    let Some(operation) = operation else {
        panic!("{method} {path} was answered {status}, and the document does not know it");
    };
    if let (Some(schema), Some(request)) = (json_of(operation.schemas.get("requestBody")), request) {
        holds(&schema, request, &format!("request of {method} {path}"));
    }
    let promised = operation.schemas["responses"].get(status.to_string());
    assert!(promised.is_some(), "{method} {path} was answered {status}, which the document does not promise");
    if let Some(schema) = json_of(promised) {
        holds(&schema, answer, &format!("answer to {method} {path}"));
    }
}

fn holds(schema: &Value, value: &Value, what: &str) {
    // References point into the document, so the schema has to stand in it.
    let mut whole = json!({"components": gateway::openapi::openapi()["components"]});
    whole.as_object_mut().unwrap().extend(schema.as_object().cloned().unwrap_or_default());
    let validator = jsonschema::draft202012::new(&whole).unwrap_or_else(|error| panic!("{error}: {schema}"));
    if let Some(error) = validator.iter_errors(value).next() {
        panic!("{what}: {} at {}\n{value}", error, error.instance_path());
    }
}

fn find(method: &str, path: &str) -> Option<&'static Operation> {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    let operations = OPERATIONS.get_or_init(read);
    let given: Vec<&str> = path.split('/').collect();
    let exact = |it: &&Operation| it.method == method && it.parts.len() == given.len() && it.begins(&given);
    // Names of models and tool groups hold slashes: a last parameter may take the rest of the path.
    let open = |it: &&Operation| {
        it.method == method && it.parts.len() < given.len() && it.parts.last() == Some(&None) && it.begins(&given)
    };
    operations.iter().find(exact).or_else(|| operations.iter().find(open))
}

fn read() -> Vec<Operation> {
    let paths = gateway::openapi::openapi()["paths"].as_object().unwrap();
    let part = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
    let mut operations: Vec<Operation> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let parts: Vec<Option<String>> = path.split('/').map(part).collect();
            methods.as_object().unwrap().iter().map(move |(method, operation)| Operation {
                method: method.to_uppercase(),
                parts: parts.clone(),
                schemas: operation.clone(),
            })
        })
        .collect();
    // A literal path before one with parameters.
    operations.sort_by_key(|it| it.parts.iter().filter(|part| part.is_none()).count());
    operations
}

impl Operation {
    fn begins(&self, given: &[&str]) -> bool {
        self.parts.iter().zip(given).all(|(part, given)| part.as_deref().is_none_or(|part| part == *given))
    }
}
