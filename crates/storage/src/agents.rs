//! Agents of the 0.3 dialect, their sessions and turns: each row one JSON text under its keys.

use async_trait::async_trait;
use ports::agents::{Agent, AgentSession, Agents, Slice, StoredTurn};
use ports::responses::{Listed, StoreError};

use crate::Store;
use crate::error::store_error;
use crate::rows::{listed, one, text};

#[async_trait]
impl Agents for Store {
    async fn put_agent(&self, agent: &Agent) -> Result<(), StoreError> {
        sqlx::query(
            "insert into agents (id, owner, created_at, body) values ($1, $2, $3, $4)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&agent.id)
        .bind(agent.owner.as_deref().unwrap_or_default())
        .bind(agent.created_at)
        .bind(text(agent)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn agent(&self, id: &str, owner: Option<&str>) -> Result<Option<Agent>, StoreError> {
        let query = sqlx::query("select body from agents where id = $1 and owner = $2")
            .bind(id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn agents(&self, slice: Slice, owner: Option<&str>) -> Result<Listed<Agent>, StoreError> {
        let query = sqlx::query("select body from agents where owner = $1 order by created_at, id limit $2 offset $3")
            .bind(owner.unwrap_or_default())
            .bind(i64::from(slice.limit) + 1)
            .bind(i64::from(slice.start));
        listed(query.fetch_all(&self.pool).await, slice.limit)
    }

    async fn remove_agent(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let owner = owner.unwrap_or_default();
        let mut transaction = self.pool.begin().await.map_err(store_error)?;
        let done = sqlx::query("delete from agents where id = $1 and owner = $2")
            .bind(id)
            .bind(owner)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for sql in [
            "delete from agent_turns where session_id in (select id from agent_sessions where agent_id = $1)",
            "delete from agent_sessions where agent_id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn put_agent_session(&self, session: &AgentSession) -> Result<(), StoreError> {
        sqlx::query(
            "insert into agent_sessions (id, agent_id, owner, created_at, body) values ($1, $2, $3, $4, $5)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&session.id)
        .bind(&session.agent_id)
        .bind(session.owner.as_deref().unwrap_or_default())
        .bind(session.started_at)
        .bind(text(session)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn agent_session(
        &self,
        agent_id: &str,
        id: &str,
        owner: Option<&str>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let query = sqlx::query("select body from agent_sessions where id = $1 and agent_id = $2 and owner = $3")
            .bind(id)
            .bind(agent_id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn agent_sessions(
        &self,
        agent_id: &str,
        slice: Slice,
        owner: Option<&str>,
    ) -> Result<Listed<AgentSession>, StoreError> {
        let query = sqlx::query(
            "select body from agent_sessions where agent_id = $1 and owner = $2
             order by created_at, id limit $3 offset $4",
        )
        .bind(agent_id)
        .bind(owner.unwrap_or_default())
        .bind(i64::from(slice.limit) + 1)
        .bind(i64::from(slice.start));
        listed(query.fetch_all(&self.pool).await, slice.limit)
    }

    async fn remove_agent_session(&self, agent_id: &str, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await.map_err(store_error)?;
        let done = sqlx::query("delete from agent_sessions where id = $1 and agent_id = $2 and owner = $3")
            .bind(id)
            .bind(agent_id)
            .bind(owner.unwrap_or_default())
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("delete from agent_turns where session_id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn put_turn(&self, turn: &StoredTurn) -> Result<(), StoreError> {
        sqlx::query(
            "insert into agent_turns (id, session_id, owner, created_at, body) values ($1, $2, $3, $4, $5)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&turn.turn.turn_id)
        .bind(&turn.turn.session_id)
        .bind(turn.owner.as_deref().unwrap_or_default())
        .bind(turn.started_at)
        .bind(text(turn)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn turn(&self, session_id: &str, id: &str, owner: Option<&str>) -> Result<Option<StoredTurn>, StoreError> {
        let query = sqlx::query("select body from agent_turns where id = $1 and session_id = $2 and owner = $3")
            .bind(id)
            .bind(session_id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn turns(&self, session_id: &str, owner: Option<&str>) -> Result<Vec<StoredTurn>, StoreError> {
        let query = sqlx::query(
            "select body from agent_turns where session_id = $1 and owner = $2
             order by created_at desc, id desc limit 1000",
        )
        .bind(session_id)
        .bind(owner.unwrap_or_default());
        let mut turns: Vec<StoredTurn> = listed(query.fetch_all(&self.pool).await, 1000)?.rows;
        turns.reverse();
        Ok(turns)
    }
}
