//! What travels with every call, and the two sources of surprise (time and fresh ids) behind traits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use wire::JsonObject;

use crate::access::Caller;
use crate::trace::Trace;

/// Who is asking, for how long, and how to stop.
#[derive(Clone)]
pub struct CallContext {
    pub request_id: String,
    /// Whom the caller's token names; `None` when the edge asks for no token, or for one that all share.
    pub caller: Option<Caller>,
    /// Per-request provider secrets (`X-LlamaStack-Provider-Data`). Never logged.
    pub provider_data: JsonObject,
    /// Monotonic; a call that is not over by then is abandoned.
    pub deadline: Instant,
    /// Cancelled when the caller has gone.
    pub cancel: CancellationToken,
    /// Where this call stands in a distributed trace.
    pub trace: Trace,
    /// The agent that asks, where one does.
    pub agent: Option<AgentName>,
    /// The conversation or agent session it is part of.
    pub conversation: Option<Arc<str>>,
}

/// An agent as traces and metrics name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentName {
    pub id: Arc<str>,
    /// As its configuration names it.
    pub name: Option<Arc<str>>,
}

impl CallContext {
    pub fn new(request_id: impl Into<String>, limit: Duration) -> Self {
        Self {
            request_id: request_id.into(),
            caller: None,
            provider_data: JsonObject::new(),
            deadline: Instant::now() + limit,
            cancel: CancellationToken::new(),
            trace: Trace::default(),
            agent: None,
            conversation: None,
        }
    }

    /// Time left; zero once the deadline has passed.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

pub trait Clock: Send + Sync {
    fn now(&self) -> jiff::Timestamp;

    fn unix_seconds(&self) -> i64 {
        self.now().as_second()
    }
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Fresh identifiers: `resp_…`, `msg_…`. Later ones sort after earlier ones.
pub trait Ids: Send + Sync {
    fn fresh(&self, prefix: &str) -> String;

    /// The longer form with 48 hexadecimal digits, which conversations and prompts have.
    fn fresh_long(&self, prefix: &str) -> String {
        let more = self.fresh("");
        let tail = more.len().saturating_sub(16);
        format!("{}{}", self.fresh(prefix), more.get(tail..).unwrap_or_default())
    }
}

pub struct UuidIds;

impl Ids for UuidIds {
    fn fresh(&self, prefix: &str) -> String {
        format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
    }
}
