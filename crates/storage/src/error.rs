//! Database errors as the cases a caller can act on.

use ports::responses::StoreError;

/// PostgreSQL's codes for a server that is starting, stopping, or has no room for another connection.
const AWAY: [&str; 5] = ["57P01", "57P02", "57P03", "53300", "08006"];

/// Full disks and busy locks are told apart by what the driver says; everything else is internal.
pub fn store_error(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    let code = error.as_database_error().and_then(|error| error.code());
    match &error {
        sqlx::Error::PoolTimedOut => StoreError::Overloaded("no connection became free in time".into()),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed => {
            StoreError::Overloaded("the connection to the database was lost".into())
        }
        _ if code.is_some_and(|code| AWAY.contains(&&*code)) => {
            StoreError::Overloaded("the database takes no requests now".into())
        }
        _ if text.contains("database is locked") => StoreError::Overloaded("the database is locked".into()),
        _ if text.contains("disk is full") || text.contains("No space left") => StoreError::Full(text),
        _ => StoreError::Internal(text),
    }
}

pub fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Internal(format!("a stored row cannot be read: {error}"))
}
