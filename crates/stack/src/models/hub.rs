//! One file over HTTPS, resumed where it was cut.

use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::cache::hash_into;
use super::catalogue::ModelFile;
use super::progress::Bar;
use super::{ModelError, Progress};

/// How long to wait for whom. A stalled transfer counts as cut.
#[derive(Debug, Clone)]
pub struct HubLimits {
    pub connect: Duration,
    pub stall: Duration,
    /// Attempts in a row that bring no byte before the hub is given up.
    pub fruitless: u32,
    /// Attempts in all.
    pub attempts: u32,
    /// Pause after a fruitless attempt.
    pub pause: Duration,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(30),
            fruitless: 2,
            attempts: 60,
            pause: Duration::from_secs(2),
        }
    }
}

/// Fetches `url` into `part`, keeping what is already there. The checksum is of the whole file.
pub(super) async fn fetch(
    url: &str,
    file: &ModelFile,
    part: &Path,
    limits: &HubLimits,
    progress: &Progress,
) -> Result<(), ModelError> {
    let host = host_of(url);
    let resumed = tokio::fs::metadata(part).await.is_ok_and(|meta| meta.len() > 0);
    match fetch_once(url, &host, file, part, limits, progress).await {
        Err(ModelError::WrongChecksum { .. } | ModelError::WrongSize { .. }) if resumed => {
            progress.say(&format!("  {}: what an earlier download had left was wrong; starting again", file.name));
            fetch_once(url, &host, file, part, limits, progress).await
        }
        outcome => outcome,
    }
}

async fn fetch_once(
    url: &str,
    host: &str,
    file: &ModelFile,
    part: &Path,
    limits: &HubLimits,
    progress: &Progress,
) -> Result<(), ModelError> {
    let client = Client::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.stall)
        .user_agent(concat!("claimstack/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ModelError::Hub { host: host.into(), message: innermost(&error) })?;
    let bar = progress.bar(&file.name, file.bytes);
    let mut download = Download::resume(part, file, &bar).await?;
    let mut fruitless = 0;
    for attempt in 1..=limits.attempts {
        let before = download.got;
        let last_chance = fruitless + 1 >= limits.fruitless;
        match download.attempt(&client, url, host).await {
            Ok(()) if download.got >= file.bytes => return download.finish(host).await,
            Ok(()) => {}
            Err(ModelError::HubAway { .. }) if attempt > 1 && !last_chance => {}
            Err(ModelError::Hub { .. }) if !last_chance => {}
            Err(other) => return Err(other),
        }
        if download.got > before {
            fruitless = 0;
            progress.say(&format!(
                "  {}: cut at {} of {} bytes (attempt {attempt}); resuming",
                file.name, download.got, file.bytes
            ));
        } else {
            fruitless += 1;
            if fruitless >= limits.fruitless {
                break;
            }
            tokio::time::sleep(limits.pause).await;
        }
    }
    Err(ModelError::Cut {
        host: host.into(),
        file: file.name.clone(),
        got: download.got,
        expected: file.bytes,
        attempts: limits.attempts,
    })
}

struct Download<'a> {
    file: &'a ModelFile,
    part: &'a Path,
    bar: &'a Bar,
    out: tokio::fs::File,
    hash: Sha256,
    got: u64,
}

impl<'a> Download<'a> {
    async fn resume(part: &'a Path, file: &'a ModelFile, bar: &'a Bar) -> Result<Self, ModelError> {
        let mut hash = Sha256::new();
        let mut got = 0;
        if tokio::fs::metadata(part).await.is_ok_and(|meta| meta.len() <= file.bytes) {
            got = hash_into(&mut hash, part, bar)?;
        }
        let opened = tokio::fs::OpenOptions::new().create(true).truncate(got == 0).write(true).open(part).await;
        let mut out = opened.map_err(ModelError::io(part))?;
        tokio::io::AsyncSeekExt::seek(&mut out, std::io::SeekFrom::Start(got)).await.map_err(ModelError::io(part))?;
        Ok(Self { file, part, bar, out, hash, got })
    }

    /// One request for what is missing. `Ok` may still be short of the end: the connection was cut.
    async fn attempt(&mut self, client: &Client, url: &str, host: &str) -> Result<(), ModelError> {
        if self.got >= self.file.bytes {
            return Ok(());
        }
        let refused = |message: String| ModelError::Hub { host: host.into(), message };
        let mut request = client.get(url);
        if self.got > 0 {
            request = request.header(RANGE, format!("bytes={}-", self.got));
        }
        let response = request.send().await.map_err(|error| match error.is_connect() {
            true => ModelError::HubAway { host: host.into(), message: innermost(&error) },
            false => refused(innermost(&error)),
        })?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(self.got) => {}
            StatusCode::OK | StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT if self.got > 0 => {
                self.restart().await?;
                if response.status() != StatusCode::OK {
                    return Ok(());
                }
            }
            StatusCode::OK => {}
            status => return Err(refused(format!("answered {status}"))),
        }
        let left = self.file.bytes - self.got;
        match response.content_length() {
            Some(length) if length != left => Err(refused(format!("it has another file: {length} bytes, not {left}"))),
            _ => self.receive(response, host).await,
        }
    }

    async fn receive(&mut self, response: Response, host: &str) -> Result<(), ModelError> {
        let mut body = response.bytes_stream();
        while let Some(Ok(bytes)) = body.next().await {
            if self.got + bytes.len() as u64 > self.file.bytes {
                let got = self.got + bytes.len() as u64;
                self.discard().await;
                let (file, from) = (self.file.name.clone(), host.to_owned());
                return Err(ModelError::WrongSize { file, from, expected: self.file.bytes, got });
            }
            self.out.write_all(&bytes).await.map_err(ModelError::io(self.part))?;
            self.hash.update(&bytes);
            self.got += bytes.len() as u64;
            self.bar.add(bytes.len() as u64);
        }
        self.out.flush().await.map_err(ModelError::io(self.part))
    }

    async fn restart(&mut self) -> Result<(), ModelError> {
        let io = ModelError::io;
        self.out.set_len(0).await.map_err(io(self.part))?;
        tokio::io::AsyncSeekExt::rewind(&mut self.out).await.map_err(io(self.part))?;
        self.hash = Sha256::new();
        self.got = 0;
        Ok(())
    }

    async fn finish(mut self, host: &str) -> Result<(), ModelError> {
        self.out.sync_all().await.map_err(ModelError::io(self.part))?;
        let got = hex::encode(std::mem::take(&mut self.hash).finalize());
        if got == self.file.sha256 {
            return Ok(());
        }
        self.discard().await;
        let (file, expected) = (self.file.name.clone(), self.file.sha256.clone());
        Err(ModelError::WrongChecksum { file, from: host.into(), expected, got })
    }

    async fn discard(&mut self) {
        let _ = tokio::fs::remove_file(self.part).await;
    }
}

/// First byte of a partial answer: `bytes 100-199/200` gives 100.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

pub(super) fn host_of(url: &str) -> String {
    reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "hub".into())
}

/// The root cause says more than the chain above it, and never holds a URL with its query.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
