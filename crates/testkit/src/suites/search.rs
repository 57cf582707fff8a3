//! What every search over chunks finds, beside an oracle that compares all vectors one by one.

use std::collections::{BTreeMap, HashSet};

use ports::vectors::{Chunk, Fusion, Metric, VectorHit, VectorQuery, VectorSearch, VectorStore, VectorStores};
use serde_json::json;
use wire::JsonObject;
use wire::openai::vector_stores::{Filter, SearchMode};

use crate::chunks::{Noise, attached, clustered, near};

pub const STORE: &str = "vs_search";
pub const DIMENSION: usize = 24;
const FILES: usize = 12;
const LIMIT: usize = 10;
const QUESTIONS: u64 = 60;

/// How much an implementation owes.
#[derive(Debug, Clone, Copy)]
pub struct Owed {
    /// Share of the true ten nearest that a search finds, over all questions of a kind.
    pub recall: f64,
    pub metric: Metric,
    pub chunks: usize,
}

pub fn store(metric: Metric) -> VectorStore {
    VectorStore {
        id: STORE.into(),
        name: None,
        created_at: 1,
        last_active_at: 1,
        expires_after_days: None,
        metadata: JsonObject::new(),
        embedding_model: "e/m".into(),
        dimension: DIMENSION as u32,
        metric,
        owner: None,
    }
}

pub fn question(vector: &[f32], words: &str, mode: SearchMode) -> VectorQuery {
    VectorQuery {
        vector: vector.to_vec(),
        words: words.into(),
        mode,
        filter: None,
        limit: LIMIT,
        threshold: f32::MIN,
        fusion: Fusion::ReciprocalRank { impact: 60.0 },
    }
}

/// The rows as the database has them, to compare with.
struct Oracle<'a> {
    rows: &'a dyn VectorStores,
    search: &'a dyn VectorSearch,
    store: VectorStore,
    chunks: BTreeMap<String, Chunk>,
    years: BTreeMap<String, usize>,
    owed: Owed,
}

pub async fn finds_what_is_there(rows: &dyn VectorStores, search: &dyn VectorSearch, owed: Owed) {
    let store = store(owed.metric);
    rows.put_vector_store(&store).await.expect("put");
    let mut oracle = Oracle { rows, search, store, chunks: BTreeMap::new(), years: BTreeMap::new(), owed };
    let mut noise = Noise::new(11);
    let lengths = |noise: &mut Noise| if owed.metric == Metric::Cosine { 1.0 } else { 1.0 + 0.1 * noise.normal() };
    let vectors: Vec<Vec<f32>> = clustered(owed.chunks, DIMENSION, 5)
        .into_iter()
        .map(|vector| {
            let length = lengths(&mut noise);
            vector.into_iter().map(|value| value * length).collect()
        })
        .collect();
    for file in 0..FILES {
        let id = format!("f{file}");
        oracle.attach(&id, 2000 + file).await;
        let mine = vectors.iter().enumerate().filter(|(at, _)| at % FILES == file);
        oracle.add(mine.map(|(at, vector)| chunk(at, &id, vector)).collect()).await;
    }
    oracle.asks(&vectors, "all rows").await;
    // Gone, changed, replaced, and new in the places of what went.
    assert!(rows.detach(STORE, "f3").await.expect("detached"));
    oracle.chunks.retain(|_, chunk| chunk.file_id != "f3");
    oracle.asks(&vectors, "after a file went").await;
    oracle.attach("f4", 1990).await;
    rows.rewritten(STORE, "f4").await.expect("rewritten");
    let moved = vectors.iter().enumerate().filter(|(at, _)| at % FILES == 5 && at % 7 == 0);
    let moved: Vec<Chunk> = moved.map(|(at, _)| chunk(at, "f5", &vectors[(at + 31) % vectors.len()])).collect();
    oracle.add(moved).await;
    oracle.attach("new", 2030).await;
    let fresh = clustered(owed.chunks / 10, DIMENSION, 77);
    oracle.add(fresh.iter().zip(owed.chunks..).map(|(vector, at)| chunk(at, "new", vector)).collect()).await;
    oracle.asks(&vectors, "after changes").await;
    oracle.asks(&fresh, "near the new rows").await;
    words(rows, search, &oracle.store).await;
    rows.remove_vector_store(STORE, None).await.expect("removed");
    search.forget(STORE).await;
}

