//! Reference data: users, contracts, past claims, rates, lists.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{SqlStore, rows};
use crate::store::{Parameters, PastClaimKeys, ReferenceBatch, ReferenceStore, StoreError, lookup_key};

#[async_trait]
impl ReferenceStore for SqlStore {
    async fn import(&self, batch: &ReferenceBatch) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        write_people(&mut tx, batch).await?;
        write_past_claims(&mut tx, batch).await?;
        write_lists(&mut tx, batch).await?;
        mark_history(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn user(&self, user_id: &str) -> Result<Option<Value>, StoreError> {
        let row =
            sqlx::query("select body from users where user_id = $1").bind(user_id).fetch_optional(&self.read).await?;
        let Some(row) = row else { return Ok(None) };
        let mut user = document(&row)?;
        let contracts =
            sqlx::query("select body from contracts where user_id = $1 order by contract_number limit 1000")
                .bind(user_id)
                .fetch_all(&self.read)
                .await?;
        let past = sqlx::query(
            "select body from past_claims where user_id = $1 order by incident_date, claim_number limit 5000",
        )
        .bind(user_id)
        .fetch_all(&self.read)
        .await?;
        let fields = user.as_object_mut().ok_or_else(|| rows::unreadable("user"))?;
        fields.insert("contracts".into(), contracts.iter().map(document).collect::<Result<_, _>>()?);
        fields.insert("past_claims".into(), past.iter().map(document).collect::<Result<_, _>>()?);
        Ok(Some(user))
    }

    async fn user_language(&self, user_id: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("select language from users where user_id = $1")
            .bind(user_id)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("language")).transpose()?)
    }

    async fn history_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        let found = sqlx::query(
            "select claim_number, body from past_claims where claim_number > $1 order by claim_number limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        found.iter().map(|row| Ok((row.try_get("claim_number")?, row.try_get("body")?))).collect()
    }

    async fn history_mark(&self) -> Result<String, StoreError> {
        let row = sqlx::query("select mark from reference_marks where name = 'past_claims'")
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("mark")).transpose()?.unwrap_or_else(|| "empty".to_owned()))
    }

    async fn history_lookup(&self, keys: &PastClaimKeys, limit: i64) -> Result<Vec<String>, StoreError> {
        let key = |text: &Option<String>| text.as_deref().map(lookup_key).unwrap_or_default();
        let found = sqlx::query(
            "select body from past_claims where ($1 = '' or user_id = $1) and ($2 = '' or contract_number = $2) \
             and ($3 = '' or invoice_key = $3) and ($4 = '' or provider_key = $4) \
             order by incident_date desc, claim_number limit $5",
        )
        .bind(keys.user_id.clone().unwrap_or_default())
        .bind(keys.contract_number.clone().unwrap_or_default())
        .bind(key(&keys.invoice_number))
        .bind(key(&keys.provider_name))
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        found.iter().map(|row| Ok(row.try_get("body")?)).collect()
    }

    async fn policyholders_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        let users = sqlx::query("select user_id, body from users where user_id > $1 order by user_id limit $2")
            .bind(after)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        let Some(last) = users.last() else { return Ok(Vec::new()) };
        let contracts = sqlx::query(
            "select user_id, body from contracts where user_id > $1 and user_id <= $2 order by contract_number",
        )
        .bind(after)
        .bind(last.try_get::<String, _>("user_id")?)
        .fetch_all(&self.read)
        .await?;
        let mut owned: HashMap<String, Vec<Value>> = HashMap::new();
        for contract in &contracts {
            owned.entry(contract.try_get("user_id")?).or_default().push(document(contract)?);
        }
        let mut with_contracts = |row: &AnyRow| {
            let user_id: String = row.try_get("user_id")?;
            let mut user = document(row)?;
            let fields = user.as_object_mut().ok_or_else(|| rows::unreadable("user"))?;
            fields.insert("contracts".into(), owned.remove(&user_id).unwrap_or_default().into());
            Ok((user_id, user.to_string()))
        };
        users.iter().map(&mut with_contracts).collect()
    }

    async fn articles(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        let found = sqlx::query("select body from knowledge_base order by article_id limit $1")
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        found.iter().map(|row| Ok(row.try_get("body")?)).collect()
    }

    async fn parameters(&self) -> Result<Parameters, StoreError> {
        let rates = sqlx::query("select month, currency, eur_per_unit from fx_rates order by month, currency")
            .fetch_all(&self.read)
            .await?;
        let watched =
            sqlx::query("select provider_name from watchlist order by provider_name").fetch_all(&self.read).await?;
        let holidays = sqlx::query("select holiday_date from holidays where country = 'FR' order by holiday_date")
            .fetch_all(&self.read)
            .await?;
        let rate = |row: &AnyRow| -> Result<_, StoreError> {
            Ok((row.try_get("month")?, row.try_get("currency")?, row.try_get("eur_per_unit")?))
        };
        Ok(Parameters {
            fx_rates: rates.iter().map(rate).collect::<Result<_, _>>()?,
            provider_watchlist: watched
                .iter()
                .map(|row| Ok(row.try_get("provider_name")?))
                .collect::<Result<_, StoreError>>()?,
            public_holidays: holidays
                .iter()
                .map(|row| Ok(row.try_get("holiday_date")?))
                .collect::<Result<_, StoreError>>()?,
        })
    }
}

