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
    (r"127\.0\.0\.1(:|%3A)\d+", "127.0.0.1:<port>"),
]
CUT = "(cut)"
# What tells one element of a list from the others.
NAMES = ("identifier", "name", "route", "custom_id")
TIMES = {"created_at", "completed_at", "created", "expires_at", "last_active_at", "started_at", "sequence_number"}


def compared(suite, theirs, ours, listing):
    """Results for report.py, one for each call; every difference goes to the file `listing`, with its reason."""
    rules = read_rules(suite)
    theirs, ours = calls(theirs), calls(ours)
    results, lines = [], []
    for name, answer in theirs.items():
        found = list(differences(answer, ours[name])) if name in ours else ["(call): answered -> not asked"]
        reasons = [(line, justified(name, line, rules)) for line in found]
        lines += [f"{name}\n    {line}\n    {reason or 'NOT JUSTIFIED'}" for line, reason in reasons]
        unjustified = [line for line, reason in reasons if reason is None]
        if unjustified:
            results.append((name, "failed", "; ".join(unjustified)[:1500]))
        else:
            results.append((name, "known" if found else "passed", f"{len(found)} differences, each with its reason"))
    pathlib.Path(listing).write_text("\n".join(lines) + "\n")
    return results


def read_rules(suite):
    rules = []
    for line in (HERE / "differences.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            transcript, *rule = (part.strip() for part in line.split("|", 3))
            if fnmatch.fnmatchcase(suite, transcript):
                rules.append(rule)
    return rules


def justified(call, line, rules):
    """The reason of the first rule that fits; `None` when there is none."""
    matching = (
        reason for one, path, reason in rules if fnmatch.fnmatchcase(call, one) and fnmatch.fnmatchcase(line, path)
    )
    return next(matching, None)


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
        # The transcript cuts long answers, and what is cut is not compared.
        return CUT


def scrubbed(text):
    for pattern, instead in SCRUB:
        text = re.sub(pattern, instead, text)
    return text


def differences(theirs, ours):
    (their_status, their_bodies), (our_status, our_bodies) = theirs, ours
    if their_status != our_status:
        yield f"(status): {their_status} -> {our_status}"
        return
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
    if CUT in (theirs, ours):
        return
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
        yield from elements(path, theirs, ours)
    elif isinstance(theirs, str) and isinstance(ours, str):
        if scrubbed(theirs) != scrubbed(ours):
            yield f"{path}: {short(theirs)} -> {short(ours)}"
    elif theirs != ours:
        yield f"{path}: {short(theirs)} -> {short(ours)}"


def elements(path, theirs, ours):
    """Lists of things with names by their names, others in order; of numbers the length is enough."""
    name = next((name for name in NAMES if theirs and all(isinstance(it, dict) and name in it for it in theirs)), None)
    if name:
        known = {it[name]: it for it in ours if isinstance(it, dict) and name in it}
        for one in theirs:
            at = f"{path}[{one[name]}]"
            if one[name] in known:
                yield from values(at, one, known[one[name]])
            else:
                yield f"{at}: {short(one)} -> (absent)"
        return
    if len(theirs) != len(ours):
        yield f"{path}: {len(theirs)} elements -> {len(ours)}"
    if theirs and all(isinstance(it, (int, float)) for it in theirs):
        return
    for at, (one, other) in enumerate(zip(theirs, ours)):
        yield from values(f"{path}[{at}]", one, other)


def short(value):
    text = scrubbed(json.dumps(value))
    return text if len(text) <= 90 else text[:87] + "..."
