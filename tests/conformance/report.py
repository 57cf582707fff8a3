#!/usr/bin/env python3
"""Gathers what the judges say into one list, and shows it as a table (standard library only).

  report.py junit OUT SUITE FILE.xml                 pytest
  report.py openresponses OUT SUITE FILE.json        the compliance tests' own report
  report.py mcp OUT SUITE SCENARIO LOG               one client scenario of the MCP conformance suite
  report.py transcript OUT SUITE THEIRS OURS         two transcripts of probe.py; see transcripts.py
  report.py table OUT KNOWN                          the table; status 1 when a failure is not in KNOWN

A line of KNOWN is `suite | test | reason`: the named test fails for that reason. A test is named without its
parameters, a suite and a test may end in `*`.
"""
import collections
import fnmatch
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

RESULTS = "results.jsonl"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def add(out, suite, results):
    with open(out / RESULTS, "a") as file:
        for test, outcome, reason in results:
            file.write(json.dumps({"suite": suite, "test": test, "outcome": outcome, "reason": reason}) + "\n")
    counts = collections.Counter(outcome for _, outcome, _ in results)
    print(f"{suite}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())), flush=True)


def junit(path):
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        log = pathlib.Path(path).with_suffix(".log")
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        return [("(the whole suite)", "failed", f"no report: {error} {' '.join(last)}")]
    return [judged(case) for case in root.iter("testcase")]


def judged(case):
    name = f"{case.get('classname', '').rsplit('.', 1)[-1]}::{case.get('name')}"
    for kind in ("failure", "error"):
        found = case.find(kind)
        if found is not None:
            return name, "failed", said(found)
    skipped = case.find("skipped")
    if skipped is not None:
        return name, "skipped", skipped.get("message", "")
    return name, "passed", ""


def said(failure):
    """The failure in one line: pytest's message, or the last `E` line of its traceback."""
    lines = [line[1:].strip() for line in (failure.text or "").splitlines() if line.startswith("E ")]
    text = failure.get("message") or (lines or ["?"])[0]
    return " ".join(ANSI.sub("", text).split())[:400]


def openresponses(path):
    try:
        report = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        return [("(the whole suite)", "failed", f"no report: {error}")]
    tests = report.get("results", report)
    outcomes = {"passed": "passed", "skipped": "skipped"}
    return [
        (test["id"], outcomes.get(test["status"], "failed"), " ".join(test.get("errors") or [])[:400]) for test in tests
    ]


def mcp(scenario, path):
    text = ANSI.sub("", pathlib.Path(path).read_text(errors="replace"))
    found = re.findall(r"^Passed: (\d+)/(\d+)(?:, (\d+) failed)?", text, re.M)
    errors = re.findall(r"^ *Error: (.*)", text, re.M)
    if not found:
        return [(scenario, "failed", " ".join((errors or text.strip().splitlines() or ["no output"])[-1:]))]
    passed, total, _ = found[-1]
    results = [(f"{scenario}::{number + 1}", "passed", "") for number in range(int(passed))]
    failed = int(total) - int(passed)
    results += [(scenario, "failed", " ".join(errors)[:400] or "see the log")] * failed
    if not failed and "OVERALL: PASSED" not in text:
        results.append((scenario, "failed", "the client ended with an error, or was warned of"))
    return results


def known(path):
    lines = [line.split("|", 2) for line in pathlib.Path(path).read_text().splitlines() if line.strip() and line[0] != "#"]
    return [tuple(part.strip() for part in line) for line in lines]


def explained(result, rules):
    bare = result["test"].split("[", 1)[0]
    for suite, test, reason in rules:
        if fnmatch.fnmatchcase(result["suite"], suite) and fnmatch.fnmatchcase(bare, test):
            return reason
    return None


def read(out, name):
    path = out / name
    return path.read_text().splitlines() if path.exists() else []


def table(out, rules):
    results = [json.loads(line) for line in read(out, RESULTS)]
    absent = [line.split("\t", 1) for line in read(out, "absent.tsv")]
    suites = list(dict.fromkeys(result["suite"] for result in results))
    width = max(map(len, [*suites, "suite"]))
    print(f"\n{'suite':{width}} {'passed':>7} {'failed':>7} {'known':>7} {'skipped':>8}")
    unknown = [result for result in results if result["outcome"] == "failed" and not explained(result, rules)]
    for suite in suites:
        counts = collections.Counter(result["outcome"] for result in results if result["suite"] == suite)
        failed = sum(result["suite"] == suite for result in unknown)
        known = counts["failed"] + counts["known"] - failed
        print(f"{suite:{width}} {counts['passed']:>7} {failed:>7} {known:>7} {counts['skipped']:>8}")
    for judge, why in absent:
        print(f"{judge:{width}} not to be had here: {why}")
    failures(results, rules)
    for listing in sorted(out.glob("transcript-*-differences.txt")):
        print(f"\nevery difference of {listing.name.removesuffix('-differences.txt')}, with its reason: {listing}")
    bad = [result for result in unknown if not theirs(result)]
    if bad:
        print(f"\n{len(bad)} failures are explained neither in known.txt nor in differences.txt")
    return 1 if bad or not (results or absent) else 0


def theirs(result):
    """Whether this is the Python server's, which is only there for comparison."""
    return result["suite"].startswith("python-")


def failures(results, rules):
    for result in results:
        if result["outcome"] == "failed" and not theirs(result):
            reason = explained(result, rules)
            why = f"known: {reason}" if reason else f"FAILED: {result['reason']}"
            print(f"\n{result['suite']} {result['test']}\n    {why}")


if __name__ == "__main__":
    what, out, *rest = sys.argv[1:]
    out = pathlib.Path(out)
    if what == "table":
        sys.exit(table(out, known(rest[0])))
    suite, *rest = rest
    if what == "transcript":
        from transcripts import compared

        add(out, suite, compared(suite, *rest, out / f"{suite}-differences.txt"))
    else:
        add(out, suite, {"junit": junit, "openresponses": openresponses, "mcp": mcp}[what](*rest))
