"""Tables: numbers, integers, booleans, categories and missing cells in one DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError, listed, unknown
from sparring.evaluate.classifier import Classifier, RowClassifier
from sparring.evaluate.suite import Views
from sparring.kinds import pictures
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.columns import CategoryColumn, Column, RankColumn, restored_column
from sparring.kinds.labels import Labels
from sparring.nets.critic import Shape
from sparring.data.batches import one_hot

ONE_HOT = 64  # a column of more categories than this is learnt by rank


@dataclass(frozen=True)
class Table(Kind):
    """Ranks of numbers as normal scores, then categories one-hot.

    Attributes:
        order: all columns of a sample, in the order of the training table.
        ranks: columns learnt by rank.
        categories: columns learnt one-hot.
        labels: the target column's classes; the nets get it as a condition, not as a column.
        target: the same column as `labels`, for its dtype.
    """

    order: tuple[str, ...]
    ranks: tuple[RankColumn, ...]
    categories: tuple[CategoryColumn, ...]
    labels: Labels | None
    target: CategoryColumn | None

    name: ClassVar[str] = "table"
    defaults: ClassVar[Mapping[str, Any]] = {
        "network": "residual-mlp",
        "latent_dim": 32,
        "width": 256,
        "depth": 4,
        "generator_batch_norm": False,
        "gamma": 3.0,
        "gamma_decay": 1 / 3,
        "batch_size": 500,
        "learning_rate": 1e-3,
        "learning_rate_decay": 0.05,
        "ema_half_life_steps": 500.0,
        "precision": "fp32",
        "steps": 2_000,
    }
    metrics: ClassVar[tuple[str, ...]] = (
        "shape", "trend", "c2st", "precision", "recall", "density", "coverage", "frechet",
        "sliced_wasserstein", "label_agreement",
    )  # fmt: skip

    @staticmethod
    def detects(dataset: Dataset) -> bool:
        return isinstance(dataset.x, pd.DataFrame)

    @classmethod
    def fit(cls, dataset: Dataset, config: Config) -> Table:
        if not cls.detects(dataset):
            raise InputError(f"{dataset.name} holds no table: it is a DataFrame, CSV or Parquet")
        frame, target = dataset.x, config.target
        if target is not None and target not in frame.columns:
            raise InputError(unknown("column", target, frame.columns))
        learnt = [name for name in frame.columns if name != target]
        if not learnt:
            raise InputError(f"{dataset.name}: no column is left beside the target {target!r}")
        columns = [fit_column(frame[name]) for name in learnt]
        labels = None if target is None else Labels.fit(frame[target].to_numpy(), str(target))
        return cls(
            tuple(map(str, frame.columns)),
            tuple(c for c in columns if isinstance(c, RankColumn)),
            tuple(c for c in columns if isinstance(c, CategoryColumn)),
            labels,
            None if target is None else CategoryColumn.fit(frame[target]),
        )

    @property
    def shape(self) -> Shape:
        one_hot = tuple(len(column.values) for column in self.categories)
        conditions = len(self.labels.classes) if self.labels else 0
        return Shape((len(self.ranks) + sum(one_hot),), conditions, one_hot)

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        missing = [name for name in self.order if name not in dataset.x.columns]
        if missing:
            raise InputError(f"{dataset.name} lacks the column(s) {listed(missing)}")
        intervals = [column.encode(dataset.x[column.name]) for column in self.ranks]
        codes = [column.encode(dataset.x[column.name])[0] for column in self.categories]
        n = len(dataset)
        return (
            torch.from_numpy(_stack([low for low, _ in intervals], n, np.float32)),
            torch.from_numpy(_stack([high for _, high in intervals], n, np.float32)),
            torch.from_numpy(_stack(codes, n, np.int64)),
        )

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        low, high, codes = raw
        share = torch.rand(low.shape, generator=random, device=low.device)
        scores = torch.special.ndtri(torch.lerp(low, high, share).clamp(1e-6, 1 - 1e-6))
        groups = [one_hot(codes[:, i], len(c.values)) for i, c in enumerate(self.categories)]
        return torch.cat([scores, *groups], dim=1)

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        rank = torch.special.ndtr(x[:, : len(self.ranks)].double()).cpu().numpy()
        columns = {c.name: c.decode(rank[:, i]) for i, c in enumerate(self.ranks)}
        start = len(self.ranks)
        for column in self.categories:
            group = x[:, start : start + len(column.values)]
            columns[column.name] = column.decode(group.argmax(1).cpu().numpy())
            start += len(column.values)
        if self.target is not None and self.labels is not None and y is not None:
            columns[self.target.name] = self.target.decode(y.cpu().numpy())
        return Dataset(pd.DataFrame({name: columns[name] for name in self.order}))

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        frames = [dataset.x[list(self.order)] for dataset in (real, *others)]
        features = self._features(frames)
        return [
            Views(
                features=f,
                space="standardised, one-hot",
                labels=None if self.labels is None else frame[self.labels.name].to_numpy(),
                frame=frame,
            )
            for f, frame in zip(features, frames, strict=True)
        ]

    def _features(self, frames: list[pd.DataFrame]) -> list[np.ndarray]:
        """Numbers standardised by the first frame (missing = its mean), categories one-hot / 2."""
        parts: list[list[np.ndarray]] = [[] for _ in frames]
        for column in self.ranks:
            cells = [column.numbers(frame[column.name]) for frame in frames]
            mean, scale = np.nanmean(cells[0]), np.nanstd(cells[0])
            for part, cell in zip(parts, cells, strict=True):
                part.append(np.nan_to_num((cell - mean) / (scale or 1.0))[:, None])
        for column in self.categories:
            for part, frame in zip(parts, frames, strict=True):
                part.append(column.one_hot(frame[column.name]) / 2)
        return [np.hstack(part) for part in parts]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        if self.labels is None:
            return None
        name = self.labels.name
        frame = train.x[list(self.order)]
        return RowClassifier.fit(frame, frame[name].to_numpy(), label_column=name, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        pictures.marginals(fake.x, real.x).savefig(path)

    def to_dict(self) -> dict[str, Any]:
        return {
            "order": list(self.order),
            "ranks": [column.to_dict() for column in self.ranks],
            "categories": [column.to_dict() for column in self.categories],
            "labels": saved_labels(self.labels),
            "target": None if self.target is None else self.target.to_dict(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Table:
        columns = [restored_column(c) for c in saved["ranks"] + saved["categories"]]
        target = None if saved["target"] is None else restored_column(saved["target"])
        return cls(
            tuple(saved["order"]),
            tuple(c for c in columns if isinstance(c, RankColumn)),
            tuple(c for c in columns if isinstance(c, CategoryColumn)),
            restored_labels(saved["labels"]),
            target if isinstance(target, CategoryColumn) else None,
        )

    def label_values(self, dataset: Dataset) -> np.ndarray | None:
        return None if self.labels is None else dataset.x[self.labels.name].to_numpy()


def fit_column(series: pd.Series) -> Column:
    """The encoding that suits a column's dtype and number of distinct values.

    Raises:
        InputError: a dtype that tables do not hold, or cells of mixed types.
    """
    dtype = series.dtype
    distinct = series.nunique(dropna=False)
    if pd.api.types.is_bool_dtype(dtype) or distinct == 1:
        return CategoryColumn.fit(series)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return RankColumn.fit(series)
    if not isinstance(dtype, pd.CategoricalDtype) and not pd.api.types.is_string_dtype(dtype):
        kinds = "numbers, booleans and categories (text)"
        if dtype != object:
            raise InputError(f"column {series.name!r} is of type {dtype}; tables hold {kinds}")
        types = sorted({type(cell).__name__ for cell in series.dropna()})
        if types != ["str"] and types != ["bool"]:
            raise InputError(f"column {series.name!r} mixes {listed(types)}; tables hold {kinds}")
    if distinct <= ONE_HOT:
        return CategoryColumn.fit(series)
    return RankColumn.fit_categories(series)


def _stack(columns: list[np.ndarray], n: int, dtype: type) -> np.ndarray:
    """Columns (n,) side by side: (n, len(columns)), also when there are none."""
    return np.column_stack(columns).astype(dtype) if columns else np.empty((n, 0), dtype)
