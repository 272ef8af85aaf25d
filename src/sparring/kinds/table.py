"""Tables: numbers, dates, booleans, categories and missing cells in one DataFrame."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError, listed, unknown
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.views import Classifier, Views
from sparring.kinds import pictures
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.columns.arrange import arranged
from sparring.kinds.columns.base import Column, FreeColumn, LearntColumn, Name, categories
from sparring.kinds.columns.catalogue import restored_column
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.fit import fit_columns, fit_target, kept_notes
from sparring.kinds.columns.gaps import gaps_of, with_gaps
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.rank import RankColumn
from sparring.kinds.labels import Labels
from sparring.kinds.style import save
from sparring.nets.base import Shape


@dataclass(frozen=True)
class Table(Kind):
    """Ranks of numbers as normal scores, then categories one-hot, then gaps.

    Columns whose cells are missing in the same rows share a gap: a category of two values, open or
    not. Where only a column of a few categories has it, missing is one more of these instead.

    Attributes:
        columns: of a sample, in the order of the training table.
        labels: the target column's classes; the nets get it as a condition, not as a column.
        dropped: names of columns that samples do not have, because they hold free text.
        index: the name of the rows' index, if it has one.
        gaps: names of the columns of each gap.
        keep: what the columns keep of the cells they were fitted to.
    """

    columns: tuple[Column, ...]
    labels: Labels | None
    dropped: tuple[Name, ...] = ()
    index: Name | None = None
    gaps: tuple[tuple[Name, ...], ...] = ()
    keep: Keep = KEEP_ALL

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
        "kernel_distance", "sliced_wasserstein", "wasserstein", "mmd", "mmd_p", "label_agreement",
        "transfer", "duplicates", "support", "copies", "nearness", "closer",
        "membership", "singling_out", "inference",
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
        keep = Keep(config.min_count, config.tail_quantile)
        columns, dropped = fit_columns(frame, config, keep, dataset.name)
        labels = None
        if target is not None and label_values is not None:
            columns[target], labels = fit_target(frame[target], label_values, keep)
        ordered = [columns[name] for name in frame.columns if name in columns]
        index = frame.index.name if isinstance(frame.index.name, (str, int)) else None
        gaps = gaps_of([c for c in ordered if c.name != target], frame)
        ordered = with_gaps(ordered, gaps)
        return cls(tuple(arranged(ordered, frame)), labels, dropped, index, gaps, keep)

    @cached_property
    def target(self) -> CategoryColumn | None:
        """The column of the labels."""
        name = None if self.labels is None else self.labels.name
        for column in self.columns:
            if column.name == name and isinstance(column, CategoryColumn):
                return column
        return None

    @cached_property
    def ranks(self) -> tuple[RankColumn, ...]:
        """Columns learnt by rank."""
        return tuple(c for c in self.columns if isinstance(c, RankColumn))

    @cached_property
    def categories(self) -> tuple[CategoryColumn, ...]:
        """Columns learnt one-hot, without the target."""
        found = (c for c in self.columns if isinstance(c, CategoryColumn))
        return tuple(c for c in found if c is not self.target)

    @cached_property
    def shape(self) -> Shape:
        sizes = (*(len(column.values) for column in self.categories), *(2 for _ in self.gaps))
        conditions = len(self.labels.classes) if self.labels else 0
        return Shape((self._scores + sum(sizes),), conditions, sizes)

    @cached_property
    def _scores(self) -> int:
        """How many numbers a row begins with."""
        return sum(column.width for column in self.ranks)

    @property
    def features(self) -> tuple[Hashable, ...]:
        return tuple(c.name for c in self.columns if c is not self.target)

    @property
    def types(self) -> dict[Name, str]:
        """What every column was taken for: name to a key of TYPES."""
        return {c.name: c.type for c in self.columns} | dict.fromkeys(self.dropped, "text")

    @property
    def notes(self) -> tuple[str, ...]:
        names = [repr(c.name) for c in self.columns if c.type == "identifier"]
        notes = []
        if names:
            notes.append(f"not learnt but made anew, as identifiers: {listed(names)}")
        if self.dropped:
            notes.append(f"left out, as free text: {listed(map(repr, self.dropped))}")
        return (*notes, *kept_notes(self.columns, self.keep))

    @classmethod
    def labels_of(cls, dataset: Dataset, target: str | None) -> np.ndarray | None:
        if target is None:
            return None
        frame = _frame(dataset)
        if target not in frame.columns:
            raise InputError(unknown("column", target, frame.columns))
        return categories(frame[target]).to_numpy()

    def check(self, dataset: Dataset) -> None:
        frame = _frame(dataset)
        learnt = [column for column in self.columns if isinstance(column, LearntColumn)]
        missing = [column.name for column in learnt if column.name not in frame.columns]
        if missing:
            raise InputError(f"{dataset.name} lacks the column(s) {listed(missing)}")
        for column in learnt:
            column.measured(frame[column.name])

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        self.check(dataset)
        frame, n = _frame(dataset), len(dataset)
        bounds = [bound for c in self.ranks for bound in c.encode(frame[c.name])]
        codes = [column.encode(frame[column.name])[0] for column in self.categories]
        codes += [frame[names[0]].isna().to_numpy() for names in self.gaps]
        return (
            torch.from_numpy(_stack(bounds[::2], n, np.float32)),
            torch.from_numpy(_stack(bounds[1::2], n, np.float32)),
            torch.from_numpy(_stack(codes, n, np.uint8)),
        )

    def encode_labels(self, dataset: Dataset) -> Tensor | None:
        if self.target is None or not self.target.rare:
            return super().encode_labels(dataset)
        return torch.from_numpy(self.target.encode(_frame(dataset)[self.target.name])[0])

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        low, high, codes = raw
        share = torch.rand(low.shape, generator=random, device=low.device)
        scores = torch.special.ndtri(torch.lerp(low, high, share).clamp(1e-6, 1 - 1e-6))
        sizes = torch.tensor(self.shape.one_hot, dtype=torch.int64, device=low.device)
        groups = scores.new_zeros(len(scores), sum(self.shape.one_hot))
        groups.scatter_(1, codes.long() + sizes.cumsum(0) - sizes, 1.0)
        return torch.cat([scores, groups], dim=1)

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        scores, groups = torch.split(x.cpu(), [self._scores, sum(self.shape.one_hot)], dim=1)
        hot = torch.split(groups, list(self.shape.one_hot), dim=1)
        codes = [group.argmax(1).numpy() for group in hot]
        gaps = zip(self.gaps, codes[len(self.categories) :], strict=True)
        missing = {name: code == 1 for names, code in gaps for name in names}
        cells = {
            column.name: column.decode(code, missing.get(column.name))
            for column, code in zip(self.categories, codes, strict=False)
        }
        ranks = torch.special.ndtr(scores.double())
        widths = [column.width for column in self.ranks]
        for column, rank in zip(self.ranks, torch.split(ranks, widths, dim=1), strict=True):
            cells[column.name] = column.decode(rank.numpy(), missing.get(column.name))
        if self.target is not None and y is not None:
            cells[self.target.name] = self.target.decode(y.cpu().numpy())
        for free in self._free:
            cells[free.name] = free.make(0, len(x))
        return Dataset(pd.DataFrame({column.name: cells[column.name] for column in self.columns}))

    def numbered(self, rows: Dataset, first: int) -> Dataset:
        frame = _frame(rows).set_axis(
            pd.RangeIndex(first, first + len(rows), name=self.index), axis=0
        )
        for column in self._free:
            if column.type == "identifier":
                frame[column.name] = column.make(first, len(frame)).set_axis(frame.index)
        return replace(rows, x=frame)

    @property
    def _free(self) -> tuple[FreeColumn, ...]:
        return tuple(c for c in self.columns if isinstance(c, FreeColumn))

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        frames = [_frame(dataset) for dataset in (real, *others)]
        return [
            Views(
                features=features,
                space="standardised, one-hot",
                labels=self.label_values(Dataset(frame)),
                frame=self._measured(frame),
            )
            for features, frame in zip(self._features(frames), frames, strict=True)
        ]

    def _measured(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The learnt columns as metrics take them."""
        learnt = [column for column in self.columns if isinstance(column, LearntColumn)]
        return pd.DataFrame({column.name: column.measured(frame[column.name]) for column in learnt})

    def _features(self, frames: list[pd.DataFrame]) -> list[np.ndarray]:
        """Numbers standardised by the first frame (missing = its mean), categories one-hot / 2."""
        parts: list[list[np.ndarray]] = [[np.empty((len(frame), 0))] for frame in frames]
        for rank in self.ranks:
            cells = [rank.numbers(frame[rank.name]) for frame in frames]
            present = cells[0][~np.isnan(cells[0])]
            mean, scale = (present.mean(), present.std()) if len(present) else (0.0, 0.0)
            for part, cell in zip(parts, cells, strict=True):
                part.append(np.nan_to_num((cell - mean) / (scale or 1.0))[:, None])
        for category in self.categories:
            for part, frame in zip(parts, frames, strict=True):
                part.append(category.one_hot(frame[category.name]) / 2)
        return [np.hstack(part) for part in parts]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        labels = self.label_values(train)
        if self.target is None or labels is None:
            return None
        frame = self._measured(_frame(train))
        return RowClassifier.fit(frame, labels, label_column=self.target.name, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        save(pictures.marginals(self._pictured(_frame(fake)), self._pictured(_frame(real))), path)

    def _pictured(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The learnt columns as pictures show them."""
        learnt = [column for column in self.columns if isinstance(column, LearntColumn)]
        cells = [column.pictured(frame[column.name]) for column in learnt]
        return pd.DataFrame({series.name: series for series in cells})

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": [column.to_dict() for column in self.columns],
            "labels": saved_labels(self.labels),
            "dropped": list(self.dropped),
            "index": self.index,
            "gaps": [list(names) for names in self.gaps],
            "keep": asdict(self.keep),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Table:
        return cls(
            tuple(restored_column(column) for column in saved["columns"]),
            restored_labels(saved["labels"]), tuple(saved["dropped"]), saved["index"],
            tuple(map(tuple, saved["gaps"])), Keep(**saved["keep"]),
        )  # fmt: skip


def _frame(dataset: Dataset) -> pd.DataFrame:
    """The rows of a dataset that holds a table."""
    if not isinstance(dataset.x, pd.DataFrame):
        raise InputError(f"{dataset.name} holds no table: it is a DataFrame, CSV or Parquet file")
    return dataset.x


def _stack(columns: list[np.ndarray], n: int, dtype: type) -> np.ndarray:
    """Columns (n,) side by side: (n, len(columns)), also when there are none."""
    return np.column_stack(columns).astype(dtype) if columns else np.empty((n, 0), dtype)
