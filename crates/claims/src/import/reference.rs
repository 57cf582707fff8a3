//! The reference folder: each file checked line by line before anything is written.

use std::path::Path;

use serde_json::Value;

use super::ImportError;
use super::tables::{Record, csv, json_lines};
use crate::store::{ArticleRow, ContractRow, PastClaimRow, ReferenceBatch, UserRow};

/// How many records of each kind a folder held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceCount {
    pub users: usize,
    pub contracts: usize,
    pub past_claims: usize,
    pub articles: usize,
    pub fx_rates: usize,
    pub watched_providers: usize,
    pub holidays: usize,
}

impl ReferenceCount {
    pub fn of(batch: &ReferenceBatch) -> Self {
        Self {
            users: batch.users.len(),
            contracts: batch.contracts.len(),
            past_claims: batch.past_claims.len(),
            articles: batch.articles.len(),
            fx_rates: batch.fx_rates.len(),
            watched_providers: batch.watchlist.len(),
            holidays: batch.holidays.len(),
        }
    }
}

/// Reads what is there of the seven files; a folder with none of them is an error.
pub fn read_reference(folder: &Path) -> Result<ReferenceBatch, ImportError> {
    let mut files = 0;
    let mut all = |read: Result<Option<Vec<Record>>, ImportError>| {
        read.map(|found| {
            files += usize::from(found.is_some());
            found.unwrap_or_default()
        })
    };
    let batch = ReferenceBatch {
        users: rows(all(json_lines(&folder.join("users.jsonl")))?, user)?,
        contracts: rows(all(json_lines(&folder.join("contracts.jsonl")))?, contract)?,
        past_claims: rows(all(json_lines(&folder.join("claims_history.jsonl")))?, past_claim)?,
        articles: rows(all(json_lines(&folder.join("knowledge_base.jsonl")))?, article)?,
        fx_rates: rows(all(csv(&folder.join("fx_rates.csv")))?, fx_rate)?,
        watchlist: rows(all(csv(&folder.join("provider_watchlist.csv")))?, watched_provider)?,
        holidays: rows(all(csv(&folder.join("public_holidays.csv")))?, holiday)?,
    };
    if files == 0 {
        return Err(ImportError::NothingThere { folder: folder.to_owned() });
    }
    Ok(batch)
}

fn rows<T>(records: Vec<Record>, read: fn(&Record) -> Result<T, ImportError>) -> Result<Vec<T>, ImportError> {
    records.iter().map(read).collect()
}

fn user(record: &Record) -> Result<UserRow, ImportError> {
    record.text("full_name")?;
    Ok(UserRow {
        user_id: record.text("user_id")?,
        language: record.optional_text("language")?.unwrap_or_else(|| "en".into()),
        is_active: record.flag_or("is_active", true)?,
        body: record.body(),
    })
}

fn contract(record: &Record) -> Result<ContractRow, ImportError> {
    record.currency("currency")?;
    record.list("territory")?;
    if record.optional_text("cancelled_on")?.is_some() {
        record.date("cancelled_on")?;
    }
    let coverages = record.list("coverages")?;
    for (index, coverage) in coverages.iter().enumerate() {
        check_coverage(record, index, coverage)?;
    }
    let (start_date, end_date) = (record.date("start_date")?, record.date("end_date")?);
    if end_date < start_date {
        return Err(record.invalid("end_date", "must not be before start_date"));
    }
    Ok(ContractRow {
        contract_number: record.text("contract_number")?,
        user_id: record.text("user_id")?,
        product: record.text("product")?,
        start_date,
        end_date,
        body: record.body(),
    })
}

fn check_coverage(record: &Record, index: usize, coverage: &Value) -> Result<(), ImportError> {
    let invalid = |field: &str, rule: &str| record.invalid(&format!("coverages[{index}].{field}"), rule);
    if coverage.get("peril").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(invalid("peril", "must be text"));
    }
    for field in ["limit", "reimbursement_rate", "waiting_days"] {
        let number = coverage.get(field);
        let valid = number.and_then(Value::as_f64).is_some_and(|number| number.is_finite() && number >= 0.0);
        if number.is_some_and(|number| !number.is_null()) && !valid {
            return Err(invalid(field, "must be a number, zero or more, or null"));
        }
    }
    match coverage.get("deductible").and_then(|deductible| deductible.get("kind")).and_then(Value::as_str) {
        Some("absolute" | "relative" | "percent") => Ok(()),
        None if coverage.get("deductible").is_none_or(Value::is_null) => Ok(()),
        _ => Err(invalid("deductible.kind", "must be absolute, relative or percent")),
    }
}

