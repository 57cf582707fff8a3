//! Headers for a tool server that come with the caller's provider data: `mcp_headers: {"<uri>": {"Header": "v"}}`.

use ports::tools::{Place, ToolServer};
use serde_json::Value;
use wire::JsonObject;

/// Adds what `provider_data` holds for the server's own address. An entry counts for the host, port and path it
/// names, whatever its scheme and query, and goes nowhere else.
pub fn add(server: &mut ToolServer, provider_data: &JsonObject) {
    let Place::Http { url, headers, authorization } = &mut server.place else { return };
    let Some(given) = provider_data.get("mcp_headers").and_then(Value::as_object) else { return };
    let address = place(url);
    let matching = given.iter().filter(|(uri, _)| place(uri) == address);
    for (name, value) in matching.filter_map(|(_, headers)| headers.as_object()).flatten() {
        let Some(value) = value.as_str() else { continue };
        if name.eq_ignore_ascii_case("authorization") {
            *authorization = Some(value.strip_prefix("Bearer ").unwrap_or(value).to_owned());
        } else {
            headers.insert(name.clone(), value.to_owned());
        }
    }
}

/// Host with port in lower case, and the path without a slash at its end.
fn place(uri: &str) -> (String, &str) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    (host.to_lowercase(), path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headers_go_to_the_address_they_are_for() {
        let place = Place::Http { url: "http://Tools.test:81/mcp/".into(), headers: [].into(), authorization: None };
        let mut server = ToolServer { label: "t".into(), place, configured: false };
        let data = json!({"mcp_headers": {
            "https://tools.test:81/mcp?x=1": {"X-User": "ann", "authorization": "Bearer secret"},
            "http://tools.test:82/mcp": {"X-Other": "1"}, "http://tools.test:81/other": {"X-Third": "1"},
        }});
        add(&mut server, data.as_object().unwrap());
        let Place::Http { headers, authorization, .. } = server.place else { panic!("http") };
        assert_eq!(headers.into_iter().collect::<Vec<_>>(), [("X-User".to_owned(), "ann".to_owned())]);
        assert_eq!(authorization.as_deref(), Some("secret"));
    }
}
