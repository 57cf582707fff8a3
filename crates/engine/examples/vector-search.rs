//! Figures of vector search: `cargo run --release -p engine --example vector-search -- FOLDER ROWS [exact]`.
//!
//! Writes the vectors and questions it used as little-endian f32 (`rows.f32`, `asked.f32`) and what it found as u32
//! (`found.u32`, ten a question) for a peer to compare with, and prints one line of JSON.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::vectors::{EmbeddedSearch, Settings};
use ports::vectors::*;
use serde_json::json;
use testkit::chunks::{MemoryChunks, Noise, clustered, near};
use testkit::suites::search::question;
use wire::openai::vector_stores::SearchMode;

const DIMENSION: usize = 768;
const QUESTIONS: usize = 500;
/// Chunks put in at a time.
const LOT: usize = 1_000;

/// One of 2,000 words, the first far more often than the last.
fn word(noise: &mut Noise) -> String {
    let chance = (noise.number() >> 40) as f32 / (1 << 24) as f32;
    format!("word{}", 2_000_f32.powf(chance) as u32)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rows, rest @ ..] = arguments.as_slice() else { return Err("FOLDER ROWS [exact]".into()) };
    let exact = rest.first().is_some_and(|mode| mode == "exact");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(Path::new(folder), rows.parse()?, exact))
}

/// Kilobytes in memory now; of them those that are files the system may drop.
fn resident() -> std::io::Result<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    Ok((of("RssAnon:"), of("RssFile:")))
}

fn written(path: &Path, vectors: &[Vec<f32>]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    vectors.iter().flatten().try_for_each(|value| file.write_all(&value.to_le_bytes()))?;
    file.flush()
}

async fn measure(folder: &Path, count: usize, exact: bool) -> Result<(), Box<dyn Error>> {
    let vectors = clustered(count, DIMENSION, 1);
    let mut noise = Noise::new(2);
    let asked: Vec<Vec<f32>> = (0..QUESTIONS).map(|_| near(&vectors, &mut noise)).collect();
    std::fs::create_dir_all(folder)?;
    written(&folder.join("rows.f32"), &vectors)?;
    written(&folder.join("asked.f32"), &asked)?;
    let rows = Arc::new(MemoryChunks::default());
    let mut texts = std::io::BufWriter::new(std::fs::File::create(folder.join("texts.txt"))?);
    for lot in 0..count.div_ceil(LOT) {
        let chunks = (lot * LOT..count.min((lot + 1) * LOT)).map(|at| Chunk {
            id: at.to_string(),
            file_id: String::new(),
            ordinal: at as i64,
            text: (0..40).map(|_| word(&mut noise)).collect::<Vec<_>>().join(" "),
            metadata: wire::JsonObject::new(),
            vector: vectors[at].clone(),
        });
        let chunks: Vec<Chunk> = chunks.collect();
        chunks.iter().try_for_each(|chunk| writeln!(texts, "{}", chunk.text))?;
        rows.add_chunks("vs", &chunks).await?;
    }
    texts.flush()?;
    drop(vectors);
    let words: Vec<String> = (0..QUESTIONS).map(|_| [word(&mut noise), word(&mut noise)].join(" ")).collect();
    std::fs::write(folder.join("words.txt"), words.join("\n"))?;
    let index = folder.join("index");
    let _ = std::fs::remove_dir_all(&index);
    let settings = || Settings {
        budget: 8 << 30,
        approximate_from: if exact { usize::MAX } else { 1_000 },
        folder: Some(index.clone()),
    };
    let store = VectorStore { id: "vs".into(), dimension: 0, ..testkit::suites::search::store(Metric::Cosine) };
    let before = resident()?.0;
    let search = EmbeddedSearch::new(rows.clone(), settings());
    let began = Instant::now();
    search.search(&store, &question(&asked[0], "", SearchMode::Vector)).await?;
    let load = began.elapsed();
    let began = Instant::now();
    while !exact && search.plan("vs").is_some_and(|plan| plan.building) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let build = began.elapsed();
    if !exact && search.plan("vs").map(|plan| plan.kind) != Some("approximate") {
        return Err("no approximate index was made".into());
    }
    // As after a restart: the index is mapped from its file.
    drop(search);
    let search = EmbeddedSearch::new(rows.clone(), settings());
    let began = Instant::now();
    search.search(&store, &question(&asked[0], "", SearchMode::Vector)).await?;
    let again = began.elapsed();
    let mut found = std::io::BufWriter::new(std::fs::File::create(folder.join("found.u32"))?);
    for vector in &asked {
        for hit in search.search(&store, &question(vector, "", SearchMode::Vector)).await? {
            found.write_all(&hit.chunk_id.parse::<u32>()?.to_le_bytes())?;
        }
    }
    found.flush()?;
    let mut rates = serde_json::Map::new();
    for (name, mode) in
        [("vector", SearchMode::Vector), ("keyword", SearchMode::Keyword), ("hybrid", SearchMode::Hybrid)]
    {
        let (began, mut done) = (Instant::now(), 0_usize);
        while began.elapsed() < Duration::from_secs(2) {
            let at = done % QUESTIONS;
            search.search(&store, &question(&asked[at], &words[at], mode)).await?;
            done += 1;
        }
        rates.insert(name.into(), json!(done as f64 / began.elapsed().as_secs_f64()));
    }
    let (own, files) = resident()?;
    let told = json!({
        "rows": count, "exact": exact, "load_s": load.as_secs_f64(), "build_s": build.as_secs_f64(),
        "again_s": again.as_secs_f64(), "qps": rates, "memory_mb": (own - before) / 1024, "mapped_mb": files / 1024,
    });
    println!("{told}");
    Ok(())
}
