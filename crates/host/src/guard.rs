//! Who may speak to a loopback service: requests whose `Host` we answer to, from pages we trust.
//!
//! A web page anywhere can make a browser send requests to 127.0.0.1. Checking `Host` stops DNS rebinding,
//! checking `Origin` stops cross-site requests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Names this service answers to beside loopback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowed {
    /// Host names, with or without a port: `ocr-server`, `ocr-server.ns.svc.cluster.local:8081`.
    pub hosts: Vec<String>,
    /// Origins of pages that may call: `https://claims.example.org`.
    pub origins: Vec<String>,
}

impl Allowed {
    /// Loopback names always pass; a configured name without a port passes on any port.
    pub fn host(&self, host: &str) -> bool {
        let bare = without_port(host);
        LOOPBACK.contains(&bare)
            || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(bare))
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
    router.layer(from_fn_with_state(Arc::new(allow.clone()), check))
}

async fn check(State(allow): State<Arc<Allowed>>, request: Request<Body>, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    match allow.refusal(request.headers(), authority) {
        None => next.run(request).await,
        Some(reason) => {
            let body = serde_json::json!({
                "error": {"message": reason, "type": "permission_error", "param": null, "code": "forbidden"},
                "detail": reason,
            });
            (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
        }
    }
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
