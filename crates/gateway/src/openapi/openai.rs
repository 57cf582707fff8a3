//! The routes that speak OpenAI's dialect, and Anthropic's one.

use schemars::SchemaGenerator as G;
use wire::anthropic::{Message, MessagesRequest};
use wire::openai::chat::{ChatCompletion, ChatRequest};
use wire::openai::compaction::{CompactRequest, Compacted};
use wire::openai::completions::{Completion, CompletionRequest};
use wire::openai::conversations::{Conversation, CreateConversation, CreateItems, ListPage, UpdateConversation};
use wire::openai::embeddings::{EmbeddingsRequest, EmbeddingsResponse};
use wire::openai::items::Item;
use wire::openai::models::{ModelList, ModelObject};
use wire::openai::responses::{ResponseObject, ResponseRequest};
use wire::openai::vector_stores::{AttachBatch, AttachFile, CreateVectorStore, SearchVectorStore};

use super::Shape::{By, Bytes, Nothing, Of, Page, Upload};
use super::{Operation, op, shapes};
use crate::{batches, models};

const PAGED: &[&str] = &["after", "before", "limit", "order"];

#[rustfmt::skip]
pub static OPERATIONS: &[Operation] = &[
    op("GET", "/models", "Models of every provider that answers", Nothing, Of(G::subschema_for::<ModelList>)),
    op("GET", "/models/{model_id}", "One model, by any of its names", Nothing, Of(G::subschema_for::<ModelObject>)),
    op("POST", "/models", "Give a model another name", Of(G::subschema_for::<models::Register>), Of(G::subschema_for::<ModelObject>)),
    op("DELETE", "/models/{model_id}", "Take a registered model away", Nothing, Nothing).status(204),
    op("POST", "/chat/completions", "Chat with a model", Of(G::subschema_for::<ChatRequest>), Of(G::subschema_for::<ChatCompletion>)).streams(),
    op("GET", "/chat/completions", "Stored chat completions", Nothing, Page(shapes::stored_completion)).query(&["after", "before", "limit", "order", "model"]),
    op("GET", "/chat/completions/{completion_id}", "One stored chat completion", Nothing, By(shapes::stored_completion)),
    op("DELETE", "/chat/completions/{completion_id}", "Forget a chat completion", Nothing, By(shapes::deleted)),
    op("GET", "/chat/completions/{completion_id}/messages", "What was asked", Nothing, Page(shapes::open)).query(PAGED),
    op("POST", "/completions", "Continue a text", Of(G::subschema_for::<CompletionRequest>), Of(G::subschema_for::<Completion>)).streams(),
    op("POST", "/embeddings", "Texts to vectors", Of(G::subschema_for::<EmbeddingsRequest>), Of(G::subschema_for::<EmbeddingsResponse>)),
    op("POST", "/messages", "Anthropic's messages", Of(G::subschema_for::<MessagesRequest>), Of(G::subschema_for::<Message>)).fails_with(shapes::message_error).streams(),
    op("POST", "/responses", "Answer with tools, history and shields", Of(G::subschema_for::<ResponseRequest>), Of(G::subschema_for::<ResponseObject>)).streams(),
    op("POST", "/responses/compact", "Put a summary in the place of what was said", Of(G::subschema_for::<CompactRequest>), Of(G::subschema_for::<Compacted>)),
    op("GET", "/responses", "Stored responses; with an upgrade, responses over a WebSocket", Nothing, Page(shapes::listed_response)).query(&["after", "before", "limit", "order", "model"]),
    op("GET", "/responses/{response_id}", "One response; with stream=true its events", Nothing, Of(G::subschema_for::<ResponseObject>)).query(&["stream", "starting_after"]),
    op("DELETE", "/responses/{response_id}", "Forget a response", Nothing, By(shapes::deleted)),
    op("GET", "/responses/{response_id}/input_items", "What a response was told", Nothing, Of(G::subschema_for::<ListPage<Item>>)).query(PAGED),
    op("POST", "/responses/{response_id}/cancel", "Stop a background response", Nothing, Of(G::subschema_for::<ResponseObject>)),
    op("POST", "/conversations", "Begin a conversation", Of(G::subschema_for::<CreateConversation>), Of(G::subschema_for::<Conversation>)),
    op("GET", "/conversations/{conversation_id}", "One conversation", Nothing, Of(G::subschema_for::<Conversation>)),
    op("POST", "/conversations/{conversation_id}", "Change its metadata", Of(G::subschema_for::<UpdateConversation>), Of(G::subschema_for::<Conversation>)),
    op("DELETE", "/conversations/{conversation_id}", "Forget a conversation", Nothing, By(shapes::deleted)),
    op("GET", "/conversations/{conversation_id}/items", "What was said", Nothing, Of(G::subschema_for::<ListPage<Item>>)).query(PAGED),
    op("POST", "/conversations/{conversation_id}/items", "Add items", Of(G::subschema_for::<CreateItems>), Of(G::subschema_for::<ListPage<Item>>)),
    op("GET", "/conversations/{conversation_id}/items/{item_id}", "One item", Nothing, Of(G::subschema_for::<Item>)),
    op("DELETE", "/conversations/{conversation_id}/items/{item_id}", "Take an item out", Nothing, By(shapes::deleted)),
    op("POST", "/files", "Upload a file", Upload, By(shapes::file)),
    op("GET", "/files", "Files", Nothing, Page(shapes::file)).query(&["after", "limit", "order", "purpose"]),
    op("GET", "/files/{file_id}", "One file", Nothing, By(shapes::file)),
    op("DELETE", "/files/{file_id}", "Delete a file", Nothing, By(shapes::deleted)),
    op("GET", "/files/{file_id}/content", "The bytes of a file", Nothing, Bytes),
    op("POST", "/vector_stores", "Make a vector store", Of(G::subschema_for::<CreateVectorStore>), By(shapes::vector_store)),
    op("GET", "/vector_stores", "Vector stores", Nothing, Page(shapes::vector_store)).query(PAGED),
    op("GET", "/vector_stores/{vector_store_id}", "One vector store", Nothing, By(shapes::vector_store)),
    op("POST", "/vector_stores/{vector_store_id}", "Change a vector store", By(shapes::open), By(shapes::vector_store)),
    op("DELETE", "/vector_stores/{vector_store_id}", "Delete a vector store", Nothing, By(shapes::deleted)),
    op("POST", "/vector_stores/{vector_store_id}/search", "Search a vector store", Of(G::subschema_for::<SearchVectorStore>), By(shapes::search_results)),
    op("POST", "/vector_stores/{vector_store_id}/files", "Attach a file", Of(G::subschema_for::<AttachFile>), By(shapes::vector_store_file)),
    op("GET", "/vector_stores/{vector_store_id}/files", "Attached files", Nothing, Page(shapes::vector_store_file)).query(&["after", "before", "limit", "order", "filter"]),
    op("GET", "/vector_stores/{vector_store_id}/files/{file_id}", "One attached file", Nothing, By(shapes::vector_store_file)),
    op("POST", "/vector_stores/{vector_store_id}/files/{file_id}", "Change its attributes", By(shapes::open), By(shapes::vector_store_file)),
    op("DELETE", "/vector_stores/{vector_store_id}/files/{file_id}", "Detach a file", Nothing, By(shapes::deleted)),
    op("GET", "/vector_stores/{vector_store_id}/files/{file_id}/content", "The text of an attached file", Nothing, By(shapes::open)),
    op("POST", "/vector_stores/{vector_store_id}/file_batches", "Attach many files", Of(G::subschema_for::<AttachBatch>), By(shapes::file_batch)),
    op("GET", "/vector_stores/{vector_store_id}/file_batches/{batch_id}", "How far they are", Nothing, By(shapes::file_batch)),
    op("POST", "/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel", "Stop attaching", Nothing, By(shapes::file_batch)),
    op("GET", "/vector_stores/{vector_store_id}/file_batches/{batch_id}/files", "The files of a batch", Nothing, Page(shapes::vector_store_file)).query(&["after", "before", "limit", "order", "filter"]),
    op("POST", "/moderations", "Judge texts", Of(G::subschema_for::<crate::safety::moderations::Moderate>), By(shapes::moderation)),
    op("POST", "/batches", "Answer a file of requests", Of(G::subschema_for::<batches::Create>), By(shapes::batch)),
    op("GET", "/batches", "Batches", Nothing, Page(shapes::batch)).query(&["after", "limit"]),
    op("GET", "/batches/{batch_id}", "One batch", Nothing, By(shapes::batch)),
    op("POST", "/batches/{batch_id}/cancel", "Stop a batch", Nothing, By(shapes::batch)),
];
