//! What every claim store keeps, run on SQLite and, where it is installed, on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod questions;
mod queue;

use std::sync::Arc;

use claims::domain::{
    ClaimId, ClaimStatus, DecisionDocument, DocumentInfo, NewClaim, NewEvidence, Outcome, Run, RunId, RunOptions, Step,
    StepKind, StepStatus,
};
use claims::store::{
    ClaimFilter, ClaimOrder, ClaimStore, Direction, Lease, Orphans, PastClaimKeys, PastClaimRow, Recovered,
    ReferenceBatch, ReferenceStore, RunEnd, SqlStore, StoreError, UserRow, Written,
};
use jiff::Timestamp;
use serde_json::{Value, json};

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::sqlite(&folder.path().join("a file with spaces & %.db")).await.unwrap();
    contract(Arc::new(store)).await;
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let Some(server) = testkit::postgres::TempPostgres::or_skip("postgres_keeps_the_contract") else { return };
    let store = SqlStore::connect(&server.url()).await.unwrap();
    contract(Arc::new(store)).await;
}

#[tokio::test]
async fn a_database_opened_twice_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("claims.db");
    for _ in 0..2 {
        SqlStore::sqlite(&file).await.unwrap().ping().await.unwrap();
    }
}

/// Every statement, in cases that share one database and leave the queue empty.
async fn contract<S: ClaimStore + ReferenceStore + 'static>(store: Arc<S>) {
    store.ping().await.unwrap();
    submissions(&*store).await;
    lists(&*store).await;
    queue(&*store).await;
    queue::leases(&*store).await;
    queue::urgency_and_patience(&*store).await;
    queue::called_off(&*store).await;
    queue::batches(&*store).await;
    queue::keyed_submissions(&*store).await;
    findings(&*store).await;
    decisions(&*store).await;
    audits(&*store).await;
    recovery(&*store).await;
    concurrency(store.clone()).await;
    reference(&*store).await;
    questions::questions(&*store).await;
    counts(&*store).await;
}

