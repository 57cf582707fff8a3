#!/usr/bin/env python3
"""Schemathesis against the claims service: no server error, and no answer that its own OpenAPI document does not have.

Usage: api_fuzz.py SCHEMATHESIS BINARY. The service is real, with an empty database and two claims in it, one of them
with a decision (there is no control plane, so it is the one that sends the claim to a person).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from server import service

# Streams that do not end by themselves.
ENDLESS = "/events$"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,unsupported_method,negative_data_rejection,use_after_free"


TOKEN = "the-long-secret-token-of-the-judge"


def post(url, body):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def main(schemathesis, binary):
    with tempfile.TemporaryDirectory() as folder:
        inbox = pathlib.Path(folder) / "inbox"
        inbox.mkdir()
        (inbox / "claim.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
        settings = [
            f"claims.document_roots=[{json.dumps(str(inbox))}]",
            "claims.stack_url=http://127.0.0.1:9",
            "claims.retry_backoff_seconds=0",
            "claims.access.tokens=" + json.dumps([{"subject": "judge", "role": "admin", "token": TOKEN}]),
            "claims.access.rate_limit.per_second=1000000",
            "claims.access.rate_limit.burst=1000000",
        ]
        with service(binary, "claims", *settings) as url:
            ids = [post(f"{url}/api/v1/claims", {"user_id": "USR-1", "document_path": "claim.pdf"})["claim_id"] for _ in range(2)]
            post(f"{url}/api/v1/claims/{ids[0]}/process?wait=60", {})
            config = pathlib.Path(folder) / "schemathesis.toml"
            config.write_text(f'[dictionaries.ids]\nvalues = {json.dumps(ids)}\n[parameters]\n"path.id" = {{dictionary = "ids", probability = 0.7}}\n', encoding="utf-8")
            command = [
                schemathesis, "--config-file", str(config), "run", f"{url}/openapi.json",
                "--checks", CHECKS, "--exclude-path-regex", ENDLESS, "--phases", "examples,coverage,fuzzing",
                "--max-examples", os.environ.get("EXAMPLES", "25"), "--seed", "1", "--continue-on-failure",
                "--suppress-health-check", "all", "--warnings", "off", "--header", f"Authorization: Bearer {TOKEN}", "--request-timeout", "30", "--no-color",
            ]  # fmt: skip
            done = subprocess.run(command, cwd=folder, env={**os.environ, "NO_PROXY": "*"}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:3])
