//! What every store of batches keeps.

use ports::access::Caller;
use ports::batches::{Batch, BatchLine, BatchStatus, Batches};
use ports::responses::{Lease, Page};

use super::ann;
use super::responses::Processes;

fn batch(id: &str, created_at: i64, owner: Option<&Caller>) -> Batch {
    Batch {
        id: id.into(),
        endpoint: "/v1/embeddings".into(),
        input_file_id: "file-1".into(),
        metadata: None,
        status: BatchStatus::Validating,
        created_at,
        expires_at: created_at + 100,
        times: wire::JsonObject::new(),
        output_file_id: None,
        error_file_id: None,
        errors: Vec::new(),
        total: 0,
        completed: 0,
        failed: 0,
        owner: owner.cloned(),
    }
}

pub async fn keeps_the_contract(store: &dyn Batches, processes: Processes) {
    for made in [batch("b1", 1, None), batch("b2", 2, None), batch("hers", 3, Some(&ann()))] {
        assert!(store.create_batch(&made).await.expect("created"));
    }
    assert!(!store.create_batch(&batch("b1", 9, None)).await.expect("answered"), "an id is taken once");
    assert_eq!(store.batch_by_id("b1", None).await.expect("get"), Some(batch("b1", 1, None)));
    assert_eq!(store.batch_by_id("hers", None).await.expect("get"), None);
    let page = |after: Option<&str>| Page { after: after.map(str::to_owned), before: None, limit: 1, ascending: false };
    let listed = store.batches(&page(None), None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("b2", true));
    let listed = store.batches(&page(Some("b2")), None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("b1", false));

    let lease = |runner: &str, until| Lease { runner: runner.into(), until };
    let ids = |batches: Vec<Batch>| batches.into_iter().map(|batch| batch.id).collect::<Vec<_>>();
    assert_eq!(ids(store.claim_batches(&lease("a", 50), 10, 2).await.expect("claimed")), ["b1", "b2"]);
    assert_eq!(ids(store.claim_batches(&lease("a", 50), 10, 9).await.expect("claimed")), ["hers"], "each once");
    if processes == Processes::Several {
        assert!(store.claim_batches(&lease("b", 60), 49, 9).await.expect("claimed").is_empty(), "a lives");
        store.renew_batches(&lease("a", 70)).await.expect("renewed");
        assert!(store.claim_batches(&lease("b", 80), 69, 9).await.expect("claimed").is_empty(), "a still lives");
    }

    let running = Batch { status: BatchStatus::InProgress, total: 3, ..batch("b1", 1, None) };
    assert!(store.advance_batch(&running, &[BatchStatus::Validating]).await.expect("advanced"));
    assert!(!store.advance_batch(&running, &[BatchStatus::Validating]).await.expect("answered"), "it has moved on");
    let over = Batch { status: BatchStatus::Failed, ..batch("b2", 2, None) };
    assert!(store.advance_batch(&over, &[BatchStatus::InProgress, BatchStatus::Validating]).await.expect("advanced"));
    assert_eq!(ids(store.claim_batches(&lease("c", 200), 100, 9).await.expect("claimed")), ["b1", "hers"], "a is dead");

    let line = |line, ok| BatchLine { line, ok, body: format!("{{\"n\":{line}}}") };
    for answered in [line(2, true), line(1, false), line(3, true), line(3, false)] {
        store.put_line("b1", &answered).await.expect("kept");
    }
    let done = store.lines_done("b1").await.expect("read");
    assert_eq!(done.into_iter().collect::<Vec<_>>(), [(1, false), (2, true), (3, true)], "the first answer stays");
    assert_eq!(store.lines("b1", true, 0, 1).await.expect("read"), [line(2, true)]);
    assert_eq!(store.lines("b1", true, 2, 9).await.expect("read"), [line(3, true)]);
    store.drop_lines("b1").await.expect("dropped");
    assert!(store.lines_done("b1").await.expect("read").is_empty());
}
