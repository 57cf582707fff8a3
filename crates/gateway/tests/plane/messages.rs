//! Anthropic's dialect, and bare prompts: both are the same model in other words.

use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};

use crate::harness::Plane;

fn question(stream: bool) -> Value {
    json!({"model": "vllm/fake-model", "max_tokens": 64, "stream": stream, "system": "Be brief.",
           "messages": [{"role": "user", "content": "Add."}],
           "tools": [{"name": "add", "description": "adds", "input_schema": {"type": "object"}}]})
}

async fn events(plane: &Plane, path: &str, body: &Value) -> Vec<Value> {
    let text = plane.http.post(plane.url(path)).json(body).send().await.unwrap().text().await.unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn a_message_is_answered_with_blocks() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("I add. ").and_tool("add", &json!({"a": 1})).usage(Some((7, 5))));
    let (status, message) = plane.post("/v1/messages", question(false)).await;
    assert_eq!(status, 200, "{message}");
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(message["content"][0], json!({"type": "text", "text": "I add. "}));
    assert_eq!(
        (&message["content"][1]["type"], &message["content"][1]["input"]),
        (&json!("tool_use"), &json!({"a": 1}))
    );
    assert_eq!(message["stop_reason"], "tool_use");
    assert_eq!(message["usage"], json!({"input_tokens": 7, "output_tokens": 5}));
    let sent = &plane.model.received()[0].body;
    assert_eq!((&sent["messages"][0]["role"], &sent["max_tokens"]), (&json!("system"), &json!(64)));
}

