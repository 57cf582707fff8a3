//! What every store of vectors keeps.

use ports::responses::{Lease, Page};
use ports::vectors::{
    AttachStatus, Attached, AttachedFilter, Chunk, FileBatch, FileCounts, Metric, Place, Revision, VectorStore,
    VectorStores,
};
use serde_json::json;
use wire::openai::vector_stores::ChunkingStrategy;

use super::ann;

pub async fn keeps_the_contract(store: &dyn VectorStores) {
    keeps_stores(store).await;
    keeps_files(store).await;
    keeps_chunks(store).await;
    assert!(store.remove_vector_store("vs_1", None).await.expect("removed"));
    assert!(since(store, 0).await.is_empty(), "chunks go with their store");
    assert_eq!(store.file_counts("vs_1", None).await.expect("counted"), FileCounts::default());
}

fn vector_store(id: &str, created_at: i64) -> VectorStore {
    VectorStore {
        id: id.into(),
        name: Some("polices".into()),
        created_at,
        last_active_at: created_at,
        expires_after_days: Some(2),
        metadata: json!({"a": "b"}).as_object().cloned().expect("an object"),
        embedding_model: "e/m".into(),
        dimension: 2,
        metric: Metric::Dot,
        owner: None,
    }
}

fn page(limit: u32) -> Page {
    Page { after: None, before: None, limit, ascending: false }
}

async fn keeps_stores(store: &dyn VectorStores) {
    for (id, at) in [("vs_1", 5), ("vs_2", 5)] {
        store.put_vector_store(&vector_store(id, at)).await.expect("put");
    }
    assert_eq!(store.vector_store("vs_1", None).await.expect("get"), Some(vector_store("vs_1", 5)));
    assert!(store.vector_store("vs_1", Some(&ann())).await.expect("get").is_some(), "nobody's is everybody's");
    store.put_vector_store(&VectorStore { owner: Some(ann()), ..vector_store("vs_ann", 9) }).await.expect("put");
    assert_eq!(store.vector_store("vs_ann", None).await.expect("get"), None);
    let listed = store.vector_stores(&page(1), None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("vs_2", true));
    let next = Page { after: Some("vs_2".into()), ..page(1) };
    let listed = store.vector_stores(&next, None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("vs_1", false));
    let before = Page { before: Some("vs_1".into()), ..page(5) };
    assert_eq!(store.vector_stores(&before, None).await.expect("list").rows, [vector_store("vs_2", 5)]);
    assert!(!store.remove_vector_store("vs_ann", None).await.expect("kept"));
    store.put_vector_store(&VectorStore { owner: Some(ann()), ..vector_store("vs_old", 1) }).await.expect("put");
    assert!(store.remove_expired_stores(172_801, 9).await.expect("swept").is_empty(), "two days after its last use");
    assert_eq!(store.remove_expired_stores(172_802, 9).await.expect("swept"), ["vs_old"]);
    assert_eq!(store.store_of_any("vs_old").await.expect("get"), None);
    assert!(store.remove_vector_store("vs_ann", Some(&ann())).await.expect("removed"));
    assert!(store.remove_vector_store("vs_2", None).await.expect("removed"));
}

fn attached(file_id: &str, status: AttachStatus) -> Attached {
    Attached {
        store_id: "vs_1".into(),
        file_id: file_id.into(),
        filename: "a.txt".into(),
        attributes: Default::default(),
        chunking: ChunkingStrategy::Auto,
        created_at: 7,
        status,
        last_error: None,
        usage_bytes: 10,
        batch_id: (file_id != "f1").then(|| "b1".into()),
    }
}

