//! Bearer tokens, compared in constant time.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The token of an `Authorization: Bearer …` header.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the request carries exactly this token.
pub fn carries(headers: &HeaderMap, token: &SecretString) -> bool {
    bearer_token(headers).is_some_and(|given| given.as_bytes().ct_eq(token.expose_secret().as_bytes()).into())
}

/// Asks for `token` on every route of `router`; without a token configured every caller passes.
pub fn bearer<S>(router: Router<S>, token: Option<SecretString>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    match token {
        None => router,
        Some(token) => router.layer(from_fn_with_state(Arc::new(token), check)),
    }
}

async fn check(State(token): State<Arc<SecretString>>, request: Request<Body>, next: Next) -> Response {
    if carries(request.headers(), &token) {
        return next.run(request).await;
    }
    let message = "a valid bearer token is required";
    let body = serde_json::json!({
        "error": {"message": message, "type": "authentication_error", "param": null, "code": "unauthorized"},
        "detail": message,
    });
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], axum::Json(body)).into_response()
}
