"""Processes under measurement: started on a free port of loopback, stopped at the end, their CPU and memory read."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A process that answers HTTP on `port` once `ready` gives 200."""

    def __init__(self, command, port, ready="/health", env=None, patience=PATIENCE_S):
        self.port, self.command, self.ready = port, command, ready
        self.env, self.patience = {**os.environ, **(env or {})}, patience
        self.errors = tempfile.TemporaryFile()
        self.resume()

    def resume(self):
        began = time.perf_counter()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=self.errors, env=self.env
        )
        while not self.answers(self.ready):
            if self.process.poll() is not None or time.perf_counter() - began > self.patience:
                self.stop()
                self.errors.seek(0)
                words = self.errors.read()[-800:].decode(errors="replace").strip()
                sys.exit(f"bench: {' '.join(map(str, self.command))} did not answer on {self.ready}: {words}")
            time.sleep(0.001)
        self.start_ms = (time.perf_counter() - began) * 1000

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def answers(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def ask(self, method, path, body=None, headers=None, timeout=600):
        """The parsed answer; anything but success ends the run, since the figure would mean nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        if body is not None and not isinstance(body, bytes):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            sys.exit(f"bench: {method} {path} answered {response.status}: {text[:400]!r}")
        return json.loads(text) if text else None

    def rss_mb(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.pause()

    def pause(self):
        """Ends the process; what it stored stays for `resume`."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Ours(Server):
    """One service of the executable, with an empty data directory."""

    def __init__(self, binary, service, ready, settings=(), env=None):
        self.data = tempfile.TemporaryDirectory(prefix="claimstack-bench-")
        port = free_port()
        command = [binary, service, "--listen", f"127.0.0.1:{port}", "--data-dir", self.data.name]
        for setting in settings:
            command += ["--set", setting]
        super().__init__(command, port, ready, env)

    def stop(self):
        super().stop()
        self.data.cleanup()


class Tool:
    """The other end: model server, proxies, collector and load generator."""

    def __init__(self, path):
        self.path = path

    def serve(self, part, *options):
        port = free_port()
        return Server([self.path, part, "--listen", f"127.0.0.1:{port}", *map(str, options)], port)

    def load(self, url, body=None, pid=None, **options):
        """What the load generator saw; see its usage for the options."""
        command = [self.path, "load", "--url", url]
        if body is not None:
            command += ["--body", json.dumps(body)]
        if pid:
            command += ["--pid", str(pid)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def control_plane(binary, model_url, collector_url=None):
    """The control plane in front of the mock model server; with a collector, spans are exported to it."""
    providers = [
        {"id": "vllm", "type": "remote::vllm", "url": f"{model_url}/v1", "models": ["mock-llama"]},
        {"id": "embed", "type": "remote::vllm-embedding", "url": f"{model_url}/v1", "models": ["mock-embed"]},
    ]
    settings = [
        f"gateway.providers={json.dumps(providers)}",
        "gateway.connectors={}",
        "gateway.max_running=128",
        "log.filter=warn",
    ]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector_url} if collector_url else None
    return Ours(binary, "gateway", "/v1/health", settings, env)
