"""MNIST by label: the defaults, and beside them the published conditional DCGAN.

The images come from `$SPARRING_DATA` or the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.ablation import gather, keep, key
from benchmarks.machine import in_processes, peak_gigabytes, processor_seconds, spread
from sparring.config import Config, resolved
from sparring.data.source import open_source
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.image_classifier import cached_image_classifier
from sparring.fit import fit
from sparring.model import Model
from sparring.plan import Plan, plan
from sparring.recipes.cdcgan import SETTINGS as PUBLISHED
from sparring.sample import sample

MINUTES = 5.0
SETUPS: dict[str, Mapping[str, Any]] = {
    "conditional DCGAN, settings as published": PUBLISHED,
    "defaults (6,000 steps)": {},
    "defaults, 12,000 steps": {"steps": 12_000},
}


def run(seeds: int) -> list[dict[str, str]]:
    """One row; one run at a time, on as many cores as the defaults take."""
    return [row(in_processes(one, [(seed,) for seed in range(seeds)], at_once=1))]


def row(results: list[dict[str, float]]) -> dict[str, str]:
    """What `one` gave under each seed, as a row of the table."""
    return {
        "data": f"MNIST, {MINUTES:.0f} minutes",
        "label agreement": spread(r["agreement"] for r in results),
        "accuracy of the classifier": spread(r["accuracy"] for r in results),
        "Fréchet distance [classifier]": spread((r["distance"] for r in results), 1),
        "of real rows": spread((r["floor"] for r in results), 1),
        "threads": spread((r["threads"] for r in results), 0),
        "steps": spread((r["steps"] for r in results), 0),
        "peak memory": f"{max(r['gigabytes'] for r in results):.2f} GB",
    }


def beside_published(seeds: int) -> list[dict[str, str]]:
    """The published conditional DCGAN, and the defaults, two runs at once on one thread each.

    A run whose process gets SIGTERM ends there, and its epochs say so.
    """
    jobs = [(setup, seed) for setup in SETUPS for seed in range(seeds)]
    gathered = gather("mnist-published", keep_one, jobs, prepared)
    results = dict(zip(jobs, gathered, strict=True))
    return [_beside(setup, [results[setup, seed] for seed in range(seeds)]) for setup in SETUPS]


def _beside(setup: str, results: list[dict[str, float]]) -> dict[str, str]:
    return {
        "MNIST by label, one thread": setup,
        "seconds of a core": spread((r["seconds"] for r in results), 0),
        "epochs": spread((r["epochs"] for r in results), 1),
        "label agreement": spread(r["agreement"] for r in results),
        "Fréchet distance [classifier]": spread((r["distance"] for r in results), 2),
        "of real rows": spread((r["floor"] for r in results), 2),
    }


def prepared(setup: str, seed: int) -> Plan:
    """A run of `beside_published`."""
    config = Config(seed=seed).replace({**SETUPS[setup], "threads": 1})
    return plan(open_source("mnist"), config, "mnist")


def keep_one(setup: str, seed: int) -> None:
    """Train and judge one of them, and keep what came out."""
    planned = prepared(setup, seed)
    keep("mnist-published", {"run": key(planned)} | trained(planned, seed))


def one(seed: int) -> dict[str, float]:
    """Train and judge one run of `run`."""
    return trained(plan(open_source("mnist"), Config(seed=seed, minutes=MINUTES)), seed)


def trained(planned: Plan, seed: int) -> dict[str, float]:
    """What a run took, and how good its model is."""
    before = processor_seconds()
    model = fit(planned)
    batch = resolved(planned.config.batch_size, "batch_size")
    result = {
        "seconds": processor_seconds() - before,
        "gigabytes": peak_gigabytes(),
        "threads": resolved(planned.config.threads, "threads"),
        "steps": model.steps,
        "epochs": model.steps * batch / len(planned.train),
    } | judged(model, seed)
    print(f"{planned.config}: {result}", flush=True)
    return result


def judged(model: Model, seed: int) -> dict[str, float]:
    """Scores of 10,000 samples, a thousand of each digit, beside the test images."""
    train, test = open_source("mnist"), open_source("mnist:test")
    assert train.y is not None
    classifier = cached_image_classifier(np.asarray(train.x), train.y)
    labels = np.repeat(np.arange(10), 1_000)
    fake = np.asarray(sample(model, len(labels), y=labels, seed=seed).x)
    real = np.asarray(test.x)
    features = [classifier.features(x) for x in (real, fake, np.asarray(train.x)[: len(real)])]
    return {
        "agreement": float((classifier.predict(fake) == labels).mean()),
        "accuracy": float((classifier.predict(real) == test.y).mean()),
        "distance": frechet_distance(features[0], features[1]),
        "floor": frechet_distance(features[0], features[2]),
    }
