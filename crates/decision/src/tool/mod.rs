//! The tools, as MCP lists them.

mod arguments;
mod deciding;
mod failure;

use std::sync::Arc;

use mcp_server::claim_run;
use mcp_server::evidence::EvidenceClient;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::model::{Implementation, JsonObject, ServerCapabilities, ServerConfig};
use rmcp::service::RequestContext;
use rmcp::{Json, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Serialize;

use crate::codes::Tier;
use crate::opinion::OpinionRule;
use crate::policy::Policy;
use crate::report::DecisionReport;
use arguments::{Call, WithFacts, WithReference};
use failure::ToolFailure;

const DECIDE: &str = "make_final_decision";

/// Decides claims by the policy. Cheap to clone.
#[derive(Clone)]
pub struct DecisionTools {
    policy: Arc<Policy>,
    claims: Option<EvidenceClient>,
    opinion: OpinionRule,
    tool_router: Arc<ToolRouter<Self>>,
}

/// The codes a decision can cite.
#[derive(Debug, Serialize, JsonSchema)]
struct Codes {
    success: bool,
    policy_version: String,
    /// In output order.
    codes: Vec<Code>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Code {
    code: String,
    /// Decision the code leads to.
    decision: &'static str,
    tier: Tier,
    /// Section of the policy and article of law.
    article: String,
    /// Text with placeholders in braces.
    text_en: String,
    text_fr: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    success: bool,
    policy_version: String,
    /// Whether claims are decided by reference.
    claims_service: bool,
}

impl DecisionTools {
    pub(crate) fn new(policy: Policy, claims: Option<EvidenceClient>, opinion: OpinionRule) -> Self {
        let mut router = Self::tool_router();
        // Standing alone, the facts come with the call; otherwise a model that sees
        // fields for them would fill them in.
        if claims.is_none()
            && let Some(route) = router.map.get_mut(DECIDE)
        {
            route.attr.input_schema = schema_for_type::<WithFacts>();
        }
        Self { policy: Arc::new(policy), claims, opinion, tool_router: Arc::new(router) }
    }
}

#[tool_router]
impl DecisionTools {
    /// Decides a claim by the contract and the claims policy, from the evidence that the other tools wrote. Call it
    /// last, with the claim_id alone.
    #[tool(
        input_schema = schema_for_type::<WithReference>(),
        annotations(title = "Final decision", read_only_hint = false, destructive_hint = false, idempotent_hint = true, open_world_hint = false)
    )]
    async fn make_final_decision(
        &self,
        given: JsonObject,
        context: RequestContext<RoleServer>,
    ) -> Result<Json<DecisionReport>, ToolFailure> {
        let call = Call::read(given)?;
        self.decide(call, claim_run(&context).as_deref()).await.map(Json)
    }

    /// Every reason code a decision can cite, with its meaning in English and French.
    #[tool(annotations(
        title = "Decision codes",
        read_only_hint = true,
        destructive_hint = false,
        idempotent_hint = true,
        open_world_hint = false
    ))]
    async fn list_decision_codes(&self) -> Json<Codes> {
        let codes = self.policy.codes().iter().map(|entry| Code {
            code: entry.code.to_string(),
            decision: match entry.tier {
                Tier::Integrity | Tier::Referral => "manual_review",
                Tier::Refusal => "deny",
                Tier::Approval => "approve",
            },
            tier: entry.tier,
            article: entry.article.clone(),
            text_en: entry.en.clone(),
            text_fr: entry.fr.clone(),
        });
        Json(Codes { success: true, policy_version: self.policy.version.clone(), codes: codes.collect() })
    }

    /// Which policy is in use, and whether claims are decided by reference.
    #[tool(annotations(
        title = "Decision health",
        read_only_hint = true,
        destructive_hint = false,
        idempotent_hint = true,
        open_world_hint = false
    ))]
    async fn decision_health_check(&self) -> Json<Health> {
        let policy_version = self.policy.version.clone();
        Json(Health { success: true, policy_version, claims_service: self.claims.is_some() })
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for DecisionTools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("decision", env!("CARGO_PKG_VERSION")))
            .with_instructions("Decides a claim by its evidence. Call make_final_decision with the claim_id after the document, the policyholder and the similar claims were looked up.")
    }
}
