"""Tables: numbers, dates, booleans, categories and missing cells in one DataFrame."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
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
from sparring.data.given import Given
from sparring.errors import InputError, listed, unknown
from sparring.evaluate.classifier import RowClassifier
from sparring.evaluate.views import Classifier, Views
from sparring.kinds.asking import Asked, ask_labels
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.cells import (
    AskedCells,
    AskedRows,
    Conditional,
    allowed_columns,
    asked_sources,
    balanced,
    learnt_column,
    obeying,
    partial_rows,
)
from sparring.kinds.columns.allowed import Allowed, allowed
from sparring.kinds.columns.arrange import arranged
from sparring.kinds.columns.base import Column, FreeColumn, LearntColumn, Name, categories
from sparring.kinds.columns.catalogue import restored_column
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.fit import fit_columns, fit_target, kept_notes
from sparring.kinds.columns.gaps import gaps_of, with_gaps
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.known import Cells
from sparring.kinds.columns.layout import Layout
from sparring.kinds.columns.rank import RankColumn
from sparring.kinds.constraints.base import Rule
from sparring.kinds.constraints.fit import fit_rules
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.rules import Rules, restored_rule
from sparring.kinds.judged import features_of, measured
from sparring.kinds.labels import Labels
from sparring.kinds.steps import steps_of
from sparring.nets.base import Shape
from sparring.nets.gibbs import Steps

FEW_ROWS = 2_000  # fewer train nets half as deep, half as long
VERY_FEW_ROWS = 500  # fewer are moved a little each time, and for fewer steps


@dataclass(frozen=True)
class Table(Kind):
    """Columns side by side, as `Layout` has them; the target is one of them, given to the nets.

    Columns whose cells are missing in the same rows share a gap: a category of two values, open or
    not. Where only a column of a few categories has it, missing is one more of these instead.

    Attributes:
        columns: of a sample, in the order of the training table.
        labels: the target column's classes.
        dropped: names of columns that samples do not have, because they hold free text.
        index: the name of the rows' index, if it has one.
        gaps: names of the columns of each gap.
        keep: what the columns keep of the cells they were fitted to.
        conditional: whether any cells can be given, and not the target alone.
        stated: constraints, as they were written.
        rules: of the columns that are not learnt as they are (see `constraints`).
    """

    columns: tuple[Column, ...]
    labels: Labels | None
    dropped: tuple[Name, ...] = ()
    index: Name | None = None
    gaps: tuple[tuple[Name, ...], ...] = ()
    keep: Keep = KEEP_ALL
    conditional: bool = True
    stated: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    name: ClassVar[str] = "table"
    defaults: ClassVar[Mapping[str, Any]] = {
        "clusters": 0,
        "network": "residual-mlp",
        "latent_dim": 32,
        "width": 128,
        "depth": 4,
        "output_activation": "none",
        "smoothing": 0.0,
        "output_noise": False,
        "generator_batch_norm": False,
        "given_share": 0.5,
        "gamma": 3.0,
        "gamma_decay": 1 / 3,
        "stratified": False,
        "batch_size": 250,
        "learning_rate": 1e-3,
        "learning_rate_decay": 0.05,
        "ema_half_life_steps": 200.0,
        "candidates": 1,
        "match_histogram": False,
        "gibbs_sweep": True,
        "precision": "fp32",
        "steps": 6_000,
    }
    with_few_rows: ClassVar[Mapping[str, Any]] = {"depth": 2, "steps": 3_000}
    with_very_few_rows: ClassVar[Mapping[str, Any]] = {
        "steps": 1_000, "smoothing": 0.5, "given_share": 0.2
    }  # fmt: skip
    in_private: ClassVar[Mapping[str, Any]] = {
        "width": 64, "depth": 1, "batch_size": 2_000, "steps": 1_000, "smoothing": 0.0
    }  # fmt: skip
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
        share = config.given_share
        conditional = bool(cls.defaults["given_share"] if share is None else share)
        ordered = arranged(ordered, frame)
        held = fit_rules(ordered, frame, config, keep)
        # A missing cell of a category in a gap is encoded as that of another row: not in private.
        private = config.epsilon is not None
        gapped = [c for c in held.free if isinstance(c, RankColumn) or not private]
        gaps = gaps_of([c for c in gapped if c.name != target], held.before(frame))
        ordered = with_gaps(ordered, gaps)
        return cls(
            tuple(ordered), labels, dropped, index, gaps, keep, conditional, held.stated, held.rules
        )

    @cached_property
    def target(self) -> CategoryColumn | None:
        """The column of the labels."""
        name = None if self.labels is None else self.labels.name
        for column in self.columns:
            if column.name == name and isinstance(column, CategoryColumn):
                return column
        return None

    @cached_property
    def learnt(self) -> tuple[LearntColumn, ...]:
        """The columns whose cells are learnt, or follow from others that are."""
        return tuple(c for c in self.columns if isinstance(c, LearntColumn))

    @cached_property
    def layout(self) -> Layout:
        """Where each column that the nets learn is in a row."""
        free = self.held.free
        ranks = tuple(c for c in free if isinstance(c, RankColumn))
        categories = tuple(c for c in free if isinstance(c, CategoryColumn))
        return Layout(ranks, categories, self.gaps)

    @cached_property
    def held(self) -> Rules:
        """What rows are held to."""
        return Rules(self.columns, self.stated, self.rules)

    @cached_property
    def shape(self) -> Shape:
        layout = self.layout
        cells = layout.widths if self.conditional or self.labels else ()
        return Shape(
            (sum(layout.widths),), one_hot=layout.one_hot, cells=cells, always=self._always
        )

    def given(self, share: float) -> Given | None:
        if not self.shape.cells:
            return None
        return Given(self.layout.widths, self.layout.along, self._always, share)

    @property
    def _always(self) -> int | None:
        """The place of the target's cell, which is given whatever is asked for."""
        return None if self.target is None else self.layout.place[self.target.name]

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
        return (*notes, *self.held.notes, *kept_notes(self.columns, self.keep))

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
        missing = [column.name for column in self.learnt if column.name not in frame.columns]
        if missing:
            raise InputError(f"{dataset.name} lacks the column(s) {listed(missing)}")
        measured(self.learnt, frame)

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        self.check(dataset)
        frame = _frame(dataset)
        self.held.check(frame)
        return self.layout.encode(self.held.before(frame))

    def encode_labels(self, dataset: Dataset) -> Tensor | None:
        return None  # they are a cell of the row

    def noised(self, dataset: Dataset, noise: float, random: np.random.Generator) -> Table:
        """The same columns with the shares that other rows have, behind Gaussian noise.

        Args:
            noise: its standard deviation, in what one row more or less changes over all columns.

        Raises:
            InputError: rows that do not fit this table.
        """
        self.check(dataset)
        frame, labels = _frame(dataset), self.labels
        deviation = noise * math.sqrt(len(self.layout.ranks) + (labels is not None))
        columns: list[Column] = []
        for column in self.columns:
            if isinstance(column, RankColumn):
                column = column.noised(frame[column.name], deviation, random)
            elif labels is not None and column is self.target:
                column = column.noised(frame[column.name], deviation, random)
                labels = replace(labels, shares=column.shares)
            columns.append(column)
        return replace(self, columns=tuple(columns), labels=labels)

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        return self.layout.prepare(raw, random)

    def ask(self, n: int, y: Any = None, where: Any = None, balance: str | None = None) -> Asked:
        if y is not None and not (where is None and balance is None):
            raise InputError("y and where say the same thing: give one of them")
        if y is not None:
            wanted = ask_labels(self.labels, n, y, {}, None).wanted
            assert self.target is not None
            assert wanted is not None
            frame = self.target.decode(wanted.numpy()).to_frame()
            return AskedRows(self._condition, Cells.of(frame))
        if isinstance(where, pd.DataFrame):
            if balance is not None:
                raise InputError("rows to complete cannot be balanced: give where or balance")
            return self._completing(where, n)
        found = {a.column.name: a for a in allowed_columns(self.held, where or {})}
        turns: tuple[Allowed, ...] = ()
        if balance is not None:
            column = learnt_column(balance, self.held)
            mine = found.pop(column.name, None) or allowed(column, (), f"balance {balance}")
            turns = balanced(mine)
        found, turns = asked_sources(self.held, found, turns)
        self._check_asked([*found, *(turn.column.name for turn in turns[:1])])
        if self.target is not None and not found and not turns:
            found[self.target.name] = allowed(self.target, (), "")
        return AskedCells(self._condition, tuple(found.values()), turns)

    def ask_whole(self, rows: pd.DataFrame) -> Asked:
        """Rows with nothing missing in any of their columns; what is not missing yet is kept.

        Raises:
            InputError: an unknown column, a cell such as training never saw, or cells that break a
                constraint.
        """
        return replace(self._completing(rows, len(rows)), present=True)

    def _completing(self, rows: pd.DataFrame, n: int) -> AskedRows:
        rows = rows[[name for name in rows.columns if name not in self.dropped]]
        cells, free = partial_rows(rows, n, self._condition)
        self._check_asked(cells.frame.columns)
        return AskedRows(self._condition, cells, free)

    @cached_property
    def _condition(self) -> Conditional:
        always = None
        if self.target is not None and not self.conditional:
            always = allowed(self.target, (), "")
        return Conditional(self.layout, self.given(0.0), self.held, always)

    def obeyed(self, where: Any, rows: Dataset) -> np.ndarray:
        """Which rows (n,) obey conditions."""
        return obeying(allowed_columns(self.held, where), _frame(rows))

    def masses(self, where: Any) -> dict[Name, float]:
        """The share of training rows that obey the conditions on each column."""
        found = allowed_columns(self.held, where)
        return {asked.column.name: asked.mass for asked in found}

    def _check_asked(self, names: Iterable[Name]) -> None:
        """See that the nets were trained to be given these columns."""
        if self.conditional:
            return
        can: set[Name] = set() if self.target is None else {self.target.name}
        can |= {rule.name for rule in self.rules if isinstance(rule, Follow) and rule.source in can}
        for name in names:
            if name not in can:
                nothing = f"only {self.target.name!r}" if self.target is not None else "no column"
                raise InputError(
                    f"column {name!r} cannot be asked for: the model was trained to be given "
                    f"{nothing} (--given-share 0.5 trains it to be given any)"
                )

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        cells = self.layout.decode(x) | {free.name: free.make(0, len(x)) for free in self._free}
        made = self.held.after(pd.DataFrame(cells))
        # What rules leave of columns stays beside them until `numbered`, for cells that are given.
        return Dataset(made[[*(column.name for column in self.columns), *self.held.rests]])

    def numbered(self, rows: Dataset, first: int) -> Dataset:
        frame = _frame(rows)[[column.name for column in self.columns]].set_axis(
            pd.RangeIndex(first, first + len(rows), name=self.index), axis=0
        )
        for column in self._free:
            if column.type == "identifier":
                frame[column.name] = column.make(first, len(frame)).set_axis(frame.index)
        return replace(rows, x=frame)

    @property
    def _free(self) -> tuple[FreeColumn, ...]:
        return tuple(c for c in self.columns if isinstance(c, FreeColumn))

    @classmethod
    def defaults_for(cls, rows: int, config: Config) -> Mapping[str, Any]:
        few = cls.with_few_rows if rows < FEW_ROWS else {}
        very_few = cls.with_very_few_rows if rows < VERY_FEW_ROWS else {}
        return {**cls.defaults, **few, **very_few}

    def steps(self) -> Steps:
        return steps_of(self.layout)

    @property
    def continuous(self) -> Sequence[int]:
        """Not those of a few values, such as answers from 1 to 5: moved ones would be others."""
        columns = [column for column in self.layout.ranks for _ in range(column.width)]
        return [place for place, column in enumerate(columns) if not column.repeats]

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        frames = [_frame(dataset) for dataset in (real, *others)]
        seen = [column for column in self.held.learnt.values() if column is not self.target]
        return [
            Views(
                features=features,
                space="standardised, one-hot",
                labels=self.label_values(Dataset(frame)),
                frame=measured(self.learnt, frame),
            )
            for features, frame in zip(features_of(seen, frames), frames, strict=True)
        ]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        labels = self.label_values(train)
        if self.target is None or labels is None:
            return None
        frame = measured(self.learnt, _frame(train))
        return RowClassifier.fit(frame, labels, label_column=self.target.name, seed=seed)

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        from sparring.kinds.pictures import marginals  # Matplotlib is slow to import
        from sparring.kinds.style import save

        cells = (self.readable(rows).values() for rows in (fake, real))
        generated, true = (pd.DataFrame({series.name: series for series in c}) for c in cells)
        save(marginals(generated, true), path)

    def readable(self, rows: Dataset) -> dict[Name, pd.Series]:
        """The learnt columns as a person reads them, each under a name that tells its unit."""
        frame = _frame(rows)
        return {column.name: column.pictured(frame[column.name]) for column in self.learnt}

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": [column.to_dict() for column in self.columns],
            "labels": saved_labels(self.labels),
            "dropped": list(self.dropped),
            "index": self.index,
            "gaps": [list(names) for names in self.gaps],
            "keep": asdict(self.keep),
            "conditional": self.conditional,
            "stated": list(self.stated),
            "rules": [rule.to_dict() for rule in self.rules],
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Table:
        return cls(
            tuple(restored_column(column) for column in saved["columns"]),
            restored_labels(saved["labels"]), tuple(saved["dropped"]), saved["index"],
            tuple(map(tuple, saved["gaps"])), Keep(**saved["keep"]), saved["conditional"],
            tuple(saved["stated"]), tuple(map(restored_rule, saved["rules"])),
        )  # fmt: skip


def _frame(dataset: Dataset) -> pd.DataFrame:
    """The rows of a dataset that holds a table."""
    if not isinstance(dataset.x, pd.DataFrame):
        raise InputError(f"{dataset.name} holds no table: it is a DataFrame, CSV or Parquet file")
    return dataset.x
