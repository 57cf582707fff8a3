//! Vector stores: attach, batches, search in its modes, chunks without files.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};

use crate::harness::{Plane, Setup, answered, refusal};

async fn upload(plane: &Plane, name: &str, text: &str) -> String {
    let form = Form::new()
        .part("file", Part::bytes(text.as_bytes().to_vec()).file_name(name.to_owned()))
        .text("purpose", "assistants");
    let (status, file) = answered(plane.http.post(plane.url("/v1/files")).multipart(form)).await;
    assert_eq!(status, 200, "{file}");
    file["id"].as_str().unwrap().to_owned()
}

async fn store(plane: &Plane, body: Value) -> String {
    let (status, store) = plane.post("/v1/vector_stores", body).await;
    assert_eq!(status, 200, "{store}");
    format!("/v1/vector_stores/{}", store["id"].as_str().unwrap())
}

const POLICY: &str = "Glass damage is covered up to 500 dollars. Theft is covered with a police report.";

#[tokio::test]
async fn a_file_is_attached_found_and_taken_away() {
    let plane = Plane::start().await;
    let (_, empty) = plane.get("/v1/vector_stores").await;
    assert_eq!(empty, json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}));
    let base = store(&plane, json!({"name": "policies", "metadata": {"a": "b"}})).await;
    let file = upload(&plane, "policy.txt", POLICY).await;
    let body = json!({"file_id": file, "attributes": {"region": "eu"}});
    let (status, attached) = plane.post(&format!("{base}/files"), body.clone()).await;
    assert_eq!((status, &attached["status"], &attached["last_error"]), (200, &json!("completed"), &json!(null)));
    let sizes = json!({"type": "static", "static": {"chunk_overlap_tokens": 400, "max_chunk_size_tokens": 800}});
    assert_eq!((&attached["id"], &attached["chunking_strategy"]), (&json!(file), &sizes));
    assert_eq!(plane.get(&format!("{base}/files/{file}")).await.1, attached);
    let (_, content) = plane.get(&format!("{base}/files/{file}/content")).await;
    assert_eq!((&content["data"][0]["text"], &content["content"][0]["text"]), (&json!(POLICY), &json!(POLICY)));
    let (_, whole) = plane.get(&base).await;
    assert_eq!((&whole["file_counts"]["completed"], &whole["metadata"]["a"]), (&json!(1), &json!("b")));
    assert_eq!(whole["metadata"]["embedding_dimension"], "768", "known from the first vector");

    let search = format!("{base}/search");
    let (_, found) = plane.post(&search, json!({"query": "glass damage", "max_num_results": 2})).await;
    assert_eq!(
        (&found["object"], &found["search_query"]),
        (&json!("vector_store.search_results.page"), &json!(["glass damage"]))
    );
    let hit = &found["data"][0];
    assert_eq!(
        (&hit["file_id"], &hit["filename"], &hit["attributes"]["region"]),
        (&json!(file), &json!("policy.txt"), &json!("eu"))
    );
    assert_eq!(hit["content"][0]["text"], POLICY);
    assert!(hit["score"].as_f64().unwrap() > 0.1);
    let elsewhere = json!({"query": "glass", "filters": {"type": "eq", "key": "region", "value": "us"}});
    assert_eq!(plane.post(&search, elsewhere.clone()).await.1["data"], json!([]));
    plane.post(&format!("{base}/files/{file}"), json!({"attributes": {"region": "us"}})).await;
    assert_eq!(
        plane.post(&search, elsewhere).await.1["data"].as_array().unwrap().len(),
        1,
        "new attributes hold at once"
    );
    plane.post(&format!("{base}/files"), body).await;
    assert_eq!(
        plane.post(&search, json!({"query": "glass"})).await.1["data"].as_array().unwrap().len(),
        1,
        "attached again, not twice"
    );

    let gone = json!({"id": file, "object": "vector_store.file.deleted", "deleted": true});
    assert_eq!(plane.delete(&format!("{base}/files/{file}")).await, (200, gone));
    assert_eq!(plane.post(&search, json!({"query": "glass"})).await.1["data"], json!([]));
    assert_eq!(plane.delete(&base).await.1["object"], "vector_store.deleted");
    let unknown = plane.get(&base).await;
    assert_eq!(refusal(&unknown).0, 400);
    assert!(refusal(&unknown).2.ends_with("not found"));
}

