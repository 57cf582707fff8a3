//! The worker process: it reads, it is bounded, and its death harms nobody.

use std::path::PathBuf;
use std::time::Duration;

use ocr::{Limits, OcrError, Pool, WorkerConfig};

/// A program beside the test executable: `cargo test` builds it unless told to build some targets only.
fn worker() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let path = here.ancestors().nth(2).expect("a build folder").join("examples/ocr_worker");
    assert!(path.is_file(), "{} is missing: add --examples to the command", path.display());
    path
}

fn pool(program: &str, arguments: &[&str], seconds: u64) -> Pool {
    let config = WorkerConfig {
        program: Some(program.into()),
        arguments: Some(arguments.iter().map(|word| (*word).to_owned()).collect()),
        seconds_per_document: seconds,
        queue: 0,
        ..WorkerConfig::default()
    };
    Pool::new(config, Limits::default(), None)
}

fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F 11 Tf 50 780 Td ({text}) Tj ET");
    format!(
        "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>\nendobj\n4 0 obj\n<</Length {}>>stream\n{content}\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF",
        content.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn one_worker_reads_one_document_after_another() {
    let pool = pool(&worker().to_string_lossy(), &[], 60);
    for name in ["first page", "second page"] {
        let reading = pool.read(&pdf(name)).await.expect("a reading");
        assert!(reading.document.readable);
        assert_eq!(reading.raw_text, name);
    }
    let unreadable = pool.read(b"%PDF-1.4 broken").await.expect("a reading");
    assert_eq!(unreadable.document.unreadable_reason.as_deref(), Some("corrupt"));
    assert_eq!(pool.load(), 0);
}

#[tokio::test]
#[cfg(unix)]
async fn a_worker_that_dies_makes_its_document_too_complex() {
    // Takes the setup and the document, answers nothing.
    let pool = pool("/bin/sh", &["-c", "head -c 100 >/dev/null"], 60);
    let reading = pool.read(&pdf("hello")).await.expect("a reading");
    assert_eq!(reading.document.unreadable_reason.as_deref(), Some("too_complex"));
}

#[tokio::test]
#[cfg(unix)]
async fn a_worker_that_hangs_is_ended_and_a_full_queue_refuses() {
    let pool = pool("/bin/sh", &["-c", "exec sleep 30"], 1);
    let document = pdf("hello");
    let (first, second) = tokio::join!(pool.read(&document), async {
        tokio::time::timeout(Duration::from_millis(500), pool.read(&document)).await
    });
    assert!(matches!(first, Err(OcrError::Timeout { seconds: 1 })));
    assert!(matches!(second, Ok(Err(OcrError::Overloaded { waiting: 1 }))));
    assert_eq!(pool.load(), 0);
}
