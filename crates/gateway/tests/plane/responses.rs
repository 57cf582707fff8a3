//! Responses: the object, the events, the lists, and what is refused.

use serde_json::{Value, json};
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::{Answer, Fault};

use crate::harness::{Plane, kinds, refused};

fn event_kinds(events: &[Value]) -> Vec<&str> {
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], index, "{event}");
    }
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn weather() -> Value {
    json!({"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}})
}

async fn sums() -> FakeMcp {
    let tools = FakeMcp::start().await;
    tools.tool("add", json!({"type": "object", "properties": {"a": {"type": "number"}}}), Reply::Text("3".into()));
    tools
}

fn mcp(tools: &FakeMcp) -> Value {
    json!({"type": "mcp", "server_label": "sums", "server_url": tools.url()})
}

#[tokio::test]
async fn the_object_has_every_field_with_its_default() {
    let plane = Plane::start().await;
    let response = plane.respond(json!({"input": "hi"})).await;
    let expected = json!({
        "background": false, "error": null, "frequency_penalty": 0.0, "incomplete_details": null,
        "model": "vllm/fake-model", "object": "response", "parallel_tool_calls": true, "previous_response_id": null,
        "prompt_cache_key": null, "prompt": null, "status": "completed", "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "top_p": 1.0, "top_logprobs": 0, "tools": [], "tool_choice": "auto",
        "truncation": "disabled", "instructions": null, "max_tool_calls": null, "reasoning": null,
        "max_output_tokens": null, "safety_identifier": null, "service_tier": "default", "metadata": {},
        "presence_penalty": 0.0, "store": true,
        "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18,
            "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(response.get(field), Some(value), "{field}");
    }
    assert!(response["created_at"].is_i64() && response["completed_at"].is_i64(), "{response}");
    assert!(response.get("conversation").is_none());
    let given = json!({
        "frequency_penalty": 0.5, "presence_penalty": -0.5, "top_logprobs": 2, "prompt_cache_key": "k",
        "safety_identifier": "s", "truncation": "auto", "reasoning": {"effort": "low"}, "metadata": {"a": "b"},
        "max_output_tokens": 16, "max_tool_calls": 3, "parallel_tool_calls": false, "temperature": 0.5, "top_p": 0.5,
    });
    let mut body = given.clone();
    body["input"] = json!("hi");
    body["include"] = json!(["message.output_text.logprobs"]);
    let response = plane.respond(body).await;
    for (field, value) in given.as_object().unwrap() {
        assert_eq!(&response[field], value, "{field}");
    }
    let asked = plane.model.received().last().unwrap().body.clone();
    assert_eq!(
        (&asked["logprobs"], &asked["top_logprobs"], &asked["reasoning_effort"]),
        (&json!(true), &json!(2), &json!("low"))
    );
    assert_eq!((&asked["frequency_penalty"], &asked["presence_penalty"]), (&json!(0.5), &json!(-0.5)));
    assert!(asked.get("parallel_tool_calls").is_none(), "there are no tools");
}

#[tokio::test]
async fn a_bad_field_is_named() {
    let plane = Plane::start().await;
    for (more, field) in [
        (json!({"max_infer_iters": 0}), "max_infer_iters"),
        (json!({"max_tool_calls": 0}), "max_tool_calls"),
        (json!({"max_output_tokens": 15}), "max_output_tokens"),
        (json!({"top_logprobs": 21}), "top_logprobs"),
        (json!({"top_logprobs": -1}), "top_logprobs"),
        (json!({"truncation": "sometimes"}), "truncation"),
        (json!({"include": ["everything"]}), "include[0]"),
        (json!({"include": "x"}), "include"),
        (json!({"metadata": {"a": "x".repeat(513)}}), "metadata.a"),
        (json!({"metadata": {"a".repeat(65): "x"}}), "metadata"),
        (json!({"prompt_cache_key": "x".repeat(65)}), "prompt_cache_key"),
        (json!({"frequency_penalty": 3}), "frequency_penalty"),
        (json!({"reasoning": "much"}), "reasoning"),
        (json!({"text": {"format": {"type": "xml"}}}), "text.format.type"),
        (json!({"text": {"format": {"type": "json_schema", "name": "n"}}}), "text.format.schema"),
        (json!({"tool_choice": "perhaps"}), "tool_choice"),
        (json!({"tools": [weather()], "tool_choice": {"type": "function", "name": "other"}}), "tool_choice"),
        (json!({"input": []}), "input"),
        (
            json!({"tools": [{"type": "mcp", "server_label": "c", "server_url": "http://h/mcp", "headers": {"Authorization": "x"}}]}),
            "tools[0].headers",
        ),
    ] {
        let mut body = json!({"model": "vllm/fake-model", "input": "x"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = plane.post("/v1/responses", body).await;
        assert_eq!(refused(&answer), (400, field), "{more}: {}", answer.1);
    }
    let unknown = |field: &str, value: Value| {
        let mut body = json!({"model": "vllm/fake-model", "input": "x"});
        body[field] = value;
        body
    };
    for (answer, expected) in [
        (plane.post("/v1/responses", unknown("model", json!("nope"))).await, (404, "model")),
        (
            plane.post("/v1/responses", unknown("previous_response_id", json!("resp_x"))).await,
            (404, "previous_response_id"),
        ),
        (plane.get("/v1/responses/resp_x").await, (404, "")),
        (plane.delete("/v1/responses/resp_x").await, (404, "")),
        (plane.get("/v1/responses/resp_x/input_items").await, (404, "")),
        (plane.get("/v1/responses?limit=many").await, (400, "limit")),
        (plane.get("/v1/responses?order=sideways").await, (400, "order")),
    ] {
        assert_eq!(refused(&answer), expected, "{}", answer.1);
    }
    assert!(plane.model.received().is_empty(), "nothing was asked");
}

#[tokio::test]
async fn responses_are_listed_filtered_paged_and_removed() {
    let plane = Plane::start().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let response = plane.respond(json!({"input": text})).await;
        ids.push(response["id"].as_str().unwrap().to_owned());
    }
    let hidden = plane.respond(json!({"input": "x", "store": false})).await;
    assert_eq!(
        (hidden["store"].clone(), plane.get(&format!("/v1/responses/{}", hidden["id"].as_str().unwrap())).await.0),
        (json!(false), 404)
    );
    let (_, page) = plane.get("/v1/responses?limit=2").await;
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&json!(ids[2]), &json!(true)));
    assert_eq!((&page["first_id"], &page["last_id"]), (&json!(ids[2]), &json!(ids[1])));
    assert_eq!(page["data"][0]["input"][0]["content"], json!([{"type": "input_text", "text": "three"}]));
    let (_, rest) = plane.get(&format!("/v1/responses?limit=2&after={}", ids[1])).await;
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&json!(ids[0]), &json!(false)));
    let (_, before) = plane.get(&format!("/v1/responses?order=asc&before={}", ids[1])).await;
    assert_eq!(before["data"].as_array().unwrap().len(), 1);
    assert_eq!(plane.get("/v1/responses?model=other").await.1["data"], json!([]));
    assert_eq!(plane.get("/v1/responses?model=vllm/fake-model").await.1["data"].as_array().unwrap().len(), 3);
    let path = format!("/v1/responses/{}", ids[0]);
    assert_eq!(plane.delete(&path).await, (200, json!({"id": ids[0], "object": "response", "deleted": true})));
    assert_eq!(plane.get(&path).await.0, 404);
}

