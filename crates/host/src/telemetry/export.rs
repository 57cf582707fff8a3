//! Spans to an OpenTelemetry collector, by OTLP over HTTP with protobuf bodies.
//!
//! Spans wait in a bounded queue of the SDK and are sent by a thread of its own: a collector that is slow or dead costs
//! spans, never a request.

use std::fmt::{Debug, Formatter};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::{KeyValue, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::Handle;

/// One try to hand over a batch.
const SENDING: Duration = Duration::from_secs(10);
/// An answer of a collector at most.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Where spans go. The SDK itself reads `OTEL_TRACES_SAMPLER`, `OTEL_BSP_*`, `OTEL_RESOURCE_ATTRIBUTES`,
/// `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_EXPORTER_OTLP_TIMEOUT`.
#[derive(Debug, Clone, Default)]
pub struct ExportConfig {
    /// The collector's base address (`http://collector:4318`), `/v1/traces` is added; empty: nothing is recorded.
    pub otlp_endpoint: Option<String>,
    /// `service.name` of every span.
    pub service_name: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("telemetry.otlp_endpoint: {0} is not an http:// or https:// address")]
    Endpoint(String),
    #[error("telemetry: spans are exported by http/protobuf only, and OTEL_EXPORTER_OTLP_PROTOCOL says {0}")]
    Protocol(String),
    #[error("telemetry: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

static EXPORTING: AtomicBool = AtomicBool::new(false);

/// Whether spans are recorded at all.
pub(super) fn is_exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

/// Keeps the exporter alive.
pub struct Exporting {
    provider: SdkTracerProvider,
}

impl Exporting {
    /// Sends what is left, for so long at most. Call it from a thread outside the runtime while that still runs.
    pub fn finish(self, patience: Duration) {
        if let Err(error) = self.provider.shutdown_with_timeout(patience) {
            tracing::warn!(%error, "the last spans may not have been exported");
        }
    }
}

/// Starts exporting if an address is configured. Nothing is contacted before the first spans are sent.
pub fn export(config: &ExportConfig, runtime: Handle) -> Result<Option<Exporting>, ExportError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let says = |name: &str, word: &str| variable(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word));
    let own = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let base = config.otlp_endpoint.as_deref().map(str::trim).filter(|base| !base.is_empty());
    let Some(endpoint) = own.or_else(|| base.map(|base| format!("{}/v1/traces", base.trim_end_matches('/')))) else {
        return Ok(None);
    };
    if says("OTEL_SDK_DISABLED", "true") || says("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        return Err(ExportError::Endpoint(endpoint));
    }
    let names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    if let Some(other) = names.iter().find_map(|name| variable(name)).filter(|value| value.trim() != "http/protobuf") {
        return Err(ExportError::Protocol(other));
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Sender { runtime, client: Arc::default() })
        .with_endpoint(endpoint)
        .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
        .build()?;
    let name = config.service_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("claimstack");
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_service_name(name.to_owned())
        .build();
    let exporter = Counting { exporter, lost: AtomicU64::new(0) };
    let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
    global::set_tracer_provider(provider.clone());
    EXPORTING.store(true, Ordering::Relaxed);
    Ok(Some(Exporting { provider }))
}

/// Says in the log that spans are lost: at the first, and then at each power of two.
#[derive(Debug)]
struct Counting {
    exporter: opentelemetry_otlp::SpanExporter,
    lost: AtomicU64,
}

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let outcome = self.exporter.export(batch).await;
        if let Err(error) = &outcome {
            let before = self.lost.fetch_add(count, Ordering::Relaxed);
            if (before + count).ilog2() > before.max(1).ilog2() || before == 0 {
                tracing::warn!(lost = before + count, %error, "spans could not be exported");
            }
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// The exporter's way out: its thread waits, our runtime sends. The client is made when the first spans are sent, since
/// making one reads every certificate the machine trusts.
#[derive(Clone)]
struct Sender {
    runtime: Handle,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Debug for Sender {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    fn client(&self) -> Result<reqwest::Client, HttpError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder().timeout(SENDING).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let sent = self.client()?.request(parts.method, url).headers(parts.headers).body(body).send();
        let mut answer = sent.await.map_err(reqwest::Error::without_url)?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(bytes) = answer.chunk().await? {
            body.extend_from_slice(&bytes);
            if body.len() > ANSWER_BYTES {
                return Err("the collector's answer is too large".into());
            }
        }
        Ok(response.body(body.into())?)
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.runtime.spawn(self.clone().send(request)).await?
    }
}
