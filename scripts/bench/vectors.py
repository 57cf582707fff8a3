"""Vector stores: attaching files, and searching 10,000 chunks."""

import random
import time

from report import Row

FILES, CHUNKS, TOKENS = 10, 1000, 100
WORDS = (
    "the claim of water damage in a house was sent by post and the policy was in force at the time of loss so we paid "
    "for repair but not for old pipes that had been broken before it began cold wind rain fire theft glass door roof"
).split()


def text(seed):
    """Words that every tokenizer takes for about one token each."""
    words = random.Random(seed)
    return " ".join(words.choice(WORDS) for _ in range(CHUNKS * TOKENS)).encode()


def uploaded(server, seed):
    boundary = "bench-boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'.encode(),
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f{seed}.txt"\r\nContent-Type: text/plain\r\n\r\n'.encode(),
        text(seed),
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return server.ask("POST", "/v1/files", b"".join(parts), headers)["id"]


def attach(server, store, seed):
    """Wall and CPU seconds of one file of about 1,000 chunks."""
    file = uploaded(server, seed)
    chunking = {"type": "static", "static": {"max_chunk_size_tokens": TOKENS, "chunk_overlap_tokens": 0}}
    wall, cpu = time.perf_counter(), server.cpu_s()
    server.ask("POST", f"/v1/vector_stores/{store}/files", {"file_id": file, "chunking_strategy": chunking})
    while (state := server.ask("GET", f"/v1/vector_stores/{store}/files/{file}"))["status"] == "in_progress":
        time.sleep(0.05)
    if state["status"] != "completed":
        raise SystemExit(f"bench: a file could not be attached: {state}")
    return time.perf_counter() - wall, server.cpu_s() - cpu


def ingest(server, model, files):
    """A store with so many files of about 1,000 chunks: its id, seconds of wall and CPU per file."""
    request = {"name": "bench", "embedding_model": model, "embedding_dimension": 768}
    store = server.ask("POST", "/v1/vector_stores", request)["id"]
    times = [attach(server, store, seed) for seed in range(files)]
    return store, [sum(column) / files for column in zip(*times)]


def measure(tool, plane, model_server, seconds):
    embedding = model_server.cpu_s()
    store, (wall, cpu) = ingest(plane, "embed/mock-embed", FILES)
    embedding = (model_server.cpu_s() - embedding) / FILES
    url = f"{plane.url}/v1/vector_stores/{store}/search"
    query = {"query": "water damage repair", "max_num_results": 10}
    tool.load(url, query, seconds=0.5)
    run = tool.load(url, query, plane.pid, seconds=seconds)
    if run["refused"] or run["errors"]:
        raise SystemExit(f"bench: search: {run}")
    group = f"vector store, {FILES * CHUNKS:,} chunks of 768 (embeddings by the mock)"
    note = f"wall {wall:.2f} s, of which the mock embedded for {embedding:.2f} s"
    return [
        Row(group, "attach 1,000 chunks, our CPU", cpu, "s", note=note),
        Row(group, "search, p50 over HTTP", run["p50_ms"], "ms", bar=2.0, note=f"p99 {run['p99_ms']:.2f} ms"),
        Row(group, "search, CPU", run["cpu_us"] / 1000, "ms"),
    ], {"attach_wall_s": wall, "attach_cpu_s": cpu, "search_cpu_ms": run["cpu_us"] / 1000}
