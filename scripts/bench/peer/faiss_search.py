"""The same rows and questions as our search, in FAISS on one thread: faiss_search.py FOLDER. Prints one line of JSON.

Also judges what we found (`found.u32`, ten a question) by the exact answer.
"""

import json
import pathlib
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
    print(json.dumps(told))


if __name__ == "__main__":
    main()
