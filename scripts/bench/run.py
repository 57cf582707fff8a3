#!/usr/bin/env python3
"""Measures what we promise, as ratios to a peer in the same run (standard library only).

Usage: run.py --binary CLAIMSTACK --tool BENCH [--search VECTOR-SEARCH] [--vectors 10000,100000] [--embed SENTENCES] [--out FOLDER] [--seconds 2] [--rounds 3] [--peer auto|no]
Exit status: 0 every bar kept, 1 a bar missed, 2 a server did not start.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import chat
import claims_http
import index
import peer
import plot
import report
import responses
import sentences
import start
import vectors
from servers import Ours, Tool, control_plane


def stage(name, began=time.monotonic()):
    print(f"    {time.monotonic() - began:5.0f} s  {name}", flush=True)


def plots(out, runs, rows):
    for kind in ("plain", "stream"):
        found = {name: run for name, run in runs.items() if name.startswith(f"{kind},")}
        cpu = [(name, [(way, values["cpu_us"]) for way, values in run.items()]) for name, run in found.items()]
        plot.bars(f"Chat completion, {kind}: CPU per request", "µs", cpu, out / f"chat-{kind}-cpu.svg")
        paced = [(name, [(way, values[name]) for way, values in runs[f"paced {kind}"].items()]) for name in ("p50_ms", "p99_ms")]
        plot.bars(f"Chat completion, {kind}: latency at a fixed rate, 64 connections", "ms", paced, out / f"chat-{kind}-latency.svg")
    beside = [(row.name, [("llama-stack 0.3.5 / claimstack", row.value)]) for row in rows if row.group.startswith("beside") and row.value]
    if beside:
        plot.bars("How many times llama-stack 0.3.5 spends what we spend", "×", beside, out / "beside-llama-stack.svg")


def measure(args):
    tool, started = Tool(args.tool), []

    def up(server):
        started.append(server)
        return server

    rows, runs = [], {}
    try:
        stage("cold start and idle memory")
        rows += start.measure(args.binary, 5)
        cold = (rows[0].value, rows[1].value)
        model, slow = up(tool.serve("model")), up(tool.serve("model", "--chunk-delay-ms", 20))
        collector = up(tool.serve("collector"))
        plane = up(control_plane(args.binary, model.url, collector.url))
        decision = up(Ours(args.binary, "decision", "/health"))
        bare = up(tool.serve("proxy", "--upstream", model.url))
        both = up(tool.serve("proxy", "--upstream", model.url, "--both-ways", "yes"))
        places = [("claimstack", plane), (chat.BOTH, both), (chat.BARE, bare), ("direct", model)]
        rows += start.tool_call(tool, decision, args.seconds)
        stage("chat completions: as fast as they come")
        for part in (chat.measure(tool, places, args.rounds, args.seconds), chat.paced(tool, places, args.rounds, args.seconds * 2)):
            rows += part[0]
            runs.update(part[1])
            stage("chat completions: at a fixed rate")
        trickle = up(control_plane(args.binary, slow.url))
        rows += chat.unbuffered(tool, trickle, args.seconds)
        stage("responses with a tool call")
        rows += responses.tool_calls(tool, plane, decision, args.seconds)
        rows += responses.crowd(tool, plane, decision)
        stage("memory over 2,000 turns of each kind")
        rows += responses.growth(tool, plane, decision)
        stage("vector store")
        more, ours = vectors.measure(tool, plane, model, args.seconds)
        rows += more
        stage("claims over HTTP")
        with tempfile.TemporaryDirectory(prefix="claimstack-documents-") as documents:
            rows += claims_http.measure(args.binary, tool, args.seconds, documents)
        if args.search and args.peer != "no":
            stage("vector index beside FAISS")
            rows += index.measure(args.search, [int(count) for count in args.vectors.split(",")])
        if args.embed and args.peer != "no":
            stage("sentence embeddings beside sentence-transformers")
            rows += sentences.measure(args.embed)
        if args.peer != "no":
            stage("llama-stack 0.3.5")
            rows += peer.measure(tool, plane, decision, model, collector, cold, ours, args.seconds)
    finally:
        for server in reversed(started):
            server.stop()
    return rows, runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--search")
    parser.add_argument("--embed")
    parser.add_argument("--vectors", default="10000,100000")
    parser.add_argument("--out", default="target/bench", type=pathlib.Path)
    parser.add_argument("--seconds", default=2.0, type=float)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--peer", default="auto", choices=("auto", "no"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    before = report.machine()
    rows, runs = measure(args)
    report.write(rows, runs, args.out / "bench.json")
    plots(args.out, runs, rows)
    print(report.table(rows))
    print(f"\nbefore: {before}\nafter:  {report.machine()}\n{args.out}/bench.json, *.svg")
    return 1 if any(row.verdict == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
