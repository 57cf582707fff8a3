//! Documents as files named by their content, so that the same bytes are kept once and never change.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::domain::{DocumentInfo, MAX_FILENAME_CHARS, media_type_of};

#[derive(Debug, thiserror::Error)]
pub enum DocumentStoreError {
    #[error("document storage: {0}")]
    Io(#[from] std::io::Error),
    #[error("the document is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    /// Not below a configured root, or not a plain file.
    #[error("document_path must name a regular file under one of the configured document roots")]
    OutsideRoots,
    #[error("document_path names no file under the configured document roots")]
    Missing,
}

/// Files under one folder: two hexadecimal digits, then the whole SHA-256.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    folder: PathBuf,
    limit: u64,
}

pub struct OpenDocument {
    pub file: tokio::fs::File,
    pub size_bytes: u64,
}

impl DocumentStore {
    /// Makes the folder and removes what an interrupted write left in it a day ago or earlier: a younger file
    /// may belong to an import that runs beside the service.
    pub fn open(folder: PathBuf, limit: u64) -> Result<Self, DocumentStoreError> {
        let unfinished = folder.join("unfinished");
        std::fs::create_dir_all(&unfinished)?;
        for entry in std::fs::read_dir(&unfinished)? {
            let entry = entry?;
            let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|time| time.elapsed().ok());
            if age.is_some_and(|age| age.as_secs() > 86_400) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder, limit })
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Keeps `bytes`. On disk, with its folder entry, when this returns.
    pub async fn put(&self, bytes: Vec<u8>, filename: &str) -> Result<DocumentInfo, DocumentStoreError> {
        if bytes.len() as u64 > self.limit {
            return Err(DocumentStoreError::TooLarge { limit: self.limit });
        }
        let filename = filename_of(filename);
        let store = self.clone();
        let write = tokio::task::spawn_blocking(move || {
            let info = DocumentInfo {
                sha256: hex::encode(Sha256::digest(&bytes)),
                filename,
                media_type: media_type_of(&bytes).to_owned(),
                size_bytes: bytes.len() as u64,
            };
            store.write(&info.sha256, &bytes)?;
            Ok(info)
        });
        write.await.map_err(|_| std::io::Error::other("the write was interrupted"))?
    }

    fn write(&self, sha256: &str, bytes: &[u8]) -> Result<(), DocumentStoreError> {
        let place = self.place(sha256);
        if place.metadata().is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(());
        }
        let shelf = place.parent().unwrap_or(&self.folder).to_owned();
        std::fs::create_dir_all(&shelf)?;
        let temporary = self.folder.join("unfinished").join(uuid::Uuid::new_v4().simple().to_string());
        let mut file = std::fs::File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &place)?;
        std::fs::File::open(&shelf)?.sync_all()?;
        std::fs::File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    pub async fn read(&self, sha256: &str) -> Result<OpenDocument, DocumentStoreError> {
        let file = tokio::fs::File::open(self.place(sha256)).await?;
        let size_bytes = file.metadata().await?.len();
        Ok(OpenDocument { file, size_bytes })
    }

    /// Reads a file that a caller named, from below `roots` only. Relative names are tried in each root in turn.
    pub async fn take_in(&self, roots: &[PathBuf], named: &str) -> Result<(Vec<u8>, String), DocumentStoreError> {
        let (roots, named, limit) = (roots.to_vec(), named.to_owned(), self.limit);
        let read = tokio::task::spawn_blocking(move || read_below(&roots, &named, limit));
        read.await.map_err(|_| std::io::Error::other("the read was interrupted"))?
    }

    fn place(&self, sha256: &str) -> PathBuf {
        let shelf = sha256.get(..2).unwrap_or("00");
        self.folder.join(shelf).join(sha256)
    }
}

fn read_below(roots: &[PathBuf], named: &str, limit: u64) -> Result<(Vec<u8>, String), DocumentStoreError> {
    if named.contains('\0') {
        return Err(DocumentStoreError::OutsideRoots);
    }
    let mut answer = DocumentStoreError::Missing;
    for root in roots {
        let Ok(root) = root.canonicalize() else { continue };
        match root.join(named).canonicalize() {
            Ok(file) if file.starts_with(&root) => return read_regular(&file, limit),
            Ok(_) => answer = DocumentStoreError::OutsideRoots,
            Err(_) if escapes(named) => answer = DocumentStoreError::OutsideRoots,
            Err(_) => {}
        }
    }
    if roots.is_empty() {
        answer = DocumentStoreError::OutsideRoots;
    }
    Err(answer)
}