/// After everything above, the kept counts are what counting gives: archived claims, of which there are none, would be
/// counted one by one.
async fn counts(store: &dyn ClaimStore) {
    let base = ClaimFilter { page: 1, page_size: 1, ..ClaimFilter::default() };
    let (kept, counted) = (base.clone(), ClaimFilter { include_archived: true, ..base.clone() });
    assert_eq!(store.list(&kept).await.unwrap().total, store.list(&counted).await.unwrap().total);
    for listed in store.list(&ClaimFilter { page_size: 100, ..base.clone() }).await.unwrap().claims {
        let alone = store.claim(&listed.claim_id).await.unwrap().unwrap();
        assert_eq!(format!("{listed:?}"), format!("{alone:?}"), "a page shows what one claim alone shows");
    }
    for (status, claims) in store.statistics().await.unwrap().by_status {
        let counted = ClaimFilter { statuses: vec![status], ..counted.clone() };
        assert_eq!(store.list(&counted).await.unwrap().total, claims, "{status:?}");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn id(text: &str) -> ClaimId {
    ClaimId::parse(text).unwrap()
}

fn new_claim(name: &str, user: &str) -> NewClaim {
    NewClaim {
        claim_id: id(name),
        claim_number: format!("CLM-{name}"),
        user_id: user.into(),
        claim_type: Some("home".into()),
        received_date: "2026-05-12".parse().unwrap(),
        document_path: format!("documents/{name}.pdf"),
        document: DocumentInfo {
            sha256: "ab".repeat(32),
            filename: "é.pdf".into(),
            media_type: "application/pdf".into(),
            size_bytes: 7,
        },
        metadata: "{}".into(),
    }
}

fn document(decision: &str, payable: Value) -> DecisionDocument {
    serde_json::from_value(json!({
        "decision": decision, "payable_amount": payable, "currency": "EUR", "confidence": 0.9, "reason_codes": ["CODE"],
    }))
    .unwrap()
}

fn end(text: Option<&str>) -> RunEnd {
    RunEnd {
        without_decision: document("manual_review", Value::Null),
        retryable: true,
        passing: false,
        failed: None,
        agent_text: text.map(str::to_owned),
        evidence: Default::default(),
        response_id: Some("resp_1".into()),
        model: Some("m".into()),
    }
}

/// Submits, accepts and starts a claim.
async fn running(store: &dyn ClaimStore, name: &str) -> Run {
    store.submit(new_claim(name, "U-1"), at(0)).await.unwrap();
    store.enqueue(&id(name), &RunOptions::default(), 10, at(1)).await.unwrap();
    let run = take(store, at(2)).await.unwrap().unwrap();
    assert_eq!(run.claim_id, id(name));
    run
}

async fn submissions(store: &dyn ClaimStore) {
    let kept = store.submit(new_claim("S-1", "U-1"), at(0)).await.unwrap();
    assert_eq!(
        (kept.status, kept.submitted_at, kept.document.filename.as_str()),
        (ClaimStatus::Pending, at(0), "é.pdf")
    );
    let again = store.submit(new_claim("S-1", "U-1"), at(1)).await;
    assert!(matches!(again, Err(StoreError::ClaimIdTaken(_))));
    let same_number = NewClaim { claim_id: id("S-2"), ..new_claim("S-1", "U-1") };
    assert!(matches!(store.submit(same_number, at(1)).await, Err(StoreError::ClaimNumberTaken(_))));
    assert!(store.claim(&id("S-2")).await.unwrap().is_none());
    assert_eq!(store.claim_by_number("CLM-S-1").await.unwrap().unwrap().claim_id, id("S-1"));
    let events = store.events(&id("S-1"), 0, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| (event.seq, event.kind.as_str())).collect::<Vec<_>>(), [(1, "submitted")]);
}

async fn lists(store: &dyn ClaimStore) {
    for (index, name) in ["L-1", "L-2", "L-3"].into_iter().enumerate() {
        let second = i64::try_from(index).unwrap();
        store.submit(new_claim(name, "U-list_%"), at(second)).await.unwrap();
    }
    let base = ClaimFilter { user_id: Some("U-list_%".into()), page: 1, page_size: 2, ..ClaimFilter::default() };
    let first = store.list(&base).await.unwrap();
    let names =
        |claims: &[claims::domain::Claim]| claims.iter().map(|claim| claim.claim_id.to_string()).collect::<Vec<_>>();
    assert_eq!((names(&first.claims), first.total), (vec!["L-3".into(), "L-2".into()], 3));
    let second = store.list(&ClaimFilter { page: 2, ..base.clone() }).await.unwrap();
    assert_eq!((names(&second.claims), second.total), (vec!["L-1".into()], 3));

    let search = |text: &str| ClaimFilter { search: Some(text.into()), user_id: None, ..base.clone() };
    for (text, found) in [("LIST_%", 3), ("clm-l-", 3), ("list__", 0), ("l-2", 1), ("nobody", 0), ("' or 1=1 --", 0)] {
        assert_eq!(store.list(&search(text)).await.unwrap().total, found, "{text}");
    }
    let none = ClaimFilter { statuses: vec![ClaimStatus::Denied, ClaimStatus::Failed], ..base.clone() };
    assert_eq!(store.list(&none).await.unwrap().total, 0);
    let both = ClaimFilter { statuses: vec![ClaimStatus::Denied, ClaimStatus::Pending], ..base.clone() };
    assert_eq!(store.list(&both).await.unwrap().total, 3);
    assert_eq!(store.list(&ClaimFilter { claim_type: Some("auto".into()), ..base.clone() }).await.unwrap().total, 0);
    for order in [
        ClaimOrder::SubmittedAt,
        ClaimOrder::ReceivedDate,
        ClaimOrder::UpdatedAt,
        ClaimOrder::ClaimNumber,
        ClaimOrder::UserId,
        ClaimOrder::Status,
    ] {
        let up = store
            .list(&ClaimFilter { order, direction: Direction::Ascending, page_size: 3, ..base.clone() })
            .await
            .unwrap();
        let down = store.list(&ClaimFilter { order, page_size: 3, ..base.clone() }).await.unwrap();
        let mut turned = names(&down.claims);
        turned.reverse();
        assert_eq!(names(&up.claims), turned, "{order:?}");
        // Page by page from a mark.
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut seen = Vec::new();
            let mut filter = ClaimFilter { order, direction, page_size: 1, ..base.clone() };
            loop {
                let page = store.list(&filter).await.unwrap();
                assert_eq!(page.total, 3);
                seen.extend(names(&page.claims));
                let Some(mark) = page.next else { break };
                filter.after = Some(mark);
            }
            let whole = if direction == Direction::Ascending { names(&up.claims) } else { names(&down.claims) };
            assert_eq!(seen, whole, "{order:?} {direction:?}");
        }
    }
    let statistics = store.statistics().await.unwrap();
    assert_eq!((statistics.total, statistics.average_processing_time_ms), (4, None));
    let all = store.list(&ClaimFilter { user_id: None, ..base.clone() }).await.unwrap();
    assert_eq!(all.total, 4, "the counted total of a list without a filter");
}

