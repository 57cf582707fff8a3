//! Tool groups, their tools, one call of a tool, connectors.

use std::sync::Arc;

use providers::mcp::McpConfig;
use serde_json::json;
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::Answer;

use crate::harness::{Plane, Setup, refusal};

async fn tools() -> FakeMcp {
    let tools = FakeMcp::start().await;
    tools.tool("get_claim", json!({"type": "object"}), Reply::Text("pending".into()));
    tools
}

async fn groups(plane: &Plane) -> Vec<String> {
    let (_, groups) = plane.get("/v1/toolgroups").await;
    let all = groups["data"].as_array().unwrap().iter();
    all.map(|group| group["identifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn configured_connectors_are_groups_and_connectors() {
    let tools = tools().await;
    let plane = Plane::with_tools(&tools).await;
    let (_, groups) = plane.get("/v1/toolgroups").await;
    let group = &groups["data"][0];
    assert_eq!((&group["identifier"], &group["type"]), (&json!("mcp::claims"), &json!("tool_group")));
    assert_eq!(group["mcp_endpoint"], json!({"uri": tools.url()}));
    assert_eq!(group["provider_id"], "model-context-protocol");
    assert_eq!(plane.get("/v1/toolgroups/mcp::claims").await.1, *group);
    assert_eq!(refusal(&plane.delete("/v1/toolgroups/mcp::claims").await).0, 400, "a caller cannot take it away");
    let (_, connectors) = plane.get("/v1beta/connectors").await;
    assert_eq!(connectors["data"][0]["connector_id"], "claims");
    let (_, listed) = plane.get("/v1beta/connectors/claims/tools").await;
    assert_eq!(listed["data"][0]["name"], "get_claim");
    assert_eq!(plane.get("/v1beta/connectors/claims/tools/get_claim").await.1, listed["data"][0]);
    assert_eq!(plane.get("/v1beta/connectors/nobody").await.0, 404);
    assert_eq!(plane.get("/v1beta/connectors/claims/tools/nothing").await.0, 404);
}

#[tokio::test]
async fn a_group_is_registered_once_kept_and_used_by_agents() {
    let tools = tools().await;
    let plane = Plane::start().await;
    let body = json!({"toolgroup_id": "mcp::http", "provider_id": "model-context-protocol",
        "mcp_endpoint": {"uri": tools.url()}});
    for _ in 0..2 {
        assert_eq!(plane.post("/v1/toolgroups", body.clone()).await, (200, json!(null)));
    }
    let (_, listed) = plane.get("/v1/tools?toolgroup_id=mcp%3A%3Ahttp").await;
    let tool = json!({"toolgroup_id": "mcp::http", "name": "get_claim", "description": "fake get_claim",
        "input_schema": {"type": "object"}, "output_schema": null, "metadata": {"endpoint": tools.url()}});
    assert_eq!(listed, json!({"data": [tool]}));
    assert_eq!(plane.get("/v1/tools/get_claim").await.1, tool);
    assert_eq!(plane.get("/v1/tools").await.1["data"][0], tool, "before the built-in ones");
    assert_eq!(plane.get("/v1/tool-runtime/list-tools?tool_group_id=mcp%3A%3Ahttp").await.1, listed);

    let again = Plane::with(Setup { folder: Some(plane.folder()), ..Setup::default() }).await;
    assert_eq!(groups(&again).await, ["mcp::http", "builtin::rag"], "once, after a restart too");
    again.model.then(Answer::tool("get_claim", &json!({}))).then(Answer::text("done"));
    let (_, agent) = again.post("/v1/agents", json!({"agent_config": {"toolgroups": ["mcp::http"]}})).await;
    let base = format!("/v1/agents/{}/session", agent["agent_id"].as_str().unwrap());
    let (_, session) = again.post(&base, json!({"session_name": "s"})).await;
    let turn = format!("{base}/{}/turn", session["session_id"].as_str().unwrap());
    let (_, turn) = again.post(&turn, json!({"messages": [{"role": "user", "content": "go"}]})).await;
    assert_eq!(turn["steps"][1]["tool_responses"][0]["content"][0]["text"], "pending", "{turn}");

    assert_eq!(again.delete("/v1/toolgroups/mcp::http").await.0, 204);
    let gone = again.get("/v1/toolgroups/mcp::http").await;
    let text = "Tool Group 'mcp::http' not found. Use 'client.toolgroups.list()' to list available Tool Groups.";
    assert_eq!((refusal(&gone).0, refusal(&gone).2), (404, text));
    assert_eq!(again.get("/v1/tools?toolgroup_id=mcp%3A%3Ahttp").await.0, 404);
    assert_eq!(again.delete("/v1/toolgroups/mcp::http").await.0, 404);
}

#[tokio::test]
async fn one_call_of_a_tool() {
    let tools = tools().await;
    tools.tool("broken", json!({"type": "object"}), Reply::Failed("cannot".into()));
    let plane = Plane::with_tools(&tools).await;
    let call = json!({"tool_name": "get_claim", "kwargs": {"claim_number": "7"}});
    let data = json!({"mcp_headers": {tools.url(): {"X-User": "ann"}, "http://other.test/mcp": {"X-Else": "1"}}});
    let request = plane.http.post(plane.url("/v1/tool-runtime/invoke")).json(&call);
    let answer = crate::harness::answered(request.header("X-LlamaStack-Provider-Data", data.to_string())).await;
    let expected = json!({"content": [{"type": "text", "text": "pending"}], "error_message": null, "error_code": 0,
        "metadata": null});
    assert_eq!(answer, (200, expected));
    let called = tools.calls().pop().unwrap();
    assert_eq!((&called.arguments["claim_number"], &called.headers["x-user"]), (&json!("7"), &"ann".parse().unwrap()));
    assert!(!called.headers.contains_key("x-else"), "headers go to the address they are for");
    let (_, failed) = plane.post("/v1/tool-runtime/invoke", json!({"tool_name": "claims/broken", "kwargs": {}})).await;
    assert_eq!((&failed["error_code"], &failed["content"][0]["text"]), (&json!(1), &json!("cannot")));
    let unknown = plane.post("/v1/tool-runtime/invoke", json!({"tool_name": "nope", "kwargs": {}})).await;
    assert_eq!((refusal(&unknown).0, refusal(&unknown).1), (400, "tool_name"));
    assert!(refusal(&unknown).2.contains("get_claim"), "names the tools there are");
}

#[tokio::test]
async fn addresses_that_callers_give_are_judged_and_secrets_asked_for() {
    let tools = tools().await;
    tools.requires("secret");
    let mcp = McpConfig { allow_loopback: false, ..McpConfig::default() };
    let closed = Plane::with(Setup { mcp: Some(mcp), ..Setup::default() }).await;
    let body = json!({"toolgroup_id": "mcp::x", "mcp_endpoint": {"uri": tools.url()}});
    let refused = closed.post("/v1/toolgroups", body.clone()).await;
    assert_eq!((refusal(&refused).0, refusal(&refused).1), (400, "mcp_endpoint.uri"));
    assert_eq!(groups(&closed).await, ["builtin::rag"]);

    let plane = Plane::start().await;
    assert_eq!(plane.post("/v1/toolgroups", body).await.0, 200, "a server that wants credentials can be registered");
    let locked = plane.get("/v1/tools?toolgroup_id=mcp::x").await;
    assert_eq!(refusal(&locked).0, 401);
    assert!(refusal(&locked).2.starts_with("Authentication required: "));
    let (status, listed) = plane.get("/v1/tool-runtime/list-tools?tool_group_id=mcp::x&authorization=secret").await;
    assert_eq!((status, &listed["data"][0]["name"]), (200, &json!("get_claim")));
    let endpoint = json!({"uri": tools.url()}).to_string();
    let query = [("mcp_endpoint", &*endpoint), ("authorization", "secret")];
    let url = reqwest::Url::parse_with_params(&plane.url("/v1/tool-runtime/list-tools"), query).unwrap();
    let (_, listed) = crate::harness::answered(plane.http.get(url)).await;
    assert_eq!(listed["data"][0]["name"], "get_claim");
    let dead = json!({"toolgroup_id": "mcp::dead", "mcp_endpoint": {"uri": "http://127.0.0.1:9/mcp"}});
    assert_eq!(plane.post("/v1/toolgroups", dead).await.0, 200, "it is tried again later");
    let down = plane.get("/v1/tools?toolgroup_id=mcp::dead").await;
    assert_eq!(refusal(&down).0, 502);
    let cases = [
        (json!({"toolgroup_id": " ", "mcp_endpoint": {"uri": "http://x.test"}}), "toolgroup_id"),
        (json!({"toolgroup_id": "mcp::y"}), "mcp_endpoint"),
        (json!({"toolgroup_id": "mcp::y", "provider_id": "rag"}), "provider_id"),
    ];
    for (body, field) in cases {
        assert_eq!(refusal(&plane.post("/v1/toolgroups", body).await).1, field);
    }
}

#[tokio::test]
async fn servers_are_greeted_in_the_background() {
    let tools = Arc::new(tools().await);
    let plane = Plane::with_tools(&tools).await;
    assert_eq!(plane.get("/v1/health").await.0, 200);
    let listed = async {
        while !tools.methods().iter().any(|method| method == "tools/list") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::PATIENCE, listed).await.expect("nobody asked, and yet it was listed");
}