/// A name that leaves its root is refused in the same words whether or not something is there.
fn escapes(named: &str) -> bool {
    let path = Path::new(named);
    path.is_absolute() || path.components().any(|part| matches!(part, std::path::Component::ParentDir))
}

fn read_regular(file: &Path, limit: u64) -> Result<(Vec<u8>, String), DocumentStoreError> {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    // Opening a pipe would wait for a writer, so the kind is looked at first and compared after.
    let expected = std::fs::symlink_metadata(file)?;
    if !expected.is_file() {
        return Err(DocumentStoreError::OutsideRoots);
    }
    if expected.len() > limit {
        return Err(DocumentStoreError::TooLarge { limit });
    }
    let opened = std::fs::File::open(file)?;
    let found = opened.metadata()?;
    if (found.dev(), found.ino()) != (expected.dev(), expected.ino()) {
        return Err(DocumentStoreError::OutsideRoots);
    }
    let mut bytes = Vec::new();
    opened.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(DocumentStoreError::TooLarge { limit });
    }
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((bytes, name))
}

/// The last part of a name, without control characters, short enough to show.
pub fn filename_of(named: &str) -> String {
    let last = named.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String =
        last.chars().filter(|letter| !letter.is_control() && *letter != '"').take(MAX_FILENAME_CHARS).collect();
    let clean = clean.trim().trim_matches('.').to_owned();
    if clean.is_empty() { "document".into() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leaves_its_root_is_refused() {
        let house = tempfile::tempdir().unwrap();
        let root = house.path().join("inbox");
        std::fs::create_dir_all(root.join("deep")).unwrap();
        std::fs::write(root.join("deep/a.pdf"), b"%PDF-1").unwrap();
        std::fs::write(house.path().join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink(house.path().join("secret"), root.join("link.pdf")).unwrap();
        let store = DocumentStore::open(house.path().join("kept"), 10).unwrap();
        let roots = [root.clone()];

        let (bytes, name) = store.take_in(&roots, "deep/a.pdf").await.unwrap();
        assert_eq!((bytes.as_slice(), name.as_str()), (b"%PDF-1".as_slice(), "a.pdf"));
        let absolute = root.join("deep/a.pdf");
        assert!(store.take_in(&roots, absolute.to_str().unwrap()).await.is_ok());
        for bad in [
            "../secret",
            "/etc/passwd",
            "link.pdf",
            "deep",
            "deep/../../secret",
            "a\0b",
            "../nothing",
            "/proc/self/environ",
        ] {
            let refused = store.take_in(&roots, bad).await;
            assert!(matches!(refused, Err(DocumentStoreError::OutsideRoots)), "{bad}");
        }
        assert!(matches!(store.take_in(&roots, "none.pdf").await, Err(DocumentStoreError::Missing)));
        std::fs::write(root.join("big.pdf"), [0; 11]).unwrap();
        assert!(matches!(store.take_in(&roots, "big.pdf").await, Err(DocumentStoreError::TooLarge { limit: 10 })));
    }

    #[tokio::test]
    async fn the_same_bytes_are_kept_once_and_read_back() {
        let house = tempfile::tempdir().unwrap();
        let store = DocumentStore::open(house.path().to_owned(), 100).unwrap();
        let first = store.put(b"%PDF-1".to_vec(), "../../evil\r\n.pdf").await.unwrap();
        let second = store.put(b"%PDF-1".to_vec(), "b.pdf").await.unwrap();
        assert_eq!(first.sha256, second.sha256);
        assert_eq!((first.filename.as_str(), first.media_type.as_str()), ("evil.pdf", "application/pdf"));
        assert_eq!(store.read(&first.sha256).await.unwrap().size_bytes, 6);
        assert!(matches!(store.put(vec![0; 101], "x").await, Err(DocumentStoreError::TooLarge { .. })));
    }
}
