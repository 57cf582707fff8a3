//! The graph of a store on the disk: a cache that may be lost, cut or old, never the truth.
//!
//! Two files: the graph, and a sheet that says what it holds. Both are written under another name, synced and renamed,
//! the sheet last; it names its graph with length and checksum, so a crash leaves the old pair or the new one.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use ports::vectors::{Metric, VectorStore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::graph::{FORMAT, Graph};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub format: String,
    pub store_id: String,
    pub dimension: usize,
    pub metric: Metric,
    pub scale: f32,
    /// The store's contents that went in.
    pub revision: i64,
    /// Chunk ids by key; `None` for a chunk that is gone.
    pub ids: Vec<Option<String>>,
    /// Of the graph: file name, bytes, SHA-256.
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
}

/// Where the files of one store lie.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
    stem: String,
}

impl Place {
    pub fn of(folder: &Path, store_id: &str) -> Self {
        // A store may be named by its maker, so its id is no file name.
        let stem = hex::encode(Sha256::digest(store_id.as_bytes()))[..32].to_owned();
        Self { folder: folder.to_owned(), stem }
    }

    fn sheet(&self) -> PathBuf {
        self.folder.join(format!("{}.sheet", self.stem))
    }

    pub fn graph(&self, sheet: &Sheet) -> PathBuf {
        self.folder.join(&sheet.file)
    }

    /// Writes both files; `sheet` comes back knowing its graph. Other graphs of the store are removed.
    pub fn write(&self, graph: &Graph, mut sheet: Sheet) -> Result<Sheet, String> {
        std::fs::create_dir_all(&self.folder).map_err(told("make the folder"))?;
        let part = self.folder.join(format!("{}.part", self.stem));
        graph.save(&part)?;
        File::open(&part).and_then(|file| file.sync_all()).map_err(told("sync the graph"))?;
        (sheet.sha256, sheet.bytes) = digest(&part).map_err(told("read the graph"))?;
        sheet.file = format!("{}-{}.graph", self.stem, &sheet.sha256[..16]);
        std::fs::rename(&part, self.graph(&sheet)).map_err(told("name the graph"))?;
        let body = serde_json::to_vec(&sheet).map_err(|error| error.to_string())?;
        let sum = hex::encode(Sha256::digest(&body));
        let mut file = File::create(&part).map_err(told("write the sheet"))?;
        let written = file.write_all(sum.as_bytes()).and_then(|()| file.write_all(&body));
        written.and_then(|()| file.sync_all()).map_err(told("write the sheet"))?;
        std::fs::rename(&part, self.sheet()).map_err(told("name the sheet"))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(told("sync the folder"))?;
        self.sweep(Some(&sheet.file));
        Ok(sheet)
    }

    /// The graph as it was written, mapped into memory; `Ok(None)` if there is none.
    pub fn open(&self, store: &VectorStore, dimension: usize) -> Result<Option<(Graph, Sheet)>, String> {
        let written = match std::fs::read(self.sheet()) {
            Ok(written) => written,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(told("read the sheet")(error)),
        };
        let (sum, body) = written.split_at_checked(64).ok_or("the sheet is cut")?;
        if hex::encode(Sha256::digest(body)).as_bytes() != sum {
            return Err("the sheet is damaged".into());
        }
        let sheet: Sheet = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let fits = sheet.format == FORMAT && sheet.store_id == store.id && sheet.dimension == dimension;
        if !fits || sheet.metric != store.metric || sheet.scale.is_nan() || sheet.scale <= 0.0 {
            return Err("the graph was made for other vectors".into());
        }
        let path = self.graph(&sheet);
        // Before it is mapped: a damaged graph would be followed to nowhere.
        if digest(&path).map_err(told("read the graph"))? != (sheet.sha256.clone(), sheet.bytes) {
            return Err("the graph is damaged".into());
        }
        let graph = Graph::mapped(&path, dimension, sheet.metric)?;
        match graph.len() == sheet.ids.len() {
            true => Ok(Some((graph, sheet))),
            false => Err("the graph and its sheet disagree".into()),
        }
    }

    /// Removes what is kept of the store but `file`.
    fn sweep(&self, file: Option<&str>) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let kept = file.is_some_and(|file| name == file || name.ends_with(".sheet"));
            if name.starts_with(&self.stem) && !kept {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    pub fn remove(&self) {
        self.sweep(None);
    }
}

fn told(what: &'static str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("cannot {what}: {error}")
}

fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let (mut file, mut sum, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(sum.finalize()), bytes));
        }
        sum.update(&buffer[..read]);
        bytes += read as u64;
    }
}
