"""What a kind of data promises; a new kind is one module and one line in KINDS."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.given import Given
from sparring.errors import InputError
from sparring.evaluate.views import Classifier, Views
from sparring.kinds.asking import Asked, ask_labels
from sparring.kinds.labels import Labels
from sparring.nets.base import Shape
from sparring.nets.gibbs import Steps


class Kind(ABC):
    """A fitted encoding between rows as people have them and rows as the nets see them.

    Attributes:
        name: what `--kind` calls it.
        defaults: values of the settings that a config leaves to the kind.
        metrics: names from METRICS, in the order they are reported.
        pictured: how many samples a picture wants.
        output: the file that samples go to unless another is asked for.
        labels: the classes to condition on, or None.
    """

    name: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]
    metrics: ClassVar[tuple[str, ...]]
    pictured: ClassVar[int]
    output: ClassVar[str]
    labels: Labels | None

    @staticmethod
    @abstractmethod
    def detects(dataset: Dataset) -> bool:
        """Whether these rows are of this kind."""

    @classmethod
    def adopt(cls, dataset: Dataset) -> Dataset:
        """The same rows in the form of this kind, where `--kind` asks for it and they allow it.

        Raises:
            InputError: rows that look convertible and are not.
        """
        return dataset

    @classmethod
    @abstractmethod
    def fit(cls, dataset: Dataset, config: Config) -> Kind:
        """Learn the encoding from training rows.

        Raises:
            InputError: rows that this kind cannot hold.
        """

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """What the networks must produce and judge."""

    @property
    @abstractmethod
    def features(self) -> tuple[Hashable, ...] | None:
        """The columns of a row without its label, by name or number; None when it has none."""

    @classmethod
    def labels_of(cls, dataset: Dataset, target: str | None) -> np.ndarray | None:
        """The labels of rows, (n,), or None; `target` names the column that holds them in a table.

        Raises:
            InputError: there is no such column.
        """
        return dataset.y

    @abstractmethod
    def check(self, dataset: Dataset) -> None:
        """See that rows can be set beside the model's, whatever values are in them.

        Raises:
            InputError: other columns, sizes or types than the training rows had.
        """

    @abstractmethod
    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        """The rows in their smallest dtype, as `prepare` takes them; one entry per row each.

        Raises:
            InputError: what `check` refuses, or a category that training never saw.
        """

    @abstractmethod
    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        """Encoded rows of one batch as D sees them: (n, *shape.row) float32, on their device."""

    @abstractmethod
    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        """G's rows (n, *shape.row), with class indices y (n,), as the training rows came.

        Columns that only `Condition.keep` needs may stand behind; `numbered` leaves them out.
        """

    @classmethod
    def defaults_for(cls, rows: int, config: Config) -> Mapping[str, Any]:
        """The defaults for so many training rows, beside what `config` sets already."""
        return cls.defaults

    def steps(self) -> Steps | None:
        """The values that cells of G's rows can have, where rows have cells, else None."""
        return None

    @property
    def continuous(self) -> Sequence[int]:
        """Which of a flat row are numbers that could be a little more or less."""
        return range(self.shape.row[0] - sum(self.shape.one_hot))

    @property
    def ends(self) -> tuple[float, float] | None:
        """What the nets see for a black pixel and a white one, where rows are images, else None."""
        return None

    @abstractmethod
    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        """What the metrics may look at, `real` first; a feature space is fitted on `real`."""

    @abstractmethod
    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        """A judge of labels, fitted on training rows; None when there are no labels.

        Raises:
            InputError: too few rows to learn from.
        """

    @abstractmethod
    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        """Write a picture (PNG) of samples, beside real rows where that helps.

        Raises:
            RunError: it cannot be written.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The encoding as JSON; `from_dict` reads it."""

    @classmethod
    @abstractmethod
    def from_dict(cls, saved: dict[str, Any]) -> Kind: ...

    def given(self, share: float) -> Given | None:
        """How cells of a row become its condition, where the kind has that, else None.

        Args:
            share: of training rows of which cells are given.
        """
        return None

    def ask(self, n: int, y: Any = None, where: Any = None, balance: str | None = None) -> Asked:
        """What n samples are asked to be; by default as training rows are.

        Args:
            y: a label, or one for each sample.
            where: conditions on columns by name, as far as the kind has them.
            balance: the name of what comes equally often.

        Raises:
            InputError: what cannot be.
        """
        return ask_labels(self.labels, n, y, where, balance)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the rows were understood, a line each."""
        return ()

    def numbered(self, rows: Dataset, first: int) -> Dataset:
        """Samples number `first`, `first` + 1, ... with what must differ from row to row."""
        return rows

    def label_values(self, dataset: Dataset) -> np.ndarray | None:
        """The labels of rows, (n,), where the kind is conditional and the rows have them."""
        return None if self.labels is None else self.labels_of(dataset, self.labels.name)

    def encode_labels(self, dataset: Dataset) -> Tensor | None:
        """The class indices of rows, (n,) int64, where the kind is conditional.

        Raises:
            InputError: the rows have no labels, or one that training never saw.
        """
        if self.labels is None:
            return None
        values = self.label_values(dataset)
        if values is None:
            raise InputError(f"{dataset.name} has no labels; this model is conditional")
        return self.labels.encode(values)


def saved_labels(labels: Labels | None) -> dict[str, Any] | None:
    return None if labels is None else labels.to_dict()


def restored_labels(saved: dict[str, Any] | None) -> Labels | None:
    return None if saved is None else Labels.from_dict(saved)
