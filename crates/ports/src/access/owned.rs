//! The records that belong to somebody, as rules name them.

use super::{Owned, Principal, kind};
use crate::agents::{Agent, AgentSession, StoredTurn};
use crate::batches::Batch;
use crate::completions::StoredCompletion;
use crate::conversations::StoredConversation;
use crate::files::StoredFile;
use crate::registrations::Registration;
use crate::responses::StoredResponse;
use crate::sessions::Session;
use crate::vectors::VectorStore;

macro_rules! owned {
    ($($record:ty: $kind:expr, $($id:ident).+;)*) => {$(
        impl Owned for $record {
            fn kind(&self) -> &str {
                $kind
            }

            fn id(&self) -> &str {
                &self.$($id).+
            }

            fn owner(&self) -> Option<&Principal> {
                self.owner.as_deref()
            }
        }
    )*};
}

owned! {
    Agent: kind::AGENT, id;
    AgentSession: kind::SESSION, id;
    // A turn is as open as the session it is part of.
    StoredTurn: kind::SESSION, turn.session_id;
    Batch: kind::BATCH, id;
    Session: kind::SESSION, id;
    StoredCompletion: kind::COMPLETION, completion.id;
    StoredConversation: kind::CONVERSATION, id;
    StoredFile: kind::FILE, id;
    StoredResponse: kind::RESPONSE, response.id;
    VectorStore: kind::VECTOR_STORE, id;
}

impl Owned for Registration {
    fn kind(&self) -> &str {
        self.kind
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn owner(&self) -> Option<&Principal> {
        self.owner.as_deref()
    }
}
