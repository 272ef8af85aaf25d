"""The doctor's verdicts on planted runs beside the truth, and what its remedies are worth.

The runs are new to the doctor: those that set the references in `sparring.diagnose.rules` had seeds
below `planted.FIRST`. `--seeds 0` reads the cache and trains nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from benchmarks.machine import ROOT
from benchmarks.planted import changed, collect, plane_of
from benchmarks.plants import PLANTS, ROWS, SOURCES
from benchmarks.steps import by_turns
from sparring.config import Config, parse, resolved
from sparring.data.source import open_source
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis
from sparring.diagnose.doctor import diagnose_log, named
from sparring.kinds.catalogue import KINDS
from sparring.kinds.style import FAKE, REAL
from sparring.plan import plan
from sparring.train.checkup import LOOKS

KIND_OF = {"ring": "points", "grid": "points", "table": "table", "digits": "image"}
COLUMNS = 5  # of the picture
PICTURED: dict[str, Any] = {
    "ring": {"xlim": (-1.9, 1.9), "ylim": (-1.9, 1.9)},
    "table": {"xlim": (-4, 8), "ylim": (-2, 10)},
}
LITTLE = 0.2  # of D's gradient is passed on to G
BY_CAUSE = {
    "under-trained", "critic wins", "generator wins", "vanishing gradient", "oscillating",
    "diverged",
}  # fmt: skip
# Where G has never come far from its start, which is nearly a point.
STUCK = {"under-trained", "critic wins", "vanishing gradient"}
COLLAPSE = {"collapsed", "mode dropping"}


def run(seeds: int) -> list[dict[str, str]]:
    """A row per verdict, and one for both kinds of collapse together; and the picture of them."""
    judged = [(r, told(r)) for r in collect(seeds) if label(r) is not None]
    picture(judged, ROOT / "docs" / "images" / "verdicts.png")
    groups = {name: {name} for name in VERDICTS if any(label(r) == name for r, _ in judged)}
    failures = set(groups) - {"healthy"}
    groups |= {"collapsed or mode dropping": COLLAPSE, "any failure": failures}
    rows = []
    for name, verdicts in groups.items():
        after = remedied(verdicts, judged, train=seeds > 0)
        rows.append(
            {"verdict": name} | rates(verdicts, judged) | {"healthy after the remedy": after}
        )
    return rows


def told(run: dict[str, Any]) -> Diagnosis:
    """What the doctor says, of the log alone."""
    config = Config(**run["settings"])
    defaults = KINDS[KIND_OF[run["source"]]].defaults_for(PLANTS[run["plant"]].rows, config)
    return diagnose_log(run["log"], config, defaults)


def good(run: dict[str, Any]) -> bool:
    """Whether rows that the run never held find nothing wrong with its samples."""
    t, images = run["truth"], run["source"] == "digits"
    return bool(
        not t["diverged"]
        and t["missing"] <= 0.05
        and t["variety"] >= 0.85
        and t["frechet"] <= (0.4 if images else 0.1) * t["frechet_scale"]
        and (images or t["c2st"] <= 0.85)  # trees tell any small net's digits
        and not copied(run)
    )


def copied(run: dict[str, Any]) -> bool:
    return bool(run["truth"]["near_copies"] > 0.3 > 3 * run["truth"]["near_usual"])


def label(run: dict[str, Any]) -> str | None:
    """What is true of a run first of all; None where the truth fits no verdict."""
    t, planted = run["truth"], planted_verdict(run)
    if t["diverged"] or t["raw_spread"] > 5:
        return "diverged"
    if copied(run):
        return "copies training data"
    if good(run):
        return "healthy"
    if planted == "diverged" or (planted == "oscillating" and restless(run)):
        return planted
    if PLANTS[run["plant"]].rows < ROWS and t["knows_train"] > 0.7:
        return "critic memorises"
    if alike(run) and planted not in STUCK:
        return "collapsed"
    if planted in BY_CAUSE:
        return planted
    return "mode dropping" if t["missing"] > 0.05 else None


def planted_verdict(run: dict[str, Any]) -> str:
    """What was planted; "" where a gradient that should vanish reaches G all the same."""
    planted, passed = PLANTS[run["plant"]].verdict, run["truth"].get("passed", 1.0)
    return "" if planted == "vanishing gradient" and passed > LITTLE else planted


def restless(run: dict[str, Any]) -> bool:
    """Whether in a tenth of the run most of the raw G's samples move to other groups."""
    return bool(run["truth"].get("swing", 0) > 0.5)


def alike(run: dict[str, Any]) -> bool:
    """Whether most of the groups, or of the distance between samples, are gone."""
    return bool(run["truth"]["variety"] < 0.35 or run["truth"]["spread"] < 0.25)


