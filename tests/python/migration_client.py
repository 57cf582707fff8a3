#!/usr/bin/env python3
"""The client class of the migration document, unmodified, against the control plane with three real tool servers.

Usage: migration_client.py BINARY. The model is a script that works through the four tools as the document's agent is
told to; everything else is real.
"""
import asyncio
import http.server
import json
import pathlib
import sys
import threading

from migration_snippet import LlamaStackAgentsClient
from model_server import Model
from server import service
from tool_servers import SERVERS, explicit_decision

MODEL = "llama-3.2-3b-instruct"
DOCUMENT = "documents/dev-0002.pdf"
CLAIM = "CLM-0002"


class Agent(Model):
    """Calls the tools one after the other, then says that it is done."""

    name = MODEL

    def chat(self, body):
        roles = [message["role"] for message in body["messages"]]
        calls = [
            ("ocr_document", {"document_path": DOCUMENT}),
            ("retrieve_user_info", {"user_id": "USR-1020"}),
            ("retrieve_similar_claims", {"claim_text": "hail dented the bonnet of my car"}),
            ("make_final_decision", {"claim_id": CLAIM, "user_id": "USR-1020", **explicit_decision()}),
        ]
        done = roles.count("tool")
        offered = {tool["function"]["name"] for tool in body.get("tools", [])}
        if done < len(calls) and calls[done][0] in offered:
            self.call(*calls[done])
        else:
            self.say(f"{CLAIM} has been processed.")


async def process(url):
    client = LlamaStackAgentsClient(base_url=url)
    try:
        return await client.process_claim_with_agent(
            claim_id=CLAIM, claim_data={"document_path": DOCUMENT, "user_id": "USR-1020"}
        )
    finally:
        await client.client.aclose()


def check(turn):
    tools = [step for step in turn["steps"] if step["step_type"] == "tool_execution"]
    names = [step["tool_calls"][0]["tool_name"] for step in tools]
    assert names == ["ocr_document", "retrieve_user_info", "retrieve_similar_claims", "make_final_decision"], names
    for step in tools:
        answer = step["tool_responses"][0]
        assert answer["metadata"]["error"] is None, answer
        assert answer["content"], answer
    decision = json.loads(tools[-1]["tool_responses"][0]["content"])
    assert decision["decision"], decision
    assert turn["output_message"]["content"] == f"{CLAIM} has been processed.", turn["output_message"]


def main(binary):
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{model.server_port}/v1"
    with (
        service(binary, "ocr", *SERVERS["ocr"][0]) as ocr,
        service(binary, "rag", *SERVERS["rag"][0], f"rag.stack_url={upstream[:-3]}") as rag,
        service(binary, "decision") as decision,
    ):
        settings = [f"gateway.providers.0.url={upstream}"]
        settings += [f"gateway.connectors.{name}.url={at}/sse" for name, at in
                     (("ocr", ocr), ("rag", rag), ("decision", decision))]
        with service(binary, "gateway", *settings) as url:
            check(asyncio.run(process(url)))
    print("ok   migration document: its client class makes a session and runs a turn over four tools")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
