#!/usr/bin/env python3
"""The official `openai` client against the control plane: chat and responses, plain and streamed, with an MCP tool.

Usage: openai_client.py BINARY. The model behind it is the small server of `model_server.py`;
everything else is real.
"""
import http.server
import pathlib
import sys
import threading

import openai

from model_server import Model
from server import service


def chat(client):
    question = [{"role": "user", "content": "hi"}]
    whole = client.chat.completions.create(model="vllm/m", messages=question)
    assert whole.choices[0].message.content == "hello there", whole
    parts = client.chat.completions.create(model="vllm/m", messages=question, stream=True)
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert text == "hello there", text
    names = [model.id for model in client.models.list()]
    assert "vllm/m" in names, names


def responses(client, tool_url):
    tool = {"type": "mcp", "server_label": "decision", "server_url": tool_url, "require_approval": "never"}
    whole = client.responses.create(model="vllm/m", input="which codes are there?", tools=[tool])
    kinds = [item.type for item in whole.output]
    assert kinds == ["mcp_list_tools", "mcp_call", "message"], kinds
    assert whole.output_text == "hello there" and whole.output[1].error is None, whole
    again = client.responses.retrieve(whole.id)
    assert again.output_text == whole.output_text
    with client.responses.stream(model="vllm/m", input="hi", previous_response_id=whole.id) as stream:
        seen = [event.type for event in stream]
        assert stream.get_final_response().output_text == "hello there"
    assert seen[0] == "response.created" and seen[-1] == "response.completed", seen
    try:
        client.responses.create(model="nobody/nothing", input="hi")
        raise AssertionError("an unknown model was accepted")
    except openai.NotFoundError as error:
        assert "nobody/nothing" in str(error)


def main(binary):
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{model.server_port}/v1"
    off = ["gateway.providers.2.model=", "gateway.providers.3.model="]
    with service(binary, "decision") as tools:
        with service(binary, "gateway", f"gateway.providers.0.url={upstream}", *off) as url:
            client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
            chat(client)
            for path in ("/mcp", "/sse"):
                responses(client, tools + path)
    print(f"ok   openai {openai.__version__}: models, chat, streamed chat, responses with a tool, streamed responses, errors")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
