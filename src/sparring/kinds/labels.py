"""The classes that a conditional GAN obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparring.errors import InputError, listed, unknown

MAX_CLASSES = 1_000


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
        """Learn the classes of `values` (n,).

        Raises:
            InputError: missing values, fractions, or more than 1,000 classes.
        """
        values = np.asarray(values)
        missing = np.array([v is None or v != v for v in values.tolist()])
        if missing.any():
            raise InputError(f"{name}: row {int(missing.argmax())} has no label")
        if values.dtype.kind == "f" and not (values == np.round(values)).all():
            raise InputError(
                f"{name}: {values[values != np.round(values)][0]:g} is no class; labels must be "
                "categories or whole numbers"
            )
        try:
            classes, counts = np.unique(values, return_counts=True)
        except TypeError:
            types = listed(sorted({type(v).__name__ for v in values.tolist()}))
            raise InputError(f"{name} mixes {types}; labels must be of one type") from None
        if len(classes) > MAX_CLASSES:
            raise InputError(
                f"{name} has {len(classes):,} distinct values; at most {MAX_CLASSES:,} classes "
                "can be conditions"
            )
        return cls(name, tuple(classes.tolist()), tuple((counts / counts.sum()).tolist()))

    def encode(self, values: Any) -> Tensor:
        """Class indices (n,) int64 of values, or of their texts.

        Raises:
            InputError: a value that training never saw.
        """
        index = {c: i for i, c in enumerate(self.classes)}
        texts = {_text(c): i for i, c in enumerate(self.classes)}
        flat = np.asarray(values).reshape(-1).tolist()
        try:
            return torch.tensor([index[v] if v in index else texts[_text(v)] for v in flat])
        except KeyError as error:
            raise InputError(unknown(self.name, error.args[0], self.classes)) from None

    def decode(self, indices: Tensor) -> np.ndarray:
        """The classes at `indices` (n,)."""
        return np.asarray(self.classes)[indices.cpu().numpy()]

    def draw(self, n: int, random: torch.Generator) -> Tensor:
        """`n` class indices at the training rows' frequencies."""
        shares = torch.tensor(self.shares, dtype=torch.float64)
        return torch.multinomial(shares, n, replacement=True, generator=random)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "classes": list(self.classes), "shares": list(self.shares)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Labels:
        return cls(saved["name"], tuple(saved["classes"]), tuple(saved["shares"]))


def _text(value: Any) -> str:
    """A class as people write it: 3, not 3.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)
