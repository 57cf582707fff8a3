//! A collector that never answers costs spans, not requests, and a stop does not wait for it longer than told.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use host::telemetry::{ExportConfig, export};
use host::{Service, Stop, serve};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_and_the_stop_is_bounded() {
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let config = ExportConfig { otlp_endpoint: Some(endpoint), service_name: None };
    let exporting = export(&config, tokio::runtime::Handle::current()).unwrap().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hello", listener.local_addr().unwrap());
    let service = Service::new("hello", Router::new().route("/hello", get(|| async { "hello" })));
    let serving = tokio::spawn(serve(vec![(service, listener)], Stop::new(), Duration::from_secs(1)));

    let http = reqwest::Client::new();
    let began = Instant::now();
    // More than the exporter's queue holds.
    for _ in 0..5_000 {
        assert_eq!(http.get(&url).send().await.unwrap().text().await.unwrap(), "hello");
    }
    let requests = began.elapsed();
    assert!(requests < Duration::from_secs(20), "5,000 requests took {requests:?}");
    let stopping = Instant::now();
    tokio::task::spawn_blocking(|| exporting.finish(Duration::from_millis(500))).await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(3), "the stop took {:?}", stopping.elapsed());
    serving.abort();
}

#[tokio::test]
async fn what_cannot_be_exported_to_is_said_at_the_start() {
    let to = |endpoint: &str| ExportConfig { otlp_endpoint: Some(endpoint.into()), service_name: None };
    let runtime = tokio::runtime::Handle::current();
    assert!(export(&to("  "), runtime.clone()).unwrap().is_none());
    assert!(export(&ExportConfig::default(), runtime.clone()).unwrap().is_none());
    let error = export(&to("collector:4317"), runtime).err().unwrap().to_string();
    assert!(error.contains("telemetry.otlp_endpoint") && error.contains("collector:4317"), "{error}");
}
