"""Which clause answers a loss, which past claims resemble it: what is right is known from the data, not from a model."""

import json
import math
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "samples"
LANGUAGES = ("en", "fr")
# Contracts asked for each loss and language.
CONTRACTS = 2


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def losses():
    """One narrative of each product, peril and language of the sample claims, as the claimant tells it."""
    told = {}
    for claim in lines(SAMPLES / "ground_truth.jsonl"):
        asked, facts = claim["expected_tool_inputs"].get("retrieve_similar_claims"), claim["facts"]
        if asked and facts and facts["peril"]:
            told.setdefault((facts["product"], facts["peril"], claim["language"]), asked["claim_text"])
    return [(product, peril, language, text) for (product, peril, language), text in sorted(told.items())]


def cover_span(contract, peril):
    """Characters of the full text that say how a peril is covered: covers are listed in the order of `coverages`."""
    text = contract["full_text"]
    start = text.index("\n\n") + 2
    for coverage in contract["coverages"]:
        end = text.index(";", start) if coverage is not contract["coverages"][-1] else text.index("\n\n", start)
        if coverage["peril"] == peril:
            return start, end
        start = end + 1
    return None


def clause_questions():
    """(question, its language, contract, is this clause the right one?), of policyholders with one contract each."""
    contracts = lines(SAMPLES / "reference" / "contracts.jsonl")
    owners = [contract["user_id"] for contract in contracts]
    single = [contract for contract in contracts if owners.count(contract["user_id"]) == 1]
    rng = random.Random(11)
    questions = []

    def ask(text, language, fits, right):
        for written in LANGUAGES:
            fitting = [contract for contract in single if contract["language"] == written and fits(contract)]
            for contract in rng.sample(fitting, min(CONTRACTS, len(fitting))):
                questions.append((text, language, contract, right(contract)))

    for product, peril, language, text in losses():
        covers = lambda contract: contract["product"] == product and cover_span(contract, peril)
        inside = lambda span: lambda clause: span[0] <= clause["span"][0] < span[1]
        ask(text, language, covers, lambda contract: inside(cover_span(contract, peril)))
    for row in lines(HERE / "circumstances.jsonl"):
        named = lambda contract: next((e["clause"] for e in contract["exclusions"] if e["code"] == row["exclusion"]), None)
        excludes = lambda contract: contract["product"] == row["product"] and named(contract)
        numbered = lambda number: lambda clause: clause["clause"] == number
        for language in LANGUAGES:
            ask(row["told"][language], language, excludes, lambda contract: numbered(named(contract)))
    return questions


def clauses(tools, told):
    """Ranks of the clause that answers a loss among all clauses of the contract; a tool shows at most five."""
    ranks = {}
    for text, language, contract, right in clause_questions():
        found = tools.call("retrieve_user_info", {"user_id": contract["user_id"], "query": text, "top_k": 5})["clauses"]
        at = next((n for n, clause in enumerate(found, 1) if right(clause)), 1000)
        ranks.setdefault((language, contract["language"]), []).append(at)
    for (asked, written), of in sorted(ranks.items()):
        told(f"{asked} → {written}", of)


def precedents(tools):
    """Past claims of the same product and peril among the five nearest, the product and the peril not given."""
    history = lines(SAMPLES / "reference" / "claims_history.jsonl")
    kinds = [(past["product"], past["peril"]) for past in history]
    gains = {}
    for product, peril, language, text in losses():
        ideal = min(5, kinds.count((product, peril)))
        if not ideal:
            continue
        found = tools.call("retrieve_similar_claims", {"claim_text": text, "top_k": 5, "min_similarity": 0})["similar_claims"]
        same = [(past["product"], past["peril"]) == (product, peril) for past in found]
        gain = lambda flags: sum(flag / math.log2(2 + n) for n, flag in enumerate(flags))
        gains.setdefault(language, []).append((sum(same) / ideal, gain(same) / gain([True] * ideal)))
    for language, of in sorted(gains.items()):
        mean = lambda which: sum(row[which] for row in of) / len(of)
        print(f"  {language:<14} recall@5 {mean(0):.2f}   nDCG@5 {mean(1):.2f}   ({len(of)} losses)")
