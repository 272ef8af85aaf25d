"""MNIST by label: the defaults, and beside them the published conditional DCGAN.

The images come from `$SPARRING_DATA` or the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.machine import in_processes, peak_gigabytes, processor_seconds, spread
from sparring.config import Config, resolved
from sparring.data.source import open_source
from sparring.evaluate.classifier import label_agreement
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.image_classifier import cached_image_classifier
from sparring.fit import fit
from sparring.model import Model
from sparring.plan import plan
from sparring.recipes.cdcgan import SETTINGS as PUBLISHED
from sparring.sample import sample

MINUTES = 5.0
DEFAULTS_MINUTES = 10.0  # beside the published run: less than a fifth of what that takes


def run(seeds: int) -> list[dict[str, str]]:
    """One row; one run at a time, on as many cores as the defaults take."""
    settings = {"minutes": MINUTES}
    jobs = [("defaults", settings, seed) for seed in range(seeds)]
    return [row(in_processes(one, jobs, at_once=1))]


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
    """The published conditional DCGAN, and the defaults, at once on one thread each.

    A run whose process gets SIGTERM ends there, and its epochs say so.
    """
    setups = {
        "conditional DCGAN, settings as published": {**PUBLISHED, "threads": 1},
        "defaults": {"minutes": DEFAULTS_MINUTES, "threads": 1},
    }
    jobs = [(name, setup, seed) for seed in range(seeds) for name, setup in setups.items()]
    results = in_processes(one, jobs, at_once=2)
    rows = []
    for name in setups:
        own = [r for r, job in zip(results, jobs, strict=True) if job[0] == name]
        rows.append(
            {
                "MNIST by label, one thread": name,
                "seconds of a core": spread((r["seconds"] for r in own), 0),
                "epochs": spread((r["epochs"] for r in own), 1),
                "label agreement": spread(r["agreement"] for r in own),
                "Fréchet distance [classifier]": spread((r["distance"] for r in own), 1),
                "of real rows": spread((r["floor"] for r in own), 1),
            }
        )
    return rows


def one(name: str, settings: dict[str, Any], seed: int) -> dict[str, float]:
    """Train and judge one run."""
    planned = plan(open_source("mnist"), Config(seed=seed).replace(settings))
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
    print(f"{name}, seed {seed}: {result}", flush=True)
    return result


def judged(model: Model, seed: int) -> dict[str, float]:
    """Scores of 10,000 samples, a thousand of each digit, beside the test images."""
    train, test = open_source("mnist"), open_source("mnist:test")
    classifier = cached_image_classifier(train.x, train.y)
    labels = np.repeat(np.arange(10), 1_000)
    fake = sample(model, len(labels), y=labels, seed=seed).x
    features = [classifier.features(x) for x in (test.x, fake, train.x[: len(test)])]
    return {
        "agreement": label_agreement(classifier, fake, labels),
        "accuracy": float((classifier.predict(test.x) == test.y).mean()),
        "distance": frechet_distance(features[0], features[1]),
        "floor": frechet_distance(features[0], features[2]),
    }