async fn queue(store: &dyn ClaimStore) {
    assert!(take(store, at(0)).await.unwrap().is_none());
    let unknown = store.enqueue(&id("nobody"), &RunOptions::default(), 10, at(0)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    for name in ["Q-1", "Q-2", "Q-3"] {
        store.submit(new_claim(name, "U-q"), at(0)).await.unwrap();
    }
    let first = store.enqueue(&id("Q-1"), &RunOptions::default(), 2, at(1)).await.unwrap();
    assert!(matches!(
        store.enqueue(&id("Q-1"), &RunOptions::default(), 2, at(1)).await,
        Err(StoreError::AlreadyProcessing(_))
    ));
    store.enqueue(&id("Q-2"), &RunOptions::default(), 2, at(2)).await.unwrap();
    assert!(matches!(store.enqueue(&id("Q-3"), &RunOptions::default(), 2, at(3)).await, Err(StoreError::QueueFull(2))));
    assert_eq!(
        store.claim(&id("Q-3")).await.unwrap().unwrap().status,
        ClaimStatus::Pending,
        "a refusal changes nothing"
    );

    assert_eq!(take(store, at(4)).await.unwrap().unwrap().run_id, first.run_id, "the oldest first");
    store.requeue(&first.run_id, at(4)).await.unwrap();
    let late = store.record_evidence(&id("Q-1"), &first.run_id, &finding("document", "late"), at(5)).await;
    assert!(matches!(late, Err(StoreError::StaleRun(_))), "what was interrupted writes no more");
    let first = take(store, at(5)).await.unwrap().unwrap();
    assert_eq!((first.claim_id.as_str(), first.attempt), ("Q-1", 1), "its place and its count are kept");
    let second = take(store, at(6)).await.unwrap().unwrap();
    assert!(take(store, at(7)).await.unwrap().is_none());
    for run in [first, second] {
        let claim = store.finish_run(&run.run_id, end(None), at(9)).await.unwrap();
        assert_eq!(claim.status, ClaimStatus::ManualReview);
        assert!(matches!(store.finish_run(&run.run_id, end(None), at(9)).await, Err(StoreError::StaleRun(_))));
    }
    let claim = store.claim(&id("Q-1")).await.unwrap().unwrap();
    assert_eq!((claim.processed_at, claim.total_processing_time_ms), (Some(at(9)), Some(4_000)));
    assert_eq!(store.statistics().await.unwrap().average_processing_time_ms, Some(3_500.0));
}

/// Takes the next run as worker `w`, for ten seconds.
async fn take(store: &dyn ClaimStore, now: Timestamp) -> Result<Option<Run>, StoreError> {
    store.next_queued(&lease("w", now), now).await
}

fn lease(worker: &str, now: Timestamp) -> Lease<'_> {
    Lease { worker, until: now + jiff::SignedDuration::from_secs(10) }
}

fn finding(kind: &str, text: &str) -> NewEvidence {
    NewEvidence {
        kind: kind.into(),
        tool: "ocr_document".into(),
        payload: json!({"text": text}),
        confidence: Some(0.5),
    }
}

