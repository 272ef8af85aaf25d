"""Tables: numbers, integers, booleans, categories and missing cells in one DataFrame."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.errors import InputError, listed, unknown
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.views import Classifier, Views
from sparring.kinds import pictures
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.columns import (
    CategoryColumn,
    Column,
    Dtype,
    Name,
    RankColumn,
    name_of,
    restored_column,
)
from sparring.kinds.labels import Labels
from sparring.nets.base import Shape

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

    order: tuple[Name, ...]
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
        "output_activation": "none",
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

    pictured: ClassVar[int] = 2_000
    output: ClassVar[str] = "samples.csv"

    @staticmethod
    def detects(dataset: Dataset) -> bool:
        return isinstance(dataset.x, pd.DataFrame)

    @classmethod
    def adopt(cls, dataset: Dataset) -> Dataset:
        """Points as a table of columns x0, x1, ...; their labels as a column "label"."""
        if not isinstance(dataset.x, np.ndarray) or dataset.x.ndim != 2:
            return dataset
        frame = pd.DataFrame(dataset.x, columns=[f"x{i}" for i in range(dataset.x.shape[1])])
        if dataset.y is not None:
            frame["label"] = dataset.y
        return replace(dataset, x=frame, y=None)

    @classmethod
    def fit(cls, dataset: Dataset, config: Config) -> Table:
        frame, target = _frame(dataset), config.target
        label_values = cls.labels_of(dataset, target)
        learnt = [name for name in frame.columns if name != target]
        if not learnt:
            raise InputError(f"{dataset.name}: no column is left beside the target {target!r}")
        columns = [fit_column(frame[name]) for name in learnt]
        labels = condition = None
        if target is not None and label_values is not None:
            labels = Labels.fit(label_values, target)
            condition = CategoryColumn(target, Dtype.of(frame[target]), labels.classes)
        return cls(
            tuple(name_of(frame[name]) for name in frame.columns),
            tuple(c for c in columns if isinstance(c, RankColumn)),
            tuple(c for c in columns if isinstance(c, CategoryColumn)),
            labels,
            condition,
        )

    @property
    def shape(self) -> Shape:
        sizes = tuple(len(column.values) for column in self.categories)
        conditions = len(self.labels.classes) if self.labels else 0
        return Shape((len(self.ranks) + sum(sizes),), conditions, sizes)

    @property
    def features(self) -> tuple[Hashable, ...]:
        return tuple(c for c in self.order if self.target is None or c != self.target.name)

    @classmethod
    def labels_of(cls, dataset: Dataset, target: str | None) -> np.ndarray | None:
        if target is None:
            return None
        frame = _frame(dataset)
        if target not in frame.columns:
            raise InputError(unknown("column", target, frame.columns))
        return frame[target].to_numpy()

    def check(self, dataset: Dataset) -> None:
        frame = _frame(dataset)
        missing = [name for name in self.order if name not in frame.columns]
        if missing:
            raise InputError(f"{dataset.name} lacks the column(s) {listed(missing)}")
        for column in self.ranks:
            column.features(frame[column.name])

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        self.check(dataset)
        frame, n = _frame(dataset), len(dataset)
        intervals = [column.encode(frame[column.name]) for column in self.ranks]
        codes = [column.encode(frame[column.name])[0] for column in self.categories]
        return (
            torch.from_numpy(_stack([low for low, _ in intervals], n, np.float32)),
            torch.from_numpy(_stack([high for _, high in intervals], n, np.float32)),
            torch.from_numpy(_stack(codes, n, np.uint8)),
        )

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        low, high, codes = raw
        share = torch.rand(low.shape, generator=random, device=low.device)
        scores = torch.special.ndtri(torch.lerp(low, high, share).clamp(1e-6, 1 - 1e-6))
        sizes = self.shape.one_hot
        groups = [one_hot(codes[:, i].long(), size) for i, size in enumerate(sizes)]
        return torch.cat([scores, *groups], dim=1)

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        rank = torch.special.ndtr(x[:, : len(self.ranks)].cpu().double()).numpy()
        columns = {c.name: c.decode(rank[:, i]) for i, c in enumerate(self.ranks)}
        start = len(self.ranks)
        for column in self.categories:
            group = x[:, start : start + len(column.values)]
            columns[column.name] = column.decode(group.argmax(1).cpu().numpy())
            start += len(column.values)
        if self.target is not None and y is not None:
            columns[self.target.name] = self.target.decode(y.cpu().numpy())
        return Dataset(pd.DataFrame({name: columns[name] for name in self.order}))

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        frames = [_frame(dataset)[list(self.order)] for dataset in (real, *others)]
        return [
            Views(
                features=features,
                space="standardised, one-hot",
                labels=None if self.target is None else frame[self.target.name].to_numpy(),
                frame=frame,
            )
            for features, frame in zip(self._features(frames), frames, strict=True)
        ]

    def _features(self, frames: list[pd.DataFrame]) -> list[np.ndarray]:
        """Numbers standardised by the first frame (missing = its mean), categories one-hot / 2."""
        parts: list[list[np.ndarray]] = [[np.empty((len(frame), 0))] for frame in frames]
        for rank in self.ranks:
            cells = [rank.features(frame[rank.name]) for frame in frames]
            present = cells[0][~np.isnan(cells[0])]
            mean, scale = (present.mean(), present.std()) if len(present) else (0.0, 0.0)
            for part, cell in zip(parts, cells, strict=True):
                part.append(np.nan_to_num((cell - mean) / (scale or 1.0))[:, None])
        for category in self.categories:
            for part, frame in zip(parts, frames, strict=True):
                part.append(category.one_hot(frame[category.name]) / 2)
        return [np.hstack(part) for part in parts]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        if self.target is None:
            return None
        frame, name = _frame(train)[list(self.order)], self.target.name
        return RowClassifier.fit(frame, frame[name].to_numpy(), label_column=name, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        order = list(self.order)
        pictures.save(pictures.marginals(_frame(fake)[order], _frame(real)[order]), path)

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


def fit_column(series: pd.Series) -> Column:
    """The encoding that suits a column's dtype and number of distinct values.

    Raises:
        InputError: a dtype that tables do not hold, or cells of mixed types.
    """
    dtype = series.dtype
    distinct = series.nunique(dropna=False)
    _check_cells(series)
    if distinct == 1 or pd.api.types.is_bool_dtype(dtype):
        return CategoryColumn.fit(series)
    if pd.api.types.is_numeric_dtype(dtype) and not _beyond_float(series):
        return RankColumn.fit(series)
    if distinct <= ONE_HOT:
        return CategoryColumn.fit(series)
    return RankColumn.fit_categories(series)


def _check_cells(series: pd.Series) -> None:
    """See that a column holds what JSON can keep: numbers, booleans or text, not mixed."""
    dtype = series.dtype
    accepted = "(accepted: numbers, booleans and categories or text)"
    if isinstance(dtype, pd.CategoricalDtype):
        types = {type(category) for category in dtype.categories.tolist()}
        wrong = not types <= {str, bool, int, float}
    elif pd.api.types.is_object_dtype(dtype):
        types = {type(cell) for cell in series.dropna()}
        wrong = len(types) > 1 or not types <= {str, bool}
    else:
        simple = pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_string_dtype(dtype)
        if not simple or pd.api.types.is_complex_dtype(dtype):
            raise InputError(f"column {series.name!r} is of type {dtype} {accepted}")
        return
    if wrong:
        names = listed(sorted(t.__name__ for t in types))
        raise InputError(f"column {series.name!r} holds objects of type {names} {accepted}")


def _beyond_float(series: pd.Series) -> bool:
    """Whether a float would confuse some of a column's integers: they are names, not amounts."""
    if not pd.api.types.is_integer_dtype(series.dtype):
        return False
    return max(-int(series.min()), int(series.max())) > 2**53


def _frame(dataset: Dataset) -> pd.DataFrame:
    """The rows of a dataset that holds a table."""
    if not isinstance(dataset.x, pd.DataFrame):
        raise InputError(f"{dataset.name} holds no table: it is a DataFrame, CSV or Parquet file")
    return dataset.x


def _stack(columns: list[np.ndarray], n: int, dtype: type) -> np.ndarray:
    """Columns (n,) side by side: (n, len(columns)), also when there are none."""
    return np.column_stack(columns).astype(dtype) if columns else np.empty((n, 0), dtype)