async fn keeps_files(store: &dyn VectorStores) {
    for (id, status) in
        [("f1", AttachStatus::Completed), ("f2", AttachStatus::InProgress), ("f3", AttachStatus::Failed)]
    {
        store.put_attached(&attached(id, status)).await.expect("put");
    }
    assert_eq!(store.attached("vs_1", "f1").await.expect("get"), Some(attached("f1", AttachStatus::Completed)));
    assert_eq!(store.attached("vs_9", "f1").await.expect("get"), None);
    let of_batch = AttachedFilter { batch: Some("b1".into()), status: None };
    let listed = store.all_attached("vs_1", &page(1), &of_batch).await.expect("list");
    assert_eq!((listed.rows[0].file_id.as_str(), listed.has_more), ("f3", true));
    let next = Page { after: Some("f3".into()), ..page(5) };
    let listed = store.all_attached("vs_1", &next, &of_batch).await.expect("list");
    assert_eq!((listed.rows.len(), listed.has_more), (1, false));
    let before = Page { before: Some("f1".into()), ..page(1) };
    let listed = store.all_attached("vs_1", &before, &AttachedFilter::default()).await.expect("list");
    assert_eq!((listed.rows[0].file_id.as_str(), listed.has_more), ("f2", true), "the row next to it");
    let failed = AttachedFilter { batch: None, status: Some(AttachStatus::Failed) };
    assert_eq!(store.all_attached("vs_1", &page(5), &failed).await.expect("list").rows.len(), 1);
    let counts = store.file_counts("vs_1", None).await.expect("counted");
    assert_eq!(counts, FileCounts { in_progress: 1, completed: 1, cancelled: 0, failed: 1, usage_bytes: 30 });
    assert_eq!(store.file_counts("vs_1", Some("b1")).await.expect("counted").completed, 0);
    let batch = FileBatch { id: "b1".into(), store_id: "vs_1".into(), created_at: 1, cancelled: false };
    let lease = |runner: &str, until| Lease { runner: runner.into(), until };
    store.begin_batch(&batch, &lease("dead", 10)).await.expect("begun");
    assert_eq!(store.batch("vs_1", "b1").await.expect("get"), Some(batch.clone()));
    assert!(store.claim_file_batches(&lease("dead", 10), 99, 9).await.expect("claim").is_empty(), "one's own");
    assert_eq!(store.claim_file_batches(&lease("a", 50), 11, 9).await.expect("claim"), std::slice::from_ref(&batch));
    store.renew_file_batches(&lease("a", 60)).await.expect("renewed");
    store.put_batch(&FileBatch { cancelled: true, ..batch.clone() }).await.expect("put");
    assert!(store.batch("vs_1", "b1").await.expect("get").expect("a batch").cancelled);
    let alone = attached("f1", AttachStatus::InProgress);
    store.put_attached(&alone).await.expect("put");
    assert!(store.left_in_progress(7, 9).await.expect("left").is_empty(), "still young");
    assert_eq!(store.left_in_progress(8, 9).await.expect("left"), [alone], "a batch's files are the batch's");
    store.put_attached(&attached("f1", AttachStatus::Completed)).await.expect("put");
    assert_eq!(store.batch("vs_2", "b1").await.expect("get"), None);
}

fn chunk(id: &str, file_id: &str, ordinal: i64) -> Chunk {
    let metadata = json!({"page": 1}).as_object().cloned().expect("an object");
    Chunk {
        id: id.into(), file_id: file_id.into(), ordinal, text: "été".into(), metadata, vector: vec![0.5, -1.25e-7]
    }
}

/// Read one by one, so that every place is once the end of a page.
async fn since(store: &dyn VectorStores, revision: i64) -> Vec<Chunk> {
    let (mut place, mut chunks) = (Place::behind(revision), Vec::new());
    while let Some(kept) = store.chunks_after("vs_1", &place, 1).await.expect("read").pop() {
        place = Place::from(&kept);
        chunks.push(kept.chunk);
    }
    chunks
}

async fn keeps_chunks(store: &dyn VectorStores) {
    assert_eq!(store.revision("vs_1").await.expect("read"), Revision::default());
    store.add_chunks("vs_1", &[chunk("c1", "f1", 1), chunk("c0", "f1", 0)]).await.expect("added");
    assert_eq!(store.revision("vs_1").await.expect("read"), Revision { now: 1, rewritten: 0 });
    store.add_chunks("vs_1", &[chunk("d0", "f2", 0)]).await.expect("added");
    let wanted = ["c1".to_owned(), "gone".to_owned()];
    let vectors = store.vectors_of("vs_1", &wanted).await.expect("read");
    assert_eq!(vectors.into_iter().collect::<Vec<_>>(), [("c1".to_owned(), chunk("c1", "f1", 1).vector)]);
    assert_eq!(store.chunks_of("vs_1", "f1").await.expect("read"), [chunk("c0", "f1", 0), chunk("c1", "f1", 1)]);
    assert_eq!(since(store, 1).await, [chunk("d0", "f2", 0)]);
    store.add_chunks("vs_1", &[chunk("d0", "f2", 3)]).await.expect("replaced");
    let revision = store.revision("vs_1").await.expect("read");
    assert_eq!(revision, Revision { now: 3, rewritten: 0 }, "a replaced chunk comes again");
    assert_eq!(since(store, 2).await, [chunk("d0", "f2", 3)]);
    assert_eq!(since(store, 0).await.len(), 3);
    store.rewritten("vs_1", "f1").await.expect("rewritten");
    assert_eq!(since(store, 3).await, [chunk("c0", "f1", 0), chunk("c1", "f1", 1)], "with their new attributes");
    assert!(store.detach("vs_1", "f1").await.expect("detached"));
    assert!(store.revision("vs_1").await.expect("read").rewritten > revision.rewritten);
    assert_eq!(since(store, 0).await, [chunk("d0", "f2", 3)]);
    assert_eq!(store.chunk_ids("vs_1").await.expect("read"), ["d0"]);
    assert!(!store.detach("vs_1", "f1").await.expect("was gone"));
    assert!(store.add_chunks("vs_9", &[chunk("x", "f", 0)]).await.is_err(), "no store, no chunks");
}
