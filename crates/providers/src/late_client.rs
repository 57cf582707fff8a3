//! An HTTP client that is built when the first request needs it.

use std::sync::OnceLock;

use reqwest::{Client, ClientBuilder};

/// Building a client reads every certificate the machine trusts, which takes longer than all the rest of a start; a
/// control plane that never leaves loopback never needs them.
pub(crate) struct LateClient {
    settings: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    built: OnceLock<Client>,
}

impl LateClient {
    pub fn new(settings: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { settings: Box::new(settings), built: OnceLock::new() }
    }

    /// The one client; cheap to clone, with one pool of connections.
    pub fn get(&self) -> reqwest::Result<Client> {
        if let Some(client) = self.built.get() {
            return Ok(client.clone());
        }
        let client = (self.settings)().build()?;
        Ok(self.built.get_or_init(|| client).clone())
    }
}
