//! The HTTP clients, and streamable HTTP through rmcp.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Url, redirect};
use rmcp::{
    model::ClientJsonRpcMessage,
    transport::streamable_http_client::{
        SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
        StreamableHttpPostResponse, StreamableHttpResponseLimits,
    },
};
use sse_stream::Sse;

use super::{McpConfig, address::AddressRules, failure::Failure, trace};
use crate::late_client::LateClient;

const MAX_REDIRECTS: usize = 5;

/// One client for addresses we were configured with, one for those callers give.
pub(super) struct Clients {
    trusted: LateClient,
    guarded: LateClient,
}

impl Clients {
    pub(super) fn new(config: &McpConfig, rules: &AddressRules) -> Self {
        let connect_timeout = config.connect_timeout();
        let builder = move || {
            reqwest::Client::builder()
                .connect_timeout(connect_timeout)
                .tcp_nodelay(true)
                .redirect(redirect::Policy::custom(same_origin))
        };
        let rules = Arc::new(rules.clone());
        Self {
            trusted: LateClient::new(builder),
            // A proxy would resolve names by itself, past our rules.
            guarded: LateClient::new(move || builder().no_proxy().dns_resolver(rules.clone())),
        }
    }

    pub(super) fn of(&self, trusted: bool) -> Result<reqwest::Client, Failure> {
        let client = if trusted { &self.trusted } else { &self.guarded };
        client.get().map_err(|error| Failure::Refused(format!("no HTTP client: {error}")))
    }
}

fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let first = attempt.previous().first().map(Url::origin);
    if first != Some(attempt.url().origin()) {
        attempt.error("redirect to another origin")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else {
        attempt.follow()
    }
}

/// Headers that carry the protocol or the connection: ours to set.
const RESERVED: [&str; 16] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A caller's headers, or what is wrong with them.
pub(super) fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, Failure> {
    let refuse = |name: &str, why: &str| Err(Failure::NotAllowed(format!("header {name:?}: {why}")));
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let Ok(parsed) = HeaderName::try_from(name.as_str()) else {
            return refuse(name, "not a header name");
        };
        if parsed == http::header::AUTHORIZATION {
            return refuse(name, "put the token into `authorization`");
        }
        if RESERVED.contains(&parsed.as_str()) {
            return refuse(name, "may not be set");
        }
        let Ok(mut value) = HeaderValue::try_from(value.as_str()) else {
            return refuse(name, "not a header value");
        };
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// The bare token of `authorization`, which may be written with its scheme.
pub(super) fn token(authorization: &str) -> &str {
    let trimmed = authorization.trim();
    match trimmed.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => trimmed[7..].trim(),
        _ => trimmed,
    }
}

pub(super) fn settings(
    url: &Url,
    headers: &HeaderMap,
    authorization: Option<&str>,
    config: &McpConfig,
) -> StreamableHttpClientTransportConfig {
    let headers: HashMap<HeaderName, HeaderValue> =
        headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let settings = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .custom_headers(headers)
        .max_concurrent_requests(64)
        .max_json_response_size(config.max_answer_bytes)
        .max_sse_event_size(config.max_answer_bytes)
        // A 404 says that the session is unknown, so nothing was done: safe to repeat.
        .reinit_on_expired_session(true);
    match authorization {
        Some(authorization) => settings.auth_header(token(authorization)),
        None => settings,
    }
}

/// The reason a handshake failed. rmcp may only report that the transport closed.
#[derive(Clone, Default)]
pub(super) struct LastFailure(Arc<Mutex<Option<Failure>>>);

impl LastFailure {
    fn set(&self, failure: Failure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    pub(super) fn take(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

type Headers = HashMap<HeaderName, HeaderValue>;
type Posted = Result<StreamableHttpPostResponse, StreamableHttpError<reqwest::Error>>;
type Events = Result<BoxStream<'static, Result<Sse, SseError>>, StreamableHttpError<reqwest::Error>>;

/// rmcp's client on our connections, with its failures noted.
#[derive(Clone)]
pub(super) struct NotingClient {
    pub(super) http: reqwest::Client,
    pub(super) last: LastFailure,
    /// The server's name for the session, where it gives one.
    pub(super) session: SessionName,
}

#[derive(Clone, Default)]
pub(super) struct SessionName(Arc<Mutex<Option<Arc<str>>>>);

impl SessionName {
    fn set(&self, name: Option<Arc<str>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    pub(super) fn get(&self) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl NotingClient {
    fn noted<T>(
        &self,
        outcome: Result<T, StreamableHttpError<reqwest::Error>>,
    ) -> Result<T, StreamableHttpError<reqwest::Error>> {
        if let Err(error) = &outcome {
            self.last.set(error.into());
        }
        outcome
    }
}

impl StreamableHttpClient for NotingClient {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Posted {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        mut headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Posted {
        headers.extend(trace::headers(&message));
        self.session.set(session.clone());
        let posted = self.http.post_message_with_response_limits(uri, message, session, token, headers, limits);
        self.noted(posted.await)
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<(), StreamableHttpError<reqwest::Error>> {
        self.http.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Events {
        self.http.get_stream(uri, session, last_event, token, headers).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
        limit: usize,
    ) -> Events {
        self.http.get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn callers_cannot_set_protocol_headers() {
        assert!(headers(&given("X-Claim-Run", "r-1")).is_ok());
        for (name, value) in [
            ("Authorization", "Bearer x"),
            ("host", "evil"),
            ("Mcp-Session-Id", "1"),
            ("x-a", "1\r\nx: 2"),
            ("a b", "1"),
        ] {
            assert!(headers(&given(name, value)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_token_may_come_with_its_scheme() {
        assert_eq!(token("Bearer abc"), "abc");
        assert_eq!(token("bearer  abc "), "abc");
        assert_eq!(token("abc"), "abc");
    }
}
