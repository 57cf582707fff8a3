//! Tool lists of an earlier response, which the one that continues it need not ask for again.

use std::collections::HashMap;

use ports::tools::ToolDef;
use serde_json::Value;
use wire::openai::items::{Item, McpListToolsItem};
use wire::openai::responses::ResponseObject;
use wire::openai::tools::McpTool;

/// By server label. A list is known again when the server is asked for with the same tools allowed: the list holds
/// only those.
pub fn known_lists(earlier: &ResponseObject, servers: &[McpTool]) -> HashMap<String, Vec<ToolDef>> {
    let mut known = HashMap::new();
    for server in servers {
        let list = earlier.output.iter().find_map(|item| match item {
            Item::McpListTools(list) if list.server_label == server.server_label && list.error.is_none() => Some(list),
            _ => None,
        });
        if let Some(list) = list
            && same_server(earlier, server)
        {
            known.insert(server.server_label.clone(), defs(list));
        }
    }
    known
}

fn same_server(earlier: &ResponseObject, server: &McpTool) -> bool {
    let public = serde_json::to_value(server.public()).unwrap_or_default();
    let field = |tool: &Value, name: &str| tool.get(name).filter(|value| !value.is_null()).cloned();
    earlier.tools.iter().any(|tool| {
        field(tool, "server_label") == field(&public, "server_label")
            && ["allowed_tools", "connector_id"].iter().all(|name| field(tool, name) == field(&public, name))
    })
}

fn defs(list: &McpListToolsItem) -> Vec<ToolDef> {
    let tools = list.tools.iter().map(|tool| ToolDef {
        server_label: list.server_label.clone(),
        name: tool.name.clone(),
        description: tool.description.clone(),
        input_schema: tool.input_schema.clone(),
        output_schema: None,
        annotations: tool.annotations.clone(),
    });
    tools.collect()
}
