//! Who may do what to whose things: callers with attributes, and an ordered list of rules over them.
//!
//! Pure. The store asks what a caller may see, the edge what a caller may change; both ask the same rules.

mod condition;
mod owned;
mod policy;
mod principal;
mod reach;
mod routes;

pub use condition::Condition;
pub use policy::{Action, Policy, Rule};
pub use principal::{Attributes, BadPrincipal, Caller, Principal};
pub use reach::Reach;
pub use routes::{RoutePolicy, RouteRule};

/// Kinds of things as rules name them: `model::vllm/llama`, `sql_record::openai_responses::resp_1`.
pub mod kind {
    pub const AGENT: &str = "agent";
    pub const BATCH: &str = "sql_record::batches";
    pub const COMPLETION: &str = "sql_record::chat_completions";
    pub const CONVERSATION: &str = "sql_record::openai_conversations";
    pub const FILE: &str = "sql_record::openai_files";
    pub const MODEL: &str = "model";
    pub const PROMPT: &str = "prompt";
    pub const RESPONSE: &str = "sql_record::openai_responses";
    pub const SESSION: &str = "session";
    pub const SHIELD: &str = "shield";
    pub const TOOL_GROUP: &str = "tool_group";
    pub const VECTOR_STORE: &str = "vector_store";
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// One of [`kind`].
    pub kind: &'a str,
    pub id: &'a str,
    /// Who made it; `None` for what the configuration brings and for what was made without a name.
    pub owner: Option<&'a Principal>,
}

impl<'a> Resource<'a> {
    pub fn unowned(kind: &'a str, id: &'a str) -> Self {
        Self { kind, id, owner: None }
    }
}

/// A record that belongs to somebody.
pub trait Owned {
    fn kind(&self) -> &str;
    fn id(&self) -> &str;
    fn owner(&self) -> Option<&Principal>;

    fn resource(&self) -> Resource<'_> {
        Resource { kind: self.kind(), id: self.id(), owner: self.owner() }
    }
}

/// One rule's words, given once or as a list.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[cfg(test)]
mod tests;
