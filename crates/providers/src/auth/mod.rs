//! Whose token is this: a list of tokens, signed tokens, or an identity provider that is asked.
//!
//! Nothing is fetched and no client is built before the first token that needs it. Tokens are remembered by their
//! SHA-256 for a short time; none is ever logged.

mod cache;
mod claims;
mod config;
mod endpoint;
mod introspection;
mod jwt;
mod kubernetes;
mod tokens;

use std::sync::Arc;

use identity::Refused;
use ports::Clock;
use ports::auth::{AuthError, Authenticator};

pub use config::{
    CustomConfig, GithubConfig, IntrospectionConfig, JwtConfig, KubernetesConfig, Mapping, NamedToken, ProviderConfig,
};
pub use identity::{KeysAt, KeysConfig, SignedTokensConfig, Tls, algorithm, default_algorithms};
pub use tokens::Tokens;

/// The identity provider that is configured, behind a short memory. None is asked before a token comes.
pub fn provider(config: ProviderConfig, clock: Arc<dyn Clock>) -> Arc<dyn Authenticator> {
    let remembered = config.remembered();
    let asked: Arc<dyn Authenticator> = match config {
        ProviderConfig::Jwt(config) => Arc::new(jwt::Signed::new(config, clock.clone())),
        ProviderConfig::Introspection(config) => Arc::new(introspection::Introspection::new(config)),
        ProviderConfig::Kubernetes(config) => Arc::new(kubernetes::Cluster::new(config)),
        ProviderConfig::Github(config) => Arc::new(endpoint::Github::new(config)),
        ProviderConfig::Custom(config) => Arc::new(endpoint::Custom::new(config)),
    };
    Arc::new(cache::Remembered::new(asked, remembered, clock))
}

/// A refusal in the words of the port.
fn refused(refused: Refused) -> AuthError {
    match refused {
        Refused::Rejected(why) => AuthError::Rejected(why),
        Refused::Unavailable(why) => AuthError::Unavailable(why),
    }
}
