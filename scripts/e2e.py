#!/usr/bin/env python3
"""The page in a real browser against the real house and sample claims: e2e.py CLAIMSTACK [PICTURES] (standard library only).

Starts the demo on a free port with a folder of its own, waits until the sample claims are decided, then looks at every
screen with axe (`smoke.mjs`) and takes a claim from upload to a person's decision in each language (`journey.mjs`).
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "bench"))
from servers import free_port  # noqa: E402

SAMPLES = ROOT / "samples"
PATIENCE_S = 900


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def journeys():
    """For each language a claim that the demo leaves out and the policy approves."""
    shown = {claim["claim_id"] for claim in lines(SAMPLES / "demo.jsonl")}
    left = [claim for claim in lines(SAMPLES / "ground_truth.jsonl") if claim["claim_id"] not in shown]
    for language in ("en", "fr"):
        claim = next(c for c in left if c["language"] == language and c["expected"]["decision"] == "approve" and c["document"]["text_layer"] is False)
        yield language, SAMPLES / claim["document_path"], claim["user_id"], claim["facts"]["received_date"]


def decided(base):
    with urllib.request.urlopen(f"{base}/api/v1/claims/statistics/overview", timeout=5) as answer:
        counts = json.load(answer)
    return counts["total_claims"] - counts["pending_claims"] - counts["processing_claims"], counts["total_claims"]


def wait(demo, base, expected):
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        if demo.poll() is not None:
            sys.exit(f"e2e: the demo ended with {demo.returncode}")
        try:
            done, of = decided(base)
            print(f"\r    {done}/{expected} sample claims decided ", end="", flush=True)
            if done >= expected:
                print(f"in {time.monotonic() - began:.0f} s")
                return
        except OSError:
            pass
        time.sleep(1)
    sys.exit("e2e: the sample claims were not decided in time")


def main():
    binary, pictures = sys.argv[1], pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="claimstack-e2e-") as folder:
        out = pictures or pathlib.Path(folder) / "pictures"
        out.mkdir(parents=True, exist_ok=True)
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        log = open(pathlib.Path(folder) / "demo.log", "wb")
        demo = subprocess.Popen(
            [binary, "demo", "--samples", SAMPLES, "--data-dir", f"{folder}/data", "--set", f"claims.listen=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        try:
            shown = lines(SAMPLES / "demo.jsonl")
            wait(demo, base, len(shown))
            runs = [["smoke.mjs", base, "--claim", "DEV-0002", "--out", str(out)]]
            runs += [["journey.mjs", base, str(file), user, day, language, str(out)] for language, file, user, day in journeys()]
            failed = [run[0] for run in runs if subprocess.run(["node", ROOT / "web" / "e2e" / run[0], *run[1:]], check=False).returncode]
            print(f"pictures in {out}" if pictures else "")
            return 1 if failed else 0
        finally:
            demo.terminate()
            demo.wait(30)


if __name__ == "__main__":
    sys.exit(main())
