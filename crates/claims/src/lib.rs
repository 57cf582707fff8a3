//! The claims service: system of record, workflow, public and internal HTTP API, and the web page.
//!
//! It is only a client of the control plane: it knows a URL, a token and wire types. Tools read claims and write
//! evidence through the internal API; the agent orchestrates and never transcribes money.

pub mod access;
mod api;
mod asking;
pub mod clock;
mod config;
pub mod domain;
mod import;
mod internal;
mod meters;
mod results;
pub mod store;
mod workflow;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use host::{NotReady, Readiness, Service};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::App;
use crate::asking::Asker;
use crate::clock::{Clock, SystemClock};
use crate::store::{ClaimStore, DocumentStore, DocumentStoreError, ReferenceStore, SqlStore, StoreError};
use crate::workflow::Workflow;

pub use api::openapi_json;
pub use config::{ClaimsConfig, InvalidConfig, ReviewConfig, ToolServers};
pub use import::{ImportError, ReferenceCount, SampleReport};
pub use results::{ResultRow, result_rows};

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    #[error("data directory {folder}: {source}")]
    DataDir { folder: String, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Documents(#[from] DocumentStoreError),
    #[error(transparent)]
    Client(#[from] client::ClientError),
}

/// What a settings file describes, opened: the database brought up to date, the document folder made.
pub struct Storage {
    pub store: Arc<SqlStore>,
    pub documents: DocumentStore,
}

/// Opens the data without starting anything. Used by `service`, by imports and by a migration command.
pub async fn open(config: &ClaimsConfig) -> Result<Storage, StartError> {
    config.check()?;
    let data_dir = |source| StartError::DataDir { folder: config.data_dir.display().to_string(), source };
    std::fs::create_dir_all(&config.data_dir).map_err(data_dir)?;
    let folder = config.data_dir.canonicalize().map_err(data_dir)?;
    let store = match &config.database_url {
        Some(url) => SqlStore::connect(url.expose_secret()).await?,
        None => SqlStore::sqlite(&folder.join("claims.db")).await?,
    };
    let documents = DocumentStore::open(folder.join("documents"), config.max_document_bytes)?;
    Ok(Storage { store: Arc::new(store), documents })
}

/// The service, ready to be served: nothing runs before `host::serve` starts its task.
pub async fn service(config: ClaimsConfig) -> Result<Service, StartError> {
    service_with(config, Arc::new(SystemClock)).await
}

/// The same with a given clock.
pub async fn service_with(config: ClaimsConfig, clock: Arc<dyn Clock>) -> Result<Service, StartError> {
    let storage = open(&config).await?;
    let store: Arc<dyn ClaimStore> = storage.store.clone();
    let reference: Arc<dyn ReferenceStore> = storage.store.clone();
    let workflow = Arc::new(Workflow::new(store.clone(), reference.clone(), config.clone(), clock.clone())?);
    let closing = CancellationToken::new();
    let app = App {
        store: store.clone(),
        reference,
        documents: storage.documents,
        asker: Arc::new(Asker::new(store.clone(), workflow.clone(), clock.clone())),
        workflow: workflow.clone(),
        clock,
        event_streams: Arc::new(Semaphore::new(config.max_event_streams)),
        uploads: Arc::new(Semaphore::new(config.max_uploads)),
        stop: closing.clone(),
        config: Arc::new(config.clone()),
    };
    let watch = app.clock.clone();
    let access = Arc::new(access::Access::new(&config.access, app.clock.clone()));
    let public = access::guarded(api::router(app.clone()), access);
    let routes: Router = public.merge(internal::router(app, config.service_token.clone()));
    let router = host::guard(routes, &config.allowed);
    host::telemetry::register(meters::register);
    let (queue, clock) = (store.clone(), watch);
    let service = Service::new("claims", router).with_readiness(Arc::new(DatabaseAnswers(store)));
    Ok(service.with_task(move |stop| async move {
        let work = workflow.work(stop.clone());
        // Open event streams would hold the drain for its whole grace.
        let close = async {
            stop.cancelled().await;
            closing.cancel();
        };
        futures::future::join3(work, close, meters::watch_queue(queue, clock, stop.clone())).await;
    }))
}

struct DatabaseAnswers(Arc<dyn ClaimStore>);

#[async_trait::async_trait]
impl Readiness for DatabaseAnswers {
    async fn ready(&self) -> Result<(), NotReady> {
        self.0.ping().await.map_err(|_| NotReady { reason: "the database does not answer".into() })
    }
}

/// Imports reference data from a folder: `users.jsonl`, `contracts.jsonl`, `claims_history.jsonl`,
/// `knowledge_base.jsonl`, `fx_rates.csv`, `provider_watchlist.csv`, `public_holidays.csv`, those that are there.
///
/// All of it or nothing; importing again replaces rows by key.
pub async fn import_folder(storage: &Storage, folder: &Path) -> Result<ReferenceCount, ImportError> {
    let batch = import::read_reference(folder)?;
    storage.store.import(&batch).await?;
    Ok(ReferenceCount::of(&batch))
}

/// Submits the claims of `folder/intake.jsonl` with the documents it names. Claims that exist are left alone.
pub async fn import_samples(storage: &Storage, folder: &Path) -> Result<SampleReport, ImportError> {
    import::import_samples(storage.store.as_ref(), &storage.documents, folder, SystemClock.now()).await
}
