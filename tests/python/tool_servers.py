#!/usr/bin/env python3
"""Starts each tool server alone, with the sample data, and has the official MCP SDK list and call its tools.

Usage: tool_servers.py BINARY. Exit status 1 if a check failed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from server import service

SAMPLES = pathlib.Path("samples").resolve()
SERVERS = {
    "ocr": (
        [f'ocr.document_roots=["{SAMPLES}"]'],
        {"ocr_document": {"document_path": "documents/dev-0002.pdf"}},
    ),
    "rag": (
        [f"rag.reference_dir={SAMPLES / 'reference'}"],
        {
            "retrieve_user_info": {"user_id": "USR-1020"},
            "retrieve_similar_claims": {"claim_text": "hail dented the bonnet of my car"},
        },
    ),
    "decision": ([], {"list_decision_codes": {}}),
}


def explicit_decision():
    """The first worked example of the policy, as explicit facts."""
    example = json.loads((SAMPLES / "policy_examples.json").read_text(encoding="utf-8"))[0]
    claim = dict(example["claim"])
    document = claim.pop("document")
    received = claim.get("received_date")
    return {
        "claim": claim,
        "document": document,
        "contracts": example["contracts"],
        "users": example["users"],
        "history": example["history"],
        "parameters": {"fx_rates": example["fx_rates"], "provider_watchlist": example["provider_watchlist"]},
        "received_date": received,
    }


def main(binary):
    failed = []
    for name, (settings, calls) in SERVERS.items():
        if name == "decision":
            calls = {**calls, "make_final_decision": explicit_decision()}
        stdio = " ".join([binary] + [f"--set '{setting}'" for setting in settings] + [name, "--stdio"])
        with service(binary, name, *settings) as url, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(calls, file)
            file.flush()
            command = [sys.executable, "tests/python/mcp_clients.py", "--base", url, "--stdio", stdio, "--calls", file.name]
            if subprocess.run(command).returncode:
                failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
