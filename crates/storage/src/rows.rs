//! Rows as records: mostly one JSON text in the column `body`.

use ports::responses::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::{AnyQueryResult, AnyRow};

use crate::error::{store_error, unreadable};

pub fn text(record: &(impl Serialize + ?Sized)) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(unreadable)
}

pub fn read<T: DeserializeOwned>(row: &AnyRow) -> Result<T, StoreError> {
    json(row, "body")
}

pub fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, StoreError> {
    let text: String = row.try_get(column).map_err(store_error)?;
    serde_json::from_str(&text).map_err(unreadable)
}

/// Whether a statement met a row.
pub fn changed(done: Result<AnyQueryResult, sqlx::Error>) -> Result<bool, StoreError> {
    Ok(done.map_err(store_error)?.rows_affected() > 0)
}

pub fn one<T: DeserializeOwned>(found: Result<Option<AnyRow>, sqlx::Error>) -> Result<Option<T>, StoreError> {
    found.map_err(store_error)?.as_ref().map(read).transpose()
}
