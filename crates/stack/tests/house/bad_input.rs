//! What people get wrong, and what they are told.

use serde_json::json;

use crate::process::{Running, command};

#[tokio::test]
async fn a_bad_body_is_answered_with_its_field() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Running::start(data.path(), None, &["gateway"]).await;
    let cases = [
        (
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "nobody", "content": "x"}]}),
            "messages[0].role",
        ),
        ("/v1/chat/completions", json!({"model": "m", "messages": []}), "messages"),
        (
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "user"}], "temperature": 9}),
            "temperature",
        ),
        ("/v1/embeddings", json!({"model": "m", "input": []}), "input"),
        ("/v1/responses", json!({"model": "m", "input": "x", "max_infer_iters": 0}), "max_infer_iters"),
        ("/v1/responses", json!({"model": "m", "input": "x", "tools": [{"type": "teleport"}]}), "tools[0].type"),
        (
            "/v1/responses",
            json!({"model": "m", "input": "x", "tools": [{"type": "mcp", "server_label": "a"}]}),
            "tools[0].server_url",
        ),
        ("/agents/turn/create", json!({"session_id": "s", "messages": []}), "messages"),
    ];
    for (path, body, field) in cases {
        let (status, error) = gateway.post("gateway", path, &body).await;
        assert_eq!((status, &error["error"]["param"]), (400, &json!(field)), "{path}: {error}");
        assert_eq!(error["detail"], error["error"]["message"]);
    }
    let empty = gateway.http.post(gateway.url("gateway", "/v1/responses")).send().await.unwrap();
    assert_eq!(empty.status(), 400);
    let (status, _) = gateway.get("gateway", "/v1/responses/resp_unknown").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn the_command_line_says_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("c.yaml");
    std::fs::write(&config, "gateway:\n  lisen: 127.0.0.1:1\n").unwrap();
    let config = config.display().to_string();
    let cases: [(&[&str], &str); 6] = [
        (&["--config", &config, "check"], "lisen"),
        (&["--config", "/nowhere.yaml", "check"], "/nowhere.yaml"),
        (&["--set", "gateway.listen=here", "check"], "does not fit"),
        (&["--set", r#"ocr.free_text={"model":"llama/small"}"#, "check"], "stack_url"),
        (&["--set", r#"rag.more_models=[{"name":"multilingual"}]"#, "check"], "languages"),
        (&["process", "/nowhere.pdf", "--user", "USR-1"], "/nowhere.pdf"),
    ];
    for (arguments, said) in cases {
        let output = command(data.path()).args(arguments).output().await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(said), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn check_says_what_would_start() {
    let data = tempfile::tempdir().unwrap();
    let output = command(data.path()).arg("check").output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("127.0.0.1:8321") && text.contains("tool server"), "{text}");
}
