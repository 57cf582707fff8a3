//! The tools over HTTP: a document below a root is read, everything else is refused in words.

use std::path::PathBuf;

use ocr::{OcrConfig, WorkerConfig};
use serde_json::{Value, json};

fn worker() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("examples/ocr_worker");
    path.is_file().then_some(path)
}

async fn serve(folder: &std::path::Path, program: PathBuf) -> String {
    let config = OcrConfig {
        document_roots: vec![folder.to_owned()],
        worker: WorkerConfig { program: Some(program), arguments: Some(vec![]), ..WorkerConfig::default() },
        ..OcrConfig::default()
    };
    let service = ocr::service(config).expect("a service");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, service.router).await });
    format!("http://{address}/mcp")
}

async fn call(url: &str, tool: &str, arguments: Value) -> Value {
    let body =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
    let response = reqwest::Client::new()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    let text = response.text().await.expect("a body");
    let line = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("no JSON: {text}"))["result"].clone()
}

const PDF: &str = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>\nendobj\n4 0 obj\n<</Length 175>>stream\nBT /F 11 Tf 50 780 Td (CLAIM FORM - Motor) Tj 0 -30 Td (Full name : Ada Lovelace) Tj 0 -20 Td (Date of loss : 12 May 2026) Tj 0 -20 Td (Amount claimed : EUR 80.00) Tj ET                 \nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF";

#[tokio::test]
async fn documents_are_read_and_bad_paths_refused() {
    let Some(program) = worker() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("claim.jpg"), PDF).expect("a file");
    std::fs::write(folder.path().join("empty.pdf"), b"").expect("a file");
    let url = serve(folder.path(), program).await;

    // The name says JPEG; the content counts. Unknown arguments are ignored.
    let arguments =
        json!({"document_path": "claim.jpg", "session_id": "x", "include_pages": "true", "extract_structured": true});
    let read = call(&url, "ocr_document", arguments).await;
    let content = &read["structuredContent"];
    assert_eq!(content["success"], json!(true), "{read}");
    assert_eq!(content["fields"]["claimant_name"]["value"], json!("Ada Lovelace"));
    assert_eq!(content["fields"]["incident_date"]["value"], json!("2026-05-12"));
    assert_eq!(content["fields"]["claimed_amount"]["value"], json!("80.00"));
    assert_eq!(content["document"]["kind"], json!("claim"));
    assert_eq!(content["pages"][0]["source"], json!("text_layer"));
    assert_eq!(content["file_info"]["extension"], json!("jpg"));

    let empty = call(&url, "ocr_document", json!({"document_path": "empty.pdf"})).await;
    assert_eq!(empty["structuredContent"]["success"], json!(true));
    assert_eq!(empty["structuredContent"]["document"]["unreadable_reason"], json!("empty"));

    for path in ["../claim.jpg", "/etc/passwd", "none.pdf"] {
        let refused = call(&url, "ocr_document", json!({"document_path": path})).await;
        assert_eq!(refused["isError"], json!(true), "{path}");
        assert!(refused["content"][0]["text"].as_str().is_some_and(|text| text.contains("document_path")), "{refused}");
    }
    let health = call(&url, "ocr_health_check", json!({})).await;
    assert_eq!(health["structuredContent"]["recognition"], json!(false));
    let formats = call(&url, "list_supported_formats", json!({})).await;
    assert_eq!(formats["structuredContent"]["max_pages"], json!(50));
}