fn document(row: &AnyRow) -> Result<Value, StoreError> {
    let body: String = row.try_get("body")?;
    serde_json::from_str(&body).map_err(|_| rows::unreadable("reference document"))
}

async fn write_people(tx: &mut AnyConnection, batch: &ReferenceBatch) -> Result<(), StoreError> {
    for user in &batch.users {
        sqlx::query(
            "insert into users (user_id, language, is_active, body) values ($1, $2, $3, $4) \
             on conflict (user_id) do update set language = excluded.language, is_active = excluded.is_active, \
             body = excluded.body",
        )
        .bind(&user.user_id)
        .bind(&user.language)
        .bind(i64::from(user.is_active))
        .bind(&user.body)
        .execute(&mut *tx)
        .await?;
    }
    for contract in &batch.contracts {
        sqlx::query(
            "insert into contracts (contract_number, user_id, product, start_date, end_date, body) \
             values ($1, $2, $3, $4, $5, $6) on conflict (contract_number) do update set user_id = excluded.user_id, \
             product = excluded.product, start_date = excluded.start_date, end_date = excluded.end_date, \
             body = excluded.body",
        )
        .bind(&contract.contract_number)
        .bind(&contract.user_id)
        .bind(&contract.product)
        .bind(&contract.start_date)
        .bind(&contract.end_date)
        .bind(&contract.body)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn write_past_claims(tx: &mut AnyConnection, batch: &ReferenceBatch) -> Result<(), StoreError> {
    for past in &batch.past_claims {
        sqlx::query(
            "insert into past_claims (claim_number, user_id, contract_number, invoice_key, provider_key, \
             incident_date, body) values ($1, $2, $3, $4, $5, $6, $7) on conflict (claim_number) do update set \
             user_id = excluded.user_id, contract_number = excluded.contract_number, \
             invoice_key = excluded.invoice_key, provider_key = excluded.provider_key, \
             incident_date = excluded.incident_date, body = excluded.body",
        )
        .bind(&past.claim_number)
        .bind(&past.user_id)
        .bind(&past.contract_number)
        .bind(lookup_key(&past.invoice_number))
        .bind(lookup_key(&past.provider_name))
        .bind(&past.incident_date)
        .bind(&past.body)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn write_lists(tx: &mut AnyConnection, batch: &ReferenceBatch) -> Result<(), StoreError> {
    for article in &batch.articles {
        sqlx::query(
            "insert into knowledge_base (article_id, language, category, body) values ($1, $2, $3, $4) \
             on conflict (article_id) do update set language = excluded.language, category = excluded.category, \
             body = excluded.body",
        )
        .bind(&article.article_id)
        .bind(&article.language)
        .bind(&article.category)
        .bind(&article.body)
        .execute(&mut *tx)
        .await?;
    }
    for (month, currency, rate) in &batch.fx_rates {
        sqlx::query(
            "insert into fx_rates (month, currency, eur_per_unit) values ($1, $2, $3) \
             on conflict (month, currency) do update set eur_per_unit = excluded.eur_per_unit",
        )
        .bind(month)
        .bind(currency)
        .bind(rate)
        .execute(&mut *tx)
        .await?;
    }
    for (provider, listed_on) in &batch.watchlist {
        sqlx::query(
            "insert into watchlist (provider_name, listed_on) values ($1, $2) \
             on conflict (provider_name) do update set listed_on = excluded.listed_on",
        )
        .bind(provider)
        .bind(listed_on)
        .execute(&mut *tx)
        .await?;
    }
    for (day, country) in &batch.holidays {
        sqlx::query("insert into holidays (holiday_date, country) values ($1, $2) on conflict do nothing")
            .bind(day)
            .bind(country)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// A digest over the whole history, so that importing the same file twice changes nothing for a reader.
async fn mark_history(tx: &mut AnyConnection) -> Result<(), StoreError> {
    let mut digest = Sha256::new();
    let mut after = String::new();
    loop {
        let page = sqlx::query(
            "select claim_number, body from past_claims where claim_number > $1 order by claim_number limit 1000",
        )
        .bind(&after)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = page.last() else { break };
        after = last.try_get("claim_number")?;
        for row in &page {
            digest.update(row.try_get::<String, _>("body")?);
            digest.update(b"\n");
        }
    }
    sqlx::query("insert into reference_marks (name, mark) values ('past_claims', $1) on conflict (name) do update set mark = excluded.mark")
        .bind(hex::encode(digest.finalize()))
        .execute(&mut *tx)
        .await?;
    Ok(())
}
