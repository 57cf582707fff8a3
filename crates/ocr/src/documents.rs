//! Opens documents below the configured folders and nowhere else.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::config::StartError;
use crate::error::OcrError;

/// Folders below which documents may lie.
#[derive(Debug, Clone, Default)]
pub struct Roots(Vec<PathBuf>);

impl Roots {
    /// Resolves the folders once.
    ///
    /// # Errors
    /// When one does not exist.
    pub fn new(folders: &[PathBuf]) -> Result<Self, StartError> {
        let resolve =
            |path: &PathBuf| path.canonicalize().map_err(|source| StartError::Root { path: path.clone(), source });
        folders.iter().map(resolve).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Reads a regular file below a root, at most `max_bytes` and one more.
    ///
    /// A relative path is looked for in each root; an absolute one must lie below
    /// one. No `..`, and no link that leads out, even one put there between check and open.
    ///
    /// # Errors
    /// [`OcrError::Path`] with the rule that was broken.
    pub fn read(&self, path: &str, max_bytes: usize) -> Result<Vec<u8>, OcrError> {
        if self.0.is_empty() {
            return Err(OcrError::Path("no document folder is configured; give a claim_id"));
        }
        if path.is_empty() || path.contains('\0') || path.len() > 4096 {
            return Err(OcrError::Path("must name a file"));
        }
        let path = Path::new(path);
        if path.components().any(|part| matches!(part, Component::ParentDir)) || path.to_string_lossy().contains("..\\")
        {
            return Err(OcrError::Path("must not contain '..'"));
        }
        for root in &self.0 {
            let inside = if path.is_absolute() {
                match path.strip_prefix(root) {
                    Ok(inside) => inside.to_owned(),
                    Err(_) => continue,
                }
            } else {
                path.to_owned()
            };
            if let Some(file) = open_below(root, &inside)? {
                return read_regular(file, max_bytes);
            }
        }
        Err(OcrError::Path("no such file below the document folders"))
    }
}

/// Opens a file below a root. The kernel resolves the path within the root, so no race with links is left.
#[cfg(target_os = "linux")]
fn open_below(root: &Path, inside: &Path) -> Result<Option<File>, OcrError> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    let folder = OpenOptions::new().read(true).open(root)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match openat2(&folder, inside, flags, Mode::empty(), resolve) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(rustix::io::Errno::XDEV | rustix::io::Errno::LOOP) => {
            Err(OcrError::Path("leads out of the document folders"))
        }
        // A kernel or sandbox without openat2.
        Err(rustix::io::Errno::NOSYS) => open_resolved(root, inside),
        Err(_) => Ok(None),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_below(root: &Path, inside: &Path) -> Result<Option<File>, OcrError> {
    open_resolved(root, inside)
}

fn open_resolved(root: &Path, inside: &Path) -> Result<Option<File>, OcrError> {
    let Ok(real) = root.join(inside).canonicalize() else { return Ok(None) };
    if !real.starts_with(root) {
        return Err(OcrError::Path("leads out of the document folders"));
    }
    // Opening a pipe would wait for its writer.
    if !real.metadata().is_ok_and(|data| data.is_file()) {
        return Err(OcrError::Path("is not a regular file"));
    }
    Ok(OpenOptions::new().read(true).open(real).ok())
}

fn read_regular(file: File, max_bytes: usize) -> Result<Vec<u8>, OcrError> {
    if !file.metadata()?.is_file() {
        return Err(OcrError::Path("is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn only_regular_files_below_the_roots_are_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("claims");
        std::fs::create_dir_all(root.join("a")).expect("folders");
        std::fs::write(root.join("a/one.pdf"), b"%PDF-1.4").expect("a file");
        std::fs::write(folder.path().join("secret"), b"secret").expect("a file");
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).expect("a link");
        std::os::unix::fs::symlink(root.join("a"), root.join("inside")).expect("a link");
        let roots = Roots::new(std::slice::from_ref(&root)).expect("a root");
        assert_eq!(roots.read("a/one.pdf", 100).expect("readable"), b"%PDF-1.4");
        assert_eq!(
            roots.read(&root.canonicalize().expect("real").join("a/one.pdf").to_string_lossy(), 100).expect("readable"),
            b"%PDF-1.4"
        );
        assert_eq!(roots.read("a/one.pdf", 3).expect("cut").len(), 4);
        for path in [
            "../secret",
            "a/../../secret",
            "link",
            "/etc/passwd",
            "/proc/self/environ",
            "/dev/zero",
            "a",
            "",
            "x\0",
            "..\\secret",
            "%2e%2e/secret",
            "none.pdf",
        ] {
            assert!(matches!(roots.read(path, 100), Err(OcrError::Path(_))), "{path:?}");
        }
    }
}
