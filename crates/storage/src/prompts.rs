//! Prompts and their versions.

use async_trait::async_trait;
use ports::access::{Action, Caller, Owned, Principal, kind};
use ports::prompts::{Prompts, Revised};
use ports::responses::StoreError;
use sqlx::Row;
use sqlx::any::AnyRow;
use wire::llama::prompts::Prompt;

use crate::Store;
use crate::access::{name, owner_in, written};
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{self, changed, json, text};

/// Prompts that a list gives at most.
const MOST: u32 = 10_000;

#[async_trait]
impl Prompts for Store {
    async fn create_prompt(
        &self,
        prompt: &Prompt,
        created_at: i64,
        caller: Option<&Principal>,
    ) -> Result<(), StoreError> {
        let (owner, access) = (name(caller), self.access_of(caller).await?);
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        sqlx::query(
            "insert into prompts (id, owner, access, owned_by, created_at, default_version, newest)
             values ($1, $2, $3, $4, $5, 1, 1)",
        )
        .bind(&prompt.prompt_id)
        .bind(owner)
        .bind(access)
        .bind(written(caller.cloned().map(Caller::from).as_ref())?)
        .bind(created_at)
        .execute(&mut *work)
        .await
        .map_err(store_error)?;
        sqlx::query("insert into prompt_versions (prompt_id, version, prompt, variables) values ($1, 1, $2, $3)")
            .bind(&prompt.prompt_id)
            .bind(&prompt.prompt)
            .bind(text(&prompt.variables)?)
            .execute(&mut *work)
            .await
            .map_err(store_error)?;
        work.commit().await.map_err(store_error)
    }

    async fn revise_prompt(
        &self,
        id: &str,
        follows: u32,
        text: &str,
        variables: &[String],
        make_default: bool,
        caller: Option<&Principal>,
    ) -> Result<Revised, StoreError> {
        if !self.may(Action::Update, self.owned_prompt(id).await?, caller)? {
            return Ok(Revised::Unknown);
        }
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        let done = sqlx::query(
            "update prompts set newest = newest + 1,
               default_version = case when $1 = 1 then newest + 1 else default_version end
             where id = $2 and newest = $3",
        )
        .bind(i64::from(make_default))
        .bind(id)
        .bind(i64::from(follows))
        .execute(&mut *work)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            let row = sqlx::query("select newest from prompts where id = $1")
                .bind(id)
                .fetch_optional(&mut *work)
                .await
                .map_err(store_error)?;
            return match row {
                Some(row) => Ok(Revised::Stale(row.try_get::<i64, _>("newest").map_err(store_error)? as u32)),
                None => Ok(Revised::Unknown),
            };
        }
        sqlx::query("insert into prompt_versions (prompt_id, version, prompt, variables) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(i64::from(follows) + 1)
            .bind(text)
            .bind(rows::text(variables)?)
            .execute(&mut *work)
            .await
            .map_err(store_error)?;
        work.commit().await.map_err(store_error)?;
        Ok(Revised::Done(Prompt {
            prompt: text.into(),
            version: follows + 1,
            prompt_id: id.into(),
            variables: variables.to_vec(),
            is_default: make_default,
        }))
    }

    async fn prompt(
        &self,
        id: &str,
        version: Option<u32>,
        caller: Option<&Principal>,
    ) -> Result<Option<Prompt>, StoreError> {
        if self.shown(self.owned_prompt(id).await?, caller).is_none() {
            return Ok(None);
        }
        let row = sqlx::query(
            "select v.prompt_id, v.version, v.prompt, v.variables, p.default_version
             from prompts p join prompt_versions v on v.prompt_id = p.id
             where p.id = $1 and v.version = case when $2 = 0 then p.default_version else $2 end",
        )
        .bind(id)
        .bind(i64::from(version.unwrap_or(0)))
        .fetch_optional(self.pool().await?)
        .await
        .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn prompts(&self, caller: Option<&Principal>) -> Result<Vec<Prompt>, StoreError> {
        let sight = self.sight(caller, kind::PROMPT).await?;
        let list = List::of(
            "prompts join (select prompt_id, version, prompt, variables from prompt_versions) v
             on v.prompt_id = id and v.version = default_version",
            "prompt_id, version, prompt, variables, default_version, owned_by",
        );
        let read_seen = |row: &AnyRow| self.shown(Some(OwnedPrompt::of(row)?), caller).map(|_| read(row)).transpose();
        Ok(list.seen(&sight).slice(self, 0, MOST, read_seen).await?.rows)
    }

    async fn prompt_versions(&self, id: &str, caller: Option<&Principal>) -> Result<Vec<Prompt>, StoreError> {
        if self.shown(self.owned_prompt(id).await?, caller).is_none() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "select v.prompt_id, v.version, v.prompt, v.variables, p.default_version
             from prompts p join prompt_versions v on v.prompt_id = p.id where p.id = $1 order by v.version",
        )
        .bind(id)
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        rows.iter().map(read).collect()
    }

    async fn set_default_version(
        &self,
        id: &str,
        version: u32,
        caller: Option<&Principal>,
    ) -> Result<Option<Prompt>, StoreError> {
        if !self.may(Action::Update, self.owned_prompt(id).await?, caller)? {
            return Ok(None);
        }
        let done = sqlx::query(
            "update prompts set default_version = $1 where id = $2
               and $1 in (select version from prompt_versions where prompt_id = $2)",
        )
        .bind(i64::from(version))
        .bind(id)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        self.prompt(id, Some(version), caller).await
    }

    async fn remove_prompt(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        if !self.may(Action::Delete, self.owned_prompt(id).await?, caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from prompts where id = $1").bind(id);
        changed(query.execute(self.pool().await?).await)
    }
}

/// What the access rules ask of a prompt.
struct OwnedPrompt {
    id: String,
    owner: Option<Caller>,
}

impl OwnedPrompt {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let owner: String = row.try_get("owned_by").map_err(store_error)?;
        Ok(Self { id: row.try_get("row_id").map_err(store_error)?, owner: owner_in(&owner)? })
    }
}

impl Owned for OwnedPrompt {
    fn kind(&self) -> &str {
        kind::PROMPT
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn owner(&self) -> Option<&Principal> {
        self.owner.as_deref()
    }
}

impl Store {
    async fn owned_prompt(&self, id: &str) -> Result<Option<OwnedPrompt>, StoreError> {
        let row = sqlx::query("select id as row_id, owned_by from prompts where id = $1")
            .bind(id)
            .fetch_optional(self.pool().await?)
            .await
            .map_err(store_error)?;
        row.as_ref().map(OwnedPrompt::of).transpose()
    }
}

fn read(row: &AnyRow) -> Result<Prompt, StoreError> {
    let version: i64 = row.try_get("version").map_err(store_error)?;
    let default: i64 = row.try_get("default_version").map_err(store_error)?;
    Ok(Prompt {
        prompt: row.try_get("prompt").map_err(store_error)?,
        version: version as u32,
        prompt_id: row.try_get("prompt_id").map_err(store_error)?,
        variables: json(row, "variables")?,
        is_default: version == default,
    })
}
