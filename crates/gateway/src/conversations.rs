//! `/v1/conversations` and their items.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::name_items;
use engine::options::{check_metadata, is_conversation_id};
use ports::access::Principal;
use ports::conversations::{Appended, MOST_ITEMS, StoredConversation};
use serde_json::{Value, json};
use wire::openai::conversations::{Conversation, CreateConversation, CreateItems, ListPage, UpdateConversation};
use wire::openai::items::{Item, LooseItem};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::paging::{Asked, Paging};

/// Items of one request.
const ITEMS: usize = 20;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CreateConversation>,
) -> Result<Json<Conversation>, ApiError> {
    let metadata = request.metadata.unwrap_or_default();
    check_metadata(&metadata)?;
    let items = named(&app, request.items.unwrap_or_default())?;
    let conversation = StoredConversation {
        id: app.responder.ids.fresh_long("conv"),
        created_at: app.responder.clock.unix_seconds(),
        metadata,
        owner: cx.caller,
    };
    app.responder.conversations.create_conversation(&conversation, &items).await?;
    Ok(Json(shown(conversation)))
}

pub async fn get(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(shown(known(&app, &id, cx.caller.as_deref()).await?)))
}

pub async fn update(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<UpdateConversation>,
) -> Result<Json<Conversation>, ApiError> {
    check_id(&id)?;
    check_metadata(&request.metadata)?;
    let store = &app.responder.conversations;
    let updated = store.update_conversation(&id, &request.metadata, cx.caller.as_deref()).await?;
    updated.map(|updated| Json(shown(updated))).ok_or_else(|| unknown(&id))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    check_id(&id)?;
    if !app.responder.conversations.remove_conversation(&id, cx.caller.as_deref()).await? {
        return Err(unknown(&id));
    }
    Ok(Json(json!({"id": id, "object": "conversation.deleted", "deleted": true})))
}

pub async fn create_items(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<CreateItems>,
) -> Result<Json<ListPage<Item>>, ApiError> {
    check_id(&id)?;
    if request.items.is_empty() {
        return Err(ApiError::invalid("items", "items must hold at least one item"));
    }
    let items = named(&app, request.items)?;
    match app.responder.conversations.append_items(&id, &items, cx.caller.as_deref()).await? {
        Appended::Done => Ok(Json(ListPage::new(items, false, id_of))),
        Appended::Unknown => Err(unknown(&id)),
        Appended::Full => Err(ApiError::invalid("items", format!("a conversation holds at most {MOST_ITEMS} items"))),
    }
}

pub async fn items(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<ListPage<Item>>, ApiError> {
    let page = paging.page(20)?;
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    let store = &app.responder.conversations;
    for (name, cursor) in [("after", &page.after), ("before", &page.before)] {
        if let Some(cursor) = cursor
            && store.item(&id, cursor, owner).await?.is_none()
        {
            return Err(ApiError::invalid(name, format!("{name}: the conversation has no item '{cursor}'")));
        }
    }
    let listed = store.items(&id, &page, owner).await?;
    Ok(Json(ListPage::new(listed.rows, listed.has_more, id_of)))
}

pub async fn item(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, item)): Path<(String, String)>,
) -> Result<Json<Item>, ApiError> {
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    let found = app.responder.conversations.item(&id, &item, owner).await?;
    found.map(Json).ok_or_else(|| unknown_item(&id, &item))
}

pub async fn remove_item(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, item)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    if !app.responder.conversations.remove_item(&id, &item, owner).await? {
        return Err(unknown_item(&id, &item));
    }
    Ok(Json(json!({"id": item, "object": "conversation.item.deleted", "deleted": true})))
}

/// At most twenty, each with an id.
fn named(app: &App, mut items: Vec<Item>) -> Result<Vec<Item>, ApiError> {
    if items.len() > ITEMS {
        return Err(ApiError::invalid("items", format!("at most {ITEMS} items a request")));
    }
    for (index, item) in items.iter().enumerate() {
        if let Item::Loose(LooseItem::Unknown(value)) = item
            && !value.get("type").is_some_and(Value::is_string)
        {
            let at = format!("items[{index}]");
            return Err(ApiError::invalid(&at, format!("{at} must be an item with a type, or a message with a role")));
        }
    }
    name_items(&mut items, app.responder.ids.as_ref());
    Ok(items)
}

fn id_of(item: &Item) -> String {
    item.id().unwrap_or_default().to_owned()
}

async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<StoredConversation, ApiError> {
    check_id(id)?;
    app.responder.conversations.conversation(id, owner).await?.ok_or_else(|| unknown(id))
}

fn check_id(id: &str) -> Result<(), ApiError> {
    if is_conversation_id(id) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "conversation_id",
        format!(
            "Invalid value for 'conversation_id': {id}. Conversation ID must match format 'conv_' followed by 48 \
             lowercase hex characters."
        ),
    ))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Conversation '{id}' not found."))
}

fn unknown_item(id: &str, item: &str) -> ApiError {
    ApiError::not_found(format!("Conversation item '{item}' not found in conversation '{id}'."))
}

fn shown(conversation: StoredConversation) -> Conversation {
    Conversation {
        id: conversation.id,
        object: "conversation".into(),
        created_at: conversation.created_at,
        metadata: conversation.metadata,
        items: None,
    }
}
