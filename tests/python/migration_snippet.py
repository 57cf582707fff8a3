# The client class of the migration document, section 3.1 (`backend/app/llamastack/client_agents.py`), word for word
# below this line: `migration_client.py` runs it as it is.
import httpx
from typing import Optional, Dict, List, Any

class LlamaStackAgentsClient:
    """
    Client pour LlamaStack Agents API.
    Remplace l'orchestrateur custom.
    """

    def __init__(self, base_url: str, api_key: Optional[str] = None):
        self.base_url = base_url.rstrip('/')
        self.api_key = api_key
        self.client = httpx.AsyncClient(timeout=300.0)

    async def create_agent_session(
        self,
        agent_config: Dict[str, Any],
        session_name: str
    ) -> str:
        """
        Créer une session d'agent.
        """
        response = await self.client.post(
            f"{self.base_url}/agents/sessions/create",
            json={
                "agent_config": agent_config,
                "session_name": session_name
            }
        )
        response.raise_for_status()
        return response.json()["session_id"]

    async def run_agent_turn(
        self,
        session_id: str,
        messages: List[Dict[str, str]],
        stream: bool = False
    ) -> Dict[str, Any]:
        """
        Exécuter un tour d'agent avec tool calling automatique.
        LlamaStack orchestre les appels aux MCP servers.
        """
        response = await self.client.post(
            f"{self.base_url}/agents/turn/create",
            json={
                "session_id": session_id,
                "messages": messages,
                "stream": stream
            }
        )
        response.raise_for_status()
        return response.json()

    async def process_claim_with_agent(
        self,
        claim_id: str,
        claim_data: Dict[str, Any]
    ) -> Dict[str, Any]:
        """
        Process un claim en utilisant LlamaStack Agents API.
        """
        # Configuration de l'agent avec tools MCP
        agent_config = {
            "model": "llama-3.2-3b-instruct",
            "instructions": """You are a claims processing agent.
            You must process the claim through these steps:
            1. Extract text using ocr_document
            2. Retrieve user info using retrieve_user_info
            3. Find similar claims using retrieve_similar_claims
            4. Make final decision using make_final_decision
            """,
            "tools": [
                {"type": "mcp", "mcp_server": "ocr-server", "tool_name": "ocr_document"},
                {"type": "mcp", "mcp_server": "rag-server", "tool_name": "retrieve_user_info"},
                {"type": "mcp", "mcp_server": "rag-server", "tool_name": "retrieve_similar_claims"},
                {"type": "mcp", "mcp_server": "decision-server", "tool_name": "make_final_decision"}
            ],
            "tool_choice": "auto"
        }

        # Créer session
        session_id = await self.create_agent_session(
            agent_config=agent_config,
            session_name=f"claim-{claim_id}"
        )

        # Lancer le traitement
        messages = [{
            "role": "user",
            "content": f"Process claim {claim_id} with document at {claim_data['document_path']}"
        }]

        result = await self.run_agent_turn(
            session_id=session_id,
            messages=messages
        )

        return result
