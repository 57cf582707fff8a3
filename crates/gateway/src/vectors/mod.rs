//! `/v1/vector_stores` and `/v1/vector-io`.

mod attach;
mod batches;
mod care;
mod contextual;
mod embed;
pub mod io;
mod search;
mod stores;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use ports::access::{Action, Principal};
use ports::responses::Page;
use ports::vectors::VectorStore;
use serde::Deserialize;
use wire::JsonObject;

use crate::app::App;
use crate::errors::ApiError;

pub use care::care;
pub use embed::add;

/// Our own search under the name of the provider whose features it has (vectors, words, both, and filters): clients
/// written for Llama Stack choose by these names what they may ask.
pub const PROVIDER: &str = "sqlite-vec";
pub const PROVIDER_TYPE: &str = "inline::sqlite-vec";

/// Routes below `/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/vector_stores", post(stores::create).get(stores::list))
        .route("/vector_stores/{vector_store_id}", get(stores::one).post(stores::change).delete(stores::remove))
        .route("/vector_stores/{vector_store_id}/search", post(search::search))
        .route("/vector_stores/{vector_store_id}/files", post(attach::create).get(attach::list))
        .route(
            "/vector_stores/{vector_store_id}/files/{file_id}",
            get(attach::one).post(attach::change).delete(attach::remove),
        )
        .route("/vector_stores/{vector_store_id}/files/{file_id}/content", get(attach::content))
        .route("/vector_stores/{vector_store_id}/file_batches", post(batches::create))
        .route("/vector_stores/{vector_store_id}/file_batches/{batch_id}", get(batches::one))
        .route("/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel", post(batches::cancel))
        .route("/vector_stores/{vector_store_id}/file_batches/{batch_id}/files", get(batches::files))
        .route("/vector-io/insert", post(io::insert))
        .route("/vector-io/query", post(io::query))
}

pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/vector_stores"),
    ("GET", "/vector_stores"),
    ("GET", "/vector_stores/{vector_store_id}"),
    ("POST", "/vector_stores/{vector_store_id}"),
    ("DELETE", "/vector_stores/{vector_store_id}"),
    ("POST", "/vector_stores/{vector_store_id}/search"),
    ("POST", "/vector_stores/{vector_store_id}/files"),
    ("GET", "/vector_stores/{vector_store_id}/files"),
    ("GET", "/vector_stores/{vector_store_id}/files/{file_id}"),
    ("POST", "/vector_stores/{vector_store_id}/files/{file_id}"),
    ("DELETE", "/vector_stores/{vector_store_id}/files/{file_id}"),
    ("GET", "/vector_stores/{vector_store_id}/files/{file_id}/content"),
    ("POST", "/vector_stores/{vector_store_id}/file_batches"),
    ("GET", "/vector_stores/{vector_store_id}/file_batches/{batch_id}"),
    ("POST", "/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel"),
    ("GET", "/vector_stores/{vector_store_id}/file_batches/{batch_id}/files"),
    ("POST", "/vector-io/insert"),
    ("POST", "/vector-io/query"),
];

async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<VectorStore, ApiError> {
    Ok(app.responder.own.lookup.known(id, owner).await?)
}

/// The same, for a caller who may change it.
pub async fn to_change(app: &App, id: &str, owner: Option<&Principal>) -> Result<VectorStore, ApiError> {
    let store = known(app, id, owner).await?;
    app.responder.permit(Action::Update, &store, owner)?;
    Ok(store)
}

fn expired(app: &App, store: &VectorStore) -> bool {
    app.responder.own.lookup.expired(store)
}

async fn in_use(app: &App, id: &str, owner: Option<&Principal>) -> Result<VectorStore, ApiError> {
    Ok(app.responder.own.lookup.in_use(id, owner).await?)
}

#[derive(Deserialize)]
pub struct Paging {
    after: Option<String>,
    limit: Option<u32>,
    before: Option<String>,
    order: Option<String>,
    filter: Option<String>,
}

impl Paging {
    fn page(&self) -> Result<Page, ApiError> {
        let limit = self.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            return Err(ApiError::invalid("limit", "limit must be between 1 and 100"));
        }
        let ascending = match self.order.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(ApiError::invalid("order", "order must be asc or desc")),
        };
        Ok(Page { after: self.after.clone(), before: self.before.clone(), limit, ascending })
    }
}

/// At most 16 attributes: texts of 512 characters, numbers and booleans.
fn check_attributes(attributes: &JsonObject) -> Result<(), ApiError> {
    if attributes.len() > 16 {
        return Err(ApiError::invalid("attributes", "attributes may hold 16 keys"));
    }
    for (key, value) in attributes {
        let fits = match value {
            serde_json::Value::String(text) => text.chars().count() <= 512,
            value => value.is_number() || value.is_boolean(),
        };
        if key.chars().count() > 64 || !fits {
            let rule = "keys have 64 characters at most; values are numbers, booleans or texts of 512 at most";
            return Err(ApiError::invalid("attributes", format!("attributes.{key}: {rule}")));
        }
    }
    Ok(())
}
