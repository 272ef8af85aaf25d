"""The seven 2-D distributions, default settings: modes found, and distance beside the floor."""

from __future__ import annotations

from benchmarks.machine import in_processes, peak_gigabytes, processor_seconds, spread
from sparring.config import Config
from sparring.data.source import open_source
from sparring.data.toys import TOYS
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import plan

SAMPLES = 2_000


def run(seeds: int) -> list[dict[str, str]]:
    """One row per toy; one run after another, one thread each."""
    jobs = [(name, seed) for name in TOYS for seed in range(seeds)]
    results = in_processes(one, jobs, at_once=1)
    return [_row(name, [r for j, r in zip(jobs, results, strict=True) if j[0] == name])
            for name in TOYS]  # fmt: skip


def one(name: str, seed: int) -> dict[str, float]:
    """Train and score one run."""
    planned = plan(open_source(name), Config(seed=seed, threads=1))
    before = processor_seconds()
    model = fit(planned)
    seconds = processor_seconds() - before
    scores = judge(model, planned.holdout, planned.train, rows=SAMPLES)
    values = {s.name: s.value for s in scores if s.value is not None}
    floors = {s.name: s.floor for s in scores if s.floor is not None}
    values["ratio"] = values["sliced_wasserstein"] / floors["sliced_wasserstein"]
    return values | {"seconds": seconds, "gigabytes": peak_gigabytes()}


def _row(name: str, results: list[dict[str, float]]) -> dict[str, str]:
    modes = TOYS[name].modes
    found = "no modes"
    if modes is not None:
        worst = min(int(r["modes"]) for r in results)
        found = f"{worst} of {len(modes.weights)} on the worst seed"
    quality = spread(r["high_quality"] for r in results) if modes is not None else "-"
    return {
        "toy": name,
        "modes captured": found,
        "high-quality share": quality,
        "sliced Wasserstein / floor": spread((r["ratio"] for r in results), 2),
        "C2ST AUC": spread((r["c2st"] for r in results), 2),
        "seconds of a core": spread((r["seconds"] for r in results), 0),
    }