#[tokio::test]
async fn input_items_are_paged() {
    let plane = Plane::start().await;
    let first = plane
        .respond(json!({"input": [{"role": "user", "content": "a"}, {"role": "user", "content": "b", "id": "msg_b"}]}))
        .await;
    let next = plane.respond(json!({"input": "c", "previous_response_id": first["id"]})).await;
    let path = format!("/v1/responses/{}/input_items", next["id"].as_str().unwrap());
    let (_, all) = plane.get(&format!("{path}?order=asc")).await;
    assert_eq!((kinds(&all["data"]), &all["has_more"]), (vec!["message"; 4], &json!(false)));
    assert_eq!((&all["data"][1]["id"], &all["data"][2]), (&json!("msg_b"), &first["output"][0]));
    let (_, page) = plane.get(&format!("{path}?limit=3")).await;
    assert_eq!((&page["first_id"], &page["has_more"]), (&all["data"][3]["id"], &json!(true)));
    let (_, rest) = plane.get(&format!("{path}?limit=3&after=msg_b&include=file_search_call.results")).await;
    assert_eq!((&rest["data"][0], &rest["has_more"]), (&all["data"][0], &json!(false)));
    assert_eq!(refused(&plane.get(&format!("{path}?after=msg_z")).await), (400, "after"));
}

