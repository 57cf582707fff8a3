//! The tools, as MCP lists them.

mod arguments;
mod contract_view;
mod failure;
mod health;
mod knowledge;
mod similar_claims;
mod similarity;
mod user_info;

use std::sync::Arc;

use mcp_server::claim_run;
use mcp_server::evidence::{EvidenceClient, NewEvidence};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::model::{Implementation, JsonObject, ServerCapabilities, ServerConfig};
use rmcp::service::RequestContext;
use rmcp::{Json, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use serde_json::Value;
use tokio_util::sync::DropGuard;

use crate::claim::Claim;
use crate::indexer::Library;
use arguments::{KnowledgeArguments, SimilarClaimsArguments, UserInfoArguments};
use failure::ToolFailure;
use health::Health;
use knowledge::Articles;
use similar_claims::SimilarClaims;
use user_info::UserInfo;

/// Serves the tools from one library. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Retrieval {
    library: Arc<Library>,
    claims: Option<EvidenceClient>,
    tool_router: Arc<ToolRouter<Self>>,
    /// Ends background work that nothing else would end.
    _background: Option<Arc<DropGuard>>,
}

impl Retrieval {
    pub(crate) fn new(library: Arc<Library>, claims: Option<EvidenceClient>) -> Self {
        Self { library, claims, tool_router: Arc::new(Self::tool_router()), _background: None }
    }

    pub(crate) fn ending(self, background: DropGuard) -> Self {
        Self { _background: Some(Arc::new(background)), ..self }
    }

    /// The claim a call is for. Standing alone no claim is known, and its id says nothing.
    async fn claim(&self, claim_id: &str) -> Result<Option<Claim>, ToolFailure> {
        match &self.claims {
            Some(client) if !claim_id.is_empty() => Ok(Some(Claim::read(client, claim_id).await?)),
            _ => Ok(None),
        }
    }

    /// Writes what was found to the claim. `None` when the call names no run: it may look but not write.
    async fn record(
        &self,
        claim: &Claim,
        run: Option<&str>,
        (kind, tool): (&str, &str),
        payload: &Value,
    ) -> Result<Option<String>, ToolFailure> {
        let (Some(client), Some(run)) = (&self.claims, run) else { return Ok(None) };
        let evidence = NewEvidence { kind, tool, payload, confidence: None };
        let claim_id = &claim.intake.claim_id;
        let receipt = match client.record(claim_id, run, &evidence).await {
            // Writing the same finding again is harmless, so one lost answer need not fail the call.
            Err(error) if error.is_transient() => client.record(claim_id, run, &evidence).await,
            answer => answer,
        };
        Ok(Some(receipt?.evidence_id))
    }
}

#[tool_router]
impl Retrieval {
    /// Policyholder, contracts with their terms, which of them were in force, and the clauses that matter for the
    /// claim. Call it after the document was read.
    #[tool(
        input_schema = schema_for_type::<UserInfoArguments>(),
        annotations(title = "Policyholder and contracts", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false)
    )]
    async fn retrieve_user_info(
        &self,
        given: JsonObject,
        context: RequestContext<RoleServer>,
    ) -> Result<Json<UserInfo>, ToolFailure> {
        let arguments = arguments::read(given, user_info::ALIASES)?;
        self.user_info(arguments, claim_run(&context).as_deref()).await.map(Json)
    }

    /// Past decided claims most like this one, how they ended, and past claims of the same user, contract or invoice.
    #[tool(
        input_schema = schema_for_type::<SimilarClaimsArguments>(),
        annotations(title = "Similar past claims", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false)
    )]
    async fn retrieve_similar_claims(
        &self,
        given: JsonObject,
        context: RequestContext<RoleServer>,
    ) -> Result<Json<SimilarClaims>, ToolFailure> {
        let arguments = arguments::read(given, similar_claims::ALIASES)?;
        self.similar_claims(arguments, claim_run(&context).as_deref()).await.map(Json)
    }

    /// Articles of the claims handbook (deadlines, deductibles, exclusions, fraud, authority), in French and English.
    #[tool(
        input_schema = schema_for_type::<KnowledgeArguments>(),
        annotations(title = "Claims handbook", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false)
    )]
    async fn search_knowledge_base(&self, given: JsonObject) -> Result<Json<Articles>, ToolFailure> {
        let arguments = arguments::read(given, knowledge::ALIASES)?;
        self.articles(arguments).await.map(Json)
    }

    /// Whether records and embeddings are at hand.
    #[tool(annotations(
        title = "Retrieval health",
        read_only_hint = true,
        destructive_hint = false,
        idempotent_hint = true,
        open_world_hint = false
    ))]
    async fn rag_health_check(&self) -> Json<Health> {
        Json(self.health())
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Retrieval {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("rag", env!("CARGO_PKG_VERSION")))
            .with_instructions("Looks up policyholders, contracts, past claims and handbook articles. Pass claim_id and leave the rest out when you have one.")
    }
}
