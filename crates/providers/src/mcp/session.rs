//! One open session with one server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ports::{
    CallContext,
    tools::{ToolDef, ToolOutput},
    trace::Trace,
};
use rmcp::{
    model::{CallToolRequestParams, CallToolResponse, ErrorCode, PaginatedRequestParams},
    service::ServiceError,
};
use tokio::sync::Mutex;
use wire::JsonObject;

use super::{
    connect::{Running, Way, within},
    content,
    failure::{Failure, quote},
    trace,
};

const MAX_PAGES: usize = 32;

pub(super) struct Session {
    service: Running,
    pub(super) way: Way,
    listed: Mutex<Option<Listed>>,
}

#[derive(Clone)]
struct Listed {
    tools: Arc<Vec<ToolDef>>,
    at: Instant,
    /// The server's notices of change when this list was asked for.
    changes: u64,
}

/// An answer, or the server's word that the call itself was wrong.
pub(super) enum Called {
    Output(ToolOutput),
    Refused { code: i32, message: String },
}

/// What a list may hold, and how long it is believed.
pub(super) struct ListLimits {
    pub(super) time: Duration,
    pub(super) ttl: Duration,
    pub(super) max_tools: usize,
}

impl Session {
    pub(super) fn new(service: Running, way: Way) -> Self {
        Self { service, way, listed: Mutex::new(None) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed()
    }

    /// The server's tools and whether they were asked for just now.
    pub(super) async fn tools(
        &self,
        label: &str,
        limits: &ListLimits,
        cx: &CallContext,
    ) -> Result<(Arc<Vec<ToolDef>>, bool), Failure> {
        let mut listed = self.listed.lock().await;
        let changes = self.service.service().list_changes();
        if let Some(known) = &*listed
            && known.changes == changes
            && known.at.elapsed() < limits.ttl
        {
            return Ok((known.tools.clone(), false));
        }
        let tools = within(cx, limits.time, self.fetch(label, limits.max_tools, cx)).await?;
        let tools = Arc::new(tools);
        *listed = Some(Listed { tools: tools.clone(), at: Instant::now(), changes });
        Ok((tools, true))
    }

    /// A tool of the last list, without asking again.
    pub(super) async fn known(&self, name: &str) -> Option<ToolDef> {
        let listed = self.listed.lock().await;
        listed.as_ref()?.tools.iter().find(|tool| tool.name == name).cloned()
    }

    /// Says on the span of a call how it goes out.
    fn note(&self, trace: &Trace) {
        if !trace.is_recording() {
            return;
        }
        trace.note("mcp.method.name", "tools/call");
        trace.note("network.transport", if self.way == Way::Stdio { "pipe" } else { "tcp" });
        if let Some(peer) = self.service.peer().peer_info() {
            trace.note("mcp.protocol.version", peer.protocol_version.to_string());
        }
        if let Some(session) = self.service.service().session() {
            trace.note("mcp.session.id", session.to_string());
        }
    }

    async fn fetch(&self, label: &str, max_tools: usize, cx: &CallContext) -> Result<Vec<ToolDef>, Failure> {
        let mut tools: Vec<ToolDef> = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let mut page = PaginatedRequestParams::default().with_cursor(cursor);
            page.meta = trace::meta(&cx.trace);
            let page = self.service.peer().list_tools(Some(page)).await.map_err(|error| Failure::from(&error))?;
            for tool in page.tools {
                let name = quote(&tool.name);
                match content::tool(label, tool) {
                    Some(tool) if tools.iter().any(|known| known.name == tool.name) => {
                        tracing::warn!(server = label, tool = name, "a tool listed twice: the first one counts");
                    }
                    Some(tool) => tools.push(tool),
                    None => tracing::warn!(server = label, tool = name, "a tool with an unusable name is left out"),
                }
                if tools.len() > max_tools {
                    return Err(Failure::Protocol(format!("more than {max_tools} tools")));
                }
            }
            cursor = page.next_cursor.filter(|cursor| !cursor.is_empty());
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err(Failure::Protocol(format!("a list of tools of more than {MAX_PAGES} pages")))
    }

    pub(super) async fn call(
        &self,
        name: &str,
        arguments: JsonObject,
        limit: Duration,
        cx: &CallContext,
    ) -> Result<Called, Failure> {
        let mut request = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        request.meta = trace::meta(&cx.trace);
        self.note(&cx.trace);
        within(cx, limit, async {
            match self.service.peer().call_tool_once(request).await {
                Ok(CallToolResponse::Complete(result)) => Ok(Called::Output(content::output(result))),
                Ok(CallToolResponse::InputRequired(_)) => {
                    Err(Failure::Protocol("it asks for input in the middle of a call".into()))
                }
                Ok(_) => Err(Failure::Protocol("it answers with a task".into())),
                Err(ServiceError::McpError(error))
                    if matches!(error.code, ErrorCode::INVALID_PARAMS | ErrorCode::METHOD_NOT_FOUND) =>
                {
                    Ok(Called::Refused { code: error.code.0, message: quote(&error.message) })
                }
                Err(error) => Err(Failure::from(&error)),
            }
        })
        .await
    }
}
