//! Serves several services, each on its own listener, until told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::service::Service;
use crate::stop::Stop;
use crate::telemetry;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("service {service} stopped: {source}")]
    Listener { service: &'static str, source: std::io::Error },
}

/// Serves until `stop`: soft lets open requests and tasks finish within `grace`, hard drops them.
///
/// TCP_NODELAY is set on every connection: without it each event of a stream waits for a delayed acknowledgement.
pub async fn serve(listening: Vec<(Service, TcpListener)>, stop: Stop, grace: Duration) -> Result<(), ServeError> {
    let mut servers = JoinSet::new();
    let mut tasks = JoinSet::new();
    for (service, listener) in listening {
        let Service { name, router, tasks: background, .. } = service;
        for task in background {
            tasks.spawn(task(stop.soft().clone()));
        }
        let soft = stop.soft().clone();
        let router = telemetry::watched(name, router);
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY refused");
            }
        });
        servers.spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(async move { soft.cancelled().await })
                .await
                .map_err(|source| ServeError::Listener { service: name, source })
        });
    }

    let finished = async {
        while let Some(ended) = servers.join_next().await {
            if let Ok(Err(error)) = ended {
                return Err(error);
            }
        }
        while tasks.join_next().await.is_some() {}
        Ok(())
    };
    let out_of_patience = async {
        stop.soft().cancelled().await;
        tokio::select! {
            () = tokio::time::sleep(grace) => tracing::warn!(grace_s = grace.as_secs(), "grace is over"),
            () = stop.hard().cancelled() => tracing::warn!("ending at once"),
        }
    };
    tokio::select! {
        outcome = finished => outcome,
        () = out_of_patience => Ok(()),
    }
}
