//! Agents of the 0.3 dialect, their sessions and turns: each row one JSON text under its keys.

use async_trait::async_trait;
use ports::access::{Action, Principal, kind};
use ports::agents::{Agent, AgentSession, Agents, Slice, StoredTurn};
use ports::responses::{Listed, StoreError};

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{one, read, text};

#[async_trait]
impl Agents for Store {
    async fn put_agent(&self, agent: &Agent) -> Result<(), StoreError> {
        sqlx::query(
            "insert into agents (id, owner, access, created_at, body) values ($1, $2, $3, $4, $5)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&agent.id)
        .bind(name(agent.owner.as_deref()))
        .bind(self.access_of(agent.owner.as_deref()).await?)
        .bind(agent.created_at)
        .bind(text(agent)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn agent(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Agent>, StoreError> {
        let query = sqlx::query("select body from agents where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn agents(&self, slice: Slice, caller: Option<&Principal>) -> Result<Listed<Agent>, StoreError> {
        let sight = self.sight(caller, kind::AGENT).await?;
        let list = List::of("agents", "body").seen(&sight);
        list.slice(self, slice.start, slice.limit, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn remove_agent(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let found = self.agent(id, caller).await?;
        if !self.may(Action::Delete, found, caller)? {
            return Ok(false);
        }
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        let done = sqlx::query("delete from agents where id = $1")
            .bind(id)
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
            "insert into agent_sessions (id, agent_id, owner, access, created_at, body) values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&session.id)
        .bind(&session.agent_id)
        .bind(name(session.owner.as_deref()))
        .bind(self.access_of(session.owner.as_deref()).await?)
        .bind(session.started_at)
        .bind(text(session)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn agent_session(
        &self,
        agent_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let query =
            sqlx::query("select body from agent_sessions where id = $1 and agent_id = $2").bind(id).bind(agent_id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn agent_sessions(
        &self,
        agent_id: &str,
        slice: Slice,
        caller: Option<&Principal>,
    ) -> Result<Listed<AgentSession>, StoreError> {
        let sight = self.sight(caller, kind::SESSION).await?;
        let list = List::of("agent_sessions", "body").within("agent_id = {}", agent_id).seen(&sight);
        list.slice(self, slice.start, slice.limit, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn remove_agent_session(
        &self,
        agent_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<bool, StoreError> {
        let found = self.agent_session(agent_id, id, caller).await?;
        if !self.may(Action::Delete, found, caller)? {
            return Ok(false);
        }
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        for sql in ["delete from agent_turns where session_id = $1", "delete from agent_sessions where id = $1"] {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(store_error)?;
        }
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
        .bind(name(turn.owner.as_deref()))
        .bind(turn.started_at)
        .bind(text(turn)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn turn(
        &self,
        session_id: &str,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredTurn>, StoreError> {
        let query =
            sqlx::query("select body from agent_turns where id = $1 and session_id = $2").bind(id).bind(session_id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn turns(&self, session_id: &str, caller: Option<&Principal>) -> Result<Vec<StoredTurn>, StoreError> {
        let rows = sqlx::query(
            "select body from agent_turns where session_id = $1 order by created_at desc, id desc limit 1000",
        )
        .bind(session_id)
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        let turns = rows.iter().rev().map(|row| Ok(self.shown(Some(read(row)?), caller)));
        turns.filter_map(Result::transpose).collect()
    }
}
