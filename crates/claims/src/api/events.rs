//! Server-sent events: one claim's whole history and what follows, or a live hint for every claim.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{ApiError, ApiQuery, App, ErrorKind};
use crate::domain::ClaimId;
use crate::store::ClaimEventRow;

const PAGE: i64 = 100;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A hint may be lost or belong to another process: look again now and then.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// A stream ends after this long; the browser comes back where it was.
const LONGEST_STREAM: Duration = Duration::from_secs(3600);

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Number of the last event seen; the `Last-Event-ID` header counts before it.
    last_event_id: Option<i64>,
}

/// The claim's events from the first, or after `Last-Event-ID`, and then as they happen.
///
/// `id` is the number within the claim, `event` the kind: submitted, queued, started, step_started,
/// step_completed, evidence_recorded, decision_recorded, requeued, finished.
#[utoipa::path(get, path = "/api/v1/claims/{id}/events", params(("id" = String, Path), EventsQuery), responses((status = 200, content_type = "text/event-stream"), (status = 400), (status = 404), (status = 503)))]
pub async fn of_claim(
    State(app): State<App>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let after = match headers.get("last-event-id") {
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
            number.ok_or_else(|| ApiError::invalid("Last-Event-ID", "must be the number of an event"))?
        }
        None => query.last_event_id.unwrap_or(0),
    };
    if after < 0 {
        return Err(ApiError::invalid("Last-Event-ID", "must not be negative"));
    }
    let permit = permit(&app)?;
    // Watching begins before the first read, so nothing falls between.
    let reader = Reader {
        changes: app.store.watch(),
        app,
        claim: claim.claim_id,
        after,
        page: Vec::new().into_iter(),
        _permit: permit,
    };
    let end = Box::pin(tokio::time::sleep(LONGEST_STREAM));
    let events = stream::unfold((reader, end), |(mut reader, mut end)| async move {
        let event = tokio::select! {
            event = reader.next() => event?,
            () = &mut end => return None,
        };
        Some((Ok::<_, Infallible>(event), (reader, end)))
    });
    Ok(answer(events))
}

/// `claim_changed` with the claim's id whenever something happens to any claim, from now on.
#[utoipa::path(get, path = "/api/v1/events", responses((status = 200, content_type = "text/event-stream"), (status = 503)))]
pub async fn of_all(State(app): State<App>) -> Result<Response, ApiError> {
    let permit = permit(&app)?;
    let changes = app.store.watch();
    let end = Box::pin(tokio::time::sleep(LONGEST_STREAM));
    let events =
        stream::unfold((changes, app.stop.clone(), end, permit), |(mut changes, stop, mut end, permit)| async move {
            let event = tokio::select! {
                changed = changes.recv() => match changed {
                    Ok(id) => Event::default().event("claim_changed").data(json!({"claim_id": id}).to_string()),
                    // Which claims changed was lost: the page reads its list again.
                    Err(RecvError::Lagged(_)) => Event::default().event("claims_changed").data("{}"),
                    Err(RecvError::Closed) => return None,
                },
                () = stop.cancelled() => return None,
                () = &mut end => return None,
            };
            Some((Ok::<_, Infallible>(event), (changes, stop, end, permit)))
        });
    Ok(answer(events))
}

fn permit(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    let taken = app.event_streams.clone().try_acquire_owned();
    taken.map_err(|_| ApiError::new(ErrorKind::Unavailable, "too many open event streams; try again"))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    // Proxies must not collect events before passing them on.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

struct Reader {
    app: App,
    claim: ClaimId,
    after: i64,
    page: std::vec::IntoIter<ClaimEventRow>,
    changes: Receiver<ClaimId>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event; `None` when the service stops or cannot read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(row) = self.page.next() {
                self.after = row.seq;
                return Some(render(row));
            }
            let rows = match self.app.store.events(&self.claim, self.after, PAGE).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(claim_id = %self.claim, %error, "events cannot be read");
                    return None;
                }
            };
            if rows.is_empty() {
                self.wait().await?;
            } else {
                self.page = rows.into_iter();
            }
        }
    }

    async fn wait(&mut self) -> Option<()> {
        loop {
            tokio::select! {
                () = self.app.stop.cancelled() => return None,
                () = tokio::time::sleep(LOOK_AGAIN) => return Some(()),
                changed = self.changes.recv() => match changed {
                    Ok(changed) if changed != self.claim => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return Some(()),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

fn render(row: ClaimEventRow) -> Event {
    let mut data = row.payload;
    if let Some(fields) = data.as_object_mut() {
        fields.insert("at".into(), json!(row.created_at.to_string()));
    }
    Event::default().id(row.seq.to_string()).event(row.kind).data(data.to_string())
}
