//! The bytes of files, in a folder. Replicas that share files share the folder.

use std::io::ErrorKind;
use std::path::PathBuf;

use async_trait::async_trait;
use futures::StreamExt;
use ports::files::{BlobError, Blobs, ByteStream};
use ports::responses::StoreError;
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

pub struct DiskBlobs {
    folder: PathBuf,
}

impl DiskBlobs {
    /// The folder is made when the first blob is written.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Ids are ours, but a path is worth a second look.
    fn path(&self, id: &str) -> Result<PathBuf, StoreError> {
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        match plain {
            true => Ok(self.folder.join(id)),
            false => Err(StoreError::Internal("an id that is no file name".into())),
        }
    }

    async fn fill(path: &PathBuf, mut content: ByteStream<'_>, limit: u64) -> Result<u64, BlobError> {
        let mut file = fs::File::create(path).await.map_err(disk)?;
        let mut written = 0_u64;
        while let Some(bytes) = content.next().await {
            let bytes = bytes.map_err(BlobError::Cut)?;
            written += bytes.len() as u64;
            if written > limit {
                return Err(BlobError::TooLarge { limit });
            }
            file.write_all(&bytes).await.map_err(disk)?;
        }
        file.sync_all().await.map_err(disk)?;
        Ok(written)
    }
}

#[async_trait]
impl Blobs for DiskBlobs {
    async fn write(&self, id: &str, content: ByteStream<'_>, limit: u64) -> Result<u64, BlobError> {
        let path = self.path(id)?;
        fs::create_dir_all(&self.folder).await.map_err(disk)?;
        let part = path.with_extension("part");
        let filled = match Self::fill(&part, content, limit).await {
            Ok(written) => fs::rename(&part, &path).await.map_err(disk).map(|()| written).map_err(BlobError::from),
            failed => failed,
        };
        if filled.is_err() {
            fs::remove_file(&part).await.ok();
        }
        filled
    }

    async fn read(&self, id: &str) -> Result<Option<ByteStream<'static>>, StoreError> {
        match fs::File::open(self.path(id)?).await {
            Ok(file) => {
                let stream = ReaderStream::with_capacity(file, 64 * 1024);
                Ok(Some(Box::pin(stream.map(|bytes| bytes.map_err(|error| error.to_string())))))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk(error)),
        }
    }

    async fn delete(&self, id: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.path(id)?).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(disk(error)),
            _ => Ok(()),
        }
    }
}

fn disk(error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(error.to_string()),
        _ => StoreError::Internal(error.to_string()),
    }
}
