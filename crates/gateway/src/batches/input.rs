//! The input file: one request a line, all of them checked before the first is made.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use ports::batches::{Batch, BatchError, BatchStatus};
use ports::inference::InferenceError;
use serde_json::Value;

use crate::app::App;

const MOST_BYTES: usize = 100 * 1024 * 1024;
const MOST_LINES: usize = 50_000;
/// Errors that are told of; a file with more is told of these.
const MOST_ERRORS: usize = 100;

/// One request of a batch.
pub struct Asked {
    /// From 1.
    pub line: u64,
    pub custom_id: String,
    pub body: Value,
}

pub enum Unusable {
    /// Told in the batch itself.
    Errors(Vec<BatchError>),
    /// The store cannot say just now.
    Later(String),
}

fn whole(code: &str, message: String) -> Unusable {
    Unusable::Errors(vec![BatchError { code: code.into(), message, param: None, line: None }])
}

pub async fn read(app: &App, batch: &Batch) -> Result<Vec<Asked>, Unusable> {
    let later = |error: ports::responses::StoreError| Unusable::Later(error.to_string());
    let id = &batch.input_file_id;
    let file = app.stores.files.file(id, batch.owner.as_deref()).await.map_err(later)?;
    let stream = match file {
        Some(_) => app.stores.blobs.read(id).await.map_err(later)?,
        None => None,
    };
    let Some(mut stream) = stream else {
        let error = BatchError {
            code: "invalid_request".into(),
            message: format!("Cannot find file {id}."),
            param: Some("input_file_id".into()),
            line: None,
        };
        return Err(Unusable::Errors(vec![error]));
    };
    let mut content = Vec::new();
    while let Some(bytes) = stream.next().await {
        content.extend_from_slice(&bytes.map_err(Unusable::Later)?);
        if content.len() > MOST_BYTES {
            return Err(whole("file_too_large", format!("the input file has more than {MOST_BYTES} bytes")));
        }
    }
    let text = String::from_utf8(content).map_err(|_| whole("invalid_file", "the input file is not UTF-8".into()))?;
    let asked = lines(&text, &batch.endpoint)?;
    // A batch that has begun goes on, whatever is served by now.
    let errors = match batch.status {
        BatchStatus::Validating => unserved(app, batch, &asked).await,
        _ => Vec::new(),
    };
    if errors.is_empty() { Ok(asked) } else { Err(Unusable::Errors(errors)) }
}

/// The lines whose model nobody serves.
async fn unserved(app: &App, batch: &Batch, asked: &[Asked]) -> Vec<BatchError> {
    let mut cx = app.context(wire::JsonObject::new());
    cx.caller.clone_from(&batch.owner);
    let registry = &app.responder.registry;
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    let mut errors = Vec::new();
    for request in asked {
        let model = request.body.get("model").and_then(Value::as_str).unwrap_or_default();
        if !known.contains_key(model) {
            let found = match batch.endpoint.as_str() {
                "/v1/embeddings" => registry.embeddings(model, &cx).await.map(drop),
                _ => registry.chat(model, &cx).await.map(drop),
            };
            known.insert(model, !matches!(found, Err(InferenceError::NotFound(_))));
        }
        if known.get(model) == Some(&false) && errors.len() < MOST_ERRORS {
            errors.push(BatchError {
                code: "model_not_found".into(),
                message: format!("The provided model '{model}' is not supported by the Batch API."),
                param: Some("body.model".into()),
                line: Some(request.line),
            });
        }
    }
    errors
}

