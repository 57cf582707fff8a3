//! Agents of the 0.3 dialect with their sessions and turns. Each belongs to an owner, `None` being nobody.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::llama::agents::{LegacyAgentConfig, LegacyTurn};

use crate::access::{Caller, Principal};
use crate::responses::{Listed, StoreError};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    pub id: String,
    pub config: LegacyAgentConfig,
    /// Unix microseconds.
    pub created_at: i64,
    pub owner: Option<Caller>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentSession {
    pub id: String,
    pub agent_id: String,
    pub name: String,
    /// Unix microseconds.
    pub started_at: i64,
    /// The response that the next turn continues.
    pub last_response_id: Option<String>,
    pub owner: Option<Caller>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTurn {
    pub turn: LegacyTurn,
    /// Unix microseconds; orders the turns of a session.
    pub started_at: i64,
    /// Tool groups and tool settings of this turn alone, for its continuation.
    pub toolgroups: Vec<serde_json::Value>,
    /// The caller owes results of its own tools.
    pub awaiting: bool,
    pub owner: Option<Caller>,
}

/// One page of the older lists: rows `start..start + limit` in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    pub start: u32,
    /// 1 to 1000.
    pub limit: u32,
}

#[async_trait]
pub trait Agents: Send + Sync {
    /// Saves or replaces; durable when it returns, as are the other writes here.
    async fn put_agent(&self, agent: &Agent) -> Result<(), StoreError>;

    async fn agent(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Agent>, StoreError>;

    async fn agents(&self, slice: Slice, caller: Option<&Principal>) -> Result<Listed<Agent>, StoreError>;

    /// Removes the agent with its sessions and turns; says whether there was one.
    async fn remove_agent(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;

    async fn put_agent_session(&self, session: &AgentSession) -> Result<(), StoreError>;

    async fn agent_session(
        &self,
        agent_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<AgentSession>, StoreError>;

    async fn agent_sessions(
        &self,
        agent_id: &str,
        slice: Slice,
        caller: Option<&Principal>,
    ) -> Result<Listed<AgentSession>, StoreError>;

    /// Removes the session with its turns; says whether there was one.
    async fn remove_agent_session(
        &self,
        agent_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<bool, StoreError>;

    async fn put_turn(&self, turn: &StoredTurn) -> Result<(), StoreError>;

    async fn turn(
        &self,
        session_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredTurn>, StoreError>;

    /// The newest 1,000 turns of a session, oldest first.
    async fn turns(&self, session_id: &str, caller: Option<&Principal>) -> Result<Vec<StoredTurn>, StoreError>;
}
