#!/usr/bin/env python3
"""Runs the npm clients against the control plane. Usage: clients.py BINARY SCRIPT…; each script is a Node program that
is given the address of the control plane and of a tool server. The model is the one of tests/python."""
import http.server
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "python"))

from model_server import Model  # noqa: E402
from server import service  # noqa: E402


def main(binary, scripts):
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{model.server_port}/v1"
    settings = [f"gateway.providers.{at}.url={upstream}" for at in (0, 1)]
    settings += [f"gateway.providers.{at}.model=" for at in (3, 4)]
    with service(binary, "decision") as tools, service(binary, "gateway", *settings) as url:
        failed = [script for script in scripts if subprocess.run(["node", str(HERE / script), url, tools]).returncode]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2:])