async fn findings(store: &dyn ClaimStore) {
    let mut watching = store.watch();
    let run = running(store, "F-1").await;
    let (first, written) =
        store.record_evidence(&id("F-1"), &run.run_id, &finding("document", "a"), at(3)).await.unwrap();
    assert_eq!(written, Written::Created);
    let (same, written) =
        store.record_evidence(&id("F-1"), &run.run_id, &finding("document", "a"), at(4)).await.unwrap();
    assert_eq!((same.evidence_id, written), (first.evidence_id, Written::Same));
    store.record_evidence(&id("F-1"), &run.run_id, &finding("document", "b"), at(5)).await.unwrap();
    let found = store.evidence(&id("F-1")).await.unwrap();
    assert_eq!(
        found.iter().map(|found| found.payload["text"].as_str().unwrap()).collect::<Vec<_>>(),
        ["b", "a"],
        "latest first"
    );
    assert_eq!((found[0].confidence, found[0].created_at), (Some(0.5), at(5)));
    let stranger = RunId::fresh();
    let refused = store.record_evidence(&id("F-1"), &stranger, &finding("document", "c"), at(5)).await;
    assert!(matches!(refused, Err(StoreError::StaleRun(_))));
    let nobody = store.record_evidence(&id("nobody"), &run.run_id, &finding("document", "c"), at(5)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })));

    let mut step = Step {
        index: 0,
        kind: StepKind::Tool,
        name: "ocr".into(),
        agent: "ocr".into(),
        tool: Some("ocr_document".into()),
        status: StepStatus::Running,
        arguments: None,
        output: None,
        error: None,
        started_at: at(3),
        completed_at: None,
    };
    store.put_step(&run.run_id, &step, at(3)).await.unwrap();
    step = Step { status: StepStatus::Failed, error: Some("no".into()), completed_at: Some(at(6)), ..step };
    store.put_step(&run.run_id, &step, at(6)).await.unwrap();
    assert_eq!(store.steps(&id("F-1")).await.unwrap(), [step.clone()]);
    assert_eq!(step.duration_ms(), Some(3_000));
    let too_many = store.put_step(&run.run_id, &Step { index: 10_000, ..step.clone() }, at(6)).await;
    assert!(matches!(too_many, Err(StoreError::RunFull(_))));

    store.finish_run(&run.run_id, end(None), at(7)).await.unwrap();
    let late = store.record_evidence(&id("F-1"), &run.run_id, &finding("document", "d"), at(8)).await;
    assert!(matches!(late, Err(StoreError::StaleRun(_))), "an ended run writes nothing more");
    assert!(matches!(store.put_step(&run.run_id, &step, at(8)).await, Err(StoreError::StaleRun(_))));

    let kinds: Vec<String> =
        store.events(&id("F-1"), 2, 100).await.unwrap().into_iter().map(|event| event.kind).collect();
    let expected = [
        "started",
        "evidence_recorded",
        "evidence_recorded",
        "step_started",
        "step_completed",
        "decision_recorded",
        "finished",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(watching.recv().await.unwrap(), id("F-1"));
}

async fn decisions(store: &dyn ClaimStore) {
    let run = running(store, "D-1").await;
    let approve = document("approve", json!("10.50"));
    let (first, written) = store.record_decision(&id("D-1"), &run.run_id, &approve, "aa", at(3)).await.unwrap();
    assert_eq!((first.version, written), (1, Written::Created));
    let deny = document("deny", json!("0.00"));
    let (same, written) = store.record_decision(&id("D-1"), &run.run_id, &deny, "aa", at(4)).await.unwrap();
    assert_eq!(
        (same.document.decision, written),
        (Outcome::Approve, Written::Same),
        "the same evidence keeps its decision"
    );
    let (other, written) = store.record_decision(&id("D-1"), &run.run_id, &deny, "bb", at(5)).await.unwrap();
    assert_eq!((other.version, written), (1, Written::Created), "still the run's one decision");
    let claim = store.finish_run(&run.run_id, end(Some("The claim is denied.")), at(6)).await.unwrap();
    assert_eq!(claim.status, ClaimStatus::Denied);
    let kept = store.decisions(&id("D-1")).await.unwrap();
    assert_eq!((kept.len(), kept[0].agent_agrees, kept[0].model.as_deref()), (1, true, Some("m")));

    let (late, written) = store.record_decision(&id("D-1"), &run.run_id, &deny, "bb", at(7)).await.unwrap();
    assert_eq!(
        (late.decision_id, written),
        (kept[0].decision_id.clone(), Written::Same),
        "a repeated post is answered"
    );
    let changed = store.record_decision(&id("D-1"), &run.run_id, &approve, "cc", at(7)).await;
    assert!(matches!(changed, Err(StoreError::StaleRun(_))));

    store.enqueue(&id("D-1"), &RunOptions::default(), 10, at(8)).await.unwrap();
    let second = take(store, at(9)).await.unwrap().unwrap();
    assert!(store.evidence(&id("D-1")).await.unwrap().is_empty(), "a new run starts without evidence");
    store.record_decision(&id("D-1"), &second.run_id, &approve, "aa", at(10)).await.unwrap();
    let claim = store.finish_run(&second.run_id, end(None), at(11)).await.unwrap();
    let brief = claim.decision.unwrap();
    assert_eq!((claim.status, brief.version, brief.payable.unwrap().minor()), (ClaimStatus::Completed, 2, 1_050));
    let versions: Vec<i64> = store.decisions(&id("D-1")).await.unwrap().iter().map(|one| one.version).collect();
    assert_eq!(versions, [2, 1]);
}

