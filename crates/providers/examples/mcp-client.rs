//! Our MCP client on a command line: for measuring, and for the official
//! conformance suite, which starts it with the address of its own server.
//!
//! ```sh
//! mcp-client URL                       # lists the tools
//! mcp-client URL TOOL '{"a":1}'        # calls one
//! mcp-client URL TOOL '{"a":1}' 2000   # calls it so often and prints percentiles
//! mcp-client 'stdio:COMMAND ARG' …     # the same over stdio
//! ```

#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use ports::{
    CallContext,
    tools::{Place, ToolServer, ToolServers, ToolSource},
};
use providers::mcp::{McpConfig, McpServers};
use serde_json::{Value, json};
use wire::JsonObject;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn context() -> CallContext {
    CallContext::new("command line", Duration::from_secs(120))
}

fn place(target: &str) -> Place {
    match target.strip_prefix("stdio:") {
        Some(command) => {
            let mut words = command.split_whitespace().map(str::to_owned);
            Place::Stdio { command: words.next().unwrap_or_default(), args: words.collect(), env: BTreeMap::new() }
        }
        None => Place::Http {
            url: target.to_owned(),
            headers: BTreeMap::new(),
            authorization: std::env::var("MCP_TOKEN").ok(),
        },
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

async fn measure(source: &Arc<dyn ToolSource>, tool: &str, arguments: &JsonObject, calls: usize) -> Outcome {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        source.call(tool, arguments.clone(), &context()).await?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!("{calls} calls: p50 {:.3} ms, p99 {:.3} ms, max {:.3} ms", at(0.5), at(0.99), at(1.0));
    Ok(())
}

/// What the conformance suite wants to see a client do.
async fn scenario(name: &str, source: &Arc<dyn ToolSource>) -> Outcome {
    let tools = source.list(&context()).await?;
    let call = async |tool: &str, arguments: Value| source.call(tool, object(arguments), &context()).await;
    match name {
        "tools_call" => {
            call("add_numbers", json!({ "a": 5, "b": 3 })).await?;
        }
        "sse-retry" => {
            call("test_reconnection", json!({})).await?;
        }
        "json-schema-2020-12-preservation" => {
            let rich = tools.iter().find(|tool| tool.name == "json_schema_2020_12_tool");
            let echo = tools.iter().find(|tool| tool.name != "json_schema_2020_12_tool");
            if let (Some(rich), Some(echo)) = (rich, echo) {
                call(&echo.name, json!({ "schema": rich.input_schema })).await?;
            }
        }
        "http-invalid-tool-headers" => {
            for tool in &tools {
                call(&tool.name, json!({ "region": "us-west1", "value": "x" })).await.ok();
            }
        }
        _ => {}
    }
    for wanted in told_calls() {
        let name = wanted["name"].as_str().unwrap_or_default();
        call(name, wanted["arguments"].clone()).await?;
    }
    Ok(())
}

/// Calls that the suite names in the scenario's context.
fn told_calls() -> Vec<Value> {
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
    let context: Value = serde_json::from_str(&context).unwrap_or_default();
    context["toolCalls"].as_array().cloned().unwrap_or_default()
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let target = arguments.first().ok_or("usage: mcp-client URL [TOOL [ARGUMENTS [CALLS]]]")?;
    let servers = McpServers::new(McpConfig::default());
    let server = ToolServer { label: "server".into(), place: place(target), configured: true };
    let source = servers.open(&server, &context()).await?;
    if let Ok(name) = std::env::var("MCP_CONFORMANCE_SCENARIO") {
        return scenario(&name, &source).await;
    }
    let Some(tool) = arguments.get(1) else {
        for tool in source.list(&context()).await? {
            println!("{}: {}", tool.name, tool.description.unwrap_or_default());
        }
        return Ok(());
    };
    let given = object(serde_json::from_str(arguments.get(2).map_or("{}", String::as_str))?);
    match arguments.get(3) {
        Some(calls) => measure(&source, tool, &given, calls.parse::<usize>()?.max(1)).await,
        None => {
            let output = source.call(tool, given, &context()).await?;
            println!("{}{}", if output.failed { "failed: " } else { "" }, output.text);
            Ok(())
        }
    }
}
