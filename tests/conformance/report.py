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
    counts = [sum(outcome == kind for _, outcome, _ in results) for kind in ("passed", "failed", "skipped")]
    print("%s: %d passed, %d failed, %d skipped" % (suite, *counts), flush=True)


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


def table(out, rules):
    results = [json.loads(line) for line in (out / RESULTS).read_text().splitlines()] if (out / RESULTS).exists() else []
    absent = (out / "absent.tsv").read_text().splitlines() if (out / "absent.tsv").exists() else []
    suites = list(dict.fromkeys(result["suite"] for result in results))
    width = max([len(suite) for suite in suites] + [5])
    print(f"\n{'suite':{width}} {'passed':>7} {'failed':>7} {'known':>7} {'skipped':>8}")
    bad = []
    for suite in suites:
        own = [result for result in results if result["suite"] == suite]
        failed = [result for result in own if result["outcome"] == "failed"]
        unknown = [result for result in failed if not suite.startswith("python-") and explained(result, rules) is None]
        bad += unknown
        of = lambda kind: sum(result["outcome"] == kind for result in own)
        rest = len(failed) if suite.startswith("python-") else len(failed) - len(unknown)
        print(f"{suite:{width}} {of('passed'):>7} {len(unknown):>7} {rest:>7} {of('skipped'):>8}")
    for line in absent:
        print(f"{line.split(chr(9))[0]:{width}} not to be had here: {line.split(chr(9))[1]}")
    failures(results, rules)
    if bad:
        print(f"\n{len(bad)} failures are not explained in {rules_file}")
    return 1 if bad or not results and not absent else 0


def failures(results, rules):
    for result in results:
        if result["outcome"] != "failed" or result["suite"].startswith("python-"):
            continue
        reason = explained(result, rules)
        mark = f"known: {reason}" if reason else f"FAILED: {result['reason']}"
        print(f"\n{result['suite']} {result['test']}\n    {mark}")


if __name__ == "__main__":
    what, out, *rest = sys.argv[1:]
    out = pathlib.Path(out)
    if what == "table":
        rules_file = rest[0]
        sys.exit(table(out, known(rules_file)))
    suite, *rest = rest
    if what == "transcript":
        from transcripts import compared

        add(out, suite, compared(suite, *rest))
    else:
        add(out, suite, {"junit": junit, "openresponses": openresponses, "mcp": mcp}[what](*rest))
