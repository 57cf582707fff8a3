"""Compares two transcripts of probe.py: what another server answered, and what ours does.

Bodies are compared by shape and by value, ids, times and ports apart. What we send beside their fields is no difference:
clients skip what they do not know. Each difference is one line, `call: path: theirs -> ours`, and has to be matched by
a line of differences.txt (`transcript | call | path | reason`), or it is a failure.
"""
import fnmatch
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent
SCRUB = [
    (r"\b(resp|msg|mcp_list|mcpl|mcpr|mcp|fco|fc|call|conv|file|vs|batch|pmpt|chatcmpl|cmpl|ws|fs|approval|req)[_-]"
     r"(mock|invented)?[0-9a-f-]{6,}", r"<id>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?", "<time>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"<id>", "<id>"),
]
TIMES = {"created_at", "completed_at", "created", "expires_at", "last_active_at", "started_at", "sequence_number"}


def compared(suite, theirs, ours):
    """Results for report.py: one for each call."""
    rules = read_rules(suite)
    theirs, ours = calls(theirs), calls(ours)
    results = []
    for name, answer in theirs.items():
        found = list(differences(answer, ours[name])) if name in ours else ["(call): answered -> not asked"]
        open_ones = [line for line in found if not justified(name, line, rules)]
        if not found:
            results.append((name, "passed", ""))
        elif open_ones:
            results.append((name, "failed", "; ".join(open_ones)[:1500]))
        else:
            results.append((name, "skipped", "; ".join(found)[:1500]))
    return results


def read_rules(suite):
    rules = []
    for line in (HERE / "differences.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            transcript, call, path, _reason = (part.strip() for part in line.split("|", 3))
            if fnmatch.fnmatchcase(suite, transcript):
                rules.append((call, path))
    return rules


def justified(call, line, rules):
    return any(fnmatch.fnmatchcase(call, one) and fnmatch.fnmatchcase(line, path) for one, path in rules)


def calls(path):
    """Call -> (status, content type, JSON bodies); a call made twice counts twice."""
    found = {}
    for block in pathlib.Path(path).read_text().split("\n### ")[1:]:
        head, *lines = block.splitlines()
        answer = [line[2:] for line in lines if line.startswith("< ")]
        name, number = scrubbed(head), 2
        while name in found:
            name, number = f"{scrubbed(head)} ({number})", number + 1
        found[name] = (answer[0] if answer else "", [body(line) for line in answer[1:]])
    return found


def body(line):
    text = line[6:] if line.startswith("data: ") else line
    if line.startswith("event: "):
        return None
    try:
        return json.loads(text)
    except ValueError:
        # The transcript cuts long answers; what is cut is compared as far as it goes.
        return scrubbed(text)


def scrubbed(text):
    for pattern, instead in SCRUB:
        text = re.sub(pattern, instead, text)
    return text


def differences(theirs, ours):
    (their_status, their_bodies), (our_status, our_bodies) = theirs, ours
    if their_status != our_status:
        yield f"(status): {their_status} -> {our_status}"
    our_bodies = [body for body in our_bodies if body is not None]
    if "event-stream" in their_status:
        yield from streams(their_bodies, our_bodies)
        return
    for their_body, our_body in zip(their_bodies, our_bodies):
        yield from values("", their_body, our_body)


def streams(theirs, ours):
    """Streams by the kinds of their events in order, repeats taken as one, and the first event of each kind."""
    yield from values("(events)", kinds(theirs), kinds(ours))
    for kind in dict.fromkeys(kinds(theirs)):
        first = lambda events: next((event for event in events if kind_of(event) == kind), None)
        if first(ours) is not None:
            yield from values(kind, first(theirs), first(ours))


def kinds(events):
    named = [kind_of(event) for event in events]
    return [kind for at, kind in enumerate(named) if at == 0 or named[at - 1] != kind]


def kind_of(event):
    if not isinstance(event, dict):
        return "(text)"
    payload = event.get("event", {}).get("payload", {}) if isinstance(event.get("event"), dict) else {}
    step = payload.get("step_type", "")
    return event.get("type") or f"{payload.get('event_type', event.get('object', 'error'))} {step}".strip()


def values(path, theirs, ours):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key, value in theirs.items():
            at = f"{path}.{key}".lstrip(".")
            if key not in ours:
                yield f"{at}: {short(value)} -> (absent)"
            elif key not in TIMES:
                yield from values(at, value, ours[key])
    elif isinstance(theirs, list) and isinstance(ours, list):
        if path == "(events)":
            if theirs != ours:
                yield f"(events): {' '.join(theirs)} -> {' '.join(ours)}"
            return
        if len(theirs) != len(ours):
            yield f"{path}: {len(theirs)} elements -> {len(ours)}"
        for at, (one, other) in enumerate(zip(theirs, ours)):
            yield from values(f"{path}[{at}]", one, other)
    elif isinstance(theirs, str) and isinstance(ours, str):
        if scrubbed(theirs) != scrubbed(ours):
            yield f"{path}: {short(theirs)} -> {short(ours)}"
    elif theirs != ours:
        yield f"{path}: {short(theirs)} -> {short(ours)}"


def short(value):
    text = scrubbed(json.dumps(value))
    return text if len(text) <= 90 else text[:87] + "..."
