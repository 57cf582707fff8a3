//! `/v1/responses` as a WebSocket: a turn for each message, one after the other, the last response remembered.
//!
//! The events are those of the streamed form, one JSON text a message. What a turn is refused for comes as an `error`
//! message, and the connection goes on. The last response can be continued on the connection it was made on even when it
//! was not to be stored; a turn that fails forgets the response it continued.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use engine::recording::Recording;
use ports::CallContext;
use ports::responses::StoredResponse;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wire::openai::events::ResponseEvent;
use wire::openai::responses::{ResponseRequest, ResponseStatus};

use crate::admission::admit_again;
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Context, parsed};
use crate::paging::{Asked, Paging};
use crate::responses;

/// As the specification says; the client opens another connection then.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Messages that may come while a response is under way.
const WAITING: usize = 8;
/// Fields of the HTTP form that say what a connection says by itself.
const NOT_HERE: [&str; 3] = ["stream", "stream_options", "background"];

/// `GET /v1/responses`: the list, or the connection that a client asks to open.
pub async fn list_or_open(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    opening: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, ApiError> {
    let Ok(upgrade) = upgrade else {
        return Ok(responses::list(&app, &cx, paging).await?.into_response());
    };
    let open = app.sockets.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let limit = app.edge.max_body_bytes;
    let upgrade = upgrade.max_message_size(limit).max_frame_size(limit);
    Ok(upgrade.on_upgrade(move |socket| {
        Connection { app, opening, opened_by: cx, socket, memory: None, waiting: VecDeque::new(), _open: open }.serve()
    }))
}

struct Connection {
    app: Arc<App>,
    /// The request that opened it: each turn is let in as that was.
    opening: Parts,
    /// Provider data and trace, as the headers told them.
    opened_by: CallContext,
    socket: WebSocket,
    memory: Option<StoredResponse>,
    waiting: VecDeque<String>,
    _open: OwnedSemaphorePermit,
}

/// Why a turn ended without its last event.
enum Broken {
    Refused(ApiError),
    /// Nobody listens any more.
    Gone,
}

impl From<ApiError> for Broken {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl Connection {
    async fn serve(mut self) {
        let until = Instant::now() + LONGEST;
        loop {
            let Ok(next) = tokio::time::timeout_at(until, self.next()).await else {
                let message = "this connection has been open for an hour; open a new one";
                let code = Some("websocket_connection_limit_reached".into());
                let error = ApiError { code, ..ApiError::new(axum::http::StatusCode::BAD_REQUEST, message) };
                self.tell_error(&error).await.ok();
                return;
            };
            let Some(text) = next else { return };
            match self.turn(&text).await {
                Ok(()) => {}
                Err(Broken::Gone) => return,
                Err(Broken::Refused(error)) => {
                    if self.tell_error(&error).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The next message; `None` when the client has closed.
    async fn next(&mut self) -> Option<String> {
        if let Some(text) = self.waiting.pop_front() {
            return Some(text);
        }
        while let Some(Ok(message)) = self.socket.recv().await {
            match message {
                Message::Text(text) => return Some(text.as_str().to_owned()),
                Message::Binary(bytes) => return Some(String::from_utf8_lossy(&bytes).into_owned()),
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
        None
    }

    async fn turn(&mut self, text: &str) -> Result<(), Broken> {
        let request = asked(text)?;
        let continued = request.previous_response_id.clone();
        let outcome = self.answer(request).await;
        let failed = match &outcome {
            Ok(record) => record.response.status == ResponseStatus::Failed,
            Err(_) => true,
        };
        if failed {
            self.memory = self.memory.take().filter(|known| Some(&known.response.id) != continued.as_ref());
        }
        let record = outcome?;
        if !failed {
            self.memory = Some(record);
        }
        Ok(())
    }

    async fn answer(&mut self, request: ResponseRequest) -> Result<StoredResponse, Broken> {
        let _running = self.app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
        let mut cx = self.app.context(self.opened_by.provider_data.clone());
        cx.caller = admit_again(&self.app, &self.opening).await?;
        cx.trace = self.opened_by.trace.clone();
        let begun = self.app.responder.begin(request, cx, self.memory.as_ref()).await;
        let mut recording = begun.map_err(ApiError::from)?;
        while let Some(event) = self.event(&mut recording).await? {
            self.tell(&event).await?;
        }
        Ok(recording.record())
    }

    /// The next event. What the client sends meanwhile waits for its turn, so that a client who leaves is noticed.
    async fn event(&mut self, recording: &mut Recording) -> Result<Option<ResponseEvent>, Broken> {
        loop {
            let message = tokio::select! {
                event = recording.next() => return Ok(event),
                message = self.socket.recv() => message,
            };
            match message {
                Some(Ok(Message::Text(text))) if self.waiting.len() < WAITING => {
                    self.waiting.push_back(text.as_str().to_owned());
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => return Err(ApiError::busy().into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Broken::Gone),
            }
        }
    }

    async fn tell(&mut self, message: &impl Serialize) -> Result<(), Broken> {
        let text = serde_json::to_string(message).unwrap_or_default();
        self.socket.send(Message::Text(text.into())).await.map_err(|_| Broken::Gone)
    }

    async fn tell_error(&mut self, error: &ApiError) -> Result<(), Broken> {
        let body = error.body().error;
        let code = body.code.clone().unwrap_or_else(|| body.kind.clone());
        let told = json!({"type": body.kind, "code": code, "message": body.message, "param": body.param});
        self.tell(&json!({"type": "error", "status": error.status.as_u16(), "error": told})).await
    }
}

/// The request in a `response.create` message.
fn asked(text: &str) -> Result<ResponseRequest, ApiError> {
    let mut message: wire::JsonObject = parsed(text.as_bytes())?;
    if message.remove("type") != Some(Value::from("response.create")) {
        return Err(ApiError::invalid("type", "type must be response.create"));
    }
    if let Some(field) = NOT_HERE.into_iter().find(|field| message.get(*field).is_some_and(|value| !value.is_null())) {
        return Err(ApiError::invalid(field, format!("{field} does not go with a WebSocket")));
    }
    parsed(Value::Object(message).to_string().as_bytes())
}
