//! The multipart form of a submission.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::submit::Submission;
use super::{ApiError, ErrorKind};

const MAX_FIELDS: usize = 32;
const MAX_FIELD_BYTES: usize = 4096;

pub struct Form {
    pub submission: Submission,
    pub filename: String,
    pub bytes: Vec<u8>,
}

/// Reads the form. An empty file is a document all the same: the policy sends it to a person.
pub async fn read_form(request: Request, limit: u64) -> Result<Form, ApiError> {
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::invalid("body", "is not a multipart form with a boundary"))?;
    let mut submission = Submission::default();
    let mut file: Option<(String, Vec<u8>)> = None;
    let mut fields = 0;
    while let Some(field) = parts.next_field().await.map_err(unreadable)? {
        fields += 1;
        if fields > MAX_FIELDS {
            return Err(ApiError::invalid("body", "must have at most 32 fields"));
        }
        match field.name().unwrap_or_default() {
            "file" | "document" if file.is_some() => return Err(ApiError::invalid("file", "must be given once")),
            "file" | "document" => {
                let name = field.file_name().unwrap_or("document").to_owned();
                file = Some((name, bytes_of(field, limit).await?));
            }
            "user_id" => submission.user_id = text_of(field, "user_id").await?,
            "claim_number" => submission.claim_number = given(text_of(field, "claim_number").await?),
            "claim_type" => submission.claim_type = given(text_of(field, "claim_type").await?),
            "received_date" => submission.received_date = given(text_of(field, "received_date").await?),
            _ => {}
        }
    }
    let (filename, bytes) = file.ok_or_else(|| ApiError::invalid("file", "is required"))?;
    Ok(Form { submission, filename, bytes })
}

fn given(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

async fn bytes_of(mut field: Field<'_>, limit: u64) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(ApiError::new(ErrorKind::TooLarge, format!("the document is larger than {limit} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn text_of(mut field: Field<'_>, name: &'static str) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > MAX_FIELD_BYTES {
            return Err(ApiError::invalid(name, "must be at most 4096 bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| ApiError::invalid(name, "must be UTF-8"))
}

fn unreadable(error: MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ErrorKind::TooLarge, "the upload is too large"),
        _ => ApiError::invalid("body", "is not a whole multipart form"),
    }
}
