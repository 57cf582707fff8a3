//! What this server offers a run by itself: search in its vector stores, search on the web, shields, uploaded files.

mod attachments;
mod citations;
mod file_search;
mod guardrails;
mod web_search;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use ports::detectors::Detectors;
use ports::documents::DocumentText;
use ports::files::{Blobs, Files};
use ports::tools::{ToolError, ToolSource};
use ports::web::WebSearch;
use serde_json::json;
use wire::openai::tools::{FileSearchTool, WebSearchTool};

use crate::registry::Registry;
use crate::request::{RequestError, invalid};
use crate::safety::Shields;
use crate::toolbox::{Origin, Tool};
use crate::vectors::Lookup;
use crate::vectors::text::Texts;

pub use attachments::Attachments;
pub use citations::{Citations, cited_files};
pub use file_search::results;
pub use guardrails::{Guard, ids as guardrail_ids, said};
pub use web_search::sources;
pub use words::SearchWords;

/// A tool of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ours {
    FileSearch,
    WebSearch,
}

impl Ours {
    /// The type a request asks for it by, and the name the model calls it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::FileSearch => "file_search",
            Self::WebSearch => "web_search",
        }
    }
}

pub struct Own {
    pub lookup: Arc<Lookup>,
    pub shields: Arc<Shields>,
    pub web: Option<Arc<dyn WebSearch>>,
    pub files: Arc<dyn Files>,
    pub blobs: Arc<dyn Blobs>,
    pub words: SearchWords,
    pub texts: Texts,
}

/// The stores behind [`Own`], as a composition has them.
pub struct Kept {
    pub vectors: Arc<dyn ports::vectors::VectorStores>,
    pub search: Arc<dyn ports::vectors::VectorSearch>,
    pub registrations: Arc<dyn ports::registrations::Registrations>,
    pub files: Arc<dyn Files>,
    pub blobs: Arc<dyn Blobs>,
}

impl Own {
    pub fn new(registry: &Arc<Registry>, kept: Kept, clock: Arc<dyn ports::Clock>) -> Self {
        let Kept { vectors, search, registrations, files, blobs } = kept;
        Self {
            lookup: Arc::new(Lookup { stores: vectors, search, registry: registry.clone(), clock }),
            shields: Arc::new(Shields { registry: registry.clone(), registrations, detectors: None }),
            web: None,
            files,
            blobs,
            words: SearchWords::default(),
            texts: Texts::default(),
        }
    }

    pub fn with_web(mut self, web: Option<Arc<dyn WebSearch>>) -> Self {
        self.web = web;
        self
    }

    /// With a reader of PDF files and scans.
    pub fn with_documents(mut self, documents: Option<Arc<dyn DocumentText>>) -> Self {
        self.texts = Texts { documents };
        self
    }

    /// With the detectors of a guardrails orchestrator.
    pub fn with_detectors(mut self, detectors: Option<Arc<dyn Detectors>>) -> Self {
        self.shields = Arc::new(Shields { detectors, ..Shields::clone(&self.shields) });
        self
    }

    pub fn with_words(mut self, words: SearchWords) -> Self {
        self.words = words;
        self
    }

    /// The searches that a request asks for, as sources of calls.
    pub fn sources(&self, asked: &Searches) -> HashMap<Ours, Arc<dyn ToolSource>> {
        let mut sources: HashMap<Ours, Arc<dyn ToolSource>> = HashMap::new();
        if let Some(tool) = &asked.files {
            let source =
                file_search::Source { lookup: self.lookup.clone(), tool: tool.clone(), words: self.words.clone() };
            sources.insert(Ours::FileSearch, Arc::new(source));
        }
        if let (Some(tool), Some(web)) = (&asked.web, &self.web) {
            sources.insert(Ours::WebSearch, Arc::new(web_search::Source { web: web.clone(), tool: tool.clone() }));
        }
        sources
    }
}

/// Our own tools in a request; each at most once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Searches {
    pub files: Option<FileSearchTool>,
    pub web: Option<WebSearchTool>,
}

impl Searches {
    /// Two `file_search` tools are one over all their stores.
    pub fn add_files(&mut self, tool: &FileSearchTool, at: &str) -> Result<Tool, RequestError> {
        file_search::check(tool, at)?;
        match &mut self.files {
            None => self.files = Some(tool.clone()),
            Some(known) => {
                let new = tool.vector_store_ids.iter().filter(|id| !known.vector_store_ids.contains(id));
                let new: Vec<String> = new.cloned().collect();
                known.vector_store_ids.extend(new);
            }
        }
        Ok(tool_of(Ours::FileSearch, "Search the attached files and give the passages nearest to the query."))
    }

    pub fn add_web(&mut self, tool: &WebSearchTool, at: &str) -> Result<Tool, RequestError> {
        web_search::check(tool, at)?;
        self.web = Some(tool.clone());
        Ok(tool_of(Ours::WebSearch, "Search the web and give the pages nearest to the query."))
    }
}

fn tool_of(ours: Ours, description: &str) -> Tool {
    let query = json!({"type": "string", "description": "What to look for, in a few words."});
    Tool {
        name: ours.name().into(),
        description: Some(description.into()),
        parameters: json!({"type": "object", "properties": {"query": query}, "required": ["query"]}),
        output_schema: None,
        origin: Origin::Ours(ours),
    }
}

/// The model's query. The schema has been held against it before.
fn query(arguments: &wire::JsonObject, server: &str) -> Result<String, ToolError> {
    let query = arguments.get("query").and_then(serde_json::Value::as_str).map(str::trim).unwrap_or_default();
    match query.is_empty() {
        true => Err(protocol(server, "query must be a text")),
        false => Ok(query.to_owned()),
    }
}

fn protocol(server: &str, message: impl Into<String>) -> ToolError {
    ToolError::Protocol { server: server.into(), phase: "search".into(), message: message.into() }
}

/// Refuses what cannot be read, by its place in the request.
fn refuse(at: &str, field: &str, rule: &str) -> RequestError {
    let field = format!("{at}.{field}");
    invalid(&field, format!("{field} {rule}"))
}
