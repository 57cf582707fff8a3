"""The claims service over HTTP with 1,000 and 100,000 claims stored in SQLite: lists, one claim, submissions."""

import datetime
import json
import pathlib
import sqlite3
import sys
import urllib.parse

from report import Row
from servers import Ours

CONNECTIONS = 64
FEW, MANY = 1_000, 100_000
STATUSES = ("completed", "denied", "manual_review", "pending")
OUTCOMES = {"completed": "approve", "denied": "deny", "manual_review": "manual_review"}
STEPS = ("ocr_document", "retrieve_user_info", "retrieve_similar_claims", "make_final_decision")
EPOCH = 1_780_000_000_000_000


def fill(file, count):
    """Claims as they lie there after months of work: three in four decided, with their runs, steps and histories."""
    base = sqlite3.connect(file)
    tables = {name: [] for name in ("claims", "documents", "runs", "decisions", "steps", "events")}
    for n in range(count):
        claim, run, at, status = f"CLM-{n:08x}", f"RUN-{n:08x}", EPOCH + n * 60_000_000, STATUSES[n % len(STATUSES)]
        decided = status in OUTCOMES
        day = (datetime.date(2026, 1, 1) + datetime.timedelta(days=n % 300)).isoformat()
        tables["claims"].append((claim, f"CLM-2026-{n:06}", f"USR-{n % 5000:04}", "auto", day, f"documents/{claim}.pdf", f"{n:064x}", status, run if decided else None, int(decided), 2, 0, "{}", at, at + 9_000_000 if decided else None, 9_000 if decided else None, at + 9_000_000))
        tables["documents"].append((claim, f"{n:064x}", "claim.pdf", "application/pdf", 100_000, at))
        tables["events"] += [(claim, seq, None, kind, '{"status":"pending"}', at, "") for seq, kind in ((1, "submitted"), (2, "finished"))]
        if decided:
            body = json.dumps({"decision": OUTCOMES[status], "payable_amount": "120.00", "currency": "EUR", "confidence": 0.9, "reason_codes": ["COVERED"]})
            tables["runs"].append((run, claim, 1, "finished", "{}", at, at, at + 9_000_000, "decided", None, "model", 0, at, None, None, None))
            tables["decisions"].append((f"DEC-{n:08x}", claim, run, 1, "policy", OUTCOMES[status], 12_000, None, "EUR", 0.9, "COVERED", 0, "", body, None, 0, "model", at))
            tables["steps"] += [(run, step, claim, "tool", tool, "claims", tool, "completed", "{}", json.dumps({"success": True, "text": "x" * 400}), None, at, at + 1_000_000) for step, tool in enumerate(STEPS)]
    for table, rows in tables.items():
        columns = [column[1] for column in base.execute(f"pragma table_info({table})")]
        base.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", rows)
    base.execute("insert into claim_counts select 0, status, count(*) from claims group by status")
    base.commit()
    base.execute("analyze")
    base.close()


def started(binary, count, documents):
    settings = [
        "claims.access.rate_limit.per_second=1000000",
        "claims.access.rate_limit.burst=1000000",
        f"claims.document_roots=[{json.dumps(str(documents))}]",
        "claims.stack_url=http://127.0.0.1:9",
        "log.filter=warn",
    ]
    server = Ours(binary, "claims", "/health", settings)
    if count:
        server.pause()
        fill(next(pathlib.Path(server.data.name).rglob("claims.db")), count)
        server.resume()
    return server


def pages(server):
    """Paths that a queue asks for: the first page, one status, and a page in the middle by cursor and by number."""
    cursor = server.ask("GET", "/api/v1/claims?page=40&page_size=20")["next_cursor"]
    return {
        "first page of 20": "/api/v1/claims?page_size=20",
        "first page of one status": "/api/v1/claims?page_size=20&status=manual_review",
        "page 41 by cursor": f"/api/v1/claims?page_size=20&cursor={urllib.parse.quote(cursor)}",
    }


def answered(seen, name):
    """A figure over refusals would mean nothing."""
    if seen["refused"] + seen["errors"]:
        sys.exit(f"bench: {name}: {seen['refused']} refused, {seen['errors']} without an answer")


def measure(binary, tool, seconds, folder):
    """Rows. One service has few claims and one has many; each is alone while it is asked."""
    document = pathlib.Path(folder) / "claim.txt.pdf"
    document.write_bytes(b"%PDF-1.4\n%%EOF\n")
    group, took, rows = f"claims over HTTP, SQLite, {CONNECTIONS} connections", {}, []
    for count in (FEW, MANY):
        server = started(binary, count, folder)
        try:
            for name, path in pages(server).items():
                took[name, count] = tool.load(server.url + path, connections=1, seconds=seconds)
            if count == FEW:
                continue
            loads = {"list, page of 20": pages(server)["first page of 20"], "one claim with four steps": f"/api/v1/claims/CLM-{MANY // 2 // 4 * 4:08x}"}
            for name, path in loads.items():
                seen = tool.load(server.url + path, pid=server.pid, connections=CONNECTIONS, seconds=seconds)
                answered(seen, name)
                rows.append(Row(group, f"{name}: reads a second", seen["per_second"], "1/s", bar=5000, least=True, note=f"{seen['cpu_us']:.0f} µs of processor each, {MANY:,} claims stored"))
                rows.append(Row(group, f"{name}: p99", seen["p99_ms"], "ms", bar=25, note=f"p50 {seen['p50_ms']:.2f} ms"))
            body = {"user_id": "USR-0001", "document_path": document.name}
            seen = tool.load(f"{server.url}/api/v1/claims", body, pid=server.pid, connections=8, seconds=seconds)
            answered(seen, "submissions")
            rows.append(Row(group, "submissions a second, 8 connections", seen["per_second"], "1/s", note=f"each on disk before its answer; p50 {seen['p50_ms']:.1f}, p99 {seen['p99_ms']:.1f} ms"))
            rows.append(Row(group, "memory after that", server.rss_mb(), "MB"))
        finally:
            server.stop()
    for name in dict.fromkeys(name for name, _ in took):
        few, many = took[name, FEW]["p50_ms"], took[name, MANY]["p50_ms"]
        rows.append(Row(group, f"{name}: {MANY:,} claims against {FEW:,}, p50", many / few, "×", bar=1.5, note=f"{many:.2f} ms against {few:.2f}, one connection"))
    return rows