fn past_claim(record: &Record) -> Result<PastClaimRow, ImportError> {
    match record.text("decision")?.as_str() {
        "approve" | "deny" | "manual_review" => {}
        _ => return Err(record.invalid("decision", "must be approve, deny or manual_review")),
    }
    record.amount("claimed_amount")?;
    record.optional_amount("payable_amount")?;
    record.currency("currency")?;
    Ok(PastClaimRow {
        claim_number: record.text("claim_number")?,
        user_id: record.text("user_id")?,
        contract_number: record.optional_text("contract_number")?.unwrap_or_default(),
        invoice_number: record.optional_text("invoice_number")?.unwrap_or_default(),
        provider_name: record.optional_text("provider_name")?.unwrap_or_default(),
        incident_date: record.date("incident_date")?,
        body: record.body(),
    })
}

fn article(record: &Record) -> Result<ArticleRow, ImportError> {
    record.text("title")?;
    record.text("content")?;
    Ok(ArticleRow {
        article_id: record.text("article_id")?,
        language: record.text("language")?,
        category: record.optional_text("category")?.unwrap_or_default(),
        body: record.body(),
    })
}

fn fx_rate(record: &Record) -> Result<(String, String, String), ImportError> {
    let month = record.text("month")?;
    if format!("{month}-01").parse::<jiff::civil::Date>().is_err() {
        return Err(record.invalid("month", "must be written YYYY-MM"));
    }
    record.currency("currency")?;
    let rate = record.text("eur_per_unit")?;
    match rate.parse::<rust_decimal::Decimal>() {
        Ok(number) if number > rust_decimal::Decimal::ZERO => Ok((month, record.text("currency")?, rate)),
        _ => Err(record.invalid("eur_per_unit", "must be a decimal number above zero")),
    }
}

fn watched_provider(record: &Record) -> Result<(String, String), ImportError> {
    Ok((record.text("provider_name")?, record.date("listed_on")?))
}

fn holiday(record: &Record) -> Result<(String, String), ImportError> {
    Ok((record.date("date")?, record.text("country")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let error = read_reference(folder.path()).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "")
    }

    #[test]
    fn an_error_names_file_line_and_field_and_quotes_nobody() {
        let cases = [
            (
                "users.jsonl",
                "{\"user_id\":\"U-1\",\"full_name\":\"Jane Roe\"}\n{\"full_name\":\"John Doe\"}\n",
                ["users.jsonl", "line 2", "user_id"],
            ),
            ("users.jsonl", "{\"user_id\":\"U-1\",\"full_name\":\"Jane Roe\"\n", ["users.jsonl", "line 1", "not JSON"]),
            ("fx_rates.csv", "month,currency,eur_per_unit\n2026-13,USD,0.9\n", ["fx_rates.csv", "line 2", "month"]),
            ("fx_rates.csv", "month,currency,eur_per_unit\n2026-12,USD\n", ["fx_rates.csv", "line 2", "2 fields"]),
            (
                "fx_rates.csv",
                "month,currency,eur_per_unit\n2026-12,USD,-1\n",
                ["fx_rates.csv", "line 2", "eur_per_unit"],
            ),
            ("public_holidays.csv", "date,country\n14/07/2026,FR\n", ["public_holidays.csv", "line 2", "date"]),
        ];
        for (name, text, expected) in cases {
            let error = error_of(name, text);
            assert!(expected.iter().all(|part| error.contains(part)), "{error}");
            assert!(!error.contains("Jane") && !error.contains("John"), "{error}");
        }
    }

    #[test]
    fn a_folder_without_reference_files_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_reference(folder.path()), Err(ImportError::NothingThere { .. })));
    }
}
