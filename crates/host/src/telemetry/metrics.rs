//! `GET /metrics`: what this process has counted, in the text form that Prometheus reads.
//!
//! It is on every service's own listener, open like health: a scraper knows the port already, and the numbers name
//! routes, models and tools, never a caller or a word of theirs. A process has one set of numbers, as it has one log.

use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use secrecy::SecretString;
use serde::Deserialize;

use crate::auth::carries;

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);
static CONFIG: OnceLock<MetricsConfig> = OnceLock::new();

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    pub enabled: bool,
    /// Asked of a scraper when set.
    pub token: Option<SecretString>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { enabled: true, token: None }
    }
}

/// Once, before anything is served; without it metrics are open.
pub fn configure_metrics(config: MetricsConfig) {
    if CONFIG.set(config).is_err() {
        tracing::debug!("metrics were configured before");
    }
}

/// Adds a crate's numbers to what `/metrics` shows. Call it once for each.
pub fn register(add: impl FnOnce(&mut Registry)) {
    add(&mut REGISTRY.lock().unwrap_or_else(PoisonError::into_inner));
}

pub(super) async fn show(headers: HeaderMap) -> Response {
    let config = CONFIG.get_or_init(MetricsConfig::default);
    if !config.enabled {
        return StatusCode::NOT_FOUND.into_response();
    }
    let open = match &config.token {
        Some(token) => carries(&headers, token),
        None => host_is_an_address(&headers),
    };
    if !open {
        let status = if config.token.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        return (status, "metrics are for a scraper: by address, or with the bearer token\n").into_response();
    }
    let mut text = String::with_capacity(16 * 1024);
    let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    match encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A web page that makes a browser ask us under the page's own name must use a name; a scraper that asks a pod uses
/// its address.
fn host_is_an_address(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scraper_asks_an_address_and_a_rebound_page_a_name() {
        for (host, open) in [
            ("127.0.0.1:8321", true),
            ("localhost", true),
            ("10.1.2.3:8321", true),
            ("[::1]:8321", true),
            ("gateway:8321", false),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            assert_eq!(host_is_an_address(&headers), open, "{host}");
        }
    }
}
