//! Prompts and their versions.

use async_trait::async_trait;
use ports::prompts::{Prompts, Revised};
use ports::responses::StoreError;
use sqlx::Row;
use sqlx::any::AnyRow;
use wire::llama::prompts::Prompt;

use crate::Store;
use crate::error::store_error;
use crate::rows::{self, changed, json, text};

#[async_trait]
impl Prompts for Store {
    async fn create_prompt(&self, prompt: &Prompt, created_at: i64, owner: Option<&str>) -> Result<(), StoreError> {
        let owner = owner.unwrap_or_default();
        let mut work = self.pool.begin().await.map_err(store_error)?;
        sqlx::query("insert into prompts (id, owner, created_at, default_version, newest) values ($1, $2, $3, 1, 1)")
            .bind(&prompt.prompt_id)
            .bind(owner)
            .bind(created_at)
            .execute(&mut *work)
            .await
            .map_err(store_error)?;
        sqlx::query(
            "insert into prompt_versions (prompt_id, version, owner, prompt, variables) values ($1, 1, $2, $3, $4)",
        )
        .bind(&prompt.prompt_id)
        .bind(owner)
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
        owner: Option<&str>,
    ) -> Result<Revised, StoreError> {
        let owner = owner.unwrap_or_default();
        let mut work = self.pool.begin().await.map_err(store_error)?;
        let done = sqlx::query(
            "update prompts set newest = newest + 1,
               default_version = case when $1 = 1 then newest + 1 else default_version end
             where id = $2 and owner = $3 and newest = $4",
        )
        .bind(i64::from(make_default))
        .bind(id)
        .bind(owner)
        .bind(i64::from(follows))
        .execute(&mut *work)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            let row = sqlx::query("select newest from prompts where id = $1 and owner = $2")
                .bind(id)
                .bind(owner)
                .fetch_optional(&mut *work)
                .await
                .map_err(store_error)?;
            return match row {
                Some(row) => Ok(Revised::Stale(row.try_get::<i64, _>("newest").map_err(store_error)? as u32)),
                None => Ok(Revised::Unknown),
            };
        }
        sqlx::query(
            "insert into prompt_versions (prompt_id, version, owner, prompt, variables) values ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(i64::from(follows) + 1)
        .bind(owner)
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

    async fn prompt(&self, id: &str, version: Option<u32>, owner: Option<&str>) -> Result<Option<Prompt>, StoreError> {
        let row = sqlx::query(
            "select v.prompt_id, v.version, v.prompt, v.variables, p.default_version
             from prompts p join prompt_versions v on v.prompt_id = p.id
             where p.id = $1 and p.owner = $2 and v.version = case when $3 = 0 then p.default_version else $3 end",
        )
        .bind(id)
        .bind(owner.unwrap_or_default())
        .bind(i64::from(version.unwrap_or(0)))
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn prompts(&self, owner: Option<&str>) -> Result<Vec<Prompt>, StoreError> {
        let rows = sqlx::query(
            "select v.prompt_id, v.version, v.prompt, v.variables, p.default_version
             from prompts p join prompt_versions v on v.prompt_id = p.id and v.version = p.default_version
             where p.owner = $1 order by p.created_at, p.id limit 10000",
        )
        .bind(owner.unwrap_or_default())
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(read).collect()
    }

    async fn prompt_versions(&self, id: &str, owner: Option<&str>) -> Result<Vec<Prompt>, StoreError> {
        let rows = sqlx::query(
            "select v.prompt_id, v.version, v.prompt, v.variables, p.default_version
             from prompts p join prompt_versions v on v.prompt_id = p.id
             where p.id = $1 and p.owner = $2 order by v.version",
        )
        .bind(id)
        .bind(owner.unwrap_or_default())
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(read).collect()
    }

    async fn set_default_version(
        &self,
        id: &str,
        version: u32,
        owner: Option<&str>,
    ) -> Result<Option<Prompt>, StoreError> {
        let done = sqlx::query(
            "update prompts set default_version = $1 where id = $2 and owner = $3
               and $1 in (select version from prompt_versions where prompt_id = $2)",
        )
        .bind(i64::from(version))
        .bind(id)
        .bind(owner.unwrap_or_default())
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        self.prompt(id, Some(version), owner).await
    }

    async fn remove_prompt(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query =
            sqlx::query("delete from prompts where id = $1 and owner = $2").bind(id).bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
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
