#!/usr/bin/env python3
"""How well passages are found, by model and language: eval-retrieval.py CLAIMSTACK (standard library only).

Starts the control plane with the models in this process and the retrieval server before it. First the models alone:
20 insurance topics with near neighbours (questions paraphrase), and past claims (is the nearest one of the same
peril?). Then the tools, by words, by each model and by both: the same topics by `search_knowledge_base`, the clause
that answers a loss by `retrieve_user_info`, precedents of the same product and peril by `retrieve_similar_claims`.
"""

import json
import math
import pathlib
import random
import shutil
import sys
import tempfile
import time
import urllib.request
from operator import mul

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bench"))
sys.path.insert(0, str(HERE / "retrieval"))
from servers import Ours  # noqa: E402
import judged  # noqa: E402

MPNET = "sentence-transformers/all-mpnet-base-v2"
UNIVERSAL = "sentence-transformers/universal-sentence-encoder-multilingual"
TOPICS = [json.loads(line) for line in (HERE / "retrieval" / "topics.jsonl").read_text().splitlines()]
REFERENCE = HERE.parent / "samples" / "reference"
LANGUAGES = ("en", "fr")
CLAIMS = 150


def cosine(a, b):
    return sum(map(mul, a, b))


def embed(plane, model, texts):
    vectors = []
    for start in range(0, len(texts), 32):
        answer = plane.ask("POST", "/v1/embeddings", {"model": model, "input": texts[start : start + 32]})
        vectors += [item["embedding"] for item in answer["data"]]
        print(f"\r    {model}: {len(vectors)}/{len(texts)} ", end="", file=sys.stderr, flush=True)
    print("\r" + " " * 100 + "\r", end="", file=sys.stderr)
    return vectors


def told(name, ranks):
    of = lambda most: sum(rank <= most for rank in ranks) / len(ranks)
    mrr = sum(1 / rank for rank in ranks) / len(ranks)
    # One passage is right for a question, so its gain is all the gain there is.
    ndcg = sum(1 / math.log2(1 + rank) for rank in ranks if rank <= 5) / len(ranks)
    figures = [("recall@1", of(1)), ("recall@3", of(3)), ("recall@5", of(5)), ("nDCG@5", ndcg), ("MRR", mrr)]
    print(f"  {name:<14} " + "   ".join(f"{what} {value:.2f}" for what, value in figures))


def alone(plane, model):
    """Ranks of the right passage among the passages of one language, and of either translation among all."""
    passages = {lang: embed(plane, model, [topic["passage"][lang] for topic in TOPICS]) for lang in LANGUAGES}
    questions = {lang: embed(plane, model, [topic["question"][lang] for topic in TOPICS]) for lang in LANGUAGES}
    rank = lambda scores, right: 1 + sum(score > right for score in scores)
    for asked in LANGUAGES:
        every = {lang: [[cosine(q, p) for p in passages[lang]] for q in questions[asked]] for lang in LANGUAGES}
        for lang in LANGUAGES:
            told(f"{asked} → {lang}", [rank(row, row[n]) for n, row in enumerate(every[lang])])
        both = [(every["en"][n] + every["fr"][n], max(every["en"][n][n], every["fr"][n][n])) for n in range(len(TOPICS))]
        told(f"{asked} → both", [rank(row, right) for row, right in both])


def past_claims(plane, model):
    rows = [json.loads(line) for line in (REFERENCE / "claims_history.jsonl").read_text().splitlines()]
    random.Random(7).shuffle(rows)
    by_language = {lang: [row for row in rows if row["language"] == lang][:CLAIMS] for lang in LANGUAGES}
    vectors = {lang: embed(plane, model, [row["text"] for row in by_language[lang]]) for lang in LANGUAGES}
    for asked in LANGUAGES:
        for lang in LANGUAGES:
            first = 0
            for n, vector in enumerate(vectors[asked]):
                near = ((cosine(vector, other), m) for m, other in enumerate(vectors[lang]) if asked != lang or m != n)
                first += by_language[lang][max(near)[1]]["peril"] == by_language[asked][n]["peril"]
            print(f"  {asked} → {lang:<9} nearest of the same peril {first / len(vectors[asked]):.2f}")


