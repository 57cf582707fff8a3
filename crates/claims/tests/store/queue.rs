//! The queue: who holds a run, what goes first, what is tried again, called off or asked for twice.

use claims::domain::{ClaimId, ClaimStatus, Outcome, Run, RunOptions, RunState};
use claims::store::{ClaimStore, Orphans, Recovered, StoreError, SubmissionKey, Written};
use serde_json::{Value, json};

use super::{at, document, end, id, lease, new_claim, running, take};

/// A run belongs to who holds it, for as long as the lease; then whoever asks takes the claim over.
pub async fn leases(store: &dyn ClaimStore) {
    let given_up = |_: &ClaimId, _: i64| document("manual_review", Value::Null);
    let run = running(store, "LE-1").await;
    assert!(store.keep(&run.run_id, &lease("w", at(8))).await.unwrap(), "held until 18");
    assert!(!store.keep(&run.run_id, &lease("another", at(9))).await.unwrap());
    assert!(store.recover(Orphans::LeaseOver, 3, &given_up, at(17)).await.unwrap().is_empty());
    let taken = store.recover(Orphans::LeaseOver, 3, &given_up, at(19)).await.unwrap();
    let [Recovered::Requeued { claim_id, run_id }] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(claim_id, &id("LE-1"));
    assert!(!store.keep(&run.run_id, &lease("w", at(19))).await.unwrap(), "the slow worker is told");
    assert!(matches!(store.finish_run(&run.run_id, end(None), at(20)).await, Err(StoreError::StaleRun(_))));
    let second = take(store, at(21)).await.unwrap().unwrap();
    assert_eq!((&second.run_id, second.attempt), (run_id, 2));
    // Decided while its worker was dying: the decision stands, nobody decides again.
    store.record_decision(&id("LE-1"), run_id, &document("deny", Value::Null), "aa", at(22)).await.unwrap();
    store.requeue(run_id, at(23)).await.unwrap();
    let taken = store.recover(Orphans::LeaseOver, 3, &given_up, at(40)).await.unwrap();
    assert_eq!(taken, [Recovered::Decided { claim_id: id("LE-1") }]);
    assert_eq!(store.claim(&id("LE-1")).await.unwrap().unwrap().status, ClaimStatus::Denied);
    assert!(take(store, at(41)).await.unwrap().is_none());
}

pub async fn urgency_and_patience(store: &dyn ClaimStore) {
    for (name, priority, second) in [("UR-1", 0, 1), ("UR-2", 5, 2), ("UR-3", 5, 3)] {
        store.submit(new_claim(name, "U-u"), at(0)).await.unwrap();
        let options = RunOptions { priority, ..RunOptions::default() };
        store.enqueue(&id(name), &options, 10, at(second)).await.unwrap();
    }
    let depth = store.queue_depth().await.unwrap();
    assert_eq!((depth.waiting, depth.running, depth.oldest_waiting), (3, 0, Some(at(1))));
    let first = take(store, at(4)).await.unwrap().unwrap();
    assert_eq!(first.claim_id, id("UR-2"), "the urgent before the old, the older first among the urgent");
    assert!(store.retry(&first.run_id, "stack_unreachable", at(60), at(5)).await.unwrap());
    assert!(!store.retry(&first.run_id, "stack_unreachable", at(60), at(5)).await.unwrap(), "once");
    let mut taken = Vec::new();
    while let Some(run) = take(store, at(6)).await.unwrap() {
        taken.push(run.claim_id.to_string());
        store.finish_run(&run.run_id, end(None), at(7)).await.unwrap();
    }
    assert_eq!(taken, ["UR-3", "UR-1"], "what is tried again waits for its time");
    let again = take(store, at(60)).await.unwrap().unwrap();
    assert_eq!((again.claim_id.as_str(), again.attempt, again.priority), ("UR-2", 2, 5));
    store.finish_run(&again.run_id, end(None), at(61)).await.unwrap();
    let jobs = store.jobs(Some(RunState::Abandoned), 0, 100).await.unwrap();
    let left = jobs.runs.iter().find(|run| run.run_id == first.run_id).unwrap();
    assert_eq!(left.end_reason.as_deref(), Some("stack_unreachable"), "and why is kept");
    assert_eq!(store.jobs(None, 0, 2).await.unwrap().runs.len(), 2);
}

