"""MNIST by label, five minutes of training, default settings; `$SPARRING_DATA` or the cache."""

from __future__ import annotations

import numpy as np

from benchmarks.machine import in_processes, peak_gigabytes, spread
from sparring.config import Config, resolved
from sparring.data.source import open_source
from sparring.evaluate.classifier import label_agreement
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.image_classifier import cached_image_classifier
from sparring.fit import fit
from sparring.plan import plan
from sparring.sample import sample

MINUTES = 5.0


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


def one(seed: int) -> dict[str, float]:
    """Train for five minutes and judge 10,000 samples, a thousand of each digit."""
    train, test = open_source("mnist"), open_source("mnist:test")
    planned = plan(train, Config(seed=seed, minutes=MINUTES))
    model = fit(planned)
    gigabytes = peak_gigabytes()
    classifier = cached_image_classifier(train.x, train.y)
    labels = np.repeat(np.arange(10), 1_000)
    fake = sample(model, len(labels), y=labels, seed=seed).x
    features = [classifier.features(x) for x in (test.x, fake, train.x[: len(test)])]
    result = {
        "agreement": label_agreement(classifier, fake, labels),
        "accuracy": float((classifier.predict(test.x) == test.y).mean()),
        "distance": frechet_distance(features[0], features[1]),
        "floor": frechet_distance(features[0], features[2]),
        "threads": resolved(planned.config.threads, "threads"),
        "steps": model.steps,
        "gigabytes": gigabytes,
    }
    print(f"seed {seed}: {result}", flush=True)
    return result