class Tools:
    """The tools of an MCP server over streamable HTTP."""

    def __init__(self, server):
        self.url, self.headers = f"{server.url}/mcp", {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "eval", "version": "1"}}
        self.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        request = urllib.request.Request(self.url, json.dumps(message).encode(), self.headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            if session := answer.headers.get("mcp-session-id"):
                self.headers["Mcp-Session-Id"] = session
            text = answer.read().decode()
        if text.startswith("{"):
            return json.loads(text)
        events = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
        return json.loads(next((event for event in reversed(events) if event), "null"))

    def call(self, name, arguments):
        answer = self.send({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
        if "result" not in answer or answer["result"].get("isError"):
            sys.exit(f"eval-retrieval: {name}: {answer}")
        return answer["result"]["structuredContent"]


def whole(binary, plane, folder, name, settings):
    """What the tools find with these settings."""
    common = [f"rag.reference_dir={folder}", f"rag.stack_url={plane.url if plane else 'http://127.0.0.1:9'}"]
    server = Ours(binary, "rag", "/health", common + settings)
    try:
        tools = Tools(server)
        began = time.monotonic()
        while plane and tools.call("rag_health_check", {})["status"] != "healthy":
            if time.monotonic() - began > 600:
                sys.exit("eval-retrieval: the index was not built in ten minutes")
            time.sleep(0.2)
        print(f"\nTools, {name}" + (f" (index built in {time.monotonic() - began:.0f} s)" if plane else ""))
        print("search_knowledge_base: 20 topics, each in two languages")
        for asked in LANGUAGES:
            for lang in LANGUAGES:
                ranks = []
                for n, topic in enumerate(TOPICS):
                    arguments = {"query": topic["question"][asked], "top_k": 20, "language": lang}
                    found = [article["article_id"] for article in tools.call("search_knowledge_base", arguments)["articles"]]
                    ranks.append(found.index(f"T{n}-{lang}") + 1 if f"T{n}-{lang}" in found else 1000)
                told(f"{asked} → {lang}", ranks)
        print(f"retrieve_user_info: {len(judged.clause_questions())} losses, each to the one clause of the contract")
        judged.clauses(tools, told)
        print("retrieve_similar_claims: sample claims to past claims of the same product and peril")
        judged.precedents(tools)
    finally:
        server.stop()


def reference(folder):
    shutil.copytree(REFERENCE, folder, dirs_exist_ok=True)
    with open(folder / "knowledge_base.jsonl", "w", encoding="utf-8") as out:
        for n, topic in enumerate(TOPICS):
            for lang in LANGUAGES:
                article = {"article_id": f"T{n}-{lang}", "title": "", "language": lang, "category": "general", "tags": [],
                           "content": topic["passage"][lang], "effective_date": "2025-01-01", "is_active": True}
                out.write(json.dumps(article, ensure_ascii=False) + "\n")


def main():
    binary = sys.argv[1]
    providers = [
        {"id": "sentence-transformers", "type": "inline::sentence-transformers", "model": "all-mpnet-base-v2"},
        {"id": "multilingual", "type": "inline::sentence-transformers", "model": UNIVERSAL.split("/")[1]},
    ]
    plane = Ours(binary, "gateway", "/v1/health", [f"gateway.providers={json.dumps(providers)}", "gateway.connectors={}", "log.filter=error"])
    try:
        for model in (MPNET, UNIVERSAL):
            print(f"\n{model}, alone: 20 topics")
            alone(plane, model)
            print(f"{model}, alone: {CLAIMS} past claims a language")
            past_claims(plane, model)
        with tempfile.TemporaryDirectory() as folder:
            reference(pathlib.Path(folder))
            quiet = ["log.filter=error"]
            only = lambda model, languages: quiet + [f"rag.embedding_model={model}", f"rag.embedding_languages={json.dumps(languages)}", "rag.more_models=[]"]
            more = json.dumps([{"name": UNIVERSAL, "languages": ["en", "fr"]}])
            whole(binary, None, folder, "words alone", only(MPNET, ["en"]))
            whole(binary, plane, folder, "words and mpnet", only(MPNET, ["en"]))
            whole(binary, plane, folder, "words and the multilingual model", only(UNIVERSAL, ["en", "fr"]))
            whole(binary, plane, folder, "words and both models", only(MPNET, ["en"])[:-1] + [f"rag.more_models={more}"])
    finally:
        plane.stop()


main()
