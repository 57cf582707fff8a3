//! How many requests a client has made in a window of time, counted for all replicas together.

use async_trait::async_trait;

use crate::responses::StoreError;

#[async_trait]
pub trait Quotas: Send + Sync {
    /// Counts one more request of `client` in the window that begins at `window` (unix seconds); gives their number.
    /// The count of an earlier window is forgotten.
    async fn count_request(&self, client: &str, window: i64) -> Result<u64, StoreError>;

    /// Forgets clients that have made none since `window` began.
    async fn forget_clients(&self, window: i64) -> Result<(), StoreError>;
}
