//! Opens the database and brings its schema up to date.

use std::time::Duration;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the control plane's database: {0}")]
    Connect(#[from] sqlx::Error),
    #[error("cannot bring the control plane's database up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

#[derive(Clone)]
pub struct Store {
    pub(crate) pool: AnyPool,
    /// One process at a time opens this database, so whatever another one left behind is nobody's.
    pub(crate) alone: bool,
}

impl Store {
    /// `url` is `sqlite:///path/to/file.db` (made when missing), `sqlite::memory:` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        // One connection makes SQLite's one-writer rule a queue instead of a lock error; PostgreSQL takes several.
        let options = AnyPoolOptions::new()
            .max_connections(if sqlite { 1 } else { 8 })
            .acquire_timeout(Duration::from_secs(10))
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
        let pool = options.connect(&url).await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool, alone: sqlite })
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}
