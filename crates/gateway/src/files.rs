//! `/v1/files`: uploads streamed to their place, never held in memory.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::StreamExt;
use ports::access::{Caller, Principal};
use ports::files::{BlobError, StoredFile};
use ports::responses::Page;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::Context;

const PURPOSES: &[&str] = &["assistants", "batch", "fine-tune", "vision", "user_data", "evals"];
/// Files that name no other end are kept for a year, as Llama Stack keeps them.
const KEPT_SECONDS: i64 = 31_536_000;
/// An hour to thirty days.
const EXPIRY_SECONDS: std::ops::RangeInclusive<i64> = 3_600..=2_592_000;
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// Routes below `/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        // The upload counts its own bytes against its own limit.
        .route("/files", post(create).layer(DefaultBodyLimit::disable()).get(list))
        .route("/files/{file_id}", get(one).delete(remove))
        .route("/files/{file_id}/content", get(content))
}

pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/files"),
    ("GET", "/files"),
    ("GET", "/files/{file_id}"),
    ("DELETE", "/files/{file_id}"),
    ("GET", "/files/{file_id}/content"),
];

pub fn shown(file: &StoredFile) -> Value {
    json!({
        "object": "file", "id": file.id, "bytes": file.bytes, "created_at": file.created_at,
        "expires_at": file.expires_at, "filename": file.filename, "purpose": file.purpose,
    })
}

/// The form so far. The file is written as it comes, since its purpose may come after it.
#[derive(Default)]
struct Form {
    file: Option<(String, u64)>,
    purpose: Option<String>,
    anchor: Option<String>,
    seconds: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    mut multipart: Multipart,
) -> Result<Json<Value>, ApiError> {
    let id = app.responder.ids.fresh("file").replacen('_', "-", 1);
    let mut form = Form::default();
    let kept = match read_form(&app, &id, &mut multipart, &mut form).await {
        Ok(()) => keep(&app, &id, &form, cx.caller).await,
        Err(error) => Err(error),
    };
    if kept.is_err() && form.file.is_some() {
        app.stores.blobs.delete(&id).await.ok();
    }
    Ok(Json(shown(&kept?)))
}

async fn read_form(app: &App, id: &str, multipart: &mut Multipart, form: &mut Form) -> Result<(), ApiError> {
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default().to_owned().as_str() {
            "file" if form.file.is_some() => return Err(ApiError::invalid("file", "one file an upload")),
            "file" => {
                let name = plain_name(field.file_name().unwrap_or_default());
                let limit = app.edge.max_file_bytes;
                let bytes = field.map(|bytes| bytes.map_err(|error| error.body_text())).boxed();
                form.file = Some((name, app.stores.blobs.write(id, bytes, limit).await?));
            }
            "purpose" => form.purpose = Some(short(field, "purpose").await?),
            "expires_after[anchor]" => form.anchor = Some(short(field, "expires_after[anchor]").await?),
            "expires_after[seconds]" => form.seconds = Some(short(field, "expires_after[seconds]").await?),
            "expires_after" => {
                let text = short(field, "expires_after").await?;
                let value: Value = serde_json::from_str(&text)
                    .map_err(|error| ApiError::invalid("expires_after", format!("expires_after: {error}")))?;
                form.anchor = value.get("anchor").and_then(Value::as_str).map(str::to_owned);
                form.seconds = value.get("seconds").map(Value::to_string);
            }
            _ => {}
        }
    }
    Ok(())
}

async fn keep(app: &App, id: &str, form: &Form, owner: Option<Caller>) -> Result<StoredFile, ApiError> {
    let Some((filename, bytes)) = form.file.clone() else {
        return Err(ApiError::invalid("file", "file: the form has no file"));
    };
    let Some(purpose) = form.purpose.clone().filter(|purpose| PURPOSES.contains(&purpose.as_str())) else {
        return Err(ApiError::invalid("purpose", format!("purpose must be one of {}", PURPOSES.join(", "))));
    };
    if form.anchor.as_deref().is_some_and(|anchor| anchor != "created_at") {
        return Err(ApiError::invalid("expires_after[anchor]", "expires_after[anchor] must be created_at"));
    }
    let lives = match form.seconds.as_deref().map(str::parse::<i64>) {
        None => KEPT_SECONDS,
        Some(Ok(seconds)) if EXPIRY_SECONDS.contains(&seconds) => seconds,
        Some(_) => {
            let message = "expires_after[seconds] must be between 3600 and 2592000";
            return Err(ApiError::invalid("expires_after[seconds]", message));
        }
    };
    let created_at = app.responder.clock.unix_seconds();
    let file =
        StoredFile { id: id.into(), filename, purpose, bytes, created_at, expires_at: created_at + lives, owner };
    app.stores.files.put_file(&file).await?;
    Ok(file)
}

