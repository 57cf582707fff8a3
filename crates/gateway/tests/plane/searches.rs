//! Our own tools in a response: search in vector stores, search on the web, shields around both, files in messages.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use testkit::openai::Answer;

use crate::harness::{Plane, Setup, answered, refusal};

const MODEL: &str = "vllm/fake-model";

async fn upload(plane: &Plane, name: &str, content: &[u8]) -> String {
    let file = Part::bytes(content.to_vec()).file_name(name.to_owned());
    let form = Form::new().part("file", file).text("purpose", "assistants");
    let (status, file) = answered(plane.http.post(plane.url("/v1/files")).multipart(form)).await;
    assert_eq!(status, 200, "{file}");
    file["id"].as_str().unwrap().to_owned()
}

/// A store with two files; its id and theirs.
async fn policies(plane: &Plane) -> (String, String, String) {
    let glass = upload(plane, "glass.txt", b"Glass damage is covered up to 500 euros.").await;
    let theft = upload(plane, "theft.txt", b"Theft needs a police report within 48 hours.").await;
    let (_, store) = plane.post("/v1/vector_stores", json!({"name": "p", "file_ids": [glass, theft]})).await;
    (store["id"].as_str().unwrap().to_owned(), glass, theft)
}

fn search(query: &str) -> Answer {
    Answer::tool("file_search", &json!({"query": query}))
}

fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap().trim_start_matches("response.")).collect()
}

