//! Stored chat completions.

use std::sync::LazyLock;

use async_trait::async_trait;
use ports::access::{Action, Principal, kind};
use ports::completions::{Completions, StoredCompletion};
use ports::responses::{Listed, Page, StoreError};

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, one, read, text};

/// Statements for so many rows, most first. SQLite works in a thread of its own, and each statement is a walk there and
/// back: for one row that takes longer than the writing. With many more rows the places' names cost as much: each is
/// found by reading those before it.
static INSERTS: LazyLock<Vec<(usize, String)>> =
    LazyLock::new(|| [16, 4, 1].into_iter().map(|rows| (rows, insert(rows))).collect());

fn insert(rows: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (row * 6 + 1..row * 6 + 7).map(|place| format!("${place}")).collect();
        format!("({})", places.join(", "))
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    format!(
        "insert into chat_completions (id, owner, access, created_at, model, body) values {}
         on conflict (id) do nothing",
        values.join(", ")
    )
}

#[async_trait]
impl Completions for Store {
    async fn put_completions(&self, stored: &[StoredCompletion]) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(stored.len());
        for stored in stored {
            rows.push((stored, self.access_of(stored.owner.as_deref()).await?));
        }
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        let mut left = rows.as_slice();
        while let Some((count, statement)) = INSERTS.iter().find(|(count, _)| *count <= left.len()) {
            let (these, rest) = left.split_at(*count);
            left = rest;
            let mut query = sqlx::query(statement.as_str());
            for (stored, access) in these {
                query = query
                    .bind(&stored.completion.id)
                    .bind(name(stored.owner.as_deref()))
                    .bind(access.clone())
                    .bind(stored.completion.created)
                    .bind(&stored.completion.model)
                    .bind(text(stored)?);
            }
            query.execute(&mut *work).await.map_err(store_error)?;
        }
        work.commit().await.map_err(store_error)
    }

    async fn completion(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredCompletion>, StoreError> {
        let query = sqlx::query("select body from chat_completions where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn completions(
        &self,
        page: &Page,
        model: Option<&str>,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredCompletion>, StoreError> {
        let sight = self.sight(caller, kind::COMPLETION).await?;
        let list = List::of("chat_completions", "body").only("model = {}", model).seen(&sight);
        list.page(self, page, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn remove_completion(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let found = self.completion(id, caller).await?;
        if !self.may(Action::Delete, found, caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from chat_completions where id = $1").bind(id);
        changed(query.execute(self.pool().await?).await)
    }
}
