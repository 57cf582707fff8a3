//! Log lines of a traced request carry its trace id.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use host::{Service, Stop, serve};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_callers_trace_is_in_the_lines_of_its_request() {
    let lines = Lines::default();
    let into = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || into.clone()).finish();
    let _subscribed = tracing::subscriber::set_default(subscriber);
    let router = Router::new().route("/work", get(|| async { tracing::info!("worked") }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/work", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve(vec![(Service::new("work", router), listener)], Stop::new(), Duration::ZERO));
    let http = reqwest::Client::new();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    http.get(&url).header("traceparent", format!("00-{trace}-b7ad6b7169203331-01")).send().await.unwrap();
    http.get(&url).header("traceparent", "no such thing").send().await.unwrap();
    serving.abort();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let found: Vec<bool> =
        text.lines().filter(|line| line.contains("worked")).map(|line| line.contains(trace)).collect();
    assert_eq!(found, [true, false], "{text}");
}