fn chunk(at: usize, file_id: &str, vector: &[f32]) -> Chunk {
    let metadata = json!({"open": at.is_multiple_of(3), "lot": at % 50}).as_object().cloned().expect("an object");
    let (id, text) = (format!("c{at}"), format!("piece {at}"));
    Chunk { id, file_id: file_id.into(), ordinal: at as i64, text, metadata, vector: vector.to_vec() }
}

impl Oracle<'_> {
    async fn attach(&mut self, file_id: &str, year: usize) {
        let attributes = json!({"year": year}).as_object().cloned().expect("an object");
        self.rows.put_attached(&attached(STORE, file_id, attributes)).await.expect("put");
        self.years.insert(file_id.into(), year);
    }

    async fn add(&mut self, chunks: Vec<Chunk>) {
        self.rows.add_chunks(STORE, &chunks).await.expect("added");
        self.chunks.extend(chunks.into_iter().map(|chunk| (chunk.id.clone(), chunk)));
    }

    async fn asks(&self, vectors: &[Vec<f32>], when: &str) {
        let lot = |lot: usize| json!({"type": "eq", "key": "lot", "value": lot});
        type Passes = fn(&Chunk, usize) -> bool;
        let kinds: [(&str, Option<serde_json::Value>, Passes); 4] = [
            ("no filter", None, |_, _| true),
            ("a third", Some(json!({"type": "eq", "key": "open", "value": true})), |chunk, _| {
                chunk.metadata["open"] == true
            }),
            ("one in fifty", Some(lot(7)), |chunk, _| chunk.metadata["lot"] == 7),
            (
                "of files, nested",
                Some(json!({"type": "and", "filters": [{"type": "gte", "key": "year", "value": 2004},
                    {"type": "or", "filters": [{"type": "ne", "key": "open", "value": true}, lot(9)]}]})),
                |chunk, year| year >= 2004 && (chunk.metadata["open"] != true || chunk.metadata["lot"] == 9),
            ),
        ];
        for (kind, filter, passes) in kinds {
            let filter: Option<Filter> = filter.map(|filter| serde_json::from_value(filter).expect("a filter"));
            let (mut found, mut wanted) = (0, 0);
            for seed in 0..QUESTIONS {
                let vector = near(vectors, &mut Noise::new(seed + 1000));
                let asked = VectorQuery { filter: filter.clone(), ..question(&vector, "", SearchMode::Vector) };
                let hits = self.search.search(&self.store, &asked).await.expect("searched");
                let open = self.chunks.values().filter(|chunk| passes(chunk, self.years[&chunk.file_id]));
                let (right, all) = self.judged(&vector, open, &hits, &format!("{kind}, {when}"));
                (found, wanted) = (found + right, wanted + all);
            }
            let recall = found as f64 / wanted as f64;
            assert!(recall >= self.owed.recall, "{kind}, {when}: recall {recall} of {wanted}");
        }
    }

    /// How many of the true nearest were found. Whatever was found must be there, pass, be in order and score right.
    fn judged<'c>(
        &self,
        vector: &[f32],
        open: impl Iterator<Item = &'c Chunk>,
        hits: &[VectorHit],
        kind: &str,
    ) -> (usize, usize) {
        let mut scores: Vec<(f32, &str)> =
            open.map(|chunk| (score(self.owed.metric, vector, &chunk.vector), chunk.id.as_str())).collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        let of: BTreeMap<&str, f32> = scores.iter().map(|(score, id)| (*id, *score)).collect();
        for (at, hit) in hits.iter().enumerate() {
            let Some(score) = of.get(hit.chunk_id.as_str()) else {
                panic!("{kind}: {} must not be found", hit.chunk_id)
            };
            assert!((hit.score - score).abs() < 2e-3, "{kind}: {} scored {}, not {score}", hit.chunk_id, hit.score);
            assert!(at == 0 || hits[at - 1].score >= hit.score, "{kind}: out of order");
            assert_eq!(hit.text, self.chunks[&hit.chunk_id].text);
            assert_eq!(hit.attributes["year"], self.years[&hit.file_id], "{kind}: attributes of the file");
        }
        let ids: HashSet<&str> = hits.iter().map(|hit| hit.chunk_id.as_str()).collect();
        assert_eq!((ids.len(), hits.len()), (LIMIT.min(scores.len()), LIMIT.min(scores.len())), "{kind}: too few");
        // Rows that score like the last are as good.
        let least = scores.get(LIMIT - 1).map_or(f32::MIN, |(score, _)| *score) - 2e-4;
        let right = hits.iter().filter(|hit| of[hit.chunk_id.as_str()] >= least).count();
        (right, LIMIT.min(scores.len()))
    }
}

