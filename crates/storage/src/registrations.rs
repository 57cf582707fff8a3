//! What callers register: tool groups, shields, models. Several may have registered the same id; a caller's own is
//! meant, else the first that the caller may see.

use async_trait::async_trait;
use ports::access::{Action, Caller, Owned, Principal};
use ports::registrations::{Registration, Registrations};
use ports::responses::StoreError;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Store;
use crate::access::{name, owner_in, written};
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, read, text};

/// Registrations of one kind that are read at a time.
const MOST: u32 = 1_000;

struct Found {
    kind: String,
    id: String,
    body: Value,
    owner: Option<Caller>,
}

impl Owned for Found {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn owner(&self) -> Option<&Principal> {
        self.owner.as_deref()
    }
}

fn found(row: &AnyRow, kind: &str) -> Result<Found, StoreError> {
    let owner: String = row.try_get("owned_by").map_err(store_error)?;
    let id = row.try_get("row_id").map_err(store_error)?;
    Ok(Found { kind: kind.to_owned(), id, body: read(row)?, owner: owner_in(&owner)? })
}

#[async_trait]
impl Registrations for Store {
    async fn register(&self, registration: &Registration) -> Result<(), StoreError> {
        sqlx::query(
            "insert into registrations (kind, id, owner, access, owned_by, created_at, body)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (kind, owner, id) do update set
               access = excluded.access, owned_by = excluded.owned_by, body = excluded.body",
        )
        .bind(registration.kind)
        .bind(&registration.id)
        .bind(name(registration.owner.as_deref()))
        .bind(self.access_of(registration.owner.as_deref()).await?)
        .bind(written(registration.owner.as_ref())?)
        .bind(registration.created_at)
        .bind(text(&registration.body)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn registered(&self, kind: &str, id: &str, caller: Option<&Principal>) -> Result<Option<Value>, StoreError> {
        Ok(self.registration(kind, id, caller).await?.map(|found| found.body))
    }

    async fn all_registered(&self, kind: &str, caller: Option<&Principal>) -> Result<Vec<(String, Value)>, StoreError> {
        let sight = self.sight(caller, kind).await?;
        let list = List::of("registrations", "body, owned_by").within("kind = {}", kind).seen(&sight);
        let all = list.slice(self, 0, MOST, |row| Ok(self.shown(Some(found(row, kind)?), caller))).await?.rows;
        let mut named: Vec<Found> = Vec::with_capacity(all.len());
        for found in all {
            match named.iter_mut().find(|known| known.id == found.id) {
                Some(known) if name(found.owner()) == name(caller) => *known = found,
                Some(_) => {}
                None => named.push(found),
            }
        }
        Ok(named.into_iter().map(|found| (found.id, found.body)).collect())
    }

    async fn unregister(&self, kind: &str, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let Some(found) = self.registration(kind, id, caller).await? else { return Ok(false) };
        let owner = name(found.owner()).to_owned();
        if !self.may(Action::Delete, Some(found), caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from registrations where kind = $1 and id = $2 and owner = $3")
            .bind(kind)
            .bind(id)
            .bind(owner);
        changed(query.execute(self.pool().await?).await)
    }
}

impl Store {
    async fn registration(
        &self,
        kind: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<Found>, StoreError> {
        let rows = sqlx::query(
            "select id as row_id, body, owned_by from registrations where kind = $1 and id = $2
             order by case when owner = $3 then 0 else 1 end, created_at limit $4",
        )
        .bind(kind)
        .bind(id)
        .bind(name(caller))
        .bind(i64::from(MOST))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        for row in &rows {
            let found = self.shown(Some(found(row, kind)?), caller);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
