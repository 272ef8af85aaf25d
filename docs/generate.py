"""Write docs/reference.md from the code: `python docs/generate.py`. A test keeps it current."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sparring.config import Config
from sparring.data.source import BUILT_IN, READERS
from sparring.data.toys import TOYS
from sparring.data.writers import SINKS
from sparring.diagnose.diagnosis import VERDICTS
from sparring.diagnose.signals import SIGNALS
from sparring.evaluate.suite import METRICS
from sparring.kinds.catalogue import KINDS
from sparring.nets.catalogue import NETWORKS
from sparring.nets.layers import ACTIVATIONS, OUTPUT_ACTIVATIONS
from sparring.objective.losses import LOSSES
from sparring.objective.penalties import PENALTIES
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.schedule import SCHEDULES

PAGE = Path(__file__).parent / "reference.md"


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Reference",
            "",
            "Written by `python docs/generate.py` from the code; do not edit.",
            "",
            *settings(),
            *section("Losses", "`--loss NAME`. a = D(real), b = D(fake), sp(t) = log(1 + e^t)."),
            *table(("name", "what is optimised"), described(LOSSES)),
            *section("Penalties", "`--penalty NAME`; gamma is the weight."),
            *table(("name", "what is added to D's loss"), described(PENALTIES)),
            *section("Metrics", "What `sparring evaluate` prints, beside the same of real rows."),
            *table(
                ("name", "metric", "better", "meaning"),
                ((n, m.title, str(m.better), m.meaning) for n, m in METRICS.items()),
            ),
            *section("Verdicts", "What `sparring diagnose` says of a run; see judging.md."),
            *table(("verdict", "meaning"), VERDICTS.items()),
            *section("Signals", "What it looks at, in `log.jsonl`."),
            *table(("signal", "meaning"), SIGNALS.items()),
            *section("Sources", f"A file ({', '.join(READERS)}), a folder of images, an IDX "
                     f"folder, or one of: {', '.join(BUILT_IN)}."),
            *table(("toy", "points"), ((n, toy.description) for n, toy in TOYS.items())),
            *section("Outputs", "`sparring sample -o FILE`: "
                     f"{', '.join(s or 'a folder of PNGs' for s in SINKS)}."),
            *section("Other names", ""),
            *table(("setting", "names"), ((k, ", ".join(v)) for k, v in NAMES.items())),
        ]
    )  # fmt: skip


NAMES: dict[str, Iterable[str]] = {
    "network": NETWORKS,
    "activation, critic_activation": ACTIVATIONS,
    "output_activation": OUTPUT_ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}


def settings() -> list[str]:
    """Every setting of `Config`: its meaning and its default for each kind."""
    rows = []
    for field in dataclasses.fields(Config):
        by_kind = [kind.defaults.get(field.name, field.default) for kind in KINDS.values()]
        shown = ["" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in by_kind]
        rows.append((field.name, field.metadata["help"], *shown))
    text = "The arguments of `GAN` and, written `--like-this`, the flags of `sparring train`."
    return [*section("Settings", text), *table(("setting", "meaning", *KINDS), rows)]


def section(title: str, text: str) -> list[str]:
    return [f"## {title}", "", *([text, ""] if text else [])]


def described(catalogue: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Each name with the first line of its docstring."""
    for name, entry in catalogue.items():
        text = inspect.getdoc(entry) or ""
        yield name, " ".join(text.split("\n\n")[0].split())


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [*lines, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
