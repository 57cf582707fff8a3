//! Reference data as files, for a retrieval server without a claims service.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::records::{Article, JsonObject, Policyholder, text};
use crate::reference::ReferenceError;

/// Largest file that is read; more is refused rather than filling the memory.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Folder {
    users: HashMap<String, JsonObject>,
    contracts: HashMap<String, Vec<Value>>,
    pub(crate) history: Vec<Value>,
}

impl Folder {
    pub(crate) fn read(folder: &Path) -> Result<Self, ReferenceError> {
        let mut read = Self { history: lines(&folder.join("claims_history.jsonl"))?, ..Self::default() };
        for user in lines(&folder.join("users.jsonl"))? {
            if let Value::Object(user) = user
                && let Some(id) = text(&user, "user_id")
            {
                read.users.insert(id, user);
            }
        }
        for contract in lines(&folder.join("contracts.jsonl"))? {
            if let Some(owner) = contract.get("user_id").and_then(Value::as_str) {
                read.contracts.entry(owner.to_owned()).or_default().push(contract);
            }
        }
        Ok(read)
    }

    pub(crate) fn user(&self, user_id: &str) -> Option<Policyholder> {
        let contracts = self.contracts.get(user_id).map_or(&[][..], Vec::as_slice);
        Policyholder::read(self.users.get(user_id)?, contracts)
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = Policyholder> {
        self.users.keys().filter_map(|id| self.user(id))
    }
}

/// The articles of `knowledge_base.jsonl`; none when the folder has no such file.
pub(crate) fn articles(folder: &Path) -> Result<Vec<Article>, ReferenceError> {
    let path = folder.join("knowledge_base.jsonl");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let rows = lines(&path)?.into_iter().map(serde_json::from_value::<Article>);
    rows.collect::<Result<_, _>>().map_err(|error| ReferenceError::Malformed {
        file: shown(&path),
        line: None,
        reason: error.to_string(),
    })
}

fn lines(path: &PathBuf) -> Result<Vec<Value>, ReferenceError> {
    let unreadable =
        |error: std::io::Error| ReferenceError::Unreadable { file: shown(path), reason: error.to_string() };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        let reason = format!("larger than {MAX_FILE_BYTES} bytes");
        return Err(ReferenceError::Unreadable { file: shown(path), reason });
    }
    let content = std::fs::read_to_string(path).map_err(unreadable)?;
    let rows = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    rows.map(|(at, line)| {
        serde_json::from_str(line).map_err(|error| ReferenceError::Malformed {
            file: shown(path),
            line: Some(at + 1),
            reason: format!("{:?} error in column {}", error.classify(), error.column()),
        })
    })
    .collect()
}

fn shown(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
