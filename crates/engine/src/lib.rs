//! What should happen with a request: the agent loop, the models it may ask, and the recipe that makes a small
//! model dependable. No HTTP, no SQL, no provider: only `ports`.

pub mod compact;
mod driver;
pub mod event;
pub mod grounding;
pub mod history;
pub mod limits;
pub mod mcp_headers;
pub mod recorder;
pub mod recovery;
pub mod registry;
mod request;
pub mod respond;
pub mod run;
pub mod safety;
pub mod toolbox;
pub mod vectors;

pub use limits::Limits;
pub use registry::{ModelTraits, Registry};
pub use request::RequestError;
pub use respond::{Responder, Started};
