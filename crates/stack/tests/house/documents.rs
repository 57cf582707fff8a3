//! Documents that are not text, given to the control plane: in a vector store and in a message.

#![cfg(feature = "ocr")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use testkit::openai::{Answer, FakeModel};

use crate::process::{Running, samples};

/// In the text layer of the sample, as a person reads it.
const PERSON: &str = "USR-1020";

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(samples().join("documents").join(name)).unwrap()
}

/// The id of the uploaded sample.
async fn uploaded(gateway: &Running, name: &'static str) -> String {
    let form = Form::new().text("purpose", "assistants").part("file", Part::bytes(sample(name)).file_name(name));
    let sent = gateway.http.post(gateway.url("gateway", "/v1/files")).multipart(form).send().await.unwrap();
    let file: Value = sent.json().await.unwrap();
    file["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_vector_store_holds_the_words_of_a_pdf_and_says_why_another_was_not_read() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Running::start(data.path(), None, &["gateway"]).await;
    let wanted = json!({"name": "letters", "embedding_model": "vllm-embedding/fake-model"});
    let (status, store) = gateway.post("gateway", "/v1/vector_stores", &wanted).await;
    assert_eq!(status, 200, "{store}");
    let files = format!("/v1/vector_stores/{}/files", store["id"].as_str().unwrap());
    let (read, locked) = (uploaded(&gateway, "dev-0002.pdf").await, uploaded(&gateway, "dev-0016.pdf").await);
    let (_, attached) = gateway.post("gateway", &files, &json!({"file_id": read})).await;
    assert_eq!(attached["status"], "completed", "{attached}");
    let (_, content) = gateway.get("gateway", &format!("{files}/{read}/content")).await;
    assert!(content.to_string().contains(PERSON), "{content}");
    let (_, refused) = gateway.post("gateway", &files, &json!({"file_id": locked})).await;
    assert_eq!((&refused["status"], &refused["last_error"]["code"]), (&json!("failed"), &json!("invalid_file")));
    assert!(refused["last_error"]["message"].as_str().unwrap().contains("encrypted"), "{refused}");
}

#[tokio::test]
async fn a_model_is_given_the_words_of_a_pdf_in_a_message() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    model.always(Answer::text("read"));
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let id = uploaded(&gateway, "dev-0002.pdf").await;
    let inline = format!("data:application/pdf;base64,{}", STANDARD.encode(sample("dev-0002.pdf")));
    for file in [json!({"file_id": id}), json!({"file_data": inline, "filename": "letter.pdf"})] {
        let mut part = file.clone();
        part["type"] = json!("input_file");
        let input = json!([{"role": "user", "content": [{"type": "input_text", "text": "whose?"}, part]}]);
        let request = json!({"model": "vllm/fake-model", "input": input});
        let (status, response) = gateway.post("gateway", "/v1/responses", &request).await;
        assert_eq!(status, 200, "{response}");
        let asked = model.received().last().unwrap().body["messages"].to_string();
        assert!(asked.contains(PERSON) && !asked.contains("%PDF"), "{asked}");
    }
    let locked = format!("data:application/pdf;base64,{}", STANDARD.encode(sample("dev-0016.pdf")));
    let part = json!({"type": "input_file", "file_data": locked, "filename": "locked.pdf"});
    let request = json!({"model": "vllm/fake-model", "input": [{"role": "user", "content": [part]}]});
    let (status, refused) = gateway.post("gateway", "/v1/responses", &request).await;
    assert_eq!((status, &refused["error"]["param"]), (400, &json!("input[0].content[0]")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("encrypted"), "{refused}");
}
