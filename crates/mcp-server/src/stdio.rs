//! An MCP server on standard input and output.

use rmcp::{
    ServerHandler, ServiceExt,
    service::ServerInitializeError,
    transport::{async_rw::AsyncRwTransport, io::stdio_pipes},
};

use crate::{McpServerConfig, bounded::Bounded};

/// Why a stdio server ended other than by its client closing the pipe.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    #[error("the client did not complete the MCP handshake: {0}")]
    Handshake(String),
    #[error("the MCP server stopped unexpectedly: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// Serves `handler` on standard input and output until the client closes them.
///
/// Nothing else may write to standard output while this runs: send logs to
/// standard error. One JSON message per line, each at most the body limit of
/// [`McpServerConfig`].
pub async fn stdio<H: ServerHandler>(handler: H) -> Result<(), StdioError> {
    let config = McpServerConfig::default();
    let handler = Bounded::new(handler, &config);
    let (input, output) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(config.max_body_bytes);
    match handler.serve(transport).await {
        Ok(running) => {
            running.waiting().await?;
            Ok(())
        }
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
        Err(ServerInitializeError::ExpectedInitializeRequest(_)) => {
            Err(StdioError::Handshake("the first message was neither initialize nor a self-describing request".into()))
        }
        Err(error) => Err(StdioError::Handshake(error.to_string())),
    }
}
