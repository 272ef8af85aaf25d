"""Points: n x d floats, optionally labelled, standardised for the nets or scaled otherwise."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError, choose
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.rows import LARGEST
from sparring.evaluate.views import Classifier, Views
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.labels import Labels
from sparring.nets.base import Shape

FEW_ROWS = 500  # below that D learns them by heart if gamma falls as far as for more
LITTLE_TIME = 0.5  # minutes; with less, smaller nets make more of it: they make more steps


@dataclass(frozen=True)
class Points(Kind):
    """Each coordinate less its mean, over its standard deviation, or another of SCALINGS.

    Attributes:
        mean, scale: one number per coordinate, in the units of the points: what is taken off, and
            what the rest is divided by.
        dtype: NumPy name of the floats that came and that samples return as.
        scaling: key of SCALINGS.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    dtype: str
    labels: Labels | None
    scaling: str = "standard"

    name: ClassVar[str] = "points"
    defaults: ClassVar[Mapping[str, Any]] = {
        "scaling": "standard",
        "clusters": 0,
        "network": "residual-mlp",
        "latent_dim": 2,
        "width": 128,
        "depth": 4,
        "output_activation": "none",
        "given_share": 0.0,
        "smoothing": 0.0,
        "output_noise": True,
        "generator_batch_norm": False,
        "gamma": 0.1,
        "gamma_decay": 0.003,
        "stratified": True,
        "batch_size": 128,
        "learning_rate": 2e-3,
        "critic_learning_rate": 4e-3,
        "learning_rate_decay": 0.01,
        "ema_half_life_steps": 250.0,
        "candidates": 4,
        "match_histogram": False,
        "gibbs_sweep": False,
        "precision": "fp32",
        "steps": 10_000,
    }
    with_few_rows: ClassVar[Mapping[str, Any]] = {"gamma_decay": 0.1}
    with_little_time: ClassVar[Mapping[str, Any]] = {"width": 64, "batch_size": 64}
    metrics: ClassVar[tuple[str, ...]] = (
        "frechet", "kernel_distance", "sliced_wasserstein", "wasserstein", "mmd", "mmd_p", "c2st",
        "precision", "recall", "density", "coverage", "modes", "high_quality", "mode_kl",
        "label_agreement", "transfer", "duplicates", "support", "copies", "nearness", "closer",
        "membership",
    )  # fmt: skip

    pictured: ClassVar[int] = 2_000
    output: ClassVar[str] = "samples.csv"

    @staticmethod
    def detects(dataset: Dataset) -> bool:
        return isinstance(dataset.x, np.ndarray) and dataset.x.ndim == 2

    @classmethod
    def adopt(cls, dataset: Dataset) -> Dataset:
        """A table of numbers as points; a column "label" as their labels."""
        if not isinstance(dataset.x, pd.DataFrame):
            return dataset
        frame = dataset.x.drop(columns="label", errors="ignore")
        for name in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[name]) or frame[name].isna().any():
                raise InputError(
                    f"{dataset.name}: column {name!r} is no coordinate of points: those are "
                    "numbers, none missing"
                )
        y = dataset.x["label"].to_numpy() if "label" in dataset.x else dataset.y
        return replace(dataset, x=frame.to_numpy(np.float64), y=y)

    @classmethod
    def fit(cls, dataset: Dataset, config: Config) -> Points:
        points = _points(dataset)
        x = points.astype(np.float64)
        if np.abs(x).max() > LARGEST:
            raise InputError(f"{dataset.name} holds a number that is not within {LARGEST:g} of 0")
        scaling = config.scaling or cls.defaults["scaling"]
        mean, scale = choose("scaling", scaling, SCALINGS).fit(x)
        # A coordinate that never moves, up to rounding, would turn rounding into noise.
        still = scale <= 1e-12 * np.abs(x).max(0)
        return cls(
            tuple(mean.tolist()),
            tuple(np.where(still, 1.0, scale).tolist()),
            points.dtype.name if points.dtype.kind == "f" else "float64",
            None if dataset.y is None else Labels.fit(dataset.y),
            scaling,
        )

    @property
    def shape(self) -> Shape:
        return Shape((len(self.mean),), len(self.labels.classes) if self.labels else 0)

    @property
    def features(self) -> tuple[Hashable, ...]:
        return tuple(range(len(self.mean)))

    @classmethod
    def defaults_for(cls, rows: int, config: Config) -> Mapping[str, Any]:
        short = config.minutes is not None and config.minutes < LITTLE_TIME
        few = cls.with_few_rows if rows < FEW_ROWS else {}
        little = cls.with_little_time if short else {}
        return {**cls.defaults, **few, **little}

    def check(self, dataset: Dataset) -> None:
        points = _points(dataset)
        if points.shape[1] != len(self.mean):
            raise InputError(
                f"{dataset.name} has points of {points.shape[1]} coordinate(s), the model's have "
                f"{len(self.mean)}"
            )

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        self.check(dataset)
        return (torch.from_numpy(self._scaled(dataset).astype(np.float32)),)

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        return raw[0]

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        points = x.cpu().double().numpy() * self.scale + self.mean
        labels = None if y is None or self.labels is None else self.labels.decode(y)
        return Dataset(points.astype(self.dtype), labels)

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        return [
            Views(
                features=self._scaled(dataset),
                space=SCALINGS[self.scaling].space,
                labels=dataset.y,
                points=_points(dataset).astype(np.float64),
            )
            for dataset in (real, *others)
        ]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        if self.labels is None or train.y is None:
            return None
        return RowClassifier.fit(train.x, train.y, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        from sparring.kinds.pictures import scatter  # Matplotlib is slow to import
        from sparring.kinds.style import save

        save(scatter(fake, real), path)

    def to_dict(self) -> dict[str, Any]:
        return {
            "mean": list(self.mean),
            "scale": list(self.scale),
            "dtype": self.dtype,
            "labels": saved_labels(self.labels),
            "scaling": self.scaling,
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Points:
        return cls(
            tuple(saved["mean"]), tuple(saved["scale"]), saved["dtype"],
            restored_labels(saved["labels"]), saved.get("scaling", "standard"),
        )  # fmt: skip

    def _scaled(self, dataset: Dataset) -> np.ndarray:
        return (_points(dataset).astype(np.float64) - self.mean) / self.scale


def _points(dataset: Dataset) -> np.ndarray:
    """The rows of a dataset that holds points."""
    if not isinstance(dataset.x, np.ndarray) or dataset.x.ndim != 2:
        raise InputError(f"{dataset.name} holds no points: they are an array of shape (n, d)")
    return dataset.x


@dataclass(frozen=True)
class Scaling:
    """One way to bring coordinates into the nets' range.

    Attributes:
        space: what the scaled points are called where distances are measured in them.
        fit: points (n, d) to what is taken off each coordinate and what the rest is divided by.
    """

    space: str
    fit: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


SCALINGS: dict[str, Scaling] = {
    "standard": Scaling("standardised", lambda x: (x.mean(0), x.std(0))),
    "min-max": Scaling("in units of the range", lambda x: (x.min(0), np.ptp(x, 0))),
    "none": Scaling("unscaled", lambda x: (np.zeros_like(x[0]), np.ones_like(x[0]))),
}
