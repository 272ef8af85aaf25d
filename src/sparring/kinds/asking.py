"""What samples are asked to be: the conditions that G is given for each block of rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.errors import InputError, unknown
from sparring.kinds.labels import Labels


@dataclass(frozen=True, eq=False)
class Condition:
    """What a block of rows is given.

    Attributes:
        y: as G takes it, (n, k).
        labels: class indices (n,), where rows have labels beside them.
        choices: see `Generator.choosing`.
        keep: samples, the first of the block, to the same with every given cell as it was given, or
            as one of its choices.
        beside: the same, of what is not learnt, once samples are numbered.
    """

    y: Tensor
    labels: Tensor | None = None
    choices: Mapping[int, Tensor] = field(default_factory=dict)
    keep: Callable[[Dataset], Dataset] = lambda made: made
    beside: Callable[[Dataset], Dataset] = lambda made: made


class Asked(ABC):
    """What a draw of any number of samples is asked to be."""

    @abstractmethod
    def condition(self, rows: range, random: torch.Generator) -> Condition:
        """Of a whole block of rows, by their numbers, some of which may be past the last."""


@dataclass(frozen=True, eq=False)
class AskedLabels(Asked):
    """A class for every row.

    Attributes:
        labels: the classes; None where there are no conditions.
        wanted: class indices, one for each row to be drawn, or None = at their shares.
    """

    labels: Labels | None
    wanted: Tensor | None = None

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        if self.labels is None:
            return Condition(torch.empty(len(rows), 0))
        labels = self.labels.draw(len(rows), random)
        if self.wanted is not None:
            some = self.wanted[rows.start : rows.stop]
            labels[: len(some)] = some
        return Condition(one_hot(labels, len(self.labels.classes)), labels)


def ask_labels(
    labels: Labels | None, n: int, y: Any, where: Any, balance: str | None
) -> AskedLabels:
    """Samples with labels: these, or as many of each.

    Args:
        y: one class, or one for each of the n rows; None = at their shares.
        where: the same by the name of the labels, such as {"label": 3} or ["label=3"].
        balance: the name of the labels, for as many samples of each class.

    Raises:
        InputError: no classes, a name that is not theirs, an unknown class, another number of
            them than n, or more than one of these.
    """
    if y is None and not where and balance is None:
        return AskedLabels(labels)
    where = where if isinstance(where, Mapping) else named(where or ())
    if labels is None:
        raise InputError("the model is unconditional: it was trained without labels or a target")
    for name in (*where, *([] if balance is None else [balance])):
        if name != labels.name:
            raise InputError(unknown("condition", name, [labels.name]))
    if (y is not None) + bool(where) + (balance is not None) > 1:
        raise InputError("y and where say the same thing: give one of them, or balance")
    if balance is not None:
        return AskedLabels(labels, torch.arange(n) % len(labels.classes))
    indices = labels.encode(where[labels.name] if where else y)
    if len(indices) not in (1, n):
        raise InputError(f"{len(indices)} labels for {n} samples: give one, or one for each")
    return AskedLabels(labels, indices.expand(n))


def named(texts: str | Iterable[str]) -> dict[str, str]:
    """["label=3"] as {"label": "3"}.

    Raises:
        InputError: there is no "=" in a text, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"condition {text!r}: write it as name=value")
        if name in found:
            raise InputError(f"the condition {name!r} comes twice")
        found[name] = value
    return found
