//! A second toolset, which has nothing to do with claims, with the real small model: what steers tool calls knows no
//! tool by name.

#![cfg(feature = "llama")]

use std::path::PathBuf;

use serde_json::{Value, json};
use testkit::mcp::{FakeMcp, Reply};

use crate::process::Running;

const INSTRUCTIONS: &str = "You serve the desk of a lending library. Call find_member, then find_book, then place_hold. \
     When the hold is placed, say so in one sentence.";

/// The model's file in the model cache, where this machine has one.
fn model() -> Option<PathBuf> {
    let cache = |home: std::ffi::OsString| PathBuf::from(home).join(".cache");
    let models = std::env::var_os("CLAIMSTACK_MODELS").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(std::env::var_os("HOME").map(cache));
        cache.map(|dir| dir.join("claimstack/models"))
    })?;
    let mut files = std::fs::read_dir(models.join("qwen2.5-coder-1.5b-instruct")).ok()?.flatten();
    files.find_map(|file| file.path().extension().is_some_and(|kind| kind == "gguf").then(|| file.path()))
}

async fn library() -> FakeMcp {
    let tools = FakeMcp::start().await;
    let text = |about: &str| json!({"type": "string", "description": about});
    let member = json!({"type": "object", "required": ["member_id"],
        "properties": {"member_id": text("The number on the member's card.")}});
    let book = json!({"type": "object", "required": ["isbn"], "properties": {"isbn": text("ISBN of the book.")}});
    let hold = json!({"type": "object", "required": ["member_id", "copy_id"],
        "properties": {"member_id": text("Who it is held for."), "copy_id": text("Which copy is held.")}});
    let found = json!({"member_id": "LIB-2041", "name": "Ines Marchetti", "fines": 0, "holds": 1});
    let copies = json!({"isbn": "978-0-684-80122-3", "title": "The Old Man and the Sea",
        "copy_id": "COPY-77-B", "shelf": "F HEM", "branch_id": "BR-3"});
    tools.tool("find_member", member, Reply::Structured(found));
    tools.tool("find_book", book, Reply::Structured(copies));
    let placed = Reply::Structured(json!({"hold_id": "HLD-9", "ready_on": "2026-03-02"}));
    // No annotation says that it only reads, so it comes last and only because the instructions name it.
    tools.define(json!({"name": "place_hold", "description": "Holds a copy.", "inputSchema": hold}), placed);
    tools
}

#[tokio::test]
async fn a_small_model_places_a_hold_with_every_argument_right() {
    let Some(file) = model() else {
        eprintln!("skipped: no qwen2.5-coder-1.5b-instruct in the model cache (set CLAIMSTACK_MODELS)");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let tools = library().await;
    let path = format!("gateway.providers.2.model={}", file.display());
    let gateway = Running::start(data.path(), None, &["--set", &path, "gateway"]).await;
    let (_, models) = gateway.get("gateway", "/v1/models").await;
    let named = |model: &&Value| model["id"].as_str().is_some_and(|id| id.starts_with("llama/"));
    let model = models["data"].as_array().unwrap().iter().find(named).unwrap()["id"].clone();
    let desk = "Please hold The Old Man and the Sea (ISBN 978-0-684-80122-3) for the member with card LIB-2041. \
                The last one asked for was 978-1-4028-9462-6, by LIB-1999.";
    let request = json!({"model": model, "instructions": INSTRUCTIONS, "input": desk, "temperature": 0,
        "tools": [{"type": "mcp", "server_label": "library", "server_url": tools.url(), "require_approval": "never"}]});
    let (status, response) = gateway.post("gateway", "/v1/responses", &request).await;
    assert_eq!((status, &response["status"]), (200, &json!("completed")), "{response}");
    let calls: Vec<(String, Value)> = tools.calls().into_iter().map(|call| (call.tool, call.arguments)).collect();
    // The two that only read may come in either order; what they find is needed for the third.
    let (last, mut first) = calls.split_last().map(|(last, first)| (last.clone(), first.to_vec())).unwrap();
    first.sort_by(|a, b| b.0.cmp(&a.0));
    let expected = [
        ("find_member".to_owned(), json!({"member_id": "LIB-2041"})),
        ("find_book".to_owned(), json!({"isbn": "978-0-684-80122-3"})),
    ];
    assert_eq!(first, expected);
    assert_eq!(last, ("place_hold".to_owned(), json!({"member_id": "LIB-2041", "copy_id": "COPY-77-B"})));
    let last = response["output"].as_array().unwrap().last().unwrap();
    assert_eq!(last["type"], "message", "{response}");
}
