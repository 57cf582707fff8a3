//! The client end of the legacy HTTP+SSE transport.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::Url;
use rmcp::{
    RoleClient,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};

use super::{
    failure::{Failure, quote},
    http::token,
    sse::{Events, SseError},
    trace,
};

/// Longest a server may take to say that it has a message.
const POST_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers come on one open stream, messages go out by POST.
pub(super) struct LegacyTransport {
    http: reqwest::Client,
    headers: HeaderMap,
    endpoint: Url,
    events: Events,
}

impl LegacyTransport {
    /// Opens the stream and waits for the address it names. The caller sets the deadline.
    pub(super) async fn open(
        http: reqwest::Client,
        url: Url,
        mut headers: HeaderMap,
        authorization: Option<&str>,
        limit: usize,
    ) -> Result<Self, Failure> {
        if let Some(authorization) = authorization {
            let bearer = HeaderValue::try_from(format!("Bearer {}", token(authorization)));
            let mut bearer = bearer.map_err(|_| Failure::NotAllowed("authorization: not a token".into()))?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let request = http.get(url.clone()).headers(headers.clone()).header(header::ACCEPT, "text/event-stream");
        let response = request.send().await.map_err(|error| Failure::from(&error))?;
        match response.status() {
            StatusCode::UNAUTHORIZED => return Err(Failure::Unauthorized),
            status if !status.is_success() => {
                return Err(Failure::Protocol(format!("HTTP {}", status.as_u16())));
            }
            _ => {}
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Err(Failure::Protocol("the answer is not an event stream".into()));
        }
        let mut events = Events::new(response, limit);
        let endpoint = loop {
            match events.next().await? {
                Some(event) if event.name == "endpoint" => break resolve(&url, &event.data)?,
                Some(_) => {}
                None => return Err(Failure::Protocol("the stream ended before it named its endpoint".into())),
            }
        };
        Ok(Self { http, headers, endpoint, events })
    }
}

/// The address messages go to. Never another origin: the token goes with them.
fn resolve(stream: &Url, endpoint: &str) -> Result<Url, Failure> {
    let resolved =
        stream.join(endpoint.trim()).map_err(|_| Failure::Protocol("the endpoint event is not an address".into()))?;
    if resolved.origin() != stream.origin() {
        return Err(Failure::NotAllowed(format!("its endpoint is on another origin: {}", quote(endpoint))));
    }
    Ok(resolved)
}

async fn post(request: reqwest::RequestBuilder) -> Result<(), SseError> {
    let response = request.send().await.map_err(|error| SseError((&error).into()))?;
    match response.status() {
        status if status.is_success() => {
            // Read to its end, or the connection cannot be used again.
            let _ = Events::new(response, 64 * 1024).next().await;
            Ok(())
        }
        StatusCode::UNAUTHORIZED => Err(SseError(Failure::Unauthorized)),
        StatusCode::NOT_FOUND => Err(SseError(Failure::Gone("the session has ended".into()))),
        status => Err(SseError(Failure::Protocol(format!("HTTP {}", status.as_u16())))),
    }
}

impl Transport<RoleClient> for LegacyTransport {
    type Error = SseError;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), SseError>> + Send + 'static {
        let mut headers = self.headers.clone();
        headers.extend(trace::headers(&message));
        let request = self.http.post(self.endpoint.clone()).headers(headers);
        post(request.timeout(POST_TIMEOUT).json(&message))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            match self.events.next().await {
                Ok(Some(event)) if event.name.is_empty() || event.name == "message" => {
                    match serde_json::from_str(&event.data) {
                        Ok(message) => return Some(message),
                        Err(_) => tracing::debug!("skipped an event that is not a JSON-RPC message"),
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    tracing::debug!(%error, "legacy stream broke");
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), SseError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_stays_on_the_streams_origin() {
        let stream = Url::parse("http://tools:8081/ocr/sse").expect("url");
        let resolved = |endpoint: &str| resolve(&stream, endpoint).map(|url| url.to_string());
        assert_eq!(resolved("/messages/?session_id=1").as_deref(), Ok("http://tools:8081/messages/?session_id=1"));
        assert_eq!(resolved("messages?s=1").as_deref(), Ok("http://tools:8081/ocr/messages?s=1"));
        for other in ["http://evil/x", "//evil/x", "https://tools:8081/x", "http://tools:8082/x"] {
            assert!(matches!(resolve(&stream, other), Err(Failure::NotAllowed(_))), "{other}");
        }
    }
}
