//! Search in this process: exact and approximate keep one contract, and files on the disk may come to any harm.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use engine::vectors::{EmbeddedSearch, Settings};
use ports::vectors::Metric;
use testkit::chunks::MemoryChunks;
use testkit::suites::search::{Owed, finds_what_is_there};

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::L2];

#[tokio::test(flavor = "multi_thread")]
async fn small_stores_are_searched_exactly() {
    for metric in METRICS {
        let rows = Arc::new(MemoryChunks::default());
        let search = EmbeddedSearch::new(rows.clone(), Settings::default());
        finds_what_is_there(&*rows, &search, Owed { recall: 1.0, metric, chunks: 600 }).await;
    }
}

#[cfg(feature = "approximate")]
mod approximate {
    use std::path::{Path, PathBuf};

    use async_trait::async_trait;
    use ports::responses::StoreError;
    use ports::vectors::{Chunk, SearchPlan, VectorHit, VectorQuery, VectorSearch, VectorStore, VectorStores};
    use testkit::chunks::{Noise, clustered, near};
    use testkit::suites::search::{DIMENSION, STORE, question, store};
    use wire::openai::vector_stores::SearchMode;

    use super::*;

    const FROM: usize = 400;

    fn settings(folder: Option<&Path>) -> Settings {
        Settings { approximate_from: FROM, folder: folder.map(Path::to_owned), ..Settings::default() }
    }

    /// Lets the index be made before it answers.
    struct Settled(EmbeddedSearch);

    impl Settled {
        async fn settle(&self, store: &VectorStore, query: &VectorQuery) {
            self.0.search(store, query).await.expect("searched");
            let made = async {
                while self.0.plan(&store.id).is_none_or(|plan| plan.building) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(testkit::PATIENCE, made).await.expect("the index is made");
        }
    }

    #[async_trait]
    impl VectorSearch for Settled {
        async fn search(&self, store: &VectorStore, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
            self.settle(store, query).await;
            assert_eq!(self.0.plan(&store.id).map(|plan| plan.kind), Some("approximate"));
            self.0.search(store, query).await
        }

        async fn forget(&self, store_id: &str) {
            self.0.forget(store_id).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn large_stores_find_nearly_all_and_nothing_wrong() {
        for metric in METRICS {
            let folder = tempfile::tempdir().unwrap();
            let rows = Arc::new(MemoryChunks::default());
            let search = Settled(EmbeddedSearch::new(rows.clone(), settings(Some(folder.path()))));
            finds_what_is_there(&*rows, &search, Owed { recall: 0.99, metric, chunks: 3_000 }).await;
            assert!(files(folder.path()).is_empty(), "the files go with the store");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_folder_the_index_is_in_memory() {
        let rows = Arc::new(MemoryChunks::default());
        let search = Settled(EmbeddedSearch::new(rows.clone(), settings(None)));
        let owed = Owed { recall: 0.99, metric: Metric::Cosine, chunks: 1_500 };
        finds_what_is_there(&*rows, &search, owed).await;
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn file(folder: &Path, kind: &str) -> PathBuf {
        files(folder).into_iter().find(|path| path.extension().is_some_and(|it| it == kind)).unwrap()
    }

    fn chunk(id: &str, vector: &[f32]) -> Chunk {
        let (file_id, text, metadata) = (String::new(), String::new(), Default::default());
        Chunk { id: id.into(), file_id, ordinal: 0, text, metadata, vector: vector.to_vec() }
    }

    async fn filled(rows: &MemoryChunks) -> Vec<Vec<f32>> {
        let vectors = clustered(1_000, DIMENSION, 3);
        let chunks = vectors.iter().enumerate().map(|(at, vector)| chunk(&at.to_string(), vector));
        rows.add_chunks(STORE, &chunks.collect::<Vec<_>>()).await.unwrap();
        vectors
    }

    fn is(kind: &'static str, chunks: usize) -> Option<SearchPlan> {
        Some(SearchPlan { kind, chunks: Some(chunks), building: false })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_next_process_reads_the_file_and_survives_any_damage_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Arc::new(MemoryChunks::default());
        let vectors = filled(&rows).await;
        let store = store(Metric::Cosine);
        let asked = question(&near(&vectors, &mut Noise::new(9)), "", SearchMode::Vector);
        let fresh = || EmbeddedSearch::new(rows.clone(), settings(Some(folder.path())));
        let expected = Settled(fresh()).search(&store, &asked).await.unwrap();
        let made = file(folder.path(), "graph");

        let again = fresh();
        assert_eq!(again.search(&store, &asked).await.unwrap(), expected);
        assert_eq!(again.plan(STORE), is("approximate", 1_000), "nothing was made anew");
        assert_eq!(file(folder.path(), "graph"), made);

        type Harm = fn(&Path);
        let harms: [(&str, Harm); 6] = [
            ("a lost graph", |folder| std::fs::remove_file(file(folder, "graph")).unwrap()),
            ("a cut graph", |folder| cut(&file(folder, "graph"))),
            ("a flipped bit", |folder| flip(&file(folder, "graph"))),
            ("a cut sheet", |folder| cut(&file(folder, "sheet"))),
            ("a flipped bit in the sheet", |folder| flip(&file(folder, "sheet"))),
            ("an empty sheet", |folder| std::fs::write(file(folder, "sheet"), "").unwrap()),
        ];
        for (harm, harmed) in harms {
            harmed(folder.path());
            let search = Settled(fresh());
            assert_eq!(search.0.search(&store, &asked).await.unwrap(), expected, "{harm}");
            assert_eq!(search.search(&store, &asked).await.unwrap(), expected, "{harm}: made anew");
            let again = fresh();
            again.search(&store, &asked).await.unwrap();
            assert_eq!(again.plan(STORE), is("approximate", 1_000), "{harm}: and whole again");
        }
    }

    /// A mapped file must not change under its reader, so a damaged one takes its place.
    fn replaced(path: &Path, bytes: &[u8]) {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn cut(path: &Path) {
        let bytes = std::fs::read(path).unwrap();
        replaced(path, &bytes[..bytes.len() / 2]);
    }

    fn flip(path: &Path) {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        replaced(path, &bytes);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_older_than_the_database_serves_for_what_it_knows() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Arc::new(MemoryChunks::default());
        let vectors = filled(&rows).await;
        let store = store(Metric::Cosine);
        let asked = question(&vectors[500], "", SearchMode::Vector);
        let first = Settled(EmbeddedSearch::new(rows.clone(), settings(Some(folder.path()))));
        assert_eq!(first.search(&store, &asked).await.unwrap()[0].chunk_id, "500");
        // While no process looks: the nearest moves away, another takes its place, and so does a new one.
        let away: Vec<f32> = vectors[500].iter().map(|value| -value).collect();
        let chunks = [chunk("500", &away), chunk("7", &vectors[500]), chunk("new", &vectors[500])];
        rows.add_chunks(STORE, &chunks).await.unwrap();
        let again = EmbeddedSearch::new(rows.clone(), settings(Some(folder.path())));
        let hits = again.search(&store, &asked).await.unwrap();
        assert_eq!(again.plan(STORE), is("approximate", 1_001));
        let mut ids: Vec<&str> = hits.iter().map(|hit| hit.chunk_id.as_str()).take(2).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["7", "new"]);
        assert!(hits.iter().all(|hit| hit.chunk_id != "500"));
    }
}
