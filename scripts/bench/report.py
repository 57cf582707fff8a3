"""Rows of the final table, on the screen and as JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass


@dataclass
class Row:
    """One figure. `bar` is the most it may be, `None` when it is only told; `least` turns that round."""

    group: str
    name: str
    value: float | None
    unit: str
    bar: float | None = None
    least: bool = False
    note: str = ""

    @property
    def verdict(self):
        if self.bar is None or self.value is None:
            return ""
        return "kept" if (self.value >= self.bar if self.least else self.value <= self.bar) else "MISSED"


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), load {load}"


def table(rows):
    lines, group = [], None
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", group]
        sign = "≥" if row.least else "≤"
        bar = "" if row.bar is None else f"{sign} {number(row.bar)} {row.unit}"
        lines.append(f"  {row.name:58} {number(row.value):>9} {row.unit:6} {bar:16} {row.verdict:7} {row.note}".rstrip())
    return "\n".join(lines)


def write(rows, runs, path):
    with open(path, "w", encoding="utf-8") as file:
        told = [{**asdict(row), "verdict": row.verdict} for row in rows]
        json.dump({"machine": machine(), "rows": told, "runs": runs}, file, indent=1)