fn lines(text: &str, endpoint: &str) -> Result<Vec<Asked>, Unusable> {
    let (mut asked, mut errors, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (line, text) in (1_u64..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        if asked.len() == MOST_LINES {
            return Err(whole("too_many_requests", format!("a batch holds at most {MOST_LINES} requests")));
        }
        match request(line, text, endpoint, &mut ids) {
            Ok(request) => asked.push(request),
            Err(found) => errors.extend(found),
        }
        if errors.len() >= MOST_ERRORS {
            break;
        }
    }
    if errors.is_empty() && asked.is_empty() {
        return Err(whole("empty_file", "the input file holds no request".into()));
    }
    if errors.is_empty() { Ok(asked) } else { Err(Unusable::Errors(errors)) }
}

fn request(line: u64, text: &str, endpoint: &str, ids: &mut BTreeSet<String>) -> Result<Asked, Vec<BatchError>> {
    let error = |code: &str, param: Option<&str>, message: String| BatchError {
        code: code.into(),
        message,
        param: param.map(str::to_owned),
        line: Some(line),
    };
    let Ok(Value::Object(mut request)) = serde_json::from_str::<Value>(text) else {
        return Err(vec![error("invalid_json_line", None, "This line is not a valid JSON object.".into())]);
    };
    let mut errors = Vec::new();
    for (name, fits) in [
        ("custom_id", Value::is_string as fn(&Value) -> bool),
        ("method", Value::is_string),
        ("url", Value::is_string),
        ("body", Value::is_object),
    ] {
        match request.get(name) {
            None | Some(Value::Null) => errors.push(error(
                "missing_required_parameter",
                Some(name),
                format!("Missing required parameter: {name}"),
            )),
            Some(value) if !fits(value) => {
                let kind = if name == "body" { "an object" } else { "a string" };
                errors.push(error("invalid_request", Some(name), format!("{name} must be {kind}")));
            }
            Some(_) => {}
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let word = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if word("method") != "POST" {
        errors.push(error("invalid_method", Some("method"), "method must be POST".into()));
    }
    if word("url") != endpoint {
        let message = format!("The URL of this request does not match the batch's endpoint {endpoint}");
        errors.push(error("invalid_url", Some("url"), message));
    }
    if !ids.insert(word("custom_id")) {
        errors.push(error("duplicate_custom_id", Some("custom_id"), "custom_id is used by an earlier line".into()));
    }
    let custom_id = word("custom_id");
    let body = request.remove("body").unwrap_or_default();
    if body.get("stream").is_some_and(|stream| stream == true) {
        errors.push(error(
            "streaming_unsupported",
            Some("body.stream"),
            "Streaming is not supported in batch processing".into(),
        ));
    }
    let content = match endpoint {
        "/v1/chat/completions" => "messages",
        "/v1/completions" => "prompt",
        _ => "input",
    };
    for name in ["model", content] {
        if body.get(name).is_none_or(|value| value.is_null() || value == "") {
            let param = format!("body.{name}");
            let message = format!("Missing required parameter: {param}");
            errors.push(error("missing_required_parameter", Some(&param), message));
        }
    }
    if errors.is_empty() { Ok(Asked { line, custom_id, body }) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(String, Option<u64>)> {
        match lines(text, "/v1/embeddings") {
            Ok(asked) => asked.iter().map(|it| (it.custom_id.clone(), Some(it.line))).collect(),
            Err(Unusable::Errors(errors)) => errors.into_iter().map(|it| (it.code, it.line)).collect(),
            Err(Unusable::Later(message)) => panic!("{message}"),
        }
    }

    #[test]
    fn every_line_is_checked_and_every_fault_is_named() {
        let line = |id: &str, rest: &str| {
            format!(
                r#"{{"custom_id":"{id}","method":"POST","url":"/v1/embeddings","body":{{"model":"m","input":"x"{rest}}}}}"#
            )
        };
        let of = |code: &str, line: Option<u64>| (code.to_owned(), line);
        assert_eq!(codes(&format!("{}\n\n{}\n", line("a", ""), line("b", ""))), [of("a", Some(1)), of("b", Some(3))]);
        assert_eq!(codes("\n"), [of("empty_file", None)]);
        assert_eq!(codes(&format!("{}\n{{oops", line("a", ""))), [of("invalid_json_line", Some(2))]);
        assert_eq!(codes(r#"{"method":"POST","url":"/v1/embeddings"}"#).len(), 2, "custom_id and body");
        assert_eq!(codes(&format!("{0}\n{0}", line("a", ""))), [of("duplicate_custom_id", Some(2))]);
        assert_eq!(codes(&line("a", ",\"stream\":true")), [of("streaming_unsupported", Some(1))]);
        assert_eq!(codes(&line("a", "").replace("POST", "GET")), [of("invalid_method", Some(1))]);
        assert_eq!(codes(&line("a", "").replace("embeddings", "files")), [of("invalid_url", Some(1))]);
        assert_eq!(codes(&line("a", "").replace("model", "mode")), [of("missing_required_parameter", Some(1))]);
        let bare = line("a", "").replace(",\"input\":\"x\"", "");
        assert_eq!(codes(&bare), [of("missing_required_parameter", Some(1))]);
        let many = "x\n".repeat(MOST_ERRORS + 50);
        assert_eq!(codes(&many).len(), MOST_ERRORS);
    }
}