/// A small field of the form.
async fn short(mut field: Field<'_>, name: &str) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(bytes) = field.chunk().await.map_err(broken)? {
        text.extend_from_slice(&bytes);
        if text.len() > 1024 {
            return Err(ApiError::invalid(name, format!("{name} is longer than 1024 bytes")));
        }
    }
    String::from_utf8(text).map_err(|_| ApiError::invalid(name, format!("{name} is not UTF-8")))
}

fn broken(error: MultipartError) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, format!("the upload cannot be read: {}", error.body_text()))
}

/// The last part of a path, without control characters; `file` when nothing is left.
fn plain_name(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    if name.is_empty() { "file".into() } else { name }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
    order: Option<String>,
    purpose: Option<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    let limit = paging.limit.unwrap_or(10_000);
    if !(1..=10_000).contains(&limit) {
        return Err(ApiError::invalid("limit", "limit must be between 1 and 10000"));
    }
    let ascending = match paging.order.as_deref() {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => return Err(ApiError::invalid("order", "order must be asc or desc")),
    };
    let page = Page { after: paging.after, before: paging.before, limit, ascending };
    let now = app.responder.clock.unix_seconds();
    let listed = app.stores.files.files(&page, paging.purpose.as_deref(), now, cx.caller.as_deref()).await?;
    let id_of = |file: Option<&StoredFile>| file.map(|file| file.id.clone()).unwrap_or_default();
    Ok(Json(json!({
        "data": listed.rows.iter().map(shown).collect::<Vec<_>>(), "has_more": listed.has_more,
        "first_id": id_of(listed.rows.first()), "last_id": id_of(listed.rows.last()), "object": "list",
    })))
}

/// A file that has not expired.
pub async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<StoredFile, ApiError> {
    let now = app.responder.clock.unix_seconds();
    let found = app.stores.files.file(id, owner).await?.filter(|file| file.expires_at > now);
    found.ok_or_else(|| {
        ApiError::not_found(format!("File '{id}' not found. Use 'client.files.list()' to list available Files."))
    })
}

async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&known(&app, &id, cx.caller.as_deref()).await?)))
}

async fn content(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let file = known(&app, &id, cx.caller.as_deref()).await?;
    let bytes = app.stores.blobs.read(&id).await?;
    let bytes = bytes.ok_or_else(|| ApiError::new(StatusCode::GONE, format!("the bytes of '{id}' are gone")))?;
    let plain: String =
        file.filename.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")),
    ];
    Ok((headers, Body::from_stream(bytes.map(|bytes| bytes.map_err(std::io::Error::other)))).into_response())
}

async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    app.stores.files.remove_file(&id, owner).await?;
    app.stores.blobs.delete(&id).await?;
    Ok(Json(json!({"id": id, "object": "file", "deleted": true})))
}

/// Removes expired files with their bytes, now and then.
pub async fn sweep(app: Arc<App>, stop: CancellationToken) {
    loop {
        match app.stores.files.expired_files(app.responder.clock.unix_seconds()).await {
            Ok(ids) => {
                for id in ids {
                    if let Err(error) = app.stores.blobs.delete(&id).await {
                        tracing::warn!(file = %id, %error, "expired file not removed");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "expired files not looked for"),
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            () = stop.cancelled() => return,
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge { .. } => {
                Self { param: Some("file".into()), ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()) }
            }
            BlobError::Cut(_) => Self::invalid("file", error.to_string()),
            BlobError::Store(error) => error.into(),
        }
    }
}
