//! The door: whose token it is, which paths are open to them, and how many requests a day they have left.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ports::access::{Caller, RoutePolicy};
use ports::auth::{AskedWith, AuthError, Authenticator};
use ports::quotas::Quotas;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::errors::ApiError;
use crate::messages;

/// Headers that an identity provider is not told: they hold secrets of their own.
const UNTOLD: [&str; 5] = ["authorization", "x-api-key", "cookie", "x-llamastack-provider-data", "x-ogx-provider-data"];
/// Clients that have used up their quota, remembered so that they cost the store nothing.
const SPENT: usize = 10_000;
const SWEEP: Duration = Duration::from_secs(3600);

#[derive(Clone, Default)]
pub struct Admission {
    /// Asked about every token; `None` lets everyone in who reaches the listener.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    pub routes: RoutePolicy,
    pub quota: Option<Quota>,
}

impl Admission {
    /// Everyone may come in, everywhere, as often as they like.
    pub fn asks_nothing(&self) -> bool {
        self.authenticator.is_none() && self.quota.is_none() && self.routes.is_empty()
    }
}

/// Requests in a window of time.
#[derive(Clone)]
pub struct Quota {
    store: Arc<dyn Quotas>,
    anonymous: u64,
    authenticated: u64,
    window_seconds: i64,
    spent: Arc<Mutex<HashMap<String, i64>>>,
}

impl Quota {
    pub fn new(store: Arc<dyn Quotas>, anonymous: u64, authenticated: u64, window: Duration) -> Self {
        let window_seconds = window.as_secs().max(1) as i64;
        Self { store, anonymous, authenticated, window_seconds, spent: Arc::default() }
    }

    /// Windows begin at multiples of their length, the same for all replicas.
    fn window(&self, now: i64) -> i64 {
        now - now.rem_euclid(self.window_seconds)
    }

    async fn count(&self, client: &Client, now: i64) -> Result<(), Refusal> {
        let window = self.window(now);
        let exceeded = || {
            let wait = window + self.window_seconds - now;
            let error = ApiError { message: "Quota exceeded".into(), ..ApiError::busy() };
            Refusal::from(error).with(header::RETRY_AFTER, wait.to_string())
        };
        if self.spent().get(&client.key) == Some(&window) {
            return Err(exceeded());
        }
        let count = self.store.count_request(&client.key, window).await.map_err(ApiError::from)?;
        let most = if client.known { self.authenticated } else { self.anonymous };
        if count <= most {
            return Ok(());
        }
        let mut spent = self.spent();
        if spent.len() >= SPENT {
            spent.clear();
        }
        spent.insert(client.key.clone(), window);
        Err(exceeded())
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, HashMap<String, i64>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose requests are counted together.
struct Client {
    key: String,
    known: bool,
}

/// A refusal with the headers that go with it.
struct Refusal {
    error: ApiError,
    header: Option<(HeaderName, String)>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, header: None }
    }
}

impl Refusal {
    fn with(self, name: HeaderName, value: String) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// In the dialect of the path that was asked.
    fn response(self, path: &str) -> Response {
        let mut response = match path == "/v1/messages" {
            true => messages::Refused::from(self.error).into_response(),
            false => self.error.into_response(),
        };
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Stands before every route but health, version and the API's description.
pub async fn admit(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = path(&parts).to_owned();
    match enter(&app, &parts, &path).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.response(&path),
    }
}

/// Asks again what `admit` has asked when `request` came: for a connection on which one request after the other comes.
/// A token may have run out since, and each of them counts.
pub async fn admit_again(app: &App, request: &Parts) -> Result<Option<Caller>, ApiError> {
    enter(app, request, path(request)).await.map_err(|refusal| refusal.error)
}

fn path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.path())
}

async fn enter(app: &App, request: &Parts, path: &str) -> Result<Option<Caller>, Refusal> {
    let admission = &app.edge.admission;
    let (caller, client) = match &admission.authenticator {
        None => (None, None),
        Some(authenticator) => {
            let caller = identify(authenticator.as_ref(), request, path).await?;
            let name = caller.as_ref().map_or_else(|| "token".to_owned(), |caller| format!("caller:{}", caller.id));
            (caller, Some(Client { key: name, known: true }))
        }
    };
    if !admission.routes.permits(caller.as_deref(), path) {
        let message = format!("Access denied: insufficient permissions for route {path}");
        return Err(ApiError::forbidden(message).into());
    }
    if let Some(quota) = &admission.quota {
        let client = client.unwrap_or_else(|| Client { key: address(request), known: false });
        quota.count(&client, app.responder.clock.unix_seconds()).await?;
    }
    Ok(caller)
}

async fn identify(authenticator: &dyn Authenticator, request: &Parts, path: &str) -> Result<Option<Caller>, Refusal> {
    let Some(token) = token(&request.headers) else {
        return Err(unauthorized(authenticator.challenge(), "Bearer"));
    };
    let with = match authenticator.decides_by_request() {
        true => asked_with(request, path),
        false => AskedWith::default(),
    };
    match authenticator.authenticate(token, &with).await {
        Ok(verified) => Ok(verified.caller),
        Err(AuthError::Rejected(why)) => Err(unauthorized(why, "Bearer error=\"invalid_token\"")),
        Err(unavailable) => {
            let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, unavailable.to_string());
            Err(Refusal::from(error).with(header::RETRY_AFTER, "5".into()))
        }
    }
}

fn unauthorized(message: String, challenge: &str) -> Refusal {
    Refusal::from(ApiError::unauthorized(message)).with(header::WWW_AUTHENTICATE, challenge.into())
}

/// `Authorization: Bearer …`, or `x-api-key` as Anthropic's clients send it.
fn token(headers: &HeaderMap) -> Option<&str> {
    let key = || headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim);
    host::auth::bearer_token(headers).or_else(key).filter(|token| !token.is_empty())
}

fn asked_with(request: &Parts, path: &str) -> AskedWith {
    let told = request.headers.iter().filter(|(name, _)| !UNTOLD.contains(&name.as_str()));
    let headers = told.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let mut params: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Ok(axum::extract::Query(pairs)) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&request.uri) {
        pairs.into_iter().for_each(|(name, value)| params.entry(name).or_default().push(value));
    }
    AskedWith { path: path.to_owned(), headers: headers.collect(), params }
}

/// The peer of the connection: forwarded addresses can be made up. An IPv6 client has a network to itself.
fn address(request: &Parts) -> String {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
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

/// Forgets the counts of windows that are over, now and then.
pub async fn sweep(app: Arc<App>, stop: CancellationToken) {
    let Some(quota) = app.edge.admission.quota.clone() else { return };
    loop {
        let window = quota.window(app.responder.clock.unix_seconds());
        if let Err(error) = quota.store.forget_clients(window).await {
            tracing::warn!(%error, "counts of earlier windows not forgotten");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            () = stop.cancelled() => return,
        }
    }
}
