//! Batches: from a file of requests to a file of answers, whatever happens on the way.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};

use crate::harness::{Plane, Setup, answered, refusal};

const CHAT: &str = "/v1/chat/completions";

fn line(id: &str, body: &Value) -> String {
    json!({"custom_id": id, "method": "POST", "url": CHAT, "body": body}).to_string()
}

fn says(words: &str) -> Value {
    json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": words}]})
}

async fn upload(plane: &Plane, lines: &[String]) -> String {
    let file = Part::bytes(lines.join("\n").into_bytes()).file_name("in.jsonl");
    let form = Form::new().part("file", file).text("purpose", "batch");
    let (_, file) = answered(plane.http.post(plane.url("/v1/files")).multipart(form)).await;
    file["id"].as_str().unwrap().to_owned()
}

fn asked(file: &str) -> Value {
    json!({"input_file_id": file, "endpoint": CHAT, "completion_window": "24h", "metadata": {"for": "test"}})
}

async fn started(plane: &Plane, lines: &[String]) -> String {
    let file = upload(plane, lines).await;
    let (status, batch) = plane.post("/v1/batches", asked(&file)).await;
    assert_eq!((status, &batch["status"]), (200, &json!("validating")), "{batch}");
    batch["id"].as_str().unwrap().to_owned()
}

/// Asks until it is over.
async fn ended(plane: &Plane, id: &str) -> Value {
    let over = async {
        loop {
            let (status, batch) = plane.get(&format!("/v1/batches/{id}")).await;
            assert_eq!(status, 200, "{batch}");
            if ["completed", "failed", "cancelled", "expired"].contains(&batch["status"].as_str().unwrap()) {
                return batch;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::PATIENCE, over).await.unwrap()
}

async fn lines(plane: &Plane, file: &Value) -> Vec<Value> {
    let url = plane.url(&format!("/v1/files/{}/content", file.as_str().unwrap()));
    let text = plane.http.get(url).send().await.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn answers_and_failures_go_to_files_of_their_own() {
    let plane = Plane::start().await;
    plane.model.always(Answer::text("hello"));
    let requests =
        [line("good", &says("hi")), line("bad", &json!({"model": "vllm/fake-model", "messages": [{"rolez": "user"}]}))];
    let id = started(&plane, &requests).await;
    let batch = ended(&plane, &id).await;
    assert_eq!(batch["status"], "completed", "{batch}");
    assert_eq!(batch["request_counts"], json!({"total": 2, "completed": 1, "failed": 1}));
    assert_eq!(batch["metadata"], json!({"for": "test"}));
    for time in ["in_progress_at", "finalizing_at", "completed_at"] {
        assert!(batch[time].is_i64(), "{time}: {batch}");
    }
    let answers = lines(&plane, &batch["output_file_id"]).await;
    assert_eq!(answers.len(), 1);
    assert_eq!((&answers[0]["custom_id"], &answers[0]["response"]["status_code"]), (&json!("good"), &json!(200)));
    assert_eq!(answers[0]["response"]["body"]["choices"][0]["message"]["content"], "hello");
    let failures = lines(&plane, &batch["error_file_id"]).await;
    let told: Vec<(&str, u64)> = failures
        .iter()
        .map(|it| (it["custom_id"].as_str().unwrap(), it["response"]["status_code"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("bad", 400)]);
    let (_, all) = plane.get("/v1/batches").await;
    assert_eq!((&all["data"][0]["id"], &all["has_more"]), (&json!(id), &json!(false)));
    let late = plane.post(&format!("/v1/batches/{id}/cancel"), json!({})).await;
    assert_eq!(refusal(&late).0, 409);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_fails_the_batch_by_line() {
    let plane = Plane::start().await;
    let gone = plane.post("/v1/batches", asked("file-gone")).await.1;
    let batch = ended(&plane, gone["id"].as_str().unwrap()).await;
    assert_eq!((&batch["status"], &batch["errors"]["data"][0]["code"]), (&json!("failed"), &json!("invalid_request")));
    let id = started(&plane, &[line("a", &says("x")), "{oops".into()]).await;
    let batch = ended(&plane, &id).await;
    let error = &batch["errors"]["data"][0];
    assert_eq!((&error["code"], &error["line"]), (&json!("invalid_json_line"), &json!(2)));
    let unknown = line("b", &json!({"model": "nope", "messages": [{"role": "user", "content": "x"}]}));
    let id = started(&plane, &[line("a", &says("x")), unknown]).await;
    let batch = ended(&plane, &id).await;
    let error = &batch["errors"]["data"][0];
    assert_eq!((&error["code"], &error["line"]), (&json!("model_not_found"), &json!(2)));
    assert!(plane.model.received().is_empty(), "nothing was asked");

    for (change, status, field) in [
        (json!({"endpoint": "/v1/files"}), 400, "endpoint"),
        (json!({"completion_window": "1h"}), 400, "completion_window"),
        (json!({"metadata": {"a": 1}}), 400, "metadata.a"),
    ] {
        let mut body = asked("file-gone");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = plane.post("/v1/batches", body).await;
        assert_eq!((refusal(&refused).0, refusal(&refused).1), (status, field));
    }
    assert_eq!(plane.get("/v1/batches/batch_nope").await.0, 404);
    assert_eq!(plane.post("/v1/batches/batch_nope/cancel", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_key_makes_one_batch() {
    let plane = Plane::start().await;
    let mut body = asked("file-gone");
    body["idempotency_key"] = json!("k");
    let (first, second) =
        (plane.post("/v1/batches", body.clone()).await, plane.post("/v1/batches", body.clone()).await);
    assert_eq!((first.0, &first.1["id"]), (200, &second.1["id"]));
    body["input_file_id"] = json!("file-other");
    assert_eq!(refusal(&plane.post("/v1/batches", body).await).0, 409);
}

#[tokio::test]
async fn a_batch_is_cancelled_while_its_requests_run() {
    let plane = Plane::start().await;
    plane.model.always(Answer::text("never").fails(Fault::Silent));
    let id = started(&plane, &[line("a", &says("x"))]).await;
    plane.model.has_received(1).await;
    let (_, batch) = plane.post(&format!("/v1/batches/{id}/cancel"), json!({})).await;
    assert_eq!(batch["status"], "cancelling");
    assert!(batch["cancelling_at"].is_i64());
    let batch = ended(&plane, &id).await;
    assert_eq!((&batch["status"], batch["cancelled_at"].is_i64()), (&json!("cancelled"), true));
    plane.model.has_cancels(1).await;
}

#[tokio::test]
async fn a_restart_goes_on_where_the_batch_stood() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("first")).always(Answer::text("never").fails(Fault::Silent));
    let id = started(&plane, &[line("a", &says("1")), line("b", &says("2"))]).await;
    plane.model.has_received(2).await;
    let one = async {
        while plane.get(&format!("/v1/batches/{id}")).await.1["request_counts"]["completed"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::PATIENCE, one).await.unwrap();

    let again = Plane::with(Setup { folder: Some(plane.folder()), ..Setup::default() }).await;
    drop(plane);
    let batch = ended(&again, &id).await;
    assert_eq!(batch["request_counts"], json!({"total": 2, "completed": 2, "failed": 0}));
    assert_eq!(again.model.received().len(), 1, "the answer that was kept is not asked for again");
    let answers = lines(&again, &batch["output_file_id"]).await;
    assert_eq!(answers[0]["response"]["body"]["choices"][0]["message"]["content"], "first");
}