#[tokio::test]
async fn three_modes_and_two_fusions() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    for (name, text) in [("a", "hail broke the roof"), ("b", "roof roof roof"), ("c", "a stolen bicycle")] {
        let file = upload(&plane, &format!("{name}.md"), text).await;
        plane.post(&format!("{base}/files"), json!({"file_id": file})).await;
    }
    for (extra, first) in [
        (json!({"search_mode": "vector"}), "b.md"),
        (json!({"search_mode": "keyword"}), "b.md"),
        (json!({"search_mode": "hybrid"}), "b.md"),
        (
            json!({"search_mode": "hybrid", "ranking_options": {"ranker": "weighted", "weights": {"vector": 0.3, "keyword": 0.7}}}),
            "b.md",
        ),
        (json!({"ranking_options": {"ranker": "auto", "score_threshold": 0.01}}), "b.md"),
    ] {
        let mut body = json!({"query": ["roof"]});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let (status, found) = plane.post(&format!("{base}/search"), body).await;
        assert_eq!((status, found["data"][0]["filename"].as_str()), (200, Some(first)), "{extra} {found}");
    }
}

/// The words of the question are found in all; only the model that reads them side by side tells them apart.
#[tokio::test]
async fn a_reranker_orders_what_a_search_found() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    for (name, text) in [("a", "roof roof roof roof"), ("b", "hail broke the roof"), ("c", "roof of the old barn")] {
        let file = upload(&plane, &format!("{name}.md"), text).await;
        plane.post(&format!("{base}/files"), json!({"file_id": file})).await;
    }
    let ranking = json!({"ranker": "neural", "model": "rank/fake-model"});
    let asked = json!({"query": "hail broke the roof", "search_mode": "keyword", "max_num_results": 2, "ranking_options": ranking});
    let (status, found) = plane.post(&format!("{base}/search"), asked).await;
    assert_eq!((status, found["data"].as_array().map(Vec::len)), (200, Some(2)), "{found}");
    assert_eq!(found["data"][0]["filename"], "b.md");
    assert!((found["data"][0]["score"].as_f64().unwrap() - 1.0).abs() < 1e-3, "the score is the model's: {found}");
    let told = plane.vectors.received().into_iter().find(|call| call.path == "/v1/rerank").expect("asked").body;
    assert_eq!(told["documents"].as_array().map(Vec::len), Some(3), "more are read than are asked for");

    let strict = json!({"query": "hail broke the roof", "ranking_options": {"ranker": "neural", "model": "rank/fake-model", "score_threshold": 0.99}});
    let (_, found) = plane.post(&format!("{base}/search"), strict).await;
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "the threshold is for the model's scores: {found}");
    for (ranking, status, field) in [
        (json!({"ranker": "neural"}), 400, "ranking_options.model"),
        (json!({"ranker": "neural", "model": " "}), 400, "ranking_options.model"),
        (json!({"ranker": "neural", "model": "vllm/fake-model"}), 404, "model"),
    ] {
        let refused = plane.post(&format!("{base}/search"), json!({"query": "roof", "ranking_options": ranking})).await;
        assert_eq!((refusal(&refused).0, refusal(&refused).1), (status, field));
    }
}

#[tokio::test]
async fn attributes_alone_are_a_filter_too() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    for (name, peril) in [("a", "hail"), ("b", "theft")] {
        let file = upload(&plane, &format!("{name}.md"), "roof").await;
        plane.post(&format!("{base}/files"), json!({"file_id": file, "attributes": {"peril": peril}})).await;
    }
    for filters in [json!({"peril": "theft"}), json!({"type": "eq", "key": "peril", "value": "theft"})] {
        let (_, found) = plane.post(&format!("{base}/search"), json!({"query": "roof", "filters": filters})).await;
        let names: Vec<&str> =
            found["data"].as_array().unwrap().iter().map(|it| it["filename"].as_str().unwrap()).collect();
        assert_eq!(names, ["b.md"], "{filters}");
    }
    let wrong = json!({"query": "roof", "filters": {"type": "near", "key": "peril", "value": 1}});
    assert_eq!(refusal(&plane.post(&format!("{base}/search"), wrong).await).0, 400);
}