#[tokio::test]
async fn text_and_function_events_come_in_openais_order() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("good day"));
    let events = plane.streamed(json!({"input": "hi"})).await;
    assert_eq!(
        event_kinds(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    plane.model.then(Answer::tool("get_weather", &json!({"city": "Lyon"})));
    let events = plane.streamed(json!({"input": "weather?", "tools": [weather()]})).await;
    assert_eq!(
        event_kinds(&events)[2..],
        [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let call = &events.last().unwrap()["response"]["output"][0];
    plane.model.then(Answer::text("sunny"));
    let output = json!([{"type": "function_call_output", "call_id": call["call_id"], "output": "sun"}]);
    let id = &events.last().unwrap()["response"]["id"];
    plane.respond(json!({"input": output, "previous_response_id": id, "tools": [weather()]})).await;
    let roles: Vec<Value> = plane.asked().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "tool"]);
}

#[tokio::test]
async fn mcp_events_come_in_openais_order_and_usage_sums() {
    let (plane, tools) = (Plane::start().await, sums().await);
    plane.model.then(Answer::tool("add", &json!({"a": 1}))).then(Answer::text("three"));
    let events = plane.streamed(json!({"input": "add", "tools": [mcp(&tools)]})).await;
    let names = event_kinds(&events);
    assert_eq!(
        names[2..15],
        [
            "response.output_item.added",
            "response.mcp_list_tools.in_progress",
            "response.mcp_list_tools.completed",
            "response.output_item.done",
            "response.output_item.added",
            "response.mcp_call_arguments.delta",
            "response.mcp_call.arguments.delta",
            "response.mcp_call_arguments.done",
            "response.mcp_call.arguments.done",
            "response.mcp_call.in_progress",
            "response.mcp_call.completed",
            "response.output_item.done",
            "response.output_item.added",
        ]
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(kinds(&response["output"]), ["mcp_list_tools", "mcp_call", "message"]);
    assert_eq!(response["usage"]["total_tokens"], 36, "both questions to the model");
    assert_eq!(response["tools"], json!([{"type": "mcp", "server_label": "sums"}]), "no address, no headers");
}

#[tokio::test]
async fn a_response_that_goes_on_knows_its_tools_already() {
    let (plane, tools) = (Plane::start().await, sums().await);
    let listings = || tools.methods().iter().filter(|method| *method == "tools/list").count();
    let first = plane.respond(json!({"input": "hi", "tools": [mcp(&tools)]})).await;
    assert_eq!(listings(), 1);
    plane.model.then(Answer::tool("add", &json!({"a": 1}))).then(Answer::text("three"));
    let events =
        plane.streamed(json!({"input": "add", "tools": [mcp(&tools)], "previous_response_id": first["id"]})).await;
    assert_eq!(
        event_kinds(&events)[2..6],
        [
            "response.output_item.added",
            "response.mcp_list_tools.completed",
            "response.output_item.done",
            "response.output_item.added",
        ]
    );
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(output[0]["tools"], first["output"][0]["tools"]);
    assert_eq!((kinds(output), listings()), (vec!["mcp_list_tools", "mcp_call", "message"], 1));
    let mut fewer = mcp(&tools);
    fewer["allowed_tools"] = json!({"tool_names": ["none"]});
    let events = plane.streamed(json!({"input": "x", "tools": [fewer], "previous_response_id": first["id"]})).await;
    assert!(event_kinds(&events).contains(&"response.mcp_list_tools.in_progress"), "other tools are asked for anew");
    assert_eq!(events.last().unwrap()["response"]["output"][0]["tools"], json!([]));
}

#[tokio::test]
async fn a_stream_ends_in_what_became_of_it() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("cut short").finishing("length"));
    let events = plane.streamed(json!({"input": "x"})).await;
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
    plane.model.then(Answer::text("half of it").fails(Fault::CutAfter(2)));
    let events = plane.streamed(json!({"input": "x"})).await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    assert!(last["response"]["error"]["code"].is_string() && last["response"]["error"]["message"].is_string());
    let (_, stored) = plane.get(&format!("/v1/responses/{}", last["response"]["id"].as_str().unwrap())).await;
    assert_eq!(stored["status"], "failed");
}

