//! `GET /v1/responses/{id}?stream=true`: the events of a background response, from where a reader left off.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use ports::CallContext;
use ports::access::Principal;
use ports::responses::StoredResponse;
use wire::openai::events::{EventKind, ResponseEvent};
use wire::openai::responses::{ResponseObject, ResponseStatus};

use crate::app::App;
use crate::errors::ApiError;

/// How often a response that runs in another process is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The events after `after`. Where they are no longer to be had (it ran in another process, or long ago), the last one
/// alone, as soon as there is one.
pub fn events(
    app: Arc<App>,
    stored: StoredResponse,
    after: Option<u64>,
    cx: CallContext,
) -> Result<BoxStream<'static, ResponseEvent>, ApiError> {
    let StoredResponse { response, owner, .. } = stored;
    if !response.background {
        let message = "only a response made with background can be streamed again";
        return Err(ApiError::invalid("stream", message));
    }
    if let Some(live) = app.responder.background.live(&response.id) {
        return live.follow(after).map_err(|gap| ApiError::invalid("starting_after", gap.to_string()));
    }
    let number = after.map_or(0, |after| after.saturating_add(1));
    let last = async move {
        let response = ended(&app, response, owner.as_deref(), &cx).await?;
        Some(ResponseEvent { sequence_number: number, kind: last_event(response) })
    };
    Ok(futures::stream::once(last).filter_map(futures::future::ready).boxed())
}

/// The response once it is over; `None` if it was removed, or takes longer than a request may.
async fn ended(
    app: &App,
    mut response: ResponseObject,
    owner: Option<&Principal>,
    cx: &CallContext,
) -> Option<ResponseObject> {
    while !response.status.over() {
        if cx.left().is_zero() {
            return None;
        }
        tokio::time::sleep(LOOK).await;
        response = app.responses.get(&response.id, owner).await.ok()??.response;
    }
    Some(response)
}

fn last_event(response: ResponseObject) -> EventKind {
    let response = Box::new(response);
    match response.status {
        ResponseStatus::Failed => EventKind::Failed { response },
        ResponseStatus::Incomplete => EventKind::Incomplete { response },
        ResponseStatus::Cancelled => EventKind::Cancelled { response },
        _ => EventKind::Completed { response },
    }
}
