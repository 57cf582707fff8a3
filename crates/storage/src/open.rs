//! Opens the database and brings its schema up to date, now or when it first answers.

use std::sync::Arc;
use std::time::Duration;

use ports::access::Policy;
use ports::responses::StoreError;
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access::KnownSets;

/// How long a request waits for a database that has not answered yet.
const PATIENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the control plane's database: {0}")]
    Connect(#[from] sqlx::Error),
    #[error("cannot bring the control plane's database up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// How a store is held.
#[derive(Clone, Default)]
pub struct Settings {
    pub policy: Arc<Policy>,
    /// Connections to PostgreSQL at one time, 8 when not said; SQLite has one.
    pub connections: Option<u32>,
}

#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    /// One process at a time opens this database, so whatever another one left behind is nobody's.
    pub(crate) alone: bool,
    pub(crate) policy: Arc<Policy>,
    pub(crate) sets: Arc<KnownSets>,
    /// Whether the schema is up to date.
    ready: Arc<watch::Sender<bool>>,
}

impl Store {
    /// `url` is `sqlite:///path/to/file.db` (made when missing), `sqlite::memory:` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let store = Self::prepare(url, Settings::default())?;
        store.bring_up().await?;
        Ok(store)
    }

    /// A store that speaks to nobody before [`Self::bring_up`] or [`Self::come_up`]; until then its methods wait a
    /// moment and then say that it is overloaded.
    pub fn prepare(url: &str, settings: Settings) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        // One connection makes SQLite's one-writer rule a queue instead of a lock error; PostgreSQL takes several.
        let connections = if sqlite { 1 } else { settings.connections.unwrap_or(8).max(1) };
        let options = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(if sqlite { 10 } else { 3 }))
            // A file does not hang up, and asking whether it has is a trip to another thread before each statement.
            .test_before_acquire(!sqlite)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if sqlite {
                        for pragma in [
                            "pragma journal_mode = wal",
                            "pragma synchronous = full",
                            "pragma foreign_keys = on",
                            "pragma busy_timeout = 5000",
                        ] {
                            sqlx::query(pragma).execute(&mut *connection).await?;
                        }
                    }
                    Ok(())
                })
            });
        let url = if sqlite && !url.contains('?') && !url.contains(":memory:") {
            format!("{url}?mode=rwc")
        } else {
            url.to_owned()
        };
        let pool = options.connect_lazy(&url)?;
        let ready = Arc::new(watch::Sender::new(false));
        Ok(Self { pool, alone: sqlite, policy: settings.policy, sets: Arc::default(), ready })
    }

    /// Brings the schema up to date. Replicas that start together do it one after another.
    pub async fn bring_up(&self) -> Result<(), OpenError> {
        sqlx::migrate!("./migrations").run(&self.pool).await?;
        self.ready.send_replace(true);
        Ok(())
    }

    /// The same, again and again until it succeeds or the process is told to stop.
    pub async fn come_up(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.bring_up().await {
            tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "the database does not answer; trying again");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = stop.cancelled() => return,
            }
        }
        tracing::info!("the database is up to date");
    }

    pub(crate) async fn pool(&self) -> Result<&AnyPool, StoreError> {
        if !*self.ready.borrow() {
            let mut ready = self.ready.subscribe();
            let up = tokio::time::timeout(PATIENCE, ready.wait_for(|ready| *ready)).await;
            if !matches!(up, Ok(Ok(_))) {
                return Err(StoreError::Overloaded("the database does not answer yet".into()));
            }
        }
        Ok(&self.pool)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}
