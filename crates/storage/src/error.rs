//! Database errors as the cases a caller can act on.

use ports::responses::StoreError;

/// Full disks and busy locks are told apart by what the driver says; everything else is internal.
pub fn store_error(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match &error {
        sqlx::Error::PoolTimedOut => StoreError::Overloaded("no connection became free in time".into()),
        _ if text.contains("database is locked") => StoreError::Overloaded("the database is locked".into()),
        _ if text.contains("disk is full") || text.contains("No space left") => StoreError::Full(text),
        _ => StoreError::Internal(text),
    }
}

pub fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Internal(format!("a stored row cannot be read: {error}"))
}
