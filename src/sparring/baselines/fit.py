"""From the training rows of any kind to a fitted baseline that draws rows of that kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from sparring.baselines.catalogue import BASELINES
from sparring.data.dataset import Dataset
from sparring.errors import choose
from sparring.kinds.base import Kind
from sparring.seeds import random_stream


def fit_baseline(
    name: str,
    kind: Kind,
    train: Dataset,
    *,
    seed: int,
    seconds: float,
    device: torch.device = torch.device("cpu"),
) -> Callable[[int, int], Dataset]:
    """Fit a baseline to training rows, as `kind` encodes them.

    Args:
        kind: fitted on the same rows.
        seed: of everything random in the fit.
        seconds: how long those baselines train that train by the clock.
        device: where they do.

    Returns:
        What draws so many samples, by a seed; labels come at the training rows' shares.

    Raises:
        ConfigError: an unknown name; the message lists the valid ones.
        InputError: too few rows for this baseline.
        DivergedError: a loss is not finite.
    """
    baseline = choose("baseline", name, BASELINES)(kind.shape, device)
    baseline.fit(*encoded(kind, train, seed), seed, seconds)

    def draw(n: int, seed: int) -> Dataset:
        told = kind.ask(n).condition(range(n), random_stream(seed, "labels of a baseline"))
        y = told.y.argmax(dim=1).numpy() if kind.shape.conditions else None
        x = torch.from_numpy(baseline.sample(n, y, seed))
        samples = kind.decode(torch.unflatten(x.float(), 1, kind.shape.row), told.labels)
        return replace(kind.numbered(samples, 0), name="samples")

    return draw


def encoded(kind: Kind, rows: Dataset, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows as the nets see them, flattened: (n, d) float64, and their class indices (n,)."""
    x = kind.prepare(kind.encode(rows), random_stream(seed, "preparation of rows"))
    y = kind.encode_labels(rows)
    return x.flatten(1).double().numpy(), None if y is None else y.numpy()
