#!/usr/bin/env python3
"""The official `llama-stack-client` against the control plane. Usage: llama_client.py BINARY.

One file for several releases of the client: what a release does not offer is named in the last line. The model behind
the control plane is the small server of `model_server.py`; everything else is real.
"""
import http.server
import importlib.metadata
import pathlib
import sys
import threading
from inspect import signature

import llama_stack_client
from llama_stack_client import NOT_GIVEN, LlamaStackClient

from model_server import TOOL, Model
from server import service

MODEL = "vllm/m"
EMBEDDER = "vllm-embedding/m"
absent = []


def offers(client, name):
    """Whether this release has the resource; remembered for the report when it has not."""
    at = client
    for part in name.split("."):
        if not hasattr(at, part):
            absent.append(name)
            return False
        at = getattr(at, part)
    return True


def service_itself(client):
    assert client.inspect.health().status == "OK"
    assert client.inspect.version().version
    providers = {provider.provider_id for provider in client.providers.list()}
    assert "vllm" in providers, providers
    assert client.providers.retrieve("vllm").provider_type == "remote::vllm"
    assert any(route.route == "/v1/responses" for route in client.routes.list())
    models = client.models.list()
    names = {getattr(model, "identifier", None) or model.id for model in models}
    assert MODEL in names, names
    assert client.models.retrieve(MODEL)


def inference(client):
    question = [{"role": "user", "content": "hi"}]
    whole = client.chat.completions.create(model=MODEL, messages=question)
    assert whole.choices[0].message.content == "hello there", whole
    parts = client.chat.completions.create(model=MODEL, messages=question, stream=True)
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert text == "hello there", text
    stored = client.chat.completions.retrieve(whole.id)
    assert stored.input_messages[0].content == "hi", stored
    assert any(one.id == whole.id for one in client.chat.completions.list().data)
    assert client.completions.create(model=MODEL, prompt="a").choices[0].text == "hello there"
    assert len(client.embeddings.create(model=EMBEDDER, input=["a", "b"]).data) == 2


def responses(client, tools):
    tool = {"type": "mcp", "server_label": "decision", "server_url": f"{tools}/sse", "require_approval": "never"}
    whole = client.responses.create(model=MODEL, input="which codes?", tools=[tool])
    assert [item.type for item in whole.output] == ["mcp_list_tools", "mcp_call", "message"], whole.output
    assert whole.output_text == "hello there", whole
    assert client.responses.retrieve(whole.id).id == whole.id
    assert client.responses.input_items.list(whole.id).data
    seen = [event.type for event in client.responses.create(model=MODEL, input="hi", stream=True)]
    assert seen[0] == "response.created" and seen[-1] == "response.completed", seen
    again = client.responses.create(model=MODEL, input="and?", previous_response_id=whole.id)
    assert any(one.id == again.id for one in client.responses.list())
    client.responses.delete(again.id)
    asked = {**tool, "require_approval": "always"}
    waiting = client.responses.create(model=MODEL, input="which codes?", tools=[asked])
    request = next(item for item in waiting.output if item.type == "mcp_approval_request")
    answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
    allowed = client.responses.create(model=MODEL, previous_response_id=waiting.id, tools=[asked], input=[answer])
    assert any(item.type == "mcp_call" and item.error is None for item in allowed.output), allowed.output


def listed(client, talk, **given):
    """Release 0.3 wants every argument named, given or not."""
    unsaid = {name: NOT_GIVEN for name in ("after", "include", "limit", "order")}
    return client.conversations.items.list(talk, **{**unsaid, **given})


def conversations(client):
    talk = client.conversations.create(metadata={"topic": "t"})
    client.responses.create(model=MODEL, input="remember me", conversation=talk.id)
    items = listed(client, talk.id, order="asc").data
    assert [item.role for item in items] == ["user", "assistant"], items
    assert client.conversations.retrieve(talk.id).metadata == {"topic": "t"}
    assert client.conversations.update(talk.id, metadata={"topic": "u"}).metadata == {"topic": "u"}
    client.conversations.items.create(talk.id, items=[{"type": "message", "role": "user", "content": "more"}])
    page = listed(client, talk.id, limit=1)
    assert (len(page.data), page.has_more) == (1, True), page
    assert len(listed(client, talk.id).data) == 3
    assert client.conversations.delete(talk.id).deleted


def files_and_stores(client, folder):
    path = folder / "note.txt"
    path.write_text("A hail storm dented the bonnet of the car. The deductible is 150 euros.", encoding="utf-8")
    file = client.files.create(file=path, purpose="assistants")
    assert client.files.retrieve(file.id).filename == "note.txt"
    assert any(one.id == file.id for one in client.files.list())
    assert "hail" in str(client.files.content(file.id))
    embedder = {"embedding_model": EMBEDDER, "embedding_dimension": 8}
    store = client.vector_stores.create(name="notes", extra_body=embedder)
    attached = client.vector_stores.files.create(vector_store_id=store.id, file_id=file.id)
    assert attached.status == "completed", attached
    found = client.vector_stores.search(vector_store_id=store.id, query="hail", max_num_results=3)
    assert found.data and "hail" in found.data[0].content[0].text, found
    assert client.vector_stores.retrieve(store.id).file_counts.completed == 1
    assert any(one.id == store.id for one in client.vector_stores.list())
    client.vector_stores.files.delete(file.id, vector_store_id=store.id)
    client.vector_stores.delete(store.id)
    client.files.delete(file.id)