pub async fn called_off(store: &dyn ClaimStore) {
    store.submit(new_claim("CO-1", "U-k"), at(0)).await.unwrap();
    assert!(matches!(store.cancel(&id("CO-1"), "me", at(1)).await, Err(StoreError::NotProcessing(_))));
    store.enqueue(&id("CO-1"), &RunOptions::default(), 10, at(1)).await.unwrap();
    store.cancel(&id("CO-1"), "me", at(2)).await.unwrap();
    let claim = store.claim(&id("CO-1")).await.unwrap().unwrap();
    assert_eq!((claim.status, claim.current_run), (ClaimStatus::Pending, None));
    assert!(take(store, at(3)).await.unwrap().is_none(), "nothing waits");

    let run = running_again(store, "CO-1", 4).await;
    store.record_decision(&id("CO-1"), &run.run_id, &document("deny", Value::Null), "aa", at(5)).await.unwrap();
    assert!(matches!(store.cancel(&id("CO-1"), "me", at(6)).await, Err(StoreError::NotProcessing(_))), "decided");
    store.finish_run(&run.run_id, end(None), at(7)).await.unwrap();

    let second = running_again(store, "CO-1", 8).await;
    assert_eq!(store.cancel(&id("CO-1"), "me", at(9)).await.unwrap(), second.run_id);
    let claim = store.claim(&id("CO-1")).await.unwrap().unwrap();
    assert_eq!((claim.status, claim.current_run), (ClaimStatus::Denied, Some(run.run_id)), "as it was decided before");
    assert!(matches!(store.finish_run(&second.run_id, end(None), at(10)).await, Err(StoreError::StaleRun(_))));
    let events = store.events(&id("CO-1"), 0, 100).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), &last.payload["by"]), ("cancelled", &json!("me")));
}

async fn running_again(store: &dyn ClaimStore, name: &str, second: i64) -> Run {
    store.enqueue(&id(name), &RunOptions::default(), 10, at(second)).await.unwrap();
    take(store, at(second)).await.unwrap().unwrap()
}

pub async fn batches(store: &dyn ClaimStore) {
    for name in ["BA-1", "BA-2", "BA-3"] {
        store.submit(new_claim(name, "U-b"), at(0)).await.unwrap();
    }
    let ids = [id("BA-1"), id("nobody"), id("BA-2"), id("BA-3")];
    let accepted = store.enqueue_batch("batch_1", &ids, &RunOptions::default(), 2, at(1)).await.unwrap();
    assert_eq!(accepted.runs.len(), 2);
    let refused: Vec<&str> = accepted.refused.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(refused, ["nobody", "BA-3"], "unknown, and one more than the queue takes");
    let run = take(store, at(2)).await.unwrap().unwrap();
    store.retry(&run.run_id, "stream_broken", at(3), at(2)).await.unwrap();
    let run = take(store, at(3)).await.unwrap().unwrap();
    let report = store.batch("batch_1").await.unwrap().unwrap();
    assert_eq!((report.total, report.waiting, report.running), (2, 1, 1), "a try again is not another claim");
    store.finish_run(&run.run_id, end(None), at(4)).await.unwrap();
    let other = if run.claim_id == id("BA-1") { "BA-2" } else { "BA-1" };
    store.cancel(&id(other), "me", at(5)).await.unwrap();
    let report = store.batch("batch_1").await.unwrap().unwrap();
    assert_eq!((report.waiting, report.running, report.cancelled), (0, 0, 1));
    assert_eq!(report.decided.get(&Outcome::ManualReview), Some(&1));
    assert_eq!(report.refused.len(), 2);
    assert!(store.batch("batch_2").await.unwrap().is_none());
}

pub async fn keyed_submissions(store: &dyn ClaimStore) {
    let key = |digest: &str| SubmissionKey { caller: "me".into(), key: "k-1".into(), request_sha256: digest.into() };
    let (first, written) = store.submit_once(new_claim("KE-1", "U-i"), &key("a"), at(1)).await.unwrap();
    assert_eq!((first.claim_id.as_str(), written), ("KE-1", Written::Created));
    let (same, written) = store.submit_once(new_claim("KE-2", "U-i"), &key("a"), at(2)).await.unwrap();
    assert_eq!((same.claim_id.as_str(), written), ("KE-1", Written::Same));
    assert!(store.claim(&id("KE-2")).await.unwrap().is_none());
    let other = store.submit_once(new_claim("KE-3", "U-i"), &key("b"), at(3)).await;
    assert!(matches!(other, Err(StoreError::KeyTaken(claim)) if claim == id("KE-1")));
    let somebody = SubmissionKey { caller: "you".into(), ..key("b") };
    let (theirs, _) = store.submit_once(new_claim("KE-4", "U-i"), &somebody, at(4)).await.unwrap();
    assert_eq!(theirs.claim_id, id("KE-4"), "a key is its caller's own");
    let mut odd = new_claim("KE-5", "U-i");
    odd.document.sha256 = "cd".repeat(32);
    store.submit(odd, at(5)).await.unwrap();
    assert_eq!(store.claims_with_document(&"cd".repeat(32)).await.unwrap(), [id("KE-5")]);
}
