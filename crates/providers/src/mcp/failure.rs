//! What went wrong, as far as the caller can act on it.

use ports::tools::ToolError;
use rmcp::{
    service::{ClientInitializeError, ServiceError},
    transport::{DynamicTransportError, streamable_http_client::StreamableHttpError},
};

use super::{address::AddressError, sse::SseError};

/// Longest text of a server's that is repeated in an error.
const MAX_QUOTE: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    Unauthorized,
    NotAllowed(String),
    /// No connection was made: the server has seen nothing.
    Refused(String),
    /// The connection broke in mid-work: the server may have done it or not.
    Broken(String),
    /// The server does not know the session any more, so it did nothing.
    Gone(String),
    Timeout,
    Protocol(String),
    Cancelled,
}

impl Failure {
    pub(super) fn into_error(self, server: &str, phase: &str) -> ToolError {
        let (server, phase) = (server.to_owned(), phase.to_owned());
        match self {
            Self::Unauthorized => ToolError::Unauthorized { server },
            Self::NotAllowed(message) => ToolError::Forbidden { server, message },
            Self::Refused(message) | Self::Broken(message) | Self::Gone(message) => {
                ToolError::Unreachable { server, phase, message }
            }
            Self::Timeout => ToolError::Timeout { server, phase },
            Self::Protocol(message) => ToolError::Protocol { server, phase, message },
            Self::Cancelled => ToolError::Cancelled,
        }
    }

    /// Whether another transport at the same address may do better.
    pub(super) fn other_transport_may_work(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Gone(_) | Self::Timeout | Self::Protocol(_))
    }

    pub(super) fn describe(&self) -> &str {
        match self {
            Self::Unauthorized => "credentials are asked for",
            Self::Timeout => "no answer in time",
            Self::Cancelled => "cancelled",
            Self::NotAllowed(text)
            | Self::Refused(text)
            | Self::Broken(text)
            | Self::Gone(text)
            | Self::Protocol(text) => text,
        }
    }
}

/// A server's words, short and without control characters.
pub(super) fn quote(text: &str) -> String {
    let mut quoted: String =
        text.chars().take(MAX_QUOTE).map(|char| if is_unprintable(char) { ' ' } else { char }).collect();
    if text.chars().nth(MAX_QUOTE).is_some() {
        quoted.push('…');
    }
    quoted
}

/// Control characters, and the marks that turn the direction of text around.
pub(super) fn is_unprintable(char: char) -> bool {
    char.is_control() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        if let Some(address) = cause::<AddressError>(error) {
            return match address {
                AddressError::Unknown(_) => Self::Refused(address.to_string()),
                _ => Self::NotAllowed(address.to_string()),
            };
        }
        match error.status().map(|status| status.as_u16()) {
            Some(401) => return Self::Unauthorized,
            Some(status) => return Self::Protocol(format!("HTTP {status}")),
            None => {}
        }
        if error.is_redirect() {
            Self::NotAllowed("it redirects to another origin".into())
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Refused("connection refused or not possible".into())
        } else {
            Self::Broken("the connection broke off".into())
        }
    }
}

impl From<&StreamableHttpError<reqwest::Error>> for Failure {
    fn from(error: &StreamableHttpError<reqwest::Error>) -> Self {
        use StreamableHttpError as E;
        match error {
            E::AuthRequired(_) => Self::Unauthorized,
            E::InsufficientScope(_) => Self::Unauthorized,
            E::Client(error) => error.into(),
            E::UnexpectedServerResponse(text) if text.starts_with("HTTP 401") => Self::Unauthorized,
            E::ResponseBodyTooLarge { max_size } => {
                Self::Protocol(format!("the answer is larger than {max_size} bytes"))
            }
            E::SessionExpired => Self::Gone("the session has ended".into()),
            E::SessionRecoveryTimeout | E::ReinitializationFailed(_) => {
                Self::Broken("the session has ended and no new one began".into())
            }
            E::TransportChannelClosed | E::UnexpectedEndOfStream | E::Io(_) => {
                Self::Broken("the connection broke off".into())
            }
            E::ReservedHeaderConflict(name) => Self::NotAllowed(format!("header {name} may not be set")),
            error => Self::Protocol(quote(&error.to_string())),
        }
    }
}

impl From<&DynamicTransportError> for Failure {
    fn from(error: &DynamicTransportError) -> Self {
        let error = error.error.as_ref();
        if let Some(error) = error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            return error.into();
        }
        if let Some(error) = error.downcast_ref::<SseError>() {
            return error.clone().into();
        }
        Self::Broken(quote(&error.to_string()))
    }
}

impl From<&ClientInitializeError> for Failure {
    fn from(error: &ClientInitializeError) -> Self {
        use ClientInitializeError as E;
        match error {
            E::TransportError { error, .. } => error.into(),
            E::ConnectionClosed(_) => Self::Broken("the connection closed in the handshake".into()),
            E::Cancelled => Self::Cancelled,
            E::LegacyFallbackFailed { fallback, .. } => fallback.as_ref().into(),
            E::JsonRpcError(error) => Self::Protocol(format!("error {}: {}", error.code.0, quote(&error.message))),
            E::NoCompatibleProtocolVersion { .. } => Self::Protocol("no protocol version in common".into()),
            _ => Self::Protocol("the answer to initialize is not one".into()),
        }
    }
}

impl From<&ServiceError> for Failure {
    fn from(error: &ServiceError) -> Self {
        match error {
            ServiceError::TransportSend(error) => error.into(),
            ServiceError::TransportClosed => Self::Broken("the connection broke off".into()),
            ServiceError::Timeout { .. } => Self::Timeout,
            ServiceError::Cancelled { .. } => Self::Cancelled,
            ServiceError::McpError(error) => {
                Self::Protocol(format!("error {}: {}", error.code.0, quote(&error.message)))
            }
            error => Self::Protocol(quote(&error.to_string())),
        }
    }
}

fn cause<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_kept_short_and_plain() {
        assert_eq!(quote("a\r\nb\u{1b}[31m\u{202e}c"), "a  b [31m c");
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), MAX_QUOTE + 1);
    }
}
