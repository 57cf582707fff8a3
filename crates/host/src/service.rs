//! A service: a name, its routes, whether it is ready, and what runs beside it.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// Background work of a service. Ends soon after its token is cancelled.
pub type Task = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;

pub struct Service {
    pub name: &'static str,
    pub router: Router,
    pub ready: Arc<dyn Readiness>,
    pub tasks: Vec<Task>,
}

impl Service {
    /// A service that is ready as soon as it listens and has no background work.
    pub fn new(name: &'static str, router: Router) -> Self {
        Self { name, router, ready: Arc::new(AlwaysReady), tasks: Vec::new() }
    }

    pub fn with_readiness(mut self, ready: Arc<dyn Readiness>) -> Self {
        self.ready = ready;
        self
    }

    pub fn with_task<F, Fut>(mut self, task: F) -> Self
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.tasks.push(Box::new(move |token| Box::pin(task(token))));
        self
    }
}

/// Whether a service can do its work now. Asked often: makes no upstream call.
#[async_trait]
pub trait Readiness: Send + Sync {
    async fn ready(&self) -> Result<(), NotReady>;
}

/// Why not, in words fit for an operator.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct NotReady {
    pub reason: String,
}

pub struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }
}
