//! What should happen with a request: the agent loop, the models it may ask, and the recipe that makes a small
//! model dependable. No HTTP, no SQL, no provider: only `ports`.

mod arguments;
mod asking;
pub mod background;
mod choice;
pub mod compact;
mod compaction;
pub mod completions;
mod continuing;
mod driver;
pub mod event;
mod gather;
pub mod grounding;
pub mod history;
mod images;
pub mod limits;
pub mod live;
pub mod mcp_headers;
pub mod options;
pub mod own;
pub mod prompt;
pub mod recorder;
pub mod recording;
pub mod recovery;
pub mod registered;
pub mod registry;
mod request;
pub mod respond;
mod reuse;
pub mod run;
pub mod safety;
pub mod telemetry;
pub mod toolbox;
mod truncate;
pub mod vectors;

pub use background::Background;
pub use limits::Limits;
pub use own::Own;
pub use registry::{ModelTraits, Registry};
pub use request::{RequestError, name_items};
pub use respond::{Responder, Started};
