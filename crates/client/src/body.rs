//! Reads answers with a limit, and turns what is not an answer into an error.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ClientError, message_of};

const MAX_ERROR_BYTES: usize = 64 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// Passes a success on; anything else becomes [`ClientError::Status`] with the server's own message.
pub(crate) async fn success(response: Response) -> Result<Response, ClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(response.headers());
    let body = whole(response, MAX_ERROR_BYTES).await.unwrap_or_default();
    let reason = || status.canonical_reason().unwrap_or("no explanation given").to_owned();
    let message = message_of(&body).unwrap_or_else(reason);
    Err(ClientError::Status { status: status.as_u16(), message, retry_after })
}

/// Seconds only; the date form of the header is not used by any model server.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    Some(wait.min(MAX_RETRY_AFTER))
}

pub(crate) async fn json(response: Response, limit: usize, what: &'static str) -> Result<Value, ClientError> {
    let body = whole(success(response).await?, limit).await?;
    serde_json::from_slice(&body).map_err(|error| ClientError::Decode {
        what,
        reason: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
    })
}

pub(crate) fn typed<T: DeserializeOwned>(value: Value, what: &'static str) -> Result<T, ClientError> {
    serde_json::from_value(value)
        .map_err(|_| ClientError::Decode { what, reason: "fields missing or of another type".into() })
}

async fn whole(mut response: Response, limit: usize) -> Result<Bytes, ClientError> {
    let too_large = || ClientError::Decode { what: "a body", reason: format!("larger than {limit} bytes") };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if chunk.len() > limit - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Says which phase failed. The URL is left out: it may carry an id.
pub(crate) fn lost(error: reqwest::Error) -> ClientError {
    if error.is_connect() {
        let reason = match error.is_timeout() {
            true => "no connection in time",
            false => "connection refused or not possible",
        };
        return ClientError::Unreachable { reason: reason.into() };
    }
    if error.is_timeout() {
        return ClientError::Timeout;
    }
    ClientError::Unreachable { reason: error.without_url().to_string() }
}
