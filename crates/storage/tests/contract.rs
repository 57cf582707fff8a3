//! The stores keep the ports' contracts on both databases, with one SQL text.

use std::sync::Arc;

use ports::responses::StoreError;
use ports::vectors::{Metric, VectorHit, VectorQuery, VectorSearch, VectorStore};
use storage::{PgVectorSearch, Settings, Store};
use testkit::postgres::TempPostgres;
use testkit::suites;
use testkit::suites::responses::Processes;
use wire::openai::vector_stores::SearchMode;

async fn keeps_the_contracts(store: &Store, processes: Processes) {
    suites::responses::keeps_the_contract(store, processes).await;
    suites::sessions::keeps_the_contract(store).await;
    suites::conversations::keeps_the_contract(Arc::new(store.clone())).await;
    suites::prompts::keeps_the_contract(store).await;
    suites::completions::keeps_the_contract(store).await;
    suites::agents::keeps_the_contract(store).await;
    suites::registrations::keeps_the_contract(store).await;
    suites::registrations::keeps_file_records(store).await;
    suites::batches::keeps_the_contract(store, processes).await;
    suites::vectors::keeps_the_contract(store).await;
    suites::access::keeps_the_default_rules(store).await;
    suites::access::keeps_chosen_ids_apart(store).await;
    suites::access::counts_requests(store).await;
}

/// Answers nothing: the database has to.
struct Nobody;

#[async_trait::async_trait]
impl VectorSearch for Nobody {
    async fn search(&self, _: &VectorStore, _: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        Err(StoreError::Internal("asked the other one".into()))
    }
}

#[tokio::test]
async fn postgres_searches_vectors_and_words() {
    let test = "postgres_searches_vectors_and_words";
    let Some(postgres) = TempPostgres::with_vectors_or_skip(test) else { return };
    let store = Store::open(&postgres.url()).await.expect("opens");
    let search = PgVectorSearch::new(store.clone(), Arc::new(Nobody));
    let (asked, question) =
        (suites::search::store(Metric::L2), suites::search::question(&[], "a", SearchMode::Keyword));
    if search.search(&asked, &question).await.is_err() {
        // A server without the extension: the other search is asked, and nothing says otherwise.
        assert!(std::env::var_os(testkit::postgres::WITH_VECTORS).is_none(), "this server has the extension");
        assert_eq!(search.plan(suites::search::STORE), None);
        TempPostgres::note_skipped(test, "PostgreSQL has no extension `vector`");
        return;
    }
    for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
        let owed = suites::search::Owed { recall: 0.99, metric, chunks: 1_200 };
        suites::search::finds_what_is_there(&store, &search, owed).await;
    }
    assert_eq!(search.plan("any").map(|plan| plan.kind), Some("pgvector"));
    store.close().await;
}

async fn under_own_rules(url: &str) -> Store {
    let settings = Settings { policy: Arc::new(suites::access::rules()), ..Settings::default() };
    let store = Store::prepare(url, settings).expect("prepared");
    store.bring_up().await.expect("up");
    store
}

#[tokio::test]
async fn sqlite_keeps_the_contracts() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("s.db").display());
    let store = Store::open(&url).await.expect("opens");
    keeps_the_contracts(&store, Processes::One).await;
    suites::access::keeps_own_rules(&under_own_rules(&url).await).await;
}

#[tokio::test]
async fn postgres_keeps_the_contracts() {
    let Some(postgres) = TempPostgres::or_skip("postgres_keeps_the_contracts") else { return };
    let store = Store::open(&postgres.url()).await.expect("opens");
    keeps_the_contracts(&store, Processes::Several).await;
    store.close().await;
    let store = under_own_rules(&postgres.url()).await;
    suites::access::keeps_own_rules(&store).await;
    store.close().await;
}

#[tokio::test]
async fn replicas_count_requests_together_and_start_at_the_same_time() {
    use ports::quotas::Quotas;
    let Some(postgres) = TempPostgres::or_skip("replicas_count_requests_together") else { return };
    let url = postgres.url();
    let (one, other) = futures::join!(Store::open(&url), Store::open(&url));
    let (one, other) = (one.expect("opens"), other.expect("opens"));
    let counts = (0..40).map(|n| {
        let store = if n % 2 == 0 { &one } else { &other };
        store.count_request("ann", 0)
    });
    let mut counts: Vec<u64> = futures::future::try_join_all(counts).await.expect("counted");
    counts.sort_unstable();
    assert_eq!(counts, (1..=40).collect::<Vec<u64>>(), "every request is counted once");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_waited_for() {
    use ports::responses::{Responses, StoreError};
    let Some(postgres) = TempPostgres::or_skip("a_database_that_is_not_there_yet_is_waited_for") else { return };
    let url = postgres.url();
    let store = Store::prepare(&url, Settings::default()).expect("asks nobody");
    let early = store.get("resp_1", None).await.expect_err("not there");
    assert!(matches!(early, StoreError::Overloaded(_)), "{early}");
    let stop = tokio_util::sync::CancellationToken::new();
    let coming = tokio::spawn(store.clone().come_up(stop));
    assert_eq!(store.get("resp_1", None).await.expect("waits for the schema"), None);
    coming.await.expect("came up");
    drop(postgres);
    let gone = store.get("resp_1", None).await.expect_err("gone");
    assert!(matches!(gone, StoreError::Overloaded(_)), "{gone}");
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    use ports::responses::Responses;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("s.db").display());
    let stored = suites::responses::stored("resp_1", 7, None);
    let store = Store::open(&url).await.expect("opens");
    store.put(&stored).await.expect("stored");
    drop(store);
    let again = Store::open(&url).await.expect("opens again");
    assert_eq!(again.get("resp_1", None).await.expect("read"), Some(stored));
}
