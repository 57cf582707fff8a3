//! Responses that run on without their caller: queued, polled, followed, cancelled, and taken over from a process that
//! has died.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ports::CallContext;
use ports::access::{Action, Principal};
use ports::responses::{Lease, StoreError, StoredResponse};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use wire::openai::responses::{ResponseError, ResponseInput, ResponseObject, ResponseRequest, ResponseStatus};
use wire::openai::tools::ResponseTool;

use crate::limits::Limits;
use crate::live::Live;
use crate::recorder::Recorder;
use crate::recording::Recording;
use crate::request::{RequestError, invalid};
use crate::respond::{Prepared, Responder};
use crate::telemetry::{Counted, Gauges};

/// How long a process may be silent before its responses are taken from it.
const LEASE_SECONDS: i64 = 45;
/// How often it says that it lives, and looks after those that no longer do.
const ROUND: Duration = Duration::from_secs(15);
/// How often a running response asks whether another replica was told to stop it.
const GLANCE: Duration = Duration::from_secs(3);
/// Finished responses whose events can still be followed.
const FINISHED: usize = 32;
/// A cancelled run has this long to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The responses that run in this process without their callers.
pub struct Background {
    runner: String,
    slots: Semaphore,
    most: usize,
    lives: Mutex<Lives>,
}

#[derive(Default)]
struct Lives {
    by_id: HashMap<String, Arc<Live>>,
    finished: VecDeque<String>,
}

impl Background {
    /// `runner` names this process and is fresh at each start.
    pub fn new(runner: String, limits: &Limits) -> Self {
        let slots = Semaphore::new(limits.background.max(1));
        Self { runner, slots, most: limits.background + limits.queued, lives: Mutex::default() }
    }

    /// The live response of this id, running or just finished, if it is in this process. Whoever asks has been shown
    /// its record.
    pub fn live(&self, id: &str) -> Option<Arc<Live>> {
        self.lives().by_id.get(id).cloned()
    }

    fn admit(&self, live: &Arc<Live>) -> bool {
        let mut lives = self.lives();
        let running = lives.by_id.len() - lives.finished.len();
        if running < self.most {
            lives.by_id.insert(live.id.clone(), live.clone());
        }
        running < self.most
    }

    fn retire(&self, live: &Live) {
        let mut lives = self.lives();
        if !lives.by_id.contains_key(&live.id) {
            return;
        }
        lives.finished.push_back(live.id.clone());
        while lives.finished.len() > FINISHED {
            if let Some(oldest) = lives.finished.pop_front() {
                lives.by_id.remove(&oldest);
            }
        }
    }

    fn forget(&self, id: &str) {
        let mut lives = self.lives();
        lives.by_id.remove(id);
        lives.finished.retain(|finished| finished != id);
    }

    fn running(&self) -> Vec<Arc<Live>> {
        self.lives().by_id.values().filter(|live| !live.is_over()).cloned().collect()
    }

    fn lives(&self) -> MutexGuard<'_, Lives> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Responder {
    /// Checks `request`, stores it as queued, and works on it when a slot is free. The work goes on whoever reads it.
    pub async fn enqueue(
        self: &Arc<Self>,
        request: ResponseRequest,
        cx: CallContext,
    ) -> Result<(ResponseObject, Arc<Live>), RequestError> {
        let prepared = self.prepare(request, &cx, None).await?;
        let mut recorder = self.recorder(&prepared);
        recorder.set_status(ResponseStatus::Queued);
        let waiting = (!holds_secrets(&prepared.request, &cx)).then(|| Box::new(prepared.request.clone()));
        let response = recorder.response().clone();
        let live = Live::new(response.id.clone(), cx.caller.clone());
        if !self.background.admit(&live) {
            return Err(RequestError::Busy);
        }
        let keep = self.keep(&prepared, &cx, true);
        let stored = StoredResponse { request: waiting, ..keep.record(&response) };
        if let Err(error) = self.responses.begin(&stored, &self.lease()).await {
            self.background.forget(&live.id);
            return Err(error.into());
        }
        self.clone().work(live.clone(), prepared, recorder, cx);
        Ok((response, live))
    }

    fn work(self: Arc<Self>, live: Arc<Live>, prepared: Prepared, mut recorder: Recorder, mut cx: CallContext) {
        let responder = self;
        let queued = Counted::in_(&Gauges::get().queued);
        let working = async move {
            recorder.queued().into_iter().for_each(|event| live.push(event));
            let slot = tokio::select! {
                slot = responder.background.slots.acquire() => slot.ok(),
                () = live.cancel.cancelled() => None,
            };
            drop(queued);
            let keep = responder.keep(&prepared, &cx, true);
            if slot.is_none() {
                let last = recorder.cancelled();
                let stored = keep.record(recorder.response());
                report(responder.responses.advance(&stored).await, &live.id);
                last.into_iter().for_each(|event| live.push(event));
                return responder.settle(&live);
            }
            // The time it waited is not taken from the time it may run.
            cx.deadline = Instant::now() + responder.limits.run_time;
            let began = recorder.began();
            let stored = keep.record(recorder.response());
            // Gone or cancelled by another replica while it waited.
            if report(responder.responses.advance(&stored).await, &live.id) {
                let recording = responder.clone().record(prepared, recorder, began, keep, cx).set_off();
                responder.pump(&live, recording).await;
            }
            responder.settle(&live);
        };
        tokio::spawn(working.in_current_span());
    }

