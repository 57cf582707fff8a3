#!/usr/bin/env python3
"""Fits the confidence of lines (crates/ocr/src/recognise/trust.rs): fit-confidence.py LINES.tsv

LINES.tsv comes from `eval_ocr --fit`: case, mean and least certainty, letters, 1 if right. Prints the four constants of
a logistic regression on all lines, and how far said and true rates are apart on documents left out of the fit."""

import math
import sys
from collections import defaultdict


def features(mean, least, letters):
    doubt = lambda certainty: math.log(max(1 - certainty, 1e-4))
    return (1.0, doubt(mean), doubt(least), math.log(max(letters, 1)))


def chance(weights, row):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(w * x for w, x in zip(weights, row))))))


def solve(matrix, vector):
    """Gauss, with the largest pivot."""
    rows = [list(row) + [value] for row, value in zip(matrix, vector)]
    for n in range(len(rows)):
        pivot = max(range(n, len(rows)), key=lambda m: abs(rows[m][n]))
        rows[n], rows[pivot] = rows[pivot], rows[n]
        for m in range(len(rows)):
            if m != n:
                share = rows[m][n] / rows[n][n]
                rows[m] = [a - share * b for a, b in zip(rows[m], rows[n])]
    return [row[-1] / row[n] for n, row in enumerate(rows)]


def fit(lines):
    """Newton's steps with a little pull towards zero."""
    weights = [0.0] * 4
    for _ in range(30):
        gradient = [-1e-3 * w for w in weights]
        curve = [[1e-3 if a == b else 0.0 for b in range(4)] for a in range(4)]
        for row, right in lines:
            p = chance(weights, row)
            for a in range(4):
                gradient[a] += (right - p) * row[a]
                for b in range(4):
                    curve[a][b] += p * (1 - p) * row[a] * row[b]
        weights = [w + step for w, step in zip(weights, solve(curve, gradient))]
    return weights


def main() -> None:
    by_document = defaultdict(list)
    for line in open(sys.argv[1], encoding="utf-8"):
        case, mean, least, letters, right = line.rstrip("\n").split("\t")
        document = case.split("__")[0]
        by_document[document].append((features(float(mean), float(least), int(letters)), int(right)))
    documents = sorted(by_document)
    lines = [line for document in documents for line in by_document[document]]
    names = ("BASE", "MEAN", "LEAST", "LENGTH")
    for name, weight in zip(names, fit(lines)):
        print(f"const {name}: f32 = {weight:.3f};")
    said = defaultdict(list)
    for part in range(5):
        kept = [line for n, d in enumerate(documents) if n % 5 != part for line in by_document[d]]
        weights = fit(kept)
        for n, document in enumerate(documents):
            if n % 5 == part:
                for row, right in by_document[document]:
                    p = chance(weights, row)
                    said[min(int(p * 10), 9)].append((p, right))
    apart = 0.0
    for bucket in sorted(said):
        values = said[bucket]
        mean, rate = (sum(v[i] for v in values) / len(values) for i in (0, 1))
        apart += abs(mean - rate) * len(values)
        print(f"left out: said {mean:.3f}, right {rate:.3f}, {len(values)} lines")
    print(f"left out: expected calibration error {apart / len(lines):.4f} over {len(lines)} lines")


main()
