"""Put the figures of results/*.json into the docs: no figure there is typed by hand."""

from __future__ import annotations

import json

from benchmarks.machine import RESULTS, ROOT

# The page that shows a benchmark, and their order there.
PAGES = {
    "README.md": ("demo", "startup", "toys", "mnist"),
    "docs/tables.md": ("tables", "conditions", "ctgan", "ablation-tables", "early-stop"),
    "docs/judging.md": ("doctor", "looks"),
    "docs/privacy.md": ("privacy",),
    "docs/engine.md": (
        "modes", "mnist-published", "steps", "sampling", "seeds", "memory", "kills",
        "ablation-points", "ablation-images", "gamma-points", "gamma-images", "clusters",
        "clusters-by-label", "clusters-mnist", "histogram", "few-points", "little-time",
    ),
}  # fmt: skip
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def renew() -> None:
    """Rewrite what stands between the two marks of each page."""
    for name, benchmarks in PAGES.items():
        page = ROOT / name
        text = page.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        page.write_text(f"{before}{BEGIN}\n{figures(benchmarks)}{END}{after}", encoding="utf-8")


def figures(benchmarks: tuple[str, ...]) -> str:
    """One Markdown table per benchmark that has been run, with its command and machine."""
    parts = []
    for name in benchmarks:
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
