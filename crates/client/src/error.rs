//! What can go wrong between us and a control plane.

use std::time::Duration;

use serde_json::Value;

/// Cases a caller can act on. None carries a token, a URL or the text of a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The client was given settings it cannot work with.
    #[error("control plane settings: {0}")]
    Settings(String),
    /// No connection, or it was lost before the answer was whole.
    #[error("the control plane cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// Connected, but no answer within the limit.
    #[error("the control plane did not answer in time")]
    Timeout,
    /// The server understood and said no. `message` is its own text, shortened.
    #[error("the control plane answered {status}: {message}")]
    Status {
        status: u16,
        message: String,
        /// How long the server asks to wait; at most an hour.
        retry_after: Option<Duration>,
    },
    /// A stream broke after it had begun; events before it were good.
    #[error("the control plane's stream broke: {0}")]
    Stream(#[from] StreamError),
    /// A whole answer that is not what was asked for.
    #[error("the control plane answered {what} in an unexpected form ({reason})")]
    Decode { what: &'static str, reason: String },
}

impl ClientError {
    /// Whether the same request may succeed when it is made again later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout => true,
            Self::Stream(error) => matches!(error, StreamError::Cut | StreamError::Idle),
            Self::Status { status, .. } => {
                matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            Self::Settings(_) | Self::Decode { .. } => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The connection ended before `response.completed` or another last event.
    #[error("it ended before its last event")]
    Cut,
    /// Nothing arrived for the idle timeout.
    #[error("nothing arrived for too long")]
    Idle,
    #[error("one event is larger than {limit} bytes")]
    EventTooLarge { limit: usize },
    #[error("an event is not JSON")]
    NotJson,
}

const MAX_MESSAGE: usize = 2_000;

/// The message of an error body of any family: `{error:{message}}`, `{detail}`, `{error:{detail}}` with text or
/// a list of field errors, `{error:"…"}`, `{message}`, or plain text.
pub(crate) fn message_of(body: &[u8]) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        let text = std::str::from_utf8(body).ok()?.trim();
        return (!text.is_empty() && !text.starts_with('<')).then(|| shortened(text));
    };
    let error = body.get("error");
    [
        error.and_then(|error| error.get("message")),
        error.and_then(|error| error.get("detail")),
        error,
        body.get("detail"),
        body.get("message"),
    ]
    .into_iter()
    .flatten()
    .find_map(text_of)
    .map(|text| shortened(&text))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.trim().to_owned()),
        Value::Object(fields) => fields.get("errors").and_then(text_of),
        Value::Array(errors) => {
            let lines: Vec<String> = errors.iter().take(20).filter_map(field_error).collect();
            (!lines.is_empty()).then(|| lines.join("; "))
        }
        _ => None,
    }
}

/// `{"loc":["body","model"],"msg":"Field required"}` as `model: Field required`.
fn field_error(error: &Value) -> Option<String> {
    let message = error.get("msg")?.as_str()?;
    let place: Vec<String> = error
        .get("loc")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|step| step.as_str() != Some("body"))
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
        .collect();
    match place.is_empty() {
        true => Some(message.to_owned()),
        false => Some(format!("{}: {message}", place.join("."))),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_error_body_gives_its_message() {
        let cases = [
            (r#"{"error":{"message":"no such model","type":"x"},"detail":"other"}"#, "no such model"),
            (r#"{"detail":"Response with id X not found"}"#, "Response with id X not found"),
            (r#"{"error":{"detail":"bad value"}}"#, "bad value"),
            (
                r#"{"error":{"detail":{"errors":[{"loc":["body","model"],"msg":"Field required","type":"missing"}]}}}"#,
                "model: Field required",
            ),
            (r#"{"detail":[{"loc":["query","limit"],"msg":"too small"},{"msg":"x"}]}"#, "query.limit: too small; x"),
            (r#"{"error":"overloaded"}"#, "overloaded"),
            (r#"{"message":"gone"}"#, "gone"),
            ("upstream connect error", "upstream connect error"),
        ];
        for (body, expected) in cases {
            assert_eq!(message_of(body.as_bytes()).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn pages_and_empty_bodies_give_none_and_long_ones_are_shortened() {
        for body in ["", "<html>502</html>", "{}", "[]", r#"{"error":{"message":""}}"#] {
            assert_eq!(message_of(body.as_bytes()), None, "{body}");
        }
        let long = format!(r#"{{"detail":"{}"}}"#, "é".repeat(5_000));
        assert_eq!(message_of(long.as_bytes()).map(|text| text.chars().count()), Some(MAX_MESSAGE + 1));
    }
}
