//! Tool servers: three spellings of one thing.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::RunConfigError;
use crate::file::{Connector, ToolGroup};
use crate::providers::Known;
use crate::reader::Reader;

/// `tool_groups`, up to 3.3. A group is off with its provider.
pub fn groups(reader: &mut Reader<'_>, known: &Known, groups: Vec<ToolGroup>) -> Result<(), RunConfigError> {
    for (at, group) in groups.into_iter().enumerate() {
        let path = format!("tool_groups[{at}]");
        let provider = reader.text(&format!("{path}.provider_id"), group.provider_id)?;
        let Some(id) = reader.text(&format!("{path}.toolgroup_id"), Some(group.toolgroup_id))? else {
            return Err(reader.rule(&format!("{path}.toolgroup_id"), "must not be empty"));
        };
        let Some(service) = provider.as_ref().and_then(|provider| known.get(provider)) else {
            reader.note(format!("tool group {id} is off: its provider {} is", provider.as_deref().unwrap_or("(none)")));
            continue;
        };
        if let Some(endpoint) = group.mcp_endpoint {
            let path = format!("{path}.mcp_endpoint.uri");
            let Some(uri) = reader.text(&path, Some(endpoint.uri))? else {
                reader.note(format!("tool group {id} is off: its uri is empty"));
                continue;
            };
            server(reader, &path, id.strip_prefix("mcp::").unwrap_or(&id), &uri)?;
        } else if let Some(search) = service {
            match &search.api_key {
                Some(key) => {
                    let search = json!({"provider": search.service, "api_key": key});
                    reader.gateway.insert("web_search".into(), search);
                }
                None => reader.note(format!("tool group {id} is off: {} has no api_key", search.service)),
            }
        } else if !matches!(id.as_str(), "builtin::rag" | "builtin::file_search") {
            reader.note(format!("tool group {id} is not offered here"));
        }
    }
    Ok(())
}

/// `connectors`, from 3.4.
pub fn connectors(reader: &mut Reader<'_>, connectors: Vec<Connector>) -> Result<(), RunConfigError> {
    for (at, connector) in connectors.into_iter().enumerate() {
        let path = format!("connectors[{at}]");
        if connector.connector_type.as_deref().is_some_and(|kind| kind != "mcp") {
            return Err(reader.rule(&format!("{path}.connector_type"), "the only type is mcp"));
        }
        let url = reader.text(&format!("{path}.url"), Some(connector.url))?;
        match url {
            Some(url) => server(reader, &format!("{path}.url"), &connector.connector_id, &url)?,
            None => reader.note(format!("connector {} is off: its url is empty", connector.connector_id)),
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    uri: String,
    #[serde(default)]
    tools: Vec<String>,
}

/// `mcp_servers` in the provider's configuration, as the migration document writes it.
pub fn servers(reader: &mut Reader<'_>, path: &str, servers: Option<&Value>) -> Result<(), RunConfigError> {
    let Some(servers) = servers.filter(|servers| !servers.is_null()) else { return Ok(()) };
    let path = format!("{path}.mcp_servers");
    let servers = Vec::<Written>::deserialize(servers).map_err(|error| reader.rule(&path, error.to_string()))?;
    for (at, written) in servers.into_iter().enumerate() {
        server(reader, &format!("{path}[{at}].uri"), &written.name, &written.uri)?;
        if !written.tools.is_empty() {
            reader.note(format!(
                "tool server {}: `tools` narrows nothing here; a request does by allowed_tools",
                written.name
            ));
        }
    }
    Ok(())
}

fn server(reader: &mut Reader<'_>, path: &str, label: &str, uri: &str) -> Result<(), RunConfigError> {
    let url = normal(uri).ok_or_else(|| reader.rule(path, "an address begins with http://, https:// or sse://"))?;
    if label.is_empty() {
        return Err(reader.rule(path, "a tool server needs a name"));
    }
    reader.connectors.insert(label.to_owned(), json!({"url": url}));
    Ok(())
}

/// `sse://host:8080` is `http://host:8080/sse`.
fn normal(uri: &str) -> Option<String> {
    if let Some(rest) = uri.strip_prefix("sse://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = if path.is_empty() { "sse" } else { path };
        return (!host.is_empty()).then(|| format!("http://{host}/{path}"));
    }
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"))?;
    (!rest.is_empty()).then(|| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn the_documents_scheme_becomes_http() {
        assert_eq!(normal("sse://ocr:8080").as_deref(), Some("http://ocr:8080/sse"));
        assert_eq!(normal("sse://ocr:8080/").as_deref(), Some("http://ocr:8080/sse"));
        assert_eq!(normal("sse://ocr:8080/mcp/sse").as_deref(), Some("http://ocr:8080/mcp/sse"));
        assert_eq!(normal("https://ocr/sse").as_deref(), Some("https://ocr/sse"));
        assert_eq!(normal("ftp://ocr"), None);
        assert_eq!(normal("sse://"), None);
    }
}
