#!/usr/bin/env python3
"""Reads a set with Python RapidOCR (PP-OCRv6 small, ONNX Runtime, one thread): eval-ocr-peer.py SET OUT.json"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from rapidocr import RapidOCR


def picture(path: Path):
    data = path.read_bytes()
    if data[:5] == b"%PDF-":
        command = ["pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-png", str(path)]
        data = subprocess.run(command, capture_output=True, check=True).stdout
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def rows(boxes, texts) -> str:
    """Top to bottom; boxes whose middles are within half a height share a row."""
    pieces = []
    for box, text in zip(boxes, texts):
        ys = [point[1] for point in box]
        pieces.append(((min(ys) + max(ys)) / 2, max(ys) - min(ys), min(point[0] for point in box), text))
    lines, row = [], []
    for piece in sorted(pieces):
        if row and abs(piece[0] - sum(p[0] for p in row) / len(row)) > 0.5 * min(piece[1], row[0][1]):
            lines.append(row)
            row = []
        row.append(piece)
    lines.append(row)
    return "\n".join(" ".join(p[3] for p in sorted(line, key=lambda p: p[2])) for line in lines)


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    settings = {
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "Global.use_cls": False,
        "Global.log_level": "error",
    }
    engine, texts = RapidOCR(params=settings), {}
    cases = [c for c in json.loads((folder / "manifest.json").read_text())["cases"] if c["degradation"] != "textlayer"]
    for number, case in enumerate(cases, 1):
        image = picture(folder / case["path"])
        before = resource.getrusage(resource.RUSAGE_SELF)
        result = engine(image)
        after = resource.getrusage(resource.RUSAGE_SELF)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        text = rows(result.boxes, result.txts) if result.boxes is not None else ""
        texts[case["id"]] = {"text": text, "cpu_s": seconds}
        print(f"\r{number}/{len(cases)} ", end="", file=sys.stderr, flush=True)
    out.write_text(json.dumps(texts, ensure_ascii=False, indent=1))


main()
