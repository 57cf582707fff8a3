//! What callers register: tool groups, shields. An id is taken once per kind and owner; registering again replaces.

use async_trait::async_trait;
use serde_json::Value;

use crate::access::{Caller, Principal};
use crate::responses::StoreError;

#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// `tool_group`, `shield`.
    pub kind: &'static str,
    pub id: String,
    /// As the dialect shows it.
    pub body: Value,
    /// Unix microseconds; kept from the first registration.
    pub created_at: i64,
    pub owner: Option<Caller>,
}

#[async_trait]
pub trait Registrations: Send + Sync {
    async fn register(&self, registration: &Registration) -> Result<(), StoreError>;

    async fn registered(&self, kind: &str, id: &str, caller: Option<&Principal>) -> Result<Option<Value>, StoreError>;

    /// Ids and bodies in order of registration, 1,000 at most.
    async fn all_registered(&self, kind: &str, caller: Option<&Principal>) -> Result<Vec<(String, Value)>, StoreError>;

    /// Whether there was one.
    async fn unregister(&self, kind: &str, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;
}
