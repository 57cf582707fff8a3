//! A server with the tools, prompts and resources that the official MCP
//! conformance suite asks for, on the same transports as our tool servers. It
//! proves the transports; it is never shipped.
//!
//! ```sh
//! cargo run -p mcp-server --example mcp-fixture -- 18080            # HTTP on that port
//! cargo run -p mcp-server --example mcp-fixture -- 18080 --sessions # with legacy sessions
//! cargo run -p mcp-server --example mcp-fixture -- --stdio
//! ```

mod catalog;
mod prompts;
mod rounds;
mod tools;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use mcp_server::McpServerConfig;
use rmcp::{ErrorData, RoleServer, ServerHandler, model::*, service::RequestContext};
use serde_json::{Value, json};

type Ctx = RequestContext<RoleServer>;

/// Turns JSON written by hand into the SDK's type; a slip fails the call, visibly.
fn model<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(format!("fixture: {error}"), None))
}

/// Like [`model`], for a result: modern clients want to be told it is complete.
fn complete<T: serde::de::DeserializeOwned>(mut value: Value) -> Result<T, ErrorData> {
    value["resultType"] = "complete".into();
    model(value)
}

#[derive(Clone)]
struct Fixture;

#[expect(deprecated, reason = "the suite still asks for subscriptions and log levels")]
impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        serde_json::from_value(json!({
            "protocolVersion": "2025-11-25",
            "serverInfo": { "name": "mcp-fixture", "version": "1.0.0" },
            "capabilities": {
                "tools": {}, "prompts": {}, "completions": {}, "logging": {},
                "resources": { "subscribe": true }
            }
        }))
        .expect("a server description")
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, _: Ctx) -> Result<ListToolsResult, ErrorData> {
        let hints = json!({ "tools": catalog::tools(), "ttlMs": 60_000, "cacheScope": "public" });
        complete(hints)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        // Asked for at every call.
        static TOOLS: LazyLock<Vec<Tool>> =
            LazyLock::new(|| serde_json::from_value(catalog::tools()).expect("a catalogue of tools"));
        TOOLS.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(&self, request: CallToolRequestParams, ctx: Ctx) -> Result<CallToolResponse, ErrorData> {
        match rounds::call(&request, &ctx) {
            Some(answer) => answer,
            None => tools::call(request, ctx).await.map(Into::into),
        }
    }

    async fn list_prompts(&self, _: Option<PaginatedRequestParams>, _: Ctx) -> Result<ListPromptsResult, ErrorData> {
        let prompts = catalog::prompts();
        complete(json!({ "prompts": prompts, "ttlMs": 60_000, "cacheScope": "public" }))
    }

    async fn get_prompt(&self, request: GetPromptRequestParams, _: Ctx) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(request)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Ctx,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = catalog::resources();
        complete(json!({ "resources": resources, "ttlMs": 60_000, "cacheScope": "public" }))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Ctx,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = json!([{
            "uriTemplate": "test://template/{id}/data", "name": "template",
            "description": "Data for one id", "mimeType": "application/json"
        }]);
        complete(json!({ "resourceTemplates": templates, "ttlMs": 60_000, "cacheScope": "public" }))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Ctx,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        let Some(content) = catalog::read(&uri) else {
            let data = json!({ "uri": uri });
            return Err(ErrorData::invalid_params("Resource not found", Some(data)));
        };
        let result: ReadResourceResult =
            complete(json!({ "contents": [content], "ttlMs": 60_000, "cacheScope": "public" }))?;
        Ok(result.into())
    }

    async fn complete(&self, request: CompleteRequestParams, _: Ctx) -> Result<CompleteResult, ErrorData> {
        let values: Vec<&str> =
            ["paris", "park", "party"].into_iter().filter(|value| value.starts_with(&request.argument.value)).collect();
        let completion = json!({ "total": values.len(), "values": values, "hasMore": false });
        complete(json!({ "completion": completion }))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Ctx) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: Ctx) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Ctx) -> Result<(), ErrorData> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--stdio") {
        return Ok(mcp_server::stdio(Fixture).await?);
    }
    let port: u16 = arguments.first().map_or(Ok(0), |port| port.parse())?;
    let config = McpServerConfig {
        sessions: arguments.iter().any(|argument| argument == "--sessions"),
        ..McpServerConfig::default()
    };
    let service = mcp_server::service("fixture", || Fixture, config, Arc::new(host::AlwaysReady));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let stop = host::Stop::on_signals()?;
    Ok(host::serve(vec![(service, listener)], stop, Duration::from_secs(2)).await?)
}
