//! The policyholder's contracts with their wording, for a person who looks a clause up.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ApiError, App};

#[derive(Debug, Serialize, ToSchema)]
pub struct ContractsView {
    claim_id: String,
    /// Contract documents as imported, by contract number; empty for an unknown policyholder.
    contracts: Vec<Value>,
}

/// The contracts of the claim's policyholder as they stand now. What a decision was made from is in its evidence.
#[utoipa::path(get, path = "/api/v1/claims/{id}/contracts", params(("id" = String, Path)), responses((status = 200, body = ContractsView), (status = 404)))]
pub async fn of_claim(State(app): State<App>, Path(id): Path<String>) -> Result<Json<ContractsView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let user = app.reference.user(&claim.user_id).await?;
    let contracts = user.and_then(|mut user| match user.get_mut("contracts").map(Value::take) {
        Some(Value::Array(contracts)) => Some(contracts),
        _ => None,
    });
    Ok(Json(ContractsView { claim_id: claim.claim_id.to_string(), contracts: contracts.unwrap_or_default() }))
}
