//! A provider's own word about itself. Asking costs no upstream call that a bill would show.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", content = "message")]
pub enum ProviderHealth {
    #[serde(rename = "OK")]
    Ok,
    Error(String),
    #[serde(rename = "Not Implemented")]
    NotImplemented,
}
