//! The legacy HTTP+SSE transport (protocol 2024-11-05): answers on a stream
//! opened by GET, messages by POST to the address the stream names first.

mod http;
mod session;

pub(crate) use http::{open_stream, post_message};
pub(crate) use session::{Life, Open, Sessions};
