//! A router on a port of its own, for as long as the value lives.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::PATIENCE;

/// A server on loopback. Dropping it closes the port and cuts every connection.
pub struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listening {
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound address");
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the fake server runs until it is dropped");
        });
        Self { address, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until the watched value satisfies `enough`; fails the test with `what` when that takes too long.
pub async fn eventually<T>(watched: &watch::Sender<T>, what: &str, enough: impl FnMut(&T) -> bool) {
    let mut changes = watched.subscribe();
    let outcome = tokio::time::timeout(PATIENCE, changes.wait_for(enough)).await;
    assert!(matches!(outcome, Ok(Ok(_))), "{what} did not happen in {} seconds", PATIENCE.as_secs());
}

/// Lets the server send what it has, so that a cut comes after it and not in its place.
pub(crate) async fn flushed() {
    tokio::task::yield_now().await;
}
