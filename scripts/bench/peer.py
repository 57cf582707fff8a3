"""The Python server, llama-stack 0.3.5, in front of the same mock model server."""

import glob
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import chat
import responses
import vectors
from report import Row
from servers import Server, free_port

HERE = pathlib.Path(__file__).parent / "peer"
PACKAGES = (
    "llama-stack llama-stack-client mcp openai faiss-cpu numpy pypdf chardet pandas sqlalchemy aiosqlite sse-starlette "
    "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
).split()
STARTS = 3


def python():
    """A Python that llama-stack 0.3.5 runs on, or `None`."""
    found = ["python3.12", "python3.13", "python3"]
    found += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.12*/bin/python")))
    for name in found:
        path = shutil.which(name)
        asked = path and subprocess.run([path, "-c", "import sys; print(sys.version_info >= (3, 12))"], capture_output=True, text=True, check=False)
        if asked and asked.stdout.strip() == "True":
            return path
    return None


def environment():
    """The interpreter of an environment with the pinned packages, made once; or why there is none."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")))
    folder = cache / "claimstack" / "bench" / "llama-stack-0.3.5"
    interpreter = folder / "bin" / "python"
    if (folder / "complete").exists():
        return interpreter, ""
    base = python()
    if base is None:
        return None, "no Python 3.12 or later"
    shutil.rmtree(folder, ignore_errors=True)
    constraints = str(HERE / "constraints.txt")
    for command in ([base, "-m", "venv", str(folder)], [str(interpreter), "-m", "pip", "-q", "install", "-c", constraints, *PACKAGES]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return None, f"{' '.join(command[:5])} …: {(done.stderr or done.stdout).strip().splitlines()[-1:]}"
    (folder / "complete").touch()
    return interpreter, ""


class Peer(Server):
    """With a collector it exports its spans, as the control plane beside it does; without one it makes none."""

    def __init__(self, interpreter, model_url, collector_url=None):
        self.data = tempfile.TemporaryDirectory(prefix="llama-stack-bench-")
        port = free_port()
        command = [str(interpreter), "-m", "llama_stack.cli.llama", "stack", "run", str(HERE / "run.yaml"), "--port", str(port)]
        env = {"VLLM_URL": f"{model_url}/v1", "STORE_DIR": self.data.name, "SQLITE_STORE_DIR": self.data.name, "HF_HUB_OFFLINE": "1"}
        env["LLAMA_STACK_LOGGING"] = "all=error"
        if collector_url:
            env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector_url
        super().__init__(command, port, "/v1/health", env, patience=180)

    def stop(self):
        super().stop()
        self.data.cleanup()


def started(interpreter, model_url, collector_url):
    """The last of several starts, their times, and the idle memory."""
    times = []
    for left in reversed(range(STARTS)):
        peer = Peer(interpreter, model_url, collector_url)
        times.append(peer.start_ms)
        if left:
            peer.stop()
    time.sleep(3)
    return peer, statistics.median(times), peer.rss_mb()


def chat_rows(tool, plane, peer, seconds):
    rows, group = [], "beside llama-stack 0.3.5, in the same minutes"
    # The bar is for what llama-stack spends 9 to 12 ms on. A bare pass-through would not stream for a hundredth.
    for streamed, bar in ((False, 100.0), (True, None)):
        places = [("claimstack", plane), ("llama-stack", peer)]
        found = chat.interleaved(tool, places, 2, streamed=streamed, connections=16, seconds=seconds)
        ours, theirs = found["claimstack"]["cpu_us"], found["llama-stack"]["cpu_us"]
        note = f"{theirs / 1000:.1f} ms against {ours / 1000:.3f} ms"
        kind = "stream" if streamed else "plain"
        rows.append(Row(group, f"chat completion, {kind}: CPU less", theirs / ours, "×", bar=bar, least=True, note=note))
    return rows


def tool_row(tool, plane, peer, decision, seconds):
    cost = []
    for server in (plane, peer):
        request = responses.body(decision)
        responses.completed(server, request)
        run = tool.load(f"{server.url}/v1/responses", request, server.pid, connections=2, seconds=seconds)
        cost.append(responses.checked(run, "responses beside llama-stack")["cpu_us"] / 1000)
    note = f"{cost[1]:.0f} ms against {cost[0]:.2f} ms"
    return Row("beside llama-stack 0.3.5, in the same minutes", "response with one MCP call: CPU less", cost[1] / cost[0], "×", note=note)


def vector_rows(tool, peer, model_server, ours):
    group = "beside llama-stack 0.3.5, in the same minutes"
    store, (wall, cpu) = vectors.ingest(peer, "vllm/mock-embed", 1)
    query = {"query": "water damage repair", "max_num_results": 10}
    run = tool.load(f"{peer.url}/v1/vector_stores/{store}/search", query, peer.pid, seconds=3)
    attach_note = f"CPU {cpu:.2f} s against {ours['attach_cpu_s']:.3f} s; wall {wall:.1f} s against {ours['attach_wall_s']:.2f} s"
    search_note = f"{run['cpu_us'] / 1000:.1f} ms of CPU among 1,000 chunks against {ours['search_cpu_ms']:.2f} ms among 10,000"
    return [
        Row(group, "attach 1,000 chunks: CPU less", cpu / ours["attach_cpu_s"], "×", bar=20.0, least=True, note=attach_note),
        Row(group, "search: CPU less", run["cpu_us"] / 1000 / ours["search_cpu_ms"], "×", note=search_note),
    ]


def measure(tool, plane, decision, model_server, collector, cold, vectors_ours, seconds):
    """Rows of the comparison; one row that says why, where there is no such server."""
    group = "beside llama-stack 0.3.5, in the same minutes"
    interpreter, why = environment()
    if interpreter is None:
        return [Row(group, "not measured", None, "", note=why)]
    peer, start_ms, rss = started(interpreter, model_server.url, collector.url)
    try:
        our_start, our_rss = cold
        rows = [
            Row(group, "cold start: times as fast", start_ms / our_start, "×", note=f"{start_ms / 1000:.1f} s against {our_start:.0f} ms"),
            Row(group, "idle memory: times as little", rss / our_rss, "×", note=f"{rss:.0f} MB against {our_rss:.1f} MB"),
            *chat_rows(tool, plane, peer, seconds),
            tool_row(tool, plane, peer, decision, seconds),
            *vector_rows(tool, peer, model_server, vectors_ours),
        ]
    finally:
        peer.stop()
    return rows
