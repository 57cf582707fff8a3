//! Sends a request and turns every way it can fail into an [`InferenceError`].

use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ports::CallContext;
use ports::health::ProviderHealth;
use ports::inference::InferenceError;
use reqwest::{Certificate, Client, ClientBuilder, Method, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::breaker::Breaker;
use super::config::{OpenAiConfig, Tls};
use super::direct::Direct;
use super::sending::{Broken, Sending};
use crate::late_client::LateClient;

/// Bytes of an error body that are read.
const ERROR_BODY: usize = 64 * 1024;
/// Longest pause asked for by `Retry-After` that is honoured.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) const CHAT: &str = "chat/completions";

pub struct OpenAiCompatible {
    pub(super) config: OpenAiConfig,
    client: LateClient,
    breaker: Breaker,
    /// For chat answers: their first byte may take as long as the caller waits.
    patient: LateClient,
    /// For chat answers, where nothing is between us and the server.
    direct: Option<Direct>,
    /// What the last request met; health asks nobody.
    last: Mutex<ProviderHealth>,
}

impl OpenAiCompatible {
    pub fn new(config: OpenAiConfig) -> Self {
        let (connect, idle) = (config.connect_timeout, config.idle_timeout);
        let tls = config.tls.clone();
        let settings = move || {
            let builder = Client::builder()
                .connect_timeout(connect)
                .tcp_nodelay(true)
                .redirect(reqwest::redirect::Policy::none());
            trusting(builder, &tls)
        };
        let streamed = settings.clone();
        let client = LateClient::new(move || streamed().read_timeout(idle));
        let patient = LateClient::new(settings);
        let direct = Url::parse(&config.url(CHAT)).ok().and_then(|url| Direct::to(url, connect));
        let last = Mutex::new(ProviderHealth::Ok);
        Self { config, client, breaker: Breaker::default(), patient, direct, last }
    }

    pub(super) fn last_seen(&self) -> ProviderHealth {
        self.last.lock().map_or(ProviderHealth::Ok, |last| last.clone())
    }

    fn client(&self) -> Result<Client, InferenceError> {
        built(&self.client)
    }

    fn remember(&self, health: ProviderHealth) {
        if let Ok(mut last) = self.last.lock() {
            *last = health;
        }
    }

    pub(super) async fn get(&self, path: &str, cx: &CallContext) -> Result<Response, InferenceError> {
        let client = self.client()?;
        self.send(|| Sending::General(client.request(Method::GET, self.config.url(path))), cx).await
    }

    pub(super) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        cx: &CallContext,
    ) -> Result<Response, InferenceError> {
        let client = self.client()?;
        self.send(|| Sending::General(client.post(self.config.url(path)).json(body)), cx).await
    }

    /// A chat completion, streamed or not.
    pub(super) async fn ask(&self, body: &impl Serialize, cx: &CallContext) -> Result<Response, InferenceError> {
        let Some(direct) = &self.direct else {
            let client = built(&self.patient)?;
            return self.send(|| Sending::General(client.post(self.config.url(CHAT)).json(body)), cx).await;
        };
        let body = serde_json::to_vec(body)
            .map_err(|error| InferenceError::Internal(format!("the request has no JSON form: {error}")))?;
        let body = Bytes::from(body);
        self.send(|| direct.post(body.clone()), cx).await
    }

    /// Below the base address itself.
    pub(super) async fn post_outside(
        &self,
        path: &str,
        body: &impl Serialize,
        cx: &CallContext,
    ) -> Result<Response, InferenceError> {
        let (client, url) = (self.client()?, format!("{}/{path}", self.config.base_url.trim_end_matches('/')));
        self.send(|| Sending::General(client.post(url.as_str()).json(body)), cx).await
    }

    /// Tries until the server begins to answer or the tries are used up.
    async fn send<'a>(&self, build: impl Fn() -> Sending<'a>, cx: &CallContext) -> Result<Response, InferenceError> {
        let mut tried = 0;
        loop {
            tried += 1;
            if let Err(wait) = self.breaker.admit(Instant::now()) {
                let message = format!("it failed several times in a row; next try in {:.1} s", wait.as_secs_f32());
                return Err(InferenceError::Unreachable(message));
            }
            let outcome = self.once(build(), cx).await;
            match &outcome {
                Err((InferenceError::Unreachable(_), _)) => self.breaker.failed(Instant::now()),
                Err((InferenceError::Cancelled | InferenceError::Timeout(_), _)) => {}
                _ => self.breaker.answered(),
            }
            let (error, pause) = match outcome {
                Ok(response) => {
                    self.remember(ProviderHealth::Ok);
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            let again = pause.filter(|pause| tried < self.config.tries && *pause < cx.left());
            match again {
                Some(pause) => tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = cx.cancel.cancelled() => return Err(InferenceError::Cancelled),
                },
                None => {
                    self.remember(ProviderHealth::Error(error.to_string()));
                    return Err(error);
                }
            }
        }
    }

    /// One try; an error comes with a pause when trying again may help.
    async fn once(
        &self,
        mut request: Sending<'_>,
        cx: &CallContext,
    ) -> Result<Response, (InferenceError, Option<Duration>)> {
        let given = cx.provider_data.get(&self.config.callers_token).and_then(|token| token.as_str());
        let own = || self.config.api_token.as_ref().map(|token| token.expose_secret());
        if let Some(token) = given.or_else(own) {
            request = request.bearer(token);
        }
        if let Some((parent, state)) = cx.trace.headers() {
            request = request.header("traceparent", &parent);
            if let Some(state) = state {
                request = request.header("tracestate", &state);
            }
        }
        let sending = tokio::time::timeout(cx.left(), request.send());
        let response = tokio::select! {
            sent = sending => match sent {
                Ok(Ok(response)) => response,
                Ok(Err(broken)) => return Err(failure(broken)),
                Err(_) => return Err((InferenceError::Timeout("no answer before the deadline".into()), None)),
            },
            () = cx.cancel.cancelled() => return Err((InferenceError::Cancelled, None)),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let pause = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            .then(|| retry_after(&response).unwrap_or(Duration::from_millis(200)))
            .filter(|pause| *pause <= LONGEST_PAUSE);
        let message = error_message(response).await;
        Err((upstream(status, message), pause))
    }
}

/// A file that cannot be read leaves the machine's own certificates, and a warning: other providers still serve.
fn trusting(builder: ClientBuilder, tls: &Tls) -> ClientBuilder {
    let authority = match tls {
        Tls::Verified => return builder,
        Tls::Unverified => return builder.danger_accept_invalid_certs(true),
        Tls::Authority(path) => path,
    };
    let read = std::fs::read(authority).map_err(|error| error.to_string());
    let certificates = read.and_then(|pem| Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string()));
    match certificates {
        Ok(certificates) => certificates.into_iter().fold(builder, ClientBuilder::add_root_certificate),
        Err(error) => {
            tracing::warn!(path = %authority.display(), %error, "certificates of a model server not read");
            builder
        }
    }
}

fn built(client: &LateClient) -> Result<Client, InferenceError> {
    client.get().map_err(|error| InferenceError::Internal(format!("no HTTP client: {error}")))
}

fn failure(broken: Broken) -> (InferenceError, Option<Duration>) {
    match broken {
        Broken::Connecting(text) => (InferenceError::Unreachable(text), Some(Duration::from_millis(200))),
        Broken::Late(text) => (InferenceError::Timeout(text), None),
        Broken::Sending(text) => (InferenceError::Unreachable(text), None),
    }
}

fn upstream(status: StatusCode, message: String) -> InferenceError {
    match status {
        StatusCode::NOT_FOUND => InferenceError::NotFound(message),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => InferenceError::Invalid { param: None, message },
        StatusCode::TOO_MANY_REQUESTS => InferenceError::Overloaded(message),
        status => InferenceError::Upstream { status: status.as_u16(), message },
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The message inside an error body of any of the usual shapes, else its beginning.
async fn error_message(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BODY {
            break;
        }
    }
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let places = ["/error/message", "/message", "/detail", "/error"];
    let found = places.iter().find_map(|place| value.pointer(place)?.as_str());
    found.map_or_else(|| String::from_utf8_lossy(&body).chars().take(300).collect(), str::to_owned)
}
