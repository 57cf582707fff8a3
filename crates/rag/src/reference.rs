//! Where users, contracts and past claims come from: the claims service, or files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mcp_server::evidence::{EvidenceClient, EvidenceError, History, HistoryQuery};
use serde_json::Value;
use tokio::sync::watch;

use crate::folder::{self, Folder};
use crate::records::{Article, Policyholder, same_invoice};

/// Why reference data could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ReferenceError {
    #[error("{reason}")]
    Service { reason: String, transient: bool },
    #[error("{file} cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("{file}{} is not as expected: {reason}", line.map(|line| format!(" line {line}")).unwrap_or_default())]
    Malformed { file: String, line: Option<usize>, reason: String },
    #[error("the reference data has not been read yet")]
    NotYet,
}

impl From<EvidenceError> for ReferenceError {
    fn from(error: EvidenceError) -> Self {
        Self::Service { transient: error.is_transient(), reason: error.to_string() }
    }
}

pub(crate) enum Reference {
    Service(EvidenceClient),
    /// Read by the first refresh, and again when a file changed.
    Files {
        path: PathBuf,
        read: watch::Sender<Option<(FileTimes, Arc<Folder>)>>,
    },
}

/// Longest wait of a call for the first reading of the files.
const FIRST_READING: Duration = Duration::from_secs(5);

type FileTimes = Vec<Option<std::time::SystemTime>>;

/// Keys under which past claims are looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub user_id: Option<String>,
    pub contract_number: Option<String>,
    pub invoice_number: Option<String>,
    pub provider_name: Option<String>,
}

/// Raw records of the past, by key.
#[derive(Debug, Default)]
pub(crate) struct ByKey {
    pub same_user: Vec<Value>,
    pub same_contract: Vec<Value>,
    pub same_invoice: Vec<Value>,
}

impl ByKey {
    /// A claim is no record of itself.
    pub(crate) fn leave_out(&mut self, claim_number: Option<&str>) {
        let Some(own) = claim_number else { return };
        for records in [&mut self.same_user, &mut self.same_contract, &mut self.same_invoice] {
            records.retain(|record| record.get("claim_number").and_then(Value::as_str) != Some(own));
        }
    }
}

/// What a refresh found.
pub(crate) enum Changes {
    None,
    /// All past claims, and every text of a contract that is known without asking for a user.
    History {
        tag: Option<String>,
        records: Vec<Value>,
    },
}