/// D-1 was decided twice, F-1 has findings and an open step, and nobody has touched what was written.
async fn audits(store: &dyn ClaimStore) {
    assert!(store.audit(&id("nobody")).await.unwrap().is_none());
    let file = store.audit(&id("D-1")).await.unwrap().unwrap();
    assert_eq!(file.problems(), Vec::<String>::new());
    assert_eq!(file.decisions.iter().map(|one| one.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(file.decisions[0].agent_text.as_deref(), Some("The claim is denied."));
    assert!(file.events.iter().all(|event| event.hash.len() == 64), "{:?}", file.events);

    let run = running(store, "AU-1").await;
    let odd =
        json!({"z": 0.1 + 0.2, "a": [1e-7, 1_234_567.891_f64, "é\u{0007}"], "confidence": 0.845_123_456_789_012_3});
    let evidence = NewEvidence { kind: "document".into(), tool: "ocr".into(), payload: odd, confidence: Some(0.1) };
    store.record_evidence(&id("AU-1"), &run.run_id, &evidence, at(2)).await.unwrap();
    let mut step = Step {
        index: 0,
        kind: StepKind::Tool,
        name: "ocr".into(),
        agent: "ocr".into(),
        tool: Some("ocr".into()),
        status: StepStatus::Running,
        arguments: Some("{}".into()),
        output: None,
        error: None,
        started_at: at(2),
        completed_at: None,
    };
    store.put_step(&run.run_id, &step, at(2)).await.unwrap();
    step.index = 1;
    store.put_step(&run.run_id, &step, at(2)).await.unwrap();
    (step.output, step.status, step.completed_at) = (Some("read".into()), StepStatus::Completed, Some(at(3)));
    store.put_step(&run.run_id, &step, at(3)).await.unwrap();
    store.finish_run(&run.run_id, end(None), at(4)).await.unwrap();
    let file = store.audit(&id("AU-1")).await.unwrap().unwrap();
    assert_eq!(file.problems(), Vec::<String>::new(), "a step that its run left open is told of too");
    assert_eq!((file.steps.len(), file.findings.len(), file.decisions.len()), (2, 1, 1));
    let text = serde_json::to_string_pretty(&file).unwrap();
    let read: claims::domain::AuditFile = serde_json::from_str(&text).unwrap();
    assert_eq!(read.problems(), Vec::<String>::new(), "every number reads back to the last digit");
}

async fn recovery(store: &dyn ClaimStore) {
    let given_up = |_: &ClaimId, _: i64| document("manual_review", Value::Null);
    assert!(store.recover(Orphans::All, 2, &given_up, at(20)).await.unwrap().is_empty());
    let crashed = running(store, "R-1").await;
    let decided = running(store, "R-2").await;
    store.record_decision(&id("R-2"), &decided.run_id, &document("deny", Value::Null), "aa", at(3)).await.unwrap();
    store.submit(new_claim("R-3", "U-1"), at(0)).await.unwrap();
    let waiting = store.enqueue(&id("R-3"), &RunOptions::default(), 10, at(3)).await.unwrap();

    let recovered = store.recover(Orphans::All, 2, &given_up, at(21)).await.unwrap();
    assert_eq!(recovered.len(), 2, "what waits is nobody's loss");
    assert!(recovered.contains(&Recovered::Decided { claim_id: id("R-2") }));
    assert_eq!(store.claim(&id("R-2")).await.unwrap().unwrap().status, ClaimStatus::Denied);
    let refused = store.record_evidence(&id("R-1"), &crashed.run_id, &finding("document", "late"), at(22)).await;
    assert!(matches!(refused, Err(StoreError::StaleRun(_))));

    for _ in 0..2 {
        let run = take(store, at(23)).await.unwrap().unwrap();
        assert!(run.run_id != crashed.run_id, "a new run id");
        let attempt = if run.claim_id == id("R-1") { 2 } else { 1 };
        assert!(attempt == 2 || run.run_id == waiting.run_id);
        assert_eq!(run.attempt, attempt, "waiting is not a crash");
    }
    let recovered = store.recover(Orphans::All, 2, &given_up, at(24)).await.unwrap();
    assert!(recovered.contains(&Recovered::GivenUp { claim_id: id("R-1") }));
    assert_eq!(store.claim(&id("R-1")).await.unwrap().unwrap().status, ClaimStatus::ManualReview);
    let last = take(store, at(25)).await.unwrap().unwrap();
    store.finish_run(&last.run_id, end(None), at(26)).await.unwrap();
}

/// Two workers never get one run, two callers never get one claim accepted twice.
async fn concurrency<S: ClaimStore + 'static>(store: Arc<S>) {
    for index in 0..8 {
        store.submit(new_claim(&format!("C-{index}"), "U-c"), at(0)).await.unwrap();
    }
    let accepting = (0..16).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            store.enqueue(&id(&format!("C-{}", index % 8)), &RunOptions::default(), 100, at(1)).await
        })
    });
    let accepted = futures::future::join_all(accepting).await;
    assert_eq!(accepted.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count(), 8);
    let taking = (0..24).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { take(&*store, at(2)).await.unwrap() })
    });
    let taken = futures::future::join_all(taking).await;
    let mut runs: Vec<Run> = taken.into_iter().filter_map(Result::unwrap).collect();
    while let Some(run) = take(&*store, at(2)).await.unwrap() {
        runs.push(run);
    }
    let unique: std::collections::BTreeSet<&str> = runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!((runs.len(), unique.len()), (8, 8));
    for run in &runs {
        store.finish_run(&run.run_id, end(None), at(3)).await.unwrap();
    }
}