#[tokio::test]
async fn what_cannot_be_read_fails_in_words_and_the_rest_goes_on() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let pdf = upload(&plane, "a.pdf", "%PDF-1.7 ...").await;
    let (status, attached) = plane.post(&format!("{base}/files"), json!({"file_id": pdf})).await;
    assert_eq!(
        (status, &attached["status"], &attached["last_error"]["code"]),
        (200, &json!("failed"), &json!("unsupported_file"))
    );
    let file = upload(&plane, "a.txt", POLICY).await;
    plane.vectors.then(Answer::status(500));
    let (_, attached) = plane.post(&format!("{base}/files"), json!({"file_id": file})).await;
    assert_eq!(attached["last_error"]["code"], "server_error", "{attached}");
    let (_, failed) = plane.get(&format!("{base}/files?filter=failed")).await;
    assert_eq!(failed["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn batches_run_in_the_background() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let files = [upload(&plane, "a.txt", "one").await, upload(&plane, "b.txt", "two").await];
    let (status, batch) = plane.post(&format!("{base}/file_batches"), json!({"file_ids": files})).await;
    assert_eq!(
        (status, &batch["object"], &batch["file_counts"]["total"]),
        (200, &json!("vector_store.file_batch"), &json!(2))
    );
    let url = format!("{base}/file_batches/{}", batch["id"].as_str().unwrap());
    let done = async {
        while plane.get(&url).await.1["status"] != "completed" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::PATIENCE, done).await.expect("the batch ends");
    let (_, page) = plane.get(&format!("{url}/files?limit=1&order=asc")).await;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (1, &json!(true)));
    assert_eq!(refusal(&plane.post(&format!("{url}/cancel"), json!({})).await).0, 400, "it is over");
    assert_eq!(plane.get(&format!("{base}/file_batches/batch_x")).await.0, 400);
}

#[tokio::test]
async fn a_batch_that_a_restart_cut_goes_on() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let files = [upload(&plane, "a.txt", "one").await, upload(&plane, "b.txt", "two").await];
    plane.vectors.then(Answer::text("").fails(Fault::Silent));
    let (_, batch) = plane.post(&format!("{base}/file_batches"), json!({"file_ids": files})).await;
    plane.vectors.has_received(1).await;
    let url = format!("{base}/file_batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(plane.get(&url).await.1["status"], "in_progress");

    let again = Plane::with(Setup { folder: Some(plane.folder()), ..Setup::default() }).await;
    let done = async {
        while again.get(&url).await.1["status"] != "completed" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::PATIENCE, done).await.expect("the batch ends");
    assert_eq!(again.get(&url).await.1["file_counts"]["completed"], 2);
}

#[tokio::test]
async fn chunks_without_files() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let id = base.rsplit('/').next().unwrap();
    let chunks = json!([
        {"content": "glass is covered", "metadata": {"document_id": "d1"}, "chunk_id": "c1"},
        {"content": "theft is not", "metadata": {"document_id": "d2"}},
    ]);
    let inserted = plane.post("/v1/vector-io/insert", json!({"vector_db_id": id, "chunks": chunks})).await;
    assert_eq!(inserted, (200, json!(null)));
    let asked = json!({"vector_db_id": id, "vector_store_id": id, "query": "glass", "params": {"max_chunks": 1}});
    let (status, found) = plane.post("/v1/vector-io/query", asked).await;
    assert_eq!((status, &found["chunks"][0]["content"]), (200, &json!("glass is covered")), "{found}");
    assert_eq!(
        (&found["chunks"][0]["metadata"]["document_id"], found["scores"].as_array().unwrap().len()),
        (&json!("d1"), 1)
    );
    assert_eq!(found["chunks"][0]["embedding"].as_array().map(Vec::len), Some(testkit::openai::DIMENSION));
    let filters = json!({"type": "eq", "key": "document_id", "value": "d2"});
    let asked = json!({"vector_store_id": id, "query": "glass", "params": {"filters": filters}});
    let (_, found) = plane.post("/v1/vector-io/query", asked).await;
    let contents: Vec<&Value> = found["chunks"].as_array().unwrap().iter().map(|chunk| &chunk["content"]).collect();
    assert_eq!(contents, [&json!("theft is not")]);
    let short = json!({"vector_store_id": id, "chunks": [{"content": "x", "embedding": [1.0]}]});
    assert_eq!(refusal(&plane.post("/v1/vector-io/insert", short).await).1, "chunks[0].embedding");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let search = format!("{base}/search");
    let files = format!("{base}/files");
    let file = upload(&plane, "a.txt", "x").await;
    let chunking = |max: u32, overlap: u32| json!({"type": "static", "static": {"max_chunk_size_tokens": max, "chunk_overlap_tokens": overlap}});
    let cases = [
        ("/v1/vector_stores", json!({"expires_after": {"anchor": "created_at", "days": 1}}), "expires_after.anchor"),
        ("/v1/vector_stores", json!({"expires_after": {"anchor": "last_active_at", "days": 0}}), "expires_after.days"),
        ("/v1/vector_stores", json!({"chunking_strategy": chunking(99, 0)}), "chunking_strategy"),
        (&files, json!({"file_id": file, "chunking_strategy": chunking(4097, 0)}), "chunking_strategy"),
        (&files, json!({"file_id": file, "chunking_strategy": chunking(200, 101)}), "chunking_strategy"),
        (&files, json!({"file_id": file, "attributes": {"a": []}}), "attributes"),
        (&search, json!({"query": ""}), "query"),
        (&search, json!({"query": "x", "max_num_results": 51}), "max_num_results"),
        (&search, json!({"query": "x", "filters": {"type": "in", "key": "a", "value": 1}}), "filters"),
        (&search, json!({"query": "x", "ranking_options": {"ranker": "magic"}}), "ranking_options.ranker"),
        ("/v1/vector_stores/vs_nope/search", json!({"query": "x"}), "vector_store_id"),
        ("/v1/vector-io/query", json!({"query": "x"}), "vector_store_id"),
    ];
    for (path, body, field) in cases {
        let answer = plane.post(path, body.clone()).await;
        assert_eq!((refusal(&answer).0, refusal(&answer).1), (400, field), "{path} {body}");
    }
    let unknown = plane.post(&files, json!({"file_id": "file-nope"})).await;
    assert_eq!(refusal(&unknown).0, 404);
    let (_, model) = plane.post("/v1/vector_stores", json!({"embedding_model": "nope"})).await;
    assert!(model["error"]["message"].as_str().unwrap().contains("nope"));
}

