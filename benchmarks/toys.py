"""The seven 2-D distributions, default settings: modes found, and distance beside the floor; and
the ring and the grid by PacGAN's protocol.

Finished runs are kept in results/, so a stopped table goes on.
"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.ablation import gather, keep, key
from benchmarks.machine import peak_gigabytes, processor_seconds, spread
from sparring.config import Config
from sparring.data.source import open_source
from sparring.data.toys import TOYS
from sparring.evaluate.c2st import classifier_two_sample
from sparring.evaluate.modes import mode_report
from sparring.fit import fit
from sparring.judge import judge
from sparring.model import Model
from sparring.plan import Plan, plan
from sparring.sample import sample
from sparring.train.runtime import thread_count

SAMPLES = 2_000
C2ST_SAMPLES = 5_000  # beside as many points drawn anew
PACGAN = ("ring", "grid")
PACGAN_SAMPLES = 2_500  # Lin et al. 2018, section 4.1


def run(seeds: int) -> list[dict[str, str]]:
    """One row per toy; two runs at once, one thread each."""
    jobs = [(name, seed) for name in TOYS for seed in range(seeds)]
    results = dict(zip(jobs, gather("toys", one, jobs, prepared), strict=True))
    return [_row(name, [results[name, seed] for seed in range(seeds)]) for name in TOYS]


def prepared(name: str, seed: int) -> Plan:
    """A run under the defaults; on a slow core a run of this length is compiled."""
    return plan(open_source(name), Config(seed=seed, threads=1, engine="compiled"), name)


def one(name: str, seed: int) -> None:
    """Train and score one run, and keep what came out."""
    planned = prepared(name, seed)
    before = processor_seconds()
    model = fit(planned)
    seconds = processor_seconds() - before
    scores = judge(model, planned.holdout, planned.train, rows=SAMPLES)
    values = {s.name: s.value for s in scores if s.value is not None}
    floors = {s.name: s.floor for s in scores if s.floor is not None}
    values["ratio"] = values["sliced_wasserstein"] / floors["sliced_wasserstein"]
    fresh, _ = TOYS[name].draw(C2ST_SAMPLES, np.random.default_rng([seed, C2ST_SAMPLES]))
    made = np.asarray(sample(model, C2ST_SAMPLES, seed=seed).x)
    with thread_count(1), threadpool_limits(1):
        values["c2st_fresh"] = classifier_two_sample(fresh, made, seed=seed)
    keep("toys", {"run": key(planned), "seconds": seconds, "gigabytes": peak_gigabytes()} | values)
    if name in PACGAN:
        keep_modes(name, planned, model, seconds)


def run_modes(seeds: int) -> list[dict[str, str]]:
    """The ring and the grid as PacGAN's authors judge them."""
    jobs = [(name, seed) for name in PACGAN for seed in range(seeds)]
    gathered = dict(zip(jobs, gather("modes", count_modes, jobs, prepared), strict=True))
    rows = []
    for name in PACGAN:
        results = [gathered[name, seed] for seed in range(seeds)]
        total = results[0]["total"]
        found = sum(r["captured"] == total for r in results)
        rows.append(
            {
                "toy": name,
                "all modes": f"{total} of {total} on {found} of {seeds} seeds",
                "high-quality share": spread((r["high_quality"] for r in results), 3),
                "reverse KL": spread((r["reverse_kl"] for r in results), 4),
                "seconds of a core": spread((r["seconds"] for r in results), 0),
            }
        )
    return rows


def count_modes(name: str, seed: int) -> None:
    """Train one run, where `one` has not yet, and keep what became of the modes."""
    planned = prepared(name, seed)
    before = processor_seconds()
    model = fit(planned)
    keep_modes(name, planned, model, processor_seconds() - before)


def keep_modes(name: str, planned: Plan, model: Model, seconds: float) -> None:
    """Score one run by PacGAN's protocol, and keep what came out."""
    modes = TOYS[name].modes
    assert modes is not None
    samples = sample(model, PACGAN_SAMPLES, seed=planned.config.seed)
    report = mode_report(np.asarray(samples.x), modes)
    keep("modes", {"run": key(planned), "seconds": seconds} | report._asdict())


def _row(name: str, results: list[dict[str, float]]) -> dict[str, str]:
    modes = TOYS[name].modes
    found = "no modes"
    if modes is not None:
        worst = min(int(r["modes"]) for r in results)
        found = f"{worst} of {len(modes.weights)} on the worst seed"

    def spread_of(name: str, digits: int) -> str:
        values = [r[name] for r in results if name in r]
        return spread(values, digits) if values else "-"

    return {
        "toy": name,
        "modes captured": found,
        "high-quality share": spread_of("high_quality", 3),
        "KL of the modes": spread_of("mode_kl", 4),
        "sliced Wasserstein / floor": spread_of("ratio", 2),
        "C2ST AUC": spread_of("c2st_fresh", 3),
        "seconds of a core": spread_of("seconds", 0),
    }
