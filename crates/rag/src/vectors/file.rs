//! One append-only file of vectors for each model.
//!
//! Layout: eight bytes of magic, then records of 32 bytes key, 4 bytes dimension, the numbers (little-endian `f32`)
//! and 8 bytes of checksum. Reading stops at the first record that is not whole and the file is cut there, so a
//! crash in the middle of a write costs that write only.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"ragvec02";
const MAX_DIMENSION: usize = 16_384;

pub(super) struct VectorFile {
    file: File,
}

pub(super) type Record = ([u8; 32], Vec<f32>);

impl VectorFile {
    /// Opens or creates the file and gives every whole record. Another process that has it open is an error.
    pub(super) fn open(folder: &Path, model: &str) -> std::io::Result<(Self, Vec<Record>)> {
        std::fs::create_dir_all(folder)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path(folder, model))?;
        file.try_lock().map_err(|error| std::io::Error::other(format!("the vector file is in use: {error}")))?;
        let (records, whole) = read(&file);
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        if whole == 0 {
            file.write_all(MAGIC)?;
        }
        Ok((Self { file }, records))
    }

    pub(super) fn append(&mut self, records: &[Record]) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for (key, vector) in records {
            let body = body(key, vector);
            bytes.extend_from_slice(&body);
            bytes.extend_from_slice(&hash(&[&body])[..8]);
        }
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

pub(super) fn path(folder: &Path, model: &str) -> PathBuf {
    let name = hash(&[model.as_bytes()]);
    let name: String = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("vectors-{name}.bin"))
}

fn body(key: &[u8; 32], vector: &[f32]) -> Vec<u8> {
    let mut body = Vec::with_capacity(36 + vector.len() * 4);
    body.extend_from_slice(key);
    body.extend_from_slice(&(vector.len() as u32).to_le_bytes());
    body.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
    body
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The whole records, all of one dimension, and how many bytes they take; zero when the magic is wrong.
fn read(file: &File) -> (Vec<Record>, u64) {
    let mut reader = BufReader::new(file);
    let mut magic = [0; 8];
    if reader.read_exact(&mut magic).is_err() || &magic != MAGIC {
        return (Vec::new(), 0);
    }
    let mut records: Vec<Record> = Vec::new();
    let mut whole = MAGIC.len() as u64;
    while let Some((key, vector)) = record(&mut reader) {
        if records.first().is_some_and(|first| first.1.len() != vector.len()) {
            break;
        }
        whole += 44 + vector.len() as u64 * 4;
        records.push((key, vector));
    }
    (records, whole)
}

fn record(reader: &mut impl Read) -> Option<Record> {
    let mut head = [0; 36];
    reader.read_exact(&mut head).ok()?;
    let dimension = u32::from_le_bytes(head[32..].try_into().ok()?) as usize;
    if dimension == 0 || dimension > MAX_DIMENSION {
        return None;
    }
    let mut numbers = vec![0; dimension * 4];
    reader.read_exact(&mut numbers).ok()?;
    let mut sum = [0; 8];
    reader.read_exact(&mut sum).ok()?;
    if hash(&[&head, &numbers])[..8] != sum {
        return None;
    }
    let vector: Vec<f32> =
        numbers.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect();
    let key = head[..32].try_into().ok()?;
    vector.iter().all(|number| number.is_finite()).then_some((key, vector))
}