def tools_of_old(client, tools):
    """Tool groups and the tool runtime, until 0.6."""
    if not offers(client, "toolgroups"):
        return
    client.toolgroups.register(
        toolgroup_id="mcp::mine", provider_id="model-context-protocol", mcp_endpoint={"uri": f"{tools}/mcp"}
    )
    assert any(group.identifier == "mcp::mine" for group in client.toolgroups.list())
    assert client.toolgroups.get("mcp::mine").mcp_endpoint.uri == f"{tools}/mcp"
    listed = client.tools.list(toolgroup_id="mcp::mine")
    assert any(tool.name == TOOL for tool in listed), listed
    assert client.tool_runtime.list_tools(tool_group_id="mcp::mine")
    result = client.tool_runtime.invoke_tool(tool_name=TOOL, kwargs={})
    assert result.content, result
    client.toolgroups.unregister("mcp::mine")


def agents_of_old(client):
    """The agents API of 0.3 and before."""
    if not offers(client, "alpha.agents"):
        return
    config = {"model": MODEL, "instructions": "Be brief.", "toolgroups": [], "client_tools": []}
    agent = client.alpha.agents.create(agent_config=config).agent_id
    session = client.alpha.agents.session.create(agent, session_name="s").session_id
    turn = client.alpha.agents.turn.create(
        session, agent_id=agent, messages=[{"role": "user", "content": "hi"}], stream=True
    )
    events = [chunk.event.payload.event_type for chunk in turn]
    assert events[-1] == "turn_complete", events
    kept = client.alpha.agents.session.retrieve(session, agent_id=agent)
    assert kept.turns[0].output_message.content == "hello there", kept
    client.alpha.agents.delete(agent)


def agent_of_the_library(client, tools):
    from llama_stack_client import Agent

    tool = {"type": "mcp", "server_label": "decision", "server_url": f"{tools}/mcp", "require_approval": "never"}
    agent = Agent(client, model=MODEL, instructions="Be brief.", tools=[tool])
    session = agent.create_session("talk")
    turn = agent.create_turn([{"role": "user", "content": "which codes?"}], session_id=session, stream=False)
    assert turn.output_text == "hello there", turn


def safety(client):
    client.shields.register(shield_id="privacy", provider_id="pii")
    # `params` went away in 0.4.
    params = {"params": {}} if "params" in signature(client.safety.run_shield).parameters else {}
    letter = [{"role": "user", "content": "write to ada@example.org"}]
    found = client.safety.run_shield(shield_id="privacy", messages=letter, **params)
    assert found.violation is not None, found
    assert any(shield.identifier == "privacy" for shield in client.shields.list())
    client.shields.delete("privacy")


def prompts(client):
    if not offers(client, "prompts"):
        return
    made = client.prompts.create(prompt="Hello {{name}}", variables=["name"])
    assert client.prompts.retrieve(made.prompt_id).version == 1
    client.prompts.update(made.prompt_id, prompt="Bonjour {{name}}", version=1, variables=["name"])
    assert len(client.prompts.versions.list(made.prompt_id)) == 2
    client.prompts.delete(made.prompt_id)


def errors(client):
    for ask, kind in [
        (lambda: client.chat.completions.create(model="nobody/x", messages=[{"role": "user", "content": "x"}]), 404),
        (lambda: client.responses.retrieve("resp_nothing"), 404),
        (lambda: client.conversations.retrieve("xyz"), 400),
        (lambda: client.models.retrieve("nobody/x"), 404),
    ]:
        try:
            ask()
        except llama_stack_client.APIStatusError as error:
            assert error.status_code == kind, error
        else:
            raise AssertionError("no error")


def main(binary):
    import tempfile

    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{model.server_port}/v1"
    settings = [
        f"gateway.providers.0.url={upstream}",
        f"gateway.providers.1.url={upstream}",
        "gateway.providers.2.model=",
        "gateway.providers.3.model=",
    ]
    failed = []
    with service(binary, "decision") as tools, tempfile.TemporaryDirectory() as folder:
        with service(binary, "gateway", *settings) as url:
            client = LlamaStackClient(base_url=url, max_retries=0)
            for check, arguments in [
                (service_itself, ()),
                (inference, ()),
                (responses, (tools,)),
                (conversations, ()),
                (files_and_stores, (pathlib.Path(folder),)),
                (tools_of_old, (tools,)),
                (agents_of_old, ()),
                (agent_of_the_library, (tools,)),
                (safety, ()),
                (prompts, ()),
                (errors, ()),
            ]:
                try:
                    check(client, *arguments)
                    print(f"ok   {check.__name__}")
                except Exception as error:  # noqa: BLE001 - every check is told, then the run fails
                    failed.append(check.__name__)
                    print(f"FAIL {check.__name__}: {type(error).__name__}: {error}"[:1500])
    version = importlib.metadata.version("llama-stack-client")
    print(f"llama-stack-client {version}: not in this release: {', '.join(absent) or 'nothing'}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
