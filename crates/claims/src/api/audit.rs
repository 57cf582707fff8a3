//! The whole record of a claim as one file.

use axum::Json;
use axum::extract::{Path, State};

use super::{ApiError, App, ErrorKind};
use crate::domain::{AuditFile, ClaimStatus};

/// Everything that happened to a claim, in the form `claimstack audit verify` checks.
#[utoipa::path(get, path = "/api/v1/claims/{id}/audit", params(("id" = String, Path)), responses((status = 200, body = AuditFile), (status = 404), (status = 409, description = "The claim is being processed.")))]
pub async fn export(State(app): State<App>, Path(id): Path<String>) -> Result<Json<AuditFile>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    // The id of a live run is what its tools write with, so it does not leave the house before the run is over.
    if matches!(claim.status, ClaimStatus::Processing) {
        let message = "the claim is being processed: its record is complete when that is over";
        return Err(ApiError::new(ErrorKind::Conflict, message));
    }
    let file = app.store.audit(&claim.claim_id).await?;
    file.map(Json).ok_or_else(|| ApiError::not_found(format!("claim {} not found", claim.claim_id)))
}
