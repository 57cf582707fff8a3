//! A server with a few tools on a free port.

use std::sync::Arc;

use mcp_server::{McpServerConfig, claim_run};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

/// What happens to calls of `wait`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Started,
    Dropped,
}

#[derive(Clone)]
pub(crate) struct Tools {
    fates: mpsc::UnboundedSender<Fate>,
}

struct Working(mpsc::UnboundedSender<Fate>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.send(Fate::Dropped).ok();
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> rmcp::model::ServerConfig {
        serde_json::from_value(json!({
            "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
            "serverInfo": { "name": "test", "version": "1" }
        }))
        .unwrap()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        ctx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = match request.name.as_ref() {
            "echo" => Value::from(request.arguments.unwrap_or_default()).to_string(),
            "run" => claim_run(&ctx).unwrap_or_default(),
            "panic" => panic!("a tool went wrong"),
            "wait" => {
                let _working = Working(self.fates.clone());
                self.fates.send(Fate::Started).ok();
                std::future::pending().await
            }
            name => return Err(ErrorData::invalid_params(format!("tool not found: {name}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) fates: mpsc::UnboundedReceiver<Fate>,
    pub(crate) stop: host::Stop,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(McpServerConfig::default()).await
    }

    pub(crate) async fn with(config: McpServerConfig) -> Self {
        let (sender, fates) = mpsc::unbounded_channel();
        let tools = Tools { fates: sender };
        let service = mcp_server::service("test", move || tools.clone(), config, Arc::new(host::AlwaysReady));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = host::Stop::new();
        let grace = std::time::Duration::from_secs(1);
        tokio::spawn(host::serve(vec![(service, listener)], stop.clone(), grace));
        Self { url, http: reqwest::Client::new(), fates, stop }
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body)
    }

    pub(crate) async fn rpc(&self, path: &str, message: Value) -> (u16, Value) {
        let response = self.post(path, message.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

pub(crate) fn call(id: i64, tool: &str, arguments: Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

pub(crate) fn initialize(id: i64) -> Value {
    let client = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": id, "method": "initialize", "params": params })
}
