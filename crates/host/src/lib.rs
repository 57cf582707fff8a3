//! What any process of ours needs: configuration, listeners, guards at the door, health and an orderly stop.
//!
//! Knows nothing of claims, models or protocols. A service crate hands over a [`Service`]; the executable binds
//! listeners and calls [`serve`]; nothing starts before that.

pub mod auth;
pub mod config;
mod guard;
mod serve;
mod service;
mod stop;
pub mod telemetry;

pub use auth::bearer;
pub use guard::{Allowed, Guard, guard};
pub use serve::{ServeError, serve};
pub use service::{AlwaysReady, NotReady, Readiness, Service, Task};
pub use stop::Stop;
