"""The vector index by itself, beside FAISS in the same run: both on one thread, with the same rows and questions.

The rows resemble embeddings as far as an index minds: unit length, about one centre for 200 of them, a cosine of 0.55
within a centre and 0 between two; a question lies at 0.87 from a row.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from report import Row

PACKAGES = ("faiss-cpu==1.15.1", "numpy==2.4.6")
HERE = pathlib.Path(__file__).parent / "peer"


def environment(packages):
    """The interpreter of an environment with these packages, made once; or why there is none."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")))
    folder = cache / "claimstack" / "bench" / packages[0]
    interpreter = folder / "bin" / "python"
    if (folder / "complete").exists():
        return interpreter, ""
    shutil.rmtree(folder, ignore_errors=True)
    for command in ([sys.executable, "-m", "venv", str(folder)], [str(interpreter), "-m", "pip", "-q", "install", *packages]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return None, f"{' '.join(command[:5])} …: {(done.stderr or done.stdout).strip().splitlines()[-1:]}"
    (folder / "complete").touch()
    return interpreter, ""


def told(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout)


def rows_of(tool, interpreter, count, exact):
    with tempfile.TemporaryDirectory(prefix="claimstack-index-") as folder:
        ours = told([tool, folder, count, *(["exact"] if exact else [])])
        theirs = told([interpreter, HERE / "faiss_search.py", folder])
    group = f"vector search in process, {count:,} × 768, one thread, beside FAISS {theirs['version']}"
    flat, hnsw = theirs["flat"], theirs["hnsw"]
    peer, name = (flat, "IndexFlatIP") if exact else (hnsw, f"HNSW M16 efC128 ef{hnsw['ef']}, recall {hnsw['recall']:.3f}")
    kind = "exact" if exact else "approximate"
    qps = ours["qps"]
    rows = [
        Row(group, f"{kind}: recall@10", theirs["ours"]["recall"], "", bar=0.99, least=True, note=f"of {500} questions"),
        Row(group, f"{kind}: times the queries per second of FAISS", qps["vector"] / peer["qps"], "×", bar=1.0, least=True,
            note=f"{qps['vector']:,.0f} against {peer['qps']:,.0f} ({name})"),
    ]
    if not exact:
        rows.append(Row(group, "build, one thread", ours["build_s"], "s", note=f"FAISS {hnsw['build_s']:.0f} s; read again from its file in {ours['again_s']:.1f} s with all rows"))
    rows += [
        Row(group, f"{kind}: memory, texts and words included", ours["memory_mb"], "MB",
            note=f"and {ours['mapped_mb']:.0f} MB of mapped file; FAISS {peer['memory_mb']:.0f} MB, vectors alone"),
        Row(group, f"{kind}: hybrid search, times FTS5 with FAISS HNSW and rank fusion in Python", qps["hybrid"] / theirs["hybrid"], "×",
            note=f"{qps['hybrid']:,.0f} against {theirs['hybrid']:,.0f} a second, 40 words a chunk; keyword alone {qps['keyword']:,.0f}"),
    ]
    return rows


def measure(tool, counts):
    interpreter, why = environment(PACKAGES)
    if interpreter is None:
        return [Row("vector search in process, beside FAISS", "not measured", None, "", note=why)]
    rows = []
    for count in counts:
        for exact in (True, False):
            rows += rows_of(tool, interpreter, count, exact)
    return rows