#[tokio::test]
async fn a_file_that_is_not_there_fails_alone() {
    let plane = Plane::start().await;
    let file = upload(&plane, "a.txt", POLICY).await;
    let made = json!({"name": "s", "file_ids": [file, "file-gone"]});
    let (status, store) = plane.post("/v1/vector_stores", made).await;
    let counts = &store["file_counts"];
    assert_eq!((status, &counts["completed"], &counts["failed"]), (200, &json!(1), &json!(1)), "{store}");
    let base = format!("/v1/vector_stores/{}", store["id"].as_str().unwrap());
    let (_, failed) = plane.get(&format!("{base}/files?filter=failed")).await;
    assert_eq!(failed["data"][0]["id"], "file-gone", "{failed}");
    assert_eq!(plane.delete(&format!("{base}/files/file-gone")).await.0, 200);
    let alone = plane.post(&format!("{base}/files"), json!({"file_id": "file-gone"})).await;
    assert_eq!(refusal(&alone).0, 404);
}

#[tokio::test]
async fn contents_show_vectors_and_metadata_when_asked() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let file = upload(&plane, "a.txt", POLICY).await;
    plane.post(&format!("{base}/files"), json!({"file_id": file})).await;
    let content = format!("{base}/files/{file}/content");
    let (_, plain) = plane.get(&content).await;
    assert_eq!((&plain["data"][0]["embedding"], &plain["data"][0]["metadata"]), (&json!(null), &json!(null)));
    let (_, whole) = plane.get(&format!("{content}?include_embeddings=true&include_metadata=true")).await;
    let first = &whole["data"][0];
    assert_eq!(first["embedding"].as_array().map(Vec::len), Some(testkit::openai::DIMENSION));
    assert_eq!(first["chunk_metadata"]["document_id"], json!(file));
    let rewritten = plane.post(&format!("{base}/search"), json!({"query": "x", "rewrite_query": true})).await;
    assert_eq!(refusal(&rewritten).0, 400);
}

#[tokio::test]
async fn a_model_says_what_a_chunk_is_about() {
    let plane = Plane::start().await;
    let base = store(&plane, json!({"name": "s"})).await;
    let file = upload(&plane, "a.txt", POLICY).await;
    let contextual =
        |about: Value| json!({"file_id": file, "chunking_strategy": {"type": "contextual", "contextual": about}});
    for (about, field) in [
        (json!({}), "chunking_strategy.contextual.model_id"),
        (json!({"model_id": "m", "timeout_seconds": 0}), "chunking_strategy.contextual.timeout_seconds"),
        (json!({"model_id": "m", "context_prompt": "x"}), "chunking_strategy.contextual.context_prompt"),
        (json!({"model_id": "m", "max_chunk_size_tokens": 200, "chunk_overlap_tokens": 200}), "chunking_strategy"),
    ] {
        let refused = plane.post(&format!("{base}/files"), contextual(about)).await;
        assert_eq!((refusal(&refused).0, refusal(&refused).1), (400, field));
    }
    plane.model.then(Answer::text("About glass."));
    let about = json!({"model_id": "vllm/fake-model"});
    let (_, attached) = plane.post(&format!("{base}/files"), contextual(about.clone())).await;
    assert_eq!(
        (&attached["status"], &attached["chunking_strategy"]["type"]),
        (&json!("completed"), &json!("contextual"))
    );
    let (_, content) = plane.get(&format!("{base}/files/{file}/content")).await;
    assert!(content["data"][0]["text"].as_str().unwrap().starts_with("About glass.\n\n"), "{content}");
    plane.model.then(Answer::status(500));
    let (_, failed) = plane.post(&format!("{base}/files"), contextual(about)).await;
    assert_eq!(failed["status"], "failed", "{failed}");
}