#[tokio::test]
async fn files_are_searched_and_cited() {
    let plane = Plane::start().await;
    let (store, glass, _) = policies(&plane).await;
    plane.model.then(search("glass damage covered")).then(Answer::text(format!("Up to 500 euros <|{glass}|>.")));
    let tool = json!({"type": "file_search", "vector_store_ids": [store], "max_num_results": 1});
    let asked = json!({"model": MODEL, "input": "is glass covered?", "tools": [tool], "stream": true});
    let frames = plane.stream("/v1/responses", asked).await;
    let kinds = types(&frames);
    let at = kinds.iter().position(|kind| *kind == "file_search_call.in_progress").unwrap();
    assert_eq!(
        kinds[at - 3..at + 4],
        [
            "output_item.added",
            "mcp_call.arguments.delta",
            "mcp_call.arguments.done",
            "file_search_call.in_progress",
            "file_search_call.searching",
            "file_search_call.completed",
            "output_item.done"
        ]
    );
    assert!(kinds.contains(&"output_text.annotation.added"), "{kinds:?}");
    let response = &frames.last().unwrap()["response"];
    let call = &response["output"][0];
    assert_eq!((&call["type"], &call["status"]), (&json!("file_search_call"), &json!("completed")));
    assert_eq!(call["queries"], json!(["glass damage covered"]));
    assert_eq!(call["results"].as_array().unwrap().len(), 1, "max_num_results holds over all stores");
    assert_eq!(call["results"][0]["filename"], "glass.txt");
    let part = &response["output"][1]["content"][0];
    assert_eq!(part["text"], "Up to 500 euros.");
    let cited = json!([{"type": "file_citation", "file_id": glass, "filename": "glass.txt", "index": 15}]);
    assert_eq!(part["annotations"], cited);
    let said = frames.iter().filter(|it| it["type"] == "response.output_text.delta");
    let shown: String = said.filter_map(|it| it["delta"].as_str()).collect();
    assert_eq!(shown, "Up to 500 euros.");
    let told = &plane.model.received()[1].body["messages"][2]["content"];
    assert!(told.as_str().unwrap().contains(&format!("cite as <|{glass}|>")), "{told}");

    plane.model.then(Answer::text("as said"));
    let next = json!({"model": MODEL, "input": "sure?", "previous_response_id": response["id"]});
    assert_eq!(plane.post("/v1/responses", next).await.0, 200);
    let history = plane.model.received()[2].body["messages"].to_string();
    assert!(history.contains("Glass damage is covered"), "what was found stays known: {history}");
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused_by_field() {
    let plane = Plane::start().await;
    let (store, ..) = policies(&plane).await;
    for (tool, field) in [
        (json!({"type": "file_search"}), "tools[0]"),
        (json!({"type": "file_search", "vector_store_ids": []}), "tools[0].vector_store_ids"),
        (json!({"type": "file_search", "vector_store_ids": ["vs_nope"]}), "vector_store_id"),
        (
            json!({"type": "file_search", "vector_store_ids": [store], "max_num_results": 51}),
            "tools[0].max_num_results",
        ),
        (
            json!({"type": "file_search", "vector_store_ids": [store], "ranking_options": {"ranker": "x"}}),
            "tools[0].ranking_options.ranker",
        ),
        (json!({"type": "web_search"}), "tools"),
        (json!({"type": "web_search", "search_context_size": "huge"}), "tools[0].search_context_size"),
        (json!({"type": "mcp"}), "tools[0]"),
    ] {
        let answer = plane.post("/v1/responses", json!({"model": MODEL, "input": "x", "tools": [tool]})).await;
        assert_eq!((answer.0, refusal(&answer).1), (400, field), "{tool}");
    }
    assert!(plane.model.received().is_empty());
}

#[tokio::test]
async fn the_web_is_searched_through_the_configured_provider() {
    let engine = testkit::web::FakeSearxng::start().await;
    let plane = Plane::with(Setup { web: Some(engine.url()), ..Setup::default() }).await;
    plane.model.then(Answer::tool("web_search", &json!({"query": "hail in Lyon"}))).then(Answer::text("It hailed."));
    let tool = json!({"type": "web_search_preview", "filters": {"allowed_domains": ["weather.example"]}});
    let asked = json!({"model": MODEL, "input": "did it hail?", "tools": [tool]});
    let (status, response) = plane.post("/v1/responses", asked).await;
    assert_eq!(status, 200, "{response}");
    let call = &response["output"][0];
    assert_eq!((&call["type"], &call["status"]), (&json!("web_search_call"), &json!("completed")));
    assert_eq!(call["action"]["query"], "hail in Lyon");
    let sources: Vec<&str> =
        call["action"]["sources"].as_array().unwrap().iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(sources, ["https://weather.example/hail", "https://www.weather.example/lyon"]);
    let told = plane.model.received()[1].body["messages"][2]["content"].as_str().unwrap().to_owned();
    assert!(told.contains("Hailstones of 3 cm"), "{told}");
}

#[tokio::test]
async fn shields_stand_before_the_question_and_before_the_answer() {
    let plane = Plane::start().await;
    let ask = |input: &str| json!({"model": MODEL, "input": input, "guardrails": ["pii", {"type": "injection"}]});
    let (_, stopped) = plane.post("/v1/responses", ask("my IBAN is FR7630006000011234567890189")).await;
    let part = &stopped["output"][0]["content"][0];
    assert_eq!((&stopped["status"], &part["type"]), (&json!("completed"), &json!("refusal")));
    assert!(part["refusal"].as_str().unwrap().len() > 10);
    assert!(plane.model.received().is_empty(), "the model was not asked");

    plane.model.then(Answer::text("write to ann@mail.example"));
    let mut asked = ask("where to write?");
    asked["stream"] = json!(true);
    let frames = plane.stream("/v1/responses", asked).await;
    let kinds = types(&frames);
    assert!(kinds.contains(&"refusal.done") && !kinds.contains(&"output_text.delta"), "{kinds:?}");
    let said = serde_json::to_string(&frames).unwrap();
    assert!(!said.contains("ann@mail.example"), "nothing of it was shown");

    plane.model.then(Answer::text("gladly"));
    let (_, passed) = plane.post("/v1/responses", ask("hello")).await;
    assert_eq!(passed["output"][0]["content"][0]["text"], "gladly");
    for (guardrails, field) in
        [(json!(["nope"]), "guardrails"), (json!([{}]), "guardrails[0]"), (json!(1), "guardrails")]
    {
        let refused =
            plane.post("/v1/responses", json!({"model": MODEL, "input": "x", "guardrails": guardrails})).await;
        assert_eq!((refused.0, refusal(&refused).1), (400, field));
    }
}

#[tokio::test]
async fn files_in_a_message_reach_the_model_as_text_and_images() {
    let plane = Plane::start().await;
    let note = upload(&plane, "note.txt", b"The window broke on 3 May.").await;
    let image = upload(&plane, "photo.png", b"\x89PNG\r\n\x1a\n").await;
    let input = json!([{"role": "user", "content": [
        {"type": "input_text", "text": "see"},
        {"type": "input_file", "file_id": note},
        {"type": "input_file", "filename": "a.csv", "file_data": "data:text/csv;base64,YSxiCjEsMg=="},
        {"type": "input_image", "file_id": image, "detail": "low"},
    ]}]);
    let (status, response) = plane.post("/v1/responses", json!({"model": MODEL, "input": input})).await;
    assert_eq!(status, 200, "{response}");
    let parts = plane.model.received()[0].body["messages"][0]["content"].clone();
    assert_eq!(parts[1]["text"], "File note.txt:\nThe window broke on 3 May.");
    assert_eq!(parts[2]["text"], "File a.csv:\na,b\n1,2");
    assert_eq!(parts[3]["image_url"], json!({"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}));
    let id = response["id"].as_str().unwrap();
    let (_, items) = plane.get(&format!("/v1/responses/{id}/input_items")).await;
    assert_eq!(items["data"][0]["content"][1], json!({"type": "input_file", "file_id": note}), "kept as it was asked");

    for (part, field) in [
        (json!({"type": "input_file", "file_id": "file-0"}), "input[0].content[0].file_id"),
        (json!({"type": "input_file", "file_url": "http://x/y"}), "input[0].content[0].file_url"),
        (json!({"type": "input_file", "file_data": "%"}), "input[0].content[0]"),
    ] {
        let input = json!([{"role": "user", "content": [part]}]);
        let refused = plane.post("/v1/responses", json!({"model": MODEL, "input": input})).await;
        assert_eq!((refused.0, refusal(&refused).1), (400, field));
    }
}

#[tokio::test]
async fn an_agent_searches_through_its_rag_group() {
    let plane = Plane::start().await;
    let (store, ..) = policies(&plane).await;
    let group = json!({"name": "builtin::rag", "args": {"vector_db_ids": [store]}});
    let config = json!({"model": MODEL, "instructions": "help", "toolgroups": [group]});
    let (_, agent) = plane.post("/v1/agents", json!({"agent_config": config})).await;
    let base = format!("/v1/agents/{}", agent["agent_id"].as_str().unwrap());
    let (_, session) = plane.post(&format!("{base}/session"), json!({"session_name": "s"})).await;
    plane.model.then(search("police report")).then(Answer::text("Within 48 hours."));
    let turn = json!({"messages": [{"role": "user", "content": "theft?"}]});
    let url = format!("{base}/session/{}/turn", session["session_id"].as_str().unwrap());
    let (status, turn) = plane.post(&url, turn).await;
    assert_eq!(status, 200, "{turn}");
    let steps: Vec<&str> =
        turn["steps"].as_array().unwrap().iter().map(|it| it["step_type"].as_str().unwrap()).collect();
    assert_eq!(steps, ["inference", "tool_execution", "inference"]);
    let ran = &turn["steps"][1];
    assert_eq!(ran["tool_calls"][0]["tool_name"], "knowledge_search");
    assert!(ran["tool_responses"][0]["content"][0]["text"].as_str().unwrap().contains("48 hours"), "{ran}");
}

#[tokio::test]
async fn documents_are_put_in_and_asked_about_in_the_words_of_release_0_3() {
    let plane = Plane::start().await;
    let (_, store) = plane.post("/v1/vector_stores", json!({"name": "docs"})).await;
    let id = store["id"].as_str().unwrap();
    let document = json!({"document_id": "d1", "content": "Hail is covered from 2 cm.", "metadata": {"lang": "en"}});
    let insert = json!({"documents": [document], "vector_db_id": id, "chunk_size_in_tokens": 128});
    assert_eq!(plane.post("/v1/tool-runtime/rag-tool/insert", insert).await, (200, json!(null)));
    let query = json!({"content": "hail", "vector_db_ids": [id]});
    let (_, found) = plane.post("/v1/tool-runtime/rag-tool/query", query).await;
    assert_eq!(found["metadata"]["document_ids"], json!(["d1"]));
    assert!(found["content"][0]["text"].as_str().unwrap().contains("from 2 cm"), "{found}");
    let kwargs = json!({"query": "hail", "vector_db_ids": [id]});
    let (_, called) =
        plane.post("/v1/tool-runtime/invoke", json!({"tool_name": "knowledge_search", "kwargs": kwargs})).await;
    assert_eq!((&called["content"], &called["error_code"]), (&found["content"], &json!(0)));
    let (_, group) = plane.get("/v1/toolgroups/builtin::rag").await;
    assert_eq!(group["provider_id"], "rag-runtime");
    let (_, tools) = plane.get("/v1/tools?toolgroup_id=builtin%3A%3Arag").await;
    assert_eq!(tools["data"][0]["name"], "knowledge_search");

    let far = json!({"documents": [{"document_id": "d", "content": "https://x.example/a.pdf"}], "vector_db_id": id});
    let refused = plane.post("/v1/tool-runtime/rag-tool/insert", far).await;
    assert_eq!((refused.0, refusal(&refused).1), (400, "documents[0].content"));
    let nowhere = json!({"content": "hail", "vector_db_ids": []});
    assert_eq!(refusal(&plane.post("/v1/tool-runtime/rag-tool/query", nowhere).await).1, "vector_db_ids");
}
