//! What was asked of a claim's evidence.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::rows::unreadable;
use super::{SqlStore, add_event};
use crate::domain::{ClaimId, Question, digest};
use crate::store::StoreError;

impl SqlStore {
    pub(super) async fn write_question(
        &self,
        id: &ClaimId,
        asked: &Question,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into questions (question_id, claim_id, asked_by, asker_name, question, answer, refused, withheld, \
             grounds, model, asked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&asked.question_id)
        .bind(id.as_str())
        .bind(&asked.asked_by)
        .bind(asked.asker_name.clone())
        .bind(&asked.question)
        .bind(&asked.answer)
        .bind(i64::from(asked.refused))
        .bind(asked.withheld)
        .bind(asked.grounds.to_string())
        .bind(&asked.model)
        .bind(asked.asked_at.as_microsecond())
        .execute(&mut *tx)
        .await?;
        // Both may name people: the event carries their digests, as it does for every text.
        let payload = json!({
            "question_id": asked.question_id, "by": asked.asked_by, "model": asked.model, "refused": asked.refused,
            "withheld": asked.withheld, "question_sha256": digest(&[&asked.question]),
            "answer_sha256": digest(&[&asked.answer]),
        });
        add_event(&mut tx, id, None, "asked", payload, now).await?;
        tx.commit().await?;
        self.tell(id);
        Ok(())
    }

    pub(super) async fn list_questions(&self, id: &ClaimId) -> Result<Vec<Question>, StoreError> {
        let found = sqlx::query(
            "select question_id, asked_by, asker_name, question, answer, refused, withheld, grounds, model, asked_at \
             from questions where claim_id = $1 order by asked_at desc, question_id limit 200",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await?;
        found.iter().map(question).collect()
    }
}

fn question(row: &AnyRow) -> Result<Question, StoreError> {
    let grounds: String = row.try_get("grounds")?;
    let asked_at = Timestamp::from_microsecond(row.try_get("asked_at")?);
    Ok(Question {
        question_id: row.try_get("question_id")?,
        asked_by: row.try_get("asked_by")?,
        asker_name: row.try_get("asker_name")?,
        question: row.try_get("question")?,
        answer: row.try_get("answer")?,
        refused: row.try_get::<i64, _>("refused")? != 0,
        withheld: row.try_get("withheld")?,
        grounds: serde_json::from_str(&grounds).map_err(|_| unreadable("grounds"))?,
        model: row.try_get("model")?,
        asked_at: asked_at.map_err(|_| unreadable("asked_at"))?,
    })
}