def true_verdicts(run: dict[str, Any]) -> set[str]:
    """All that is true of a run: beside what comes first, what else its samples and D show."""
    found, t = {str(label(run))}, run["truth"]
    if "healthy" in found or t["diverged"]:
        return found
    if alike(run):
        found.add("collapsed")
    if t["missing"] > 0.05:
        found.add("mode dropping")
    if t["knows_train"] > 0.7:
        found.add("critic memorises")
    if t["tells"] > 0.9:
        found |= {"critic wins", *(["vanishing gradient"] if t["passed"] <= LITTLE else [])}
    if restless(run):
        found.add("oscillating")
    if planted_verdict(run) in BY_CAUSE:  # which explains the failure beside what samples show
        found.add(planted_verdict(run))
    return found


def rates(verdicts: set[str], judged: list[tuple[dict[str, Any], Diagnosis]]) -> dict[str, str]:
    """How often a verdict is right, and how many of those it should find it finds.

    First, or beside another one.
    """
    given = [(r, {*named(d)} & verdicts) for r, d in judged]
    found = [bool(some) for r, some in given if label(r) in verdicts]
    right = [bool(true_verdicts(r) & verdicts) for r, some in given if some]
    first = [bool(true_verdicts(r) & verdicts) for r, d in judged if d.verdict in verdicts]
    return {"right": share(right), "found": share(found), "right where first": share(first)}


def share(values: list[bool]) -> str:
    return f"{sum(values)} of {len(values)}" if values else "-"


def remedied(
    verdicts: set[str], judged: list[tuple[dict[str, Any], Diagnosis]], train: bool
) -> str:
    """How many of the runs that fail so become healthy by what the doctor says to try."""
    results = []
    for planted, diagnosis in judged:
        if label(planted) not in verdicts - {"healthy"} or not diagnosis.remedy:
            continue
        changes = {name: parse(name, text) for name, text in diagnosis.remedy.items()}
        again = changed(planted, changes, train)
        if again is not None:
            results.append(good(again))
    return share(results)


def looks(repeats: int) -> list[dict[str, str]]:
    """What the looks cost beside the steps, under the defaults of each kind of data."""
    rows = []
    sources = {name: open_source(name) for name in ("ring", "digits")}
    sources["table of five columns"] = SOURCES["table"].draw(0, ROWS)[0]
    for source, data in sources.items():
        config = Config(threads=1, engine="traced", precision="fp32")
        trainer = plan(data, config).build()
        steps = resolved(trainer.config.steps, "steps")

        def look(of: Any = trainer.checkup) -> object:
            return of.look(1, 0.5)

        step: Callable[[], object] = trainer.steps().__next__
        with torch.random.fork_rng():
            seconds = by_turns([step, look], repeats, [1, 1])
        ratio = LOOKS * seconds[1] / (steps * seconds[0])
        rows.append(
            {
                "source": source,
                "step (ms)": f"{1e3 * seconds[0]:.2f}",
                "look (ms)": f"{1e3 * seconds[1]:.2f}",
                "looks / steps of a run": f"{LOOKS} / {steps:,}",
                "share of the time": f"{ratio:.1%}",
            }
        )
    return rows


def picture(judged: list[tuple[dict[str, Any], Diagnosis]], path: Path) -> None:
    """Draw a planted run of each verdict, on the ring or else on the table: samples over real rows.

    Of the table the two columns are shown that tell its groups.
    """
    found: dict[str, dict[str, Any]] = {}
    for source in PICTURED:
        for r, diagnosis in judged:
            seen = bool(r["shown"]) and bool(np.isfinite(r["shown"]).all())
            if r["source"] == source and seen and diagnosis.verdict == label(r):
                found.setdefault(diagnosis.verdict, r)
    shown = [name for name in VERDICTS if name in found and name != "healthy"]
    if not shown:
        return
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(2.1 * COLUMNS, 2.3 * rows), layout="constrained", dpi=90)
    for axes in figure.subplots(rows, COLUMNS, squeeze=False).flat:
        axes.set_visible(bool(shown))
        if shown:
            name = shown.pop(0)
            source, fake = found[name]["source"], np.asarray(found[name]["shown"])
            real = plane_of(SOURCES[source].draw(0, 600)[0])
            window, far = PICTURED[source], zoom(fake, PICTURED[source])
            ends = {side: around(limits, far) for side, limits in window.items()}
            axes.set(xticks=[], yticks=[], **ends, aspect="equal")
            axes.scatter(*real.T, s=5, color=REAL, alpha=0.3, lw=0)
            axes.scatter(*fake.T, s=9, marker="^", color=FAKE, lw=0)
            axes.set_title(f"{name} ({far:,} times as wide)" if far > 1 else name, fontsize=9)
    figure.savefig(path)


def zoom(fake: np.ndarray, window: dict[str, tuple[float, float]]) -> int:
    """How many times as wide a window must be to show half of the samples (n, 2)."""
    off = [
        np.abs(column - sum(ends) / 2) / ((ends[1] - ends[0]) / 2)
        for column, ends in zip(fake.T, window.values(), strict=True)
    ]
    return math.ceil(float(np.median(np.max(off, axis=0))))


def around(ends: tuple[float, float], times: int) -> tuple[float, float]:
    """An interval so many times as wide, about the same middle."""
    middle, half = sum(ends) / 2, times * (ends[1] - ends[0]) / 2
    return middle - half, middle + half