#[tokio::test]
async fn a_streamed_message_opens_and_closes_each_block() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("I add.").and_tool("add", &json!({"a": 1})).usage(Some((7, 5))));
    let events = events(&plane, "/v1/messages", &question(true)).await;
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"message_start"), Some(&"message_stop")));
    let places = |kind: &str| {
        let of_kind = events.iter().filter(|event| event["type"] == kind);
        of_kind.map(|event| event["index"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(places("content_block_start"), [0, 1]);
    assert_eq!(places("content_block_stop"), [0, 1]);
    let json: String = events.iter().filter_map(|event| event["delta"]["partial_json"].as_str()).collect();
    assert_eq!(json, "{\"a\":1}");
    let end = events.iter().find(|event| event["type"] == "message_delta").unwrap();
    assert_eq!((&end["delta"]["stop_reason"], &end["usage"]["output_tokens"]), (&json!("tool_use"), &json!(5)));
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_anthropics_shape() {
    let plane = Plane::start().await;
    let cases = [
        (json!({"model": "vllm/fake-model", "messages": []}), 400, "invalid_request_error"),
        (
            json!({"model": "nobody", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}),
            404,
            "not_found_error",
        ),
    ];
    for (body, expected, kind) in cases {
        let (status, error) = plane.post("/v1/messages", body).await;
        assert_eq!(
            (status, &error["type"], &error["error"]["type"]),
            (expected, &json!("error"), &json!(kind)),
            "{error}"
        );
        assert!(error["error"]["message"].is_string());
    }
    plane.model.then(Answer::text("half of it").fails(Fault::CutAfter(2)));
    let events = events(&plane, "/v1/messages", &question(true)).await;
    assert_eq!(events.last().unwrap()["type"], "error");
}

#[tokio::test]
async fn bare_prompts_go_on() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("one")).then(Answer::text("two"));
    let body = json!({"model": "vllm/fake-model", "prompt": ["a", "b"], "max_tokens": 4});
    let (status, whole) = plane.post("/v1/completions", body).await;
    assert_eq!((status, &whole["object"]), (200, &json!("text_completion")), "{whole}");
    let texts: Vec<&str> = whole["choices"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two"]);
    let asked: Vec<Value> = plane.model.received().iter().map(|it| it.body["prompt"].clone()).collect();
    assert_eq!(asked, [json!("a"), json!("b")]);

    plane.model.then(Answer::text("three four").usage(Some((1, 2))));
    let body =
        json!({"model": "vllm/fake-model", "prompt": "a", "stream": true, "stream_options": {"include_usage": true}});
    let events = events(&plane, "/v1/completions", &body).await;
    let text: String = events.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
    assert_eq!(text, "three four");
    assert_eq!(events.last().unwrap()["usage"]["total_tokens"], 3);

    for (body, field) in [
        (json!({"model": "vllm/fake-model", "prompt": []}), "prompt"),
        (json!({"model": "vllm/fake-model", "prompt": [1, 2]}), "prompt"),
        (json!({"model": "vllm/fake-model", "prompt": "a", "n": 2}), "n"),
    ] {
        let (status, error) = plane.post("/v1/completions", body).await;
        assert_eq!((status, &error["error"]["param"]), (400, &json!(field)), "{error}");
    }
}

#[tokio::test]
async fn log_probabilities_and_unknown_fields_reach_the_caller() {
    let plane = Plane::start().await;
    let beside = json!({"logprobs": {"content": [{"token": "a", "logprob": -0.1}]}});
    plane.model.then(Answer::text("a").beside(&beside));
    let mut body =
        json!({"model": "vllm/fake-model", "logprobs": true, "messages": [{"role": "user", "content": "x"}]});
    let (_, whole) = plane.post("/v1/chat/completions", body.clone()).await;
    assert_eq!(whole["choices"][0]["logprobs"], beside["logprobs"], "{whole}");
    plane.model.then(Answer::text("a").beside(&beside));
    body["stream"] = json!(true);
    let events = events(&plane, "/v1/chat/completions", &body).await;
    assert!(events.iter().any(|event| event["choices"][0]["logprobs"] == beside["logprobs"]), "{events:?}");
}

#[tokio::test]
async fn done_is_for_openais_clients_alone() {
    let plane = Plane::start().await;
    for (path, mut body) in [
        ("/v1/chat/completions", json!({"messages": [{"role": "user", "content": "x"}]})),
        ("/v1/completions", json!({"prompt": "x"})),
    ] {
        body["model"] = json!("vllm/fake-model");
        body["stream"] = json!(true);
        let ask = || plane.http.post(plane.url(path)).json(&body);
        let text = ask().send().await.unwrap().text().await.unwrap();
        assert!(text.trim_end().ends_with("data: [DONE]"), "{text}");
        let text = ask().header("X-LlamaStack-Client-Version", "0.3.5").send().await.unwrap().text().await.unwrap();
        assert!(!text.contains("[DONE]") && text.contains("\"stop\""), "{text}");
    }
}

#[tokio::test]
async fn several_choices_come_side_by_side() {
    let plane = Plane::start().await;
    let body = json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": "x"}], "n": 2});
    plane.model.then(Answer::text("one").usage(Some((5, 1)))).then(Answer::text("two").usage(Some((5, 2))));
    let (status, whole) = plane.post("/v1/chat/completions", body.clone()).await;
    assert_eq!(status, 200, "{whole}");
    let texts: Vec<&Value> = whole["choices"].as_array().unwrap().iter().map(|it| &it["message"]["content"]).collect();
    assert_eq!((texts.len(), &whole["choices"][1]["index"]), (2, &json!(1)));
    assert!(texts.contains(&&json!("one")) && texts.contains(&&json!("two")), "{whole}");
    assert_eq!(
        (&whole["usage"]["prompt_tokens"], &whole["usage"]["completion_tokens"], &whole["usage"]["total_tokens"]),
        (&json!(5), &json!(3), &json!(8))
    );
    assert!(plane.model.received().iter().all(|it| it.body.get("n").is_none()), "each is a question of its own");

    plane.model.then(Answer::text("a b").usage(Some((5, 2)))).then(Answer::text("a b").usage(Some((5, 2))));
    let mut streamed = body.clone();
    streamed["stream"] = json!(true);
    streamed["stream_options"] = json!({"include_usage": true});
    let events = events(&plane, "/v1/chat/completions", &streamed).await;
    for index in 0..2 {
        let own = events.iter().map(|it| &it["choices"][0]).filter(|it| it["index"] == index);
        let text: String = own.clone().filter_map(|it| it["delta"]["content"].as_str()).collect();
        assert_eq!(text, "a b", "{events:?}");
        assert_eq!(own.filter(|it| it["finish_reason"] == "stop").count(), 1);
    }
    assert_eq!(events.last().unwrap()["usage"]["total_tokens"], 9);

    for n in [json!(0), json!(9), json!("two")] {
        let mut wrong = body.clone();
        wrong["n"] = n;
        let (status, error) = plane.post("/v1/chat/completions", wrong).await;
        assert_eq!((status, &error["error"]["param"]), (400, &json!("n")));
    }
}
