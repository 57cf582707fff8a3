"""The same rows and questions as our search, in FAISS on one thread: faiss_search.py FOLDER. Prints one line of JSON.

Also judges what we found (`found.u32`, ten a question) by the exact answer. Hybrid search is that of a Python server
without a database of its own: FTS5 for the words, FAISS for the vectors, reciprocal ranks added.
"""

import json
import pathlib
import sqlite3
import sys
import time

import faiss
import numpy

DIMENSION, NEAREST, SECONDS = 768, 10, 2.0


def rate(search, asked):
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        search(asked[done % len(asked)][None])
        done += 1
    return done / spent


def resident_mb():
    with open("/proc/self/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024


def recall(found, exact):
    return float(numpy.mean([len(set(a) & set(b)) / NEAREST for a, b in zip(found, exact)]))


def hybrid(folder, graph, asked):
    """Questions a second, two words each."""
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table texts using fts5(text)")
    lines = (folder / "texts.txt").read_text(encoding="utf-8").splitlines()
    base.executemany("insert into texts(rowid, text) values (?, ?)", enumerate(lines))
    words = [" OR ".join(line.split()) for line in (folder / "words.txt").read_text(encoding="utf-8").splitlines()]
    depth, turn = 5 * NEAREST, iter(range(1 << 60))

    def search(one):
        found = base.execute(
            "select rowid from texts where texts match ? order by rank limit ?", (words[next(turn) % len(words)], depth)
        )
        scores = {}
        for ranks in ([row for (row,) in found], graph.search(one, depth)[1][0].tolist()):
            for rank, row in enumerate(ranks):
                scores[row] = scores.get(row, 0) + 1 / (61 + rank)
        return sorted(scores, key=scores.get, reverse=True)[:NEAREST]

    return rate(search, asked)


def main():
    folder = pathlib.Path(sys.argv[1])
    read = lambda name, kind, width: numpy.fromfile(folder / name, kind).reshape(-1, width)
    rows, asked = read("rows.f32", "<f4", DIMENSION), read("asked.f32", "<f4", DIMENSION)
    faiss.omp_set_num_threads(1)
    before = resident_mb()
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(rows)
    told = {"version": faiss.__version__, "flat": {"memory_mb": resident_mb() - before}}
    _, exact = flat.search(asked, NEAREST)
    told["ours"] = {"recall": recall(read("found.u32", "<u4", NEAREST), exact)}
    told["flat"]["qps"] = rate(lambda one: flat.search(one, NEAREST), asked)
    del flat
    before = resident_mb()
    began = time.perf_counter()
    graph = faiss.IndexHNSWFlat(DIMENSION, 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 128
    graph.add(rows)
    told["hnsw"] = {"build_s": time.perf_counter() - began, "memory_mb": resident_mb() - before}
    for width in (32, 64, 96, 128, 192, 256, 512):
        graph.hnsw.efSearch = width
        told["hnsw"] |= {"ef": width, "recall": recall(graph.search(asked, NEAREST)[1], exact)}
        if told["hnsw"]["recall"] >= 0.99:
            break
    told["hnsw"]["qps"] = rate(lambda one: graph.search(one, NEAREST), asked)
    told["hybrid"] = hybrid(folder, graph, asked)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
