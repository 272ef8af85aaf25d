"""The seven 2-D distributions, default settings: modes found, and distance beside the floor.

Finished runs are kept in results/, so a stopped table goes on.
"""

from __future__ import annotations

from benchmarks.ablation import finished, keep, key
from benchmarks.machine import in_processes, peak_gigabytes, processor_seconds, spread
from sparring.config import Config
from sparring.data.source import open_source
from sparring.data.toys import TOYS
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import Plan, plan

SAMPLES = 2_000


def run(seeds: int) -> list[dict[str, str]]:
    """One row per toy; two runs at once, one thread each."""
    keys = {(name, seed): key(prepared(name, seed)) for name in TOYS for seed in range(seeds)}
    known = finished("toys")
    in_processes(one, [job for job, k in keys.items() if k not in known], at_once=2)
    known = finished("toys")
    return [_row(name, [known[keys[name, seed]] for seed in range(seeds)]) for name in TOYS]


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
    keep("toys", {"run": key(planned), "seconds": seconds, "gigabytes": peak_gigabytes()} | values)


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
        "C2ST AUC": spread_of("c2st", 2),
        "seconds of a core": spread_of("seconds", 0),
    }
