//! One request of a batch, answered as its endpoint answers it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ports::CallContext;
use ports::batches::{Batch, BatchLine};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::input::Asked;
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context, EndsWithDone};
use crate::{chat, embeddings, responses, text_completions};

const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Waits between tries of a request that met a busy server: the batch has a day.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];

/// The line of the output or the error file.
pub async fn to(app: &Arc<App>, batch: &Batch, asked: &Asked) -> BatchLine {
    let (mut status, mut body) = once(app, batch, &asked.body).await;
    for pause in PAUSES {
        if !matches!(status, 429 | 503) {
            break;
        }
        tokio::time::sleep(pause).await;
        (status, body) = once(app, batch, &asked.body).await;
    }
    let ok = (200..300).contains(&status);
    let error = (!ok).then(|| {
        let said = |name: &str| body.pointer(&format!("/error/{name}")).cloned().unwrap_or_default();
        let code = match said("code") {
            Value::Null => said("type"),
            code => code,
        };
        json!({"code": code, "message": said("message")})
    });
    let line = json!({
        "id": app.responder.ids.fresh("batch_req"), "custom_id": asked.custom_id,
        "response": {"status_code": status, "request_id": app.responder.ids.fresh("req"), "body": body},
        "error": error,
    });
    BatchLine { line: asked.line, ok, body: line.to_string() }
}

async fn once(app: &Arc<App>, batch: &Batch, body: &Value) -> (u16, Value) {
    let mut cx = app.context(wire::JsonObject::new());
    cx.caller.clone_from(&batch.owner);
    let response = match call(app, &batch.endpoint, body, cx).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    let status = response.status().as_u16();
    (status, json_of(response.into_body()).await)
}

async fn call(app: &Arc<App>, endpoint: &str, body: &Value, cx: CallContext) -> Result<Response, ApiError> {
    let (state, cx, end) = (State(app.clone()), Context(cx), EndsWithDone(true));
    match endpoint {
        "/v1/chat/completions" => chat::create(state, cx, end, Body(read(body)?)).await,
        "/v1/completions" => text_completions::create(state, cx, end, Body(read(body)?)).await,
        "/v1/embeddings" => Ok(embeddings::create(state, cx, Body(read(body)?)).await?.into_response()),
        "/v1/responses" => responses::create(state, cx, Body(read(body)?)).await,
        other => Err(ApiError::not_found(format!("{other} takes no batches"))),
    }
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        ApiError::invalid(&path, format!("{path}: {}", error.inner()))
    })
}

async fn json_of(body: HttpBody) -> Value {
    let bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
