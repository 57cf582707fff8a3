//! What every handler is given.

use std::sync::Arc;
use std::time::Duration;

use engine::Responder;
use engine::completions::CompletionLog;
use engine::own::Kept;
use ports::CallContext;
use ports::access::{Action, Resource};
use ports::agents::Agents;
use ports::batches::Batches;
use ports::completions::Completions;
use ports::files::{Blobs, Files};
use ports::registrations::Registrations;
use ports::responses::Responses;
use ports::sessions::Sessions;
use ports::vectors::{VectorSearch, VectorStores};
use tokio::sync::Semaphore;

use crate::admission::Admission;
use crate::batches::Crew;
use crate::errors::ApiError;
use crate::locks::Locks;

/// Most open WebSockets; each may keep one response.
const SOCKETS: usize = 256;

/// How the edge is held.
#[derive(Clone)]
pub struct Edge {
    pub allowed: host::Allowed,
    /// Who may come in, how far and how often; every route but health and version asks.
    pub admission: Admission,
    pub max_body_bytes: usize,
    /// One uploaded file.
    pub max_file_bytes: u64,
    /// Requests that reach a model or a tool at the same time; further ones get 429.
    pub max_running: usize,
    /// One request.
    pub time_limit: Duration,
    /// The Llama Stack release whose shapes we serve, as `/v1/version` says it.
    pub version: String,
    /// Model of agent sessions that name none.
    pub default_model: Option<String>,
    /// Model of vector stores that name none; the first that is listed when not set.
    pub default_embedding_model: Option<String>,
    /// The default agent's instructions.
    pub default_instructions: Option<String>,
    /// Unknown sessions are made on the fly, as the migration document's example expects.
    pub create_unknown_sessions: bool,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            allowed: host::Allowed::default(),
            admission: Admission::default(),
            max_body_bytes: 16 * 1024 * 1024,
            max_file_bytes: 512 * 1024 * 1024,
            max_running: 64,
            time_limit: Duration::from_secs(600),
            version: "0.7.3".into(),
            default_model: None,
            default_embedding_model: None,
            default_instructions: None,
            create_unknown_sessions: true,
        }
    }
}

/// What the edge reads and writes by itself.
#[derive(Clone)]
pub struct Stores {
    pub batches: Arc<dyn Batches>,
    pub completions: Arc<dyn Completions>,
    pub agents: Arc<dyn Agents>,
    pub registrations: Arc<dyn Registrations>,
    pub files: Arc<dyn Files>,
    pub blobs: Arc<dyn Blobs>,
    pub vectors: Arc<dyn VectorStores>,
    pub search: Arc<dyn VectorSearch>,
}

impl Stores {
    /// Those that a run searches and reads by itself.
    pub fn kept(&self) -> Kept {
        Kept {
            vectors: self.vectors.clone(),
            search: self.search.clone(),
            registrations: self.registrations.clone(),
            files: self.files.clone(),
            blobs: self.blobs.clone(),
        }
    }
}

pub struct App {
    pub responder: Arc<Responder>,
    pub responses: Arc<dyn Responses>,
    pub sessions: Arc<dyn Sessions>,
    pub completions: Arc<CompletionLog>,
    pub stores: Stores,
    pub edge: Edge,
    pub(crate) running: Arc<Semaphore>,
    /// Open WebSockets.
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) crew: Crew,
    /// One turn at a time in a session: the next waits for the last one's response id.
    pub(crate) turns: Locks,
}

impl App {
    /// Needs a runtime: the writer of completions starts here.
    pub fn new(
        responder: Arc<Responder>,
        responses: Arc<dyn Responses>,
        sessions: Arc<dyn Sessions>,
        stores: Stores,
        edge: Edge,
    ) -> Arc<Self> {
        let running = Arc::new(Semaphore::new(edge.max_running.max(1)));
        let sockets = Arc::new(Semaphore::new(SOCKETS));
        let completions = CompletionLog::new(stores.completions.clone());
        let turns = Locks::default();
        let crew = Crew::new(responder.ids.fresh("crew"));
        Arc::new(Self { responder, responses, sessions, completions, stores, edge, running, sockets, crew, turns })
    }

    pub(crate) fn context(&self, provider_data: wire::JsonObject) -> CallContext {
        let mut cx = CallContext::new(self.responder.ids.fresh("req"), self.edge.time_limit);
        cx.provider_data = provider_data;
        cx
    }

    /// Refuses to make what the access policy does not let the caller make.
    pub(crate) fn permit_new(&self, kind: &str, id: &str, cx: &CallContext) -> Result<(), ApiError> {
        let policy = self.responder.registry.policy();
        match policy.permits(cx.caller.as_deref(), Action::Create, Resource::unowned(kind, id)) {
            true => Ok(()),
            false => {
                Err(ApiError::forbidden(format!("the access policy does not let this caller create {kind}::{id}")))
            }
        }
    }

    /// An id as Llama Stack's own objects carry it: a UUID without a prefix.
    pub(crate) fn fresh_uuid(&self) -> String {
        dashed(&self.responder.ids.fresh("id"))
    }
}

/// The UUID in an id such as `resp_0193…`, with its dashes; the id itself where it holds none.
pub(crate) fn dashed(id: &str) -> String {
    let bare = id.rsplit('_').next().unwrap_or_default();
    match bare.len() == 32 && bare.is_ascii() {
        true => [&bare[..8], &bare[8..12], &bare[12..16], &bare[16..20], &bare[20..]].join("-"),
        false => id.to_owned(),
    }
}
