//! A request on its way, whichever client sends it.

use std::error::Error;

use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use reqwest::{RequestBuilder, Response};

use super::direct::{Direct, Whole};

pub enum Sending<'a> {
    /// By the client that knows TLS and proxies.
    General(RequestBuilder),
    Direct(&'a Direct, Request<Whole>),
}

/// Why no answer began, in words without the address: an operator may have put credentials into it.
pub enum Broken {
    Connecting(String),
    Late(String),
    Sending(String),
}

impl Sending<'_> {
    pub fn bearer(self, token: &str) -> Self {
        match self {
            Self::General(request) => Self::General(request.bearer_auth(token)),
            Self::Direct(direct, mut request) => {
                if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}")) {
                    value.set_sensitive(true);
                    request.headers_mut().insert(AUTHORIZATION, value);
                }
                Self::Direct(direct, request)
            }
        }
    }

    pub fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::General(request) => Self::General(request.header(name, value)),
            Self::Direct(direct, mut request) => {
                if let Ok(value) = HeaderValue::from_str(value) {
                    request.headers_mut().insert(name, value);
                }
                Self::Direct(direct, request)
            }
        }
    }

    /// Until the answer begins.
    pub async fn send(self) -> Result<Response, Broken> {
        match self {
            Self::General(request) => request.send().await.map_err(|error| {
                let (connecting, late) = (error.is_connect(), error.is_timeout());
                Broken::told(connecting, late, &error)
            }),
            Self::Direct(direct, request) => {
                direct.send(request).await.map_err(|error| Broken::told(error.is_connect(), false, &error))
            }
        }
    }
}

impl Broken {
    fn told(connecting: bool, late: bool, error: &dyn Error) -> Self {
        let mut text = if connecting { "connection failed".to_owned() } else { "request failed".to_owned() };
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        match (connecting, late) {
            (true, _) => Self::Connecting(text),
            (_, true) => Self::Late(text),
            _ => Self::Sending(text),
        }
    }
}
