"""Sentence embeddings in process, beside sentence-transformers in the same run: both on two threads, with the same 200
English and French sentences in calls of 32."""

import os
import pathlib

from index import environment, told
from report import Row

PACKAGES = ("sentence-transformers==6.2.0", "torch==2.15.0")
MODEL, NAME, THREADS = "all-mpnet-base-v2", "sentence-transformers/all-mpnet-base-v2", 2
HERE = pathlib.Path(__file__).parent
SENTENCES = HERE.parents[1] / "crates/providers/tests/fixtures/embeddings/sentences.json"


def models():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")))
    return pathlib.Path(os.environ.get("CLAIMSTACK_MODELS", cache / "claimstack" / "models"))


def measure(tool):
    group = f"sentence embeddings in process, {MODEL}, {THREADS} threads"
    folder = models() / MODEL
    if not folder.is_dir():
        return [Row(group, "not measured", None, "", note="the model is not in the cache; run `make models`")]
    interpreter, why = environment(PACKAGES)
    if interpreter is None:
        return [Row(group, "not measured", None, "", note=why)]
    ours = told([tool, folder, NAME, SENTENCES, THREADS])
    theirs = told([interpreter, HERE / "peer" / "sentences.py", folder, SENTENCES, THREADS])
    rows = []
    for batch, bar in (("32", 1.5), ("1", None)):
        here, there = ours[batch], theirs[batch]
        rows.append(
            Row(group, f"calls of {batch}: times sentence-transformers", here["a_second"] / there["a_second"], "×", bar=bar, least=True,
                note=f"{here['a_second']:.1f} sentences a second against {there['a_second']:.1f} ({theirs['version']}); "
                f"a processor second {here['a_cpu_second']:.1f} against {there['a_cpu_second']:.1f}")
        )
    rows.append(Row(group, "memory", ours["memory_mb"], "MB", note=f"loaded in {ours['load_s']:.1f} s"))
    return rows
