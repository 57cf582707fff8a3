//! Uploads: streamed in, listed by page, read back, removed.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::harness::{Plane, answered, refusal};

fn form(name: &str, bytes: &[u8]) -> Form {
    Form::new().part("file", Part::bytes(bytes.to_vec()).file_name(name.to_owned()))
}

async fn upload(plane: &Plane, form: Form) -> (u16, Value) {
    answered(plane.http.post(plane.url("/v1/files")).multipart(form)).await
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in() {
    let plane = Plane::start().await;
    let empty = json!({"data": [], "has_more": false, "first_id": "", "last_id": "", "object": "list"});
    assert_eq!(plane.get("/v1/files").await, (200, empty));
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    let (status, file) = upload(&plane, form("../../été.bin", &bytes).text("purpose", "assistants")).await;
    assert_eq!(status, 200, "{file}");
    let id = file["id"].as_str().unwrap();
    assert!(id.starts_with("file-") && id.len() == 37, "{id}");
    assert_eq!((&file["object"], &file["bytes"]), (&json!("file"), &json!(200_000)));
    assert_eq!(file["filename"], "été.bin", "a name, no path");
    assert_eq!(file["expires_at"].as_i64().unwrap() - file["created_at"].as_i64().unwrap(), 31_536_000);
    assert_eq!(plane.get(&format!("/v1/files/{id}")).await.1, file);
    let content = plane.http.get(plane.url(&format!("/v1/files/{id}/content"))).send().await.unwrap();
    assert_eq!(content.headers()["content-type"], "application/octet-stream");
    assert_eq!(content.bytes().await.unwrap(), bytes);
    let gone = json!({"id": id, "object": "file", "deleted": true});
    assert_eq!(plane.delete(&format!("/v1/files/{id}")).await, (200, gone));
    let unknown = plane.get(&format!("/v1/files/{id}")).await;
    let text = format!("File '{id}' not found. Use 'client.files.list()' to list available Files.");
    assert_eq!((refusal(&unknown).0, refusal(&unknown).2), (404, &*text));
    assert_eq!(plane.get(&format!("/v1/files/{id}/content")).await.0, 404);
    assert_eq!(std::fs::read_dir(plane.folder().path().join("files")).unwrap().count(), 0, "nothing stays on disk");
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let plane = Plane::start().await;
    let mut ids = Vec::new();
    for (name, purpose) in [("a", "assistants"), ("b", "batch"), ("c", "assistants")] {
        let (_, file) = upload(&plane, form(name, b"x").text("purpose", purpose)).await;
        ids.push(file["id"].as_str().unwrap().to_owned());
    }
    let (_, page) = plane.get("/v1/files?limit=2").await;
    assert_eq!(
        (&page["first_id"], &page["last_id"], &page["has_more"]),
        (&json!(ids[2]), &json!(ids[1]), &json!(true))
    );
    let (_, page) = plane.get(&format!("/v1/files?limit=2&after={}", ids[1])).await;
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&json!(ids[0]), &json!(false)));
    let (_, page) = plane.get("/v1/files?purpose=assistants&order=asc").await;
    assert_eq!((&page["first_id"], &page["last_id"]), (&json!(ids[0]), &json!(ids[2])));
    assert_eq!(refusal(&plane.get("/v1/files?limit=0").await).1, "limit");
    assert_eq!(refusal(&plane.get("/v1/files?order=up").await).1, "order");
}

#[tokio::test]
async fn what_does_not_fit_is_named_and_leaves_nothing() {
    let plane = Plane::start().await;
    let large = vec![0_u8; (1 << 20) + 1];
    let soon = |seconds: &str| {
        form("a", b"x")
            .text("purpose", "batch")
            .text("expires_after[anchor]", "created_at")
            .text("expires_after[seconds]", seconds.to_owned())
    };
    let cases = [
        (form("a", &large).text("purpose", "batch"), 413, "file"),
        (form("a", b"x"), 400, "purpose"),
        (form("a", b"x").text("purpose", "fun"), 400, "purpose"),
        (Form::new().text("purpose", "batch"), 400, "file"),
        (soon("60"), 400, "expires_after[seconds]"),
        (form("a", b"x").text("purpose", "batch").text("expires_after[anchor]", "now"), 400, "expires_after[anchor]"),
    ];
    for (form, status, field) in cases {
        let answer = upload(&plane, form).await;
        assert_eq!((refusal(&answer).0, refusal(&answer).1), (status, field), "{}", answer.1);
    }
    let (_, kept) = upload(&plane, soon("3600")).await;
    assert_eq!(kept["expires_at"].as_i64().unwrap() - kept["created_at"].as_i64().unwrap(), 3600);
    assert_eq!(std::fs::read_dir(plane.folder().path().join("files")).unwrap().count(), 1);
}
