//! `POST /v1/chat/completions`: request, answer and stream chunks.

mod answer;
mod chunk;
mod message;
mod request;

pub use answer::{ChatCompletion, Choice, FinishReason, Usage};
pub use chunk::{ChatChunk, ChunkChoice, Delta, FunctionDelta, ToolCallDelta};
pub use message::{ChatMessage, Content, ContentPart, FunctionCall, Role, ToolCall};
pub use request::{
    ChatRequest, ChatTool, ChosenFunction, FunctionDef, NamedSchema, ResponseFormat, Stop, StreamOptions, ToolChoice,
    ToolMode,
};
