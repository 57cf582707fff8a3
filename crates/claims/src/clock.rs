//! Time as an argument.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    /// Waits before another try.
    async fn pause(&self, wait: Duration);
    /// Returns when a run has had its time.
    async fn deadline(&self, limit: Duration);
}

pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    async fn deadline(&self, limit: Duration) {
        tokio::time::sleep(limit).await;
    }
}
