"""The classes that a conditional GAN obeys."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.errors import InputError, listed, unknown
from sparring.evaluate.classifier import MAX_CLASSES

CLASS_TYPES = ({str}, {int}, {bool}, {float})


@dataclass(frozen=True)
class Labels:
    """Classes, in sorted order, and their shares of the training rows.

    Attributes:
        name: the target column of a table; "label" otherwise.
        classes: the distinct values, as plain Python scalars.
        shares: their frequencies, summing to 1.
    """

    name: str
    classes: tuple[Any, ...]
    shares: tuple[float, ...]

    @classmethod
    def fit(cls, values: np.ndarray, name: str = "label") -> Labels:
        """Learn the classes of `values` (n,): all texts, all booleans or all whole numbers.

        Raises:
            InputError: missing values, other or mixed types, or more than 1,000 classes.
        """
        missing = pd.isna(np.asarray(values, dtype=object))
        if missing.any():
            raise InputError(f"{name}: row {int(missing.argmax())} (from 0) has no label")
        counts = Counter(_plain(v) for v in np.asarray(values).tolist())
        types = {type(v) for v in counts}
        if types not in CLASS_TYPES:
            found = listed(sorted(t.__name__ for t in types))
            raise InputError(
                f"{name} holds {found}; labels must be all texts, all booleans or all whole numbers"
            )
        for v in counts:
            if isinstance(v, float) and not v.is_integer():
                raise InputError(f"{name}: {v:g} is no class; use categories or whole numbers")
        if len(counts) > MAX_CLASSES:
            raise InputError(
                f"{name} has {len(counts):,} distinct values; at most {MAX_CLASSES:,} classes "
                "can be conditions"
            )
        classes = tuple(sorted(counts))
        return cls(name, classes, tuple(counts[c] / len(values) for c in classes))

    def encode(self, values: Any) -> Tensor:
        """Class indices (n,) int64 of values, or of their texts.

        Raises:
            InputError: a value that training never saw; the message lists those it saw.
        """
        index = {c: i for i, c in enumerate(self.classes)}
        texts = {as_text(c): i for i, c in enumerate(self.classes)}
        flat = np.asarray(values).reshape(-1).tolist()
        try:
            found = [index[v] if v in index else texts[as_text(v)] for v in flat]
        except KeyError as error:
            raise InputError(
                unknown(self.name, error.args[0], [as_text(c) for c in self.classes])
            ) from None
        return torch.tensor(found, dtype=torch.int64)

    def decode(self, indices: Tensor) -> np.ndarray:
        """The classes at `indices` (n,)."""
        classes: np.ndarray = np.asarray(self.classes)[indices.cpu().numpy()]
        return classes

    def draw(self, n: int, random: torch.Generator) -> Tensor:
        """`n` class indices at the training rows' frequencies."""
        shares = torch.tensor(self.shares, dtype=torch.float64)
        return torch.multinomial(shares, n, replacement=True, generator=random)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "classes": list(self.classes), "shares": list(self.shares)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Labels:
        return cls(saved["name"], tuple(saved["classes"]), tuple(saved["shares"]))


def _plain(value: Any) -> Any:
    """A NumPy scalar as the Python value that JSON knows."""
    return value.item() if isinstance(value, np.generic) else value


def as_text(value: Any) -> str:
    """A class as people write it: 3, not 3.0."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)
