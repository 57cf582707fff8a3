"""Sentences a second of sentence-transformers: sentences.py MODEL_FOLDER SENTENCES.json THREADS. Prints JSON."""

import json
import os
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer, models

ROUNDS = 5


def load(folder):
    """From the three files that we use as well: what else the hub has only says what is said here."""
    words = models.Transformer(folder, max_seq_length=384)
    return SentenceTransformer(modules=[words, models.Pooling(words.get_embedding_dimension(), "mean"), models.Normalize()], device="cpu")


def main():
    folder, file, threads = sys.argv[1:4]
    torch.set_num_threads(int(threads))
    with open(file, encoding="utf-8") as read:
        sentences = json.load(read)
    model = load(folder)
    model.encode(["warm"])
    found = {"version": f"{sentence_transformers.__version__}, torch {torch.__version__}"}
    for batch in (1, 32):
        rounds = []
        for _ in range(ROUNDS):
            asked, cpu = time.perf_counter(), time.process_time()
            for start in range(0, len(sentences), batch):
                model.encode(sentences[start : start + batch], batch_size=batch, normalize_embeddings=True)
            rounds.append((time.perf_counter() - asked, time.process_time() - cpu))
        wall, cpu = sorted(rounds)[ROUNDS // 2]
        found[str(batch)] = {"a_second": len(sentences) / wall, "a_cpu_second": len(sentences) / cpu}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
