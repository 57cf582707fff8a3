//! Renders a run as OpenAI's response: the object that is stored, and the events that are streamed.

use std::sync::Arc;

use ports::tools::ToolDef;
use ports::{Clock, Ids};
use serde_json::{Value, json};
use wire::openai::chat::{Role, Usage};
use wire::openai::events::{EventKind, ResponseEvent};
use wire::openai::items::{
    FunctionCallItem, Item, ItemStatus, McpApprovalRequestItem, McpCallItem, McpListToolsItem, McpListedTool,
    MessageContent, MessageItem, MessagePart,
};
use wire::openai::responses::{
    IncompleteDetails, ResponseError, ResponseObject, ResponseRequest, ResponseStatus, ResponseUsage,
};
use wire::openai::tools::ResponseTool;

use crate::event::{CallOutput, CallRef, Outcome, RunEvent};
use crate::options::Options;
use crate::own::{self, Citations};

mod searches;

pub struct Recorder {
    response: ResponseObject,
    sequence: u64,
    /// The message being written: its index in the output and its text so far.
    open: Option<(usize, String)>,
    citations: Citations,
    /// Of the message being written.
    cited: Vec<Value>,
    /// Token likelihoods: of the text that comes next, and of the message so far.
    likely: (Vec<Value>, Vec<Value>),
    listing: Option<usize>,
    calling: Vec<(String, usize)>,
    stored_output: usize,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl Recorder {
    pub fn new(
        request: &ResponseRequest,
        options: &Options,
        model: &str,
        stored_output: usize,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let mut response = opening(request, model, ids.fresh("resp"), clock.unix_seconds());
        options.echo(&mut response);
        Self {
            response,
            sequence: 0,
            open: None,
            citations: Citations::default(),
            cited: Vec::new(),
            likely: Default::default(),
            listing: None,
            calling: Vec::new(),
            stored_output,
            clock,
            ids,
        }
    }

    /// Earlier items, whose files may be cited.
    pub fn knowing(mut self, items: &[Item]) -> Self {
        self.citations.know(own::cited_files(items));
        self
    }

    pub fn response(&self) -> &ResponseObject {
        &self.response
    }

    /// The same response as `queued`, which another process had begun to serve.
    pub fn resuming(mut self, queued: ResponseObject) -> Self {
        self.response = queued;
        self
    }

    pub fn set_status(&mut self, status: ResponseStatus) {
        self.response.status = status;
    }

    /// The events of a response that waits.
    pub fn queued(&mut self) -> Vec<ResponseEvent> {
        let created = EventKind::Created { response: Box::new(self.response.clone()) };
        let queued = EventKind::Queued { response: Box::new(self.response.clone()) };
        vec![self.numbered(created), self.numbered(queued)]
    }

    /// The wait is over.
    pub fn began(&mut self) -> Vec<ResponseEvent> {
        self.response.status = ResponseStatus::InProgress;
        let in_progress = EventKind::InProgress { response: Box::new(self.response.clone()) };
        vec![self.numbered(in_progress)]
    }

    /// Somebody stopped it. What was finished stays; what was being written is left as far as it came.
    pub fn cancelled(&mut self) -> Vec<ResponseEvent> {
        let mut kinds = self.message_done();
        for item in &mut self.response.output {
            match item {
                Item::McpCall(call) if call.status == Some(ItemStatus::InProgress) => {
                    call.status = Some(ItemStatus::Incomplete);
                }
                Item::FileSearchCall(call) => searches::cut_off(&mut call.status),
                Item::WebSearchCall(call) => searches::cut_off(&mut call.status),
                _ => {}
            }
        }
        self.response.status = ResponseStatus::Cancelled;
        kinds.push(EventKind::Cancelled { response: Box::new(self.response.clone()) });
        kinds.into_iter().map(|kind| self.numbered(kind)).collect()
    }

    pub fn opened(&mut self) -> Vec<ResponseEvent> {
        let created = EventKind::Created { response: Box::new(self.response.clone()) };
        let in_progress = EventKind::InProgress { response: Box::new(self.response.clone()) };
        vec![self.numbered(created), self.numbered(in_progress)]
    }

    /// The events that `event` amounts to; the object is brought up to date first.
    pub fn record(&mut self, event: RunEvent) -> Vec<ResponseEvent> {
        let kinds = match event {
            RunEvent::ListingTools { label } => self.listing(label),
            RunEvent::ListedTools { label, tools } => self.listed(label, shown(tools), None),
            RunEvent::ReusedTools { label, tools } => {
                // Nothing is in progress: the list is known from the response before.
                let mut kinds = self.listing(label.clone());
                kinds.truncate(1);
                kinds.extend(self.listed(label, shown(tools), None));
                kinds
            }
            RunEvent::ListingFailed { label, error } => self.listed(label, Vec::new(), Some(error)),
            RunEvent::Text(text) => self.text(text),
            RunEvent::Likely(tokens) => {
                self.likely.0.extend(tokens);
                Vec::new()
            }
            RunEvent::MessageDone => self.message_done(),
            RunEvent::CallStarted { call } if call.ours.is_some() => self.search_started(call),
            RunEvent::CallDone { call, output } if call.ours.is_some() => self.search_done(&call, output),
            RunEvent::CallStarted { call } => self.call_started(call),
            RunEvent::CallDone { call, output } => self.call_done(&call, output),
            RunEvent::CallerMustRun { call } => self.function_call(call),
            RunEvent::NeedsApproval { call } => self.approval(call),
            RunEvent::Refused(words) => self.refused(words),
            RunEvent::Asked { usage } => {
                self.add_usage(&usage);
                Vec::new()
            }
            RunEvent::Finished(outcome) => self.finished(outcome),
        };
        kinds.into_iter().map(|kind| self.numbered(kind)).collect()
    }

    fn numbered(&mut self, kind: EventKind) -> ResponseEvent {
        let sequence_number = self.sequence;
        self.sequence += 1;
        ResponseEvent { sequence_number, kind }
    }

    fn add(&mut self, item: Item) -> (usize, EventKind) {
        let output_index = self.response.output.len();
        self.response.output.push(item.clone());
        (output_index, EventKind::ItemAdded { response_id: self.response.id.clone(), output_index, item })
    }

    fn done(&self, output_index: usize) -> Option<EventKind> {
        let item = self.response.output.get(output_index)?.clone();
        Some(EventKind::ItemDone { response_id: self.response.id.clone(), output_index, item })
    }

    fn listing(&mut self, server_label: String) -> Vec<EventKind> {
        let item_id = self.ids.fresh("mcpl");
        let item = McpListToolsItem { id: item_id.clone(), server_label, ..McpListToolsItem::default() };
        let (output_index, added) = self.add(Item::McpListTools(item));
        self.listing = Some(output_index);
        vec![added, EventKind::McpListInProgress { item_id, output_index }]
    }

    fn listed(&mut self, label: String, tools: Vec<McpListedTool>, error: Option<String>) -> Vec<EventKind> {
        let Some(output_index) = self.listing.take() else { return Vec::new() };
        let Some(Item::McpListTools(item)) = self.response.output.get_mut(output_index) else { return Vec::new() };
        item.server_label = label;
        item.tools = tools;
        item.error = error;
        let item_id = item.id.clone();
        let ended = match item.error {
            None => EventKind::McpListCompleted { item_id, output_index },
            Some(_) => EventKind::McpListFailed { item_id, output_index },
        };
        [Some(ended), self.done(output_index)].into_iter().flatten().collect()
    }

    fn text(&mut self, delta: String) -> Vec<EventKind> {
        let mut kinds = Vec::new();
        if self.open.is_none() {
            kinds = self.open_message();
        }
        let (delta, cited) = self.citations.push(&delta);
        kinds.extend(self.written(delta));
        kinds.extend(cited.into_iter().filter_map(|annotation| self.annotated(annotation)));
        kinds
    }

    /// Text on its way to the reader.
    fn written(&mut self, delta: String) -> Option<EventKind> {
        let (output_index, text) = self.open.as_mut()?;
        if delta.is_empty() && !text.is_empty() {
            return None;
        }
        text.push_str(&delta);
        let output_index = *output_index;
        let item_id = self.item_id(output_index);
        let logprobs = std::mem::take(&mut self.likely.0);
        self.likely.1.extend(logprobs.iter().cloned());
        Some(EventKind::TextDelta { item_id, output_index, content_index: 0, delta, logprobs })
    }

    fn open_message(&mut self) -> Vec<EventKind> {
        let item_id = self.ids.fresh("msg");
        let message = MessageItem {
            id: Some(item_id.clone()),
            role: Role::Assistant,
            status: Some(ItemStatus::InProgress),
            ..MessageItem::default()
        };
        let (output_index, added) = self.add(Item::Message(message));
        self.open = Some((output_index, String::new()));
        let part = MessagePart::output_text("");
        vec![
            added,
            EventKind::PartAdded {
                response_id: self.response.id.clone(),
                item_id,
                output_index,
                content_index: 0,
                part,
            },
        ]
    }

    fn message_done(&mut self) -> Vec<EventKind> {
        let rest = self.citations.rest();
        let held = (!rest.is_empty()).then(|| self.written(rest)).flatten();
        let Some((output_index, text)) = self.open.take() else { return Vec::new() };
        let item_id = self.item_id(output_index);
        let annotations = Some(std::mem::take(&mut self.cited));
        let (_, logprobs) = std::mem::take(&mut self.likely);
        let part =
            MessagePart { annotations, logprobs: Some(logprobs.clone()), ..MessagePart::output_text(text.clone()) };
        if let Some(Item::Message(message)) = self.response.output.get_mut(output_index) {
            message.content = MessageContent::Parts(vec![part.clone()]);
            message.status = Some(ItemStatus::Completed);
        }
        let response_id = self.response.id.clone();
        let text_done =
            EventKind::TextDone { item_id: item_id.clone(), output_index, content_index: 0, text, logprobs };
        // Llama Stack's clients take the tokens from the text's own events and from the item.
        let part = MessagePart { logprobs: Some(Vec::new()), ..part };
        let part_done = EventKind::PartDone { response_id, item_id, output_index, content_index: 0, part };
        [held, Some(text_done), Some(part_done), self.done(output_index)].into_iter().flatten().collect()
    }

    fn call_started(&mut self, call: CallRef) -> Vec<EventKind> {
        let item_id = self.ids.fresh("mcp");
        let item = McpCallItem {
            id: item_id.clone(),
            server_label: call.label,
            name: call.tool,
            arguments: String::new(),
            status: Some(ItemStatus::InProgress),
            approval_request_id: call.approved_by,
            ..McpCallItem::default()
        };
        let (output_index, added) = self.add(Item::McpCall(item));
        if let Some(Item::McpCall(item)) = self.response.output.get_mut(output_index) {
            item.arguments.clone_from(&call.arguments);
        }
        self.calling.push((call.id, output_index));
        vec![
            added,
            EventKind::McpArgumentsDelta { item_id: item_id.clone(), output_index, delta: call.arguments.clone() },
            EventKind::StackArgumentsDelta { item_id: item_id.clone(), output_index, delta: call.arguments.clone() },
            EventKind::McpArgumentsDone { item_id: item_id.clone(), output_index, arguments: call.arguments.clone() },
            EventKind::StackArgumentsDone { item_id: item_id.clone(), output_index, arguments: call.arguments },
            EventKind::McpCallInProgress { item_id, output_index },
        ]
    }

    fn call_done(&mut self, call: &CallRef, output: CallOutput) -> Vec<EventKind> {
        let Some(at) = self.calling.iter().position(|(id, _)| *id == call.id) else { return Vec::new() };
        let (_, output_index) = self.calling.swap_remove(at);
        let limit = self.stored_output;
        let Some(Item::McpCall(item)) = self.response.output.get_mut(output_index) else { return Vec::new() };
        let item_id = item.id.clone();
        let ended = match output {
            CallOutput::Ran { text, .. } => {
                item.output = Some(shortened(text, limit));
                item.status = Some(ItemStatus::Completed);
                EventKind::McpCallCompleted { item_id, output_index }
            }
            CallOutput::Failed { message } => {
                item.error = Some(shortened(message, limit));
                item.status = Some(ItemStatus::Failed);
                EventKind::McpCallFailed { item_id, output_index }
            }
        };
        [Some(ended), self.done(output_index)].into_iter().flatten().collect()
    }

    fn function_call(&mut self, call: CallRef) -> Vec<EventKind> {
        let item_id = self.ids.fresh("fc");
        let item = FunctionCallItem {
            id: Some(item_id.clone()),
            call_id: call.id,
            name: call.tool.clone(),
            arguments: String::new(),
            status: Some(ItemStatus::InProgress),
        };
        let (output_index, added) = self.add(Item::FunctionCall(item));
        if let Some(Item::FunctionCall(item)) = self.response.output.get_mut(output_index) {
            item.arguments.clone_from(&call.arguments);
            item.status = Some(ItemStatus::Completed);
        }
        let delta = EventKind::ArgumentsDelta { item_id: item_id.clone(), output_index, delta: call.arguments.clone() };
        let done = EventKind::ArgumentsDone { item_id, output_index, arguments: call.arguments, name: Some(call.tool) };
        [Some(added), Some(delta), Some(done), self.done(output_index)].into_iter().flatten().collect()
    }

    fn approval(&mut self, call: CallRef) -> Vec<EventKind> {
        let item = McpApprovalRequestItem {
            id: self.ids.fresh("mcpr"),
            server_label: call.label,
            name: call.tool,
            arguments: call.arguments,
        };
        let (output_index, added) = self.add(Item::McpApprovalRequest(item));
        [Some(added), self.done(output_index)].into_iter().flatten().collect()
    }

    fn finished(&mut self, outcome: Outcome) -> Vec<EventKind> {
        let mut kinds = self.message_done();
        self.response.completed_at = Some(self.clock.unix_seconds());
        match outcome {
            Outcome::Completed => self.response.status = ResponseStatus::Completed,
            Outcome::Incomplete { reason } => {
                self.response.status = ResponseStatus::Incomplete;
                self.response.incomplete_details = Some(IncompleteDetails { reason });
            }
            Outcome::Failed { code, message } => {
                self.response.status = ResponseStatus::Failed;
                self.response.error = Some(ResponseError::new(code, message));
            }
        }
        let response = Box::new(self.response.clone());
        kinds.push(match self.response.status {
            ResponseStatus::Incomplete => EventKind::Incomplete { response },
            ResponseStatus::Failed => EventKind::Failed { response },
            _ => EventKind::Completed { response },
        });
        kinds
    }

    fn add_usage(&mut self, usage: &Usage) {
        self.response.usage.get_or_insert_with(ResponseUsage::default).add(usage);
    }

    fn item_id(&self, output_index: usize) -> String {
        match self.response.output.get(output_index) {
            Some(Item::Message(message)) => message.id.clone().unwrap_or_default(),
            _ => String::new(),
        }
    }
}

fn shown(tools: Vec<ToolDef>) -> Vec<McpListedTool> {
    let tools = tools.into_iter().map(|tool| McpListedTool {
        name: tool.name,
        description: tool.description,
        input_schema: tool.input_schema,
        annotations: tool.annotations,
    });
    tools.collect()
}

fn shortened(text: String, limit: usize) -> String {
    if text.len() <= limit { text } else { crate::compact::compact(&text, limit) }
}

fn opening(request: &ResponseRequest, model: &str, id: String, created_at: i64) -> ResponseObject {
    let tools = request.tools.iter().map(|tool| match tool {
        ResponseTool::Mcp(server) => serde_json::to_value(ResponseTool::Mcp(server.public())).unwrap_or_default(),
        other => serde_json::to_value(other).unwrap_or_default(),
    });
    ResponseObject {
        id,
        object: "response".into(),
        created_at,
        completed_at: None,
        status: ResponseStatus::InProgress,
        background: false,
        error: None,
        incomplete_details: None,
        instructions: request.instructions.clone(),
        max_output_tokens: request.max_output_tokens,
        max_tool_calls: request.max_tool_calls,
        model: model.into(),
        output: Vec::new(),
        parallel_tool_calls: request.parallel_tool_calls.unwrap_or(true),
        previous_response_id: request.previous_response_id.clone(),
        reasoning: None,
        store: request.store.unwrap_or(true),
        temperature: request.temperature.unwrap_or(1.0),
        text: request.text.clone().unwrap_or_else(|| json!({"format": {"type": "text"}})),
        tool_choice: request.tool_choice.clone().unwrap_or_else(|| json!("auto")),
        tools: tools.collect(),
        top_p: request.top_p.unwrap_or(1.0),
        truncation: "disabled".into(),
        usage: None,
        metadata: request.metadata.clone().unwrap_or_default(),
        extra: wire::JsonObject::new(),
    }
}