fn past(number: &str, user: &str, invoice: &str) -> PastClaimRow {
    PastClaimRow {
        claim_number: number.into(),
        user_id: user.into(),
        contract_number: "A-1".into(),
        invoice_number: invoice.into(),
        provider_name: "Garage Dupré & Fils".into(),
        incident_date: "2026-01-01".into(),
        body: json!({"claim_number": number, "user_id": user}).to_string(),
    }
}

async fn reference<S: ClaimStore + ReferenceStore>(store: &S) {
    assert_eq!(store.history_mark().await.unwrap(), "empty");
    let user =
        UserRow { user_id: "U-1".into(), language: "fr".into(), is_active: true, body: r#"{"user_id":"U-1"}"#.into() };
    let batch = ReferenceBatch {
        users: vec![user],
        past_claims: vec![past("H-1", "U-1", "F-001"), past("H-2", "U-2", "F 001"), past("H-3", "U-1", "")],
        fx_rates: vec![("2026-01".into(), "USD".into(), "0.9".into())],
        watchlist: vec![("Rapid".into(), "2025-01-01".into())],
        holidays: vec![("2026-05-08".into(), "FR".into())],
        ..ReferenceBatch::default()
    };
    store.import(&batch).await.unwrap();
    let mark = store.history_mark().await.unwrap();
    store.import(&batch).await.unwrap();
    assert_eq!(store.history_mark().await.unwrap(), mark, "importing again changes nothing");
    assert_eq!(store.user_language("U-1").await.unwrap().as_deref(), Some("fr"));
    let user = store.user("U-1").await.unwrap().unwrap();
    assert_eq!((user["past_claims"].as_array().unwrap().len(), user["contracts"].as_array().unwrap().len()), (2, 0));
    assert!(store.user("U-9").await.unwrap().is_none());

    let lookup = |keys: PastClaimKeys| async move { store.history_lookup(&keys, 10).await.unwrap().len() };
    let by_invoice = PastClaimKeys { invoice_number: Some("f001".into()), ..PastClaimKeys::default() };
    assert_eq!(lookup(by_invoice.clone()).await, 2, "case and punctuation do not count");
    assert_eq!(lookup(PastClaimKeys { user_id: Some("U-2".into()), ..by_invoice }).await, 1);
    let provider = PastClaimKeys { provider_name: Some("garage dupré fils".into()), ..PastClaimKeys::default() };
    assert_eq!(lookup(provider).await, 3);
    assert_eq!(lookup(PastClaimKeys { contract_number: Some("A-1".into()), ..PastClaimKeys::default() }).await, 3);
    let page = store.history_page("H-1", 1).await.unwrap();
    assert_eq!(page[0].0, "H-2");

    let changed = ReferenceBatch { past_claims: vec![past("H-3", "U-3", "")], ..ReferenceBatch::default() };
    store.import(&changed).await.unwrap();
    assert_ne!(store.history_mark().await.unwrap(), mark);
    let parameters = store.parameters().await.unwrap();
    assert_eq!(parameters.fx_rates, [("2026-01".to_owned(), "USD".to_owned(), "0.9".to_owned())]);
    assert_eq!(
        (parameters.provider_watchlist, parameters.public_holidays),
        (vec!["Rapid".to_owned()], vec!["2026-05-08".to_owned()])
    );
}