    async fn pump(&self, live: &Live, mut recording: Recording) {
        let mut glance = tokio::time::interval_at(tokio::time::Instant::now() + GLANCE, GLANCE);
        loop {
            tokio::select! {
                event = recording.next() => match event {
                    Some(event) => live.push(event),
                    None => return,
                },
                () = live.cancel.cancelled(), if !recording.ended() => break,
                _ = glance.tick(), if !recording.ended() => {
                    let stored = self.responses.get(&live.id, live.owner.as_deref()).await;
                    if stored.is_ok_and(|stored| stored.is_none_or(|stored| stored.response.status.over())) {
                        break;
                    }
                }
            }
        }
        let last = recording.recorder.cancelled();
        report(self.responses.advance(&recording.record()).await, &live.id);
        last.into_iter().for_each(|event| live.push(event));
    }

    fn settle(&self, live: &Live) {
        live.end();
        self.background.retire(live);
    }

    /// Stops a background response; one that is over is given as it is.
    pub async fn cancel(&self, id: &str, caller: Option<&Principal>) -> Result<ResponseObject, RequestError> {
        let mut stored = self.known(id, caller).await?;
        self.permit(Action::Update, &stored, caller)?;
        if !stored.response.background {
            return Err(invalid(
                "response_id",
                "Cannot cancel a synchronous response: it was not made with background",
            ));
        }
        if stored.response.status.over() {
            return Ok(stored.response);
        }
        if let Some(live) = self.background.live(id) {
            live.cancel.cancel();
            tokio::time::timeout(PATIENCE, live.over()).await.ok();
            return Ok(self.known(id, caller).await?.response);
        }
        // It runs in another process, which will see this.
        stored.response.status = ResponseStatus::Cancelled;
        stored.request = None;
        match self.responses.advance(&stored).await? {
            true => Ok(stored.response),
            false => Ok(self.known(id, caller).await?.response),
        }
    }

    /// Removes a response, stopping it first where it runs.
    pub async fn remove(&self, id: &str, caller: Option<&Principal>) -> Result<bool, RequestError> {
        let Some(stored) = self.responses.get(id, caller).await? else { return Ok(false) };
        self.permit(Action::Delete, &stored, caller)?;
        if let Some(live) = self.background.live(id) {
            live.cancel.cancel();
            tokio::time::timeout(PATIENCE, live.over()).await.ok();
            self.background.forget(id);
        }
        Ok(self.responses.remove(id, caller).await?)
    }

    pub(crate) async fn known(&self, id: &str, caller: Option<&Principal>) -> Result<StoredResponse, RequestError> {
        self.responses.get(id, caller).await?.ok_or_else(|| RequestError::NotFound {
            param: "response_id".into(),
            message: format!("Response '{id}' not found. Use 'client.responses.list()' to list available Responses."),
        })
    }

    /// Says that this process lives, and takes over from those that do not. When told to stop it waits for what runs,
    /// as long as its caller lets it.
    pub async fn watch_over(self: Arc<Self>, stop: CancellationToken) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "background responses not looked after");
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                () = stop.cancelled() => break,
            }
        }
        for live in self.background.running() {
            live.over().await;
        }
    }

    /// One look after everything that runs in the background, here and elsewhere.
    pub async fn round(self: &Arc<Self>) -> Result<(), StoreError> {
        let lease = self.lease();
        if !self.background.running().is_empty() {
            self.responses.renew(&lease).await?;
        }
        for stored in self.responses.take_over(&lease, self.clock.unix_seconds(), 100).await? {
            self.inherit(stored).await?;
        }
        Ok(())
    }

    /// A response of a dead process: begun anew if it had not begun and says what was asked, failed otherwise.
    async fn inherit(self: &Arc<Self>, mut stored: StoredResponse) -> Result<(), StoreError> {
        let id = stored.response.id.clone();
        if stored.response.status == ResponseStatus::Queued
            && let Some(mut request) = stored.request.take()
        {
            request.input = ResponseInput::Items(stored.input.clone());
            let mut cx = CallContext::new(self.ids.fresh("req"), self.limits.run_time);
            cx.caller.clone_from(&stored.owner);
            let live = Live::new(id.clone(), stored.owner.clone());
            match self.prepare(*request, &cx, None).await {
                Ok(prepared) if self.background.admit(&live) => {
                    tracing::info!(response = %id, "resuming a response that was queued");
                    let recorder = self.recorder(&prepared).resuming(stored.response);
                    self.clone().work(live, prepared, recorder, cx);
                    return Ok(());
                }
                Ok(_) => stored.response.error = Some(lost("too many responses are queued")),
                Err(error) => stored.response.error = Some(lost(&error.to_string())),
            }
        }
        tracing::info!(response = %id, "failing a response whose process has gone");
        stored.response.status = ResponseStatus::Failed;
        stored.response.error.get_or_insert_with(|| lost("the server stopped before it was finished"));
        stored.request = None;
        self.responses.advance(&stored).await?;
        Ok(())
    }

    fn lease(&self) -> Lease {
        Lease { runner: self.background.runner.clone(), until: self.clock.unix_seconds() + LEASE_SECONDS }
    }
}

fn lost(why: &str) -> ResponseError {
    let message = format!("this response was interrupted: {why}; send the request again");
    ResponseError::new("server_error", message)
}

/// Whether the record was still to be changed. A store that fails is told and does not stop the work.
fn report(outcome: Result<bool, StoreError>, id: &str) -> bool {
    outcome.unwrap_or_else(|error| {
        tracing::error!(response = %id, %error, "response not stored");
        true
    })
}

/// Credentials are never stored, so a request that holds some cannot be begun again by another process.
fn holds_secrets(request: &ResponseRequest, cx: &CallContext) -> bool {
    let of_tool = |tool: &ResponseTool| match tool {
        ResponseTool::Mcp(server) => server.headers.is_some() || server.authorization.is_some(),
        _ => false,
    };
    !cx.provider_data.is_empty() || request.tools.iter().any(of_tool)
}