#[tokio::test]
async fn tool_choice_is_kept_once_and_narrows_the_tools() {
    let (plane, tools) = (Plane::start().await, sums().await);
    let both = json!([weather(), mcp(&tools)]);
    let ask = async |choice: Value| {
        let before = plane.model.received().len();
        plane.model.then(Answer::tool("add", &json!({"a": 1}))).then(Answer::text("three"));
        let response = plane.respond(json!({"input": "x", "tools": both, "tool_choice": choice})).await;
        assert_eq!((&response["status"], &response["tool_choice"]), (&json!("completed"), &choice));
        let asked = plane.model.received().split_off(before);
        let of = |body: &Value| {
            let names: Vec<&str> =
                body["tools"].as_array().unwrap().iter().map(|it| it["function"]["name"].as_str().unwrap()).collect();
            (body["tool_choice"].clone(), names.join(","))
        };
        (of(&asked[0].body), of(&asked[1].body))
    };
    let add = json!({"type": "function", "function": {"name": "add"}});
    let all = "get_weather,add".to_owned();
    let ((first, _), (second, _)) = ask(json!("required")).await;
    assert_eq!((first, second), (json!("required"), json!("auto")), "or it could never end");
    let ((first, names), (second, _)) = ask(json!({"type": "mcp", "server_label": "sums", "name": "add"})).await;
    assert_eq!((first, names, second), (add, all, json!("auto")));
    let choice = json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "sums"}]});
    let ((first, names), _) = ask(choice).await;
    assert_eq!((first, names), (json!("auto"), "add".to_owned()));
}

#[tokio::test]
async fn the_limits_of_calls_are_kept() {
    let (plane, tools) = (Plane::start().await, sums().await);
    for round in 0..2 {
        plane.model.then(Answer::tool("add", &json!({"a": round})));
    }
    let response = plane.respond(json!({"input": "x", "tools": [mcp(&tools)], "max_infer_iters": 2})).await;
    assert_eq!(response["status"], "incomplete");
    assert_eq!(response["incomplete_details"]["reason"], "max_iterations_exceeded");
    let before = tools.calls().len();
    for round in 0..2 {
        plane.model.then(Answer::tool("add", &json!({"a": round})));
    }
    plane.model.then(Answer::text("enough"));
    let response = plane.respond(json!({"input": "x", "tools": [mcp(&tools)], "max_tool_calls": 1})).await;
    assert_eq!((tools.calls().len() - before, &response["status"]), (1, &json!("completed")), "{response}");
}

