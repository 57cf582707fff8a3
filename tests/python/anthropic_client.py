#!/usr/bin/env python3
"""The official `anthropic` client against the control plane's `/v1/messages`. Usage: anthropic_client.py BINARY."""
import http.server
import pathlib
import sys
import threading

import anthropic

from model_server import TOOL, Model
from server import service


def messages(client):
    question = [{"role": "user", "content": "hi"}]
    whole = client.messages.create(model="vllm/m", max_tokens=32, system="Be brief.", messages=question)
    assert whole.content[0].text == "hello there" and whole.stop_reason == "end_turn", whole
    with client.messages.stream(model="vllm/m", max_tokens=32, messages=question) as stream:
        assert "".join(stream.text_stream) == "hello there"
        assert stream.get_final_message().stop_reason == "end_turn"


def tools(client):
    tool = {"name": TOOL, "description": "lists codes", "input_schema": {"type": "object", "properties": {}}}
    talk = [{"role": "user", "content": "which codes?"}]
    with client.messages.stream(model="vllm/m", max_tokens=32, messages=talk, tools=[tool]) as stream:
        asked = stream.get_final_message()
    assert asked.stop_reason == "tool_use" and asked.content[0].name == TOOL, asked
    result = {"type": "tool_result", "tool_use_id": asked.content[0].id, "content": "COVERED"}
    talk += [{"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}]
    answered = client.messages.create(model="vllm/m", max_tokens=32, messages=talk, tools=[tool])
    assert answered.content[0].text == "hello there", answered


def errors(client):
    try:
        client.messages.create(model="nobody/x", max_tokens=1, messages=[{"role": "user", "content": "hi"}])
        raise AssertionError("an unknown model was accepted")
    except anthropic.NotFoundError as error:
        assert error.body["error"]["type"] == "not_found_error", error.body


def main(binary):
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    upstream = f"gateway.providers.0.url=http://127.0.0.1:{model.server_port}/v1"
    with service(binary, "gateway", upstream, "gateway.providers.2.model=", "gateway.providers.3.model=") as url:
        client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)
        messages(client)
        tools(client)
        errors(client)
    print(f"ok   anthropic {anthropic.__version__}: messages, streams, tools, errors")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
