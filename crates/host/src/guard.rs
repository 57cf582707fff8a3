//! Who may speak to a loopback service: requests whose `Host` we answer to, from pages we trust.
//!
//! A web page anywhere can make a browser send requests to 127.0.0.1. Checking `Host` stops DNS rebinding,
//! checking `Origin` stops cross-site requests.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::Either;
use serde::{Deserialize, Serialize};
use tower::{Layer, Service};

/// Asked by a cluster's kubelet, which calls a pod by its address. It says that the process lives, and nothing else.
const LIVENESS: &str = "/v1/health";

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Names this service answers to beside loopback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowed {
    /// Host names, with or without a port: `ocr-server`, `ocr-server.ns.svc.cluster.local:8081`. `*` is any: for a pod
    /// behind a network policy, never for a machine with a browser.
    pub hosts: Vec<String>,
    /// Origins of pages that may call: `https://claims.example.org`.
    pub origins: Vec<String>,
}

impl Allowed {
    /// Loopback names always pass; a configured name without a port passes on any port.
    pub fn host(&self, host: &str) -> bool {
        let bare = without_port(host);
        LOOPBACK.contains(&bare)
            || self.hosts.iter().any(|allowed| {
                allowed == "*" || allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(bare)
            })
    }

    /// Pages served from loopback always pass.
    pub fn origin(&self, origin: &str) -> bool {
        if self.origins.iter().any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
            return true;
        }
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| LOOPBACK.contains(&without_port(authority)))
    }

    /// `None` when the request may pass, else what is wrong with it.
    pub fn refusal(&self, headers: &HeaderMap, authority: Option<&str>) -> Option<&'static str> {
        let host = headers.get(header::HOST).map(|value| value.to_str().unwrap_or("")).or(authority);
        match host {
            Some(host) if self.host(host) => {}
            Some(_) => return Some("this Host is not served here"),
            None => return Some("a Host header is required"),
        }
        match headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("")) {
            Some(origin) if !self.origin(origin) => Some("this Origin may not call"),
            _ => None,
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if host.ends_with(']') || host[..colon].contains(':') && !host.starts_with('[') => host,
        Some(colon) if host[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()) => &host[..colon],
        _ => host,
    }
}

/// Puts the rules of `allow` before every route of `router`: 403 for a stranger.
pub fn guard(router: Router, allow: &Allowed) -> Router {
    router.layer(Guard::new(allow))
}

/// The same as a layer: a router boxes and clones each layer by itself, so a busy one takes all of its own at once.
/// Written out, where `from_fn` would box a future and clone a route for each request.
#[derive(Clone)]
pub struct Guard(Arc<Allowed>);

impl Guard {
    pub fn new(allow: &Allowed) -> Self {
        Self(Arc::new(allow.clone()))
    }
}

#[derive(Clone)]
pub struct Guarded<S> {
    allow: Arc<Allowed>,
    inner: S,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { allow: self.0.clone(), inner }
    }
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.method() == Method::GET && request.uri().path() == LIVENESS {
            return Either::Left(self.inner.call(request));
        }
        let authority = request.uri().authority().map(|authority| authority.as_str());
        match self.allow.refusal(request.headers(), authority) {
            None => Either::Left(self.inner.call(request)),
            Some(reason) => Either::Right(ready(Ok(refused(reason)))),
        }
    }
}

fn refused(reason: &str) -> Response {
    let body = serde_json::json!({
        "error": {"message": reason, "type": "permission_error", "param": null, "code": "forbidden"},
        "detail": reason,
    });
    (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_configured_names_pass_and_others_do_not() {
        let allow = Allowed { hosts: vec!["ocr-server".into(), "a.example:8443".into()], origins: vec![] };
        for host in ["127.0.0.1:8080", "localhost", "[::1]:1", "ocr-server:8081", "OCR-server", "a.example:8443"] {
            assert!(allow.host(host), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "a.example:1", "", "localhost:80@evil.example"] {
            assert!(!allow.host(host), "{host}");
        }
        let any = Allowed { hosts: vec!["*".into()], origins: vec![] };
        assert!(any.host("10.128.0.7:8321") && !any.origin("http://evil.example"), "any host, still no foreign page");
    }

    #[tokio::test]
    async fn a_kubelet_that_calls_a_pod_by_its_address_learns_that_it_lives_and_nothing_else() {
        let router = Router::new().route("/v1/health", axum::routing::any(async || "OK"));
        let router = router.route("/v1/models", axum::routing::get(async || "models"));
        let router = guard(router, &Allowed::default());
        let ask = async |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path).header(header::HOST, "10.1.2.3:8321");
            let request = request.body(axum::body::Body::empty()).unwrap();
            router.clone().call(request).await.unwrap().status()
        };
        assert_eq!(ask(Method::GET, "/v1/health").await, StatusCode::OK);
        assert_eq!(ask(Method::POST, "/v1/health").await, StatusCode::FORBIDDEN);
        assert_eq!(ask(Method::GET, "/v1/models").await, StatusCode::FORBIDDEN);
    }

    #[test]
    fn only_loopback_pages_call_unless_configured() {
        let allow = Allowed { hosts: vec![], origins: vec!["https://claims.example.org".into()] };
        for origin in ["http://localhost:5173", "http://127.0.0.1", "http://[::1]:8080", "https://claims.example.org"] {
            assert!(allow.origin(origin), "{origin}");
        }
        for origin in ["null", "http://evil.example", "http://localhost.evil.example", "file://"] {
            assert!(!allow.origin(origin), "{origin}");
        }
    }
}
