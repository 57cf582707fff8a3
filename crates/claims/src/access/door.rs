//! The door before the public API.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::routes::need_of;
use super::{Access, Need, Stranger};
use crate::api::{ApiError, ErrorKind};

/// Puts the door before every route of `router`.
pub(crate) fn guarded(router: Router, access: Arc<Access>) -> Router {
    router.layer(from_fn_with_state(access, enter))
}

async fn enter(State(access): State<Arc<Access>>, mut request: Request, next: Next) -> Response {
    match access.admit(&mut request).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// An error with the header that goes with it.
struct Refusal {
    error: ApiError,
    header: Option<(HeaderName, String)>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, header: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.error.into_response();
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl Access {
    /// Lets the request in with its caller, or says why not.
    async fn admit(&self, request: &mut Request) -> Result<(), Refusal> {
        let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let need = need_of(request.method(), matched, request.uri().path());
        unforged(request.method(), request.headers())?;
        if need == Need::Nothing {
            return Ok(());
        }
        let known = self.caller(host::auth::bearer_token(request.headers())).await;
        let caller = match known {
            Ok(caller) => caller,
            Err(stranger) => {
                self.pace.count(&address(request)).map_err(too_many)?;
                return Err(refusal(stranger));
            }
        };
        if !self.open {
            self.pace.count(&format!("caller:{}", caller.subject)).map_err(too_many)?;
        }
        if !caller.role.may(need) {
            let message = format!("the role {} may not do this", caller.role.as_str());
            tracing::info!(subject = &*caller.subject, role = caller.role.as_str(), route = matched, "refused");
            return Err(ApiError::new(ErrorKind::Forbidden, message).into());
        }
        request.extensions_mut().insert(caller);
        Ok(())
    }
}

/// What a page of somebody else's can make a browser send: a form or a text, without asking first. `Host` and `Origin`
/// were looked at before; this closes what is left for requests that change something.
fn unforged(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    if text("sec-fetch-site") == Some("cross-site") && !headers.contains_key(header::ORIGIN) {
        return Err(ApiError::new(ErrorKind::Forbidden, "a request from another site must name its Origin").into());
    }
    let empty = text("content-length").is_none_or(|length| length == "0") && !headers.contains_key("transfer-encoding");
    let kind = text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let taken = matches!(kind.as_str(), "application/json" | "multipart/form-data");
    if taken || (kind.is_empty() && empty) {
        return Ok(());
    }
    let rule = "Content-Type: must be application/json, or multipart/form-data for an upload";
    Err(ApiError::new(ErrorKind::UnsupportedMedia, rule).into())
}

fn refusal(stranger: Stranger) -> Refusal {
    let challenged = |message: String, challenge: &str| Refusal {
        error: ApiError::new(ErrorKind::Unauthorized, message),
        header: Some((header::WWW_AUTHENTICATE, challenge.to_owned())),
    };
    match stranger {
        Stranger::NoToken => challenged("a bearer token is required".into(), "Bearer"),
        Stranger::Rejected(why) => challenged(why, "Bearer error=\"invalid_token\""),
        Stranger::NobodyKnows => {
            let message = "the identity provider does not answer: nobody can say now whose token this is";
            ApiError::new(ErrorKind::Unavailable, message).into()
        }
        Stranger::NoRole => {
            ApiError::new(ErrorKind::Forbidden, "the token is good, but gives its bearer no role here").into()
        }
    }
}

fn too_many(wait: std::time::Duration) -> Refusal {
    let seconds = wait.as_secs() + 1;
    Refusal {
        error: ApiError::new(ErrorKind::RateLimited, format!("too many requests; try again in {seconds} s")),
        header: Some((header::RETRY_AFTER, seconds.to_string())),
    }
}

/// The peer of the connection: forwarded addresses can be made up. An IPv6 client has a network to itself.
fn address(request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    match peer {
        Some(IpAddr::V6(ip)) => {
            let mut network = ip.octets();
            network[8..].fill(0);
            format!("address:{}/64", Ipv6Addr::from(network))
        }
        Some(ip) => format!("address:{ip}"),
        None => "address:unknown".into(),
    }
}
