//! The directory the models live in: `<cache>/<model>/<file>`.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::catalogue::{Catalogue, Model, ModelFile};
use super::progress::Bar;
use super::{ModelError, Progress};

#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
}

/// Remembers that a file of this size and time had the right checksum, so that it is not read again on every start.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    sha256: String,
    bytes: u64,
    modified_ns: u128,
}

/// Held while a model is fetched; released when dropped, also by the death of the process.
pub(super) struct Lock(#[expect(dead_code, reason = "dropping it releases the lock")] File);

/// Path of a model's file, which is there and has the size of the catalogue.
pub fn path_of(catalogue: &Catalogue, cache: &Cache, model: &str, file: &str) -> Result<PathBuf, ModelError> {
    let model = catalogue.model(model)?;
    let file = model.file(file)?;
    let path = cache.path(model, file);
    if std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() == file.bytes) {
        return Ok(path);
    }
    Err(ModelError::Missing { model: model.name.clone(), path })
}

impl Cache {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// `$CLAIMSTACK_MODELS`, else `claimstack/models` under `$XDG_CACHE_HOME` or `~/.cache`.
    pub fn from_env() -> Result<Self, ModelError> {
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let dir = var("CLAIMSTACK_MODELS")
            .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("claimstack/models")))
            .or_else(|| var("HOME").map(|dir| dir.join(".cache/claimstack/models")));
        dir.map(Self::new).ok_or(ModelError::NoCacheDir)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn model_dir(&self, model: &Model) -> PathBuf {
        self.dir.join(&model.name)
    }

    pub fn path(&self, model: &Model, file: &ModelFile) -> PathBuf {
        self.model_dir(model).join(&file.name)
    }

    /// Packages on their way to becoming a model.
    pub(super) fn downloads(&self) -> PathBuf {
        self.dir.join(".downloads")
    }

    /// Whether the file is there and was found right before, or is found right now.
    pub(super) fn has(&self, model: &Model, file: &ModelFile, progress: &Progress) -> Result<bool, ModelError> {
        let path = self.path(model, file);
        let Ok(meta) = std::fs::metadata(&path) else { return Ok(false) };
        if !meta.is_file() || meta.len() != file.bytes {
            return Ok(false);
        }
        let stamped =
            std::fs::read(stamp_path(&path)).ok().and_then(|text| serde_json::from_slice::<Stamp>(&text).ok());
        if stamped.is_some() && stamped == stamp_of(&path, &file.sha256) {
            return Ok(true);
        }
        let right = sha256_of(&path, &progress.bar(&format!("checking {}", file.name), file.bytes))? == file.sha256;
        if right {
            self.mark(model, file);
        }
        Ok(right)
    }

    /// Notes that the file has just been found right. A note that cannot be written only costs a check later.
    pub(super) fn mark(&self, model: &Model, file: &ModelFile) {
        let path = self.path(model, file);
        if let Some(text) = stamp_of(&path, &file.sha256).and_then(|stamp| serde_json::to_vec(&stamp).ok()) {
            let _ = std::fs::write(stamp_path(&path), text);
        }
    }

    pub(super) fn unmark(&self, model: &Model, file: &ModelFile) {
        let _ = std::fs::remove_file(stamp_path(&self.path(model, file)));
    }

    /// Waits at most `limit` for another process that fetches the same model.
    pub(super) async fn lock(&self, model: &Model, limit: Duration, progress: &Progress) -> Result<Lock, ModelError> {
        let path = self.model_dir(model).join(".lock");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(ModelError::io(&path))?;
        let began = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(std::fs::TryLockError::Error(source)) => return Err(ModelError::Io { path, source }),
                Err(std::fs::TryLockError::WouldBlock) if began.elapsed() >= limit => {
                    return Err(ModelError::Locked { model: model.name.clone(), minutes: limit.as_secs() / 60 });
                }
                Err(std::fs::TryLockError::WouldBlock) => {}
            }
            if !told {
                progress.say(&format!("{}: another process is fetching it; waiting", model.name));
                told = true;
            }
            tokio::time::sleep(Duration::from_millis(200).min(limit)).await;
        }
    }

    /// Refuses work that would fill the disk; 64 MiB are left to others.
    pub(super) fn check_space(&self, what: &str, bytes: u64) -> Result<(), ModelError> {
        let needed = bytes.saturating_add(64 * 1024 * 1024);
        let stats = rustix::fs::statvfs(&self.dir)
            .map_err(|errno| ModelError::Io { path: self.dir.clone(), source: errno.into() })?;
        let free = stats.f_bavail.saturating_mul(stats.f_frsize);
        if free < needed {
            return Err(ModelError::NoSpace { what: what.into(), dir: self.dir.clone(), free, needed });
        }
        Ok(())
    }
}

/// SHA-256 of a file, in lower-case hexadecimal.
pub(super) fn sha256_of(path: &Path, bar: &Bar) -> Result<String, ModelError> {
    let mut hash = Sha256::new();
    hash_into(&mut hash, path, bar)?;
    Ok(hex::encode(hash.finalize()))
}

/// Feeds a file to `hash`; returns its length.
pub(super) fn hash_into(hash: &mut Sha256, path: &Path, bar: &Bar) -> Result<u64, ModelError> {
    let mut file = File::open(path).map_err(ModelError::io(path))?;
    let mut block = vec![0; 1 << 20];
    let mut total = 0;
    loop {
        let got = file.read(&mut block).map_err(ModelError::io(path))?;
        if got == 0 {
            return Ok(total);
        }
        hash.update(&block[..got]);
        total += got as u64;
        bar.add(got as u64);
    }
}

fn stamp_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.checked"))
}

fn stamp_of(path: &Path, sha256: &str) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    let modified_ns = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some(Stamp { sha256: sha256.into(), bytes: meta.len(), modified_ns })
}
