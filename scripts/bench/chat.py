"""Chat completions: through us, through two pass-through proxies, and directly, interleaved in one run."""

import statistics

from report import Row

CONNECTIONS = (1, 16, 64)
BARE, BOTH = "pass-through", "pass-through, answers parsed"
PACED = 400


def body(model, streamed):
    messages = [{"role": "system", "content": "You are a claims assistant."}, {"role": "user", "content": "hi"}]
    return {"model": model, "messages": messages, **({"stream": True} if streamed else {})}


def targets(places):
    """Name, process and model name of each way to the model; `places` is the order of the table."""
    return [(name, server, "vllm/mock-llama" if name in ("claimstack", "llama-stack") else "mock-llama") for name, server in places]


def interleaved(tool, places, rounds, **options):
    """Medians over the rounds, by target; every round visits every target."""
    streamed = options.pop("streamed")
    seen = {name: [] for name, _, _ in targets(places)}
    for round_ in range(rounds + 1):
        for name, server, model in targets(places):
            needle = {"needle": '"content":"This'} if streamed else {}
            url = f"{server.url}/v1/chat/completions"
            run = tool.load(url, body(model, streamed), server.pid, **needle, **options)
            if run["refused"] or run["errors"]:
                raise SystemExit(f"bench: chat through {name}: {run}")
            # The first round warms up.
            if round_ > 0:
                seen[name].append(run)
    fields = ("cpu_us", "p50_ms", "p99_ms", "first_p50_ms", "first_p99_ms", "per_second")
    return {name: {field: statistics.median(run[field] for run in runs) for field in fields} for name, runs in seen.items()}


def measure(tool, places, rounds, seconds):
    """Rows, and the medians by (streamed, connections)."""
    rows, runs = [], {}
    for streamed in (False, True):
        kind = "stream" if streamed else "plain"
        for connections in CONNECTIONS:
            found = interleaved(tool, places, rounds, streamed=streamed, connections=connections, seconds=seconds)
            runs[f"{kind}, {connections}"] = found
            ours, bare, both = found["claimstack"], found[BARE], found[BOTH]
            group = f"chat completion, {kind}, {connections} connection{'s' * (connections > 1)}"
            note = f"{BARE} {bare['cpu_us']:.0f}, answers parsed too {both['cpu_us']:.0f}"
            rows += [
                Row(group, "CPU per request", ours["cpu_us"], "µs", note=note),
                Row(group, "CPU against the pass-through", ours["cpu_us"] / bare["cpu_us"], "×", bar=2.0),
                Row(group, "CPU against one that parses answers", ours["cpu_us"] / both["cpu_us"], "×"),
                Row(group, "requests a second", ours["per_second"], "/s", note=f"{BARE} {bare['per_second']:,.0f}"),
                Row(group, "p50 / p99 as it comes", ours["p50_ms"], "ms", note=f"p99 {ours['p99_ms']:.2f}"),
            ]
    return rows, runs


def paced(tool, places, rounds, seconds):
    """Latency at a load that leaves the machine room: 64 connections, a fixed number of requests a second."""
    rows, runs = [], {}
    for streamed in (False, True):
        options = {"streamed": streamed, "connections": 64, "rate": PACED, "seconds": seconds}
        found = interleaved(tool, places, rounds, **options)
        runs[f"paced {'stream' if streamed else 'plain'}"] = found
        ours, bare, direct = found["claimstack"], found[BARE], found["direct"]
        group = f"chat completion, {'stream' if streamed else 'plain'}, {PACED} requests a second on 64 connections"
        for field, name, bar in (("p50_ms", "p50", None), ("p99_ms", "p99", 1.0)):
            note = f"ours {ours[field]:.2f}, {BARE} {bare[field]:.2f}, direct {direct[field]:.2f}"
            rows.append(Row(group, f"{name} added to the pass-through's", ours[field] - bare[field], "ms", bar=bar, note=note))
        if streamed:
            field = "first_p50_ms"
            note = f"ours {ours[field]:.2f}, {BARE} {bare[field]:.2f}, direct {direct[field]:.2f}"
            rows.append(Row(group, "first token added, p50", ours[field] - bare[field], "ms", bar=0.2, note=note))
    return rows, runs


def unbuffered(tool, server, seconds):
    """The most pieces that came at once from a model that sends one each 20 ms."""
    options = {"connections": 8, "seconds": seconds, "needle": '"content":"'}
    run = tool.load(f"{server.url}/v1/chat/completions", body("vllm/mock-llama", True), **options)
    # The opening piece with the role has a content too, and may come together with the first word.
    return [Row("chat completion, a model that sends a piece each 20 ms", "most pieces at once", run["most_at_once"], "", bar=2)]
