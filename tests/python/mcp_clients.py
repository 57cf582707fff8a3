#!/usr/bin/env python3
"""Lists and calls every tool of an MCP server with the official Python SDK (1.x or 2.x).

    mcp_clients.py --base http://127.0.0.1:8081 [--stdio 'COMMAND ARG …'] [--calls FILE] [--only-calls]

Over streamable HTTP (`/mcp`, and POST to `/sse`), legacy HTTP+SSE (`/sse`) and, where a command is given, stdio.
FILE holds `{"tool": {arguments}}` of calls that must succeed. A tool without an entry is called with an empty object
(unless `--only-calls`), which must be answered: by a result or by an error in words, never by silence or a broken
session. Exit status 1 if a check failed.
"""
from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.metadata
import json
import os
import shlex
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client

try:
    from mcp.client.streamable_http import streamable_http_client
except ImportError:  # the name it had in early 1.x
    from mcp.client.streamable_http import streamablehttp_client as streamable_http_client

SECONDS = 60


def either(value, *names):
    """The attribute under its 1.x or its 2.x name."""
    return next((getattr(value, name) for name in names if hasattr(value, name)), None)


@contextlib.asynccontextmanager
async def session(kind: str, target: str):
    if kind == "stdio":
        command, *arguments = shlex.split(target)
        opened = stdio_client(StdioServerParameters(command=command, args=arguments, env=dict(os.environ)))
    elif kind == "sse":
        opened = sse_client(target)
    else:
        opened = streamable_http_client(target)
    async with opened as streams, ClientSession(streams[0], streams[1]) as client:
        await asyncio.wait_for(client.initialize(), SECONDS)
        yield client


async def check(kind: str, target: str, calls: dict, only_calls: bool) -> list[str]:
    failures = []
    async with session(kind, target) as client:
        tools = (await client.list_tools()).tools
        if not tools:
            failures.append("no tools listed")
        for tool in tools:
            schema = either(tool, "inputSchema", "input_schema")
            if not tool.description or schema.get("type") != "object":
                failures.append(f"{tool.name}: needs a description and an object schema")
            given = calls.get(tool.name)
            if given is None and only_calls:
                continue
            try:
                result = await asyncio.wait_for(client.call_tool(tool.name, given or {}), SECONDS)
            except Exception as error:  # noqa: BLE001 - a protocol error is an answer when nothing was asked for
                if given is not None or "imed out" in str(error) or isinstance(error, TimeoutError):
                    failures.append(f"{tool.name}: {type(error).__name__}: {error}")
                continue
            text = " ".join(getattr(part, "text", "") or "" for part in result.content)
            failed = either(result, "isError", "is_error")
            if given is not None and failed:
                failures.append(f"{tool.name}: {text[:200]}")
            if not text.strip():
                failures.append(f"{tool.name}: no text in the answer")
            structured = either(result, "structuredContent", "structured_content")
            if structured is not None and not failed and json.loads(text) != structured:
                failures.append(f"{tool.name}: text and structured content differ")
    return failures


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base")
    parser.add_argument("--stdio")
    parser.add_argument("--calls", type=argparse.FileType())
    parser.add_argument("--only-calls", action="store_true")
    options = parser.parse_args()
    calls = json.load(options.calls) if options.calls else {}
    targets = [("stdio", options.stdio)] if options.stdio else []
    if options.base:
        base = options.base.rstrip("/")
        targets += [("http", f"{base}/mcp"), ("http", f"{base}/sse"), ("sse", f"{base}/sse")]
    if not targets:
        parser.error("nothing to check: give --base or --stdio")
    version = importlib.metadata.version("mcp")
    failed = 0
    for kind, target in targets:
        try:
            failures = await check(kind, target, calls, options.only_calls)
        except Exception as error:  # noqa: BLE001 - any failure to connect is the finding
            failures = [f"{type(error).__name__}: {error}"]
        failed += bool(failures)
        print(f"{'FAIL' if failures else 'ok':4} mcp {version} {kind:5} {target}")
        for failure in failures:
            print(f"     {failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
