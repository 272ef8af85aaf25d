"""Put the figures of results/*.json into README.md: no figure there is typed by hand."""

from __future__ import annotations

import json

from benchmarks.machine import RESULTS, ROOT

ORDER = ("demo", "startup", "toys", "tables", "mnist", "steps", "kills", "memory")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def renew() -> None:
    """Rewrite what stands between the two marks."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{figures()}{END}{after}", encoding="utf-8")


def figures() -> str:
    """One Markdown table per benchmark that has been run, with its command and machine."""
    parts = []
    for name in ORDER:
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = record["rows"]
        parts.append(f"\n`{record['command']}` on {record['machine']}:\n")
        parts.append("| " + " | ".join(rows[0]) + " |")
        parts.append("|" + " --- |" * len(rows[0]))
        parts += ["| " + " | ".join(row.values()) + " |" for row in rows]
    return "\n".join(parts) + "\n"
