"""MNIST by label: the defaults, and beside them the published conditional DCGAN.

The images come from `$SPARRING_DATA` or the cache.
"""

from __future__ import annotations

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
    """The published network and its ten epochs, and the defaults, at once on one thread each."""
    setups = {
        "conditional DCGAN as published": PUBLISHED,
        "defaults": {"minutes": DEFAULTS_MINUTES},
    }
    jobs = [(name, setup, seed) for seed in range(seeds) for name, setup in setups.items()]
    results = in_processes(of_setup, jobs, at_once=2)
    rows = []
    for name in setups:
        own = [r for r, job in zip(results, jobs, strict=True) if job[0] == name]
        rows.append(
            {
                "MNIST by label, one thread": name,
                "seconds of a core": spread((r["seconds"] for r in own), 0),
                "images that D saw (thousands)": spread((r["images"] / 1e3 for r in own), 0),
                "label agreement": spread(r["agreement"] for r in own),
                "Fréchet distance [classifier]": spread((r["distance"] for r in own), 1),
                "of real rows": spread((r["floor"] for r in own), 1),
            }
        )
    return rows


def of_setup(name: str, settings: dict[str, object], seed: int) -> dict[str, float]:
    """Train and judge one of the two."""
    planned = plan(open_source("mnist"), Config(seed=seed, threads=1).replace(settings))
    before = processor_seconds()
    model = fit(planned)
    seconds = processor_seconds() - before
    images = model.steps * resolved(planned.config.batch_size, "batch_size")
    result = judged(model, seed) | {"seconds": seconds, "images": float(images)}
    print(f"{name}, seed {seed}: {result}", flush=True)
    return result


def one(seed: int) -> dict[str, float]:
    """Train for five minutes, and judge."""
    planned = plan(open_source("mnist"), Config(seed=seed, minutes=MINUTES))
    model = fit(planned)
    result = {
        "gigabytes": peak_gigabytes(),
        "threads": resolved(planned.config.threads, "threads"),
        "steps": model.steps,
    } | judged(model, seed)
    print(f"seed {seed}: {result}", flush=True)
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
