"""Cold start, idle memory, and the cost of one call of a tool server."""

import statistics
import time

from report import Row
from servers import Ours

COLD_START_MS, IDLE_RSS_MB, TOOL_CALL_MS = 50, 40, 1.0


def measure(binary, runs):
    starts, memory = [], []
    for _ in range(runs):
        server = Ours(binary, "gateway", "/v1/health")
        starts.append(server.start_ms)
        time.sleep(0.5)
        memory.append(server.rss_mb())
        server.stop()
    return [
        Row("control plane", "cold start to healthy", statistics.median(starts), "ms", bar=COLD_START_MS),
        Row("control plane", "idle memory", statistics.median(memory), "MB", bar=IDLE_RSS_MB),
    ]


def tool_call(tool, decision, seconds):
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_decision_codes", "arguments": {}}}
    run = tool.load(f"{decision.url}/mcp", call, decision.pid, seconds=seconds, accept="application/json, text/event-stream")
    if run["refused"] or run["errors"]:
        raise SystemExit(f"bench: a call of the decision server: {run}")
    note = f"p99 {run['p99_ms']:.2f} ms, CPU {run['cpu_us']:.0f} µs"
    return [Row("tool server", "one MCP call, p50", run["p50_ms"], "ms", bar=TOOL_CALL_MS, note=note)]
