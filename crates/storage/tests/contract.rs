//! The stores keep the ports' contracts on both databases, with one SQL text.

use std::sync::Arc;

use storage::Store;
use testkit::postgres::TempPostgres;
use testkit::suites;
use testkit::suites::responses::Processes;

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
}

#[tokio::test]
async fn sqlite_keeps_the_contracts() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&format!("sqlite://{}", folder.path().join("s.db").display())).await.expect("opens");
    keeps_the_contracts(&store, Processes::One).await;
}

#[tokio::test]
async fn postgres_keeps_the_contracts() {
    let Some(postgres) = TempPostgres::or_skip("postgres_keeps_the_contracts") else { return };
    let store = Store::open(&postgres.url()).await.expect("opens");
    keeps_the_contracts(&store, Processes::Several).await;
    store.close().await;
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