#[tokio::test]
async fn a_schema_and_old_items_are_passed_as_the_model_server_wants_them() {
    let plane = Plane::start().await;
    let format = json!({"type": "json_schema", "name": "claim", "strict": true, "schema": {"type": "object"}});
    let response = plane.respond(json!({"input": "x", "text": {"format": format}})).await;
    assert_eq!(response["text"]["format"], format);
    let sent = plane.model.received().last().unwrap().body["response_format"].clone();
    assert_eq!(
        sent,
        json!({"type": "json_schema", "json_schema": {"name": "claim", "strict": true, "schema": {"type": "object"}}})
    );
    let long = json!([{"role": "user", "content": "x".repeat(60_000)}]);
    let first = plane.respond(json!({"input": long})).await;
    let next = json!({"input": "short", "previous_response_id": first["id"], "truncation": "auto"});
    plane.respond(next).await;
    assert_eq!(plane.asked().last().unwrap()["content"], "short");
    assert!(
        plane.asked().iter().all(|message| message["content"] != "x".repeat(60_000)),
        "8 192 tokens do not hold it"
    );
}

#[tokio::test]
async fn a_tool_server_that_cannot_be_asked_is_an_error_or_an_event() {
    let (plane, tools) = (Plane::start().await, sums().await);
    tools.requires("secret");
    let down = json!({"type": "mcp", "server_label": "gone", "server_url": "http://127.0.0.1:9/mcp"});
    let body = |tool: &Value| json!({"model": "vllm/fake-model", "input": "x", "tools": [tool]});
    let answer = plane.post("/v1/responses", body(&down)).await;
    assert_eq!(refused(&answer).0, 502, "{}", answer.1);
    assert!(
        answer.1["detail"].as_str().unwrap().starts_with("Failed to connect to MCP server at http://127.0.0.1:9/mcp: ")
    );
    let answer = plane.post("/v1/responses", body(&mcp(&tools))).await;
    assert_eq!(refused(&answer).0, 401, "{}", answer.1);
    assert!(answer.1["detail"].as_str().unwrap().starts_with("Authentication required: "));
    let connector = json!({"type": "mcp", "server_label": "c", "connector_id": "none"});
    assert_eq!(refused(&plane.post("/v1/responses", body(&connector)).await), (404, "tools.connector_id"));
    let events = plane.streamed(body(&down)).await;
    assert!(event_kinds(&events).contains(&"response.mcp_list_tools.failed"));
    assert_eq!(events.last().unwrap()["type"], "response.completed", "a stream goes on without its tools");
    let mut with = mcp(&tools);
    with["authorization"] = json!("secret");
    assert_eq!(plane.respond(json!({"input": "x", "tools": [with]})).await["status"], "completed");
}

#[tokio::test]
async fn likelihoods_stand_beside_the_text_when_they_are_asked_for() {
    let plane = Plane::start().await;
    let token = json!({"token": "so ", "logprob": -0.1, "bytes": null, "top_logprobs": []});
    let answer = || Answer::text("so it is").beside(&json!({"logprobs": {"content": [token]}}));
    plane.model.then(answer());
    let events = plane.streamed(json!({"input": "x", "include": ["message.output_text.logprobs"]})).await;
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    let once = json!([token]);
    assert_eq!(of("response.output_text.delta")["logprobs"], once);
    assert_eq!(of("response.output_text.done")["logprobs"], once);
    assert_eq!(of("response.content_part.done")["part"]["logprobs"], json!([]));
    assert_eq!(events.last().unwrap()["response"]["output"][0]["content"][0]["logprobs"], once);
    plane.model.then(answer());
    let unasked = plane.respond(json!({"input": "x"})).await;
    assert_eq!(unasked["output"][0]["content"][0]["logprobs"], json!([]));
}

#[tokio::test]
async fn the_output_of_a_call_that_nobody_made_is_refused() {
    let plane = Plane::start().await;
    let output = json!([{"type": "function_call_output", "call_id": "c9", "output": "x"}]);
    let body = json!({"model": "vllm/fake-model", "input": output});
    assert_eq!(refused(&plane.post("/v1/responses", body).await), (400, "input[0].call_id"));
}