impl Reference {
    pub(crate) fn files(path: PathBuf) -> Self {
        Self::Files { path, read: watch::Sender::new(None) }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "claims_service",
            Self::Files { .. } => "files",
        }
    }

    fn folder(&self) -> Result<Arc<Folder>, ReferenceError> {
        match self {
            Self::Files { read, .. } => {
                read.borrow().as_ref().map(|(_, folder)| folder.clone()).ok_or(ReferenceError::NotYet)
            }
            Self::Service(_) => Err(ReferenceError::NotYet),
        }
    }

    /// The folder, for a call that may come while the first reading is still under way.
    async fn folder_once_read(&self) -> Result<Arc<Folder>, ReferenceError> {
        if let Self::Files { read, .. } = self {
            let mut read = read.subscribe();
            // Whether it was read or time is over, the folder itself says.
            let _ = tokio::time::timeout(FIRST_READING, read.wait_for(Option::is_some)).await;
        }
        self.folder()
    }

    /// The policyholder with all contracts; `None` when unknown.
    pub(crate) async fn user(&self, user_id: &str) -> Result<Option<Policyholder>, ReferenceError> {
        let Self::Service(client) = self else {
            return Ok(self.folder_once_read().await?.user(user_id));
        };
        match client.user(user_id).await {
            Ok(Value::Object(record)) => {
                let contracts = record.get("contracts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let holder = Policyholder::read(&record, contracts);
                Ok(holder.filter(|holder| holder.profile.user_id == user_id))
            }
            Ok(_) => Err(EvidenceError::Malformed { what: "a user" }.into()),
            Err(EvidenceError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Past claims of the same user, of the same contract, and with the same invoice of the same provider.
    pub(crate) async fn by_key(&self, keys: &Keys) -> Result<ByKey, ReferenceError> {
        let Self::Service(client) = self else {
            return Ok(from_files(&self.folder_once_read().await?.history, keys));
        };
        let user =
            keys.user_id.clone().map(|user_id| HistoryQuery { user_id: Some(user_id), ..HistoryQuery::default() });
        let contract = keys
            .contract_number
            .clone()
            .map(|number| HistoryQuery { contract_number: Some(number), ..HistoryQuery::default() });
        let invoice = keys.invoice_number.clone().zip(keys.provider_name.clone()).map(|(number, provider)| {
            HistoryQuery { invoice_number: Some(number), provider_name: Some(provider), ..HistoryQuery::default() }
        });
        let look_up = async |query: Option<HistoryQuery>| match query {
            Some(query) => client.history_lookup(&query).await,
            None => Ok(Vec::new()),
        };
        let (same_user, same_contract, same_invoice) =
            tokio::try_join!(look_up(user), look_up(contract), look_up(invoice))?;
        Ok(ByKey { same_user, same_contract, same_invoice })
    }

    /// All past claims, unless nothing changed since `tag`.
    pub(crate) async fn refresh(&self, tag: Option<&str>) -> Result<Changes, ReferenceError> {
        match self {
            Self::Service(client) => Ok(match client.history(tag).await? {
                History::Unchanged => Changes::None,
                History::Records { etag, records } => Changes::History { tag: etag, records },
            }),
            Self::Files { path, read } => {
                let names = ["users.jsonl", "contracts.jsonl", "claims_history.jsonl", "knowledge_base.jsonl"];
                let times: FileTimes = names
                    .iter()
                    .map(|name| std::fs::metadata(path.join(name)).and_then(|file| file.modified()).ok())
                    .collect();
                let known = read.borrow().clone();
                if known.is_some_and(|(before, _)| before == times) {
                    return Ok(Changes::None);
                }
                let from = path.clone();
                let folder = blocking(move || Folder::read(&from)).await?;
                let records = folder.history.clone();
                read.send_replace(Some((times, Arc::new(folder))));
                Ok(Changes::History { tag: None, records })
            }
        }
    }

    /// All policyholders with their contracts.
    pub(crate) async fn policyholders(&self) -> Result<Vec<Policyholder>, ReferenceError> {
        let Self::Service(client) = self else {
            return Ok(self.folder()?.users().collect());
        };
        let records = match client.policyholders().await {
            // A claims service of an earlier version: clauses are then embedded when first asked for.
            Err(EvidenceError::NotFound { .. }) => Vec::new(),
            answer => answer?,
        };
        let read = |record: &Value| {
            let fields = record.as_object()?;
            let contracts = fields.get("contracts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            Policyholder::read(fields, contracts)
        };
        Ok(records.iter().filter_map(read).collect())
    }

    /// Policy articles: those of the claims service, else those of the folder.
    pub(crate) async fn articles(&self, path: Option<&PathBuf>) -> Result<Vec<Article>, ReferenceError> {
        if let Self::Service(client) = self {
            let records = match client.articles().await {
                Err(EvidenceError::NotFound { .. }) => Vec::new(),
                answer => answer?,
            };
            if !records.is_empty() {
                let read = |record: Value| serde_json::from_value::<Article>(record).ok();
                return Ok(records.into_iter().filter_map(read).collect());
            }
        }
        match path.cloned() {
            None => Ok(Vec::new()),
            Some(path) => blocking(move || folder::articles(&path)).await,
        }
    }
}

fn from_files(history: &[Value], keys: &Keys) -> ByKey {
    let equals = |record: &Value, name: &str, key: &Option<String>| {
        key.is_some() && record.get(name).and_then(Value::as_str) == key.as_deref()
    };
    let having = |keep: &dyn Fn(&Value) -> bool| history.iter().filter(|record| keep(record)).cloned().collect();
    ByKey {
        same_user: having(&|record| equals(record, "user_id", &keys.user_id)),
        same_contract: having(&|record| equals(record, "contract_number", &keys.contract_number)),
        same_invoice: match (&keys.invoice_number, &keys.provider_name) {
            (Some(number), Some(provider)) => having(&|record| same_invoice(record, number, provider)),
            _ => Vec::new(),
        },
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReferenceError> + Send + 'static,
) -> Result<T, ReferenceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(ReferenceError::NotYet))
}
