"""Responses with one MCP tool call, many at once, and memory over many turns."""

from report import Row

TURNS = 1000


def body(decision):
    tool = {"type": "mcp", "server_label": "decision", "server_url": f"{decision.url}/mcp", "require_approval": "never"}
    return {"model": "vllm/mock-llama", "input": "state of claim 7", "tools": [{**tool, "allowed_tools": ["list_decision_codes"]}]}


def checked(run, what):
    if run["refused"] or run["errors"] or not run["ok"]:
        raise SystemExit(f"bench: {what}: {run}")
    return run


def completed(plane, request):
    """One response, looked at: the tool was called and the model had the last word."""
    response = plane.ask("POST", "/v1/responses", request)
    kinds = [item["type"] for item in response["output"]]
    if response["status"] != "completed" or "mcp_call" not in kinds or kinds[-1] != "message":
        raise SystemExit(f"bench: the response is not what it should be: {response['status']} {kinds}")


def tool_calls(tool, plane, decision, seconds):
    request, url = body(decision), f"{plane.url}/v1/responses"
    completed(plane, request)
    tool.load(url, request, connections=4, seconds=0.5)
    rows = []
    for connections in (1, 16):
        run = checked(tool.load(url, request, plane.pid, connections=connections, seconds=seconds), "responses")
        group = f"response with one MCP tool call, {connections} connection{'s' * (connections > 1)}"
        note = f"p50 {run['p50_ms']:.2f} ms, p99 {run['p99_ms']:.2f} ms, {run['per_second']:,.0f} a second"
        rows.append(Row(group, "CPU per response", run["cpu_us"] / 1000, "ms", bar=2.0, note=note))
    return rows


def crowd(tool, plane, decision, total=1280):
    """64 at a time: each must be answered, and found afterwards."""
    before = stored(plane)
    run = checked(tool.load(f"{plane.url}/v1/responses", body(decision), connections=64, seconds=120, requests=total), "64 responses at once")
    lost = total - (stored(plane) - before)
    group = "64 responses with a tool call at a time"
    return [
        Row(group, "answered", run["ok"], "", bar=total, least=True),
        Row(group, "lost", lost, "", bar=0, note="not found again by GET /v1/responses"),
        Row(group, "slowest per cent", run["p99_ms"], "ms", bar=5000, note="a stall would be seconds"),
    ]


def stored(plane):
    count, after = 0, ""
    while True:
        page = plane.ask("GET", f"/v1/responses?limit=100&order=asc{after}")
        count += len(page["data"])
        if not page["has_more"]:
            return count
        after = f"&after={page['last_id']}"


def growth(tool, plane, decision):
    """Resident memory after the first turns, and after 1,000 more of each kind."""
    url, chat = f"{plane.url}/v1/responses", f"{plane.url}/v1/chat/completions"
    question = {"model": "vllm/mock-llama", "messages": [{"role": "user", "content": "hi"}]}

    def turns(count):
        checked(tool.load(url, body(decision), connections=8, seconds=300, requests=count), "turns")
        checked(tool.load(chat, question, connections=8, seconds=300, requests=count), "turns")

    turns(TURNS)
    before = plane.rss_mb()
    turns(TURNS)
    after = plane.rss_mb()
    group = "memory"
    return [Row(group, f"growth over {TURNS:,} turns, after as many", after - before, "MB", bar=2.0, note=f"{before:.1f} → {after:.1f} MB")]
