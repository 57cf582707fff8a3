#!/usr/bin/env python3
"""Measures what we promise about the executable (standard library only).

Usage: bench.py BINARY [--runs N] [--calls N]
Exit status: 0 every bar kept, 1 a bar missed, 2 a server did not start.
"""
import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

COLD_START_MS = 50
IDLE_RSS_MB = 40
TOOL_CALL_MS = 1.0
PATIENCE_S = 30


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One service of the executable on a port of its own, with an empty data directory."""

    def __init__(self, binary, service, ready):
        self.port = free_port()
        self.data = tempfile.TemporaryDirectory(prefix="claimstack-bench-")
        command = [binary, service, "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.data.name]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not self.answers(ready):
            if self.process.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                self.stop()
                words = self.process.stderr.read().decode(errors="replace").strip()
                print(f"bench: {' '.join(command)} did not answer on {ready}: {words[-500:]}", file=sys.stderr)
                sys.exit(2)
            time.sleep(0.001)
        self.start_ms = (time.perf_counter() - began) * 1000

    def answers(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            line = next(line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.data.cleanup()


def gateway(binary, runs):
    starts, memory = [], []
    for _ in range(runs):
        server = Server(binary, "gateway", "/v1/health")
        starts.append(server.start_ms)
        time.sleep(0.5)
        memory.append(server.rss_mb())
        server.stop()
    return statistics.median(starts), statistics.median(memory)


def tool_call(binary, calls):
    """Times of sequential calls, in milliseconds, over one kept connection."""
    server = Server(binary, "decision", "/health")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
    }

    def call(number, method, params):
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        connection.request("POST", "/mcp", body, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            server.stop()
            sys.exit(f"bench: {method} answered {response.status}: {text[:300]!r}")

    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    call(0, "initialize", hello)
    params = {"name": "list_decision_codes", "arguments": {}}
    times = []
    for number in range(1, calls + 1):
        began = time.perf_counter()
        call(number, "tools/call", params)
        times.append((time.perf_counter() - began) * 1000)
    connection.close()
    server.stop()
    return times[len(times) // 10 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--calls", type=int, default=500)
    args = parser.parse_args()

    start, memory = gateway(args.binary, args.runs)
    times = tool_call(args.binary, args.calls)
    p50, p99 = statistics.median(times), sorted(times)[int(len(times) * 0.99) - 1]
    rows = [
        ("control plane, cold start to healthy", start, "ms", COLD_START_MS),
        ("control plane, idle memory", memory, "MB", IDLE_RSS_MB),
        ("one MCP call, p50", p50, "ms", TOOL_CALL_MS),
        ("one MCP call, p99", p99, "ms", None),
    ]
    missed = 0
    for name, value, unit, bar in rows:
        verdict = "" if bar is None else f"bar {bar} {unit}: {'kept' if value <= bar else 'MISSED'}"
        missed += bar is not None and value > bar
        print(f"{name:40} {value:8.2f} {unit}  {verdict}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
