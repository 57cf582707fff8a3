//! The letter to the claimant.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{ApiError, ApiQuery, App};
use crate::domain::Language;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LetterQuery {
    /// `en` or `fr`; the policyholder's language when absent.
    language: Option<String>,
}

/// The letter of the latest decision, in plain text. 404 until there is a decision, and for one that processing could
/// not come to.
#[utoipa::path(get, path = "/api/v1/claims/{id}/letter", params(("id" = String, Path), LetterQuery), responses((status = 200, content_type = "text/plain", body = String), (status = 400), (status = 404)))]
pub async fn letter(
    State(app): State<App>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<LetterQuery>,
) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let asked = match query.language.as_deref() {
        None => None,
        Some("en") => Some(Language::En),
        Some("fr") => Some(Language::Fr),
        Some(_) => return Err(ApiError::invalid("language", "must be en or fr")),
    };
    let language = match asked {
        Some(language) => language,
        None => app.language_of(&claim).await?,
    };
    let latest = app.store.decisions(&claim.claim_id).await?.into_iter().next();
    let (name, tag) = match language {
        Language::En => ("letter_en", "en"),
        Language::Fr => ("letter_fr", "fr"),
    };
    let letter = latest.and_then(|record| record.document.extra.get(name)?.as_str().map(str::to_owned));
    let letter = letter.filter(|letter| !letter.is_empty());
    let letter = letter.ok_or_else(|| ApiError::not_found(format!("claim {} has no letter yet", claim.claim_id)))?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CONTENT_LANGUAGE, tag)];
    Ok((headers, letter).into_response())
}
