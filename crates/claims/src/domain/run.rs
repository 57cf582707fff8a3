//! A run: one attempt to process a claim, and the steps it took.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClaimId, RunId};

/// Options of `POST …/process`. All are accepted; the four tools run whatever they say, because the policy
/// needs each finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct RunOptions {
    pub workflow_type: String,
    pub skip_ocr: bool,
    pub skip_guardrails: bool,
    pub enable_rag: bool,
    /// 0 to 9: a higher one is taken first, however long others have waited.
    pub priority: i64,
}

impl RunOptions {
    pub const HIGHEST_PRIORITY: i64 = 9;
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            workflow_type: "standard".into(),
            skip_ocr: false,
            skip_guardrails: false,
            enable_rag: true,
            priority: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Queued,
    Running,
    Finished,
    /// Cut short by a crash or a stop; another run took over.
    Abandoned,
    /// Somebody called it off; nothing took over.
    Cancelled,
}

impl RunState {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Finished, Self::Abandoned, Self::Cancelled];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Abandoned => "abandoned",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Debug, Clone)]
pub struct Run {
    pub run_id: RunId,
    pub claim_id: ClaimId,
    /// Grows by one with each earlier run of the same request that crashed or is tried again.
    pub attempt: i64,
    pub state: RunState,
    pub priority: i64,
    /// Not taken before.
    pub not_before: Timestamp,
    pub batch_id: Option<String>,
    /// One word, once it has ended.
    pub end_reason: Option<String>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub model: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The exchange with the control plane itself.
    Agent,
    /// A tool call.
    Tool,
    /// What the model wrote between two tools.
    Thought,
}

impl StepKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Thought => "thought",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Agent, Self::Tool, Self::Thought].into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Running,
    Completed,
    Failed,
}

impl StepStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Failed].into_iter().find(|status| status.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub index: i64,
    pub kind: StepKind,
    pub name: String,
    /// Who did it: the tool server's label, or `agent`.
    pub agent: String,
    pub tool: Option<String>,
    pub status: StepStatus,
    /// JSON text as the model wrote it.
    pub arguments: Option<String>,
    /// Excerpt of the tool's answer, or the thought.
    pub output: Option<String>,
    pub error: Option<String>,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

impl Step {
    pub fn duration_ms(&self) -> Option<i64> {
        self.completed_at.map(|end| end.as_millisecond() - self.started_at.as_millisecond())
    }
}
