//! One tool server as the loop sees it.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{
    CallContext,
    tools::{Place, ToolDef, ToolError, ToolOutput, ToolServer, ToolSource},
};
use reqwest::Url;
use wire::JsonObject;

use super::{
    failure::Failure,
    pool::Pool,
    session::{Called, ListLimits, Session},
};

pub(super) struct McpSource {
    pool: Arc<Pool>,
    server: ToolServer,
}

impl McpSource {
    pub(super) fn new(pool: Arc<Pool>, server: ToolServer) -> Self {
        Self { pool, server }
    }

    fn error(&self, failure: Failure, session: &Session, phase: &str) -> ToolError {
        failure.into_error(&self.server.label, &format!("{phase} over {}", session.way.name()))
    }

    async fn tools(&self, session: &Session, cx: &CallContext) -> Result<Arc<Vec<ToolDef>>, Failure> {
        let config = self.pool.config();
        let limits = ListLimits { time: config.list_timeout(), ttl: config.tools_ttl(), max_tools: config.max_tools };
        let (tools, fresh) = session.tools(&self.server.label, &limits, cx).await?;
        if fresh {
            let (name, uri, count) = (&self.server.label, shown(&self.server.place), tools.len());
            let transport = session.way.name();
            tracing::info!(name = %name, uri = %uri, transport, tools = count, "MCP server registered");
        }
        Ok(tools)
    }

    async fn call_once(
        &self,
        session: &Session,
        name: &str,
        arguments: JsonObject,
        cx: &CallContext,
    ) -> Result<ToolOutput, Failed> {
        let limit = self.pool.config().call_timeout();
        match session.call(name, arguments, limit, cx).await.map_err(Failed::Call)? {
            Called::Output(output) => Ok(output),
            Called::Refused { code, message } => {
                let tools = self.tools(session, cx).await.map_err(Failed::Call)?;
                if !tools.iter().any(|tool| tool.name == name) {
                    return Err(Failed::NoSuchTool);
                }
                // The tool exists and did not like its arguments: the model can do better.
                let text = format!("error {code}: {message}");
                Ok(ToolOutput { text, structured: None, failed: true })
            }
        }
    }

    /// Whether doing the call again cannot do its work twice.
    async fn may_repeat(&self, failure: &Failure, session: &Session, name: &str) -> bool {
        match failure {
            Failure::Gone(_) => true,
            Failure::Broken(_) => session.known(name).await.is_some_and(|tool| tool.idempotent()),
            _ => false,
        }
    }
}

enum Failed {
    Call(Failure),
    NoSuchTool,
}

#[async_trait]
impl ToolSource for McpSource {
    async fn list(&self, cx: &CallContext) -> Result<Vec<ToolDef>, ToolError> {
        let session = self.pool.session(&self.server, cx).await?;
        let tools = match self.tools(&session, cx).await {
            Err(Failure::Broken(_) | Failure::Gone(_)) => {
                self.pool.forget(&self.server).await;
                let session = self.pool.session(&self.server, cx).await?;
                self.tools(&session, cx).await.map_err(|failure| self.error(failure, &session, "list"))?
            }
            listed => listed.map_err(|failure| self.error(failure, &session, "list"))?,
        };
        let label = &self.server.label;
        // A session may be shared under several labels; the list carries the one it was first asked under.
        Ok(tools.iter().map(|tool| ToolDef { server_label: label.clone(), ..tool.clone() }).collect())
    }

    async fn call(&self, name: &str, arguments: JsonObject, cx: &CallContext) -> Result<ToolOutput, ToolError> {
        let mut session = self.pool.session(&self.server, cx).await?;
        let mut outcome = self.call_once(&session, name, arguments.clone(), cx).await;
        if let Err(Failed::Call(failure)) = &outcome
            && matches!(failure, Failure::Broken(_) | Failure::Gone(_))
        {
            self.pool.forget(&self.server).await;
            if self.may_repeat(failure, &session, name).await {
                tracing::info!(server = %self.server.label, tool = name, "calling again in a new session");
                session = self.pool.session(&self.server, cx).await?;
                outcome = self.call_once(&session, name, arguments, cx).await;
            }
        }
        outcome.map_err(|failed| match failed {
            Failed::Call(failure) => self.error(failure, &session, "call"),
            Failed::NoSuchTool => ToolError::NotFound { server: self.server.label.clone(), name: name.to_owned() },
        })
    }
}

/// An address fit for a log: without user, query or arguments, where secrets live.
fn shown(place: &Place) -> String {
    match place {
        Place::Stdio { command, .. } => command.clone(),
        Place::Http { url, .. } => match Url::parse(url) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => String::new(),
        },
    }
}
