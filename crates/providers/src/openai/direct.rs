//! Chat requests to a model server in plain HTTP with nothing in between, as one on the same machine or in the same
//! cluster is. The general client looks after redirects, proxies and cookies, and reads its address anew, which costs
//! more than reading request and answer together.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::{Body, ResponseBuilderExt, Url};

use super::sending::Sending;

pub type Whole = Full<Bytes>;

/// As long as the general client keeps a connection that nobody uses.
const IDLE: Duration = Duration::from_secs(90);

pub struct Direct {
    client: Client<HttpConnector, Whole>,
    url: Url,
    uri: Uri,
}

impl Direct {
    /// `None` where TLS, credentials in the address or a proxy of the environment ask for more.
    pub fn to(url: Url, connect: Duration) -> Option<Self> {
        let uri: Uri = url.as_str().parse().ok()?;
        let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
        if !plain || Matcher::from_env().intercept(&uri).is_some() {
            return None;
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect));
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Some(Self { client, url, uri })
    }

    pub fn post(&self, json: Bytes) -> Sending<'_> {
        let mut request = Request::new(Full::new(json));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        Sending::Direct(self, request)
    }

    /// The answer in the general client's type, so that both are read in one way.
    pub(super) async fn send(&self, request: Request<Whole>) -> Result<reqwest::Response, Error> {
        let (parts, body) = self.client.request(request).await?.into_parts();
        // With its address: without one the general type reads a made-up one each time.
        let mut answer = Response::builder().url(self.url.clone()).body(Body::wrap(body)).unwrap_or_default();
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = parts.headers;
        Ok(answer.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_and_credentials_are_left_to_the_general_client() {
        let direct = |url: &str| Direct::to(url.parse().expect("a url"), Duration::from_secs(1)).is_some();
        assert!(direct("http://127.0.0.1:8000/v1/chat/completions"));
        assert!(!direct("https://127.0.0.1:8000/v1/chat/completions"));
        assert!(!direct("http://ada:secret@127.0.0.1:8000/v1/chat/completions"));
    }
}
