//! Rows whose record is one JSON text in the column `body`.

use ports::responses::{Listed, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::{store_error, unreadable};

pub fn text(record: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(unreadable)
}

pub fn read<T: DeserializeOwned>(row: &AnyRow) -> Result<T, StoreError> {
    let body: String = row.try_get("body").map_err(store_error)?;
    serde_json::from_str(&body).map_err(unreadable)
}

pub fn one<T: DeserializeOwned>(found: Result<Option<AnyRow>, sqlx::Error>) -> Result<Option<T>, StoreError> {
    found.map_err(store_error)?.as_ref().map(read).transpose()
}

/// A page of `limit` rows out of a query for one more.
pub fn listed<T: DeserializeOwned>(
    found: Result<Vec<AnyRow>, sqlx::Error>,
    limit: u32,
) -> Result<Listed<T>, StoreError> {
    let rows = found.map_err(store_error)?;
    let has_more = rows.len() > limit as usize;
    let rows = rows.iter().take(limit as usize).map(read).collect::<Result<_, _>>()?;
    Ok(Listed { rows, has_more })
}