fn score(metric: Metric, a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let score = match metric {
        Metric::Cosine => product(a, b) / (product(a, a) * product(b, b)).sqrt(),
        Metric::Dot => product(a, b),
        Metric::L2 => 1.0 / (1.0 + (product(a, a) + product(b, b) - 2.0 * product(a, b)).max(0.0).sqrt()),
    };
    score as f32
}

/// Words in their stems, French and English, and both rankings in one.
async fn words(rows: &dyn VectorStores, search: &dyn VectorSearch, store: &VectorStore) {
    let vector = |at: usize| (0..DIMENSION).map(|place| if place == at { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
    let texts = [
        ("w1", "Les dégâts des eaux sont couverts par la police.", 0),
        ("w2", "Burst pipes flooded the kitchens last winter", 1),
        ("w3", "Le vol du véhicule est exclu", 2),
    ];
    rows.put_attached(&attached(STORE, "words", JsonObject::new())).await.expect("put");
    let chunks = texts.iter().zip(0_i64..).map(|((id, text, at), ordinal)| Chunk {
        id: (*id).into(),
        file_id: "words".into(),
        ordinal,
        text: (*text).into(),
        metadata: json!({"kind": "word"}).as_object().cloned().expect("an object"),
        vector: vector(*at),
    });
    rows.add_chunks(STORE, &chunks.collect::<Vec<_>>()).await.expect("added");
    let only: Option<Filter> = serde_json::from_value(json!({"type": "eq", "key": "kind", "value": "word"})).ok();
    for (words, first) in [("degat", "w1"), ("POLICES", "w1"), ("flooding a pipe", "w2"), ("vols de vehicules", "w3")] {
        let hits = search.search(store, &question(&[], words, SearchMode::Keyword)).await.expect("searched");
        assert_eq!(hits.first().map(|hit| hit.chunk_id.as_str()), Some(first), "{words}");
    }
    let none = search.search(store, &question(&[], "zeppelin", SearchMode::Keyword)).await.expect("searched");
    assert!(none.is_empty(), "{none:?}");
    for (fusion, first) in [
        (Fusion::ReciprocalRank { impact: 60.0 }, "w3"),
        (Fusion::Weighted { vector: 0.0 }, "w3"),
        (Fusion::Weighted { vector: 1.0 }, "w2"),
    ] {
        let mut asked = VectorQuery { fusion, filter: only.clone(), ..question(&vector(1), "vol", SearchMode::Hybrid) };
        asked.vector[2] = 0.9;
        let hits = search.search(store, &asked).await.expect("searched");
        assert_eq!(hits.first().map(|hit| hit.chunk_id.as_str()), Some(first), "{fusion:?}: {hits:?}");
    }
}
