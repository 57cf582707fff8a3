//! Agent sessions: an agent's configuration and the last response of the talk.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Principal};
use crate::responses::StoreError;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub agent_id: String,
    pub name: String,
    pub model: String,
    pub instructions: Option<String>,
    /// Labels of the configured tool servers this session may use, with the tools allowed (`None`: all).
    pub tools: Vec<SessionTool>,
    pub max_infer_iters: Option<u32>,
    pub last_response_id: Option<String>,
    /// Unix seconds.
    pub started_at: i64,
    pub owner: Option<Caller>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionTool {
    pub server_label: String,
    pub allowed: Option<Vec<String>>,
}

#[async_trait]
pub trait Sessions: Send + Sync {
    async fn put_session(&self, session: &Session) -> Result<(), StoreError>;

    async fn session(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Session>, StoreError>;
}
